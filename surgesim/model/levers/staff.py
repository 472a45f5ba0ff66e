"""Actions on the staff, equipment and elective care of facilities."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from surgesim.model.capacity.adjustments import Adjustment
from surgesim.model.levers.action import Action, ActionFactory, Lever, Switch, round_down
from surgesim.model.levers.facilities import sites_of
from surgesim.model.province import Province
from surgesim.scenario.schema.levers.rule import RuleBase
from surgesim.scenario.schema.levers.staff import (
    Equip,
    FormIcuTeams,
    Lend,
    PoolStaff,
    PoolVentilators,
    PostponeElective,
    RedeployNurses,
    ReinforceStaff,
    RemoteLink,
    TrainDoctors,
)


def _reinforce(name: str, rule: ReinforceStaff, province: Province) -> Action:
    where, adjustments = sites_of(rule, province), province.capacity.adjustments
    heads = np.array([rule.doctors, rule.ward_nurses, rule.icu_nurses], float)
    unskilled = 0 if rule.icu_doctors is None else rule.doctors - rule.icu_doctors

    def bring(share: float) -> None:
        adjustments.set(Adjustment.HEADS, name, where, heads * share)
        adjustments.set(Adjustment.WITHOUT_ICU_SKILLS, name, where, unskilled * share)

    return Lever(bring)


def _redeploy(name: str, rule: RedeployNurses, province: Province) -> Action:
    where, adjustments = sites_of(rule, province), province.capacity.adjustments

    def move(share: float) -> None:
        adjustments.set(Adjustment.REDEPLOYMENT, name, where, rule.share * share)
        adjustments.set(Adjustment.EFFICIENCY, name, where, rule.share * share * rule.efficiency)

    return Lever(move)


def _train_doctors(name: str, rule: TrainDoctors, province: Province) -> Action:
    where, adjustments = sites_of(rule, province), province.capacity.adjustments
    return Lever(lambda share: adjustments.set(Adjustment.ICU_TRAINING, name, where, rule.share * share))


def _form_icu_teams(name: str, rule: FormIcuTeams, province: Province) -> Action:
    where, adjustments = sites_of(rule, province), province.capacity.adjustments
    terms = np.array([rule.share, rule.ward_nurses, rule.nurse_patients, rule.doctor_patients])

    def form(share: float) -> None:
        adjustments.set(Adjustment.ICU_TEAMS, name, where, terms * [share, share > 0, share > 0, share > 0])

    return Lever(form)


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
    TrainDoctors: _train_doctors,
    FormIcuTeams: _form_icu_teams,
    PoolStaff: _pool_staff,
    Equip: _equip,
    PoolVentilators: _pool,
    Lend: _lend,
    PostponeElective: _postpone,
    RemoteLink: _link,
}
