"""Paired comparison: differences, t interval, direction, ties."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from surgesim.study.compare import comparison_rows

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


def test_no_difference_is_exactly_zero() -> None:
    same = {"deaths": [0.1, 0.2, 0.7], "first_day_icu": [1.0, 2.0, 3.0]}
    for row in comparison_rows(table(same, same), UNITS):
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
