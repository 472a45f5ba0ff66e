"""Shares of variance: known answers, and the same components and regressions as scipy."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from surgesim.study.measures import variance
from surgesim.study.measures.variance import variance_shares


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Intervals are looked at in one test, which has more; shares do not depend on them."""
    monkeypatch.setattr(variance, "RESAMPLES", 10)


def shares(
    weights: list[float], chance: float, seed: int, draws: int = 100, runs: int = 2
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Shares of a linear outcome of uniform parameters, of which `chance` is the share of chance."""
    rng = np.random.default_rng(seed)
    parameters = rng.random((draws, len(weights)))
    between = sum(weight**2 for weight in weights) / 12
    noise = np.sqrt(between * chance / (1 - chance)) if between else 1.0
    outcome = (parameters @ np.array(weights))[:, None] + rng.normal(0, noise, (draws, runs))
    return variance_shares(outcome, parameters, rng)


@pytest.mark.parametrize("chance", [0.1, 0.6])
def test_linear_parameters_get_their_shares(chance: float) -> None:
    values = np.mean([shares([3, 1, 0], chance, seed)[:, 0] for seed in range(8)], axis=0)
    left = 1 - chance
    assert values == pytest.approx([0.9 * left, 0.1 * left, 0, left, 0, chance], abs=0.06)


def test_intervals_hold_the_true_shares_in_most_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variance, "RESAMPLES", 200)
    truth = np.array([0.63, 0.07, 0, 0.7, 0, 0.3])
    held = np.mean(
        [
            (found[:, 1] <= truth + 1e-12) & (truth <= found[:, 2] + 1e-12)
            for found in (shares([3, 1, 0], 0.3, seed, draws=40) for seed in range(40))
        ],
        axis=0,
    )
    assert (held >= 0.85).all(), held
    assert held[2] >= 0.9  # a parameter without effect


def test_a_parameter_that_does_not_vary_explains_nothing() -> None:
    rng = np.random.default_rng(1)
    parameters = np.column_stack([np.full(30, 4.0), rng.random(30)])
    found = variance_shares(parameters[:, 1:] + rng.normal(0, 0.1, (30, 2)), parameters, rng)
    assert found[0].tolist() == [0, 0, 0]
    assert found[1, 0] > 0.8


@pytest.mark.parametrize("paths", [0, 2])
def test_with_parameters_fixed_all_is_chance(paths: int) -> None:
    rng = np.random.default_rng(1)
    found = variance_shares(rng.random((25, 2)), np.full((25, paths), 3.0), rng)
    assert found.tolist() == [[0, 0, 0]] * (paths + 2) + [[1, 1, 1]]


def test_a_u_shaped_effect_is_explained_and_an_interaction_is_not() -> None:
    rng = np.random.default_rng(2)
    parameters = rng.random((200, 2))
    valley = np.repeat(((parameters[:, 0] - 0.5) ** 2)[:, None], 2, axis=1)
    assert variance_shares(valley, parameters, rng)[0, 0] > 0.95
    crossed = np.repeat(((parameters[:, 0] - 0.5) * (parameters[:, 1] - 0.5))[:, None], 2, axis=1)
    _, _, assumptions, unexplained, chance = variance_shares(crossed, parameters, rng)
    assert (assumptions[0], chance[0]) == (1, 0)
    assert unexplained[0] > 0.85


def test_components_are_those_of_the_analysis_of_variance() -> None:
    rng = np.random.default_rng(3)
    parameters = rng.random((30, 1))
    outcome = parameters + rng.normal(0, 0.3, (30, 3))
    ratio = stats.f_oneway(*outcome).statistic
    between = (ratio - 1) / 3  # in units of the variance within
    found = variance_shares(outcome, parameters, rng)
    assert found[1, 0] == pytest.approx(between / (between + 1))
    assert found[3, 0] == pytest.approx(1 / (between + 1))


def test_a_share_is_the_adjusted_one_of_a_regression_on_ranks() -> None:
    rng = np.random.default_rng(4)
    parameters = rng.lognormal(size=(40, 2))
    outcome = parameters[:, :1] + rng.normal(0, 1, (40, 2))
    ranks = stats.rankdata(parameters[:, 0])
    means = outcome.mean(axis=1)
    left = means - np.polynomial.Polynomial.fit(ranks, means, 2)(ranks)
    explained = means.var(ddof=1) - left @ left / 37
    within = outcome.var(axis=1, ddof=1).mean()
    whole = means.var(ddof=1) + within / 2
    assert variance_shares(outcome, parameters, rng)[0, 0] == pytest.approx(explained / whole)


def test_what_is_unexplained_is_left_by_a_regression_on_all_parameters() -> None:
    rng = np.random.default_rng(7)
    parameters = rng.random((60, 2))
    outcome = (parameters[:, :1] * parameters[:, 1:]) + rng.normal(0, 0.05, (60, 2))
    ranks = stats.rankdata(parameters, axis=0) / 60
    fit = sm.OLS(outcome.mean(axis=1), sm.add_constant(np.hstack([ranks, ranks**2]))).fit()
    within = outcome.var(axis=1, ddof=1).mean()
    between = outcome.mean(axis=1).var(ddof=1)
    assumptions = between - within / 2
    expected = (assumptions - fit.rsquared_adj * between) / (assumptions + within)
    assert expected > 0.02
    assert variance_shares(outcome, parameters, rng)[3, 0] == pytest.approx(expected)


def test_one_run_of_each_draw_cannot_tell_chance() -> None:
    found = shares([3, 1, 0], 0.3, 1, runs=1)
    assert np.isnan(found[[3, 5]]).all()
    assert found[4, 0] == pytest.approx(0.3, abs=0.1)  # chance is among what is not explained


def test_few_draws_for_many_parameters_leave_the_rest_unknown() -> None:
    found = shares([1.0] * 8, 0.3, 1, draws=20)
    assert np.isnan(found[9]).all()
    assert np.isfinite(np.delete(found, 9, axis=0)).all()


def test_an_outcome_that_does_not_vary_has_no_shares() -> None:
    rng = np.random.default_rng(5)
    assert np.isnan(variance_shares(np.ones((25, 2)), rng.random((25, 1)), rng)).all()


def test_choices_are_counted_apart_from_assumptions() -> None:
    rng = np.random.default_rng(8)
    parameters = rng.random((200, 2))
    outcome = (2 * parameters[:, 0] + parameters[:, 1])[:, None] + rng.normal(0, 0.2, (200, 2))
    whole = variance_shares(outcome, parameters, np.random.default_rng(1))
    apart = variance_shares(outcome, parameters, np.random.default_rng(1), choices=[1])
    assert len(apart) == len(whole) + 1
    assert apart[[0, 1, 3, 4]].tolist() == whole[[0, 1, 3, 4]].tolist()
    assert apart[2, 0] + apart[5, 0] == pytest.approx(whole[2, 0])
    assert apart[5, 0] == pytest.approx(whole[1, 0])
    assert apart[5, 0] == pytest.approx(1 / 12 / (5 / 12 + 0.04), abs=0.06)


def test_parameters_drawn_together_overlap() -> None:
    rng = np.random.default_rng(6)
    one = rng.random(200)
    found = variance_shares(np.repeat(one[:, None], 2, axis=1), np.column_stack([one, one]), rng)
    assert found[:, 0] == pytest.approx([1, 1, 1, 0, 0], abs=0.01)
