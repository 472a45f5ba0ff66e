"""Write files completely or not at all, and report disk errors in one sentence."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from surgesim.errors import ResultsError
from surgesim.locks import Lock

TEMPORARY = ".surgesim-part"
"""Suffix of the name of a file that is being written."""


def write_failure(path: Path, error: OSError) -> str:
    """Return a message which says that `path` cannot be written, and why or which file is in the way."""
    if isinstance(error, FileExistsError) and path.is_file():
        return f"{path}: cannot be written: got a file, expected a folder or an unused path"
    for parent in path.parents:
        if parent.exists():
            if not parent.is_dir():
                return f"{path}: cannot be written: {parent} is a file, expected a folder"
            break
    return f"{path}: cannot be written: {error.strerror or error}"


@contextlib.contextmanager
def disk_errors(target: Path) -> Iterator[None]:
    """Convert an OSError raised in the ``with`` block into an error: `target` cannot be written.

    Raises
    ------
    ResultsError
        If the block raises an OSError.
    """
    try:
        yield
    except OSError as error:
        raise ResultsError(write_failure(target, error)) from error


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield the path of a temporary file to write, which replaces `path` at the end of the block.

    If the block or the move fails, the temporary file is removed and `path` is unchanged. The temporary
    name is always the same, so the next process that writes `path` reuses a file left by a killed process.

    Raises
    ------
    ResultsError
        If the file cannot be written, or another process is writing it.
    """
    with disk_errors(path):
        place = path.resolve() if path.is_symlink() else path  # keep a symbolic link, and write its target
        beside = place.parent / f".{place.name}{TEMPORARY}"
        with Lock(beside, path, named=False) as lock:
            yield beside
            lock.free_to_move()
            beside.replace(place)


GENERATOR = "surgesim report"
"""Generator named in the HTML of a report."""
FIGURE_CREATOR = "Drawn by surgesim"
"""Creator named in the metadata of a figure file."""
FIGURE_COLUMN = "figure"
"""First column of a CSV file with the values behind a figure."""


BRIEF = "surgesim brief"
"""Generator named in a brief: in its HTML, among the keywords of its PDF, as author of its Word document."""


def is_brief(path: Path) -> bool:
    """Return whether surgesim wrote the brief."""
    if path.suffix == ".docx" and path.is_file():
        try:
            with ZipFile(path) as file:
                return BRIEF.encode() in file.read("docProps/core.xml")
        except (BadZipFile, KeyError):
            return False
    return path.suffix in (".html", ".pdf") and path.is_file() and BRIEF.encode() in path.read_bytes()


def is_report(path: Path) -> bool:
    """Return whether surgesim wrote the report; fixed texts identify the reports of version 0.1.0."""
    if not path.is_file():
        return False
    content = path.read_bytes()
    of_0_1_0 = (b'<a class="skip" href="#summary">', b"surgesim reproduce ")
    return _generator() in content or all(mark in content for mark in of_0_1_0)


def _generator() -> bytes:
    return f'<meta name="generator" content="{GENERATOR}">'.encode()


def is_figure(path: Path) -> bool:
    """Return whether the file is a figure drawn by surgesim 0.2.0 or later, or has the values behind one."""
    return is_figure_data(path) or (_is_picture(path) and FIGURE_CREATOR.encode() in path.read_bytes())


def is_figure_data(path: Path) -> bool:
    """Return whether the file is a CSV file with the values behind a figure."""
    if path.suffix != ".csv" or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.readline().startswith(f"{FIGURE_COLUMN},".encode())


def _is_picture(path: Path) -> bool:
    return path.suffix in (".svg", ".png", ".pdf") and path.is_file()


def is_drawn(path: Path) -> bool:
    """Return whether surgesim or Matplotlib drew the figure; surgesim 0.1.0 named only Matplotlib."""
    return is_figure(path) or (_is_picture(path) and b"https://matplotlib.org" in path.read_bytes())


def refuse_to_replace(path: Path, is_own: Callable[[Path], bool], what: str) -> None:
    """Raise an error if `path` exists and surgesim did not write it.

    Raises
    ------
    ResultsError
        If `path` exists and `is_own(path)` is False.
    """
    with disk_errors(path):
        if path.exists() and not is_own(path):
            raise ResultsError(
                f"{path}: got something that is not {what} written by surgesim, so it will not be replaced; "
                "choose another name"
            )


@contextlib.contextmanager
def make_folder(folder: Path) -> Iterator[None]:
    """Create a folder and its parents; if the block fails, remove the new folders that are still empty.

    Raises
    ------
    ResultsError
        If the folder cannot be created.
    """
    new = missing_folders(folder)
    try:
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        remove_empty(new)
        raise


def missing_folders(folder: Path) -> list[Path]:
    """Return the missing folders among `folder` and its parents, innermost first."""
    return [each for each in (folder, *folder.parents) if not each.exists()]


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove each folder that is empty; `folders` must list the innermost folder first."""
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()
