"""Distinguish files that surgesim wrote in a folder from files of the user, which are never replaced."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from surgesim.errors import ResultsError
from surgesim.files import TEMPORARY, is_brief, is_figure, is_report

MANIFEST = "manifest.json"
FORMAT = "format"
"""Entry of a manifest or plan that identifies the command that wrote the folder."""
RUN = "run"
SWEEP = "sweep"
"""Kind of result: a sweep. Also the name of the manifest entry that only sweeps have."""
FIT = "fit"
"""Kind of result: a fit. Also the name of the manifest entry that only fits have."""
SIZE = "size"
WORTH = "worth"
CALENDAR = "calendar"
FRONTIER = "frontier"
"""Kinds of a search for the least that suffices, a ranking of resources, a calendar of decisions and a search
of two levers, and their manifest entries."""
FORECAST = "forecast"
"""Name of the manifest entry, and of the additional tables, that only runs of a forecast have."""
FORECAST_FILES = ("forecast.csv", "pace.csv", "oxygen.csv", "beds.csv")

KINDS = (RUN, SWEEP, FIT, SIZE, WORTH, CALENDAR, FRONTIER)

_KEYS_BEFORE_FORMAT = {
    RUN: {"scenario_sha256", "seed", "replications", "days", "alternatives", "identities_checked"},
    SWEEP: {SWEEP, "failed"},
}
"""Entries that identify manifests of 0.1.0, which have no `FORMAT`."""

SENSITIVITY = "sensitivity"
_ADDED_TO = {
    RUN: {"plots", "figures", SENSITIVITY},
    SWEEP: {"plots", SENSITIVITY},
    FIT: set[str](),
    SIZE: set[str](),
    WORTH: set[str](),
    CALENDAR: set[str](),
    FRONTIER: set[str](),
}
"""Folders in a result to which later commands add figures."""

DESKTOP_FILES = {".DS_Store", "Thumbs.db"}
"""Files that desktops create in every folder that a user opens."""

_TEMPORARY = re.compile(rf"\..+({re.escape(TEMPORARY)}|\.part-\d+)")
"""Name of an incomplete file left by a killed process of this or an earlier version."""

_MAX_NAMES = 3

_MAX_JSON_BYTES = 64 << 20

_MOUNTS = Path("/proc/self/mountinfo")
"""List of mount points, on Linux."""


def format_name(kind: str) -> str:
    """Return the format name for a kind of result, as stored in manifests."""
    return f"surgesim {kind}"


def strangers(folder: Path, is_own: Callable[[str], bool], own_folders: Collection[str] = ()) -> list[str]:
    """Return the paths in a folder that surgesim did not write; a foreign subfolder counts as one path.

    Parameters
    ----------
    is_own
        Function that returns True if surgesim wrote a regular file, given its path in the folder.
    own_folders
        Paths of the subfolders that surgesim created; only these are searched.
    """
    found = []

    def look(at: Path) -> None:
        with os.scandir(at) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                name = Path(entry.path).relative_to(folder).as_posix()
                if entry.is_dir(follow_symlinks=False) and name in own_folders:
                    look(Path(entry.path))
                elif not (entry.is_file(follow_symlinks=False) and (_is_nobodys(entry.name) or is_own(name))):
                    found.append(name)

    look(folder)
    return found


def _is_nobodys(name: str) -> bool:
    return name in DESKTOP_FILES or _TEMPORARY.fullmatch(name) is not None


def kind_of_result(folder: Path) -> str | None:
    """Return the kind of result if the manifest shows that surgesim wrote the folder, None otherwise."""
    manifest = _manifest(folder)
    if not isinstance(manifest.get("files"), Mapping):
        return None
    for kind in KINDS:
        if manifest.get(FORMAT) == format_name(kind):
            return kind
    for kind, keys in _KEYS_BEFORE_FORMAT.items():
        versions = manifest.get("versions")
        if FORMAT not in manifest and keys <= manifest.keys():
            return kind if isinstance(versions, Mapping) and "surgesim" in versions else None
    return None


def strangers_in_result(folder: Path) -> list[str]:
    """Return the paths in a folder that are neither part of a result nor added by later commands.

    If the folder is not a result, return everything in it.
    """
    kind = kind_of_result(folder)
    if kind is None:
        return strangers(folder, lambda name: False)
    listed = set(_manifest(folder)["files"]) | {MANIFEST}
    folders = {parent.as_posix() for name in listed for parent in PurePosixPath(name).parents}

    def is_own(name: str) -> bool:
        return (
            name in listed
            or (name == "report.html" and is_report(folder / name))
            or (name in ("brief.html", "brief.pdf", "brief.docx") and is_brief(folder / name))
            or (name.partition("/")[0] in _ADDED_TO[kind] and is_figure(folder / name))
            or name == f"{SENSITIVITY}/{SENSITIVITY}.csv"
        )

    return strangers(folder, is_own, folders | _ADDED_TO[kind])


def _manifest(folder: Path) -> Mapping[str, Any]:
    path = folder / MANIFEST
    if path.is_symlink() or not path.is_file():
        return {}
    try:
        manifest = read_json(path)
    except ResultsError:
        return {}
    return manifest if isinstance(manifest, dict) else {}


def read_json(path: Path) -> Any:
    """Read a file that surgesim wrote as JSON.

    Raises
    ------
    ResultsError
        If the file cannot be read, or is damaged.
    """
    try:
        if path.stat().st_size > _MAX_JSON_BYTES:
            raise ResultsError(f"{path}: damaged (larger than {_MAX_JSON_BYTES >> 20} MB)")
        content = json.loads(path.read_text(encoding="utf-8"))
        json.dumps(content, ensure_ascii=False).encode()  # a lone surrogate could not be printed
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read: {error.strerror or error}") from error
    except RecursionError as error:
        raise ResultsError(f"{path}: damaged (nested too deeply)") from error
    except ValueError as error:
        raise ResultsError(f"{path}: damaged ({error})") from error
    return content


def refuse_strangers(folder: Path, found: Sequence[str], what: str) -> None:
    """Raise an error that names the foreign files found in a folder, if there are any.

    Raises
    ------
    ResultsError
        If `found` is not empty.
    """
    if not found:
        return
    names = ", ".join(printable(name) for name in found[:_MAX_NAMES])
    more = f" and {len(found) - _MAX_NAMES} more" if len(found) > _MAX_NAMES else ""
    verb = "is" if len(found) == 1 else "are"
    raise ResultsError(
        f"{folder}: contains {names}{more}, which {verb} not part of {what}, so it will not be replaced; "
        "choose another folder with --out"
    )


def printable(name: str) -> str:
    """Quote a name, with control characters escaped, and cut it at 80 characters."""
    return repr(name if len(name) <= 80 else f"{name[:79]}…")


def refuse_result(target: Path, kind: str) -> None:
    """Raise an error if a result of this kind must not replace the folder `target`.

    Raises
    ------
    ResultsError
        If `target` is neither a result of this kind nor an empty folder, or cannot be moved.
    """
    if not target.exists():
        return
    if not target.is_dir():
        raise ResultsError(f"{target}: got a file, expected a folder or an unused path")
    there = kind_of_result(target)
    if there not in (kind, None):
        raise ResultsError(
            f"{target}: contains a {there}, which a {kind} must not replace; choose another folder with --out"
        )
    foreign = there is None and (target / MANIFEST).exists()
    hint = f" (the {MANIFEST} there is damaged, or not from surgesim)" if foreign else ""
    refuse_strangers(target, strangers_in_result(target), f"a result{hint}")
    if _is_mount_point(target):
        raise ResultsError(
            f"{target}: is a mount point (a disk or shared folder), which cannot be replaced; choose a "
            "folder in it with --out"
        )
    if Path.cwd().is_relative_to(target):
        raise ResultsError(
            f"{target}: is or contains the current folder, so it cannot be replaced; choose another folder "
            "with --out, or change to another folder"
        )


def _is_mount_point(folder: Path) -> bool:
    """Return True if `folder` is a mount point; only Linux reports a folder mounted from the same disk."""
    if os.path.ismount(folder):
        return True
    if not _MOUNTS.is_file():
        return False
    places = [line.split(b" ")[4] for line in _MOUNTS.read_bytes().splitlines()]
    escaped = re.sub(rb"[ \t\n\\]", lambda found: b"\\%03o" % found[0][0], os.fsencode(folder))
    return escaped in places
