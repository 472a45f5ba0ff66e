"""Actions on the staff, equipment and elective care of facilities."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from surgesim.model.capacity.capacity import Adjustment
from surgesim.model.levers.action import Action, ActionFactory, Lever, Switch, round_down
from surgesim.model.levers.facilities import sites_of
from surgesim.model.province import Province
from surgesim.scenario.schema.levers.rule import RuleBase
from surgesim.scenario.schema.levers.staff import (
    Equip,
    Lend,
    PoolStaff,
    PoolVentilators,
    PostponeElective,
    RedeployNurses,
    ReinforceStaff,
    RemoteLink,
)


def _reinforce(name: str, rule: ReinforceStaff, province: Province) -> Action:
    where, adjustments = sites_of(rule, province), province.capacity.adjustments
    heads = np.array([rule.doctors, rule.ward_nurses, rule.icu_nurses], float)
    return Lever(lambda share: adjustments.set(Adjustment.HEADS, name, where, heads * share))


def _redeploy(name: str, rule: RedeployNurses, province: Province) -> Action:
    where, adjustments = sites_of(rule, province), province.capacity.adjustments

    def move(share: float) -> None:
        adjustments.set(Adjustment.REDEPLOYMENT, name, where, rule.share * share)
        adjustments.set(Adjustment.EFFICIENCY, name, where, rule.share * share * rule.efficiency)

    return Lever(move)


def _equip(name: str, rule: Equip, province: Province) -> Action:
    where, adjustments = sites_of(rule, province), province.capacity.adjustments
    return Lever(
        lambda share: adjustments.set(
            Adjustment.VENTILATORS, name, where, round_down(rule.ventilators * share)
        )
    )


def _pool(name: str, rule: PoolVentilators, province: Province) -> Action:
    where, adjustments = sites_of(rule, province), province.capacity.adjustments
    return Switch(lambda on: adjustments.set(Adjustment.VENTILATOR_POOL, name, where, float(on)))


def _pool_staff(name: str, rule: PoolStaff, province: Province) -> Action:
    where, adjustments = sites_of(rule, province), province.capacity.adjustments
    shares = np.array([rule.doctors, rule.ward_nurses, rule.icu_nurses])
    return Lever(lambda share: adjustments.set(Adjustment.STAFF_POOL, name, where, shares * share))


def _lend(name: str, rule: Lend, province: Province) -> Action:
    where, adjustments = sites_of(rule, province), province.capacity.adjustments
    heads = np.array([rule.doctors, rule.ward_nurses, rule.icu_nurses], float)

    def lend(share: float) -> None:
        units = round_down(rule.ventilators * share)
        adjustments.set(Adjustment.HEADS_LENT, name, where, heads * share)
        adjustments.set(Adjustment.VENTILATORS_LENT, name, where, units)

    return Lever(lend)


def _postpone(name: str, rule: PostponeElective, province: Province) -> Action:
    where, adjustments = sites_of(rule, province), province.capacity.adjustments
    return Lever(lambda share: adjustments.set(Adjustment.POSTPONEMENT, name, where, rule.share * share))


def _link(name: str, rule: RemoteLink, province: Province) -> Action:
    where = sites_of(rule, province)
    return Switch(lambda on: province.link(where, on=on))


LEVERS: Mapping[type[RuleBase], ActionFactory] = {
    ReinforceStaff: _reinforce,
    RedeployNurses: _redeploy,
    PoolStaff: _pool_staff,
    Equip: _equip,
    PoolVentilators: _pool,
    Lend: _lend,
    PostponeElective: _postpone,
    RemoteLink: _link,
}
