"""Replications that share a draw of parameters, and so carry less information than independent ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def draw_means(values: Floats, runs: int) -> Floats:
    """Return the mean of each draw, which is shared by `runs` successive replications; NaN is ignored.

    The last draw may have fewer replications.

    Examples
    --------
    >>> draw_means(np.array([1.0, 3.0, 5.0]), 2).tolist()
    [2.0, 5.0]
    """
    if runs == 1:
        return values
    firsts = np.arange(0, len(values), runs)
    sizes = np.add.reduceat(~np.isnan(values), firsts, dtype=int)
    sums = np.add.reduceat(np.nan_to_num(values), firsts)
    return np.asarray(np.divide(sums, sizes, out=np.full(len(firsts), np.nan), where=sizes > 0))


def independent_runs(values: Floats, runs: int, numbers: NDArray[np.int64] | None = None) -> float:
    """Return the effective sample size: the number of independent replications with the same precision.

    The effective sample size (Kish) lies between the number of draws and the number of replications. If all
    values are equal, it is the number of draws, because the influence of a draw is then unknown.

    Parameters
    ----------
    values
        The value of each replication.
    runs
        Number of replications that share a draw.
    numbers
        The index of each replication; by default, none is missing.

    Examples
    --------
    >>> independent_runs(np.array([1.0, 1.0, 4.0, 4.0]), 2)
    2.0
    >>> independent_runs(np.array([1.0, 4.0, 4.0]), 2, np.array([1, 2, 3]))
    2.0
    """
    number = len(values)
    draws, sizes = np.unique((np.arange(number) if numbers is None else numbers) // runs, return_counts=True)
    is_whole = sizes == runs
    if runs == 1 or is_whole.sum() < 2:
        return float(len(draws))
    whole = values[np.repeat(is_whole, sizes)].reshape(-1, runs)
    spread = whole.var(ddof=1)
    loss = whole.mean(axis=1).var(ddof=1) / spread * runs if spread > 0 else runs
    return float(number / min(max(loss, 1.0), runs))
