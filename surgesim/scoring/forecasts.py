"""Forecasts to score: quantiles in hubverse format, read from CSV files or a DataFrame, and checked.

`read_forecasts` reads all forecasts. Rows of other output types and additional columns are ignored.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import Problem, ScoreError
from surgesim.fitting.data import Source, as_date, as_number, as_text, read_cells
from surgesim.fitting.series import PROVINCE, SERIES
from surgesim.scenario.door import suggestion

Floats = NDArray[np.float64]

COLUMNS: Final = (
    "origin_date",
    "target",
    "horizon",
    "target_end_date",
    "location",
    "output_type",
    "output_type_id",
    "value",
)
QUANTILE: Final = "quantile"
PROVINCE_NAMES: Final = frozenset({PROVINCE, "province"})
"""Names of locations that mean the whole province."""

NEEDED: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Levels that every forecast must have: the median, and the ends of the intervals that are scored."""

_WEEK: Final = 7
_DIGITS: Final = 6  # decimals of levels, which files may write as 0.1 or 0.1000000001


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """A forecast: the quantiles of one target, at one location, for one week.

    Attributes
    ----------
    origin
        The day on which the forecast begins, or the day before.
    target
        A key of `SERIES`. A flow is summed over the week that ends on `end`; a stock is taken on `end`.
    horizon
        Number of weeks from `last_known` to `end`.
    location
        The location as written in the file: a district, or the province.
    values
        The quantiles, in the order of the levels, which all forecasts share.
    file, line
        The position of the forecast's lowest quantile.
    """

    origin: date
    target: str
    horizon: int
    end: date
    location: str
    values: Floats
    file: str
    line: int

    @property
    def last_known(self) -> date:
        """The last day whose data the forecast may use."""
        return self.end - timedelta(days=_WEEK * self.horizon)

    @property
    def area(self) -> str:
        """The district of the forecast; `PROVINCE` for the whole province."""
        return PROVINCE if self.location in PROVINCE_NAMES else self.location


@dataclass(frozen=True, slots=True, eq=False)
class Forecasts:
    """Checked forecasts, all with the same quantile levels, which increase and lie between 0 and 1."""

    each: tuple[Forecast, ...]
    levels: Floats


Key: TypeAlias = tuple[date, str, int, date, str]


@dataclass(frozen=True, slots=True)
class _Row:
    key: Key
    level: float
    value: float
    file: str
    line: int

    def problem(self, column: str, message: str) -> Problem:
        return Problem(column, message, self.file, self.line)


def read_forecasts(sources: Source | Sequence[Source]) -> Forecasts:
    """Read the quantiles of forecasts.

    Parameters
    ----------
    sources
        A CSV file or a DataFrame with the columns in `COLUMNS`, or a list of them.

    Raises
    ------
    ScoreError
        If there are problems, which are all listed: unknown targets, values that are not numbers, quantiles
        that are missing or cross, or dates that are not `horizon` weeks apart.
    """
    rows: list[_Row] = []
    problems: list[Problem] = []
    for source in _several(sources):
        for found in _rows(source):
            if isinstance(found, _Row):
                rows.append(found)
            else:
                problems.append(found)
    if not rows and not problems:
        problems.append(Problem("output_type", f"got no row with {QUANTILE!r}, expected quantiles"))
    if problems:
        raise ScoreError(problems)
    groups: dict[Key, list[_Row]] = {}
    for row in rows:
        groups.setdefault(row.key, []).append(row)
    for group in groups.values():
        group.sort(key=lambda row: row.level)
    levels = tuple(dict.fromkeys(row.level for row in next(iter(groups.values()))))
    problems = [problem for group in groups.values() for problem in _faults(group, levels)]
    if problems:
        raise ScoreError(problems)
    each = tuple(
        Forecast(*key, np.array([row.value for row in group]), group[0].file, group[0].line)
        for key, group in groups.items()
    )
    return Forecasts(each, np.array(levels))


def _several(sources: Source | Sequence[Source]) -> Sequence[Source]:
    import pandas as pd

    return [sources] if isinstance(sources, str | Path | pd.DataFrame) else sources


def _rows(source: Source) -> Iterator[_Row | Problem]:
    frame, label = read_cells(source, "origin_date")
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        yield Problem(missing[0], f"got no such column, expected {', '.join(COLUMNS)}", label)
        return
    for line, cells in enumerate(frame[list(COLUMNS)].to_dict("records"), start=2):
        if as_text(cells["output_type"]) == QUANTILE:
            yield from _row({str(name): cell for name, cell in cells.items()}, label, line)


def _row(cells: Mapping[str, Any], label: str, line: int) -> Iterator[_Row | Problem]:
    """Yield the row as a `_Row`, or each of its problems."""
    problems: list[Problem] = []

    def refuse(column: str, expected: str) -> None:
        problems.append(Problem(column, f"got {as_text(cells[column])!r}, expected {expected}", label, line))

    dates = {column: as_date(cells[column]) for column in ("origin_date", "target_end_date")}
    for column, day in dates.items():
        if day is None:
            refuse(column, "a date such as 2024-03-31")
    target = as_text(cells["target"])
    if target not in SERIES:
        message = f"got {target!r}{suggestion(target, SERIES)}, expected one of {', '.join(SERIES)}"
        problems.append(Problem("target", message, label, line))
    horizon, level, value = (as_number(cells[column]) for column in ("horizon", "output_type_id", "value"))
    if horizon is None or not horizon >= 1 or not float(horizon).is_integer():
        refuse("horizon", "a whole number of weeks of at least 1")
        horizon = None
    if level is None or not 0 < level < 1:
        refuse("output_type_id", "the level of a quantile, between 0 and 1")
    if value is None or not math.isfinite(value):
        refuse("value", "a number")
    origin, end = dates.values()
    if horizon is not None and origin is not None and end is not None:
        problems += _apart(origin, end, int(horizon), label, line)
    if problems or origin is None or end is None or horizon is None or level is None or value is None:
        yield from problems
        return
    key = (origin, target, int(horizon), end, as_text(cells["location"]))
    yield _Row(key, round(level, _DIGITS), value, label, line)


def _apart(origin: date, end: date, weeks: int, label: str, line: int) -> Iterator[Problem]:
    """Yield a problem unless the end is this number of weeks after the origin or after the preceding day."""
    days, expected = (end - origin).days, _WEEK * weeks
    if days not in (expected - 1, expected):
        message = (
            f"got {end}, {days} days after the origin {origin}, expected {expected - 1} or {expected} days "
            f"for horizon {weeks}"
        )
        yield Problem("target_end_date", message, label, line)


def _faults(group: list[_Row], levels: Sequence[float]) -> Iterator[Problem]:
    """Yield the problems of the quantiles of one forecast, in order of level."""
    first = group[0]
    for low, high in pairwise(group):
        if low.level == high.level:
            yield high.problem(
                "output_type_id", f"got the quantile {high.level:g} twice, first on line {low.line}"
            )
            return
        if low.value > high.value:
            message = (
                f"got {high.value:g} for the quantile {high.level:g}, below the {low.value:g} for "
                f"{low.level:g} on line {low.line}, expected quantiles that do not cross"
            )
            yield high.problem("value", message)
            return
    own = [row.level for row in group]
    mirrored = [round(1 - level, _DIGITS) for level in own]
    if lacking := _missing([*NEEDED, *mirrored], own):
        message = (
            f"got no quantile {_listed(lacking)}, expected {_listed(NEEDED)}, and pairs such as 0.1 and 0.9"
        )
        yield first.problem("output_type_id", message)
    elif different := _missing(levels, own) or _missing(own, levels):
        message = (
            f"got quantile {_listed(different)} in only some forecasts, expected the same quantiles in all"
        )
        yield first.problem("output_type_id", message)


def _missing(wanted: Iterable[float], there: Sequence[float]) -> list[float]:
    return sorted(set(wanted) - set(there))


def _listed(levels: Iterable[float]) -> str:
    return ", ".join(f"{level:g}" for level in levels)
