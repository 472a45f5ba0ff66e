"""The daily record of one replication: flat tables of the province, its districts and its facilities.

The order of columns is defined here. Most columns are declared by the parts of the model that fill them.
`study` and `report` read a run through this module, without knowing how it was simulated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surgesim.model.capacity import capacity, essential, intensive, logistics, other_deaths, staff
from surgesim.model.capacity.facilities import STATES
from surgesim.model.capacity.logistics import COST_CATEGORIES, PAYERS, logistics_columns, supply_columns
from surgesim.model.capacity.staff import BINDS, CONSTRAINTS
from surgesim.model.care import basic_beds, home, journey, network, oxygen, wards
from surgesim.model.care.course import ledger, waits
from surgesim.model.care.course.events import EVENTS, LAST_EVENTS, NO_BED_EVENTS, LogEntry
from surgesim.model.columns import PER, PER_MILLION, Column, Floats
from surgesim.model.epidemic import reaction, spread, vaccination, visitors
from surgesim.model.surveillance import case_isolation, confinement, detection, laboratories
from surgesim.scenario.schema.command import Command
from surgesim.scenario.schema.indicators import BY_DISTRICT, BY_GROUP, INDICATORS, Indicator, OwnIndicator

__all__ = [
    "ASSESSED",
    "BINDS",
    "CONSTRAINTS",
    "COST_CATEGORIES",
    "DISTRICT",
    "DISTRICT_ASSESSED",
    "DISTRICT_INDEX",
    "DISTRICT_PRESENT",
    "EVENTS",
    "FACILITY",
    "FACILITY_INDEX",
    "LAST_EVENTS",
    "NO_BED_EVENTS",
    "PAYERS",
    "PER",
    "PER_MILLION",
    "PRESENT",
    "PROVINCE",
    "PROVINCE_INDEX",
    "STATES",
    "ActionEvent",
    "Column",
    "FacilityEvent",
    "Floats",
    "LogEntry",
    "Record",
    "assessed_columns",
    "district_columns",
    "key_of",
    "logistics_columns",
    "supply_columns",
]


def _columns(indicators: Iterable[Indicator]) -> tuple[Column, ...]:
    return tuple(Column(indicator.name, indicator.unit, indicator.meaning) for indicator in indicators)


PROVINCE: tuple[Column, ...] = (
    *spread.INFECTIONS,
    *visitors.COLUMNS,
    spread.VACCINATED_PEOPLE,
    *vaccination.DOSES,
    spread.SUSCEPTIBLE,
    reaction.GIVEN_UP,
    detection.REPORTED,
    *laboratories.TESTS,
    case_isolation.ISOLATED,
    *confinement.COLUMNS,
    *ledger.NEEDS,
    *basic_beds.COLUMNS,
    *capacity.SPACE_OPEN,
    *wards.COLUMNS,
    *capacity.ALL_ICU_BEDS,
    capacity.UNEQUIPPED,
    *capacity.IN_ICU,
    *capacity.MOVED,
    *capacity.BOUND,
    *ledger.PLACES,
    waits.WITHOUT_BED,
    *journey.SHORTFALL,
    *ledger.FLOWS,
    staff.ABSENT,
    *oxygen.COLUMNS,
    network.AWAY,
    *essential.COLUMNS,
    *intensive.COLUMNS,
    *other_deaths.COLUMNS,
    *home.COLUMNS,
    logistics.COST,
    *_columns(indicator for indicator in INDICATORS.values() if indicator.is_computed),
    *laboratories.SHARES,
    vaccination.VULNERABLE,
    *_columns([INDICATORS["situation"]]),
)

DISTRICT: tuple[Column, ...] = (
    *spread.DISTRICT,
    *detection.DISTRICT,
    ledger.NEEDS_IN_DISTRICT,
    *journey.WAITING_IN_DISTRICT,
    ledger.DEATHS_IN_DISTRICT,
)

PRESENT = len(DISTRICT)
"""Index of the column of patients present, which districts have only if they are assessed."""

DISTRICT_PRESENT = ledger.PRESENT_IN_DISTRICT

ASSESSED: tuple[Column, ...] = _columns(
    [INDICATORS["epidemic_level"], *(INDICATORS[name] for name in BY_GROUP)]
)
"""Daily columns of the province that are recorded only if the scenario asks for them."""

DISTRICT_ASSESSED: tuple[Column, ...] = tuple(
    Column(name, INDICATORS[name].unit, INDICATORS[name].by_district) for name in BY_DISTRICT
)
"""Daily columns of districts that are recorded only if the scenario asks for them."""

FACILITY: tuple[Column, ...] = (
    *wards.FACILITY,
    *capacity.FACILITY,
    *oxygen.FACILITY,
    *essential.FACILITY,
    *wards.FULL,
    basic_beds.ENTRIES,
    *ledger.ENTRIES,
)

PROVINCE_INDEX = {column.name: i for i, column in enumerate(PROVINCE)}
DISTRICT_INDEX = {column.name: i for i, column in enumerate(DISTRICT)}
FACILITY_INDEX = {column.name: i for i, column in enumerate(FACILITY)}


def key_of(indicator: str, item: str | None, district: str | None = None) -> str:
    """Return the key of an indicator's value, including the item or group and the district if given."""
    of = indicator if item is None else f"{indicator}:{item}"
    return of if district is None else f"{of}@{district}"


def assessed_columns(command: Command, own: Iterable[OwnIndicator] = ()) -> tuple[Column, ...]:
    """Return the daily columns of the province that `command` asks for, and those of `own` indicators."""
    watched = {watch.indicator for watch in command.watches}
    names = {name for name in BY_GROUP if command.reach is not None or name in watched}
    if command.levels is not None or "epidemic_level" in watched:
        names.add("epidemic_level")
    by_name = {column.name: column for column in ASSESSED}
    groups = [
        Column(
            key_of(watch.indicator, watch.of),
            by_name[watch.indicator].unit,
            f"the same indicator for the group {watch.of}",
        )
        for watch in dict.fromkeys(command.watches)
        if watch.indicator in BY_GROUP and watch.of is not None
    ]
    return (
        *(column for column in ASSESSED if column.name in names),
        *dict.fromkeys(groups),
        *(Column(indicator.name, indicator.unit, indicator.meaning) for indicator in own),
    )


def district_columns(command: Command) -> tuple[Column, ...]:
    """Return the daily columns of districts: DISTRICT and, if districts are assessed, their indicators."""
    names = command.by_district
    if not names:
        return DISTRICT
    return (*DISTRICT, DISTRICT_PRESENT, *(column for column in DISTRICT_ASSESSED if column.name in names))


class ActionEvent(NamedTuple):
    """A step of a rule.

    `day` is the time in days from the start (3.0 is 00:00 of day 3); `what` is one of ``fired``, ``ordered``,
    ``phase 1`` …, ``ended``, ``stood down``."""

    day: float
    rule: str
    what: str


class FacilityEvent(NamedTuple):
    """A change of a facility's state: time in days from the start, facility, index of the new state."""

    day: float
    facility: int
    state: int


@dataclass(frozen=True, slots=True)
class Record:
    """Everything recorded from one replication of one scenario.

    Attributes
    ----------
    replication
        Index of the replication, from 0.
    province
        ``(days, len(PROVINCE))``; row d is day d, assessed at 24:00.
    districts
        ``(days, districts, columns)``, districts in the order of the scenario; columns as
        `district_columns` names them.
    facilities
        ``(days, facilities, len(FACILITY))``, facilities in the order of the scenario.
    states
        ``(days, facilities)``: index into STATES at 24:00.
    logistics
        ``(days, columns)``: consumables, burdens and costs; columns as `supply_columns` names them.
    assessed
        ``(days, columns)``: further indicators of the province; columns as `assessed_columns` names them.
    breached
        ``(days, thresholds)``: True if a threshold of the scenario was breached that day; for a threshold
        assessed by district, in any district.
    values
        ``(days, thresholds)``: the value of each threshold's indicator that day; for a threshold assessed
        by district, the worst value.
    breached_at_start
        ``(thresholds,)``: True if a threshold was breached at t = 0, before anything happened.
    breached_by_district, values_by_district
        ``(days, thresholds by district, districts)``: breaches and values in each district, for the
        thresholds assessed by district.
    breached_at_start_by_district
        ``(thresholds by district, districts)``: True if a threshold was breached in a district at t = 0.
    reached
        ``(4, districts, 9, 2)``, by district, age and risk: patients who needed a bed, patients who got all
        the beds they needed in time, deaths, and people infected.
    actions
        The steps of the plan's rules, in order of time.
    outcomes
        The value of each outcome in `model.outcomes.OUTCOMES`, by name.
    checks
        Number of times each identity was checked; a failed check would have stopped the run.
    waits
        ``(rows, 4)``: facility, index of the bed type, wait in whole hours, and number of patients who got
        the bed they needed there after this wait.
    trips
        ``(rows, 4)``: origin (a facility, or a district d as ``~d``), facility, index of the bed type, and
        number of patients who went there.
    drawn
        The values drawn for the uncertain parameters, by path in the scenario.
    patient_events, facility_events
        In order of time, the warm-up included; None if the run did not keep its events. The first events
        of the facilities are their states at the beginning of the first day.
    stocks_by_hour
        ``(24 * days, facilities)``: oxygen stocks at each full hour, kg, NaN without a source; None if the
        run did not keep its events.
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
    waits: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 4), np.int64))
    trips: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 4), np.int64))
    drawn: Mapping[str, float] = field(default_factory=dict)
    patient_events: tuple[LogEntry, ...] | None = None
    facility_events: tuple[FacilityEvent, ...] | None = None
    stocks_by_hour: Floats | None = None

    def series(self, column: str) -> Floats:
        """Return the province's daily series of one column, shape ``(days,)``."""
        return self.province[:, PROVINCE_INDEX[column]]
