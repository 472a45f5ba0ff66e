"""Facilities: how many beds rules have opened, what replaces what, and the state each is in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import facility

from surgesim.model.capacity.facilities import CLOSED, OPEN, PREPARING, STANDING_DOWN, Facilities, Site
from surgesim.model.care.beds import UNLIMITED
from surgesim.scenario.schema.care import Care, Facility


def site(**section: Any) -> Site:
    plain = {"oxygen": 100, "icu": 10, "basic": 50} | section
    return Site("alpha", Facility.model_validate_json(json.dumps(facility(**plain))))


def beds_at(share: float, **section: Any) -> tuple[int, int, int]:
    one = site(**section)
    one.shares["rule"] = share
    one.refresh()
    return one.beds


@pytest.mark.parametrize(("share", "beds"), [(0.0, (10, 20, 2)), (0.5, (25, 50, 5)), (1.0, (40, 80, 8))])
def test_conversion_goes_from_the_share_at_the_start_to_what_can_convert(
    share: float, beds: tuple[int, int, int]
) -> None:
    assert beds_at(share, covid_share=0.2, convertible_share=0.8) == beds


def test_beds_are_whole_and_no_bed_is_lost_to_rounding() -> None:
    assert beds_at(0.0, covid_share=0.1, icu=10, oxygen=30, basic=19) == (1, 3, 1)
    # in floats 0.29 * 100 is 28.999999999999996
    assert beds_at(0.29, open_at_start=False, basic=100, oxygen=100, icu=0) == (29, 29, 0)


def test_a_closed_facility_opens_by_phases() -> None:
    assert site(open_at_start=False).beds == (0, 0, 0)
    assert beds_at(0.3, open_at_start=False) == (15, 30, 3)
    assert beds_at(1.0, open_at_start=False) == (50, 100, 10)


def test_conversion_equips_oxygen_beds_for_intensive_care_up_to_the_target() -> None:
    for share, oxygen, icu in ((0.0, 100, 10), (0.5, 80, 30), (1.0, 60, 50)):
        converting = site(covid_share=1.0, convertible_share=1.0, icu_target=50)
        converting.shares["rule"] = share
        converting.refresh()
        assert converting.beds[1:] == (oxygen, icu)
        assert converting.total[2] == icu


@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 60), st.integers(0, 20), st.integers(0, 60))
def test_equipping_for_intensive_care_loses_no_bed(
    share: float, covid: float, oxygen: int, icu: int, more: int
) -> None:
    target = icu + min(more, oxygen)
    one = site(oxygen=oxygen, icu=icu, covid_share=covid, convertible_share=1.0, icu_target=target)
    one.shares["rule"] = share
    one.refresh()
    assert one.total[1] + one.total[2] == oxygen + icu
    assert 0 <= one.beds[2] <= one.total[2] <= target
    assert 0 <= one.beds[1] <= one.total[1]


def test_all_icu_beds_count_whoever_lies_in_them() -> None:
    assert site(covid_share=0.2).total[2] == 10
    assert site(open_at_start=False).total[2] == 0


def test_the_rule_that_has_reached_most_counts() -> None:
    two = site(covid_share=0.0, convertible_share=1.0)
    two.shares |= {"early": 0.6, "late": 0.2}
    two.refresh()
    assert two.beds[1] == 60
    del two.shares["early"]
    two.refresh()
    assert two.beds[1] == 20


@pytest.mark.parametrize(("share", "beds"), [(0.0, 0), (0.01, UNLIMITED), (1.0, UNLIMITED)])
def test_a_part_of_unlimited_beds_is_unlimited(share: float, beds: int) -> None:
    assert beds_at(share, open_at_start=False, oxygen="unlimited")[1] == beds


# -- several facilities ---------------------------------------------------------------------------


def province(**sites: Any) -> Facilities:
    care = Care.model_validate_json(json.dumps({"facilities": sites}))
    facilities = Facilities(care)
    facilities.take_changes()
    return facilities


def centre_on_a_hospitals_site() -> Facilities:
    return province(
        hospital=facility(oxygen=200),
        centre=facility(oxygen=1_800, open_at_start=False, replaces=["hospital"]),
    )


def state(facilities: Facilities, name: str, occupied: int = 0) -> int:
    one = facilities.sites[facilities.index(name)]
    return one.state(any(one.beds), occupied)


def oxygen(facilities: Facilities) -> dict[str, int]:
    return {one.name: one.beds[1] for one in facilities.sites}


def test_what_a_centre_replaces_takes_nobody_from_the_order_until_the_centre_is_empty() -> None:
    facilities = centre_on_a_hospitals_site()
    nobody = [0, 0]
    assert oxygen(facilities) == {"hospital": 200, "centre": 0}
    facilities.prepare("open", ["centre"])
    assert oxygen(facilities) == {"hospital": 0, "centre": 0}
    assert state(facilities, "centre") == PREPARING
    facilities.give_back(nobody.__getitem__)
    assert oxygen(facilities)["hospital"] == 0  # preparing is not closed
    facilities.set_share("open", ["centre"], 0.5)
    assert oxygen(facilities) == {"hospital": 0, "centre": 900}
    assert state(facilities, "centre") == OPEN
    facilities.end("open", ["centre"])
    assert oxygen(facilities) == {"hospital": 0, "centre": 0}
    assert state(facilities, "centre", occupied=3) == STANDING_DOWN
    facilities.give_back([0, 3].__getitem__)
    assert oxygen(facilities)["hospital"] == 0  # three patients still lie in the centre
    assert state(facilities, "centre") == CLOSED
    facilities.give_back(nobody.__getitem__)
    assert oxygen(facilities) == {"hospital": 200, "centre": 0}


def test_what_two_replace_is_given_back_by_both() -> None:
    facilities = province(
        hospital=facility(oxygen=200),
        one=facility(oxygen=10, open_at_start=False, replaces=["hospital"]),
        two=facility(oxygen=20, open_at_start=False, replaces=["hospital"]),
    )
    facilities.set_share("a", ["one"], 1.0)
    for name in ("one", "two"):
        facilities.prepare(name, [name])
        facilities.set_share(name, [name], 1.0)
    facilities.end("one", ["one"])
    facilities.end("a", ["one"])
    facilities.give_back([0, 0, 0].__getitem__)
    assert oxygen(facilities)["hospital"] == 0
    facilities.end("two", ["two"])
    facilities.give_back([0, 0, 0].__getitem__)
    assert oxygen(facilities)["hospital"] == 200


def test_only_what_has_changed_is_told() -> None:
    facilities = centre_on_a_hospitals_site()
    assert facilities.take_changes() == []
    facilities.prepare("open", ["centre"])
    assert facilities.take_changes() == [0]
    facilities.set_share("open", ["centre"], 1.0)
    assert facilities.take_changes() == [1]
    assert facilities.openings == 1
