"""Warnings about a table of contacts whose two halves do not agree."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations

from surgesim.scenario.loading import profile_tables
from surgesim.scenario.messages.finding import Finding
from surgesim.scenario.schema.base import AGE_GROUPS, SETTINGS
from surgesim.scenario.schema.people import Contacts, People

CONTACTS = ("people", "contacts")

TOLERANCE = 3.0
"""Largest ratio of the contacts of two age groups, counted from either side, that causes no warning."""

FEWEST = 0.05
"""Contacts a day of one person, in the smaller of two age groups, below which the two are not compared."""


def not_reciprocal(people: People) -> Iterator[Finding]:
    """Yield a warning if two age groups report very different numbers of contacts with each other.

    Contacts in all settings are counted, for the ages of the whole population. The tables of profiles are
    known not to be reciprocal, and cause no warning.
    """
    if _is_of_a_profile(people.contacts):
        return
    table, number, ages = _all_settings(people.contacts), _numbers(people), list(AGE_GROUPS)
    if len(table) < len(ages):
        number[-2:], ages[-2:] = [sum(number[-2:])], ["70+"]
    worst, pair = 1.0, (0, 0)
    for a, b in combinations(range(len(table)), 2):
        one, other = table[a][b] * number[a], table[b][a] * number[b]
        if (one + other) / 2 < FEWEST * min(number[a], number[b]):
            continue
        low, high = sorted((one, other))
        ratio = high / low if low else math.inf
        if ratio > worst:
            worst, pair = ratio, (a, b) if one > other else (b, a)
    if worst > TOLERANCE:
        many, few = (ages[group] for group in pair)
        times = f"{worst:.3g} times as many contacts with {few} as {few} report with {many}"
        if not math.isfinite(worst):
            times = f"contacts with {few}, but {few} report none with {many}"
        expected = f"expected at most {TOLERANCE:g} times as many: the run uses the mean of the two"
        message = f"{many} report {times}, {expected}"
        yield Finding(CONTACTS, message)


def _is_of_a_profile(contacts: Contacts) -> bool:
    plain = contacts.model_dump(mode="json")
    profiles = map(profile_tables.read, profile_tables.names())
    return any(one.section == ".".join(CONTACTS) and one.figures == plain for one in profiles)


def _all_settings(contacts: Contacts) -> list[list[float]]:
    tables: Sequence[Sequence[Sequence[float]]] = [getattr(contacts, setting) for setting in SETTINGS]
    return [[sum(cells) for cells in zip(*rows, strict=True)] for rows in zip(*tables, strict=True)]


def _numbers(people: People) -> list[float]:
    """Return the number of people in each age group."""
    shares = [(district.population, district.ages or people.ages) for district in people.districts.values()]
    return [sum(number * ages[group] for number, ages in shares) for group in range(len(AGE_GROUPS))]
