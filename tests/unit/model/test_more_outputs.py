"""Outputs on who is infected, who is found at entry, how many beds are lacking, and who went where."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from strategies import Plain, arrivals, build, clinical, district, facility, people, severity, small, variant

from surgesim.errors import SurgesimError
from surgesim.model.record import FACILITY_INDEX, PROVINCE_INDEX, Record
from surgesim.model.simulation import run_once
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.simulate import simulate
from surgesim.study.tables.replication import STOCK_TABLE


@cache
def outbreak(screening: float = 0.0, warm_up_days: int = 0) -> Record:
    importation: Plain = {"per_day": 20.0, "screening": screening}
    scenario = build(
        small(
            40,
            people=people(districts={"town": district(20_000), "port": district(5_000)}),
            epidemic={
                "variant": variant(2.5),
                "initial_infections": {"town": 50},
                "importation": importation,
                "immunity": {"waned_share": 0.5, "waned": {"infection": 0.4}},
            },
        )
        | {"warm_up_days": warm_up_days}
    )
    return run_once(scenario, 1, 0)


@pytest.mark.parametrize("warm_up_days", [0, 10])
def test_infections_by_age_and_district_add_up(warm_up_days: int) -> None:
    record = outbreak(warm_up_days=warm_up_days)
    infected = record.reached[3]
    assert infected.sum() == record.outcomes["infections"] > 1000
    assert (infected.sum(axis=(0, 2)) > 0).all()
    assert infected.min() >= 0


def test_without_an_epidemic_nobody_is_said_to_be_infected() -> None:
    record = run_once(build(small(3, arrivals=arrivals(oxygen=[5]))), 1, 0)
    assert not record.reached[3].any()
    assert np.isnan(record.outcomes["screened"])


def test_screening_finds_its_share_of_those_infected_outside() -> None:
    free, half = outbreak(), outbreak(0.5)
    assert free.outcomes["screened"] == 0
    found, missed = half.outcomes["screened"], half.series("imported").sum()
    assert found == pytest.approx(400, abs=4 * 400**0.5)
    assert missed == pytest.approx(400, abs=4 * 400**0.5)


def two_hospitals() -> Scenario:
    return build(
        small(
            20,
            people=people(districts={"town": district(20_000), "hills": district(5_000, travel_hours=1.0)}),
            arrivals=arrivals("exact", oxygen=[30] * 20),
            clinical=clinical(severity=severity(p_icu=0.0)),
            care={
                "facilities": {"alpha": facility(oxygen=40), "bravo": facility(oxygen=20, district="hills")}
            },
        )
    )


def test_beds_are_lacking_as_far_as_need_is_beyond_those_staffed() -> None:
    record = run_once(two_hospitals(), 1, 0)
    lacking = np.maximum(record.series("oxygen_need") - record.series("staffed_oxygen"), 0)
    np.testing.assert_array_equal(record.series("shortfall_oxygen"), lacking)
    assert record.outcomes["peak_shortfall_oxygen"] == lacking.max() > 0
    assert record.outcomes["peak_shortfall_icu"] == 0


def test_the_table_of_flows_has_everybody_who_was_admitted() -> None:
    record = run_once(two_hospitals(), 1, 0)
    admitted = record.province[:, PROVINCE_INDEX["admissions_oxygen"]].sum()
    assert record.trips[:, 3].sum() == admitted > 50
    assert set(record.trips[:, 0]) == {~0, ~1}
    assert set(record.trips[:, 1]) == {0, 1}


def with_oxygen() -> Scenario:
    source = {"tank_kg": 2000.0, "tank_start_share": 1.0, "delivery": {"size_kg": 900.0, "interval_days": 2}}
    sites = {"alpha": facility(oxygen=40) | {"oxygen": source}, "bravo": facility(oxygen=10)}
    return build(small(12, arrivals=arrivals("poisson", oxygen=[8] * 12), care={"facilities": sites}))


def test_stocks_by_hour_are_those_of_the_day_and_watching_them_changes_nothing() -> None:
    scenario = with_oxygen()
    watched, usual = run_once(scenario, 1, 0, events=True), run_once(scenario, 1, 0)
    assert usual.stocks_by_hour is None
    assert watched.stocks_by_hour is not None
    assert watched.province.tobytes() == usual.province.tobytes()
    assert watched.facilities.tobytes() == usual.facilities.tobytes()
    assert watched.stocks_by_hour.shape == (12 * 24, 2)
    assert np.isnan(watched.stocks_by_hour[:, 1]).all()
    daily = watched.facilities[:, 0, FACILITY_INDEX["oxygen_stock_kg"]]
    np.testing.assert_allclose(watched.stocks_by_hour[24::24, 0], daily[:-1], atol=900.0 + 1e-6)
    assert (np.abs(watched.stocks_by_hour[24::24, 0] - daily[:-1]) < 1e-6).sum() >= 5
    one = simulate(scenario, seed=1, replication=0, events=True)
    assert list(one.stocks.columns) == [column.name for column in STOCK_TABLE.columns]
    assert set(one.stocks["facility"]) == {"alpha"}
    with pytest.raises(SurgesimError, match="without events"):
        _ = simulate(scenario, seed=1, replication=0).stocks


def test_rules_on_indicators_wait_until_the_variant_is_recognised() -> None:
    plan = {
        "action": "convert_beds",
        "when": {"indicator": "patients_without_bed", "above": 0},
        "decision_days": 0.0,
    }
    site = facility(oxygen=40) | {"covid_share": 0.1}

    def fired(days: int) -> float:
        scenario = build(
            small(
                20,
                arrivals=arrivals("exact", oxygen=[30] * 20),
                care={"facilities": {"alpha": site}},
                command={"plan": {"beds": plan}, "recognition_days": days},
            )
        )
        return next(step.day for step in run_once(scenario, 1, 0).actions if step.what == "fired")

    assert fired(0) == fired(1) == 1
    assert fired(9) == 9
