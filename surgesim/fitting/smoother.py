"""The ensemble smoother: rounds that move the ensemble, and a last one from the prior.

Rounds but the last are ES-MDA (Emerick and Reynolds 2013). Each is linear in the members, so where a model is
curved, errors of early rounds stay in the ensemble, and its bands become too narrow. The last round therefore
starts again from the prior, with the slopes of the model near the data (a Gauss-Newton step).

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


def chance(runs: Floats) -> Floats:
    """Return the covariance of runs that differ by chance alone, shrunk towards its diagonal.

    Parameters
    ----------
    runs
        ``(runs, observations)``: replicates with equal parameters, or what slopes leave of members.
    """
    covariance = np.atleast_2d(np.cov(runs, rowvar=False))
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
        ``(replicates, observations)`` predictions at the mean of the ensemble, which differ by chance. If
        there are fewer than two, the residuals of the members after regression are used instead.
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
    spread, away = _deviations(now.ensemble), _deviations(now.predictions)
    known = [(spread, away)]
    if before is not None:
        known.append((_deviations(before.ensemble), _deviations(before.predictions)))
    slopes: Floats = np.linalg.lstsq(np.vstack([a for a, _ in known]), np.vstack([b for _, b in known]))[0]
    left = away - spread @ slopes
    apart = now.replicates if len(now.replicates) > 1 else left
    covariance = rounds * (np.diag(noise) + (1 - 1 / rounds) * chance(apart))
    cross = spread.T @ spread / (members - 1) @ slopes
    total = slopes.T @ cross + left.T @ left / (members - 1) + covariance
    perturbations = _deviations(rng.standard_normal((members, count)) @ np.linalg.cholesky(covariance).T)
    distance = data + perturbations - now.predictions
    new: Floats = now.ensemble + np.linalg.solve(total, distance.T).T @ cross.T
    return new


def weights(now: Round, noise: Floats) -> Floats:
    """Return weights of observations in the few sums that tell most of the unknowns.

    Returns
    -------
    ``(observations, sums)``: as many sums as unknowns, or as observations if there are fewer.
    """
    slopes, left = _regression(now.ensemble, now.predictions)
    known = np.linalg.solve(chance(left) + np.diag(noise), slopes.T)
    return np.asarray(np.linalg.svd(known, full_matrices=False)[0])


def settle(
    prior: Floats, levels: Floats, predictions: Floats, weights: Floats, data: Floats, noise: Floats
) -> Floats:
    """Return the prior's ensemble after one assimilation of the data, with slopes measured near the data.

    Slopes and chance of all observations, measured in few runs, are noisy, and noise looks like information.
    Those of a few sums are not, if the weights of the sums come from other runs.

    Parameters
    ----------
    prior
        ``(members, unknowns)``.
    levels, predictions
        ``(runs, unknowns)`` and ``(runs, observations)`` of runs near the data.
    weights
        ``(observations, sums)``.
    data, noise
        As for `update`.
    """
    sums = predictions @ weights
    slopes, left = _regression(levels, sums)
    # the inverse of a covariance of few runs is too large on average, unless freedom is less by this
    freedom = len(left) - 1 - len(slopes) - (len(left.T) + 1)
    covariance = left.T @ left / max(freedom, 1) + weights.T @ (noise[:, None] * weights)
    spread = _deviations(prior) / np.sqrt(len(prior) - 1)
    response = spread @ slopes
    total = response.T @ response + covariance
    expected = sums.mean(axis=0) + (prior.mean(axis=0) - levels.mean(axis=0)) @ slopes
    shift = np.linalg.solve(total, data @ weights - expected) @ response.T @ spread
    # the square root that shrinks the members' deviations to the covariance of the posterior
    root = np.linalg.inv(np.linalg.cholesky(covariance))
    sides, lengths, _ = np.linalg.svd(response @ root.T, full_matrices=False)
    less = sides * (1 - 1 / np.sqrt(1 + lengths**2))
    return np.asarray(prior + shift - less @ (sides.T @ _deviations(prior)), np.float64)


def _regression(levels: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return the slopes of values on levels, and what they leave of the deviations of values."""
    spread, away = _deviations(levels), _deviations(values)
    slopes = np.asarray(np.linalg.lstsq(spread, away)[0], np.float64)
    return slopes, away - spread @ slopes


def _deviations(values: Floats) -> Floats:
    deviations: Floats = values - values.mean(axis=0)
    return deviations
