"""Timely access by group: patients by the day of their need, those without timely access, and deaths.

A group is a district, an age and a risk; groups are flattened in that order, as in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from surgesim.model.care.ledger import Ledger
from surgesim.model.clock.calendar import day_of
from surgesim.model.command.indicators import window
from surgesim.model.record import PER_MILLION
from surgesim.scenario.schema.base import AGE_GROUPS, RISK_GROUPS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST = 10
"""Minimum number of patients in 7 days for a share in time to be computed; fewer would say little."""


def members(group: str | None) -> slice:
    """Return the slice of an age or risk group among the ages and risks of a district; None: everybody."""
    risks = len(RISK_GROUPS)
    if group is None:
        return slice(None)
    if group in RISK_GROUPS:
        return slice(RISK_GROUPS.index(group), None, risks)
    first = AGE_GROUPS.index(group) * risks
    return slice(first, first + risks)


def share_in_time(late: int, patients: int) -> float:
    """Return the share of patients who were not late; 1 if there were fewer than FEWEST."""
    return (patients - late) / patients if patients >= FEWEST else 1.0


def per_million(deaths: int, people: int) -> float:
    """Return deaths per million people."""
    return deaths * PER_MILLION / max(people, 1)


_RATIOS = {"in_time_7d_share": share_in_time, "deaths_per_million": per_million}


class ReachCounts:
    """Counts of patients and deaths by group.

    Attributes
    ----------
    needs, late
        ``(days, groups)`` patients by the day on which they began to need a bed: all, and those known so
        far to have missed timely access.
    """

    def __init__(self, days: int, people: Ints, ledger: Ledger) -> None:
        self._ledger = ledger
        self._people = people.reshape(len(people), -1)
        groups = self._people.size
        self.needs = np.zeros((days, groups), np.int64)
        self.late = np.zeros((days, groups), np.int64)
        self._needs_before = np.zeros(groups, np.int64)
        self._dead_before = np.zeros(groups, np.int64)

    def begin(self) -> None:
        """At t = 0, exclude the warm-up and the initial census from the counts."""
        self._needs_before = np.array(self._ledger.needs)
        self._dead_before = np.array(self._ledger.dead)
        self._ledger.too_late.clear()

    def pass_day(self, day: int) -> None:
        """Add the ledger's counts since the day before."""
        ledger = self._ledger
        needs = np.array(ledger.needs)
        self.needs[day] = needs - self._needs_before
        self._needs_before = needs
        if ledger.too_late:
            times, groups = np.array(ledger.too_late).T
            since = times >= 0
            days = list(map(day_of, times[since].tolist()))
            np.add.at(self.late, (days, groups[since].astype(int)), 1)
            ledger.too_late.clear()

    @property
    def dead(self) -> Ints:
        """``(groups,)`` deaths since t = 0."""
        dead: Ints = np.array(self._ledger.dead) - self._dead_before
        return dead

    def by_district(self, indicator: str, day: int) -> Floats:
        """``(districts,)`` the value of an indicator for the residents of each district."""
        counted, among = (counts.sum(axis=(0, 2)).tolist() for counts in self._counts(indicator, day))
        return np.array(list(map(_RATIOS[indicator], counted, among)))

    def by_group(self, indicator: str, day: int, groups: Iterable[str | None]) -> list[float]:
        """Return an indicator's value for each age or risk group of the province (None: everybody)."""
        counted, among = (counts.sum(axis=(0, 1)).tolist() for counts in self._counts(indicator, day))
        ratio = _RATIOS[indicator]
        return [ratio(sum(counted[part]), sum(among[part])) for part in map(members, groups)]

    def totals(self) -> Ints:
        """``(3, districts, 9, 2)`` totals of the run: patients, those with timely access, deaths."""
        patients = self.needs.sum(axis=0)
        shape = (3, len(self._people), len(AGE_GROUPS), len(RISK_GROUPS))
        return np.stack([patients, patients - self.late.sum(axis=0), self.dead]).reshape(shape)

    def _counts(self, indicator: str, day: int) -> tuple[Ints, Ints]:
        """Return numerator and denominator of an indicator, each ``(days, districts, ages and risks)``."""
        shape = (-1, *self._people.shape)
        if indicator == "deaths_per_million":
            return self.dead.reshape(shape), self._people.reshape(shape)
        return window(self.late, day).reshape(shape), window(self.needs, day).reshape(shape)
