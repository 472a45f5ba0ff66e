"""Ambulances and boats: a journey takes one for the round trip, and who waits for one is not bedless."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from capacity_cases import Watched, nobody_dies, standing
from strategies import Plain, arrivals, district, facility, people, small, stays

from surgesim.scenario.door import overlaid
from surgesim.scenario.schema.scenario import Scenario

HOURS = 3.0
"""One way, from `town` to `far`."""


def places(island: bool = False) -> Plain:
    """A town with beds, and a place three hours away."""
    return people(
        districts={
            "town": district(1000),
            "far": district(1000, travel_hours=HOURS, island=island),
        }
    )


def from_far(counts: list[int], bed: str = "oxygen") -> Plain:
    series = {bed: {"bed": bed, "counts": counts, "district": "far"}}
    return {"series": series, "counts_are": "exact"}


def transfers(
    patients: int,
    fleet: Plain | None,
    *,
    beds: int = 50,
    days: int = 6,
    island: bool = False,
    sites: Plain | None = None,
    **more: Any,
) -> Scenario:
    """Patients of day 0 in `far`, who all need a bed in `town`."""
    transport = {} if fleet is None else {"transport": {"fleets": {"far": fleet}}}
    return standing(
        days,
        sites or {"alpha": facility(oxygen=beds)},
        people=places(island),
        arrivals=from_far([patients] + [0] * (days - 1)),
        more_care=transport,
        **more,
    )


def times(run: Watched, what: str) -> list[float]:
    return [entry.time for entry in run.log if entry.what == what]


def test_a_journey_takes_an_ambulance_for_the_round_trip() -> None:
    """Two ambulances and seven patients: two set out as they fall ill, the rest as ambulances return."""
    run = Watched(transfers(7, {"ambulances": 2}))
    ill, departs, arrives = (times(run, what) for what in ("needs oxygen", "departs", "in oxygen bed"))
    assert len(ill) == len(departs) == len(arrives) == 7
    assert np.array(arrives) - np.array(departs) == pytest.approx([HOURS / 24] * 7)
    back = [0.0, 0.0]
    for asked, left in zip(ill, departs, strict=True):
        first = back.index(min(back))
        expected = max(asked, back[first])
        assert left == pytest.approx(expected)
        back[first] = expected + 2 * HOURS / 24
    assert any(left > asked + 1e-6 for asked, left in zip(ill, departs, strict=True))


def test_who_waits_for_intensive_care_leaves_by_the_next_ambulance_back() -> None:
    scenario = standing(
        6,
        {"alpha": facility(icu=50)},
        people=places(),
        arrivals=from_far([7] + [0] * 5, "icu"),
        more_care={"transport": {"fleets": {"far": {"ambulances": 1}}}},
    )
    run = Watched(scenario)
    departs, arrives = times(run, "departs"), times(run, "in ICU bed")
    assert len(departs) == 7
    assert np.array(arrives) - np.array(departs) == pytest.approx([HOURS / 24] * 7)
    assert np.diff(departs).min() >= 2 * HOURS / 24 - 1e-9


def test_vehicles_away_are_counted_and_come_back() -> None:
    scenario = transfers(40, {"ambulances": 1}, days=14)
    run = Watched(scenario, see=lambda s: (s.network.fleet.free[0][1], s.network.fleet.away))
    for (free, away), there in zip(run.seen, run["vehicles_away"], strict=True):
        assert free + away == 1
        assert there == away
    assert run["vehicles_away"][0] == 1
    assert run["vehicles_away"][-1] == 0
    # four round trips of six hours a day
    assert np.diff(run["occupied_oxygen"])[:8].tolist() == [4] * 8
    assert run["occupied_oxygen"][-1] == 40


def test_without_vehicles_nobody_travels_and_without_a_transport_section_all_do() -> None:
    assert Watched(transfers(5, {"ambulances": 0}))["occupied_oxygen"][-1] == 0
    assert Watched(transfers(5, {"ambulances": 0, "boats": 9}))["occupied_oxygen"][-1] == 0
    assert Watched(transfers(5, None))["occupied_oxygen"][-1] == 5
    in_town = facility(oxygen=9, district="far")
    assert Watched(transfers(5, {"ambulances": 0}, sites={"alpha": in_town}))["occupied_oxygen"][-1] == 5


def test_a_district_that_is_not_named_has_no_vehicles() -> None:
    scenario = overlaid(transfers(5, None), {"care": {"transport": {"fleets": {"town": {"ambulances": 9}}}}})
    assert Watched(scenario)["occupied_oxygen"][-1] == 0


def test_boats_leave_by_day_only_and_only_as_many_as_there_are() -> None:
    run = Watched(transfers(8, {"boats": 1, "ambulances": 99}, days=8, island=True))
    departs = times(run, "departs")
    assert len(departs) == 8
    hours = np.array(departs) % 1 * 24
    assert ((hours >= 6 - 1e-6) & (hours < 18)).all()
    gaps = np.diff(departs) * 24
    assert gaps.min() >= 2 * HOURS - 1e-6
    at_dawn = [hour for hour in hours if hour == pytest.approx(6)]
    assert len(at_dawn) >= 3
    # by day a boat is back and away again after six hours: at 6, at 12, and at 18 no more
    assert np.diff(run["occupied_oxygen"])[1:3].tolist() == [2, 2]


def test_a_wait_for_a_vehicle_to_a_free_bed_is_not_a_want_of_beds() -> None:
    waiting = Watched(transfers(20, {"ambulances": 1}, days=3))
    assert waiting["waiting_oxygen"].min() > 5
    assert waiting["without_bed"].tolist() == [0, 0, 0]
    full = Watched(transfers(20, {"ambulances": 1}, beds=2, days=3))
    # the two beds are filled or held: who waits then waits for a bed
    assert full["waiting_oxygen"][1:].tolist() == [18, 18]
    assert full["without_bed"][1:].tolist() == [18, 18]
    three = Watched(transfers(20, {"ambulances": 0}, beds=3, days=3))
    assert three["without_bed"][1:].tolist() == [17, 17]  # three of the twenty have a bed to go to


def test_a_wait_for_the_morning_boat_is_not_a_want_of_beds() -> None:
    run = Watched(transfers(20, {"boats": 0}, days=3, island=True))
    assert run["waiting_oxygen"].tolist() == [20] * 3
    assert run["without_bed"].tolist() == [0] * 3


def test_the_clock_runs_while_waiting_for_a_vehicle_and_stops_on_the_way() -> None:
    course = nobody_dies(
        severity=small(1)["clinical"]["severity"] | {"p_icu": 0.0, "death_oxygen": dict.fromkeys(
            ("full", "thin", "boarded"), 0.0) | {"untreated": 1.0}},
        clocks={"oxygen": {"death_days": {"fixed": 0.3}, "recovery_days": "never"},
                "icu": {"death_days": "never", "recovery_days": "never"}},
    )  # fmt: skip
    run = Watched(transfers(30, {"ambulances": 1}, days=4, clinical=course))
    fell_ill = {e.patient: e.time for e in run.log if e.what == "needs oxygen"}
    died = {e.patient: e.time for e in run.log if e.what == "dies"}
    left = {e.patient for e in run.log if e.what == "departs"}
    assert died
    assert {patient: pytest.approx(fell_ill[patient] + 0.3) for patient in died} == died
    assert not left & set(died)
    assert len(left) + len(died) == 30


def test_a_returning_ambulance_takes_the_first_in_line_whatever_the_bed() -> None:
    """ICU need goes by ambulance too, from wherever the patient lies."""
    scenario = standing(
        6,
        {"alpha": facility(oxygen=10, district="far"), "bravo": facility(icu=10)},
        people=places(),
        arrivals={
            "series": {"icu": {"bed": "icu", "counts": [6] + [0] * 5, "district": "far"}},
            "counts_are": "exact",
        },
        more_care={"transport": {"fleets": {"far": {"ambulances": 1}}}},
    )
    run = Watched(scenario)
    asked = [e.patient for e in run.log if e.what == "needs ICU"]
    departed = [e.patient for e in run.log if e.what == "departs"]
    assert departed == asked
    assert run["boarding"].max() > 0  # who waits for the ambulance lies in an oxygen bed
    assert run["icu_need"].tolist() == [6] * 6
    assert run["occupied_icu"][-1] == 6


def test_a_step_down_goes_by_ambulance_and_holds_the_icu_bed_until_there_is_one() -> None:
    scenario = standing(
        8,
        {"alpha": facility(icu=6, district="far"), "bravo": facility(oxygen=10)},
        people=places(),
        arrivals=from_far([4] + [0] * 7, bed="icu"),
        clinical=nobody_dies(stays=stays(icu_survivor_days={"fixed": 1.0}, step_down_days={"fixed": 100.0})),
        more_care={"transport": {"fleets": {"far": {"ambulances": 1}}}},
    )
    run = Watched(scenario)
    ready, left = times(run, "ready"), times(run, "departs")
    assert len(ready) == len(left) == 4
    gaps = np.diff(left)
    assert gaps.min() >= 2 * HOURS / 24 - 1e-9
    assert (np.array(left) >= np.array(ready) - 1e-9).all()
    assert run["occupied_oxygen"][-1] == 4


def test_a_boarder_needs_no_ambulance_to_an_icu_bed_of_her_own_facility() -> None:
    """Access takes an hour, so the way to the facility needs an ambulance, and the district has none left."""
    scenario = standing(
        9,
        {"alpha": facility(oxygen=3, icu=1, access_hours=1.0)},
        arrivals=arrivals("exact", icu=[2] + [0] * 8),
        clinical=nobody_dies(stays=stays(icu_survivor_days={"fixed": 2.0}), step_down=False),
        more_care={"transport": {"fleets": {"town": {"ambulances": 2}}}},
    )

    def none_left(running: Any) -> None:
        running.network.fleet.free[0][0] = 0

    run = Watched(scenario, see=none_left)
    freed, admitted = times(run, "recovers"), times(run, "in ICU bed")
    assert len(admitted) == 2
    assert admitted[1] == pytest.approx(freed[0])
