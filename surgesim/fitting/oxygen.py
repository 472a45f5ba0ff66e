"""Hours until the oxygen on site is used up, by week and place, from the daily series of a forecast's run."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from surgesim.fitting.hubverse import LEVELS
from surgesim.fitting.places import sums_by_place
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.quantiles import quantile
from surgesim.study.store.csv_files import ten_digits

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

STOCK, DELIVERED = "oxygen_stock_kg", "oxygen_delivered_kg"

FACILITY_COLUMNS: Final = (STOCK, DELIVERED)
"""Daily columns of the facilities that the run of a forecast must store."""

MOST_HOURS: Final = 24.0 * 365
"""Hours that stand for a stock that is not used up, or lasts longer."""

_WEEK: Final = 7
_EMPTY_KG: Final = 1e-6


def hours_of_oxygen(folder: Path, scenario: Scenario) -> pd.DataFrame:
    """Return quantiles of the hours of oxygen on site at the end of each week, for the baseline.

    Facilities without a tank and cylinders have none. Districts and the province are the sums of the others.

    Returns
    -------
    DataFrame
        Columns `horizon`, `target_end_date`, `kind` (``province``, ``district`` or ``facility``), `place`,
        `output_type_id` (the level) and `value` (hours, at most `MOST_HOURS`).
    """
    import pandas as pd

    stored = [
        name
        for name, facility in scenario.care.facilities.items()
        if facility.oxygen is not None and (facility.oxygen.tank_kg > 0 or facility.oxygen.cylinders > 0)
    ]
    rows = []
    for kind, place, (stock, delivered) in sums_by_place(folder, scenario, FACILITY_COLUMNS, stored):
        for week in range(1, scenario.days // _WEEK + 1):
            hours = hours_to_empty(stock[:, : week * _WEEK], delivered[:, : week * _WEEK])
            end = scenario.start + timedelta(days=week * _WEEK - 1)
            for level, value in zip(LEVELS, quantile(hours, LEVELS).tolist(), strict=True):
                rows.append((week, end, kind, place, level, value))
    names = ["horizon", "target_end_date", "kind", "place", "output_type_id", "value"]
    frame = pd.DataFrame(rows, columns=names)
    frame["value"] = ten_digits(frame["value"].to_numpy(np.float64))
    return frame.assign(target_end_date=pd.to_datetime(frame["target_end_date"]))


def hours_to_empty(stock: Floats, delivered: Floats) -> Floats:
    """Return the hours until the stock of the last day is used up, at most `MOST_HOURS`.

    The stock falls by what was taken from it on the last day, less the mean of the deliveries of the last
    seven days.

    Parameters
    ----------
    stock
        Stock at 24:00, in kg, ``(replications, days)``.
    delivered
        Deliveries, in kg per day, ``(replications, days)``.
    """
    taken = stock[:, -2] - stock[:, -1] + delivered[:, -1]
    fall = taken - delivered[:, -_WEEK:].mean(axis=1)
    left = stock[:, -1]
    hours = np.full(len(stock), MOST_HOURS)
    falling = fall > 0
    hours[falling] = np.minimum(24 * left[falling] / fall[falling], MOST_HOURS)
    hours[left <= _EMPTY_KG] = 0.0
    return hours
