"""Durations: quantiles against SciPy, stays found running, delays by whole days."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from strategies import Plain, gamma

from surgesim.model.clock.durations import (
    daily_delays,
    gamma_quantile,
    length_biased_quantile_of,
    quantile_of,
)
from surgesim.scenario.schema.base import Distribution

U = np.concatenate([np.linspace(1e-9, 1 - 1e-9, 20_001), 10.0 ** -np.arange(2, 13)])
MIDDLES = (np.arange(200_000) + 0.5) / 200_000  # to take means over a distribution


def distribution(plain: Any) -> Distribution:
    return Distribution.model_validate(plain)


@pytest.mark.parametrize("shape", [0.04, 0.25, 0.5, 0.72, 1.0, 1.66, 4.0, 25.0, 400.0])
def test_gamma_quantiles_are_those_of_scipy(shape: float) -> None:
    exact = stats.gamma(a=shape, scale=3.0).ppf(U)
    np.testing.assert_allclose(gamma_quantile(shape, 3.0)(U), exact, rtol=1e-5, atol=3.0 * 1e-6)


@pytest.mark.parametrize(("mean", "sd"), [(10.0, 5.0), (9.0, 9.0), (2.0, 20.0), (14.0, 0.5)])
def test_lognormal_quantiles_are_those_of_scipy(mean: float, sd: float) -> None:
    variance = np.log1p((sd / mean) ** 2)
    exact = stats.lognorm(s=variance**0.5, scale=mean / np.exp(variance / 2)).ppf(U)
    got = quantile_of(distribution({"lognormal": {"mean": mean, "sd": sd}}))(U)
    np.testing.assert_allclose(got, exact, rtol=1e-9)


def test_exponential_quantiles_are_those_of_scipy() -> None:
    got = quantile_of(distribution({"exponential": 5.0}))(U)
    np.testing.assert_allclose(got, stats.expon(scale=5.0).ppf(U), rtol=1e-12)


@pytest.mark.parametrize(
    ("plain", "value"), [({"fixed": 3.5}, 3.5), ({"fixed": 0.0}, 0.0), ("never", np.inf)]
)
def test_fixed_and_never_are_the_same_for_all(plain: Any, value: float) -> None:
    assert set(quantile_of(distribution(plain))(U)) == {value}


STAYS: list[Plain] = [
    gamma(8.0, 6.0),
    gamma(3.0, 6.0),
    {"lognormal": {"mean": 9.0, "sd": 6.0}},
    {"exponential": 7.0},
]


@pytest.mark.parametrize("plain", STAYS)
def test_means_and_sds_are_those_given(plain: Plain) -> None:
    times = quantile_of(distribution(plain))(MIDDLES)
    moments = plain.get("gamma") or plain.get("lognormal") or {"mean": 7.0, "sd": 7.0}
    assert times.mean() == pytest.approx(moments["mean"], rel=1e-3)
    assert times.std() == pytest.approx(moments["sd"], rel=0.01)
    assert distribution(plain).mean == moments["mean"]


@pytest.mark.parametrize("plain", [*STAYS, {"fixed": 4.0}])
def test_a_stay_found_running_is_longer_by_its_length_and_half_of_it_is_left(plain: Plain) -> None:
    """Renewal theory: mean of the whole E[X²]/E[X], of what is left E[X²] / 2 E[X]."""
    times = quantile_of(distribution(plain))(MIDDLES)
    whole = length_biased_quantile_of(distribution(plain))(MIDDLES)
    second, mean = (times**2).mean(), times.mean()
    assert whole.mean() == pytest.approx(second / mean, rel=0.005)
    # its distribution function is the share of all days that shorter stays make up
    for bound in np.quantile(times, [0.2, 0.5, 0.9]):
        assert (whole <= bound).mean() == pytest.approx(times[times <= bound].sum() / times.sum(), abs=2e-3)


def test_what_is_left_of_an_exponential_stay_is_exponential() -> None:
    rng = np.random.default_rng(0)
    whole = length_biased_quantile_of(distribution({"exponential": 5.0}))(rng.random(100_000))
    left = whole * rng.random(100_000)
    assert stats.kstest(left, stats.expon(scale=5.0).cdf).pvalue > 0.001


@pytest.mark.parametrize(
    ("plain", "mean"),
    [({"fixed": 0.0}, 0.0), ({"fixed": 2.0}, 2.0), ({"fixed": 1.5}, 1.5), (gamma(3.0, 2.0), 3.0)],
)
def test_delays_by_whole_days_keep_the_mean_for_events_spread_over_the_day(plain: Plain, mean: float) -> None:
    chance = daily_delays(distribution(plain))
    assert chance.sum() == pytest.approx(1.0)
    assert chance @ np.arange(len(chance)) == pytest.approx(mean, abs=0.01)


def test_a_delay_of_a_day_and_a_half_falls_on_the_next_day_or_the_one_after() -> None:
    chance = daily_delays(distribution({"fixed": 1.5}))
    assert chance[:4].tolist() == [0.0, 0.5, 0.5, 0.0]


def test_what_takes_longer_than_the_table_falls_on_its_last_day() -> None:
    assert daily_delays(distribution({"fixed": 500.0}), most_days=60)[60] == 1.0
    assert daily_delays(distribution("never"), most_days=60)[60] == 1.0
