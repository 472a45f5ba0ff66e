"""Home care: teams follow mild cases, give drug packages, and keep some cases from needing oxygen.

Self-contained: the input is a day's counts, the output the reduction for the next day's onsets. The province
is treated as a whole: teams go where the cases are.
"""

from __future__ import annotations

from collections import deque
from math import ceil

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import IdentityError
from surgesim.model.columns import Column, Page
from surgesim.scenario.schema.capacity.home import HomeCare as HomeCareSection

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

COLUMNS = (
    Column("home_cases", "people", "reported mild cases at home (0 if home care is not modelled)"),
    Column("home_cases_not_followed", "people", "mild cases in `home_cases` that no team follows"),
    Column("without_package", "people/day", "newly followed cases for whom no drug package was left"),
)


class HomeCare:
    """Teams, the mild cases they follow, and the stock of drug packages.

    A case is active at home for `followed_days` from the day of its report, unless it is isolated in a
    facility. Teams follow as many active cases as they can; the same share of followed and other cases ends
    each day. Newly followed cases get a package while stocks last; later packages do not go to cases left
    without one.

    Attributes
    ----------
    teams
        Current number of teams; the number at 00:00 is at work for the day.
    active, followed
        Reported mild cases at home at the end of the day, and the number followed by teams.
    newly_followed, packages_given, without_package
        The day's newly followed cases, the packages given to them, and the cases left without a package.
    packages
        Stock at the end of the day.
    reduction
        Relative reduction of P(needs oxygen) among the next day's onsets that will be reported.
    """

    def __init__(self, section: HomeCareSection) -> None:
        self._section = section
        days = section.followed_days
        self._weights = np.minimum(days - np.arange(ceil(days)), 1.0)  # for today's cases, yesterday's, …
        self._recent: deque[float] = deque([0.0] * len(self._weights), maxlen=len(self._weights))
        self._came, self._went = section.packages, 0.0
        self.teams = self._at_work = section.teams
        self.active = self.followed = 0.0
        self.newly_followed = self.packages_given = self.without_package = 0.0
        self.packages = section.packages
        self.reduction = 0.0

    @property
    def coverage(self) -> float:
        """Share of active mild cases at home that are followed; 1 if there are none."""
        return self.followed / self.active if self.active > 0 else 1.0

    def begin_day(self) -> None:
        """At 00:00, put the current teams to work for the day."""
        self._at_work = self.teams

    def add_teams(self, number: int) -> None:
        """Add `number` teams from the next 00:00; a negative number removes teams."""
        self.teams = max(self.teams + number, 0)

    def pass_day(self, reported_mild: float, isolated: float) -> None:
        """Follow a day's cases.

        Parameters
        ----------
        reported_mild
            Mild cases reported on the day, in the province.
        isolated
            Mild cases in basic beds of facilities at the end of the day.
        """
        self._recent.appendleft(reported_mild)
        known = float(self._weights @ np.array(self._recent))
        active = max(known - isolated, 0.0)
        new = reported_mild * active / known if known > 0 else 0.0
        stay = min((active - new) / self.active, 1.0) if self.active > 0 else 0.0
        followed = min(active, self._at_work * self._section.patients_per_team)
        self.newly_followed = max(followed - self.followed * stay, 0.0)
        self.active, self.followed = active, followed
        self._give_packages()
        self.reduction = self._next_reduction()

    def _give_packages(self) -> None:
        delivered = self._section.packages_per_day
        available = self.packages + delivered
        self.packages_given = min(self.newly_followed, available)
        self.without_package = self.newly_followed - self.packages_given
        self.packages = available - self.packages_given
        self._came += delivered
        self._went += self.packages_given

    def _next_reduction(self) -> float:
        if self._at_work == 0:
            return 0.0
        if self.newly_followed > 0:
            with_package = self.packages_given / self.newly_followed
        else:
            with_package = 1.0 if self.packages > 0 else 0.0
        return self._section.eligible_share * self._section.effect * self.coverage * with_package

    @staticmethod
    def averted_cases(draws: Floats, reported: Bools, reduction: float) -> Bools:
        """Return True for each of a day's future patients whose illness stays mild thanks to early treatment.

        Parameters
        ----------
        draws
            ``(patients,)`` uniform draws in [0, 1), used for nothing else, so that a larger reduction averts
            the same cases and more.
        reported
            ``(patients,)`` True for cases detected in the community, which can be followed.
        reduction
            The previous day's `reduction`; 0 averts no cases.
        """
        return reported & (draws < reduction)

    def fill(self, page: Page) -> None:
        """Record the cases at home."""
        page.province.values |= {
            "home_cases": self.active,
            "home_cases_not_followed": self.active - self.followed,
            "without_package": self.without_package,
        }

    def check(self, day: int) -> None:
        """Check that packages at the start + delivered - given = end, over the run so far, and end >= 0.

        Raises
        ------
        IdentityError
            If the identity fails.
        """
        expected = self._came - self._went
        if not (abs(expected - self.packages) <= 1e-9 * (1 + self._came) and self.packages >= 0):
            raise IdentityError(
                "start + delivered - given = end",
                "home drug packages",
                day,
                f"expected {expected:.9g}, got {self.packages:.9g}",
            )
