"""Waits of patients who lack the bed type they need, compared with the limits of the scenario."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from operator import add, sub

from surgesim.model.care.beds import BedPool
from surgesim.model.care.course.ledger import GONE, IN_OXYGEN, NEEDS_ICU, NEEDS_OXYGEN, NOWHERE, Ledger
from surgesim.model.care.network import Network
from surgesim.model.care.patient import Patient
from surgesim.model.clock.calendar import Calendar
from surgesim.model.columns import Column

WITHOUT_BED = Column(
    "without_bed", "patients", "patients without the bed type they need for longer than no_bed_hours"
)

_INSTANT = 1e-9  # in days; a journey exactly as long as the time allowed is in time


class Waits:
    """The waits of patients for the bed type they need.

    Parameters
    ----------
    no_bed_days
        Patients who wait longer than this count as without a bed.
    in_time_days
        Longest wait, travel included, after which access to a bed is still timely.
    """

    def __init__(
        self,
        env: Calendar,
        network: Network,
        oxygen: BedPool,
        icu: BedPool,
        ledger: Ledger,
        *,
        no_bed_days: float,
        in_time_days: float,
    ) -> None:
        self._env = env
        self._network = network
        self._oxygen = oxygen
        self._icu = icu
        self._ledger = ledger
        self._no_bed_days = no_bed_days
        self._in_time = in_time_days + _INSTANT
        self._recent: list[tuple[float, Patient]] = []  # in order of time
        self._may_be_late: deque[tuple[float, Patient]] = deque()  # in order of time

    def begin(self, patient: Patient) -> None:
        """Start a patient's wait for the bed type needed."""
        patient.unmet_since = self._env.now
        unmet = (patient.unmet_since, patient)
        self._recent.append(unmet)
        self._may_be_late.append(unmet)

    def is_late(self, began: float) -> bool:
        """Return True if a need that began at `began` has been unmet for longer than timely access allows."""
        return self._env.now - began > self._in_time

    def without_bed(self) -> int:
        """Count patients without the bed type they need for longer than the scenario's limit.

        Boarders count. Patients who are travelling, or who only wait for a boat or vehicle to a free bed, do
        not count.
        """
        count = self._ledger.count
        in_line = count[NEEDS_OXYGEN][NOWHERE] + count[NEEDS_ICU][NOWHERE] + count[NEEDS_ICU][IN_OXYGEN]
        recent = self._recently_unmet()
        late = in_line - len(recent)
        return late - sum(self._awaiting_a_way(recent)) if late else 0

    def without_bed_by_district(self) -> list[int]:
        """Count the patients of `without_bed` by the district in which they are."""
        late = list(map(add, self._oxygen.waiting, self._icu.waiting))
        for index in self._oxygen.line.keys() & self._icu.line.keys():
            late[self._icu.line[index].district] -= 1  # a patient in both queues counts once
        recent = self._recently_unmet()
        for patient in recent.values():
            late[patient.location] -= 1
        return list(map(sub, late, self._awaiting_a_way(recent))) if any(late) else late

    def _recently_unmet(self) -> dict[int, Patient]:
        """Return, by index, the patients whose wait has not yet passed the limit of `without_bed`."""
        since = self._env.now - self._no_bed_days
        first = bisect_left(self._recent, since, key=_unmet_at)
        self._recent = self._recent[first:]
        oxygen, icu = self._oxygen.line, self._icu.line
        return {
            patient.index: patient
            for began, patient in self._recent
            if began == patient.unmet_since and (patient.index in oxygen or patient.index in icu)
        }

    def find_late(self) -> None:
        """Record as late all patients who have waited or travelled for longer than timely access allows."""
        waiting, now = self._may_be_late, self._env.now
        while waiting and now - waiting[0][0] > self._in_time:
            began, patient = waiting.popleft()
            if not patient.late and patient.unmet_since == began and patient.place != GONE:
                self._ledger.miss(patient)

    def _awaiting_a_way(self, recent: dict[int, Patient]) -> list[int]:
        """Count, by district, patients past the limit who only wait for a boat or vehicle to a free bed."""
        awaiting = [0] * len(self._oxygen.waiting)
        gated = self._network.has_water or self._network.fleet is not None
        if not gated or not (self._oxygen.total_free or self._icu.total_free):
            return awaiting
        for pool, needs in ((self._oxygen, NEEDS_OXYGEN), (self._icu, NEEDS_ICU)):
            left = [max(free, 0) for free in pool.free]
            late = [0] * len(awaiting)
            for place in pool.line.values():
                if place.patient.need == needs and place.who not in recent:
                    late[place.district] += 1
            for district, number in enumerate(late):
                for route in self._network.from_district[district] if number else ():
                    matches = min(number, left[route.facility]) if route.gated else 0
                    left[route.facility] -= matches
                    number -= matches
                    awaiting[district] += matches
        return awaiting


def _unmet_at(entry: tuple[float, Patient]) -> float:
    return entry[0]
