"""The actions of all types of rule."""

from __future__ import annotations

from collections.abc import Mapping

from surgesim.model.levers import epidemic, facilities, patients, staff, supply
from surgesim.model.levers.action import Action, ActionFactory
from surgesim.model.province import Province
from surgesim.scenario.schema.command import Rule
from surgesim.scenario.schema.levers.rule import RuleBase

ACTION_FACTORIES: Mapping[type[RuleBase], ActionFactory] = {
    **facilities.LEVERS,
    **patients.LEVERS,
    **staff.LEVERS,
    **supply.LEVERS,
    **epidemic.LEVERS,
}


def action_of(name: str, rule: Rule, province: Province) -> Action:
    """Create the action of a rule, bound to the parts of a run."""
    return ACTION_FACTORIES[type(rule)](name, rule, province)
