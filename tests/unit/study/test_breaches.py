"""Breaches: first days, spells, worst values, probabilities and their intervals, censoring."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from study_cases import DAYS, made_up_record, small_scenario

from surgesim.study.measures.breaches import (
    breach_bounds,
    breach_names,
    breach_rows,
    breaches_of,
    longest_spell,
    wilson,
)


def breached_on(*days: int) -> np.ndarray:
    return np.isin(np.arange(DAYS), days)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_against_published_intervals(successes: int, trials: int, low: float, high: float) -> None:
    """Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3."""
    assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("successes", "trials"), [(0, 50), (8, 10), (50, 50), (1, 1)])
def test_wilson_against_scipy(successes: int, trials: int) -> None:
    interval = binomtest(successes, trials).proportion_ci(method="wilson")
    assert wilson(successes, trials) == pytest.approx((interval.low, interval.high), abs=1e-12)


def test_wilson_is_exactly_zero_and_one_at_the_ends() -> None:
    assert wilson(0, 7)[0] == 0.0
    assert wilson(7, 7)[1] == 1.0


@pytest.mark.parametrize(
    ("days", "spell"), [((), 0), ((0,), 1), ((0, 1, 3, 4, 5), 3), ((10, 11), 2), (range(DAYS), DAYS)]
)
def test_longest_spell(days: tuple[int, ...], spell: int) -> None:
    assert longest_spell(breached_on(*days)) == spell


def test_breaches_of_one_replication() -> None:
    scenario = small_scenario()
    icu, cases = breached_on(3, 4, 8), breached_on()
    values = np.column_stack([np.linspace(9, 2, DAYS), np.linspace(0, 440, DAYS)])
    record = made_up_record(
        scenario,
        breached=np.column_stack([icu, cases]),
        values=values,
        situation=icu,
        at_start=(True, False),
    )
    found = breaches_of(scenario, record)
    assert breach_names(scenario.command) == ("icu", "cases", "situation")
    assert list(breach_bounds(scenario.command)) == [4, 450, 1]
    assert list(found.first_day) == [3, math.inf, 3]
    assert list(found.days) == [3, 0, 3]
    assert list(found.longest_spell) == [2, 0, 2]
    assert list(found.worst) == [2, 440, 1]  # least where the bound is below, largest where above
    assert list(found.at_start) == [True, False, True]


@pytest.mark.parametrize(
    ("require", "bound", "at_start"), [("any", 1, True), ("all", 2, False), (2, 2, False)]
)
def test_situation_needs_as_many_thresholds_as_it_says(
    require: str | int, bound: int, at_start: bool
) -> None:
    command = {**small_scenario().command.model_dump(mode="json"), "situation": {"require": require}}
    scenario = small_scenario(command=command)
    record = made_up_record(scenario, at_start=(True, False))
    assert breach_bounds(scenario.command)[-1] == bound
    assert breaches_of(scenario, record).at_start[-1] == at_start


def test_situation_counts_only_the_thresholds_it_names() -> None:
    situation = {"require": "all", "thresholds": ["cases"]}
    command = {**small_scenario().command.model_dump(mode="json"), "situation": situation}
    scenario = small_scenario(command=command)
    both = np.ones((DAYS, 2), dtype=bool)
    found = breaches_of(scenario, made_up_record(scenario, breached=both, at_start=(True, False)))
    assert found.worst[-1] == 1
    assert not found.at_start[-1]


def test_no_thresholds_no_rows() -> None:
    scenario = small_scenario(command={})
    runs = [breaches_of(scenario, made_up_record(scenario))]
    assert list(breach_rows("baseline", scenario, runs)) == []


def test_breach_rows_over_replications() -> None:
    scenario = small_scenario()
    runs = []
    for k in range(4):
        icu = breached_on(*range(2 * k, DAYS)) if k else breached_on()
        cases = breached_on(5) if k == 3 else breached_on()
        values = np.column_stack([np.full(DAYS, float(k)), np.full(DAYS, 100.0 * k)])
        record = made_up_record(
            scenario, k, breached=np.column_stack([icu, cases]), values=values, at_start=(k > 1, False)
        )
        runs.append(breaches_of(scenario, record))
    icu, cases, _ = breach_rows("plan", scenario, runs)
    assert (icu["alternative"], icu["area"], icu["threshold"]) == ("plan", "province", "icu")
    assert icu["probability"] == 0.75
    assert (icu["probability_low"], icu["probability_high"]) == wilson(3, 4)
    assert icu["breached_at_start"] == 0.5
    assert (icu["first_day_median"], icu["first_day_p5"]) == (4, 2)
    assert math.isnan(icu["first_day_p95"])
    assert icu["first_date_median"] == pd.Timestamp("2024-02-03")  # 30 January + 4 days
    assert icu["days_breached_mean"] == (0 + 10 + 8 + 6) / 4
    assert icu["longest_spell_days"] == 6
    assert icu["worst_value_median"] == 1
    assert cases["probability"] == 0.25
    assert math.isnan(cases["first_day_median"])
    assert cases["first_date_median"] is pd.NaT
