"""Logistics: daily use of stocks, backlogs of waste and bodies, and costs.

Self-contained: the input is a day's `Drivers`, and attributes hold the day's results. Every day given to
`Logistics.pass_day` counts, so the first must be the first day of the scenario, not of its warm-up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import IdentityError
from surgesim.model.columns import MOST_DAYS_OF_COVER, Column, Page
from surgesim.scenario.schema.capacity.supply import Burden, Consumable, Effects, PaidBy, PerDay, Supply
from surgesim.scenario.schema.capacity.supply import Costs as CostRates

Floats = NDArray[np.float64]

COST = Column("cost", "currency/day", "cost of the day in the scenario's currency")

COVER_WINDOW = 7
"""Number of days over which demand is averaged to compute days of cover."""

_NOTHING = 1e-9
"""Mean daily use below which an item counts as unused, in its unit."""

_TOLERANCE = 1e-9  # tolerance for rounding in sums, as a share of the total received


@dataclass(frozen=True, slots=True)
class Drivers:
    """The province's activity on one day, in the units to which rates apply.

    Attributes
    ----------
    basic_bed, oxygen_bed, icu_bed
        Bed-days of COVID patients, by bed type.
    reported_case, death
        Reported cases and deaths of the day.
    home_case
        Mild cases followed at home, and patients at home on oxygen.
    oxygen_kg
        Oxygen used, kg.
    opening
        Facilities opened, converted or mobilised by a rule on the day.
    reinforcement
        Number of staff from outside the province.
    dose, test
        Doses of vaccine given, and samples tested where tests are limited.
    ventilator, tank_kg, bed_opening, concentrator
        Ventilators, capacity of oxygen tanks (kg), beds and concentrators that rules have added on the day.
    """

    basic_bed: float = 0.0
    oxygen_bed: float = 0.0
    icu_bed: float = 0.0
    reported_case: float = 0.0
    home_case: float = 0.0
    death: float = 0.0
    oxygen_kg: float = 0.0
    opening: float = 0.0
    reinforcement: float = 0.0
    dose: float = 0.0
    test: float = 0.0
    ventilator: float = 0.0
    tank_kg: float = 0.0
    bed_opening: float = 0.0
    concentrator: float = 0.0


_per_day = attrgetter(*PerDay.model_fields)


def _rates(uses: Iterable[PerDay]) -> Floats:
    """Return rates as an array ``(items, drivers)``, drivers in the order of `PerDay`."""
    return np.array([_per_day(use) for use in uses], float).reshape(-1, len(PerDay.model_fields))


class Stocks:
    """Province-wide stocks of consumables. On each day, deliveries come before use.

    Attributes
    ----------
    names
        Names of the items, in the order of the scenario; every array has this order.
    stock
        Stock at the end of the day, in each item's unit; infinite for an item without a stock limit.
    demanded, used, unmet, delivered
        Amounts of the day. ``used`` is the demand that the stock met, ``unmet`` the rest of ``demanded``.
    cover_days
        Stock above the reserve / mean daily demand of the last 7 days (of fewer days at first). It is based
        on demand rather than use, so that an empty stock has 0 days of cover. It is infinite if there was no
        demand.
    """

    def __init__(self, consumables: Mapping[str, Consumable]) -> None:
        items = consumables.values()
        self.names = tuple(consumables)
        self._index = {name: i for i, name in enumerate(self.names)}
        self._rates = _rates(item.use for item in items)
        self._reserve = np.array([item.reserve for item in items], float)
        self._per_day = np.array([item.delivered_per_day for item in items], float)
        self._today = self._per_day.copy()
        self._start = np.array([np.inf if item.stock is None else item.stock for item in items], float)
        n = len(self.names)
        self._added = np.zeros(n)
        self._window = np.zeros((COVER_WINDOW, n))
        self._days = 0
        self._total_delivered, self._total_used = np.zeros(n), np.zeros(n)
        self.stock = self._start.copy()
        self.demanded, self.used, self.unmet, self.delivered = (np.zeros(n) for _ in range(4))
        self.cover_days = np.full(n, np.inf)

    def begin_day(self) -> None:
        """At 00:00, fix today's daily deliveries at the rates ordered so far."""
        self._today = self._per_day.copy()

    def add(self, name: str, amount: float) -> None:
        """Add a single delivery of `amount` to the deliveries of the current day."""
        self._added[self._index[name]] += amount

    def raise_deliveries(self, name: str, per_day: float) -> None:
        """Raise daily deliveries by `per_day` from the next 00:00; a negative value reverses a rise."""
        i = self._index[name]
        self._per_day[i] = max(self._per_day[i] + per_day, 0.0)

    def pass_day(self, drivers: Drivers) -> None:
        """Add the day's deliveries, subtract its use, and count unmet demand."""
        self.delivered = self._today + self._added
        self._added = np.zeros(len(self.names))
        available = self.stock + self.delivered
        self.demanded = self._rates @ np.array(_per_day(drivers))
        self.used = np.minimum(self.demanded, available)
        self.unmet = self.demanded - self.used
        self.stock = available - self.used
        self._total_delivered += self.delivered
        self._total_used += self.used
        self._window[self._days % COVER_WINDOW] = self.demanded
        self._days += 1
        self.cover_days = self._cover()

    def _cover(self) -> Floats:
        mean = self._window.sum(axis=0) / min(self._days, COVER_WINDOW)
        above = np.maximum(self.stock - self._reserve, 0.0)
        cover = np.full(len(self.names), np.inf)
        np.divide(above, mean, out=cover, where=mean > _NOTHING)
        return cover

    def check(self, day: int) -> None:
        """Check that start + delivered - used = end over the run so far, and that nothing is negative.

        Raises
        ------
        IdentityError
            If the identity fails.
        """
        _hold_flows(
            "start + delivered - used = end",
            self.names,
            day,
            (self._start, self._total_delivered, self._total_used),
            (self.used, self.stock),
        )


class Shortages:
    """The factors by which risks rise because consumables have run out.

    Attributes
    ----------
    death_oxygen, death_icu, staff_infection
        Today's factors, from yesterday's unmet demand. The factors on death are relative to the risk while
        everything is in stock.
    """

    def __init__(self, consumables: Mapping[str, Consumable]) -> None:
        self._effects = [
            (place, risk, factor.in_stock, factor.out)
            for place, item in enumerate(consumables.values())
            for risk, factor in item.effects
            if factor.out != factor.in_stock
        ]
        at_first = dict.fromkeys(Effects.model_fields, 1.0)
        for item in consumables.values():
            at_first["staff_infection"] *= item.effects.staff_infection.in_stock
        self._at_first = at_first
        self.death_oxygen, self.death_icu = 1.0, 1.0
        self.staff_infection = at_first["staff_infection"]

    def follow(self, stocks: Stocks) -> None:
        """Set the factors from the unmet share of demand on the last day recorded in `stocks`."""
        if not self._effects:
            return
        factors = dict(self._at_first)
        for place, risk, in_stock, out in self._effects:
            demanded = float(stocks.demanded[place])
            unmet = float(stocks.unmet[place]) / demanded if demanded > 0 else 0.0
            factors[risk] *= 1.0 + unmet * (out / in_stock - 1.0)
        self.death_oxygen, self.death_icu = factors["death_oxygen"], factors["death_icu"]
        self.staff_infection = factors["staff_infection"]


class Burdens:
    """Waste and bodies: daily output, amounts disposed of, and backlogs.

    Attributes
    ----------
    names
        Names of the burdens, in the order of the scenario; every array has this order.
    output, disposal
        Amounts of the day, in each burden's unit.
    backlog
        Amount waiting for disposal at the end of the day.
    """

    def __init__(self, burdens: Mapping[str, Burden]) -> None:
        items = burdens.values()
        self.names = tuple(burdens)
        self._rates = _rates(item.made for item in items)
        self._capacity = np.array(
            [np.inf if item.capacity_per_day is None else item.capacity_per_day for item in items], float
        )
        n = len(self.names)
        self._total_output, self._total_disposal = np.zeros(n), np.zeros(n)
        self.output, self.disposal, self.backlog = np.zeros(n), np.zeros(n), np.zeros(n)

    def pass_day(self, drivers: Drivers) -> None:
        """Dispose of the backlog and the day's output, up to the day's capacity."""
        self.output = self._rates @ np.array(_per_day(drivers))
        waiting = self.backlog + self.output
        self.disposal = np.minimum(waiting, self._capacity)
        self.backlog = waiting - self.disposal
        self._total_output += self.output
        self._total_disposal += self.disposal

    def check(self, day: int) -> None:
        """Check that output - disposal = backlog over the run so far, and that nothing is negative.

        Raises
        ------
        IdentityError
            If the identity fails.
        """
        _hold_flows(
            "made - treated = backlog",
            self.names,
            day,
            (np.zeros(len(self.names)), self._total_output, self._total_disposal),
            (self.disposal, self.backlog),
        )


COST_CATEGORIES = (
    "basic_bed_days",
    "oxygen_bed_days",
    "icu_bed_days",
    "oxygen",
    "openings",
    "reinforcement",
    "home_care",
    "consumables",
    "vaccination",
    "testing",
    "ventilators",
    "oxygen_tanks",
    "bed_openings",
    "concentrators",
)
"""Cost categories, in the order of `Costs.by_category`."""

PAYERS = ("state", "insurance", "family", "employer")
"""Payers, in the order of `Costs.today_by_payer`."""

_priced = attrgetter(
    "basic_bed", "oxygen_bed", "icu_bed", "oxygen_kg", "opening", "reinforcement", "home_case"
)


_response = attrgetter("dose", "test", "ventilator", "tank_kg", "bed_opening", "concentrator")


class Costs:
    """The cost of the run so far, in the scenario's currency; 0 without cost rates.

    Attributes
    ----------
    today, today_by_category
        Cost of the day, and ``(len(COST_CATEGORIES),)`` by category.
    by_category
        ``(len(COST_CATEGORIES),)`` cost of the run so far, by category.
    today_by_payer
        ``(len(PAYERS),)`` cost of the day by payer; empty unless the scenario says who pays.
    """

    def __init__(self, rates: CostRates | None, consumables: Iterable[str]) -> None:
        rates = CostRates() if rates is None else rates
        self._rates = np.array(
            [
                rates.basic_bed_day,
                rates.oxygen_bed_day,
                rates.icu_bed_day,
                rates.oxygen_kg,
                rates.facility_opening,
                rates.staff_day,
                rates.home_case_day,
            ]
        )
        self._per_response = np.array(
            [rates.dose, rates.test, rates.ventilator, rates.tank_kg, rates.bed_opening, rates.concentrator]
        )
        self._prices = np.array([rates.consumable.get(name, 0.0) for name in consumables], float)
        self.today = 0.0
        self.by_category = np.zeros(len(COST_CATEGORIES))
        self.today_by_category = np.zeros(len(COST_CATEGORIES))
        self._shares = _payers_shares(rates.paid_by)
        self.today_by_payer = self._shares @ self.today_by_category

    @property
    def total(self) -> float:
        """Cost of the run so far."""
        return float(self.by_category.sum())

    def pass_day(self, drivers: Drivers, used: Floats) -> None:
        """Add the cost of a day: its drivers at their rates and the consumables `used` at their prices."""
        response = self._per_response * np.array(_response(drivers))
        cost = np.concatenate([self._rates * np.array(_priced(drivers)), [self._prices @ used], response])
        self.by_category += cost
        self.today_by_category = cost
        self.today_by_payer = self._shares @ cost
        self.today = float(cost.sum())


def _payers_shares(paid_by: PaidBy | None) -> Floats:
    """Return each payer's share of each category, ``(payers, categories)``; no rows if nobody is named."""
    if paid_by is None:
        return np.zeros((0, len(COST_CATEGORIES)))
    splits = [getattr(paid_by, category) for category in COST_CATEGORIES]
    others = np.array([[getattr(split, payer) for split in splits] for payer in PAYERS[1:]])
    return np.vstack([1 - others.sum(axis=0), others])


def logistics_columns(
    consumables: Iterable[str],
    burdens: Iterable[str],
    categories: Iterable[str] = (),
    payers: Iterable[str] = (),
) -> tuple[Column, ...]:
    """Return the columns of a scenario's consumables (four each), burdens (two each) and costs (one each)."""
    columns: list[Column] = []
    for name in consumables:
        columns += [
            Column(f"stock:{name}", "units", "stock at 24:00"),
            Column(f"stock_used:{name}", "units/day", "amount used"),
            Column(f"stock_unmet:{name}", "units/day", "demand that the stock could not meet"),
            Column(
                f"stock_cover_days:{name}", "days", "stock above the reserve / mean daily demand (max 365)"
            ),
        ]
    for name in burdens:
        columns += [
            Column(f"burden_made:{name}", "units/day", "amount produced"),
            Column(f"burden_backlog:{name}", "units", "amount waiting for disposal at 24:00"),
        ]
    columns += [
        Column(f"cost:{category}", "currency/day", "cost of the day in this category; all add up to `cost`")
        for category in categories
    ]
    columns += [
        Column(f"paid:{payer}", "currency/day", "cost of the day that this payer bears; all add up to `cost`")
        for payer in payers
    ]
    return tuple(columns)


def supply_columns(supply: Supply) -> tuple[Column, ...]:
    """Return the columns of a scenario's consumables, burdens, costs by category and costs by payer."""
    costs = supply.costs
    categories = () if costs is None else COST_CATEGORIES
    payers = () if costs is None or costs.paid_by is None else PAYERS
    return logistics_columns(supply.consumables, supply.burdens, categories, payers)


class Logistics:
    """The stocks, burdens and costs of a run, updated once a day.

    Attributes
    ----------
    stocks, burdens, costs
        The accounts of consumables, of waste and bodies, and of money.
    shortages
        The effects of consumables that have run out.
    """

    def __init__(self, supply: Supply) -> None:
        self.stocks = Stocks(supply.consumables)
        self.shortages = Shortages(supply.consumables)
        self.burdens = Burdens(supply.burdens)
        self.costs = Costs(supply.costs, self.stocks.names)
        self._priced = supply.costs is not None
        self._has_any = bool(supply.consumables or supply.burdens or supply.costs)
        self._before: dict[str, float] = {}

    def growth(self, name: str, total: float) -> float:
        """Return how much the running total `name`, now `total`, has grown since the last call."""
        growth = total - self._before.get(name, 0.0)
        self._before[name] = total
        return growth

    def leave_out(self, name: str, amount: float) -> None:
        """Leave `amount` of the running total `name` out of its growth."""
        self._before[name] = self._before.get(name, 0.0) + amount

    def pass_day(self, drivers: Drivers) -> None:
        """Account for a day's use, disposal and cost; do nothing if the scenario has no logistics."""
        if not self._has_any:
            return
        self.stocks.pass_day(drivers)
        self.burdens.pass_day(drivers)
        self.costs.pass_day(drivers, self.stocks.used)

    def row(self) -> Floats:
        """Return the day's consumables, burdens and costs in the order of `supply_columns`."""
        stocks, burdens = self.stocks, self.burdens
        cover = np.minimum(stocks.cover_days, MOST_DAYS_OF_COVER)
        by_item = np.array([stocks.stock, stocks.used, stocks.unmet, cover]).T
        by_burden = np.array([burdens.output, burdens.backlog]).T
        costs = self.costs.today_by_category if self._priced else np.zeros(0)
        return np.concatenate([by_item.ravel(), by_burden.ravel(), costs, self.costs.today_by_payer])

    def fill(self, page: Page) -> None:
        """Record the cost of the day."""
        page.province.values["cost"] = self.costs.today

    def check(self, day: int) -> None:
        """Check that every stock and burden balances.

        Raises
        ------
        IdentityError
            If a stock or burden does not balance.
        """
        self.stocks.check(day)
        self.burdens.check(day)


def _hold_flows(
    identity: str,
    names: tuple[str, ...],
    day: int,
    sums: tuple[Floats, Floats, Floats],
    now: tuple[Floats, Floats],
) -> None:
    """Check that start + inflow - outflow over the run equals the level at the end of the day.

    `sums` holds the sums over the run, and `now` the day's outflow and the level; neither may be negative.
    """
    for name, start, came, went, today, end in zip(names, *(a.tolist() for a in (*sums, *now)), strict=True):
        expected = start + came - went  # infinite on both sides where there is no limit
        close = expected == end or abs(expected - end) <= _TOLERANCE * (1 + start + came)
        if not (close and end >= 0 and today >= 0):
            detail = f"expected {expected:.9g}, got {end:.9g}; outflow of the day {today:.9g}"
            raise IdentityError(identity, name, day, detail)
