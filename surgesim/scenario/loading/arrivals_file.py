"""Turn a CSV of daily arrivals into the series of the section `arrivals`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.loading.csv_rows import iso_date, read_rows, too_short, twice
from surgesim.scenario.messages import shape, thousands
from surgesim.scenario.messages.finding import Finding, Location, suggestion
from surgesim.scenario.messages.shape import Number
from surgesim.scenario.schema.base import AGE_GROUPS, BED_TYPES

MAX_BYTES = 5_000_000
MAX_COUNTS = 150_000
"""Maximum number of counts in all series; a scenario file with more counts would be too large to load."""

_KEYS = ("day", "date", "district", "age")
_NUMBER = re.compile(r"\+?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")

Group = tuple[str | None, str | None]
"""The district and age group of a row; each is None if the file has no such column."""


@dataclass(slots=True)
class ArrivalsFile:
    """The contents of an arrivals file: the series, the line on which each series begins, and warnings."""

    series: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    warnings: list[Finding] = field(default_factory=list)


@dataclass(slots=True)
class _Table:
    label: str
    start: date
    days: int
    integers: bool = False
    beds: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    groups: dict[Group, dict[int, tuple[int, list[float]]]] = field(default_factory=dict)
    doubts: thousands.Doubts[int] = field(default_factory=thousands.Doubts)
    before: int = 0
    before_line: int = 0

    def note(self, message: str, line: int) -> None:
        self.problems.append(Problem("arrivals.file", message, self.label, line))


def read(path: Path, label: str, start: date, days: int, *, integers: bool = False) -> ArrivalsFile:
    """Read an arrivals file for a scenario that begins on the date `start` and lasts `days` days.

    With `integers`, every count must be a whole number, as `counts_are: exact` requires.

    The header names ``date`` (ISO) or ``day`` (0 is the start), then optionally ``district`` and
    ``age``, and one or more of ``basic``, ``oxygen``, ``icu`` (the bed type needed). Each group needs a
    row for every day from the start, or from an earlier day, without gaps. Rows before the start are
    skipped with a warning, rows after the end without one.

    Raises
    ------
    ScenarioError
        If there are problems; the error lists every problem in the file, by line.
    """
    table = _Table(label, start, days, integers)
    rows = read_rows(path, label, MAX_BYTES, table.note)
    for _, names in itertools.islice(rows, 1):
        columns = [name.lower() for name in names]
        if _header(table, columns):
            for line, cells in rows:
                _row(table, columns, cells, line)
    if not table.problems:
        _complete(table)
    if table.problems:
        raise ScenarioError(table.problems)
    arrivals = ArrivalsFile(warnings=list(_remarks(table)))
    for name, line, series in _series(table):
        arrivals.series[name], arrivals.lines[name] = series, line
    return arrivals


def _header(table: _Table, columns: list[str]) -> bool:
    before = len(table.problems)
    if not any(columns):
        table.note("got an empty file, expected a header with day or date, and with basic, oxygen or icu", 1)
        return False
    for name in columns:
        if name not in (*_KEYS, *BED_TYPES):
            table.note(f"unknown column {name!r}{suggestion(name, (*_KEYS, *BED_TYPES))}", 1)
    for message in twice(columns):
        table.note(message, 1)
    if ("day" in columns) == ("date" in columns):
        got = "the columns day and date" if "day" in columns else "neither a column day nor a column date"
        table.note(f"got {got}, expected exactly one of the two", 1)
    table.beds = [name for name in columns if name in BED_TYPES]
    if not table.beds:
        table.note("got no column of arrivals, expected basic, oxygen or icu", 1)
    return len(table.problems) == before


def _row(table: _Table, columns: list[str], cells: list[str], line: int) -> None:
    wrong = too_short(cells, columns)
    if wrong is not None:
        table.note(wrong, line)
        return
    row = dict(zip(columns, cells, strict=True))
    day = _day(table, row, line)
    group = (row.get("district"), row.get("age"))
    if group[1] is not None and group[1] not in AGE_GROUPS:
        table.note(f"got age {group[1]!r}, expected one of the age groups {', '.join(AGE_GROUPS)}", line)
    if group[0] == "":
        table.note("got no district, expected the short name of a district", line)
    counts = [_count(table, bed, row[bed], line) for bed in table.beds]
    if day is None:
        return
    rows = table.groups.setdefault(group, {})
    if day in rows:
        table.note(
            f"got {_day_label(table, row)} twice{_of(group)}, on lines {rows[day][0]} and {line}", line
        )
    else:
        rows[day] = (line, counts)


def _day(table: _Table, row: Mapping[str, str], line: int) -> int | None:
    if "day" in row:
        if re.fullmatch(r"\d{1,6}", row["day"]):
            return int(row["day"])
        table.note(f"got day {row['day']!r}, expected a whole number from 0", line)
        return None
    found = iso_date(row["date"])
    if isinstance(found, str):
        table.note(found, line)
        return None
    return (found - table.start).days


def _count(table: _Table, bed: str, text: str, line: int) -> float:
    allowed = _allowed()
    if text == "":
        table.note(f"got an empty value for {bed}, expected a number (0 if nobody arrived)", line)
    elif text.lower() in ("nan", "na", "n/a", "null"):
        table.note(f"got {text} for {bed}, expected a number (0 if nobody arrived)", line)
    elif not _NUMBER.fullmatch(text) and (written := thousands.hint(text, Number())):
        table.note(f"got {text!r} for {bed}, expected a number{written}", line)
    elif re.fullmatch(rf"-{_NUMBER.pattern}", text):
        table.note(f"got {text} for {bed}, expected {allowed.phrase}", line)
    elif not _NUMBER.fullmatch(text) or float(text) > (allowed.high or 0):
        table.note(f"got {text!r} for {bed}, expected {allowed.phrase}", line)
    elif table.integers and not float(text).is_integer():
        expected = "a whole number because counts_are is exact"
        hint = thousands.hint(text, Number(integer=True))
        table.note(f"got {text} for {bed}, expected {expected}{hint}", line)
    else:
        table.doubts.see(bed, text, line)
        return float(text)
    return 0.0


@cache
def _allowed() -> Number:
    """Return the range of counts that the schema allows in a series."""
    found = shape.at(("arrivals", "series", "", "counts", 0))
    if found is None or found.number is None:
        raise LookupError("the schema has no arrival counts")
    return found.number


def _complete(table: _Table) -> None:
    """Check that every group has all days from the start of the scenario to its last row."""
    if not table.groups:
        table.note("got no rows, expected one for each day", 1)
    for group, rows in table.groups.items():
        days = sorted(rows)
        if days[0] > 0:
            first = _named(table, days[0])
            message = f"got {first} as the first day{_of(group)}, expected {_named(table, 0)} or earlier"
            table.note(message, rows[days[0]][0])
        for earlier, later in itertools.pairwise(days):
            if later - earlier > 1:
                missing = _named(table, earlier + 1)
                if later - earlier > 2:
                    missing += f" to {_named(table, later - 1)}"
                table.note(
                    f"got no row for {missing}{_of(group)}, expected one for every day", rows[later][0]
                )
        early = [day for day in days if day < 0]
        if early:
            table.before += len(early)
            table.before_line = table.before_line or min(rows[day][0] for day in early)
    counts = len(table.beds) * sum(0 <= day < table.days for rows in table.groups.values() for day in rows)
    if counts > MAX_COUNTS:
        table.note(f"got {counts} counts within the scenario's days, expected at most {MAX_COUNTS}", 1)


def _named(table: _Table, day: int) -> str:
    """Return a day in the form used in messages."""
    return f"day {day} ({table.start + timedelta(days=day)})"


def _day_label(table: _Table, row: Mapping[str, str]) -> str:
    return row["date"] if "date" in row else f"day {row['day']}"


def _of(group: Group) -> str:
    named = [part for part in group if part is not None]
    return f" of {', '.join(named)}" if named else ""


def _series(table: _Table) -> Iterator[tuple[str, int, dict[str, Any]]]:
    for (district, age), rows in table.groups.items():
        within = [rows[day][1] for day in sorted(rows) if 0 <= day < table.days]
        for column, bed in enumerate(table.beds):
            counts = [int(row[column]) if row[column].is_integer() else row[column] for row in within]
            series: dict[str, Any] = {"bed": bed, "counts": counts}
            if district is not None:
                series["district"] = district
            if age is not None:
                series["age"] = age
            parts = (district, age and age.replace("+", "-up"), bed)
            first = min(line for line, _ in rows.values())
            yield "-".join(part for part in parts if part), first, series


def _remarks(table: _Table) -> Iterator[Finding]:
    if table.before:
        message = f"skipped {table.before} rows before the start {table.start}"
        yield _remark(table, message, table.before_line)
    if not any(0 <= day < table.days for rows in table.groups.values() for day in rows):
        yield _remark(table, f"got no row within the {table.days} days of the scenario, so nobody arrives", 1)
    for message, lines in table.doubts.remarks():
        yield _remark(table, message, lines[0])


def _remark(table: _Table, message: str, line: int) -> Finding:
    return Finding(("arrivals", "file"), message, location=Location(table.label, line))
