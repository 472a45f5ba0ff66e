"""Yardsticks against calculations by hand."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from surgesim.scoring.truth import Course
from surgesim.scoring.yardsticks import baseline, trend

LEVELS = np.array([0.05, 0.25, 0.5, 0.75, 0.95])


def weekly(*values: float) -> Course:
    return Course(np.arange(len(values), dtype=np.int64) * 7, np.array(values, dtype=float))


def test_baseline_one_week_ahead_by_hand() -> None:
    known = weekly(100, 110, 130, 126)
    changes = [-20, -10, -4, 4, 10, 20]
    expected = 126 + np.quantile(changes, LEVELS)
    assert baseline(known, 1, LEVELS) == pytest.approx(expected)
    assert expected[2] == 126


def test_baseline_adds_up_differences_over_the_horizon() -> None:
    known = weekly(*np.random.default_rng(6).normal(500, 20, 12))
    changes = np.diff(known.values)
    sums = [sum(drawn) for drawn in product([*changes, *-changes], repeat=3)]
    found = baseline(known, 3, LEVELS)
    assert found == pytest.approx(known.values[-1] + np.quantile(sums, LEVELS), abs=5)
    assert found[2] == known.values[-1]
    assert np.array_equal(found, baseline(known, 3, LEVELS))


def test_baseline_uses_all_differences_of_seven_days_and_none_over_a_gap() -> None:
    days = np.array([0, 1, 2, 7, 8, 10])
    known = Course(days, np.array([10.0, 20.0, 30.0, 11.0, 23.0, 90.0]))
    assert baseline(known, 1, LEVELS) == pytest.approx(90 + np.quantile([-3, -1, 1, 3], LEVELS))


def test_baseline_is_never_below_zero() -> None:
    assert baseline(weekly(50, 2), 1, LEVELS).tolist() == pytest.approx([0, 0, 2, 26, 45.2])


def test_trend_of_exponential_growth_is_exact() -> None:
    days = np.arange(60)
    known = Course(days, np.expm1(0.05 * days + 1))
    assert trend(known, 2, LEVELS) == pytest.approx(np.full(5, np.expm1(0.05 * (59 + 14) + 1)))


def test_trend_measures_growth_over_three_weeks() -> None:
    days = np.arange(60)
    known = Course(days, np.expm1(np.where(days < 39, 3.0, 3 + 0.05 * (days - 39))))
    assert trend(known, 1, LEVELS)[2] == pytest.approx(np.expm1(3 + 0.05 * 27))


def test_bands_of_the_trend_are_its_own_errors_with_both_signs() -> None:
    logs = np.array([3.0, 3.1, 3.3, 3.2, 3.5, 3.4, 3.8, 3.9, 3.7])
    known = weekly(*np.expm1(logs))
    ahead = {end: logs[end] + (logs[end] - logs[end - 2]) / 2 for end in range(2, 9)}
    errors = np.array([logs[end + 1] - ahead[end] for end in range(2, 8)])
    expected = np.expm1(ahead[8] + np.quantile(np.concatenate((errors, -errors)), LEVELS))
    assert trend(known, 1, LEVELS) == pytest.approx(expected)


@pytest.mark.parametrize("yardstick", [baseline, trend])
def test_too_short_a_course_has_no_yardstick(yardstick: object) -> None:
    assert callable(yardstick)
    for known in (weekly(), weekly(5)):
        assert np.isnan(yardstick(known, 1, LEVELS)).all()
