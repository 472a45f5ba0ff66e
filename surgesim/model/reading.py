"""The data that extensions can read while a replication runs, and the indicators that they compute.

The recorder fills the tables; `orders` adds to `Reading` the steps that interventions and actions may take.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from types import MappingProxyType
from typing import TypeVar

import numpy as np

from surgesim.errors import ExtensionError
from surgesim.extension.declarations import Indicator
from surgesim.extension.files import Extension
from surgesim.model.record import FACILITY_INDEX, PROVINCE_INDEX, Floats
from surgesim.scenario.schema.indicators import OWN, is_own
from surgesim.scenario.schema.scenario import Scenario

Returned = TypeVar("Returned")


@dataclass(slots=True)
class SoFar:
    """The days of a replication that have been recorded so far.

    Attributes
    ----------
    province, districts, facilities
        As in `Record`, filled up to `day`.
    district_index
        Index of each column of the districts' table, by name.
    day
        The last day recorded; -1 if there is none yet.
    indicators
        Values of the indicators at the end of that day, by key.
    """

    scenario: Scenario
    province: Floats
    districts: Floats
    facilities: Floats
    district_index: Mapping[str, int]
    day: int = -1
    indicators: Mapping[str, float] = field(default_factory=dict)


class Reading:
    """The view of the province for extensions that only read; implements `surgesim.extension.View`."""

    def __init__(self, so_far: SoFar) -> None:
        self._so_far = so_far
        self.scenario = so_far.scenario
        self.district_names = tuple(self.scenario.people.districts)
        self.facility_names = tuple(self.scenario.care.facilities)

    @property
    def day(self) -> int:
        """The last day recorded."""
        return self._so_far.day

    @property
    def date(self) -> date:
        """The date of the last day recorded."""
        return self.scenario.start + timedelta(days=self.day)

    @property
    def indicators(self) -> Mapping[str, float]:
        """The indicators of the last day recorded."""
        return MappingProxyType(dict(self._so_far.indicators))

    def now(self, column: str) -> float:
        """Return the value of a column of the province on the last day recorded."""
        return float(self.series(column)[-1])

    def series(self, column: str) -> Floats:
        """Return a column of the province up to the last day recorded, ``(days,)``."""
        return self._until_now(self._so_far.province, column, PROVINCE_INDEX)

    def districts(self, column: str) -> Floats:
        """Return a column of the districts up to the last day recorded, ``(days, districts)``."""
        return self._until_now(self._so_far.districts, column, self._so_far.district_index)

    def facilities(self, column: str) -> Floats:
        """Return a daily column of the facility table up to the last day recorded, ``(days, facilities)``."""
        return self._until_now(self._so_far.facilities, column, FACILITY_INDEX)

    def _until_now(self, table: Floats, column: str, index: Mapping[str, int]) -> Floats:
        if column not in index:
            raise ValueError(f"got {column!r}, expected one of {', '.join(index)}")
        if self.day < 0:
            raise ValueError("got no recorded day: the first rules act before the first day is recorded")
        values = table[: self.day + 1, ..., index[column]]
        values.flags.writeable = False
        return values


def call(extension: Extension, what: str, day: int, function: Callable[[], Returned]) -> Returned:
    """Call a function of an extension; an exception becomes an `ExtensionError` that names the function."""
    try:
        return function()
    except (Exception, SystemExit) as error:
        raise extension.failed(f"{what} (day {day})", error) from error


class OwnIndicators:
    """The indicators of a scenario's extensions.

    Raises
    ------
    ExtensionError
        If the scenario watches an indicator that no extension declares.
    """

    def __init__(self, so_far: SoFar) -> None:
        self._so_far = so_far
        self._view = Reading(so_far)
        self._declared = so_far.scenario.extensions.of(Indicator)
        known = {f"{OWN}{indicator.name}" for _, indicator in self._declared}
        for watch in so_far.scenario.command.watches:
            if is_own(watch.indicator) and watch.indicator not in known:
                raise ExtensionError(
                    f"got the indicator {watch.indicator!r}, expected an extension that declares it, given "
                    "with --extension FILE (in Python, extensions=[file])"
                )

    def on(self, day: int, indicators: Mapping[str, float]) -> dict[str, float]:
        """Compute the indicators at the end of `day`, by the names that a scenario uses for them.

        The values before day 0, which extensions do not see, are NaN.

        Parameters
        ----------
        indicators
            The indicators of surgesim; they are written into the day's row, so that extensions can read them.
        """
        if not self._declared:
            return {}
        if day < 0:
            return {f"{OWN}{indicator.name}": np.nan for _, indicator in self._declared}
        row = self._so_far.province[day]
        for name in indicators.keys() & PROVINCE_INDEX.keys():
            row[PROVINCE_INDEX[name]] = indicators[name]
        self._so_far.day, self._so_far.indicators = day, indicators
        return {
            f"{OWN}{indicator.name}": self._value(extension, indicator)
            for extension, indicator in self._declared
        }

    def _value(self, extension: Extension, indicator: Indicator) -> float:
        what = f"the indicator {indicator.name!r}"
        value = call(extension, what, self._so_far.day, partial(indicator.measure, self._view))
        return extension.number(what, value)
