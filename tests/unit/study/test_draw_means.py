"""Intervals of replications that share draws: wider than of independent ones, the same without draws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from study_cases import small_scenario

from surgesim.scenario.door import overlaid
from surgesim.study.measures.breaches import share_interval, wilson
from surgesim.study.measures.compare import paired_interval, paired_shares_interval
from surgesim.study.measures.draws import draw_means, independent_runs
from surgesim.study.precision import Precision


def test_means_of_draws_leave_out_what_is_not_measured() -> None:
    values = np.array([1.0, 3.0, np.nan, 5.0, np.nan, np.nan, 7.0])
    assert draw_means(values, 1) is values
    assert draw_means(values, 2) == pytest.approx([2, 5, np.nan, 7], nan_ok=True)


def test_independent_runs_are_between_draws_and_replications() -> None:
    rng = np.random.default_rng(1)
    alone = rng.normal(size=4_000)
    assert independent_runs(alone, 1) == 4_000
    assert 3_800 < independent_runs(alone, 2) <= 4_000
    assert independent_runs(np.repeat(alone[:2_000], 2), 2) == pytest.approx(2_000, rel=0.001)
    half = np.repeat(alone[:2_000], 2) + rng.normal(size=4_000)  # half of the variance is between draws
    assert independent_runs(half, 2) == pytest.approx(4_000 / 1.5, rel=0.05)
    assert independent_runs(np.ones(40), 2) == 20
    assert [independent_runs(np.ones(number), 2) for number in (1, 2, 3)] == [1, 1, 2]


def test_replications_that_failed_leave_the_draws_of_the_others() -> None:
    values = np.repeat(np.random.default_rng(4).normal(size=200), 2)
    kept = np.delete(np.arange(400), [0, 7, 8, 9])
    assert independent_runs(values[kept], 2, kept) == pytest.approx(198, rel=0.01)
    assert independent_runs(np.ones(3), 2, np.array([1, 2, 5])) == 3
    assert independent_runs(np.ones(3), 2, np.array([1, 2, 3])) == 2
    happened = values > 0
    assert share_interval(happened, 2, np.arange(400)) == share_interval(happened, 2)
    assert share_interval(np.array([True, False, False]), 2, np.array([0, 1, 3])) == wilson(2 / 3, 2)


def test_an_interval_of_a_difference_is_that_of_the_means_of_draws() -> None:
    difference = np.random.default_rng(2).normal(1, 1, 40)
    means = difference.reshape(20, 2).mean(axis=1)
    expected = stats.ttest_1samp(means, 0).confidence_interval(0.95)
    assert paired_interval(difference, runs=2) == pytest.approx((expected.low, expected.high))


def test_an_interval_of_a_share_counts_draws_that_decide_it_once() -> None:
    happened = np.repeat([True, False, True, True], 10)
    pairs = np.repeat(happened, 2)
    assert share_interval(happened) == wilson(30, 40)
    assert share_interval(pairs, 2) == pytest.approx(wilson(30, 40), abs=0.01)
    assert share_interval(np.ones(40, bool), 2) == wilson(20, 20)
    difference = pairs.astype(float)
    alone = paired_shares_interval(happened.astype(float))
    assert paired_shares_interval(difference, runs=2) == pytest.approx(alone, abs=0.01)


def test_means_held_in_95_of_100_tries_when_draws_decide() -> None:
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(400):
        values = np.repeat(rng.normal(0, 1, 25), 2) + rng.normal(0, 0.3, 50)
        low, high = paired_interval(values, runs=2)
        held += low <= 0 <= high
    assert 0.92 <= held / 400 <= 0.98


def test_precision_is_over_the_means_of_draws() -> None:
    uncertainty = {"clinical.isolated_share": {"uniform": [0, 1]}}
    study = {"replications": 10, "uncertainty": uncertainty, "precision": {"deaths": 0.1}}
    precision = Precision(overlaid(small_scenario(), {"study": study}).study, 1.0)
    values = np.random.default_rng(4).gamma(4.0, 3.0, 30)
    for value in values:
        precision.add({"baseline": {"deaths": float(value)}})
    means = values.reshape(15, 2).mean(axis=1)
    low, high = stats.t.interval(0.95, 14, means.mean(), stats.sem(means))
    (note,) = precision.note()
    assert note["half_width_share"] == pytest.approx((high - low) / 2 / means.mean())
