"""Result folders: written beside their target, and moved to the target when complete.

An incomplete folder is a hidden sibling ``.<name>.part-<tag>`` of its target. An earlier result is renamed to
``.<name>.old-<tag>`` while the new one is moved, and to ``.<name>.gone-<tag>`` while it is removed. The next
process that reads or writes the folder completes a move that a crash interrupted. A process holds the lock
``.<name>.lock`` while it writes, so any other such sibling that it finds was left by a dead process.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from surgesim.errors import ResultsError
from surgesim.files import disk_errors, missing_folders, remove_empty
from surgesim.locks import Lock
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.store.contents import (
    FORMAT,
    MANIFEST,
    format_name,
    refuse_result,
    strangers_in_result,
)


class Folder:
    """An incomplete result folder, locked; a context manager that removes it unless it is sealed.

    Parameters
    ----------
    target
        Final location. A folder that already exists there is unchanged until this one is sealed.
    kind
        A kind of result, one of `KINDS`: only a result of the same kind without foreign files is replaced.

    Attributes
    ----------
    kept
        Path to which the earlier result was moved, if a user added files to it during the run.

    Raises
    ------
    ResultsError
        If `target` exists and must not be replaced, cannot be written, or is being written by another
        process.
    """

    def __init__(self, target: Path, kind: str) -> None:
        self.target = place_of(target)
        self.kept: Path | None = None
        self._kind = kind
        self._tag = uuid.uuid4().hex[:8]
        self.path = _sibling(self.target, "part", self._tag)
        self._held = contextlib.ExitStack()

    def check(self) -> None:
        """Raise an error if the folder could not be moved to its target."""
        with disk_errors(self.target):
            recover(self.target)
            refuse_result(self.target, self._kind)

    def __enter__(self) -> Self:
        self.check()
        with contextlib.ExitStack() as stack, disk_errors(self.target):
            stack.callback(remove_empty, missing_folders(self.target.parent))
            self.target.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(Lock(self.target.with_name(f".{self.target.name}.lock"), self.target))
            recover(self.target)
            _clear(self.target)
            self.path.mkdir()
            stack.callback(shutil.rmtree, self.path, ignore_errors=True)
            self._held = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    def seal(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Write the manifest, with hashes of all other files, and move the folder to its target.

        Returns
        -------
        dict
            The manifest as written.
        """
        with disk_errors(self.target):
            complete = {FORMAT: format_name(self._kind), **manifest, "files": hashes(self.path)}
            text = json.dumps(complete, indent=2, ensure_ascii=False) + "\n"
            (self.path / MANIFEST).write_text(text, encoding="utf-8", newline="\n")
            self.kept = _move(self.path, self.target, self._tag)
        return complete


def tell_kept(folder: Folder, backend: Backend) -> None:
    """Report the path of an earlier result that was kept because a user added files to it."""
    if folder.kept is not None:
        backend.say(f"{folder.kept}: the earlier result, kept because files were added to it during the run")


def place_of(target: str | Path) -> Path:
    """Return the absolute path of a folder to write, with links resolved.

    Raises
    ------
    ResultsError
        If the path is the root of a disk, starts with a ~ that the shell did not expand, or has links that
        form a loop or point to a missing file.
    """
    given = Path(target)
    if given.parts[:1] == ("~",):
        raise ResultsError(f"{given}: got a folder that starts with ~, expected the full path")
    try:
        place = given.resolve()
    except (OSError, RuntimeError):  # Python up to 3.12 raises RuntimeError for links in a loop
        place = given
    if not place.name:
        raise ResultsError(f"{place}: got the root of a disk, expected a folder in it")
    if place.is_symlink():
        raise ResultsError(f"{given}: got a link that points nowhere, expected a folder or an unused path")
    return place


def check_file(folder: Path, name: str, manifest: Mapping[str, Any]) -> None:
    """Check that a file in a result folder matches its hash in the manifest.

    Raises
    ------
    ResultsError
        If the file has changed, or is missing.
    """
    path = folder / name
    files = manifest["files"]
    if not isinstance(files, Mapping) or name not in files:
        raise ResultsError(f"{folder}: {name} is not in its {MANIFEST}: repeat the run with this version")
    if not path.is_file():
        raise ResultsError(f"{path}: missing, although it was part of this result: repeat the run")
    if _sha256(path) != files[name]:
        raise ResultsError(
            f"{path}: has changed since this result was written: `surgesim reproduce` shows the "
            "differences, and a new run restores the file"
        )


def scenario_text(scenario: Scenario) -> str:
    """Return the text of scenario.yaml."""
    from surgesim.scenario.door import dump

    return dump(scenario)


def hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below `folder` except the manifest, by relative path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)
    return {path.relative_to(folder).as_posix(): _sha256(path) for path in files}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def recover(target: Path) -> None:
    """Complete a move of `target` that a crash interrupted between its two renames."""
    if target.exists() or not target.parent.is_dir():
        return
    old = _siblings(target, "old")
    if not old:
        return
    new = _sibling(target, "part", old[-1].name.rpartition("-")[2])
    with contextlib.suppress(FileNotFoundError):  # the process that was moving the folder finished first
        (new if (new / MANIFEST).is_file() else old[-1]).rename(target)
    if target.exists():
        for path in _siblings(target, "old"):
            _discard(path, target)


def _move(path: Path, target: Path, tag: str) -> Path | None:
    """Rename `path` to `target`. Remove the folder it replaces, or return its new path if it must be kept."""
    old = _sibling(target, "old", tag)
    for _ in range(10):
        if target.exists():
            with contextlib.suppress(FileNotFoundError):
                target.rename(old)
        try:
            path.rename(target)
        except FileNotFoundError:
            if target.exists():  # a reader completed the move
                break
            raise
        except OSError:
            if not target.exists():
                raise
            continue  # another run created the target in the meantime
        break
    return _discard(old, target)


def _discard(old: Path, target: Path) -> Path | None:
    """Remove a replaced result; if a user added files to it, keep it under a visible name."""
    if not old.exists():
        return None
    tag = old.name.rpartition("-")[2]
    with contextlib.suppress(OSError):  # a reader removed it first
        if not old.is_dir() or strangers_in_result(old):
            kept = target.with_name(f"{target.name}.kept-{tag}")
            old.rename(kept)
            return kept
        gone = _sibling(target, "gone", tag)  # removable even if this process is killed
        old.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
    return None


def _sibling(target: Path, role: str, tag: str) -> Path:
    return target.with_name(f".{target.name}.{role}-{tag}")


def _siblings(target: Path, role: str) -> list[Path]:
    own = re.compile(rf"{re.escape(f'.{target.name}.{role}-')}[0-9a-f]{{8}}")
    return sorted(
        (path for path in target.parent.iterdir() if own.fullmatch(path.name)),
        key=lambda path: (path.stat().st_mtime, path.name),
    )


def _clear(target: Path) -> None:
    """Remove folders that killed processes left beside `target`; the caller must hold the lock."""
    for role in ("gone", "part"):
        for path in _siblings(target, role):
            shutil.rmtree(path, ignore_errors=True)
    if target.exists():
        for path in _siblings(target, "old"):
            _discard(path, target)
