"""Two levers at once: the pairs of values that just suffice, and which of them costs least."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from surgesim.decisions.conditions import CONFIDENCE, RISK, number_problems, read_conditions
from surgesim.decisions.folders import ResultKind, Stored, origin, read_stored, scenario_of, stored
from surgesim.decisions.lever_search import contrary, independent
from surgesim.decisions.levers import Lever, read_lever
from surgesim.decisions.resources import join_overlays
from surgesim.decisions.search import Condition, Status, frontier_error
from surgesim.decisions.search import frontier as walk
from surgesim.decisions.trials import Floats, Trials, problem_of, with_candidates
from surgesim.errors import Problem, ScenarioError
from surgesim.log import logged
from surgesim.model.record import Column
from surgesim.scenario.door import Files
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.checks import whole
from surgesim.study.compute.environment import environment, now
from surgesim.study.measures.compare import COST
from surgesim.study.results import Output
from surgesim.study.store.contents import FRONTIER
from surgesim.study.store.unfinished import Unfinished
from surgesim.study.tables.columns import TEXT, Table

if TYPE_CHECKING:
    import pandas as pd

Pair: TypeAlias = tuple[int, int]
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
        Column("outcome", TEXT, "outcome of the condition; `breached_<threshold>` is a probability"),
        Column("below", "as the outcome", "bound of the condition"),
        Column("replications", "replications", "replications of this pair"),
        Column("mean", "as the outcome", "mean over the replications; of `breached_`, the share breached"),
        Column(
            "low",
            "as the outcome",
            "lower end of an interval that stays valid however often one looks, at the error of one test",
        ),
        Column("high", "as the outcome", "upper end of the interval"),
        Column("verdict", TEXT, "`holds` or `fails` if the condition is shown to, otherwise `open`"),
        Column(
            "price",
            "as `--prices`",
            "what the pair costs beyond the weakest values, at the prices given; empty without prices",
        ),
        Column("cost_mean", "currency", "mean cost of the response; empty if the scenario gives no costs"),
        Column("corner", TEXT, "`yes` for a pair found to suffice of which no weaker one is, otherwise `no`"),
        Column("answer", TEXT, "`yes` for the corner that costs least, otherwise `no`"),
    ),
)
"""The table of frontier.csv."""

_KIND: Final = ResultKind(FRONTIER, FRONTIER_TABLE, "answer")


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
    conditions: tuple[Condition, ...]
    prices: tuple[float, float] | None
    confidence: float
    most: int
    seed: int

    @property
    def each(self) -> float:
        return frontier_error(len(self.levers[0].values), 1 - self.confidence, len(self.conditions))

    @property
    def most_runs(self) -> int:
        return sum(len(lever.values) for lever in self.levers) * self.most + 2 * self.most

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
    threshold: str | Sequence[str] = (),
    risk: float = RISK,
    outcome: Mapping[str, float] | None = None,
    steps: tuple[object, object] | None = None,
    prices: tuple[float, float] | None = None,
    confidence: float = CONFIDENCE,
    replications: int = REPLICATIONS,
    alternative: str = BASELINE,
    seed: int | None = None,
    uncertainty: bool = True,
    extensions: Files = (),
    workers: int | Backend | None = None,
    progress: bool = False,
    out: str | Path | Output | None = None,
    resume: bool = False,
) -> Frontier:
    """Find the pairs of values of two levers that just keep all conditions, and the one that costs least.

    Parameters
    ----------
    scenario
        A scenario loaded with `surgesim.load`.
    first, second
        The levers, each with the two ends of its values, such as ``("icu-beds", 0, 40)``; as for
        `surgesim.size`.
    threshold
        Thresholds (or ``situation``) whose probability of a breach must be below `risk`.
    outcome
        Outcomes whose mean must be below a bound.
    steps
        Steps between the values of both levers (days, for dates); by default a tenth of the range.
    prices
        Price of one more of each lever (of a day, for dates), in any currency. Without prices, the mean cost
        of the response counts, if the scenario gives costs.
    confidence
        Probability that every pair of the frontier suffices (if stronger values are never worse).
    replications
        Largest number of replications at a pair.
    alternative
        The alternative that is searched.
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
        If a lever, its ends, a condition or a price cannot be used, or both levers are the same.
    ResultsError
        If `out` cannot be written, or there is an unfinished search with a different plan.

    Examples
    --------
    >>> import surgesim
    >>> town = surgesim.load("scenarios/teaching/small-town.yaml")  # doctest: +SKIP
    >>> beds, nurses = ("icu-beds", 0, 20), ("icu-nurses", 0, 40)
    >>> surgesim.frontier(town, beds, nurses, threshold="without-bed", prices=(3, 1))  # doctest: +SKIP
    """
    base = scenario_of(scenario, alternative, uncertainty, extensions)
    problems: list[Problem] = []
    levers: list[Lever] = []
    for choice, step in zip((first, second), steps or (None, None), strict=True):
        try:
            levers.append(_lever(base, choice, step))
        except ScenarioError as error:
            problems += error.problems
    if len(levers) == 2 and levers[0].path == levers[1].path:
        problems.append(Problem(f"lever {levers[0].name}", "got the same lever twice, expected two levers"))
    conditions, faults = read_conditions(base, threshold, risk, outcome or {})
    problems += faults
    problems += number_problems(confidence, replications)
    for price in prices or ():
        if not (isinstance(price, (int, float)) and math.isfinite(price) and price >= 0):
            problems.append(Problem("prices", f"got {price}, expected a number of at least 0"))
    if problems:
        raise ScenarioError(problems)
    number = base.study.seed if seed is None else whole("seed", seed)
    plan = _Plan(
        *(base, (levers[0], levers[1]), conditions, prices, float(confidence), int(replications), number)
    )
    entry = _entry(plan)
    backend, output, started = Backend.of(workers).with_bar(progress), Output.of(out), now()
    with logged():
        _candidates(plan, [(0, 0), (len(levers[0].values) - 1, len(levers[1].values) - 1)])
        return stored(
            _KIND,
            entry,
            base,
            lambda kept: _result(plan, backend, kept, entry, started),
            read_frontier,
            output,
            backend,
            resume,
        )


def read_frontier(folder: str | Path) -> Frontier:
    """Read the result folder of a search of two levers.

    Raises
    ------
    ResultsError
        If the folder contains no such search, or is damaged.
    """
    return Frontier(*read_stored(_KIND, folder))


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
    try:
        return with_candidates(plan.scenario, overlays)
    except ScenarioError as error:
        refused = [pair for pair in pairs if f"alternatives.{_name(pair)}." in f"{error.problems[0].path}."]
        at = f" at {' and '.join(plan.texts(refused[0]))}" if refused else ""
        message = f"are refused{at}: {problem_of(error, _name(refused[0]) if refused else '')}"
        names = " and ".join(lever.name for lever in plan.levers)
        raise ScenarioError([Problem(f"levers {names}", message)]) from error


def _entry(plan: _Plan) -> dict[str, Any]:
    """Return the identity of a search of two levers: all that its result depends on."""
    return {
        "levers": [lever.name for lever in plan.levers],
        "paths": [lever.path for lever in plan.levers],
        "values": [[lever.text(value) for value in lever.values] for lever in plan.levers],
        "falling": [lever.falling for lever in plan.levers],
        "conditions": {condition.outcome: condition.below for condition in plan.conditions},
        "prices": None if plan.prices is None else [float(price) for price in plan.prices],
        "confidence": plan.confidence,
        "replications": plan.most,
        **origin(plan.scenario, plan.seed, plan.most_runs),
    }


def _result(
    plan: _Plan, backend: Backend, kept: Unfinished[Any] | None, entry: Mapping[str, Any], started: str
) -> Frontier:
    trials = Trials(plan.scenario, plan.seed, backend, kept, plan.most_runs)
    together = plan.scenario.study.runs_together
    order: list[Pair] = []

    def run(pairs: Sequence[Pair], count: int) -> None:
        new = [pair for pair in pairs if pair not in order]
        if new:
            trials.add(_candidates(plan, new))
            order.extend(new)
        trials.run([_name(pair) for pair in pairs], range(count))

    def values(pair: Pair, outcome: str) -> Floats:
        return independent(trials, _name(pair), outcome, together)

    firsts, seconds = (len(lever.values) for lever in plan.levers)
    found = walk(firsts, seconds, plan.conditions, 1 - plan.confidence, plan.most, together, run, values)
    trials.finish()
    result = _Found(found.status, found.corners, tuple(order))
    table = _table(plan, trials, result)
    manifest = {
        **environment(),
        "scenario": plan.scenario.name,
        FRONTIER: {**entry, "answer": _answer(plan, trials, result)},
        "started": started,
        "ended": now(),
    }
    if plan.scenario.extensions:
        manifest["extensions"] = plan.scenario.extensions.entries()
    return Frontier(plan.scenario, table, manifest)


def _costs(plan: _Plan, trials: Trials, pairs: Sequence[Pair]) -> list[float]:
    """Return the mean cost of the response at pairs, in the replications that they share, or NaN."""
    if plan.scenario.supply.costs is None or not pairs:
        return [math.nan] * len(pairs)
    same = trials.replications(*map(_name, pairs))
    return [float(trials.values(_name(pair), COST, same).mean()) for pair in pairs]


def _least(plan: _Plan, trials: Trials, corners: Sequence[Pair]) -> tuple[Pair | None, str]:
    """Return the corner that costs least, and by what."""
    prices, costs = [plan.price(pair) for pair in corners], _costs(plan, trials, corners)
    for by, figures in (("prices", prices), ("cost", costs)):
        if figures and not any(map(math.isnan, figures)):
            return corners[figures.index(min(figures))], by
    return None, ""


def _answer(plan: _Plan, trials: Trials, found: _Found) -> dict[str, Any]:
    least, by = _least(plan, trials, found.corners)
    against = contrary(
        trials, plan.conditions, _ordered(found.order), _name, plan.scenario.study.runs_together
    )
    return {
        "status": found.status,
        "corners": [plan.texts(pair) for pair in found.corners],
        "least": None if least is None else plan.texts(least),
        "by": by,
        "confidence": plan.confidence,
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

    together = plan.scenario.study.runs_together
    least, _ = _least(plan, trials, found.corners)
    rows = []
    for pair in sorted(found.order):
        (one, other), runs = plan.texts(pair), trials.count(_name(pair))
        for condition in plan.conditions:
            values = independent(trials, _name(pair), condition.outcome, together)
            low, high = condition.interval(values, 2 * plan.each)
            rows.append(
                {
                    "first": plan.levers[0].name,
                    "first_value": one,
                    "second": plan.levers[1].name,
                    "second_value": other,
                    "order": found.order.index(pair) + 1,
                    "outcome": condition.outcome,
                    "below": condition.below,
                    "replications": runs,
                    "mean": float(values.mean()),
                    "low": low,
                    "high": high,
                    "verdict": condition.verdict(values, plan.each),
                    "price": plan.price(pair),
                    "cost_mean": _costs(plan, trials, [pair])[0],
                    "corner": "yes" if pair in found.corners else "no",
                    "answer": "yes" if pair == least else "no",
                }
            )
    return pd.DataFrame(rows, columns=[column.name for column in FRONTIER_TABLE.columns])
