"""The search of one lever by simulation: its values are candidates of trials, which searches can share."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surgesim.decisions.levers import Lever
from surgesim.decisions.search import Answer, Condition, Place, most_tested, search
from surgesim.decisions.trials import Trials, problem_of, with_candidates
from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.compare import paired_interval
from surgesim.study.measures.draws import draw_means

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
    conditions: Sequence[Condition],
    pairs: Iterable[tuple[Place, Place]],
    name: Callable[[Place], str],
    together: int,
) -> Iterator[tuple[Place, Place, str]]:
    """Yield the pairs of a weaker and a stronger place whose paired runs say that the stronger is worse."""
    for weak, strong in pairs:
        same = trials.replications(name(weak), name(strong))
        same = same[: len(same) // together * together]
        for condition in conditions:
            before, after = (trials.values(name(place), condition.outcome, same) for place in (weak, strong))
            low, _ = paired_interval(after - before, _CONTRARY, together)
            if low > 0:
                yield weak, strong, condition.outcome


@dataclass(frozen=True, slots=True)
class LeverSearch:
    """The search for the weakest value of a lever at which all conditions hold.

    Attributes
    ----------
    confidence
        Probability that the value found suffices, if stronger values are never worse.
    most
        Largest number of replications at a value.
    prefix
        Name of the search among others that share its trials.
    """

    scenario: Scenario
    lever: Lever
    conditions: tuple[Condition, ...]
    confidence: float
    most: int
    prefix: str = "value"

    @property
    def alpha(self) -> float:
        """The error of the answer."""
        return 1 - self.confidence

    @property
    def each(self) -> float:
        """The error of one test."""
        return self.alpha / (most_tested(len(self.lever.values)) * len(self.conditions))

    @property
    def most_runs(self) -> int:
        """Number of runs after which the search is complete at the latest."""
        return most_tested(len(self.lever.values)) * self.most

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
        try:
            return with_candidates(self.scenario, overlays)
        except ScenarioError as error:
            refused = next((n for n in overlays if f"alternatives.{n}" in error.problems[0].path), None)
            at = "" if refused is None else f" at {self.text(int(refused.rpartition('-')[2]))}"
            message = problem_of(error, refused or "")
            raise ScenarioError(
                [Problem(f"lever {self.lever.name}", f"is refused{at}: {message}")]
            ) from error

    def values(self, trials: Trials, place: int, outcome: str) -> Floats:
        """Return the independent values of an outcome at a place: means over the runs that share a draw."""
        return independent(trials, self.name(place), outcome, self.scenario.study.runs_together)

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
            self.conditions,
            self.alpha,
            self.most,
            self.scenario.study.runs_together,
            run,
            lambda place, outcome: self.values(trials, place, outcome),
        )
        return Found(answer, tuple(order))

    def summary(self, trials: Trials, found: Found) -> dict[str, Any]:
        """Return the answer as the manifest states it."""
        answer, together = found.answer, self.scenario.study.runs_together
        return {
            "status": answer.status,
            "value": self.text(answer.place),
            "confidence": self.confidence,
            "failing": None if answer.failing is None else self.text(answer.failing),
            "contrary": [
                [self.text(weak), self.text(strong), outcome]
                for weak, strong, outcome in contrary(
                    trials, self.conditions, itertools.pairwise(sorted(found.order)), self.name, together
                )
            ],
            "tested": len(found.order),
            "runs": sum(trials.count(self.name(place)) for place in found.order),
        }
