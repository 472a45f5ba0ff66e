"""The journey: what happens in line, shown on runs small enough to follow by hand.

That it is right event by event is held by the oracle (tests/verification/test_oracle.py).
"""

from __future__ import annotations

from typing import Any

import pytest
from strategies import (
    Plain,
    arrivals,
    build,
    clinical,
    clock,
    deaths,
    district,
    facility,
    people,
    severity,
    small,
    stays,
)

from surgesim.model.care.course.events import LogEntry
from surgesim.model.record import Record
from surgesim.model.simulation import Simulation

NEVER = clock("never", "never")


def run(days: int, **sections: Any) -> tuple[Record, list[LogEntry]]:
    log: list[LogEntry] = []
    record = Simulation(build(small(days, **sections)), 1, 0, log=log).run()
    return record, log


def course(oxygen: Plain = NEVER, icu: Plain = NEVER, **changes: Any) -> Plain:
    """Everybody stays 100 days and only lack of care kills."""
    kills = deaths(0.0, 0.4, 1.0)
    long = {"fixed": 100.0}
    return clinical(
        severity=severity(p_icu=0.0, death_oxygen=kills, death_icu=kills),
        stays=stays(oxygen_days=long, icu_survivor_days=long, icu_dying_days=long),
        clocks={"oxygen": oxygen, "icu": icu},
        **changes,
    )


def opens(beds: int, day: int, icu: int | None = None) -> Plain:
    """A field hospital that opens on a day of January 2024, day 0 being the first."""
    rule = {
        "action": "open_facility",
        "facilities": ["field"],
        "when": {"on": f"2024-01-{day + 1:02}"},
        "decision_days": 0.0,
    }
    field = facility(oxygen=beds, icu=beds if icu is None else icu, open_at_start=False)
    return {
        "care": {"facilities": {"field": field}},
        "command": {"plan": {"open": rule}},
    }


@pytest.mark.parametrize("need", ["oxygen", "icu"])
def test_beds_that_open_admit_at_once_as_many_as_fit_first_come_first_served(need: str) -> None:
    record, log = run(
        6,
        arrivals=arrivals("exact", **{need: [25]}),
        clinical=course(boarding=False),
        **opens(10, 3),
    )
    assert record.series(f"occupied_{need}").tolist() == [0, 0, 0, 10, 10, 10]
    assert record.series(f"waiting_{need}").tolist() == [25, 25, 25, 15, 15, 15]
    came = {entry.patient: entry.time for entry in log if entry.what == "needs oxygen"}
    admitted = [(entry.patient, entry.time) for entry in log if entry.what.startswith("in ")]
    assert {time for _, time in admitted} == {3.0}
    assert [patient for patient, _ in admitted] == sorted(came, key=came.__getitem__)[:10]


@pytest.mark.parametrize(("order", "served"), [("age", range(10, 20)), ("severity", range(10))])
def test_the_scenario_can_put_the_old_before_who_waits_longer(order: str, served: range) -> None:
    series = {
        "young": {"bed": "oxygen", "counts": [10, 0], "age": "20-29"},
        "old": {"bed": "oxygen", "counts": [0, 10], "age": "80+"},
    }
    _, log = run(
        6,
        arrivals={"series": series, "counts_are": "exact"},
        clinical=course(queue_order=order),
        **opens(10, 3),
    )
    assert sorted(entry.patient for entry in log if entry.what == "in oxygen bed") == list(served)


@pytest.mark.parametrize(("order", "served"), [("survival", range(10, 20)), ("severity", range(10))])
def test_the_scenario_can_put_those_first_whom_care_would_save(order: str, served: range) -> None:
    """Of the first ten to come half die under full care, of the next ten nobody."""
    half_of_the_old = {"full": [0.0] * 8 + [0.5], "thin": 1.0, "boarded": 1.0, "untreated": 1.0}
    series = {
        "old": {"bed": "oxygen", "counts": [10, 0], "age": "80+"},
        "young": {"bed": "oxygen", "counts": [0, 10], "age": "20-29"},
    }
    ordered = course(queue_order=order)
    _, log = run(
        6,
        arrivals={"series": series, "counts_are": "exact"},
        clinical=ordered | {"severity": severity(p_icu=0.0, death_oxygen=half_of_the_old)},
        **opens(10, 3),
    )
    assert sorted(entry.patient for entry in log if entry.what == "in oxygen bed") == list(served)


def test_who_steps_down_goes_home_after_that_stay() -> None:
    record, _ = run(
        6,
        arrivals=arrivals("exact", icu=[10]),
        clinical=clinical(
            severity=severity(death_icu=deaths(0.0, 0.0, 0.0)),
            stays=stays(icu_survivor_days={"fixed": 2.0}, step_down_days={"fixed": 1.0}),
        ),
        care=beds(10, 10),
    )
    assert record.series("recovered").tolist() == [0, 0, 0, 10, 0, 0]
    assert record.series("occupied_icu").tolist() == [10, 10, 0, 0, 0, 0]
    assert record.series("occupied_oxygen").tolist() == [0, 0, 10, 0, 0, 0]


@pytest.mark.parametrize("need", ["oxygen", "icu"])
def test_urgent_patients_go_before_who_waits_longer(need: str) -> None:
    scenario = build(
        small(
            6,
            arrivals=arrivals("exact", **{need: [50]}),
            clinical=course(urgent_share={need: 0.4}, boarding=False),
            **opens(15, 3),
        )
    )
    log: list[LogEntry] = []
    simulation = Simulation(scenario, 1, 0, log=log)
    assert simulation.province.arrivals is not None
    batch, _ = simulation.province.arrivals.on(0)
    simulation.run()
    urgent = set(batch.urgent.nonzero()[0].tolist())
    admitted = {entry.patient for entry in log if entry.what.startswith("in ")}
    assert len(admitted) == 15 < len(urgent)
    assert admitted < urgent


def test_the_clock_of_the_untreated_ends_in_death_and_that_of_boarders_by_their_own_chance() -> None:
    """1,000 in no bed all die after 2 days; of 1,000 boarders 40 %, and the others recover after 3."""
    ends = clock({"fixed": 2.0}, {"fixed": 3.0})
    none, log = run(8, arrivals=arrivals("exact", icu=[1_000]), clinical=course(icu=ends), care=beds(0, 0))
    assert none.outcomes["deaths"] == none.outcomes["deaths_untreated"] == 1_000
    assert lengths(log, "dies") == {2.0}
    boarders, log = run(
        8, arrivals=arrivals("exact", icu=[1_000]), clinical=course(icu=ends), care=beds(1_000, 0)
    )
    assert boarders.outcomes["deaths_untreated"] == pytest.approx(400, abs=4 * 240**0.5)
    assert boarders.series("recovered").sum() == 1_000 - boarders.outcomes["deaths"]
    assert (lengths(log, "dies"), lengths(log, "recovers")) == ({2.0}, {3.0})


def beds(oxygen: int, icu: int) -> Plain:
    return {"facilities": {"alpha": facility(oxygen=oxygen, icu=icu)}}


def lengths(log: list[LogEntry], end: str) -> set[float]:
    """How long after the need journeys ended so."""
    came = {entry.patient: entry.time for entry in log if entry.what == "needs oxygen"}
    return {round(entry.time - came[entry.patient], 9) for entry in log if entry.what == end}


def test_who_comes_to_board_keeps_the_time_waited_and_gets_the_fate_of_boarders() -> None:
    """In no bed all would die 2 days after the need; oxygen beds open on day 1, and most recover after 3."""
    ends = clock({"fixed": 2.0}, {"fixed": 3.0})
    record, log = run(
        8, arrivals=arrivals("exact", icu=[500]), clinical=course(icu=ends), **opens(500, 1, icu=0)
    )
    assert {entry.time for entry in log if entry.what == "boards"} == {1.0}
    assert (lengths(log, "dies"), lengths(log, "recovers")) == ({2.0}, {3.0})
    assert record.outcomes["deaths"] == pytest.approx(200, abs=4 * 120**0.5)


def test_a_death_that_full_care_would_not_have_prevented_is_unavoidable_wherever_it_happens() -> None:
    full, untreated = 0.25, 0.75
    levels = severity(p_icu=0.0, death_oxygen=deaths(full, full, untreated))
    ends = {"oxygen": clock({"fixed": 1.0}, {"fixed": 1.0}), "icu": NEVER}
    record, _ = run(
        5,
        arrivals=arrivals("exact", oxygen=[4_000]),
        clinical=clinical(severity=levels, clocks=ends),
        care=beds(0, 0),
    )
    assert record.outcomes["deaths_unavoidable"] == pytest.approx(1_000, abs=4 * 750**0.5)
    assert record.outcomes["deaths_untreated"] == pytest.approx(2_000, abs=4 * 1_000**0.5)


def test_a_bed_found_before_the_clock_ends_stops_it() -> None:
    """40 come on day 0; beds open at 48 h. The clock ends 36 h after the need: who came by noon is dead."""
    ends = clock({"fixed": 1.5}, {"fixed": 1.5})
    record, log = run(
        10, arrivals=arrivals("exact", oxygen=[40]), clinical=course(oxygen=ends), **opens(40, 2)
    )
    came = {entry.patient: entry.time for entry in log if entry.what == "needs oxygen"}
    saved = {entry.patient for entry in log if entry.what == "in oxygen bed"}
    assert saved == {patient for patient, time in came.items() if time > 0.5}
    assert 0 < len(saved) < 40
    assert record.outcomes["deaths"] == 40 - len(saved)
    assert record.series("occupied_oxygen")[2:].tolist() == [len(saved)] * 8


def test_who_gets_worse_on_the_way_asks_for_intensive_care_on_arrival() -> None:
    towns = people(districts={"town": district(1_000), "coast": district(1_000, travel_hours=12.0)})
    worsens = severity(p_icu=1.0, death_icu=deaths(0, 0, 0))
    _, log = run(
        3,
        people=towns,
        arrivals={
            "series": {"one": {"bed": "oxygen", "counts": [1], "district": "coast"}},
            "counts_are": "exact",
        },
        clinical=clinical(severity=worsens, stays=stays(oxygen_to_icu_days={"fixed": 0.125})),
        care=beds(1, 1),
    )
    need = log[0].time
    arrival = pytest.approx(need + 0.5)
    assert [(entry.time, entry.what) for entry in log[:5]] == [
        (need, "needs oxygen"),
        (need, "departs"),
        (arrival, "in oxygen bed"),
        (arrival, "needs ICU"),
        (arrival, "in ICU bed"),
    ]
