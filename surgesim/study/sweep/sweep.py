"""Sweeps: many points of a design, each run many times, with what each run came to kept as it comes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surgesim.errors import Problem, ScenarioError
from surgesim.files import disk
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.compute.environment import COMPUTING, available_cores, environment, now, versions
from surgesim.study.compute.replicate import Progress, pared
from surgesim.study.compute.spread import spread
from surgesim.study.run import selected
from surgesim.study.store.csv_files import CsvFile, write_csv
from surgesim.study.store.folder import MANIFEST, Folder, dumped, recover
from surgesim.study.sweep.cases import Cases, check_cases, keys_of, one_run
from surgesim.study.sweep.design import GRID, Levels, factors, points, without_swept
from surgesim.study.sweep.parts import DESIGN_HASH, SCENARIOS, Failure, Unfinished
from surgesim.study.sweep.result import SWEEP_ENTRIES, Sweep
from surgesim.study.sweep.tables import (
    DESIGN,
    FAILURES,
    RUNS,
    SWEEP_BREACHES,
    breach_frame,
    design_frame,
    failure_frame,
    run_columns,
    runs_frame,
)

if TYPE_CHECKING:
    import pandas as pd

DAYS = "days"
"""The path of the horizon."""
_AT_ONCE = 1_000
"""Runs that are in memory while the tables are written."""


def sweep(
    scenario: Scenario | Sequence[Scenario],
    vary: Mapping[str, Levels],
    *,
    design: str = GRID,
    samples: int | None = None,
    replications: int | None = None,
    seed: int | None = None,
    alternatives: Sequence[str] = (),
    workers: int | None = None,
    scheduler: str | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
    notes: Mapping[str, Any] | None = None,
) -> Sweep:
    """Run one or several scenarios at every point of a design.

    Parameters
    ----------
    scenario
        From `surgesim.load`; of several, the first one's `study` holds for all.
    vary
        For each path its values: ``"4:6:5"`` (low, high, levels of a grid), ``"4:6"`` (for the other
        designs), ``"a,b,c"`` or a sequence of values, ``""`` for its distribution in `study.uncertainty`.
        A path that is swept is not drawn as well.
    design, samples
        ``grid``; ``lhs``, a Latin hypercube of `samples` points; ``sobol``, `samples` (a power of two)
        times the number of paths and two more points, for Sobol indices.
    replications, seed
        Instead of the scenario's own. Replication k has the same random numbers at every point.
    alternatives
        Names of alternatives to run beside the baseline.
    workers, scheduler, progress, notes
        As in `run`; progress counts runs.
    out
        Folder to write. Until the sweep is finished, what it has lies in ``<out>.unfinished``.
    resume
        Go on with an unfinished sweep; if the finished one is there, only read it; if neither is, begin.
    tell
        Called with one sentence where `resume` is set and there is nothing to resume, and where `days`
        varies.

    Returns
    -------
    Sweep
        The same whatever ran it, in one go or in several. A run that failed stands in `failures`.

    Raises
    ------
    ScenarioError
        With every unknown path, range upside down and value that is not allowed, and with the first points
        that are refused as a scenario file with their values would be: all are checked before any is run.
    ResultsError
        If the folder cannot be written, or there is an unfinished sweep of another plan (which says what
        changed).

    Examples
    --------
    >>> import surgesim
    >>> town = surgesim.load("scenarios/teaching/small-town.yaml")  # doctest: +SKIP
    >>> beds = "care.facilities.general-hospital.beds.icu"
    >>> surgesim.sweep(town, {"epidemic.variant.r0": "3:6:4", beds: "6:18:3"}).breaches  # doctest: +SKIP
    """
    given = [scenario] if isinstance(scenario, Scenario) else list(scenario)
    _check_names(given)
    names = [selected(each, alternatives) for each in given]
    _check_alternatives(vary, given, alternatives)
    stored = [pared(each, kept) for each, kept in zip(given, names, strict=True)]
    varied = factors(stored, vary, design)
    study = given[0].study
    replications = study.replications if replications is None else replications
    if replications < 1:
        raise ScenarioError([Problem("study.replications", f"got {replications}, expected at least 1")])
    if seed is not None and seed < 0:
        raise ScenarioError([Problem("study.seed", f"got {seed}, expected at least 0")])
    seed = study.seed if seed is None else seed
    scenarios = [without_swept(each, varied) for each in stored]
    the_points = points(varied, design, samples, seed)
    if DAYS in vary and tell is not None:
        tell(
            f"{DAYS} varies: first days are restricted means, and sums are taken, to the horizon of each "
            "point; compare them among points of the same horizon only"
        )
    texts = {each.name: dumped(each) for each in stored}
    cases = Cases(len(scenarios), the_points, replications)
    table = design_frame(the_points)
    plan = {
        "design": design,
        "samples": samples,
        "vary": {path: _shown(levels) for path, levels in vary.items()},
        "replications": replications,
        "seed": seed,
        "alternatives": list(alternatives),
        "points": len(the_points),
        "runs": len(cases),
        DESIGN_HASH: hashlib.sha256(table.to_csv(index=False).encode()).hexdigest(),
        "scenarios": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()},
        "versions": {name: version for name, version in versions().items() if name in COMPUTING},
    }
    with contextlib.ExitStack() as stack:
        if out is None:
            target = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="surgesim-"))) / "sweep"
        else:
            target = Path(out).resolve()
        unfinished = Unfinished(target, plan, texts, len(cases))
        if resume and (finished := _finished(target, plan)) is not None:
            unfinished.remove()
            return finished
        if resume and not unfinished.begun and tell is not None:
            there = "; the finished one there is another and will be replaced"
            tell(
                f"{unfinished.path}: nothing to resume, the sweep begins anew"
                f"{there if (target / MANIFEST).is_file() else ''}"
            )
        folder = Folder(target, SWEEP_ENTRIES)
        folder.check()
        started = now()
        workers = available_cores() if workers is None else workers
        unfinished.open(resume=resume)
        try:
            undone = [run for run in range(len(cases)) if not unfinished.done[run]]
            check_cases(scenarios, cases, undone, seed, workers, scheduler)
            _run(unfinished, scenarios, cases, seed, workers, scheduler, progress)
        except BaseException:
            if not any(unfinished.done):
                unfinished.remove()  # there is nothing to go on with
            raise
        with folder:
            with disk(target):
                _write_scenarios(folder.path, texts)
                failed = _write_tables(folder.path, unfinished, scenarios, cases, table)
            times = {"started": started, "ended": now()}
            folder.seal({**environment(), "sweep": plan, "failed": failed, **times, **(notes or {})})
        unfinished.remove()
        result = Sweep(target, unfinished.redone)
        if out is None:
            result.keep()
        return result


def _write_scenarios(folder: Path, texts: Mapping[str, str]) -> None:
    (folder / SCENARIOS).mkdir()
    for name, text in texts.items():
        (folder / SCENARIOS / f"{name}.yaml").write_text(text, encoding="utf-8", newline="\n")


def _check_names(scenarios: Sequence[Scenario]) -> None:
    names = [scenario.name for scenario in scenarios]
    if not names:
        raise ScenarioError([Problem("", "got no scenario to sweep, expected at least one")])
    twice = dict.fromkeys(name for name in names if names.count(name) > 1)
    if twice:
        raise ScenarioError([Problem("name", f"got {name!r} twice, expected other names") for name in twice])


def _check_alternatives(vary: Mapping[str, Levels], given: Sequence[Scenario], run: Sequence[str]) -> None:
    """What varies within an alternative needs that alternative to be run."""
    problems = []
    for path in vary:
        first, *rest = path.split(".")
        if first == "alternatives" and rest and rest[0] not in run:
            name = rest[0]
            if any(name in scenario.alternatives for scenario in given):
                message = f"varies alternative {name!r}, which is not run: expected --alternative {name} too"
                problems.append(Problem(path, message))
    if problems:
        raise ScenarioError(problems)


def _shown(levels: Levels) -> str:
    return levels if isinstance(levels, str) else ",".join(map(str, levels))


def _run(
    unfinished: Unfinished,
    scenarios: Sequence[Scenario],
    cases: Cases,
    seed: int,
    workers: int,
    scheduler: str | None,
    progress: Progress | None,
) -> None:
    """Run what is not done yet, and keep each run as it comes."""
    total = len(cases)
    undone = [run for run in range(total) if not unfinished.done[run]]
    if progress is not None:
        progress(total - len(undone), total)
    work = partial(one_run, scenarios, seed)
    todo = Cases(cases.scenarios, cases.points, cases.replications, undone)
    results = spread(work, todo, workers=workers, scheduler=scheduler)
    with contextlib.closing(results):
        for done, (place, result) in enumerate(results, start=total - len(undone) + 1):
            unfinished.add(undone[place], result)
            if progress is not None:
                progress(done, total)


def _write_tables(
    folder: Path,
    unfinished: Unfinished,
    scenarios: Sequence[Scenario],
    cases: Cases,
    design: pd.DataFrame,
) -> int:
    """Write the tables from the parts, some at a time; how many runs failed."""
    columns = run_columns(
        scenario.alternative(name) for scenario in scenarios for name in (BASELINE, *scenario.alternatives)
    )
    at_once = max(_AT_ONCE // cases.replications, 1) * cases.replications  # whole points
    failed = 0
    write_csv(folder / f"{DESIGN.name}.csv", design)
    with contextlib.ExitStack() as stack:
        runs, breaches, failures = (
            stack.enter_context(CsvFile(folder / f"{each.name}.csv"))
            for each in (RUNS, SWEEP_BREACHES, FAILURES)
        )
        for first in range(0, len(cases), at_once):
            rows: list[dict[str, Any]] = []
            faults: list[dict[str, Any]] = []
            for run in range(first, min(first + at_once, len(cases))):
                keys, result = keys_of(scenarios, cases[run]), unfinished.read(run)
                if isinstance(result, Failure):
                    faults.append({**keys, "error": result.error})
                else:
                    rows += [{**keys, **row} for row in result]
            frame = runs_frame(rows, columns)
            runs.add(frame)
            breaches.add(breach_frame(frame))
            failures.add(failure_frame(faults))
            failed += len(faults)
    return failed


def _finished(target: Path, plan: Mapping[str, Any]) -> Sweep | None:
    """The finished sweep of this plan, if it is there."""
    with disk(target):
        recover(target)
    if not (target / MANIFEST).is_file():
        return None
    found = Sweep(target)
    return found if found.manifest["sweep"] == _as_json(plan) else None


def _as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))
