"""Section `history`: the daily reports before the start."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Final, Self, TypeAlias

from pydantic import Field, model_validator

from surgesim.scenario.schema.base import Day, FrozenMapping, IncompleteError, Off, Section, Sequence_
from surgesim.scenario.schema.names import DistrictName
from surgesim.scenario.schema.numbers import LONGEST_RUN_DAYS, PatientsPerDay

if TYPE_CHECKING:
    import numpy as np

    Floats: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float64]]
    Integers: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]

FLOWS = ("reported_cases", "admissions", "deaths")
"""Series that count the events of a day."""

STOCKS = ("in_hospital", "on_oxygen", "icu")
"""Series that count the people present on a day."""

_WEEK: Final = 7

DailyCounts = Annotated[Sequence_[Off[PatientsPerDay]], Field(max_length=LONGEST_RUN_DAYS)]
"""One number for each day; null for a day without a report."""


class Reports(Section):
    """The daily reports of an area: one list for each series, with null for a day without a report.

    `on_oxygen` counts all patients with any respiratory support, including those in intensive care.
    """

    reported_cases: Off[DailyCounts] = None
    admissions: Off[DailyCounts] = None
    in_hospital: Off[DailyCounts] = None
    on_oxygen: Off[DailyCounts] = None
    icu: Off[DailyCounts] = None
    deaths: Off[DailyCounts] = None

    @property
    def given(self) -> dict[str, tuple[float | None, ...]]:
        """The reported series, by name."""
        named = ((name, getattr(self, name)) for name in type(self).model_fields)
        return {name: series for name, series in named if series is not None}


class History(Section):
    """Daily reports before the start, of the province or its districts.

    `file` (a CSV, relative to the scenario file) is read when the scenario is loaded and becomes the other
    keys. Every list begins on `first_day`; values from the start on are not used. Cases, admissions and
    deaths whose numbers are all at least seven days apart are weekly: each is the sum of the seven days that
    end with it, and every one of these days counts as a seventh. Reported cases,
    deaths and patients on oxygen replace the simulated ones in all windows and conditions that look back
    beyond day 0.
    """

    file: Off[str] = None
    first_day: Off[Day] = None
    province: Off[Reports] = None
    districts: FrozenMapping[DistrictName, Reports] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _something(self) -> Self:
        areas = (self.province, *self.districts.values())
        if self.first_day is None or not any(area is not None and area.given for area in areas):
            raise IncompleteError("got no reports, expected a file, or first_day and series of daily numbers")
        return self

    def before(self, start: date, districts: Iterable[str]) -> "Past":
        """Return the reports of the days before `start` in a province with these `districts`."""
        import numpy as np

        first = start if self.first_day is None else self.first_day
        offset = (first - start).days
        areas = {name: area.given for name, area in self.districts.items()}
        whole = {} if self.province is None else self.province.given
        every = [series for area in (whole, *areas.values()) for series in area.values()]
        days = max(min(max(map(len, every), default=0), -offset), 0)

        def array(key: str, series: tuple[float | None, ...]) -> "Floats":
            numbers = np.full(days, np.nan)
            part = [np.nan if number is None else number for number in series[:days]]
            numbers[: len(part)] = part
            return _by_day(numbers) if key in FLOWS else numbers

        of_districts = {
            name: {key: array(key, series) for key, series in area.items()} for name, area in areas.items()
        }
        province = {key: array(key, series) for key, series in whole.items()}
        wanted = tuple(districts)
        for key in Reports.model_fields:
            parts = [of_districts.get(name, {}).get(key) for name in wanted]
            numbers = [part for part in parts if part is not None]
            if key not in province and numbers and len(numbers) == len(wanted):
                province[key] = np.sum(numbers, axis=0)
        return Past(np.arange(offset, offset + days, dtype=np.int64), province, of_districts)


def _by_day(numbers: "Floats") -> "Floats":
    """Return a flow by day: the sum of a week, if values are at least a week apart, in seven equal parts."""
    import numpy as np

    known = np.flatnonzero(~np.isnan(numbers))
    if len(known) < 2 or (np.diff(known) < _WEEK).any():
        return numbers
    daily = np.full(len(numbers), np.nan)
    for last in known:
        daily[max(last - _WEEK + 1, 0) : last + 1] = numbers[last] / _WEEK
    return daily


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """The daily reports before the start, as arrays.

    Attributes
    ----------
    day
        Days relative to the start: the day before day 0 is -1. They rise by 1, without gaps.
    province
        People per day (`FLOWS`) or present on the day (`STOCKS`) in the province, by series and day; NaN
        where nothing was reported. A series that the province does not report is the sum of its districts
        if all of them report it.
    districts
        Like `province`, for each district.
    """

    day: "Integers"
    province: Mapping[str, "Floats"]
    districts: Mapping[str, Mapping[str, "Floats"]]

    def last(self, series: str, days: int) -> "Floats":
        """Return the values of the province on each of the last `days` days before the start.

        Days without a report are NaN.
        """
        import numpy as np

        values = np.full(days, np.nan)
        if series in self.province:
            recent = self.day >= -days
            values[self.day[recent]] = self.province[series][recent]
        return values
