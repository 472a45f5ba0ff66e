"""Indicators: the values that the provincial command sees at the end of a day.

They are declared in `surgesim.scenario.schema.indicators` and computed here, for consecutive days together:
what no rule watches is computed for all days at the end of a run. A 7-day window reaches back into a warm-up;
without one, it covers only the days that have passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from surgesim.model.record import PER, PROVINCE_INDEX, Floats, key_of
from surgesim.scenario.schema.base import BED_TYPES
from surgesim.scenario.schema.command import Situation, Threshold
from surgesim.scenario.schema.indicators import INDICATORS

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Number = TypeVar("Number", np.int64, np.float64)

WINDOW_DAYS = 7


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the command sees at the end of a day: values of indicators by key; NaN if not assessed."""

    indicators: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Assessments:
    """The assessment of consecutive days.

    Attributes
    ----------
    indicators
        Values of every indicator by key, ``(days,)`` each; NaN if it is not assessed.
    values, breached
        ``(days, thresholds)``, in the scenario's order: the values of the thresholds' indicators, and True if
        a threshold is breached.
    values_by_district, breached_by_district
        Values and breaches in each district, ``(days, thresholds by district, districts)``. For such a
        threshold, `values` has the worst value, and `breached` is True if any district is in breach.
    of_districts
        Indicators of the districts, ``(days, districts)`` each, by name; empty if districts are not assessed.
    """

    indicators: dict[str, Floats]
    values: Floats
    breached: Bools
    values_by_district: Floats
    breached_by_district: Bools
    of_districts: dict[str, Floats]

    def last(self) -> Assessment:
        """Return what the command sees at the end of the last day."""
        return Assessment({key: float(values[-1]) for key, values in self.indicators.items()})


@dataclass(slots=True)
class _Seen:
    """The inputs of indicators: some rows of the province's table, and the rows before them."""

    table: Floats
    rows: slice
    population: int
    beds: Sequence[str]

    def now(self, column: str) -> Floats:
        values: Floats = self.table[self.rows, PROVINCE_INDEX[column]]
        return values

    def week(self, column: str) -> Floats:
        return weekly(self.table[:, PROVINCE_INDEX[column]], self.rows)

    @property
    def days(self) -> Ints:
        return days_in_week(self.rows)

    def per_100k(self, count: Floats, days: int | Ints = 1) -> Floats:
        """Return a daily mean rate per 100,000; a single division keeps values on a bound exact."""
        rate: Floats = count * PER / (self.population * days)
        return rate


_COMPUTED: Mapping[str, Callable[[_Seen], Floats]] = {
    "weekly_reported_cases_per_100k": lambda seen: seen.per_100k(seen.week("reported_cases")),
    "oxygen_need_7d_per_100k": lambda seen: seen.per_100k(seen.week("present"), seen.days),
    "patients_without_bed": lambda seen: seen.now("without_bed"),
    "vacant_covid_beds_per_100k": lambda seen: seen.per_100k(_vacant(seen, seen.beds)),
    "staffed_icu_beds_per_100k": lambda seen: seen.per_100k(seen.now("staffed_icu_all")),
    "usable_icu_beds_per_100k": lambda seen: seen.per_100k(seen.now("usable_icu_all")),
    "oxygen_occupancy": lambda seen: occupancy(seen.now("vacant_oxygen"), seen.now("staffed_oxygen")),
    "icu_occupancy": lambda seen: occupancy(seen.now("vacant_icu"), seen.now("staffed_icu")),
    "icu_need_per_100k": lambda seen: seen.per_100k(seen.now("icu_need")),
    "deaths_7d_per_100k": lambda seen: seen.per_100k(seen.week("deaths")),
}
"""For each indicator of the province, the function that computes it from the province's table."""

_AS_RECORDED = frozenset(
    name
    for name, indicator in INDICATORS.items()
    if name in PROVINCE_INDEX and name not in _COMPUTED and not indicator.is_composite
)
"""Indicators that are columns of the record."""

OF_PROVINCE = (*_COMPUTED, *_AS_RECORDED)
"""Indicators that follow from the province's table alone."""


def window(series: NDArray[Number], day: int) -> NDArray[Number]:
    """Return the last 7 values up to and including row `day`; fewer at the start."""
    return series[max(day + 1 - WINDOW_DAYS, 0) : day + 1]


def weekly(series: Floats, rows: slice) -> Floats:
    """Return, for each of the consecutive `rows`, the sum over it and up to 6 rows before, oldest first."""
    if rows.stop - rows.start == 1:
        total: Floats = window(series, rows.start).sum(axis=0, keepdims=True)
        return total
    since = max(rows.start + 1 - WINDOW_DAYS, 0)
    padding = np.zeros((WINDOW_DAYS - 1 - (rows.start - since), *series.shape[1:]))
    padded = np.concatenate([padding, series[since : rows.stop]])
    number = rows.stop - rows.start
    return sum((padded[first : first + number] for first in range(WINDOW_DAYS)), np.zeros(series.shape[1:]))


def days_in_week(rows: slice) -> Ints:
    """Return the number of rows in the window of each of the consecutive `rows`."""
    days: Ints = np.minimum(np.arange(rows.start, rows.stop) + 1, WINDOW_DAYS)
    return days


def compute(
    table: Floats,
    rows: slice,
    population: int,
    beds: Sequence[str] = BED_TYPES,
    names: Iterable[str] = OF_PROVINCE,
) -> dict[str, Floats]:
    """Compute the indicators `names`, of `OF_PROVINCE`, at consecutive rows of the province's table.

    Parameters
    ----------
    table
        ``(rows, len(PROVINCE))``, filled up to the last of `rows` except for the indicator columns.
    beds
        The bed types included in vacant beds.
    """
    seen = _Seen(table, rows, population, beds)
    return {name: seen.now(name) if name in _AS_RECORDED else _COMPUTED[name](seen) for name in names}


def _vacant(seen: _Seen, beds: Sequence[str]) -> Floats:
    """Return the vacant beds of some types."""
    return sum((seen.now(f"vacant_{bed}") for bed in beds), np.zeros(1))


def occupancy(vacant: Floats, staffed: Floats) -> Floats:
    """Return occupancy: the share of staffed beds in use, 1 if there are none, 0 if they are unlimited."""
    limited = np.isfinite(staffed)
    share = np.where(limited, 1.0, 0.0)
    counted = limited & (staffed > 0)
    share[counted] = (staffed[counted] - vacant[counted]) / staffed[counted]
    return share


def assess(
    table: Floats,
    rows: slice,
    population: int,
    thresholds: Mapping[str, Threshold],
    situation: Situation,
    indicators: dict[str, Floats],
    of_districts: Mapping[str, Floats] | None = None,
    local: Mapping[str, Floats] | None = None,
) -> Assessments:
    """Compare indicators with the thresholds, and decide whether an emergency is declared.

    Parameters
    ----------
    table, rows
        As for `compute`.
    indicators
        All indicator values, from `compute` and from elsewhere, by key (see `key_of`).
    of_districts
        The indicators of the districts, ``(rows, districts)`` each, by name.
    local
        For each threshold assessed by district, its values ``(rows, districts)``.
    """
    local = local or {}
    days = rows.stop - rows.start
    values, breached = np.zeros((days, len(thresholds))), np.zeros((days, len(thresholds)), np.bool_)
    of_province = {}
    for place, (name, threshold) in enumerate(thresholds.items()):
        if name in local:
            value = worst_of(threshold, local[name])
        else:
            value = _value(threshold, indicators, _Seen(table, rows, population, threshold.beds or ()))
        values[:, place] = value
        breached[:, place] = is_past(threshold, value)
        if name not in local:
            of_province[name] = breached[:, place]
    declared = _declared(situation, of_province, days).astype(float)
    past = [is_past(thresholds[name], value) for name, value in local.items()]
    return Assessments(
        indicators | {"situation": declared},
        values,
        breached,
        np.stack(list(local.values()), axis=1) if local else np.zeros((days, 0, 0)),
        np.stack(past, axis=1) if local else np.zeros((days, 0, 0), np.bool_),
        dict(of_districts or {}),
    )


def _value(threshold: Threshold, indicators: Mapping[str, Floats], seen: _Seen) -> Floats:
    if threshold.indicator == "vacant_covid_beds_per_100k" and threshold.beds is not None:
        return seen.per_100k(_vacant(seen, threshold.beds))
    return indicators[key_of(threshold.indicator, threshold.watch.of)]


def is_past(threshold: Threshold, values: Floats) -> Bools:
    """Return True for each value strictly past the threshold's bound."""
    bound = threshold.bound
    past: Bools = (np.greater if threshold.above is not None else np.less)(values, bound)
    return past


def worst_of(threshold: Threshold, values: Floats) -> Floats:
    """Return the worst district's value of each day: the highest or lowest, depending on the bound.

    Only values that are assessed count.
    """
    worst: Floats = (np.fmax if threshold.above is not None else np.fmin).reduce(values, axis=-1)
    return worst


def _declared(situation: Situation, breached: Mapping[str, Bools], days: int) -> Bools:
    """Return True for each of the days on which an emergency is declared."""
    names = situation.thresholds if situation.thresholds is not None else tuple(breached)
    count = sum((breached[name].astype(np.int64) for name in names), np.zeros(days, np.int64))
    require: Literal["all", "any"] | int = situation.require
    if require == "all":
        everything: Bools = np.equal(count, len(names) or -1)
        return everything
    declared: Bools = count >= (1 if require == "any" else require)
    return declared
