"""Actions: what a rule of the plan does, told to the part of the model it concerns.

An action is ordered, brought to a share by the rule's phases, and ended; what it changes is kept by
the part that it changes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from math import floor
from typing import TYPE_CHECKING

import numpy as np
from simpy.events import Event

from surgesim.model.capacity.capacity import Brought
from surgesim.model.capacity.facilities import Facilities
from surgesim.scenario.schema.care import Care
from surgesim.scenario.schema.command import Rule
from surgesim.scenario.schema.levers.epidemic import OpenHomeCare, RaiseTesting, StartMeasure, Vaccinate
from surgesim.scenario.schema.levers.facilities import (
    AtFacilities,
    ConvertBeds,
    Mobilise,
    OpenFacility,
    TransferOut,
)
from surgesim.scenario.schema.levers.staff import (
    Equip,
    PostponeElective,
    RedeployNurses,
    ReinforceStaff,
    RemoteLink,
)
from surgesim.scenario.schema.levers.supply import OrderOxygen, Restock

if TYPE_CHECKING:
    from surgesim.model.simulation import Simulation


class Action:
    """What a rule does. `order` when it is decided, `reach` at each phase, `end` at stand-down."""

    def order(self) -> None:
        """Nothing is seen of most orders before their lead time has passed."""

    def reach(self, share: float) -> None:
        """Bring the action to `share` of what it can do."""

    def end(self) -> None:
        """Take it back."""


class BedAction(Action):
    """Open, convert or mobilise beds of facilities."""

    def __init__(self, rule: str, facilities: Facilities, names: list[str], share: float) -> None:
        self._rule, self._facilities, self._names, self._share = rule, facilities, names, share

    def order(self) -> None:
        self._facilities.prepare(self._rule, self._names)

    def reach(self, share: float) -> None:
        self._facilities.reach(self._rule, self._names, share * self._share)

    def end(self) -> None:
        self._facilities.end(self._rule, self._names)


class BedsWithoutStaff(BedAction):
    """Mobilise beds whose own staff do not come with them."""

    def __init__(
        self,
        rule: str,
        facilities: Facilities,
        names: list[str],
        share: float,
        keep_away: Callable[[float], None],
    ) -> None:
        super().__init__(rule, facilities, names, share)
        self._keep_away = keep_away

    def reach(self, share: float) -> None:
        super().reach(share)
        self._keep_away(float(share * self._share > 0))

    def end(self) -> None:
        super().end()
        self._keep_away(0.0)


class Lever(Action):
    """Something that is set to a share of its full amount; a share of 0 takes it away."""

    def __init__(self, set_share: Callable[[float], None]) -> None:
        self._set_share = set_share

    def reach(self, share: float) -> None:
        self._set_share(share)

    def end(self) -> None:
        self._set_share(0.0)


class Switch(Action):
    """Something that is on or off."""

    def __init__(self, turn: Callable[[bool], None]) -> None:
        self._turn, self._on = turn, False

    def reach(self, share: float) -> None:
        if share > 0 and not self._on:
            self._on = True
            self._turn(True)

    def end(self) -> None:
        if self._on:
            self._on = False
            self._turn(False)


def action_of(name: str, rule: Rule, simulation: Simulation) -> Action:
    """The action of a rule, bound to the parts of a run."""
    care, facilities = simulation.scenario.care, simulation.facilities
    if isinstance(rule, OpenFacility):
        return BedAction(name, facilities, list(rule.facilities), 1.0)
    if isinstance(rule, ConvertBeds):
        return BedAction(name, facilities, _named(care, rule.facilities, rule.ownership), rule.share)
    if isinstance(rule, Mobilise):
        return _mobilise(name, rule, simulation)
    if isinstance(rule, StartMeasure):
        return _measure(rule, simulation)
    if isinstance(rule, Vaccinate):
        return _vaccinate(rule, simulation)
    if isinstance(rule, RaiseTesting):
        return _raise_testing(rule, simulation)
    if isinstance(rule, AtFacilities):
        return _at_facilities(name, rule, simulation)
    if isinstance(rule, OpenHomeCare):
        return _home_care(rule, simulation)
    if isinstance(rule, TransferOut):
        return Switch(lambda on: simulation.neighbours.send(rule.neighbour, on=on))
    return _restock(rule, simulation)


def _named(care: Care, names: tuple[str, ...] | None, ownership: tuple[str, ...]) -> list[str]:
    """The facilities named, or those of an ownership class that are open at the start."""
    if names is not None:
        return list(names)
    return [
        n
        for n, facility in care.facilities.items()
        if facility.ownership in ownership and facility.open_at_start
    ]


def _mobilise(name: str, rule: Mobilise, simulation: Simulation) -> Action:
    names = _named(simulation.scenario.care, None, rule.ownership)
    if rule.with_staff:
        return BedAction(name, simulation.facilities, names, rule.share)
    where, levers = [simulation.facilities.index(n) for n in names], simulation.capacity.levers
    return BedsWithoutStaff(
        name,
        simulation.facilities,
        names,
        rule.share,
        lambda away: levers.set(Brought.WITHOUT_STAFF, name, where, away),
    )


def _measure(rule: StartMeasure, simulation: Simulation) -> Action:
    epidemic = simulation.epidemic
    if epidemic is None:
        raise ValueError(f"a rule starts measure {rule.measure!r}, but there is no epidemic")
    return Switch(
        lambda on: epidemic.start_measure(rule.measure) if on else epidemic.end_measure(rule.measure)
    )


def _vaccinate(rule: Vaccinate, simulation: Simulation) -> Action:
    vaccination = None if simulation.epidemic is None else simulation.epidemic.vaccination
    if vaccination is None:
        raise ValueError("a rule brings doses, but epidemic.vaccination is not given")
    doses = 0.0

    def reach(share: float) -> None:
        nonlocal doses
        vaccination.raise_doses(rule.doses_per_day * share - doses)
        doses = rule.doses_per_day * share

    return Lever(reach)


def _raise_testing(rule: RaiseTesting, simulation: Simulation) -> Action:
    laboratories = None if simulation.surveillance is None else simulation.surveillance.laboratories
    if laboratories is None:
        raise ValueError("a rule raises tests, but epidemic.detection.tests is not given")
    raised = 0.0

    def reach(share: float) -> None:
        nonlocal raised
        more = share - raised
        laboratories.raise_tests(rule.single_per_day * more, rule.pooled_per_day * more)
        raised = share

    return Lever(reach)


def _at_facilities(name: str, rule: AtFacilities, simulation: Simulation) -> Action:
    names = _named(simulation.scenario.care, rule.facilities, rule.ownership)
    where = [simulation.facilities.index(n) for n in names]
    levers = simulation.capacity.levers
    if isinstance(rule, ReinforceStaff):
        heads = np.array([rule.doctors, rule.ward_nurses, rule.icu_nurses], float)
        return Lever(lambda share: levers.set(Brought.HEADS, name, where, heads * share))
    if isinstance(rule, RedeployNurses):

        def move(share: float) -> None:
            levers.set(Brought.MOVED, name, where, rule.share * share)
            levers.set(Brought.WORTH, name, where, rule.share * share * rule.efficiency)

        return Lever(move)
    if isinstance(rule, Equip):
        return Lever(
            lambda share: levers.set(Brought.VENTILATORS, name, where, _whole(rule.ventilators * share))
        )
    if isinstance(rule, PostponeElective):
        return Lever(lambda share: levers.set(Brought.POSTPONED, name, where, rule.share * share))
    if isinstance(rule, RemoteLink):
        return Switch(lambda on: simulation.link(where, on=on))
    assert isinstance(rule, OrderOxygen)
    return OxygenOrder(rule, where, simulation)


class OxygenOrder(Action):
    """A tank and a plant that come once and stay, and deliveries until the rule ends."""

    def __init__(self, rule: OrderOxygen, where: list[int], simulation: Simulation) -> None:
        self._rule, self._where, self._simulation = rule, where, simulation
        self._installed = False
        self._begun = 0
        self._running = False

    def reach(self, share: float) -> None:
        supply, rule = self._simulation.supply, self._rule
        if supply is None or share == 0 or self._running:
            return
        if not self._installed:
            self._installed = True
            for facility in self._where:
                supply.enlarge(facility, rule.tank_kg, rule.plant_nm3_per_hour, rule.plant_purity)
        if rule.delivery_kg > 0:
            self._begun += 1
            self._running = True
            self._simulation.env.process(self._deliveries(self._begun))

    def end(self) -> None:
        self._running = False

    def _deliveries(self, number: int) -> Generator[Event, object, None]:
        supply, env = self._simulation.supply, self._simulation.env
        first, come = env.now, 0
        while supply is not None and self._running and self._begun == number:
            for facility in self._where:
                supply.deliver(facility, self._rule.delivery_kg)
            come += 1
            yield env.at(first + come * self._rule.interval_days)


def _home_care(rule: OpenHomeCare, simulation: Simulation) -> Action:
    home = simulation.home
    if home is None:
        raise ValueError("a rule opens care at home, but clinical.home_care is not given")
    teams = 0

    def reach(share: float) -> None:
        nonlocal teams
        now = _whole(rule.teams * share)
        home.add_teams(now - teams)
        teams = now

    return Lever(reach)


def _restock(rule: Restock, simulation: Simulation) -> Action:
    stocks = simulation.logistics.stocks

    def turn(on: bool) -> None:
        if on and rule.amount:
            stocks.add(rule.item, rule.amount)
        stocks.raise_deliveries(rule.item, rule.per_day if on else -rule.per_day)

    return Switch(turn)


def _whole(number: float) -> int:
    """Whole ones of a share of a number; what rounding lacks is not missing."""
    return floor(number + 1e-9)
