"""BedPool: the beds of one type over all facilities, and the queues for them.

Districts that reach the same facilities share a queue; what a facility sees is the best head.

It knows beds, claims and places in line; what a bed means for a patient is `journey`'s.
It is ours and not a `simpy.Resource` because a surge keeps thousands in line: a place in line is a
heap entry, left by forgetting it (the entry stays until it comes up).
"""

from __future__ import annotations

from heapq import heappop, heappush
from operator import add, gt, sub
from typing import TYPE_CHECKING

from surgesim.errors import IdentityError
from surgesim.model.network import Network, Route

if TYPE_CHECKING:
    from surgesim.model.patients import Patient

UNLIMITED = 1 << 40
"""Capacity of a pool whose beds are `unlimited`."""

Key = tuple[int, float, float, int]
"""Order in line: triage class, order within it, time since waiting, patient's index."""


class Place:
    """A place in one queue; void once left."""

    __slots__ = ("district", "key", "patient", "valid")

    def __init__(self, key: Key, patient: Patient, district: int) -> None:
        self.key = key
        self.patient = patient
        self.district = district
        self.valid = True


QueueEntry = tuple[Key, int, Place]
"""What a queue holds; the number tells a patient's later place with the same key from an earlier one."""


class BedPool:
    """Beds of one type: capacity, occupied and held by facility; one queue by district.

    Attributes
    ----------
    capacity, occupied, held
        By facility: staffed beds, beds with a patient, beds held for someone on the way.
    free
        ``capacity - occupied - held``; below zero while a fallen capacity is still exceeded.
    total_free
        Sum of the positive ``free``: at 0, a search is over before it begins.
    waiting
        Patients in line, by district.
    """

    def __init__(self, network: Network) -> None:
        n = len(network.facilities)
        self._network = network
        self.capacity = [0] * n
        self.occupied = [0] * n
        self.held = [0] * n
        self.free = [0] * n
        self.total_free = 0
        self._most = [0] * n  # highest capacity since the last check
        self._used = [0] * n  # beds used at the last check
        self.in_line = 0
        self.waiting = [0] * len(network.districts)
        groups = max(network.group_of) + 1
        self._queues: list[list[QueueEntry]] = [[] for _ in range(groups)]
        self._in_group = [0] * groups
        self._joined = 0

    # -- beds -------------------------------------------------------------------------------------

    def find(self, routes: list[Route], district: int, now: float) -> Route | None:
        """The first route from a district to a free bed that is open now, or None."""
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

    def lie(self, facility: int) -> None:
        """Someone lies in a bed from the start, whether there is one or not."""
        self.occupied[facility] += 1
        self._used[facility] += 1
        self.free[facility] -= 1
        if self.free[facility] >= 0:
            self.total_free -= 1

    def hold(self, facility: int) -> None:
        """Hold a free bed for someone who sets out to it."""
        self.held[facility] += 1
        self.free[facility] -= 1
        self.total_free -= 1

    def arrive(self, facility: int) -> None:
        """The bed held becomes occupied."""
        self.held[facility] -= 1
        self.occupied[facility] += 1

    def release(self, facility: int) -> None:
        """A patient leaves the bed."""
        self.occupied[facility] -= 1
        self.free[facility] += 1
        if self.free[facility] > 0:
            self.total_free += 1

    def set_capacity(self, facility: int, beds: int) -> int:
        """Change the staffed beds of a facility; returns how many beds that made free."""
        before = max(self.free[facility], 0)
        self.free[facility] += beds - self.capacity[facility]
        self.capacity[facility] = beds
        self._most[facility] = max(self._most[facility], beds)
        now = max(self.free[facility], 0)
        self.total_free += now - before
        return max(now - before, 0)

    def check(self, bed: str, day: int) -> None:
        """Free = capacity - occupied - held, and occupied <= max(staffed, occupied the day before).

        What is held counts as occupied; capacity is the highest of the day.

        Raises
        ------
        IdentityError
            Where one does not hold.
        """
        names = self._network.facilities
        all_used = list(map(add, self.occupied, self.held))
        if self.free != list(map(sub, self.capacity, all_used)):
            f = next(f for f, used in enumerate(all_used) if self.free[f] != self.capacity[f] - used)
            raise IdentityError(
                "free = capacity - occupied - held", f"{names[f]}, {bed}", day, f"{self.free[f]} free"
            )
        allowed = map(max, self._most, self._used)
        for f, too_many in enumerate(map(gt, all_used, allowed)):
            if too_many:
                raise IdentityError(
                    "occupied <= max(staffed, occupied the day before)",
                    f"{names[f]}, {bed}",
                    day,
                    f"{all_used[f]} used, {self._most[f]} staffed, {self._used[f]} the day before",
                )
        self._used = all_used
        if self.total_free != sum(max(free, 0) for free in self.free):
            raise IdentityError("total free = sum of free", bed, day, f"{self.total_free} free in all")
        self._most = list(self.capacity)

    # -- queues -----------------------------------------------------------------------------------

    def join(self, patient: Patient, key: Key, district: int) -> Place:
        """Put a patient in line in a district."""
        place = Place(key, patient, district)
        self._joined += 1
        group = self._network.group_of[district]
        heappush(self._queues[group], (key, self._joined, place))
        self._in_group[group] += 1
        self.waiting[district] += 1
        self.in_line += 1
        return place

    def leave(self, place: Place) -> None:
        """Give up a place in line."""
        place.valid = False
        self.waiting[place.district] -= 1
        self._in_group[self._network.group_of[place.district]] -= 1
        self.in_line -= 1

    def best_for(self, facility: int, now: float) -> Place | None:
        """The first in line of those the facility can take now: the best head of few queues."""
        if not self.in_line:
            return None
        best: QueueEntry | None = None
        for group, district, gated, crosses in self._network.reach[facility]:
            if self._in_group[group] and (not gated or self._network.way_is_open(district, crosses, now)):
                queue = self._queues[group]
                while not queue[0][2].valid:
                    heappop(queue)
                if best is None or queue[0] < best:
                    best = queue[0]
        return None if best is None else best[2]

    def first_of(self, district: int) -> Place | None:
        """The first in line in a district; where vehicles are counted, each has a queue of its own."""
        queue = self._queues[self._network.group_of[district]]
        while queue and not queue[0][2].valid:
            heappop(queue)
        return queue[0][2] if queue else None

    def first_in_line(self) -> Place | None:
        """The first in line of all."""
        heads = []
        for queue in self._queues:
            while queue and not queue[0][2].valid:
                heappop(queue)
            if queue:
                heads.append(queue[0])
        return min(heads)[2] if heads else None

    def in_line_of(self, district: int) -> list[Patient]:
        """Everyone in line in a district, in no order."""
        queue = self._queues[self._network.group_of[district]]
        return [place.patient for _, _, place in queue if place.valid and place.district == district]
