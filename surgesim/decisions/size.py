"""The least that suffices: search a lever for the weakest value that keeps a risk or a mean under a bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Unpack

import numpy as np

from surgesim.decisions.conditions import REPLICATIONS, Bounds, read_goal
from surgesim.decisions.folders import ResultKind, Stored, answer
from surgesim.decisions.lever_search import (
    CONDITION,
    COST_MEAN,
    VERDICT,
    Found,
    LeverSearch,
    condition_cells,
    mean_cost,
)
from surgesim.decisions.levers import idle, read_lever
from surgesim.decisions.sequences import isotonic
from surgesim.decisions.settings import Settings, read_all
from surgesim.decisions.trials import Trials, same_inputs
from surgesim.errors import ScenarioError
from surgesim.model.record import Column
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.store.contents import SIZE
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
        *CONDITION,
        Column(
            "isotonic",
            "as the outcome",
            "the mean after the nearest fit in which stronger values are never worse",
        ),
        VERDICT,
        COST_MEAN,
        Column("answer", TEXT, "`yes` at the value that answers (or is the best found), otherwise `no`"),
    ),
)
"""The table of size.csv."""


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
    step: object = None,
    largest: bool | None = None,
    replications: int = REPLICATIONS,
    **given: Unpack[Bounds],
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
    settings, bounds = Settings.split(scenario, given)
    base = settings.scenario
    found, goal = read_all(
        lambda: read_lever(base, lever, *between, step, largest=largest),
        lambda: read_goal(base, replications, **bounds),
    )
    hunt = LeverSearch(base, found, goal)
    return answer(
        _KIND,
        settings,
        _entry(hunt),
        hunt.most_runs,
        lambda: _checked(hunt),
        lambda trials: _solved(hunt, trials),
    )


_KIND: Final = ResultKind(Size, SIZE, SIZE_TABLE, "answer")
read_size = _KIND.read


def _checked(hunt: LeverSearch) -> Scenario:
    """Return the scenario; raise an error if an end is refused, or both ends are the same scenario."""
    places = (0, len(hunt.lever.values) - 1)
    if same_inputs(hunt.candidates(places), *map(hunt.name, places)):
        raise ScenarioError([idle(hunt.lever)])
    return hunt.scenario


def _entry(hunt: LeverSearch) -> dict[str, Any]:
    """Return what the result depends on, besides what all questions share."""
    lever = hunt.lever
    return {
        "lever": lever.name,
        "path": lever.path,
        "unit": lever.unit,
        "values": [lever.text(value) for value in lever.values],
        "falling": lever.falling,
        **hunt.goal.entry,
        "replications": hunt.goal.most,
    }


def _solved(hunt: LeverSearch, trials: Trials) -> tuple[dict[str, Any], pd.DataFrame]:
    found = hunt.run(trials, lambda places: _check_effect(hunt, trials, places))
    return hunt.summary(trials, found), _table(hunt, trials, found)


def _check_effect(hunt: LeverSearch, trials: Trials, places: Sequence[int]) -> None:
    """Raise an error if both ends give the same in the first runs."""
    names = [hunt.name(place) for place in places]
    if len(names) == 2 and len(set(map(trials.count, names))) == 1 and trials.alike(*names):
        raise ScenarioError([idle(hunt.lever)])


def _table(hunt: LeverSearch, trials: Trials, found: Found) -> pd.DataFrame:
    import pandas as pd

    places, lever = sorted(found.order), hunt.lever
    rows = []
    for condition in hunt.goal.conditions:
        runs = [hunt.values(trials, place, condition.outcome) for place in places]
        means = np.array([condition.tested(each).mean() for each in runs])
        fit = isotonic(means, np.array([len(each) for each in runs], float))
        for place, each, level in zip(places, runs, fit.tolist(), strict=True):
            name = hunt.name(place)
            rows.append(
                {
                    "lever": lever.name,
                    "value": hunt.text(place),
                    "order": found.order.index(place) + 1,
                    **condition_cells(condition, each, hunt.each, trials.count(name)),
                    "isotonic": level,
                    "cost_mean": mean_cost(trials, name),
                    "answer": "yes" if place == found.answer.place else "no",
                }
            )
    rank = {hunt.text(place): i for i, place in enumerate(places[:: -1 if lever.falling else 1])}
    frame = pd.DataFrame(rows, columns=[column.name for column in SIZE_TABLE.columns])
    return frame.sort_values("value", key=lambda column: column.map(rank), kind="stable", ignore_index=True)
