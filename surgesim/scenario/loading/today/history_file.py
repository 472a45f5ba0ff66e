"""Turn a CSV of daily reports into the series of the section `history`."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from surgesim.errors import MOST_PROBLEMS, Problem, ScenarioError
from surgesim.scenario.loading.csv_rows import iso_date, number_fault, read_rows, too_short, unknown_or_twice
from surgesim.scenario.messages import shape
from surgesim.scenario.messages.finding import Finding, Location
from surgesim.scenario.messages.shape import Number
from surgesim.scenario.schema.numbers import LONGEST_RUN_DAYS
from surgesim.scenario.schema.today.history import Reports

MAX_BYTES = 5_000_000
MAX_COUNTS = 150_000
"""Maximum number of counts in all series; a scenario file with more counts would be too large to load."""

DATE, DISTRICT = "date", "district"
SERIES = tuple(Reports.model_fields)

_PROVINCE = ""
"""The name used for the area of a row without a district."""


@dataclass(slots=True)
class HistoryFile:
    """The contents of a history file: keys of the section, the first line of each district, and warnings."""

    section: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    warnings: list[Finding] = field(default_factory=list)


@dataclass(slots=True)
class _Table:
    label: str
    problems: list[Problem] = field(default_factory=list)
    rows: dict[str, dict[date, dict[str, float | None]]] = field(default_factory=dict)
    lines: dict[tuple[str, date], int] = field(default_factory=dict)

    def note(self, message: str, line: int) -> None:
        self.problems.append(Problem("", message, self.label, line))


def read(path: Path, label: str, start: date) -> HistoryFile:
    """Read a history file: a row for each day, or for each district and day, before the date `start`.

    An empty cell is a day without a report. Rows from the start on are skipped with a warning.

    Raises
    ------
    ScenarioError
        If there are problems; the error lists every problem in the file, by line.
    """
    table = _Table(label)
    series: list[str] = []
    rows = read_rows(path, label, MAX_BYTES, table.note)
    for _, columns in itertools.islice(rows, 1):
        for message in unknown_or_twice(columns, (DATE, DISTRICT, *SERIES), (DATE,)):
            table.note(message, 1)
        series = [name for name in SERIES if name in columns]
        if not series and not table.problems:
            table.note(f"got no column of numbers, expected one or more of {', '.join(SERIES)}", 1)
        for line, cells in () if table.problems else rows:
            wrong = too_short(cells, columns)
            if wrong:
                table.note(wrong, line)
            else:
                _row(table, dict(zip(columns, cells, strict=True)), series, line)
            if len(table.problems) >= MOST_PROBLEMS:
                break
    found = HistoryFile()
    if not table.problems:
        _fill(found, table, series, start)
    if table.problems:
        raise ScenarioError(table.problems)
    return found


def _row(table: _Table, row: dict[str, str], series: list[str], line: int) -> None:
    area, day = row.get(DISTRICT, _PROVINCE), iso_date(row[DATE])
    numbers: dict[str, float | None] = {}
    for name in series:
        text = row[name]
        fault = number_fault(text, name, _allowed()) if text else None
        if fault is not None:
            table.note(fault, line)
        else:
            numbers[name] = float(text) if text else None
    if isinstance(day, str):
        table.note(day, line)
        return
    if (area, day) in table.lines:
        of = f" of {area}" if area else ""
        table.note(f"got {day}{of} twice, on lines {table.lines[area, day]} and {line}", line)
        return
    table.lines[area, day] = line
    table.rows.setdefault(area, {})[day] = numbers


def _fill(found: HistoryFile, table: _Table, series: list[str], start: date) -> None:
    """Fill the lists of the section `history` with the rows before the start."""
    days = [day for rows in table.rows.values() for day in rows]
    before = [day for day in days if day < start]
    late = len(days) - len(before)
    if late:
        line = min(line for (_, day), line in table.lines.items() if day >= start)
        message = f"skipped {late} rows on or after the start {start}"
        found.warnings.append(Finding(("history", "file"), message, location=Location(table.label, line)))
    if not before:
        table.note(f"got no rows before the start {start}, expected at least one", 1)
        return
    first, last = min(before), max(before)
    length = (last - first).days + 1
    if length > LONGEST_RUN_DAYS or length * len(series) * len(table.rows) > MAX_COUNTS:
        message = f"got {length} days of {len(series)} series in {len(table.rows)} areas"
        table.note(f"{message}, expected at most {MAX_COUNTS} numbers and {LONGEST_RUN_DAYS} days", 1)
        return
    span = [first + timedelta(days=day) for day in range(length)]
    areas = {}
    for area, rows in table.rows.items():
        lists = {name: [rows.get(day, {}).get(name) for day in span] for name in series}
        areas[area] = {
            name: [_whole(number) for number in numbers]
            for name, numbers in lists.items()
            if any(number is not None for number in numbers)
        }
        found.lines[area] = min(line for (of, _), line in table.lines.items() if of == area)
    found.section = {"first_day": first.isoformat(), "province": areas.pop(_PROVINCE, "none")}
    found.section["districts"] = areas


def _whole(number: float | None) -> float | int | None:
    return int(number) if number is not None and number.is_integer() else number


@cache
def _allowed() -> Number:
    """Return the range of numbers that the schema allows in a series."""
    found = shape.at(("history", "province", SERIES[0], 0))
    if found is None or found.number is None:
        raise LookupError("the schema has no series of reports")
    return found.number
