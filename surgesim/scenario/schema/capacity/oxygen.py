"""Part of `care`: the oxygen supply of a facility."""

from typing import Self

from pydantic import model_validator

from surgesim.scenario.schema.base import Off, Section, figure
from surgesim.scenario.schema.numbers import (
    Amount,
    Count,
    Days,
    Interval,
    OneOrMore,
    Purity,
    Share,
    SomeAmount,
    SomeDays,
    SomeMultiplier,
    SomeShare,
)

KG_PER_NM3 = 1.429
"""Density of oxygen at 0 °C and 1 atm."""

CYLINDER_KG = 8.124
"""Oxygen in a full cylinder of 40 L at 150 bar (6 m³ at 15 °C and 1 atm)."""


class Delivery(Section):
    """Regular deliveries: `size_kg` every `interval_days`.

    The first delivery comes after `first_days` or, if that is not given, at a random time within the first
    interval, drawn for each facility and replication.
    """

    size_kg: SomeAmount
    interval_days: Interval
    first_days: Off[Days] = None
    failure: Share = figure(0.0, "share of deliveries that fail to arrive")


class OxygenSource(Section):
    """Oxygen tank, plant, cylinders and pipes of one facility.

    Patients are supplied first from the plant (any surplus is lost), then from the tank, and from cylinders
    when the tank is empty. Losses on the way (purging, leaks, boil-off) come on top of the oxygen that
    patients breathe; they are a share `loss_share` of that oxygen.
    """

    tank_kg: Amount = 0.0
    tank_start_share: Share = figure(0.8, "level of the tank at the start, as a share")
    plant_nm3_per_hour: Amount = 0.0
    plant_purity: Purity = figure(0.93, "PSA plants give 93 %", "published")
    cylinders: Count = 0
    pipe_lpm: Off[SomeAmount] = None
    delivery: Off[Delivery] = None
    loss_share: Share = figure(0.1, "purging, leaks and boil-off, 10-25 %")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.delivery is not None and self.delivery.size_kg > self.room_kg + 1e-6:
            raise ValueError(
                f"got a delivery of {self.delivery.size_kg:g} kg, expected at most what the tank and "
                f"cylinders hold ({self.room_kg:g} kg)"
            )
        if self.room_kg == 0 and self.plant_nm3_per_hour == 0:
            raise ValueError("got no tank, no plant and no cylinders, expected at least one of them")
        return self

    @property
    def room_kg(self) -> float:
        """Oxygen in a full tank and full cylinders, kg."""
        return self.tank_kg + self.cylinders * CYLINDER_KG

    @property
    def mean_kg_per_day(self) -> float:
        """Mean supply of oxygen from the plant and from deliveries, kg per day."""
        plant = self.plant_nm3_per_hour * 24 * KG_PER_NM3 * self.plant_purity
        brought = self.delivery
        if brought is None:
            return plant
        return plant + brought.size_kg * (1 - brought.failure) / brought.interval_days


class Support(Section):
    """Shares of patients by respiratory support, in one bed type."""

    mask: Share = 0.0
    high_flow: Share = 0.0
    non_invasive: Share = 0.0
    invasive: Share = 0.0

    @model_validator(mode="after")
    def _sums_to_one(self) -> Self:
        total = self.mask + self.high_flow + self.non_invasive + self.invasive
        if abs(total - 1) > 0.001:
            raise ValueError(f"got shares that sum to {total:.4g}, expected 1")
        return self


class Flow(Section):
    """Oxygen flow by respiratory support, L/min."""

    mask_lpm: Amount = figure(10.0, "WHO ESFT: 10 L/min for severe patients", "published")
    high_flow_lpm: Amount = figure(60.0, "up to 60 L/min")
    non_invasive_lpm: Amount = figure(30.0, "WHO ESFT: 30 L/min", "published")
    invasive_lpm: Amount = figure(30.0, "WHO ESFT: 30 L/min", "published")
    scale: SomeMultiplier = figure(1.0, "factor on all flows; 1 leaves them as they are", "assumed")


class Scarcity(Section):
    """Measures by which a facility makes its oxygen last: it lowers all flows, and admits fewer patients.

    While the supply would not last until the next delivery, or for `horizon_days` if no delivery is due, all
    flows of the facility are lowered by one factor, down to `floor`. With `admission_days`, a facility admits
    only as many patients as it can supply at the floor, from its plant, its deliveries, and its stock spread
    over this number of days.
    """

    floor: SomeShare = figure(1.0, "least share of the usual flow; 1: flows are never lowered")
    risk: OneOrMore = figure(1.0, "factor on P(death) in a bed at the floor flow; less at flows above it")
    horizon_days: SomeDays = figure(7.0, "time for which a stock must last if no delivery is due")
    admission_days: Off[SomeDays] = None


class Respiratory(Section):
    """Respiratory support of patients by bed type, the oxygen flow it needs, and the effects of scarcity."""

    oxygen_beds: Support = figure(
        Support(mask=0.755, high_flow=0.226, non_invasive=0.019),
        "Vietnam 30-31/8/2021, without invasive ventilation: 4,157 mask, 1,247 high-flow, 105 non-invasive",
        "counted",
    )
    icu_beds: Support = figure(
        Support(invasive=0.67, non_invasive=0.165, high_flow=0.165),
        "WHO ESFT: ventilators for 0.67 of ICU beds, BiPAP and high-flow for 0.17 each",
        "published",
    )
    by_severity: Share = figure(
        0.0, "share of patients whose support in an oxygen bed depends on whether they will need ICU"
    )
    flow: Flow = Flow()
    scarcity: Scarcity = Scarcity()
