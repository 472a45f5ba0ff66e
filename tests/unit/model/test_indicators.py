"""Indicators: a value exactly on its bound is not past it, windows are over the days there are."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgesim.model.command.indicators import _COMPUTED, Assessments, assess, compute, is_past
from surgesim.model.record import ASSESSED, PROVINCE, PROVINCE_INDEX, Floats, logistics_columns
from surgesim.scenario.schema.command import Situation, Threshold
from surgesim.scenario.schema.indicators import INDICATORS
from surgesim.scenario.schema.needs import NEEDS

WEEKLY = "weekly_reported_cases_per_100k"


def table(days: int = 1, **columns: Any) -> Floats:
    """The province's table, zero but for the columns given (one value, or one for each day)."""
    result = np.zeros((days, len(PROVINCE)))
    for name, values in columns.items():
        result[:, PROVINCE_INDEX[name]] = values
    return result


def value(indicator: str, population: int, day: int = 0, days: int = 1, **columns: Any) -> float:
    return float(compute(table(days, **columns), slice(day, day + 1), population)[indicator][0])


def breached(threshold: dict[str, Any], population: int, **columns: Any) -> bool:
    watched = {"it": Threshold.model_validate(threshold)}
    return bool(assessed(watched, Situation(), population, **columns).breached[0, 0])


def assessed(
    thresholds: dict[str, Threshold], situation: Situation, population: int, **columns: Any
) -> Assessments:
    daily, rows = table(**columns), slice(0, 1)
    return assess(daily, rows, population, thresholds, situation, compute(daily, rows, population))


CASES = {"indicator": WEEKLY, "above": 450.0}
OXYGEN = {"indicator": "oxygen_need_7d_per_100k", "above": 32.0}
VACANT = {"indicator": "vacant_covid_beds_per_100k", "below": 10.0}
VACANT_ICU = VACANT | {"beds": ("icu",)}
ICU = {"indicator": "staffed_icu_beds_per_100k", "below": 4.0}


@pytest.mark.parametrize(
    ("threshold", "population", "column", "at_bound", "past_bound"),
    [
        (CASES, 100_000, "reported_cases", 450, 451),
        (CASES, 6_000, "reported_cases", 27, 28),  # 27 * (100,000 / 6,000) is 450.00000000000006
        (CASES, 1_723_067, "reported_cases", 7_753, 7_754),  # the bound lies at 7,753.8
        (OXYGEN, 100_000, "present", 32, 33),
        (OXYGEN, 1_725_000, "present", 552, 553),
        (VACANT, 1_730_000, "vacant_oxygen", 173, 172),
        (VACANT_ICU, 230_000, "vacant_icu", 23, 22),
        (ICU, 1_725_000, "staffed_icu_all", 69, 68),
    ],
)
def test_a_value_exactly_on_the_bound_is_not_breached_and_one_past_it_is(
    threshold: dict[str, Any], population: int, column: str, at_bound: int, past_bound: int
) -> None:
    assert not breached(threshold, population, **{column: at_bound})
    assert breached(threshold, population, **{column: past_bound})


@given(st.integers(1, 5_000_000), st.integers(0, 10_000_000))
def test_rates_are_the_fraction_rounded_once(population: int, cases: int) -> None:
    assert value(WEEKLY, population, reported_cases=cases) == float(Fraction(cases * 100_000, population))


@pytest.mark.slow
@given(st.integers(1, 5_000_000), st.lists(st.integers(0, 100_000), min_size=1, max_size=10))
def test_the_mean_of_seven_days_is_the_fraction_rounded_once(population: int, present: list[int]) -> None:
    last = present[-7:]
    got = value("oxygen_need_7d_per_100k", population, len(present) - 1, len(present), present=present)
    assert got == float(Fraction(sum(last) * 100_000, population * len(last)))


@given(st.integers(0, 1_000), st.integers(1, 1_000))
def test_occupancy_is_the_fraction_rounded_once(vacant: int, staffed: int) -> None:
    vacant = min(vacant, staffed)
    got = value("oxygen_occupancy", 1, vacant_oxygen=vacant, staffed_oxygen=staffed)
    assert got == float(Fraction(staffed - vacant, staffed))


def test_weekly_cases_are_the_sum_of_seven_days_or_of_as_many_as_there_are() -> None:
    cases = np.arange(1, 11)  # 1 on day 0, 2 on day 1, ...
    weekly = [value(WEEKLY, 100_000, day, 10, reported_cases=cases) for day in range(10)]
    assert weekly == [1, 3, 6, 10, 15, 21, 28, 35, 42, 49]
    daily = table(10, reported_cases=cases)
    for first in (0, 3, 8):  # days assessed together
        assert compute(daily, slice(first, 10), 100_000)[WEEKLY].tolist() == weekly[first:]


def test_oxygen_need_is_the_mean_of_seven_days_or_of_as_many_as_there_are() -> None:
    present = [8, 4, 0, 0, 0, 0, 9, 7, 1]
    means = [value("oxygen_need_7d_per_100k", 100_000, day, 9, present=present) for day in range(9)]
    assert means == [8, 6, 4, 3, 12 / 5, 2, 3, 20 / 7, 17 / 7]


def test_occupancy_of_no_beds_is_full_and_of_unlimited_beds_is_none() -> None:
    assert value("icu_occupancy", 1) == 1.0
    assert value("icu_occupancy", 1, staffed_icu=np.inf, vacant_icu=np.inf) == 0.0


@pytest.mark.parametrize(
    ("require", "thresholds", "breaches", "declared"),
    [
        ("any", None, (), False),
        ("any", None, ("a",), True),
        ("all", None, ("a", "b"), False),
        ("all", None, ("a", "b", "c"), True),
        (2, None, ("c",), False),
        (2, None, ("a", "c"), True),
        ("all", ("a", "b"), ("a", "b"), True),
        ("any", ("a", "b"), ("c",), False),
    ],
)
def test_the_situation_is_any_all_or_at_least_so_many(
    require: Any, thresholds: tuple[str, ...] | None, breaches: tuple[str, ...], declared: bool
) -> None:
    watched = {
        name: Threshold(indicator="patients_without_bed", above=0.0 if name in breaches else 9.0)
        for name in "abc"
    }
    situation = Situation(require=require, thresholds=thresholds)
    assessment = assessed(watched, situation, 100_000, without_bed=5)
    assert assessment.indicators["situation"].tolist() == [float(declared)]


def test_every_indicator_is_a_column_in_its_unit() -> None:
    columns = {column.name: column.unit for column in (*PROVINCE, *ASSESSED)}
    columns |= {
        column.name.partition(":")[0]: column.unit for column in logistics_columns(["gloves"], ["waste"])
    }
    assert {name: columns[name] for name in INDICATORS} == {
        name: indicator.unit for name, indicator in INDICATORS.items()
    }


def test_an_indicator_with_a_meaning_is_computed_and_no_other() -> None:
    assert {name for name, indicator in INDICATORS.items() if indicator.is_computed} == set(_COMPUTED)


def test_what_indicators_need_can_be_looked_up() -> None:
    wanted = [need for indicator in INDICATORS.values() for need in indicator.needs]
    assert list(dict.fromkeys(wanted)) == list(NEEDS)


def test_an_indicator_in_the_unit_share_lies_from_0_to_1() -> None:
    shares = [indicator for indicator in INDICATORS.values() if indicator.share]
    assert len(shares) == 8
    assert {(indicator.least, indicator.most) for indicator in shares} == {(0, 1)}


def test_values_at_the_bound_or_missing_are_not_past_it() -> None:
    values = np.array([9.5, 10.0, 10.5, np.nan])
    above, below = (
        Threshold.model_validate({"indicator": WEEKLY, side: 10.0}) for side in ("above", "below")
    )
    assert is_past(above, values).tolist() == [False, False, True, False]
    assert is_past(below, values).tolist() == [True, False, False, False]
