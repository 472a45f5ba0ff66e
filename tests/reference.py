"""The external reference cases; tests that need them are skipped if their folder is missing."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"
FOLDER, CASES = SHARED / "validation", SHARED / "cases"


def needs(folder: Path) -> pytest.MarkDecorator:
    """Return a mark that skips a test if a folder of external cases is missing."""
    reason = f"the external cases are missing: expected ../shared/{folder.name} beside the project"
    return pytest.mark.skipif(not folder.is_dir(), reason=reason)


needs_reference_data = needs(FOLDER)


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a file of external cases, each by column name."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
