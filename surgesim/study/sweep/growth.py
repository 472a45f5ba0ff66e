"""Growth of a completed sweep: the runs that a larger sweep takes from it.

A sweep contains another if it has all its points and at least as many replications; a point is the values of
its paths, whatever its index. What the runs of a sweep depend on must be the same in both.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surgesim.errors import ResultsError
from surgesim.scenario.door import compose
from surgesim.study.store.contents import SWEEP, kind_of_result
from surgesim.study.store.csv_files import csv_rows
from surgesim.study.store.folder import check_file
from surgesim.study.store.manifest import hashes_of
from surgesim.study.store.series_file import series_by
from surgesim.study.store.unfinished import DESIGN_HASH, OUTCOMES, SCENARIOS, Unfinished
from surgesim.study.sweep.design import LHS, factors, points
from surgesim.study.sweep.parts import KEY, Run
from surgesim.study.sweep.plan import DESIGN_SEED, MOST_REPLICATIONS, PRECISION, Plan
from surgesim.study.sweep.points import POINTS, POINTS_FILE, read_points
from surgesim.study.sweep.result import Sweep
from surgesim.study.sweep.tables import RUN_KEYS, RUNS, design_frame
from surgesim.study.tables.series import SERIES_TABLES

_SAME = ("alternatives", "versions", "seed", OUTCOMES, *(table.name for table in SERIES_TABLES))
"""Entries of a plan on which the content of a run depends, besides its scenario, point and replication."""

_NUMBERS = ("replications", MOST_REPLICATIONS, PRECISION, "seed")
"""Fields of `study` on which the content of a run does not depend; the seed is an entry of the plan."""

_NAMES = [column.name for column in RUN_KEYS]


@dataclass(frozen=True, slots=True)
class Earlier:
    """A completed sweep that a larger one contains.

    Attributes
    ----------
    sweep
        The completed sweep.
    places
        Indices in the larger sweep of each point of the completed one.
    """

    sweep: Sweep
    places: Sequence[Sequence[int]]

    def add_to(self, unfinished: Unfinished[Run], plan: Plan) -> None:
        """Store the runs that succeeded as parts of the larger sweep, unless it has them."""
        number = {scenario.name: place for place, scenario in enumerate(plan.scenarios)}
        for (name, point, replication), run in _runs(self.sweep):
            for place in self.places[point]:
                part = plan.cases.index_of(number[name], place, replication)
                if not unfinished.done[part]:
                    unfinished.add(part, run)


def earlier_sweep(target: Path, plan: Plan) -> Earlier | None:
    """Return the completed sweep in `target` if `plan` contains it; None if it is another study.

    Raises
    ------
    ResultsError
        If the plan has fewer replications or fewer points than the completed sweep, or more samples of a
        design whose points do not nest; or if a file of the completed sweep is missing or has changed.
    """
    if kind_of_result(target) != SWEEP:
        return None
    there = Sweep(target)
    then, now = there.manifest[SWEEP], plan.entry
    if not _same_runs(there, plan):
        return None
    old, new = ([_key(point) for point in points] for points in (_points(there), plan.cases.points))
    if len(old) != then["points"]:
        return None
    indices: dict[str, list[int]] = {}
    for place, key in enumerate(new):
        indices.setdefault(key, []).append(place)
    lost = set(old) - indices.keys()
    if lost and not set(new) < set(old):
        if then["design"] == now["design"] == LHS and _drawn_alike(then, now):
            raise ResultsError(
                f"{target}: got {now['samples']} samples, expected {then['samples']} as in the completed "
                "sweep: a Latin hypercube of other size has other points; only more replications are possible"
            )
        return None
    for what in ("samples", "points", "replications"):
        if (then[what] or 0) > (now[what] or 0) and (lost or what == "replications"):
            raise ResultsError(
                f"{target}: got {now[what]} {what}, expected at least {then[what]} as in the completed "
                "sweep: a sweep can grow, but not shrink; choose another folder with --out"
            )
    if lost:
        return None
    if not _as_precise(then, now):
        raise ResultsError(
            f"{target}: got a lower precision, expected at least that of the completed sweep: a sweep can "
            "grow, but not shrink; choose another folder with --out"
        )
    return Earlier(there, [indices[key] for key in old])


def _same_runs(there: Sweep, plan: Plan) -> bool:
    """Return True if a run depends on the same scenario, extensions, functions and versions in both."""
    then, now = there.manifest[SWEEP], json.loads(json.dumps(plan.entry))
    extensions = hashes_of(there.manifest) == plan.extensions.hashes
    if not extensions or any(then.get(name) != now.get(name) for name in _SAME):
        return False
    if list(then["scenarios"]) != list(plan.texts) or list(then["vary"]) != list(now["vary"]):
        return False
    for name, text in plan.texts.items():
        stored = f"{SCENARIOS}/{name}.yaml"
        check_file(there.folder, stored, there.manifest)
        if _settled((there.folder / stored).read_text(encoding="utf-8")) != _settled(text):
            return False
    return True


def _settled(text: str) -> Any:
    """Return the content of a scenario without the numbers of its study."""
    plain = compose(text, SCENARIOS).value
    study = {name: value for name, value in plain.get("study", {}).items() if name not in _NUMBERS}
    return {**plain, "study": study}


def _points(there: Sweep) -> list[dict[str, Any]]:
    """Return the points of a completed sweep; none if this version would build others."""
    plan = there.manifest[SWEEP]
    if plan["design"] == POINTS:
        check_file(there.folder, POINTS_FILE, there.manifest)
        return read_points((there.folder / POINTS_FILE).read_text(encoding="utf-8"))
    scenarios = list(there.scenarios.values())
    seed = plan.get(DESIGN_SEED, plan["seed"])
    found = points(factors(scenarios, plan["vary"], plan["design"]), plan["design"], plan["samples"], seed)
    text = design_frame(found).to_csv(index=False)
    return found if hashlib.sha256(text.encode()).hexdigest() == plan[DESIGN_HASH] else []


def _drawn_alike(then: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    return all(then.get(name) == now.get(name) for name in ("vary", DESIGN_SEED))


def _as_precise(then: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Return True if a sweep has every replication that an earlier one needed for its precision."""
    wanted = now.get(PRECISION, {})
    narrower = all(wanted.get(name, 1.0) <= share for name, share in then.get(PRECISION, {}).items())
    return narrower and then.get(MOST_REPLICATIONS, 0) <= now.get(MOST_REPLICATIONS, math.inf)


def _key(point: Mapping[str, Any]) -> str:
    return json.dumps(point, sort_keys=True)


def _runs(there: Sweep) -> Iterator[tuple[tuple[str, int, int], Run]]:
    """Yield the scenario, point and replication of each run that succeeded, and its content."""
    check_file(there.folder, f"{RUNS.name}.csv", there.manifest)
    series = {}
    for table in SERIES_TABLES:
        if there.manifest[SWEEP].get(table.name):
            check_file(there.folder, f"{table.name}.parquet", there.manifest)
            series[table.name] = series_by(there.folder / f"{table.name}.parquet", _NAMES[:3])
    rows = csv_rows(there.folder / f"{RUNS.name}.csv", RUNS)
    for keys, alternatives in itertools.groupby(rows, lambda row: tuple(row[name] for name in _NAMES[:3])):
        kept = [
            {KEY: row[KEY], **{name: value for name, value in row.items() if name not in _NAMES}}
            for row in alternatives
        ]
        found = {name: next(tables, (None, None)) for name, tables in series.items()}
        if any(of != keys for of, _ in found.values()):
            raise ResultsError(f"{there.folder}: damaged (its series are not those of its runs)")
        yield keys, Run(kept, {name: table for name, (_, table) in found.items()})
