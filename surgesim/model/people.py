"""The population by district, age and risk, its contacts, and the mixing of districts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surgesim.scenario.base import AGE_GROUPS, SETTINGS
from surgesim.scenario.people import People

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

N_AGES = len(AGE_GROUPS)


@dataclass(frozen=True, slots=True)
class Population:
    """Everybody, as counts.

    Attributes
    ----------
    count
        ``(districts, 9, 2)`` people by district, age group and risk (0 low, 1 high).
    contacts
        ``(4, 9, 9)`` mean contacts a day by setting, reciprocal: row meets column.
    mixing
        ``(districts, districts)``: share of a row's contacts that are with residents of the column.
    """

    count: Ints
    contacts: Floats
    mixing: Floats

    @property
    def total(self) -> int:
        return int(self.count.sum())


def populate(people: People) -> Population:
    """The population of a scenario: whole people, every district's total kept exactly."""
    by_age = np.array(
        [apportion(d.population, np.array(d.ages or people.ages)) for d in people.districts.values()]
    )
    high = np.rint(by_age * np.array(people.high_risk)).astype(np.int64)
    count = np.stack([by_age - high, high], axis=-1)
    contacts = np.stack(
        [_to_nine(np.array(getattr(people.contacts, setting)), by_age.sum(axis=0)) for setting in SETTINGS]
    )
    return Population(count, _reciprocal(contacts, by_age.sum(axis=0)), _mixing(people))


def apportion(total: int, shares: Floats) -> Ints:
    """Whole numbers in proportion to `shares` that add to `total` (largest remainders)."""
    exact = total * shares / shares.sum()
    whole: Ints = np.floor(exact).astype(np.int64)
    short = total - int(whole.sum())
    whole[np.argsort(whole - exact, kind="stable")[:short]] += 1
    return whole


def _to_nine(matrix: Floats, by_age: Ints) -> Floats:
    """An 8 x 8 table to 70+ as 9 x 9: both oldest groups meet alike and are met by population."""
    if len(matrix) == N_AGES:
        return matrix
    old = by_age[-2:] / max(by_age[-2:].sum(), 1)
    columns = np.hstack([matrix[:, :-1], matrix[:, -1:] * old])
    nine: Floats = np.vstack([columns, columns[-1:]])
    return nine


def _reciprocal(contacts: Floats, by_age: Ints) -> Floats:
    """Contacts such that as many meetings are counted from each side."""
    people = np.maximum(by_age, 1).astype(float)
    meetings = contacts * people[:, None]
    mutual: Floats = (meetings + meetings.swapaxes(-1, -2)) / 2 / people[:, None]
    return mutual


def travel_hours(people: People) -> Floats:
    """``(districts, districts)`` hours one way; by way of the centre unless the pair is given."""
    to_centre = np.array([district.travel_hours for district in people.districts.values()])
    hours: Floats = to_centre[:, None] + to_centre[None, :]
    index = {name: i for i, name in enumerate(people.districts)}
    for a, row in people.travel.items():
        for b, given in row.items():
            hours[index[a], index[b]] = hours[index[b], index[a]] = given
    np.fill_diagonal(hours, 0.0)
    return hours


def _mixing(people: People) -> Floats:
    """Row-stochastic and reciprocal: `outside_share` of contacts, by population and distance."""
    population = np.array([district.population for district in people.districts.values()], float)
    n = len(population)
    if n == 1 or people.outside_share == 0:
        return np.eye(n)
    away = travel_hours(people) / people.distance_scale_hours
    np.fill_diagonal(away, np.inf)
    # relative to the nearest, so that the pull of districts that are all far does not vanish
    pull = population[None, :] * np.exp(away.min(axis=1, keepdims=True) - away)
    outside = people.outside_share * pull / pull.sum(axis=1, keepdims=True)
    meetings = population[:, None] * outside
    mixing: Floats = (meetings + meetings.T) / 2 / population[:, None]
    row = mixing.sum(axis=1)
    mixing *= np.minimum(
        1.0, 1.0 / np.maximum(row.max(), 1e-300)
    )  # a tiny district cannot meet more than it meets
    np.fill_diagonal(mixing, np.maximum(1.0 - mixing.sum(axis=1), 0.0))
    return mixing
