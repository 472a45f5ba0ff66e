"""The level of the epidemic, 1 to 4: classes of indicators, looked up in the scenario's table."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from surgesim.model.record import key_of
from surgesim.scenario.schema.levels import Criterion, Levels

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class _Classes:
    """The classes of one criterion, numbered from 0, the best.

    Attributes
    ----------
    key
        Key of the indicator's value, from `key_of`.
    by_district
        True if districts are classed by their own value, where there is one.
    """

    def __init__(self, criterion: Criterion) -> None:
        self.key = key_of(criterion.indicator, criterion.watch.of)
        self.by_district = criterion.by_district
        self._bounds = np.array(sorted(criterion.bounds))
        self._worse_above = criterion.at_least is not None

    def of_each(self, values: Floats) -> Floats:
        """Return the class of each value; a value on a bound has reached it; NaN stays NaN."""
        reached = self._bounds.searchsorted(values, side="right").astype(float)
        reached[np.isnan(values)] = np.nan
        return reached if self._worse_above else len(self._bounds) - reached


class LevelTable:
    """The criteria and the table of a scenario."""

    def __init__(self, section: Levels) -> None:
        self._transmission = [_Classes(criterion) for criterion in section.transmission.values()]
        self._response = [_Classes(criterion) for criterion in section.response.values()]
        self._table = np.array(section.levels, float)

    def of_province(self, indicators: Mapping[str, float]) -> float:
        """Return the province's level from its indicators by key; NaN if a side has no assessed criterion."""
        return float(self.of_districts(indicators, {}, 1)[0])

    def of_districts(
        self, indicators: Mapping[str, float], by_district: Mapping[str, Floats], districts: int
    ) -> Floats:
        """``(districts,)`` levels; the value of a province-wide criterion applies to all districts."""
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
    """``(districts,)`` the worst class among a side's assessed criteria; NaN if none is assessed."""
    worst = np.full(districts, np.nan if side else 0.0)
    for criterion in side:
        if criterion.by_district and criterion.key in by_district:
            values = by_district[criterion.key]
        else:
            values = np.full(districts, indicators[criterion.key])
        np.fmax(worst, criterion.of_each(values), out=worst)
    return worst
