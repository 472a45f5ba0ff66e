"""Basic beds, in which mild cases isolate; people are only counted, and go to the nearest facility."""

from __future__ import annotations

from operator import sub

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import IdentityError
from surgesim.model.care.beds import BASIC
from surgesim.model.care.network import Network
from surgesim.model.care.wards import Wards
from surgesim.model.clock.durations import daily_delays
from surgesim.model.columns import Column, Page
from surgesim.scenario.schema.base import Distribution

Ints = NDArray[np.int64]

COLUMNS = (
    Column("mild_in_isolation", "people", "mild cases isolated in basic beds"),
    Column("isolation_refused", "people/day", "mild cases due for isolation for whom no basic bed was free"),
)
ENTRIES = Column("entries_basic", "people/day", "people admitted to basic beds")
"""Column of the facilities' table that counts admissions."""


class BasicBeds:
    """The basic beds and the mild cases isolated in them.

    A share of the day's mild cases is due for isolation: `first` among people whom home care follows first,
    and `share` among others.

    Attributes
    ----------
    capacity
        Number of staffed basic beds by facility; the list is shared with `Wards`.
    occupied
        ``(facilities,)`` people in basic beds; the array is shared with `Wards`.
    admitted, discharged
        ``(facilities,)`` people admitted and discharged since the start of the run.
    refused
        People due for isolation on the day for whom no basic bed was free.
    """

    def __init__(
        self,
        network: Network,
        wards: Wards,
        stay_days: Distribution,
        share: float,
        first: float,
        first_day: int,
        end_day: int,
    ) -> None:
        n = len(network.facilities)
        self._network = network
        self.capacity = wards.staffed[BASIC]
        self._share, self._more = share, first - share
        stay = daily_delays(stay_days)
        self._stay = np.concatenate([[stay[0] + stay[1]], stay[2:]])  # P(stays 1, 2, … days)
        self._first = first_day
        self._leaving = np.zeros((end_day - first_day + len(self._stay) + 1, n), np.int64)
        self.occupied = wards.mild
        self.admitted = np.zeros(n, np.int64)
        self.discharged = np.zeros(n, np.int64)
        self.refused = 0

    def replace_all(self, day: int) -> None:
        """At 00:00 of a day, empty all beds to make room for the initial census."""
        self.discharged += self.occupied
        self._leaving[day - self._first :] = 0
        self.occupied[:] = 0

    def start(
        self,
        day: int,
        facility: int,
        number: int,
        spent: float | None,
        fresh: bool,
        rng: np.random.Generator,
    ) -> None:
        """Put `number` people of the initial census in a facility, even if it has too few beds.

        If the number of days already `spent` is given, stays are drawn from those that last longer. Otherwise
        stays begin now (`fresh`), or the days left are those of a census in equilibrium.
        """
        if spent is not None:
            left = self._stay[min(round(spent), len(self._stay) - 1) :]
        elif fresh:
            left = self._stay
        else:
            left = self._stay[::-1].cumsum()[::-1]  # P(stay >= k)
        left = left / left.sum() if left.sum() > 0 else np.ones(1)
        row = day - self._first
        self.occupied[facility] += number
        self.admitted[facility] += number
        self._leaving[row + 1 : row + 1 + len(left), facility] += rng.multinomial(number, left)

    def pass_day(self, day: int, reported: Ints, rng: np.random.Generator, first_share: float = 0.0) -> None:
        """Discharge people whose isolation ends today; admit those of today's mild cases who isolate.

        Parameters
        ----------
        reported
            ``(districts,)`` mild cases reported today.
        first_share
            Share of the reported cases in people whom home care follows first.
        """
        row = day - self._first
        leaving = self._leaving[row]
        self.occupied -= leaving
        self.discharged += leaving
        self.refused = 0
        share = self._share + self._more * first_share
        if share == 0:
            return
        free = list(map(sub, self.capacity, self.occupied.tolist()))
        for district, number in enumerate(rng.binomial(reported, share).tolist()):
            if number:
                self.refused += self._admit(row, district, number, free, rng)

    def _admit(self, row: int, district: int, number: int, free: list[int], rng: np.random.Generator) -> int:
        """Admit a district's cases to `free` beds, the nearest first; return how many find no bed."""
        for route in self._network.from_district[district]:
            f = route.facility
            taken = min(number, free[f])
            if taken > 0:
                free[f] -= taken
                self.occupied[f] += taken
                self.admitted[f] += taken
                self._leaving[row + 1 : row + 1 + len(self._stay), f] += rng.multinomial(taken, self._stay)
                number -= taken
                if number == 0:
                    break
        return number

    def fill(self, page: Page) -> None:
        """Record the isolated cases, and the cases for whom no bed was free."""
        page.province.values |= {
            "mild_in_isolation": int(self.occupied.sum()),
            "isolation_refused": self.refused,
        }
        page.facilities.totals["entries_basic"] = self.admitted.tolist()

    def check(self, day: int) -> None:
        """Check that admissions - discharges = census in every facility.

        Raises
        ------
        IdentityError
            If the identity fails.
        """
        census = self.admitted - self.discharged
        if not np.array_equal(census, self.occupied):
            f = int(np.flatnonzero(census != self.occupied)[0])
            raise IdentityError(
                "flows = census",
                f"{self._network.facilities[f]}, basic",
                day,
                f"flows give {census[f]}, census is {self.occupied[f]}",
            )
