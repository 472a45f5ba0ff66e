"""File locks. At most one process holds a lock; the operating system frees it even if the process dies."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from surgesim.errors import ResultsError, escaped

_OURS = "surgesim"
"""First word of every lock file; a file that starts with anything else belongs to the user."""

_MAX_TEXT = 300

_FAR = 1 << 30
"""Offset of the byte that is locked on Windows: beyond the text, so that other processes can read it."""


class LockedError(ResultsError):
    """Raised when another process holds a lock."""


class Lock:
    """A lock file that at most one process can hold; a context manager that removes the file on exit.

    Parameters
    ----------
    path
        The lock file, created if missing. A lock file left by a killed process is reused.
    of
        The file or folder that the lock protects; messages name it.
    named
        True to write the name of the process into the file; False if the caller writes other content.

    Raises
    ------
    LockedError
        If another process holds the lock; the message names that process if the file does.
    ResultsError
        If the file belongs to the user, or the disk does not support locks.
    OSError
        If the file cannot be created.
    """

    def __init__(self, path: Path, of: Path, *, named: bool = True) -> None:
        self.path = path
        self._of = of
        self._named = named
        self._file: int | None = None

    def __enter__(self) -> Self:
        while self._file is None:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
            try:
                if self._take(file):
                    self._file = file
            finally:
                if self._file is None:
                    os.close(file)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def release(self) -> None:
        """Release the lock, and remove its file unless the file was moved."""
        if self._file is None:
            return
        file, self._file = self._file, None
        there = _is_at(file, self.path)
        if sys.platform == "win32":  # Windows cannot remove an open file
            os.close(file)
        if there:
            with contextlib.suppress(OSError):
                self.path.unlink()
        if sys.platform != "win32":
            os.close(file)

    def free_to_move(self) -> None:
        """Close the file on Windows, which cannot move an open file; elsewhere keep it locked."""
        if sys.platform == "win32" and self._file is not None:
            os.close(self._file)
            self._file = None

    def _take(self, file: int) -> bool:
        """Lock the open file; return False if it was moved or removed in the meantime."""
        try:
            free = _lock(file)
        except OSError as error:
            raise ResultsError(
                f"{self._of}: cannot be written: its disk does not support locks "
                f"({error.strerror or error}); choose a location on another disk"
            ) from error
        text = _text(file) if self._named else ""
        if not free:
            holder = text.removeprefix(_OURS).strip() or "another process"
            raise LockedError(
                f"{self._of}: is being written by {escaped(holder)}; wait for it to finish, or stop it"
            )
        if text and not text.startswith(_OURS):
            raise ResultsError(
                f"{self.path}: got a file that is not a surgesim lock file, so it will not be replaced; "
                "choose another name"
            )
        if not _is_at(file, self.path):
            return False
        if self._named:
            since = datetime.now(UTC).isoformat(timespec="seconds")
            os.ftruncate(file, 0)
            os.lseek(file, 0, os.SEEK_SET)
            os.write(file, f"{_OURS} process {os.getpid()} on {platform.node()} since {since}\n".encode())
        return True


def _text(file: int) -> str:
    os.lseek(file, 0, os.SEEK_SET)
    return os.read(file, _MAX_TEXT).decode("utf-8", errors="replace")


def _lock(file: int) -> bool:
    """Lock an open file; return False if another process has locked it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(file, _FAR, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _is_at(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), os.stat(path, follow_symlinks=False))
    except FileNotFoundError:
        return False
