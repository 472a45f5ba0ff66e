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
Bools = NDArray[np.bool_]

BEDS: Final = tuple(BINDS)
"""Bed types whose binding constraint is recorded."""

SHORTAGE: Final = {"oxygen": ("waiting_oxygen",), "icu": ("waiting_icu", "boarding")}
"""Daily columns that count the patients who lack a bed, by bed type."""


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


def binding_rows(alternative: str, province: Floats) -> Iterator[dict[str, Any]]:
    """Yield the rows of binding.csv for one alternative.

    Parameters
    ----------
    province
        ``(replications, days, len(PROVINCE))``.
    """
    breach = _columns(province, (SITUATION,))[..., 0] > 0
    for bed in BEDS:
        binds = constraint_of_the_day(province, bed)
        short = _columns(province, SHORTAGE[bed]).sum(axis=-1) > 0
        for k, constraint in enumerate(BINDS[bed]):
            breach_days, breach_share = _days(binds == k, breach)
            short_days, short_share = _days(binds == k, short)
            yield {
                "alternative": alternative,
                "bed": bed,
                "constraint": constraint,
                "breach_days_mean": breach_days,
                "breach_share": breach_share,
                "short_days_mean": short_days,
                "short_share": short_share,
            }


def constraint_of_the_day(province: Floats, bed: str) -> NDArray[np.intp]:
    """Return the index of the constraint that binds most of the open beds, ``(replications, days)``.

    In a tie, it is the first in CONSTRAINTS; on days without open beds, it is space.
    """
    shares = _columns(province, [f"{bed}_bound_by_{what}" for what in BINDS[bed]])
    return np.argmax(shares, axis=-1)  # type: ignore[no-any-return]


def _columns(province: Floats, names: Sequence[str]) -> Floats:
    return province[..., [PROVINCE_INDEX[name] for name in names]]


def _days(bound: Bools, among: Bools) -> tuple[float, float]:
    """Count the days on which `bound` and `among` are True, per replication and as a share of `among`."""
    both, all_days = int((bound & among).sum()), int(among.sum())
    return both / len(among), both / all_days if all_days else np.nan
