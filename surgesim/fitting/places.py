"""Daily series of the facilities of a forecast's run, added up by district and province."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.measures.breaches import PROVINCE_AREA
from surgesim.study.tables.series import FACILITY_SERIES

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


def sums_by_place(
    folder: Path, scenario: Scenario, columns: Sequence[str], facilities: Sequence[str]
) -> Iterator[tuple[str, str, list[Floats]]]:
    """Yield kind and name of each place, and its daily values of each column, for the baseline.

    Places are the province, the districts (both as sums of `facilities`, if there are any) and facilities.
    The arrays are ``(replications, days)``.
    """
    import pyarrow.parquet as pq

    keys = ["facility", "replication", "day"]
    table = pq.read_table(
        folder / f"{FACILITY_SERIES.name}.parquet",
        columns=[*keys, *columns],
        filters=[("alternative", "==", BASELINE)],
    )
    frame: pd.DataFrame = table.to_pandas().sort_values(keys)
    runs = frame["replication"].nunique()
    of = {
        str(name): [rows[column].to_numpy(np.float64).reshape(runs, -1) for column in columns]
        for name, rows in frame.groupby("facility", observed=True)
    }
    district = {name: facility.district for name, facility in scenario.care.facilities.items()}
    places = [("province", PROVINCE_AREA, list(facilities))]
    places += [
        ("district", here, [name for name in facilities if district[name] == here])
        for here in scenario.people.districts
    ]
    places += [("facility", name, [name]) for name in facilities]
    for kind, place, names in places:
        if names:
            yield kind, place, [np.sum([of[name][i] for name in names], axis=0) for i in range(len(columns))]
