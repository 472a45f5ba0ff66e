"""The search of one lever by simulation: its values are candidates of trials, which searches can share."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surgesim.decisions.levers import Lever
from surgesim.decisions.search import Answer, Condition, Goal, Place, Verdict, most_tested, search
from surgesim.decisions.trials import Trials, with_candidates
from surgesim.errors import Problem
from surgesim.model.record import Column
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.compare import COST, paired_interval
from surgesim.study.measures.draws import draw_means
from surgesim.study.tables.columns import TEXT

Floats = NDArray[np.float64]

_CONTRARY: Final = 0.99
"""Confidence of the paired difference by which runs contradict that stronger values are never worse."""


class Found(NamedTuple):
    """What a search found, and the places of the values in the order in which they were first tested."""

    answer: Answer
    order: tuple[int, ...]


def independent(trials: Trials, name: str, outcome: str, together: int) -> Floats:
    """Return the independent values of an outcome of a candidate: means over the runs that share a draw."""
    found = draw_means(trials.values(name, outcome), together)
    return found[~np.isnan(found)]


def contrary(
    trials: Trials,
    goal: Goal,
    pairs: Iterable[tuple[Place, Place]],
    name: Callable[[Place], str],
) -> Iterator[tuple[Place, Place, str]]:
    """Yield the pairs of a weaker and a stronger place whose paired runs say that the stronger is worse."""
    for weak, strong in pairs:
        same = trials.replications(name(weak), name(strong))
        same = same[: len(same) // goal.together * goal.together]
        for condition in goal.conditions:
            before, after = (trials.values(name(place), condition.outcome, same) for place in (weak, strong))
            low, _ = paired_interval(after - before, _CONTRARY, goal.together)
            if low > 0:
                yield weak, strong, condition.outcome


def opposed(trials: Trials, goal: Goal, each: float, weakest: str, strongest: str) -> list[str]:
    """Return the conditions that the weakest candidate keeps and the strongest breaks, by outcome."""

    def verdict(name: str, condition: Condition) -> Verdict:
        return condition.verdict(independent(trials, name, condition.outcome, goal.together), each)

    return [
        condition.outcome
        for condition in goal.conditions
        if (verdict(weakest, condition), verdict(strongest, condition)) == ("holds", "fails")
    ]


CONDITION: Final = (
    Column("outcome", TEXT, "outcome of the condition; `breached_<threshold>` is a probability"),
    Column("below", "as the outcome", "bound of the condition"),
    Column("replications", "replications", "replications of what is tested"),
    Column(
        "mean",
        "as the outcome",
        "mean over the replications; of `breached_`, the share breached; with `--draws`, the share of "
        "draws that do not keep the bound",
    ),
    Column(
        "low",
        "as the outcome",
        "lower end of an interval that stays valid however often one looks, at the error of one test",
    ),
    Column("high", "as the outcome", "upper end of the interval"),
)
"""The columns of a table that say how a condition is kept."""
VERDICT: Final = Column("verdict", TEXT, "`holds` or `fails` if the condition is shown to, otherwise `open`")
COST_MEAN: Final = Column(
    "cost_mean", "currency", "mean cost of the response; empty if the scenario gives no costs"
)


def condition_cells(condition: Condition, values: Floats, each: float, runs: int) -> dict[str, Any]:
    """Return the cells of `CONDITION` and `VERDICT`, by column, from the independent values of one condition.

    Parameters
    ----------
    each
        Error of one test.
    runs
        Number of replications.
    """
    low, high = condition.interval(values, 2 * each)
    return {
        "outcome": condition.outcome,
        "below": condition.below,
        "replications": runs,
        "mean": float(condition.tested(values).mean()),
        "low": low,
        "high": high,
        "verdict": condition.verdict(values, each),
    }


def mean_cost(trials: Trials, name: str, replications: Sequence[int] | None = None) -> float:
    """Return the mean cost of the response of a candidate; NaN if the scenario gives no costs."""
    if trials.scenario.supply.costs is None:
        return math.nan
    return float(trials.values(name, COST, replications).mean())


@dataclass(frozen=True, slots=True)
class LeverSearch:
    """The search for the weakest value of a lever at which all conditions hold.

    Attributes
    ----------
    prefix
        Name of the search among others that share its trials.
    """

    scenario: Scenario
    lever: Lever
    goal: Goal
    prefix: str = "value"

    @property
    def each(self) -> float:
        """The error of one test."""
        return self.goal.error(most_tested(len(self.lever.values)))

    @property
    def most_runs(self) -> int:
        """Number of runs after which the search is complete at the latest."""
        return most_tested(len(self.lever.values)) * self.goal.most

    def text(self, place: int) -> str:
        """Return the value at a place as it is written on the command line."""
        return self.lever.text(self.lever.values[place])

    def name(self, place: int) -> str:
        """Return the name of the candidate that has the value at a place."""
        return f"{self.prefix}-{place}"

    def candidates(self, places: Sequence[int]) -> Scenario:
        """Return the scenario with the values at these places as its alternatives, checked as files.

        Raises
        ------
        ScenarioError
            If a file with one of the values would be refused.
        """
        values = self.lever.values
        overlays = {self.name(place): self.lever.overlay(self.scenario, values[place]) for place in places}

        def refusal(name: str, message: str) -> Problem:
            at = self.text(int(name.rpartition("-")[2]))
            return Problem(f"lever {self.lever.name}", f"is refused at {at}: {message}")

        return with_candidates(self.scenario, overlays, refusal)

    def values(self, trials: Trials, place: int, outcome: str) -> Floats:
        """Return the independent values of an outcome at a place: means over the runs that share a draw."""
        return independent(trials, self.name(place), outcome, self.goal.together)

    def run(self, trials: Trials, look: Callable[[Sequence[int]], None] = lambda places: None) -> Found:
        """Search, with the runs of some trials.

        Parameters
        ----------
        look
            Function that is called with the places run so far after each batch of runs.
        """
        order: list[int] = []

        def run(places: Sequence[int], count: int) -> None:
            new = [place for place in places if place not in order]
            if new:
                trials.add(self.candidates(new))
                order.extend(new)
            trials.run([self.name(place) for place in places], range(count))
            look(order)

        answer = search(
            len(self.lever.values),
            self.goal,
            run,
            lambda place, outcome: self.values(trials, place, outcome),
        )
        return Found(answer, tuple(order))

    def summary(self, trials: Trials, found: Found) -> dict[str, Any]:
        """Return the answer as the manifest states it."""
        answer, pairs = found.answer, itertools.pairwise(sorted(found.order))
        return {
            "status": answer.status,
            "value": self.text(answer.place),
            "confidence": self.goal.confidence,
            "failing": None if answer.failing is None else self.text(answer.failing),
            "opposed": opposed(
                trials, self.goal, self.each, self.name(0), self.name(len(self.lever.values) - 1)
            ),
            "contrary": [
                [self.text(weak), self.text(strong), outcome]
                for weak, strong, outcome in contrary(trials, self.goal, pairs, self.name)
            ],
            "tested": len(found.order),
            "runs": sum(trials.count(self.name(place)) for place in found.order),
        }
