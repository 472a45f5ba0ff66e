"""The ensemble smoother with multiple data assimilation (ES-MDA; Emerick and Reynolds 2013).

All is linear algebra on arrays; nothing here knows of the model. Written out, because the library
`iterative-ensemble-smoother` is under the GPL, and because the noise differs from round to round: a
simulator's own chance is no observation noise, yet it keeps a fit from being sharper than its replicates.

References
----------
doi:10.1016/j.cageo.2012.03.011
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SHRINKAGE: Final = 0.3
"""Weight of its own diagonal in the covariance of replicates, of which there are few."""


def chance(replicates: Floats) -> Floats:
    """Return the covariance of replicates with equal parameters, shrunk to its diagonal.

    Parameters
    ----------
    replicates
        ``(replicates, observations)``.
    """
    covariance = np.atleast_2d(np.cov(replicates, rowvar=False))
    diagonal: Floats = np.diag(np.diag(covariance))
    shrunk: Floats = (1 - SHRINKAGE) * covariance + SHRINKAGE * diagonal
    return shrunk


def update(
    ensemble: Floats,
    predictions: Floats,
    observed: Floats,
    noise: Floats,
    replicates: Floats,
    rounds: int,
    rng: np.random.Generator,
) -> Floats:
    """Return the ensemble after one of `rounds` assimilations of the same data.

    Each member's prediction has chance of its own, so over all rounds the data count with the covariance
    ``noise + Q``: the predictions bring Q, and the other ``1 - 1 / rounds`` of it is added to the noise.

    Parameters
    ----------
    ensemble
        ``(members, unknowns)``.
    predictions
        ``(members, observations)``, on the scale of `observed`.
    observed
        ``(observations,)``.
    noise
        ``(observations,)`` variances of the observations.
    replicates
        ``(replicates, observations)`` predictions at the mean of the ensemble, which differ by chance.
    """
    members, count = predictions.shape
    covariance = rounds * (np.diag(noise) + (1 - 1 / rounds) * chance(replicates))
    spread, away = ensemble - ensemble.mean(axis=0), predictions - predictions.mean(axis=0)
    cross = spread.T @ away / (members - 1)
    total = away.T @ away / (members - 1) + covariance
    perturbed = observed + rng.standard_normal((members, count)) @ np.linalg.cholesky(covariance).T
    moved: Floats = ensemble + np.linalg.solve(total, (perturbed - predictions).T).T @ cross.T
    return moved
