"""Home care: teams follow mild cases, give drug packages, and keep some cases from needing oxygen.

Self-contained: the input is a day's counts; the output is the reduction of need among the next day's onsets.
Within an area (the province, unless the scenario names areas), teams go where the cases are.
"""

from __future__ import annotations

from math import ceil
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import IdentityError
from surgesim.model.columns import Column
from surgesim.scenario.schema.base import AGE_GROUPS, RISK_GROUPS
from surgesim.scenario.schema.capacity.home import HomeCare as HomeCareSection

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

Reduction: TypeAlias = tuple[float, float] | tuple[tuple[float, ...], tuple[float, ...]]
"""Shares of detected cases that home care keeps from needing oxygen, of people followed first and of others:
for the province, or for each district."""

COLUMNS = (
    Column("home_cases", "people", "reported mild cases at home (0 if home care is not modelled)"),
    Column("home_cases_not_followed", "people", "mild cases in `home_cases` that no team follows"),
    Column("without_package", "people/day", "newly followed cases for whom no drug package was left"),
)


class _Cases:
    """The mild cases at home that have the same priority.

    Attributes
    ----------
    isolated
        Relative frequency with which a case of this priority is isolated.
    known
        Cases reported in the last `followed_days`, at home or isolated.
    active, followed, newly_followed, packages_given
        As in `HomeCare`.
    with_package
        Share of the day's newly followed cases that got a package. Without such cases, 1 if a package was
        left, otherwise 0.
    """

    def __init__(self, weights: Floats, isolated: float, reach: float) -> None:
        self.isolated = isolated
        self._reach = reach
        self._weights = weights
        self._recent = np.zeros(len(weights))  # today's cases first
        self._reported = 0.0
        self.known = self.active = self.followed = self.newly_followed = self.packages_given = 0.0
        self.with_package = 0.0

    def report(self, cases: float) -> None:
        """Add the cases reported on a day."""
        self._reported = cases
        self._recent[1:] = self._recent[:-1]
        self._recent[0] = cases
        self.known = float(self._weights @ self._recent)

    def follow(self, isolated: float, most: float) -> None:
        """Let teams follow up to `most` of the cases at home that they reach.

        At home are all known cases except `isolated` ones.
        """
        active = max(self.known - isolated, 0.0)
        new = self._reported * active / self.known if self.known > 0 else 0.0
        stay = min((active - new) / self.active, 1.0) if self.active > 0 else 0.0
        followed = min(active * self._reach, most)
        self.newly_followed = max(followed - self.followed * stay, 0.0)
        self.active, self.followed = active, followed

    def give(self, packages: float) -> None:
        """Give each newly followed case one of the `packages` left in stock, as long as there are any."""
        self.packages_given = min(self.newly_followed, packages)
        if self.newly_followed > 0:
            self.with_package = self.packages_given / self.newly_followed
        else:
            self.with_package = 1.0 if packages > 0 else 0.0

    @property
    def coverage(self) -> float:
        """Share of the active cases that are followed; 1 if there are none."""
        return self.followed / self.active if self.active > 0 else 1.0


class HomeCare:
    """Teams, the mild cases they follow, and the stock of drug packages.

    A case is active at home for `followed_days` from the day of its report, unless it is isolated in a
    facility. Teams follow as many active cases as they can, the priority cases (`first`) before the others.
    Within each priority, followed and unfollowed cases end in equal proportion each day. Newly followed cases
    get a package while stocks last; a case left without one does not get one later.

    Attributes
    ----------
    first
        ``(9, 2)`` True for the people, by age and risk, whose cases are followed first.
    teams
        Current number of teams; the number at 00:00 is at work for the day.
    active, followed
        Reported mild cases at home at the end of the day, and the number followed by teams.
    newly_followed, packages_given, without_package
        The day's newly followed cases, the packages given to them, and the cases left without a package.
    packages
        Stock at the end of the day.
    reduction, first_reduction
        Relative reduction of P(needs oxygen) among the next day's onsets that will be reported, for other
        people and for people in `first`.

    Parameters
    ----------
    delays
        P(report k days after onset), k = 0, 1, …; needed if some cases are followed first.
    isolated
        Relative frequency with which cases of people in `first`, and of other people, are isolated.
    reach
        Share of the cases at home that teams can reach.
    """

    def __init__(
        self,
        section: HomeCareSection,
        delays: Floats | None = None,
        isolated: tuple[float, float] = (1.0, 1.0),
        reach: float = 1.0,
    ) -> None:
        self._section = section
        days = section.followed_days
        weights = np.minimum(days - np.arange(ceil(days)), 1.0)  # for today's cases, yesterday's, …
        self._first, self._others = (_Cases(weights, weight, reach) for weight in isolated)
        self._delays = np.ones(1) if delays is None else delays
        self._onsets = np.zeros((len(self._delays), 2))  # today's first: of people in `first`, of all
        self._onset_days = 0
        self._came, self._went = section.packages, 0.0
        self.first = followed_first(section)
        self._has_first = bool(self.first.any())
        self.teams = self._at_work = section.teams
        self._others_follow = self._others_at_work = 0.0
        self.active = self.followed = 0.0
        self.newly_followed = self.packages_given = self.without_package = 0.0
        self.packages = section.packages
        self.reduction = self.first_reduction = 0.0

    @property
    def coverage(self) -> float:
        """Share of active mild cases at home that are followed; 1 if there are none."""
        return self.followed / self.active if self.active > 0 else 1.0

    def begin_day(self) -> None:
        """At 00:00, put the current teams to work for the day."""
        self._at_work = self.teams
        self._others_at_work = self._others_follow

    def add_teams(self, number: int, patients_per_team: float | None = None) -> None:
        """Add `number` teams from the next 00:00; a negative number removes teams.

        They follow `patients_per_team` cases each; if that is None, as many as the scenario's teams.
        """
        self.teams = max(self.teams + number, 0)
        if patients_per_team is not None:
            self._others_follow += number * (patients_per_team - self._section.patients_per_team)

    def expect(self, first: int, mild: int) -> None:
        """Note how many of a day's onsets stay mild: `first` among people followed first, `mild` in all."""
        self._onsets[1:] = self._onsets[:-1]
        self._onsets[0] = first, mild
        self._onset_days += 1

    def due_reports(self) -> tuple[float, float]:
        """Return the expected mild cases reported today, of people followed first and of all."""
        if not self._onset_days or not self._has_first:
            return 0.0, 0.0
        first, mild = (self._delays[: self._onset_days] @ self._onsets[: self._onset_days]).tolist()
        return first, mild

    def first_share(self) -> float:
        """Return the share of people followed first among the mild cases reported today."""
        first, mild = self.due_reports()
        return float(first / mild) if mild > 0 else 0.0

    def pass_day(self, reported_mild: float, isolated: float) -> None:
        """Follow a day's cases: `report` and `follow`."""
        self.report(reported_mild)
        self.follow(isolated)

    def report(self, reported_mild: float) -> None:
        """Add the mild cases reported on a day."""
        share = self.first_share()
        self._first.report(share * reported_mild)
        self._others.report((1 - share) * reported_mild)

    @property
    def known(self) -> float:
        """Known cases, each weighted by the relative frequency with which it is isolated."""
        return sum(cases.known * cases.isolated for cases in (self._first, self._others))

    def follow(self, isolated: float) -> None:
        """Follow the cases of the day, of which `isolated` are in basic beds of facilities at its end."""
        known = self.known
        most = max(self._at_work * self._section.patients_per_team + self._others_at_work, 0.0)
        delivered = self._section.packages_per_day
        self.packages += delivered
        self._came += delivered
        for cases in (self._first, self._others):
            cases.follow(isolated * (cases.known * cases.isolated / known) if known > 0 else 0.0, most)
            most -= cases.followed
            cases.give(self.packages)
            self.packages -= cases.packages_given
        self._add_up()

    def _add_up(self) -> None:
        both = (self._first, self._others)
        self.active = sum(cases.active for cases in both)
        self.followed = sum(cases.followed for cases in both)
        self.newly_followed = sum(cases.newly_followed for cases in both)
        self.packages_given = sum(cases.packages_given for cases in both)
        self.without_package = self.newly_followed - self.packages_given
        self._went += self.packages_given
        self.first_reduction, self.reduction = map(self._next_reduction, both)

    def _next_reduction(self, cases: _Cases) -> float:
        if self._at_work == 0:
            return 0.0
        return self._section.eligible_share * self._section.effect * cases.coverage * cases.with_package

    @staticmethod
    def averted_cases(draws: Floats, reported: Bools, reduction: Floats | float) -> Bools:
        """Return True for each of a day's future patients whose illness stays mild thanks to early treatment.

        Parameters
        ----------
        draws
            ``(patients,)`` uniform draws in [0, 1), used for nothing else, so that a larger reduction averts
            the same cases and more.
        reported
            ``(patients,)`` True for cases detected in the community, which can be followed.
        reduction
            The previous day's `reduction` or, for people in `first`, its `first_reduction`; 0 averts no
            cases.
        """
        return reported & (draws < reduction)

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


def followed_first(section: HomeCareSection | None) -> Bools:
    """Return True for people followed first, ``(9, 2)`` by age and risk; all False without home care."""
    people = np.zeros((len(AGE_GROUPS), len(RISK_GROUPS)), bool)
    if section is not None and section.first is not None:
        people[section.first.from_age // 10 :] = True
        people[:, 1] |= section.first.high_risk
    return people
