"""Runs: simulate all replications of the baseline and alternatives, then build and store the tables."""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from surgesim.errors import ResultsError
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.checks import alternative_names
from surgesim.study.compute.environment import COMPUTING, environment, now, versions
from surgesim.study.compute.replicate import check_draws, keep_alternatives, replicate
from surgesim.study.precision import Precision, check_precision
from surgesim.study.results import Extras, Output, Results
from surgesim.study.store.contents import RUN
from surgesim.study.store.folder import scenario_text, tell_kept
from surgesim.study.store.manifest import read_manifest
from surgesim.study.store.records import RECORDS, Records
from surgesim.study.store.run_folder import RunFolder, read
from surgesim.study.store.unfinished import Unfinished
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
    resume: bool = False,
) -> Results:
    """Run a scenario and its alternatives, paired by common random numbers.

    Parameters
    ----------
    scenario
        A scenario loaded with `surgesim.load`.
    replications, seed, days
        Override the scenario's values.
    only
        Names of the alternatives to run besides the baseline; by default all.
    workers
        Number of processes, by default one per core; or a `surgesim.Backend`, to use a Dask cluster or
        follow progress. Results do not depend on the workers.
    out
        Result folder to write (by default none), or an `Output` with additional contents for it. Until the
        run is complete, its replications are in ``<out>.unfinished``.
    resume
        True to continue an unfinished run in `out`. If the run is already complete, it is only read; if
        there is no unfinished run, a new one starts.

    Returns
    -------
    Results
        The tables; identical for any number of workers, and whether or not the run was interrupted.

    Raises
    ------
    ScenarioError
        If `only` names an unknown alternative, an overridden value is invalid, or a replication would draw
        values that are invalid in a scenario file. All draws are checked before the first replication.
    ResultsError
        If `out` cannot be written or another process is writing it, or there is an unfinished run with a
        different plan (the message lists the changes). An earlier result in `out` is replaced only by a
        completed run.
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
    text = scenario_text(scenario)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    with contextlib.ExitStack() as stack:
        draft = kept = None
        if output is not None:
            draft = stack.enter_context(RunFolder(output.folder, scenarios))
            plan = {
                "alternatives": list(scenarios),
                "runs": scenario.study.most,
                "scenarios": {scenario.name: sha256},
                "versions": {name: version for name, version in versions().items() if name in COMPUTING},
            }
            texts = {scenario.name: text}
            kept = Unfinished(draft.target, RUN, plan, texts, scenario.study.most, RECORDS)
            is_complete = partial(_is_complete, draft.target)
            if resume and is_complete(plan):
                kept.finish(backend)
                return read(draft.target)
            stack.enter_context(kept.opened(resume=resume, backend=backend, is_complete=is_complete))
        check_draws(keep_alternatives(scenario, scenarios), scenario.study.seed, scenario.study.most, backend)
        collections, reached = _collect(scenario, scenarios, backend, draft, kept)
        manifest = {
            **environment(),
            "scenario": scenario.name,
            "scenario_sha256": sha256,
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
        if draft is None or kept is None or output is None:
            return Results(scenario=scenario, manifest=manifest, folder=None, **tables)
        manifest |= output.notes
        results = Results(scenario=scenario, manifest=manifest, folder=draft.path, **tables)
        draft.write(results)
        failed = None if output.extras is None else _failure(output.extras, results, draft.path)
        sealed = draft.seal({**manifest, "extras_failed": failed})
        kept.finish(backend)
        tell_kept(draft, backend)
        return Results(scenario=scenario, manifest=sealed, folder=draft.target, **tables)


def _is_complete(target: Path, plan: Mapping[str, Any]) -> bool:
    """Return whether `target` contains a completed run with this plan."""
    with contextlib.suppress(ResultsError):
        manifest = read_manifest(target)
        return (
            manifest["alternatives"] == plan.get("alternatives")
            and {manifest.get("scenario"): manifest.get("scenario_sha256")} == plan.get("scenarios")
            and {name: manifest["versions"].get(name) for name in COMPUTING} == plan.get("versions")
        )
    return False


def _collect(
    scenario: Scenario,
    scenarios: Mapping[str, Scenario],
    backend: Backend,
    draft: RunFolder | None,
    kept: Unfinished[Records] | None,
) -> tuple[dict[str, Collection], dict[str, Any]]:
    """Run replications until there are enough; return the collections and the related manifest entries."""
    most = scenario.study.most
    collections = {name: Collection(alternative, most) for name, alternative in scenarios.items()}
    checks: Counter[str] = Counter()
    precision = Precision(scenario)
    compute = None if kept is None else kept.contents
    with contextlib.closing(replicate(scenarios, scenario.study.seed, most, backend, compute)) as runs:
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
    """Return the baseline and the alternatives to run, by name, in the order of the scenario.

    Raises
    ------
    ScenarioError
        If `only` names an unknown alternative.
    """
    return {name: scenario.alternative(name) for name in alternative_names(scenario, only)}


def _failure(extras: Extras, results: Results, folder: Path) -> str | None:
    """Call `extras` and return its error, if any, so that the tables are kept if a figure fails."""
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
