"""Levers: every rule that a plan can have is bound to its action, in one table."""

from __future__ import annotations

from typing import get_args

from surgesim.model.levers.registry import ACTION_FACTORIES
from surgesim.scenario.schema.command import Rule
from surgesim.scenario.schema.levers.custom import Custom


def test_every_rule_has_an_action_and_no_other() -> None:
    union, _ = get_args(Rule)
    assert {*ACTION_FACTORIES, Custom} == set(get_args(union))  # extensions have the actions of Custom
