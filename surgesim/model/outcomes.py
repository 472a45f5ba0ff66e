"""The outcomes of a replication, one declaration each: unit, meaning, computation, which side is better.

The tables of a run, their units, the data dictionary, comparisons and the report's totals derive from
OUTCOMES. To add an outcome, add an entry here and its words to the catalogues.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from surgesim.model.record import FACILITY_INDEX, PROVINCE_INDEX, Column, Floats

Better = Literal["lower", ""]
"""Which side of an outcome is better; empty where neither is: more testing reports more cases, and whoever
finds a bed uses it."""

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
"""What an outcome is about; the report's tables of totals are made of groups."""


@dataclass(frozen=True, slots=True)
class Days:
    """The daily tables from which outcomes are computed.

    Attributes
    ----------
    province
        ``(days, len(PROVINCE))``.
    facilities
        ``(days, facilities, len(FACILITY))``.
    private
        ``(facilities,)``: which of them are private.
    """

    province: Floats
    facilities: Floats
    private: NDArray[np.bool_]

    def column(self, name: str) -> Floats:
        """A column of the province, by day."""
        return self.province[:, PROVINCE_INDEX[name]]

    def of_facilities(self, name: str) -> Floats:
        """A column of the facilities, by day and facility."""
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
        Its column in replications.csv.
    unit, meaning
        As docs/data-dictionary.md has them.
    compute
        Its value from the daily tables.
    group
        What it is about.
    better
        Which side is better.
    deadly
        Whether more of it outweighs what a plan gains in any other outcome.
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
        """Its column in the tables of a run."""
        return Column(self.name, self.unit, self.meaning)


OUTCOMES: tuple[Outcome, ...] = (
    Outcome(
        "infections",
        "people",
        "residents infected, imports included; empty where arrivals are given",
        _total("infections", "imported"),
        "epidemic",
    ),
    Outcome(
        "reported_cases",
        "cases",
        "reported cases; empty where arrivals are given, not an epidemic",
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
        "deaths_thin_care", "deaths", "deaths because care was thin", _total("deaths_thin_care"), "deaths"
    ),
    Outcome(
        "deaths_untreated",
        "deaths",
        "capacity-attributable deaths: boarded or untreated",
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
        "largest daily number without the bed they need",
        _most("without_bed"),
        "need",
    ),
    Outcome(
        "waiting_days",
        "patient-days",
        "sum over days of patients in no bed",
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
        "days on which the declared emergency held, by the criteria that are assessed; empty where these "
        "cannot decide it",
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
        "oxygen_used_kg",
        "kg",
        "oxygen breathed in facilities with a source",
        _total("oxygen_used_kg"),
        "oxygen",
        better="",
    ),
    Outcome(
        "oxygen_unmet_kg", "kg", "oxygen wanted there and not breathed", _total("oxygen_unmet_kg"), "oxygen"
    ),
    Outcome(
        "facility_days_dry",
        "facility-days",
        "time without enough oxygen, summed over facilities",
        lambda days: float(days.of_facilities("dry").sum()),
        "oxygen",
    ),
    Outcome(
        "emergency_unserved",
        "patients",
        "emergencies without COVID-19 who found no bed or no staff",
        _total("emergency_unserved"),
        "other_patients",
    ),
    Outcome(
        "emergency_unserved_private",
        "patients",
        "of them, in private facilities",
        lambda days: float(_of_private(days, "emergency_unserved").sum()),
        "other_patients",
    ),
    Outcome(
        "elective_backlog",
        "patients",
        "elective patients who wait at the end; empty where not modelled",
        _at_end("elective_backlog"),
        "other_patients",
    ),
    Outcome(
        "elective_backlog_private",
        "patients",
        "of them, in private facilities",
        lambda days: float(_of_private(days, "elective_backlog")[-1].sum()),
        "other_patients",
    ),
    Outcome(
        "staff_absent_days",
        "share-days",
        "sum over days of the share of staff away; empty where not modelled",
        _total("staff_absent_share"),
        "staff",
    ),
    Outcome(
        "tests_used",
        "samples",
        "samples tested where tests have a limit",
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
"""Outcomes in which more is never better; what a plan with more of them gains elsewhere is not called so."""


def outcomes_of(province: Floats, facilities: Floats, private: NDArray[np.bool_]) -> dict[str, float]:
    """Every outcome of a replication by its name, from the daily tables of a Record."""
    days = Days(province, facilities, private)
    values = {outcome.name: outcome.compute(days) for outcome in OUTCOMES}
    # one NaN, so that outcomes of equal runs are equal
    return {name: np.nan if np.isnan(value) else value for name, value in values.items()}


def in_groups(*groups: Group) -> tuple[str, ...]:
    """The outcomes of some groups, a group after the other."""
    return tuple(outcome.name for group in groups for outcome in OUTCOMES if outcome.group == group)
