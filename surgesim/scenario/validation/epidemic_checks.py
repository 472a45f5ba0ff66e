"""Check the parts of an epidemic against each other: imported infections, R0, and protection by doses."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations_with_replacement

from surgesim.scenario.messages.finding import Finding
from surgesim.scenario.schema.base import AGE_GROUPS, SETTINGS
from surgesim.scenario.schema.epidemic import Importation
from surgesim.scenario.schema.people import People


def dose_without_protection() -> Finding:
    """Return a finding that vaccination is given but the protection of a dose is not."""
    path = ("epidemic", "immunity", "vaccinated")
    return Finding(path, "got nothing, expected the protection that a dose of epidemic.vaccination gives")


def imports(importation: Importation, warm_up_days: int) -> Iterator[Finding]:
    """Report imports whose weights or days leave no district or no day for imported infections."""
    path = ("epidemic", "importation")
    weights = importation.weights
    if importation.per_day and weights and not any(weights.values()):
        yield Finding((*path, "weights"), "got weights that are all 0, expected one above 0")
    first, until = importation.from_day, importation.until_day
    if until is None or until > first:
        return
    if until == 0 and warm_up_days > 0:
        return  # imports only in the warm-up, on each of its days
    yield Finding((*path, "until_day"), f"got day {until}, expected a day after from_day, which is {first}")


def unmet_r0(r0: float, susceptibility: tuple[float, ...], people: People) -> Iterator[Finding]:
    """Report an R0 above 0 that no transmission rate can produce, because nobody can infect anybody."""
    if r0 > 0 and not _can_spread(susceptibility, people):
        message = (
            f"got {r0:g}, expected 0, because nobody can infect anybody: no two people who meet "
            "(people.contacts) are both susceptible (epidemic.susceptibility)"
        )
        yield Finding(("epidemic", "variant", "r0"), message)


def _can_spread(susceptibility: tuple[float, ...], people: People) -> bool:
    """Return True if any two susceptible people, of the same age group or not, can meet."""
    tables = [getattr(people.contacts, setting) for setting in SETTINGS]
    last = len(tables[0]) - 1  # the contact table may end at 70+
    held = [district.ages or people.ages for district in people.districts.values()]
    travels = people.outside_share > 0
    for a, b in combinations_with_replacement(range(len(AGE_GROUPS)), 2):
        row, column = min(a, last), min(b, last)
        if not (susceptibility[a] and susceptibility[b]):
            continue
        if not any(table[row][column] or table[column][row] for table in tables):
            continue
        near = any(ages[a] and ages[b] for ages in held)
        if near or (travels and any(ages[a] for ages in held) and any(ages[b] for ages in held)):
            return True
    return False
