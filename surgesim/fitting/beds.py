"""Patients, staffed beds and oxygen used by week and place, from the daily series of a forecast's run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from surgesim.fitting.hubverse import LEVELS, areas_of
from surgesim.fitting.places import sums_by_place
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.breaches import PROVINCE_AREA
from surgesim.study.measures.quantiles import quantile
from surgesim.study.store.csv_files import ten_digits

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

_WEEK: Final = 7


def beds_by_place(folder: Path, scenario: Scenario) -> pd.DataFrame:
    """Return quantiles of patients, staffed beds and oxygen used in each week, for the baseline.

    Returns
    -------
    DataFrame
        Columns `horizon`, `target_end_date`, `kind` (``province``, ``district`` or ``facility``), `place`,
        `quantity`, `output_type_id` (the level) and `value`: patients and beds at 24:00 of `target_end_date`,
        ``inf`` for unlimited beds, and kg of oxygen in the seven days.
    """
    import pandas as pd

    rows = []
    for kind, place, name, values in _quantities(folder, scenario):
        for week in range(1, scenario.days // _WEEK + 1):
            of_week = values[:, (week - 1) * _WEEK : week * _WEEK]
            runs = of_week.sum(axis=1) if name == USED else of_week[:, -1]
            end = scenario.start + timedelta(days=week * _WEEK - 1)
            for level, value in zip(LEVELS, quantile(runs, LEVELS).tolist(), strict=True):
                rows.append((week, end, kind, place, name, level, value))
    names = ["horizon", "target_end_date", "kind", "place", "quantity", "output_type_id", "value"]
    frame = pd.DataFrame(rows, columns=names)
    frame["value"] = ten_digits(frame["value"].to_numpy(np.float64))
    return frame.assign(target_end_date=pd.to_datetime(frame["target_end_date"]))


def _quantities(folder: Path, scenario: Scenario) -> Iterator[tuple[str, str, str, Floats]]:
    """Yield kind and name of a place, a quantity and its daily values, ``(replications, days)``."""
    need = areas_of(folder, [*_NEED])
    need = need[need["area"] == PROVINCE_AREA]
    runs = need["replication"].nunique()
    for name in _NEED:
        yield "province", PROVINCE_AREA, name, need[name].to_numpy(np.float64).reshape(runs, -1)
    facilities = list(scenario.care.facilities)
    for kind, place, found in sums_by_place(folder, scenario, FACILITY_COLUMNS, facilities):
        for name, values in zip(FACILITY_COLUMNS, found, strict=True):
            yield kind, place, name, values
