"""Simple forecasts that any other should beat, computed only from values observed up to the origin.

Both functions take the time series of a target up to the origin and return quantiles, which are all NaN if
the series is too short.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from surgesim.scoring.truth import WEEK, Course, Floats

SAMPLES: Final = 5_000
"""Number of sampled sums of differences; each sum counts with both signs."""

GROWTH_DAYS: Final = 21
"""Days over which the trend measures growth."""

LEAST_POINTS: Final = 3
"""Minimum number of values in the last `GROWTH_DAYS`."""

LEAST_ERRORS: Final = 5
"""Minimum number of past errors for the bands of the trend."""

_SEED: Final = 20  # one seed for all, so that scores depend on nothing but the data


def baseline(known: Course, weeks: int, levels: Floats) -> Floats:
    """Return the quantiles of the hubs' baseline: the last value, with the spread of past changes.

    The median is the last value. The bands are quantiles of the sum of `weeks` differences, each drawn from
    all past differences between values seven days apart, with both signs. Quantiles below 0 become 0.
    """
    if not len(known.days):
        return np.full(len(levels), np.nan)
    change = known.values - known.on(known.days - WEEK)
    change = change[~np.isnan(change)]
    if not len(change):
        return np.full(len(levels), np.nan)
    either = np.concatenate((change, -change))
    if weeks > 1:
        rng = np.random.default_rng(_SEED)
        total = rng.choice(either, (weeks, SAMPLES)).sum(axis=0)
        either = np.concatenate((total, -total))
    quantiles: Floats = np.maximum(known.values[-1] + np.quantile(either, levels), 0)
    quantiles[len(levels) // 2] = known.values[-1]
    return quantiles


def trend(known: Course, weeks: int, levels: Floats) -> Floats:
    """Return the quantiles of an exponential trend: growth as in the last 21 days.

    Growth is the slope of log(1 + x). The bands are quantiles of the errors of past forecasts by the same
    trend for the same number of weeks, on the scale of log(1 + x); each error counts with both signs.
    Quantiles below 0 become 0.
    """
    if not len(known.days):
        return np.full(len(levels), np.nan)
    logs = np.log1p(known.values)
    ahead = logs + _slopes(known.days, logs) * WEEK * weeks
    came = np.log1p(known.on(known.days + WEEK * weeks))
    errors = (came - ahead)[~np.isnan(came - ahead)]
    if len(errors) < LEAST_ERRORS:
        return np.full(len(levels), np.nan)
    either = np.concatenate((errors, -errors))
    quantiles: Floats = np.maximum(np.expm1(ahead[-1] + np.quantile(either, levels)), 0)
    return quantiles


def _slopes(days: NDArray[np.int64], logs: Floats) -> Floats:
    """Return the slope per day over the `GROWTH_DAYS` that end on each day; NaN if they have few values."""
    begin = np.searchsorted(days, days - GROWTH_DAYS, "right")
    x = (days - days[0]).astype(float)
    n, sx, sy, sxx, sxy = (_moving_sum(of, begin) for of in (np.ones(len(x)), x, logs, x * x, x * logs))
    slopes: Floats = np.full(len(x), np.nan)
    np.divide(n * sxy - sx * sy, n * sxx - sx**2, out=slopes, where=n >= LEAST_POINTS)
    return slopes


def _moving_sum(values: Floats, begin: NDArray[np.intp]) -> Floats:
    total = np.concatenate(([0.0], np.cumsum(values)))
    return total[1:] - total[begin]


YARDSTICKS: Final = {"baseline": baseline, "trend": trend}
"""The functions of the yardsticks, by name."""
