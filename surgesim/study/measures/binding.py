"""The binding constraints of each bed type on days of declared emergency and on days with a shortage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from surgesim.model.record import BINDS, CONSTRAINTS, PROVINCE_INDEX
from surgesim.scenario.schema.levers.staff import FormIcuTeams
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.breaches import SITUATION

Floats = NDArray[np.float64]

BEDS: Final = tuple(BINDS)
"""Bed types whose binding constraint is recorded."""

SHORTAGE: Final = {"oxygen": ("waiting_oxygen",), "icu": ("waiting_icu", "boarding")}
"""Daily columns that count the patients who lack a bed, by bed type."""

DAYS: Final = ("breach", "short")
"""Days on which constraints are counted: of declared emergency, and with a shortage."""


def modelled_limits(scenario: Scenario) -> tuple[str, ...]:
    """Return the constraints other than space that the scenario gives for any facility."""
    facilities = scenario.care.facilities.values()
    staffed = any(facility.staff is not None for facility in facilities)
    given = {
        "doctors": staffed,
        "nurses": staffed,
        "equipment": any(facility.ventilators is not None for facility in facilities),
        "pipes": any(f.oxygen is not None and f.oxygen.pipe_lpm is not None for f in facilities),
        "oxygen_stock": any(facility.oxygen is not None for facility in facilities),
        "icu_doctors": any(f.staff is not None and f.staff.icu_doctors is not None for f in facilities),
        "icu_nurses": any(isinstance(rule, FormIcuTeams) for rule in scenario.command.plan.values()),
    }
    return tuple(what for what in CONSTRAINTS if given.get(what, False))


class BindingDays:
    """Days on which each constraint binds the beds, counted over the replications of one alternative."""

    def __init__(self) -> None:
        self._replications = 0
        self._among = np.zeros((len(BEDS), len(DAYS)), np.int64)
        self._bound = {bed: np.zeros((len(DAYS), len(BINDS[bed])), np.int64) for bed in BEDS}

    def add(self, province: Floats) -> None:
        """Add the days of a replication, ``(days, len(PROVINCE))``."""
        self._replications += 1
        breach = _columns(province, (SITUATION,))[:, 0] > 0
        for b, bed in enumerate(BEDS):
            binds = constraint_of_the_day(province, bed)
            short = _columns(province, SHORTAGE[bed]).sum(axis=-1) > 0
            for i, among in enumerate((breach, short)):
                self._among[b, i] += among.sum()
                self._bound[bed][i] += np.bincount(binds[among], minlength=len(BINDS[bed]))

    def rows(self, alternative: str) -> Iterator[dict[str, Any]]:
        """Yield the rows of binding.csv."""
        for b, bed in enumerate(BEDS):
            for k, constraint in enumerate(BINDS[bed]):
                row: dict[str, Any] = {"alternative": alternative, "bed": bed, "constraint": constraint}
                for i, name in enumerate(DAYS):
                    bound, among = int(self._bound[bed][i, k]), int(self._among[b, i])
                    row[f"{name}_days_mean"] = bound / self._replications
                    row[f"{name}_share"] = bound / among if among else np.nan
                yield row


def constraint_of_the_day(province: Floats, bed: str) -> NDArray[np.intp]:
    """Return the index of the constraint that binds most of the open beds, ``(days,)``.

    In a tie, it is the first in CONSTRAINTS; on days without open beds, it is space.
    """
    shares = _columns(province, [f"{bed}_bound_by_{what}" for what in BINDS[bed]])
    return np.argmax(shares, axis=-1)  # type: ignore[no-any-return]


def _columns(province: Floats, names: Sequence[str]) -> Floats:
    return province[..., [PROVINCE_INDEX[name] for name in names]]
