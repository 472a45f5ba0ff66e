"""A group or a district that goes to nobody changes nothing for the others."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from strategies import Plain, district, people

from surgesim.model.epidemic.people import MOST_OUTSIDE, RARE, Population, populate
from surgesim.model.epidemic.spread import next_generation
from surgesim.scenario.schema.people import People

pytestmark = pytest.mark.slow

EVERYBODY = 10_000_000
SETTINGS = ("home", "school", "work", "community")
few = st.sampled_from([1, 10, 100])


def population(**changes: Any) -> Population:
    return populate(People.model_validate_json(json.dumps(people(**changes))))


def tables(size: int) -> st.SearchStrategy[Plain]:
    """Contact tables of which the rows do not agree, as published ones do not."""
    rates = st.lists(
        st.lists(st.floats(0.05, 12), min_size=size, max_size=size), min_size=size, max_size=size
    )
    return st.fixed_dictionaries(dict.fromkeys(SETTINGS, rates))


def ages_with(number: int, group: int, weights: list[int]) -> list[float]:
    """Shares of ages where `number` of everybody are of `group`."""
    others = np.array(weights, float)
    others[group] = 0
    shares = others / others.sum() * (EVERYBODY - number) / EVERYBODY
    shares[group] = number / EVERYBODY
    return [float(share) for share in shares]


weighted = st.lists(st.integers(1, 8), min_size=9, max_size=9)


@given(st.sampled_from([8, 9]).flatmap(tables), st.integers(0, 8), few, weighted)
def test_an_age_group_of_hardly_anybody_changes_neither_contacts_nor_r0(
    contacts: Plain, group: int, number: int, weights: list[int]
) -> None:
    towns = {"town": district(EVERYBODY)}
    without = population(districts=towns, contacts=contacts, ages=ages_with(0, group, weights))
    with_few = population(districts=towns, contacts=contacts, ages=ages_with(number, group, weights))
    others = np.arange(9) != group
    kept = np.ix_(range(4), others, others)
    np.testing.assert_allclose(with_few.contacts[kept], without.contacts[kept], rtol=1e-3)
    assert with_few.contacts[:, others, group].max() <= 24 * number / (0.01 * EVERYBODY)
    # who is of it has about the contacts that the table tells, however few they are
    assert with_few.contacts[:, group].sum(axis=-1).max() <= 2 * 9 * 12
    susceptibility = np.linspace(0.5, 1.5, 9)
    assert next_generation(with_few, susceptibility) == pytest.approx(
        next_generation(without, susceptibility), rel=0.02 * number / 100 + 1e-4
    )


def theory_of_r0(contacts: np.ndarray, number: np.ndarray, susceptibility: np.ndarray) -> float:
    """Dominant eigenvalue of the groups that hold people, each pair's meetings the mean of both counts."""
    held = np.flatnonzero(number)
    meetings = (contacts * number[:, None])[np.ix_(held, held)]
    per_person = (meetings + meetings.T) / 2 / number[held][:, None]
    return float(np.abs(np.linalg.eigvals(susceptibility[held][:, None] * per_person)).max())


@given(st.sets(st.integers(0, 8), min_size=1, max_size=8), st.integers(0, 30))
def test_r0_is_that_of_the_groups_that_hold_people(empty: set[int], number: int) -> None:
    rng = np.random.default_rng(len(empty) * 100 + number)
    made = rng.uniform(0.5, 4, (9, 9))
    contacts = (made + made.T) / 2 / 9  # as many each way where groups are of one size
    shares = np.full(9, (EVERYBODY - number * len(empty)) / EVERYBODY / (9 - len(empty)))
    shares[list(empty)] = number / EVERYBODY
    town = population(
        districts={"town": district(EVERYBODY)},
        contacts=dict.fromkeys(SETTINGS, contacts.tolist()),
        ages=shares.tolist(),
    )
    held = town.count.sum(axis=(0, 2)) * (shares > RARE)
    susceptibility = np.linspace(0.4, 1.4, 9)
    expected = theory_of_r0(4 * contacts, held.astype(float), susceptibility)
    assert next_generation(town, susceptibility) == pytest.approx(expected, rel=2e-4 * number + 1e-6)


hours = st.sampled_from([0.0, 0.5, 3.0, 24.0, 400.0])
outside = st.sampled_from([0.05, 0.15, 0.5, 0.9])


@given(
    st.lists(st.integers(200_000, 900_000), min_size=1, max_size=4), st.lists(hours, min_size=5), few, outside
)
@example([500_000, 500_000], [0.0, 24.0, 0.0], 1, 0.15)  # the hamlet is the only place that is near
@example([500_000, 500_000], [0.0, 6.0, 0.0, 0.0, 0.0], 10, 0.15)
def test_a_hamlet_does_not_change_how_others_mix(
    populations: list[int], away: list[float], number: int, share: float
) -> None:
    places = {f"d{i}": district(n, travel_hours=away[i]) for i, n in enumerate(populations)}
    hamlet = {"hamlet": district(number, travel_hours=away[len(populations)])}
    without = population(districts=places, outside_share=share)
    with_it = population(districts=places | hamlet, outside_share=share)
    n = len(populations)
    assert np.abs(with_it.mixing[:n, :n] - without.mixing).max() <= 3 * number / 200_000
    assert with_it.mixing[:n, n].max() <= number / 200_000
    assert 1 - with_it.mixing[n, n] <= min(1.0, MOST_OUTSIDE * share) + 1e-12
    np.testing.assert_allclose(with_it.mixing.sum(axis=1), 1.0, rtol=1e-12)
    susceptibility = np.ones(9)
    assert next_generation(with_it, susceptibility) == pytest.approx(
        next_generation(without, susceptibility), rel=0.01
    )


@given(st.integers(0, 8), few, outside | st.just(0.0), st.booleans())
def test_a_hamlet_with_ages_of_its_own_does_not_govern_r0(
    group: int, number: int, share: float, apart: bool
) -> None:
    rng = np.random.default_rng(group)
    contacts = dict.fromkeys(SETTINGS, rng.uniform(0.2, 3, (9, 9)).tolist())
    young, old = [0.25] * 4 + [0.0] * 5, [0.0] * 4 + [0.2] * 5
    places = {
        "a": district(2_000_000, ages=young if apart else None),
        "b": district(3_000_000, travel_hours=3.0, ages=old if apart else None),
    }
    places = {name: {k: v for k, v in one.items() if v is not None} for name, one in places.items()}
    own = [float(i == group) for i in range(9)]
    hamlet = {"hamlet": district(number, travel_hours=1.0, ages=own)}
    without = population(districts=places, contacts=contacts, outside_share=share)
    with_it = population(districts=places | hamlet, contacts=contacts, outside_share=share)
    susceptibility = np.linspace(1.4, 0.6, 9)
    assert next_generation(with_it, susceptibility) == pytest.approx(
        next_generation(without, susceptibility), rel=0.005
    )


@pytest.mark.parametrize("share", [0.0, 0.15])
@pytest.mark.parametrize("number", [9, 90])
def test_a_hamlet_of_all_ages_does_not_govern_districts_that_lack_some(share: float, number: int) -> None:
    """Its own generation grows the fastest: it alone has young and old together."""
    places = {
        "a": district(2_000_000, ages=[0.25] * 4 + [0.0] * 5),
        "b": district(3_000_000, travel_hours=3.0, ages=[0.0] * 4 + [0.2] * 5),
    }
    hamlet = {"hamlet": district(number, travel_hours=1.0, ages=[1 / 9] * 9)}
    without = next_generation(population(districts=places, outside_share=share), np.ones(9))
    with_it = population(districts=places | hamlet, outside_share=share)
    alone = next_generation(population(districts=hamlet), np.ones(9))
    assert alone > 1.2 * without
    assert next_generation(with_it, np.ones(9)) == pytest.approx(without, rel=0.001)


@given(st.integers(0, 8), st.sampled_from([1, 10]))
def test_a_few_of_an_age_in_a_district_are_not_met_by_all_of_it(group: int, number: int) -> None:
    """The district lacks an age that others have; a few people of it make no difference."""
    size = 1_000_000
    ages = np.full(9, 1.0)
    ages[group] = 0
    lacking = (ages / ages.sum()).tolist()
    rest = ages / ages.sum() * (size - number) / size
    rest[group] = number / size
    roots = []
    for own in (lacking, rest.tolist()):
        places = {"a": district(size, ages=own), "b": district(50_000, travel_hours=1.0)}
        towns = population(districts=places)
        roots.append(next_generation(towns, np.ones(9)))
        prevalence = 1 / towns.contact_pool[0, group]  # of one infected person there
        if towns.count[0, group].sum():
            assert prevalence <= 1 / (min(RARE, 0.004) * size)
    assert roots[1] == pytest.approx(roots[0], rel=0.003)


@given(st.integers(0, 8), st.integers(0, 8), st.integers(1, 10**6), st.integers(1, 10**6))
def test_contacts_move_by_little_when_a_group_does(a: int, b: int, first: int, second: int) -> None:
    """No jump at any size, the one at which a group becomes rare among them."""
    assume(a != b)
    weights = np.full(9, EVERYBODY / 9)
    weights[a], weights[b] = first, second
    moved = weights.copy()
    moved[a] *= 1.001
    contacts = dict.fromkeys(SETTINGS, (np.outer(np.arange(1, 10), np.arange(9, 0, -1)) / 10).tolist())
    towns = {"town": district(9 * 10**8)}  # so that whole people are no jumps themselves
    one, other = (
        next_generation(
            population(districts=towns, contacts=contacts, ages=(w / w.sum()).tolist()), np.ones(9)
        )
        for w in (weights, moved)
    )
    assert other == pytest.approx(one, rel=0.002)
