"""The ensemble smoother with multiple data assimilation (ES-MDA; Emerick and Reynolds 2013).

This module contains only linear algebra on arrays. It replaces the library `iterative-ensemble-smoother`,
which is under the GPL, and allows for noise that differs between rounds: the simulator's own chance is not
observation noise, but a fit must not be sharper than the replicates allow.

References
----------
doi:10.1016/j.cageo.2012.03.011
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SHRINKAGE: Final = 0.3
"""Weight of the diagonal in the covariance of replicates, which are too few for a full covariance."""


def chance(replicates: Floats) -> Floats:
    """Return the covariance of replicates with equal parameters, shrunk towards its diagonal.

    Parameters
    ----------
    replicates
        ``(replicates, observations)``.
    """
    covariance = np.atleast_2d(np.cov(replicates, rowvar=False))
    diagonal: Floats = np.diag(np.diag(covariance))
    shrunk: Floats = (1 - SHRINKAGE) * covariance + SHRINKAGE * diagonal
    return shrunk


@dataclass(frozen=True, slots=True)
class Round:
    """The ensemble of a round, and the predictions of its runs.

    Attributes
    ----------
    ensemble
        ``(members, unknowns)``.
    predictions
        ``(members, observations)`` predictions for the members, on the scale of the data.
    replicates
        ``(replicates, observations)`` predictions at the mean of the ensemble, which differ by chance.
    """

    ensemble: Floats
    predictions: Floats
    replicates: Floats


def update(
    now: Round,
    before: Round | None,
    data: Floats,
    noise: Floats,
    rounds: int,
    rng: np.random.Generator,
) -> Floats:
    """Return the ensemble after one of `rounds` assimilations of the same data.

    Chance has the covariance Q (see `chance`). Over all rounds, the data should count with the covariance
    ``noise + Q``. The predictions contain a share ``1 / rounds`` of Q already, so the rest of Q is added to
    the noise.

    The slopes of the predictions are fitted to the members of this round and of the previous one, and the
    perturbations of the data have mean 0; both reduce the noise of a small ensemble.

    Parameters
    ----------
    now, before
        The runs of this round and of the previous one (None in the first round).
    data
        ``(observations,)``.
    noise
        Variances of the observations, ``(observations,)``.
    """
    members, count = now.predictions.shape
    covariance = rounds * (np.diag(noise) + (1 - 1 / rounds) * chance(now.replicates))
    spread, away = _deviations(now.ensemble), _deviations(now.predictions)
    known = [(spread, away)]
    if before is not None:
        known.append((_deviations(before.ensemble), _deviations(before.predictions)))
    slopes: Floats = np.linalg.lstsq(np.vstack([a for a, _ in known]), np.vstack([b for _, b in known]))[0]
    left = away - spread @ slopes
    cross = spread.T @ spread / (members - 1) @ slopes
    total = slopes.T @ cross + left.T @ left / (members - 1) + covariance
    perturbations = _deviations(rng.standard_normal((members, count)) @ np.linalg.cholesky(covariance).T)
    distance = data + perturbations - now.predictions
    new: Floats = now.ensemble + np.linalg.solve(total, distance.T).T @ cross.T
    return new


def _deviations(values: Floats) -> Floats:
    deviations: Floats = values - values.mean(axis=0)
    return deviations
