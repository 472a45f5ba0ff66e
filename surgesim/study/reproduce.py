"""Repetition of a stored run from its scenario and manifest, and comparison of every file."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import ResultsError, ScenarioError, listed
from surgesim.extension.files import Extensions
from surgesim.extension.reading import read_extensions
from surgesim.scenario.door import Files
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.environment import environment
from surgesim.study.results import Extras, Output
from surgesim.study.run import run
from surgesim.study.store.contents import FORECAST_FILES, RUN, SWEEP
from surgesim.study.store.folder import check_file, hashes
from surgesim.study.store.manifest import NUMBERS, hashes_of, kind_of, read_manifest
from surgesim.study.store.run_folder import FIGURES, SCENARIO
from surgesim.study.store.temporary import temporary_folder
from surgesim.study.store.unfinished import OUTCOMES, SCENARIOS
from surgesim.study.sweep.plan import DESIGN_SEED
from surgesim.study.sweep.points import POINTS, POINTS_FILE, read_points
from surgesim.study.sweep.sweep import sweep
from surgesim.study.sweep.tables import SWEEP_COMPARISON
from surgesim.study.tables.series import FACILITY_SERIES, SERIES

Floats = NDArray[np.float64]

RELATIVE = 1e-9
"""Relative tolerance for numbers when versions or the processor differ."""

_ADDED = {f"{SWEEP_COMPARISON.name}.csv"}
"""Files of a sweep that earlier versions did not write."""

_ZERO = 1e-12  # absolute tolerance for rounding errors


@dataclass(frozen=True, slots=True)
class Reproduction:
    """The result of repeating a stored run.

    Attributes
    ----------
    differences
        One sentence per file that differs; empty if the run was reproduced.
    compared
        Names of the files compared.
    setting
        Differences in versions and processor between this machine and the machine of the original run. If
        there are none, files were compared byte for byte.
    """

    differences: tuple[str, ...]
    compared: tuple[str, ...]
    setting: tuple[str, ...]


def reproduce(
    folder: str | Path,
    *,
    workers: int | Backend | None = None,
    extras: Extras | None = None,
    extensions: Files = (),
) -> Reproduction:
    """Repeat a stored run or sweep, and compare every file except the manifest.

    Files are compared byte for byte, except Parquet files, which are compared by content. If versions or the
    processor differ, numbers are compared with tolerance `RELATIVE` and figures are left out.

    Parameters
    ----------
    folder
        A result folder, of a run or of a sweep.
    workers
        See `run`.
    extras
        Function that draws the figures of the folder and writes the tables of a forecast; by default, these
        are left out.
    extensions
        The extension files of the stored result; they are not loaded from the result itself.

    Raises
    ------
    ResultsError
        If `folder` is not a result folder or is a sweep with user-defined outcomes, or if an extension is
        missing, has changed, or was not used.
    ExtensionError
        If an extension cannot be loaded, or raises an error.
    """
    stored = Path(folder).resolve()
    is_sweep = kind_of(stored) == SWEEP
    manifest = read_manifest(stored, SWEEP if is_sweep else RUN)
    own = read_extensions(extensions)
    _check_extensions(stored, hashes_of(manifest), own.hashes)
    setting = tuple(_settings_that_differ(manifest, environment()))
    with_figures = extras is not None and not setting
    with temporary_folder() as temporary:
        again = temporary / "again"
        if is_sweep:
            _sweep_again(stored, manifest, again, workers, own)
        else:
            output = Output(again, extras=extras if with_figures else None)
            _run_again(stored, manifest, output, workers, own)
        fresh = hashes(again)
        if is_sweep:
            fresh = {
                name: digest
                for name, digest in fresh.items()
                if name not in _ADDED - manifest["files"].keys()
            }
        expected = {
            name: digest
            for name, digest in manifest["files"].items()
            if with_figures or not (name.startswith(f"{FIGURES}/") or name in FORECAST_FILES)
        }
        names = tuple(sorted(expected | fresh))
        differences = []
        for name in names:
            if name not in expected:
                differences.append(f"{name}: not listed in the manifest")
            elif name not in fresh:
                differences.append(f"{name}: not written by the repeated run")
            elif difference := _difference(stored, again, name, expected[name], exact=not setting):
                differences.append(f"{name}: {difference}")
    return Reproduction(tuple(differences), names, setting)


def _run_again(
    stored: Path, manifest: Mapping[str, Any], again: Output, workers: int | Backend | None, own: Extensions
) -> None:
    run(
        _load(stored, SCENARIO),
        only=[name for name in manifest["alternatives"] if name != BASELINE],
        replications=manifest.get(NUMBERS, manifest["replications"]),
        seed=manifest["seed"],
        days=manifest["days"],
        extensions=own,
        series=manifest.get(SERIES.name, ()),
        facility_series=manifest.get(FACILITY_SERIES.name, ()),
        workers=workers,
        out=again,
    )


def _sweep_again(
    stored: Path, manifest: Mapping[str, Any], again: Path, workers: int | Backend | None, own: Extensions
) -> None:
    plan = manifest["sweep"]
    if OUTCOMES in plan:
        raise ResultsError(
            f"{stored}: its outcomes {', '.join(plan[OUTCOMES])} are functions, which a result does not "
            "contain: call surgesim.sweep with them again"
        )
    design: dict[str, Any] = {name: plan[name] for name in ("vary", "design", "samples")}
    if plan["design"] == POINTS:
        check_file(stored, POINTS_FILE, manifest)
        design = {"points": read_points((stored / POINTS_FILE).read_text(encoding="utf-8"))}
    sweep(
        [_load(stored, f"{SCENARIOS}/{name}.yaml") for name in plan["scenarios"]],
        **design,
        series=plan.get(SERIES.name, ()),
        facility_series=plan.get(FACILITY_SERIES.name, ()),
        replications=plan["replications"],
        seed=plan["seed"],
        design_seed=plan.get(DESIGN_SEED),
        alternatives=plan["alternatives"],
        extensions=own,
        workers=workers,
        out=again,
    )


def _check_extensions(stored: Path, then: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Raise an error if the extensions differ from those of the stored result."""
    faults = [
        f"was run with the extension {file} (SHA-256 {digest[:12]}…): give it with --extension FILE "
        "(in Python, extensions=[file])"
        if file not in now
        else f"the extension {file} has changed (SHA-256 was {digest[:12]}…, is {now[file][:12]}…): "
        "give the file it was run with"
        for file, digest in then.items()
        if now.get(file) != digest
    ]
    faults += [f"was run without the extension {file}: leave it out" for file in now if file not in then]
    if faults:
        raise ResultsError(listed([f"{stored}: {fault}" for fault in faults]))


def _load(stored: Path, name: str) -> Scenario:
    from surgesim.scenario.door import load_stored

    try:
        return load_stored(stored / name)
    except (OSError, ScenarioError) as error:
        raise ResultsError(f"{stored}: the {name} in it cannot be used: {error}") from error


def _settings_that_differ(then: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    for name in sorted(then["versions"].keys() | now["versions"].keys()):
        before, after = (setting["versions"].get(name, "none") for setting in (then, now))
        if before != after:
            yield f"{name} was {before}, is now {after}"
    if then["processor"] != now["processor"]:
        yield f"processor was {then['processor']}, is now {now['processor']}"


def _difference(stored: Path, again: Path, name: str, digest: str, *, exact: bool) -> str | None:
    """Describe how a stored file differs from the file of the repeated run; None if they are equal."""
    before, after = stored / name, again / name
    if not before.is_file():
        return "missing"
    if name.endswith(".yaml"):
        return None if hashes(stored)[name] == digest else "changed since the run"
    if name.endswith(".parquet"):
        return _parquet_difference(before, after, exact=exact)
    if before.read_bytes() == after.read_bytes():
        return None
    if name.endswith(".csv"):
        return _csv_difference(before, after, exact=exact)
    return "differs"


def _csv_difference(before: Path, after: Path, *, exact: bool) -> str | None:
    with (
        before.open(encoding="utf-8", errors="replace", newline="") as old,
        after.open(encoding="utf-8", newline="") as new,
    ):
        header: list[str] = []
        for line, (row, again) in enumerate(zip_longest(csv.reader(old), csv.reader(new)), start=1):
            if row is None or again is None:
                return f"{'fewer' if row is None else 'more'} rows than the repeated run"
            header = header or again
            if len(row) != len(again):
                return f"row {line} has {len(row)} cells, {len(again)} in the repeated run"
            for column, cell, cell_again in zip(header, row, again, strict=True):
                if cell != cell_again and (exact or not _close(cell, cell_again)):
                    return f"row {line}, {column}: {cell!r} is {cell_again!r} in the repeated run"
    return "differs only in line endings or quotes" if exact else None


def _close(cell: str, again: str) -> bool:
    try:
        return _all_close(np.array([float(cell)]), np.array([float(again)]))
    except ValueError:
        return False


def _all_close(old: Floats, new: Floats) -> bool:
    relative = 1.01 * RELATIVE  # 1 % slack because the 10 printed digits are rounded
    return bool(np.allclose(old, new, rtol=relative, atol=_ZERO, equal_nan=True))


def _parquet_difference(before: Path, after: Path, *, exact: bool) -> str | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        old, new = pq.ParquetFile(before), pq.ParquetFile(after)
        if old.schema_arrow != new.schema_arrow:
            return "its columns differ from the repeated run"
        if old.num_row_groups != new.num_row_groups or old.metadata.num_rows != new.metadata.num_rows:
            return "its number of rows differs from the repeated run"
        for group in range(old.num_row_groups):
            one, two = old.read_row_group(group), new.read_row_group(group)
            for column in one.column_names:
                if not _same_column(one[column], two[column], exact=exact):
                    return f"row group {group}, {column}: differs"
    except (OSError, pa.ArrowException) as error:
        return f"damaged ({error})"
    return None


def _same_column(old: Any, new: Any, *, exact: bool) -> bool:
    import pyarrow as pa

    if old.equals(new):
        return True
    if not pa.types.is_floating(old.type):
        return False
    values, again = old.to_numpy(), new.to_numpy()
    return bool(np.array_equal(values, again, equal_nan=True)) if exact else _all_close(values, again)
