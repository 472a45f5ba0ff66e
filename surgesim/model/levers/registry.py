"""The action of every rule there is."""

from __future__ import annotations

from collections.abc import Mapping

from surgesim.model.levers import epidemic, facilities, staff, supply
from surgesim.model.levers.action import Action, Binding
from surgesim.model.province import Province
from surgesim.scenario.schema.command import Rule
from surgesim.scenario.schema.levers.rule import RuleBase

BINDINGS: Mapping[type[RuleBase], Binding] = {
    **facilities.LEVERS,
    **staff.LEVERS,
    **supply.LEVERS,
    **epidemic.LEVERS,
}


def action_of(name: str, rule: Rule, province: Province) -> Action:
    """The action of a rule, bound to the parts of a run."""
    return BINDINGS[type(rule)](name, rule, province)
