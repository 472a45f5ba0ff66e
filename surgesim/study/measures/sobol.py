"""Sobol indices of an outcome's expectation, corrected for chance, and the share of chance.

The mean of a few replications varies over the points also by chance, which lowers first indices and raises
total ones. Variances and the numerators of Saltelli's estimators are quadratic in the outcomes, so the part
that is due to chance can be estimated without bias from how much they differ when computed from single draws:
for the mean of D independent draws, Q(mean) - (mean of Q(draw) - Q(mean)) / (D - 1) estimates the Q of the
expectation. This holds whatever the correlation of chance between points, hence also with the same random
numbers at every point, part of which cancels out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEWEST = 2
"""Min number of independent draws at every point."""


def corrected_indices(values: Floats, samples: int, weights: Floats) -> Floats:
    """Compute corrected first and total indices of each path, then the share of chance.

    Parameters
    ----------
    values
        ``(points, draws, runs)``: outcomes in the order of `surgesim.study.sweep.design.points`; the runs of
        a draw share drawn parameters, and draws are independent.
    samples
        Number of samples of the design.
    weights
        ``(estimates, samples)``: the weight of each sample in each estimate; each row adds up to 1.

    Returns
    -------
    numpy.ndarray
        ``(estimates, 2 * paths + 1)``: first indices and total indices, as shares of the variance of the
        outcome's expectation over the points, NaN if that variance is not above 0; then the share of chance
        in the variance of a single run.
    """
    values = values - values.mean()
    draws = values.mean(axis=2)
    means = draws.mean(axis=1)
    each = np.column_stack([means, draws])
    a, b, *mixed = np.split(each, len(each) // samples)
    mean = weights @ ((a + b) / 2)
    variance = _of_expectation(weights @ ((a**2 + b**2) / 2) - mean**2)
    gaps = [other - a for other in mixed]
    firsts = [_of_expectation(weights @ (b * gap) - mean * (weights @ gap)) for gap in gaps]
    totals = [_of_expectation(weights @ gap**2 / 2) for gap in gaps]
    within = ((values - means[:, None, None]) ** 2).mean(axis=(1, 2)) + draws.var(
        axis=1, ddof=1
    ) / draws.shape[1]
    chance = weights @ (within[:samples] + within[samples : 2 * samples]) / 2
    shared = np.where(variance > 0, variance, np.nan)[:, None]
    with np.errstate(invalid="ignore"):
        share = chance / (np.maximum(variance, 0) + chance)
    return np.column_stack([np.column_stack([*firsts, *totals]) / shared, share])


def _of_expectation(quadratic: Floats) -> Floats:
    """Return the quadratic of the expectation, from those of the mean (first column) and of each draw."""
    of_mean, of_draws = quadratic[:, 0], quadratic[:, 1:]
    return np.asarray(of_mean - (of_draws.mean(axis=1) - of_mean) / (of_draws.shape[1] - 1))
