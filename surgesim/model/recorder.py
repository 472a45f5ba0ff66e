"""The recorder, which fills the tables of a Record day by day."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from surgesim.model.columns import Page
from surgesim.model.command.assessor import Assessor
from surgesim.model.command.indicators import Assessment
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
    logistics_columns,
)
from surgesim.scenario.schema.scenario import Scenario

_OF_INDICATORS = {
    "staffed_icu_all": "staffed_icu_beds_per_100k",
    "usable_icu_all": "usable_icu_beds_per_100k",
}
"""Columns that are empty if the indicator computed from them is not assessed."""

_ITEMS_SEEN = ("stock_cover_days:", "burden_backlog:")
"""Prefixes of the columns of consumables and burdens that rules and thresholds can use."""


class Recorder:
    """The tables of one replication while it runs.

    Attributes
    ----------
    so_far
        The days recorded so far, with the tables of the province, the districts and the facilities.
    """

    def __init__(self, scenario: Scenario, replication: int, run: Province) -> None:
        days, command, supply = scenario.days, scenario.command, scenario.supply
        districts, facilities = len(scenario.people.districts), len(scenario.care.facilities)
        self._replication = replication
        self._run = run
        self._parts = run.parts()
        self._before = Page()
        self._reach = ReachCounts(days, run.population.count, run.journey.ledger)
        self._district_columns = [column.name for column in district_columns(command)]
        self.so_far = SoFar(
            scenario,
            province=np.zeros((days, len(PROVINCE))),
            districts=np.zeros((days, districts, len(self._district_columns))),
            facilities=np.zeros((days, facilities, len(FACILITY))),
            district_index={name: place for place, name in enumerate(self._district_columns)},
        )
        self._assessor = Assessor(scenario, run, self._reach, OwnIndicators(self.so_far).on)
        self._blank = {column.name: column.default for column in PROVINCE}
        self._empty = {
            column: np.nan
            for column, indicator in _OF_INDICATORS.items()
            if indicator in self._assessor.not_assessed
        }
        self._filled_in_districts = (*DISTRICT, DISTRICT_PRESENT)[: len(self._district_columns)]
        self._states = np.zeros((days, facilities), np.int8)
        items = [column.name for column in logistics_columns(supply.consumables, supply.burdens)]
        self._items_seen = [(name, place) for place, name in enumerate(items) if name.startswith(_ITEMS_SEEN)]
        self._logistics = np.zeros((days, len(items)))
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

    def start_totals(self) -> None:
        """At t = 0, before anything happens, exclude the warm-up from the totals of the first day."""
        self._reach.begin()
        self._before = self._page()

    def begin(self) -> None:
        """At t = 0, with the beds of the first day, record the thresholds that are already breached."""
        self._write(0, self._page())
        start = self._assess(0)
        self._at_start[:] = start.breached
        if start.breached_by_district.size:
            self._at_start_local[:] = start.breached_by_district
        self.so_far.day, self.so_far.indicators = -1, {}
        self.so_far.facilities[0] = 0.0
        self.so_far.province[0] = 0.0

    def record(self, day: int) -> Assessment:
        """Fill the rows of a day and assess it."""
        self._reach.pass_day(day)
        page = self._page()
        self._write(day, page)
        self._before = page
        self._states[day] = self._run.states()
        assessment = self._assess(day)
        for name in assessment.indicators.keys() & PROVINCE_INDEX.keys():
            self.so_far.province[day, PROVINCE_INDEX[name]] = assessment.indicators[name]
        self._breached[day], self._values[day] = assessment.breached, assessment.values
        self._assessed[day] = [assessment.indicators[column] for column in self._assessed_columns]
        if assessment.breached_by_district.size:
            self._breached_local[day] = assessment.breached_by_district
            self._values_local[day] = assessment.values_by_district
        self.so_far.day, self.so_far.indicators = day, assessment.indicators
        return assessment

    def _page(self) -> Page:
        """Return a page on which all parts have written their current values."""
        page = Page()
        for part in self._parts:
            part.fill(page)
        return page

    def _write(self, day: int, page: Page) -> None:
        """Write a page into a day's rows; of running totals, write the increase since the last page."""
        before = self._before
        row = self._blank | page.province.changes_since(before.province) | self._empty
        self.so_far.province[day] = list(row.values())
        of_districts = page.districts.changes_since(before.districts)
        for place, column in enumerate(self._filled_in_districts):
            self.so_far.districts[day, :, place] = of_districts.get(column.name, column.default)
        for name, values in page.facilities.changes_since(before.facilities).items():
            self.so_far.facilities[day, :, FACILITY_INDEX[name]] = values
        self._logistics[day] = self._run.logistics.row()

    def _assess(self, day: int) -> Assessment:
        """Assess a day, and write the districts' indicators into their rows."""
        items = self._logistics[day].tolist()
        by_item = {name: items[place] for name, place in self._items_seen}
        assessment = self._assessor.assess(day, self.so_far.province, self.so_far.districts, by_item)
        for name, values in assessment.of_districts.items():
            self.so_far.districts[day, :, self._district_columns.index(name)] = values
        return assessment

    # -- the end -----------------------------------------------------------------------------------

    def count_check(self) -> None:
        """Count a day on which all identities held."""
        self._checks += 1

    def finish(self, actions: Iterable[ActionEvent]) -> Record:
        """Return the record of the run, including `actions`, the steps of the plan's rules."""
        return Record(
            self._replication,
            self.so_far.province,
            self.so_far.districts,
            self.so_far.facilities,
            self._states,
            self._logistics,
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
        )


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
        """Look at all facilities; from the first time on, also whenever a patient comes or leaves."""
        if not self.events:
            self._province.journey.report_occupancy(self._look_at)
        for facility in range(len(self._states)):
            self._look_at(facility)

    def _look_at(self, facility: int) -> None:
        state = self._province.state_of(facility)
        if state != self._states[facility]:
            self._states[facility] = state
            self.events.append(FacilityEvent(float(self._province.env.now), facility, state))
