"""The page on worth, size and calendar has every column and every resource."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from surgesim.decisions.door import DECISIONS_TABLE, FRONTIER_TABLE, OXYGEN, SIZE_TABLE, STEPS, WORTH_TABLE
from surgesim.study.tables.columns import Table

PAGE = Path(__file__).parents[3] / "docs" / "worth-and-size.md"


@pytest.mark.parametrize(
    "table", [WORTH_TABLE, SIZE_TABLE, FRONTIER_TABLE, DECISIONS_TABLE], ids=lambda table: table.name
)
def test_the_columns_are_those_of_the_code(table: Table) -> None:
    rows = [f"| `{column.name}` | {column.unit} | {column.meaning} |" for column in table.columns]
    assert "\n".join(rows) in PAGE.read_text(encoding="utf-8")


def test_every_resource_has_its_step() -> None:
    rows = re.findall(r"^\| (`[^|]*) \| ([^|]*) \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    steps = {name: step for names, step in rows for name in re.findall(r"`([\w-]+)`", names)}
    assert {*STEPS, OXYGEN} <= set(steps)
    for name, (step, _) in STEPS.items():
        digits = {int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", steps[name])}
        assert step in digits | {1} or (step == 1000 * 5 and 5 in digits), name
