"""The runs of a sweep: enumeration, checks and outcomes."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from surgesim.errors import ExtensionError, Problem, ScenarioError
from surgesim.model.record import Record
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.checks import check_all, with_values
from surgesim.study.compute.replicate import drawn_values, one_replication
from surgesim.study.measures.breaches import breaches_of
from surgesim.study.measures.outcomes import outcome_row
from surgesim.study.replication import Replication
from surgesim.study.store.unfinished import Failure
from surgesim.study.sweep.design import at_point
from surgesim.study.sweep.outcomes import Outcome, OutcomeError, own_outcomes
from surgesim.study.sweep.parts import KEY, Run
from surgesim.study.tables.columns import DRAWN
from surgesim.study.tables.series import Series


class Case(NamedTuple):
    """One run: the indices of its scenario, point and replication, and the values of the point."""

    scenario: int
    point: int
    replication: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cases(Sequence[Case]):
    """All runs of a sweep, by scenario, point and replication; each is created on access."""

    scenarios: int
    points: Sequence[Mapping[str, Any]]
    replications: int

    def __len__(self) -> int:
        return self.scenarios * len(self.points) * self.replications

    def __getitem__(self, run: Any) -> Any:
        rest, replication = divmod(run, self.replications)
        scenario, point = divmod(rest, len(self.points))
        return Case(scenario, point, replication, self.points[point])

    def index_of(self, scenario: int, point: int, replication: int) -> int:
        """Return the index of a run."""
        return (scenario * len(self.points) + point) * self.replications + replication


def check_cases(
    scenarios: Sequence[Scenario],
    cases: Cases,
    pending: Sequence[int],
    seed: int,
    backend: Backend,
) -> None:
    """Check the scenario of every pending run before the first run starts.

    Without uncertain parameters, all runs of a point have the same scenario.
    """
    drawing = [bool(scenario.study.drawn) for scenario in scenarios]
    to_check = [
        run
        for run in pending
        if run % cases.replications == 0 or drawing[run // (cases.replications * len(cases.points))]
    ]
    check = partial(_case_problem, scenarios, cases, seed)
    what = "runs" if any(drawing) else "points"
    check_all(check, to_check, what, backend)


def _case_problem(scenarios: Sequence[Scenario], cases: Cases, seed: int, run: int) -> Problem | None:
    case: Case = cases[run]
    scenario = scenarios[case.scenario]
    drawn = drawn_values(scenario, seed, case.replication)
    try:
        at_point(scenario, {**case.values, **drawn})
    except ScenarioError as error:
        of = f" of scenario {scenario.name!r}" if len(scenarios) > 1 else ""
        draws = f", replication {case.replication}" if drawn else ""
        where = f"point {case.point}{of}{draws} has"
        return with_values(error.problems[0], where, {**case.values, **drawn})
    return None


class Keep(NamedTuple):
    """The data to keep of every run besides the model's outcomes: user-defined outcomes, and series."""

    outcomes: Mapping[str, Outcome]
    series: Series


def one_run(scenarios: Sequence[Scenario], seed: int, keep: Keep, case: Case) -> Run | Failure:
    """Simulate one run and return its `Run`, or a `Failure` so that other runs continue."""
    try:
        drawn = drawn_values(scenarios[case.scenario], seed, case.replication)
        scenario = at_point(scenarios[case.scenario], {**case.values, **drawn})
        changed = {name: scenario.alternative(name) for name in (BASELINE, *scenario.alternatives)}
        records = one_replication(changed, seed, case.replication)
        rows = [
            {
                KEY: name,
                **outcome_row(changed[name], record, breaches_of(changed[name], record)),
                **own_outcomes(keep.outcomes, Replication(changed[name], name, seed, record)),
                **{f"{DRAWN}{path}": value for path, value in drawn.items()},
            }
            for name, record in records.items()
        ]
        return Run(rows, _series(keep.series, changed, records))
    except OutcomeError as error:
        return Failure(str(error))
    except Exception as error:
        text = error.traceback if isinstance(error, ExtensionError) else ""
        text = text or "".join(traceback.format_exception(error))
        return Failure(f"{type(error).__name__}: {error}", text)


def _series(
    series: Series, scenarios: Mapping[str, Scenario], records: Mapping[str, Record]
) -> dict[str, Any]:
    """Return the series of all alternatives, by the name of their table."""
    import pyarrow as pa

    tables = [series.tables(scenarios[name], name, record) for name, record in records.items()]
    return {name: pa.concat_tables([table[name] for table in tables]) for name in tables[0]}


def keys_of(scenarios: Sequence[Scenario], case: Case) -> dict[str, Any]:
    name = scenarios[case.scenario].name
    return {"scenario": name, "point": case.point, "replication": case.replication}
