"""The indicators of the districts at the end of a day, computed in one step over all districts.

Cases, need, deaths and timely access refer to residents; beds refer to facilities in the district;
waiting patients count in the district where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surgesim.model.care.beds import ICU, OXYGEN, UNLIMITED
from surgesim.model.command.indicators import window
from surgesim.model.command.reach import ReachCounts
from surgesim.model.province import Province
from surgesim.model.record import DISTRICT_INDEX, PER, PRESENT
from surgesim.scenario.schema.base import BED_TYPES
from surgesim.scenario.schema.command import Threshold

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DistrictValues:
    """The indicators of the districts on one day.

    Attributes
    ----------
    indicators
        Values of each indicator, ``(districts,)``, by name.
    beds
        COVID beds by type and district.
    people
        ``(districts,)`` residents, at least 1.
    """

    indicators: dict[str, Floats]
    beds: DistrictBeds
    people: Ints

    def of(self, threshold: Threshold) -> Floats:
        """Return the districts' values to compare with a threshold, ``(districts,)``."""
        if threshold.indicator == "vacant_covid_beds_per_100k" and threshold.beds is not None:
            rate: Floats = self.beds.vacant_of(threshold.beds) * PER / self.people
            return rate
        return self.indicators[threshold.indicator]


def values_of(
    province: Province,
    names: Sequence[str],
    residents: Ints,
    table: Floats,
    day: int,
    row: int,
    reach: ReachCounts,
    counted: Sequence[str],
) -> DistrictValues:
    """Compute the indicators `names` (from `indicators.BY_DISTRICT`) at the end of `day`, except levels.

    Parameters
    ----------
    counted
        The bed types included in vacant beds.
    residents
        ``(districts,)`` residents.
    table
        ``(rows, districts, columns)``: the districts' record up to `row`, without columns of indicators.
    """
    people = np.maximum(residents, 1)
    beds = DistrictBeds(province)

    def past(column: int) -> Floats:
        return window(table[:, :, column], row)

    def weekly(name: str) -> Floats:
        rate: Floats = past(DISTRICT_INDEX[name]).sum(axis=0) * PER / people
        return rate

    def need() -> Floats:
        present = past(PRESENT)
        mean: Floats = present.sum(axis=0) * PER / (people * len(present))
        return mean

    known: Mapping[str, Callable[[], Floats]] = {
        "weekly_reported_cases_per_100k": lambda: weekly("reported_cases"),
        "oxygen_need_7d_per_100k": need,
        "patients_without_bed": lambda: np.array(province.journey.waits.without_bed_by_district(), float),
        "vacant_covid_beds_per_100k": lambda: beds.vacant_of(counted) * PER / people,
        "staffed_icu_beds_per_100k": lambda: beds.icu_staffed * PER / people,
        "usable_icu_beds_per_100k": lambda: beds.icu_usable * PER / people,
        "oxygen_occupancy": lambda: beds.occupancy(OXYGEN),
        "icu_occupancy": lambda: beds.occupancy(ICU),
        "deaths_7d_per_100k": lambda: weekly("deaths"),
        "epidemic_level": lambda: np.full(len(people), np.nan),  # levels are looked up later
        "in_time_7d_share": lambda: reach.by_district("in_time_7d_share", day),
        "deaths_per_million": lambda: reach.by_district("deaths_per_million", day),
    }
    return DistrictValues({name: known[name]() for name in names}, beds, people)


class DistrictBeds:
    """The COVID beds by type and district at the end of a day, computed when needed."""

    def __init__(self, province: Province) -> None:
        self._province = province

    @cached_property
    def staffed(self) -> Floats:
        """``(3, districts)`` staffed beds; infinite where some of a district's beds are unlimited."""
        return self._sum(self._province.wards.staffed)

    @cached_property
    def vacant(self) -> Floats:
        """``(3, districts)`` staffed beds neither occupied nor held; infinite where some are unlimited."""
        return self._sum(self._province.wards.vacant())

    def vacant_of(self, beds: Sequence[str]) -> Floats:
        """Return the vacant beds of the given types, ``(districts,)``."""
        total: Floats = self.vacant.take([BED_TYPES.index(bed) for bed in beds], axis=0).sum(axis=0)
        return total

    @property
    def icu_staffed(self) -> Floats:
        """``(districts,)`` all ICU beds, COVID or not, that staff can look after."""
        staffed: Floats = self._sum([self._province.capacity.today.icu_staffed])[0]
        return staffed

    @property
    def icu_usable(self) -> Floats:
        """``(districts,)`` beds in `icu_staffed` that also have a ventilator and oxygen."""
        usable: Floats = self._sum([self._province.capacity.today.icu_usable])[0]
        return usable

    def occupancy(self, bed: int) -> Floats:
        """Return the occupancy of staffed beds of a type: 1 if there are none, 0 if they are unlimited."""
        staffed, vacant = self.staffed[bed], self.vacant[bed]
        counted = np.isfinite(staffed) & (staffed > 0)
        share = np.where(np.isinf(staffed), 0.0, 1.0)
        share[counted] = (staffed[counted] - vacant[counted]) / staffed[counted]
        return share

    def _sum(self, by_facility: ArrayLike) -> Floats:
        """Sum ``(types, facilities)`` beds to ``(types, districts)``; negative numbers count as 0."""
        network, beds = self._province.network, np.array(by_facility)
        counted = np.where(beds >= UNLIMITED // 2, np.inf, np.maximum(beds, 0))
        districts = len(network.districts)
        return np.array([np.bincount(network.district_index, row, districts) for row in counted])
