"""The daily record: what its columns mean, shown on runs small enough to follow by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from strategies import (
    THRESHOLDS,
    Plain,
    arrivals,
    build,
    clinical,
    clock,
    deaths,
    district,
    facility,
    people,
    scenarios,
    severity,
    small,
    stays,
)

from surgesim.model.record import BINDS, DISTRICT, FACILITY_INDEX, STATES, Record
from surgesim.model.simulation import Simulation, run_once
from surgesim.scenario.schema.base import BED_TYPES
from surgesim.scenario.schema.scenario import Scenario

WAITS_FOR_EVER = {"oxygen": clock("never", "never"), "icu": clock("never", "never")}
PLENTY = {"doctors": 1_000, "ward_nurses": 1_000, "icu_nurses": 1_000}
TWO_TOWNS = people(districts={"town": district(50_000), "coast": district(50_000, travel_hours=12.0)})


def course(p_icu: float = 0.0, **lengths: Any) -> Plain:
    """Stays as given, nobody dies, and who finds no bed waits for ever."""
    nobody = deaths(0, 0, 0)
    return clinical(
        severity=severity(p_icu=p_icu, death_oxygen=nobody, death_icu=nobody),
        stays=stays(**lengths),
        clocks=WAITS_FOR_EVER,
    )


def run(days: int, **sections: Any) -> Record:
    return run_once(build(small(days, **sections)), 1, 0)


def test_a_step_down_on_the_way_to_an_oxygen_bed_needs_oxygen() -> None:
    """An ICU centre without oxygen beds: after a stay of 2.4 days a journey of half a day to the coast."""
    record = run(
        8,
        people=TWO_TOWNS,
        arrivals={
            "series": {"one": {"bed": "icu", "counts": [20], "district": "town"}},
            "counts_are": "exact",
        },
        clinical=course(icu_survivor_days={"fixed": 2.4}, step_down_days={"fixed": 1.0}),
        care={"facilities": {"centre": facility(icu=20), "ward": facility(oxygen=20, district="coast")}},
    )
    on_the_way = record.series("held_oxygen")
    assert on_the_way.max() > 0
    np.testing.assert_array_equal(
        record.series("icu_need") + record.series("oxygen_need"), record.series("present")
    )
    np.testing.assert_array_equal(record.series("oxygen_need"), record.series("occupied_oxygen") + on_the_way)
    assert record.series("blocking").sum() == 0


@pytest.mark.parametrize("hours", [0.0, 6.0, 12.0, 24.0])
def test_without_a_bed_counts_from_so_many_hours_on(hours: float) -> None:
    record = run(
        3,
        arrivals=arrivals("exact", oxygen=[1_000]),
        clinical=course(),
        care={"facilities": {"alpha": facility(oxygen=0)}, "no_bed_hours": hours},
    )
    late = record.series("without_bed")
    # at 24:00 of the first day those are late who came more than so many hours before
    assert late[0] == pytest.approx(1_000 * (1 - hours / 24), abs=4 * 250**0.5)
    assert late[1:].tolist() == [1_000, 1_000]
    np.testing.assert_array_equal(record.series("patients_without_bed"), late)


def test_boarders_are_without_a_bed() -> None:
    record = run(
        5,
        arrivals=arrivals("exact", icu=[10]),
        clinical=course(),
        care={"facilities": {"alpha": facility(oxygen=10, icu=0)}, "no_bed_hours": 0.0},
    )
    assert record.series("boarding").tolist() == [10] * 5
    assert record.series("without_bed").tolist() == [10] * 5


def test_who_travels_to_a_bed_is_not_without_one() -> None:
    record = run(
        1,
        people=people(districts={"town": district(100), "far": district(1, travel_hours=40.0)}),
        arrivals={
            "series": {"all": {"bed": "oxygen", "counts": [10], "district": "far"}},
            "counts_are": "exact",
        },
        clinical=course(),
        care={"facilities": {"alpha": facility(oxygen=10)}, "no_bed_hours": 0.0},
    )
    assert record.series("held_oxygen")[0] == record.series("present")[0] == 10
    assert record.series("without_bed")[0] == 0


def test_what_is_breached_at_the_start_is_told_apart() -> None:
    record = run(
        4,
        arrivals=arrivals("exact", oxygen=[0, 0, 96, 0]),
        clinical=course(),
        care={"facilities": {"alpha": facility(oxygen=20, icu=3, staff=PLENTY)}},  # 3 ICU beds per 100,000
        command={"thresholds": THRESHOLDS},
    )
    at_start = dict(zip(THRESHOLDS, record.breached_at_start.tolist(), strict=True))
    assert at_start == {
        "cases": False,
        "oxygen-need": False,
        "no-bed": False,
        "vacant": False,
        "icu-staffed": True,
    }
    breached = dict(zip(THRESHOLDS, record.breached.T.tolist(), strict=True))
    assert breached["icu-staffed"] == [True] * 4
    assert breached["oxygen-need"] == [False, False, False, True]  # 96 / 3 is the bound itself
    assert breached["no-bed"] == [False, False, True, True]


def test_a_warm_up_is_not_recorded_and_its_patients_are_there_at_the_start() -> None:
    warmed = run(
        3,
        warm_up_days=10,
        arrivals=arrivals("exact", oxygen=[5, 5, 5]),
        clinical=course(oxygen_days={"fixed": 4.0}),
        care={"facilities": {"alpha": facility(oxygen=100)}},
    )
    assert warmed.province.shape[0] == 3
    assert warmed.series("occupied_oxygen").tolist() == [20, 20, 20]
    assert warmed.series("new_oxygen_need").tolist() == [5, 5, 5]
    assert warmed.outcomes["oxygen_patients"] == 15
    assert warmed.outcomes["oxygen_bed_days"] == 60


def test_an_initial_census_is_no_arrival() -> None:
    record = run(
        3,
        arrivals=arrivals("exact", oxygen=[0]),
        clinical=course(oxygen_days={"fixed": 1.5}, icu_survivor_days={"fixed": 9.0}),
        care={
            "facilities": {"alpha": facility(oxygen=10, icu=4)},
            "initial_census": {"alpha": {"oxygen": 7, "icu": 2}},
            "initial_stays": "fresh",
        },
    )
    assert record.series("occupied_oxygen").tolist() == [7, 0, 0]
    assert record.series("occupied_icu").tolist() == [2, 2, 2]
    for column in (
        "new_oxygen_need",
        "new_icu_need",
        "admissions_oxygen",
        "admissions_icu",
        "entries_icu",
    ):
        assert record.series(column).sum() == 0, column


def test_states_follow_a_facility_from_closed_to_standing_down() -> None:
    record = run(
        12,
        arrivals=arrivals("exact", oxygen=[3] * 12),
        clinical=course(oxygen_days={"fixed": 5.0}),
        care={"facilities": {"field": facility(oxygen=50, open_at_start=False)}},
        command={
            "plan": {
                "open-field": {
                    "action": "open_facility",
                    "facilities": ["field"],
                    "when": {"on": "2024-01-02"},
                    "decision_days": 1.0,
                    "lead_days": 1.0,
                    "until": {"on": "2024-01-06"},
                }
            }
        },
    )
    states = [STATES[state] for state in record.states[:, 0]]
    # ordered at 00:00 of day 2, open on days 3 and 4; the last patient leaves in the course of day 9
    assert states == ["closed"] * 2 + ["preparing"] + ["open"] * 2 + ["standing-down"] * 4 + ["closed"] * 3
    staffed, occupied = (
        record.facilities[:, 0, FACILITY_INDEX[f"{what}_oxygen"]] for what in ("staffed", "occupied")
    )
    assert staffed.tolist() == [0, 0, 0, 50, 50] + [0] * 7
    assert occupied[4] == occupied[5] == 15
    assert occupied[10] == 0


def test_districts_are_those_of_the_home_wherever_the_bed_is() -> None:
    """All patients live on the coast, and all beds are in town."""
    record = run(
        20,
        people=TWO_TOWNS,
        arrivals={
            "series": {"all": {"bed": "icu", "counts": [30], "district": "coast"}},
            "counts_are": "exact",
        },
        clinical=clinical(severity=severity(death_icu=deaths(0.5, 0.6, 0.9))),
        care={"facilities": {"alpha": facility(oxygen=5, icu=10)}},
    )
    totals = {column.name: record.districts[:, :, i].sum(axis=0) for i, column in enumerate(DISTRICT)}
    assert totals["new_oxygen_need"].tolist() == [0, 30]
    assert totals["deaths"].tolist() == [0, record.outcomes["deaths"]]
    assert np.isnan(totals["reported_cases"]).all()  # no epidemic, no cases to report
    assert record.outcomes["deaths"] > 10


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(scenarios())
def test_what_binds_is_told_as_the_share_of_the_open_beds(scenario: Scenario) -> None:
    simulation = Simulation(scenario, 3, 0)
    record = simulation.run()
    opened = simulation.province.capacity.today
    for bed in ("oxygen", "icu"):
        column = BED_TYPES.index(bed)
        beds, binding = opened.space[:, column].tolist(), opened.staffed.binding[:, column].tolist()
        for what, constraint in enumerate(BINDS[bed]):
            bound = sum(
                number for number, what_binds in zip(beds, binding, strict=True) if what_binds == what
            )
            expected = bound / max(sum(beds), 1)
            assert record.series(f"{bed}_bound_by_{constraint}")[-1] == pytest.approx(expected)


def test_the_command_sees_the_cover_and_the_backlog_of_the_item_it_names() -> None:
    """Ten patients use a mask, a gown and make 2 kg of waste each, every day, of 100 masks and 55 gowns."""
    scenario = build(
        small(
            3,
            arrivals=arrivals("exact", oxygen=[10, 0, 0]),
            clinical=course(oxygen_days={"fixed": 30.0}),
            care={"facilities": {"alpha": facility(oxygen=10)}},
            supply={
                "consumables": {
                    name: {"title": name, "unit": "pieces", "stock": stock, "use": {"oxygen_bed": 1}}
                    for name, stock in (("masks", 100), ("gowns", 55))
                },
                "burdens": {"waste": {"title": "Waste", "unit": "kg", "made": {"oxygen_bed": 2},
                                      "capacity_per_day": 0}},
            },
            command={
                "thresholds": {
                    "masks": {"indicator": "stock_cover_days", "item": "masks", "below": 8},
                    "gowns": {"indicator": "stock_cover_days", "item": "gowns", "below": 4},
                    "waste": {"indicator": "burden_backlog", "item": "waste", "above": 20},
                }
            },
        )
    )  # fmt: skip
    record = run_once(scenario, 1, 0)
    assert record.values.tolist() == [[9, 4.5, 20], [8, 3.5, 40], [7, 2.5, 60]]
    assert record.breached.tolist() == [[False, False, False], [False, True, True], [True, True, True]]


def test_who_comes_to_intensive_care_from_a_ward_enters_but_is_not_admitted() -> None:
    record = run(
        4,
        arrivals=arrivals("exact", oxygen=[10], icu=[3]),
        clinical=course(p_icu=1.0, oxygen_to_icu_days={"fixed": 1.5}, icu_survivor_days={"fixed": 9.0}),
        care={"facilities": {"alpha": facility(oxygen=20, icu=20)}},
    )
    assert record.series("entries_icu").sum() == 13
    assert record.series("admissions_icu").sum() == 3
    assert record.series("admissions_oxygen").sum() == 10
    assert record.checks == {"days checked": 4}


def test_who_dies_in_line_before_the_limit_is_not_without_a_bed() -> None:
    """No beds; everybody dies after six hours, and the limit is twelve."""
    six_hours = clock({"fixed": 0.25}, {"fixed": 0.25})
    record = run(
        2,
        arrivals=arrivals("exact", oxygen=[1_000]),
        clinical=course() | {"clocks": {"oxygen": six_hours, "icu": six_hours}},
        care={"facilities": {"alpha": facility(oxygen=0)}, "no_bed_hours": 12.0},
    )
    assert record.series("waiting_oxygen")[0] == pytest.approx(250, abs=4 * 190**0.5)
    assert record.series("without_bed").tolist() == [0, 0]
    assert record.series("patients_without_bed").tolist() == [0, 0]
