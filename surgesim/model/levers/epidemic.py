"""Actions on the epidemic and on need: measures, doses, tests, home care, transfers to other provinces."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from math import ceil

import numpy as np
from simpy.events import Event

from surgesim.model.columns import PER
from surgesim.model.epidemic.spread import Epidemic
from surgesim.model.epidemic.vaccination import Vaccination
from surgesim.model.levers.action import Action, ActionFactory, Lever, Switch, round_down
from surgesim.model.levers.facilities import indices_of
from surgesim.model.levers.teams import take_for_teams
from surgesim.model.province import Province
from surgesim.model.surveillance.detection import Detection
from surgesim.scenario.schema.levers.epidemic import (
    HouseholdLockdown,
    LocalMeasure,
    OpenHomeCare,
    OpenQuarantine,
    RaiseTesting,
    StartMeasure,
    Vaccinate,
)
from surgesim.scenario.schema.levers.facilities import TransferOut
from surgesim.scenario.schema.levers.rule import RuleBase


class MeasureInForce(Switch):
    """The action of putting a measure into force everywhere."""

    def __init__(self, measure: str, epidemic: Epidemic) -> None:
        super().__init__(lambda on: epidemic.start_measure(measure) if on else epidemic.end_measure(measure))
        self._measure, self._epidemic = measure, epidemic

    def resume(self, share: float, days: float) -> None:
        if share > 0 and not self._on:
            self._epidemic.date_back(self._measure, -days)
        self.set_share(share)


def _measure(name: str, rule: StartMeasure, province: Province) -> Action:
    epidemic = province.epidemic
    if epidemic is None:
        raise ValueError(f"a rule starts measure {rule.measure!r}, but there is no epidemic")
    return MeasureInForce(rule.measure, epidemic)


class LocalLockdown(Action):
    """The action of putting a measure into force district by district, once a day at 00:00."""

    def __init__(
        self, rule: LocalMeasure, epidemic: Epidemic, detection: Detection, province: Province
    ) -> None:
        self._rule, self._epidemic, self._detection = rule, epidemic, detection
        self._env, self._first_day = province.env, province.first_day
        names = list(province.scenario.people.districts)
        self._where = [names.index(name) for name in rule.districts or names]
        self._per = PER / np.maximum(province.population.count.sum(axis=(1, 2)), 1)
        self._since: dict[int, int] = {}  # by district with the measure: the day on which it began
        self._begun = 0
        self._running = False

    def set_share(self, share: float) -> None:
        if share > 0 and not self._running:
            self._begun += 1
            self._running = True
            self._env.process(self._rounds(self._begun))

    def end(self) -> None:
        self._running = False
        for district in list(self._since):
            self._set(district, None)

    def _rounds(self, number: int) -> Generator[Event, object, None]:
        while True:
            yield self._env.at(ceil(self._env.now))
            if not self._running or self._begun != number:
                return
            self._look(round(self._env.now))
            yield self._env.at(self._env.now + 0.5)

    def _look(self, today: int) -> None:
        days = range(max(today - 7, self._first_day), today)
        cases = self._per * sum((self._detection.reports(day) for day in days), np.zeros(len(self._per)))
        for district in self._where:
            since = self._since.get(district)
            if since is None:
                if cases[district] > self._rule.cases_above:
                    self._set(district, today)
            elif today - since >= self._rule.least_days and cases[district] < self._rule.cases_below:
                self._set(district, None)

    def _set(self, district: int, since: int | None) -> None:
        rule = self._rule
        shares = rule.cases_share, rule.people_share
        self._epidemic.set_local(rule.measure, district, shares, on=since is not None)
        if since is None:
            del self._since[district]
        else:
            self._since[district] = since


def _local_measure(name: str, rule: LocalMeasure, province: Province) -> Action:
    if province.epidemic is None or province.surveillance is None:
        raise ValueError(f"a rule starts measure {rule.measure!r}, but there is no epidemic")
    return LocalLockdown(rule, province.epidemic, province.surveillance.detection, province)


class MoreDoses(Action):
    """The action of raising the doses of a day."""

    def __init__(self, doses_per_day: float, vaccination: Vaccination) -> None:
        self._full, self._vaccination = doses_per_day, vaccination
        self._doses = 0.0

    def set_share(self, share: float) -> None:
        self.resume(share, 0.0)

    def resume(self, share: float, days: float) -> None:
        self._vaccination.raise_doses(self._full * share - self._doses, days)
        self._doses = self._full * share

    def end(self) -> None:
        self.set_share(0.0)


def _vaccinate(name: str, rule: Vaccinate, province: Province) -> Action:
    if province.vaccination is None:
        raise ValueError("a rule brings doses, but epidemic.vaccination is not given")
    return MoreDoses(rule.doses_per_day, province.vaccination)


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


def _open_quarantine(name: str, rule: OpenQuarantine, province: Province) -> Action:
    if province.surveillance is None:
        raise ValueError("a rule adds quarantine places, but there is no epidemic")
    confinement, places = province.surveillance.confinement, 0

    def set_share(share: float) -> None:
        nonlocal places
        now = round_down(rule.places * share)
        confinement.add_places(now - places)
        places = now

    return Lever(set_share)


def _household_lockdown(name: str, rule: HouseholdLockdown, province: Province) -> Action:
    if province.surveillance is None:
        raise ValueError("a rule locks down households, but there is no epidemic")
    households = province.surveillance.confinement.add_households(
        rule.members, rule.infected_share, rule.days, rule.adherence
    )

    def set_share(share: float) -> None:
        households.share = share

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
        home.add_teams(now, teams, rule.patients_per_team, rule.area)
        teams = now
        take_for_teams(name, where, now, (rule.team_doctors, rule.team_nurses), province)

    return Lever(set_share)


def _transfer_out(name: str, rule: TransferOut, province: Province) -> Action:
    return Switch(lambda on: province.neighbours.send(rule.neighbour, on=on))


LEVERS: Mapping[type[RuleBase], ActionFactory] = {
    StartMeasure: _measure,
    LocalMeasure: _local_measure,
    Vaccinate: _vaccinate,
    HouseholdLockdown: _household_lockdown,
    OpenQuarantine: _open_quarantine,
    RaiseTesting: _raise_testing,
    OpenHomeCare: _home_care,
    TransferOut: _transfer_out,
}
