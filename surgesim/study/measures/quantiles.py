"""Quantiles over replications, by the same rule for days, values and daily bands."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_ROUNDING = 9
"""Decimals to which a rank is rounded, so that the 0.05 quantile of 140 values is the 7th and not the 8th."""


def quantile(values: Floats, q: float | Sequence[float]) -> Floats:
    """Return the quantile over the first axis: the smallest value that is at least as
    large as a share `q` of the values.

    The results for several `q` are stacked as the first axis. The result is always one of the values: the
    inverse of their distribution function (type 1 of Hyndman and Fan 1996, doi:10.2307/2684934). Values are
    not interpolated, because there is no day between a given day and never; medians of days and of other
    values thus follow the same rule. NaN if any value is NaN.

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
    """Return the `quantile` of times, which are infinite if an event never occurs; NaN if it is infinite."""
    at = float(quantile(times, q))
    return at if math.isfinite(at) else math.nan
