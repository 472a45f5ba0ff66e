"""BedPool: the beds of one type in all facilities, and the queues for them.

Districts that can reach the same facilities share a queue; a facility sees only the first of each queue.

A pool tracks beds and positions in the queue; `journey` decides what a bed means for a patient.
`simpy.Resource` is not used because a surge keeps thousands in the queue. Here a position is an entry in a
heap. When a patient leaves the queue, the entry stays in the heap and is dropped once it reaches the head, so
the head of a queue is always a patient who is still waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush
from math import inf
from operator import add, gt, sub
from typing import NamedTuple

from surgesim.errors import IdentityError
from surgesim.model.care.network import Network, Route
from surgesim.model.care.patient import Patient

BASIC, OXYGEN, ICU = range(3)
"""Indices of the bed types in BED_TYPES."""

UNLIMITED = 1 << 40
"""Capacity of a pool whose beds are `unlimited`."""

Key = tuple[int, float, float, int]
"""Sort key in a queue: triage class, order within the class, start of the wait, patient's index."""


class QueuePlace(NamedTuple):
    """A position in a queue. Positions sort by key, then by serial number, as a patient may reuse a key."""

    triage: int
    order: float
    since: float
    who: int
    number: int
    patient: Patient
    district: int


def number_of_beds(number: int) -> float:
    """Return the number of beds to record: infinite if any of the beds are unlimited."""
    return inf if number >= UNLIMITED // 2 else float(number)


class BedPool:
    """The beds of one type, by facility, and the queues for them, by group of districts.

    Attributes
    ----------
    capacity
        Number of staffed beds by facility, 0 at first; the list is shared with `Wards`.
    occupied, held
        Number of beds by facility that have a patient, and that are kept free for a patient on the way.
    free
        ``capacity - occupied - held``; negative while occupancy exceeds a reduced capacity.
    total_free
        Sum of the positive ``free``; if it is 0, no search is needed.
    line
        The position of each waiting patient, by the patient's index.
    waiting
        Number of waiting patients, by district.
    """

    def __init__(self, network: Network, capacity: list[int]) -> None:
        n = len(network.facilities)
        self._network = network
        self.capacity = capacity
        self.occupied = [0] * n
        self.held = [0] * n
        self.free = [0] * n
        self.total_free = 0
        self._most = [0] * n  # highest capacity since the last check
        self._used = [0] * n  # beds used at the last check
        self.line: dict[int, QueuePlace] = {}
        self.waiting = [0] * len(network.districts)
        groups = max(network.group_of) + 1
        self._queues: list[list[QueuePlace]] = [[] for _ in range(groups)]
        self._queue_of = [self._queues[group] for group in network.group_of]  # by district
        self._joined = 0

    # -- beds -------------------------------------------------------------------------------------

    def find(self, routes: list[Route], district: int, now: float) -> Route | None:
        """Return the first route from a district that is open now and leads to a free bed, or None."""
        if not self.total_free:
            return None
        free = self.free
        for route in routes:
            if free[route.facility] > 0 and (
                not route.gated or self._network.way_is_open(district, route.crosses, now)
            ):
                return route
        return None

    def take(self, facility: int) -> None:
        """Occupy a free bed."""
        self.occupied[facility] += 1
        self.free[facility] -= 1
        self.total_free -= 1

    def occupy_at_start(self, facility: int) -> None:
        """Put a patient of the initial census in a bed, even if no bed is free."""
        self.occupied[facility] += 1
        self._used[facility] += 1
        self.free[facility] -= 1
        if self.free[facility] >= 0:
            self.total_free -= 1

    def hold(self, facility: int) -> None:
        """Hold a free bed for a patient who is on the way."""
        self.held[facility] += 1
        self.free[facility] -= 1
        self.total_free -= 1

    def arrive(self, facility: int) -> None:
        """Occupy a held bed when its patient arrives."""
        self.held[facility] -= 1
        self.occupied[facility] += 1

    def release(self, facility: int) -> None:
        """Release a bed that a patient leaves."""
        self.occupied[facility] -= 1
        self.free[facility] += 1
        if self.free[facility] > 0:
            self.total_free += 1

    def set_capacity(self, facility: int, beds: int) -> int:
        """Change the number of staffed beds in a facility; return the increase in free beds."""
        before = max(self.free[facility], 0)
        self.free[facility] += beds - self.capacity[facility]
        self.capacity[facility] = beds
        self._most[facility] = max(self._most[facility], beds)
        now = max(self.free[facility], 0)
        self.total_free += now - before
        return max(now - before, 0)

    def check(self, bed: str, day: int) -> None:
        """Check that the numbers of free and occupied beds are consistent.

        free = capacity - occupied - held; occupied <= max(staffed, occupied the day before). In the second
        identity, held beds count as occupied, and `staffed` is the highest capacity of the day.

        Raises
        ------
        IdentityError
            If an identity fails.
        """
        names = self._network.facilities
        all_used = list(map(add, self.occupied, self.held))
        if self.free != list(map(sub, self.capacity, all_used)):
            f = next(f for f, used in enumerate(all_used) if self.free[f] != self.capacity[f] - used)
            raise IdentityError(
                "free = capacity - occupied - held", f"{names[f]}, {bed}", day, f"{self.free[f]} free"
            )
        if any(map(gt, all_used, self._most)):
            for f in (f for f, used in enumerate(all_used) if used > max(self._most[f], self._used[f])):
                raise IdentityError(
                    "occupied <= max(staffed, occupied the day before)",
                    f"{names[f]}, {bed}",
                    day,
                    f"{all_used[f]} used, {self._most[f]} staffed, {self._used[f]} the day before",
                )
        self._used = all_used
        if self.total_free != sum([free for free in self.free if free > 0]):
            raise IdentityError("total free = sum of free", bed, day, f"{self.total_free} free in all")
        self._most = list(self.capacity)

    # -- queues -----------------------------------------------------------------------------------

    def join(self, patient: Patient, key: Key, district: int, *, aside: bool = False) -> QueuePlace:
        """Put a patient in the queue of a district; one who is set `aside` is offered no bed."""
        self._joined += 1
        # faster than QueuePlace(...), because every wait creates one
        place = tuple.__new__(QueuePlace, (*key, self._joined, patient, district))
        self.line[patient.index] = place
        if not aside:
            heappush(self._queue_of[district], place)
        self.waiting[district] += 1
        return place

    def leave(self, patient: Patient) -> None:
        """Remove a patient from the queue."""
        line = self.line
        place = line.pop(patient.index)
        district = place.district
        self.waiting[district] -= 1
        queue = self._queue_of[district]
        if queue and queue[0] is place:
            heappop(queue)
            while queue and line.get(queue[0].who) is not queue[0]:
                heappop(queue)

    def sort(self, order: Callable[[Patient], float], aside: Callable[[Patient], bool]) -> None:
        """Sort the queues by a new `order` within triage classes, and set patients `aside` or no longer."""
        for queue in self._queues:
            queue.clear()
        for who, place in self.line.items():
            self.line[who] = place = place._replace(order=order(place.patient))
            if not aside(place.patient):
                self._queue_of[place.district].append(place)
        for queue in self._queues:
            heapify(queue)

    def in_queues(self) -> Iterator[QueuePlace]:
        """Yield the positions of all patients who wait and are not set aside, in no particular order."""
        return (place for queue in self._queues for place in queue if self.is_current(place))

    def is_current(self, place: QueuePlace) -> bool:
        """Return True if the patient still waits in this position."""
        return self.line.get(place.who) is place

    def best_for(self, facility: int, now: float) -> QueuePlace | None:
        """Return the position that is first in line among patients whom the facility can take now."""
        if not self.line:
            return None
        best: QueuePlace | None = None
        queues, is_open = self._queues, self._network.way_is_open
        for group, district, gated, crosses in self._network.catchments[facility]:
            queue = queues[group]
            if queue:
                first = queue[0]
                if (best is None or first < best) and (not gated or is_open(district, crosses, now)):
                    best = first
        return best

    def first_of(self, district: int) -> QueuePlace | None:
        """Return the first position in the queue of a district's group."""
        queue = self._queue_of[district]
        return queue[0] if queue else None

    def first_in_line(self) -> QueuePlace | None:
        """Return the first position across all queues."""
        return min((queue[0] for queue in self._queues if queue), default=None)
