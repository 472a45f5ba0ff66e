"""Levers: the values between two ends, which of them are stronger, and what is refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from strategies import arrivals, build, facility, small

from surgesim.decisions.levers import read_lever
from surgesim.errors import ScenarioError
from surgesim.scenario.schema.scenario import Scenario

ICU = "care.facilities.alpha.beds.icu"


@pytest.fixture(scope="module")
def town() -> Scenario:
    rule = {"action": "convert_beds", "when": {"indicator": "icu_occupancy", "above": 0.8, "for_days": 2}}
    sites = {"alpha": facility(oxygen=20, icu=5, covid_share=0.2)}
    plan = {"wards": rule}
    plain = small(60, arrivals=arrivals(icu=[1.0] * 60), care={"facilities": sites}, command={"plan": plan})
    return build(plain)


@pytest.mark.parametrize(
    ("lever", "low", "high", "step", "values", "falling"),
    [
        (ICU, 3, 6, None, [3, 4, 5, 6], False),
        (ICU, "3", "6", 2, [3, 5, 6], False),
        ("care.facilities.alpha.covid_share.icu", 0, 0.15, None, [0.0, 0.05, 0.1, 0.15], False),
        ("command.plan.wards.lead_days", 0, 2, None, [2.0, 1.0, 0.0], True),
        ("command.plan.wards.when.above", 0.2, 0.3, 0.05, [0.3, 0.25, 0.2], True),
        ("icu-beds", 0, 2, None, [0, 1, 2], False),
        (
            "command.plan.wards.when.on",
            "2024-01-05",
            "2024-01-07",
            None,
            [date(2024, 1, 7), date(2024, 1, 6), date(2024, 1, 5)],
            True,
        ),
        ("order-date", "2024-01-05", "2024-01-06", None, [date(2024, 1, 6), date(2024, 1, 5)], True),
    ],
)
def test_values_go_from_the_weakest_to_the_strongest(
    town: Scenario, lever: str, low: Any, high: Any, step: Any, values: list[Any], falling: bool
) -> None:
    found = read_lever(town, lever, low, high, step)
    assert list(found.values) == values
    assert found.falling == falling
    for value in found.values:
        town.overlaid({"alternatives": {"value": found.overlay(town, value)}})


def test_a_date_replaces_the_trigger_of_a_rule(town: Scenario) -> None:
    found = read_lever(town, "command.plan.wards.when.on", "2024-01-05", "2024-01-09")
    changed = town.overlaid({"alternatives": {"on": found.overlay(town, date(2024, 1, 6))}}).alternative("on")
    when = changed.command.plan["wards"].when
    assert (when.on, when.indicator, when.above) == (date(2024, 1, 6), None, None)


def test_largest_turns_the_search_around(town: Scenario) -> None:
    assert read_lever(town, ICU, 3, 5, largest=True).values == (5, 4, 3)


@pytest.mark.parametrize(
    ("lever", "low", "high", "step", "words"),
    [
        (ICU, 6, 3, None, "got values between 6 and 3, expected the first below the second"),
        (ICU, 3, 3, None, "expected the first below the second"),
        (ICU, -1, 3, None, "cannot be -1: got -1, expected a whole number"),
        (ICU, 1.5, 3, None, "expected whole numbers"),
        (ICU, "few", 3, None, "got 'few', expected a number"),
        (ICU, 0, "nan", None, "got 'nan', expected a number"),
        (ICU, 0, 5, 0, "got a step of 0, expected a whole number above 0"),
        (ICU, 0, 5, 0.5, "got a step of 0.5, expected a whole number above 0"),
        (ICU, 0, 900000, None, "expected at most 10000"),
        ("care.facilities.alpha.beds.icuu", 0, 3, None, "unknown key 'icuu', did you mean 'icu'"),
        ("care.facilities.alpha.covid_share.icu", 0, 2, None, "cannot be 2"),
        ("icubeds", 0, 3, None, "unknown lever, did you mean 'icu-beds'"),
        (
            "ventilators",
            0,
            3,
            None,
            "has no amount in the scenario, expected a resource of oxygen-beds, icu-beds",
        ),
        ("private-share", 0, 1, None, "got no rule that mobilises private facilities"),
        ("study.replications", 1, 5, None, "cannot be varied"),
        ("command.plan.wards.when.on", "2024-01-05", "2025-01-05", None, "which is outside the run"),
        ("command.plan.wards.when.on", "2024-01-05", "soon", None, "expected a date such as 2024-01-31"),
        (
            "command.plan.wards.when.on",
            "2024-01-09",
            "2024-01-05",
            None,
            "expected the first below the second",
        ),
    ],
)
def test_what_cannot_be_a_lever_is_refused_in_one_sentence(
    town: Scenario, lever: str, low: Any, high: Any, step: Any, words: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        read_lever(town, lever, low, high, step)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
