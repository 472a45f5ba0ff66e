"""Home care by kind of area: teams stay in theirs; one area is the province."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from surgesim.model.care.home import HomeCare
from surgesim.model.care.home_areas import HomeAreas
from surgesim.scenario.schema.capacity.home import HomeCare as HomeCareSection

RESIDENTS = {"town": 60_000, "hill": 30_000, "isle": 10_000}
PLENTY: Any = {"packages": 1e9, "eligible_share": 1.0, "effect": 0.5, "patients_per_team": 50.0}


def areas(**given: Any) -> HomeAreas:
    return HomeAreas(HomeCareSection.model_validate(PLENTY | given), RESIDENTS)


HILLS: Any = {"hills": {"districts": ["hill"], "patients_per_team": 20.0, "reach": 0.6}}


def test_teams_of_an_area_stay_in_it() -> None:
    """Five teams in the hills follow 100 of 1,000 cases there; nobody follows those elsewhere."""
    home = areas(areas=HILLS)
    home.add_teams(5, 0, area="hills")
    home.begin_day()
    home.pass_day(np.array([4_000, 1_000, 0]), 0.0)
    assert home.followed == 100
    assert home.reduction(1.0)[1] == (0.0, 0.05, 0.0)  # half of the tenth that is followed


def test_teams_reach_only_some_of_the_cases_of_their_area() -> None:
    home = areas(areas=HILLS)
    home.add_teams(500, 0, area="hills")
    home.begin_day()
    home.pass_day(np.array([0, 1_000, 0]), 0.0)
    assert home.followed == 600
    assert home.reduction(0.5)[1] == pytest.approx((0.0, 0.15, 0.0))


def test_other_teams_are_shared_out_by_residents_and_leave_as_they_came() -> None:
    """Of ten teams, three serve the hills (20 each) and seven the rest (50 each)."""
    home = areas(areas=HILLS, teams=10)
    many = np.array([4_000, 4_000, 4_000])
    home.begin_day()
    home.pass_day(many, 0.0)
    assert home.followed == 3 * 20 + 7 * 50
    for now in (1, 2, 3):
        home.add_teams(now, now - 1)
    home.begin_day()
    home.pass_day(many, 0.0)
    assert home.followed == 4 * 20 + 9 * 50  # as three teams at once, not each to the largest area
    home.add_teams(0, 3)
    home.begin_day()
    home.pass_day(many, 0.0)
    assert home.followed == 3 * 20 + 7 * 50


def test_isolated_cases_are_those_of_each_area_by_known_cases() -> None:
    home = areas(areas={"hills": {"districts": ["hill"]}}, teams=1_000)
    home.begin_day()
    home.pass_day(np.array([300, 100, 0]), 80.0)
    assert home.followed == pytest.approx(320)


@pytest.mark.parametrize("named", [{}, {"all": {"districts": list(RESIDENTS)}}])
def test_one_area_is_the_province(named: Any) -> None:
    section = PLENTY | {"first": {"from_age": 50}, "teams": 4, "packages": 90.0, "packages_per_day": 3.0}
    plain = HomeCare(HomeCareSection.model_validate(section), np.array([0.5, 0.5]), (0.3, 0.1))
    home = HomeAreas(
        HomeCareSection.model_validate(section | {"areas": named}),
        RESIDENTS,
        np.array([0.5, 0.5]),
        (0.3, 0.1),
    )
    rng = np.random.default_rng(1)
    for _ in range(9):
        first, reported = rng.integers(0, 40, (2, 3))
        mild = first + rng.integers(0, 99, 3)
        plain.begin_day()
        home.begin_day()
        plain.expect(int(first.sum()), int(mild.sum()))
        home.expect(first, mild)
        plain.pass_day(float(reported.sum()), 20.0)
        home.pass_day(reported, 20.0)
        assert home.first_share() == plain.first_share()
        assert home.followed == plain.followed > 0
        assert home.reduction(0.9) == (plain.first_reduction * 0.9, plain.reduction * 0.9)
        home.check(0)
