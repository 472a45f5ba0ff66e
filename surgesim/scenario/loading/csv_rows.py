"""Read CSV files: the rows with their line numbers, and the dates and numbers in cells."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

from surgesim.scenario.loading.yaml_nodes import read_text
from surgesim.scenario.messages import thousands
from surgesim.scenario.messages.finding import suggestion
from surgesim.scenario.messages.shape import Number

_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")


def read_rows(
    path: Path, label: str, most_bytes: int, note: Callable[[str, int], None]
) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and the cells of each row that is not blank; the header comes first.

    Columns are separated by commas, or by semicolons or tabs if the header has no comma. The header of an
    empty file has no cells. A line that is not CSV is passed to `note`, and no rows follow.

    Raises
    ------
    ScenarioError
        If the file cannot be read.
    """
    lines = read_text(path, label, most_bytes).splitlines()
    rows = csv.reader(lines, delimiter=_delimiter(lines), strict=True)
    try:
        yield 1, [name.strip() for name in next(rows, [])]
        for cells in rows:
            if any(cell.strip() for cell in cells):
                yield rows.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        note(f"got a line that is not CSV ({error})", rows.line_num)


def _delimiter(lines: Sequence[str]) -> str:
    """Return the column separator; spreadsheets use semicolons or tabs if the decimal mark is a comma."""
    header = next(iter(lines), "")
    return next((mark for mark in ";\t" if mark in header and "," not in header), ",")


def too_short(cells: Sequence[str], columns: Sequence[str]) -> str | None:
    """Return the error in the number of cells of a row; None if the number is right."""
    if len(cells) == len(columns):
        return None
    return f"got {len(cells)} values, expected {len(columns)}, as in the header"


def unknown_or_twice(columns: Sequence[str], known: Sequence[str], required: Sequence[str]) -> Iterator[str]:
    """Yield an error for each unknown, missing or repeated column of a header."""
    for name in columns:
        if name not in known:
            yield f"unknown column {name!r}{suggestion(name, known)}"
    yield from twice(columns)
    for name in required:
        if name not in columns:
            yield f"got no column {name}, expected one"


def iso_date(text: str) -> date | str:
    """Return the date of a text such as ``2024-03-31``, or the error in the text."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return f"got {text!r}, expected a date such as 2024-03-31"
    try:
        return date.fromisoformat(text)
    except ValueError:
        return f"got {text}, which is not a calendar date"


def number_fault(text: str, name: str, allowed: Number) -> str | None:
    """Return the error in a number given as text; None if it is allowed."""
    if not _NUMBER.fullmatch(text):
        return f"got {text!r} for {name}, expected {allowed.phrase}{thousands.hint(text, allowed)}"
    number = float(text)
    if not allowed.allows(number) or (allowed.integer and not number.is_integer()):
        return f"got {text} for {name}, expected {allowed.phrase}{thousands.hint(text, allowed)}"
    return None


def twice(columns: Sequence[str]) -> Iterator[str]:
    """Yield an error for each column that a header has more than once."""
    for name in dict.fromkeys(columns):
        if columns.count(name) > 1:
            yield f"got the column {name!r} {columns.count(name)} times, expected it once"
