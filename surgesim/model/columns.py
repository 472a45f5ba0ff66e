"""Daily columns, and the page that the parts of a run fill in at the end of each day.

Each part declares its columns beside the method that fills them; `record` puts them in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from surgesim.scenario.schema.base import BED_TYPES

Floats = NDArray[np.float64]

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
class Entries:
    """The entries of a page for the province, by column.

    Attributes
    ----------
    values
        Values to record unchanged.
    totals
        Running totals; the increase since the day before is recorded.
    """

    values: dict[str, float] = field(default_factory=dict)
    totals: dict[str, float] = field(default_factory=dict)

    def changes_since(self, before: Entries) -> dict[str, float]:
        """Return the values to record, given the entries of the day before."""
        then = before.totals
        growth = {name: total - then[name] if name in then else total for name, total in self.totals.items()}
        return growth | self.values


@dataclass(slots=True)
class PlaceEntries:
    """The entries of a page for the districts or the facilities: by column, numbers in the scenario's order.

    Attributes
    ----------
    values, totals
        As in `Entries`. `close` copies them into arrays: the parts of a run go on counting in their lists.
    """

    values: dict[str, Sequence[float] | Floats] = field(default_factory=dict)
    totals: dict[str, Sequence[float] | Floats] = field(default_factory=dict)
    _values: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    _totals: Floats = field(default_factory=lambda: np.zeros((0, 0)))

    def close(self) -> None:
        """Keep the present numbers, once all parts have filled in theirs."""
        self._values = np.array(list(self.values.values()), float)
        self._totals = np.array(list(self.totals.values()), float)

    def changes_since(self, before: PlaceEntries) -> tuple[list[str], Floats]:
        """Return the columns and their values to record, ``(places, columns)``, given those before."""
        growth = self._totals - before._totals if before.totals else self._totals
        return [*self.values, *self.totals], np.concatenate([self._values, growth]).T


@dataclass(slots=True)
class Page:
    """A day of the record, which the parts of a run fill in.

    Attributes
    ----------
    province
        Single numbers, by column.
    districts, facilities
        A number for each district or facility, by column.
    """

    province: Entries = field(default_factory=Entries)
    districts: PlaceEntries = field(default_factory=PlaceEntries)
    facilities: PlaceEntries = field(default_factory=PlaceEntries)


class Part(Protocol):
    """A part of a run that has columns in the record."""

    def fill(self, page: Page) -> None:
        """Fill in on `page` the values that are recorded at the end of a day."""
