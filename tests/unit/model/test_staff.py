"""Who is on duty, and which beds that staffs: against numbers worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.stats import binom

from surgesim.errors import IdentityError
from surgesim.model.capacity.staff import (
    DOCTOR,
    EQUIPMENT,
    ICU_NURSES,
    NURSE,
    OXYGEN_STOCK,
    PIPES,
    SPACE,
    WARD_NURSES,
    Absences,
    Floats,
    Ints,
    PatientsPerPost,
    StaffedBeds,
    binomial_quantile,
    posts,
    redeploy,
    staffed_beds,
    staffed_icu_beds,
)
from surgesim.scenario.schema.capacity.staffing import (
    Absence,
    Ratio,
    Ratios,
    Staff,
    StaffImmunity,
    Staffing,
    shortfall_at_start,
)

NO_LIMIT = np.inf
BASIC, OXYGEN, ICU = range(3)


def ratios(nurse: tuple[float, float], doctor: tuple[float, float]) -> Ratios:
    return Ratios(
        nurse=Ratio(normal=nurse[0], surge=nurse[1]), doctor=Ratio(normal=doctor[0], surge=doctor[1])
    )


STAFFING = Staffing(
    heads_per_post=5.0,
    icu=ratios((2, 4), (8, 16)),
    oxygen=ratios((10, 15), (20, 40)),
    basic=ratios((20, 40), (50, 100)),
    emergency=ratios((10, 15), (20, 40)),
    elective=ratios((10, 15), (25, 50)),
    absence=Absence(base=0.0),
)


def one(
    space: tuple[int, int, int],
    at_posts: tuple[float, float, float],
    *,
    staffing: Staffing = STAFFING,
    equipment: tuple[float, float, float] = (NO_LIMIT,) * 3,
    pipes: tuple[float, float, float] = (NO_LIMIT,) * 3,
    supply: tuple[float, float, float] = (NO_LIMIT,) * 3,
    covid: tuple[int, int, int] = (0, 0, 0),
    others: tuple[int, int] = (0, 0),
) -> StaffedBeds:
    """One facility."""
    return staffed_beds(
        PatientsPerPost(staffing),
        np.array([at_posts], dtype=float),
        np.array([space]),
        np.array([[equipment], [pipes], [supply]]),
        np.array([covid]),
        np.array([others]),
    )


def ints(*rows: tuple[int, ...]) -> Ints:
    return np.array(rows, dtype=np.int64)


# -- beds ----------------------------------------------------------------------------------------------


def test_private_beds_add_as_many_as_their_nurses_staff() -> None:
    """320 beds and 882 nurses at one to one and five heads per post add 176 (McCabe et al. 2020)."""
    staffing = Staffing(
        heads_per_post=5.0, icu=ratios((1, 1), (8, 8)), absence=Absence(base=0.0), surge_allowed=False
    )
    absences = Absences(staffing.absence, ["private"])
    heads = ints((1000, 0, 882))
    filled = posts(staffing, absences.on_duty(heads), np.array([True]))
    assert filled[0, ICU_NURSES] == pytest.approx(176.4)
    beds = one((0, 0, 320), tuple(filled[0]), staffing=staffing)
    assert beds.most[0, ICU] == 176
    assert beds.normal[0, ICU] == 176
    assert beds.binding[0, ICU] == NURSE


def test_field_hospital_without_staff_adds_nothing() -> None:
    """500 critical beds and no staff change the staffed ICU beds by exactly 0 (McCabe et al. 2020)."""
    space = ints((0, 40, 10), (0, 0, 500))
    filled = np.array([[10.0, 10.0, 4.0], [0.0, 0.0, 0.0]])
    limits = np.full((3, 2, 3), NO_LIMIT)
    nobody = np.zeros((2, 3), np.int64)
    both = staffed_beds(PatientsPerPost(STAFFING), filled, space, limits, nobody, nobody[:, :2])
    without = staffed_beds(
        PatientsPerPost(STAFFING), filled[:1], space[:1], limits[:, :1], nobody[:1], nobody[:1, :2]
    )
    assert both.most[:, ICU].sum() == without.most[:, ICU].sum() == 10
    assert both.normal[:, ICU].sum() == without.normal[:, ICU].sum() == 8
    assert both.binding[1, ICU] != SPACE


@pytest.mark.parametrize(("bed", "nurses", "per_post"), [(ICU, ICU_NURSES, 4), (OXYGEN, WARD_NURSES, 15)])
def test_beds_without_nurses_and_nurses_without_beds_change_nothing(
    bed: int, nurses: int, per_post: int
) -> None:
    def staffed(beds: int, nurse_posts: float) -> StaffedBeds:
        space, at_posts = [0, 0, 0], [1000.0, 0.0, 0.0]
        space[bed], at_posts[nurses] = beds, nurse_posts
        return one((space[0], space[1], space[2]), (at_posts[0], at_posts[1], at_posts[2]))

    short_of_nurses = staffed(100, 2)
    assert short_of_nurses.most[0, bed] == 2 * per_post
    assert short_of_nurses.binding[0, bed] == NURSE
    assert staffed(150, 2).most[0, bed] == 2 * per_post
    assert staffed(100, 3).most[0, bed] == 3 * per_post

    short_of_beds = staffed(7, 2)
    assert short_of_beds.most[0, bed] == 7
    assert short_of_beds.binding[0, bed] == SPACE
    assert staffed(7, 20).most[0, bed] == 7
    assert staffed(8, 2).most[0, bed] == 8


def test_a_tie_is_bound_by_space() -> None:
    assert one((0, 0, 8), (100, 0, 2)).binding[0, ICU] == SPACE


def test_a_whole_bed_is_not_lost_to_rounding() -> None:
    """4.35 posts at 1:100 serve 435 beds, though 4.35 * 100 is 434.99999999999994."""
    hundred = STAFFING.model_copy(update={"oxygen": ratios((100, 100), (100, 100))})
    assert 4.35 * 100 < 435
    assert one((0, 999, 0), (4.35, 99, 0), staffing=hundred).most[0, OXYGEN] == 435
    assert one((0, 999, 0), (99, 4.35, 0), staffing=hundred).most[0, OXYGEN] == 435


def test_a_bed_that_lacks_a_hundredth_of_a_post_is_not_staffed() -> None:
    assert one((0, 0, 9), (99, 0, 1.99)).most[0, ICU] == 7  # at four to one, 7.96


@pytest.mark.parametrize(("limit", "constraint"), [("equipment", EQUIPMENT), ("supply", OXYGEN_STOCK)])
def test_a_limit_that_is_whole_but_for_rounding_counts_as_whole(limit: str, constraint: int) -> None:
    """4.35 * 100 is 434.99999999999994."""
    limits = {limit: (NO_LIMIT, 4.35 * 100, NO_LIMIT)}
    tie = one((0, 435, 0), (99, 99, 0), **limits)
    assert (tie.most[0, OXYGEN], tie.binding[0, OXYGEN]) == (435, SPACE)
    short = one((0, 436, 0), (99, 99, 0), **limits)
    assert (short.most[0, OXYGEN], short.binding[0, OXYGEN]) == (435, constraint)


def test_covid_patients_take_doctors_from_others() -> None:
    """Of two posts, four patients in ICU take 0.25 and 20 on oxygen 0.5; at normal ratios double."""
    left = one((0, 20, 4), (2, 99, 99), covid=(0, 20, 4), others=(4, 0))
    assert left.emergency.tolist() == [50]  # 1.25 posts at 1:40
    assert left.elective.tolist() == [7]  # 2 - 0.5 - 1 - 0.2 (emergencies) = 0.3 posts at 1:25


def test_other_patients_are_not_lost_to_rounding() -> None:
    hundred = STAFFING.model_copy(
        update={group: ratios((100, 100), (100, 100)) for group in ("emergency", "elective")}
    )
    doctors, nurses = (one((0, 0, 0), filled, staffing=hundred) for filled in ((4.35, 99, 0), (99, 4.35, 0)))
    assert doctors.emergency.tolist() == doctors.elective.tolist() == [435]
    assert nurses.emergency.tolist() == nurses.elective.tolist() == [435]


def test_all_icu_beds_are_staffed_at_normal_ratios_by_doctors_and_icu_nurses() -> None:
    """At 1:8 and 1:2: nurses for 16, doctors for 12, no ward nurse counts; 4.35 posts at 1:100 staff 435."""
    per_post = PatientsPerPost(STAFFING)
    filled = np.array([[9.0, 0.0, 8.2], [1.5, 0.0, 99.0], [9.0, 99.0, 0.0], [9.0, 0.0, 9.0]])
    assert staffed_icu_beds(per_post, filled, np.array([20, 20, 20, 7])).tolist() == [16, 12, 0, 7]
    hundred = PatientsPerPost(STAFFING.model_copy(update={"icu": ratios((100, 200), (100, 200))}))
    assert staffed_icu_beds(hundred, np.array([[4.35, 0.0, 99.0]]), np.array([999])).tolist() == [435]


def test_doctors_are_one_pool() -> None:
    """Two doctor posts: 20 ICU beds take 1.25 of them at 1:16, 0.75 serve 30 oxygen beds at 1:40."""
    beds = one((0, 100, 20), (2, 100, 100))
    assert beds.most.tolist() == [[0, 30, 20]]
    assert beds.binding.tolist() == [[SPACE, DOCTOR, SPACE]]
    # at normal ratios the ICU could take all: 16 beds at 1:8
    assert beds.normal.tolist() == [[0, 0, 16]]


def test_icu_nurses_do_not_serve_wards() -> None:
    assert one((10, 10, 0), (100, 0, 100)).most.tolist() == [[0, 0, 0]]


def test_emergencies_come_before_basic_beds_and_after_oxygen_beds() -> None:
    """Ten ward nurse posts at normal ratios: 60 oxygen beds take six, 30 emergencies three, 20 basic one."""
    staffing = STAFFING.model_copy(update={"surge_allowed": False})
    beds = one((500, 60, 0), (100, 10, 0), staffing=staffing, others=(30, 0))
    assert beds.most.tolist() == [[20, 60, 0]]
    more = one((500, 60, 0), (100, 10, 0), staffing=staffing, others=(90, 0))
    assert more.most.tolist() == [[0, 60, 0]]
    assert more.binding[0, BASIC] == NURSE


def test_equipment_and_oxygen_bind() -> None:
    equipped = one((0, 50, 10), (100, 100, 100), equipment=(NO_LIMIT, NO_LIMIT, 6), pipes=(NO_LIMIT, 30.4, 8))
    assert equipped.most.tolist() == [[0, 30, 6]]
    assert equipped.normal.tolist() == [[0, 30, 6]]
    assert equipped.binding.tolist() == [[SPACE, PIPES, EQUIPMENT]]


def test_no_surge_where_it_is_not_allowed() -> None:
    strict = STAFFING.model_copy(update={"surge_allowed": False})
    stretched, normal = one((0, 0, 50), (99, 0, 5)), one((0, 0, 50), (99, 0, 5), staffing=strict)
    assert (stretched.normal[0, ICU], stretched.most[0, ICU]) == (10, 20)
    assert (normal.normal[0, ICU], normal.most[0, ICU]) == (10, 10)


def test_staff_that_is_not_modelled_binds_nothing() -> None:
    filled = posts(STAFFING, np.array([[10.0, 10.0, 10.0], [0.0, 0.0, 0.0]]), np.array([True, False]))
    assert filled[0].tolist() == [2.0, 2.0, 2.0]
    beds = one((9, 99, 999), tuple(filled[1]), covid=(9, 99, 999), others=(50, 50))
    assert beds.most.tolist() == beds.normal.tolist() == [[9, 99, 999]]
    assert beds.binding.tolist() == [[SPACE] * 3]
    assert beds.emergency.tolist() == beds.elective.tolist() == [np.inf]


def test_what_is_left_to_others_comes_from_the_patients_present_not_from_open_beds() -> None:
    empty = one((0, 1000, 0), (10, 10, 0))
    assert empty.emergency.tolist() == [150]  # ten nurse posts at 1:15
    assert empty.elective.tolist() == [100]  # at 1:10: elective care does not stretch the staff
    used = one((0, 1000, 0), (10, 10, 0), covid=(40, 45, 0), others=(20, 30))
    assert used.emergency.tolist() == [105]  # 10 - 45 / 15 = 7 nurse posts
    assert used.elective.tolist() == [15]  # 10 - 4.5 (oxygen) - 2 (emergency) - 2 (basic) = 1.5 nurse posts
    crowded = one((0, 1000, 0), (10, 10, 0), covid=(0, 200, 0))
    assert crowded.emergency.tolist() == crowded.elective.tolist() == [0]


# -- heads ---------------------------------------------------------------------------------------------


def test_two_pools_serve_each_their_own_patients() -> None:
    """Where staff stay with other patients, COVID patients have only those brought; else nothing changes."""
    space, covid = ints((0, 60, 8), (0, 60, 8)), ints((0, 20, 4), (0, 20, 4))
    others, limits = ints((12, 9), (12, 9)), np.full((3, 2, 3), NO_LIMIT)
    brought, own = np.array([[3.0, 2.0, 1.0]] * 2), np.array([[2.0, 1.5, 5.0], [np.nan] * 3])
    per_post = PatientsPerPost(STAFFING)
    two = staffed_beds(per_post, brought, space, limits, covid, others, own)
    one_pool = staffed_beds(per_post, brought, space, limits, covid, others)
    for name in ("normal", "most", "binding", "emergency", "elective"):
        assert getattr(two, name)[1].tolist() == getattr(one_pool, name)[1].tolist()
    assert two.most[0].tolist() == [0, 30, 4]  # two ward nurses at 1:15, one ICU nurse at 1:4
    assert two.emergency[0] == 22  # 1.5 ward nurses at 1:15
    assert two.elective[0] == 3  # 0.3 of a nurse is left by 12 emergencies


def test_redeployed_nurses_count_for_a_part_of_an_icu_nurse() -> None:
    heads = ints((10, 100, 20), (5, 30, 0))
    on_duty: Floats = np.multiply(heads, 0.9, dtype=np.float64)
    after = redeploy(on_duty, heads, ints((40, 50))[0], 0.5)
    assert after == pytest.approx(np.array([[9, 54, 18 + 18], [4.5, 0, 13.5]]))
    assert redeploy(on_duty, heads, ints((0, 0))[0], 0.5) == pytest.approx(on_duty)


def absences(**changes: Any) -> Absences:
    return Absences(
        Absence(**({"base": 0.0, "community": 1.0, "at_work": 0.0} | changes)), ["north", "south"]
    )


HEADS = ints((50, 100, 20), (5, 30, 0))
NOBODY = np.zeros(2, np.int64)


def test_infected_staff_are_away_for_their_days_off() -> None:
    staff = absences(days_off=4.0)
    rng = np.random.default_rng(1)
    away = []
    for day in range(-3, 6):
        incidence = 50.0 if day == -3 else 0.0  # all are infected on the first day, nobody later
        staff.pass_day(day, HEADS, incidence, NOBODY, rng)
        staff.check(day, HEADS)
        away.append(int(staff.infected.sum()))
    assert away == [HEADS.sum()] * 4 + [0] * 5
    assert staff.returned.tolist() == staff.infections.tolist() == HEADS.tolist()


@pytest.mark.parametrize(
    ("days_off", "away"),
    [
        (1.0, [205, 0, 0, 0]),
        (1.5, [205, 205 - 102, 0, 0]),  # a half of 50 + 100 + 20 + 5 + 30, each rounded down, a day earlier
        (2.4, [205, 205, 205 - 123, 0]),
        (2.5, [205, 205, 205 - 102, 0]),
    ],
)
def test_a_fraction_of_a_day_off_is_the_share_who_stay_a_day_longer(days_off: float, away: list[int]) -> None:
    staff = absences(days_off=days_off)
    rng = np.random.default_rng(1)
    found = []
    for day in range(4):
        staff.pass_day(day, HEADS, 50.0 if day == 0 else 0.0, NOBODY, rng)
        staff.check(day, HEADS)
        found.append(int(staff.infected.sum()))
    assert found == away


def test_few_staff_are_away_for_their_days_off_on_average() -> None:
    """One head, infected again on the day of each return: on days 0, 3, 5, 8, 10, ..."""
    staff = absences(days_off=2.5)
    rng, heads = np.random.default_rng(1), ints((1, 0, 0), (0, 0, 0))
    for day in range(100):
        staff.pass_day(day, heads, 50.0, NOBODY, rng)
        staff.check(day, heads)
    assert int(staff.infections.sum()) == 100 / 2.5


def test_incidence_and_patients_of_a_facility_count_for_its_own_staff() -> None:
    staff = absences(at_work=1.0)
    rng = np.random.default_rng(1)
    staff.pass_day(0, HEADS, 0.0, np.array([0, 10_000]), rng)
    assert staff.infected.tolist() == [[0, 0, 0], [5, 30, 0]]
    staff = absences()
    staff.pass_day(0, HEADS, np.array([50.0, 0.0]), NOBODY, rng)
    assert staff.infected.tolist() == [[50, 100, 20], [0, 0, 0]]


@pytest.mark.parametrize(
    ("incidence", "patients_per_head", "share"),
    [(0.008, 0.0, 0.088), (0.0, 0.25, 0.039), (0.0, 0.0, 0.015)],
)
def test_the_default_figures_give_the_absence_their_sources_say(
    incidence: float, patients_per_head: float, share: float
) -> None:
    heads = ints((200_000, 200_000, 200_000))
    staff = Absences(Absence(), ["large"])
    rng = np.random.default_rng(5)
    patients = np.array([round(600_000 * patients_per_head)])
    for day in range(60):
        staff.pass_day(day, heads, incidence, patients, rng)
    assert 1 - staff.on_duty(heads).sum() / heads.sum() == pytest.approx(share, abs=0.001)


def test_reinforcements_who_leave_take_their_infected_with_them() -> None:
    staff = absences(days_off=5.0)
    rng = np.random.default_rng(1)
    staff.pass_day(0, HEADS, 50.0, NOBODY, rng)
    fewer = HEADS - ints((10, 100, 5), (0, 0, 0))
    for day in range(1, 5):
        staff.pass_day(day, fewer, 0.0, NOBODY, rng)
        staff.check(day, fewer)
        assert staff.infected.tolist() == fewer.tolist()
        assert not staff.on_duty(fewer).any()
    assert staff.departed.tolist() == (HEADS - fewer).tolist()
    staff.pass_day(5, fewer, 0.0, NOBODY, rng)
    staff.check(5, fewer)
    assert staff.on_duty(fewer).tolist() == fewer.tolist()


def immune_absences(immune_share: float = 0.0, *, after_infection: float = 1.0, **section: float) -> Absences:
    values = {"base": 0.0, "community": 1.0, "at_work": 0.0, "days_off": 2.0} | section
    immunity = StaffImmunity(after_infection=after_infection)
    rounding = np.full((2, 3), 0.5)
    return Absences(Absence(**values, immunity=immunity), ["one", "two"], immune_share, rounding)


def pass_days(staff: Absences, days: int, heads: Ints = HEADS, incidence: float = 50.0) -> None:
    for day in range(days):
        rng, again = (np.random.default_rng([part, day]) for part in (1, 2))
        staff.pass_day(day, heads, incidence, NOBODY, rng, again)
        staff.check(day, heads)


def test_nobody_is_infected_beyond_the_susceptible() -> None:
    staff = immune_absences(immune_share=0.4)
    pass_days(staff, 12)
    immune = np.floor(0.4 * HEADS + 0.5)
    assert staff.infections.tolist() == (HEADS - immune).tolist()
    assert staff.recovered.tolist() == staff.infections.tolist()
    assert staff.again.tolist() == np.zeros((2, 3)).tolist()


def test_staff_all_immune_are_never_infected() -> None:
    staff = immune_absences(immune_share=1.0)
    pass_days(staff, 5)
    assert not staff.infections.any()


def test_an_earlier_infection_protects_by_its_share() -> None:
    """Of 200,000 recovered, a hazard of 0.1 infects 1 - exp(-0.1 * 0.16) a day if protection is 0.84."""
    heads, rng = ints((200_000, 0, 0), (0, 0, 0)), np.random.default_rng(5)
    staff = immune_absences(after_infection=0.84)
    for day, incidence in enumerate((50.0, 0.0, 0.1)):  # all infected on day 0, back on day 2
        staff.pass_day(day, heads, incidence, NOBODY, rng, rng)
    assert staff.again.sum() / 200_000 == pytest.approx(-np.expm1(-0.016), rel=0.05)


def test_reinforcements_who_leave_take_their_share_of_the_recovered_with_them() -> None:
    staff = immune_absences()
    pass_days(staff, 3)
    half = HEADS // 2
    rng = np.random.default_rng(1)
    staff.pass_day(3, half, 0.0, NOBODY, rng, rng)
    staff.check(3, half)
    assert staff.recovered.tolist() == half.tolist()
    assert staff.gone.tolist() == (HEADS - half).tolist()


def test_an_infection_that_does_not_protect_changes_nothing() -> None:
    one, other = immune_absences(after_infection=0.0), absences(days_off=2.0)
    for staff in (one, other):
        pass_days(staff, 10, incidence=0.3)
    assert one.infections.tolist() == other.infections.tolist()
    assert one.infected.tolist() == other.infected.tolist()


def test_more_heads_at_one_facility_move_no_draw_at_another() -> None:
    def away(first: int) -> list[int]:
        staff = absences()
        rng = np.random.default_rng(3)
        heads = ints((first, 200, 10), (80, 300, 0))
        for day in range(20):
            staff.pass_day(day, heads, 0.02, NOBODY, rng)
        return [int(number) for number in staff.infections[1]]

    assert away(10) == away(400)
    assert sum(away(10)) > 20


def test_a_lost_head_is_found() -> None:
    staff = absences()
    staff.pass_day(0, HEADS, 0.5, NOBODY, np.random.default_rng(1))
    staff.check(0, HEADS)
    staff.infected[1, WARD_NURSES] += 1
    with pytest.raises(IdentityError, match=r"staff infected = returned.*south, cadre 1 on day 0"):
        staff.check(0, HEADS)


@pytest.mark.slow
def test_binomial_quantile_is_the_distribution() -> None:
    rng = np.random.default_rng(2)
    n = rng.integers(0, 3000, (40, 30))
    p = rng.random((40, 1)) ** 3
    p[0], p[1] = 0.0, 1.0
    u = rng.random((40, 30))
    u[:, :2] = 1e-6, 1 - 1e-6
    expected = binom.ppf(u, n, p).clip(0).astype(int)
    assert binomial_quantile(u, n, p).tolist() == expected.tolist()
    for i in range(40):  # one probability at a time: another must not be needed for a number to be right
        assert binomial_quantile(u[i], n[i], p[i]).tolist() == expected[i].tolist()


# -- the scenario --------------------------------------------------------------------------------------


def test_who_is_short_at_the_start() -> None:
    """Ten ICU patients need five nurse posts, 100 on wards ten, and 1.25 + 2 + 1 + 1.6 doctor posts."""
    patients = {"icu": 10.0, "oxygen": 40.0, "emergency": 20.0, "elective": 40.0}
    short = shortfall_at_start(STAFFING, Staff(doctors=20, ward_nurses=60, icu_nurses=20), **patients)
    assert short == pytest.approx((5 * 5.85 - 20, 0.0, 5.0))
    enough = shortfall_at_start(STAFFING, Staff(doctors=30, ward_nurses=60, icu_nurses=25), **patients)
    assert enough == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("section", "values", "message"),
    [
        (Ratio, {"normal": 0.0, "surge": 1.0}, "greater than or equal to 0.0001"),
        (Ratio, {"normal": 4.0, "surge": 2.0}, "got a surge ratio 2 below the normal 4"),
        (Absence, {"base": 1.2}, "less than or equal to 1"),
        (Absence, {"days_off": 0.5}, "greater than or equal to 1"),
        (Staffing, {"heads_per_post": 0.5}, "greater than or equal to 1"),
        (Staff, {"doctors": -1}, "greater than or equal to 0"),
    ],
)
def test_bad_input(section: type[Ratio], values: dict[str, float], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        section(**values)
