"""The level of the epidemic, 1 to 4, which the scenario's table assigns to classes of indicators."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from math import isnan, nan

import numpy as np
from numpy.typing import NDArray

from surgesim.model.record import key_of
from surgesim.scenario.schema.levels import Criterion, Levels

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class _Classes:
    """The classes of one criterion, numbered from 0 (the best).

    Attributes
    ----------
    key
        Key of the indicator's value, from `key_of`.
    by_district
        True if each district is classified by its own value, where it has one.
    """

    def __init__(self, criterion: Criterion) -> None:
        self.key = key_of(criterion.indicator, criterion.watch.of)
        self.by_district = criterion.by_district
        self._bounds = sorted(criterion.bounds)
        self._worse_above = criterion.at_least is not None

    def of(self, value: float) -> float:
        """Return the class of a value; a value equal to a bound counts as past it; NaN stays NaN."""
        if isnan(value):
            return nan
        reached = bisect_right(self._bounds, value)
        return reached if self._worse_above else len(self._bounds) - reached

    def of_each(self, values: Floats) -> Floats:
        """Return the class of each value."""
        return np.array(list(map(self.of, values.tolist())))


class LevelTable:
    """The criteria and the table of levels of a scenario."""

    def __init__(self, section: Levels) -> None:
        self._transmission = [_Classes(criterion) for criterion in section.transmission.values()]
        self._response = [_Classes(criterion) for criterion in section.response.values()]
        self._table = np.array(section.levels, float)

    def of_province(self, indicators: Mapping[str, float]) -> float:
        """Return the province's level from its indicators by key; NaN if a side of the table has no class."""
        row, column = (
            max(
                (known for each in side if not isnan(known := each.of(indicators[each.key]))),
                default=nan if side else 0.0,
            )
            for side in (self._transmission, self._response)
        )
        return nan if isnan(row) or isnan(column) else float(self._table[int(row), int(column)])

    def of_districts(
        self, indicators: Mapping[str, float], by_district: Mapping[str, Floats], districts: int
    ) -> Floats:
        """Return the districts' levels, ``(districts,)``; a province-wide criterion applies to all."""
        row, column = (
            _worst_by_district(side, indicators, by_district, districts)
            for side in (self._transmission, self._response)
        )
        assessed = ~(np.isnan(row) | np.isnan(column))
        levels = np.full(districts, np.nan)
        levels[assessed] = self._table[row[assessed].astype(int), column[assessed].astype(int)]
        return levels


def _worst_by_district(
    side: list[_Classes], indicators: Mapping[str, float], by_district: Mapping[str, Floats], districts: int
) -> Floats:
    """Return each district's worst class on one side of the table, ``(districts,)``.

    Only criteria that are assessed count; NaN if there are none.
    """
    worst = np.full(districts, np.nan if side else 0.0)
    for criterion in side:
        if criterion.by_district and criterion.key in by_district:
            np.fmax(worst, criterion.of_each(by_district[criterion.key]), out=worst)
        else:
            np.fmax(worst, criterion.of(indicators[criterion.key]), out=worst)
    return worst
