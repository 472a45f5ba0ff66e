"""Wards: the beds of all facilities by type (basic, oxygen, ICU), staffed and occupied.

The numbers of staffed beds are stored only here: `BedPool` and `BasicBeds` share the lists.
"""

from __future__ import annotations

from operator import sub

import numpy as np
from numpy.typing import NDArray

from surgesim.model.care.beds import BASIC, ICU, OXYGEN, UNLIMITED, BedPool, number_of_beds
from surgesim.model.care.network import Network
from surgesim.model.columns import Column, Page, by_bed
from surgesim.scenario.schema.base import BED_TYPES

Ints = NDArray[np.int64]

COLUMNS = (
    *by_bed("staffed", "beds", "{bed} beds open to COVID patients that are staffed, equipped and supplied"),
    *by_bed("occupied", "beds", "{bed} beds with a COVID patient"),
    *by_bed("held", "beds", "{bed} beds held for a patient on the way"),
    *by_bed("vacant", "beds", "{bed} staffed beds neither occupied nor held"),
)
FACILITY = (
    Column("staffed_basic", "beds", "basic beds that are open, staffed, equipped and supplied"),
    Column("staffed_oxygen", "beds", "oxygen beds that are open, staffed, equipped and supplied"),
    Column("staffed_icu", "beds", "ICU beds that are open, staffed, equipped and supplied"),
    Column("occupied_basic", "beds", "basic beds with a mild case"),
    Column("occupied_oxygen", "beds", "oxygen beds with a patient"),
    Column("occupied_icu", "beds", "ICU beds with a patient"),
)
FULL = (
    *by_bed("held", "beds", "{bed} beds held for a patient on the way"),
    *by_bed(
        "full",
        "0 or 1",
        "1 if the facility has staffed {bed} beds, not unlimited, and each of them is occupied or held",
    ),
)
"""Columns of held beds and full facilities in the facilities' table."""


class Wards:
    """The beds of each type and facility.

    Attributes
    ----------
    staffed
        For each bed type, a list of the number of beds that admit patients, by facility; 0 at first.
    staffed_normally
        For each bed type, a list of the number of beds staffed at normal ratios, by facility; care in further
        beds is understaffed. Unlimited where no surge ratios are in use.
    mild
        ``(facilities,)`` people in basic beds.
    oxygen, icu
        The bed pools, in which patients are simulated individually.
    """

    def __init__(self, network: Network) -> None:
        n = len(network.facilities)
        self.staffed = ([0] * n, [0] * n, [0] * n)
        self.staffed_normally = ([UNLIMITED] * n, [UNLIMITED] * n, [UNLIMITED] * n)
        self.mild = np.zeros(n, np.int64)
        self.oxygen = BedPool(network, self.staffed[OXYGEN])
        self.icu = BedPool(network, self.staffed[ICU])

    def occupied(self) -> Ints:
        """``(3, facilities)`` COVID patients present, by bed type."""
        present = np.empty((3, len(self.mild)), np.int64)
        present[BASIC], present[OXYGEN], present[ICU] = self.mild, self.oxygen.occupied, self.icu.occupied
        return present

    def present(self, facility: int) -> int:
        """Return the number of COVID patients in a facility."""
        return int(self.mild[facility]) + self.oxygen.occupied[facility] + self.icu.occupied[facility]

    def vacant(self) -> Ints:
        """``(3, facilities)`` staffed beds neither occupied nor held; negative if too many are in use."""
        vacant = np.array(self.staffed)
        vacant[BASIC] -= self.mild
        vacant[OXYGEN], vacant[ICU] = self.oxygen.free, self.icu.free
        return vacant

    def fill(self, page: Page) -> None:
        """Record the beds; a facility without staffed beds of a type is not full, but closed."""
        mild = self.mild.tolist()
        occupied = [mild, self.oxygen.occupied, self.icu.occupied]
        held = [[0] * len(mild), self.oxygen.held, self.icu.held]
        free = (
            sum([vacant for vacant in map(sub, self.staffed[BASIC], mild) if vacant > 0]),
            self.oxygen.total_free,
            self.icu.total_free,
        )
        for bed, name in enumerate(BED_TYPES):
            beds, present, kept = self.staffed[bed], occupied[bed], held[bed]
            number = sum(beds)
            page.province.values |= {
                f"staffed_{name}": number_of_beds(number),
                f"occupied_{name}": sum(present),
                f"held_{name}": sum(kept),
                f"vacant_{name}": number_of_beds(max(free[bed], 0)) if number < UNLIMITED else np.inf,
            }
            page.facilities.values |= {
                f"staffed_{name}": beds if number < UNLIMITED // 2 else list(map(number_of_beds, beds)),
                f"occupied_{name}": present,
                f"held_{name}": kept,
                f"full_{name}": [
                    0 < most <= used + on_the_way
                    for most, used, on_the_way in zip(beds, present, kept, strict=True)
                ],
            }
