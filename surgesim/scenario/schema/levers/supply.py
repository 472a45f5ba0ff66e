"""Rules on supplies: oxygen and consumables."""

import math
from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from surgesim.scenario.schema.base import figure
from surgesim.scenario.schema.capacity.supply import Supply
from surgesim.scenario.schema.care import Care, Facility
from surgesim.scenario.schema.levers.facilities import AtFacilities
from surgesim.scenario.schema.levers.rule import Remark, RuleBase
from surgesim.scenario.schema.names import ConsumableName
from surgesim.scenario.schema.numbers import Amount, Interval, Purity


class OrderOxygen(AtFacilities):
    """Add oxygen supply at each facility: a tank, a plant, and regular bulk deliveries from then on."""

    facility_need: ClassVar = "an oxygen source"

    action: Literal["order_oxygen"]
    tank_kg: Amount = 0.0
    plant_nm3_per_hour: Amount = 0.0
    plant_purity: Purity = figure(0.93, "PSA plants give 93 %", "published")
    delivery_kg: Amount = 0.0
    interval_days: Interval = 1.0

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.tank_kg + self.plant_nm3_per_hour + self.delivery_kg == 0:
            raise ValueError("got an empty order, expected tank_kg, plant_nm3_per_hour or delivery_kg")
        return self

    def has_a_use(self, facility: Facility) -> bool:
        return facility.oxygen is not None

    def remarks(self, care: Care, supply: Supply) -> Iterator[Remark]:
        for name, facility in care.facilities.items():
            room = self.tank_kg + (facility.oxygen.room_kg if facility.oxygen is not None else math.inf)
            if self.acts_at(name, facility) and self.delivery_kg > room + 1e-6:
                message = f"is more than {name} can store ({room:g} kg): the rest is sent back"
                yield Remark(("delivery_kg",), message)


class Restock(RuleBase):
    """Add to the stock of a consumable: `amount` once, and `per_day` from then on."""

    action: Literal["restock"]
    item: ConsumableName
    amount: Amount = 0.0
    per_day: Amount = 0.0

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.amount or self.per_day):
            raise ValueError("got nothing to add, expected amount or per_day")
        return self

    def remarks(self, care: Care, supply: Supply) -> Iterator[Remark]:
        if supply.consumables[self.item].stock is None:
            yield Remark((), f"has no effect: {self.item} has no stock, so it cannot run out")


SupplyRule = OrderOxygen | Restock
