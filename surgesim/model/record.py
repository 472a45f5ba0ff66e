"""The daily record of one replication: one flat table per level, every column documented here.

It stands alone so that `study` and `report` can read a run without knowing how it was simulated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Column(NamedTuple):
    """A documented column: name, unit, meaning. Flows are per day, stocks are at 24:00."""

    name: str
    unit: str
    meaning: str


def _by_bed(name: str, unit: str, meaning: str) -> tuple[Column, ...]:
    return tuple(Column(f"{name}_{bed}", unit, meaning.format(bed=bed)) for bed in ("basic", "oxygen", "icu"))


PROVINCE: tuple[Column, ...] = (
    Column("infections", "people/day", "residents infected in the province (imports not counted)"),
    Column("imported", "people/day", "residents infected outside the province"),
    Column("infectious", "people", "people in the infectious stages"),
    Column("susceptible", "people", "people not immune and not infected"),
    Column("reported_cases", "cases/day", "cases reported this day"),
    Column("new_oxygen_need", "patients/day", "patients who began to need oxygen"),
    Column("new_icu_need", "patients/day", "patients who began to need intensive care"),
    Column("oxygen_need", "patients", "oxygen-bed need: in an oxygen bed for it, waiting or travelling"),
    Column("icu_need", "patients", "ICU need: in an ICU bed for it, boarding, waiting or travelling"),
    Column("present", "patients", "all patients who need oxygen or ICU, step-down blockers too"),
    Column("mild_in_isolation", "people", "mild cases isolated in basic beds"),
    Column("isolation_refused", "people/day", "mild cases to be isolated who found no basic bed"),
    *_by_bed("open", "beds", "{bed} beds open to COVID patients (space)"),
    *_by_bed("staffed", "beds", "{bed} beds open to COVID patients that are staffed, equipped and supplied"),
    *_by_bed("occupied", "beds", "{bed} beds with a COVID patient"),
    *_by_bed("held", "beds", "{bed} beds held for a patient on the way"),
    *_by_bed("vacant", "beds", "{bed} staffed beds neither occupied nor held"),
    Column("staffed_icu_all", "beds", "all staffed ICU beds of the province, whoever lies in them"),
    Column("waiting_oxygen", "patients", "patients in no bed who wait for an oxygen bed"),
    Column("waiting_icu", "patients", "patients in no bed who wait for an ICU bed"),
    Column("boarding", "patients", "patients who need ICU and lie in an oxygen bed"),
    Column("blocking", "patients", "patients ready to step down who hold an ICU bed"),
    Column("without_bed", "patients", "patients without the bed type they need for over no_bed_hours"),
    Column("admissions_oxygen", "patients/day", "admissions from outside a facility to oxygen beds"),
    Column("admissions_icu", "patients/day", "admissions from outside a facility to ICU beds"),
    Column("recovered", "patients/day", "patients who left recovered (from a bed or without one)"),
    Column("deaths", "deaths/day", "all deaths; the sum of the next three"),
    Column("deaths_unavoidable", "deaths/day", "would have died in full care too"),
    Column("deaths_thin_care", "deaths/day", "died because care was thin"),
    Column("deaths_untreated", "deaths/day", "capacity-attributable: died boarded or untreated"),
    Column("weekly_reported_cases_per_100k", "cases/100,000/week", "reported cases of the last 7 days"),
    Column("oxygen_need_7d_per_100k", "patients/100,000", "mean over 7 days of `present`"),
    Column("patients_without_bed", "patients", "`without_bed` as the command sees it"),
    Column("vacant_covid_beds_per_100k", "beds/100,000", "vacant COVID beds of all types"),
    Column("staffed_icu_beds_per_100k", "beds/100,000", "`staffed_icu_all` per 100,000"),
    Column("oxygen_occupancy", "share", "occupied and held over staffed oxygen beds (1 where none)"),
    Column("icu_occupancy", "share", "occupied and held over staffed ICU beds (1 where none)"),
    Column("icu_need_per_100k", "patients/100,000", "`icu_need` per 100,000"),
    Column("deaths_7d_per_100k", "deaths/100,000/week", "deaths of the last 7 days"),
    Column("situation", "0 or 1", "1 while the declared emergency holds"),
)

DISTRICT: tuple[Column, ...] = (
    Column("infections", "people/day", "residents infected in the province"),
    Column("reported_cases", "cases/day", "cases reported this day among residents"),
    Column("new_oxygen_need", "patients/day", "residents who began to need oxygen"),
    Column("waiting_oxygen", "patients", "residents in no bed who wait for an oxygen bed"),
    Column("waiting_icu", "patients", "residents in no bed or boarding who wait for an ICU bed"),
    Column("deaths", "deaths/day", "deaths of residents"),
)

FACILITY: tuple[Column, ...] = (
    Column("staffed_basic", "beds", "basic beds open, staffed, equipped and supplied"),
    Column("staffed_oxygen", "beds", "oxygen beds open, staffed, equipped and supplied"),
    Column("staffed_icu", "beds", "ICU beds open, staffed, equipped and supplied"),
    Column("occupied_basic", "beds", "basic beds with a mild case"),
    Column("occupied_oxygen", "beds", "oxygen beds with a patient"),
    Column("occupied_icu", "beds", "ICU beds with a patient"),
)

STATES = ("closed", "preparing", "open", "standing-down")
"""Facility states; the record holds their index."""

OUTCOMES: tuple[Column, ...] = (
    Column("infections", "people", "residents infected, imports included"),
    Column("reported_cases", "cases", "reported cases"),
    Column("oxygen_patients", "patients", "patients who needed oxygen"),
    Column("icu_patients", "patients", "patients who needed intensive care"),
    Column("deaths", "deaths", "all deaths"),
    Column("deaths_unavoidable", "deaths", "deaths that full care would not have prevented"),
    Column("deaths_thin_care", "deaths", "deaths because care was thin"),
    Column("deaths_untreated", "deaths", "capacity-attributable deaths: boarded or untreated"),
    Column("peak_present", "patients", "largest daily number of patients who need oxygen or ICU"),
    Column("peak_icu_need", "patients", "largest daily ICU need"),
    Column("peak_without_bed", "patients", "largest daily number without the bed they need"),
    Column("waiting_days", "patient-days", "sum over days of patients in no bed"),
    Column("boarding_days", "patient-days", "sum over days of patients boarding"),
    Column("oxygen_bed_days", "bed-days", "sum over days of occupied oxygen beds"),
    Column("icu_bed_days", "bed-days", "sum over days of occupied ICU beds"),
    Column("situation_days", "days", "days on which the declared emergency held"),
)

PROVINCE_INDEX = {column.name: i for i, column in enumerate(PROVINCE)}
DISTRICT_INDEX = {column.name: i for i, column in enumerate(DISTRICT)}
FACILITY_INDEX = {column.name: i for i, column in enumerate(FACILITY)}

Floats = NDArray[np.float64]


class ActionEvent(NamedTuple):
    """Something a rule did: `day` is the time in days from the start, `what` one of
    fired, ordered, phase 1.., ended, stood down."""

    day: float
    rule: str
    what: str


@dataclass(frozen=True, slots=True)
class Record:
    """All that is kept of one replication of one scenario.

    Attributes
    ----------
    replication
        Index of the replication, from 0.
    province
        ``(days, len(PROVINCE))``; row d is day d, assessed at its 24:00.
    districts
        ``(days, districts, len(DISTRICT))``, districts in the order of the scenario.
    facilities
        ``(days, facilities, len(FACILITY))``, facilities in the order of the scenario.
    states
        ``(days, facilities)``: index into STATES at 24:00.
    breached
        ``(days, thresholds)``: whether each threshold of the scenario was breached that day.
    values
        ``(days, thresholds)``: the value of each threshold's indicator that day.
    breached_at_start
        ``(thresholds,)``: breached at t = 0, before anything happened.
    actions
        What the plan's rules did, in order of time.
    outcomes
        One number per column of OUTCOMES.
    checks
        How often each identity was checked (all held, else the run would have stopped).
    """

    replication: int
    province: Floats
    districts: Floats
    facilities: Floats
    states: NDArray[np.int8]
    breached: NDArray[np.bool_]
    values: Floats
    breached_at_start: NDArray[np.bool_]
    actions: tuple[ActionEvent, ...]
    outcomes: dict[str, float]
    checks: dict[str, int]

    def series(self, column: str) -> Floats:
        """The province's daily series of one column, shape ``(days,)``."""
        return self.province[:, PROVINCE_INDEX[column]]
