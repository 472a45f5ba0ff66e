"""Indicators: what the command sees at the end of a day, each with a unit and a window.

Definitions stand in the columns of `record.PROVINCE`; here they are computed. A window of 7 days is
taken over the days there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from surgesim.model.record import PROVINCE_INDEX, Floats
from surgesim.scenario.base import BED_TYPES
from surgesim.scenario.command import Situation, Threshold

PER = 100_000
WINDOW_DAYS = 7


@dataclass(frozen=True, slots=True)
class Assessment:
    """What one day's assessment found.

    Attributes
    ----------
    indicators
        Value of every indicator by name.
    values, breached
        By threshold, in the scenario's order.
    situation
        Whether the declared emergency holds.
    """

    indicators: dict[str, float]
    values: list[float]
    breached: list[bool]
    situation: bool


_AS_RECORDED = (
    "oxygen_cover_days",
    "facilities_out_of_oxygen",
    "emergency_served_7d_share",
    "elective_backlog",
    "staff_absent_share",
    "home_cases_not_followed",
    "vulnerable_vaccinated_share",
    "test_positivity",
    "test_capacity_used",
)
"""Indicators that are a column of the record as it stands."""


def window(series: Floats, day: int) -> Floats:
    """The last 7 values up to and with `day` (row index), fewer at the start."""
    return series[max(day + 1 - WINDOW_DAYS, 0) : day + 1]


def compute(table: Floats, day: int, population: int) -> dict[str, float]:
    """All indicators on `day` from the province's table; ``situation`` is not among them yet.

    Parameters
    ----------
    table
        ``(days, len(PROVINCE))``, filled up to row `day` but for the indicator columns.
    """
    row = table[day]

    def column(name: str) -> Floats:
        return window(table[:, PROVINCE_INDEX[name]], day)

    def now(name: str) -> float:
        return float(row[PROVINCE_INDEX[name]])

    def per_100k(count: float, days: int = 1) -> float:
        """One division of whole numbers, so that a value exactly on a bound is not past it."""
        return count * PER / (population * days)

    present = column("present")
    return {
        "weekly_reported_cases_per_100k": per_100k(float(column("reported_cases").sum())),
        "oxygen_need_7d_per_100k": per_100k(float(present.sum()), len(present)),
        "patients_without_bed": now("without_bed"),
        "vacant_covid_beds_per_100k": per_100k(sum(now(f"vacant_{bed}") for bed in BED_TYPES)),
        "staffed_icu_beds_per_100k": per_100k(now("staffed_icu_all")),
        "oxygen_occupancy": _occupancy(now("vacant_oxygen"), now("staffed_oxygen")),
        "icu_occupancy": _occupancy(now("vacant_icu"), now("staffed_icu")),
        "icu_need_per_100k": per_100k(now("icu_need")),
        "deaths_7d_per_100k": per_100k(float(column("deaths").sum())),
    } | {name: now(name) for name in _AS_RECORDED}


def _occupancy(vacant: float, staffed: float) -> float:
    """Share of staffed beds in use; 1 where there are none, 0 of beds without limit."""
    if not np.isfinite(staffed):
        return 0.0
    return (staffed - vacant) / staffed if staffed > 0 else 1.0


def assess(
    table: Floats,
    day: int,
    population: int,
    thresholds: dict[str, Threshold],
    situation: Situation,
    items: dict[str, float],
) -> Assessment:
    """Compute the indicators, hold them against the thresholds, and declare the situation.

    Parameters
    ----------
    items
        Values of the indicators that name an item, by ``indicator:item``.
    """
    indicators = compute(table, day, population) | items
    values = [_value(threshold, indicators, table[day], population) for threshold in thresholds.values()]
    breached = [t.breached(value) for t, value in zip(thresholds.values(), values, strict=True)]
    declared = _declared(situation, dict(zip(thresholds, breached, strict=True)))
    return Assessment(indicators | {"situation": float(declared)}, values, breached, declared)


def _value(threshold: Threshold, indicators: dict[str, float], row: Floats, population: int) -> float:
    if threshold.indicator == "vacant_covid_beds_per_100k" and len(threshold.beds) < len(BED_TYPES):
        return sum(float(row[PROVINCE_INDEX[f"vacant_{bed}"]]) for bed in threshold.beds) * PER / population
    return indicators[key_of(threshold.indicator, threshold.item)]


def key_of(indicator: str, item: str | None) -> str:
    """The name of an indicator's value; some are of an item, like a consumable."""
    return indicator if item is None else f"{indicator}:{item}"


def _declared(situation: Situation, breached: dict[str, bool]) -> bool:
    names = situation.thresholds if situation.thresholds is not None else tuple(breached)
    count = sum(breached[name] for name in names)
    require: Literal["all", "any"] | int = situation.require
    if require == "all":
        return bool(names) and count == len(names)
    return count >= (1 if require == "any" else require)
