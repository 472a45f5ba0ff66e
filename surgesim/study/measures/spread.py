"""The spread of an outcome due to chance (within a draw) and to assumptions (between draws).

The variance due to chance, W, is the mean of the variances within draws. The variance due to assumptions is
the variance of the draws' means less W / runs (one-way analysis of variance). Their intervals assume no
distribution. That of W, a mean of variances, is on the log scale; that of the variance of the means follows
Bonett 2006 (doi:10.1016/j.csda.2004.10.003); and that of the difference combines these two (Zou and Donner
2008, doi:10.1002/sim.3095).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEWEST_DRAWS = 10
"""Min draws to separate chance from assumptions; with 10, an interval's ends differ nearly threefold."""

_Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Spread:
    """The standard deviation of an outcome due to chance and to assumptions, each with its 95 % interval.

    Attributes
    ----------
    mean
        Mean over all runs.
    chance, chance_low, chance_high
        Standard deviation between runs of the same draw.
    assumptions, assumptions_low, assumptions_high
        Standard deviation between draws, after subtracting the variance of a draw's mean that is due to
        chance; 0 if draws differ less than chance alone would make them differ.
    low, high
        The 5 % and 95 % quantiles of the draws' means, which are first moved towards their mean so that their
        standard deviation is that due to assumptions.
    """

    mean: float
    chance: float
    chance_low: float
    chance_high: float
    assumptions: float
    assumptions_low: float
    assumptions_high: float
    low: float
    high: float


def spread(outcome: Floats) -> Spread:
    """Separate chance from assumptions in an outcome, ``(draws, runs)`` with at least two of each."""
    runs = outcome.shape[1]
    means = outcome.mean(axis=1)
    within, within_low, within_high = _mean_of_variances(outcome.var(axis=1, ddof=1))
    between, between_low, between_high = _variance(means)
    part = within / runs
    found = between - part
    low = found - math.hypot(between - between_low, (within_high - within) / runs)
    high = found + math.hypot(between_high - between, (within - within_low) / runs)
    closer = math.sqrt(max(found, 0.0) / between) if between > 0 else 0.0
    first, last = np.quantile(means, (0.05, 0.95)) - means.mean()
    return Spread(
        mean=float(means.mean()),
        chance=math.sqrt(within),
        chance_low=math.sqrt(within_low),
        chance_high=math.sqrt(within_high),
        assumptions=math.sqrt(max(found, 0.0)),
        assumptions_low=math.sqrt(max(low, 0.0)),
        assumptions_high=math.sqrt(max(high, 0.0)),
        low=float(means.mean() + closer * first),
        high=float(means.mean() + closer * last),
    )


def _mean_of_variances(variances: Floats) -> tuple[float, float, float]:
    """Return the mean of the variances of the draws, and the ends of its interval."""
    from scipy.special import stdtrit

    mean, draws = float(variances.mean()), len(variances)
    if mean == 0:
        return 0.0, 0.0, 0.0
    away = float(stdtrit(draws - 1, 0.975) * variances.std(ddof=1) / mean / math.sqrt(draws))
    return mean, mean * math.exp(-away), mean * math.exp(away)


def _variance(values: Floats) -> tuple[float, float, float]:
    """Return the variance of values, and the ends of its interval (Bonett 2006)."""
    number, variance = len(values), float(values.var(ddof=1))
    if variance == 0:
        return 0.0, 0.0, 0.0
    cut = int(number * 0.5 / math.sqrt(number - 4)) if number > 4 else 0
    middle = np.sort(values)[cut : number - cut].mean()
    around = ((values - values.mean()) ** 2).sum()
    kurtosis = number * ((values - middle) ** 4).sum() / around**2
    scale = number / (number - _Z)
    away = _Z * scale * math.sqrt((kurtosis - (number - 3) / number) / (number - 1))
    return variance, variance * scale * math.exp(-away), variance * scale * math.exp(away)
