"""The ensemble smoother with multiple data assimilation (ES-MDA; Emerick and Reynolds 2013).

All is linear algebra on arrays; nothing here knows of the model. Written out, because the library
`iterative-ensemble-smoother` is under the GPL, and because the noise differs from round to round: a
simulator's own chance is no observation noise, yet it keeps a fit from being sharper than its replicates.

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


@dataclass(frozen=True, slots=True)
class Round:
    """The runs of a round.

    Attributes
    ----------
    ensemble
        ``(members, unknowns)``.
    predictions
        ``(members, observations)`` of the members, on the scale of the data.
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

    Each member's prediction has chance of its own, so over all rounds the data count with the covariance
    ``noise + Q``: the predictions bring Q, and the other ``1 - 1 / rounds`` of it is added to the noise.

    The slopes of predictions on unknowns are regressed on the members of this round and of the one before,
    and perturbations of the data have mean 0: both lessen the noise of a small ensemble.

    Parameters
    ----------
    now, before
        The runs of this round, and of the one before if there is one.
    data
        ``(observations,)``.
    noise
        ``(observations,)`` variances of the observations.
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
