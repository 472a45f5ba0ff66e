"""The level of the epidemic, 1 to 4, which the scenario's table assigns to classes of indicators."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan

import numpy as np
from numpy.typing import NDArray

from surgesim.model.record import key_of
from surgesim.scenario.schema.levels import Criterion, Levels

Floats = NDArray[np.float64]


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
        self._bounds = np.array(sorted(criterion.bounds), float)
        self._worse_above = criterion.at_least is not None

    def of(self, values: float | Floats) -> Floats:
        """Return the class of each value; a value equal to a bound counts as past it; NaN stays NaN."""
        reached = self._bounds.searchsorted(values, "right")
        classes: Floats = np.where(
            np.isnan(values), nan, reached if self._worse_above else len(self._bounds) - reached
        )
        return classes


class LevelTable:
    """The criteria and the table of levels of a scenario."""

    def __init__(self, section: Levels) -> None:
        self._transmission = [_Classes(criterion) for criterion in section.transmission.values()]
        self._response = [_Classes(criterion) for criterion in section.response.values()]
        self._table = np.array(section.levels, float)

    def of_province(self, indicators: Mapping[str, float | Floats]) -> Floats:
        """Return the province's levels from its indicators by key; NaN if a side has no class."""
        sides = (self._transmission, self._response)
        return self._levels(*(_worst([each.of(indicators[each.key]) for each in side]) for side in sides))

    def of_districts(
        self,
        indicators: Mapping[str, float | Floats],
        by_district: Mapping[str, Floats],
        districts: int,
    ) -> Floats:
        """Return the districts' levels, ``(…, districts)``; a province-wide criterion applies to all."""
        sides = (self._transmission, self._response)
        row, column = (
            _worst([_in_districts(each, indicators, by_district, districts) for each in side])
            for side in sides
        )
        return self._levels(row, column)

    def _levels(self, row: Floats, column: Floats) -> Floats:
        row, column = np.broadcast_arrays(row, column)
        assessed = ~(np.isnan(row) | np.isnan(column))
        levels = np.full(row.shape, nan)
        levels[assessed] = self._table[row[assessed].astype(int), column[assessed].astype(int)]
        return levels


def _in_districts(
    criterion: _Classes,
    indicators: Mapping[str, float | Floats],
    by_district: Mapping[str, Floats],
    districts: int,
) -> Floats:
    """Return each district's class under one criterion, ``(…, districts)``."""
    if criterion.by_district and criterion.key in by_district:
        return criterion.of(by_district[criterion.key])
    of_province = criterion.of(indicators[criterion.key])
    return np.repeat(of_province[..., None], districts, axis=-1)


def _worst(classes: list[Floats]) -> Floats:
    """Return the worst of the classes that are assessed; NaN if none is, 0 if a side has no criteria."""
    return np.fmax.reduce(classes) if classes else np.zeros(())
