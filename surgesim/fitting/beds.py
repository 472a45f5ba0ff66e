"""Patients, staffed beds and oxygen used by week and place, from the daily series of a forecast's run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from surgesim.fitting.hubverse import areas_of, by_run
from surgesim.fitting.places import WEEK, sums_by_place, weekly_table
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.breaches import PROVINCE_AREA

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

USED: Final = "oxygen_used_kg"

FACILITY_COLUMNS: Final = (
    *(f"{what}_{bed}" for what in ("occupied", "staffed") for bed in ("basic", "oxygen", "icu")),
    USED,
)
"""Daily columns of the facilities that the run of a forecast must store."""

_NEED: Final = ("oxygen_need", "icu_need")
"""Daily columns of the province alone: who needs oxygen or ICU, wherever they are."""


def beds_by_place(folder: Path, scenario: Scenario) -> pd.DataFrame:
    """Return quantiles of patients, staffed beds and oxygen used in each week, for the baseline.

    Returns
    -------
    DataFrame
        Columns `horizon`, `target_end_date`, `kind` (``province``, ``district`` or ``facility``), `place`,
        `quantity`, `output_type_id` (the level) and `value`: patients and beds at 24:00 of `target_end_date`,
        ``inf`` for unlimited beds, and kg of oxygen in the seven days.
    """
    return weekly_table(scenario, ("kind", "place", "quantity"), _quantities(folder, scenario), _of_week)


def _of_week(key: tuple[str, ...], series: Sequence[Floats]) -> Floats:
    (values,) = series
    return values[:, -WEEK:].sum(axis=1) if key[-1] == USED else values[:, -1]


def _quantities(folder: Path, scenario: Scenario) -> Iterator[tuple[tuple[str, ...], Sequence[Floats]]]:
    """Yield kind and name of a place and a quantity, and its daily values, ``(replications, days)``."""
    need = areas_of(folder, [*_NEED])
    for name in _NEED:
        yield ("province", PROVINCE_AREA, name), [by_run(need, PROVINCE_AREA, (name,))]
    facilities = list(scenario.care.facilities)
    for kind, place, found in sums_by_place(folder, scenario, FACILITY_COLUMNS, facilities):
        for name, values in zip(FACILITY_COLUMNS, found, strict=True):
            yield (kind, place, name), [values]
