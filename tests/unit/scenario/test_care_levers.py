"""Levers on triage, moves and pools, and people's reaction: what a file may say, and what is told of it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError
from shipped import FOLDER, shipped
from strategies import Plain, arrivals, build, facility, small

from surgesim.errors import ScenarioError
from surgesim.scenario.door import overlaid
from surgesim.scenario.schema.command import Rule
from surgesim.scenario.schema.response.reaction import Reaction


def rule(**values: Any) -> Any:
    return TypeAdapter(Rule).validate_python({"when": {"indicator": "situation", "above": 0}} | values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"action": "limit_icu", "from_age": 75},
            "got from_age 75, expected the first age of a group: 10, 20",
        ),
        ({"action": "level_load", "above": 0.5, "below": 0.6}, "got below 0.6 and above 0.5"),
        ({"action": "pool_oxygen", "below_days": 5.0}, "got below_days 5 and above_days 4"),
        (
            {"action": "reinforce_staff", "doctors": 2, "icu_doctors": 3},
            "got 3 icu_doctors among 2 doctors, expected at most as many as doctors",
        ),
        ({"action": "queue_order", "order": "wealth"}, "Input should be 'severity', 'age' or 'survival'"),
    ],
)
def test_what_makes_no_sense_is_refused(values: Plain, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        rule(**values)


@pytest.mark.parametrize(
    "values",
    [
        {"action": "limit_icu"},
        {"action": "level_load", "per_day": 0},
        {"action": "level_load"},
        {"action": "pool_staff"},
        {"action": "lend"},
        {"action": "pool_oxygen", "share": 0.0},
        {"action": "form_icu_teams", "share": 1.0, "nurse_patients": 4, "doctor_patients": 16},
    ],
)
def test_a_rule_without_effect_is_told(values: Plain) -> None:
    site = facility(oxygen=20, icu=5) | {"staff": {"doctors": 9}, "oxygen": {"cylinders": 9}}
    scenario = build(
        small(9, arrivals=arrivals(oxygen=[1] * 9), care={"facilities": {"alpha": site}})
        | {"command": {"plan": {"idle": values | {"when": {"on": "2024-01-02"}}}}}
    )
    remarks = list(scenario.command.plan["idle"].remarks(scenario.care, scenario.supply))
    assert [remark.message.startswith("has no effect") for remark in remarks] == [True]


def test_a_district_is_in_one_area_of_home_care() -> None:
    areas = {"hills": {"districts": ["town"]}, "coast": {"districts": ["town"]}}
    with pytest.raises(ScenarioError, match="got town in the areas hills and coast, expected it in only one"):
        overlaid(
            build(small(9, arrivals=arrivals(oxygen=[1] * 9))), {"clinical": {"home_care": {"areas": areas}}}
        )


def test_a_pool_needs_facilities_that_have_what_it_shares() -> None:
    town = build(small(9, arrivals=arrivals(oxygen=[1] * 9)))
    for action, need in (("pool_staff", "staff given"), ("pool_oxygen", "an oxygen source")):
        plan = {"pool": {"action": action, "when": {"on": "2024-01-02"}}}
        with pytest.raises(ScenarioError, match=need):
            overlaid(town, {"command": {"plan": plan}})


def test_nobody_reacts_unless_the_scenario_says_so() -> None:
    town = shipped(FOLDER / "teaching" / "small-town.yaml")
    assert town.epidemic is not None
    assert town.epidemic.reaction is None
    lively = overlaid(town, {"epidemic": {"reaction": {}}})
    assert lively.epidemic is not None
    assert lively.epidemic.reaction == Reaction()
    quiet = overlaid(lively, {"epidemic": {"reaction": "none"}})
    assert quiet.epidemic == town.epidemic
