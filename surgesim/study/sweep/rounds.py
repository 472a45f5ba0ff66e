"""The replications of each point of a sweep: a fixed number, or until the point is precise.

Points are computed in rounds: each round gives the points that are not yet precise a quarter more
replications. How many a point has follows from its replications in order, not from the rounds; what a round
computed beyond them is left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from surgesim.scenario.schema.scenario import BASELINE
from surgesim.study.precision import FEWEST_REPLICATIONS, Precision
from surgesim.study.store.csv_files import ten_digits
from surgesim.study.store.unfinished import Failure
from surgesim.study.sweep.design import DAYS
from surgesim.study.sweep.parts import KEY, Run
from surgesim.study.sweep.plan import Plan

MORE = 4
"""A round adds this part of the replications that a point has: a quarter."""


class Rounds:
    """The number of replications of each point of each scenario, in the order of the runs.

    Attributes
    ----------
    counts
        Number of replications that each point has so far.
    """

    def __init__(self, plan: Plan) -> None:
        self._cases = plan.cases
        self._scenarios = plan.scenarios
        points = range(len(plan.scenarios) * len(plan.cases.points))
        self._rules = {place: self._rule(plan, place) for place in points} if plan.study.precision else {}
        self._open = set(self._rules)
        first = max(plan.study.replications, FEWEST_REPLICATIONS)
        most = plan.cases.replications
        self.counts = [min(first, most) if self._rules else most for _ in points]

    def _rule(self, plan: Plan, place: int) -> Precision:
        scenario, point = divmod(place, len(plan.cases.points))
        days = plan.cases.points[point].get(DAYS, plan.scenarios[scenario].days)
        fields = ("replications", "precision", "most_replications")
        values = {name: getattr(plan.study, name) for name in fields}
        return Precision(plan.scenarios[scenario].study.model_copy(update=values), float(days))

    def runs(self, place: int) -> range:
        """Return the indices of the runs that a point of a scenario has so far."""
        first = place * self._cases.replications
        return range(first, first + self.counts[place])

    def left_out(self, done: bytes) -> bytes:
        """Return one byte per run: 0 if it is to be computed now."""
        left_out = bytearray(b"\1") * len(self._cases)
        for place in range(len(self.counts)):
            runs = self.runs(place)
            left_out[runs.start : runs.stop] = done[runs.start : runs.stop]
        return bytes(left_out)

    def look(self, read: Callable[[int], Run | Failure]) -> bool:
        """Read the runs of the round; return True if another one is needed.

        A failed run counts as one in which no outcome was measured.
        """
        for place in sorted(self._open):
            rule, runs = self._rules[place], self.runs(place)
            for run in range(runs.start + rule.count, runs.stop):
                rule.add(self._outcomes(place, read(run)))
                if rule.enough():
                    self._open.discard(place)
                    self.counts[place] = rule.count
                    break
            else:
                more = math.ceil(self.counts[place] / MORE)
                self.counts[place] = min(self.counts[place] + more, self._cases.replications)
        return bool(self._open)

    def _outcomes(self, place: int, run: Run | Failure) -> Mapping[str, Mapping[str, float]]:
        """Return the outcomes by alternative, with the digits of runs.csv."""
        wanted = self._rules[place].wanted
        if isinstance(run, Run):
            return {
                row[KEY]: {name: _digits(row[name]) for name in wanted if name in row} for row in run.rows
            }
        names = (BASELINE, *self._scenarios[place // len(self._cases.points)].alternatives)
        return {name: dict.fromkeys(wanted, math.nan) for name in names}

    def notes(self, place: int) -> Iterator[dict[str, Any]]:
        """Yield the requested and the achieved precision of the outcomes of a point."""
        if place in self._rules:
            for note in self._rules[place].note():
                yield {**note, "replications": self.counts[place], "why_not": note["why_not"] or ""}


def _digits(value: float) -> float:
    return float(ten_digits(np.array([value]))[0])
