"""The epidemic's level, 1 to 4: classes of indicators looked up in the scenario's table."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from surgesim.model.indicators import key_of
from surgesim.scenario.levels import Criterion, Levels

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class _Classes:
    """The classes of one criterion, from 0, the best.

    Attributes
    ----------
    key
        Of the indicator's value, as `key_of` names it.
    by_district
        Whether a district's own value is looked at, where there is one.
    """

    def __init__(self, criterion: Criterion) -> None:
        self.key = key_of(criterion.indicator, criterion.watch.of)
        self.by_district = criterion.by_district
        self._bounds = sorted(criterion.bounds)
        self._bounds_of_each = np.array(self._bounds)
        self._worse_above = criterion.at_least is not None

    def of(self, value: float) -> int:
        """The class of a value; one on a bound has reached it."""
        reached = bisect_right(self._bounds, value)
        return reached if self._worse_above else len(self._bounds) - reached

    def of_each(self, values: Floats) -> Ints:
        """The class of each of the values."""
        reached = self._bounds_of_each.searchsorted(values, side="right")
        return reached if self._worse_above else len(self._bounds) - reached


class LevelTable:
    """The criteria and the table of a scenario."""

    def __init__(self, section: Levels) -> None:
        self._transmission = [_Classes(criterion) for criterion in section.transmission.values()]
        self._response = [_Classes(criterion) for criterion in section.response.values()]
        self._table = np.array(section.levels, float)

    def of_province(self, indicators: Mapping[str, float]) -> float:
        """The level of the province, from its indicators by key."""
        return float(self._table[_worst(self._transmission, indicators), _worst(self._response, indicators)])

    def of_districts(
        self, indicators: Mapping[str, float], by_district: Mapping[str, Floats], districts: int
    ) -> Floats:
        """``(districts,)`` levels; where a criterion is of the province, its value is that of all."""
        row, column = (
            _worst_by_district(side, indicators, by_district, districts)
            for side in (self._transmission, self._response)
        )
        levels: Floats = self._table[row, column]
        return levels


def _worst(side: list[_Classes], indicators: Mapping[str, float]) -> int:
    """The worst class of the criteria of a side."""
    return max((criterion.of(indicators[criterion.key]) for criterion in side), default=0)


def _worst_by_district(
    side: list[_Classes], indicators: Mapping[str, float], by_district: Mapping[str, Floats], districts: int
) -> Ints:
    """``(districts,)`` the worst class of the criteria of a side."""
    worst = np.zeros(districts, np.int64)
    for criterion in side:
        if criterion.by_district and criterion.key in by_district:
            np.maximum(worst, criterion.of_each(by_district[criterion.key]), out=worst)
        else:
            np.maximum(worst, criterion.of(indicators[criterion.key]), out=worst)
    return worst
