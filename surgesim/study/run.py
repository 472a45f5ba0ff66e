"""One run: baseline and alternatives, replicated, collected into tables, stored."""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.door import suggestion
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.environment import environment, now
from surgesim.study.compute.replicate import check_draws, pared, replicate
from surgesim.study.precision import Precision, check_precision
from surgesim.study.results import Extras, Output, Results
from surgesim.study.store.folder import dumped, tell_kept
from surgesim.study.store.run_folder import Draft
from surgesim.study.tables.collect import Collection
from surgesim.study.tables.fill import fill


def run(
    scenario: Scenario,
    *,
    replications: int | None = None,
    seed: int | None = None,
    days: int | None = None,
    only: Sequence[str] | None = None,
    workers: int | Backend | None = None,
    out: str | Path | Output | None = None,
) -> Results:
    """Run a scenario and its alternatives, paired on common random numbers.

    Parameters
    ----------
    scenario
        From `surgesim.load`.
    replications, seed, days
        Instead of the scenario's own.
    only
        Names of the alternatives to run beside the baseline; all unless given.
    workers
        Processes, as many as there are cores unless given; or a `surgesim.Backend`, to run on a Dask
        cluster or to follow the progress. Results do not depend on it.
    out
        Result folder to write, nothing unless given; or an `Output`, with what else goes into the folder.

    Returns
    -------
    Results
        The tables; the same for any number of workers.

    Raises
    ------
    ScenarioError
        If `only` names an unknown alternative, a changed value is not allowed, or a replication would draw
        values that a scenario file could not have: all draws are checked before the first replication.
    ResultsError
        If `out` cannot be written. An earlier result there is replaced only by a finished run.
    IdentityError
        If an identity of the model broke.

    Examples
    --------
    >>> import surgesim
    >>> scenario = surgesim.load("scenarios/teaching/small-town.yaml")  # doctest: +SKIP
    >>> surgesim.run(scenario, replications=20).breaches  # doctest: +SKIP
    """
    scenario = _changed(scenario, replications, seed, days)
    scenarios = select(scenario, only)
    check_precision(scenario)
    backend, output, started = Backend.of(workers), Output.of(out), now()
    check_draws(pared(scenario, scenarios), scenario.study.seed, _most(scenario), backend)
    with contextlib.ExitStack() as stack:
        draft = None if output is None else stack.enter_context(Draft(output.folder, scenarios))
        collections, reached = _collected(scenario, scenarios, backend, draft)
        manifest = {
            **environment(),
            "scenario": scenario.name,
            "scenario_sha256": hashlib.sha256(dumped(scenario).encode()).hexdigest(),
            "seed": scenario.study.seed,
            "replications": collections[BASELINE].replications,
            "precision": reached["precision"],
            "days": scenario.days,
            "alternatives": list(scenarios),
            "started": started,
            "ended": now(),
            "identities_checked": reached["identities_checked"],
        }
        tables = fill(scenario, collections)
        if draft is None or output is None:
            return Results(scenario=scenario, manifest=manifest, folder=None, **tables)
        manifest |= output.notes
        results = Results(scenario=scenario, manifest=manifest, folder=draft.path, **tables)
        draft.write(results)
        failed = None if output.extras is None else _failure(output.extras, results, draft.path)
        sealed = draft.seal({**manifest, "extras_failed": failed})
        tell_kept(draft, backend)
        return Results(scenario=scenario, manifest=sealed, folder=draft.target, **tables)


def _most(scenario: Scenario) -> int:
    """The most replications that there may be."""
    study = scenario.study
    return study.most_replications if study.precision else study.replications


def _collected(
    scenario: Scenario, scenarios: Mapping[str, Scenario], backend: Backend, draft: Draft | None
) -> tuple[dict[str, Collection], dict[str, Any]]:
    """Run replications until there are enough; what they came to, and the manifest's entries about them."""
    most = _most(scenario)
    collections = {name: Collection(alternative, most) for name, alternative in scenarios.items()}
    checks: Counter[str] = Counter()
    precision = Precision(scenario)
    with contextlib.closing(replicate(scenarios, scenario.study.seed, most, backend)) as runs:
        for records in runs:
            for name, record in records.items():
                collections[name].add(record)
                checks.update(record.checks)
            if draft is not None:
                draft.add(records)
            precision.add({name: c.outcomes[-1] for name, c in collections.items()})
            if precision.enough():
                break
    for collection in collections.values():
        collection.close()
    checked = dict(sorted(checks.items()))
    return collections, {"precision": precision.note() or None, "identities_checked": checked}


def select(scenario: Scenario, only: Sequence[str] | None = None) -> dict[str, Scenario]:
    """The baseline and the alternatives to run, by name, in the order of the scenario.

    Raises
    ------
    ScenarioError
        If `only` names an unknown alternative.
    """
    return {name: scenario.alternative(name) for name in selected(scenario, only)}


def selected(scenario: Scenario, only: Sequence[str] | None) -> list[str]:
    """The names of `select`, without making the alternatives.

    Raises
    ------
    ScenarioError
        If `only` names an unknown alternative.
    """
    known = (BASELINE, *scenario.alternatives)
    wanted = known if only is None else (BASELINE, *only)
    problems = [
        Problem("alternatives", f"got {name!r}{suggestion(name, known)}")
        for name in wanted
        if name not in known
    ]
    if problems:
        raise ScenarioError(problems)
    return [name for name in known if name in wanted]


def _failure(extras: Extras, results: Results, folder: Path) -> str | None:
    """Call `extras`; what went wrong, for no fault of a figure is worth the tables of a long run."""
    try:
        extras(results, folder)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def _changed(scenario: Scenario, replications: int | None, seed: int | None, days: int | None) -> Scenario:
    values = {"study.replications": replications, "study.seed": seed, "days": days}
    changes = [f"{path}={value}" for path, value in values.items() if value is not None]
    if not changes:
        return scenario
    from surgesim.scenario.door import from_plain

    return from_plain(scenario.to_plain(), changes=changes)
