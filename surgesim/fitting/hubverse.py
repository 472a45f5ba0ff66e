"""Quantiles of a forecast by week and place, in hubverse format; docs/forecasting.md explains the columns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from surgesim.fitting.series import SERIES
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.measures.breaches import PROVINCE_AREA
from surgesim.study.measures.quantiles import quantile
from surgesim.study.store.csv_files import ten_digits
from surgesim.study.store.run_folder import PARQUET
from surgesim.study.tables.series import FACILITY_SERIES

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

LEVELS: Final = (0.025, *(round(0.05 * step, 2) for step in range(1, 20)), 0.975)
"""Probability levels of the quantiles."""

FACILITY_COLUMNS: Final = tuple(
    dict.fromkeys(column for series in SERIES.values() if series.facilities for column in series.columns)
)
"""Daily columns of the facilities that the run of a forecast must store."""

_WEEK: Final = 7


def weekly_quantiles(folder: Path, scenario: Scenario) -> pd.DataFrame:
    """Return the weekly quantiles of the baseline, from the daily series in a result folder.

    Flows are sums of the seven days that end on `target_end_date`; stocks are at 24:00 of that day.
    """
    import pandas as pd

    rows = []
    for name, location, values in _places(folder, scenario):
        for week in range(1, scenario.days // _WEEK + 1):
            of_week = values[:, (week - 1) * _WEEK : week * _WEEK]
            runs = of_week.sum(axis=1) if SERIES[name].is_flow else of_week[:, -1]
            end = scenario.start + timedelta(days=week * _WEEK - 1)
            for level, value in zip(LEVELS, quantile(runs, LEVELS).tolist(), strict=True):
                rows.append((scenario.start, name, week, end, location, "quantile", level, value))
    names = ["origin_date", "target", "horizon", "target_end_date"]
    frame = pd.DataFrame(rows, columns=[*names, "location", "output_type", "output_type_id", "value"])
    frame["value"] = ten_digits(frame["value"].to_numpy())
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in (names[0], names[3])})


def _places(folder: Path, scenario: Scenario) -> Iterator[tuple[str, str, Floats]]:
    """Yield the daily values of each series and place of the baseline, ``(replications, days)``."""
    of_areas = areas_of(folder, sorted({column for series in SERIES.values() for column in series.columns}))
    of_facilities = _facilities(folder, scenario)
    for name, series in SERIES.items():
        yield name, PROVINCE_AREA, by_run(of_areas, PROVINCE_AREA, series.columns)
        for district in scenario.people.districts:
            if series.district is not None:
                yield name, district, by_run(of_areas, district, (series.district,))
            elif series.facilities and (of_facilities["area"] == district).any():
                yield name, district, by_run(of_facilities, district, series.columns)


def areas_of(folder: Path, columns: list[str]) -> pd.DataFrame:
    """Read daily columns of the province and its districts, for the baseline, from daily.parquet."""
    import pyarrow.parquet as pq

    keys = ["area", "replication", "day"]
    table = pq.read_table(
        folder / PARQUET, columns=[*keys, *columns], filters=[("alternative", "==", BASELINE)]
    )
    frame: pd.DataFrame = table.to_pandas()
    return frame.sort_values(keys)


def _facilities(folder: Path, scenario: Scenario) -> pd.DataFrame:
    """Read the daily columns of the facilities, for the baseline, and add them up by district."""
    import pyarrow.parquet as pq

    table = pq.read_table(
        folder / f"{FACILITY_SERIES.name}.parquet", filters=[("alternative", "==", BASELINE)]
    )
    frame: pd.DataFrame = table.to_pandas()
    districts = {name: facility.district for name, facility in scenario.care.facilities.items()}
    keys = ["area", "replication", "day"]
    of_district = frame.assign(area=frame["facility"].map(districts).astype("str"))
    return of_district.groupby(keys)[list(FACILITY_COLUMNS)].sum().reset_index()


def by_run(frame: pd.DataFrame, area: str, columns: tuple[str, ...]) -> Floats:
    """Return the daily sums of columns of an area, ``(replications, days)``."""
    here = frame[frame["area"] == area]
    total = here[list(columns)].sum(axis=1).to_numpy(np.float64)
    return total.reshape(here["replication"].nunique(), -1)
