"""The parts of an unfinished study, one per replication or run, beside the final result.

``<result>.unfinished/`` contains the plan of the study, its scenarios and its parts, which are Parquet tables
in a few files (see `surgesim.study.store.parts`): a process killed at any moment leaves a complete part or
none. The error of a failed run is stored too, and the run is repeated when the study is resumed.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from surgesim.errors import ResultsError, ScenarioError
from surgesim.files import atomic_write, disk_errors
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.spread import spread
from surgesim.study.store.contents import (
    CALENDAR,
    FIT,
    FORMAT,
    FRONTIER,
    MANIFEST,
    RUN,
    SIZE,
    SWEEP,
    WORTH,
    format_name,
    refuse_strangers,
    strangers,
)
from surgesim.study.store.parts import CONTENT, FAILURE, MOST_BYTES, NAME, append, places, read

Content = TypeVar("Content")
Task = TypeVar("Task")

PLAN, SCENARIOS, PARTS = "plan.json", "scenarios", "parts"

DESIGN_HASH = "design_sha256"
"""Plan entry with the hash of the points of the design."""

OUTCOMES = "outcomes"
"""Plan entry with the hash of each function that computes an outcome."""

_KEYS_BEFORE_FORMAT = {DESIGN_HASH, "design", "points", "runs", "scenarios", "versions"}
"""Entries that identify plans of 0.1.0, which have no `FORMAT`."""

_PART = re.compile(rf"parts/({NAME.pattern}|\d{{8}}\.(parquet|failed))")
"""Path of a file of parts, or of a single part of an earlier version."""

EXTENSIONS = "extensions"

_FOLLOWING = (DESIGN_HASH, "points", "runs")
"""Plan entries that are determined by other entries."""

_UNITS = {
    RUN: "replications",
    SWEEP: "runs",
    FIT: "rounds",
    SIZE: "replications",
    WORTH: "replications",
    CALENDAR: "replications",
    FRONTIER: "replications",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed run, its error message and its traceback, which is not stored."""

    error: str
    traceback: str = ""


class Form(NamedTuple, Generic[Content]):
    """The conversion between the content of a part and an Arrow table, and the compression of its file."""

    table: Callable[[Content], Any]
    content: Callable[[Any], Content]
    compression: str = "none"


@dataclass(frozen=True, slots=True)
class _Packed:
    """The content of a part as bytes."""

    parquet: bytes


class Unfinished(Generic[Content]):
    """The folder of an unfinished run or sweep; the caller must hold the lock of the target to change it.

    Parameters
    ----------
    target
        The result folder of the completed study.
    kind
        One of `KINDS` in `surgesim.study.store.contents`.
    plan
        The identity of the study, as JSON-serialisable data.
    scenarios
        The text of each scenario, by name.
    parts
        Number of parts: replications of a run, runs of a sweep, rounds of a fit.
    form
        The form in which parts are stored.

    Attributes
    ----------
    done
        One byte per part: 1 if the part exists.
    repeats
        The file and the number of each part that could not be read and is computed again.
    """

    def __init__(
        self,
        target: Path,
        kind: str,
        plan: Mapping[str, Any],
        scenarios: Mapping[str, str],
        parts: int,
        form: Form[Content],
    ) -> None:
        self.path = unfinished_path(target)
        self.done = bytearray(parts)
        self.repeats: list[str] = []
        self._files: list[Path] = []
        self._file_of = np.zeros(parts, np.int32)
        self._offset_of = np.zeros(parts, np.int64)
        self._next: Path | None = None
        self._target = target
        self._kind = kind
        self._form = form
        self._plan = json.loads(json.dumps(plan))
        self._scenarios = scenarios

    @contextlib.contextmanager
    def opened(
        self, *, resume: bool, backend: Backend, is_complete: Callable[[Mapping[str, Any]], bool]
    ) -> Iterator[None]:
        """Open the folder with `open` for the duration of the block.

        If the block fails, the error notes where the parts are; a folder without parts is removed. If
        `is_complete` is True for the folder's plan, the study is complete but a killed process left the
        folder, which is removed first.
        """
        with disk_errors(self.path):
            if self.exists and is_complete(self._stored()):
                self.remove()
        if resume and not self.exists:
            other = f"; the completed {self._kind} has a different plan and will be replaced"
            backend.say(
                f"{self.path}: nothing to resume, so the {self._kind} starts from the beginning"
                f"{other if (self._target / MANIFEST).is_file() else ''}"
            )
        self.open(resume=resume)
        try:
            yield
        except BaseException as error:
            if any(self.done):
                error.add_note(f"completed {_UNITS[self._kind]} are in {self.path}; continue with --resume")
            else:
                self.remove()
            raise

    def open(self, *, resume: bool) -> None:
        """Start the study, or continue it if `resume` is True.

        Raises
        ------
        ResultsError
            If there is an unfinished study with parts and `resume` is False, if that study has a different
            plan (the message lists the changes), or if the folder is not an unfinished study.
        """
        with disk_errors(self.path):
            self._refuse_others()
            if self.exists and (self._look() or resume):
                stored = self._stored()
                if not resume:
                    count = (
                        f"{sum(self.done) + len(self.repeats)} of {stored.get('runs')} {_UNITS[self._kind]}"
                    )
                    raise ResultsError(
                        f"{self.path}: contains an unfinished {self._kind} with {count}: "
                        "continue with --resume, or delete the folder to start again"
                    )
                if changes := self._changes(stored):
                    raise ResultsError(
                        f"{self.path}: cannot be resumed because of changes since the {self._kind} started: "
                        + "; ".join(changes)
                        + "; undo the changes, or delete the folder to start again"
                    )
                return
            self._begin()

    @property
    def exists(self) -> bool:
        """True if there is an unfinished study in the folder."""
        return (self.path / PLAN).is_file()

    def _begin(self) -> None:
        self.remove()
        self.repeats.clear()
        try:
            (self.path / PARTS).mkdir(parents=True, exist_ok=True)
            (self.path / SCENARIOS).mkdir(exist_ok=True)
            for name, text in self._scenarios.items():
                (self.path / SCENARIOS / f"{name}.yaml").write_text(text, encoding="utf-8", newline="\n")
            plan = {FORMAT: format_name(self._kind), **self._plan}
            _write(self.path / PLAN, json.dumps(plan, indent=2, ensure_ascii=False).encode())
        except BaseException:
            self.remove()
            raise

    def _refuse_others(self) -> None:
        """Raise an error if the folder contains anything other than an unfinished study or its remains."""
        if not self.path.exists():
            return
        if self.path.is_symlink() or not self.path.is_dir():
            raise ResultsError(f"{self.path}: got a file or a link, expected a folder or an unused path")
        refuse_strangers(self.path, self._strangers(), f"an unfinished {self._kind}")

    def _strangers(self) -> list[str]:
        """Return the foreign files in the folder, or all files if it is not an unfinished study."""
        scenarios = set(self._scenarios)
        if self.exists:
            stored = self._stored()
            if not _is_plan(stored, self._kind):
                return strangers(self.path, lambda name: False)
            scenarios |= set(stored["scenarios"])
        elif not (self.path / PARTS).is_dir():  # created first and removed last
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
            elif key == EXTENSIONS:
                changes += _extension_changes(then or {}, now or {})
            elif key == "versions" and isinstance(then, Mapping) and isinstance(now, Mapping):
                changes += _differences(then, now, ())
            elif key == OUTCOMES:
                changes += _outcome_changes(then or {}, now or {})
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
                changes.append(f"scenario {name} ({listed or 'formatting only'})")
        return changes

    def _value_changes(self, name: str) -> list[str]:
        from surgesim.scenario.door import compose

        texts = (self.path / SCENARIOS / f"{name}.yaml").read_text(encoding="utf-8"), self._scenarios[name]
        try:
            then, now = (compose(text, name).value for text in texts)
        except ScenarioError:
            return ["its stored copy is damaged"]
        return list(_differences(then, now, ()))

    def _look(self) -> bool:
        """Find the parts that are whole; return True if there are any parts."""
        damaged = set[tuple[str, int]]()
        self._files = sorted(path for path in (self.path / PARTS).iterdir() if NAME.fullmatch(path.name))
        for number, path in enumerate(self._files):
            for part, kind, offset, is_whole in places(path):
                if kind == FAILURE or part >= len(self.done):
                    continue
                if is_whole:
                    self._keep(part, number, offset)
                else:
                    damaged.add((path.name, part))
        self.repeats = [f"{name}, part {part}" for name, part in sorted(damaged) if not self.done[part]]
        self.repeats += sorted(path.name for path in (self.path / PARTS).glob("*.parquet"))
        return any(self.done) or bool(self.repeats)

    def _keep(self, part: int, file: int, offset: int) -> None:
        self._file_of[part], self._offset_of[part], self.done[part] = file, offset, 1

    def add(self, part: int, content: Content | _Packed | Failure) -> None:
        """Append a part, or the failure of its run."""
        if isinstance(content, Failure):
            kind, stored = FAILURE, json.dumps({"error": content.error}).encode()
        elif isinstance(content, _Packed):
            kind, stored = CONTENT, content.parquet
        else:
            kind, stored = CONTENT, _pack(self._form, content)
        with disk_errors(self.path):
            if self._next is None or self._next.stat().st_size >= MOST_BYTES:
                last = NAME.fullmatch(self._files[-1].name) if self._files else None
                number = 0 if last is None else int(last[1]) + 1
                self._next = self.path / PARTS / f"{number:08d}.parts"
                self._next.touch(exist_ok=False)
                self._files.append(self._next)
            offset = append(self._next, part, kind, stored)
        self._keep(part, len(self._files) - 1, offset)

    def compute(
        self,
        work: Callable[[Task], Content | Failure],
        tasks: Sequence[Task],
        backend: Backend,
        left_out: bytes | None = None,
    ) -> Generator[tuple[int, Failure | None], None, None]:
        """Compute and store the missing parts, one per task; yield the number of each, and its failure.

        `left_out` has one byte per task, 1 if it must not be computed; by default, these are the parts that
        exist. Workers convert the content of their parts to bytes, which are a tenth of a replication.
        """
        done = bytes(self.done) if left_out is None else left_out
        packed = partial(_packed, work, self._form)
        with contextlib.closing(spread(packed, tasks, backend, done=done)) as results:
            for part, content in results:
                self.add(part, content)
                yield part, content if isinstance(content, Failure) else None

    def contents(
        self, work: Callable[[Task], Content], tasks: Sequence[Task], backend: Backend
    ) -> Generator[Content, None, None]:
        """Yield the content of all parts in order; missing parts are computed and stored."""
        with contextlib.closing(self.compute(work, tasks, backend)) as computed:
            for part in range(len(tasks)):
                while not self.done[part]:
                    next(computed)
                yield self.content(part)

    def read(self, part: int) -> Content | Failure:
        """Read a part, or the failure of its run.

        Raises
        ------
        ResultsError
            If the part is missing or damaged.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not self.done[part]:
            raise ResultsError(f"{self.path / PARTS}: lacks part {part}")
        path = self._files[self._file_of[part]]
        try:
            kind, content = read(path, int(self._offset_of[part]), part)
            if kind == FAILURE:
                return Failure(json.loads(content)["error"])
            return self._form.content(pq.read_table(pa.BufferReader(content)))
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
            raise ResultsError(f"{path}: damaged in part {part} ({error})") from error

    def content(self, part: int) -> Content:
        """Read a part.

        Raises
        ------
        ResultsError
            If the part is missing or damaged, or its run failed.
        """
        content = self.read(part)
        if isinstance(content, Failure):
            raise ResultsError(f"{self.path}: part {part} failed: {content.error}")
        return content

    def remove(self) -> None:
        """Remove this folder; if it contains foreign files, leave it unchanged."""
        try:
            self._refuse_others()
        except (OSError, ResultsError):
            return
        with contextlib.suppress(OSError):
            (self.path / PLAN).unlink()  # first, so that a killed process leaves no apparent study
        shutil.rmtree(self.path / SCENARIOS, ignore_errors=True)
        shutil.rmtree(self.path, ignore_errors=True)

    def finish(self, backend: Backend) -> None:
        """Remove this folder after the study is complete; if that fails, report the folder."""
        self.remove()
        if self.path.exists():
            backend.say(
                f"{self.path}: is kept because it contains other files; the {self._kind} itself is complete"
            )


def unfinished_path(target: Path) -> Path:
    """Return the folder of the unfinished study whose result folder will be `target`."""
    return target.parent / f"{target.name}.unfinished"


def _is_plan(stored: Mapping[str, Any], kind: str) -> bool:
    """Return True if surgesim wrote the plan, for a study of this kind."""
    if not isinstance(stored.get("scenarios"), Mapping):
        return False
    return stored.get(FORMAT) == format_name(kind) or (
        kind == SWEEP and FORMAT not in stored and stored.keys() >= _KEYS_BEFORE_FORMAT
    )


def _packed(work: Callable[[Task], Content | Failure], form: Form[Content], task: Task) -> _Packed | Failure:
    content = work(task)
    return content if isinstance(content, Failure) else _Packed(_pack(form, content))


def _pack(form: Form[Content], content: Content) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(
        form.table(content), sink, compression=form.compression, use_dictionary=False, write_statistics=False
    )
    return bytes(sink.getvalue())


def _write(path: Path, content: bytes) -> None:
    with atomic_write(path) as beside:
        beside.write_bytes(content)


def _outcome_changes(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    if list(then) != list(now):
        return [f"outcomes were {_brief(list(then))}, are {_brief(list(now))}"]
    return [f"outcome {name} (its code, or a value that it uses)" for name in now if then[name] != now[name]]


def _brief(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {inner}" for key, inner in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _extension_changes(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Describe the extensions that differ between two studies."""
    return [
        f"extension {file} (SHA-256 was {_digits(then[file])}, is {_digits(now[file])})"
        if file in then and file in now
        else f"extension {file} was {'given, is not' if file in then else 'not given, is'}"
        for file in dict.fromkeys((*then, *now))
        if then.get(file) != now.get(file)
    ]


def _digits(sha256: Any) -> str:
    return str(sha256)[:12]


def _differences(then: Any, now: Any, path: tuple[str, ...]) -> list[str]:
    """Describe each path whose values differ, with both values."""
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
