"""Levers on staff, equipment and other patients of facilities."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from surgesim.model.capacity.capacity import Brought
from surgesim.model.levers.action import Action, Binding, Lever, Switch, whole
from surgesim.model.levers.facilities import sites_of
from surgesim.model.province import Province
from surgesim.scenario.schema.levers.rule import RuleBase
from surgesim.scenario.schema.levers.staff import (
    Equip,
    PostponeElective,
    RedeployNurses,
    ReinforceStaff,
    RemoteLink,
)


def _reinforce(name: str, rule: ReinforceStaff, province: Province) -> Action:
    where, levers = sites_of(rule, province), province.capacity.levers
    heads = np.array([rule.doctors, rule.ward_nurses, rule.icu_nurses], float)
    return Lever(lambda share: levers.set(Brought.HEADS, name, where, heads * share))


def _redeploy(name: str, rule: RedeployNurses, province: Province) -> Action:
    where, levers = sites_of(rule, province), province.capacity.levers

    def move(share: float) -> None:
        levers.set(Brought.MOVED, name, where, rule.share * share)
        levers.set(Brought.WORTH, name, where, rule.share * share * rule.efficiency)

    return Lever(move)


def _equip(name: str, rule: Equip, province: Province) -> Action:
    where, levers = sites_of(rule, province), province.capacity.levers
    return Lever(lambda share: levers.set(Brought.VENTILATORS, name, where, whole(rule.ventilators * share)))


def _postpone(name: str, rule: PostponeElective, province: Province) -> Action:
    where, levers = sites_of(rule, province), province.capacity.levers
    return Lever(lambda share: levers.set(Brought.POSTPONED, name, where, rule.share * share))


def _link(name: str, rule: RemoteLink, province: Province) -> Action:
    where = sites_of(rule, province)
    return Switch(lambda on: province.link(where, on=on))


LEVERS: Mapping[type[RuleBase], Binding] = {
    ReinforceStaff: _reinforce,
    RedeployNurses: _redeploy,
    Equip: _equip,
    PostponeElective: _postpone,
    RemoteLink: _link,
}
