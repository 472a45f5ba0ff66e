"""The conditions of a search, as they are given: thresholds with a risk, outcomes with a bound."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from surgesim.decisions.search import Condition
from surgesim.decisions.trials import FLOWS
from surgesim.errors import Problem
from surgesim.scenario.door import suggestion
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.breaches import SITUATION, never_assessed, not_assessed
from surgesim.study.measures.compare import BREACHED
from surgesim.study.tables.columns import outcome_units

RISK: Final = 0.2
CONFIDENCE: Final = 0.9
REPLICATIONS: Final = 200
"""Largest number of replications at a value, unless another is given."""


def read_conditions(
    scenario: Scenario,
    threshold: str | Sequence[str],
    risk: float,
    outcomes: Mapping[str, float],
    draws: float | None = None,
) -> tuple[tuple[Condition, ...], list[Problem]]:
    """Return the conditions that all must hold at once, and what is wrong with them."""
    thresholds = [threshold] if isinstance(threshold, str) else list(threshold)
    problems: list[Problem] = []
    known = [*scenario.command.thresholds, *([SITUATION] if scenario.command.thresholds else [])]
    for name in thresholds:
        if name not in known:
            problems.append(Problem("threshold", f"unknown threshold {name!r}{suggestion(name, known)}"))
        elif never_assessed(scenario, name):
            lacks = not_assessed(scenario, name) or "some of its criteria"
            problems.append(
                Problem(
                    "threshold", f"got {name!r}, which cannot be assessed, because the scenario lacks {lacks}"
                )
            )
    if not (isinstance(risk, (int, float)) and 0 < risk < 1):
        problems.append(Problem("risk", f"got {risk}, expected a probability above 0 and below 1"))
    units = outcome_units([scenario])
    for name, bound in outcomes.items():
        if name not in units and name not in FLOWS:
            problems.append(Problem("outcome", f"unknown outcome {name!r}{suggestion(name, units)}"))
        if not (isinstance(bound, (int, float)) and math.isfinite(bound)):
            problems.append(Problem("below", f"got {bound}, expected a number"))
        elif bound <= 0:
            problems.append(
                Problem("below", f"got {bound:g}, which no mean can be below, expected a number above 0")
            )
    if not thresholds and not outcomes:
        problems.append(Problem("", "got no condition, expected a threshold, or an outcome with a bound"))
    if len(set(thresholds)) < len(thresholds):
        problems.append(Problem("threshold", "got a threshold twice, expected it once"))
    if draws is not None:
        if not (isinstance(draws, (int, float)) and 0 < draws < 1):
            problems.append(Problem("draws", f"got {draws}, expected a share above 0 and below 1"))
        if not scenario.study.drawn:
            message = f"got {draws}, but nothing is drawn, expected uncertain parameters in study.uncertainty"
            problems.append(Problem("draws", message))
    shares = [Condition(f"{BREACHED}{name}", float(risk), draws) for name in thresholds if not problems]
    means = [Condition(name, float(bound), draws) for name, bound in outcomes.items() if not problems]
    return (*shares, *means), problems


def number_problems(confidence: float, replications: int) -> Iterator[Problem]:
    """Yield what is wrong with the confidence and the largest number of replications of a search."""
    if not (isinstance(confidence, (int, float)) and 0.5 <= confidence < 1):
        yield Problem("confidence", f"got {confidence}, expected a probability from 0.5 to below 1")
    if isinstance(replications, bool) or not isinstance(replications, (int, np.integer)) or replications < 20:
        yield Problem("replications", f"got {replications!r}, expected a whole number of at least 20")
