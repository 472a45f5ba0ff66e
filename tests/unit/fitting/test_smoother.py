"""The smoother against linear algebra, and its coverage on a stochastic epidemic.

The epidemic here is no part of the package: a chain-binomial SEIR of a town, all members at once, of which
weekly cases, admissions and occupied beds are seen.
"""

from __future__ import annotations

import numpy as np
import pytest

from surgesim.fitting.fit import MEMBERS, REPLICATES, ROUNDS
from surgesim.fitting.fit import NOISE as NOISE_SD
from surgesim.fitting.smoother import Round, chance, settle, update, weights

MODEL = np.array([[1.0, 0.5], [0.0, 2.0], [1.0, 1.0]])
DATA = np.array([1.0, -1.0, 0.5])
NOISE = np.array([0.3, 0.5, 0.4])


def exact_posterior(variances: np.ndarray, model: np.ndarray = MODEL) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and covariance of the posterior of a linear model and a standard normal prior."""
    precision = np.diag(1 / variances)
    covariance = np.linalg.inv(np.eye(len(model.T)) + model.T @ precision @ model)
    return covariance @ model.T @ precision @ DATA[: len(model)], covariance


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
    mean, covariance = exact_posterior(NOISE + q)
    found = assimilated(rounds, q)
    assert found.mean(axis=0) == pytest.approx(mean, abs=0.03)
    assert np.cov(found.T) == pytest.approx(covariance, abs=0.02)


def exact_normals(members: int, rng: np.random.Generator) -> np.ndarray:
    """Draw levels of two unknowns with mean 0 and unit covariance."""
    drawn = rng.standard_normal((members, 2))
    drawn -= drawn.mean(axis=0)
    return np.linalg.solve(np.linalg.cholesky(np.cov(drawn.T)), drawn.T).T


@pytest.mark.parametrize("observations", [3, 1])
def test_the_last_round_has_the_exact_posterior(observations: int) -> None:
    """Wherever its runs are, and with fewer observations than unknowns, too."""
    rng = np.random.default_rng(2)
    model, noise = MODEL[:observations], NOISE[:observations]
    prior = exact_normals(5_000, rng)
    levels = [0.7, -0.4] + rng.standard_normal((20_000, 2)) @ [[0.3, 0.1], [0.0, 0.2]]
    predictions = levels @ model.T + np.sqrt(0.4) * rng.standard_normal((20_000, observations))
    sums = weights(Round(levels, predictions, predictions), noise)
    found = settle(prior, levels, predictions, sums, DATA[:observations], noise)
    mean, covariance = exact_posterior(noise + 0.4, model)
    assert sums.shape == (observations, min(observations, 2))
    assert found.mean(axis=0) == pytest.approx(mean, abs=0.03)
    assert np.cov(found.T) == pytest.approx(covariance, abs=0.02)


def test_the_last_round_keeps_the_prior_of_what_no_data_tell() -> None:
    rng = np.random.default_rng(4)
    prior, levels = exact_normals(40, rng), exact_normals(200, rng)
    predictions = np.column_stack([levels[:, 0], levels[:, 0]]) + 0.1 * rng.standard_normal((200, 2))
    found = settle(prior, levels, predictions, np.array([[1.0], [1.0]]), np.ones(2), np.full(2, 0.01))
    assert found[:, 1] == pytest.approx(prior[:, 1], abs=0.1)
    assert found[:, 0].std() < 0.15


def test_chance_is_shrunk_to_its_diagonal() -> None:
    replicates = np.array([[0.0, 0.0], [2.0, 2.0]])
    assert chance(replicates) == pytest.approx(np.array([[2.0, 1.4], [1.4, 2.0]]))


# -- coverage -------------------------------------------------------------------------------------

PEOPLE, WEEKS, LAST_WEEKS = 50_000, 8, 2
MEDIANS = np.array([60.0, 2.1, 1.0, 0.25, 0.02])
LOG_SDS = np.array([0.5, 0.15, 0.3, 0.35, 0.3])
UNKNOWN = ("infections", "r0", "last weeks", "detection", "severity")


def epidemics(levels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Simulate a member per row of levels; return its weeks, ``(members, 3 * WEEKS)``."""
    infections, r0, last, detection, severity = (MEDIANS * np.exp(LOG_SDS * levels)).T
    seen = np.zeros((len(levels), 3, WEEKS))
    exposed = np.rint(infections).astype(int)
    susceptible, infectious, sick, beds = PEOPLE - exposed, 0 * exposed, 0 * exposed, 0 * exposed
    for day in range(7 * WEEKS):
        week = day // 7
        factor = np.where(week >= WEEKS - LAST_WEEKS, last, 1.0)
        infected = rng.binomial(susceptible, -np.expm1(-r0 / 4 * factor * infectious / PEOPLE))
        onsets, ends = rng.binomial(exposed, 1 / 3), rng.binomial(infectious, 1 / 4)
        susceptible, exposed, infectious = (
            susceptible - infected,
            exposed + infected - onsets,
            infectious + onsets - ends,
        )
        admitted, discharged = rng.binomial(sick, 1 / 5), rng.binomial(beds, 1 / 9)
        sick += rng.binomial(onsets, np.minimum(severity, 1.0)) - admitted
        beds += admitted - discharged
        cases = rng.binomial(onsets, np.minimum(detection, 1.0))
        seen[:, :, week] += np.stack([cases, admitted, beds / 7], axis=1)
    return seen.reshape(len(levels), -1)


def posterior(weeks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Fit with the defaults of `surgesim.fit`."""
    members, replicates, rounds = MEMBERS, REPLICATES, ROUNDS
    data, noise = np.log1p(weeks), np.full(weeks.size, NOISE_SD**2)
    prior = levels = rng.standard_normal((members, len(UNKNOWN)))
    before = None
    for _ in range(rounds - 1):
        ran, runs = _runs(levels, replicates, rng)
        now = Round(levels, runs[:members], runs[members:])
        levels, before = update(now, before, data, noise, rounds, rng), now
    ran, runs = _runs(levels, replicates, rng)
    return settle(prior, ran, runs, weights(before, noise), data, noise)


def _runs(levels: np.ndarray, replicates: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    ran = np.vstack([levels, np.tile(levels.mean(axis=0), (replicates, 1))])
    return ran, np.log1p(epidemics(ran, rng))


@pytest.mark.slow
def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    inside, widths, distances = [], [], []
    for number in range(60):
        rng = np.random.default_rng([3, number])
        truth = rng.standard_normal(len(UNKNOWN))
        weeks = epidemics(truth[None], rng)[0]
        fitted = posterior(weeks * np.exp(NOISE_SD * rng.standard_normal(weeks.size)), rng)
        low, high = np.quantile(fitted, [0.05, 0.95], axis=0)
        inside.append((low <= truth) & (truth <= high))
        widths.append(fitted.std(axis=0))
        distances.append((fitted.mean(axis=0) - truth) / widths[-1])
    shares = dict(zip(UNKNOWN, np.mean(inside, axis=0), strict=True))
    assert 0.86 <= np.mean(inside) <= 0.95, shares
    assert min(shares.values()) >= 0.8, shares
    # with a last round like the others: 1.06
    assert 0.85 <= np.sqrt(np.mean(np.square(distances))) <= 1.02
    assert np.mean(widths) < 0.6
