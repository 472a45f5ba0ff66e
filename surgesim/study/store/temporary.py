"""Temporary folders; if a process is killed, the next process removes its folders."""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

from surgesim.errors import ResultsError
from surgesim.files import disk_errors
from surgesim.locks import Lock

_LOCK = re.compile(r"surgesim-[0-9a-f]{8}\.lock")


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a new folder, which is removed at the end of the block.

    Raises
    ------
    ResultsError
        If the folder cannot be created.
    """
    with contextlib.ExitStack() as stack:
        with disk_errors(Path("the temporary folder")):
            home = Path(tempfile.gettempdir())
        _remove_left(home)
        folder = home / f"surgesim-{uuid.uuid4().hex[:8]}"
        with disk_errors(folder):
            stack.enter_context(Lock(_lock_of(folder), folder))
            folder.mkdir(mode=0o700)
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        yield folder


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _remove_left(home: Path) -> None:
    """Remove the folders of killed processes: their lock files exist, but no process holds the locks."""
    for path in home.iterdir():
        if _LOCK.fullmatch(path.name):
            with contextlib.suppress(OSError, ResultsError), Lock(path, path):
                shutil.rmtree(path.with_suffix(""), ignore_errors=True)
