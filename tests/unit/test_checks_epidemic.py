"""What is refused of the epidemic's measures, vaccination, testing and isolation, and what is remarked."""

from __future__ import annotations

from pathlib import Path

import pytest
from loading_cases import replaced, written

from surgesim.scenario.loading import inspect

MEASURE = "    distancing: {reduces: {work: 0.5}}\n"


def remarks(folder: Path, text: str) -> list[tuple[str, str]]:
    """Path and message of each remark on the epidemic or the command, but those on sources."""
    _, warnings = inspect(written(folder, text))
    return [
        (one.path, one.message)
        for one in warnings
        if one.path.startswith(("epidemic.", "command.")) and not one.message.startswith("is never in force")
    ]


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ("compliance: 0.5", "", "has no effect: it reduces no contacts, limits no travel and screens nobody"),
        ("screening: 0.95", ".screening", "has no effect: epidemic.importation brings nobody"),
    ],
)
def test_a_measure_without_effect_is_remarked(tmp_path: Path, changes: str, path: str, message: str) -> None:
    text = replaced(MEASURE, f"    distancing: {{{changes}}}\n")
    assert remarks(tmp_path, text) == [(f"epidemic.measures.distancing{path}", message)]


def test_a_limit_on_travel_where_nobody_travels_is_remarked(tmp_path: Path) -> None:
    text = replaced(MEASURE, "    distancing: {travel: 0.5}\n")
    assert remarks(tmp_path, text) == []
    stay = replaced("  ages: vietnam-2020\n", "  ages: vietnam-2020\n  outside_share: 0\n", text)
    message = "has no effect: nobody meets people of another district"
    assert remarks(tmp_path, stay) == [("epidemic.measures.distancing.travel", message)]
