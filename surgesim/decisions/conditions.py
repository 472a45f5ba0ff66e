"""The conditions of a search, as they are given: thresholds with a risk, outcomes with a bound."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from surgesim.decisions.search import Condition, Goal
from surgesim.decisions.settings import Shared, whole_problems
from surgesim.decisions.trials import FLOWS
from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.door import suggestion
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.breaches import SITUATION, never_assessed, not_assessed
from surgesim.study.measures.compare import BREACHED
from surgesim.study.tables.columns import outcome_units

RISK: Final = 0.2
CONFIDENCE: Final = 0.9
REPLICATIONS: Final = 200
"""Largest number of replications at a value, unless another is given."""
LEAST_REPLICATIONS: Final = 20
"""Least value of the largest number of replications at a value."""


class Bounds(Shared, total=False):
    """The keyword arguments that all searches share."""

    threshold: str | Sequence[str]
    risk: float
    outcome: Mapping[str, float] | None
    draws: float | None
    confidence: float


def read_goal(
    scenario: Scenario,
    most: int,
    limit: str = "replications",
    *,
    threshold: str | Sequence[str] = (),
    risk: float = RISK,
    outcome: Mapping[str, float] | None = None,
    draws: float | None = None,
    confidence: float = CONFIDENCE,
    optional: bool = False,
) -> Goal:
    """Return what a search looks for.

    Parameters
    ----------
    most
        Largest number of replications at a value.
    limit
        Name of the argument that gives `most`.
    threshold, risk, outcome, draws, confidence
        As for `surgesim.size`.
    optional
        True if there can be no condition.

    Raises
    ------
    ScenarioError
        If a condition or number cannot be used.
    """
    problems = list(whole_problems(limit, most, LEAST_REPLICATIONS))
    if not (isinstance(confidence, (int, float)) and 0.5 <= confidence < 1):
        message = f"got {confidence}, expected a probability from 0.5 to below 1"
        problems.append(Problem("confidence", message))
    thresholds = [threshold] if isinstance(threshold, str) else list(threshold)
    outcomes = outcome or {}
    if not thresholds and not outcomes and not (optional and draws is None):
        problems.append(Problem("", "got no condition, expected a threshold, or an outcome with a bound"))
    problems += _threshold_problems(scenario, thresholds, risk)
    problems += _outcome_problems(scenario, outcomes)
    problems += _draws_problems(scenario, draws)
    if problems:
        raise ScenarioError(problems)
    conditions = [Condition(f"{BREACHED}{name}", float(risk), draws) for name in thresholds]
    conditions += [Condition(name, float(bound), draws) for name, bound in outcomes.items()]
    goal = Goal(tuple(conditions), float(confidence), int(most), scenario.study.runs_together)
    if most < goal.least:
        message = f"got {most}, with which no condition can be decided, expected at least {goal.least}"
        raise ScenarioError([Problem(limit, message)])
    return goal


def _threshold_problems(scenario: Scenario, thresholds: Sequence[str], risk: object) -> Iterator[Problem]:
    known = [*scenario.command.thresholds, *([SITUATION] if scenario.command.thresholds else [])]
    for name in thresholds:
        if name not in known:
            yield Problem("threshold", f"unknown threshold {name!r}{suggestion(name, known)}")
        elif never_assessed(scenario, name):
            lacks = not_assessed(scenario, name) or "some of its criteria"
            message = f"got {name!r}, which cannot be assessed, because the scenario lacks {lacks}"
            yield Problem("threshold", message)
    if len(set(thresholds)) < len(thresholds):
        yield Problem("threshold", "got a threshold twice, expected it once")
    if not (isinstance(risk, (int, float)) and 0 < risk < 1):
        yield Problem("risk", f"got {risk}, expected a probability above 0 and below 1")


def _outcome_problems(scenario: Scenario, outcomes: Mapping[str, object]) -> Iterator[Problem]:
    units = outcome_units([scenario])
    for name, bound in outcomes.items():
        if name not in units and name not in FLOWS:
            yield Problem("outcome", f"unknown outcome {name!r}{suggestion(name, units)}")
        if not (isinstance(bound, (int, float)) and math.isfinite(bound)):
            yield Problem("below", f"got {bound}, expected a number")
        elif bound <= 0:
            message = f"got {bound:g}, which no mean can be below, expected a number above 0"
            yield Problem("below", message)


def _draws_problems(scenario: Scenario, draws: object) -> Iterator[Problem]:
    if draws is None:
        return
    if not (isinstance(draws, (int, float)) and 0 < draws < 1):
        yield Problem("draws", f"got {draws}, expected a share above 0 and below 1")
    if not scenario.study.drawn:
        message = f"got {draws}, but nothing is drawn, expected uncertain parameters in study.uncertainty"
        yield Problem("draws", message)
