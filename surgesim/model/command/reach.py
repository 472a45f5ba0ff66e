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


def share_in_time(late: int, patients: int) -> float:
    """Return the share of patients with timely access; 1 if there were fewer than FEWEST patients."""
    return (patients - late) / patients if patients >= FEWEST else 1.0


def per_million(deaths: int, people: int) -> float:
    """Return deaths per million people."""
    return deaths * PER_MILLION / max(people, 1)


_RATIOS = {"in_time_7d_share": share_in_time, "deaths_per_million": per_million}


class ReachCounts:
    """The counts of patients, late patients and deaths by group.

    Attributes
    ----------
    needs, late
        ``(days, groups)`` patients by the day on which they began to need a bed: all patients, and the
        patients known so far to have missed timely access.
    """

    def __init__(self, days: int, people: Ints, ledger: Ledger) -> None:
        self._ledger = ledger
        self._people = people.reshape(len(people), -1)
        groups = self._people.size
        self.needs = np.zeros((days, groups), np.int64)
        self.late = np.zeros((days, groups), np.int64)
        self._needs_before = np.zeros(groups, np.int64)
        self._dead_before = np.zeros(groups, np.int64)
        self._begun = False
        self._became_infectious = np.zeros(groups, np.int64)
        self._latent_before = np.zeros(groups, np.int64)
        self._latent = self._latent_before

    def begin(self, epidemic: Epidemic | None) -> None:
        """At t = 0, exclude the warm-up and the initial census from the counts."""
        if epidemic is not None:
            self._latent = self._latent_before = epidemic.latent().ravel()
        self._needs_before = np.array(self._ledger.needs)
        self._dead_before = np.array(self._ledger.dead)
        self._ledger.too_late.clear()
        self._begun = True

    def pass_day(self, day: int, epidemic: Epidemic | None) -> None:
        """Add the patients that the ledger has counted since the day before, and the day's infections."""
        ledger = self._ledger
        if epidemic is not None and epidemic.today is not None:
            self._became_infectious += epidemic.today.onsets.sum(axis=(3, 4)).ravel()
            self._latent = epidemic.latent().ravel()
        needs = np.array(ledger.needs)
        self.needs[day] = needs - self._needs_before
        self._needs_before = needs
        for time, group in ledger.too_late:
            if time >= 0:
                self.late[day_of(time), group] += 1
        ledger.too_late.clear()

    @property
    def infected(self) -> Ints:
        """``(groups,)`` people infected since t = 0: those who became infectious, and more latent people."""
        infected: Ints = self._became_infectious + self._latent - self._latent_before
        return infected

    @property
    def dead(self) -> Ints:
        """``(groups,)`` deaths since t = 0; none before."""
        if not self._begun:
            return np.zeros_like(self._dead_before)
        dead: Ints = np.array(self._ledger.dead) - self._dead_before
        return dead

    def by_district(self, indicator: str, day: int) -> Floats:
        """Return the value of an indicator for the residents of each district, ``(districts,)``."""
        counted, among = (counts.sum(axis=(0, 2)).tolist() for counts in self._counts(indicator, day))
        return np.array(list(map(_RATIOS[indicator], counted, among)))

    def by_group(self, indicator: str, day: int, groups: Iterable[str | None]) -> list[float]:
        """Return an indicator's value for each age or risk group of the province (None: everybody)."""
        counted, among = (
            counts.reshape(-1, counts.shape[-1]).sum(axis=0).tolist()
            for counts in self._counts(indicator, day)
        )
        ratio = _RATIOS[indicator]
        return [ratio(sum(counted[part]), sum(among[part])) for part in map(members, groups)]

    def totals(self) -> Ints:
        """Return the run's patients, patients in time, deaths and infections, ``(4, districts, 9, 2)``."""
        patients = self.needs.sum(axis=0)
        shape = (4, len(self._people), len(AGE_GROUPS), len(RISK_GROUPS))
        in_time = patients - self.late.sum(axis=0)
        return np.stack([patients, in_time, self.dead, self.infected]).reshape(shape)

    def _counts(self, indicator: str, day: int) -> tuple[Ints, Ints]:
        """Return an indicator's numerator and denominator, ``(days, districts, ages and risks)`` each."""
        shape = (-1, *self._people.shape)
        if indicator == "deaths_per_million":
            return self.dead.reshape(shape), self._people.reshape(shape)
        return window(self.late, day).reshape(shape), window(self.needs, day).reshape(shape)
