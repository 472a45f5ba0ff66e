"""Actions on patients: order of queues, limits of intensive care, moves, oxygen at home."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from math import ceil, floor, inf

from simpy.events import Event

from surgesim.model.care.beds import ICU, OXYGEN
from surgesim.model.care.course.triage import CareLimit
from surgesim.model.care.network import Route
from surgesim.model.levers.action import Action, ActionFactory, Switch, round_down
from surgesim.model.levers.facilities import sites_of
from surgesim.model.levers.teams import take_for_teams
from surgesim.model.province import Province
from surgesim.scenario.schema.base import AGE_GROUPS
from surgesim.scenario.schema.levers.patients import HomeOxygen, LevelLoad, LimitIcu, QueueOrder
from surgesim.scenario.schema.levers.rule import RuleBase


def _order(name: str, rule: QueueOrder, province: Province) -> Action:
    return Switch(lambda on: province.queue_rules.set_order(name, rule.order if on else None))


def _limit(name: str, rule: LimitIcu, province: Province) -> Action:
    if rule.brings_nothing:
        return Action()
    before = len(AGE_GROUPS) if rule.from_age is None else rule.from_age // 10
    limit = CareLimit(rule.least_survival, before)
    return Switch(lambda on: province.queue_rules.limit_icu(name, limit if on else None))


class Levelling(Action):
    """The action of moving patients from facilities with many to facilities with few, once a day."""

    def __init__(self, rule: LevelLoad, where: list[int], province: Province) -> None:
        self._rule, self._where = rule, where
        self._env, self._network, self._moves = province.env, province.network, province.moves
        self._bed = OXYGEN if rule.bed == "oxygen" else ICU
        self._pool = province.wards.oxygen if rule.bed == "oxygen" else province.wards.icu
        self._begun = 0
        self._running = False

    def set_share(self, share: float) -> None:
        if share > 0 and not self._running and not self._rule.brings_nothing:
            self._begun += 1
            self._running = True
            self._env.process(self._rounds(self._begun))

    def end(self) -> None:
        self._running = False

    def _rounds(self, number: int) -> Generator[Event, object, None]:
        while True:
            yield self._env.at(self._network.next_dawn(self._env.now))
            if not self._running or self._begun != number:
                return
            self._level()

    def _level(self) -> None:
        """Move patients from the fullest facility first, until none is above the share or none can go."""
        left = inf if self._rule.per_day is None else self._rule.per_day
        senders = [facility for facility in self._where if self._surplus(facility) > 0]
        if not senders:
            return
        for facility in sorted(senders, key=lambda f: (-self._load(f), f)):
            movable = iter(self._moves.movable(self._bed, facility))
            while left > 0 and self._surplus(facility) > 0:
                route = self._route_from(facility)
                patient = next(movable, None)
                if route is None or patient is None:
                    break
                self._moves.move(patient, route)
                left -= 1

    def _used(self, facility: int) -> int:
        return self._pool.occupied[facility] + self._pool.held[facility]

    def _load(self, facility: int) -> float:
        return self._used(facility) / max(self._pool.capacity[facility], 1)

    def _surplus(self, facility: int) -> int:
        """Return the patients beyond the share at which a facility sends them away."""
        return self._used(facility) - floor(self._rule.above * self._pool.capacity[facility] + 1e-9)

    def _room(self, facility: int) -> int:
        """Return the patients whom a facility can receive without getting beyond its share."""
        most = ceil(self._rule.below * self._pool.capacity[facility] - 1e-9)
        return min(most - self._used(facility), self._pool.free[facility])

    def _route_from(self, facility: int) -> Route | None:
        """Return the route to the nearest facility that can receive a patient now, or None."""
        district, now = self._network.district_of[facility], self._env.now
        for route in self._network.from_facility[facility]:
            if (
                route.facility == facility
                or route.facility not in self._where
                or self._room(route.facility) <= 0
            ):
                continue
            if route.travel_days * 24 > self._rule.within_hours + 1e-9:
                continue
            if not route.gated or self._network.way_is_open(district, route.crosses, now):
                return route
        return None


def _level(name: str, rule: LevelLoad, province: Province) -> Action:
    return Levelling(rule, sites_of(rule, province), province)


class GoingHome(Action):
    """The action of sending patients home on oxygen, once a day."""

    def __init__(self, name: str, rule: HomeOxygen, where: list[int], province: Province) -> None:
        self._name, self._rule, self._where, self._province = name, rule, where, province
        self._begun = 0
        self._running = False

    def set_share(self, share: float) -> None:
        rule = self._rule
        if rule.brings_nothing:
            return
        teams = round_down(rule.teams * share)
        self._province.home_oxygen.bring(
            self._name, round_down(rule.concentrators * share), teams * rule.patients_per_team
        )
        per_team = rule.team_doctors, rule.team_nurses
        take_for_teams(self._name, self._where, teams, per_team, self._province)
        if share > 0 and not self._running:
            self._begun += 1
            self._running = True
            self._province.env.process(self._rounds(self._begun))

    def end(self) -> None:
        self.set_share(0.0)
        self._running = False

    def _rounds(self, number: int) -> Generator[Event, object, None]:
        province, rule = self._province, self._rule
        env, home = province.env, province.home_oxygen
        where = set(self._where)
        while True:
            yield env.at(province.network.next_dawn(env.now))
            if not self._running or self._begun != number:
                return
            room = home.room
            if room > 0:
                ready = home.ready(where, rule.after_days, rule.most_lpm)[:room]
                rng = province.streams.day("home oxygen", floor(env.now), self._name)
                home.send(ready, rule.return_share, rng)


def _home_oxygen(name: str, rule: HomeOxygen, province: Province) -> Action:
    return GoingHome(name, rule, sites_of(rule, province), province)


LEVERS: Mapping[type[RuleBase], ActionFactory] = {
    QueueOrder: _order,
    LimitIcu: _limit,
    LevelLoad: _level,
    HomeOxygen: _home_oxygen,
}
