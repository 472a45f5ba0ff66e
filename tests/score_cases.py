"""Truth and forecasts for the tests of scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd

START = date(2024, 1, 1)
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def day(number: int) -> date:
    """Return the day with this number; day 0 is the first of the truth."""
    return START + timedelta(days=number)


def daily(**series: Sequence[Any]) -> pd.DataFrame:
    """Return truth from day 0 on."""
    days = len(next(iter(series.values())))
    return pd.DataFrame({"date": [day(number) for number in range(days)], **series})


def forecast(
    quantiles: Sequence[float] | Mapping[float, float],
    *,
    origin: int = 20,
    weeks: int = 1,
    target: str = "icu",
    location: str = "province",
) -> pd.DataFrame:
    """Return the rows of one forecast; without levels, those of `LEVELS`."""
    pairs = quantiles if isinstance(quantiles, Mapping) else dict(zip(LEVELS, quantiles, strict=True))
    return pd.DataFrame(
        {
            "origin_date": day(origin).isoformat(),
            "target": target,
            "horizon": weeks,
            "target_end_date": day(origin + 7 * weeks).isoformat(),
            "location": location,
            "output_type": "quantile",
            "output_type_id": list(pairs),
            "value": list(pairs.values()),
        }
    )
