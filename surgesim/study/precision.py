"""Whether enough replications are run: how wide the interval of each wanted outcome still is.

Replications are added one by one until every half-width is small enough (Law 2015, Simulation Modeling
and Analysis, section 9.4.1: the sequential procedure with a relative error).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.schema import Scenario
from surgesim.scenario.shape import suggestion
from surgesim.scenario.study import Study
from surgesim.study.tables import outcome_units


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

    def __init__(self, study: Study) -> None:
        self._study = study
        self._count = 0
        self._moments: dict[tuple[str, str], tuple[float, float]] = {}

    def add(self, outcomes: Mapping[str, Mapping[str, float]]) -> None:
        """Take in a replication: its outcomes by alternative; one that an alternative lacks is left out."""
        self._count += 1
        for alternative, row in outcomes.items():
            for outcome in self._study.precision:
                if outcome in row:
                    mean, squares = self._moments.get((alternative, outcome), (0.0, 0.0))
                    away = row[outcome] - mean
                    mean += away / self._count
                    self._moments[alternative, outcome] = mean, squares + away * (row[outcome] - mean)

    def enough(self) -> bool:
        """Whether no further replication is needed, or allowed."""
        if self._count < self._study.replications:
            return False
        if not self._study.precision or self._count >= self._study.most_replications:
            return True
        return all(entry["reached"] for entry in self.note())

    def note(self) -> list[dict[str, Any]]:
        """What was wanted and what was reached, for the manifest: one entry per alternative and outcome.

        `half_width_share` is the half-width over the mean; None where the mean is 0 but the outcome varies,
        or of a single replication.
        """
        return [
            {
                "alternative": alternative,
                "outcome": outcome,
                "wanted_share": self._study.precision[outcome],
                "half_width_share": share,
                "reached": share is not None and share <= self._study.precision[outcome],
            }
            for (alternative, outcome), moments in self._moments.items()
            for share in [self._share(*moments)]
        ]

    def _share(self, mean: float, squares: float) -> float | None:
        from scipy.special import stdtrit

        n = self._count
        if n < 2:
            return None
        half = float(stdtrit(n - 1, 0.975)) * math.sqrt(squares / (n - 1) / n)
        if half == 0:
            return 0.0
        return half / abs(mean) if mean != 0 else None
