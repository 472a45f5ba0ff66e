"""The smoother against linear algebra, and its coverage on a stochastic epidemic.

The epidemic here is no part of the package: a chain-binomial SEIR of a town, all members at once, of which
weekly cases, admissions and occupied beds are seen.
"""

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
    members, replicates, rounds = 160, 40, 4
    levels, before = rng.standard_normal((members, len(UNKNOWN))), None
    for _ in range(rounds):
        mean = np.repeat(levels.mean(axis=0, keepdims=True), replicates, axis=0)
        runs = np.log1p(epidemics(np.vstack([levels, mean]), rng))
        now = Round(levels, runs[:members], runs[members:])
        levels, before = update(now, before, np.log1p(weeks), np.full(weeks.size, 0.01), rounds, rng), now
    return levels


@pytest.mark.slow
def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    inside, widths = [], []
    for number in range(60):
        rng = np.random.default_rng([3, number])
        truth = rng.standard_normal(len(UNKNOWN))
        weeks = epidemics(truth[None], rng)[0]
        fitted = posterior(weeks * np.exp(0.1 * rng.standard_normal(weeks.size)), rng)
        low, high = np.quantile(fitted, [0.05, 0.95], axis=0)
        inside.append((low <= truth) & (truth <= high))
        widths.append(fitted.std(axis=0))
    shares = dict(zip(UNKNOWN, np.mean(inside, axis=0), strict=True))
    assert 0.85 <= np.mean(inside) <= 0.95, shares
    assert min(shares.values()) >= 0.78, shares
    assert np.mean(widths) < 0.6
