"""Series of the province and of districts are those of the tables of a replication."""

from __future__ import annotations

import numpy as np
import pytest
from fit_cases import tiny_town

import surgesim
from surgesim.fitting.series import PROVINCE, SERIES, daily
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.replicate import one_record


@pytest.fixture(scope="module")
def town() -> Scenario:
    """The tiny town, with half of its beds and its own cases in the hamlet."""
    clinic = {
        "title": "Clinic",
        "district": "hamlet",
        "ownership": "public",
        "beds": {"oxygen": 3},
        "covid_share": 1,
    }
    return tiny_town(**{"care.facilities": {"clinic": clinic}, "days": 40})


def test_daily_series(town: Scenario) -> None:
    record, one = one_record(town, 1, 0), surgesim.simulate(town, 1, 0)
    assert daily(record, town, "reported_cases", PROVINCE) == pytest.approx(one.province["reported_cases"])
    admissions = one.province["admissions_oxygen"] + one.province["admissions_icu"]
    assert daily(record, town, "admissions", PROVINCE) == pytest.approx(admissions)
    occupied = one.province[["occupied_basic", "occupied_oxygen", "occupied_icu"]].sum(axis=1)
    assert daily(record, town, "in_hospital", PROVINCE) == pytest.approx(occupied)
    hamlet = one.districts[one.districts["area"] == "hamlet"]
    assert daily(record, town, "reported_cases", "hamlet") == pytest.approx(hamlet["reported_cases"])
    clinic = one.facilities[one.facilities["facility"] == "clinic"]
    assert daily(record, town, "on_oxygen", "hamlet") == pytest.approx(clinic["occupied_oxygen"])
    assert clinic["occupied_oxygen"].max() > 0
    supported = one.province["occupied_oxygen"] + one.province["occupied_icu"]
    assert daily(record, town, "on_oxygen", PROVINCE) == pytest.approx(supported)
    assert one.province["occupied_icu"].max() > 0


@pytest.mark.parametrize("name", ["reported_cases", "deaths", "in_hospital", "on_oxygen", "icu"])
def test_districts_add_up_to_the_province(town: Scenario, name: str) -> None:
    record = one_record(town, 1, 0)
    parts = sum(daily(record, town, name, district) for district in ("town", "hamlet"))
    assert np.array_equal(parts, daily(record, town, name, PROVINCE))
    assert SERIES[name].by_district
