"""Daily or weekly data, read from a CSV file or a DataFrame and checked.

`read_data` reads the data for a fit, and `read_values` reads data without a scenario. Each row has a date,
perhaps a district, and any of the series in `SERIES`; cells may be empty.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from surgesim.errors import FitError, Problem
from surgesim.fitting.series import PROVINCE, SERIES
from surgesim.scenario.door import suggestion
from surgesim.scenario.schema.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

Source: TypeAlias = "pd.DataFrame | str | Path"

DATE, DISTRICT = "date", "district"

LEAST_DAYS: Final = 10
"""Minimum number of days that data must cover, from the first to the last."""

_WEEK: Final = 7

_PARTS: Final = (("icu", "in_hospital"), ("on_oxygen", "in_hospital"))
"""Series that are part of another series, and so cannot exceed it."""

_NO_NUMBER: Final = Problem("", "got no number, expected values of at least one series")

_EMPTY: Final = frozenset({"", "na", "nan", "n/a", "null", "none"})


@dataclass(frozen=True, slots=True)
class DataSeries:
    """The values of one series in one area.

    Attributes
    ----------
    name, area
        Name of the series, and name of its district (`PROVINCE` for the whole province).
    values
        The values by date, in chronological order.
    weekly
        True if values are a week or more apart: each value of a flow is then the sum of the seven days that
        end on its date.
    """

    name: str
    area: str
    values: Mapping[date, float]

    @property
    def weekly(self) -> bool:
        """True if values are at least a week apart."""
        return len(self.values) > 1 and all((b - a).days >= _WEEK for a, b in pairwise(self.values))

    @property
    def is_sum_of_week(self) -> bool:
        """True if each value is the sum of a week."""
        return self.weekly and SERIES[self.name].is_flow


@dataclass(frozen=True, slots=True)
class Data:
    """Checked data: at least one series with a value above 0."""

    series: tuple[DataSeries, ...]

    @property
    def last(self) -> date:
        """The last date with a value."""
        return max(max(each.values) for each in self.series)

    @property
    def first(self) -> date:
        """The first day that a value covers."""
        week = timedelta(days=_WEEK - 1)
        return min(min(each.values) - (week if each.is_sum_of_week else timedelta()) for each in self.series)

    @property
    def names(self) -> frozenset[str]:
        """The names of the series."""
        return frozenset(each.name for each in self.series)

    @property
    def by_district(self) -> bool:
        """True if any series belongs to a district."""
        return any(each.area != PROVINCE for each in self.series)

    @property
    def sha256(self) -> str:
        """A hash of all values, to recognise the same data."""
        plain = [
            (each.name, each.area, [(day.isoformat(), value) for day, value in each.values.items()])
            for each in self.series
        ]
        return hashlib.sha256(json.dumps(plain).encode()).hexdigest()


def read_data(source: Source, scenario: Scenario, section: str = "") -> Data:
    """Read data and check them against each other and against the scenario.

    Parameters
    ----------
    source
        A CSV file with a header, or a DataFrame: `date` (2024-03-31), `district` (empty for the province;
        optional) and any of the series in `SERIES`.
    section
        Name of the section of the scenario that the data are from, for messages; by default they name the
        file and the line.

    Raises
    ------
    FitError
        If there are problems, which are all listed: no series, dates outside the run, unknown districts,
        impossible numbers, or data that are too short, all zero or contradictory.
    """
    try:
        data, label = _read(source, scenario)
        whole = list(_as_a_whole(data))
        if whole:
            raise FitError([_at(problem, label) for problem in whole])
    except FitError as error:
        if not section:
            raise
        raise FitError(
            [Problem(f"{section}.{each.path}".rstrip("."), each.message) for each in error.problems]
        ) from error
    return data


def read_values(source: Source) -> Data:
    """Read data without a scenario: any dates and any names of districts are allowed.

    Raises
    ------
    FitError
        If there are problems, which are all listed: no series, no numbers, or impossible numbers.
    """
    data, label = _read(source, None)
    if not data.series:
        raise FitError([_at(_NO_NUMBER, label)])
    return data


def _read(source: Source, scenario: Scenario | None) -> tuple[Data, str]:
    """Read and check every row; return the series, and the name of the file for messages."""
    frame, label = read_cells(source, DATE)
    problems = list(_header(list(frame.columns)))
    if problems:
        raise FitError([_at(problem, label) for problem in problems])
    rows, faults = _rows(frame, scenario)
    if faults:
        raise FitError([_at(fault, label) for fault in faults])
    names = [name for name in frame.columns if name in SERIES]
    found: dict[tuple[str, str], dict[date, float]] = {}
    for day, area, values in sorted(rows, key=lambda row: row[0]):
        for name in names:
            if not math.isnan(values[name]):
                found.setdefault((name, area), {})[day] = values[name]
    return Data(tuple(DataSeries(name, area, values) for (name, area), values in found.items())), label


def _at(problem: Problem, label: str) -> Problem:
    return Problem(problem.path, problem.message, label, problem.line)


def read_cells(source: Source, index: str) -> tuple[pd.DataFrame, str]:
    """Read cells without converting them; return them, and the name of the file for messages.

    `index` is the name of a column that may be the index of a DataFrame instead.
    """
    import pandas as pd

    if isinstance(source, pd.DataFrame):
        frame = source if index in source.columns else source.reset_index()
        return frame.rename(columns=str), "data"
    if not isinstance(source, str | Path):
        got = f"a value of type {type(source).__name__}"
        raise FitError([Problem("data", f"got {got}, expected a CSV file or a DataFrame")])
    try:
        frame = pd.read_csv(source, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except OSError as error:
        raise FitError([Problem("", f"{source}: cannot be read: {error.strerror or error}")]) from error
    except ValueError as error:  # pandas' parser errors and wrong encodings are ValueErrors
        raise FitError(
            [Problem("", f"{source}: got a file that is not a CSV file in UTF-8 ({error})")]
        ) from error
    return frame.rename(columns=lambda name: str(name).strip()), str(source)


def _header(columns: list[str]) -> Iterator[Problem]:
    known = (DATE, DISTRICT, *SERIES)
    for name in dict.fromkeys(columns):
        if name not in known:
            yield Problem(name, f"got an unknown column{suggestion(name, known)}")
        elif columns.count(name) > 1:
            yield Problem(name, "got two columns of this name, expected one")
    if DATE not in columns:
        yield Problem(DATE, "got no such column, expected dates such as 2024-03-31")
    if not set(columns) & set(SERIES):
        yield Problem("", f"got no series, expected at least one of {', '.join(SERIES)}")


Row: TypeAlias = tuple[date, str, dict[str, float]]


def _rows(frame: pd.DataFrame, scenario: Scenario | None) -> tuple[list[Row], list[Problem]]:
    rows: list[Row] = []
    problems: list[Problem] = []
    met: dict[tuple[date, str], int] = {}
    for line, cells in enumerate(frame.to_dict("records"), start=2):
        row, faults = _row({str(name): cell for name, cell in cells.items()}, line, scenario)
        problems += faults
        if row is None:
            continue
        day, area, values = row
        if (day, area) in met:
            problems.append(Problem(DATE, f"got {day} twice, first on line {met[day, area]}", line=line))
        met.setdefault((day, area), line)
        problems += _contradictions(values, day, line)
        rows.append(row)
    return rows, problems


def _row(cells: Mapping[str, Any], line: int, scenario: Scenario | None) -> tuple[Row | None, list[Problem]]:
    problems: list[Problem] = []
    day = as_date(cells[DATE])
    if day is None:
        message = f"got {as_text(cells[DATE])!r}, expected a date such as 2024-03-31"
        problems.append(Problem(DATE, message, line=line))
    elif scenario is not None and not scenario.start <= day < scenario.end:
        last = scenario.end - timedelta(days=1)
        message = f"got {day}, which is outside the run, expected {scenario.start} to {last}"
        problems.append(Problem(DATE, message, line=line))
    area = as_text(cells.get(DISTRICT, PROVINCE))
    if scenario is not None and area not in (PROVINCE, *(known := scenario.people.districts)):
        problems.append(Problem(DISTRICT, f"got {area!r}{suggestion(area, known)}", line=line))
    values = {}
    for name in SERIES:
        if name not in cells:
            continue
        value = as_number(cells[name])
        if value is None or value < 0 or math.isinf(value):
            message = f"got {as_text(cells[name])!r}, expected a number of at least 0 or an empty cell"
            problems.append(Problem(name, message, line=line))
        elif not math.isnan(value) and (why := lack(name, area, scenario)):
            problems.append(Problem(name, f"got {value:g} for {area!r}, but {why}", line=line))
        else:
            values[name] = value
    return (None if problems or day is None else (day, area, values)), problems


def lack(name: str, area: str, scenario: Scenario | None) -> str:
    """Return the reason why the model lacks a series in a district; empty if it has the series."""
    if scenario is None or area not in scenario.people.districts:
        return ""
    series = SERIES[name]
    if not series.by_district:
        return f"the model has {name} only for the province"
    if series.facilities and area not in {each.district for each in scenario.care.facilities.values()}:
        return "the scenario has no facility there"
    return ""


def _contradictions(values: Mapping[str, float], day: date, line: int) -> Iterator[Problem]:
    for part, whole in _PARTS:
        if values.get(part, 0.0) > values.get(whole, math.inf):
            message = f"got {values[part]:g} on {day}, expected at most the {values[whole]:g} of {whole}"
            yield Problem(part, message, line=line)


def as_text(cell: Any) -> str:
    """Return the text of a cell; empty if the cell marks a missing value."""
    text = "" if cell is None else str(cell).strip()
    return "" if text.lower() in _EMPTY or text == "NaT" else text


def as_number(cell: Any) -> float | None:
    """Return the number in a cell, NaN if the cell is empty, or None if it contains anything else."""
    text = as_text(cell)
    if not text:
        return math.nan
    try:
        return float(text)
    except ValueError:
        return None


def as_date(cell: Any) -> date | None:
    """Return the date in a cell, or None if the cell contains anything else."""
    if isinstance(cell, datetime):
        return None if cell != cell else cell.date()  # NaT differs from itself
    if isinstance(cell, date):
        return cell
    try:
        return date.fromisoformat(as_text(cell))
    except ValueError:
        return None


def _as_a_whole(data: Data) -> Iterator[Problem]:
    if not data.series:
        yield _NO_NUMBER
        return
    if not any(any(each.values.values()) for each in data.series):
        yield Problem("", "got only zeros, expected an epidemic in the data")
    areas: dict[str, set[str]] = {}
    for each in data.series:
        areas.setdefault(each.name, set()).add(each.area)
    for name, of in areas.items():
        if PROVINCE in of and len(of) > 1:
            yield Problem(name, "got values of both the province and districts, expected only one of the two")
    days = (data.last - data.first).days + 1
    if days < LEAST_DAYS:
        yield Problem(DATE, f"got data for {days} days, expected at least {LEAST_DAYS} days")
