"""Isolation of mild cases: near beds first, whole days, nobody lost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import arrivals, build, district, facility, people, small

from surgesim.model.care.basic_beds import BasicBeds
from surgesim.model.care.network import Network
from surgesim.model.care.wards import Wards
from surgesim.model.columns import Page
from surgesim.scenario.schema.base import Distribution

TOWNS = people(
    districts={
        "town": district(1_000),
        "coast": district(1_000, travel_hours=1.0),
        "hills": district(1_000, travel_hours=5.0),
    }
)
SITES = {
    "far": facility(basic=100, district="hills"),
    "near": facility(basic=30, district="coast"),
    "own": facility(basic=20),
}


def isolation(
    stay: Any, share: float = 1.0, days: int = 60, sites: Any = SITES, first: float | None = None
) -> BasicBeds:
    scenario = build(
        small(
            days,
            people=TOWNS,
            care={"facilities": sites},
            arrivals={"series": {"x": {"bed": "basic", "counts": [1]}}},
        )
    )
    network = Network(scenario)
    beds = BasicBeds(
        network,
        Wards(network),
        Distribution.model_validate(stay),
        share,
        share if first is None else first,
        0,
        days,
    )
    beds.capacity[:] = [site["beds"]["basic"] for site in sites.values()]
    return beds


def test_own_district_first_then_by_travel_time_then_refused() -> None:
    beds = isolation({"fixed": 10.0})
    rng = np.random.default_rng(1)
    filled = []
    for day in range(4):
        beds.pass_day(day, np.array([45, 0, 0]), rng)
        filled.append((beds.occupied.tolist(), beds.refused))
    assert filled == [
        ([0, 25, 20], 0),
        ([40, 30, 20], 0),
        ([85, 30, 20], 0),
        ([100, 30, 20], 30),
    ]


@pytest.mark.parametrize(("stay", "gone"), [(3.0, 3), (0.0, 1)])
def test_a_stay_of_whole_days_ends_at_0000_of_its_last_and_the_shortest_is_a_day(
    stay: float, gone: int
) -> None:
    beds = isolation({"fixed": stay})
    occupied = []
    for day in range(6):
        beds.pass_day(day, np.array([15 if day == 0 else 0, 0, 0]), np.random.default_rng(1))
        occupied.append(int(beds.occupied.sum()))
    assert occupied == [15] * gone + [0] * (6 - gone)


def test_cases_followed_first_have_a_share_of_their_own() -> None:
    def admitted(first: float, first_share: float) -> int:
        beds = isolation({"fixed": 1.0}, 0.2, days=600, first=first)
        for day in range(500):
            beds.pass_day(day, np.array([50, 0, 0]), np.random.default_rng(day), first_share)
        return int(beds.admitted.sum())

    assert admitted(0.2, 0.4) == admitted(0.2, 0.0) == admitted(0.9, 0.0)
    assert admitted(0.7, 0.4) == pytest.approx(500 * 50 * 0.4, rel=0.03)
    assert admitted(0.7, 1.0) == pytest.approx(500 * 50 * 0.7, rel=0.03)


def test_the_mean_stay_is_the_one_given() -> None:
    beds = isolation({"gamma": {"mean": 10.0, "sd": 3.0}}, sites={"own": facility(basic=10_000)})
    bed_days = 0
    for day in range(60):
        beds.pass_day(day, np.array([5_000 if day == 0 else 0, 0, 0]), np.random.default_rng(day))
        bed_days += int(beds.occupied.sum())
    assert bed_days / 5_000 == pytest.approx(10.0, abs=0.2)


def test_a_share_of_the_reported_is_isolated() -> None:
    beds = isolation({"fixed": 5.0}, share=0.3, sites={"own": facility(basic=100_000)})
    beds.pass_day(0, np.array([50_000, 0, 0]), np.random.default_rng(1))
    assert beds.occupied.sum() == pytest.approx(15_000, abs=4 * (50_000 * 0.21) ** 0.5)


@pytest.mark.slow
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 40)), min_size=1, max_size=40)
)
def test_who_is_reported_is_isolated_or_refused_and_no_bed_is_used_twice(
    days: list[tuple[int, int, int]],
) -> None:
    beds = isolation({"gamma": {"mean": 3.0, "sd": 3.0}})
    rng = np.random.default_rng(1)
    reported = refused = 0
    for day, (here, there, capacity) in enumerate(days):
        before = beds.occupied.copy()
        beds.capacity[0] = capacity  # one facility opens and closes beds
        beds.pass_day(day, np.array([here, there, 0]), rng)
        beds.check(day)
        reported, refused = reported + here + there, refused + beds.refused
        assert beds.admitted.sum() == reported - refused
        assert (beds.occupied == beds.admitted - beds.discharged).all()
        assert (beds.occupied <= np.maximum(beds.capacity, before)).all()
        assert beds.occupied.min() >= 0


def test_a_facility_with_more_people_than_beds_takes_no_vacant_bed_from_another() -> None:
    sites = {"alpha": facility(basic=9), "bravo": facility(basic=9)}
    wards = Wards(Network(build(small(1, arrivals=arrivals(basic=[1]), care={"facilities": sites}))))
    wards.staffed[0][:] = 2, 5
    wards.mild[:] = 6, 1
    page = Page()
    wards.fill(page)
    assert wards.vacant()[0].tolist() == [-4, 4]
    assert page.province.values["vacant_basic"] == 4
