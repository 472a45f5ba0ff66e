"""Actions on supplies: oxygen and consumables."""

from __future__ import annotations

from collections.abc import Generator, Mapping

from simpy.events import Event

from surgesim.model.care.oxygen import OxygenSupply
from surgesim.model.clock.calendar import Calendar
from surgesim.model.levers.action import Action, ActionFactory, Switch
from surgesim.model.levers.facilities import sites_of
from surgesim.model.province import Province
from surgesim.scenario.schema.levers.rule import RuleBase
from surgesim.scenario.schema.levers.supply import OrderOxygen, Restock


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
        rule = self._rule
        if share == 0 or self._running:
            return
        if not self._installed:
            self._installed = True
            for facility in self._where:
                self._supply.enlarge(facility, rule.tank_kg, rule.plant_nm3_per_hour, rule.plant_purity)
        if rule.delivery_kg > 0:
            self._begun += 1
            self._running = True
            self._env.process(self._deliveries(self._begun))

    def end(self) -> None:
        self._running = False
        for facility in self._where:
            self._supply.expect_no_more(facility, self._name)

    def _deliveries(self, number: int) -> Generator[Event, object, None]:
        first, come = self._env.now, 0
        rule = self._rule
        while self._running and self._begun == number:
            due = first + (come + 1) * rule.interval_days
            for facility in self._where:
                self._supply.expect(facility, self._name, due, rule.delivery_kg, rule.interval_days)
                self._supply.deliver(facility, self._rule.delivery_kg)
            come += 1
            yield self._env.at(first + come * self._rule.interval_days)


def _order_oxygen(name: str, rule: OrderOxygen, province: Province) -> Action:
    if province.supply is None:
        return Action()  # no facility has a store
    return OxygenOrder(name, rule, sites_of(rule, province), province.supply, province.env)


def _restock(name: str, rule: Restock, province: Province) -> Action:
    stocks = province.logistics.stocks

    def turn(on: bool) -> None:
        if on and rule.amount:
            stocks.add(rule.item, rule.amount)
        stocks.raise_deliveries(rule.item, rule.per_day if on else -rule.per_day)

    return Switch(turn)


LEVERS: Mapping[type[RuleBase], ActionFactory] = {OrderOxygen: _order_oxygen, Restock: _restock}
