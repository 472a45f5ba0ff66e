"""Turn a CSV of the patients at the start into the entries of `care.initial_census`."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from surgesim.errors import MOST_PROBLEMS, Problem, ScenarioError
from surgesim.scenario.loading.csv_rows import iso_date, number_fault, read_rows, too_short, unknown_or_twice
from surgesim.scenario.messages import shape
from surgesim.scenario.messages.finding import nearest
from surgesim.scenario.messages.shape import Number
from surgesim.scenario.schema.base import BED_TYPES

MAX_BYTES = 5_000_000

DATE, FACILITY, BED = "date", "facility", "bed"
PATIENTS, WAITING, DAYS_IN_BED = "patients", "waiting", "days_in_bed"
COLUMNS = (DATE, FACILITY, BED, PATIENTS, WAITING, DAYS_IN_BED)
"""Columns of a census file; `DATE`, `WAITING` and `DAYS_IN_BED` are optional."""


@dataclass(slots=True)
class CensusFile:
    """The contents of a census file.

    Attributes
    ----------
    entries
        The census by facility, in the form of a scenario.
    lines
        The line number of each facility and bed type.
    day
        The date of the census; None if the file has no dates.
    """

    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: dict[tuple[str, str], int] = field(default_factory=dict)
    day: date | None = None


def read(path: Path, label: str) -> CensusFile:
    """Read a census file: a row for each facility and bed type.

    Raises
    ------
    ScenarioError
        If there are problems; the error lists every problem in the file, by line.
    """
    problems: list[Problem] = []

    def note(message: str, line: int) -> None:
        problems.append(Problem("", message, label, line))

    found = CensusFile()
    rows = read_rows(path, label, MAX_BYTES, note)
    for _, columns in itertools.islice(rows, 1):
        for message in unknown_or_twice(columns, COLUMNS, (FACILITY, BED, PATIENTS)):
            note(message, 1)
        for line, cells in () if problems else rows:
            wrong = too_short(cells, columns)
            faults = [wrong] if wrong else _row(found, dict(zip(columns, cells, strict=True)), line)
            for message in faults:
                note(message, line)
            if len(problems) >= MOST_PROBLEMS:
                break
    if problems:
        raise ScenarioError(problems)
    return found


def _row(found: CensusFile, row: dict[str, str], line: int) -> list[str]:
    """Add a row to the census; return the errors in the row."""
    facility, bed = row[FACILITY], row[BED]
    faults = []
    if not facility:
        faults.append("got no facility, expected its short name")
    if bed not in BED_TYPES:
        near = nearest(bed, BED_TYPES)
        meant = "" if near is None else f", did you mean {near!r}?"
        faults.append(f"got bed {bed!r}, expected one of {', '.join(BED_TYPES)}{meant}")
    elif (facility, bed) in found.lines:
        before = found.lines[facility, bed]
        faults.append(f"got {bed} of {facility} twice, on lines {before} and {line}")
    if DATE in row:
        faults += _day(found, row[DATE])
    numbers = {name: row[name] for name in (PATIENTS, WAITING, DAYS_IN_BED) if row.get(name)}
    if PATIENTS not in numbers:
        faults.append(f"got an empty value for {PATIENTS}, expected a number (0 if there are none)")
    for name, text in numbers.items():
        fault = number_fault(text, name, _allowed(name))
        faults += [fault] if fault is not None else []
    if faults:
        return faults
    found.lines[facility, bed] = line
    entry = found.entries.setdefault(facility, {})
    entry[bed] = int(float(numbers[PATIENTS]))
    if WAITING in numbers:
        entry.setdefault(WAITING, {})[bed] = int(float(numbers[WAITING]))
    if DAYS_IN_BED in numbers:
        entry.setdefault(DAYS_IN_BED, {})[bed] = float(numbers[DAYS_IN_BED])
    return []


def _day(found: CensusFile, text: str) -> list[str]:
    day = iso_date(text)
    if isinstance(day, str):
        return [day]
    if found.day is not None and day != found.day:
        return [f"got {day} and {found.day}, expected one date in the whole file"]
    found.day = day
    return []


@cache
def _allowed(column: str) -> Number:
    """Return the range of numbers that the schema allows in a column."""
    below = {PATIENTS: ("oxygen",), WAITING: (WAITING, "oxygen"), DAYS_IN_BED: (DAYS_IN_BED, "oxygen")}
    found = shape.at(("care", "initial_census", "", *below[column]))
    if found is None or found.number is None:
        raise LookupError(f"the schema has no numbers for {column}")
    return found.number
