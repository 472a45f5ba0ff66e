"""Who is reached: patients by the day of their need, those who got no bed in time, and deaths, by group.

A group is a district, an age and a risk; groups lie flat in that order, as the ledger counts them.
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
"""Patients of the last 7 days from whom a share in time is told: that of a few says nothing."""


def members(group: str | None) -> slice:
    """Where an age or risk group stands among the ages and risks of a district; None is everybody."""
    risks = len(RISK_GROUPS)
    if group is None:
        return slice(None)
    if group in RISK_GROUPS:
        return slice(RISK_GROUPS.index(group), None, risks)
    first = AGE_GROUPS.index(group) * risks
    return slice(first, first + risks)


def share_in_time(late: int, patients: int) -> float:
    """Share of patients who were not late; 1 of fewer than FEWEST."""
    return (patients - late) / patients if patients >= FEWEST else 1.0


def per_million(deaths: int, people: int) -> float:
    """Deaths per million people; none of nobody."""
    return deaths * PER_MILLION / max(people, 1)


_RATIOS = {"in_time_7d_share": share_in_time, "deaths_per_million": per_million}


class ReachCounts:
    """Patients and deaths by group.

    Attributes
    ----------
    needs, late
        ``(days, groups)`` patients by the day on which they came to need a bed: all, and those known so
        far not to have got a bed they needed in time.
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
        """t = 0: what a warm-up has seen, and the patients in beds at the start, are not counted."""
        self._needs_before = np.array(self._ledger.needs)
        self._dead_before = np.array(self._ledger.dead)
        self._ledger.too_late.clear()

    def pass_day(self, day: int) -> None:
        """Take over what the ledger has counted since the day before."""
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
        """``(groups,)`` the dead since t = 0."""
        dead: Ints = np.array(self._ledger.dead) - self._dead_before
        return dead

    def by_district(self, indicator: str, day: int) -> Floats:
        """``(districts,)`` an indicator of the residents of each district."""
        counted, among = (counts.sum(axis=(0, 2)).tolist() for counts in self._counts(indicator, day))
        return np.array(list(map(_RATIOS[indicator], counted, among)))

    def by_group(self, indicator: str, day: int, groups: Iterable[str | None]) -> list[float]:
        """An indicator of age or risk groups of the province (None is everybody), one value for each."""
        counted, among = (counts.sum(axis=(0, 1)).tolist() for counts in self._counts(indicator, day))
        ratio = _RATIOS[indicator]
        return [ratio(sum(counted[part]), sum(among[part])) for part in map(members, groups)]

    def totals(self) -> Ints:
        """``(3, districts, 9, 2)`` of the run: patients, those who got every bed in time, deaths."""
        patients = self.needs.sum(axis=0)
        shape = (3, len(self._people), len(AGE_GROUPS), len(RISK_GROUPS))
        return np.stack([patients, patients - self.late.sum(axis=0), self.dead]).reshape(shape)

    def _counts(self, indicator: str, day: int) -> tuple[Ints, Ints]:
        """What an indicator counts, and among whom, each ``(days, districts, ages and risks)`` to sum up."""
        shape = (-1, *self._people.shape)
        if indicator == "deaths_per_million":
            return self.dead.reshape(shape), self._people.reshape(shape)
        return window(self.late, day).reshape(shape), window(self.needs, day).reshape(shape)
