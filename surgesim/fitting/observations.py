"""Observations: weekly sums of flows and weekly means of stocks, from data or from a replication.

Weeks of daily data are counted back from the last day with a value, so that the last week is complete. A week
with gaps is the sum or mean of the days that have a value. The fit compares log(1 + x).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from surgesim.fitting.data import Data, DataSeries
from surgesim.fitting.series import SERIES, daily
from surgesim.model.record import Record
from surgesim.scenario.schema.scenario import Scenario

Floats = NDArray[np.float64]

_WEEK = 7


@dataclass(frozen=True, slots=True)
class Observation:
    """The sum or mean of one series over the days of a week.

    Attributes
    ----------
    name, area
        Name of the series, and name of its district (empty for the province).
    date
        The last of the days.
    days
        The days, counted from the start of the run.
    value
        The sum (of a flow) or mean (of a stock) in the data.
    """

    name: str
    area: str
    date: date
    days: tuple[int, ...]
    value: float

    def of(self, series: Floats) -> float:
        """Return the sum or mean over the same days of a simulated daily series, ``(days,)``."""
        chosen = series[list(self.days)]
        return float(chosen.sum() if SERIES[self.name].is_flow else chosen.mean())


def observations(data: Data, start: date) -> tuple[Observation, ...]:
    """Return the observations of all series, each in chronological order."""
    return tuple(each for series in data.series for each in _of_series(series, start))


def _of_series(series: DataSeries, start: date) -> list[Observation]:
    last = max(series.values)
    weeks: dict[int, list[date]] = {}
    for day in series.values:
        weeks.setdefault((last - day).days // _WEEK, []).append(day)
    found = []
    for week in sorted(weeks, reverse=True):
        of_week = weeks[week]
        values = [series.values[day] for day in of_week]
        value = sum(values) if SERIES[series.name].is_flow else sum(values) / len(values)
        days = [(day - start).days for day in of_week]
        if series.is_sum_of_week:
            days = list(range(days[-1] - _WEEK + 1, days[-1] + 1))
            if days[0] < 0:
                continue  # its week began before the run
        found.append(Observation(series.name, series.area, of_week[-1], tuple(days), value))
    return found


def values_of(targets: Sequence[Observation]) -> Floats:
    """Return the values of observations in the data, ``(observations,)``."""
    return np.array([each.value for each in targets])


def simulated(targets: Sequence[Observation], record: Record, scenario: Scenario) -> Floats:
    """Return the values of observations in a replication, ``(observations,)``."""
    places = {(each.name, each.area) for each in targets}
    series = {place: daily(record, scenario, *place) for place in places}
    return np.array([each.of(series[each.name, each.area]) for each in targets])


def last_of_each(targets: Sequence[Observation]) -> list[int]:
    """Return, for each series, the index of its last observation above 0 in the data."""
    last = {(each.name, each.area): i for i, each in enumerate(targets)}
    return [i for i in last.values() if targets[i].value > 0]


def week_before(day: date) -> date:
    """Return the date a week earlier."""
    return day - timedelta(days=_WEEK)
