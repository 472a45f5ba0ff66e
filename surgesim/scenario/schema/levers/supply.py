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
from surgesim.scenario.schema.numbers import Amount, Interval, Purity, Share, SomeDays


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

    @property
    def buys(self) -> tuple[str, ...]:
        return ("tank_kg",) if self.tank_kg > 0 else ()

    def has_a_use(self, facility: Facility) -> bool:
        return facility.oxygen is not None

    def remarks(self, care: Care, supply: Supply) -> Iterator[Remark]:
        for name, facility in care.facilities.items():
            room = self.tank_kg + (facility.oxygen.room_kg if facility.oxygen is not None else math.inf)
            if self.acts_at(name, facility) and self.delivery_kg > room + 1e-6:
                message = f"is more than {name} can store ({room:g} kg): the rest is sent back"
                yield Remark(("delivery_kg",), message)


class PoolOxygen(AtFacilities):
    """Exchange full cylinders for empty ones between facilities, at 00:00 of each day until the rule ends.

    Facilities whose stock lasts for less than `below_days` at the present use, and who have empty cylinders,
    receive what they lack, from the cylinders of facilities whose stock lasts for more than `above_days`;
    these give up to `share` of their cylinders' oxygen, and keep enough for `above_days`.
    """

    facility_need: ClassVar = "an oxygen source"

    action: Literal["pool_oxygen"]
    below_days: SomeDays = figure(2.0, "days of cover below which a facility receives cylinders")
    above_days: SomeDays = figure(4.0, "days of cover that a facility keeps")
    share: Share = figure(0.5, "share of the oxygen in its cylinders that a facility gives each day")

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.below_days > self.above_days:
            raise ValueError(
                f"got below_days {self.below_days:g} and above_days {self.above_days:g}, "
                "expected below_days <= above_days"
            )
        return self

    @property
    def brings_nothing(self) -> bool:
        return self.share == 0

    def has_a_use(self, facility: Facility) -> bool:
        return facility.oxygen is not None

    def remarks(self, care: Care, supply: Supply) -> Iterator[Remark]:
        if self.brings_nothing:
            yield Remark(("share",), "has no effect: no cylinder is given")


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


SupplyRule = OrderOxygen | PoolOxygen | Restock
