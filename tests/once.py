"""What several test files or workers need, made once in a session, by whoever comes first."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

LONGEST_WAIT = 600.0
"""Seconds until a worker that makes something counts as lost."""


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return the folder that `make` has filled in this session, on whatever worker; not to be changed."""
    root = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder, made = root / name, root / f"{name}.made"
    end = time.monotonic() + LONGEST_WAIT
    while not made.exists():
        try:
            folder.mkdir()
        except FileExistsError:
            assert time.monotonic() < end, f"{folder}: its maker was lost"
            time.sleep(0.1)
            continue
        try:
            make(folder)
        except BaseException:
            shutil.rmtree(folder)
            raise
        made.touch()
    return folder
