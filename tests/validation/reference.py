"""Where the outside cases lie, and how to read them; their tests skip where the folder is absent."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "shared" / "validation"

needs_reference_data = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason="the outside cases are not here: expected ../shared/validation beside the project",
)


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a file of the folder, by the names of its columns."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
