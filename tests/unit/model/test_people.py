"""The population: whole people, contacts that both sides count alike, districts that mix."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import district, people

from surgesim.model.epidemic.people import apportion, populate, travel_hours
from surgesim.scenario.schema.people import People

CENSUS_AGES = [0.159, 0.14, 0.158, 0.166, 0.139, 0.114, 0.0755, 0.0286, 0.0199]


def section(**changes: Any) -> People:
    return People.model_validate_json(json.dumps(people(**changes)))


def towns(*populations: int, hours: float = 0.0) -> dict[str, Any]:
    return {f"d{i}": district(number, travel_hours=hours * i) for i, number in enumerate(populations)}


@pytest.mark.slow
@given(st.integers(0, 10**7), st.lists(st.floats(0, 1), min_size=1, max_size=12).filter(sum))
def test_apportioned_numbers_are_whole_add_up_and_are_within_one_of_their_share(
    total: int, shares: list[float]
) -> None:
    parts = apportion(total, np.array(shares))
    assert parts.sum() == total
    assert parts.min() >= 0
    exact = total * np.array(shares) / sum(shares)
    assert np.abs(parts - exact).max() <= 1 + 1e-6 * total


def test_the_largest_remainders_get_the_people_who_are_left() -> None:
    assert apportion(10, np.array([0.24, 0.46, 0.3])).tolist() == [2, 5, 3]
    assert apportion(1, np.array([1.0, 1.0, 1.0])).tolist() == [1, 0, 0]


@pytest.mark.slow
@given(st.lists(st.integers(1, 300_000), min_size=1, max_size=5), st.floats(0, 1))
def test_every_district_keeps_its_total_exactly(populations: list[int], high_risk: float) -> None:
    population = populate(section(districts=towns(*populations), ages=CENSUS_AGES, high_risk=high_risk))
    assert population.count.sum(axis=(1, 2)).tolist() == populations
    assert population.total == sum(populations)
    assert population.count.min() >= 0
    by_age = population.count.sum(axis=2)
    np.testing.assert_allclose(population.count[:, :, 1], by_age * high_risk, atol=0.5 + 1e-9)


def test_a_district_can_have_ages_of_its_own() -> None:
    young = [1.0] + [0.0] * 8
    districts = towns(1_000, 1_000)
    districts["d1"]["ages"] = young
    by_age = populate(section(districts=districts, ages=CENSUS_AGES)).count.sum(axis=2)
    assert by_age[0].tolist() == [159, 140, 158, 166, 139, 114, 75, 29, 20]  # 75.5, 28.6, 19.9
    assert by_age[1].tolist() == [1_000, 0, 0, 0, 0, 0, 0, 0, 0]


@pytest.mark.slow
@given(st.lists(st.lists(st.floats(0, 20), min_size=9, max_size=9), min_size=9, max_size=9))
def test_as_many_meetings_are_counted_from_each_side(table: list[list[float]]) -> None:
    settings = people()["contacts"] | {"work": table}
    population = populate(section(ages=CENSUS_AGES, contacts=settings))
    by_age = population.count.sum(axis=(0, 2))
    meetings = population.contacts * by_age[:, None]
    np.testing.assert_allclose(meetings, meetings.swapaxes(1, 2), rtol=1e-12, atol=1e-200)
    # the mean of both counts, unless one side would meet more in all than both rows together say
    rows, n = np.array(table), by_age.astype(float)
    whole = sum(np.array(settings[setting]) for setting in settings)
    for a in range(9):
        for b in range(9):
            mean = (n[a] * rows[a, b] + n[b] * rows[b, a]) / 2
            of_all = (n[a] * whole[a, b] + n[b] * whole[b, a]) / 2
            most = (whole[a, b] + whole[b, a]) * min(n[a], n[b])
            expected = mean * min(1.0, most / of_all)
            assert meetings[2, a, b] == pytest.approx(expected, rel=1e-9, abs=1e-200)


def test_a_table_to_70_and_over_is_split_by_population() -> None:
    table = [[1.0] * 7 + [3.0]] * 8  # everybody meets 3 people of 70 and over a day
    contacts = dict.fromkeys(("home", "school", "work", "community"), [[0.0] * 8] * 8) | {"home": table}
    population = populate(section(ages=[0.1] * 7 + [0.24, 0.06], contacts=contacts))
    home, by_age = population.contacts[0], population.count.sum(axis=(0, 2))
    np.testing.assert_allclose(home[7] * by_age[7] / (home[8] * by_age[8]), by_age[7] / by_age[8])
    np.testing.assert_allclose(home[7:, 7:].sum(axis=1), 3.0)
    assert home[7, 8] / home[7, 7] == pytest.approx(0.06 / 0.24)


@pytest.mark.slow
@given(
    st.lists(st.integers(1, 500_000), min_size=1, max_size=6),
    st.floats(0, 1),
    st.sampled_from([0.01, 2.0, 100.0]),
    st.sampled_from([0.0, 1.0, 9.0, 80.0]),
)
def test_mixing_shares_are_shares_and_as_many_travel_each_way(
    populations: list[int], outside: float, scale: float, hours: float
) -> None:
    province = section(
        districts=towns(*populations, hours=hours), outside_share=outside, distance_scale_hours=scale
    )
    mixing = populate(province).mixing
    assert mixing.min() >= 0  # one ulp below zero is a negative force of infection
    np.testing.assert_allclose(mixing.sum(axis=1), 1.0, rtol=1e-12)
    meetings = mixing * np.array(populations)[:, None]
    np.testing.assert_allclose(meetings, meetings.T, rtol=1e-9, atol=1e-9)


def test_a_fair_share_of_contacts_is_outside_and_falls_with_distance() -> None:
    mixing = populate(section(districts=towns(*[50_000] * 4, hours=2.0), outside_share=0.2)).mixing
    assert (1 - np.diag(mixing)).mean() == pytest.approx(0.2, abs=0.01)
    assert mixing[0, 1] > mixing[0, 2] > mixing[0, 3] > 0


def test_without_contacts_outside_districts_stay_apart() -> None:
    mixing = populate(section(districts=towns(10, 20, 30), outside_share=0.0)).mixing
    np.testing.assert_array_equal(mixing, np.eye(3))


def test_travel_is_by_way_of_the_centre_unless_the_pair_is_given() -> None:
    province = section(
        districts=towns(10, 10, 10, hours=3.0),  # 0, 3 and 6 hours from the centre
        travel={"d1": {"d2": 1.5}},
    )
    assert travel_hours(province).tolist() == [[0.0, 3.0, 6.0], [3.0, 0.0, 1.5], [6.0, 1.5, 0.0]]


def test_where_all_contacts_are_outside_two_towns_alike_meet_only_each_other() -> None:
    mixing = populate(section(districts=towns(500, 500), outside_share=1.0)).mixing
    assert mixing.tolist() == [[0.0, 1.0], [1.0, 0.0]]


@pytest.mark.parametrize(
    ("of_first", "of_second", "meetings"),
    [
        (4.0, 1.0, 87.5),  # of 25 people, the others being 75: the mean of 25 * 4 and 75 * 1
        (0.0, 10.0, 250.0),  # 375 would be 15 for each of 25, and both rows together say 10
    ],
)
def test_meetings_of_two_groups_are_the_mean_of_what_both_count(
    of_first: float, of_second: float, meetings: float
) -> None:
    nothing = [[0.0] * 9 for _ in range(9)]
    table = [list(row) for row in nothing]
    table[0][1], table[1][0] = of_first, of_second
    contacts = dict.fromkeys(("home", "school", "work", "community"), nothing) | {"work": table}
    population = populate(section(ages=[0.25, 0.75] + [0.0] * 7, contacts=contacts))
    both = population.contacts.sum(axis=0)
    assert both[0, 1] == pytest.approx(meetings / 25)
    assert both[1, 0] == pytest.approx(meetings / 75)
    assert both.sum() == pytest.approx(meetings / 25 + meetings / 75)
