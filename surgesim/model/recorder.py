"""The recorder, which fills the tables of a Record day by day."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import replace

import numpy as np
from simpy.events import Event

from surgesim.model.columns import Page
from surgesim.model.command.assessor import Assessor, Tables
from surgesim.model.command.indicators import WINDOW_DAYS, Assessment, Assessments
from surgesim.model.command.reach import ReachCounts
from surgesim.model.outcomes import outcomes_of
from surgesim.model.province import Province
from surgesim.model.reading import OwnIndicators, SoFar
from surgesim.model.record import (
    DISTRICT,
    DISTRICT_PRESENT,
    FACILITY,
    FACILITY_INDEX,
    PROVINCE,
    PROVINCE_INDEX,
    ActionEvent,
    FacilityEvent,
    Record,
    assessed_columns,
    district_columns,
    supply_columns,
)
from surgesim.model.surveillance.reported import INDICATORS as OF_REPORTS
from surgesim.model.surveillance.reported import SERIES, ReportedDays
from surgesim.scenario.schema.indicators import INDICATORS
from surgesim.scenario.schema.scenario import Scenario

_OF_INDICATORS = {
    "staffed_icu_all": "staffed_icu_beds_per_100k",
    "usable_icu_all": "usable_icu_beds_per_100k",
}
"""Columns that are empty if the indicator computed from them is not assessed."""

_RECORDED_INDICATORS = tuple(name for name in INDICATORS if name in PROVINCE_INDEX)
_INDICATOR_COLUMNS = [PROVINCE_INDEX[name] for name in _RECORDED_INDICATORS]

_ITEMS_SEEN = ("stock_cover_days:", "burden_backlog:")
"""Prefixes of the columns of consumables and burdens that rules and thresholds can use."""


class Recorder:
    """The tables of one replication while it runs.

    The tables of the province and the districts begin as many days before day 0 as 7-day windows and
    conditions with `for_days` look back; these rows are not part of the result. They hold what the scenario's
    history reports and, where it reports nothing, the last days of a warm-up.

    Attributes
    ----------
    past
        The assessments of days before day 0, oldest first.
    so_far
        The days recorded so far, with the tables of the province, the districts and the facilities.
    """

    def __init__(self, scenario: Scenario, replication: int, run: Province) -> None:
        days, command, supply = scenario.days, scenario.command, scenario.supply
        districts, facilities = len(scenario.people.districts), len(scenario.care.facilities)
        self._replication = replication
        self.past: list[Assessment] = []
        self._looked_back = max((rule.when.for_days for rule in command.plan.values()), default=1)
        self._reported = ReportedDays(scenario.past, list(scenario.people.districts))
        self._simulated = scenario.warm_up_days
        self._has_census = bool(scenario.care.initial_census)
        known = max(self._simulated, self._reported.days)
        before = min(known, WINDOW_DAYS - 1 + self._looked_back)
        self._before_run = before
        self._run = run
        self._parts = run.parts()
        self._before = Page()
        self._reach = ReachCounts(days, run.population.count, run.journey.ledger, before)
        self._district_columns = [column.name for column in district_columns(command)]
        self._province = np.zeros((before + days, len(PROVINCE)))
        self._districts = np.zeros((before + days, districts, len(self._district_columns)))
        self._facilities = np.zeros((before + days, facilities, len(FACILITY)))
        self.so_far = SoFar(
            scenario,
            province=self._province[before:],
            districts=self._districts[before:],
            facilities=self._facilities[before:],
            district_index={name: place for place, name in enumerate(self._district_columns)},
        )
        items = [column.name for column in supply_columns(supply)]
        self._logistics = np.zeros((before + days, len(items)))
        self._assessor = Assessor(
            scenario,
            run,
            self._reach,
            OwnIndicators(self.so_far).on,
            Tables(before, self._province, self._districts, self._facilities, self._logistics),
            {name: place for place, name in enumerate(items) if name.startswith(_ITEMS_SEEN)},
        )
        self._blank = {column.name: column.default for column in PROVINCE}
        self._empty = {
            column: np.nan
            for column, indicator in _OF_INDICATORS.items()
            if indicator in self._assessor.not_assessed
        }
        filled = (*DISTRICT, DISTRICT_PRESENT)[: len(self._district_columns)]
        self._filled_in_districts = {column.name: place for place, column in enumerate(filled)}
        self._districts[..., : len(filled)] = [column.default for column in filled]
        self._states = np.zeros((days, facilities), np.int8)
        self._private = np.array([f.ownership == "private" for f in scenario.care.facilities.values()])
        self._assessed_columns = [
            column.name for column in assessed_columns(command, scenario.own_indicators)
        ]
        self._assessed = np.zeros((days, len(self._assessed_columns)))
        thresholds, local = len(command.thresholds), len(command.in_districts)
        self._breached = np.zeros((days, thresholds), np.bool_)
        self._values = np.zeros((days, thresholds))
        self._at_start = np.zeros(thresholds, np.bool_)
        self._breached_local = np.zeros((days, local, districts), np.bool_)
        self._values_local = np.zeros((days, local, districts))
        self._at_start_local = np.zeros((local, districts), np.bool_)
        self._checks = 0

    # -- recording --------------------------------------------------------------------------------

    def pass_warm_up(self, day: int) -> None:
        """At the end of a day of the warm-up, keep the values that windows and conditions look back on."""
        if day < -self._before_run - 1:
            return
        page = self._page()
        if day >= -self._before_run:
            self._write(day, page)
            self._set_reported(day)
            if -self._looked_back <= day < -1:  # the last day is assessed at t = 0, with the census
                self.past.append(self._assess(day).last())
        self._before = page

    def start_totals(self) -> None:
        """At t = 0, before anything happens, exclude the warm-up from the totals of the first day."""
        self._reach.begin(self._run.epidemic)
        self._run.journey.ledger.waits.clear()
        self._run.journey.ledger.trips.clear()
        self._before = self._page()
        if self._before_run:
            self._look_back()
            self._set_stocks(-1, self._before)
            self._set_reported(-1)
            self.past.append(self._assess(-1).last())

    def _look_back(self) -> None:
        """Write and assess the days before day 0 that are not simulated, from the scenario's history.

        Cases and deaths that the history does not report are 0, as if nothing had happened before day 0. If
        it does not report the number of patients, that of day 0 is used.
        """
        unknown = range(-self._before_run, -self._simulated)
        present = self._before.province.values["present"], self._before.districts.values["present"]
        for day in unknown:
            row = self._before_run + day
            self._province[row] = np.nan
            self._districts[row] = np.nan
            for column in SERIES:
                of_province, of_districts = present if column == "present" else (0.0, np.zeros(1))
                self._province[row, PROVINCE_INDEX[column]] = of_province
                if column in self._district_columns:
                    self._districts[row, :, self._district_columns.index(column)] = of_districts
            self._set_reported(day)
        only_reported = [
            self._of_reports(self._assess(day).last()) for day in unknown if -self._looked_back <= day < -1
        ]
        self.past = [*only_reported, *self.past]

    def _set_reported(self, day: int) -> None:
        """Replace the values in a day's rows by the reported values, if there are any."""
        row = self._before_run + day
        for column in SERIES:
            if column == "reported_cases" and self._run.surveillance is None:
                continue  # not assessed with given arrivals
            if column == "present" and day == -1 and self._has_census:
                continue  # the census of 00:00 of day 0 is that of 24:00 of the day before
            value = self._reported.province(column, day)
            if not np.isnan(value):
                self._province[row, PROVINCE_INDEX[column]] = value
            if column in self._district_columns:
                place, values = self._district_columns.index(column), self._reported.districts(column, day)
                self._districts[row, :, place] = np.where(
                    np.isnan(values), self._districts[row, :, place], values
                )

    @staticmethod
    def _of_reports(assessment: Assessment) -> Assessment:
        """Return an assessment in which only indicators that the history determines have a value."""
        seen = {
            key: value if key.partition("@")[0] in OF_REPORTS else np.nan
            for key, value in assessment.indicators.items()
        }
        return replace(assessment, indicators=seen)

    def begin(self) -> None:
        """At t = 0, with the beds of the first day, record the thresholds that are already breached."""
        day = -1 if self._before_run else 0
        if self._before_run:
            self._set_stocks(day, self._page())
            self._set_reported(day)
        else:
            self._write(day, self._page())
        start = self._assess(day)
        self._at_start[:] = start.breached[-1]
        if self._at_start_local.size:
            self._at_start_local[:] = start.breached_by_district[-1]
        self.so_far.day, self.so_far.indicators = -1, {}
        self.so_far.facilities[0] = 0.0
        self.so_far.province[0] = 0.0

    def record(self, day: int) -> Assessment:
        """Fill the rows of a day; return what the command sees of it."""
        self._reach.pass_day(day)
        page = self._page()
        self._write(day, page)
        self._before = page
        self._states[day] = self._run.states()
        row = self._before_run + day
        self._assessor.note(row)
        self.so_far.day = day
        if self._assessor.one_by_one:
            assessment = self._keep(slice(row, row + 1)).last()
            self.so_far.indicators = assessment.indicators
            return assessment
        return self._assessor.watched(row)

    def _keep(self, rows: slice) -> Assessments:
        """Assess consecutive days from day 0 on, and keep the results."""
        found = self._assessor.assess(rows)
        days = slice(rows.start - self._before_run, rows.stop - self._before_run)
        self._write_districts(rows, found)
        for name, column in zip(_RECORDED_INDICATORS, _INDICATOR_COLUMNS, strict=True):
            self._province[rows, column] = found.indicators[name]
        self._breached[days], self._values[days] = found.breached, found.values
        for place, name in enumerate(self._assessed_columns):
            self._assessed[days, place] = found.indicators[name]
        if self._values_local.size:
            self._breached_local[days] = found.breached_by_district
            self._values_local[days] = found.values_by_district
        return found

    def _page(self) -> Page:
        """Return a page on which all parts have written their current values."""
        page = Page()
        for part in self._parts:
            part.fill(page)
        page.districts.close()
        page.facilities.close()
        return page

    def _write(self, day: int, page: Page) -> None:
        """Write a page into a day's rows; for running totals, write the increase since the last page."""
        before, row = self._before, self._before_run + day
        of_province = self._blank | page.province.changes_since(before.province) | self._empty
        self._province[row] = list(of_province.values())
        names, of_districts = page.districts.changes_since(before.districts)
        filled = [column for column, name in enumerate(names) if name in self._filled_in_districts]
        columns = [self._filled_in_districts[names[column]] for column in filled]
        self._districts[row][:, columns] = of_districts[:, filled]
        names, of_facilities = page.facilities.changes_since(before.facilities)
        self._facilities[row][:, [FACILITY_INDEX[name] for name in names]] = of_facilities
        self._logistics[row] = self._run.logistics.row()

    def _set_stocks(self, day: int, page: Page) -> None:
        """Replace the stocks in a day's rows, and keep the flows."""
        row = self._before_run + day
        for name, value in (page.province.values | self._empty).items():
            self._province[row, PROVINCE_INDEX[name]] = value
        for name, values in page.districts.values.items():
            if name in self._filled_in_districts:
                self._districts[row, :, self._filled_in_districts[name]] = values
        for name, values in page.facilities.values.items():
            self._facilities[row, :, FACILITY_INDEX[name]] = values

    def _assess(self, day: int) -> Assessments:
        """Assess a day before the first is over, and write the districts' indicators into their rows."""
        rows = slice(self._before_run + day, self._before_run + day + 1)
        self._reach.note(day)
        self._assessor.note(rows.start)
        found = self._assessor.assess(rows)
        self._write_districts(rows, found)
        return found

    def _write_districts(self, rows: slice, found: Assessments) -> None:
        for name, values in found.of_districts.items():
            self._districts[rows, :, self._district_columns.index(name)] = values

    # -- the end -----------------------------------------------------------------------------------

    def count_check(self) -> None:
        """Count a day on which all identities held."""
        self._checks += 1

    def finish(self, actions: Iterable[ActionEvent]) -> Record:
        """Return the record of the run, including `actions`, the steps of the plan's rules."""
        if not self._assessor.one_by_one:
            self._keep(slice(self._before_run, len(self._province)))
        ledger = self._run.journey.ledger
        waits = [(*key, count) for key, count in sorted(ledger.waits.items())]
        trips = [(*key, count) for key, count in sorted(ledger.trips.items())]
        return Record(
            self._replication,
            self.so_far.province,
            self.so_far.districts,
            self.so_far.facilities,
            self._states,
            self._logistics[self._before_run :],
            self._breached,
            self._values,
            self._at_start,
            self._assessed,
            self._breached_local,
            self._values_local,
            self._at_start_local,
            self._reach.totals(),
            tuple(actions),
            outcomes_of(self.so_far.province, self.so_far.facilities, self._private),
            {"days checked": self._checks},
            np.array(waits, np.int64).reshape(-1, 4),
            np.array(trips, np.int64).reshape(-1, 4),
        )


class StockWatch:
    """Notes the oxygen stock of each facility every hour of the run.

    Attributes
    ----------
    by_hour
        For each hour from 00:00 of day 0: kg by facility, NaN without a source of oxygen.
    """

    def __init__(self, province: Province) -> None:
        self._province = province
        self.by_hour: list[list[float]] = []
        province.env.process(self._hours())

    def _hours(self) -> Generator[Event, object, None]:
        env, supply = self._province.env, self._province.supply
        none = [np.nan] * len(self._province.facilities.sites)
        for hour in range(24 * self._province.end_day):
            yield env.at(hour / 24)
            self.by_hour.append(none if supply is None else supply.stocks_now())


class StateWatch:
    """Notes each change of a facility's state when it happens.

    Attributes
    ----------
    events
        The states at the first look, and all changes since.
    """

    def __init__(self, province: Province) -> None:
        self._province = province
        self._states: list[int | None] = [None] * len(province.facilities.sites)
        self.events: list[FacilityEvent] = []

    def look(self) -> None:
        """Note the states of all facilities; the first call also starts to watch patients come and leave."""
        if not self.events:
            self._province.journey.report_occupancy(self._look_at)
        for facility in range(len(self._states)):
            self._look_at(facility)

    def _look_at(self, facility: int) -> None:
        state = self._province.state_of(facility)
        if state != self._states[facility]:
            self._states[facility] = state
            self.events.append(FacilityEvent(float(self._province.env.now), facility, state))
