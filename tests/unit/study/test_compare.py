"""Paired comparison: differences, t interval, direction, ties."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from surgesim.study.measures import compare
from surgesim.study.measures.compare import (
    comparison_rows,
    paired_interval,
    paired_shares_interval,
    ratio_interval,
)

UNITS = {"deaths": "deaths", "first_day_icu": "days"}


def table(baseline: dict[str, list[float]], alternative: dict[str, list[float]]) -> pd.DataFrame:
    return pd.concat(
        [
            pd.DataFrame({"alternative": name, "replication": range(len(values["deaths"])), **values})
            for name, values in (("baseline", baseline), ("plan", alternative))
        ]
    )


def test_paired_difference_by_hand() -> None:
    rows = comparison_rows(
        table(
            {"deaths": [10, 20, 30, 40], "first_day_icu": [5, 5, 5, 12]},
            {"deaths": [8, 20, 24, 36], "first_day_icu": [7, 6, 4, 12]},
        ),
        UNITS,
    )
    deaths, first_day = rows
    # differences -2, 0, -6, -4: mean -3, sd sqrt(20/3); t(0.975, 3) = 3.182446
    half = 3.182446 * math.sqrt(20 / 3) / 2
    assert (deaths["alternative"], deaths["outcome"], deaths["unit"]) == ("plan", "deaths", "deaths")
    assert (deaths["baseline_mean"], deaths["alternative_mean"], deaths["difference"]) == (25, 22, -3)
    assert deaths["difference_low"] == pytest.approx(-3 - half, rel=1e-6)
    assert deaths["difference_high"] == pytest.approx(-3 + half, rel=1e-6)
    assert (deaths["probability_better"], deaths["tied"]) == (0.75, 0.25)  # lower is better
    assert (first_day["probability_better"], first_day["tied"]) == (0.5, 0.25)  # later is better


def test_outcomes_that_are_neither_better_nor_worse_have_no_probability() -> None:
    units = {"deaths": "deaths", "oxygen_used_kg": "kg", "first_day_icu": "days"}
    before, after = {"deaths": [2.0, 4.0]}, {"deaths": [1.0, 4.0]}
    for values in (before, after):
        values |= {"oxygen_used_kg": values["deaths"], "first_day_icu": values["deaths"]}
    rows = {row["outcome"]: row for row in comparison_rows(table(before, after), units)}
    assert {name: row["better"] for name, row in rows.items()} == {
        "deaths": "lower",
        "oxygen_used_kg": "",
        "first_day_icu": "later",
    }
    assert rows["deaths"]["probability_better"] == 0.5
    assert rows["first_day_icu"]["probability_better"] == 0.0
    assert math.isnan(rows["oxygen_used_kg"]["probability_better"])


@pytest.mark.parametrize(
    ("costs", "deaths", "each"),
    [
        ([130.0, 150.0], [8.0, 16.0], 10.0),  # 30 more on average, 3 fewer dead
        ([130.0, 150.0], [10.0, 20.0], math.nan),
        ([130.0, 150.0], [11.0, 20.0], math.nan),
        ([100.0, 110.0], [8.0, 16.0], math.nan),
    ],
)
def test_cost_per_death_averted(costs: list[float], deaths: list[float], each: float) -> None:
    before = {"deaths": [10.0, 20.0], "cost": [100.0, 120.0]}
    rows = comparison_rows(table(before, {"deaths": deaths, "cost": costs}), {"deaths": "", "cost": "VND"})
    assert "per_death_averted" not in rows[0]
    assert rows[1]["per_death_averted"] == pytest.approx(each, nan_ok=True)


def test_the_interval_of_a_ratio_holds_what_the_test_of_a_difference_does_not_reject() -> None:
    rng = np.random.default_rng(1)
    fewer = rng.normal(20.0, 4.0, 12)
    extra = 5.0 * fewer + rng.normal(0.0, 30.0, 12)
    low, high = ratio_interval(extra, fewer)
    assert 0 < low < extra.mean() / fewer.mean() < high
    for end in (low, high):
        lowest, highest = paired_interval(extra - end * fewer)
        assert min(abs(lowest), abs(highest)) == pytest.approx(0.0, abs=1e-9)


def test_the_interval_of_a_ratio_is_empty_where_deaths_may_not_fall() -> None:
    extra, fewer = np.array([5.0, 6.0, 7.0]), np.array([-1.0, 1.0, 3.0])
    assert np.isnan(ratio_interval(extra, fewer)).all()
    assert np.isnan(ratio_interval(extra[:1], fewer[:1])).all()


def test_the_change_in_percent_and_its_interval() -> None:
    before = {"deaths": [100.0, 120.0, 90.0, 150.0], "first_day_icu": [10.0, 12.0, 14.0, 9.0]}
    after = {"deaths": [48.0, 61.0, 46.0, 75.0], "first_day_icu": [12.0, 13.0, 19.0, 9.0]}
    rows = {row["outcome"]: row for row in comparison_rows(table(before, after), UNITS)}
    deaths = rows["deaths"]
    assert deaths["relative"] == pytest.approx(-0.5)
    assert -0.53 < deaths["relative_low"] < -0.5 < deaths["relative_high"] < -0.47
    width = deaths["difference_high"] - deaths["difference_low"]  # the plan does less to a smaller wave
    assert deaths["relative_high"] - deaths["relative_low"] < 0.2 * width / 115
    for outcome, row in rows.items():
        if outcome != "deaths":
            assert math.isnan(row["relative"]), outcome


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([0.0, 0.0, 0.0], [1.0, 2.0, 3.0], (math.nan, math.nan, math.nan)),
        ([-1.0, 5.0, 3.0], [1.0, 2.0, 3.0], (math.nan, math.nan, math.nan)),  # money saved has no share
        ([4.0], [3.0], (-0.25, math.nan, math.nan)),
        ([0.0, 0.0, 9.0], [0.0, 0.0, 3.0], (-2 / 3, math.nan, math.nan)),  # its mean may be 0
        ([16.0, 20.0, 24.0], [8.0, 10.0, 12.0], (-0.5, -0.5, -0.5)),
        ([16.0, 20.0, 24.0], [16.0, 20.0, 24.0], (0.0, 0.0, 0.0)),
    ],
)
def test_a_change_in_percent_where_it_has_a_meaning(
    before: list[float], after: list[float], expected: tuple[float, float, float]
) -> None:
    (row,) = comparison_rows(table({"deaths": before}, {"deaths": after}), {"deaths": "deaths"})
    found = (row["relative"], row["relative_low"], row["relative_high"])
    assert found == pytest.approx(expected, nan_ok=True, abs=1e-6)


def test_a_cost_per_death_has_no_interval_where_costs_may_be_lower() -> None:
    before = {"deaths": [10.0, 20.0, 30.0], "cost": [100.0, 120.0, 90.0]}
    units = {"deaths": "", "cost": "VND"}
    dearer = {"deaths": [8.0, 18.1, 27.9], "cost": [130.0, 151.0, 119.0]}
    rows = comparison_rows(table(before, dearer), units)
    assert 0 < rows[1]["per_death_averted_low"] < rows[1]["per_death_averted"]
    unclear = {"deaths": [8.0, 18.1, 27.9], "cost": [130.0, 90.0, 119.0]}
    rows = comparison_rows(table(before, unclear), units)
    assert rows[1]["per_death_averted"] > 0
    assert math.isnan(rows[1]["per_death_averted_low"])
    assert math.isnan(rows[1]["per_death_averted_high"])


def test_no_difference_is_exactly_zero() -> None:
    same = {"deaths": [0.1, 0.2, 0.7], "first_day_icu": [1.0, 2.0, 3.0]}
    rows = list(comparison_rows(table(same, same), UNITS))
    assert {row["outcome"] for row in rows} >= set(same)
    for row in rows:
        assert (row["difference"], row["difference_low"], row["difference_high"]) == (0.0, 0.0, 0.0)
        assert (row["probability_better"], row["tied"]) == (0.0, 1.0)


def test_one_pair_has_no_interval() -> None:
    one = {"deaths": [3.0], "first_day_icu": [1.0]}
    row = comparison_rows(table(one, one), UNITS)[0]
    assert row["difference"] == 0
    assert math.isnan(row["difference_low"])
    assert math.isnan(row["difference_high"])


def test_outcome_that_one_side_lacks_is_left_out() -> None:
    full = {"deaths": [1.0, 2.0], "first_day_icu": [1.0, 2.0]}
    rows = comparison_rows(table(full, {"deaths": [1.0, 2.0]}), UNITS)
    assert [row["outcome"] for row in rows] == ["deaths"]


def test_baseline_alone_has_nothing_to_compare() -> None:
    alone = pd.DataFrame({"alternative": ["baseline"], "replication": [0], "deaths": [1.0]})
    assert comparison_rows(alone, {"deaths": "deaths"}) == []


def pairs(more: int, less: int, n: int) -> np.ndarray:
    return np.repeat([1.0, -1.0, 0.0], [more, less, n - more - less])


@pytest.mark.parametrize(
    ("more", "less", "n", "confidence", "low", "high", "digits"),
    [
        # PropCIs::scoreci.mp of R, which gives (second - first) / n
        (28, 25, 618, 0.90, -0.0148, 0.0247, 4),
        (20, 60, 1000, 0.95, -0.0584, -0.0231, 4),
        (60, 20, 1000, 0.95, 0.0231, 0.0584, 4),
        (48, 41, 549, 0.90, -0.0157, 0.0414, 4),
        # Fagerland, Lydersen and Laake 2014, airway reactivity: 1, 7 of 21
        (1, 7, 21, 0.95, -0.517, -0.026, 3),
    ],
)
def test_the_interval_of_paired_shares_is_tangos(
    more: int, less: int, n: int, confidence: float, low: float, high: float, digits: int
) -> None:
    got = paired_shares_interval(pairs(more, less, n), confidence)
    assert tuple(round(bound, digits) for bound in got) == (low, high)


@pytest.mark.parametrize(("more", "less", "n"), [(0, 0, 50), (3, 9, 50), (7, 0, 20), (0, 10, 10), (1, 1, 4)])
def test_at_the_ends_the_likelihood_under_them_gives_a_score_of_1_96(more: int, less: int, n: int) -> None:
    """The standard error from a likelihood maximised by SciPy, not from a formula for it."""
    mean = (more - less) / n
    ends = [end for end in paired_shares_interval(pairs(more, less, n)) if abs(end) < 1]
    assert ends
    for end in ends:

        def against(q: float, end: float = end) -> float:
            """Minus the log likelihood where `less` has the share q, and `more` q + end."""
            shares = (q + end, q, 1 - 2 * q - end)
            return -sum(
                k * math.log(max(p, 1e-300))
                for k, p in zip((more, less, n - more - less), shares, strict=True)
            )

        bounds = (max(0.0, -end), (1 - end) / 2)
        q = optimize.minimize_scalar(against, bounds=bounds, method="bounded", options={"xatol": 1e-10}).x
        score = (mean - end) / math.sqrt((2 * q + end - end**2) / n)
        assert abs(score) == pytest.approx(stats.norm.ppf(0.975), abs=2e-3)


@pytest.mark.slow
def test_the_interval_holds_0_where_mcnemars_test_does_not_reject() -> None:
    from statsmodels.stats.contingency_tables import mcnemar

    for n in (10, 50):
        for more in range(n // 2 + 1):
            for less in range(n // 2 + 1):
                low, high = paired_shares_interval(pairs(more, less, n))
                assert -1 <= low <= (more - less) / n <= high <= 1
                table = [[0, more], [less, n - more - less]]
                rejects = more + less > 0 and mcnemar(table, exact=False, correction=False).pvalue < 0.05
                assert (low <= 0 <= high) != rejects, (more, less, n)


@pytest.mark.slow
def test_where_no_pair_differs_the_interval_is_not_a_point() -> None:
    from statsmodels.stats.proportion import proportion_confint

    for n in (4, 50, 200):
        low, high = paired_shares_interval(pairs(0, 0, n))
        assert high == pytest.approx(proportion_confint(0, n, method="wilson")[1])
        assert low == -high
    assert all(math.isnan(end) for end in paired_shares_interval(pairs(1, 0, 1)))


def test_the_paired_interval_is_scipys() -> None:
    difference = np.random.default_rng(3).normal(1, 2, 17)
    expected = stats.ttest_1samp(difference, 0).confidence_interval(0.95)
    assert paired_interval(difference) == pytest.approx((expected.low, expected.high))


def test_the_probability_of_each_breach_is_compared_pair_by_pair() -> None:
    before = {
        "deaths": [1.0] * 4,
        "days_breached_icu": [3.0, 0.0, 2.0, 1.0],
        "situation_days": [1.0, 1.0, 0, 0],
    }
    after = {
        "deaths": [1.0] * 4,
        "days_breached_icu": [1.0, 0.0, 0.0, 0.0],
        "situation_days": [0.0, 1.0, 1, 0],
    }
    for side in (before, after):
        side |= {"first_day_icu": [4.0] * 4, "first_day_situation": [4.0] * 4}
    rows = {row["outcome"]: row for row in comparison_rows(table(before, after), dict.fromkeys(before, ""))}
    assert list(rows)[-2:] == ["breached_icu", "breached_situation"]
    icu, situation = rows["breached_icu"], rows["breached_situation"]
    assert (icu["unit"], icu["better"]) == ("share", "lower")
    assert (icu["baseline_mean"], icu["alternative_mean"], icu["difference"]) == (0.75, 0.25, -0.5)
    assert (icu["difference_low"], icu["difference_high"]) == paired_shares_interval(pairs(0, 2, 4))
    assert (icu["probability_better"], icu["tied"]) == (0.5, 0.5)
    assert (situation["difference"], situation["tied"]) == (0, 0.5)
    assert (situation["difference_low"], situation["difference_high"]) == paired_shares_interval(
        pairs(1, 1, 4)
    )


def test_a_threshold_that_a_plan_lacks_has_no_probability_to_compare() -> None:
    before = {"deaths": [1.0, 1.0], "first_day_icu": [1.0, 2.0], "days_breached_icu": [1.0, 2.0]}
    rows = comparison_rows(table(before, {"deaths": [1.0, 1.0]}), dict.fromkeys(before, ""))
    assert [row["outcome"] for row in rows] == ["deaths"]


def test_differences_by_rounding_alone_are_none() -> None:
    before = np.array([0.1 + 0.2, 4.2e11, 5.0])
    after = np.array([0.3, np.nextafter(4.2e11, 5e11), 5.0 + 1e-9])
    assert before[0] != after[0]
    rows = compare._paired("lower", before, after, 1)
    assert rows["tied"] == 2 / 3
    assert rows["difference"] == pytest.approx(1e-9 / 3)
