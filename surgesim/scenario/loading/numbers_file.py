"""Read a CSV of numbers, with optional weights: joint draws of parameters, or values of one parameter."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from surgesim.errors import MOST_PROBLEMS, Problem, ScenarioError
from surgesim.scenario.loading.csv_rows import read_rows, too_short, twice
from surgesim.scenario.messages import thousands
from surgesim.scenario.messages.finding import suggestion
from surgesim.scenario.messages.shape import Number
from surgesim.scenario.schema.numbers import MOST_DRAWN

MAX_BYTES = 50_000_000

WEIGHT = "weight"
"""Name of the column of weights."""

_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")


@dataclass(slots=True)
class NumbersFile:
    """The contents of a file of numbers: columns, rows, weights (if given), and the line of each row."""

    columns: list[str] = field(default_factory=list)
    rows: list[list[float]] = field(default_factory=list)
    weights: list[float] | None = None
    lines: list[int] = field(default_factory=list)


def read(path: Path, label: str, expected: str | None = None) -> NumbersFile:
    """Read a file of numbers; the header names any columns, or only `expected`, and optionally `WEIGHT`.

    Raises
    ------
    ScenarioError
        If the file has problems; the error lists the first of them, by line.
    """
    problems: list[Problem] = []

    def note(message: str, line: int) -> None:
        problems.append(Problem("", message, label, line))

    found = NumbersFile()
    rows = read_rows(path, label, MAX_BYTES, note)
    for _, columns in itertools.islice(rows, 1):
        for message in _header_faults(columns, expected):
            note(message, 1)
        found.columns = [name for name in columns if name != WEIGHT]
        found.weights = [] if WEIGHT in columns else None
        for line, cells in rows:
            if len(problems) >= MOST_PROBLEMS or (problems and not found.rows and problems[0].line == 1):
                break
            wrong = too_short(cells, columns)
            for message in [wrong] if wrong else _cell_faults(columns, cells):
                note(message, line)
            if not problems:
                _add(found, columns, cells, line)
            if len(found.rows) * len(found.columns) > MOST_DRAWN:
                note(f"got more than {MOST_DRAWN} numbers, expected at most that many", line)
                break
    if not found.rows and not problems:
        note("got no rows below the header, expected at least one", 1)
    if problems:
        raise ScenarioError(problems)
    return found


def _header_faults(columns: Sequence[str], expected: str | None) -> list[str]:
    named = [name for name in columns if name != WEIGHT]
    if not any(named):
        return [f"got no header, expected one with {expected or 'the paths of parameters'}"]
    faults = list(twice(columns))
    if "" in columns:
        faults.append("got a column without a name, expected a name for each column")
    unknown = [name for name in named if name and expected is not None and name != expected]
    faults += [f"unknown column {name!r}{suggestion(name, (str(expected), WEIGHT))}" for name in unknown]
    if expected is not None and expected not in columns:
        faults.append(f"got no column {expected}, expected one")
    return faults


def _cell_faults(columns: Sequence[str], cells: Sequence[str]) -> list[str]:
    faults = []
    for name, text in zip(columns, cells, strict=True):
        got = f"{text!r}" if text else "an empty value"
        if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
            faults.append(f"got {got} for {name}, expected a number{thousands.hint(text, Number())}")
        elif name == WEIGHT and float(text) < 0:
            faults.append(f"got {text} for {name}, expected a number >= 0")
    return faults


def _add(found: NumbersFile, columns: Sequence[str], cells: Sequence[str], line: int) -> None:
    row = dict(zip(columns, map(float, cells), strict=True))
    weight = row.pop(WEIGHT, None)
    if found.weights is not None and weight is not None:
        found.weights.append(weight)
    found.rows.append(list(row.values()))
    found.lines.append(line)
