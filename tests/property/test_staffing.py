"""Staff and other patients under any numbers: order of the pool, identities, nobody evicted."""

from __future__ import annotations

from math import floor, inf
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgesim.model.capacity.essential import EssentialPatients
from surgesim.model.capacity.staff import (
    NURSE,
    SPACE,
    Absences,
    Floats,
    Ints,
    PatientsPerPost,
    StaffedBeds,
    posts,
    redeploy,
    staffed_beds,
)
from surgesim.scenario.schema.capacity.essential import Essential, EssentialCare
from surgesim.scenario.schema.capacity.staffing import Absence, Ratio, Ratios, Staffing

pytestmark = pytest.mark.slow

FACILITIES = 3
BASIC, OXYGEN, ICU = range(3)


class Day(NamedTuple):
    """What `staffed_beds` is given."""

    staffing: Staffing
    posts: Floats
    space: Ints
    limits: Floats
    covid: Ints
    others: Ints

    def beds(self) -> StaffedBeds:
        return staffed_beds(PatientsPerPost(self.staffing), *self[1:])


def whole(shape: tuple[int, ...], most: int) -> st.SearchStrategy[Ints]:
    size = int(np.prod(shape))
    return st.lists(st.integers(0, most), min_size=size, max_size=size).map(
        lambda values: np.array(values, dtype=np.int64).reshape(shape)
    )


_ratio = st.tuples(st.integers(1, 40), st.integers(0, 40)).map(
    lambda pair: Ratio(normal=pair[0] / 2, surge=(pair[0] + pair[1]) / 2)
)
_ratios = st.builds(Ratios, nurse=_ratio, doctor=_ratio)
staffings = st.builds(
    Staffing,
    icu=_ratios,
    oxygen=_ratios,
    basic=_ratios,
    emergency=_ratios,
    elective=_ratios,
    surge_allowed=st.booleans(),
)


@st.composite
def days(draw: st.DrawFn) -> Day:
    limits = draw(whole((3, FACILITIES, 3), 60)).astype(float)
    limits[limits > 40] = inf
    return Day(
        draw(staffings),
        draw(whole((FACILITIES, 3), 60)) / 4,
        draw(whole((FACILITIES, 3), 50)),
        limits,
        draw(whole((FACILITIES, 3), 50)),
        draw(whole((FACILITIES, 2), 50)),
    )


def by_hand(day: Day, facility: int, kind: str) -> list[int]:
    """The beds of one facility at one kind of ratio, by the rule as it is written: a loop, bed by bed."""
    doctors, ward_nurses, icu_nurses = day.posts[facility].tolist()
    pool = {"icu": icu_nurses, "ward": ward_nurses}
    beds = [0, 0, 0]
    for group, bed, nurses in (
        ("icu", ICU, "icu"),
        ("oxygen", OXYGEN, "ward"),
        ("emergency", None, "ward"),
        ("basic", BASIC, "ward"),
    ):
        ratios = getattr(day.staffing, group)
        to_doctor, to_nurse = getattr(ratios.doctor, kind), getattr(ratios.nurse, kind)
        served = min(doctors * to_doctor, pool[nurses] * to_nurse)
        if bed is None:
            served = min(served, float(day.others[facility, 0]))
        else:
            served = floor(min(served, day.space[facility, bed], *day.limits[:, facility, bed]) + 1e-9)
            beds[bed] = served
        doctors = max(doctors - served / to_doctor, 0.0)
        pool[nurses] = max(pool[nurses] - served / to_nurse, 0.0)
    return beds


@given(days())
def test_the_vectorised_step_is_the_rule_as_written(day: Day) -> None:
    beds = day.beds()
    kind = "surge" if day.staffing.surge_allowed else "normal"
    for facility in range(FACILITIES):
        most, normal = by_hand(day, facility, kind), by_hand(day, facility, "normal")
        assert beds.most[facility].tolist() == most
        assert beds.normal[facility].tolist() == [min(pair) for pair in zip(normal, most, strict=True)]


@given(days())
def test_beds_are_never_more_than_anything_that_limits_them(day: Day) -> None:
    beds = day.beds()
    assert (beds.normal >= 0).all()
    assert (beds.normal <= beds.most).all()
    assert (beds.most <= day.space).all()
    assert (beds.most <= day.limits.min(axis=0)).all()
    assert (beds.emergency >= 0).all()
    assert (beds.elective >= 0).all()
    assert (beds.most < day.space)[beds.binding != SPACE].all()
    assert (beds.most == day.space)[beds.binding == SPACE].all()


@given(days(), st.sampled_from([OXYGEN, ICU]))
def test_more_beds_where_staff_bind_and_more_staff_where_space_binds_change_nothing(
    day: Day, bed: int
) -> None:
    beds = day.beds()
    more_space = day.space.copy()
    more_space[:, bed] += 10
    bound_by_nurses = beds.binding[:, bed] == NURSE
    more_beds = day._replace(space=more_space).beds()
    assert (more_beds.most[:, bed] == beds.most[:, bed])[bound_by_nurses].all()
    more_nurses = day.posts.copy()
    more_nurses[:, bed] += 5  # ward nurses are cadre 1 as oxygen beds are type 1, ICU nurses cadre 2
    bound_by_space = beds.binding[:, bed] == SPACE
    assert (day._replace(posts=more_nurses).beds().most[:, bed] == beds.most[:, bed])[bound_by_space].all()


@given(days(), st.integers(0, 30))
def test_patients_present_leave_less_to_others(day: Day, more: int) -> None:
    beds, crowded = day.beds(), day._replace(covid=day.covid + more).beds()
    assert (crowded.emergency <= beds.emergency).all()
    assert (crowded.elective <= beds.elective).all()
    assert (crowded.most == beds.most).all()


@given(
    st.lists(
        st.tuples(whole((FACILITIES, 3), 60), st.floats(0, 2), whole((FACILITIES,), 200)),
        min_size=1,
        max_size=25,
    ),
    st.floats(1, 9),
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(0, 9),
)
def test_every_head_is_on_duty_or_away_whoever_comes_and_goes(
    course: list[tuple[Ints, float, Ints]], days_off: float, base: float, at_work: float, seed: int
) -> None:
    section = Absence(base=base, community=1.0, at_work=at_work, days_off=days_off)
    staff = Absences(section, ["alpha", "bravo", "delta"])
    rng = np.random.default_rng(seed)
    staffing = Staffing()
    for day, (heads, incidence, patients) in enumerate(course):
        staff.pass_day(day, heads, incidence, patients, rng)
        staff.check(day, heads)
        on_duty = staff.on_duty(heads)
        assert (on_duty >= 0).all()
        np.testing.assert_allclose(on_duty + staff.base_absent(heads) + staff.infected, heads, atol=1e-9)
        moved = redeploy(on_duty, heads, patients, 0.5)
        assert (moved >= -1e-12).all()
        left = on_duty - moved
        np.testing.assert_allclose(left[:, 2], -left[:, 1] / 2, atol=1e-9)
        assert (posts(staffing, moved, np.ones(FACILITIES, np.bool_)) <= heads.sum() / 5 + 1e-9).all()


@st.composite
def shortages(draw: st.DrawFn) -> list[tuple[Ints, Ints, Ints, Floats, Floats]]:
    """Days of: all beds, the part meant for COVID-19, COVID-19 patients who stay, staff, postponed."""
    return [
        (
            draw(whole((FACILITIES, 3), 12)),  # beds that are missing today
            draw(whole((FACILITIES, 3), 60)),
            draw(whole((FACILITIES, 3), 60)),
            draw(whole((2, FACILITIES), 40)).astype(float),
            draw(whole((FACILITIES,), 4)) / 4,
        )
        for _ in range(draw(st.integers(1, 8)))
    ]


@given(
    shortages(),
    st.tuples(st.floats(0, 0.5), st.floats(0, 0.5)),
    st.tuples(st.floats(1, 9), st.floats(1, 9)),
    st.integers(0, 9),
)
def test_essential_care_adds_up_and_evicts_nobody_whatever_is_taken(
    course: list[tuple[Ints, Ints, Ints, Floats, Floats]],
    share: tuple[float, float],
    stay: tuple[float, float],
    seed: int,
) -> None:
    beds = np.array([[30, 20, 5], [0, 60, 3], [10, 10, 0]])
    section = EssentialCare(emergency_stay_days=stay[0], elective_stay_days=stay[1])
    shares = [Essential(emergency_share=share[0], elective_share=share[1]), Essential(), None]
    names = ["alpha", "bravo", "delta"]
    patients = EssentialPatients(section, shares, names, beds, np.zeros_like(beds))
    rng = np.random.default_rng(seed)
    backlog = patients.backlog.copy()
    for day, (missing, wanted, staying, staff, postponed) in enumerate(course):
        total = np.maximum(beds - missing, 0)
        target = np.minimum(wanted, total)
        before = patients.census.copy()
        discharged = patients._discharged.copy()
        opened = patients.room_for_covid(total, target)
        assert (opened <= target).all()
        assert (opened >= 0).all()
        taken = opened[:, :2].sum(axis=1) + before.sum(axis=1)
        assert (taken <= np.maximum(total[:, :2].sum(axis=1), before.sum(axis=1))).all()
        covid = np.minimum(opened, staying)
        patients.pass_day(day, total, target, opened, covid, (staff[0], staff[1]), postponed, rng)
        patients.check(day)
        arrived = np.stack([patients.emergency_arrivals, patients.elective_arrivals], axis=1)
        served = np.stack([patients.emergency_served, patients.elective_served], axis=1)
        left = patients._discharged - discharged
        assert (patients.census == before + served - left).all()
        assert (left <= before).all()
        assert (patients.emergency_unserved == (arrived - served)[:, 0]).all()
        assert (patients.backlog == backlog + (arrived - served)[:, 1]).all()
        assert (served >= 0).all()
        assert not served[postponed == 1, 1].any()
        full = opened[:, :2].sum(axis=1) + patients.census.sum(axis=1) > total[:, :2].sum(axis=1)
        assert not served[full].any()
        backlog = patients.backlog.copy()
        assert 0 <= patients.served_share <= 1
