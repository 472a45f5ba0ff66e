"""The values that a scenario's history reports for the days before day 0, by column of the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from surgesim.scenario.schema.today.history import Past

Floats = NDArray[np.float64]

SERIES = {"reported_cases": "reported_cases", "deaths": "deaths", "present": "on_oxygen"}
"""Columns of the province and its districts, each with the series of the history that reports it."""

INDICATORS = ("weekly_reported_cases_per_100k", "oxygen_need_7d_per_100k", "deaths_7d_per_100k")
"""Indicators that are computed only from the columns in SERIES."""


class ReportedDays:
    """The reported values of the days before day 0; days without a report are interpolated.

    Attributes
    ----------
    days
        Number of days from the first report to day 0; 0 without a history.
    """

    def __init__(self, past: Past | None, districts: Sequence[str]) -> None:
        self._districts = districts
        self._day = np.empty(0) if past is None else past.day
        self._province = {} if past is None else _complete(past.province)
        self._of_districts = (
            {} if past is None else {place: _complete(series) for place, series in past.districts.items()}
        )
        self.days = -int(self._day[0]) if len(self._day) else 0

    def province(self, column: str, day: int) -> float:
        """Return the value of a column of the province on a day; NaN if it is not reported."""
        return self._value(self._province, column, day)

    def districts(self, column: str, day: int) -> Floats:
        """Return the values of a column of the districts on a day, ``(districts,)``; NaN if not reported."""
        return np.array(
            [self._value(self._of_districts.get(place, {}), column, day) for place in self._districts]
        )

    def _value(self, series: Mapping[str, Floats], column: str, day: int) -> float:
        values = series.get(SERIES[column])
        if values is None or day < -self.days:
            return np.nan
        return float(np.interp(day, self._day, values))


def _complete(series: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return the series that have at least one report, with gaps filled by linear interpolation."""
    complete = {}
    for name, values in series.items():
        known = np.flatnonzero(~np.isnan(values))
        if len(known):
            complete[name] = np.interp(np.arange(len(values)), known, values[known])
    return complete
