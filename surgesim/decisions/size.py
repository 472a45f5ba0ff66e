"""The least that suffices: search a lever for the weakest value that keeps a risk or a mean under a bound."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from surgesim.decisions.conditions import CONFIDENCE, REPLICATIONS, RISK, number_problems, read_conditions
from surgesim.decisions.folders import ResultKind, Stored, origin, read_stored, scenario_of, stored
from surgesim.decisions.lever_search import Found, LeverSearch
from surgesim.decisions.levers import Lever, read_lever
from surgesim.decisions.sequences import isotonic
from surgesim.decisions.trials import Trials
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
from surgesim.study.store.contents import SIZE
from surgesim.study.store.unfinished import Unfinished
from surgesim.study.tables.columns import TEXT, Table

if TYPE_CHECKING:
    import pandas as pd

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


def size(
    scenario: Scenario,
    lever: str,
    between: tuple[object, object],
    *,
    threshold: str | Sequence[str] = (),
    risk: float = RISK,
    outcome: Mapping[str, float] | None = None,
    draws: float | None = None,
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
    draws
        Share of the draws of the uncertain parameters in which the conditions must hold, each by the mean of
        the draw's runs, instead of on average over all draws.
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
    base = scenario_of(scenario, alternative, uncertainty, extensions)
    problems: list[Problem] = []
    found: Lever | None = None
    try:
        found = read_lever(base, lever, *between, step, largest=largest)
    except ScenarioError as error:
        problems += error.problems
    conditions, faults = read_conditions(base, threshold, risk, outcome or {}, draws)
    problems += faults
    problems += number_problems(confidence, replications)
    if problems or found is None:
        raise ScenarioError(problems)
    number = base.study.seed if seed is None else whole("seed", seed)
    hunt = LeverSearch(base, found, conditions, float(confidence), int(replications))
    entry = _entry(hunt, number)
    backend, output, started = Backend.of(workers).with_bar(progress), Output.of(out), now()
    with logged():
        _check_values(hunt)
        return stored(
            _KIND,
            entry,
            base,
            lambda kept: _result(hunt, number, backend, kept, entry, started),
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


def _check_values(hunt: LeverSearch) -> None:
    """Raise an error if an end of the values is refused, or both ends are the same scenario."""
    places = (0, len(hunt.lever.values) - 1)
    scenario = hunt.candidates(places)
    first, other = (scenario.alternative(hunt.name(place)).to_plain() for place in places)
    if first | {"alternatives": None} == other | {"alternatives": None}:
        raise ScenarioError([_idle(hunt)])


def _idle(hunt: LeverSearch) -> Problem:
    low, high = hunt.text(0), hunt.text(len(hunt.lever.values) - 1)
    return Problem(
        f"lever {hunt.lever.name}",
        f"changes nothing between {low} and {high}: every outcome of the first runs is the same",
    )


def _entry(hunt: LeverSearch, seed: int) -> dict[str, Any]:
    """Return the identity of a search: all that its result depends on."""
    lever = hunt.lever
    return {
        "lever": lever.name,
        "path": lever.path,
        "unit": lever.unit,
        "values": [lever.text(value) for value in lever.values],
        "falling": lever.falling,
        "conditions": {condition.outcome: condition.below for condition in hunt.conditions},
        "draws": hunt.conditions[0].draws,
        "confidence": hunt.confidence,
        "replications": hunt.most,
        **origin(hunt.scenario, seed, hunt.most_runs),
    }


def _result(
    hunt: LeverSearch,
    seed: int,
    backend: Backend,
    kept: Unfinished[Any] | None,
    entry: Mapping[str, Any],
    started: str,
) -> Size:
    trials = Trials(hunt.scenario, seed, backend, kept, hunt.most_runs)
    found = hunt.run(trials, lambda places: _check_effect(hunt, trials, places))
    trials.finish()
    manifest = {
        **environment(),
        "scenario": hunt.scenario.name,
        SIZE: {**entry, "answer": hunt.summary(trials, found)},
        "started": started,
        "ended": now(),
    }
    if hunt.scenario.extensions:
        manifest["extensions"] = hunt.scenario.extensions.entries()
    return Size(hunt.scenario, _table(hunt, trials, found), manifest)


def _check_effect(hunt: LeverSearch, trials: Trials, places: Sequence[int]) -> None:
    """Raise an error if both ends give the same in the first runs."""
    if len(places) > 2:
        return
    one, other = (hunt.name(place) for place in places)
    same = trials.replications(one, other)
    if len(same) != trials.count(one):
        return
    if all(
        np.array_equal(trials.values(one, name, same), trials.values(other, name, same), equal_nan=True)
        for name in trials.outcomes(one)
    ):
        raise ScenarioError([_idle(hunt)])


def _table(hunt: LeverSearch, trials: Trials, found: Found) -> pd.DataFrame:
    import pandas as pd

    places, lever = sorted(found.order), hunt.lever
    has_cost = hunt.scenario.supply.costs is not None
    rows = []
    for condition in hunt.conditions:
        runs = [hunt.values(trials, place, condition.outcome) for place in places]
        means = np.array([condition.tested(each).mean() for each in runs])
        fit = isotonic(means, np.array([len(each) for each in runs], float))
        for place, each, mean, level in zip(places, runs, means.tolist(), fit.tolist(), strict=True):
            low, high = condition.interval(each, 2 * hunt.each)
            rows.append(
                {
                    "lever": lever.name,
                    "value": hunt.text(place),
                    "order": found.order.index(place) + 1,
                    "outcome": condition.outcome,
                    "below": condition.below,
                    "replications": trials.count(hunt.name(place)),
                    "mean": mean,
                    "low": low,
                    "high": high,
                    "isotonic": level,
                    "verdict": condition.verdict(each, hunt.each),
                    "cost_mean": (
                        float(trials.values(hunt.name(place), COST).mean()) if has_cost else math.nan
                    ),
                    "answer": "yes" if place == found.answer.place else "no",
                }
            )
    rank = {hunt.text(place): i for i, place in enumerate(places[:: -1 if lever.falling else 1])}
    frame = pd.DataFrame(rows, columns=[column.name for column in SIZE_TABLE.columns])
    return frame.sort_values("value", key=lambda column: column.map(rank), kind="stable", ignore_index=True)
