"""Whether enough replications are run: how wide the interval of each wanted outcome still is.

Replications are added one by one until every half-width is small enough (Law 2015, Simulation Modeling
and Analysis, section 9.4.1: the sequential procedure with a relative error).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.door import suggestion
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.compare import FIRST_DAY
from surgesim.study.tables.columns import outcome_units

FEWEST_REPLICATIONS = 10
"""Replications before the first look: the variance of fewer is too often small by chance."""

WIDE, NO_EVENT, NOT_MEASURED, TOO_FEW = "wide", "no_event", "not_measured", "too_few"
"""Why a precision was not reached: a wide interval, an outcome without an event in any replication (a count
of 0, a breach that never came), one that was measured in none, or in one only."""


def check_precision(scenario: Scenario) -> None:
    """Whether a run has the outcomes whose precision is wanted.

    Raises
    ------
    ScenarioError
        With every one that it does not have.
    """
    known = outcome_units([scenario])
    problems = [
        Problem(f"study.precision.{outcome}", f"unknown outcome {outcome!r}{suggestion(outcome, known)}")
        for outcome in scenario.study.precision
        if outcome not in known
    ]
    if problems:
        raise ScenarioError(problems)


class Precision:
    """Means of the outcomes of `study.precision`, and their 95 % Student t intervals, as replications come.

    It depends on the replications in their order alone, so that any number of workers stops at the same.
    """

    def __init__(self, scenario: Scenario) -> None:
        study = scenario.study
        self._wanted = study.precision
        self._horizon = float(scenario.days)
        self._most = study.most_replications if study.precision else study.replications
        self._first_look = min(max(FEWEST_REPLICATIONS, study.replications), self._most)
        self._count = 0
        self._moments: dict[tuple[str, str], _Moments] = {}

    def add(self, outcomes: Mapping[str, Mapping[str, float]]) -> None:
        """Take in a replication: its outcomes by alternative; one that an alternative lacks is left out.

        A replication in which an outcome is not measured (NaN) does not count for its mean.
        """
        self._count += 1
        for alternative, row in outcomes.items():
            for outcome in self._wanted:
                if outcome in row:
                    self._moments.setdefault((alternative, outcome), _Moments()).add(row[outcome])

    def enough(self) -> bool:
        """Whether no further replication is needed, or allowed.

        An outcome that was measured in no replication is not waited for: more of them would tell no more.
        """
        if not self._wanted or self._count >= self._most:
            return self._count >= self._most
        if self._count < self._first_look:
            return False
        return all(entry["reached"] or entry["why_not"] == NOT_MEASURED for entry in self.note())

    def note(self) -> list[dict[str, Any]]:
        """What was wanted and what was reached, for the manifest: one entry per alternative and outcome.

        `half_width_share` is the half-width over the mean; None where there is none. `why_not` is None
        where the precision was reached, else `WIDE`, `NO_EVENT`, `NOT_MEASURED` or `TOO_FEW`.
        """
        return [
            {
                "alternative": alternative,
                "outcome": outcome,
                "wanted_share": self._wanted[outcome],
                "half_width_share": share,
                "reached": why_not is None,
                "why_not": why_not,
            }
            for (alternative, outcome), moments in self._moments.items()
            for share, why_not in [moments.judged(self._wanted[outcome], self._without_event(outcome))]
        ]

    def _without_event(self, outcome: str) -> float:
        """The value of a replication in which nothing happened; a first day is then censored at the end."""
        return self._horizon if outcome.startswith(FIRST_DAY) else 0.0


class _Moments:
    """Number, mean and sum of squared deviations of what was measured, as it comes (Welford 1962)."""

    def __init__(self) -> None:
        self.count, self.mean, self.squares = 0, 0.0, 0.0

    def add(self, value: float) -> None:
        if math.isnan(value):
            return
        self.count += 1
        away = value - self.mean
        self.mean += away / self.count
        self.squares += away * (value - self.mean)

    def judged(self, wanted: float, without_event: float) -> tuple[float | None, str | None]:
        """The half-width over the mean, if there is one; and why it is not as wanted, if it is not."""
        from scipy.special import stdtrit

        n = self.count
        if n == 0:
            return None, NOT_MEASURED
        if self.squares == 0 and self.mean == without_event:
            return None, NO_EVENT  # not one replication had any: nothing is known of how rare it is
        if n < 2:
            return None, TOO_FEW
        if self.mean == 0:  # no share of it; a breach on day 0 in every replication is exact
            return (None, WIDE) if self.squares else (0.0, None)
        half = float(stdtrit(n - 1, 0.975)) * math.sqrt(self.squares / (n - 1) / n)
        share = half / abs(self.mean)
        return share, None if share <= wanted else WIDE
