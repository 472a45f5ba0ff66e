"""Result folders: written beside their place, moved into it when whole, read back as Results.

A folder in the making is a hidden sibling ``.<name>.part-<tag>``; the one it replaces waits as
``.<name>.old-<tag>`` between the two renames. Whoever next reads or writes the folder finishes a
move that a crash interrupted.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import time
import uuid
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import ResultsError, ScenarioError
from surgesim.files import disk, missing, remove_empty
from surgesim.model.record import PROVINCE_INDEX, Record, district_columns
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.breaches import PROVINCE_AREA
from surgesim.study.results import Results
from surgesim.study.tables.collect import own_columns
from surgesim.study.tables.columns import DATE, TABLES, TEXT, Table, typed, wide_columns

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

MANIFEST = "manifest.json"
SCENARIO = "scenario.yaml"
PARQUET = "daily.parquet"
FIGURES = "figures"
SWEEP = "sweep"
"""Entry of the manifest that only a sweep has."""

OWN_ENTRIES = {MANIFEST, SCENARIO, PARQUET, FIGURES, "plots", "report.html"} | {
    f"{table.name}.csv" for table in TABLES
}
"""What a result folder may hold; a folder that holds anything else is never replaced."""

_STALE_SECONDS = 86_400.0


class Folder:
    """A folder in the making; a context that leaves nothing behind unless it was sealed.

    Parameters
    ----------
    target
        The folder it becomes. An existing one there stays as it is until then.
    own
        What such a folder may hold; one that holds anything else is not replaced.

    Raises
    ------
    ResultsError
        If `target` is something other than such a folder, or cannot be written.
    """

    def __init__(self, target: Path, own: Set[str]) -> None:
        self.target = target.resolve()
        self._own = own
        self._tag = uuid.uuid4().hex[:8]
        self.path = _sibling(self.target, "part", self._tag)
        self._made: list[Path] = []

    def check(self) -> None:
        """Whether the folder could take its place, as things are now."""
        with disk(self.target):
            recover(self.target)
            _refuse_foreign(self.target, self._own)

    def __enter__(self) -> Self:
        self.check()
        self._made = missing(self.target.parent)
        try:
            with disk(self.target):
                self.target.parent.mkdir(parents=True, exist_ok=True)
                _clear(self.target)
                self.path.mkdir()
        except ResultsError:
            remove_empty(self._made)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        remove_empty(self._made)  # none is, once this folder has its place there

    def seal(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Write the manifest with the hash of every other file, and move the folder into place.

        Returns
        -------
        dict
            The manifest as written.
        """
        with disk(self.target):
            complete = {**manifest, "files": hashes(self.path)}
            text = json.dumps(complete, indent=2, ensure_ascii=False) + "\n"
            (self.path / MANIFEST).write_text(text, encoding="utf-8", newline="\n")
            _move(self.path, self.target, self._tag)
        return complete


class Draft(Folder):
    """The result folder of a run in the making.

    Parameters
    ----------
    target
        As of `Folder`.
    scenarios
        The alternatives whose records are added.
    """

    def __init__(self, target: Path, scenarios: Mapping[str, Scenario]) -> None:
        super().__init__(target, OWN_ENTRIES)
        self._scenarios = scenarios
        self._columns = wide_columns(tuple(scenarios.values()))
        self._parquet: Any = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._parquet is not None:
            with contextlib.suppress(OSError):
                self._parquet.close()
        super().__exit__(kind, error, trace)

    def add(self, records: Mapping[str, Record]) -> None:
        """Append one replication of all alternatives to daily.parquet, as one row group."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        with disk(self.target):
            rows = pa.concat_tables(
                _wide(name, self._scenarios[name], record, self._columns) for name, record in records.items()
            )
            if self._parquet is None:
                self._parquet = pq.ParquetWriter(
                    self.path / PARQUET, rows.schema, compression="zstd", write_statistics=False
                )
            self._parquet.write_table(rows, row_group_size=max(rows.num_rows, 1))

    def write(self, results: Results) -> None:
        """Write the scenario and the tables."""
        with disk(self.target):
            if self._parquet is not None:
                self._parquet.close()
                self._parquet = None
            (self.path / SCENARIO).write_text(dumped(results.scenario), encoding="utf-8", newline="\n")
            for table in TABLES:
                write_csv(self.path / f"{table.name}.csv", getattr(results, table.name))


def read(folder: str | Path) -> Results:
    """Read a result folder.

    Raises
    ------
    ResultsError
        If it is missing, is not a result folder, or a file of it is missing, damaged, or by its hash in
        the manifest not the one that the run wrote.
    """
    from surgesim.scenario.door import load_stored

    target = Path(folder).resolve()
    with disk(target):
        recover(target)
    try:
        manifest = read_manifest(target)
        for name in (SCENARIO, *(f"{table.name}.csv" for table in TABLES)):
            check_file(target, name, manifest)
        scenario = load_stored(target / SCENARIO)
        tables = {table.name: read_csv(target / f"{table.name}.csv", table) for table in TABLES}
    except (OSError, UnicodeDecodeError) as error:
        raise ResultsError(f"{folder}: not a readable result folder ({error})") from error
    except ScenarioError as error:
        raise ResultsError(f"{folder}: its {SCENARIO} cannot be used: {error}") from error
    return Results(scenario=scenario, manifest=manifest, folder=target, **tables)


def kind_of(folder: Path) -> str | None:
    """`SWEEP` for the folder of a sweep, None for any other."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        if SWEEP in json.loads((folder / MANIFEST).read_text(encoding="utf-8")):
            return SWEEP
    return None


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a result folder."""
    path = folder / MANIFEST
    if not path.is_file():
        raise ResultsError(f"{folder}: got no {MANIFEST}, expected a folder written by `surgesim run`")
    manifest = parsed(path)
    if isinstance(manifest, dict) and SWEEP in manifest:
        raise ResultsError(f"{folder}: got a sweep, expected a folder written by `surgesim run`")
    missing = {"alternatives", "seed", "replications", "days", "files", "versions", "processor"} - set(
        manifest if isinstance(manifest, dict) else ()
    )
    if missing:
        raise ResultsError(f"{path}: damaged, it lacks {', '.join(sorted(missing))}")
    return dict(manifest)


def parsed(path: Path) -> Any:
    """What a manifest holds, of a run or of a sweep.

    Raises
    ------
    ResultsError
        If it cannot be read, or is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise ResultsError(f"{path}: damaged ({error})") from error


def check_file(folder: Path, name: str, manifest: Mapping[str, Any]) -> None:
    """Whether a file of a result folder is the one that was written with the manifest.

    Raises
    ------
    ResultsError
        If it is another one, or missing.
    """
    path = folder / name
    files = manifest["files"]
    if not isinstance(files, Mapping) or name not in files:
        raise ResultsError(f"{folder}: its {MANIFEST} lists no {name}: run it again with this version")
    if not path.is_file():
        raise ResultsError(f"{path}: missing, though it was written with this result: run it again")
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != files[name]:
            raise ResultsError(
                f"{path}: is not the file that was written with this result: `surgesim reproduce` says what "
                "differs, a new run writes it anew"
            )


def dumped(scenario: Scenario) -> str:
    """The text of scenario.yaml."""
    from surgesim.scenario.door import dump

    return dump(scenario)


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below `folder` but the manifest, by its path in the folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def recover(target: Path) -> None:
    """Finish a move of `target` that a crash interrupted between its two renames."""
    if target.exists() or not target.parent.is_dir():
        return
    old = _siblings(target, "old")
    if not old:
        return
    whole = [path for path in _siblings(target, "part") if (path / MANIFEST).is_file()]
    with contextlib.suppress(FileNotFoundError):  # the run that was moving it came first
        (whole or old)[-1].rename(target)
    if target.exists():
        for path in _siblings(target, "old"):
            shutil.rmtree(path, ignore_errors=True)


def _move(path: Path, target: Path, tag: str) -> None:
    """Rename `path` to `target`, putting aside what is there until then."""
    old = _sibling(target, "old", tag)
    for _ in range(10):
        if target.exists():
            with contextlib.suppress(FileNotFoundError):
                target.rename(old)
        try:
            path.rename(target)
        except FileNotFoundError:
            if target.exists():  # a reader finished the move
                break
            raise
        except OSError:
            if not target.exists():
                raise
            continue  # another run took the place in between
        break
    shutil.rmtree(old, ignore_errors=True)


def _sibling(target: Path, role: str, tag: str) -> Path:
    return target.with_name(f".{target.name}.{role}-{tag}")


def _siblings(target: Path, role: str) -> list[Path]:
    prefix = f".{target.name}.{role}-"
    return sorted(
        (path for path in target.parent.iterdir() if path.name.startswith(prefix)),
        key=lambda path: (path.stat().st_mtime, path.name),
    )


def _clear(target: Path) -> None:
    """Remove what runs killed more than a day ago left beside `target`."""
    for path in _siblings(target, "part"):
        newest = max((p.stat().st_mtime for p in (path, *path.rglob("*"))), default=0.0)
        if time.time() - newest > _STALE_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _refuse_foreign(target: Path, own: Set[str]) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise ResultsError(f"{target}: got a file, expected a folder or nothing")
    entries = {entry.name for entry in target.iterdir() if not entry.name.startswith(".")}
    if foreign := sorted(entries - own if MANIFEST in entries else entries):
        raise ResultsError(
            f"{target}: holds {foreign[0]!r}, which is not part of a result, so it will not be replaced; "
            "choose another folder with --out"
        )


class CsvFile:
    """A CSV file written frame by frame, all of the same columns; a context."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._begun = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def add(self, frame: pd.DataFrame) -> None:
        """Append the rows of a frame; the first one gives the header."""
        if not self._begun:
            self._file.write(f"{','.join(map(str, frame.columns))}\n".encode())
            self._begun = True
        self._file.write(_csv_rows(frame))


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write a frame as a CSV file."""
    with CsvFile(path) as file:
        file.add(frame)


def _csv_rows(frame: pd.DataFrame) -> bytes:
    import pyarrow as pa
    import pyarrow.csv  # pandas takes ten times as long

    table = pa.table({str(name): _cells(frame[name]) for name in frame.columns})
    for quotes in ("none", "needed"):  # "needed" quotes every text, "none" refuses what must be quoted
        with contextlib.suppress(pa.ArrowInvalid):
            options = pa.csv.WriteOptions(include_header=False, quoting_style=quotes)
            text = pa.BufferOutputStream()
            pa.csv.write_csv(table, text, options)
            return bytes(text.getvalue())
    raise ValueError("a text cannot be written as CSV")


def _cells(column: pd.Series[Any]) -> Any:
    """A column as it is written: ten significant digits, dates, nothing where there is no value."""
    import pyarrow as pa

    if column.dtype.kind == "f":
        return pa.array(ten_digits(column.to_numpy()), from_pandas=True)
    if column.dtype.kind == "M":
        return pa.array(column.to_numpy().astype("datetime64[D]"), from_pandas=True)
    return pa.array(column)


_POWERS = np.array([float(f"1e{k}") for k in range(23)])
"""Powers of ten that a float holds exactly."""


def ten_digits(values: Floats) -> Floats:
    """`values` to ten significant digits: the floats nearest to those decimals, which print as them."""
    near = values.copy()
    some = np.isfinite(values) & (values != 0)
    shown = values[some]
    after = 9 - np.floor(np.log10(np.abs(shown))).astype(int)  # digits after the decimal point
    most = len(_POWERS) - 1
    up, down = _POWERS[np.clip(after, 0, most)], _POWERS[np.clip(-after, 0, most)]
    near[some] = np.where(after >= 0, np.rint(shown * up) / up, np.rint(shown / down) * down)
    far = np.abs(after) > most
    if far.any():
        near[np.flatnonzero(some)[far]] = [float(f"{value:.10g}") for value in shown[far].tolist()]
    return near


def read_csv(path: Path, table: Table) -> pd.DataFrame:
    import pandas as pd

    text = {column.name for column in table.columns if column.unit in (TEXT, DATE)}
    try:
        header = pd.read_csv(path, nrows=0, encoding="utf-8").columns
        frame = pd.read_csv(
            path,
            dtype={name: "str" for name in header if name in text},
            keep_default_na=False,
            na_values={name: [""] for name in header if name not in text},
            encoding="utf-8",
        )
        absent = {c.name for c in table.columns if "<" not in c.name} - set(header)
        if absent:
            raise ResultsError(
                f"{path}: lacks the columns {', '.join(sorted(absent))}, so another version wrote it: "
                "run it again with this version"
            )
        return typed(table, frame)
    except ValueError as error:  # pandas' parser errors are ValueErrors
        raise ResultsError(f"{path}: damaged ({error})") from error


def _wide(alternative: str, scenario: Scenario, record: Record, indicators: Sequence[str]) -> Any:
    """One replication as rows of daily.parquet: the province, then each district, by day."""
    import pyarrow as pa

    districts = list(scenario.people.districts)
    areas = 1 + len(districts)
    days = record.province.shape[0]
    names = pa.array([alternative])
    columns = {
        "alternative": _repeated(names, np.zeros(areas * days)),
        "replication": pa.array(np.full(areas * days, record.replication, dtype=np.int64)),
        "area": _repeated(pa.array([PROVINCE_AREA, *districts]), np.repeat(np.arange(areas), days)),
        "day": pa.array(np.tile(np.arange(days, dtype=np.int64), areas)),
    }
    items = {column.name: i for i, column in enumerate(own_columns(scenario))}
    of_province = np.hstack([record.logistics, record.assessed])
    of_districts = {column.name: i for i, column in enumerate(district_columns(scenario.command))}
    for name in indicators:
        values = np.full((areas, days), np.nan)
        absent = np.ones((areas, days), dtype=bool)
        if name in PROVINCE_INDEX:
            values[0], absent[0] = record.series(name), False
        if name in items:
            values[0], absent[0] = of_province[:, items[name]], False
        if name in of_districts:
            values[1:], absent[1:] = record.districts[:, :, of_districts[name]].T, False
        columns[name] = pa.array(values.ravel(), mask=absent.ravel())
    return pa.table(columns)


def _repeated(names: Any, index: Any) -> Any:
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(pa.array(index.astype(np.int32)), names).cast(pa.string())
