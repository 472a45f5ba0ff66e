"""Files that are written whole or not at all, and disks that refuse, in one sentence."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from surgesim.errors import ResultsError


def unwritable(path: Path, error: OSError) -> str:
    """The message that `path` cannot be written; a file where a folder should be is named."""
    if isinstance(error, FileExistsError) and path.is_file():
        return f"{path}: cannot be written: got a file, expected a folder or nothing"
    for parent in path.parents:
        if parent.exists():
            if not parent.is_dir():
                return f"{path}: cannot be written: {parent} is a file, expected a folder"
            break
    return f"{path}: cannot be written: {error.strerror or error}"


@contextlib.contextmanager
def disk(target: Path) -> Iterator[None]:
    """Say of what the disk refuses that `target` cannot be written, and why.

    Raises
    ------
    ResultsError
        For an OSError in the block.
    """
    try:
        yield
    except OSError as error:
        raise ResultsError(unwritable(target, error)) from error


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """The name beside `path` under which its file is written; at the end of the block it takes its place.

    An error in the block, or in the move, leaves nothing behind, and what was at `path` as it was.

    Raises
    ------
    ResultsError
        If the file cannot be written.
    """
    beside = path.parent / f".{path.name}.part-{os.getpid()}"
    with disk(path):
        try:
            yield beside
            beside.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise


@contextlib.contextmanager
def made(folder: Path) -> Iterator[None]:
    """Make a folder with those above it; an error in the block takes away those it made and left empty.

    Raises
    ------
    ResultsError
        If the folder cannot be made.
    """
    new = missing(folder)
    try:
        with disk(folder):
            folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        remove_empty(new)
        raise


def missing(folder: Path) -> list[Path]:
    """The folder and those above it that are not there, innermost first."""
    return [each for each in (folder, *folder.parents) if not each.exists()]


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove those of the folders, innermost first, that are there and empty."""
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()
