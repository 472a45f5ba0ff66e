"""Actions on the epidemic and on need: measures, doses, tests, home care, transfers to other provinces."""

from __future__ import annotations

from collections.abc import Mapping

from surgesim.model.levers.action import Action, ActionFactory, Lever, Switch, round_down
from surgesim.model.levers.facilities import indices_of
from surgesim.model.levers.teams import take_for_teams
from surgesim.model.province import Province
from surgesim.scenario.schema.levers.epidemic import OpenHomeCare, RaiseTesting, StartMeasure, Vaccinate
from surgesim.scenario.schema.levers.facilities import TransferOut
from surgesim.scenario.schema.levers.rule import RuleBase


def _measure(name: str, rule: StartMeasure, province: Province) -> Action:
    epidemic = province.epidemic
    if epidemic is None:
        raise ValueError(f"a rule starts measure {rule.measure!r}, but there is no epidemic")
    return Switch(
        lambda on: epidemic.start_measure(rule.measure) if on else epidemic.end_measure(rule.measure)
    )


def _vaccinate(name: str, rule: Vaccinate, province: Province) -> Action:
    vaccination = province.vaccination
    if vaccination is None:
        raise ValueError("a rule brings doses, but epidemic.vaccination is not given")
    doses = 0.0

    def set_share(share: float) -> None:
        nonlocal doses
        vaccination.raise_doses(rule.doses_per_day * share - doses)
        doses = rule.doses_per_day * share

    return Lever(set_share)


def _raise_testing(name: str, rule: RaiseTesting, province: Province) -> Action:
    laboratories = province.laboratories
    if laboratories is None:
        raise ValueError("a rule raises tests, but epidemic.detection.tests is not given")
    raised = 0.0

    def set_share(share: float) -> None:
        nonlocal raised
        more = share - raised
        laboratories.raise_tests(rule.single_per_day * more, rule.pooled_per_day * more)
        raised = share

    return Lever(set_share)


def _home_care(name: str, rule: OpenHomeCare, province: Province) -> Action:
    home = province.home
    if home is None:
        raise ValueError("a rule opens home care, but clinical.home_care is not given")
    teams = 0
    where = indices_of(province, None, ("public",))

    def set_share(share: float) -> None:
        nonlocal teams
        now = round_down(rule.teams * share)
        home.add_teams(now - teams)
        teams = now
        take_for_teams(name, where, now, (rule.team_doctors, rule.team_nurses), province)

    return Lever(set_share)


def _transfer_out(name: str, rule: TransferOut, province: Province) -> Action:
    return Switch(lambda on: province.neighbours.send(rule.neighbour, on=on))


LEVERS: Mapping[type[RuleBase], ActionFactory] = {
    StartMeasure: _measure,
    Vaccinate: _vaccinate,
    RaiseTesting: _raise_testing,
    OpenHomeCare: _home_care,
    TransferOut: _transfer_out,
}
