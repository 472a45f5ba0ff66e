"""Quantiles over replications: one rule for days, values and daily bands."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_ROUNDING = 9
"""Decimals kept in a rank: 0.05 of 140 values is the 7th, not the 8th because of rounding errors."""


def quantile(values: Floats, q: float | Sequence[float]) -> Floats:
    """Quantile over the first axis: the smallest value that a share `q` of the values does not exceed.

    Several `q` are stacked as the first axis. The result is always one of the values, the inverse of their
    distribution function (type 1 of Hyndman and Fan 1996, doi:10.2307/2684934). Nothing is interpolated,
    because no day lies between a day and never; medians of days and of values thus follow the same rule.
    NaN if any value is NaN.

    Examples
    --------
    >>> float(quantile(np.array([4.0, 1.0, 3.0, 2.0]), 0.5))
    2.0
    >>> float(quantile(np.array([5.0, np.inf, 9.0]), 0.95))
    inf
    """
    ordered = np.sort(values, axis=0)  # NaN last
    place = np.maximum(np.ceil(np.round(np.multiply(q, len(ordered)), _ROUNDING)).astype(int) - 1, 0)
    return np.where(np.isnan(ordered[-1]), np.nan, ordered[place])


def censored_quantile(times: Floats, q: float) -> float:
    """The `quantile` of times, infinite for events that never occur; NaN if the quantile is infinite."""
    at = float(quantile(times, q))
    return at if math.isfinite(at) else math.nan
