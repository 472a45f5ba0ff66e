"""The exchange of beds within a facility between boarders and patients ready to step down."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush

from surgesim.model.care.beds import BedPool, QueuePlace
from surgesim.model.care.course.ledger import GONE
from surgesim.model.care.network import Network
from surgesim.model.care.patient import Patient


class Exchange:
    """The boarders of each facility, and its ICU patients who wait for an oxygen bed.

    Parameters
    ----------
    icu
        The ICU beds that boarders wait for.
    """

    def __init__(self, network: Network, icu: BedPool) -> None:
        n = len(network.facilities)
        self._network, self._icu = network, icu
        self._blockers: list[list[tuple[float, int, Patient]]] = [[] for _ in range(n)]
        self._boarders: list[list[QueuePlace]] = [[] for _ in range(n)]

    def add_boarder(self, facility: int, place: QueuePlace) -> None:
        """Add a boarder, given the boarder's position in the queue for ICU."""
        heappush(self._boarders[facility], place)

    def set_boarders(self, places: Iterable[QueuePlace]) -> None:
        """Replace all boarders by those with the `places` in the line for ICU."""
        for boarders in self._boarders:
            boarders.clear()
        for place in places:
            self.add_boarder(place.patient.facility, place)

    def add_blocker(self, patient: Patient) -> None:
        """Add a patient who is ready to step down and finds no oxygen bed."""
        heappush(self._blockers[patient.facility], (patient.ready_time, patient.index, patient))

    def take_blocker(self, facility: int) -> Patient | None:
        """Remove and return the facility's patient who has waited longest to step down, or None."""
        blockers = self.blocking_in(facility)
        return heappop(blockers)[2] if blockers else None

    def blocking_in(self, facility: int) -> list[tuple[float, int, Patient]]:
        """Return the heap of a facility's patients who wait to step down.

        Patients who have died are first removed from its head.
        """
        blockers = self._blockers[facility]
        while blockers and blockers[0][2].place == GONE:
            heappop(blockers)
        return blockers

    def first_boarder(self, facility: int) -> QueuePlace | None:
        """Return the boarder of a facility who is first in line for ICU."""
        boarders = self._boarders[facility]
        while boarders and not self._icu.is_current(boarders[0]):
            heappop(boarders)
        return boarders[0] if boarders else None

    def claimant(self, facility: int, now: float) -> Patient | None:
        """Return the patient ready to step down who gets a free bed first, or None.

        Patients in the facility come before patients in its catchment.
        """
        own = self.take_blocker(facility)
        if own is not None:
            return own
        network = self._network
        in_reach = {
            group
            for group, district, gated, crosses in network.catchments[facility]
            if not gated or network.way_is_open(district, crosses, now)
        }
        waiting = [
            (blockers[0], f)
            for f in range(len(self._blockers))
            if (blockers := self.blocking_in(f)) and network.group_of[network.district_of[f]] in in_reach
        ]
        return self.take_blocker(min(waiting)[1]) if waiting else None
