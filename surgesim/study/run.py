"""A run: replicate the baseline and alternatives, collect the tables, store them."""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.checks import alternative_names
from surgesim.study.compute.environment import environment, now
from surgesim.study.compute.replicate import check_draws, keep_alternatives, replicate
from surgesim.study.precision import Precision, check_precision
from surgesim.study.results import Extras, Output, Results
from surgesim.study.store.folder import scenario_text, tell_kept
from surgesim.study.store.run_folder import RunFolder
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
        Override the scenario's values.
    only
        Names of the alternatives to run besides the baseline; by default all.
    workers
        Number of processes, by default one per core; or a `surgesim.Backend`, to use a Dask cluster or
        follow progress. Results do not depend on it.
    out
        Result folder to write (by default none), or an `Output` with additional contents for it.

    Returns
    -------
    Results
        The tables; identical for any number of workers.

    Raises
    ------
    ScenarioError
        If `only` names an unknown alternative, an overridden value is invalid, or a replication would draw
        values that are invalid in a scenario file. All draws are checked before the first replication.
    ResultsError
        If `out` cannot be written. An earlier result there is replaced only by a completed run.
    IdentityError
        If an accounting identity of the model fails.

    Examples
    --------
    >>> import surgesim
    >>> scenario = surgesim.load("scenarios/teaching/small-town.yaml")  # doctest: +SKIP
    >>> surgesim.run(scenario, replications=20).breaches  # doctest: +SKIP
    """
    scenario = _override(scenario, replications, seed, days)
    scenarios = select(scenario, only)
    check_precision(scenario)
    backend, output, started = Backend.of(workers), Output.of(out), now()
    check_draws(keep_alternatives(scenario, scenarios), scenario.study.seed, _most(scenario), backend)
    with contextlib.ExitStack() as stack:
        draft = None if output is None else stack.enter_context(RunFolder(output.folder, scenarios))
        collections, reached = _collect(scenario, scenarios, backend, draft)
        manifest = {
            **environment(),
            "scenario": scenario.name,
            "scenario_sha256": hashlib.sha256(scenario_text(scenario).encode()).hexdigest(),
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
    """Max number of replications."""
    study = scenario.study
    return study.most_replications if study.precision else study.replications


def _collect(
    scenario: Scenario, scenarios: Mapping[str, Scenario], backend: Backend, draft: RunFolder | None
) -> tuple[dict[str, Collection], dict[str, Any]]:
    """Run replications until there are enough; return the collections and the related manifest entries."""
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
    """The baseline and the alternatives to run, by name, in scenario order.

    Raises
    ------
    ScenarioError
        If `only` names an unknown alternative.
    """
    return {name: scenario.alternative(name) for name in alternative_names(scenario, only)}


def _failure(extras: Extras, results: Results, folder: Path) -> str | None:
    """Call `extras` and return its error, if any: a failed figure must not lose the tables of a long run."""
    try:
        extras(results, folder)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def _override(scenario: Scenario, replications: int | None, seed: int | None, days: int | None) -> Scenario:
    values = {"study.replications": replications, "study.seed": seed, "days": days}
    changes = [f"{path}={value}" for path, value in values.items() if value is not None]
    if not changes:
        return scenario
    from surgesim.scenario.door import from_plain

    return from_plain(scenario.to_plain(), changes=changes)
