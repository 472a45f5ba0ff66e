"""Actions on supplies: oxygen and consumables."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from itertools import count
from math import ceil

from simpy.events import Event

from surgesim.model.capacity.logistics import Stocks
from surgesim.model.care.oxygen import OxygenSupply, Store
from surgesim.model.clock.calendar import Calendar
from surgesim.model.levers.action import Action, ActionFactory, Switch
from surgesim.model.levers.facilities import sites_of
from surgesim.model.province import Province
from surgesim.scenario.schema.levers.rule import RuleBase
from surgesim.scenario.schema.levers.supply import OrderOxygen, PoolOxygen, Restock


class OxygenOrder(Action):
    """The action of ordering oxygen: a tank and a plant, which stay, and deliveries until the rule ends."""

    def __init__(
        self, name: str, rule: OrderOxygen, where: list[int], supply: OxygenSupply, env: Calendar
    ) -> None:
        self._name, self._rule = name, rule
        self._where, self._supply, self._env = where, supply, env
        self._installed = False
        self._begun = 0
        self._running = False

    def set_share(self, share: float) -> None:
        self._begin(share, self._env.now, full=True)

    def resume(self, share: float, days: float) -> None:
        self._begin(share, -days, full=False)

    def _begin(self, share: float, first: float, *, full: bool) -> None:
        """Install tank (`full` or empty) and plant; begin deliveries, the first of which is at `first`."""
        rule = self._rule
        if share == 0 or self._running:
            return
        if not self._installed:
            self._installed = True
            for facility in self._where:
                plant = rule.plant_nm3_per_hour, rule.plant_purity
                self._supply.enlarge(facility, rule.tank_kg, *plant, full=full)
        if rule.delivery_kg > 0:
            self._begun += 1
            self._running = True
            self._env.process(self._deliveries(self._begun, first))

    def end(self) -> None:
        self._running = False
        for facility in self._where:
            self._supply.expect_no_more(facility, self._name)

    def _deliveries(self, number: int, first: float) -> Generator[Event, object, None]:
        kg, interval = self._rule.delivery_kg, self._rule.interval_days
        come = ceil((self._env.now - first) / interval - 1e-9)
        if come:
            for facility in self._where:
                self._supply.expect(facility, self._name, first + come * interval, kg, interval)
            yield self._env.at(first + come * interval)
        while self._running and self._begun == number:
            due = first + (come + 1) * interval
            for facility in self._where:
                self._supply.expect(facility, self._name, due, kg, interval)
                self._supply.deliver(facility, kg)
            come += 1
            yield self._env.at(first + come * interval)


def _order_oxygen(name: str, rule: OrderOxygen, province: Province) -> Action:
    if province.supply is None:
        return Action()  # no facility has a store
    return OxygenOrder(name, rule, sites_of(rule, province), province.supply, province.env)


class CylinderPool(Action):
    """The action of exchanging full cylinders for empty ones between facilities, once a day."""

    def __init__(self, rule: PoolOxygen, where: list[int], supply: OxygenSupply, env: Calendar) -> None:
        self._rule, self._where, self._supply, self._env = rule, where, supply, env
        self._share = 0.0
        self._begun = 0

    def set_share(self, share: float) -> None:
        begins = share > 0 and self._share == 0
        self._share = share
        if begins and not self._rule.brings_nothing:
            self._begun += 1
            self._env.process(self._rounds(self._begun))

    def end(self) -> None:
        self._share = 0.0

    def _rounds(self, number: int) -> Generator[Event, object, None]:
        for day in count(ceil(self._env.now)):
            yield self._env.at(day)
            if not self._share or self._begun != number:
                return
            self._exchange()

    def _exchange(self) -> None:
        """Move oxygen: the facilities with the least cover first, from those with the most to give."""
        self._supply.advance()
        stores = {facility: self._supply.stores[facility] for facility in self._where}
        given = {facility: store for facility, store in stores.items() if store is not None}
        spare = {facility: self._spare(store) for facility, store in given.items()}
        for facility, store in sorted(given.items(), key=lambda item: (item[1].cover_days, item[0])):
            lacking = self._lacking(store)
            for sender in sorted(spare, key=lambda other: (-spare[other], other)):
                kg = min(lacking, spare[sender])
                if sender == facility or kg <= 0:
                    continue
                self._supply.exchange(sender, facility, kg)
                spare[sender] -= kg
                lacking -= kg

    def _lacking(self, store: Store) -> float:
        """Return the oxygen, in kg, that a facility lacks and can receive in its cylinders."""
        wanted = self._rule.below_days * store.draw_at_demand - store.stock
        return max(min(wanted, store.cylinders_full - store.cylinders), 0.0)

    def _spare(self, store: Store) -> float:
        """Return the oxygen, in kg, that a facility can give from its cylinders."""
        beyond = store.stock - self._rule.above_days * store.draw_at_demand
        return max(min(beyond, self._share * self._rule.share * store.cylinders), 0.0)


def _pool(name: str, rule: PoolOxygen, province: Province) -> Action:
    if province.supply is None:
        return Action()  # no facility has a store
    return CylinderPool(rule, sites_of(rule, province), province.supply, province.env)


class Restocking(Switch):
    """The action of ordering a consumable: an amount at once, and daily deliveries until the rule ends."""

    def __init__(self, rule: Restock, stocks: Stocks) -> None:
        super().__init__(lambda on: stocks.raise_deliveries(rule.item, rule.per_day if on else -rule.per_day))
        self._rule, self._stocks = rule, stocks

    def set_share(self, share: float) -> None:
        if share > 0 and not self._on:
            self._stocks.add(self._rule.item, self._rule.amount)
        super().set_share(share)

    def resume(self, share: float, days: float) -> None:
        super().set_share(share)


def _restock(name: str, rule: Restock, province: Province) -> Action:
    return Restocking(rule, province.logistics.stocks)


LEVERS: Mapping[type[RuleBase], ActionFactory] = {
    OrderOxygen: _order_oxygen,
    PoolOxygen: _pool,
    Restock: _restock,
}
