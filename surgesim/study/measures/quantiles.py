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
    return np.where(np.isnan(ordered[-1]), np.nan, ordered[_rank(q, len(ordered))])


def _rank(q: float | Sequence[float], count: int) -> NDArray[np.int64]:
    """Return the rank, from 0, of the quantile `q` among `count` values."""
    return np.maximum(np.ceil(np.round(np.multiply(q, count), _ROUNDING)).astype(np.int64) - 1, 0)


def censored_quantile(times: Floats, q: float) -> float:
    """Return the `quantile` of times that are infinite if an event never occurs; NaN instead of infinity."""
    at = float(quantile(times, q))
    return at if math.isfinite(at) else math.nan


def weighted_quantile(counts: Sequence[tuple[float, int]], q: float) -> float:
    """Return the `quantile` of increasing values, given as (value, number) pairs; NaN if there are none."""
    if not counts:
        return math.nan
    values, numbers = zip(*counts, strict=True)
    ends = np.cumsum(numbers)
    return float(values[int(np.searchsorted(ends, _rank(q, int(ends[-1])), side="right"))])


class Tails:
    """The lowest and highest values of a stream, which are all that its outer quantiles depend on.

    Parameters
    ----------
    shape
        Shape of the arrays that are added.
    q
        The lower quantile, below 0.5; the upper is 1 - `q`.
    most
        Max number of arrays. A share 2 `q` of the values is kept, as 32-bit numbers, which are exact for
        whole numbers up to 16 million.
    """

    def __init__(self, shape: tuple[int, ...], q: float, most: int) -> None:
        self._q = q
        kept = (math.floor(round(q * most, _ROUNDING)) + 1, *shape)
        self._low = np.full(kept, np.inf, np.float32)
        self._high = np.full(kept, -np.inf, np.float32)
        self._count = 0

    def add(self, values: Floats) -> None:
        """Add an array, whose values replace less extreme ones in the low tail and in the high tail."""
        new = values.astype(np.float32)[None]
        for tail, place, nearer in (
            (self._low, self._low.argmax(axis=0), np.minimum),
            (self._high, self._high.argmin(axis=0), np.maximum),
        ):
            there = np.take_along_axis(tail, place[None], 0)
            np.put_along_axis(tail, place[None], nearer(there, new), 0)
        self._count += 1

    def quantiles(self) -> tuple[Floats, Floats]:
        """Return the `quantile` for q and for 1 - q of the arrays added so far."""
        low, high = np.sort(self._low, axis=0), np.sort(self._high, axis=0)
        from_top = self._count - 1 - int(_rank(1 - self._q, self._count))
        return low[int(_rank(self._q, self._count))].astype(float), high[-1 - from_top].astype(float)
