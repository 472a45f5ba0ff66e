"""Boarders and step-downs: what keeps the ICU moving when every bed is taken."""

from __future__ import annotations

from collections import Counter

import pytest
from strategies import arrivals, build, clinical, clock, deaths, facility, severity, small, stays

from surgesim.model.care.course.events import LogEntry
from surgesim.model.care.course.exchange import Exchange
from surgesim.model.record import Record
from surgesim.model.simulation import Simulation
from surgesim.scenario.schema.scenario import Scenario


def told(scenario: Scenario) -> list[tuple[float, int, str]]:
    log: list[LogEntry] = []
    Simulation(scenario, 1, 0, log=log).run()
    return [(entry.time, entry.patient, entry.what) for entry in log]


def test_a_boarder_and_a_step_down_change_beds_at_one_instant() -> None:
    """One oxygen bed, one ICU bed, both taken: patient 0 is done with the ICU, patient 1 needs it."""
    scenario = build(
        small(
            20,
            arrivals=arrivals("exact", icu=[1, 0], oxygen=[0, 1]),
            clinical=clinical(
                severity=severity(p_icu=1.0, death_icu=deaths(0, 0, 1)),
                stays=stays(
                    oxygen_to_icu_days={"fixed": 1.0},
                    icu_survivor_days={"fixed": 4.0},
                    step_down_days={"fixed": 2.0},
                ),
                clocks={"oxygen": clock("never", "never"), "icu": clock("never", "never")},
            ),
            care={"facilities": {"alpha": facility(oxygen=1, icu=1)}},
        )
    )
    log = told(scenario)
    first, second = (next(time for time, patient, _ in log if patient == who) for who in (0, 1))
    worse, ready = pytest.approx(second + 1), pytest.approx(first + 4)
    assert log == [
        (first, 0, "needs oxygen"),
        (first, 0, "needs ICU"),
        (first, 0, "in ICU bed"),
        (second, 1, "needs oxygen"),
        (second, 1, "in oxygen bed"),
        (worse, 1, "needs ICU"),
        (worse, 1, "boards"),
        (ready, 0, "ready"),
        (ready, 1, "swaps"),
        (ready, 1, "in ICU bed"),
        (ready, 0, "in oxygen bed"),
        (pytest.approx(first + 6), 0, "recovers"),
        (pytest.approx(first + 8), 1, "ready"),
        (pytest.approx(first + 8), 1, "in oxygen bed"),
        (pytest.approx(first + 10), 1, "recovers"),
    ]


DAYS = 200
OVERLOAD = small(
    DAYS,
    arrivals=arrivals(oxygen=[12.0] * DAYS, icu=[2.0] * DAYS),
    clinical=clinical(
        stays=stays(icu_survivor_days={"exponential": 10.0}, icu_dying_days={"exponential": 10.0})
    ),
    care={"facilities": {"alpha": facility(oxygen=60, icu=20)}},
)


def run_and_count(scenario: Scenario) -> tuple[Record, Counter[str], int]:
    """The record, how often each thing happened, and how many patients an ICU bed has treated."""
    log: list[LogEntry] = []
    run = Simulation(scenario, 1, 0, log=log).run()
    treated = {entry.patient for entry in log if entry.what == "in ICU bed"}
    return run, Counter(entry.what for entry in log), len(treated)


@pytest.mark.slow
def test_with_oxygen_and_icu_full_at_once_the_icu_goes_on_treating() -> None:
    """60 oxygen and 20 ICU beds under far more than they can bear."""
    run, happened, treated = run_and_count(build(OVERLOAD))
    late = slice(20, DAYS)
    assert set(run.series("occupied_oxygen")[late]) == {60}
    assert set(run.series("occupied_icu")[late]) == {20}
    assert run.series("boarding")[late].min() > 0
    assert run.series("blocking")[late].max() == 0  # who is ready changes beds with a boarder at once
    assert happened["swaps"] > 200
    assert 360 < treated < 440  # 20 beds for 200 days at 10 days each are 400 patients


@pytest.mark.slow
def test_without_swap_and_claim_the_icu_would_starve(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, but nobody changes beds and who is ready has no claim: a tenth is treated."""
    monkeypatch.setattr(Exchange, "first_boarder", lambda exchange, facility: None)
    monkeypatch.setattr(Exchange, "take_blocker", lambda exchange, facility: None)
    run, happened, treated = run_and_count(build(OVERLOAD))
    assert happened["swaps"] == 0
    assert treated < 60
    assert run.series("blocking")[DAYS - 1] > 18


@pytest.mark.slow
def test_without_boarding_nobody_swaps_and_the_claim_alone_keeps_the_icu_going() -> None:
    plain = OVERLOAD | {"clinical": OVERLOAD["clinical"] | {"boarding": False}}
    run, happened, treated = run_and_count(build(plain))
    assert happened["swaps"] == happened["boards"] == 0
    assert run.series("boarding").sum() == 0
    assert treated > 360


def test_who_changes_beds_where_beds_have_closed_has_full_care_if_staff_is_not_given() -> None:
    """Patient 0 is done with the ICU, and 1 needs it, when the plan has already let go of both beds."""
    scenario = build(
        small(
            20,
            start="2024-01-01",
            arrivals=arrivals("exact", icu=[1, 0], oxygen=[0, 1]),
            clinical=clinical(
                severity=severity(p_icu=1.0, death_icu=deaths(0, 1, 1) | {"thin": 1}),
                stays=stays(oxygen_to_icu_days={"fixed": 1.0}, icu_survivor_days={"fixed": 4.0}),
                clocks={"oxygen": clock("never", "never"), "icu": clock("never", "never")},
            ),
            care={"facilities": {"alpha": facility(oxygen=1, icu=1) | {"open_at_start": False}}},
            command={
                "plan": {
                    "open": {
                        "action": "open_facility",
                        "facilities": ["alpha"],
                        "when": {"on": "2024-01-01"},
                        "decision_days": 0,
                        "until": {"on": "2024-01-04"},
                    }
                }
            },
        )
    )
    log: list[LogEntry] = []
    run = Simulation(scenario, 1, 0, log=log).run()
    assert "swaps" in [entry.what for entry in log]
    assert run.series("open_icu")[4] == 0
    assert run.outcomes["deaths"] == 0


def test_a_census_lies_in_beds_of_the_first_instant() -> None:
    """Three are done with the ICU at once, and five oxygen beds are free for them: nobody blocks a bed."""
    scenario = build(
        small(
            2,
            arrivals=arrivals("exact", oxygen=[0, 0]),
            clinical=clinical(
                severity=severity(p_icu=1.0, death_icu=deaths(0, 0, 1)),
                stays=stays(icu_survivor_days={"fixed": 0.0}, step_down_days={"fixed": 1.0}),
            ),
            care={
                "facilities": {"alpha": facility(oxygen=5, icu=3)},
                "initial_census": {"alpha": {"icu": 3}},
                "initial_stays": "fresh",
            },
        )
    )
    log: list[LogEntry] = []
    Simulation(scenario, 1, 0, log=log).run()
    at_once = [(entry.what, entry.facility) for entry in log if entry.time == 0]
    assert at_once == [("in ICU bed", 0)] * 3 + [("ready", 0), ("in oxygen bed", 0)] * 3
