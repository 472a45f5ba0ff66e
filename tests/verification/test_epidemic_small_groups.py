"""R0 and final size where age groups and districts hold nobody, or hardly anybody.

The theory is that of the next generation over the cells that hold people, by none of the model's code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from strategies import Plain, build, clinical, district, people, severity, small, variant

from surgesim.model.simulation import run_once

pytestmark = pytest.mark.slow

LARGE = 50_000_000
SEEDS = 20_000
SETTINGS = ("home", "school", "work", "community")
R0 = 2.0
YOUNG = [0.2] * 5 + [0.0] * 4

Floats = np.ndarray[Any, np.dtype[np.float64]]


def contacts() -> Floats:
    """Contacts a day in each setting of groups that are held: the young meet more, and each most its like."""
    ages = np.arange(9)
    like = np.exp(-0.5 * np.abs(ages[:, None] - ages[None, :]))
    table: Floats = like * np.linspace(3.0, 0.6, 9)[:, None]
    return table


def theory(shares: Sequence[float]) -> Floats:
    """Share infected of each age, of those that hold people (NaN of others)."""
    held = np.flatnonzero(shares)
    n = np.array(shares)[held] * LARGE
    meetings = (4 * contacts()[np.ix_(held, held)]) * n[:, None]
    per_person = (meetings + meetings.T) / 2 / n[:, None]
    generation = R0 * per_person / np.abs(np.linalg.eigvals(per_person)).max()
    infected = np.full(len(held), 0.9)
    for _ in range(3_000):
        infected = 1 - (1 - SEEDS / LARGE) * np.exp(-generation @ infected)
    by_age = np.full(9, np.nan)
    by_age[held] = infected
    return by_age


def outbreak(people_: Plain) -> float:
    """Share infected of the province."""
    scenario = build(
        small(
            400,
            people=people_ | {"contacts": dict.fromkeys(SETTINGS, contacts().tolist())},
            clinical=clinical(severity=severity(p_oxygen=0.0)),
            epidemic={"variant": variant(R0), "initial_infections": {"town": SEEDS}, "dt_days": 0.5},
        )
    )
    run = run_once(scenario, 1, 0)
    assert run.series("infectious")[-1] < 10
    everybody = sum(int(one["population"]) for one in people_["districts"].values())
    return 1 - float(run.series("susceptible")[-1]) / everybody


def few(number: int, of: Sequence[int]) -> list[float]:
    """The shares of `YOUNG` where `number` people are of each group in `of`."""
    shares = np.array(YOUNG) * (1 - number * len(of) / LARGE)
    shares[list(of)] = number / LARGE
    return [float(share) for share in shares]


def hamlet(**changes: Any) -> Plain:
    return {"town": district(LARGE), "hamlet": district(1, **changes)}


CASES: dict[str, Plain] = {
    "nobody is old": people(districts={"town": district(LARGE)}, ages=YOUNG),
    "ten of each age are old": people(districts={"town": district(LARGE)}, ages=few(10, range(5, 9))),
    "one is old": people(districts={"town": district(LARGE)}, ages=few(1, [8])),
    "a second district holds one": people(districts=hamlet(), ages=YOUNG),
    "a hermit far away, of an age that nobody else is": people(
        districts=hamlet(travel_hours=40.0, ages=[0.0] * 8 + [1.0]), ages=YOUNG
    ),
    "a hermit whom nobody meets": people(districts=hamlet(), ages=YOUNG, outside_share=0.0),
    "the old are given by district": people(
        districts={"town": district(LARGE, ages=few(10, [6]))}, ages=[1 / 9] * 9
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_final_size_is_that_of_the_groups_that_hold_people(name: str) -> None:
    expected = float(np.nansum(theory(YOUNG) * np.array(YOUNG)))
    assert 0.6 < expected < 0.8
    assert outbreak(CASES[name]) == pytest.approx(expected, rel=0.003)


def test_final_size_of_districts_with_other_ages_is_that_of_their_cells() -> None:
    """Two districts that share no age: all meet in both, and R0 is that of the cells that hold people."""
    old = [0.0] * 5 + [0.25] * 4
    places = {"town": district(LARGE, ages=YOUNG), "other": district(LARGE, travel_hours=1.0, ages=old)}
    share = 0.3
    n = np.concatenate([np.array(YOUNG[:5]), np.array(old[5:])]) * LARGE
    meetings = 4 * contacts() * n[:, None]
    per_person = (meetings + meetings.T) / 2 / n[:, None]
    place = np.array([0] * 5 + [1] * 4)
    mixing = np.where(place[:, None] == place[None, :], 1 - share, share)
    generation = R0 * per_person * mixing
    generation /= np.abs(np.linalg.eigvals(per_person * mixing)).max()
    planted = np.where(place == 0, SEEDS / LARGE, 0.0)
    infected = np.full(9, 0.9)
    for _ in range(3_000):
        infected = 1 - (1 - planted) * np.exp(-generation @ infected)
    expected = float((infected * n).sum() / n.sum())
    got = outbreak(people(districts=places, ages=[1 / 9] * 9, outside_share=share))
    assert got == pytest.approx(expected, rel=0.003)
