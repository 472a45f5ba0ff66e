"""The truth: the observed value of each target on each date, from daily or weekly data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from surgesim.fitting.data import DataSeries, Source, read_values
from surgesim.fitting.series import SERIES

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

WEEK = 7


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """The observed time series of a target: weekly sums up to each date (flow), or values on it (stock).

    Attributes
    ----------
    days
        The dates that have a value, as ordinals in increasing order.
    values
        The value on each date, ``(days,)``.
    """

    days: Integers
    values: Floats

    def until(self, day: date) -> Course:
        """Return the part of the time series up to `day`, including `day`."""
        end = int(np.searchsorted(self.days, day.toordinal(), "right"))
        return Course(self.days[:end], self.values[:end])

    def on(self, days: Integers) -> Floats:
        """Return the values on these days; NaN where there is no value."""
        at = np.searchsorted(self.days, days)
        at = np.minimum(at, len(self.days) - 1)
        return np.where(self.days[at] == days, self.values[at], np.nan)


Truth = Mapping[tuple[str, str], Course]
"""The observed time series of each target in each area, by target and area."""


def read_truth(source: Source) -> Truth:
    """Read observed data in the form of `surgesim fit`; a week with a gap has no sum.

    Raises
    ------
    FitError
        If the data cannot be read.
    """
    courses = {(each.name, each.area): _course(each) for each in read_values(source).series}
    return {place: course for place, course in courses.items() if len(course.days)}


def _course(series: DataSeries) -> Course:
    days = np.array([day.toordinal() for day in series.values], dtype=np.int64)
    values = np.array(list(series.values.values()))
    if not SERIES[series.name].is_flow or series.is_sum_of_week:
        return Course(days, values)
    total = np.concatenate(([0.0], np.cumsum(values)))
    last = np.arange(WEEK, len(days) + 1)
    whole = last[days[last - 1] - days[last - WEEK] == WEEK - 1]
    return Course(days[whole - 1], total[whole] - total[whole - WEEK])
