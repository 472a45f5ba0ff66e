"""Scoring rules against calculations by hand, a library, and forecasters whose calibration is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from surgesim.scoring.rules import bias, covered, interval_score

LEVELS = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
QUANTILES = np.array([[2.0, 8.0, 10.0, 12.0, 20.0]])


def test_interval_score_by_hand() -> None:
    # 13 lies 3 above the median and 1 above the 50 % interval, in the 90 % interval:
    # (3/2 + 0.25 × 4 + 1 + 0.05 × 18) / 2.5
    found = interval_score(np.array([13.0]), QUANTILES, LEVELS)
    assert found.wis == pytest.approx([4.4 / 2.5])
    assert found.dispersion == pytest.approx([1.9 / 2.5])
    assert found.underprediction == pytest.approx([2.5 / 2.5])
    assert found.overprediction == pytest.approx([0.0])


def test_truth_below_all_intervals_is_overprediction() -> None:
    found = interval_score(np.array([0.0]), QUANTILES, LEVELS)
    assert found.overprediction == pytest.approx([(10 / 2 + 8 + 2) / 2.5])
    assert found.underprediction == pytest.approx([0.0])
    assert found.wis == pytest.approx(found.dispersion + found.overprediction)


def test_a_point_forecast_has_the_absolute_error() -> None:
    found = interval_score(np.array([7.0]), np.full((1, 5), 10.0), LEVELS)
    assert found.wis == pytest.approx([3.0])


def test_interval_score_is_twice_the_mean_quantile_score_of_scoringrules() -> None:
    scoringrules = pytest.importorskip("scoringrules", exc_type=ImportError)
    rng = np.random.default_rng(3)
    quantiles = np.sort(rng.gamma(2.0, 40.0, (200, 5)), axis=1)
    truth = rng.gamma(2.0, 40.0, 200)
    losses = scoringrules.quantile_score(truth[:, None], quantiles, LEVELS, backend="numpy")
    assert interval_score(truth, quantiles, LEVELS).wis == pytest.approx(2 * losses.mean(axis=1))


def test_a_perfect_forecaster_covers_what_it_says() -> None:
    rng = np.random.default_rng(4)
    means = rng.normal(100.0, 30.0, 4_000)
    quantiles = means[:, None] + 10 * norm.ppf(LEVELS)
    truth = rng.normal(means, 10.0)
    assert covered(truth, quantiles, LEVELS, 0.5).mean() == pytest.approx(0.5, abs=0.03)
    assert covered(truth, quantiles, LEVELS, 0.9).mean() == pytest.approx(0.9, abs=0.02)
    assert bias(truth, quantiles, LEVELS).mean() == pytest.approx(0, abs=0.03)
    narrow = means[:, None] + 5 * norm.ppf(LEVELS)
    own, overconfident = (interval_score(truth, each, LEVELS).wis.mean() for each in (quantiles, narrow))
    assert own < overconfident


@pytest.mark.parametrize(
    ("truth", "expected"), [(0.0, 1.0), (5.0, 0.9), (9.0, 0.5), (10.0, 0.0), (11.0, -0.5), (30.0, -1.0)]
)
def test_bias_by_hand(truth: float, expected: float) -> None:
    assert bias(np.array([truth]), QUANTILES, LEVELS) == pytest.approx([expected])
