"""The start is today: the census of 00:00 of day 0, windows that look back, and breaches that hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from fit_cases import tiny_town
from strategies import arrivals, build, clinical, facility, gamma, people, small, stays, variant

from surgesim.model.province import Province
from surgesim.model.record import FACILITY_INDEX
from surgesim.model.simulation import Simulation, run_once
from surgesim.scenario.schema.scenario import Scenario

CENSUS = {
    "alpha": {"basic": 3, "oxygen": 12, "icu": 4, "waiting": {"oxygen": 2, "icu": 1}},
    "bravo": {"oxygen": 8, "icu": 2},
    "delta": {"oxygen": 6},
}


def hospitals(days: int, census: Mapping[str, Any] = CENSUS, **sections: Any) -> Scenario:
    """Return two hospitals with arrivals that fill them during a warm-up."""
    care = {
        "facilities": {
            "alpha": facility(basic=5, oxygen=10, icu=3),
            "bravo": facility(oxygen=8, icu=2),
            "delta": facility(oxygen=6),
        },
        "initial_census": census,
    }
    counts = {"basic": [2.0] * days, "oxygen": [3.0] * days, "icu": [1.0] * days}
    return build(small(days, care=care, arrivals=arrivals(**counts)) | sections)


def at_midnight(scenario: Scenario) -> Province:
    """Run the warm-up, and return the province at 00:00 of day 0 before anything happens there."""
    simulation = Simulation(scenario, 1, 0)
    province = simulation.province
    province.begin()
    for day in range(province.first_day, 0):
        province.env.run_through(day)
        simulation._start_of_day(day)
        province.env.run_until(day + 1)
        simulation._end_of_day(day)
    province.admit_census()
    return province


@pytest.mark.parametrize("warm_up", [0, 20])
def test_the_census_is_that_of_the_sheet_over_capacity_too(warm_up: int) -> None:
    province = at_midnight(hospitals(5, warm_up_days=warm_up))
    assert province.wards.occupied().tolist() == [[3, 0, 0], [12, 8, 6], [4, 2, 0]]
    assert (len(province.journey.oxygen.line), len(province.journey.icu.line)) == (3, 1)  # ICU: also to board
    province.journey.check(-1)
    province.basic_beds.check(-1)


@pytest.mark.parametrize("warm_up", [0, 20])
def test_nobody_vanishes_and_nobody_is_admitted_while_there_are_too_many(warm_up: int) -> None:
    """Stays that never end: the surplus stays where it is, and all who come wait."""
    forever = {name: {"fixed": 1000.0} for name in ("oxygen_days", "icu_survivor_days", "icu_dying_days")}
    scenario = hospitals(4, warm_up_days=warm_up, clinical=clinical(stays=stays(**forever)))
    record = run_once(scenario, 1, 0)
    assert record.facilities[:, 0, FACILITY_INDEX["occupied_oxygen"]].min() >= 12
    gone = record.series("recovered") + record.series("deaths") + record.series("transferred_out")
    change = record.series("new_oxygen_need") - gone
    assert np.diff(record.series("present")).tolist() == change[1:].tolist()


def test_without_a_census_the_patients_of_the_warm_up_stay() -> None:
    province = at_midnight(hospitals(5, census={}, warm_up_days=20))
    assert province.wards.occupied()[1].sum() > 0


def test_stocks_are_those_of_the_morning_after_a_warm_up() -> None:
    oxygen = {"tank_kg": 500.0, "tank_start_share": 0.5, "cylinders": 2}
    care = {
        "facilities": {"alpha": facility(oxygen=20) | {"oxygen": oxygen}},
        "initial_census": {"alpha": {"oxygen": 6}},
    }
    scenario = build(small(3, warm_up_days=15, care=care, arrivals=arrivals(oxygen=[4.0] * 3)))
    province = at_midnight(scenario)
    assert province.supply is not None
    store = province.supply.stores[0]
    assert store is not None
    assert store.tank == 250.0
    assert store.cylinders == pytest.approx(2 * 8.124)
    assert store.at_start == pytest.approx(store.stock + store.used + store.lost + store.spilled)
    province.supply.check(-1)


def test_isolated_people_of_the_census_leave_within_the_longest_stay() -> None:
    care = {"facilities": {"alpha": facility(basic=5)}, "initial_census": {"alpha": {"basic": 400}}}
    course = clinical(stays=stays(isolation_days={"fixed": 8.0}))
    scenario = build(small(10, care=care, clinical=course, arrivals=arrivals("exact", basic=[0])))
    occupied = run_once(scenario, 1, 0).series("mild_in_isolation")
    assert occupied[0] == 400
    assert occupied[8] == 0
    # in equilibrium the days left are 1 to 8 (and a little) with equal chance
    assert occupied[4] == pytest.approx(200, abs=40)


WAVE = {"variant": variant(2.5), "initial_infections": {"town": 400}}
CASES = {"cases": {"title": "Cases", "indicator": "weekly_reported_cases_per_100k", "above": 0.0}}


def epidemic(warm_up: int, **command: Any) -> Scenario:
    return build(
        small(
            12,
            warm_up_days=warm_up,
            epidemic=WAVE | {"detection": {"share": 0.5, "delay_days": gamma(2.0, 1.0)}},
            people=people(),
            command={"thresholds": CASES} | command,
        )
    )


def test_windows_reach_back_into_the_warm_up() -> None:
    record = run_once(epidemic(10), 1, 0)
    assert record.breached_at_start.tolist() == [True]
    weekly, cases = record.series("weekly_reported_cases_per_100k"), record.series("reported_cases")
    assert weekly[0] > 3 * cases[0]  # of 100,000 people
    assert weekly[6] == pytest.approx(cases[:7].sum())
    assert weekly[5] > cases[:6].sum()
    assert run_once(epidemic(0), 1, 0).breached_at_start.tolist() == [False]


RULE = {
    "open": {
        "title": "Postpone",
        "action": "convert_beds",
        "share": 1.0,
        "when": {"indicator": "weekly_reported_cases_per_100k", "above": 0.0, "for_days": 5},
        "decision_days": 0,
    }
}


@pytest.mark.parametrize(("warm_up", "fires"), [(0, 6.0), (3, 3.0), (20, 0.0)])
def test_days_before_count_for_a_condition_of_several_days(warm_up: int, fires: float) -> None:
    record = run_once(epidemic(warm_up, plan=RULE), 1, 0)
    fired = [action.day for action in record.actions if action.what == "fired"]
    assert fired[:1] == [pytest.approx(fires, abs=1.0)]


# -- a history ------------------------------------------------------------------------------------

HISTORY = {
    "first_day": "2023-12-12",
    "province": {"reported_cases": [50.0] * 13 + [None] + [50.0] * 6, "on_oxygen": [40.0] * 20},
}


def reported(warm_up: int, **command: Any) -> Scenario:
    plain = epidemic(warm_up, **command).to_plain()
    care = plain["care"] | {"initial_census": {"alpha": {"oxygen": 20, "icu": 5}}}
    return build(plain | {"history": HISTORY, "care": care})


@pytest.mark.parametrize("warm_up", [0, 20])
def test_weekly_cases_at_the_start_are_those_reported(warm_up: int) -> None:
    record = run_once(reported(warm_up), 1, 0)
    cases = record.series("reported_cases")
    weekly = record.series("weekly_reported_cases_per_100k")
    assert weekly[:7].tolist() == [pytest.approx(50 * (6 - d) + cases[: d + 1].sum()) for d in range(7)]
    present = record.series("present")
    assert record.series("oxygen_need_7d_per_100k")[0] == pytest.approx((5 * 40 + 25 + present[0]) / 7)
    assert record.breached_at_start.tolist() == [True]


def test_a_history_fires_a_rule_whose_condition_has_held_long_enough() -> None:
    rule = RULE["open"] | {
        "when": {"indicator": "weekly_reported_cases_per_100k", "above": 349.0, "for_days": 5}
    }
    record = run_once(reported(0, plan={"open": rule}), 1, 0)
    assert [action.day for action in record.actions if action.what == "fired"][:1] == [0.0]
    rule["when"] = rule["when"] | {"above": 350.0}
    record = run_once(reported(0, plan={"open": rule}), 1, 0)
    assert all(action.day > 0 for action in record.actions if action.what == "fired")


def test_days_in_bed_say_what_is_left_of_a_stay() -> None:
    course = clinical(stays=stays(oxygen_days={"fixed": 10.0}, isolation_days={"fixed": 10.0}))
    census = {"oxygen": 6, "basic": 4, "days_in_bed": {"oxygen": 7.5, "basic": 6.0}}
    care = {"facilities": {"alpha": facility(basic=5, oxygen=9)}, "initial_census": {"alpha": census}}
    scenario = build(small(8, care=care, clinical=course, arrivals=arrivals("exact", oxygen=[0])))
    record = run_once(scenario, 1, 0)
    assert record.series("occupied_oxygen").tolist()[:4] == [6, 6, 0, 0]
    assert record.series("mild_in_isolation")[5] == 0
    assert record.series("mild_in_isolation")[3] == 4


@pytest.mark.parametrize(("on", "beds"), [("2023-12-01", [20, 20, 20]), ("2023-12-30", [6, 14, 20])])
def test_a_rule_that_began_before_the_run_is_as_far_as_it_would_be(on: str, beds: list[int]) -> None:
    """Decided in a day, ready in two, in three phases: from 30 December on, day 1 has the second phase."""
    site = facility(oxygen=20) | {"covid_share": 0.0}
    phases = [{"after_days": 0, "share": 0.3}, {"after_days": 1, "share": 0.7}, {"after_days": 2, "share": 1}]
    rule = {"title": "Wards", "action": "convert_beds", "share": 1.0, "when": {"on": on}, "phases": phases}
    scenario = build(
        small(
            4,
            care={"facilities": {"alpha": site}},
            arrivals=arrivals("exact", oxygen=[0]),
            command={"plan": {"wards": rule | {"decision_days": 1, "lead_days": 2}}},
        )
    )
    assert run_once(scenario, 1, 0).series("staffed_oxygen")[1:].tolist() == beds


def test_oxygen_lasts_through_a_warm_up_without_a_census() -> None:
    """A tank for about two days of the town's epidemic is full on each day, as with deliveries."""
    tank = {"tank_kg": 6000, "tank_start_share": 1, "loss_share": 0}
    free = tiny_town(warm_up_days=35, days=2)
    limited = free.overlaid({"care": {"facilities": {"hospital": {"oxygen": tank}}}})
    there, here = (run_once(scenario, 7, 0) for scenario in (free, limited))
    assert there.series("occupied_oxygen")[0] > 20
    assert here.series("occupied_oxygen")[0] == there.series("occupied_oxygen")[0]
    used, stock = here.series("oxygen_used_kg")[0], here.series("oxygen_stock_kg")[0]
    assert used > 1000  # the tank would be empty within days
    assert stock == pytest.approx(6000 - used)
