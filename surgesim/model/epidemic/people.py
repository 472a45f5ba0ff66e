"""The population by district, age and risk, its contacts, and the mixing between districts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from surgesim.scenario.schema.base import AGE_GROUPS, SETTINGS
from surgesim.scenario.schema.people import People

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

N_AGES = len(AGE_GROUPS)

RARE: Final = 0.01
"""Share of the population below which contacts with an age group are scaled down with its size."""

MOST_OUTSIDE: Final = 2.0
"""Upper limit on a district's contacts with other districts, as a multiple of `outside_share`."""


_TINY: Final = 1e-300


@dataclass(frozen=True, slots=True)
class Population:
    """The people of a province, as counts, with their contacts and mixing.

    Attributes
    ----------
    count
        ``(districts, 9, 2)`` people by district, age group and risk (0 low, 1 high).
    contacts
        ``(4, 9, 9)`` mean contacts per day, by setting, of a person of the row with people of the column;
        reciprocal.
    mixing
        ``(districts, districts)``: share of the row's contacts that are with residents of the column.
    contact_pool
        ``(districts, 9)`` people among whom contacts with an age group of a district are spread: the size of
        the group, with a lower limit for rare groups.
    """

    count: Ints
    contacts: Floats
    mixing: Floats
    contact_pool: Floats

    @property
    def total(self) -> int:
        return int(self.count.sum())

    @property
    def contacts_by_setting(self) -> Floats:
        """``(4,)`` contacts per day of all people, by setting."""
        contacts: Floats = self.contacts.sum(axis=2) @ self.count.sum(axis=(0, 2))
        return contacts


def populate(people: People) -> Population:
    """Build the population of a scenario, in whole people; each district's total is exact."""
    by_age = np.array(
        [apportion(d.population, np.array(d.ages or people.ages)) for d in people.districts.values()]
    )
    high = np.rint(by_age * np.array(people.high_risk)).astype(np.int64)
    count = np.stack([by_age - high, high], axis=-1)
    return Population(count, _contacts(people, by_age.sum(axis=0)), _mixing(people), _contact_pool(by_age))


def apportion(total: int, shares: Floats) -> Ints:
    """Return whole numbers that add up to `total`, in proportion to `shares` (largest remainders)."""
    exact = total * shares / shares.sum()
    whole: Ints = np.floor(exact).astype(np.int64)
    short = total - int(whole.sum())
    whole[np.argsort(whole - exact, kind="stable")[:short]] += 1
    return whole


def _contacts(people: People, of_age: Ints) -> Floats:
    """Return reciprocal contacts, ``(4, 9, 9)``.

    The meetings of two groups are the mean of the numbers that the two groups report. A table that ends at
    70+ is split: the two oldest groups have equal contacts, and contacts with them are split between the two
    by population.
    """
    tables = np.array([getattr(people.contacts, setting) for setting in SETTINGS])
    number = of_age.astype(float)
    nine, group = tables, np.arange(N_AGES)
    if tables.shape[-1] < N_AGES:
        old = number[-2:] / max(number[-2:].sum(), 1.0)
        columns = np.concatenate([tables[..., :-1], tables[..., -1:] * old], axis=-1)
        nine, group = np.concatenate([columns, columns[:, -1:]], axis=1), np.minimum(group, N_AGES - 2)
    meetings = nine * number[:, None]
    mutual = (meetings + meetings.swapaxes(1, 2)) / 2 / np.maximum(number, 1.0)[:, None]
    left = _left_of_meetings(tables.sum(axis=0), np.bincount(group, number).astype(float))
    contacts: Floats = mutual * left[group[:, None], group]
    return contacts


def _left_of_meetings(table: Floats, people: Floats) -> Floats:
    """Return the factor by which the meetings of two groups are reduced if one is small; 1 elsewhere.

    A person's meetings with the other group are capped at the sum of the two groups' entries in `table` (all
    settings together), so that a small group among many people has no excess contacts. Rare groups meet each
    other less often.
    """
    mean = (table * people[:, None] + (table * people[:, None]).T) / 2
    most = (table + table.T) * np.minimum(people[:, None], people)
    left = np.divide(most, mean, out=np.ones_like(mean), where=mean > most)
    share = np.maximum(people[:, None], people) / people.sum()
    scaled: Floats = left * np.minimum(share / RARE, 1.0)
    return scaled


def _contact_pool(by_age: Ints) -> Floats:
    """Return `Population.contact_pool`."""
    share = by_age.sum(axis=0) / by_age.sum()
    least = np.minimum(share, RARE) * by_age.sum(axis=1, keepdims=True)
    pool: Floats = np.maximum(np.maximum(by_age, least), _TINY)
    return pool


def travel_hours(people: People) -> Floats:
    """Return one-way travel hours, ``(districts, districts)``; via the centre if the pair is not given."""
    to_centre = np.array([district.travel_hours for district in people.districts.values()])
    hours: Floats = to_centre[:, None] + to_centre[None, :]
    index = {name: i for i, name in enumerate(people.districts)}
    for a, row in people.travel.items():
        for b, one_way in row.items():
            hours[index[a], index[b]] = hours[index[b], index[a]] = one_way
    np.fill_diagonal(hours, 0.0)
    return hours


def _mixing(people: People) -> Floats:
    """Return reciprocal mixing whose rows add up to 1.

    Of all contacts, a share `outside_share` is with other districts, split by population and distance.
    Visitors and their hosts are one district, in which all meet in proportion to their numbers.
    """
    population = np.array([district.population for district in people.districts.values()], float)
    hosts = np.array(people.hosts)
    own = np.flatnonzero(hosts == np.arange(len(hosts)))
    away = travel_hours(people)[np.ix_(own, own)] / people.distance_scale_hours
    if len(own) == len(hosts):
        return _mixing_of(people, population, away)
    present: Floats = np.bincount(hosts, population, len(hosts)).astype(float)
    among = _mixing_of(people, present[own], away)
    place = np.searchsorted(own, hosts)
    mixing: Floats = among[np.ix_(place, place)] * (population / present[hosts])
    return mixing


def _mixing_of(people: People, population: Floats, away: Floats) -> Floats:
    """Return the mixing of districts of so many people that are so far `away` from each other."""
    n = len(population)
    if n == 1 or people.outside_share == 0:
        return np.eye(n)
    most = min(MOST_OUTSIDE * people.outside_share, 1.0)
    outside = np.stack([_outside(i, population, away[i], people.outside_share) for i in range(n)])
    meetings = population[:, None] * outside
    mixing: Floats = (meetings + meetings.T) / 2 / population[:, None]
    left = np.minimum(1.0, most / np.maximum(mixing.sum(axis=1), _TINY))
    mixing *= np.minimum(left[:, None], left[None, :])  # both districts of a pair lose the same meetings
    np.fill_diagonal(mixing, np.maximum(1.0 - mixing.sum(axis=1), 0.0))
    return mixing


def _outside(district: int, population: Floats, away: Floats, share: float) -> Floats:
    """Return the share of a district's contacts that it seeks in each other district, ``(districts,)``.

    The shares add up to `share`. A district seeks no more contacts in another district than the people there
    have, and seeks the rest elsewhere.
    """
    sought = np.zeros(len(population))
    can_take = population / population[district]
    closed = np.arange(len(population)) == district
    while not closed.all():
        # relative to the nearest district, so that the weights do not vanish if all districts are far away
        open_away = np.where(closed, np.inf, away)
        pull = population * np.exp(open_away.min() - open_away)
        demand = share * pull / pull.sum()
        full = demand > can_take
        if not full.any():
            sought += demand
            break
        sought[full] = can_take[full]
        share -= sought[full].sum()
        closed |= full
    return sought
