"""What a daily column is, and the page that the parts of a run fill in at the end of a day.

A part declares its columns beside the method that fills them; `record` puts them in order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from surgesim.scenario.schema.base import BED_TYPES

Floats = NDArray[np.float64]
Entry = TypeVar("Entry", float, Floats)

MOST_DAYS_OF_COVER = 365.0
"""Cover is recorded as at most so many days."""


class Column(NamedTuple):
    """A documented column: name, unit, meaning. Flows are per day, stocks are at 24:00.

    Attributes
    ----------
    default
        What stands there where a scenario lacks the part that would fill it.
    """

    name: str
    unit: str
    meaning: str
    default: float = 0.0


def by_bed(name: str, unit: str, meaning: str) -> tuple[Column, ...]:
    """A column for each bed type: basic, oxygen, ICU."""
    return tuple(Column(f"{name}_{bed}", unit, meaning.format(bed=bed)) for bed in BED_TYPES)


@dataclass(slots=True)
class Entries(Generic[Entry]):
    """What stands on a page of the province, of districts or of facilities, by column.

    Attributes
    ----------
    values
        To be recorded as they are.
    totals
        Running totals: what they have grown by since the day before is recorded.
    """

    values: dict[str, Entry] = field(default_factory=dict)
    totals: dict[str, Entry] = field(default_factory=dict)

    def changes_since(self, before: Entries[Entry]) -> dict[str, Entry]:
        """What is recorded, given the entries of the day before."""
        then = before.totals
        grown = {name: total - then[name] if name in then else total for name, total in self.totals.items()}
        return grown | self.values


@dataclass(slots=True)
class Page:
    """A day of the record as the parts fill it in.

    Attributes
    ----------
    province
        Numbers.
    districts, facilities
        ``(districts,)`` and ``(facilities,)``, in the order of the scenario.
    """

    province: Entries[float] = field(default_factory=Entries)
    districts: Entries[Floats] = field(default_factory=Entries)
    facilities: Entries[Floats] = field(default_factory=Entries)


class Part(Protocol):
    """A part of a run that has columns in the record."""

    def fill(self, page: Page) -> None:
        """Enter what is to be recorded at the end of a day."""
