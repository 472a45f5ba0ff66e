"""Runs: simulate all replications of the baseline and alternatives, then build and store the tables."""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

from surgesim.errors import Problem, ResultsError, ScenarioError
from surgesim.log import logged
from surgesim.scenario.door import Files, certain
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.checks import alternative_names, whole, with_extensions
from surgesim.study.compute.environment import COMPUTING, environment, now, versions
from surgesim.study.compute.replicate import check_draws, keep_alternatives, replicate
from surgesim.study.precision import Precision, check_precision
from surgesim.study.results import Output, Results
from surgesim.study.store.contents import RUN
from surgesim.study.store.folder import scenario_text, tell_kept
from surgesim.study.store.manifest import NUMBERS, hashes_of, read_manifest
from surgesim.study.store.records import RECORDS, Records
from surgesim.study.store.run_folder import RunFolder, open_stored, read
from surgesim.study.store.unfinished import Unfinished
from surgesim.study.tables.collect import Collection
from surgesim.study.tables.daily_values import MOST_IN_MEMORY
from surgesim.study.tables.fill import fill
from surgesim.study.tables.series import SERIES_NAMES, Series, SeriesInMemory


def run(
    scenario: Scenario,
    *,
    replications: int | Iterable[int] | None = None,
    seed: int | None = None,
    days: int | None = None,
    only: Sequence[str] | None = None,
    uncertainty: bool = True,
    extensions: Files = (),
    series: Sequence[str] = (),
    facility_series: Sequence[str] = (),
    workers: int | Backend | None = None,
    progress: bool = False,
    out: str | Path | Output | None = None,
    resume: bool = False,
) -> Results:
    """Run a scenario and its alternatives, paired by common random numbers.

    Parameters
    ----------
    scenario
        A scenario loaded with `surgesim.load`.
    replications, seed, days
        Override the scenario's values. A list of indices runs only these replications; each is the same as in
        a full run.
    only
        Names of the alternatives to run besides the baseline; by default all.
    uncertainty
        False to draw no parameters: each has the scenario's value, and runs differ by chance alone. The
        scenario in the result then has no distributions.
    extensions
        Python files of your own (see `surgesim.extension`), besides those of the scenario. They are executed
        here and by the workers.
    series, facility_series
        Daily indicators of the province and of the facilities to keep for every replication, for use by
        `Results.series`, `Results.facility_series` and `Results.to_xarray`. With `out`, all daily indicators
        of the province are in daily.parquet, named or not.
    workers
        Number of processes, by default one per core; or a `surgesim.Backend`, to use a Dask cluster or
        follow progress. Results do not depend on the workers.
    progress
        True to show a progress bar in a terminal or notebook, unless `workers` is a backend with its own
        `progress` function.
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
        If `only` names an unknown alternative, a series is unknown, an overridden value is invalid, or a
        replication would draw values that are invalid in a scenario file. All draws are checked before the
        first replication.
    ResultsError
        If `out` cannot be written or another process is writing it, or there is an unfinished run with a
        different plan (the message lists the changes). An earlier result in `out` is replaced only by a
        completed run.
    ExtensionError
        If an extension cannot be used, or raises an error; the logger "surgesim" has the traceback.
    IdentityError
        If an accounting identity of the model fails.

    Examples
    --------
    >>> import surgesim
    >>> scenario = surgesim.load("scenarios/teaching/small-town.yaml")  # doctest: +SKIP
    >>> surgesim.run(scenario, replications=20).breaches  # doctest: +SKIP
    """
    scenario = with_extensions(scenario if uncertainty else certain(scenario), extensions)
    chosen = _indices(replications) if isinstance(replications, Iterable) else None
    count = replications if chosen is None else len(chosen)
    scenario = _override(scenario, count, seed, days)
    scenarios = select(scenario, only)
    check_precision(scenario)
    keep = Series.of(series, facility_series)
    problems = list(keep.problems(scenarios.values()))
    if chosen is not None and scenario.study.precision:
        problems.append(
            Problem("study.precision", "got a precision, expected none for a list of replications")
        )
    if problems:
        raise ScenarioError(problems)
    backend, output, started = Backend.of(workers).with_bar(progress), Output.of(out), now()
    numbers = range(scenario.study.most) if chosen is None else chosen
    own = _own(scenario, numbers)
    text = scenario_text(scenario)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    with contextlib.ExitStack() as stack:
        stack.enter_context(logged())
        draft = kept = None
        if output is not None:
            draft = stack.enter_context(RunFolder(output.folder, scenarios, keep))
            plan = {
                "alternatives": list(scenarios),
                "runs": len(numbers),
                "scenarios": {scenario.name: sha256},
                "versions": {name: version for name, version in versions().items() if name in COMPUTING},
                **own,
            }
            texts = {scenario.name: text}
            kept = Unfinished(draft.target, RUN, plan, texts, len(numbers), RECORDS)
            is_complete = partial(_is_complete, draft.target, keep)
            if resume and is_complete(plan):
                kept.finish(backend)
                return read(draft.target)
            stack.enter_context(kept.opened(resume=resume, backend=backend, is_complete=is_complete))
        check_draws(keep_alternatives(scenario, scenarios), scenario.study.seed, numbers, backend)
        memory = SeriesInMemory(scenarios, keep)
        daily = stack.enter_context(
            SpooledTemporaryFile(MOST_IN_MEMORY, dir=None if draft is None else str(draft.path))
        )
        collections = {
            name: Collection(alternative, len(numbers), daily) for name, alternative in scenarios.items()
        }
        reached = _collect(collections, scenario, numbers, backend, draft or memory, kept)
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
            **own,
            **keep.entry,
        }
        if scenario.extensions:
            manifest["extensions"] = scenario.extensions.entries()
        tables: dict[str, Any] = {**fill(scenario, collections)}
        daily.close()
        if draft is None or kept is None or output is None:
            return Results(
                scenario=scenario, manifest=manifest, folder=None, **tables, open_series=memory.open
            )
        manifest |= output.notes
        results = Results(scenario=scenario, manifest=manifest, folder=draft.path, **tables)
        draft.write(results)
        failed = output.add_extras(results, draft.path)
        sealed = draft.seal({**manifest, "extras_failed": failed})
        kept.finish(backend)
        tell_kept(draft, backend)
        opened = partial(open_stored, draft.target, sealed)
        return Results(scenario=scenario, manifest=sealed, folder=draft.target, **tables, open_series=opened)


def _is_complete(target: Path, series: Series, plan: Mapping[str, Any]) -> bool:
    """Return True if `target` contains a completed run with this plan and these series."""
    with contextlib.suppress(ResultsError):
        manifest = read_manifest(target)
        return (
            {name: manifest[name] for name in SERIES_NAMES if name in manifest} == series.entry
            and manifest["alternatives"] == plan.get("alternatives")
            and {manifest.get("scenario"): manifest.get("scenario_sha256")} == plan.get("scenarios")
            and {name: manifest["versions"].get(name) for name in COMPUTING} == plan.get("versions")
            and hashes_of(manifest) == plan.get("extensions", {})
            and manifest.get(NUMBERS) == plan.get(NUMBERS)
        )
    return False


def _indices(replications: Iterable[int]) -> list[int]:
    """Check a list of indices of replications, and return it in increasing order."""
    numbers = [whole("replications", number) for number in replications]
    if not numbers or len(set(numbers)) < len(numbers):
        got = "none" if not numbers else "an index twice"
        raise ScenarioError([Problem("replications", f"got {got}, expected distinct indices in a list")])
    return sorted(numbers)


def _own(scenario: Scenario, numbers: Sequence[int]) -> dict[str, Any]:
    """Return the plan entries that exist only for runs with extensions or a list of replications."""
    own: dict[str, Any] = {}
    if not isinstance(numbers, range):
        own[NUMBERS] = list(numbers)
    if scenario.extensions:
        own["extensions"] = scenario.extensions.hashes
    return own


def _collect(
    collections: Mapping[str, Collection],
    scenario: Scenario,
    numbers: Sequence[int],
    backend: Backend,
    store: RunFolder | SeriesInMemory,
    kept: Unfinished[Records] | None,
) -> dict[str, Any]:
    """Run replications until there are enough, and collect them; return the related manifest entries."""
    scenarios = {name: collection.scenario for name, collection in collections.items()}
    checks: Counter[str] = Counter()
    precision = Precision(scenario.study, float(scenario.days))
    compute = None if kept is None else kept.contents
    with contextlib.closing(replicate(scenarios, scenario.study.seed, numbers, backend, compute)) as runs:
        for records in runs:
            for name, record in records.items():
                collections[name].add(record)
                checks.update(record.checks)
            store.add(records)
            precision.add({name: c.outcomes[-1] for name, c in collections.items()})
            if precision.enough():
                break
    done = collections[BASELINE].replications * len(scenarios)
    if done < len(numbers) * len(scenarios):
        backend.report(done, done)
    for collection in collections.values():
        collection.close()
    checked = dict(sorted(checks.items()))
    return {"precision": precision.note() or None, "identities_checked": checked}


def select(scenario: Scenario, only: Sequence[str] | None = None) -> dict[str, Scenario]:
    """Return the baseline and the alternatives to run, by name, in the order of the scenario.

    Raises
    ------
    ScenarioError
        If `only` names an unknown alternative.
    """
    return {name: scenario.alternative(name) for name in alternative_names(scenario, only)}


def _override(scenario: Scenario, replications: object, seed: int | None, days: int | None) -> Scenario:
    values = {"study.replications": replications, "study.seed": seed, "days": days}
    changes = [f"{path}={value}" for path, value in values.items() if value is not None]
    if not changes:
        return scenario
    from surgesim.scenario.door import from_plain

    return from_plain(scenario.to_plain(), changes=changes, extensions=scenario.extensions)
