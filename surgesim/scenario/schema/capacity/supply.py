"""Section `supply`: consumables, waste, bodies and costs."""

import math
from typing import Self

from pydantic import Field, model_validator

from surgesim.scenario.schema.base import Named, Off, Section, Text, Words, figure
from surgesim.scenario.schema.numbers import Amount, Money, Multiplier, Share, SomeMultiplier


class PerDay(Section):
    """Use of an item: per COVID bed-day (by type), reported case, day of a case at home, and death."""

    basic_bed: Amount = 0.0
    oxygen_bed: Amount = 0.0
    icu_bed: Amount = 0.0
    reported_case: Amount = 0.0
    home_case: Amount = 0.0
    death: Amount = 0.0


class ByStock(Section):
    """Two factors on a risk: one while an item is in stock, the other when it has run out.

    If part of the demand was unmet on the day before, the factor lies between the two, in that proportion.
    """

    in_stock: SomeMultiplier = figure(1.0, "no effect unless given")
    out: Multiplier = figure(1.0, "no effect unless given")

    @model_validator(mode="after")
    def _lack_is_no_gain(self) -> Self:
        if self.out < self.in_stock:
            raise ValueError(
                f"got out {self.out:g} below in_stock {self.in_stock:g}, "
                "expected a risk at least as high without the item as with it"
            )
        return self


class Effects(Section):
    """Effects of a consumable on risks; the effects of several consumables are multiplied.

    `death_oxygen` and `death_icu` multiply P(death) with full or thin care, of patients who need oxygen and
    of those who need ICU. `staff_infection` multiplies `care.staffing.absence.at_work`. One factor should be
    1: `in_stock` if the figure in the other section holds while the item is in stock, `out` if it holds
    without the item.
    """

    death_oxygen: ByStock = ByStock()
    death_icu: ByStock = ByStock()
    staff_infection: ByStock = ByStock()


class Consumable(Section):
    """A stock that is used and delivered, such as protective sets, essential drugs or test kits.

    Without a `stock`, the item never runs out, and its use is only counted. `reserve` is the part of the
    stock to keep back: it is used if necessary, but days of cover count only the stock above the reserve.
    """

    title: Text
    unit: Words
    use: PerDay
    stock: Off[Amount] = None
    reserve: Amount = figure(0.0, "all of the stock counts as cover unless given")
    delivered_per_day: Amount = figure(0.0, "no deliveries unless given")
    effects: Effects = Effects()

    @model_validator(mode="after")
    def _has_a_stock(self) -> Self:
        if self.stock is None and (self.reserve or self.delivered_per_day):
            given = "a reserve" if self.reserve else "delivered_per_day"
            raise ValueError(f"got {given} without a stock, expected a stock as well")
        return self


class Burden(Section):
    """Something to dispose of, such as waste (kg) or bodies; amounts above the daily capacity accumulate.

    Without a `capacity_per_day`, everything is disposed of on the same day and is merely counted.
    """

    title: Text
    unit: Words
    made: PerDay
    capacity_per_day: Off[Amount] = None


class Split(Section):
    """Shares of a cost that health insurance, families and employers pay; the state pays the rest."""

    insurance: Share = 0.0
    family: Share = 0.0
    employer: Share = 0.0

    @model_validator(mode="after")
    def _fits(self) -> Self:
        total = self.insurance + self.family + self.employer
        if total > 1 + 1e-9:
            raise ValueError(f"got shares that sum to {total:.4g}, expected at most 1")
        return self


_BY_THE_STATE = Split()


class PaidBy(Section):
    """Who pays each category of costs: the state, unless given."""

    basic_bed_days: Split = _BY_THE_STATE
    oxygen_bed_days: Split = _BY_THE_STATE
    icu_bed_days: Split = _BY_THE_STATE
    oxygen: Split = _BY_THE_STATE
    openings: Split = _BY_THE_STATE
    reinforcement: Split = _BY_THE_STATE
    home_care: Split = _BY_THE_STATE
    consumables: Split = _BY_THE_STATE
    vaccination: Split = _BY_THE_STATE
    testing: Split = _BY_THE_STATE
    ventilators: Split = _BY_THE_STATE
    oxygen_tanks: Split = _BY_THE_STATE
    bed_openings: Split = _BY_THE_STATE
    concentrators: Split = _BY_THE_STATE


class Costs(Section):
    """Cost rates in the scenario's currency."""

    basic_bed_day: Money = figure(0.0, "no cost unless given")
    oxygen_bed_day: Money = figure(0.0, "no cost unless given")
    icu_bed_day: Money = figure(0.0, "no cost unless given")
    oxygen_kg: Money = figure(0.0, "no cost unless given")
    facility_opening: Money = figure(
        0.0, "no cost unless given; per facility that a rule opens, converts or mobilises"
    )
    staff_day: Money = figure(0.0, "no cost unless given; per reinforcement staff member and day")
    home_case_day: Money = figure(0.0, "no cost unless given; per followed home case and day")
    dose: Money = figure(0.0, "no cost unless given; per dose of vaccine given")
    test: Money = figure(0.0, "no cost unless given; per sample, if tests are limited")
    ventilator: Money = figure(0.0, "no cost unless given; per ventilator that a rule adds")
    tank_kg: Money = figure(0.0, "no cost unless given; per kg that the oxygen tanks of a rule hold")
    bed_opening: Money = figure(
        0.0, "no cost unless given; per bed that rules open to COVID patients, beyond the most so far"
    )
    concentrator: Money = figure(0.0, "no cost unless given; per oxygen concentrator that a rule adds")
    consumable: Named[Money] = Field(default_factory=dict)
    paid_by: Off[PaidBy] = None


class Supply(Section):
    """Supplies of the response, and its costs."""

    consumables: Named[Consumable] = Field(default_factory=dict)
    burdens: Named[Burden] = Field(default_factory=dict)
    costs: Off[Costs] = None
    currency: Words = "VND"

    def in_stock(self, risk: str) -> float:
        """Return the factor on a risk (the name of a field of `Effects`) while all items are in stock."""
        return float(math.prod(getattr(item.effects, risk).in_stock for item in self.consumables.values()))

    @model_validator(mode="after")
    def _prices_have_items(self) -> Self:
        priced = self.costs.consumable if self.costs is not None else {}
        unknown = [name for name in priced if name not in self.consumables]
        if unknown:
            raise ValueError(
                f"got a price for {', '.join(unknown)}, which is not among the consumables; expected prices "
                f"for {', '.join(self.consumables) or 'none'}"
            )
        return self
