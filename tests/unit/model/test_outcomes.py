"""Outcomes are computed from the daily tables, each as its declaration says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from surgesim.model.outcomes import DEADLY, OUTCOMES, in_groups, outcomes_of
from surgesim.model.record import FACILITY, FACILITY_INDEX, PROVINCE, PROVINCE_INDEX

PRIVATE = np.array([False, True])


@pytest.fixture
def computed() -> dict[str, float]:
    """Three days: 0, 1, 2 plus the place of the column; of the second facility ten times that."""
    days = np.arange(3.0)
    province = days[:, None] + np.arange(float(len(PROVINCE)))
    facilities = (days[:, None, None] + np.arange(float(len(FACILITY)))) * np.array([1.0, 10.0])[:, None]
    province[1, PROVINCE_INDEX["staff_absent_share"]] = -math.nan
    return outcomes_of(province, facilities, PRIVATE)


def test_outcomes_are_totals_peaks_and_last_days_of_the_daily_tables(computed: dict[str, float]) -> None:
    place, at = PROVINCE_INDEX, FACILITY_INDEX
    assert list(computed) == [outcome.name for outcome in OUTCOMES]
    assert computed["infections"] == 3 + 3 * place["infections"] + 3 + 3 * place["imported"]
    assert computed["deaths"] == 3 + 3 * place["deaths"]
    assert computed["peak_icu_need"] == 2 + place["icu_need"]
    assert computed["elective_backlog"] == 2 + place["elective_backlog"]
    assert computed["facility_days_dry"] == 11 * (3 + 3 * at["dry"])
    assert computed["emergency_unserved_private"] == 10 * (3 + 3 * at["emergency_unserved"])
    assert computed["elective_backlog_private"] == 10 * (2 + at["elective_backlog"])


def test_what_is_not_modelled_is_one_nan(computed: dict[str, float]) -> None:
    assert computed["staff_absent_days"] is np.nan


def test_groups_keep_the_order_in_which_they_are_named() -> None:
    assert in_groups("money", "countermeasures") == ("cost", "screened", "tests_used", "doses_given")


def test_a_deadly_outcome_is_better_where_it_is_lower() -> None:
    assert DEADLY == ("deaths", "deaths_untreated", "deaths_other_patients")
    assert {outcome.better for outcome in OUTCOMES if outcome.deadly} == {"lower"}


def test_every_outcome_has_its_own_name() -> None:
    assert len({outcome.name for outcome in OUTCOMES}) == len(OUTCOMES)
