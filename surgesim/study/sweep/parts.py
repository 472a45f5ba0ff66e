"""The parts of an unfinished sweep: one Parquet file per run, written atomically beside the final result.

``<result>.unfinished/`` contains the plan of the sweep, its scenarios and its parts. A part is written
under another name and then renamed, so that a kill at any moment leaves a complete part or none. The error
of a failed run is stored in a separate kind of part, and the run is repeated when the sweep is resumed.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surgesim.errors import ResultsError, ScenarioError
from surgesim.files import atomic_write, disk_errors, missing_folders, remove_empty
from surgesim.study.store.contents import FORMAT, SWEEP, format_name, refuse_strangers, strangers

PLAN, SCENARIOS, PARTS = "plan.json", "scenarios", "parts"

DESIGN_HASH = "design_sha256"
"""Plan entry with the hash of its points."""

_KEYS_BEFORE_FORMAT = {DESIGN_HASH, "design", "points", "runs", "scenarios", "versions"}
"""Entries that identify plans of 0.1.0, which have no `FORMAT`."""

_PART = re.compile(r"parts/\d{8}\.(parquet|failed)")

_FOLLOWING = (DESIGN_HASH, "points", "runs")
"""Plan entries that are derived from others."""

KEY = "alternative"
"""Name of the only row entry that is not a number."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed run and its error message."""

    error: str


class UnfinishedSweep:
    """The folder of an unfinished sweep.

    Parameters
    ----------
    target
        The result folder of the completed sweep.
    plan
        The identity of the sweep, as JSON-serialisable data.
    scenarios
        The text of each scenario, by name.
    runs
        Number of runs.

    Attributes
    ----------
    done
        One byte per run: 1 if its part exists.
    repeats
        Names of existing parts that could not be read, whose runs are repeated.
    """

    def __init__(
        self, target: Path, plan: Mapping[str, Any], scenarios: Mapping[str, str], runs: int
    ) -> None:
        self.path = target.with_name(f"{target.name}.unfinished")
        self.done = bytearray(runs)
        self.repeats: list[str] = []
        self._made: list[Path] = []
        self._plan = json.loads(json.dumps(plan))
        self._scenarios = scenarios

    def open(self, *, resume: bool) -> None:
        """Begin the sweep, or continue it if `resume` is True.

        Raises
        ------
        ResultsError
            If there is an unfinished sweep and `resume` is False, if it has a different plan (the message
            lists the changes), or if the folder is not an unfinished sweep.
        """
        with disk_errors(self.path):
            self._refuse_others()
            if self.exists:
                stored = self._stored()
                if not resume:
                    count = f"{self._count()} of {stored.get('runs')} runs"
                    raise ResultsError(
                        f"{self.path}: an unfinished sweep with {count}: "
                        "continue with --resume, or remove the folder to start again"
                    )
                if changes := self._changes(stored):
                    raise ResultsError(
                        f"{self.path}: cannot be resumed because this changed since it began: "
                        + "; ".join(changes)
                        + "; undo it, or remove the folder to start again"
                    )
                self._look()
                return
            self._begin()

    @property
    def exists(self) -> bool:
        """True if there is an unfinished sweep."""
        return (self.path / PLAN).is_file()

    def _begin(self) -> None:
        self.remove()
        self._made = missing_folders(self.path.parent)
        (self.path / PARTS).mkdir(parents=True, exist_ok=True)
        (self.path / SCENARIOS).mkdir(exist_ok=True)
        for name, text in self._scenarios.items():
            (self.path / SCENARIOS / f"{name}.yaml").write_text(text, encoding="utf-8", newline="\n")
        plan = {FORMAT: format_name(SWEEP), **self._plan}
        _write(self.path / PLAN, json.dumps(plan, indent=2, ensure_ascii=False).encode())

    def _refuse_others(self) -> None:
        """Raise an error if the folder contains anything but an unfinished sweep or the rest of one."""
        if not self.path.exists():
            return
        if self.path.is_symlink() or not self.path.is_dir():
            raise ResultsError(f"{self.path}: got a file or a link, expected a folder or nothing")
        refuse_strangers(self.path, self._strangers(), "an unfinished sweep")

    def _strangers(self) -> list[str]:
        """Return what the folder contains besides an unfinished sweep; everything, if it is not one."""
        scenarios = set(self._scenarios)
        if self.exists:
            stored = self._stored()
            if not _is_plan(stored):
                return strangers(self.path, lambda name: False)
            scenarios |= set(stored["scenarios"])
        elif not self._parts().is_dir():  # created first and removed last
            return strangers(self.path, lambda name: False)
        own = {PLAN, *(f"{SCENARIOS}/{name}.yaml" for name in scenarios)}
        return strangers(
            self.path,
            lambda name: name in own or _PART.fullmatch(name) is not None,
            {SCENARIOS, PARTS},
        )

    def _stored(self) -> dict[str, Any]:
        try:
            return dict(json.loads((self.path / PLAN).read_text(encoding="utf-8")))
        except (ValueError, TypeError, RecursionError) as error:
            raise ResultsError(f"{self.path / PLAN}: damaged ({error})") from error

    def _changes(self, stored: Mapping[str, Any]) -> list[str]:
        """Describe the differences between the stored plan and this one."""
        changes = []
        for key in dict.fromkeys((*(key for key in stored if key != FORMAT), *self._plan)):
            then, now = stored.get(key), self._plan.get(key)
            if then == now:
                continue
            if key == "scenarios" and isinstance(then, Mapping) and isinstance(now, Mapping):
                changes += self._scenario_changes(then, now)
            elif key == "versions" and isinstance(then, Mapping) and isinstance(now, Mapping):
                changes += _differences(then, now, ())
            elif key not in _FOLLOWING:
                changes.append(f"{key} was {_brief(then)}, is {_brief(now)}")
        then, now = stored.get(DESIGN_HASH), self._plan.get(DESIGN_HASH)
        if not changes and then != now:
            changes.append(
                f"values of the points of the design (SHA-256 was {_digits(then)}, is {_digits(now)})"
            )
        return changes

    def _scenario_changes(self, then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
        if list(then) != list(now):
            return [f"scenarios were {', '.join(then)}, are {', '.join(now)}"]
        changes = []
        for name in now:
            if then[name] != now[name]:
                values = self._value_changes(name)
                listed = ", ".join(values[:3]) + (", …" if len(values) > 3 else "")
                changes.append(f"scenario {name} ({listed or 'how it is written'})")
        return changes

    def _value_changes(self, name: str) -> list[str]:
        from surgesim.scenario.door import compose

        texts = (self.path / SCENARIOS / f"{name}.yaml").read_text(encoding="utf-8"), self._scenarios[name]
        try:
            then, now = (compose(text, name).value for text in texts)
        except ScenarioError:
            return ["its stored copy is damaged"]
        return list(_differences(then, now, ()))

    def _parts(self) -> Path:
        return self.path / PARTS

    def _count(self) -> int:
        return sum(1 for entry in os.scandir(self._parts()) if entry.name.endswith(".parquet"))

    def _look(self) -> None:
        """Find the valid parts; remove other files, incomplete parts and failures."""
        for entry in list(os.scandir(self._parts())):
            path = Path(entry.path)
            if path.suffix == ".parquet" and path.stem.isdigit() and int(path.stem) < len(self.done):
                try:
                    self.read(int(path.stem))
                except ResultsError:
                    self.repeats.append(entry.name)
                else:
                    self.done[int(path.stem)] = 1
                    continue
            path.unlink()
        self.repeats.sort()

    def add(self, run: int, result: Sequence[Row] | Failure) -> None:
        """Write the part of a run: a row per alternative, or its failure."""
        with disk_errors(self.path):
            if isinstance(result, Failure):
                _write(self._failed(run), json.dumps({"error": result.error}).encode())
            else:
                _write(self._part(run), _parquet(run, result))
        self.done[run] = 1

    def read(self, run: int) -> list[dict[str, Any]] | Failure:
        """Read the rows of a run, or its failure.

        Raises
        ------
        ResultsError
            If its part is missing or damaged.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self._part(run)
        try:
            if self._failed(run).is_file():
                return Failure(json.loads(self._failed(run).read_text(encoding="utf-8"))["error"])
            table = pq.read_table(path, page_checksum_verification=True)
            rows = _rows(table)
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            raise ResultsError(f"{path}: damaged ({error})") from error
        if (table.schema.metadata or {}).get(b"run") != str(run).encode():
            raise ResultsError(f"{path}: damaged (it is the part of another run)")
        return rows

    def remove(self) -> None:
        """Remove this folder, and the parent folders it created if they are empty.

        A folder that contains anything that is not ours stays as it is.
        """
        try:
            self._refuse_others()
        except (OSError, ResultsError):
            return
        with contextlib.suppress(OSError):
            (self.path / PLAN).unlink()  # first, so that a kill cannot leave what looks like a sweep
        shutil.rmtree(self.path / SCENARIOS, ignore_errors=True)
        shutil.rmtree(self.path, ignore_errors=True)
        remove_empty(self._made)

    def _part(self, run: int) -> Path:
        return self._parts() / f"{run:08d}.parquet"

    def _failed(self, run: int) -> Path:
        return self._parts() / f"{run:08d}.failed"


def _is_plan(stored: Mapping[str, Any]) -> bool:
    """Whether surgesim wrote the plan of a sweep."""
    if not isinstance(stored.get("scenarios"), Mapping):
        return False
    return stored.get(FORMAT) == format_name(SWEEP) or (
        FORMAT not in stored and stored.keys() >= _KEYS_BEFORE_FORMAT
    )


def _parquet(run: int, rows: Sequence[Row]) -> bytes:
    """Encode rows as alternative, name and value: a fifth of the cost of one column per outcome."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    cells = [(row[KEY], name, value) for row in rows for name, value in row.items() if name != KEY]
    alternatives, names, values = zip(*cells, strict=True)
    table = pa.table(
        {KEY: alternatives, "name": names, "value": pa.array(values, pa.float64())},
        metadata={"run": str(run)},
    )
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        compression="none",
        use_dictionary=False,
        write_statistics=False,
        write_page_checksum=True,
    )
    return bytes(sink.getvalue())


def _rows(table: Any) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for alternative, name, value in zip(*(column.to_pylist() for column in table.columns), strict=True):
        rows.setdefault(alternative, {KEY: alternative})[name] = value
    return list(rows.values())


def _write(path: Path, content: bytes) -> None:
    with atomic_write(path) as beside:
        beside.write_bytes(content)


def _brief(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {inner}" for key, inner in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _digits(sha256: Any) -> str:
    return str(sha256)[:12]


def _differences(then: Any, now: Any, path: tuple[str, ...]) -> list[str]:
    """Describe each path at which plain values differ, with both values."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        keys = dict.fromkeys((*then, *now))
        return [text for key in keys for text in _differences(then.get(key), now.get(key), (*path, str(key)))]
    if then == now:
        return []
    shown = [
        "a table" if isinstance(value, (list, Mapping)) else "nothing" if value is None else str(value)
        for value in (then, now)
    ]
    return [f"{'.'.join(path)} was {shown[0]}, is {shown[1]}"]
