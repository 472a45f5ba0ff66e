"""Daily columns, and the page that the parts of a run fill in at the end of each day.

Each part declares its columns beside the method that fills them; `record` puts them in order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from surgesim.scenario.schema.base import BED_TYPES

Floats = NDArray[np.float64]
Entry = TypeVar("Entry", float, Floats)

PER = 100_000
"""The denominator of most rates, in people."""
PER_MILLION = 1_000_000

MOST_DAYS_OF_COVER = 365.0
"""Maximum number of days of cover that is recorded."""


class Column(NamedTuple):
    """A column with its name, unit and meaning. Flows are per day, stocks are at 24:00.

    Attributes
    ----------
    default
        Value recorded if the scenario has no part that fills the column.
    """

    name: str
    unit: str
    meaning: str
    default: float = 0.0


def by_bed(name: str, unit: str, meaning: str) -> tuple[Column, ...]:
    """Return a column for each bed type, in the order basic, oxygen, ICU."""
    return tuple(Column(f"{name}_{bed}", unit, meaning.format(bed=bed)) for bed in BED_TYPES)


@dataclass(slots=True)
class Entries(Generic[Entry]):
    """The entries of a page, by column, for one level: province, districts or facilities.

    Attributes
    ----------
    values
        Values to record unchanged.
    totals
        Running totals; the increase since the day before is recorded.
    """

    values: dict[str, Entry] = field(default_factory=dict)
    totals: dict[str, Entry] = field(default_factory=dict)

    def changes_since(self, before: Entries[Entry]) -> dict[str, Entry]:
        """Return the values to record, given the entries of the day before."""
        then = before.totals
        growth = {name: total - then[name] if name in then else total for name, total in self.totals.items()}
        return growth | self.values


@dataclass(slots=True)
class Page:
    """A day of the record, which the parts of a run fill in.

    Attributes
    ----------
    province
        Single numbers, by column.
    districts, facilities
        Arrays ``(districts,)`` and ``(facilities,)``, in the order of the scenario.
    """

    province: Entries[float] = field(default_factory=Entries)
    districts: Entries[Floats] = field(default_factory=Entries)
    facilities: Entries[Floats] = field(default_factory=Entries)


class Part(Protocol):
    """A part of a run that has columns in the record."""

    def fill(self, page: Page) -> None:
        """Fill in on `page` the values that are recorded at the end of a day."""
