"""The ledger of care: counts of patients by place and outcome, and the identities they must satisfy.

It is a separate module, so that counts are kept in one place and checked independently against the beds.
"""

from __future__ import annotations

from array import array
from collections import Counter
from math import ceil
from operator import add, sub

import numpy as np

from surgesim.errors import IdentityError
from surgesim.model.care.beds import ICU, OXYGEN, BedPool
from surgesim.model.care.network import Network
from surgesim.model.care.patient import Patient
from surgesim.model.columns import Column, Page
from surgesim.scenario.schema.base import AGE_GROUPS, BED_TYPES

NEEDS_OXYGEN, NEEDS_ICU, READY = range(3)
"""The needs of a patient: an oxygen (or step-down) bed; an ICU bed; to step down from an ICU bed."""

NOWHERE, IN_OXYGEN, IN_ICU, TRAVELLING, AT_HOME, GONE = range(6)
"""The places of a patient; the value for a patient in a bed is the index of the bed type.

AT_HOME is at home on an oxygen concentrator.
"""
IN_BEDS = (IN_OXYGEN, IN_ICU)
"""The places of patients in a bed."""

UNAVOIDABLE, THIN_CARE, UNTREATED = range(3)
"""Kinds of death."""

_INSTANT = 1e-6  # in hours; a wait longer than whole hours by less than this is rounded down

NEEDS = (
    Column("new_oxygen_need", "patients/day", "patients who began to need oxygen"),
    Column("new_icu_need", "patients/day", "patients who began to need intensive care"),
    Column(
        "oxygen_need", "patients", "patients who need an oxygen bed: in such a bed, waiting or travelling"
    ),
    Column("icu_need", "patients", "patients who need ICU: in an ICU bed, boarding, waiting or travelling"),
    Column("present", "patients", "all patients who need oxygen or ICU, including step-down blockers"),
)
PLACES = (
    Column("waiting_oxygen", "patients", "patients without a bed, waiting for an oxygen bed"),
    Column("waiting_icu", "patients", "patients without a bed, waiting for an ICU bed"),
    Column("boarding", "patients", "patients who need ICU but are in an oxygen bed"),
    Column("blocking", "patients", "patients ready to step down but still in an ICU bed"),
    Column("home_oxygen", "patients", "patients sent home from an oxygen bed, on an oxygen concentrator"),
)
FLOWS = (
    Column("admissions_oxygen", "patients/day", "admissions from outside a facility to oxygen beds"),
    Column("admissions_icu", "patients/day", "admissions from outside a facility to ICU beds"),
    Column("entries_icu", "patients/day", "all entries to ICU beds: from outside a facility, and from wards"),
    Column(
        "icu_need_served_share",
        "share",
        "share of patients who need ICU at 24:00 (`icu_need`) and are in an ICU bed (1 if nobody needs it)",
    ),
    Column("transferred_out", "patients/day", "patients sent to another province"),
    Column("icu_refused", "patients/day", "patients who are refused intensive care for the first time"),
    Column("moved_oxygen", "patients/day", "patients moved to an oxygen bed elsewhere to level the load"),
    Column("moved_icu", "patients/day", "patients moved to an ICU bed elsewhere to level the load"),
    Column("sent_home", "patients/day", "patients sent home from an oxygen bed with a concentrator"),
    Column(
        "returned_from_home", "patients/day", "patients on oxygen at home who need a bed in a facility again"
    ),
    Column("recovered", "patients/day", "patients who recovered, in a bed or without one"),
    Column("deaths", "deaths/day", "all deaths; the sum of the next three columns"),
    Column("deaths_unavoidable", "deaths/day", "deaths that full care would not have prevented"),
    Column("deaths_thin_care", "deaths/day", "deaths due to understaffed care"),
    Column(
        "deaths_untreated",
        "deaths/day",
        "deaths from lack of care: while boarding or untreated, of lower oxygen flows, or without drugs",
    ),
)
NEEDS_IN_DISTRICT = Column("new_oxygen_need", "patients/day", "residents who began to need oxygen")
DEATHS_IN_DISTRICT = Column("deaths", "deaths/day", "deaths of residents")
ENTRIES = (
    Column(
        "entries_oxygen",
        "patients/day",
        "all entries to oxygen beds: from outside a facility, from ICU beds, and to board",
    ),
    Column("entries_icu", "patients/day", "all entries to ICU beds: from outside a facility, and from wards"),
    Column(
        "wait_hours_oxygen",
        "hours/day",
        "waits, travel included, of the patients whose need for an oxygen bed was met that day; not of "
        "boarders or step-down patients",
    ),
    Column(
        "wait_hours_icu",
        "hours/day",
        "waits, travel included, of the patients whose need for an ICU bed was met that day",
    ),
)
"""Columns of the facilities' table that count entries to beds."""

PRESENT_IN_DISTRICT = Column(
    "present", "patients", "residents who need oxygen or ICU, including step-down blockers"
)


class Flows:
    """The patient flows through the beds of one type, by facility, since the start of the run."""

    __slots__ = ("admissions", "deaths", "discharges", "moves_in", "moves_out")

    def __init__(self, facilities: int) -> None:
        self.admissions = [0] * facilities
        self.moves_in = [0] * facilities
        self.moves_out = [0] * facilities
        self.discharges = [0] * facilities
        self.deaths = [0] * facilities

    def census(self) -> list[int]:
        """Return the census by facility: patients who have entered a bed and not left it."""
        entries = map(add, self.admissions, self.moves_in)
        exits = map(add, self.moves_out, map(add, self.discharges, self.deaths))
        return list(map(sub, entries, exits))


class Ledger:
    """The running counts of patients.

    Attributes
    ----------
    count
        Number of patients present, as ``count[need][place]``.
    needed, met
        By need (oxygen, ICU, ready to step down): patients who have ever had the need, and patients whose
        need has ended.
    created, recovered, transferred_out, replaced, refused
        Patients who began to need care, who recovered, who left for another province, whom the initial
        census replaced after a warm-up, and who were refused intensive care.
    sent_home, returned
        Patients sent home on oxygen, and those of them who need a bed again.
    moved
        Moves to another facility that level the load, by bed type.
    deaths
        Deaths by kind: UNAVOIDABLE, THIN_CARE, UNTREATED.
    needs, dead
        Patients who began to need care, and deaths, by district, age and risk, flattened in that order.
    gone
        Patients whose journey has ended, by district.
    too_late
        For each patient found to be late: the time the need began, and the group (as in `dead`). The reader
        of the list clears it.
    flows
        The flows of each bed type.
    wait_hours
        For each bed type, by facility: the sum of the waits of all patients who got such a bed, in hours.
    waits
        Number of these patients by facility, bed type and wait, rounded up to whole hours.
    trips
        Number of patients by origin, facility and bed type to which they went: from another facility, or from
        the district with index d as ``~d``.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        n, districts = len(network.facilities), len(network.districts)
        self.count = [[0] * 5 for _ in range(3)]
        self.needed = [0, 0, 0]
        self.met = [0, 0, 0]
        self.created = 0
        self.recovered = 0
        self.transferred_out = 0
        self.replaced = 0
        self.refused = 0
        self.sent_home, self.returned = 0, 0
        self.moved = {OXYGEN: 0, ICU: 0}
        self.deaths = [0, 0, 0]
        self.deaths_by_district = [0] * districts
        self.dead = array("q", [0]) * (districts * len(AGE_GROUPS) * 2)  # numpy copies these at once
        self.needs = array("q", [0]) * (districts * len(AGE_GROUPS) * 2)
        self.gone = [0] * districts
        self.too_late: list[tuple[float, int]] = []
        self.reported_at_admission = [0] * districts
        self.flows = {OXYGEN: Flows(n), ICU: Flows(n)}
        self.wait_hours = {OXYGEN: [0.0] * n, ICU: [0.0] * n}
        self.waits: Counter[tuple[int, int, int]] = Counter()
        self.trips: Counter[tuple[int, int, int]] = Counter()

    # -- changes ----------------------------------------------------------------------------------

    def begin(self, patient: Patient) -> None:
        """Record a new patient, who needs oxygen and has no bed yet."""
        self.created += 1
        self.needs[(patient.district * len(AGE_GROUPS) + patient.age) * 2 + patient.high_risk] += 1
        self.needed[NEEDS_OXYGEN] += 1
        self.count[NEEDS_OXYGEN][NOWHERE] += 1
        patient.need, patient.place = NEEDS_OXYGEN, NOWHERE

    def move(self, patient: Patient, need: int, place: int) -> None:
        """Record a change of a patient's need, place, or both."""
        count = self.count
        count[patient.need][patient.place] -= 1
        count[need][place] += 1
        if need != patient.need:
            self.met[patient.need] += 1
            self.needed[need] += 1
            patient.need = need
        patient.place = place

    def end(self, patient: Patient) -> None:
        """Record the end of a patient's journey."""
        self.count[patient.need][patient.place] -= 1
        self.met[patient.need] += 1
        self.gone[patient.district] += 1
        patient.place = GONE

    def come_back(self, patient: Patient) -> None:
        """Record that a patient on oxygen at home needs a bed again, and has none yet."""
        self.returned += 1
        self.move(patient, NEEDS_OXYGEN, NOWHERE)

    def replace(self, patient: Patient) -> None:
        """Record that the initial census replaces a patient of the warm-up, in a bed or waiting."""
        if patient.place in IN_BEDS:
            self.flows[patient.place].moves_out[patient.facility] += 1
        self.replaced += 1
        self.end(patient)

    def miss(self, patient: Patient) -> None:
        """Count a patient as having missed timely access; each patient counts at most once."""
        if not patient.late:
            patient.late = True
            group = (patient.district * len(AGE_GROUPS) + patient.age) * 2 + patient.high_risk
            self.too_late.append((patient.need_time, group))

    def end_wait(self, bed: int, facility: int, days: float) -> None:
        """Count a patient who got the needed bed at a facility after a wait of `days` days."""
        self.wait_hours[bed][facility] += 24 * days
        key = facility, bed, ceil(24 * days - _INSTANT)
        self.waits[key] = self.waits.get(key, 0) + 1  # `+=` looks for __missing__ at each new key

    def recover(self, patient: Patient) -> None:
        """Record a patient's recovery, in a bed or without one."""
        bed = patient.place
        if bed in IN_BEDS:
            self.flows[bed].discharges[patient.facility] += 1
        self.recovered += 1
        self.end(patient)

    def die(self, patient: Patient, kind: int) -> None:
        """Record a patient's death, in a bed or without one."""
        bed = patient.place
        if bed in IN_BEDS:
            self.flows[bed].deaths[patient.facility] += 1
        self.deaths[kind] += 1
        self.deaths_by_district[patient.district] += 1
        self.dead[(patient.district * len(AGE_GROUPS) + patient.age) * 2 + patient.high_risk] += 1
        self.end(patient)

    # -- the end of a day -------------------------------------------------------------------------

    def fill(self, page: Page) -> None:
        """Record the places, needs and flows of patients."""
        count, deaths = self.count, self.deaths
        icu_need = sum(count[NEEDS_ICU])
        page.province.values |= {
            "oxygen_need": sum(count[NEEDS_OXYGEN]) - count[NEEDS_OXYGEN][AT_HOME] + count[READY][TRAVELLING],
            "icu_need": icu_need,
            "present": sum(map(sum, count)),
            "waiting_oxygen": count[NEEDS_OXYGEN][NOWHERE],
            "waiting_icu": count[NEEDS_ICU][NOWHERE],
            "boarding": count[NEEDS_ICU][IN_OXYGEN],
            "blocking": count[READY][IN_ICU],
            "home_oxygen": count[NEEDS_OXYGEN][AT_HOME],
            "icu_need_served_share": count[NEEDS_ICU][IN_ICU] / icu_need if icu_need else 1.0,
        }
        admissions_icu = sum(self.flows[ICU].admissions)
        page.province.totals |= {
            "new_oxygen_need": self.created,
            "new_icu_need": self.needed[NEEDS_ICU],
            "admissions_oxygen": sum(self.flows[OXYGEN].admissions),
            "admissions_icu": admissions_icu,
            "entries_icu": admissions_icu + sum(self.flows[ICU].moves_in),
            "transferred_out": self.transferred_out,
            "icu_refused": self.refused,
            "moved_oxygen": self.moved[OXYGEN],
            "moved_icu": self.moved[ICU],
            "sent_home": self.sent_home,
            "returned_from_home": self.returned,
            "recovered": self.recovered,
            "deaths": sum(self.deaths_by_district),
            "deaths_unavoidable": deaths[UNAVOIDABLE],
            "deaths_thin_care": deaths[THIN_CARE],
            "deaths_untreated": deaths[UNTREATED],
        }
        needs = np.array(self.needs).reshape(len(self.gone), -1).sum(axis=1).tolist()
        page.districts.values["present"] = list(map(sub, needs, self.gone))
        page.districts.totals |= {"new_oxygen_need": needs, "deaths": self.deaths_by_district}
        for bed, flows in self.flows.items():
            page.facilities.totals |= {
                f"entries_{BED_TYPES[bed]}": list(map(add, flows.admissions, flows.moves_in)),
                f"wait_hours_{BED_TYPES[bed]}": self.wait_hours[bed],
            }

    def check(self, day: int, oxygen: BedPool, icu: BedPool, *, boarding: bool) -> None:
        """Check the accounting identities for patients and beds (docs/model.md) at the end of a day.

        Raises
        ------
        IdentityError
            If an identity fails.
        """
        count = self.count
        in_both_lines = 0 if boarding else len(oxygen.line.keys() & icu.line.keys())
        for need, name in enumerate(("oxygen need", "ICU need", "step-down")):
            _hold("needs", name, day, self.needed[need] - self.met[need], sum(count[need]))
        for pool, in_beds, waiting, name in (
            (
                oxygen,
                count[NEEDS_OXYGEN][IN_OXYGEN] + count[NEEDS_ICU][IN_OXYGEN],
                count[NEEDS_OXYGEN][NOWHERE] + (count[NEEDS_ICU][NOWHERE] if boarding else in_both_lines),
                "oxygen",
            ),
            (
                icu,
                count[NEEDS_ICU][IN_ICU] + count[READY][IN_ICU],
                count[NEEDS_ICU][NOWHERE] + count[NEEDS_ICU][IN_OXYGEN],
                "icu",
            ),
        ):
            _hold("patients in beds = occupied beds", name, day, in_beds, sum(pool.occupied))
            _hold("patients waiting = places in line", name, day, waiting, len(pool.line))
        travelling = sum(count[need][TRAVELLING] for need in range(3))
        _hold("travelling = held", "the province", day, travelling, sum(oxygen.held) + sum(icu.held))
        present = sum(map(sum, count))
        left = self.recovered + sum(self.deaths) + self.transferred_out + self.replaced + present
        _hold(
            "patients created = recovered + dead + transferred out + replaced + present",
            "the province",
            day,
            self.created,
            left,
        )
        for by, dead in (("district", self.deaths_by_district), ("district, age and risk", self.dead)):
            _hold(f"deaths by kind = deaths by {by}", "the province", day, sum(self.deaths), sum(dead))
        for bed, pool in ((OXYGEN, oxygen), (ICU, icu)):
            pool.check(BED_TYPES[bed], day)
            census = self.flows[bed].census()
            if census != pool.occupied:
                for f, name in enumerate(self._network.facilities):
                    _hold("flows = census", f"{name}, {BED_TYPES[bed]}", day, census[f], pool.occupied[f])


def _hold(identity: str, where: str, day: int, left: int, right: int) -> None:
    if left != right:
        raise IdentityError(identity, where, day, f"left side {left}, right side {right}")
