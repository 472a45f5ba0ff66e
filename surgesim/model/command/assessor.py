"""The daily assessment: the indicators of the province, its groups and its districts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from surgesim.model.command.districts import DistrictValues, values_of
from surgesim.model.command.indicators import Assessment, assess, compute
from surgesim.model.command.levels import LevelTable
from surgesim.model.command.reach import ReachCounts
from surgesim.model.province import Province
from surgesim.model.record import Floats, assessed_columns, key_of
from surgesim.scenario.schema.indicators import BY_GROUP, INDICATORS, Watch
from surgesim.scenario.schema.needs import beds_occupied, unmet_need
from surgesim.scenario.schema.scenario import Scenario

Own: TypeAlias = Callable[[int, Mapping[str, float]], Mapping[str, float]]
"""A function that computes extensions' indicators on a day, given the values of all other indicators."""


class Assessor:
    """The assessor, which computes each day's indicators and compares them with the thresholds.

    Attributes
    ----------
    not_assessed
        Keys (see `key_of`) of the indicators of the province, groups and items for which the scenario lacks
        data.
    """

    def __init__(self, scenario: Scenario, province: Province, reach: ReachCounts, own: Own) -> None:
        command, names = scenario.command, list(scenario.people.districts)
        self._command = command
        self._province = province
        self._reach = reach
        self._own = own
        self.not_assessed = _not_assessed(scenario)
        self._beds_counted = beds_occupied(scenario)
        self._residents = province.population.count.sum(axis=(1, 2))
        self._population = province.population.total
        self._levels = None if command.levels is None else LevelTable(command.levels)
        columns = [column.name for column in assessed_columns(command)]
        self._has_level = "epidemic_level" in columns
        self._groups: dict[str, list[str | None]] = {}
        for column in columns:
            name, _, group = column.partition(":")
            if name in BY_GROUP:
                self._groups.setdefault(name, []).append(group or None)
        self._wanted = command.by_district
        self._thresholds_local = command.in_districts
        self._in_districts = [
            (
                key_of(watch.indicator or "", watch.of, watch.district),
                watch.indicator,
                names.index(watch.district),
            )
            for watch in command.watches
            if watch.district is not None
        ]
        self._not_assessed_in: dict[str, NDArray[np.bool_]] = {
            name: np.array([unmet_need(scenario, Watch(name, district=place)) is not None for place in names])
            for name in self._wanted
            if name != "epidemic_level"  # a district's level depends on its own criteria
        }

    def assess(
        self, day: int, row: int, rows: Floats, districts: Floats, items: dict[str, float]
    ) -> Assessment:
        """Compute the indicators of the province and the districts at the end of `day`; check thresholds.

        Parameters
        ----------
        row
            The row of the day in the tables, which may begin before day 0.
        rows, districts
            ``(rows, len(PROVINCE))`` and ``(rows, districts, columns)``: the record up to `row`, without the
            columns of indicators.
        items
            The day's values of indicators that concern an item (a consumable or burden), by key (see
            `key_of`).
        """
        command, population = self._command, self._population
        seen = compute(rows, row, population, self._beds_counted) | items | self._of_groups(day)
        if self._has_level:
            seen["epidemic_level"] = np.nan  # replaced below if the scenario has a table of levels
        seen |= dict.fromkeys(self.not_assessed & seen.keys(), np.nan)
        seen |= self._own(day, seen)
        by_district: dict[str, Floats] = {}
        of_districts: dict[str, Floats] = {}
        if self._wanted:
            local = self._of_districts(day, row, districts, seen)
            of_districts = local.indicators
            by_district = {name: local.of(threshold) for name, threshold in self._thresholds_local.items()}
        assessment = assess(rows[row], population, command.thresholds, command.situation, seen, by_district)
        if "situation" in self.not_assessed:
            assessment.indicators["situation"] = np.nan
        return replace(assessment, of_districts=of_districts) if of_districts else assessment

    def _of_districts(self, day: int, row: int, table: Floats, seen: dict[str, float]) -> DistrictValues:
        """Compute the districts' indicators; add to `seen` the level and the indicators that rules watch."""
        local = values_of(
            self._province, self._wanted, self._residents, table, day, row, self._reach, self._beds_counted
        )
        values = local.indicators
        for indicator, missing in self._not_assessed_in.items():
            values[indicator] = np.where(missing, np.nan, values[indicator])
        if self._levels is not None:
            seen["epidemic_level"] = self._levels.of_province(seen)
            values["epidemic_level"] = self._levels.of_districts(seen, values, len(self._residents))
        for key, watched, place in self._in_districts:
            seen[key] = float(values[str(watched)][place])
        return local

    def _of_groups(self, day: int) -> dict[str, float]:
        """Compute timely access and deaths for the province and its groups, by key (see `key_of`)."""
        return {
            key_of(indicator, group): value
            for indicator, groups in self._groups.items()
            for group, value in zip(groups, self._reach.by_group(indicator, day, groups), strict=True)
        }


def _not_assessed(scenario: Scenario) -> frozenset[str]:
    """Return the keys for `Assessor.not_assessed`."""
    watches = {Watch(name) for name in INDICATORS} | set(scenario.command.watches)
    return frozenset(
        key_of(watch.indicator or "", watch.of)
        for watch in watches
        if watch.district is None and unmet_need(scenario, watch) is not None
    )
