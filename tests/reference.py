"""Where the outside cases lie, and how to read them; their tests skip where the folder is absent."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"
FOLDER, CASES = SHARED / "validation", SHARED / "cases"


def needs(folder: Path) -> pytest.MarkDecorator:
    """Skip where a folder of outside cases is not beside the project."""
    reason = f"the outside cases are not here: expected ../shared/{folder.name} beside the project"
    return pytest.mark.skipif(not folder.is_dir(), reason=reason)


needs_reference_data = needs(FOLDER)


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a file of the folder, by the names of its columns."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
