"""Patients without COVID-19: a steady census, and what conversion and postponement take from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.stats import poisson

from surgesim.errors import IdentityError
from surgesim.model.capacity.essential import (
    ELECTIVE,
    EMERGENCY,
    EssentialPatients,
    Floats,
    Ints,
    poisson_table,
)
from surgesim.scenario.schema.capacity.essential import Essential, EssentialCare

CARE = EssentialCare()
USUAL = Essential(emergency_share=0.45, elective_share=0.35)


class Hospitals:
    """Like facilities of 100 basic, 100 oxygen and 20 ICU beds, a day at a time."""

    def __init__(
        self,
        number: int = 1,
        *,
        shares: Sequence[Essential | None] = (),
        care: EssentialCare = CARE,
        seed: int = 1,
    ) -> None:
        self.total = np.tile(np.array([100, 100, 20]), (number, 1))
        self.target = np.zeros((number, 3), np.int64)
        self.postponed = np.zeros(number)
        self.staff: tuple[Floats, Floats] = (np.full(number, np.inf), np.full(number, np.inf))
        names = [f"hospital-{i}" for i in range(number)]
        self.patients = EssentialPatients(care, shares or [USUAL] * number, names, self.total, self.target)
        self.rng = np.random.default_rng(seed)
        self.day = 0

    def pass_day(self) -> Ints:
        """A day on which COVID-19 patients fill all that opens; the beds open to them."""
        opened = self.patients.room_for_covid(self.total, self.target)
        covid = opened
        self.patients.pass_day(
            self.day, self.total, self.target, opened, covid, self.staff, self.postponed, self.rng
        )
        self.patients.check(self.day)
        self.day += 1
        return opened

    def pass_days(self, number: int, see: Callable[[], float | Ints]) -> Floats:
        seen = []
        for _ in range(number):
            self.pass_day()
            seen.append(np.array(see(), dtype=float))
        return np.array(seen)


def test_the_census_of_the_start_is_the_shares_of_the_ward_beds() -> None:
    assert Hospitals().patients.census.tolist() == [[90, 70]]


def test_beds_open_to_covid_at_the_start_hold_no_other_patients() -> None:
    total, target = np.array([[100, 100, 20]]), np.array([[50, 30, 0]])
    patients = EssentialPatients(CARE, [USUAL], ["one"], total, target)
    assert patients.census.tolist() == [[90, 30]]
    assert patients.room_for_covid(total, target).tolist() == target.tolist()


def test_a_ward_that_is_all_for_covid_holds_no_other_patients() -> None:
    total = np.array([[100, 100, 20]])
    patients = EssentialPatients(CARE, [USUAL], ["one"], total, np.array([[100, 100, 0]]))
    assert patients.census.tolist() == [[0, 0]]


def test_the_census_is_steady_where_nothing_is_taken() -> None:
    """Mean census over 200 days within four Monte Carlo errors of the start, and nobody turned away."""
    roomy = Essential(emergency_share=0.3, elective_share=0.2)
    hospitals = Hospitals(200, shares=[roomy] * 200)
    unserved = 0
    seen = []
    for _ in range(200):
        hospitals.pass_day()
        seen.append(hospitals.patients.census.copy())
        unserved += int(hospitals.patients.emergency_unserved.sum())
    means = np.mean(seen, axis=0)
    error = means.std(axis=0, ddof=1) / 200**0.5
    assert error.max() < 0.3
    assert np.abs(means.mean(axis=0) - (60, 40)).max() < 4 * error.max()
    assert unserved == 0
    assert hospitals.patients.backlog.sum() == 0
    assert hospitals.patients.served_share == 1


def test_usual_occupancy_leaves_no_lasting_backlog() -> None:
    hospitals = Hospitals(50)
    census = hospitals.pass_days(200, lambda: hospitals.patients.census)
    assert census.mean(axis=(0, 1)) == pytest.approx((90, 70), abs=1)
    assert hospitals.patients.backlog.mean() < 1
    assert hospitals.patients.served_share >= 0.9


def test_conversion_squeezes_elective_care_first() -> None:
    hospitals = Hospitals(20)
    hospitals.target[:, 1] = 100  # half of the ward beds; emergencies fill 90 of the other 100
    first = hospitals.pass_day()
    assert (first[:, 1] == 40).all()  # what was empty
    served = hospitals.pass_days(60, lambda: hospitals.patients.served_share)
    assert (hospitals.pass_day()[:, 1] == 100).all()
    assert served.min() > 0.9
    census = hospitals.patients.census.mean(axis=0)
    assert census[EMERGENCY] == pytest.approx(87, abs=4)  # Poisson about 90, and at most 100
    assert census[ELECTIVE] < 20
    assert (hospitals.patients.backlog > 200).all()  # of some 14 a day, three are still served


def test_elective_care_leaves_beds_for_the_emergencies_of_tomorrow() -> None:
    """In 110 beds hardly one of 90 emergencies is turned away because elective patients lie there."""
    hospitals = Hospitals(100)
    hospitals.target[:, 1] = 90
    hospitals.pass_days(40, lambda: 0)
    unserved = hospitals.pass_days(60, lambda: hospitals.patients.emergency_unserved).mean()
    assert unserved / 15 < 0.03  # 0.05 where elective patients may fill every bed
    assert hospitals.patients.census[:, ELECTIVE].mean() > 15


def test_full_conversion_breaks_the_floor() -> None:
    hospitals = Hospitals()
    hospitals.target[:] = (100, 100, 20)
    hospitals.pass_days(30, lambda: 0)
    assert hospitals.patients.served_share == 0
    assert hospitals.patients.census.sum() < 5
    assert hospitals.patients.emergency_unserved.tolist() == hospitals.patients.emergency_arrivals.tolist()


def test_emergencies_have_emptying_beds_before_they_are_converted() -> None:
    """40 empty beds open at once; the beds that empty later serve emergencies until they fill their part."""
    hospitals = Hospitals(50)
    hospitals.target[:, :2] = (20, 70)  # leaves 110: less than the 160 present, more than 90 emergencies
    opened = [hospitals.pass_day()[:, :2].sum(axis=1) for _ in range(30)]
    assert (opened[0] == 40).all()
    assert (np.diff(opened, axis=0) >= 0).all()
    assert np.mean(opened[10]) > 85
    assert (opened[-1] == 90).all()
    assert hospitals.patients.served_share > 0.97


def test_postponement_frees_beds_within_days_and_builds_a_backlog() -> None:
    hospitals = Hospitals(20)
    hospitals.target[:, 1] = 60
    hospitals.postponed[:] = 1.0
    usual = 70 / CARE.elective_stay_days
    came = hospitals.pass_days(7, lambda: hospitals.patients.elective_arrivals).sum(axis=0)
    assert hospitals.patients.backlog.tolist() == came.tolist()
    assert came.mean() == pytest.approx(7 * usual, rel=0.1)
    # 70 patients, a fifth of whom leave each day
    assert hospitals.patients.census[:, ELECTIVE].mean() == pytest.approx(70 * 0.8**7, rel=0.15)
    assert (hospitals.pass_day()[:, 1] == 60).all()


def test_a_backlog_is_worked_off_at_a_fifth_above_the_usual_rate() -> None:
    roomy = Essential(emergency_share=0.1, elective_share=0.2)
    hospitals = Hospitals(50, shares=[roomy] * 50)
    usual = 40 / CARE.elective_stay_days
    hospitals.postponed[:] = 1.0
    hospitals.pass_days(60, lambda: 0)
    before = hospitals.patients.backlog.copy()
    hospitals.postponed[:] = 0.0
    hospitals.pass_days(40, lambda: 0)
    # max(arrivals, 1.2 x usual) is a little above 1.2 x usual on average
    assert np.mean(before - hospitals.patients.backlog) / 40 == pytest.approx(0.42 * usual, abs=0.25 * usual)
    assert np.mean(before - hospitals.patients.backlog) > 0.2 * usual * 40 * 0.9
    hospitals.pass_days(400, lambda: 0)
    assert hospitals.patients.backlog.max() < 10


def test_half_postponed_serves_half() -> None:
    hospitals = Hospitals(50)
    hospitals.postponed[:] = 0.5
    served = hospitals.pass_days(30, lambda: hospitals.patients.elective_served)
    assert served.mean() == pytest.approx(
        7.0 * 1.2, rel=0.1
    )  # half the usual 14, a fifth more of the backlog


def test_a_share_postpones_its_part_of_few_patients_too() -> None:
    few = Essential(emergency_share=0.0, elective_share=0.01)  # two patients, 0.4 a day
    hospitals = Hospitals(1000, shares=[few] * 1000)
    hospitals.postponed[:] = 0.5
    hospitals.pass_day()
    came = hospitals.patients.elective_arrivals.sum()
    assert came == pytest.approx(400, rel=0.2)
    assert hospitals.patients.backlog.sum() == pytest.approx(came / 2, rel=0.2)


def test_covid_patients_in_beds_that_have_closed_leave_no_room() -> None:
    """The plan wants no beds any more, yet 130 of 200 still hold COVID-19 patients: 70 are left."""
    hospitals = Hospitals(20)
    patients, total, none = hospitals.patients, hospitals.total, hospitals.target
    covid = np.tile(np.array([30, 100, 0]), (20, 1))
    for day in range(30):
        before = patients.census.sum(axis=1)
        patients.pass_day(day, total, none, none, covid, hospitals.staff, hospitals.postponed, hospitals.rng)
        patients.check(day)
        assert (patients.census.sum(axis=1) <= np.maximum(before, 70)).all()
    assert (patients.census.sum(axis=1) <= 70).all()
    assert patients.served_share < 0.9


def test_nobody_is_evicted() -> None:
    """Patients who stay for ever keep their beds, whatever is meant for COVID-19 and whoever works."""
    stay = EssentialCare(emergency_stay_days=1e6, elective_stay_days=1e6)
    hospitals = Hospitals(care=stay)
    hospitals.target[:] = (100, 100, 20)
    hospitals.staff = (np.zeros(1), np.zeros(1))
    hospitals.postponed[:] = 1.0
    for _ in range(10):
        opened = hospitals.pass_day()
        assert hospitals.patients.census.tolist() == [[90, 70]]
        assert opened.tolist() == [[0, 40, 20]]


def test_staff_limit_admissions() -> None:
    hospitals = Hospitals(10)
    hospitals.staff = (np.full(10, 60.0), np.full(10, 20.0))
    hospitals.pass_days(40, lambda: 0)
    assert (hospitals.patients.census <= (60, 20)).all()
    assert hospitals.patients.census[:, EMERGENCY].mean() > 50
    assert hospitals.patients.served_share < 0.8


def test_what_one_facility_loses_moves_no_draw_at_another() -> None:
    def numbers(taken: int) -> tuple[list[list[int]], list[int]]:
        hospitals = Hospitals(2)
        hospitals.target[0, :2] = taken
        hospitals.postponed[0] = taken / 100
        hospitals.pass_days(40, lambda: 0)
        patients = hospitals.patients
        return patients.census.tolist(), patients.emergency_arrivals.tolist()

    nothing, everything = numbers(0), numbers(100)
    assert nothing[0][1] == everything[0][1]
    assert nothing[0][0] != everything[0][0]
    assert nothing[1] == everything[1]  # arrivals come whatever is taken


def test_a_facility_without_other_patients_has_none() -> None:
    hospitals = Hospitals(3, shares=[None, USUAL, None])
    hospitals.target[:] = (100, 100, 20)
    opened = hospitals.pass_day()
    assert opened.tolist() == [[100, 100, 20], [0, 40, 20], [100, 100, 20]]
    hospitals.pass_days(20, lambda: 0)
    assert hospitals.patients.census[[0, 2]].sum() == 0
    assert hospitals.patients.backlog[[0, 2]].sum() == 0


def test_no_facility_has_other_patients() -> None:
    hospitals = Hospitals(2, shares=[None, None])
    hospitals.pass_days(3, lambda: 0)
    assert hospitals.patients.served_share == 1


@pytest.mark.parametrize(
    ("name", "row", "identity"),
    [
        ("census", (1, EMERGENCY), "flows = census.*hospital-1"),
        ("backlog", (2,), "elective arrivals = served [+] backlog.*hospital-2"),
        ("_turned_away", (0,), "emergency arrivals = served [+] not served.*hospital-0"),
        ("_discharged", (2, ELECTIVE), "flows = census.*hospital-2"),
    ],
)
def test_a_lost_patient_is_found(name: str, row: tuple[int, ...], identity: str) -> None:
    hospitals = Hospitals(3)
    hospitals.pass_day()
    getattr(hospitals.patients, name)[row] += 1
    with pytest.raises(IdentityError, match=identity):
        hospitals.patients.check(0)


def test_an_admission_without_room_is_found() -> None:
    hospitals = Hospitals()
    hospitals.pass_day()
    hospitals.patients._room[0] = 10
    hospitals.patients._before[0] = (5, 0)
    with pytest.raises(IdentityError, match="other patients <= max"):
        hospitals.patients.check(0)


@pytest.mark.parametrize(
    ("beside", "identity"), [("_discharged", "census >= 0"), ("_arrived", "backlog >= 0")]
)
def test_fewer_patients_than_none_are_found(beside: str, identity: str) -> None:
    """Where flows balance all the same: the first facility that is wrong, and its numbers, are told."""
    hospitals = Hospitals(3)
    hospitals.pass_day()
    patients = hospitals.patients
    stock = patients.census[:, ELECTIVE] if beside == "_discharged" else patients.backlog
    for facility in (1, 2):
        gone = stock[facility] + facility
        getattr(patients, beside)[facility, ELECTIVE] += gone if beside == "_discharged" else -gone
        stock[facility] = -facility
    with pytest.raises(IdentityError, match=f"{identity}.*hospital-1, other.*: left side -1, right side 0$"):
        patients.check(0)


def test_thepoisson_table_is_the_distribution() -> None:
    rates = np.array([0.0, 0.3, 4.0, 75.0, 900.0])
    table = poisson_table(rates)
    k = np.arange(table.shape[1])
    assert table == pytest.approx(poisson.cdf(k, rates[:, None]), abs=1e-12)
    assert (table[:, -1] == 1).all()  # above any draw, so that each makes a number


class Draws:
    """A generator that gives one day's draws: those of the beds, then four of each facility."""

    def __init__(self, beds: Floats, facilities: Floats) -> None:
        self._next = iter((beds, facilities))

    def random(self, size: object) -> Floats:
        draws = next(self._next)
        assert draws.shape == np.empty(size).shape  # type: ignore[call-overload]
        return draws


def test_who_leaves_is_told_bed_by_bed() -> None:
    """Each bed's draw is for who lies in it: emergencies from the first bed, elective ones from the last."""
    full = Essential(emergency_share=0.5, elective_share=0.5)
    hospitals = Hospitals(4, shares=[USUAL, None, full, USUAL])
    patients, beds = hospitals.patients, 200
    draws = np.random.default_rng(5).random((3, beds))
    left = patients.census.copy()
    for at_home, facility in zip(draws, (0, 2, 3), strict=True):
        emergency, elective = patients.census[facility]
        for bed in range(beds):
            if bed < emergency:
                left[facility, EMERGENCY] -= at_home[bed] < 1 / CARE.emergency_stay_days
            elif bed >= beds - elective:
                left[facility, ELECTIVE] -= at_home[bed] < 1 / CARE.elective_stay_days
    opened = patients.room_for_covid(hospitals.total, hospitals.target)
    nobody_comes = Draws(draws.ravel(), np.zeros((4, 4)))
    patients.pass_day(
        0, hospitals.total, hospitals.target, opened, opened, hospitals.staff, hospitals.postponed,
        nobody_comes,  # type: ignore[arg-type]
    )  # fmt: skip
    assert patients.census.tolist() == left.tolist()
    assert (left < patients._start)[[0, 2, 3]].all()


def test_the_draw_of_a_facility_makes_its_arrivals() -> None:
    """The number that comes is the quantile of the draw, each kind at its own rate."""
    hospitals = Hospitals(3)
    patients = hospitals.patients
    draws = np.random.default_rng(6).random((3, 4))
    draws[0, :2] = 0.0, 1 - 2.0**-53
    patients.pass_day(
        0, hospitals.total, hospitals.target, hospitals.target, hospitals.target, hospitals.staff,
        hospitals.postponed, Draws(np.ones(600), draws),  # type: ignore[arg-type]
    )  # fmt: skip
    for kind, came in ((EMERGENCY, patients.emergency_arrivals), (ELECTIVE, patients.elective_arrivals)):
        stay = (CARE.emergency_stay_days, CARE.elective_stay_days)[kind]
        expected = poisson.ppf(draws[1:, kind], patients._start[1:, kind] / stay)
        assert came[1:].tolist() == expected.tolist()
    assert patients.emergency_arrivals[0] == 0
    assert patients.elective_arrivals[0] == patients._arrivals.shape[1] - 1  # the most there can be


@pytest.mark.parametrize(
    ("section", "values", "message"),
    [
        (Essential, {"emergency_share": 0.7, "elective_share": 0.4}, "sum to 1.1, expected at most 1"),
        (Essential, {"emergency_share": 1.2}, "less than or equal to 1"),
        (EssentialCare, {"elective_stay_days": 0.5}, "greater than or equal to 1"),
        (EssentialCare, {"catch_up_share": -0.1}, "greater than or equal to 0"),
    ],
)
def test_bad_input(section: type[Essential], values: dict[str, float], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        section(**values)
