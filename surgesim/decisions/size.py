"""The least that suffices: search a lever for the weakest value that keeps a risk or a mean under a bound."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from surgesim.decisions.folders import ResultKind, Stored, origin, read_stored, stored
from surgesim.decisions.levers import Lever, read_lever
from surgesim.decisions.search import Answer, Condition, most_tested, search
from surgesim.decisions.sequences import isotonic
from surgesim.decisions.trials import FLOWS, Trials, problem_of, with_candidates
from surgesim.errors import Problem, ScenarioError
from surgesim.log import logged
from surgesim.model.record import Column
from surgesim.scenario.door import Files, certain, suggestion
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.checks import alternative_names, whole, with_extensions
from surgesim.study.compute.environment import environment, now
from surgesim.study.compute.replicate import keep_alternatives
from surgesim.study.measures.breaches import SITUATION, never_assessed, not_assessed
from surgesim.study.measures.compare import BREACHED, COST, paired_interval
from surgesim.study.measures.draws import draw_means
from surgesim.study.results import Output
from surgesim.study.store.contents import SIZE
from surgesim.study.store.unfinished import Unfinished
from surgesim.study.tables.columns import TEXT, Table, outcome_units

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

RISK: Final = 0.2
CONFIDENCE: Final = 0.9
REPLICATIONS: Final = 200
"""Largest number of replications at a value, unless another is given."""

_CONTRARY: Final = 0.99
"""Confidence of the paired difference by which runs contradict that stronger values are never worse."""


SIZE_TABLE: Final = Table(
    "size",
    "value tested × condition, in the order of the values",
    (
        Column("lever", TEXT, "the lever: a path of the scenario, or the name of a resource"),
        Column("value", TEXT, "value of the lever: a number, or a date"),
        Column("order", "tests", "when the value was first tested, from 1; the ends come first"),
        Column("outcome", TEXT, "outcome of the condition; `breached_<threshold>` is a probability"),
        Column("below", "as the outcome", "bound of the condition"),
        Column("replications", "replications", "replications at this value"),
        Column("mean", "as the outcome", "mean over the replications; of `breached_`, the share breached"),
        Column(
            "low",
            "as the outcome",
            "lower end of an interval that stays valid however often one looks, at the error of one test",
        ),
        Column("high", "as the outcome", "upper end of the interval"),
        Column(
            "isotonic",
            "as the outcome",
            "the mean after the nearest fit in which stronger values are never worse",
        ),
        Column("verdict", TEXT, "`holds` or `fails` if the condition is shown to, otherwise `open`"),
        Column("cost_mean", "currency", "mean cost of the response; empty if the scenario gives no costs"),
        Column("answer", TEXT, "`yes` at the value that answers (or is the best found), otherwise `no`"),
    ),
)
"""The table of size.csv."""


_KIND: Final = ResultKind(SIZE, SIZE_TABLE, "answer")


@dataclass(frozen=True, slots=True, eq=False)
class Size(Stored):
    """The answer of a search; docs/worth-and-size.md explains it.

    `table` holds the values tested, see `SIZE_TABLE`; the other attributes are those of `Stored`.
    """

    @property
    def answer(self) -> Mapping[str, Any]:
        """The answer.

        `status` is ``found``, ``already`` or ``unreachable``; `value` answers, with `confidence`;
        `failing` is the strongest value shown to fail; `contrary` has pairs of values that contradict
        the rule that stronger is never worse; `runs` and `tested` count runs and values.
        """
        answer: Mapping[str, Any] = self.manifest[SIZE]["answer"]
        return answer

    @property
    def value(self) -> str | None:
        """The value found, as text; None if no value is shown to suffice."""
        return None if self.answer["status"] == "unreachable" else str(self.answer["value"])

    def __repr__(self) -> str:
        return f"<Size of {self.manifest[SIZE]['lever']!r}: {self.answer['status']}, {self.answer['value']}>"


@dataclass(frozen=True, slots=True)
class _Plan:
    scenario: Scenario
    lever: Lever
    conditions: tuple[Condition, ...]
    confidence: float
    most: int
    seed: int

    @property
    def alpha(self) -> float:
        return 1 - self.confidence

    @property
    def each(self) -> float:
        """The error of one test."""
        return self.alpha / (most_tested(len(self.lever.values)) * len(self.conditions))

    @property
    def most_runs(self) -> int:
        return most_tested(len(self.lever.values)) * self.most


def size(
    scenario: Scenario,
    lever: str,
    between: tuple[object, object],
    *,
    threshold: str | Sequence[str] = (),
    risk: float = RISK,
    outcome: Mapping[str, float] | None = None,
    step: object = None,
    largest: bool | None = None,
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
) -> Size:
    """Find the least value of a lever that keeps a risk, or the mean of an outcome, below a bound.

    Parameters
    ----------
    scenario
        A scenario loaded with `surgesim.load`.
    lever
        Path of a number or date; or a resource, such as ``icu-beds``, of which so much more is added; or
        ``private-share`` or ``order-date``.
    between
        The two ends of the values, the smaller or earlier one first.
    threshold
        Thresholds (or ``situation``) whose probability of a breach must be below `risk`.
    outcome
        Outcomes whose mean must be below a bound.
    step
        Step between values (days, for dates): by default 1, for shares 0.05, for other numbers a twentieth
        of the range.
    largest
        True to find the largest value that suffices. The default is True for dates, lead times and triggers
        of a rule, otherwise False.
    confidence
        Probability, over all looks and tests, that the value found suffices (if stronger values are never
        worse).
    replications
        Largest number of replications at a value.
    alternative
        The alternative that is searched.
    seed, uncertainty, extensions, workers, progress, out, resume
        As for `surgesim.run`.

    Returns
    -------
    Size
        The answer and the values tested; identical for any number of workers, and whether or not the search
        was interrupted.

    Raises
    ------
    ScenarioError
        If lever, ends, thresholds, outcomes or bounds cannot be used, or the lever changes nothing.
    ResultsError
        If `out` cannot be written, or there is an unfinished search with a different plan.

    Examples
    --------
    >>> import surgesim
    >>> town = surgesim.load("scenarios/teaching/small-town.yaml")  # doctest: +SKIP
    >>> surgesim.size(town, "icu-beds", (0, 30), threshold="without-bed", risk=0.2)  # doctest: +SKIP
    """
    base = with_extensions(scenario if uncertainty else certain(scenario), extensions)
    alternative_names(base, [alternative])
    base = keep_alternatives(base.alternative(alternative), ())
    problems: list[Problem] = []
    found: Lever | None = None
    try:
        found = read_lever(base, lever, *between, step, largest=largest)
    except ScenarioError as error:
        problems += error.problems
    names = [threshold] if isinstance(threshold, str) else list(threshold)
    conditions, faults = _conditions(base, names, risk, outcome or {})
    problems += faults
    problems += _number_problems(confidence, replications)
    if problems or found is None:
        raise ScenarioError(problems)
    number = base.study.seed if seed is None else whole("seed", seed)
    plan = _Plan(base, found, conditions, float(confidence), int(replications), number)
    entry = _entry(plan)
    backend, output, started = Backend.of(workers).with_bar(progress), Output.of(out), now()
    with logged():
        _check_values(plan, (0, len(found.values) - 1))
        return stored(
            _KIND,
            entry,
            base,
            lambda kept: _result(plan, backend, kept, entry, started),
            read_size,
            output,
            backend,
            resume,
        )


def read_size(folder: str | Path) -> Size:
    """Read the result folder of a search.

    Raises
    ------
    ResultsError
        If the folder contains no search, or is damaged.
    """
    return Size(*read_stored(_KIND, folder))


def _conditions(
    scenario: Scenario, thresholds: Sequence[str], risk: float, outcomes: Mapping[str, float]
) -> tuple[tuple[Condition, ...], list[Problem]]:
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
    shares = [Condition(f"{BREACHED}{name}", float(risk)) for name in thresholds if not problems]
    means = [Condition(name, float(bound)) for name, bound in outcomes.items() if not problems]
    return (*shares, *means), problems


def _number_problems(confidence: float, replications: int) -> Iterator[Problem]:
    if not (isinstance(confidence, (int, float)) and 0.5 <= confidence < 1):
        yield Problem("confidence", f"got {confidence}, expected a probability from 0.5 to below 1")
    if isinstance(replications, bool) or not isinstance(replications, (int, np.integer)) or replications < 20:
        yield Problem("replications", f"got {replications!r}, expected a whole number of at least 20")


def _name(place: int) -> str:
    return f"value-{place}"


def _candidates(plan: _Plan, places: Sequence[int]) -> Scenario:
    """Return the scenario with the values at these places as its alternatives, checked as files."""
    values = plan.lever.values
    overlays = {_name(place): plan.lever.overlay(plan.scenario, values[place]) for place in places}
    try:
        return with_candidates(plan.scenario, overlays)
    except ScenarioError as error:
        name = next((each for each in overlays if f"alternatives.{each}" in error.problems[0].path), None)
        at = "" if name is None else f" at {plan.lever.text(values[int(name.rpartition('-')[2])])}"
        message = problem_of(error, name or "")
        raise ScenarioError([Problem(f"lever {plan.lever.name}", f"is refused{at}: {message}")]) from error


def _check_values(plan: _Plan, places: Sequence[int]) -> None:
    scenario = _candidates(plan, places)
    first, *others = (scenario.alternative(_name(place)).to_plain() for place in places)
    for plain in (first, *others):
        plain.pop("alternatives", None)
    if all(other == first for other in others):
        raise ScenarioError([_idle(plan)])


def _idle(plan: _Plan) -> Problem:
    low, high = plan.lever.text(plan.lever.values[0]), plan.lever.text(plan.lever.values[-1])
    return Problem(
        f"lever {plan.lever.name}",
        f"changes nothing between {low} and {high}: every outcome of the first runs is the same",
    )


def _entry(plan: _Plan) -> dict[str, Any]:
    """Return the identity of a search: all that its result depends on."""
    scenario, lever = plan.scenario, plan.lever
    return {
        "lever": lever.name,
        "path": lever.path,
        "unit": lever.unit,
        "values": [lever.text(value) for value in lever.values],
        "falling": lever.falling,
        "conditions": {condition.outcome: condition.below for condition in plan.conditions},
        "confidence": plan.confidence,
        "replications": plan.most,
        **origin(scenario, plan.seed, plan.most_runs),
    }


def _result(
    plan: _Plan, backend: Backend, kept: Unfinished[Any] | None, entry: Mapping[str, Any], started: str
) -> Size:
    together = plan.scenario.study.runs_together
    trials = Trials(plan.scenario, plan.seed, backend, kept, plan.most_runs)
    order: list[int] = []

    def run(places: Sequence[int], count: int) -> None:
        new = [place for place in places if place not in order]
        if new:
            trials.add(_candidates(plan, new))
            order.extend(new)
        trials.run([_name(place) for place in places], range(count))
        if len(order) == 2 and trials.count(_name(order[0])) == count:
            _check_effect(plan, trials, order)

    def values(place: int, outcome: str) -> Floats:
        found = draw_means(trials.values(_name(place), outcome), together)
        return found[~np.isnan(found)]

    answer = search(len(plan.lever.values), plan.conditions, plan.alpha, plan.most, together, run, values)
    trials.finish()
    table = _table(plan, trials, order, answer, values)
    manifest = {
        **environment(),
        "scenario": plan.scenario.name,
        SIZE: {**entry, "answer": _answer(plan, trials, order, answer)},
        "started": started,
        "ended": now(),
    }
    if plan.scenario.extensions:
        manifest["extensions"] = plan.scenario.extensions.entries()
    return Size(plan.scenario, table, manifest)


def _check_effect(plan: _Plan, trials: Trials, ends: Sequence[int]) -> None:
    """Raise an error if both ends give the same in the first runs."""
    one, other = (_name(place) for place in ends)
    same = trials.replications(one, other)
    if len(same) != len(trials.replications(one)):
        return
    if all(
        np.array_equal(trials.values(one, name, same), trials.values(other, name, same), equal_nan=True)
        for name in trials.outcomes(one)
    ):
        raise ScenarioError([_idle(plan)])


def _answer(plan: _Plan, trials: Trials, order: Sequence[int], answer: Answer) -> dict[str, Any]:
    lever = plan.lever
    return {
        "status": answer.status,
        "value": lever.text(lever.values[answer.place]),
        "confidence": plan.confidence,
        "failing": None if answer.failing is None else lever.text(lever.values[answer.failing]),
        "contrary": [
            [lever.text(lever.values[weak]), lever.text(lever.values[strong]), outcome]
            for weak, strong, outcome in _contrary(plan, trials, sorted(order))
        ],
        "tested": len(order),
        "runs": trials.runs,
    }


def _contrary(plan: _Plan, trials: Trials, places: Sequence[int]) -> Iterator[tuple[int, int, str]]:
    """Yield pairs of neighbours tested whose paired runs say that the stronger value is worse."""
    together = plan.scenario.study.runs_together
    for weak, strong in itertools.pairwise(places):
        same = trials.replications(_name(weak), _name(strong))
        same = same[: len(same) // together * together]
        for condition in plan.conditions:
            before, after = (trials.values(_name(p), condition.outcome, same) for p in (weak, strong))
            low, _ = paired_interval(after - before, _CONTRARY, together)
            if low > 0:
                yield weak, strong, condition.outcome


def _table(plan: _Plan, trials: Trials, order: Sequence[int], answer: Answer, values: Any) -> pd.DataFrame:
    import pandas as pd

    places, lever = sorted(order), plan.lever
    has_cost = plan.scenario.supply.costs is not None
    rows = []
    for condition in plan.conditions:
        found = [values(place, condition.outcome) for place in places]
        means = np.array([each.mean() for each in found])
        fit = isotonic(means, np.array([len(each) for each in found], float))
        for place, each, mean, level in zip(places, found, means.tolist(), fit.tolist(), strict=True):
            low, high = condition.interval(each, 2 * plan.each)
            rows.append(
                {
                    "lever": lever.name,
                    "value": lever.text(lever.values[place]),
                    "order": order.index(place) + 1,
                    "outcome": condition.outcome,
                    "below": condition.below,
                    "replications": trials.count(_name(place)),
                    "mean": mean,
                    "low": low,
                    "high": high,
                    "isotonic": level,
                    "verdict": condition.verdict(each, plan.each),
                    "cost_mean": float(trials.values(_name(place), COST).mean()) if has_cost else math.nan,
                    "answer": "yes" if place == answer.place else "no",
                }
            )
    rank = {
        lever.text(lever.values[place]): i for i, place in enumerate(places[:: -1 if lever.falling else 1])
    }
    frame = pd.DataFrame(rows, columns=[column.name for column in SIZE_TABLE.columns])
    return frame.sort_values("value", key=lambda column: column.map(rank), kind="stable", ignore_index=True)
