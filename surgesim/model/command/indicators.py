"""Indicators: the values that the provincial command sees at the end of a day.

They are declared in `surgesim.scenario.schema.indicators` and computed here. A 7-day window reaches back
into a warm-up; without one, it covers only the days that have passed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from surgesim.model.record import PER, PROVINCE_INDEX, Floats, key_of
from surgesim.scenario.schema.base import BED_TYPES
from surgesim.scenario.schema.command import Situation, Threshold
from surgesim.scenario.schema.indicators import INDICATORS

Number = TypeVar("Number", np.int64, np.float64)

WINDOW_DAYS = 7


@dataclass(frozen=True, slots=True)
class Assessment:
    """The result of one day's assessment.

    Attributes
    ----------
    indicators
        Value of every indicator by name; NaN if it is not assessed.
    values, breached
        For each threshold, in the scenario's order: the value of its indicator, and True if it is breached.
    situation
        True while an emergency is declared.
    values_by_district, breached_by_district
        Values and breaches in each district, ``(thresholds by district, districts)``. For such a threshold,
        `values` has the worst value, and `breached` is True if any district is in breach.
    of_districts
        Indicators of the districts, ``(districts,)`` each, by name; empty if districts are not assessed.
    """

    indicators: dict[str, float]
    values: list[float]
    breached: list[bool]
    situation: bool
    values_by_district: Floats = field(default_factory=lambda: np.empty((0, 0)))
    breached_by_district: NDArray[np.bool_] = field(default_factory=lambda: np.empty((0, 0), np.bool_))
    of_districts: dict[str, Floats] = field(default_factory=dict)


@dataclass(slots=True)
class _Seen:
    """The inputs of indicators: the last row of the province's table, and the sums of its last 7 rows."""

    row: list[float]
    sums: list[float]
    days: int
    population: int
    beds: Sequence[str]

    def now(self, column: str) -> float:
        return self.row[PROVINCE_INDEX[column]]

    def week(self, column: str) -> float:
        return self.sums[PROVINCE_INDEX[column]]

    def per_100k(self, count: float, days: int = 1) -> float:
        """Return a daily mean rate per 100,000; a single division keeps values on a bound exact."""
        return count * PER / (self.population * days)


_COMPUTED: Mapping[str, Callable[[_Seen], float]] = {
    "weekly_reported_cases_per_100k": lambda seen: seen.per_100k(seen.week("reported_cases")),
    "oxygen_need_7d_per_100k": lambda seen: seen.per_100k(seen.week("present"), seen.days),
    "patients_without_bed": lambda seen: seen.now("without_bed"),
    "vacant_covid_beds_per_100k": lambda seen: seen.per_100k(
        sum(seen.now(f"vacant_{bed}") for bed in seen.beds)
    ),
    "staffed_icu_beds_per_100k": lambda seen: seen.per_100k(seen.now("staffed_icu_all")),
    "usable_icu_beds_per_100k": lambda seen: seen.per_100k(seen.now("usable_icu_all")),
    "oxygen_occupancy": lambda seen: _occupancy(seen.now("vacant_oxygen"), seen.now("staffed_oxygen")),
    "icu_occupancy": lambda seen: _occupancy(seen.now("vacant_icu"), seen.now("staffed_icu")),
    "icu_need_per_100k": lambda seen: seen.per_100k(seen.now("icu_need")),
    "deaths_7d_per_100k": lambda seen: seen.per_100k(seen.week("deaths")),
}
"""For each indicator of the province, the function that computes it from the province's table."""

_AS_RECORDED = tuple(
    (name, PROVINCE_INDEX[name])
    for name, indicator in INDICATORS.items()
    if name in PROVINCE_INDEX and name not in _COMPUTED and not indicator.is_composite
)
"""Indicators that are columns of the record, with the index of the column."""


def window(series: NDArray[Number], day: int) -> NDArray[Number]:
    """Return the last 7 values up to and including row `day`; fewer at the start."""
    return series[max(day + 1 - WINDOW_DAYS, 0) : day + 1]


def compute(table: Floats, row: int, population: int, beds: Sequence[str] = BED_TYPES) -> dict[str, float]:
    """Compute all indicators except ``situation`` at a row of the province's table.

    Parameters
    ----------
    table
        ``(rows, len(PROVINCE))``, filled up to `row` except for the indicator columns.
    beds
        The bed types included in vacant beds.
    """
    week = window(table, row)
    now: list[float] = week[-1].tolist()
    seen = _Seen(now, week.sum(axis=0).tolist(), len(week), population, beds)
    indicators = {name: value(seen) for name, value in _COMPUTED.items()}
    for name, column in _AS_RECORDED:
        indicators[name] = now[column]
    return indicators


def _occupancy(vacant: float, staffed: float) -> float:
    """Return occupancy: the share of staffed beds in use, 1 if there are none, 0 if they are unlimited."""
    if not isfinite(staffed):
        return 0.0
    return (staffed - vacant) / staffed if staffed > 0 else 1.0


def assess(
    row: Floats,
    population: int,
    thresholds: Mapping[str, Threshold],
    situation: Situation,
    indicators: dict[str, float],
    local: Mapping[str, Floats],
) -> Assessment:
    """Compare indicators with the thresholds, and decide whether an emergency is declared.

    Parameters
    ----------
    row
        ``(len(PROVINCE),)`` the day's row of the province's table.
    indicators
        All indicator values, from `compute` and from elsewhere, by key (see `key_of`).
    local
        For each threshold assessed by district, its values ``(districts,)``.
    """
    values, breached, of_province = [], [], {}
    for name, threshold in thresholds.items():
        by_district = name in local
        value = (
            worst_of(threshold, local[name])
            if by_district
            else _value(threshold, indicators, row, population)
        )
        past = threshold.is_breached(value)
        values.append(value)
        breached.append(past)
        if not by_district:
            of_province[name] = past
    declared = _declared(situation, of_province)
    seen = indicators | {"situation": float(declared)}
    if not local:
        return Assessment(seen, values, breached, declared)
    return Assessment(
        seen,
        values,
        breached,
        declared,
        values_by_district=np.array(list(local.values())),
        breached_by_district=np.array([is_past(thresholds[name], local[name]) for name in local]),
    )


def _value(threshold: Threshold, indicators: dict[str, float], row: Floats, population: int) -> float:
    if threshold.indicator == "vacant_covid_beds_per_100k" and threshold.beds is not None:
        return sum(float(row[PROVINCE_INDEX[f"vacant_{bed}"]]) for bed in threshold.beds) * PER / population
    return indicators[key_of(threshold.indicator, threshold.watch.of)]


def is_past(threshold: Threshold, values: Floats) -> NDArray[np.bool_]:
    """Return True for each value strictly past the threshold's bound."""
    return values > threshold.bound if threshold.above is not None else values < threshold.bound


def worst_of(threshold: Threshold, values: Floats) -> float:
    """Return the worst of the values that are assessed: the highest or lowest, depending on the bound."""
    return float((np.fmax if threshold.above is not None else np.fmin).reduce(values))


def _declared(situation: Situation, breached: dict[str, bool]) -> bool:
    names = situation.thresholds if situation.thresholds is not None else tuple(breached)
    count = sum(breached[name] for name in names)
    require: Literal["all", "any"] | int = situation.require
    if require == "all":
        return bool(names) and count == len(names)
    return count >= (1 if require == "any" else require)
