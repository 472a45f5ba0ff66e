"""The population by district, age and risk, its contacts, and the mixing of districts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from surgesim.scenario.base import AGE_GROUPS, SETTINGS
from surgesim.scenario.people import People

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

N_AGES = len(AGE_GROUPS)

RARE: Final = 0.01
"""Share of the people below which age groups meet each other, or are met in a district, in proportion."""

MOST_OUTSIDE: Final = 2.0
"""Most contacts of a district with others, as a multiple of what `outside_share` asks for."""


_TINY: Final = 1e-300


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
    met
        ``(districts, 9)`` people over whom the contacts with an age group of a district are spread: its
        own, and at least as many as a rare group has there.
    """

    count: Ints
    contacts: Floats
    mixing: Floats
    met: Floats

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
    of_age = by_age.sum(axis=0)
    contacts = np.stack(
        [_mutual(np.array(getattr(people.contacts, setting)), of_age) for setting in SETTINGS]
    )
    return Population(count, contacts, _mixing(people), _met(by_age))


def apportion(total: int, shares: Floats) -> Ints:
    """Whole numbers in proportion to `shares` that add to `total` (largest remainders)."""
    exact = total * shares / shares.sum()
    whole: Ints = np.floor(exact).astype(np.int64)
    short = total - int(whole.sum())
    whole[np.argsort(whole - exact, kind="stable")[:short]] += 1
    return whole


def _mutual(table: Floats, of_age: Ints) -> Floats:
    """A table of the scenario as 9 x 9, with as many meetings counted from each side.

    A table to 70+ is split by population: both oldest groups meet alike.
    """
    if len(table) == N_AGES:
        return _reciprocal(table, of_age)
    eight = _reciprocal(table, np.append(of_age[:-2], of_age[-2:].sum()))
    old = of_age[-2:] / max(of_age[-2:].sum(), 1)
    columns = np.hstack([eight[:, :-1], eight[:, -1:] * old])
    nine: Floats = np.vstack([columns, columns[-1:]])
    return nine


def _reciprocal(contacts: Floats, of_age: Ints) -> Floats:
    """Contacts such that as many meetings are counted from each side: the mean of both counts.

    Of two groups neither meets the other more often than both rows of the table say together, so that a
    small group has no more contacts for being few among many. Rare groups meet each other less often.
    """
    people = of_age.astype(float)
    fewer, more = np.minimum(people[:, None], people), np.maximum(people[:, None], people)
    meetings = contacts * people[:, None]
    mutual = np.minimum((meetings + meetings.T) / 2, (contacts + contacts.T) * fewer)
    found: Floats = mutual * np.minimum(more / people.sum() / RARE, 1.0) / np.maximum(people, 1.0)[:, None]
    return found


def _met(by_age: Ints) -> Floats:
    """See `Population.met`."""
    share = by_age.sum(axis=0) / by_age.sum()
    least = np.minimum(share, RARE) * by_age.sum(axis=1, keepdims=True)
    met: Floats = np.maximum(np.maximum(by_age, least), _TINY)
    return met


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
    most = min(MOST_OUTSIDE * people.outside_share, 1.0)
    away = travel_hours(people) / people.distance_scale_hours
    outside = np.stack([_outside(i, population, away[i], people.outside_share) for i in range(n)])
    meetings = population[:, None] * outside
    mixing: Floats = (meetings + meetings.T) / 2 / population[:, None]
    left = np.minimum(1.0, most / np.maximum(mixing.sum(axis=1), _TINY))
    mixing *= np.minimum(left[:, None], left[None, :])  # both sides of a pair lose the same meetings
    np.fill_diagonal(mixing, np.maximum(1.0 - mixing.sum(axis=1), 0.0))
    return mixing


def _outside(district: int, population: Floats, away: Floats, share: float) -> Floats:
    """``(districts,)`` share of its contacts that a district seeks in each other one, `share` in all.

    In none it seeks more than the people there have contacts at all: the rest is sought farther away.
    """
    sought = np.zeros(len(population))
    can_take = population / population[district]
    others = np.flatnonzero(np.arange(len(population)) != district)
    while len(others):
        # relative to the nearest, so that the pull of districts that are all far does not vanish
        pull = population[others] * np.exp(away[others].min() - away[others])
        sought[others] = share * pull / pull.sum()
        full = sought[others] > can_take[others]
        if not full.any():
            break
        sought[others[full]] = can_take[others[full]]
        share -= sought[others[full]].sum()
        others = others[~full]
    return sought
