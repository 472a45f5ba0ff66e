"""What binds the beds of a bed type on the days that matter: space, staff, equipment or oxygen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from surgesim.model.record import CONSTRAINTS, PROVINCE_INDEX
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.breaches import SITUATION

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

BEDS: Final = ("oxygen", "icu")
"""Bed types whose constraint is recorded."""

SHORTAGE: Final = {"oxygen": ("waiting_oxygen",), "icu": ("waiting_icu", "boarding")}
"""Daily columns that say who is without a bed of the type."""


def limits_modelled(scenario: Scenario) -> tuple[str, ...]:
    """The constraints beside space that the scenario gives for any facility, in the order of CONSTRAINTS."""
    facilities = scenario.care.facilities.values()
    staffed = any(facility.staff is not None for facility in facilities)
    given = {
        "doctors": staffed,
        "nurses": staffed,
        "equipment": any(facility.ventilators is not None for facility in facilities),
        "pipes": any(f.oxygen is not None and f.oxygen.pipe_lpm is not None for f in facilities),
        "oxygen_stock": any(facility.oxygen is not None for facility in facilities),
    }
    return tuple(what for what in CONSTRAINTS if given.get(what, False))


def binding_rows(alternative: str, province: Floats) -> Iterator[dict[str, Any]]:
    """The rows of binding.csv of one alternative.

    Parameters
    ----------
    province
        ``(replications, days, len(PROVINCE))``.
    """
    breach = _columns(province, (SITUATION,))[..., 0] > 0
    for bed in BEDS:
        binds = constraint_of_the_day(province, bed)
        short = _columns(province, SHORTAGE[bed]).sum(axis=-1) > 0
        for k, constraint in enumerate(CONSTRAINTS):
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
    """``(replications, days)``: index of the constraint that binds the largest share of the open beds.

    Of equal shares the first of CONSTRAINTS; where no bed is open, space.
    """
    shares = _columns(province, [f"{bed}_bound_by_{what}" for what in CONSTRAINTS])
    return np.argmax(shares, axis=-1)  # type: ignore[no-any-return]


def _columns(province: Floats, names: Sequence[str]) -> Floats:
    return province[..., [PROVINCE_INDEX[name] for name in names]]


def _days(bound: Bools, among: Bools) -> tuple[float, float]:
    """Mean days over the replications on which both hold, and their share of the days of `among`."""
    both, all_days = int((bound & among).sum()), int(among.sum())
    return both / len(among), both / all_days if all_days else np.nan
