"""Hours until the oxygen on site is used up, by week and place, from the daily series of a forecast's run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from surgesim.fitting.places import WEEK, sums_by_place, weekly_table
from surgesim.scenario.schema.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

STOCK, DELIVERED = "oxygen_stock_kg", "oxygen_delivered_kg"

FACILITY_COLUMNS: Final = (STOCK, DELIVERED)
"""Daily columns of the facilities that the run of a forecast must store."""

MOST_HOURS: Final = 24.0 * 365
"""Hours that stand for a stock that is not used up, or lasts longer."""

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
    stored = [
        name
        for name, facility in scenario.care.facilities.items()
        if facility.oxygen is not None and (facility.oxygen.tank_kg > 0 or facility.oxygen.cylinders > 0)
    ]
    places = (
        ((kind, place), series)
        for kind, place, series in sums_by_place(folder, scenario, FACILITY_COLUMNS, stored)
    )
    return weekly_table(scenario, ("kind", "place"), places, lambda _, series: hours_to_empty(*series))


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
    fall = taken - delivered[:, -WEEK:].mean(axis=1)
    left = stock[:, -1]
    hours = np.full(len(stock), MOST_HOURS)
    falling = fall > 0
    hours[falling] = np.minimum(24 * left[falling] / fall[falling], MOST_HOURS)
    hours[left <= _EMPTY_KG] = 0.0
    return hours
