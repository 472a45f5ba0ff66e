"""Two levers at once: the pairs of values that just suffice, and which of them costs least."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, Unpack

from surgesim.decisions.conditions import Bounds, read_goal
from surgesim.decisions.folders import ResultKind, Stored, answer
from surgesim.decisions.lever_search import (
    CONDITION,
    COST_MEAN,
    VERDICT,
    condition_cells,
    contrary,
    independent,
    mean_cost,
    opposed,
)
from surgesim.decisions.levers import Lever, idle, read_lever
from surgesim.decisions.resources import join_overlays
from surgesim.decisions.search import Goal, Pair, Run, Status, pairs_failing
from surgesim.decisions.search import frontier as walk
from surgesim.decisions.settings import Settings, read_all
from surgesim.decisions.trials import Floats, Trials, same_inputs, with_candidates
from surgesim.errors import Problem, ScenarioError
from surgesim.model.record import Column
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.store.contents import FRONTIER
from surgesim.study.tables.columns import TEXT, Table

if TYPE_CHECKING:
    import pandas as pd

Choice: TypeAlias = tuple[str, object, object]
"""A lever with the two ends of its values."""

REPLICATIONS: Final = 100
"""Largest number of replications at a pair of values."""
PARTS: Final = 10
"""Number of steps between the ends of a lever, unless a step is given."""

FRONTIER_TABLE: Final = Table(
    "frontier",
    "pair of values tested × condition, from the weakest value of the first lever on",
    (
        Column("first", TEXT, "the first lever: a path of the scenario, or the name of a resource"),
        Column("first_value", TEXT, "its value: a number, or a date"),
        Column("second", TEXT, "the second lever"),
        Column("second_value", TEXT, "its value"),
        Column("order", "tests", "when the pair was first tested, from 1"),
        *CONDITION,
        VERDICT,
        Column(
            "price",
            "as `--prices`",
            "what the pair costs beyond the weakest values, at the prices given; empty without prices",
        ),
        COST_MEAN,
        Column("corner", TEXT, "`yes` for a pair found to suffice of which no weaker one is, otherwise `no`"),
        Column("answer", TEXT, "`yes` for the corner that costs least, otherwise `no`"),
    ),
)
"""The table of frontier.csv."""


@dataclass(frozen=True, slots=True, eq=False)
class Frontier(Stored):
    """The pairs of values of two levers that just suffice; docs/worth-and-size.md explains it.

    `table` holds the pairs tested, see `FRONTIER_TABLE`; the other attributes are those of `Stored`.
    """

    @property
    def answer(self) -> Mapping[str, Any]:
        """The answer.

        `status` is ``found``, ``already`` or ``unreachable``; `corners` has the pairs that just suffice;
        `least` the one of these that costs least, by `by`: ``prices`` or ``cost`` (None and empty if neither
        is known); `contrary` has pairs of pairs that contradict the rule that stronger is never worse; `runs`
        and `tested` count runs and pairs.
        """
        answer: Mapping[str, Any] = self.manifest[FRONTIER]["answer"]
        return answer

    def __repr__(self) -> str:
        entry = self.manifest[FRONTIER]
        return f"<Frontier of {' and '.join(entry['levers'])}: {self.answer['status']}>"


@dataclass(frozen=True, slots=True)
class _Plan:
    scenario: Scenario
    levers: tuple[Lever, Lever]
    goal: Goal
    prices: tuple[float, float] | None

    @property
    def each(self) -> float:
        return self.goal.error(pairs_failing(len(self.levers[0].values)))

    @property
    def strongest(self) -> Pair:
        return len(self.levers[0].values) - 1, len(self.levers[1].values) - 1

    @property
    def most_runs(self) -> int:
        return (sum(len(lever.values) for lever in self.levers) + 2) * self.goal.most

    def texts(self, pair: Pair) -> list[str]:
        return [lever.text(lever.values[place]) for lever, place in zip(self.levers, pair, strict=True)]

    def price(self, pair: Pair) -> float:
        """Return the price of what a pair has beyond the weakest values."""
        if self.prices is None:
            return math.nan
        amounts = (
            abs(_number(lever, place) - _number(lever, 0))
            for lever, place in zip(self.levers, pair, strict=True)
        )
        return sum(price * amount for price, amount in zip(self.prices, amounts, strict=True))


class _Found(NamedTuple):
    status: Status
    corners: tuple[Pair, ...]
    order: tuple[Pair, ...]


def _number(lever: Lever, place: int) -> float:
    value = lever.values[place]
    return float(value.toordinal()) if isinstance(value, date) else float(value)


def frontier(
    scenario: Scenario,
    first: Choice,
    second: Choice,
    *,
    steps: tuple[object, object] | None = None,
    prices: tuple[float, float] | None = None,
    replications: int = REPLICATIONS,
    **given: Unpack[Bounds],
) -> Frontier:
    """Find the pairs of values of two levers that just keep all conditions, and the one that costs least.

    Parameters
    ----------
    scenario
        A scenario loaded with `surgesim.load`.
    first, second
        The levers, each with the two ends of its values, such as ``("icu-beds", 0, 40)``; as for
        `surgesim.size`.
    steps
        Steps between the values of both levers (days, for dates); by default a tenth of the range.
    prices
        Price of one more of each lever (of a day, for dates), in any currency. Without prices, the mean cost
        of the response counts, if the scenario gives costs.
    confidence
        Probability that every pair of the frontier suffices (if stronger values are never worse).
    replications
        Largest number of replications at a pair.
    threshold, risk, outcome, draws, alternative
        As for `surgesim.size`; all conditions must hold at once.
    seed, uncertainty, extensions, workers, progress, out, resume
        As for `surgesim.run`.

    Returns
    -------
    Frontier
        The answer and the pairs tested; identical for any number of workers, and whether or not the search
        was interrupted.

    Raises
    ------
    ScenarioError
        If a lever, its ends, a condition or a price cannot be used, both levers are the same, or one changes
        nothing.
    ResultsError
        If `out` cannot be written, or there is an unfinished search with a different plan.

    Examples
    --------
    >>> import surgesim
    >>> town = surgesim.load("scenarios/teaching/small-town.yaml")  # doctest: +SKIP
    >>> beds, nurses = ("icu-beds", 0, 20), ("icu-nurses", 0, 40)
    >>> surgesim.frontier(town, beds, nurses, threshold="without-bed", prices=(3, 1))  # doctest: +SKIP
    """
    settings, bounds = Settings.split(scenario, given)
    base = settings.scenario
    first_step, second_step = steps or (None, None)
    one, other, goal, _ = read_all(
        lambda: _lever(base, first, first_step),
        lambda: _lever(base, second, second_step),
        lambda: read_goal(base, replications, **bounds),
        lambda: _check_prices(prices or ()),
    )
    if one.path == other.path:
        raise ScenarioError([Problem(f"lever {one.name}", "got the same lever twice, expected two levers")])
    plan = _Plan(base, (one, other), goal, prices)
    return answer(
        _KIND,
        settings,
        _entry(plan),
        plan.most_runs,
        lambda: _checked(plan),
        lambda trials: _solved(plan, trials),
    )


_KIND: Final = ResultKind(Frontier, FRONTIER, FRONTIER_TABLE, "answer")
read_frontier = _KIND.read


def _check_prices(prices: Sequence[object]) -> None:
    problems = [
        Problem("prices", f"got {price}, expected a number of at least 0")
        for price in prices
        if not (isinstance(price, (int, float)) and math.isfinite(price) and price >= 0)
    ]
    if problems:
        raise ScenarioError(problems)


def _lever(scenario: Scenario, choice: Choice, step: object) -> Lever:
    """Return a lever with its values; without a step, with about PARTS steps between the ends."""
    lever = read_lever(scenario, *choice, step)
    count = len(lever.values) - 1
    if step is not None or count <= PARTS:
        return lever
    kept = lever.values[:: math.ceil(count / PARTS)]
    return replace(lever, values=kept if kept[-1] == lever.values[-1] else (*kept, lever.values[-1]))


def _name(pair: Pair) -> str:
    return f"pair-{pair[0]}-{pair[1]}"


def _candidates(plan: _Plan, pairs: Sequence[Pair]) -> Scenario:
    """Return the scenario with these pairs of values as its alternatives, checked as files."""
    plain = plan.scenario.to_plain()
    overlays = {}
    for pair in pairs:
        one, other = (
            lever.overlay(plan.scenario, lever.values[place])
            for lever, place in zip(plan.levers, pair, strict=True)
        )
        overlays[_name(pair)] = join_overlays(plain, one, other)
    places = {_name(pair): pair for pair in pairs}

    def refusal(name: str, message: str) -> Problem:
        at, levers = plan.texts(places[name]), " and ".join(lever.name for lever in plan.levers)
        return Problem(f"levers {levers}", f"are refused at {' and '.join(at)}: {message}")

    return with_candidates(plan.scenario, overlays, refusal)


def _sides(plan: _Plan, lever: int) -> list[tuple[Pair, Pair]]:
    """Return the ends of one lever as pairs, at each value of the other from the strongest on."""
    others = range(plan.strongest[1 - lever], -1, -1)
    if lever == 0:
        return [((0, other), (plan.strongest[0], other)) for other in others]
    return [((other, 0), (other, plan.strongest[1])) for other in others]


def _checked(plan: _Plan) -> Scenario:
    """Return the scenario; raise an error if a corner is refused, or a lever leaves the scenario the same."""
    ends = (0, plan.strongest[0]), (0, plan.strongest[1])
    corners = _candidates(plan, list(itertools.product(*ends)))
    for place, lever in enumerate(plan.levers):
        sides = _sides(plan, place)
        if all(same_inputs(corners, _name(weak), _name(strong)) for weak, strong in (sides[0], sides[-1])):
            raise ScenarioError([idle(lever)])
    return plan.scenario


def _check_effects(plan: _Plan, trials: Trials, run: Run[Pair]) -> None:
    """Raise an error if a lever changes nothing in the first runs; most levers need only one of these."""
    for place, lever in enumerate(plan.levers):
        sides = _sides(plan, place)
        looks = [(1, side) for side in sides] + [
            (plan.goal.first_look, side) for side in (sides[0], sides[-1])
        ]
        for count, (weak, strong) in looks:
            run([weak, strong], count)
            if not trials.alike(_name(weak), _name(strong)):
                break
        else:
            raise ScenarioError([idle(lever)])


def _entry(plan: _Plan) -> dict[str, Any]:
    """Return what the result depends on, besides what all questions share."""
    return {
        "levers": [lever.name for lever in plan.levers],
        "paths": [lever.path for lever in plan.levers],
        "values": [[lever.text(value) for value in lever.values] for lever in plan.levers],
        "falling": [lever.falling for lever in plan.levers],
        **plan.goal.entry,
        "prices": None if plan.prices is None else [float(price) for price in plan.prices],
        "replications": plan.goal.most,
    }


def _solved(plan: _Plan, trials: Trials) -> tuple[dict[str, Any], pd.DataFrame]:
    order: list[Pair] = []
    ready: set[Pair] = set()

    def try_out(pairs: Sequence[Pair], count: int) -> None:
        new = [pair for pair in pairs if pair not in ready]
        if new:
            trials.add(_candidates(plan, new))
            ready.update(new)
        trials.run([_name(pair) for pair in pairs], range(count))

    def run(pairs: Sequence[Pair], count: int) -> None:
        order.extend(pair for pair in pairs if pair not in order)
        try_out(pairs, count)

    def values(pair: Pair, outcome: str) -> Floats:
        return independent(trials, _name(pair), outcome, plan.goal.together)

    _check_effects(plan, trials, try_out)
    firsts, seconds = (len(lever.values) for lever in plan.levers)
    found = walk(firsts, seconds, plan.goal, run, values)
    result = _Found(found.status, found.corners, tuple(order))
    return _answer(plan, trials, result), _table(plan, trials, result)


def _costs(trials: Trials, pairs: Sequence[Pair]) -> list[float]:
    """Return the mean cost of the response at pairs, in the replications that they share, or NaN."""
    same = trials.replications(*map(_name, pairs)) if pairs else []
    return [mean_cost(trials, _name(pair), same) for pair in pairs]


def _least(plan: _Plan, trials: Trials, corners: Sequence[Pair]) -> tuple[Pair | None, str]:
    """Return the corner that costs least, and by what."""
    prices, costs = [plan.price(pair) for pair in corners], _costs(trials, corners)
    for by, figures in (("prices", prices), ("cost", costs)):
        if figures and not any(map(math.isnan, figures)):
            return corners[figures.index(min(figures))], by
    return None, ""


def _answer(plan: _Plan, trials: Trials, found: _Found) -> dict[str, Any]:
    least, by = _least(plan, trials, found.corners)
    against = contrary(trials, plan.goal, _ordered(found.order), _name)
    ends = (_name((0, 0)), _name(plan.strongest))
    return {
        "status": found.status,
        "corners": [plan.texts(pair) for pair in found.corners],
        "least": None if least is None else plan.texts(least),
        "by": by,
        "confidence": plan.goal.confidence,
        "opposed": opposed(trials, plan.goal, plan.each, *ends),
        "contrary": [[*plan.texts(weak), *plan.texts(strong), outcome] for weak, strong, outcome in against],
        "tested": len(found.order),
        "runs": trials.runs,
    }


def _ordered(pairs: Sequence[Pair]) -> Iterator[tuple[Pair, Pair]]:
    """Yield neighbours tested that differ in one lever only, the weaker first."""
    for lever in (0, 1):
        along = sorted(pairs, key=lambda pair: (pair[1 - lever], pair[lever]))
        for weak, strong in itertools.pairwise(along):
            if weak[1 - lever] == strong[1 - lever]:
                yield weak, strong


def _table(plan: _Plan, trials: Trials, found: _Found) -> pd.DataFrame:
    import pandas as pd

    least, _ = _least(plan, trials, found.corners)
    rows = []
    for pair in sorted(found.order):
        (one, other), name = plan.texts(pair), _name(pair)
        for condition in plan.goal.conditions:
            values = independent(trials, name, condition.outcome, plan.goal.together)
            rows.append(
                {
                    "first": plan.levers[0].name,
                    "first_value": one,
                    "second": plan.levers[1].name,
                    "second_value": other,
                    "order": found.order.index(pair) + 1,
                    **condition_cells(condition, values, plan.each, trials.count(name)),
                    "price": plan.price(pair),
                    "cost_mean": mean_cost(trials, name),
                    "corner": "yes" if pair in found.corners else "no",
                    "answer": "yes" if pair == least else "no",
                }
            )
    return pd.DataFrame(rows, columns=[column.name for column in FRONTIER_TABLE.columns])
