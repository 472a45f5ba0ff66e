"""Who is without the bed type needed, since when, and whether longer than the scenario allows."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from operator import add, sub

from surgesim.model.care.beds import BedPool
from surgesim.model.care.ledger import GONE, IN_OXYGEN, NEEDS_ICU, NEEDS_OXYGEN, NOWHERE, Ledger
from surgesim.model.care.network import Network
from surgesim.model.care.patients import Patient
from surgesim.model.clock.calendar import Calendar
from surgesim.model.columns import Column

WITHOUT_BED = Column(
    "without_bed", "patients", "patients without the bed type they need for over no_bed_hours"
)

_INSTANT = 1e-9  # days; a way as long as the time allowed is in time


class Waits:
    """Waits of patients for the bed type they need.

    Parameters
    ----------
    no_bed_days
        Who is in line for longer counts as without a bed.
    in_time_days
        A bed got after a longer wait, the way to it included, was not got in time.
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
        """The bed type needed is not to be had from now."""
        patient.unmet_since = self._env.now
        unmet = (patient.unmet_since, patient)
        self._recent.append(unmet)
        self._may_be_late.append(unmet)

    def is_late(self, began: float) -> bool:
        """Whether a bed got now for a need that began then is got too late."""
        return self._env.now - began > self._in_time

    def without_bed(self) -> int:
        """Patients without the bed type they need for longer than the scenario's bound.

        Boarders count; who travels does not, nor who only waits for a boat or a vehicle to a free bed.
        """
        count = self._ledger.count
        in_line = count[NEEDS_OXYGEN][NOWHERE] + count[NEEDS_ICU][NOWHERE] + count[NEEDS_ICU][IN_OXYGEN]
        recent = self._recently_unmet()
        late = in_line - len(recent)
        return late - sum(self._awaiting_a_way(recent)) if late else 0

    def without_bed_by_district(self) -> list[int]:
        """`without_bed` by the district in which the patients are."""
        late = list(map(add, self._oxygen.waiting, self._icu.waiting))
        for index in self._oxygen.line.keys() & self._icu.line.keys():
            late[self._icu.line[index].district] -= 1  # in both lines, and one patient
        recent = self._recently_unmet()
        for patient in recent.values():
            late[patient.location] -= 1
        return list(map(sub, late, self._awaiting_a_way(recent))) if any(late) else late

    def _recently_unmet(self) -> dict[int, Patient]:
        """Those in line who have not yet waited for longer than the bound of `without_bed`."""
        since = self._env.now - self._no_bed_days
        first = bisect_left(self._recent, since, key=_unmet_at)
        self._recent = self._recent[first:]
        return {
            patient.index: patient
            for began, patient in self._recent
            if began == patient.unmet_since
            and (patient.index in self._oxygen.line or patient.index in self._icu.line)
        }

    def find_late(self) -> None:
        """Note who waits, or is still on the way, for longer than a bed got in time would take."""
        waiting, now = self._may_be_late, self._env.now
        while waiting and now - waiting[0][0] > self._in_time:
            began, patient = waiting.popleft()
            if patient.unmet_since == began and patient.place != GONE:
                self._ledger.miss(patient)

    def _awaiting_a_way(self, recent: dict[int, Patient]) -> list[int]:
        """By district: patients long in line for whom a bed they need is free at the end of a shut way."""
        awaiting = [0] * len(self._oxygen.waiting)
        gated = self._network.has_water or self._network.fleet is not None
        if not gated or not (self._oxygen.total_free or self._icu.total_free):
            return awaiting
        for pool, needs in ((self._oxygen, NEEDS_OXYGEN), (self._icu, NEEDS_ICU)):
            left = [max(free, 0) for free in pool.free]
            for district, waiting in enumerate(pool.waiting):
                if waiting:
                    late = sum(
                        patient.need == needs and patient.index not in recent
                        for patient in pool.in_line_of(district)
                    )
                    for route in self._network.from_district[district]:
                        given = min(late, left[route.facility]) if route.gated else 0
                        left[route.facility] -= given
                        late -= given
                        awaiting[district] += given
        return awaiting


def _unmet_at(entry: tuple[float, Patient]) -> float:
    return entry[0]
