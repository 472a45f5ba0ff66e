"""Common random numbers: who shares a replication shares its luck, and nothing else moves it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from strategies import (
    MEASURE,
    arrivals,
    build,
    clinical,
    district,
    facility,
    people,
    scenarios,
    small,
    variant,
)

from surgesim.model.care.patient import Patient
from surgesim.model.care.patients import PatientBatch
from surgesim.model.record import Record
from surgesim.model.simulation import Simulation, run_once
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.replicate import replicate

pytestmark = pytest.mark.slow

SPREAD = {"variant": variant(4.0), "initial_infections": {"town": 60}, "importation": {"per_day": 1.0}}


def assert_same(one: Record, other: Record) -> None:
    """Every number of two records is the same number."""
    for field in fields(Record):
        first, second = getattr(one, field.name), getattr(other, field.name)
        if isinstance(first, np.ndarray):
            np.testing.assert_array_equal(first, second, err_msg=field.name)
        else:
            assert first == second, field.name


def outbreak(**sections: Any) -> Scenario:
    """Two districts, an epidemic that fills the beds, a rule that opens more, an empty alternative."""
    plain = small(
        60,
        people=people(districts={"town": district(40_000), "coast": district(20_000, travel_hours=2.0)}),
        epidemic=SPREAD,
        clinical=clinical(isolated_share=0.2),
        care={
            "facilities": {
                "alpha": facility(oxygen=40, icu=8, basic=30),
                "bravo": facility(oxygen=60, icu=4, open_at_start=False),
            }
        },
        command={
            "plan": {
                "open-bravo": {
                    "action": "open_facility",
                    "facilities": ["bravo"],
                    "when": {"indicator": "oxygen_occupancy", "above": 0.8},
                }
            }
        },
        alternatives={
            "same": {},
            "no-bravo": {"command": {"plan": {"open-bravo": None}}},
            "few-beds": {"care": {"facilities": {"alpha": {"beds": {"oxygen": 5, "icu": 0}}}}},
        },
    )
    return build(plain | sections)


@settings(max_examples=15)
@given(scenarios())
def test_a_replication_is_the_same_however_often_it_runs(scenario: Scenario) -> None:
    assert_same(run_once(scenario, 3, 1), run_once(scenario, 3, 1))


def test_an_alternative_that_changes_nothing_gives_the_same_record() -> None:
    scenario = outbreak()
    baseline = run_once(scenario, 1, 0)
    assert_same(baseline, run_once(scenario.alternative("same"), 1, 0))
    assert baseline.outcomes != run_once(scenario.alternative("no-bravo"), 1, 0).outcomes


def test_what_is_done_in_care_leaves_the_epidemic_as_it_was() -> None:
    scenario = outbreak()
    baseline, other = (run_once(s, 1, 0) for s in (scenario, scenario.alternative("few-beds")))
    for column in ("infections", "imported", "infectious", "susceptible", "new_oxygen_need"):
        np.testing.assert_array_equal(baseline.series(column), other.series(column), err_msg=column)
    assert other.outcomes["deaths"] > baseline.outcomes["deaths"]


def test_replication_3_of_20_is_replication_3_of_5() -> None:
    scenario = outbreak(days=20)
    of_5 = list(replicate({"baseline": scenario}, 1, 5))
    of_20 = list(replicate({"baseline": scenario}, 1, 20))
    assert_same(of_5[3]["baseline"], of_20[3]["baseline"])
    assert_same(of_20[3]["baseline"], run_once(scenario, 1, 3))
    infections = {run["baseline"].outcomes["infections"] for run in of_20}
    assert len(infections) == 20  # no two replications alike


def test_seeds_differ() -> None:
    assert run_once(outbreak(), 1, 0).outcomes != run_once(outbreak(), 2, 0).outcomes


# -- one extra patient on day 40 ------------------------------------------------------------------


def batches(scenario: Scenario) -> list[PatientBatch]:
    """The patients drawn for each day of a run that has run."""
    drawn: list[PatientBatch] = []
    simulation = Simulation(scenario, 9, 0)
    expect = simulation.province.journey.expect

    def watch(batch: PatientBatch) -> list[Patient]:
        drawn.append(batch)
        return expect(batch)

    simulation.province.journey.expect = watch  # type: ignore[method-assign]
    simulation.run()
    return drawn


def alike(one: PatientBatch, other: PatientBatch) -> bool:
    return all(np.array_equal(getattr(one, f.name), getattr(other, f.name)) for f in fields(PatientBatch))


@pytest.mark.parametrize("counts_are", ["exact", "poisson"])
def test_one_extra_patient_on_day_40_leaves_every_other_day_as_it_was(counts_are: str) -> None:
    usual = [6] * 80
    extra = [7 if day == 40 else 6 for day in range(80)]
    before, after = (
        batches(build(small(80, arrivals=arrivals(counts_are, oxygen=counts, icu=[1] * 80))))
        for counts in (usual, extra)
    )
    assert len(before) == len(after) == 80
    assert [day for day in range(80) if not alike(before[day], after[day])] == [40]
    assert counts_are == "poisson" or len(after[40]) == len(before[40]) + 1
    assert sum(map(len, before)) > 400


def test_who_came_before_the_extra_patient_of_a_day_keeps_every_draw() -> None:
    """Patients of a day are ordered by district and age and use a fixed number of draws each."""
    one, two = (batches(build(small(1, arrivals=arrivals("exact", icu=[count]))))[0] for count in (30, 31))
    # which of the nine ages the extra one has is a draw too; the luck of all 30 others is unmoved
    np.testing.assert_array_equal(one.luck, two.luck[:30])


def test_a_measure_moves_no_other_purposes_draws() -> None:
    """Under a lockdown others fall ill, but who falls ill on a day is drawn from the same numbers."""
    measures = {MEASURE: {"reduces": {"community": 1.0}, "start": "2024-01-21"}}
    free, locked = (batches(outbreak(epidemic=SPREAD | changes)) for changes in ({}, {"measures": measures}))
    assert all(alike(free[day], locked[day]) for day in range(20))
    later = range(25, 60)
    assert sum(len(locked[day]) != len(free[day]) for day in later) > 30
    for day in later:
        n = min(len(free[day]), len(locked[day]))
        np.testing.assert_array_equal(free[day].luck[:n], locked[day].luck[:n])
