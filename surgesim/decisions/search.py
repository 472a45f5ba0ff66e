"""The search for the weakest value of a lever that suffices: bisection on tests that are valid at any time.

Each condition at each value is tested with an error of α / (values tested × conditions). The values that do
not suffice and are tested lie on one path, which no chance decides as long as every value that suffices is
found to; once one is not found to, only stronger values are tested. So the answer does not suffice with a
probability of at most α, if stronger values are never worse.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from surgesim.decisions.sequences import log_capital, mean_interval, mean_margin, share_interval
from surgesim.study.measures.compare import BREACHED

Floats = NDArray[np.float64]

FIRST_LOOK: Final = 20
"""Independent runs before the first look at a probability."""
FIRST_LOOK_AT_MEAN: Final = 40
"""Independent runs before the first look at a mean, whose test holds in the limit of many runs."""
_GROWTH: Final = 1.5

Place = TypeVar("Place")
"""What stands for a value, or a pair of values, of levers."""

Pair: TypeAlias = tuple[int, int]
"""The places of the values of two levers."""
Run: TypeAlias = Callable[[Sequence[Place], int], None]
"""Function that runs places in the replications from 0 up to a number."""
Values: TypeAlias = Callable[[Place, str], Floats]
"""Function that returns the independent values of an outcome at a place."""

Verdict: TypeAlias = Literal["holds", "fails", "open"]
"""Whether a condition is shown to hold, shown not to hold, or neither."""

Status: TypeAlias = Literal["found", "already", "unreachable"]


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on the runs at one value: a probability or a mean below a bound.

    Attributes
    ----------
    outcome
        Name of the outcome; of a probability, one that is 0 or 1.
    below
        The bound.
    draws
        Share of the draws of uncertain parameters in which the mean of a draw's runs must be below the bound;
        None if the mean over all draws must be.
    """

    outcome: str
    below: float
    draws: float | None = None

    @property
    def is_share(self) -> bool:
        """True if a probability is tested."""
        return self.draws is not None or self.outcome.startswith(BREACHED)

    @property
    def bound(self) -> float:
        """The bound of the probability or mean that is tested."""
        return self.below if self.draws is None else 1 - self.draws

    def tested(self, values: Floats) -> Floats:
        """Return what is tested: independent values, or 1 for each draw that does not keep the bound."""
        return values if self.draws is None else (values >= self.below).astype(float)

    @property
    def first_look(self) -> int:
        """Number of independent runs before the first look."""
        return FIRST_LOOK if self.is_share else FIRST_LOOK_AT_MEAN

    def verdict(self, values: Floats, alpha: float) -> Verdict:
        """Test independent values on both sides, each with an error of `alpha` at all times together."""
        values = self.tested(values)
        if len(values) < self.first_look:
            return "open"
        if self.is_share:
            reach = math.log(1 / alpha)
            if log_capital(values, self.bound, below=True) >= reach:
                return "holds"
            return "fails" if log_capital(values, self.bound, below=False) >= reach else "open"
        mean, margin = float(values.mean()), mean_margin(values, alpha)
        if mean + margin < self.below:
            return "holds"
        return "fails" if mean - margin >= self.below else "open"

    def interval(self, values: Floats, alpha: float) -> tuple[float, float]:
        """Return an interval that is valid at all times with 1 - `alpha`."""
        values = self.tested(values)
        if len(values) < 2:
            return (0.0, 1.0) if self.is_share else (-math.inf, math.inf)
        return (share_interval if self.is_share else mean_interval)(values, alpha)


@dataclass(frozen=True, slots=True)
class Goal:
    """What a search looks for: all conditions at once, with a stated confidence.

    Attributes
    ----------
    confidence
        Probability that what is found suffices, if stronger values are never worse.
    most
        Largest number of replications at a value, or a pair of values.
    together
        Number of replications that share a draw.
    """

    conditions: tuple[Condition, ...]
    confidence: float
    most: int
    together: int = 1

    def error(self, tested: int) -> float:
        """Return the error of one test of one condition, if at most so many values are tested."""
        return (1 - self.confidence) / (tested * len(self.conditions))

    @property
    def least(self) -> int:
        """Number of replications with which all conditions can be decided at the earliest."""
        return max((condition.first_look for condition in self.conditions), default=1) * self.together

    @property
    def first_look(self) -> int:
        """Number of replications before the first look."""
        return min(self.least, self.most)

    @property
    def entry(self) -> dict[str, Any]:
        """What a result depends on, for its identity."""
        return {
            "conditions": {condition.outcome: condition.below for condition in self.conditions},
            "draws": next((condition.draws for condition in self.conditions), None),
            "confidence": self.confidence,
        }


class Answer(NamedTuple):
    """What a search found.

    Attributes
    ----------
    status
        ``found``; ``already`` if the weakest value suffices; ``unreachable`` if the strongest is not shown
        to.
    place
        Index of the value that answers; the best found, if unreachable.
    failing
        Index of the strongest value shown not to suffice; None if there is none.
    """

    status: Status
    place: int
    failing: int | None


def most_tested(count: int) -> int:
    """Return how many of `count` values a search tests at most: the ends, and one for each halving."""
    return 2 + max(math.ceil(math.log2(max(count - 1, 1))), 0)


def pairs_failing(firsts: int) -> int:
    """Return how many pairs that do not suffice a search of two levers tests at most."""
    return firsts + 1


def looks(first: int, most: int, together: int = 1) -> Iterator[int]:
    """Yield the growing numbers of replications after which a search looks.

    Before the last look, each draw has all its replications, `together`: what was looked at stays as it was.
    """
    n = min(first, most)
    while n < most:
        yield n
        n = min(math.ceil(n * _GROWTH / together) * together, most)
    yield most


def settle(
    places: Sequence[Place], goal: Goal, each: float, run: Run[Place], values: Values[Place]
) -> list[Verdict]:
    """Run the values at some places until all conditions are shown to hold there, or one is shown not to.

    Ends as soon as they are shown to hold at the first place, which is the weakest.

    Parameters
    ----------
    each
        Error of one test.
    run, values
        As for `search`.
    """

    def verdict(place: Place) -> Verdict:
        found = [condition.verdict(values(place, condition.outcome), each) for condition in goal.conditions]
        return "fails" if "fails" in found else "open" if "open" in found else "holds"

    left = list(places)
    for n in looks(goal.first_look, goal.most, goal.together):
        run(left, n)
        left = [place for place in left if verdict(place) == "open"]
        if not left or verdict(places[0]) == "holds":
            break
    return [verdict(place) for place in places]


def search(count: int, goal: Goal, run: Run[int], values: Values[int]) -> Answer:
    """Search for the first of `count` values at which all conditions hold.

    Parameters
    ----------
    count
        Number of values, from the weakest to the strongest.
    run, values
        Functions that run values, by their index, and return their outcomes.
    """
    each = goal.error(most_tested(count))

    def settled(places: Sequence[int]) -> list[Verdict]:
        return settle(places, goal, each, run, values)

    weakest, strongest = settled([0, count - 1])
    failing = [place for place, found in ((0, weakest), (count - 1, strongest)) if found == "fails"]
    tested = [0, count - 1]
    if weakest == "holds":
        return Answer("already", 0, None)
    if strongest != "holds":
        best = min(tested, key=lambda place: (_excess(goal.conditions, place, values), -place))
        return Answer("unreachable", best, max(failing, default=None))
    low, high = 0, count - 1
    while high - low > 1:
        middle = (low + high) // 2
        (found,) = settled([middle])
        if found == "holds":
            high = middle
        else:
            low = middle
            if found == "fails":
                failing.append(middle)
    return Answer("found", high, max(failing, default=None))


class Frontier(NamedTuple):
    """What a search of two levers found.

    Attributes
    ----------
    status
        ``found``; ``already`` if the weakest values of both suffice; ``unreachable`` if the strongest of both
        are not shown to.
    corners
        The pairs of places found to suffice of which none is stronger than another in both, from the weakest
        value of the first lever on.
    """

    status: Status
    corners: tuple[Pair, ...]


def frontier(firsts: int, seconds: int, goal: Goal, run: Run[Pair], values: Values[Pair]) -> Frontier:
    """Search for the pairs of values of two levers that just suffice, by a walk along the boundary.

    From the strongest value of the second lever, and the weakest of the first with which it suffices, the
    walk weakens the second for as long as the pair is found to suffice, then strengthens the first. So at
    each value of the first lever only one pair that does not suffice is tested, and no chance decides which
    one as long as every pair that suffices is found to. With the weakest pair of all, these are `firsts` + 1
    pairs, over which the error is split: no pair of the frontier fails to suffice, with the confidence of the
    goal.

    Parameters
    ----------
    run, values
        As for `search`.
    """
    each = goal.error(pairs_failing(firsts))

    def settled(*places: Pair) -> list[Verdict]:
        return settle(places, goal, each, run, values)

    first, second = firsts - 1, seconds - 1
    weakest, strongest = settled((0, 0), (first, second))
    if weakest == "holds":
        return Frontier("already", ((0, 0),))
    if strongest != "holds":
        return Frontier("unreachable", ())
    low, high = -1, first  # the least of the first lever with the most of the second
    while high - low > 1:
        middle = (low + high) // 2
        if settled((middle, second)) == ["holds"]:
            high = middle
        else:
            low = middle
    corners = [(high, second)]
    at, below = high, second - 1
    while at <= first and below >= 0:
        if (at, below) != (0, 0) and settled((at, below)) == ["holds"]:
            if corners[-1][0] == at:
                corners.pop()
            corners.append((at, below))
            below -= 1
        else:
            at += 1
    return Frontier("found", tuple(corners))


def _excess(conditions: Sequence[Condition], place: int, values: Callable[[int, str], Floats]) -> float:
    """Return by how much the means at a value are above the bounds, as the worst ratio."""
    return max(
        float(condition.tested(values(place, condition.outcome)).mean()) / condition.bound
        for condition in conditions
    )
