"""Write files completely or not at all, and report disk errors in one sentence."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from surgesim.errors import ResultsError


def write_failure(path: Path, error: OSError) -> str:
    """Return the message that `path` cannot be written; name a file that stands where a folder should."""
    if isinstance(error, FileExistsError) and path.is_file():
        return f"{path}: cannot be written: got a file, expected a folder or nothing"
    for parent in path.parents:
        if parent.exists():
            if not parent.is_dir():
                return f"{path}: cannot be written: {parent} is a file, expected a folder"
            break
    return f"{path}: cannot be written: {error.strerror or error}"


@contextlib.contextmanager
def disk_errors(target: Path) -> Iterator[None]:
    """Turn an OSError of the block into a message that `target` cannot be written, and why.

    Raises
    ------
    ResultsError
        For an OSError in the block.
    """
    try:
        yield
    except OSError as error:
        raise ResultsError(write_failure(target, error)) from error


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside `path` to write to; at the end of the block it replaces `path`.

    If the block or the move fails, the temporary file is removed and `path` stays as it was.

    Raises
    ------
    ResultsError
        If the file cannot be written.
    """
    beside = path.parent / f".{path.name}.part-{os.getpid()}"
    with disk_errors(path):
        try:
            yield beside
            beside.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise


@contextlib.contextmanager
def make_folder(folder: Path) -> Iterator[None]:
    """Make a folder and its parents; if the block fails, remove those that are new and still empty.

    Raises
    ------
    ResultsError
        If the folder cannot be made.
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
    """Return the folder and those of its parents that do not exist, innermost first."""
    return [each for each in (folder, *folder.parents) if not each.exists()]


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove the folders, given innermost first, that exist and are empty."""
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()
