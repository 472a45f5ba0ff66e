"""Daily series of the facilities of a forecast's run by place, and tables of their quantiles by week."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from surgesim.fitting.hubverse import LEVELS
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.measures.breaches import PROVINCE_AREA
from surgesim.study.measures.quantiles import quantile
from surgesim.study.store.csv_files import ten_digits
from surgesim.study.tables.series import FACILITY_SERIES

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

WEEK: Final = 7


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


def weekly_table(
    scenario: Scenario,
    names: Sequence[str],
    series: Iterable[tuple[tuple[str, ...], Sequence[Floats]]],
    of_week: Callable[[tuple[str, ...], Sequence[Floats]], Floats],
) -> pd.DataFrame:
    """Return quantiles of a value of each run at the end of each week.

    Parameters
    ----------
    names
        Names of the columns of a key.
    series
        Keys, each with its daily series, ``(replications, days)``.
    of_week
        Function that returns the value of each run from a key and its series up to the end of a week.
    """
    import pandas as pd

    rows = []
    for key, daily in series:
        for week in range(1, scenario.days // WEEK + 1):
            runs = of_week(key, [values[:, : week * WEEK] for values in daily])
            end = scenario.start + timedelta(days=week * WEEK - 1)
            for level, value in zip(LEVELS, quantile(runs, LEVELS).tolist(), strict=True):
                rows.append((week, end, *key, level, value))
    columns = ["horizon", "target_end_date", *names, "output_type_id", "value"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["value"] = ten_digits(frame["value"].to_numpy(np.float64))
    return frame.assign(target_end_date=pd.to_datetime(frame["target_end_date"]))
