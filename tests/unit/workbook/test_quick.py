"""A scenario from a handful of figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

import surgesim
from surgesim.errors import ScenarioError
from surgesim.workbook.quick import Figures, quick_scenario

FIGURES = Figures(population=100_000, beds=300, icu=20, cases_last_week=400, in_hospital=60, in_icu=8)
TODAY = date(2021, 11, 29)


def test_a_handful_of_figures_is_a_scenario_that_runs() -> None:
    scenario = surgesim.loads(quick_scenario("town", FIGURES, TODAY))
    assert (scenario.name, scenario.start, scenario.people.total) == ("town", TODAY, 100_000)
    assert scenario.care.beds == {"basic": 180, "oxygen": 120, "icu": 20}
    census = scenario.care.initial_census["hospitals"]
    assert (census.oxygen, census.icu) == (52, 8)
    assert scenario.past is not None
    assert scenario.past.last("reported_cases", 7).sum() == 400
    assert len(surgesim.simulate(scenario.overlaid({"days": 3}), seed=1, replication=0).province) == 3


def test_only_people_and_beds_are_enough() -> None:
    scenario = surgesim.loads(quick_scenario("town", Figures(5_000, 40), TODAY))
    assert scenario.past is None
    assert scenario.epidemic is not None
    assert scenario.epidemic.initial_infections == {"whole-province": 2}


@pytest.mark.parametrize("in_hospital", [0, 1, 130, 300])
@pytest.mark.parametrize("in_icu", [0, 8])
def test_open_beds_hold_the_patients_of_today(in_hospital: int, in_icu: int) -> None:
    figures = replace(FIGURES, in_hospital=max(in_hospital, in_icu), in_icu=in_icu)
    assert (
        surgesim.loads(quick_scenario("town", figures, TODAY)).care.initial_census["hospitals"].icu == in_icu
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"population": 0}, "population: got 0, expected a whole number from 1 to 999999999"),
        ({"in_icu": 41, "in_hospital": 60}, "in-icu: got 41, expected at most twice the 20 ICU beds"),
        ({"in_icu": 8, "in_hospital": 5}, "in-icu: got 8, expected at most the 5 patients in hospital"),
        (
            {"in_hospital": 609},
            "in-hospital: got 601 patients outside intensive care, expected at most twice the 300 beds",
        ),
        ({"cases_last_week": 200_000}, "cases-last-week: got 200000, expected at most the 100000 people"),
        ({"in_hospital": -1}, "in-hospital: got -1, expected 0 or more"),
    ],
)
def test_figures_that_do_not_fit_are_named(change: dict[str, int], message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        quick_scenario("town", replace(FIGURES, **change), TODAY)
    assert [str(problem) for problem in caught.value.problems] == [message]


def test_a_bad_name_is_refused() -> None:
    with pytest.raises(ScenarioError, match="got the name 'My Town', expected a short name"):
        quick_scenario("My Town", FIGURES, TODAY)


def test_more_patients_than_beds_are_taken() -> None:
    scenario = surgesim.loads(quick_scenario("full", replace(FIGURES, in_hospital=400, in_icu=30), TODAY))
    census = scenario.care.initial_census["hospitals"]
    assert (census.oxygen, census.icu) == (370, 30)
    assert scenario.care.facilities["hospitals"].beds.oxygen == 300


def test_a_profile_gives_the_ages_of_a_place() -> None:
    place = surgesim.loads(quick_scenario("place", FIGURES, TODAY, profile="british-columbia"))
    home = surgesim.loads(quick_scenario("home", FIGURES, TODAY))
    assert place.people.ages[8] > 2 * home.people.ages[8]
    assert sum(place.people.ages) == pytest.approx(1)
