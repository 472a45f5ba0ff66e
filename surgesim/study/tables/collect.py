"""Accumulation of the replications of one alternative into arrays, so that records can be discarded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from io import BytesIO
from typing import IO

import numpy as np
from numpy.typing import NDArray

from surgesim.model.record import (
    CONSTRAINTS,
    DISTRICT,
    FACILITY_INDEX,
    STATES,
    ActionEvent,
    Column,
    Record,
    assessed_columns,
    district_columns,
    supply_columns,
)
from surgesim.scenario.schema.base import AGE_GROUPS, RISK_GROUPS
from surgesim.scenario.schema.command import Command
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.bed_days import BedDays, places_of
from surgesim.study.measures.binding import BEDS, BindingDays
from surgesim.study.measures.breaches import Breaches, breach_names, breached_by_day, breaches_of
from surgesim.study.measures.outcomes import outcome_row
from surgesim.study.measures.reached import Groups
from surgesim.study.tables.daily_values import DailyValues

Floats = NDArray[np.float64]

BY_DISTRICT = tuple(column for column in DISTRICT if column.name in ("reported_cases", "deaths"))
"""Indicators that are always summarised by district; the others are only in daily.parquet."""

_STAFFED = [FACILITY_INDEX[name] for name in ("staffed_basic", "staffed_oxygen", "staffed_icu")]
_STAFFED_BED = [FACILITY_INDEX[f"staffed_{bed}"] for bed in BEDS]
_OCCUPIED_BED = [FACILITY_INDEX[f"occupied_{bed}"] for bed in BEDS]
_BINDING_BED = [FACILITY_INDEX[f"binding_{bed}"] for bed in BEDS]
_TOTALLED = [FACILITY_INDEX[name] for name in ("oxygen_used_kg", "dry", "emergency_unserved")]
_OPEN = STATES.index("open")


def items_of(scenario: Scenario) -> tuple[Column, ...]:
    """Return the daily columns of the scenario's consumables, burdens and costs."""
    return supply_columns(scenario.supply)


def scenario_columns(scenario: Scenario) -> tuple[Column, ...]:
    """Return the scenario-specific daily columns of the province: items and assessed indicators."""
    return (*items_of(scenario), *assessed_columns(scenario.command, scenario.own_indicators))


def district_columns_kept(command: Command) -> tuple[Column, ...]:
    """Return the daily columns summarised by district.

    These are BY_DISTRICT, the indicators of thresholds assessed by district, and the epidemic level.
    """
    watched = {threshold.indicator for threshold in command.in_districts.values()} | {"epidemic_level"}
    assessed = district_columns(command)[len(DISTRICT) :]
    return (*BY_DISTRICT, *(column for column in assessed if column.name in watched))


class Collection:
    """The collected replications of one alternative, in order.

    Parameters
    ----------
    scenario
        The scenario of the alternative.
    replications
        Max number of replications.
    file
        The file in which daily values are kept, by default in memory.

    Attributes
    ----------
    daily
        The columns of PROVINCE, those of `scenario_columns`, then, district by district, those of
        `district_columns_kept`.
    binding
        The days on which each constraint binds.
    groups
        The population groups for timely access.
    reached
        ``(replications, 4, districts, 9, 2)``: patients, patients in time, deaths and infections, by
        district, age and risk.
    numbers
        The index of each replication.
    breaches, outcomes
        The breaches and the outcomes of each replication.
    draws
        The values of the uncertain parameters, by path, one mapping per replication.
    actions
        The actions of the plan, one tuple per replication.
    breached
        ``(days, rows)``: number of replications in which each row of the breach table is in breach.
    states
        ``(days, facilities, len(STATES))``: number of replications in each state.
    first_open
        ``(replications, facilities)``: first day with a staffed COVID bed; infinite if never.
    open_days
        ``(replications, facilities)``: days with a staffed COVID bed.
    peak_occupied
        ``(replications, facilities, len(BEDS))``: peak number of occupied beds.
    bed_days
        ``(2, facilities, len(BEDS))``: occupied and staffed bed-days, summed over replications.
    bound_days
        ``(facilities, len(BEDS), len(CONSTRAINTS))``: days on which the facility is open and the
        constraint binds its beds, summed over replications.
    totals
        ``(4, facilities)``: oxygen used (kg), days without enough oxygen, emergencies not served, and
        elective patients waiting at the end, each summed over replications.
    trips
        Patients by origin, facility and bed type, as in `Record.trips`, summed over replications.
    facility_beds, district_beds
        The beds of the facilities, and of the districts that have any.
    """

    def __init__(self, scenario: Scenario, replications: int, file: IO[bytes] | None = None) -> None:
        days, facilities = scenario.days, len(scenario.care.facilities)
        districts = len(scenario.people.districts)
        self.scenario = scenario
        self.daily = DailyValues(BytesIO() if file is None else file)
        self.binding = BindingDays()
        names = [column.name for column in district_columns(scenario.command)]
        self._kept = [names.index(column.name) for column in district_columns_kept(scenario.command)]
        self.groups = Groups(scenario)
        self.reached = np.empty((replications, 4, districts, len(AGE_GROUPS), len(RISK_GROUPS)), np.int64)
        self.numbers: list[int] = []
        self.breaches: list[Breaches] = []
        self.outcomes: list[dict[str, float]] = []
        self.draws: list[Mapping[str, float]] = []
        self.actions: list[tuple[ActionEvent, ...]] = []
        self.breached = np.zeros((days, len(breach_names(scenario.command))), dtype=np.int64)
        self.states = np.zeros((days, facilities, len(STATES)), dtype=np.int64)
        self.first_open: Floats = np.empty((replications, facilities))
        self.open_days: Floats = np.empty((replications, facilities))
        self.peak_occupied: Floats = np.empty((replications, facilities, len(BEDS)))
        self.bed_days: Floats = np.zeros((2, facilities, len(BEDS)))
        self.bound_days = np.zeros((facilities, len(BEDS), len(CONSTRAINTS)), dtype=np.int64)
        self.totals: Floats = np.zeros((4, facilities))
        self.trips: Counter[tuple[int, int, int]] = Counter()
        self.facility_beds = BedDays(days, [(f,) for f in range(facilities)], replications)
        self.district_beds = BedDays(days, list(places_of(scenario).values()), replications)

    def add(self, record: Record) -> None:
        """Add the next replication."""
        k = len(self.breaches)
        self.numbers.append(record.replication)
        of_districts = record.districts[:, :, self._kept].reshape(len(record.province), -1)
        self.daily.add(np.hstack([record.province, record.logistics, record.assessed, of_districts]))
        self.binding.add(record.province)
        self.reached[k] = record.reached
        self.breaches.append(breaches_of(self.scenario, record))
        self.outcomes.append(outcome_row(self.scenario, record, self.breaches[k]))
        self.draws.append(record.drawn)
        self.actions.append(record.actions)
        self.breached += breached_by_day(self.scenario, record)
        self.states += record.states[:, :, None] == np.arange(len(STATES))
        staffed = (record.facilities[:, :, _STAFFED] > 0).any(axis=2)
        self.first_open[k] = np.where(staffed.any(axis=0), staffed.argmax(axis=0), np.inf)
        self.open_days[k] = staffed.sum(axis=0)
        occupied = record.facilities[:, :, _OCCUPIED_BED]
        self.peak_occupied[k] = occupied.max(axis=0)
        self.bed_days[0] += occupied.sum(axis=0)
        self.bed_days[1] += record.facilities[:, :, _STAFFED_BED].sum(axis=0)
        is_open = (record.states == _OPEN)[:, :, None]
        for i in range(len(CONSTRAINTS)):
            bound = record.facilities[:, :, _BINDING_BED] == i
            self.bound_days[:, :, i] += (bound & is_open).sum(axis=0)
        self.totals[:3] += record.facilities[:, :, _TOTALLED].sum(axis=0).T
        for origin, facility, bed, number in record.trips.tolist():
            self.trips[origin, facility, bed] += number
        self.facility_beds.add(record)
        self.district_beds.add(record)
        self.totals[3] += record.facilities[-1, :, FACILITY_INDEX["elective_backlog"]]

    def close(self) -> None:
        """Release the space reserved for replications that were not run."""
        count = self.replications
        self.reached = self.reached[:count]
        self.first_open, self.open_days = self.first_open[:count], self.open_days[:count]
        self.peak_occupied = self.peak_occupied[:count]

    @property
    def replications(self) -> int:
        """Number of replications added so far."""
        return len(self.breaches)
