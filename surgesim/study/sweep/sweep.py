"""Sweeps: replications at every point of a design; the outcomes of each run are stored immediately."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from surgesim.errors import ResultsError
from surgesim.files import disk_errors
from surgesim.log import log_failure
from surgesim.scenario.door import Files
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.checks import with_extensions
from surgesim.study.compute.environment import environment, now
from surgesim.study.results import Output
from surgesim.study.store.contents import FORMAT, SWEEP
from surgesim.study.store.csv_files import CsvFile, write_csv
from surgesim.study.store.folder import Folder, tell_kept
from surgesim.study.store.manifest import read_manifest
from surgesim.study.store.series_file import series_files
from surgesim.study.store.temporary import temporary_folder
from surgesim.study.store.unfinished import SCENARIOS, Failure, Unfinished
from surgesim.study.sweep.cases import Keep, check_cases, keys_of, one_run
from surgesim.study.sweep.design import DAYS, GRID, Levels, only_varied
from surgesim.study.sweep.growth import earlier_sweep
from surgesim.study.sweep.outcomes import Outcome
from surgesim.study.sweep.parts import RUN, Run
from surgesim.study.sweep.plan import Plan, plan_sweep
from surgesim.study.sweep.points import POINTS_FILE, Points
from surgesim.study.sweep.result import Sweep
from surgesim.study.sweep.rounds import Rounds
from surgesim.study.sweep.tables import (
    DESIGN,
    FAILURES,
    POINT_KEYS,
    RUNS,
    SWEEP_BREACHES,
    SWEEP_COMPARISON,
    SWEEP_PRECISION,
    breach_frame,
    comparison_frame,
    outcome_sides,
    run_columns,
    runs_frame,
    table_frame,
)
from surgesim.study.tables.series import Series

_AT_ONCE = 1_000
"""Number of runs held in memory while the tables are written."""


def sweep(
    scenario: Scenario | Sequence[Scenario],
    vary: Mapping[str, Levels] | None = None,
    *,
    points: Points | None = None,
    design: str = GRID,
    samples: int | None = None,
    replications: int | None = None,
    seed: int | None = None,
    design_seed: int | None = None,
    alternatives: Sequence[str] = (),
    uncertainty: bool = True,
    extensions: Files = (),
    outcomes: Mapping[str, Outcome] | None = None,
    series: Sequence[str] = (),
    facility_series: Sequence[str] = (),
    workers: int | Backend | None = None,
    progress: bool = False,
    out: str | Path | Output | None = None,
    resume: bool = False,
) -> Sweep:
    """Run one or more scenarios at every point of a design, or at points of your own.

    Parameters
    ----------
    scenario
        One or more scenarios loaded with `surgesim.load`; the `study` of the first applies to all.
    vary
        The values of each path: ``"4:6:5"`` (low, high and number of levels in a grid), ``"4:6"`` (in other
        designs; also a tuple ``(4, 6)``), ``"a,b,c"`` or a sequence or array of values, or ``""`` for the
        path's distribution in `study.uncertainty`. Varied paths are not drawn as uncertain parameters.
    points
        Instead of `vary`, your own points: a DataFrame whose columns are paths, or a list of mappings from
        paths to values, all with the same paths. Values may be numbers, words, None, lists and mappings.
    design, samples
        ``grid``; ``lhs``, a Latin hypercube of `samples` points; or ``sobol``, ``samples * (paths + 2)``
        points for Sobol indices, where `samples` is a power of two.
    replications, seed
        Override the scenario's values. Replication k has the same random numbers at every point. With
        `study.precision`, each point gets more replications until it is precise, as a run does.
    design_seed
        Seed of the points of ``lhs`` and ``sobol``; by default `seed`.
    alternatives
        Names of alternatives to run besides the baseline; `Sweep.comparison` compares them with it.
    uncertainty
        False to draw no parameters except at the paths that vary.
    extensions
        See `run`; the extensions apply to every scenario.
    outcomes
        Your own outcomes by name: functions of a `Replication` that return a number. They are columns of
        runs.csv. Workers get a copy of each function; modules that it imports must be installed there.
    series, facility_series
        Daily indicators of the province and of the facilities to keep for every run, for use by
        `Sweep.series`, `Sweep.facility_series` and `Sweep.to_xarray`.
    workers, progress
        See `run`; progress is counted in runs.
    out
        Folder to write, or an `Output` with additional entries for the manifest. Until the sweep is
        complete, its data are in ``<out>.unfinished``.
    resume
        True to continue an unfinished sweep. If the sweep is already complete, it is only read. If the sweep
        in `out` has fewer replications or only some of the points, it grows: only the missing runs are
        computed. The points of ``sobol`` with twice the samples contain those before; the points of ``lhs``
        do not. If there is neither, a new sweep starts.

    Returns
    -------
    Sweep
        The results; identical for any backend, and whether or not the sweep was interrupted. Failed runs are
        in `failures`, including those in which a function fails or does not return a number.

    Raises
    ------
    ScenarioError
        If a path is unknown, a range is reversed, a value is not allowed, or the values of a point would be
        invalid in a scenario file; or if a series is unknown, the name of an outcome is taken, or a function
        cannot be copied. All points are checked before the first run.
    ExtensionError
        If an extension cannot be used. If it raises an error in a run, only this run fails; the logger
        "surgesim" has the traceback.
    ResultsError
        If the folder cannot be written, or there is an unfinished sweep with a different plan (the message
        lists the changes, including those of functions); or if a completed sweep that `resume` finds would
        have to shrink.

    Examples
    --------
    >>> import surgesim
    >>> town = surgesim.load("scenarios/teaching/small-town.yaml")  # doctest: +SKIP
    >>> beds = "care.facilities.general-hospital.beds.icu"
    >>> surgesim.sweep(town, {"epidemic.variant.r0": "3:6:4", beds: "6:18:3"}).breaches  # doctest: +SKIP
    """
    loaded = [scenario] if isinstance(scenario, Scenario) else list(scenario)
    if not uncertainty:
        loaded = [only_varied(each, vary or {}) for each in loaded]
    given = [with_extensions(each, extensions) for each in loaded]
    keep = Keep(outcomes or {}, Series.of(series, facility_series))
    plan = plan_sweep(
        given, vary or {}, points, design, samples, replications, seed, design_seed, alternatives, keep
    )
    backend, output = Backend.of(workers).with_bar(progress), Output.of(out)
    if DAYS in plan.entry["vary"]:
        backend.say(
            f"{DAYS} varies: restricted means of first days and sums over days depend on the horizon, so "
            "compare them only between points with the same horizon"
        )
    with contextlib.ExitStack() as stack:
        given_folder = stack.enter_context(temporary_folder()) / "sweep" if output is None else output.folder
        folder = stack.enter_context(Folder(given_folder, SWEEP))
        unfinished = Unfinished(folder.target, SWEEP, plan.entry, plan.texts, len(plan.cases), RUN)
        is_complete = partial(_is_complete, folder.target)
        if resume and is_complete(plan.entry):
            unfinished.finish(backend)
            return Sweep(folder.target)
        started = now()
        earlier = earlier_sweep(folder.target, plan) if resume else None
        grows = earlier is not None and not unfinished.exists
        if earlier is not None and grows:
            done = earlier.sweep.manifest["sweep"]["runs"]
            backend.say(f"{folder.target}: the sweep grows from {done} to {len(plan.cases)} runs")
        with unfinished.opened(resume=resume and not grows, backend=backend, is_complete=is_complete):
            if earlier is not None:
                earlier.add_to(unfinished, plan)
            rounds = _run(unfinished, plan, backend)
            with disk_errors(folder.target):
                _write_scenarios(folder.path, plan.texts)
                failed = _write_tables(folder.path, unfinished, plan, rounds)
        times = {"started": started, "ended": now()}
        notes = {} if output is None else output.notes
        used = {"extensions": plan.extensions.entries()} if plan.extensions else {}
        entry = {**plan.entry, "runs": sum(rounds.counts)}
        folder.seal({**environment(), SWEEP: entry, **used, "failed": failed, **times, **notes})
        unfinished.finish(backend)
        tell_kept(folder, backend)
        result = Sweep(folder.target, unfinished.repeats)
        if output is None:
            result.keep()
        return result


def _write_scenarios(folder: Path, texts: Mapping[str, str]) -> None:
    (folder / SCENARIOS).mkdir()
    for name, text in texts.items():
        (folder / SCENARIOS / f"{name}.yaml").write_text(text, encoding="utf-8", newline="\n")


def _run(unfinished: Unfinished[Run], plan: Plan, backend: Backend) -> Rounds:
    """Check and execute all pending runs, round by round, and store each as it completes."""
    rounds, work = Rounds(plan), partial(one_run, plan.scenarios, plan.seed, plan.keep)
    is_left = True
    while is_left:
        left_out = rounds.left_out(bytes(unfinished.done))
        pending = [run for run, is_out in enumerate(left_out) if not is_out]
        check_cases(plan.scenarios, plan.cases, pending, plan.seed, backend)
        total = sum(rounds.counts)
        backend.report(total - len(pending), total)
        with contextlib.closing(unfinished.compute(work, plan.cases, backend, left_out)) as results:
            for done, (run, failure) in enumerate(results, start=total - len(pending) + 1):
                if failure is not None:
                    _log(plan, run, failure)
                backend.report(done, total)
        is_left = rounds.look(unfinished.read)
    return rounds


def _log(plan: Plan, run: int, failure: Failure) -> None:
    keys = keys_of(plan.scenarios, plan.cases[run])
    where = ", ".join(f"{key} {value}" for key, value in keys.items())
    log_failure(f"{where}: {failure.error}", failure.traceback)


def _write_tables(folder: Path, unfinished: Unfinished[Run], plan: Plan, rounds: Rounds) -> int:
    """Write the tables from the parts, in chunks of whole points; return the number of failed runs."""
    scenarios, cases = plan.scenarios, plan.cases
    every = [each.alternative(name) for each in scenarios for name in (BASELINE, *each.alternatives)]
    columns = run_columns(every, plan.keep.outcomes)
    together = {scenario.name: scenario.study.runs_together for scenario in scenarios}
    units, sides = outcome_sides(every, plan.keep.outcomes)
    optional = {
        SWEEP_COMPARISON: any(scenario.alternatives for scenario in scenarios),
        SWEEP_PRECISION: bool(plan.study.precision),
    }
    failed = 0
    write_csv(folder / f"{DESIGN.name}.csv", plan.design)
    if plan.points is not None:
        (folder / POINTS_FILE).write_text(plan.points, encoding="utf-8", newline="\n")
    with contextlib.ExitStack() as stack:
        files = {
            table: stack.enter_context(CsvFile(folder / f"{table.name}.csv"))
            for table in (RUNS, SWEEP_BREACHES, FAILURES, *(table for table, has in optional.items() if has))
        }
        series = stack.enter_context(series_files(folder, plan.keep.series, POINT_KEYS))
        for places in _chunks(rounds.counts):
            rows: list[dict[str, Any]] = []
            faults: list[dict[str, Any]] = []
            for run in (run for place in places for run in rounds.runs(place)):
                keys, result = keys_of(scenarios, cases[run]), unfinished.read(run)
                if isinstance(result, Failure):
                    faults.append({**keys, "error": result.error})
                else:
                    rows += [{**keys, **row} for row in result.rows]
                    for name, file in series.items():
                        file.add(
                            {column.name: keys[column.name] for column in POINT_KEYS}, result.series[name]
                        )
            frame = runs_frame(rows, columns)
            files[RUNS].add(frame)
            files[SWEEP_BREACHES].add(breach_frame(frame, together))
            files[FAILURES].add(table_frame(FAILURES, faults))
            if SWEEP_COMPARISON in files:
                files[SWEEP_COMPARISON].add(comparison_frame(frame, units, together, sides))
            if SWEEP_PRECISION in files:
                notes = [
                    {**_point_keys(plan, place), **note} for place in places for note in rounds.notes(place)
                ]
                files[SWEEP_PRECISION].add(table_frame(SWEEP_PRECISION, notes))
            failed += len(faults)
    return failed


def _point_keys(plan: Plan, place: int) -> dict[str, Any]:
    """Return the scenario and the point at a place in the order of the runs."""
    keys = keys_of(plan.scenarios, plan.cases[place * plan.cases.replications])
    return {column.name: keys[column.name] for column in POINT_KEYS}


def _chunks(counts: Sequence[int]) -> Iterator[range]:
    """Yield successive places of points that together have at most `_AT_ONCE` runs, or a single place."""
    first = held = 0
    for place, count in enumerate(counts):
        if held and held + count > _AT_ONCE:
            yield range(first, place)
            first, held = place, 0
        held += count
    yield range(first, len(counts))


def _is_complete(target: Path, plan: Mapping[str, Any]) -> bool:
    """Return True if `target` contains a completed sweep with this plan."""
    with contextlib.suppress(ResultsError):
        there, here = read_manifest(target, SWEEP)[SWEEP], json.loads(json.dumps(plan))
        keys = (there.keys() | here.keys()) - {"runs", FORMAT}  # with a precision, the plan has the most runs
        return all(there.get(key) == here.get(key) for key in keys)
    return False
