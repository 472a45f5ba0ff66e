"""What is full at the end of a day, by facility and bed type."""

from __future__ import annotations

import pytest
from strategies import arrivals, build, facility, small

from surgesim.model.care.beds import ICU, UNLIMITED
from surgesim.model.care.network import Network
from surgesim.model.care.wards import Wards
from surgesim.model.columns import Page


@pytest.mark.parametrize(
    ("staffed", "occupied", "held", "full"),
    [
        (5, 4, 0, 0),
        (5, 5, 0, 1),
        (5, 3, 2, 1),
        (5, 3, 1, 0),
        (3, 5, 0, 1),  # beds have closed under patients, or the census was above them
        (0, 0, 0, 0),  # closed
        (0, 2, 0, 0),  # standing down
        (UNLIMITED, 10_000, 0, 0),
    ],
)
def test_full_is_each_staffed_bed_occupied_or_held(staffed: int, occupied: int, held: int, full: int) -> None:
    scenario = build(small(2, arrivals=arrivals(icu=[0, 0]), care={"facilities": {"alpha": facility()}}))
    wards = Wards(Network(scenario))
    wards.staffed[ICU][0], wards.icu.occupied[0], wards.icu.held[0] = staffed, occupied, held
    page = Page()
    wards.fill(page)
    assert page.facilities.values["full_icu"] == [full]
    assert page.facilities.values["held_icu"] == [held]
    assert page.facilities.values["full_oxygen"] == page.facilities.values["full_basic"] == [0]
