"""What the command sees of each district at the end of a day: indicators, one step over all districts.

Cases, need, deaths and who is reached are those of residents; beds are those of the facilities in the
district; who waits is counted where the patient is.
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
    """The indicators of a day.

    Attributes
    ----------
    indicators
        ``(districts,)`` by name.
    beds
        COVID beds by type and district.
    people
        ``(districts,)``.
    """

    indicators: dict[str, Floats]
    beds: DistrictBeds
    people: Ints

    def of(self, threshold: Threshold) -> Floats:
        """``(districts,)`` the values that a threshold is held against."""
        if threshold.indicator == "vacant_covid_beds_per_100k" and threshold.beds is not None:
            rate: Floats = self.beds.vacant_of(threshold.beds) * PER / self.people
            return rate
        return self.indicators[threshold.indicator]


def values_of(
    province: Province,
    wanted: Sequence[str],
    residents: Ints,
    table: Floats,
    day: int,
    reach: ReachCounts,
    counted: Sequence[str],
) -> DistrictValues:
    """The indicators `wanted` (of `indicators.BY_DISTRICT`) at the end of `day`; levels are not looked up.

    Parameters
    ----------
    counted
        The bed types that vacant beds are counted of.
    residents
        ``(districts,)``.
    table
        ``(days, districts, columns)`` the districts' record, filled up to row `day` but for indicators.
    """
    people = np.maximum(residents, 1)
    beds = DistrictBeds(province)

    def past(column: int) -> Floats:
        return window(table[:, :, column], day)

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
        "epidemic_level": lambda: np.full(len(people), np.nan),  # unless the scenario has a table
        "in_time_7d_share": lambda: reach.by_district("in_time_7d_share", day),
        "deaths_per_million": lambda: reach.by_district("deaths_per_million", day),
    }
    return DistrictValues({name: known[name]() for name in wanted}, beds, people)


class DistrictBeds:
    """COVID beds by type and district at the end of a day, counted when they are asked for."""

    def __init__(self, province: Province) -> None:
        self._province = province

    @cached_property
    def staffed(self) -> Floats:
        """``(3, districts)``; infinite where any of them are without limit."""
        return self._sum(self._province.wards.staffed)

    @cached_property
    def vacant(self) -> Floats:
        """``(3, districts)`` staffed beds neither occupied nor held; infinite likewise."""
        return self._sum(self._province.wards.vacant())

    def vacant_of(self, beds: Sequence[str]) -> Floats:
        """``(districts,)`` vacant beds of some types."""
        total: Floats = self.vacant[[BED_TYPES.index(bed) for bed in beds]].sum(axis=0)
        return total

    @property
    def icu_staffed(self) -> Floats:
        """``(districts,)`` all ICU beds that staff can look after, whoever lies in them."""
        staffed: Floats = self._sum([self._province.capacity.today.icu_staffed])[0]
        return staffed

    @property
    def icu_usable(self) -> Floats:
        """``(districts,)`` of them, those with a ventilator and oxygen too."""
        usable: Floats = self._sum([self._province.capacity.today.icu_usable])[0]
        return usable

    def occupancy(self, bed: int) -> Floats:
        """Share of the staffed beds of a type in use: 1 where there are none, 0 of beds without limit."""
        staffed, vacant = self.staffed[bed], self.vacant[bed]
        counted = np.isfinite(staffed) & (staffed > 0)
        share = np.where(np.isinf(staffed), 0.0, 1.0)
        share[counted] = (staffed[counted] - vacant[counted]) / staffed[counted]
        return share

    def _sum(self, by_facility: ArrayLike) -> Floats:
        """``(types, districts)`` beds of ``(types, facilities)``; below zero counts as none."""
        network, beds = self._province.network, np.array(by_facility)
        counted = np.where(beds >= UNLIMITED // 2, np.inf, np.maximum(beds, 0))
        where, districts = np.array(network.district_of), len(network.districts)
        return np.array([np.bincount(where, row, districts) for row in counted])
