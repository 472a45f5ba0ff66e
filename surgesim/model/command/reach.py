"""Counts for timely access by group: patients by the day of their need, late patients, and deaths.

A group is a combination of district, age and risk; groups are flattened in that order, as in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from surgesim.model.care.course.ledger import Ledger
from surgesim.model.clock.calendar import day_of
from surgesim.model.command.indicators import window
from surgesim.model.epidemic.spread import Epidemic
from surgesim.model.record import PER_MILLION
from surgesim.scenario.schema.base import AGE_GROUPS, RISK_GROUPS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST = 10
"""Min number of patients in 7 days for a share with timely access; with fewer, the share is set to 1."""


def members(group: str | None) -> slice:
    """Return the slice of an age or risk group in a district's flattened counts; None selects everybody."""
    risks = len(RISK_GROUPS)
    if group is None:
        return slice(None)
    if group in RISK_GROUPS:
        return slice(RISK_GROUPS.index(group), None, risks)
    first = AGE_GROUPS.index(group) * risks
    return slice(first, first + risks)


def share_in_time(late: Ints, patients: Ints) -> Floats:
    """Return the shares of patients with timely access; 1 where there were fewer than FEWEST patients."""
    share: Floats = np.where(patients >= FEWEST, (patients - late) / np.maximum(patients, 1), 1.0)
    return share


def per_million(deaths: Ints, people: Ints) -> Floats:
    """Return deaths per million people."""
    rate: Floats = deaths * PER_MILLION / np.maximum(people, 1)
    return rate


_RATIOS = {"in_time_7d_share": share_in_time, "deaths_per_million": per_million}


class ReachCounts:
    """The counts of patients, late patients and deaths by group.

    Parameters
    ----------
    before
        Number of days before day 0 that are assessed; row `before` is day 0.

    Attributes
    ----------
    needs, late
        ``(days, groups)`` patients by the day on which they began to need a bed: all patients, and the
        patients known so far to have missed timely access.
    """

    def __init__(self, days: int, people: Ints, ledger: Ledger, before: int = 0) -> None:
        self._ledger = ledger
        self._people = people.reshape(len(people), -1)
        self._before = before
        groups = self._people.size
        self.needs = np.zeros((days, groups), np.int64)
        self.late = np.zeros((days, groups), np.int64)
        # as known at the end of each day: late and all patients of 7 days, and deaths so far
        self._known = np.zeros((3, before + days, groups), np.int32)
        self._needs_before = np.zeros(groups, np.int64)
        self._dead_before = np.zeros(groups, np.int64)
        self._begun = False
        self._epidemic: Epidemic | None = None
        self._infected_before = np.zeros(groups, np.int64)

    def begin(self, epidemic: Epidemic | None) -> None:
        """At t = 0, exclude the warm-up and the initial census from the counts."""
        if epidemic is not None:
            self._epidemic, self._infected_before = epidemic, epidemic.no_longer_susceptible().ravel()
        self._needs_before = np.array(self._ledger.needs)
        self._dead_before = np.array(self._ledger.dead)
        self._ledger.too_late.clear()
        self._begun = True

    def pass_day(self, day: int) -> None:
        """Add the patients that the ledger has counted since the day before."""
        ledger = self._ledger
        needs = np.array(ledger.needs)
        self.needs[day] = needs - self._needs_before
        self._needs_before = needs
        for time, group in ledger.too_late:
            if time >= 0:
                self.late[day_of(time), group] += 1
        ledger.too_late.clear()
        self.note(day)

    def note(self, day: int) -> None:
        """Keep what is known at the end of `day`: who was late in its last 7 days, and who has died."""
        row = self._before + day
        self._known[0, row] = window(self.late, day).sum(axis=0)
        self._known[1, row] = window(self.needs, day).sum(axis=0)
        self._known[2, row] = self.dead

    @property
    def infected(self) -> Ints:
        """``(groups,)`` people infected since t = 0; none without an epidemic."""
        if self._epidemic is None:
            return np.zeros_like(self._infected_before)
        infected: Ints = self._epidemic.no_longer_susceptible().ravel() - self._infected_before
        return infected

    @property
    def dead(self) -> Ints:
        """``(groups,)`` deaths since t = 0; none before."""
        if not self._begun:
            return np.zeros_like(self._dead_before)
        dead: Ints = np.array(self._ledger.dead) - self._dead_before
        return dead

    def by_district(self, indicator: str, rows: slice) -> Floats:
        """Return an indicator's values for the residents of each district, ``(rows, districts)``."""
        counted, among = (counts.sum(axis=2) for counts in self._counts(indicator, rows))
        return _RATIOS[indicator](counted, among)

    def by_group(self, indicator: str, rows: slice, groups: Iterable[str | None]) -> list[Floats]:
        """Return an indicator's values for each age or risk group (None: everybody), ``(rows,)`` each."""
        counted, among = (counts.sum(axis=1) for counts in self._counts(indicator, rows))
        ratio, parts = _RATIOS[indicator], [members(group) for group in groups]
        return [ratio(counted[:, part].sum(axis=1), among[:, part].sum(axis=1)) for part in parts]

    def totals(self) -> Ints:
        """Return the run's patients, patients in time, deaths and infections, ``(4, districts, 9, 2)``."""
        patients = self.needs.sum(axis=0)
        shape = (4, len(self._people), len(AGE_GROUPS), len(RISK_GROUPS))
        in_time = patients - self.late.sum(axis=0)
        return np.stack([patients, in_time, self.dead, self.infected]).reshape(shape)

    def _counts(self, indicator: str, rows: slice) -> tuple[Ints, Ints]:
        """Return an indicator's numerator and denominator, ``(rows, districts, ages and risks)`` each."""
        late, needs, dead = self._known[:, rows].reshape(3, -1, *self._people.shape).astype(np.int64)
        if indicator == "deaths_per_million":
            return dead, np.broadcast_to(self._people, dead.shape)
        return late, needs
