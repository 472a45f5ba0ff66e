"""One rule for medians and quantiles, of days and of values."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from study_cases import made_up_record, small_scenario

from surgesim.study.measures.breaches import breach_rows, breaches_of
from surgesim.study.measures.quantiles import censored_quantile, quantile


@pytest.mark.parametrize("q", ["0.05", "0.25", "0.5", "0.75", "0.95"])
def test_it_is_the_least_value_that_the_share_does_not_pass(q: str) -> None:
    for n in range(1, 401):  # 0.05 * 140 is more than 7 in floating point
        assert quantile(np.arange(1.0, n + 1), float(q)) == math.ceil(Fraction(q) * n), n


@pytest.mark.parametrize("n", [4, 7, 50, 51])
def test_it_is_numpys_inverted_cdf(n: int) -> None:
    values = np.random.default_rng(n).normal(size=(n, 3))
    got = quantile(values, (0.05, 0.5, 0.95))
    np.testing.assert_array_equal(got, np.quantile(values, (0.05, 0.5, 0.95), axis=0, method="inverted_cdf"))


def test_what_is_not_a_number_has_no_quantile() -> None:
    got = quantile(np.array([[1.0, 2.0], [np.nan, 4.0], [3.0, 6.0]]), 0.05)
    np.testing.assert_array_equal(got, [np.nan, 2.0])


def test_days_and_values_have_the_same_median() -> None:
    """Breached from day k on, with the value k: the median day and the median worst value are the same."""
    scenario = small_scenario()
    runs = []
    for k in (2, 4, 7, 10):
        breached = np.zeros((scenario.days, 2), dtype=bool)
        breached[k:] = True
        values = np.full((scenario.days, 2), float(k))
        runs.append(breaches_of(scenario, made_up_record(scenario, k, breached=breached, values=values)))
    row = next(iter(breach_rows("baseline", scenario, runs)))
    assert (row["first_day_median"], row["worst_value_median"]) == (4, 4)
    assert (row["days_breached_p5"], row["days_breached_p95"]) == (2, 10)  # 12 days
    assert (row["first_day_p5"], row["first_day_p95"]) == (2, 10)


@pytest.mark.parametrize(
    ("times", "q", "expected"),
    [
        ([3, 5, math.inf, math.inf], 0.5, 5),  # half were breached: there is a median
        ([3, math.inf, math.inf], 0.5, None),  # fewer than half: there is none
        ([7, 3, 5], 0.5, 5),
        ([1, 2, 3, 4], 0.5, 2),  # a day of the sample, never one between
        (list(range(20)), 0.05, 0),
        (list(range(20)), 0.95, 18),
        ([*range(18), math.inf, math.inf], 0.95, None),
        ([math.inf], 0.05, None),
    ],
)
def test_censored_quantile(times: list[float], q: float, expected: float | None) -> None:
    got = censored_quantile(np.array(times, dtype=float), q)
    assert math.isnan(got) if expected is None else got == expected
