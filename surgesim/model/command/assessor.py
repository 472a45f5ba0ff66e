"""The assessment of days: the indicators of the province, its groups and its districts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from surgesim.model.command.districts import DistrictBeds, DistrictValues, values_of
from surgesim.model.command.indicators import OF_PROVINCE, Assessment, Assessments, assess, compute
from surgesim.model.command.levels import LevelTable
from surgesim.model.command.reach import ReachCounts
from surgesim.model.province import Province
from surgesim.model.record import Floats, assessed_columns, key_of
from surgesim.scenario.schema.indicators import BY_GROUP, INDICATORS, Watch
from surgesim.scenario.schema.needs import beds_occupied, unmet_need
from surgesim.scenario.schema.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Tables:
    """The daily tables of a run, which begin `before` rows before day 0.

    Attributes
    ----------
    province, districts, facilities, logistics
        ``(rows, columns)``, ``(rows, districts, columns)``, ``(rows, facilities, columns)`` and
        ``(rows, columns)``, as in `Record`.
    """

    before: int
    province: Floats
    districts: Floats
    facilities: Floats
    logistics: Floats


Own: TypeAlias = Callable[[int, Mapping[str, float]], Mapping[str, float]]
"""A function that computes extensions' indicators on a day, given the values of all other indicators."""


class Assessor:
    """The assessor, which computes indicators and compares them with the thresholds.

    At the end of a day, `watched` computes those that rules watch; `assess` computes all of them, for one day
    or for many together.

    Parameters
    ----------
    tables
        The record, filled up to the days that are assessed.
    items
        Columns of the logistics that are indicators of an item, by key (see `key_of`).

    Attributes
    ----------
    not_assessed
        Keys (see `key_of`) of the indicators of the province, groups and items for which the scenario lacks
        data.
    one_by_one
        True if every day must be assessed before the next, because the scenario has extensions.
    """

    def __init__(
        self,
        scenario: Scenario,
        province: Province,
        reach: ReachCounts,
        own: Own,
        tables: Tables,
        items: Mapping[str, int],
    ) -> None:
        command, names = scenario.command, list(scenario.people.districts)
        self._command = command
        self._province = province
        self._reach = reach
        self._own = own
        self._tables = tables
        self._items = items
        self.one_by_one = bool(scenario.extensions)
        rows = len(tables.province)
        self._icu = np.zeros((2, rows, len(province.network.facilities)))
        self._without_bed = np.zeros((rows, len(names)))
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
        watches = {watch for rule in command.plan.values() for watch in (rule.begins_on, rule.ends_on)}
        keys = {key_of(watch.indicator, watch.of, watch.district) for watch in watches if watch.indicator}
        self._watched = tuple(key for key in keys if key in OF_PROVINCE)
        self._watched_items = tuple(key for key in keys if key in items)
        of_tables = len(self._watched) + len(self._watched_items) == len(keys)
        self._rules_watch_tables = of_tables and not self.one_by_one

    def note(self, row: int) -> None:
        """Keep what the tables lack of the end of a day, for its assessment."""
        today = self._province.capacity.today
        self._icu[:, row] = today.icu_staffed, today.icu_usable
        if "patients_without_bed" in self._wanted:
            self._without_bed[row] = self._province.journey.waits.without_bed_by_district()

    def watched(self, row: int) -> Assessment:
        """Compute the indicators that rules watch at the end of a day; call after `note`."""
        if not self._rules_watch_tables:
            return self.assess(slice(row, row + 1)).last()
        tables, rows = self._tables, slice(row, row + 1)
        seen = compute(tables.province, rows, self._population, self._beds_counted, self._watched)
        items = {name: tables.logistics[rows, self._items[name]] for name in self._watched_items}
        return Assessment(
            {
                key: np.nan if key in self.not_assessed else float(value[0])
                for key, value in (seen | items).items()
            }
        )

    def assess(self, rows: slice) -> Assessments:
        """Compute all indicators at the end of consecutive days, and compare them with the thresholds.

        With indicators of extensions, one day at a time.
        """
        command, population, tables = self._command, self._population, self._tables
        seen = compute(tables.province, rows, population, self._beds_counted)
        seen |= {name: tables.logistics[rows, place] for name, place in self._items.items()}
        seen |= self._of_groups(rows)
        empty = np.full(rows.stop - rows.start, np.nan)
        if self._has_level:
            seen["epidemic_level"] = empty  # replaced below if the scenario has a table of levels
        seen |= dict.fromkeys(self.not_assessed & seen.keys(), empty)
        if self.one_by_one:
            known = {key: float(values[0]) for key, values in seen.items()}
            own = self._own(rows.start - tables.before, known)
            seen |= {name: np.array([value]) for name, value in own.items()}
        by_district: dict[str, Floats] = {}
        of_districts: dict[str, Floats] = {}
        if self._wanted:
            local = self._of_districts(rows, seen)
            of_districts = local.indicators
            by_district = {name: local.of(threshold) for name, threshold in self._thresholds_local.items()}
        assessments = assess(
            tables.province,
            rows,
            population,
            command.thresholds,
            command.situation,
            seen,
            of_districts,
            by_district,
        )
        if "situation" in self.not_assessed:
            assessments.indicators["situation"] = empty
        return assessments

    def _of_districts(self, rows: slice, seen: dict[str, Floats]) -> DistrictValues:
        """Compute the districts' indicators; add to `seen` the level and the indicators that rules watch."""
        tables, network = self._tables, self._province.network
        beds = DistrictBeds(
            tables.facilities[rows], self._icu[:, rows], network.district_index, len(network.districts)
        )
        local = values_of(
            self._wanted,
            self._residents,
            tables.districts,
            rows,
            beds,
            self._without_bed[rows],
            self._reach,
            self._beds_counted,
        )
        values = local.indicators
        for indicator, missing in self._not_assessed_in.items():
            values[indicator] = np.where(missing, np.nan, values[indicator])
        if self._levels is not None:
            seen["epidemic_level"] = self._levels.of_province(seen)
            values["epidemic_level"] = self._levels.of_districts(seen, values, len(self._residents))
        for key, watched, place in self._in_districts:
            seen[key] = values[str(watched)][:, place]
        return local

    def _of_groups(self, rows: slice) -> dict[str, Floats]:
        """Compute timely access and deaths for the province and its groups, by key (see `key_of`)."""
        return {
            key_of(indicator, group): values
            for indicator, groups in self._groups.items()
            for group, values in zip(groups, self._reach.by_group(indicator, rows, groups), strict=True)
        }


def _not_assessed(scenario: Scenario) -> frozenset[str]:
    """Return the keys for `Assessor.not_assessed`."""
    watches = {Watch(name) for name in INDICATORS} | set(scenario.command.watches)
    return frozenset(
        key_of(watch.indicator or "", watch.of)
        for watch in watches
        if watch.district is None and unmet_need(scenario, watch) is not None
    )
