"""The daily record of one replication: one flat table per level, every column documented here.

It stands alone so that `study` and `report` can read a run without knowing how it was simulated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surgesim.scenario.schema.indicators import BY_DISTRICT, BY_GROUP, INDICATORS, Indicator

if TYPE_CHECKING:
    from surgesim.scenario.schema.command import Command


class Column(NamedTuple):
    """A documented column: name, unit, meaning. Flows are per day, stocks are at 24:00."""

    name: str
    unit: str
    meaning: str


def _by_bed(name: str, unit: str, meaning: str) -> tuple[Column, ...]:
    return tuple(Column(f"{name}_{bed}", unit, meaning.format(bed=bed)) for bed in ("basic", "oxygen", "icu"))


def _columns(indicators: Iterable[Indicator]) -> tuple[Column, ...]:
    return tuple(Column(indicator.name, indicator.unit, indicator.meaning) for indicator in indicators)


CONSTRAINTS = ("space", "doctors", "nurses", "equipment", "pipes", "oxygen_stock")
"""What can bind a bed type; facility columns hold the index."""


def _bound(bed: str) -> tuple[Column, ...]:
    return tuple(
        Column(
            f"{bed}_bound_by_{what}",
            "share",
            f"share of the open {bed} beds in facilities where {what} binds",
        )
        for what in CONSTRAINTS
    )


PROVINCE: tuple[Column, ...] = (
    Column("infections", "people/day", "residents infected in the province (imports not counted)"),
    Column("imported", "people/day", "residents infected outside the province"),
    Column("infectious", "people", "people in the infectious stages"),
    Column("vaccinated", "people", "susceptible people whom the vaccine against the variant protects"),
    Column("doses_given", "doses/day", "doses of the vaccine given, health workers' among them"),
    Column("doses_without_effect", "doses/day", "doses whose effect was due that met nobody susceptible"),
    Column("susceptible", "people", "people not immune and not infected"),
    Column("reported_cases", "cases/day", "cases reported this day (empty where arrivals are given)"),
    Column("tests_used", "samples/day", "samples tested within the limit (0 where tests have none)"),
    Column("contacts_tested", "people/day", "of them, contacts of cases"),
    Column("waiting_for_test", "people", "people who found no test this day and will try again"),
    Column("isolated_infectious", "people", "infectious who isolate and infect nobody (an expected number)"),
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
    Column(
        "staffed_icu_all",
        "beds",
        "all ICU beds that staff on duty can look after at normal ratios, whoever lies in them, of the "
        "facilities whose staff is given; empty where that is of none with ICU beds",
    ),
    Column(
        "usable_icu_all",
        "beds",
        "of them, those with a ventilator and oxygen too, as far as these are given; empty where neither is",
    ),
    *_bound("oxygen"),
    *_bound("icu"),
    Column("waiting_oxygen", "patients", "patients in no bed who wait for an oxygen bed"),
    Column("waiting_icu", "patients", "patients in no bed who wait for an ICU bed"),
    Column("boarding", "patients", "patients who need ICU and lie in an oxygen bed"),
    Column("blocking", "patients", "patients ready to step down who hold an ICU bed"),
    Column("without_bed", "patients", "patients without the bed type they need for over no_bed_hours"),
    Column("admissions_oxygen", "patients/day", "admissions from outside a facility to oxygen beds"),
    Column("admissions_icu", "patients/day", "admissions from outside a facility to ICU beds"),
    Column("entries_icu", "patients/day", "all entries to ICU beds: from outside a facility, and from wards"),
    Column(
        "icu_need_served_share",
        "share",
        "of the patients who need ICU at 24:00 (`icu_need`), those in an ICU bed (1 where nobody needs it)",
    ),
    Column("transferred_out", "patients/day", "patients sent to another province"),
    Column("recovered", "patients/day", "patients who left recovered (from a bed or without one)"),
    Column("deaths", "deaths/day", "all deaths; the sum of the next three"),
    Column("deaths_unavoidable", "deaths/day", "would have died in full care too"),
    Column("deaths_thin_care", "deaths/day", "died because care was thin"),
    Column("deaths_untreated", "deaths/day", "capacity-attributable: died boarded or untreated"),
    Column(
        "staff_absent_share",
        "share",
        "clinical staff away, of those on the payroll (empty where not modelled)",
    ),
    Column("oxygen_used_kg", "kg/day", "oxygen breathed by COVID patients in facilities with a source"),
    Column("oxygen_unmet_kg", "kg/day", "oxygen wanted there and not breathed"),
    Column("oxygen_delivered_kg", "kg/day", "oxygen delivered into tanks and cylinders"),
    Column("oxygen_stock_kg", "kg", "oxygen in tanks and cylinders"),
    Column(
        "oxygen_cover_days", "days", "stock over what is drawn from it (365 where nothing is drawn, or more)"
    ),
    Column("facilities_out_of_oxygen", "facilities", "facilities whose stock is empty and plant too small"),
    Column("vehicles_away", "vehicles", "ambulances and boats under way"),
    Column("emergency_arrivals", "patients/day", "emergencies without COVID-19"),
    Column("emergency_unserved", "patients/day", "of them, who found no bed or no staff"),
    Column("elective_served", "patients/day", "elective patients admitted"),
    Column("elective_backlog", "patients", "elective patients who wait"),
    Column("emergency_served_7d_share", "share", "emergencies served over 7 days (1 where none came)"),
    Column("home_cases", "people", "reported mild cases at home (0 where care at home is not modelled)"),
    Column("home_cases_not_followed", "people", "of them, not followed by a team"),
    Column("without_package", "people/day", "newly followed who found no drug package"),
    Column("cost", "currency/day", "cost of the day in the scenario's currency"),
    *_columns(indicator for indicator in INDICATORS.values() if indicator.computed),
    Column("test_positivity", "share", "positive of the samples tested within the limit (0 where none)"),
    Column("test_capacity_used", "share", "samples tested of those there was a test for (0 without limit)"),
    Column(
        "vulnerable_vaccinated_share",
        "share",
        "people of the vulnerable groups who had a dose (0 where none)",
    ),
    *_columns([INDICATORS["situation"]]),
)

OF_EPIDEMIC = ("infections", "imported", "infectious", "susceptible", "reported_cases")
"""Columns of the province that are empty where arrivals are given, not an epidemic."""

DISTRICT: tuple[Column, ...] = (
    Column("infections", "people/day", "residents infected in the province"),
    Column("reported_cases", "cases/day", "cases reported this day among residents"),
    Column("new_oxygen_need", "patients/day", "residents who began to need oxygen"),
    Column("waiting_oxygen", "patients", "patients who are in the district, in line for an oxygen bed"),
    Column(
        "waiting_icu", "patients", "patients who are in the district, boarders too, in line for an ICU bed"
    ),
    Column("deaths", "deaths/day", "deaths of residents"),
)

PRESENT = len(DISTRICT)
"""Where the first column that only assessed districts have stands, after those of DISTRICT."""

DISTRICT_PRESENT = Column("present", "patients", "residents who need oxygen or ICU, step-down blockers too")

ASSESSED: tuple[Column, ...] = _columns(
    [INDICATORS["epidemic_level"], *(INDICATORS[name] for name in BY_GROUP)]
)
"""Daily columns of the province where the scenario asks for them."""

DISTRICT_ASSESSED: tuple[Column, ...] = tuple(
    Column(name, INDICATORS[name].unit, INDICATORS[name].by_district) for name in BY_DISTRICT
)
"""Daily columns of districts where the scenario asks for them, in the order of BY_DISTRICT."""

FACILITY: tuple[Column, ...] = (
    Column("staffed_basic", "beds", "basic beds open, staffed, equipped and supplied"),
    Column("staffed_oxygen", "beds", "oxygen beds open, staffed, equipped and supplied"),
    Column("staffed_icu", "beds", "ICU beds open, staffed, equipped and supplied"),
    Column("occupied_basic", "beds", "basic beds with a mild case"),
    Column("occupied_oxygen", "beds", "oxygen beds with a patient"),
    Column("occupied_icu", "beds", "ICU beds with a patient"),
    Column(
        "binding_basic",
        "index",
        "what binds basic beds: index into space, doctors, nurses, equipment, pipes, oxygen_stock",
    ),
    Column("binding_oxygen", "index", "what binds oxygen beds, likewise"),
    Column("binding_icu", "index", "what binds ICU beds, likewise"),
    Column("oxygen_used_kg", "kg/day", "oxygen breathed"),
    Column("oxygen_stock_kg", "kg", "oxygen in tank and cylinders"),
    Column("dry", "days/day", "part of the day without enough oxygen"),
    Column("emergency_unserved", "patients/day", "emergencies without COVID-19 who found no bed or no staff"),
    Column("elective_backlog", "patients", "elective patients who wait"),
)

STATES = ("closed", "preparing", "open", "standing-down")
"""Facility states; the record holds their index."""

OUTCOMES: tuple[Column, ...] = (
    Column("infections", "people", "residents infected, imports included; empty where arrivals are given"),
    Column("reported_cases", "cases", "reported cases; empty where arrivals are given, not an epidemic"),
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
    Column(
        "situation_days",
        "days",
        "days on which the declared emergency held, by the criteria that are assessed; empty where these "
        "cannot decide it",
    ),
    Column("transferred_out", "patients", "patients sent to another province"),
    Column("oxygen_used_kg", "kg", "oxygen breathed in facilities with a source"),
    Column("oxygen_unmet_kg", "kg", "oxygen wanted there and not breathed"),
    Column("facility_days_dry", "facility-days", "time without enough oxygen, summed over facilities"),
    Column("emergency_unserved", "patients", "emergencies without COVID-19 who found no bed or no staff"),
    Column("emergency_unserved_private", "patients", "of them, in private facilities"),
    Column("elective_backlog", "patients", "elective patients who wait at the end; empty where not modelled"),
    Column("elective_backlog_private", "patients", "of them, in private facilities"),
    Column(
        "staff_absent_days",
        "share-days",
        "sum over days of the share of staff away; empty where not modelled",
    ),
    Column("tests_used", "samples", "samples tested where tests have a limit"),
    Column("doses_given", "doses", "doses of the vaccine against the variant"),
    Column("cost", "currency", "cost in the scenario's currency"),
)

PROVINCE_INDEX = {column.name: i for i, column in enumerate(PROVINCE)}
DISTRICT_INDEX = {column.name: i for i, column in enumerate(DISTRICT)}
FACILITY_INDEX = {column.name: i for i, column in enumerate(FACILITY)}

Floats = NDArray[np.float64]


def assessed_columns(command: Command) -> tuple[Column, ...]:
    """The daily columns of the province that the section `command` asks for: level, who is reached."""
    named = {watch.indicator for watch in command.watches}
    wanted = {name for name in BY_GROUP if command.reach is not None or name in named}
    if command.levels is not None or "epidemic_level" in named:
        wanted.add("epidemic_level")
    by_name = {column.name: column for column in ASSESSED}
    groups = [
        Column(
            f"{watch.indicator}:{watch.of}", by_name[watch.indicator].unit, f"that of the group {watch.of}"
        )
        for watch in dict.fromkeys(command.watches)
        if watch.indicator in BY_GROUP and watch.of is not None
    ]
    return (*(column for column in ASSESSED if column.name in wanted), *dict.fromkeys(groups))


def district_columns(command: Command) -> tuple[Column, ...]:
    """The daily columns of districts: DISTRICT, and where districts are assessed what is assessed."""
    wanted = command.by_district
    if not wanted:
        return DISTRICT
    return (*DISTRICT, DISTRICT_PRESENT, *(column for column in DISTRICT_ASSESSED if column.name in wanted))


def logistics_columns(consumables: Iterable[str], burdens: Iterable[str]) -> tuple[Column, ...]:
    """The columns of a scenario's consumables and burdens, four and two of each."""
    columns: list[Column] = []
    for name in consumables:
        columns += [
            Column(f"stock:{name}", "units", "stock at 24:00"),
            Column(f"stock_used:{name}", "units/day", "used"),
            Column(f"stock_unmet:{name}", "units/day", "wanted and not there"),
            Column(f"stock_cover_days:{name}", "days", "stock above the reserve over mean use (at most 365)"),
        ]
    for name in burdens:
        columns += [
            Column(f"burden_made:{name}", "units/day", "made"),
            Column(f"burden_backlog:{name}", "units", "waiting for disposal at 24:00"),
        ]
    return tuple(columns)


MOST_DAYS_OF_COVER = 365.0
"""Cover is recorded as at most so many days."""


class ActionEvent(NamedTuple):
    """Something a rule did: `day` is the time in days from the start (3.0 is 00:00 of day 3), `what` one of
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
        ``(days, districts, columns)``, districts in the order of the scenario; columns as
        `district_columns` names them.
    facilities
        ``(days, facilities, len(FACILITY))``, facilities in the order of the scenario.
    states
        ``(days, facilities)``: index into STATES at 24:00.
    logistics
        ``(days, columns)``: consumables and burdens; columns as `logistics_columns` names them.
    assessed
        ``(days, columns)``: what else the command sees of the province; columns as `assessed_columns`
        names them.
    breached
        ``(days, thresholds)``: whether each threshold of the scenario was breached that day; of one that
        is assessed by district, in any of them.
    values
        ``(days, thresholds)``: the value of each threshold's indicator that day; of one that is assessed
        by district, the worst of them.
    breached_at_start
        ``(thresholds,)``: breached at t = 0, before anything happened.
    breached_by_district, values_by_district
        ``(days, thresholds by district, districts)``: the same in each district, for the thresholds that
        are assessed so.
    breached_at_start_by_district
        ``(thresholds by district, districts)``.
    reached
        ``(3, districts, 9, 2)`` by district, age and risk: patients who came to need a bed, those who got
        every bed they needed in time, deaths.
    actions
        What the plan's rules did, in order of time.
    outcomes
        One number per column of OUTCOMES.
    checks
        How often each identity was checked (all held, else the run would have stopped).
    drawn
        What the replication drew for the uncertain parameters, by path.
    """

    replication: int
    province: Floats
    districts: Floats
    facilities: Floats
    states: NDArray[np.int8]
    logistics: Floats
    breached: NDArray[np.bool_]
    values: Floats
    breached_at_start: NDArray[np.bool_]
    assessed: Floats
    breached_by_district: NDArray[np.bool_]
    values_by_district: Floats
    breached_at_start_by_district: NDArray[np.bool_]
    reached: NDArray[np.int64]
    actions: tuple[ActionEvent, ...]
    outcomes: dict[str, float]
    checks: dict[str, int]
    drawn: Mapping[str, float] = field(default_factory=dict)

    def series(self, column: str) -> Floats:
        """The province's daily series of one column, shape ``(days,)``."""
        return self.province[:, PROVINCE_INDEX[column]]
