"""Stopping rule for replications, based on the precision requested for each outcome.

Replications are added one by one until every half-width is small enough (Law 2015, Simulation Modeling
and Analysis, section 9.4.1: the sequential procedure with a relative error).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.door import suggestion
from surgesim.scenario.schema.scenario import Scenario
from surgesim.scenario.schema.study.section import Study
from surgesim.study.measures.compare import FIRST_DAY
from surgesim.study.measures.draws import draw_means
from surgesim.study.tables.columns import outcome_units

FEWEST_REPLICATIONS = 10
"""Min replications before the first check; with fewer, the variance is too often too small by chance."""

WIDE, NO_EVENT, NOT_MEASURED, TOO_FEW = "wide", "no_event", "not_measured", "too_few"
"""Reasons why a precision was not reached: the interval is too wide, no event occurred in any replication
(a count of 0, or no breach), or the outcome was measured in no replication or in only one."""


def check_precision(scenario: Scenario) -> None:
    """Check that a run has every outcome for which a precision is requested.

    Raises
    ------
    ScenarioError
        If an outcome is unknown; the error lists every unknown outcome.
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
    """Running means of the outcomes of `study.precision`, with 95 % Student t intervals over the draws.

    The state depends only on the replications in order, so a run stops after the same replication with any
    number of workers.

    Parameters
    ----------
    study
        The requested precision, and the least and the most replications.
    horizon
        Number of days simulated: the value of a first day without a breach.

    Attributes
    ----------
    wanted
        The requested half-width of each outcome, as a share of its mean.
    count
        Number of replications added.
    """

    def __init__(self, study: Study, horizon: float) -> None:
        self.wanted = study.precision
        self.count = 0
        self._horizon = horizon
        self._most = study.most
        self._first_look = min(max(FEWEST_REPLICATIONS, study.replications), self._most)
        self._moments: dict[tuple[str, str], _Moments] = {}
        self._runs = study.runs_together
        self._of_draw: dict[tuple[str, str], list[float]] = {}

    def add(self, outcomes: Mapping[str, Mapping[str, float]]) -> None:
        """Add a replication's outcomes by alternative; outcomes that an alternative lacks are skipped.

        A replication in which an outcome is not measured (NaN) does not count towards its mean.
        """
        self.count += 1
        for alternative, row in outcomes.items():
            for outcome in self.wanted:
                if outcome in row:
                    key = (alternative, outcome)
                    self._moments.setdefault(key, _Moments())
                    self._of_draw.setdefault(key, []).append(row[outcome])
        if self.count % self._runs == 0:
            for key, values in self._of_draw.items():
                (mean,) = draw_means(np.array(values), len(values))
                self._moments[key].add(float(mean))
            self._of_draw.clear()

    def enough(self) -> bool:
        """Return True if no further replication is needed or allowed.

        An outcome not measured in any replication is ignored: further replications would add nothing.
        """
        if not self.wanted or self.count >= self._most:
            return self.count >= self._most
        if self.count < self._first_look:
            return False
        return all(entry["reached"] or entry["why_not"] == NOT_MEASURED for entry in self.note())

    def note(self) -> list[dict[str, Any]]:
        """Return the requested and the achieved precision of each alternative's outcomes, for the manifest.

        `half_width_share` is the half-width divided by the mean, or None if undefined. `why_not` is None if
        the precision was reached, otherwise `WIDE`, `NO_EVENT`, `NOT_MEASURED` or `TOO_FEW`.
        """
        return [
            {
                "alternative": alternative,
                "outcome": outcome,
                "wanted_share": self.wanted[outcome],
                "half_width_share": share,
                "reached": why_not is None,
                "why_not": why_not,
            }
            for (alternative, outcome), moments in self._moments.items()
            for share, why_not in [moments.verdict(self.wanted[outcome], self._without_event(outcome))]
        ]

    def _without_event(self, outcome: str) -> float:
        """Return the value of an outcome if no event occurs: 0, or the horizon for a first day."""
        return self._horizon if outcome.startswith(FIRST_DAY) else 0.0


class _Moments:
    """Running count, mean and sum of squared deviations of the measured values (Welford 1962)."""

    def __init__(self) -> None:
        self.count, self.mean, self.squares = 0, 0.0, 0.0

    def add(self, value: float) -> None:
        if math.isnan(value):
            return
        self.count += 1
        away = value - self.mean
        self.mean += away / self.count
        self.squares += away * (value - self.mean)

    def verdict(self, wanted: float, without_event: float) -> tuple[float | None, str | None]:
        """Return the half-width divided by the mean, and why the precision was not reached, or None."""
        from scipy.special import stdtrit

        n = self.count
        if n == 0:
            return None, NOT_MEASURED
        if self.squares == 0 and self.mean == without_event:
            return None, NO_EVENT  # no event in any replication: its probability is unknown
        if n < 2:
            return None, TOO_FEW
        if self.mean == 0:  # share undefined; a first day of 0 in every replication is exact
            return (None, WIDE) if self.squares else (0.0, None)
        half = float(stdtrit(n - 1, 0.975)) * math.sqrt(self.squares / (n - 1) / n)
        share = half / abs(self.mean)
        return share, None if share <= wanted else WIDE
