"""Shares of an outcome's variance: chance within a draw, assumptions between draws, and each parameter.

Chance is the variance between runs of the same draw. Assumptions are the variance between draws, after
subtracting the variance of a draw's mean that is due to chance (one-way analysis of variance). A parameter's
share is the variance of the draws' means explained by a regression on its rank and the square of its rank,
adjusted for the number of terms. It estimates the first-order index, for monotone and for U-shaped effects.
If parameters are drawn together, their shares overlap.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEWEST_DRAWS = 20
"""Min draws; with fewer, the interval of a share covers most of its possible range."""

FEWEST_FREE = 10
"""Min degrees of freedom of the regression on all parameters, which gives the unexplained share."""

RESAMPLES = 1_000

_NOTHING = 1e-9
"""A share of variance this small is a rounding error."""


def variance_shares(
    outcome: Floats, parameters: Floats, rng: np.random.Generator, choices: Sequence[int] = ()
) -> Floats:
    """Compute the shares of the variance of an outcome.

    Parameters
    ----------
    outcome
        ``(draws, runs)`` values. With one run per draw, chance cannot be separated from assumptions.
    parameters
        ``(draws, paths)`` values drawn. If no parameter varies, all variance is chance.
    rng
        Random generator for the bootstrap.
    choices
        Indices of the parameters that are choices rather than assumptions.

    Returns
    -------
    ndarray
        ``(paths + 3, 3)``: value and ends of the 95 % interval (by bootstrap over draws). There is a row for
        each parameter, then one each for assumptions, for the variance between draws that the parameters
        leave unexplained, and for chance; if there are choices, a last row for them. Values are from 0 to 1,
        or NaN where undefined.
    """
    draws = len(outcome)
    terms = [_terms(column) for column in parameters.T]
    if not any(len(each) for each in terms):
        nothing = np.zeros((len(terms) + 3, 3))
        nothing[-1] = 1.0
        return nothing
    shares = _Shares(outcome, terms, choices)
    value = shares.of(np.ones(draws))
    resampled = np.array(
        [
            shares.of(np.bincount(rng.integers(0, draws, draws), minlength=draws).astype(float))
            for _ in range(RESAMPLES)
        ]
    )
    found = np.full((len(value), 3), np.nan)
    known = np.isfinite(value) & np.isfinite(resampled).any(axis=0)
    ends = np.nanquantile(resampled[:, known], (0.025, 0.975), axis=0)
    found[known] = np.clip(np.column_stack([value[known], *ends]), 0.0, 1.0)
    return found


def _terms(values: Floats) -> list[Floats]:
    """Return the terms that vary: a parameter's rank, and the rank's square less what the rank explains."""
    from scipy.stats import rankdata

    found: list[Floats] = []
    ranks = rankdata(values) / len(values)
    for power in (ranks, (ranks - ranks.mean()) ** 2):
        left = power - power.mean()
        for term in found:
            left = left - term * (term @ left) / len(left)
        size = math.sqrt(left @ left / len(left))
        if size > _NOTHING:
            found.append(left / size)
    return found


class _Shares:
    """A function that computes the shares of variance, given how often each draw is counted."""

    def __init__(self, outcome: Floats, terms: Sequence[Sequence[Floats]], choices: Sequence[int]) -> None:
        ends = np.cumsum([0, *map(len, terms)])
        self._places = [np.arange(*pair) for pair in itertools.pairwise(ends)]
        self._choices = np.array([i for each in choices for i in self._places[each]], dtype=np.intp)
        self._columns = np.column_stack([*(term for each in terms for term in each), outcome.mean(axis=1)])
        self._runs = outcome.shape[1]
        several = self._runs > 1
        self._within = outcome.var(axis=1, ddof=1) if several else np.full(len(outcome), np.nan)

    def of(self, counts: Floats) -> Floats:
        draws = counts.sum()
        away = self._columns - counts @ self._columns / draws
        products = (away * counts[:, None]).T @ away
        between = products[-1, -1] / (draws - 1)
        chance = counts @ self._within / draws
        drawn = between - chance / self._runs
        whole = between if self._runs == 1 else drawn + chance
        choices = _explained(products, self._choices, draws)
        every = np.arange(len(products) - 1)
        enough = draws - 1 - len(every) >= FEWEST_FREE
        left = (between if self._runs == 1 else drawn) - _explained(products, every, draws)
        parts = [
            *(_explained(products, places, draws) for places in self._places),
            drawn - choices,
            left if enough else math.nan,
            chance,
            *([choices] if len(self._choices) else []),
        ]
        return np.array(parts) / whole if whole > 0 else np.full(len(parts), np.nan)


def _explained(products: Floats, places: NDArray[np.intp], draws: float) -> float:
    """Return the variance of the last column that a regression on the columns `places` explains.

    It is adjusted for the number of these columns. `products` has the sums of products of the centred
    columns.
    """
    among, across = products[np.ix_(places, places)], products[places, -1]
    weights, _, rank, _ = np.linalg.lstsq(among, across, rcond=_NOTHING)
    free = draws - 1 - rank
    if len(places) == 0 or free < 1:
        return 0.0
    left = max(products[-1, -1] - across @ weights, 0.0)
    return float(products[-1, -1] / (draws - 1) - left / free)
