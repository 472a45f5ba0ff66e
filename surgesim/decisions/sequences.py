"""Tests and intervals that stay valid however often one looks at the runs, and whenever one stops.

For shares, and other numbers from 0 to 1: capital bet against a mean, averaged over a grid of stakes. If the
mean is as tested, the capital does not grow on average, so it reaches 1/α with a probability of at most α
(Ville 1939; Waudby-Smith & Ramdas 2024, J. R. Stat. Soc. B 86(1), doi:10.1093/jrsssb/qkad009). For means of
other outcomes: asymptotic confidence sequences (Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2024, Ann.
Stat. 52(6), doi:10.1214/24-AOS2408), which hold in the limit of many runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_STAKES: Final = (np.arange(20) + 0.5) / 20
"""Stakes, as shares of the largest with which the capital cannot become negative."""

_TIGHT_AT: Final = 64
"""Number of runs at which the sequence for means is tightest."""


def log_capital(values: Floats, bound: float, *, below: bool) -> float:
    """Return the log of the largest capital reached by betting that the mean lies below (or above) `bound`.

    Parameters
    ----------
    values
        Independent numbers from 0 to 1, in order.

    Examples
    --------
    >>> round(log_capital(np.zeros(40), 0.2, below=True), 1)
    6.8
    """
    if len(values) == 0 or bound <= 0 or bound >= 1:
        sure = (bound >= 1) if below else (bound <= 0)
        return math.inf if sure and len(values) else 0.0
    stakes = -_STAKES / (1 - bound) if below else _STAKES / bound
    growth = np.log1p(stakes[:, None] * (values - bound))
    capital = np.logaddexp.reduce(growth.cumsum(axis=1), axis=0) - math.log(len(stakes))
    return max(float(capital.max()), 0.0)


def share_interval(values: Floats, alpha: float) -> tuple[float, float]:
    """Return an interval for the mean of numbers from 0 to 1 that covers it at all times with 1 - `alpha`.

    Examples
    --------
    >>> low, high = share_interval(np.tile([0.0, 0.0, 0.0, 1.0], 50), 0.1)
    >>> 0.15 < low < 0.25 < high < 0.36
    True
    """
    reach = math.log(2 / alpha)
    middle = min(max(float(values.mean()), 1e-9), 1 - 1e-9)
    high = _edge(lambda bound: log_capital(values, bound, below=True) < reach, middle, 1.0)
    low = _edge(lambda bound: log_capital(values, bound, below=False) < reach, middle, 0.0)
    return low, high


def _edge(inside: Callable[[float], bool], near: float, far: float) -> float:
    """Return the outermost bound that is inside, from `near` towards `far`."""
    if inside(far + (near - far) * 1e-9):
        return far
    for _ in range(40):
        middle = (near + far) / 2
        near, far = (middle, far) if inside(middle) else (near, middle)
    return far


def mean_margin(values: Floats, alpha: float) -> float:
    """Return the distance from the mean beyond which a bound is ruled out on one side, at all times, with an
    error of `alpha` (asymptotic confidence sequence, one-sided).

    Examples
    --------
    >>> round(mean_margin(np.tile([0.0, 2.0], 50), 0.05), 2)
    0.28
    """
    n = len(values)
    if n < 2:
        return math.inf
    two = -2 * math.log(alpha)
    rho2 = (two + math.log(max(two, 1.0)) + 1) / _TIGHT_AT
    width = math.sqrt(2 * (n * rho2 + 1) / (n**2 * rho2) * math.log1p(math.sqrt(n * rho2 + 1) / (2 * alpha)))
    return float(values.std(ddof=1)) * width


def mean_interval(values: Floats, alpha: float) -> tuple[float, float]:
    """Return an interval that covers a mean at all times with 1 - `alpha`, in the limit of many runs."""
    margin = mean_margin(values, alpha / 2)
    return float(values.mean()) - margin, float(values.mean()) + margin


def isotonic(values: Floats, weights: Floats) -> Floats:
    """Return the falling sequence nearest to `values` (pool adjacent violators, weighted least squares).

    Examples
    --------
    >>> isotonic(np.array([3.0, 1.0, 2.0]), np.ones(3)).tolist()
    [3.0, 1.5, 1.5]
    """
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        blocks.append((value, weight, 1))
        while len(blocks) > 1 and blocks[-2][0] < blocks[-1][0]:
            (one, heavy, n), (other, light, m) = blocks[-2:]
            blocks[-2:] = [((one * heavy + other * light) / (heavy + light), heavy + light, n + m)]
    return np.repeat([value for value, _, _ in blocks], [n for _, _, n in blocks])
