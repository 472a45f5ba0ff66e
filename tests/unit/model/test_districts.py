"""Districts: their indicators, thresholds and rules of their own, and what they leave as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from strategies import (
    Plain,
    build,
    clinical,
    clock,
    deaths,
    district,
    facility,
    laid,
    people,
    scenarios,
    severity,
    small,
    stays,
    variant,
)

from surgesim.model.care.course.events import LogEntry
from surgesim.model.record import FACILITY_INDEX, PROVINCE_INDEX, Floats, Record, district_columns
from surgesim.model.simulation import Simulation, run_once
from surgesim.scenario.door import overlaid
from surgesim.scenario.schema.indicators import BY_DISTRICT
from surgesim.scenario.schema.scenario import Scenario

WEEKLY = "weekly_reported_cases_per_100k"

ALL_BY_DISTRICT: Plain = {
    name.replace("_", "-"): {"indicator": name, "above": 1.5, "by": "district"} for name in BY_DISTRICT
}
LEVELS: Plain = {
    "transmission": {"cases": {"indicator": WEEKLY, "at_least": [90, 450, 600]}},
    "response": {
        "vacant": {"indicator": "vacant_covid_beds_per_100k", "below": [20, 10]},
        "icu": {"indicator": "staffed_icu_beds_per_100k", "below": [6, 4], "by": "province"},
    },
    "table": [[1, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 4]],
}


def with_districts(scenario: Scenario) -> Scenario:
    """The scenario with everything assessed by district, and nothing that acts on it."""
    named = list(scenario.command.in_province)
    command: Plain = {"thresholds": ALL_BY_DISTRICT, "levels": LEVELS, "reach": {}}
    if named and scenario.command.situation.thresholds is None:
        command["situation"] = {"thresholds": named}
    return laid(scenario, {"command": command})


def column(scenario: Scenario, record: Record, name: str) -> Floats:
    """``(days, districts)``"""
    names = [c.name for c in district_columns(scenario.command)]
    values: Floats = record.districts[:, :, names.index(name)]
    return values


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(scenarios())
def test_looking_at_districts_changes_nothing_else(scenario: Scenario) -> None:
    before, after = run_once(scenario, 5, 0), run_once(with_districts(scenario), 5, 0)
    thresholds = before.values.shape[1]
    for name in ("province", "facilities", "states", "logistics", "reached"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
    np.testing.assert_array_equal(before.districts, after.districts[:, :, : before.districts.shape[2]])
    np.testing.assert_array_equal(before.values, after.values[:, :thresholds])
    np.testing.assert_array_equal(before.breached, after.breached[:, :thresholds])
    assert before.actions == after.actions
    assert before.outcomes == after.outcomes


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(scenarios())
def test_districts_add_up_to_the_province(plain: Scenario) -> None:
    scenario = with_districts(plain)
    record = run_once(scenario, 5, 0)
    population = np.array([d.population for d in scenario.people.districts.values()])
    share = population / population.sum()

    def summed(name: str) -> Floats:
        total: Floats = column(scenario, record, name).sum(axis=1)
        return total

    np.testing.assert_array_equal(summed("present"), record.series("present"))
    np.testing.assert_array_equal(summed("patients_without_bed"), record.series("without_bed"))
    for name in (WEEKLY, "oxygen_need_7d_per_100k", "vacant_covid_beds_per_100k",
                 "staffed_icu_beds_per_100k", "deaths_7d_per_100k"):  # fmt: skip
        weighted = (column(scenario, record, name) * share).sum(axis=1)
        np.testing.assert_allclose(weighted, record.series(name), rtol=1e-9)
    deaths = (column(scenario, record, "deaths_per_million") * population).sum(axis=1) / 1e6
    np.testing.assert_allclose(deaths, record.series("deaths").cumsum(), rtol=1e-9, atol=1e-9)


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(scenarios())
def test_a_province_of_one_district_is_that_district(plain: Scenario) -> None:
    first = next(iter(plain.people.districts))
    everywhere = {name: {"district": first} for name in plain.care.facilities}
    dropped = {name: None for name in plain.people.districts if name != first}
    if dropped:
        return  # such scenarios name their districts in many places
    scenario = with_districts(laid(plain, {"care": {"facilities": everywhere}}))
    record = run_once(scenario, 5, 0)
    for name in BY_DISTRICT:
        if name in PROVINCE_INDEX:
            np.testing.assert_array_equal(column(scenario, record, name)[:, 0], record.series(name))


TOWNS = people(
    districts={"town": district(60_000), "coast": district(40_000, travel_hours=2.0)}, outside_share=0.02
)


def outbreak(days: int = 30, **changes: Any) -> Scenario:
    """An epidemic that begins in town; nobody needs a bed."""
    epidemic = {
        "variant": variant(3.0),
        "initial_infections": {"town": 300},
        "detection": {"share": 0.5, "delay_days": {"fixed": 1.0}},
        "measures": {"lockdown": {"reduces": dict.fromkeys(("home", "school", "work", "community"), 0.9),
                                  "districts": ["town"]}},
    }  # fmt: skip
    return build(
        small(days, people=TOWNS, epidemic=epidemic, clinical=clinical(severity=severity(p_oxygen=0.001)))
        | changes
    )


LOCKDOWN: Plain = {
    "action": "measure",
    "measure": "lockdown",
    "when": {"indicator": WEEKLY, "above": 300.0, "district": "town"},
    "until": {"below": 300.0, "for_days": 3},
    "decision_days": 0.0,
}


@pytest.mark.slow
def test_a_rule_locks_down_one_district_on_that_district_s_indicator() -> None:
    threshold = {"here": {"indicator": WEEKLY, "above": 300.0, "by": "district"}}
    free = outbreak(60, command={"thresholds": threshold})
    ruled = outbreak(60, command={"thresholds": threshold, "plan": {"narrow": LOCKDOWN}})
    before, after = run_once(free, 1, 0), run_once(ruled, 1, 0)
    town, coast = column(ruled, after, WEEKLY).T
    first = int(np.argmax(town > 300))
    assert town[first] > 300 > coast[first]  # the coast is calm as yet
    assert after.series(WEEKLY)[first] < 300  # and so is the province
    assert [(event.day, event.what) for event in after.actions][:3] == [
        (first + 1, "fired"), (first + 1, "ordered"), (first + 1, "phase 1"),
    ]  # fmt: skip
    np.testing.assert_array_equal(before.districts[: first + 1, :, 0], after.districts[: first + 1, :, 0])
    infections = [record.districts[first + 1 : first + 4, 0, 0].sum() for record in (before, after)]
    assert infections[1] < 0.3 * infections[0]
    ended = [event.day for event in after.actions if event.what == "ended"]
    assert ended
    assert (town[int(ended[0]) - 3 : int(ended[0])] < 300).all()
    assert ended[0] == next(d + 1 for d in range(first + 3, 60) if (town[d - 2 : d + 1] < 300).all())


def test_a_rule_may_watch_the_level_of_a_district() -> None:
    when = {"indicator": "epidemic_level", "above": 2.0, "district": "town"}
    rule = LOCKDOWN | {"when": when, "until": "none"}
    levels = {"transmission": {"cases": {"indicator": WEEKLY, "at_least": [90, 300, 900]}}}
    scenario = outbreak(command={"levels": levels, "plan": {"narrow": rule}})
    record = run_once(scenario, 1, 0)
    level, weekly = column(scenario, record, "epidemic_level"), column(scenario, record, WEEKLY)
    np.testing.assert_array_equal(level, 1 + sum((weekly >= bound).astype(int) for bound in (90, 300, 900)))
    assert record.actions[0].day == 1 + int(np.argmax(level[:, 0] > 2))
    assert level[:, 0].max() >= 3
    of_province = record.assessed[:, 0]
    np.testing.assert_array_equal(
        of_province, 1 + sum((record.series(WEEKLY) >= bound).astype(int) for bound in (90, 300, 900))
    )


def test_a_threshold_by_district_is_held_against_each_and_the_worst_stands_for_them() -> None:
    thresholds = {
        "anywhere": {"indicator": WEEKLY, "above": 300.0, "by": "district"},
        "province": {"indicator": WEEKLY, "above": 300.0},
        "beds": {"indicator": "vacant_covid_beds_per_100k", "below": 5.0, "by": "district", "beds": ["icu"]},
    }
    scenario = outbreak(command={"thresholds": thresholds})
    record = run_once(scenario, 1, 0)
    weekly = column(scenario, record, WEEKLY)
    np.testing.assert_array_equal(record.values_by_district[:, 0], weekly)
    np.testing.assert_array_equal(record.breached_by_district[:, 0], weekly > 300)
    np.testing.assert_array_equal(record.values[:, 0], weekly.max(axis=1))
    np.testing.assert_array_equal(record.breached[:, 0], (weekly > 300).any(axis=1))
    # five vacant ICU beds in town, none at the coast, from the start
    np.testing.assert_allclose(record.values_by_district[:10, 1], [[5 * 100_000 / 60_000, 0]] * 10)
    assert record.breached_at_start.tolist() == [False, False, True]
    assert record.breached_at_start_by_district.tolist() == [[False, False], [False, True]]
    # the situation is that of the province's threshold alone
    np.testing.assert_array_equal(record.series("situation"), record.breached[:, 1])


STAFFED: Plain = {"staff": {"doctors": 500, "ward_nurses": 500, "icu_nurses": 500}, "ventilators": 100}


def islands(**command: Any) -> tuple[Scenario, Record, list[LogEntry]]:
    """An island with four oxygen beds, the mainland with fifty and an ICU; boats from 6 to 18 h."""
    nobody = deaths(0, 0, 0)
    here = {"indicator": "patients_without_bed", "above": 0, "by": "district"}
    scenario = build(
        small(
            6,
            people=people(
                districts={"town": district(50_000), "isle": district(50_000, travel_hours=1.0, island=True)}
            ),
            arrivals={
                "series": {
                    "isle": {"bed": "oxygen", "counts": [12] * 3, "district": "isle"},
                    "town": {"bed": "oxygen", "counts": [4] * 3, "district": "town"},
                },
                "counts_are": "exact",
            },
            clinical=clinical(
                severity=severity(p_icu=0.0, death_oxygen=nobody, death_icu=nobody),
                stays=stays(oxygen_days={"fixed": 30.0}),
                clocks={"oxygen": clock("never", "never"), "icu": clock("never", "never")},
            ),
            care={"facilities": {"far": facility(oxygen=50), "near": facility(oxygen=4, district="isle")}},
            command={"thresholds": {"here": here}} | command,
        )
    )
    log: list[LogEntry] = []
    return scenario, Simulation(scenario, 2, 0, log=log).run(), log


def test_own_beds_first_and_islands_cross_by_day_only_where_districts_are_assessed() -> None:
    scenario, record, log = islands()
    far, near = 0, 1
    crossings = [entry for entry in log if entry.what == "departs"]
    assert crossings
    assert {entry.facility for entry in crossings} == {far}
    assert all(0.25 - 1e-9 <= entry.time % 1 < 0.75 for entry in crossings)
    at_home = [entry for entry in log if entry.what == "in oxygen bed" and entry.facility == near]
    assert len(at_home) == 4
    assert max(entry.time for entry in at_home) < min(entry.time for entry in crossings)
    # who awaits a boat to a free bed is not without one, and late all the same after six hours
    assert record.breached_by_district.sum() == 0
    patients, in_time, *_ = record.reached.sum(axis=(2, 3))
    assert patients.tolist() == [12, 36]
    assert in_time[0] == 12
    assert 4 <= in_time[1] < 36
    assert scenario.in_time_hours == 6


@pytest.mark.parametrize("hour", [6.0, 18.0])
def test_nobody_waits_for_a_boat_longer_than_the_night(hour: float) -> None:
    """A bound of the way and the night together is met by all."""
    _, record, _ = islands(reach={"within_hours": 12.0 + 1.0 + 0.01 * (hour / 6)})
    patients, in_time, *_ = record.reached.sum(axis=(2, 3))
    assert in_time.tolist() == patients.tolist()


def test_the_occupancy_of_a_district_is_the_share_of_its_beds_in_use() -> None:
    watched = with_districts(islands()[0])
    record = run_once(watched, 2, 0)
    occupancy = column(watched, record, "oxygen_occupancy")
    occupied = record.facilities[:, 0, FACILITY_INDEX["occupied_oxygen"]]
    assert 0 < occupied[0] < occupied[2] < 50
    np.testing.assert_allclose(occupancy[:, 0], occupied / 50)
    assert occupancy[:, 1].tolist() == [1.0] * 6  # twelve patients for four beds on the first day
    assert (column(watched, record, "icu_occupancy")[:, 1] == 1).all()  # no beds


def test_intensive_care_of_a_district_is_by_its_people() -> None:
    """For 50,000 residents three staffed beds in town, and one on the island."""
    sites = {"far": facility(oxygen=50, icu=3), "near": facility(oxygen=4, icu=1, district="isle")}
    care = {"facilities": {name: site | STAFFED for name, site in sites.items()}}
    watched = with_districts(overlaid(islands()[0], {"care": care}))
    record = run_once(watched, 2, 0)
    for name in ("staffed_icu_beds_per_100k", "usable_icu_beds_per_100k"):
        assert column(watched, record, name).tolist() == [[6.0, 2.0]] * 6


def test_a_district_whose_staff_is_not_given_has_no_value() -> None:
    sites = {"far": facility(oxygen=50, icu=3) | STAFFED, "near": facility(icu=1, district="isle")}
    watched = with_districts(overlaid(islands()[0], {"care": {"facilities": sites}}))
    record = run_once(watched, 2, 0)
    staffed = column(watched, record, "staffed_icu_beds_per_100k")
    assert staffed[:, 0].tolist() == [6.0] * 6
    assert np.isnan(staffed[:, 1]).all()


def test_unlimited_beds_of_a_district_are_without_limit_there_alone() -> None:
    sites = {"far": facility(oxygen="unlimited", icu=2), "near": facility(oxygen=4, district="isle")}
    scenario, record, _ = islands(levels=LEVELS)
    changed = overlaid(scenario, {"care": {"facilities": sites}})
    record = run_once(with_districts(changed), 2, 0)
    vacant = column(with_districts(changed), record, "vacant_covid_beds_per_100k")
    assert np.isinf(vacant[:, 0]).all()
    assert np.isfinite(vacant[:, 1]).all()
    occupancy = column(with_districts(changed), record, "oxygen_occupancy")
    assert (occupancy[:, 0] == 0).all()
