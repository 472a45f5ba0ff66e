"""Levers: a rule's class says what it needs and names; what is checked and told of it derives from that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter

from surgesim.scenario.messages.shape import at
from surgesim.scenario.schema.command import Rule
from surgesim.scenario.schema.levers.facilities import AtFacilities
from surgesim.scenario.schema.levers.rule import RuleBase
from surgesim.scenario.schema.names import MEASURE

RULES: tuple[type[RuleBase], ...] = get_args(get_args(Rule)[0])
NEEDY = [rule for rule in RULES if rule.needs is not None]
AT_FACILITIES = [rule for rule in RULES if issubclass(rule, AtFacilities)]


def subclasses(rule: type[RuleBase]) -> Iterator[type[RuleBase]]:
    for inner in rule.__subclasses__():
        yield inner
        yield from subclasses(inner)


def rule_of(**values: Any) -> RuleBase:
    rule: RuleBase = TypeAdapter(Rule).validate_python(
        {"when": {"indicator": "situation", "above": 0}} | values
    )
    return rule


def test_every_lever_is_a_rule_that_a_plan_can_have() -> None:
    assert set(subclasses(RuleBase)) - {AtFacilities} == set(RULES)


@pytest.mark.parametrize("rule", NEEDY)
def test_what_a_rule_needs_is_a_section_of_the_schema(rule: type[RuleBase]) -> None:
    assert rule.needs is not None
    found = at(tuple(rule.needs.section.split(".")))
    assert found is not None
    assert found.kind == "section"


@pytest.mark.parametrize("rule", AT_FACILITIES)
def test_a_rule_at_facilities_says_what_these_must_have(rule: type[AtFacilities]) -> None:
    assert rule.facility_need
    assert rule.has_a_use is not AtFacilities.has_a_use


def test_a_rule_knows_what_its_fields_name() -> None:
    rule = rule_of(action="measure", measure="school-closure")
    assert rule.references == {(MEASURE, "school-closure")}
    assert rule_of(action="open_home_care", teams=1).references == set()


@pytest.mark.parametrize(
    ("values", "nothing"),
    [
        ({"action": "vaccinate", "doses_per_day": 0}, True),
        ({"action": "vaccinate", "doses_per_day": 1}, False),
        ({"action": "raise_testing"}, True),
        ({"action": "raise_testing", "pooled_per_day": 1}, False),
        ({"action": "open_home_care", "teams": 1}, False),
    ],
)
def test_whether_a_rule_brings_nothing(values: dict[str, Any], nothing: bool) -> None:
    assert rule_of(**values).brings_nothing is nothing
