"""Tests that saturate, and five levers: each moves what it should, and at no strength nothing at all."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy import stats
from strategies import Plain, build, clinical, district, facility, people, severity, small, variant

from surgesim.model.record import Record
from surgesim.model.simulation import run_once
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.compute.replicate import replicate

pytestmark = pytest.mark.slow

# -- tests that saturate --------------------------------------------------------------------------

SINGLE, POOLED = 8_000, 80_000
"""Samples a day in Thanh Hóa's plan."""


def thanh_hoa(tests: Plain | None) -> Scenario:
    """A province of its size in an overwhelming epidemic; everybody is mild."""
    found: Plain = {"share": 0.5, "delay_days": {"fixed": 0.0}}
    return build(
        small(
            130,
            people=people(districts={"town": district(3_640_128)}),
            epidemic={
                "variant": variant(5.0),
                "initial_infections": {"town": 200},
                "detection": found if tests is None else found | {"tests": tests},
            },
            clinical=clinical(severity=severity(p_oxygen=0.0)),
        )
    )


def test_without_a_limit_reported_cases_are_what_detection_implies() -> None:
    run = run_once(thanh_hoa(None), 1, 0)
    assert run.series("infectious")[-1] < 20  # it is over
    onsets = 200 + run.series("infections").sum()
    assert onsets > 3_000_000
    reported = run.outcomes["reported_cases"]
    assert reported == pytest.approx(0.5 * onsets, abs=4 * (0.25 * onsets) ** 0.5)
    more_than_enough = run_once(thanh_hoa({"single_per_day": 1e7}), 1, 0)
    np.testing.assert_array_equal(more_than_enough.series("reported_cases"), run.series("reported_cases"))


def test_with_the_tests_of_thanh_hoa_reported_cases_saturate_and_the_indicator_shows_it() -> None:
    free = run_once(thanh_hoa(None), 1, 0)
    limit = {"single_per_day": SINGLE, "pooled_per_day": POOLED, "pool_size": 10}
    run = run_once(thanh_hoa(limit), 1, 0)
    np.testing.assert_array_equal(run.series("infections"), free.series("infections"))
    used, positivity = run.series("tests_used"), run.series("test_positivity")
    full = run.series("test_capacity_used") == 1.0
    assert full.sum() > 15
    assert free.series("reported_cases").max() > 100_000
    # where half and more are positive nobody pools: 8,000 samples of each line
    swamped = full & (positivity > 0.5)
    assert swamped.sum() > 10
    assert (used[swamped] == SINGLE + POOLED / 10).all()
    assert run.series("reported_cases").max() <= 16_000
    np.testing.assert_array_equal(run.series("reported_cases"), np.rint(positivity * used))
    # and in the first days, before they are, far more samples are tested than that, and all are found
    early = run.series("test_capacity_used") < 0.5
    early &= np.cumsum(full) == 0
    np.testing.assert_array_equal(run.series("reported_cases")[early], free.series("reported_cases")[early])
    # samples never exceed what pools of that positivity allow
    tests_per_pool = np.minimum(1 + 10 * (1 - (1 - positivity) ** 10), 10)
    assert (used <= (SINGLE + POOLED / tests_per_pool) * 1.05 + 1).all()


# -- five levers ----------------------------------------------------------------------------------

REPLICATIONS = 6
GROUPS: Plain = {"over-50": {"from_age": 50}, "high-risk": {"risk": "high"}, "others": {}}
TESTS: Plain = {"single_per_day": 300.0, "contacts_per_case": 5.0}


def province(**changes: Any) -> Scenario:
    """Two districts in an epidemic that comes in from outside; a few beds, teams for care at home."""
    epidemic = {
        "variant": variant(2.2),
        "initial_infections": {"town": 20},
        "importation": {"per_day": 4.0},
        "immunity": {"vaccinated": {"infection": 0.6, "severe": 0.8}},
        "detection": {"share": 0.5, "delay_days": {"fixed": 1.0}, "tests": TESTS},
        "isolation": {"cases_compliance": 0.0, "contacts_compliance": 0.0},
    }
    return build(
        small(
            90,
            people=people(districts={"town": district(60_000), "hill": district(30_000, travel_hours=1.0)}),
            epidemic=epidemic | changes.pop("epidemic", {}),
            clinical=clinical(severity=severity(p_oxygen=0.03), **changes.pop("clinical", {})),
            care={"facilities": {"alpha": facility(oxygen=150, icu=20)}},
            **changes,
        )
    )


def vaccination(strength: float) -> Scenario:
    doses = {"doses_per_day": 2_500 * strength, "start": "2024-01-01", "groups": GROUPS}
    return province(epidemic={"vaccination": doses})


def isolation_by_tests(strength: float) -> Scenario:
    tests = TESTS | {"single_per_day": 300 + 4_000 * strength}
    isolation = {"cases_compliance": 0.7 * strength, "contacts_compliance": 0.7 * strength}
    found = {"share": 0.5, "delay_days": {"fixed": 1.0}, "tests": tests}
    return province(epidemic={"detection": found, "isolation": isolation})


def distancing(strength: float) -> Scenario:
    reduces = {"home": 0.0, "school": 0.8, "work": 0.5, "community": 0.5}
    shut = {"reduces": reduces, "travel": 0.7, "compliance": 0.8 * strength, "start": "2024-01-15"}
    return province(epidemic={"measures": {"distancing": shut}})


def screening(strength: float) -> Scenario:
    entry = {"screening": 0.95, "compliance": strength, "start": "2024-01-01"}
    return province(epidemic={"measures": {"entry": entry}})


def home_care(strength: float) -> Scenario:
    teams = {"teams": round(40 * strength), "packages": 1e6}
    return province(clinical={"home_care": teams})


def stations_by_area(strength: float) -> Scenario:
    areas = {
        "towns": {"districts": ["town"], "reach": strength},
        "hills": {"districts": ["hill"], "reach": strength / 2, "patients_per_team": 25.0},
    }
    return province(clinical={"home_care": {"teams": 60, "packages": 1e6, "areas": areas}})


LEVERS: dict[str, tuple[Callable[[float], Scenario], str]] = {
    "vaccination": (vaccination, "infections"),
    "testing with isolation": (isolation_by_tests, "infections"),
    "distancing": (distancing, "infections"),
    "screening": (screening, "infections"),
    "home care": (home_care, "oxygen_patients"),
    "stations by area": (stations_by_area, "oxygen_patients"),
}


@cache
def replications(strength: float, count: int) -> list[dict[str, Record]]:
    """Runs of the province without a lever and with each, which share the days that are the same."""
    scenarios = {name: lever(strength) for name, (lever, _) in LEVERS.items()}
    return [dict(records) for records in replicate({BASELINE: province()} | scenarios, 5, count)]


@pytest.mark.parametrize("name", LEVERS)
def test_a_lever_lowers_what_it_should_with_an_interval_that_excludes_0(name: str) -> None:
    _, outcome = LEVERS[name]
    runs = replications(1.0, REPLICATIONS)
    differences = np.array([run[name].outcomes[outcome] - run[BASELINE].outcomes[outcome] for run in runs])
    half = stats.t.ppf(0.975, REPLICATIONS - 1) * differences.std(ddof=1) / REPLICATIONS**0.5
    assert differences.mean() + half < 0


@pytest.mark.parametrize("name", LEVERS)
def test_a_lever_at_no_strength_changes_nothing_at_all(name: str) -> None:
    runs = replications(0.0, 2)
    assert len(runs) == 2
    for run in runs:
        one, other = run[name].outcomes, run[BASELINE].outcomes
        np.testing.assert_equal(one, other)  # what neither assesses is NaN in both
        assert one[LEVERS[name][1]] > 0
