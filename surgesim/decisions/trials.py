"""Trials: runs of candidates, which are overlays over one scenario, in batches, kept as they complete.

All candidates of a replication are in one task, so that they share its draws and its epidemic, as the
alternatives of a run do. Which batch is asked for may depend on earlier results; a resumed study asks for the
same batches, and finds those that are stored.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import Problem, ResultsError, ScenarioError
from surgesim.model.record import PROVINCE_INDEX, Record
from surgesim.scenario.door import with_certain
from surgesim.scenario.schema.base import FrozenDict
from surgesim.scenario.schema.numbers import MOST_ALTERNATIVES
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.replicate import (
    check_draws,
    drawn_values,
    keep_alternatives,
    one_replication,
)
from surgesim.study.compute.spread import spread
from surgesim.study.measures.breaches import SITUATION, breaches_of
from surgesim.study.measures.compare import BREACHED, DAYS_BREACHED, SITUATION_DAYS
from surgesim.study.measures.outcomes import outcome_row
from surgesim.study.store.unfinished import Failure, Form, Unfinished

Floats = NDArray[np.float64]
Row: TypeAlias = Mapping[str, float]

FLOWS: Final[Mapping[str, tuple[str, str]]] = {
    "basic_bed_days": ("occupied_basic", "bed-days"),
    "waiting_oxygen_days": ("waiting_oxygen", "patient-days"),
    "waiting_icu_days": ("waiting_icu", "patient-days"),
    "blocking_days": ("blocking", "patient-days"),
    "admissions_oxygen": ("admissions_oxygen", "patients"),
    "admissions_icu": ("admissions_icu", "patients"),
    "entries_icu": ("entries_icu", "patients"),
}
"""Totals besides the outcomes of a run: the daily column that each sums, and its unit."""


TIME: Final = "time:"
"""Start of the names of times at which the rules of a plan take their steps, which are no outcomes."""


def time_of(rule: str, step: str) -> str:
    """Return the name of the first time of a step of a rule, in days from the start."""
    return f"{TIME}{rule}:{step}"


class Task(NamedTuple):
    """One replication of some candidates; `baseline` is the scenario itself."""

    replication: int
    names: tuple[str, ...]


Refusal: TypeAlias = Callable[[str, str], Problem]
"""Function that says of a refused candidate, by name, what is wrong with it."""


def with_candidates(
    scenario: Scenario, overlays: Mapping[str, Mapping[str, Any]], refusal: Refusal
) -> Scenario:
    """Return the scenario with the candidates as its only alternatives, checked as a file with these.

    Raises
    ------
    ScenarioError
        If a file with one of the candidates would be refused.
    """
    kept = keep_alternatives(scenario, ())
    names = list(overlays)
    checked: dict[str, Any] = {}
    for first in range(0, len(names), MOST_ALTERNATIVES):
        part = {name: overlays[name] for name in names[first : first + MOST_ALTERNATIVES]}
        try:
            checked |= kept.overlaid({"alternatives": part}).alternatives
        except ScenarioError as error:
            problem = error.problems[0]
            name = next((each for each in part if f"{problem.path}.".startswith(_path(each))), None)
            if name is None:
                raise
            path = problem.path.removeprefix(_path(name)[:-1]).removeprefix(".")
            message = f"{path}: {problem.message}" if path else problem.message
            raise ScenarioError([refusal(name, message)]) from error
    return kept.model_copy(update={"alternatives": FrozenDict(checked)})


def _path(name: str) -> str:
    return f"alternatives.{name}."


def same_inputs(scenario: Scenario, one: str, other: str) -> bool:
    """Return True if two candidates of a scenario are the same scenario."""
    first, second = (scenario.alternative(name).to_plain() | {"alternatives": {}} for name in (one, other))
    return first == second


def simulate_task(scenario: Scenario, seed: int, task: Task) -> dict[str, dict[str, float]]:
    """Return the outcomes of one replication, by candidate."""
    base = keep_alternatives(scenario, task.names)
    if drawn := drawn_values(scenario, seed, task.replication):
        base = with_certain(base, drawn)
    scenarios = {name: base.alternative(name) for name in task.names}
    records = one_replication(scenarios, seed, task.replication)
    return {name: row_of(scenarios[name], record) for name, record in records.items()}


def row_of(scenario: Scenario, record: Record) -> dict[str, float]:
    """Return the outcomes of a run: those of replications.csv, breaches as 0 or 1, FLOWS and times."""
    row = outcome_row(scenario, record, breaches_of(scenario, record))
    for name in scenario.command.thresholds:
        days = row[f"{DAYS_BREACHED}{name}"]
        row[f"{BREACHED}{name}"] = days if np.isnan(days) else float(days > 0)
    if scenario.command.thresholds:
        days = row[SITUATION_DAYS]
        row[f"{BREACHED}{SITUATION}"] = days if np.isnan(days) else float(days > 0)
    flows = {
        name: float(record.province[:, PROVINCE_INDEX[column]].sum()) for name, (column, _) in FLOWS.items()
    }
    return row | flows | _times(record)


def _times(record: Record) -> dict[str, float]:
    """Return the first time of each step that a rule takes."""
    first: dict[str, float] = {}
    for event in record.actions:
        first.setdefault(time_of(event.rule, event.what), event.day)
    return first


class Trials:
    """The outcomes of candidates by replication.

    Parameters
    ----------
    scenario
        The scenario with its candidates as alternatives, see `with_candidates`.
    seed
        Seed of the study.
    backend
        Where runs are computed.
    kept
        The folder of the unfinished study; None to keep nothing on disk.
    total
        Number of runs after which the study is complete at the latest, for progress.

    Attributes
    ----------
    runs
        Number of runs so far.
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        backend: Backend,
        kept: Unfinished[Any] | None,
        total: int,
    ) -> None:
        self.scenario, self.runs = scenario, 0
        self._seed, self._backend, self._kept, self._total = seed, backend, kept, total
        self._tasks: list[Task] = []
        self._rows: dict[str, dict[int, Row]] = {}
        self._checked: set[int] = set()

    def add(self, scenario: Scenario) -> None:
        """Take further candidates: a scenario that has them as alternatives."""
        merged = FrozenDict({**self.scenario.alternatives, **scenario.alternatives})
        self.scenario = self.scenario.model_copy(update={"alternatives": merged})

    def run(self, names: Collection[str], replications: Iterable[int]) -> None:
        """Run the candidates in the replications in which they have not been run."""
        tasks = []
        for replication in replications:
            lacking = tuple(name for name in names if replication not in self._rows.get(name, {}))
            if lacking:
                tasks.append(Task(replication, lacking))
        if not tasks:
            return
        first = len(self._tasks)
        self._tasks += tasks
        self._check(tasks)
        work = partial(simulate_task, self.scenario, self._seed)
        self._backend.report(min(self.runs, self._total), self._total)
        if self._kept is None:
            for place, rows in spread(work, tasks, self._backend):
                self._take(tasks[place], rows)
            return
        pending = []
        for part in range(first, len(self._tasks)):
            content = self._kept.read(part) if self._kept.done[part] else None
            if content is None or isinstance(content, Failure):
                pending.append(part)
            else:
                self._take(self._tasks[part], content)
        if pending:
            with contextlib.closing(self._kept.compute(work, self._tasks, self._backend)) as results:
                for part, failure in results:
                    if failure is not None:
                        raise ResultsError(failure.error)
                    self._take(self._tasks[part], self._kept.content(part))

    def _check(self, tasks: Sequence[Task]) -> None:
        """Check the draws of new replications, for all candidates that will be run with them."""
        if not self.scenario.study.drawn:
            return
        new = sorted({task.replication for task in tasks} - self._checked)
        if new:
            names = {name for task in tasks for name in task.names}
            check_draws(keep_alternatives(self.scenario, names), self._seed, new, self._backend)
            self._checked.update(new)

    def _take(self, task: Task, rows: Mapping[str, Row]) -> None:
        for name, row in rows.items():
            self._rows.setdefault(name, {})[task.replication] = row
        self.runs += len(rows)
        self._backend.report(min(self.runs, self._total), self._total)

    def finish(self) -> None:
        """Report that no further run is needed."""
        self._backend.report(self.runs, self.runs)

    def count(self, name: str) -> int:
        """Return in how many replications a candidate has been run."""
        return len(self._rows.get(name, {}))

    def replications(self, *names: str) -> list[int]:
        """Return the replications in which all of the candidates have been run, in order."""
        return sorted(set.intersection(*(set(self._rows.get(name, {})) for name in names)))

    def values(self, name: str, outcome: str, replications: Sequence[int] | None = None) -> Floats:
        """Return an outcome of a candidate by replication, in order; by default, of all that it has."""
        rows = self._rows.get(name, {})
        return np.array([rows[k][outcome] for k in (sorted(rows) if replications is None else replications)])

    def alike(self, one: str, other: str) -> bool:
        """Return True if two candidates have the same outcomes in all replications that both have."""
        same = self.replications(one, other)
        return all(
            np.array_equal(self.values(one, name, same), self.values(other, name, same), equal_nan=True)
            for name in self.outcomes(one)
        )

    def outcomes(self, name: str) -> list[str]:
        """Return the names of the outcomes of a candidate."""
        return [each for each in next(iter(self._rows[name].values())) if not each.startswith(TIME)]

    def times(self, name: str, rule: str, step: str) -> Floats:
        """Return the first time of a step of a rule by replication; infinite where it never comes."""
        rows, key = self._rows[name], time_of(rule, step)
        return np.array([rows[k].get(key, np.inf) for k in sorted(rows)])


def _table(rows: Mapping[str, Row]) -> Any:
    import pyarrow as pa

    cells = [(name, outcome, value) for name, row in rows.items() for outcome, value in row.items()]
    names, outcomes, values = zip(*cells, strict=True)
    return pa.table({"candidate": names, "outcome": outcomes, "value": pa.array(values, pa.float64())})


def _rows(table: Any) -> dict[str, dict[str, float]]:
    rows: dict[str, dict[str, float]] = {}
    columns = (table[name].to_pylist() for name in ("candidate", "outcome", "value"))
    for name, outcome, value in zip(*columns, strict=True):
        rows.setdefault(name, {})[outcome] = value
    return rows


TRIALS: Final[Form[dict[str, dict[str, float]]]] = Form(_table, _rows, "zstd")
"""The form of the outcomes of one task."""
