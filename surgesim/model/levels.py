"""The epidemic's level, 1 to 4: classes of indicators looked up in the scenario's table."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from surgesim.model.indicators import key_of
from surgesim.scenario.levels import Criterion, Levels

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class LevelTable:
    """The criteria and the table of a scenario, as arrays."""

    def __init__(self, section: Levels) -> None:
        self._sides = tuple(
            [(criterion, np.sort(criterion.bounds)) for criterion in side.values()]
            for side in (section.transmission, section.response)
        )
        self._table = np.array(section.levels)

    def of_province(self, indicators: Mapping[str, float]) -> float:
        """The level of the province, from its indicators by key."""
        return float(self._levels(indicators, {}, 1)[0])

    def of_districts(
        self, indicators: Mapping[str, float], by_district: Mapping[str, Floats], districts: int
    ) -> Floats:
        """``(districts,)`` levels; where a criterion is of the province, its value is that of all."""
        return self._levels(indicators, by_district, districts)

    def _levels(
        self, indicators: Mapping[str, float], by_district: Mapping[str, Floats], areas: int
    ) -> Floats:
        row, column = (self._worst(side, indicators, by_district, areas) for side in self._sides)
        levels: Floats = self._table[row, column].astype(float)
        return levels

    @staticmethod
    def _worst(
        side: list[tuple[Criterion, Floats]],
        indicators: Mapping[str, float],
        by_district: Mapping[str, Floats],
        areas: int,
    ) -> Ints:
        """``(areas,)`` the worst class of the criteria of a side, from 0."""
        worst = np.zeros(areas, np.int64)
        for criterion, bounds in side:
            key = key_of(criterion.indicator, criterion.watch.of)
            local = by_district.get(key) if criterion.by_district else None
            passed = np.searchsorted(bounds, indicators[key] if local is None else local, side="right")
            worst = np.maximum(worst, passed if criterion.at_least is not None else len(bounds) - passed)
        return worst
