"""Non-COVID patients in ICU beds: they hold beds, staff and ventilators, and come in whatever is left.

Each day is one vectorised step over all facilities.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import IdentityError
from surgesim.model.capacity.essential import arrivals_by, poisson_table
from surgesim.model.capacity.staff import binomial_quantile
from surgesim.model.columns import Column, Page
from surgesim.scenario.schema.capacity.essential import OtherIcu

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COLUMNS = (
    Column("other_icu_present", "patients", "non-COVID patients in ICU beds; empty if not modelled", np.nan),
    Column(
        "other_icu_unserved",
        "patients/day",
        "non-COVID patients turned away from ICU: no bed, staff or ventilator; empty if not modelled",
        np.nan,
    ),
)


class OtherIcuPatients:
    """The non-COVID patients in the ICU beds of each facility.

    The initial census is a share of all ICU beds, limited to those not intended for COVID patients; arrivals
    are Poisson at the rate that keeps this census constant, stays geometric in whole days. Nobody has to
    give up a bed. Patients without a bed, staff or a ventilator are turned away.

    Parameters
    ----------
    here
        ``(facilities,)`` True for facilities with non-COVID patients.
    total, target
        ``(facilities,)`` all ICU beds, and those intended for COVID patients, at the start.

    Attributes
    ----------
    census
        ``(facilities,)`` patients present.
    unserved
        ``(facilities,)`` patients turned away on the day.
    """

    def __init__(
        self, section: OtherIcu, here: Sequence[bool], names: Sequence[str], total: Ints, target: Ints
    ) -> None:
        wanted = np.where(np.array(here), np.rint(section.share * total), 0)
        self._names = tuple(names)
        self.census: Ints = np.minimum(wanted, np.maximum(total - target, 0)).astype(np.int64)
        self._leaves = 1 / section.stay_days
        self._arrivals = poisson_table(self.census / section.stay_days)
        self._start, self._admitted, self._discharged = self.census.copy(), 0 * self.census, 0 * self.census
        self._before, self._room = self.census.copy(), total.copy()
        self.unserved: Ints = 0 * self.census

    def room_for_covid(self, total: Ints, target: Ints) -> Ints:
        """Return the ICU beds that can be open to COVID patients today, ``(facilities,)``."""
        room: Ints = np.minimum(target, np.maximum(total - self.census, 0))
        return room

    def pass_day(
        self, total: Ints, target: Ints, taken: Ints, cared_for: Floats, rng: np.random.Generator
    ) -> None:
        """Discharge patients, and admit those of the day as far as there is room.

        Parameters
        ----------
        total, target
            ``(facilities,)`` all ICU beds, and those intended for COVID patients.
        taken
            ``(facilities,)`` ICU beds open to COVID patients or occupied by them.
        cared_for
            ``(facilities,)`` non-COVID patients for whom staff and ventilators suffice.
        rng
            Supplies two uniform draws per facility.
        """
        self._before = self.census.copy()
        draws = rng.random((2, len(self._names)))
        leaving = binomial_quantile(draws[0], self.census, np.full(len(self.census), self._leaves))
        present = self.census - leaving
        self._room = np.maximum(total - np.maximum(target, taken), 0)
        arrivals = arrivals_by(draws[1], self._arrivals)
        room = np.maximum(np.minimum(self._room, cared_for) - present, 0).astype(np.int64)
        served = np.minimum(room, arrivals)
        self.census = present + served
        self.unserved = arrivals - served
        self._admitted += served
        self._discharged += leaving

    def fill(self, page: Page) -> None:
        """Record the patients."""
        page.province.values |= {
            "other_icu_present": int(self.census.sum()),
            "other_icu_unserved": int(self.unserved.sum()),
        }

    def check(self, day: int) -> None:
        """Check that start + admitted - discharged = present, and that nobody is admitted without room.

        Raises
        ------
        IdentityError
            If an identity fails.
        """
        census = self._start + self._admitted - self._discharged
        most = np.maximum(self._room, self._before)
        for identity, left, right, wrong in (
            ("flows = census", census, self.census, census != self.census),
            ("others in ICU <= max(room, the day before)", self.census, most, self.census > most),
        ):
            if np.count_nonzero(wrong):
                facility = int(np.flatnonzero(wrong)[0])
                where = f"{self._names[facility]}, other ICU patients"
                detail = f"left side {left[facility]}, right side {right[facility]}"
                raise IdentityError(identity, where, day, detail)
