"""Occupancy and fullness of beds, and waits for them, by place and type, accumulated over replications.

A place is a facility, or all facilities of a district. Records are discarded: as replications are added,
memory grows only by the first full days and by the tails that quantiles need.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surgesim.model.record import FACILITY_INDEX, Record
from surgesim.scenario.schema.base import BED_TYPES
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.quantiles import Tails, censored_quantile, weighted_quantile

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

TAIL: Final = 0.05
LONG_WAIT: Final = 0.9
FIRST: Final = {"p5": TAIL, "median": 0.5, "p95": 1 - TAIL}
"""The quantiles of the first full day, by name."""


def _of_beds(name: str) -> list[int]:
    return [FACILITY_INDEX[f"{name}_{bed}"] for bed in BED_TYPES]


_STAFFED, _OCCUPIED, _HELD, _FULL, _ENTRIES = map(
    _of_beds, ("staffed", "occupied", "held", "full", "entries")
)
_WAITED = [FACILITY_INDEX[f"wait_hours_{bed}"] for bed in BED_TYPES[1:]]


def places_of(scenario: Scenario) -> dict[str, tuple[int, ...]]:
    """Return the facilities, by index, of each district that has any."""
    sites = list(scenario.care.facilities.values())
    found = {
        district: tuple(f for f, site in enumerate(sites) if site.district == district)
        for district in scenario.people.districts
    }
    return {district: facilities for district, facilities in found.items() if facilities}


def has_beds(scenario: Scenario) -> Bools:
    """Return True for each bed type that a facility has or could have, ``(facilities, 3)``."""
    sites = scenario.care.facilities.values()
    return np.array(
        [[bool(getattr(s.beds, b)) or (b == "icu" and bool(s.icu_target)) for b in BED_TYPES] for s in sites]
    )


class Curves(NamedTuple):
    """Daily values over the replications of one place and bed type, ``(days,)`` each.

    Attributes
    ----------
    staffed, occupied, held
        Mean numbers of beds.
    occupied_p5, occupied_p95
        Quantiles of the occupied beds.
    load
        Mean occupied and held beds divided by mean staffed beds; NaN if none is staffed, or beds are
        unlimited.
    full
        Share of replications in which the place is full at 24:00.
    full_by
        Share of replications in which the place has been full at 24:00 on that day or an earlier one.
    """

    staffed: Floats
    occupied: Floats
    occupied_p5: Floats
    occupied_p95: Floats
    held: Floats
    load: Floats
    full: Floats
    full_by: Floats


class Totals(NamedTuple):
    """The values of one place and bed type over all days and replications.

    Attributes
    ----------
    probability
        Share of replications in which the place is full on at least one day.
    first
        The quantiles FIRST of the first full day; NaN if too few replications have one.
    full_days, entries
        Mean numbers of full days, and of patients who came to a bed.
    wait_hours, long_wait_hours
        Mean and LONG_WAIT quantile of the waits of all patients who got the bed they needed; NaN if there
        were none.
    """

    probability: float
    first: dict[str, float]
    full_days: float
    entries: float
    wait_hours: float
    long_wait_hours: float


class BedDays:
    """The beds of places by type and day, over the replications of one alternative.

    Parameters
    ----------
    days
        Number of days.
    places
        The facilities of each place, by index.
    most
        Max number of replications.
    """

    def __init__(self, days: int, places: Sequence[Sequence[int]], most: int) -> None:
        self._places = [list(facilities) for facilities in places]
        shape = (days, len(places), len(BED_TYPES))
        self._sums = np.zeros((3, *shape))  # staffed, occupied, held
        self._full = np.zeros(shape, np.int64)
        self._first = np.full((most, *shape[1:]), np.inf)
        self._tails = Tails(shape, TAIL, most)
        self._entries = np.zeros(shape[1:])
        self._waited = np.zeros(shape[1:])
        self._waits: Counter[tuple[int, int, int]] = Counter()
        self._of_place = {f: p for p, facilities in enumerate(self._places) for f in facilities}
        self._count = 0

    def add(self, record: Record) -> None:
        """Add the next replication."""
        staffed, occupied, held, entries = (
            self._by_place(record, columns) for columns in (_STAFFED, _OCCUPIED, _HELD, _ENTRIES)
        )
        full = self._is_full(record)
        for total, values in zip(self._sums, (staffed, occupied, held), strict=True):
            total += values
        self._tails.add(occupied)
        self._full += full
        self._first[self._count] = np.where(full.any(axis=0), full.argmax(axis=0), np.inf)
        self._entries += entries.sum(axis=0)
        self._waited[:, 1:] += self._by_place(record, _WAITED).sum(axis=0)
        for facility, bed, hours, patients in record.waits.tolist():
            self._waits[self._of_place[facility], bed, hours] += patients
        self._count += 1

    def _by_place(self, record: Record, columns: list[int]) -> Floats:
        values = record.facilities[:, :, columns]
        return np.stack([values[:, place].sum(axis=1) for place in self._places], axis=1)

    def _is_full(self, record: Record) -> Bools:
        """Return True where a place is full: it has facilities with staffed beds, and all are full."""
        staffed, full = record.facilities[:, :, _STAFFED] > 0, record.facilities[:, :, _FULL] > 0
        return np.stack(
            [full[:, place].any(axis=1) & (full | ~staffed)[:, place].all(axis=1) for place in self._places],
            axis=1,
        )

    # -- what was added -----------------------------------------------------------------------------

    def rows(self, expected: Bools) -> list[tuple[int, int]]:
        """Return the places and bed types, by index, that are expected or have had beds or patients.

        `expected` is ``(facilities, 3)``.
        """
        found = (self._sums[:2] > 0).any(axis=(0, 1))
        wanted = np.stack([expected[place].any(axis=0) for place in self._places]) | found
        return [(int(place), int(bed)) for place, bed in np.argwhere(wanted)]

    def curves(self, rows: Sequence[tuple[int, int]]) -> Iterator[Curves]:
        """Yield the daily values of each place and bed type."""
        n = self._count
        low, high = self._tails.quantiles()
        days = np.arange(len(self._full))[:, None]
        for place, bed in rows:
            at = np.s_[:, place, bed]
            staffed, occupied, held = (total[at] / n for total in self._sums)
            limited = (staffed > 0) & np.isfinite(staffed)
            load = np.divide(occupied + held, staffed, out=np.full(len(staffed), np.nan), where=limited)
            by_day = (self._first[:n, place, bed] <= days).mean(axis=1)
            yield Curves(staffed, occupied, low[at], high[at], held, load, self._full[at] / n, by_day)

    def totals(self, place: int, bed: int) -> Totals:
        """Return the values of a place and bed type over all days."""
        first = self._first[: self._count, place, bed]
        waits = sorted((h, number) for (p, b, h), number in self._waits.items() if (p, b) == (place, bed))
        patients = sum(number for _, number in waits)
        return Totals(
            probability=float(np.isfinite(first).mean()),
            first={name: censored_quantile(first, q) for name, q in FIRST.items()},
            full_days=float(self._full[:, place, bed].sum() / self._count),
            entries=float(self._entries[place, bed] / self._count),
            wait_hours=float(self._waited[place, bed] / patients) if patients else np.nan,
            long_wait_hours=weighted_quantile(waits, LONG_WAIT),
        )
