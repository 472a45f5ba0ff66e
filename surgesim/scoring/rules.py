"""Scores of quantile forecasts: the weighted interval score and its parts, coverage, and bias.

Functions take observed values, `truth` ``(n,)``, and quantiles ``(n, levels)`` whose levels increase and are
symmetric about 0.5. Scores: Bracher et al. 2021, doi:10.1371/journal.pcbi.1008618.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class IntervalScore(NamedTuple):
    """The weighted interval score, ``(n,)``, the sum of its three parts; 0 is best.

    Attributes
    ----------
    dispersion
        The part due to the width of the intervals.
    overprediction, underprediction
        The parts due to observed values below and above the intervals.
    """

    wis: Floats
    dispersion: Floats
    overprediction: Floats
    underprediction: Floats


def interval_score(truth: Floats, quantiles: Floats, levels: Floats) -> IntervalScore:
    """Return the weighted interval score: twice the mean pinball loss over all levels."""
    pairs = len(levels) // 2
    low, high = quantiles[:, :pairs], quantiles[:, ::-1][:, :pairs]
    median, y = quantiles[:, pairs], truth[:, None]
    weight = pairs + 0.5
    dispersion = ((high - low) @ levels[:pairs]) / weight
    over = (np.maximum(low - y, 0).sum(axis=1) + 0.5 * np.maximum(median - truth, 0)) / weight
    under = (np.maximum(y - high, 0).sum(axis=1) + 0.5 * np.maximum(truth - median, 0)) / weight
    return IntervalScore(dispersion + over + under, dispersion, over, under)


def covered(truth: Floats, quantiles: Floats, levels: Floats, share: float) -> NDArray[np.bool_]:
    """Return whether the central interval with probability `share` covers each observed value."""
    low, high = (
        quantiles[:, np.argmin(np.abs(levels - level))] for level in ((1 - share) / 2, (1 + share) / 2)
    )
    return (low <= truth) & (truth <= high)


def bias(truth: Floats, quantiles: Floats, levels: Floats) -> Floats:
    """Return the bias: from -1 (all quantiles are below the truth) to 1 (all are above it); 0 is best."""
    y = truth[:, None]
    below = np.where(quantiles <= y, levels, 0.0).max(axis=1)
    above = np.where(quantiles >= y, levels, 1.0).min(axis=1)
    median = quantiles[:, len(levels) // 2]
    found: Floats = np.select([truth < median, truth > median], [1 - 2 * below, 1 - 2 * above], 0.0)
    return found
