"""The series that data may contain, and the columns of a replication's record from which each is computed.

To support another series, add an entry to `SERIES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from surgesim.model.record import DISTRICT_INDEX, FACILITY_INDEX, PROVINCE_INDEX, Record
from surgesim.scenario.schema.scenario import Scenario

Floats = NDArray[np.float64]

PROVINCE: Final = ""
"""The area name that stands for the whole province."""


@dataclass(frozen=True, slots=True)
class Series:
    """A series of data, and the daily columns of the model that add up to it.

    Attributes
    ----------
    columns
        Columns in the record of the province.
    is_flow
        True for a number per day, which adds up over a week; False for a number at the end of the day.
    district
        Column in the record of the districts; None if that record has no such column.
    facilities
        True if the value of a district is the sum of the same columns over its facilities.
    """

    columns: tuple[str, ...]
    is_flow: bool
    district: str | None = None
    facilities: bool = False

    @property
    def by_district(self) -> bool:
        """True if data may be given by district."""
        return self.district is not None or self.facilities


SERIES: Final = {
    "reported_cases": Series(("reported_cases",), True, "reported_cases"),
    "admissions": Series(("admissions_oxygen", "admissions_icu"), True),
    "in_hospital": Series(("occupied_basic", "occupied_oxygen", "occupied_icu"), False, facilities=True),
    "on_oxygen": Series(("occupied_oxygen", "occupied_icu"), False, facilities=True),
    "icu": Series(("occupied_icu",), False, facilities=True),
    "deaths": Series(("deaths",), True, "deaths"),
}


def daily(record: Record, scenario: Scenario, name: str, area: str) -> Floats:
    """Return the daily values of a series in a replication, ``(days,)``, for the province or a district."""
    series = SERIES[name]
    if area == PROVINCE:
        columns = [PROVINCE_INDEX[column] for column in series.columns]
        total: Floats = record.province[:, columns].sum(axis=1)
    elif series.district is not None:
        total = record.districts[
            :, list(scenario.people.districts).index(area), DISTRICT_INDEX[series.district]
        ]
    else:
        there = [facility.district == area for facility in scenario.care.facilities.values()]
        columns = [FACILITY_INDEX[column] for column in series.columns]
        total = record.facilities[:, there][:, :, columns].sum(axis=(1, 2))
    return total
