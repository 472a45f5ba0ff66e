"""Result folders: written beside their target, and moved into place when complete.

An incomplete folder is a hidden sibling ``.<name>.part-<tag>``; the folder it replaces is kept as
``.<name>.old-<tag>`` between the two renames. The next process that reads or writes the folder completes
a move that a crash interrupted.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import time
import uuid
from collections.abc import Mapping, Set
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from surgesim.errors import ResultsError
from surgesim.files import disk_errors, missing_folders, remove_empty
from surgesim.scenario.schema.scenario import Scenario

if TYPE_CHECKING:
    pass

MANIFEST = "manifest.json"
SWEEP = "sweep"
"""Manifest entry that only sweeps have."""
_STALE_SECONDS = 86_400.0


class Folder:
    """An incomplete folder; a context manager that leaves nothing behind unless the folder is sealed.

    Parameters
    ----------
    target
        Final location. A folder that already exists there is untouched until this one is sealed.
    own
        Names such a folder may contain; a folder that contains anything else is not replaced.

    Raises
    ------
    ResultsError
        If `target` is not such a folder, or cannot be written.
    """

    def __init__(self, target: Path, allowed: Set[str]) -> None:
        self.target = target.resolve()
        self._allowed = allowed
        self._tag = uuid.uuid4().hex[:8]
        self.path = _sibling(self.target, "part", self._tag)
        self._made: list[Path] = []

    def check(self) -> None:
        """Raise an error if the folder could not be moved to its target."""
        with disk_errors(self.target):
            recover(self.target)
            _refuse_foreign(self.target, self._allowed)

    def __enter__(self) -> Self:
        self.check()
        self._made = missing_folders(self.target.parent)
        try:
            with disk_errors(self.target):
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
        remove_empty(self._made)  # they are not empty once this folder has been moved there

    def seal(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Write the manifest, with hashes of all other files, and move the folder into place.

        Returns
        -------
        dict
            The manifest as written.
        """
        with disk_errors(self.target):
            complete = {**manifest, "files": hashes(self.path)}
            text = json.dumps(complete, indent=2, ensure_ascii=False) + "\n"
            (self.path / MANIFEST).write_text(text, encoding="utf-8", newline="\n")
            _move(self.path, self.target, self._tag)
        return complete


def kind_of(folder: Path) -> str | None:
    """Return `SWEEP` for a sweep folder, None for any other."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        if SWEEP in json.loads((folder / MANIFEST).read_text(encoding="utf-8")):
            return SWEEP
    return None


def read_json(path: Path) -> Any:
    """Read the manifest of a run or a sweep.

    Raises
    ------
    ResultsError
        If it cannot be read, or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise ResultsError(f"{path}: damaged ({error})") from error


def check_file(folder: Path, name: str, manifest: Mapping[str, Any]) -> None:
    """Check that a file in a result folder is the one written with the manifest.

    Raises
    ------
    ResultsError
        If it has changed, or is missing.
    """
    path = folder / name
    files = manifest["files"]
    if not isinstance(files, Mapping) or name not in files:
        raise ResultsError(f"{folder}: its {MANIFEST} lists no {name}: run it again with this version")
    if not path.is_file():
        raise ResultsError(f"{path}: missing, although it was written with this result: run it again")
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != files[name]:
            raise ResultsError(
                f"{path}: is not the file written with this result: `surgesim reproduce` shows the "
                "differences, and a new run writes it again"
            )


def scenario_text(scenario: Scenario) -> str:
    """The text of scenario.yaml."""
    from surgesim.scenario.door import dump

    return dump(scenario)


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below `folder` except the manifest, by relative path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def recover(target: Path) -> None:
    """Complete a move of `target` that a crash interrupted between its two renames."""
    if target.exists() or not target.parent.is_dir():
        return
    old = _siblings(target, "old")
    if not old:
        return
    whole = [path for path in _siblings(target, "part") if (path / MANIFEST).is_file()]
    with contextlib.suppress(FileNotFoundError):  # the run that was moving it finished first
        (whole or old)[-1].rename(target)
    if target.exists():
        for path in _siblings(target, "old"):
            shutil.rmtree(path, ignore_errors=True)


def _move(path: Path, target: Path, tag: str) -> None:
    """Rename `path` to `target`, setting aside any existing folder."""
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
    """Remove folders left beside `target` by runs killed more than a day ago."""
    for path in _siblings(target, "part"):
        newest = max((p.stat().st_mtime for p in (path, *path.rglob("*"))), default=0.0)
        if time.time() - newest > _STALE_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _refuse_foreign(target: Path, allowed: Set[str]) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise ResultsError(f"{target}: got a file, expected a folder or nothing")
    entries = {entry.name for entry in target.iterdir() if not entry.name.startswith(".")}
    if foreign := sorted(entries - allowed if MANIFEST in entries else entries):
        raise ResultsError(
            f"{target}: contains {foreign[0]!r}, which is not part of a result, so it will not be replaced; "
            "choose another folder with --out"
        )
