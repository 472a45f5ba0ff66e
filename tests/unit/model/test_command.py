"""Command: when -> decision -> lead time -> phases -> until -> stand-down, to the day."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from strategies import arrivals, build, clinical, district, facility, people, severity, small, variant

from surgesim.model.clock.calendar import Calendar
from surgesim.model.command.indicators import Assessment
from surgesim.model.command.rules import Command
from surgesim.model.levers.action import Action
from surgesim.model.record import ActionEvent, Record
from surgesim.model.simulation import run_once
from surgesim.scenario.schema.command import Rule

START = date(2024, 1, 1)
ABOVE = {"indicator": "oxygen_occupancy", "above": 0.8}


class Told(Action):
    """An action that notes what it was told, and when."""

    def __init__(self, env: Calendar) -> None:
        self.env = env
        self.heard: list[tuple[float, str]] = []

    def order(self) -> None:
        self.heard.append((self.env.now, "order"))

    def set_share(self, share: float) -> None:
        self.heard.append((self.env.now, f"reach {share:g}"))

    def end(self) -> None:
        self.heard.append((self.env.now, "end"))


def follow(values: list[float], **rule: Any) -> tuple[list[tuple[float, str]], list[tuple[float, str]]]:
    """What a rule did and what its action heard, with `values[d]` assessed at the end of day d."""
    plain = {"action": "convert_beds", "when": ABOVE, "decision_days": 0.0} | rule
    env = Calendar()
    command, action = Command(env, START), Told(env)
    parsed: Rule = TypeAdapter(Rule).validate_json(json.dumps(plain))
    command.follow("rule", parsed, action)
    for day, value in enumerate(values):
        env.run_through(day)
        env.run_until(day + 1)
        indicators = {"oxygen_occupancy": value, "icu_occupancy": 1 - value}
        command.hear(Assessment(indicators))
    env.run_through(len(values) + 50)
    return [(event.day, event.what) for event in command.actions], action.heard


LOW, HIGH = 0.5, 0.9


def test_a_rule_without_delay_acts_at_the_assessment_that_fires_it() -> None:
    did, heard = follow([LOW, LOW, HIGH, HIGH])
    assert did == [(3, "fired"), (3, "ordered"), (3, "phase 1")]
    assert heard == [(3, "order"), (3, "reach 1")]


def test_a_bound_must_be_passed_strictly() -> None:
    assert follow([0.8, 0.8]) == ([], [])


@pytest.mark.parametrize(
    ("values", "fires"),
    [
        ([HIGH, HIGH, HIGH], [3]),
        ([HIGH, HIGH, LOW, HIGH, HIGH], []),
        ([HIGH, LOW, HIGH, HIGH, HIGH, HIGH], [5]),
    ],
)
def test_for_days_are_days_running(values: list[float], fires: list[float]) -> None:
    did, _ = follow(values, when=ABOVE | {"for_days": 3})
    assert [day for day, what in did if what == "fired"] == fires


def test_decision_lead_and_phases_follow_each_other() -> None:
    did, heard = follow(
        [HIGH],
        decision_days=1.5,
        lead_days=4.0,
        phases=[{"after_days": 0.5, "share": 0.25}, {"after_days": 7.0, "share": 1.0}],
    )
    assert did == [(1, "fired"), (2.5, "ordered"), (7, "phase 1"), (13.5, "phase 2")]
    assert heard == [(2.5, "order"), (7, "reach 0.25"), (13.5, "reach 1")]


def test_a_rule_ends_by_its_own_bound_and_days_and_stands_down() -> None:
    did, heard = follow(
        [HIGH, 0.7, 0.7, 0.3, 0.3, 0.3],
        until={"below": 0.4, "for_days": 2},
        stand_down_days=3.0,
    )
    assert did[2:] == [(1, "phase 1"), (5, "ended"), (8, "stood down")]
    assert heard[-1] == (8, "end")


def test_the_end_of_a_rule_can_watch_another_indicator() -> None:
    until = {"indicator": "icu_occupancy", "below": 0.2}
    did, _ = follow([HIGH, 0.5, 0.5, 0.81], until=until)
    assert (4, "ended") in did


def test_phases_not_yet_reached_are_dropped_at_stand_down() -> None:
    did, heard = follow(
        [HIGH, LOW],
        until={"below": 0.6},
        phases=[{"after_days": 0.0, "share": 0.5}, {"after_days": 9.0, "share": 1.0}],
    )
    assert [what for _, what in did] == ["fired", "ordered", "phase 1", "ended", "stood down"]
    assert heard == [(1, "order"), (1, "reach 0.5"), (2, "end")]


def test_between_its_bounds_a_rule_does_not_flap() -> None:
    between = [0.9, 0.6, 0.75, 0.6, 0.79, 0.5, 0.6]
    did, _ = follow(between, until={"below": 0.4})
    assert [what for _, what in did] == ["fired", "ordered", "phase 1"]


def test_a_rule_that_has_stood_down_can_fire_again() -> None:
    did, _ = follow([HIGH, 0.3, HIGH, 0.3], until={"below": 0.4})
    assert [(day, what) for day, what in did if what in ("fired", "ended")] == [
        (1, "fired"),
        (2, "ended"),
        (3, "fired"),
        (4, "ended"),
    ]


def test_a_rule_without_an_end_lasts() -> None:
    did, heard = follow([HIGH, LOW, LOW, HIGH, LOW])
    assert len(did) == 3
    assert (heard[-1]) == (1, "reach 1")


def test_dates_begin_and_end_a_rule_once() -> None:
    did, heard = follow([HIGH] * 12, when={"on": "2024-01-04"}, until={"on": "2024-01-09"}, decision_days=1.0)
    assert did == [(3, "fired"), (4, "ordered"), (4, "phase 1"), (8, "ended"), (8, "stood down")]
    assert heard == [(4, "order"), (4, "reach 1"), (8, "end")]


@pytest.mark.slow
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.integers(1, 4), st.integers(1, 4))
def test_firing_and_ending_take_turns_and_never_come_too_soon(
    values: list[float], on_days: int, off_days: int
) -> None:
    did, _ = follow(values, when=ABOVE | {"for_days": on_days}, until={"below": 0.4, "for_days": off_days})
    turns = [(round(day), what) for day, what in did if what in ("fired", "ended")]
    assert [what for _, what in turns] == ["fired", "ended"] * (len(turns) // 2) + ["fired"] * (
        len(turns) % 2
    )
    for day, what in turns:
        needed = on_days if what == "fired" else off_days
        last = values[day - needed : day]
        assert len(last) == needed
        assert all(value > 0.8 if what == "fired" else value < 0.4 for value in last)


# -- in a whole run -------------------------------------------------------------------------------


def run(rule: dict[str, Any], **sections: Any) -> Record:
    sites = {
        "alpha": facility(oxygen=10, covid_share=0.2, convertible_share=1.0),
        "bravo": facility(oxygen=40, open_at_start=False),
        "privat": facility(oxygen=20, covid_share=0.0, ownership="private", convertible_share=0.5),
    }
    scenario = small(
        30,
        arrivals=arrivals("exact", oxygen=[3] * 30),
        care={"facilities": sites},
        command={"plan": {"rule": {"decision_days": 1.0} | rule}},
    )
    return run_once(build(scenario | sections), 1, 0)


def first_day(series: np.ndarray, value: float) -> int:
    return int(np.flatnonzero(series == value)[0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "where", "beds"),
    [
        ({"action": "convert_beds"}, 0, 10),
        ({"action": "convert_beds", "share": 0.5}, 0, 6),
        ({"action": "open_facility", "facilities": ["bravo"]}, 1, 40),
        ({"action": "mobilise", "ownership": ["private"], "share": 1.0}, 2, 10),
        ({"action": "mobilise", "ownership": ["private"], "share": 0.5}, 2, 5),
    ],
)
def test_beds_open_at_0000_after_decision_and_lead(rule: dict[str, Any], where: int, beds: int) -> None:
    record = run(rule | {"when": {"on": "2024-01-06"}, "lead_days": 2.0})
    staffed = record.facilities[:, where, 1]
    before = 2 if where == 0 else 0
    assert set(staffed[:8]) == {before}  # 6 January is day 5, + 1 to decide, + 2 to open
    assert set(staffed[8:]) == {beds}
    assert record.actions == (
        ActionEvent(5.0, "rule", "fired"),
        ActionEvent(6.0, "rule", "ordered"),
        ActionEvent(8.0, "rule", "phase 1"),
    )


def test_the_delay_of_a_rule_is_kept_to_the_day() -> None:
    opened = []
    for decision in (0.0, 1.0, 2.0):
        record = run({"action": "convert_beds", "when": {"on": "2024-01-06"}, "decision_days": decision})
        opened.append(first_day(record.facilities[:, 0, 1], 10))
    assert opened == [5, 6, 7]


def test_a_rule_dated_the_first_day_without_delay_acts_that_day() -> None:
    record = run({"action": "convert_beds", "when": {"on": "2024-01-01"}, "decision_days": 0.0})
    assert set(record.facilities[:, 0, 1]) == {10}


def test_what_opens_in_the_course_of_a_day_counts_from_the_next() -> None:
    record = run({"action": "convert_beds", "when": {"on": "2024-01-06"}, "decision_days": 0.4})
    assert record.actions[1].day == pytest.approx(5.4)
    assert first_day(record.facilities[:, 0, 1], 10) == 6


@pytest.mark.slow
@pytest.mark.parametrize(("decision", "first"), [(0.0, 3), (1.0, 4), (2.5, 6)])
def test_a_measure_is_in_force_from_the_day_after_it_was_decided(decision: float, first: int) -> None:
    """Fired by the assessment of day 2: without delay, in force on day 3."""
    everything = {"home": 1.0, "school": 1.0, "work": 1.0, "community": 1.0}
    rule = {
        "action": "measure",
        "measure": "lockdown",
        "when": {"indicator": "weekly_reported_cases_per_100k", "above": -1.0, "for_days": 3},
        "decision_days": decision,
    }
    record = run(
        rule,
        arrivals="none",
        people=people(districts={"town": district(100_000_000)}),
        clinical=clinical(severity=severity(p_oxygen=0.0)),
        epidemic={
            "variant": variant(3.0),
            "initial_infections": {"town": 1_000_000},
            "measures": {"lockdown": {"reduces": everything}},
        },
    )
    assert first_day(record.series("infections"), 0) == first
