"""The outcomes of a replication, with their unit, meaning, computation and better direction.

The tables of a run, their units, the data dictionary, comparisons and the report's totals derive from
OUTCOMES. To add an outcome, add an entry here and its label and unit to the catalogues.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from surgesim.model.record import FACILITY_INDEX, PROVINCE_INDEX, Column, Floats

Better = Literal["lower", ""]
"""The better direction of an outcome, empty if neither is better, as for reported cases or bed-days."""

Group = Literal[
    "epidemic",
    "patients",
    "deaths",
    "need",
    "bed_days",
    "emergency",
    "oxygen",
    "staff",
    "other_patients",
    "transfers",
    "countermeasures",
    "money",
]
"""The subject of an outcome, by which the report groups its totals."""


@dataclass(frozen=True, slots=True)
class Days:
    """The daily tables from which outcomes are computed.

    Attributes
    ----------
    province
        ``(days, len(PROVINCE))`` daily values of the province.
    facilities
        ``(days, facilities, len(FACILITY))`` daily values of the facilities.
    private
        ``(facilities,)`` True for private facilities.
    """

    province: Floats
    facilities: Floats
    private: NDArray[np.bool_]

    def column(self, name: str) -> Floats:
        """Return a column of the province's table, by day."""
        return self.province[:, PROVINCE_INDEX[name]]

    def of_facilities(self, name: str) -> Floats:
        """Return a column of the facilities' table, by day and facility."""
        return self.facilities[:, :, FACILITY_INDEX[name]]


Compute = Callable[[Days], float]


def _total(*columns: str) -> Compute:
    return lambda days: float(sum(days.column(name).sum() for name in columns))


def _most(column: str) -> Compute:
    return lambda days: float(days.column(column).max())


def _at_end(column: str) -> Compute:
    return lambda days: float(days.column(column)[-1])


def _of_private(days: Days, name: str) -> Floats:
    return days.of_facilities(name)[:, days.private]


@dataclass(frozen=True, slots=True)
class Outcome:
    """An outcome of a replication.

    Attributes
    ----------
    name
        Name of its column in replications.csv.
    unit, meaning
        As shown in docs/data-dictionary.md.
    compute
        Function that computes its value from the daily tables.
    group
        The subject of the outcome.
    better
        The better direction: ``lower``, or empty if neither is better.
    deadly
        True if an increase outweighs any gain in other outcomes.
    """

    name: str
    unit: str
    meaning: str
    compute: Compute
    group: Group
    better: Better = "lower"
    deadly: bool = False

    @property
    def column(self) -> Column:
        """The definition of this outcome's column in the tables of a run."""
        return Column(self.name, self.unit, self.meaning)


OUTCOMES: tuple[Outcome, ...] = (
    Outcome(
        "infections",
        "people",
        "residents infected, imported infections included; empty if arrivals are given",
        _total("infections", "imported"),
        "epidemic",
    ),
    Outcome(
        "screened",
        "people",
        "people infected outside the province whom screening at entry finds; empty if arrivals are given",
        _total("screened"),
        "countermeasures",
        better="",
    ),
    Outcome(
        "reported_cases",
        "cases",
        "reported cases; empty if arrivals are given instead of an epidemic",
        _total("reported_cases"),
        "epidemic",
        better="",
    ),
    Outcome(
        "oxygen_patients", "patients", "patients who needed oxygen", _total("new_oxygen_need"), "patients"
    ),
    Outcome(
        "icu_patients", "patients", "patients who needed intensive care", _total("new_icu_need"), "patients"
    ),
    Outcome("deaths", "deaths", "all deaths", _total("deaths"), "deaths", deadly=True),
    Outcome(
        "deaths_unavoidable",
        "deaths",
        "deaths that full care would not have prevented",
        _total("deaths_unavoidable"),
        "deaths",
    ),
    Outcome(
        "deaths_thin_care",
        "deaths",
        "deaths due to understaffed care",
        _total("deaths_thin_care"),
        "deaths",
    ),
    Outcome(
        "deaths_untreated",
        "deaths",
        "deaths from lack of care: while boarding or untreated, of lower oxygen flows, or without drugs",
        _total("deaths_untreated"),
        "deaths",
        deadly=True,
    ),
    Outcome(
        "peak_present",
        "patients",
        "largest daily number of patients who need oxygen or ICU",
        _most("present"),
        "need",
    ),
    Outcome("peak_icu_need", "patients", "largest daily ICU need", _most("icu_need"), "need"),
    Outcome(
        "peak_without_bed",
        "patients",
        "largest daily number of patients without the bed they need",
        _most("without_bed"),
        "need",
    ),
    Outcome(
        "peak_shortfall_oxygen",
        "beds",
        "largest daily number of oxygen beds that the province lacks",
        _most("shortfall_oxygen"),
        "need",
    ),
    Outcome(
        "peak_shortfall_icu",
        "beds",
        "largest daily number of ICU beds that the province lacks",
        _most("shortfall_icu"),
        "need",
    ),
    Outcome(
        "waiting_days",
        "patient-days",
        "sum over days of patients waiting without a bed",
        lambda days: float((days.column("waiting_oxygen") + days.column("waiting_icu")).sum()),
        "need",
    ),
    Outcome(
        "boarding_days", "patient-days", "sum over days of patients boarding", _total("boarding"), "need"
    ),
    Outcome(
        "oxygen_bed_days",
        "bed-days",
        "sum over days of occupied oxygen beds",
        _total("occupied_oxygen"),
        "bed_days",
        better="",
    ),
    Outcome(
        "icu_bed_days",
        "bed-days",
        "sum over days of occupied ICU beds",
        _total("occupied_icu"),
        "bed_days",
        better="",
    ),
    Outcome(
        "situation_days",
        "days",
        "days of declared emergency, by the criteria that are assessed; empty if these cannot decide it",
        _total("situation"),
        "emergency",
    ),
    Outcome(
        "transferred_out",
        "patients",
        "patients sent to another province",
        _total("transferred_out"),
        "transfers",
        better="",
    ),
    Outcome(
        "patients_moved",
        "moves",
        "moves of patients between facilities that level the load",
        _total("moved_oxygen", "moved_icu"),
        "transfers",
        better="",
    ),
    Outcome(
        "icu_refused",
        "patients",
        "patients who were refused intensive care because a rule limits it",
        _total("icu_refused"),
        "transfers",
        better="",
    ),
    Outcome(
        "oxygen_used_kg",
        "kg",
        "oxygen used by COVID patients in facilities with a source",
        _total("oxygen_used_kg"),
        "oxygen",
        better="",
    ),
    Outcome(
        "oxygen_unmet_kg",
        "kg",
        "unmet oxygen need of COVID patients in facilities with a source",
        _total("oxygen_unmet_kg"),
        "oxygen",
    ),
    Outcome(
        "facility_days_dry",
        "facility-days",
        "time with a shortage of oxygen, summed over facilities",
        lambda days: float(days.of_facilities("dry").sum()),
        "oxygen",
    ),
    Outcome(
        "emergency_unserved",
        "patients",
        "non-COVID emergency patients turned away for lack of a bed or staff",
        _total("emergency_unserved"),
        "other_patients",
    ),
    Outcome(
        "deaths_other_patients",
        "deaths",
        "deaths of non-COVID patients because they were turned away or wait; empty if not modelled",
        _total("deaths_emergency_unserved", "deaths_elective_waiting"),
        "other_patients",
        deadly=True,
    ),
    Outcome(
        "emergency_unserved_private",
        "patients",
        "patients in `emergency_unserved` who were turned away by private facilities",
        lambda days: float(_of_private(days, "emergency_unserved").sum()),
        "other_patients",
    ),
    Outcome(
        "elective_backlog",
        "patients",
        "elective patients waiting at the end; empty if not modelled",
        _at_end("elective_backlog"),
        "other_patients",
    ),
    Outcome(
        "elective_backlog_private",
        "patients",
        "patients in `elective_backlog` who wait for private facilities",
        lambda days: float(_of_private(days, "elective_backlog")[-1].sum()),
        "other_patients",
    ),
    Outcome(
        "staff_absent_days",
        "share-days",
        "sum over days of the share of staff away; empty if not modelled",
        _total("staff_absent_share"),
        "staff",
    ),
    Outcome(
        "tests_used",
        "samples",
        "samples tested (0 if tests are unlimited)",
        _total("tests_used"),
        "countermeasures",
        better="",
    ),
    Outcome(
        "doses_given",
        "doses",
        "doses of the vaccine against the variant",
        _total("doses_given"),
        "countermeasures",
        better="",
    ),
    Outcome("cost", "currency", "cost in the scenario's currency", _total("cost"), "money"),
)

DEADLY = tuple(outcome.name for outcome in OUTCOMES if outcome.deadly)
"""Outcomes whose increase outweighs any gain; a plan that increases one of them is not called better."""


def outcomes_of(province: Floats, facilities: Floats, private: NDArray[np.bool_]) -> dict[str, float]:
    """Compute all outcomes of a replication, by name, from the daily tables of a Record."""
    days = Days(province, facilities, private)
    values = {outcome.name: outcome.compute(days) for outcome in OUTCOMES}
    # a single NaN object, so that outcomes of identical runs compare equal
    return {name: np.nan if np.isnan(value) else value for name, value in values.items()}


def in_groups(*groups: Group) -> tuple[str, ...]:
    """Return the names of the outcomes of the given groups, group by group."""
    return tuple(outcome.name for group in groups for outcome in OUTCOMES if outcome.group == group)
