"""The indicators of the districts, computed in one step over all districts and consecutive days.

Cases, need, deaths and timely access refer to residents; beds refer to facilities in the district;
waiting patients count in the district where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from surgesim.model.care.beds import ICU, OXYGEN
from surgesim.model.command.indicators import days_in_week, occupancy, weekly
from surgesim.model.command.reach import ReachCounts
from surgesim.model.record import DISTRICT_INDEX, FACILITY_INDEX, PER, PRESENT
from surgesim.scenario.schema.base import BED_TYPES
from surgesim.scenario.schema.command import Threshold

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DistrictValues:
    """The indicators of the districts on consecutive days.

    Attributes
    ----------
    indicators
        Values of each indicator, ``(days, districts)``, by name.
    beds
        COVID beds by type and district.
    people
        ``(districts,)`` residents, at least 1.
    """

    indicators: dict[str, Floats]
    beds: DistrictBeds
    people: Ints

    def of(self, threshold: Threshold) -> Floats:
        """Return the districts' values to compare with a threshold, ``(days, districts)``."""
        if threshold.indicator == "vacant_covid_beds_per_100k" and threshold.beds is not None:
            rate: Floats = self.beds.vacant_of(threshold.beds) * PER / self.people
            return rate
        return self.indicators[threshold.indicator]


def values_of(
    names: Sequence[str],
    residents: Ints,
    table: Floats,
    rows: slice,
    beds: DistrictBeds,
    without_bed: Floats,
    reach: ReachCounts,
    counted: Sequence[str],
) -> DistrictValues:
    """Compute the indicators `names` (from `indicators.BY_DISTRICT`) at consecutive `rows`, except levels.

    Parameters
    ----------
    residents
        ``(districts,)`` residents.
    table
        ``(rows, districts, columns)``: the districts' record up to the last row, without indicators.
    beds, without_bed
        The beds of the districts, and ``(days, districts)`` patients without a bed, at `rows`.
    counted
        The bed types included in vacant beds.
    """
    people = np.maximum(residents, 1)

    def week(column: int) -> Floats:
        rate: Floats = weekly(table[:, :, column], rows) * PER
        return rate

    known: Mapping[str, Callable[[], Floats]] = {
        "weekly_reported_cases_per_100k": lambda: week(DISTRICT_INDEX["reported_cases"]) / people,
        "oxygen_need_7d_per_100k": lambda: week(PRESENT) / (people * days_in_week(rows)[:, None]),
        "patients_without_bed": lambda: without_bed,
        "vacant_covid_beds_per_100k": lambda: beds.vacant_of(counted) * PER / people,
        "staffed_icu_beds_per_100k": lambda: beds.icu_staffed * PER / people,
        "usable_icu_beds_per_100k": lambda: beds.icu_usable * PER / people,
        "oxygen_occupancy": lambda: beds.occupancy(OXYGEN),
        "icu_occupancy": lambda: beds.occupancy(ICU),
        "deaths_7d_per_100k": lambda: week(DISTRICT_INDEX["deaths"]) / people,
        "epidemic_level": lambda: np.full(without_bed.shape, np.nan),  # levels are looked up later
        "in_time_7d_share": lambda: reach.by_district("in_time_7d_share", rows),
        "deaths_per_million": lambda: reach.by_district("deaths_per_million", rows),
    }
    return DistrictValues({name: known[name]() for name in names}, beds, people)


class DistrictBeds:
    """The COVID beds by type and district at the end of consecutive days, computed when needed.

    Parameters
    ----------
    facilities
        ``(days, facilities, columns)``: the facilities' record.
    icu
        ``(2, days, facilities)`` all ICU beds, COVID or not: those that staff can look after, and those of
        them that also have a ventilator and oxygen.
    district_of
        The district of each facility.
    """

    def __init__(self, facilities: Floats, icu: Floats, district_of: Ints, districts: int) -> None:
        self._facilities = facilities
        self._icu = icu
        self._in = [np.flatnonzero(district_of == district) for district in range(districts)]

    @cached_property
    def staffed(self) -> Floats:
        """``(3, days, districts)`` staffed beds; infinite where some of a district's are unlimited."""
        return self._sum(self._by_bed("staffed"))

    @cached_property
    def vacant(self) -> Floats:
        """``(3, days, districts)`` staffed beds neither occupied nor held; infinite if unlimited."""
        return self._sum(self._by_bed("staffed") - self._by_bed("occupied") - self._by_bed("held"))

    def vacant_of(self, beds: Sequence[str]) -> Floats:
        """Return the vacant beds of the given types, ``(days, districts)``."""
        total: Floats = self.vacant.take([BED_TYPES.index(bed) for bed in beds], axis=0).sum(axis=0)
        return total

    @property
    def icu_staffed(self) -> Floats:
        """``(days, districts)`` all ICU beds, COVID or not, that staff can look after."""
        return self._sum(self._icu[0])

    @property
    def icu_usable(self) -> Floats:
        """``(days, districts)`` beds in `icu_staffed` that also have a ventilator and oxygen."""
        return self._sum(self._icu[1])

    def occupancy(self, bed: int) -> Floats:
        """Return the occupancy of staffed beds of a type: 1 if there are none, 0 if they are unlimited."""
        return occupancy(self.vacant[bed], self.staffed[bed])

    def _by_bed(self, what: str) -> Floats:
        columns = [FACILITY_INDEX[f"{what}_{bed}"] for bed in BED_TYPES]
        return np.moveaxis(self._facilities[:, :, columns], -1, 0)

    def _sum(self, by_facility: Floats) -> Floats:
        """Sum ``(…, facilities)`` beds to ``(…, districts)``; negative numbers count as 0."""
        counted = np.maximum(by_facility, 0.0)
        return np.stack([counted[..., place].sum(axis=-1) for place in self._in], axis=-1)
