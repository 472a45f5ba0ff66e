"""The smoother against linear algebra: the exact posterior of a linear model with normal noise."""

from __future__ import annotations

import numpy as np
import pytest

from surgesim.fitting.smoother import Round, chance, update

MODEL = np.array([[1.0, 0.5], [0.0, 2.0], [1.0, 1.0]])
DATA = np.array([1.0, -1.0, 0.5])
NOISE = np.array([0.3, 0.5, 0.4])


def assimilated(rounds: int, q: float, members: int = 20_000) -> np.ndarray:
    """Assimilate in rounds; each prediction has chance of variance `q`, drawn anew in each round."""
    rng = np.random.default_rng(1)
    ensemble, before = rng.standard_normal((members, 2)), None
    for _ in range(rounds):
        predictions = ensemble @ MODEL.T + np.sqrt(q) * rng.standard_normal((members, 3))
        replicates = ensemble.mean(axis=0) @ MODEL.T + np.sqrt(q) * rng.standard_normal((5_000, 3))
        now = Round(ensemble, predictions, replicates)
        ensemble, before = update(now, before, DATA, NOISE, rounds, rng), now
    return ensemble


@pytest.mark.parametrize(("rounds", "q"), [(1, 0.0), (4, 0.0), (1, 0.4), (4, 0.4)])
def test_the_ensemble_has_the_exact_posterior(rounds: int, q: float) -> None:
    """The chance of the model counts once, like noise, whatever the number of rounds."""
    weights = np.diag(1 / (NOISE + q))
    covariance = np.linalg.inv(np.eye(2) + MODEL.T @ weights @ MODEL)
    mean = covariance @ MODEL.T @ weights @ DATA
    found = assimilated(rounds, q)
    assert found.mean(axis=0) == pytest.approx(mean, abs=0.03)
    assert np.cov(found.T) == pytest.approx(covariance, abs=0.02)


def test_chance_is_shrunk_to_its_diagonal() -> None:
    replicates = np.array([[0.0, 0.0], [2.0, 2.0]])
    assert chance(replicates) == pytest.approx(np.array([[2.0, 1.4], [1.4, 2.0]]))
