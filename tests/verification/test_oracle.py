"""The oracle on journeys worked out by hand, and the shipped engine against the oracle, event by event."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import fields
from itertools import zip_longest

import numpy as np
import pytest
import simpy
from oracle import (
    NEVER,
    CapacityChange,
    District,
    DrawnPatients,
    Event,
    Facility,
    Options,
    simulate,
)

from surgesim.model.care import journey
from surgesim.model.care.course import events
from surgesim.model.care.network import Network
from surgesim.model.care.patients import PatientBatch
from surgesim.model.care.wards import Wards
from surgesim.model.clock.calendar import Calendar
from surgesim.scenario.schema.base import AGE_GROUPS, SETTINGS
from surgesim.scenario.schema.scenario import Scenario

TOWN = District("town")
COAST = District("coast", travel_hours=6)
ISLE = District("isle", travel_hours=3, island=True)


def drawn(*patients: dict[str, object]) -> DrawnPatients:
    """Patients as given, for the rest: no ICU, survives any care, stays of 10 d, clocks never end."""
    usual: dict[str, object] = {
        "district": 0,
        "age_group": 0,
        "need_time": 0.0,
        "needs_icu": False,
        "icu_delay": 0.0,
        "urgent": False,
        "u": 0.5,
        "p_full": 0.0,
        "p_thin": 0.0,
        "p_boarded": 0.0,
        "p_untreated": 0.0,
        "stay_oxygen": 10.0,
        "stay_icu_survivor": 10.0,
        "stay_icu_dying": 10.0,
        "stay_step_down": 10.0,
        "oxygen_death": NEVER,
        "oxygen_recovery": NEVER,
        "icu_death": NEVER,
        "icu_recovery": NEVER,
    }
    rows = [usual | patient for patient in patients]
    for row in rows:  # boarders have the clock of the ICU need, unless they have their own
        row.setdefault("boarded_death", row["icu_death"])
        row.setdefault("boarded_recovery", row["icu_recovery"])
    usual |= {"boarded_death": NEVER, "boarded_recovery": NEVER}
    return DrawnPatients(**{name: np.array([row[name] for row in rows]) for name in usual})


def province(districts: Sequence[District], facilities: Sequence[Facility], options: Options) -> Scenario:
    """A scenario with these places; what it says of patients is not used."""
    death = {"full": 0.0, "thin": 0.0, "boarded": 0.0, "untreated": 0.0}
    clock = {"death_days": "never", "recovery_days": "never"}
    stays = ("onset_to_oxygen", "oxygen_to_icu", "oxygen", "icu_survivor", "icu_dying", "step_down")
    travel: dict[str, dict[str, float]] = {}
    for (a, b), hours in (options.travel or {}).items():
        travel.setdefault(a, {})[b] = hours
    plain = {
        "name": "places",
        "title": "Places",
        "start": "2024-01-01",
        "days": 1,
        "people": {
            "districts": {
                d.name: {
                    "title": d.name,
                    "population": 1000,
                    "travel_hours": d.travel_hours,
                    "island": d.island,
                }
                for d in districts
            },
            "ages": [0.12] * (len(AGE_GROUPS) - 1) + [0.04],
            "contacts": {setting: [[1.0] * len(AGE_GROUPS)] * len(AGE_GROUPS) for setting in SETTINGS},
            "travel": travel,
            "crossing_from_hour": options.crossing_from_hour,
            "crossing_to_hour": options.crossing_to_hour,
        },
        "arrivals": {"series": {"none": {"bed": "oxygen", "counts": [0.0]}}},
        "clinical": {
            "severity": {"p_oxygen": 0.1, "p_icu": 0.3, "death_oxygen": death, "death_icu": death},
            "stays": {f"{stay}_days": {"fixed": 1.0} for stay in stays},
            "clocks": {"oxygen": clock, "icu": clock},
        },
        "care": {
            "facilities": {
                f.name: {
                    "title": f.name,
                    "district": f.district,
                    "ownership": "public",
                    "beds": {"oxygen": f.oxygen, "icu": f.icu},
                    "access_hours": f.access_hours,
                    "serves": "none" if f.serves is None else f.serves,
                }
                for f in facilities
            }
        },
    }
    return Scenario.model_validate_json(json.dumps(plain))


def simulate_shipped(
    patients: DrawnPatients,
    districts: Sequence[District],
    facilities: Sequence[Facility],
    changes: Sequence[CapacityChange],
    options: Options,
    until: float,
) -> tuple[list[list[Event]], journey.Journey]:
    """The same patients in the shipped engine: its log by patient, in its own words, and the engine."""
    env = Calendar()
    log: list[events.LogEntry] = []
    network = Network(province(districts, facilities, options))
    care = journey.Journey(
        env,
        network,
        Wards(network),
        journey.Options(options.boarding, options.step_down, options.queue_order, 0.25),
        log=log,
    )
    bed_type = {"oxygen": journey.OXYGEN, "icu": journey.ICU}
    names = [facility.name for facility in facilities]
    for number, facility in enumerate(facilities):
        care.set_capacity(journey.OXYGEN, number, facility.oxygen)
        care.set_capacity(journey.ICU, number, facility.icu)

    def changes_capacity(change: CapacityChange) -> Generator[simpy.Event, object, None]:
        yield env.timeout(change.time)
        care.set_capacity(bed_type[change.bed], names.index(change.facility), change.capacity)

    for change in sorted(changes, key=lambda change: change.time):
        env.process(changes_capacity(change))
    care.expect(as_batch(patients))
    env.run_through(until)
    care.check(int(until))
    logs: list[list[Event]] = [[] for _ in range(len(patients))]
    for entry in log:
        where = names[entry.facility] if entry.facility >= 0 else None
        logs[entry.patient].append(Event(entry.time, entry.what, where))
    return logs, care


def as_batch(patients: DrawnPatients) -> PatientBatch:
    """The same draws under the names of the shipped engine."""
    renamed = {
        "age": "age_group",
        "luck": "u",
        "oxygen_stay": "stay_oxygen",
        "icu_survivor_stay": "stay_icu_survivor",
        "icu_dying_stay": "stay_icu_dying",
        "step_down_stay": "stay_step_down",
    }
    columns = {
        field.name: getattr(patients, renamed.get(field.name, field.name))
        for field in fields(PatientBatch)
        if field.name
        not in ("icu_delay", "unreported", "oxygen_flow", "icu_flow", "step_down_flow", "high_risk")
    }
    return PatientBatch(
        **columns,
        icu_delay=np.where(patients.needs_icu, patients.icu_delay, np.inf),
        unreported=np.zeros(len(patients), np.bool_),
        oxygen_flow=np.zeros(len(patients)),
        icu_flow=np.zeros(len(patients)),
        step_down_flow=np.zeros(len(patients)),
        high_risk=np.zeros(len(patients), np.bool_),
    )


SHIPPED_WORDS = {
    "needs ICU": "needs icu",
    "waits for ICU": "waits for icu",
    "in oxygen bed": "lies in oxygen",
    "in ICU bed": "lies in icu",
    "dies": "dead",
    "recovers": "recovered",
}
ORACLE_WORDS = {
    "admitted to oxygen": "lies in oxygen",
    "admitted to icu": "lies in icu",
    "swaps to oxygen": "lies in oxygen",
    "swaps to icu": "lies in icu",
    "departs for oxygen": "departs",
    "departs for icu": "departs",
    "dead, unavoidable": "dead",
    "dead, untreated": "dead",
}


def common_story(log: list[Event], straight_to_icu: bool) -> list[Event]:
    """Either engine's log in common words.

    The shipped engine logs no departure for a journey of no length, says "swaps" besides who then lies
    where, and begins every journey with the oxygen need.
    """
    story = []
    for event, following in zip(log, [*log[1:], None], strict=True):
        what = SHIPPED_WORDS.get(event.what, ORACLE_WORDS.get(event.what, event.what))
        at_once = what == "departs" and following is not None and following.time == event.time
        if at_once or what == "swaps" or (straight_to_icu and what == "needs oxygen"):
            continue
        story.append(event._replace(what=what))
    return story


def difference(oracle: list[Event], shipped: list[Event]) -> tuple[float, str] | None:
    """When two stories of one patient part, and how; None where they do not."""
    for expected, got in zip_longest(oracle, shipped):
        if expected is None or got is None:
            return (expected or got).time, f"expected {expected}, got {got}"
        if expected[1:] != got[1:] or abs(expected.time - got.time) > 1e-9:
            return min(expected.time, got.time), f"expected {expected}, got {got}"
    return None


def journeys(
    patients: DrawnPatients,
    districts: Sequence[District],
    facilities: Sequence[Facility],
    changes: Sequence[CapacityChange] = (),
    options: Options | None = None,
    until: float = 400.0,
) -> list[list[Event]]:
    """What the oracle says, once the shipped engine has been seen to say the same of every patient.

    Of all differences the earliest is reported: later ones may follow from it.
    """
    options = options or Options()
    logs = simulate(patients, districts, facilities, changes, options, until)
    theirs, care = simulate_shipped(patients, districts, facilities, changes, options, until)
    straight = patients.needs_icu & (patients.icu_delay == 0)
    found = []
    for number, (ours, shipped) in enumerate(zip(logs, theirs, strict=True)):
        parted = difference(common_story(ours, straight[number]), common_story(shipped, straight[number]))
        if parted is not None:
            found.append((parted[0], f"patient {number}: {parted[1]}"))
    assert not found, f"{len(found)} of {len(patients)} patients differ; first {min(found)[1]}"
    ends = Counter(log[-1].what for log in logs if log)
    assert care.ledger.deaths == [ends["dead, unavoidable"], 0, ends["dead, untreated"]]
    assert care.ledger.recovered == ends["recovered"]
    return logs


def told(log: list[Event]) -> list[tuple[float, str, str | None]]:
    return [(round(event.time, 9), event.what, event.facility) for event in log]


def test_stays_its_days_and_dies_in_full_care_only_below_p_full() -> None:
    patients = drawn({"stay_oxygen": 4.0, "p_full": 0.4}, {"stay_oxygen": 5.0, "p_full": 0.6})
    survivor, dying = journeys(patients, [TOWN], [Facility("a", "town", oxygen=2, icu=0)])
    assert told(survivor) == [
        (0, "needs oxygen", None),
        (0, "departs for oxygen", "a"),
        (0, "admitted to oxygen", "a"),
        (4, "recovered", "a"),
    ]
    assert told(dying)[-1] == (5, "dead, unavoidable", "a")


def test_waits_for_a_bed_and_leaves_when_the_oxygen_clock_ends() -> None:
    patients = drawn(
        {"stay_oxygen": 4.0},
        {"need_time": 1.0, "p_untreated": 1.0, "oxygen_death": 2.0},
        {"need_time": 2.0, "oxygen_recovery": 1.5},
        {"need_time": 3.0, "stay_oxygen": 1.0, "p_untreated": 1.0, "oxygen_death": 1.25},
    )
    _, dies, recovers, served = journeys(patients, [TOWN], [Facility("a", "town", oxygen=1, icu=0)])
    assert told(dies) == [
        (1, "needs oxygen", None),
        (1, "waits for oxygen", None),
        (3, "dead, untreated", None),
    ]
    assert told(recovers)[-1] == (3.5, "recovered", None)
    assert told(served) == [
        (3, "needs oxygen", None),
        (3, "waits for oxygen", None),
        (4, "departs for oxygen", "a"),
        (4, "admitted to oxygen", "a"),
        (5, "recovered", "a"),
    ]


def test_urgent_patients_go_first_and_queue_order_comes_before_the_wait() -> None:
    patients = drawn(
        {"stay_oxygen": 5.0},
        {"need_time": 1.0, "stay_oxygen": 1.0, "age_group": 2, "p_full": 0.3},
        {"need_time": 2.0, "stay_oxygen": 1.0, "age_group": 8, "p_full": 0.4},
        {"need_time": 3.0, "stay_oxygen": 1.0, "age_group": 1, "p_full": 0.2},
        {"need_time": 4.0, "stay_oxygen": 1.0, "urgent": True},
    )
    facilities = [Facility("a", "town", oxygen=1, icu=0)]
    order = {}
    for queue_order in ("severity", "age", "survival"):
        logs = journeys(patients, [TOWN], facilities, options=Options(queue_order=queue_order))
        admitted = {i: log[3].time for i, log in enumerate(logs) if i > 0}
        order[queue_order] = sorted(admitted, key=admitted.__getitem__)
    assert order == {"severity": [4, 1, 2, 3], "age": [4, 2, 1, 3], "survival": [4, 3, 1, 2]}


def test_looks_in_the_own_district_by_access_then_elsewhere_by_travel_time() -> None:
    facilities = [
        Facility("far", "coast", oxygen=1, icu=0),
        Facility("near", "town", oxygen=1, icu=0, access_hours=3),
        Facility("nearest", "town", oxygen=1, icu=0),
        Facility("farther", "coast", oxygen=1, icu=0, access_hours=6),
    ]
    logs = journeys(drawn({}, {}, {}, {}, {}), [TOWN, COAST], facilities)
    assert [told(log)[2] for log in logs[:4]] == [
        (0, "admitted to oxygen", "nearest"),
        (0.125, "admitted to oxygen", "near"),
        (0.25, "admitted to oxygen", "far"),
        (0.5, "admitted to oxygen", "farther"),
    ]
    # The bed is free again at day 10; the stays began on arrival.
    assert told(logs[4])[2] == (10, "departs for oxygen", "nearest")
    assert told(logs[3])[-1] == (10.5, "recovered", "farther")


def test_a_bed_is_held_during_the_journey_and_a_facility_serves_its_districts_only() -> None:
    facilities = [Facility("a", "coast", oxygen=1, icu=0, serves=("town",))]
    patients = drawn({"stay_oxygen": 1.0}, {"need_time": 0.125}, {"district": 1})
    first, second, unserved = journeys(patients, [TOWN, COAST], facilities)
    assert told(first)[1:] == [
        (0, "departs for oxygen", "a"),
        (0.25, "admitted to oxygen", "a"),
        (1.25, "recovered", "a"),
    ]
    assert told(second) == [
        (0.125, "needs oxygen", None),
        (0.125, "waits for oxygen", None),
        (1.25, "departs for oxygen", "a"),
        (1.5, "admitted to oxygen", "a"),
        (11.5, "recovered", "a"),
    ]
    assert told(unserved) == [(0, "needs oxygen", None), (0, "waits for oxygen", None)]


def test_a_crossing_waits_for_dawn_but_the_own_island_does_not() -> None:
    facilities = [Facility("mainland", "town", oxygen=1, icu=0), Facility("post", "isle", oxygen=1, icu=0)]
    patients = drawn(
        {"district": 1, "need_time": 0.0, "stay_oxygen": 1.0},
        {"district": 1, "need_time": 0.1},
        {"district": 1, "need_time": 0.76},
    )
    own, crosses, later = journeys(patients, [TOWN, ISLE], facilities)
    assert told(own)[2] == (0, "admitted to oxygen", "post")
    assert told(crosses) == [
        (0.1, "needs oxygen", None),
        (0.1, "waits for oxygen", None),
        (0.25, "departs for oxygen", "mainland"),
        (0.375, "admitted to oxygen", "mainland"),
        (10.375, "recovered", "mainland"),
    ]
    # 0.76 of the day is after the last boat; at 1.0 the bed on the island is free.
    assert told(later)[2] == (1, "departs for oxygen", "post")


def test_the_last_boat_leaves_before_the_end_of_the_crossing_hours() -> None:
    facilities = [Facility("mainland", "town", oxygen=2, icu=0)]
    patients = drawn({"district": 1, "need_time": 0.7499}, {"district": 1, "need_time": 0.75})
    before, after = journeys(patients, [TOWN, ISLE], facilities)
    assert told(before)[2] == (0.8749, "admitted to oxygen", "mainland")
    assert told(after)[2] == (1.25, "departs for oxygen", "mainland")


def test_dawn_gives_the_oxygen_bed_first_and_the_icu_bed_that_it_frees_at_once() -> None:
    # The island's ICU bed is blocked at night while the mainland has a free oxygen bed.
    facilities = [Facility("mainland", "town", oxygen=1, icu=0), Facility("post", "isle", oxygen=0, icu=1)]
    patients = drawn(
        {"district": 1, "needs_icu": True, "stay_icu_survivor": 1.0, "stay_step_down": 2.0},
        {"district": 1, "needs_icu": True, "need_time": 0.9},
    )
    blocker, waiting = journeys(patients, [TOWN, ISLE], facilities)
    assert told(blocker)[3:] == [
        (1, "ready", "post"),
        (1.25, "departs for oxygen", "mainland"),
        (1.375, "admitted to oxygen", "mainland"),
        (3.375, "recovered", "mainland"),
    ]
    assert told(waiting)[:4] == [
        (0.9, "needs icu", None),
        (0.9, "waits for icu", None),
        (1.25, "departs for icu", "post"),
        (1.25, "admitted to icu", "post"),
    ]


def test_boards_in_the_oxygen_bed_and_then_gets_the_icu_bed() -> None:
    patients = drawn(
        {"needs_icu": True, "stay_icu_dying": 5.0, "p_full": 1.0},
        {"needs_icu": True, "icu_delay": 2.0, "stay_icu_survivor": 3.0, "stay_step_down": 1.0},
        {"need_time": 3.0},
    )
    facilities = [Facility("a", "town", oxygen=1, icu=1)]
    dying, boarder, next_in_oxygen = journeys(patients, [TOWN], facilities)
    assert told(dying)[-1] == (5, "dead, unavoidable", "a")
    assert told(boarder) == [
        (0, "needs oxygen", None),
        (0, "departs for oxygen", "a"),
        (0, "admitted to oxygen", "a"),
        (2, "needs icu", None),
        (2, "boards", "a"),
        (5, "departs for icu", "a"),
        (5, "admitted to icu", "a"),
        (8, "ready", "a"),
        (15, "departs for oxygen", "a"),
        (15, "admitted to oxygen", "a"),
        (16, "recovered", "a"),
    ]
    assert told(next_in_oxygen)[2:4] == [(5, "departs for oxygen", "a"), (5, "admitted to oxygen", "a")]


def test_boarding_changes_fate_and_end_and_keeps_the_time_that_the_clock_has_run() -> None:
    straight = {"needs_icu": True, "icu_death": 3.0, "icu_recovery": 7.0, "p_boarded": 0.4}
    patients = drawn(
        {"stay_oxygen": 2.0},
        straight | {"need_time": 1.0, "p_untreated": 1.0},
    )
    (_, boarder) = journeys(patients, [COAST], [Facility("a", "coast", oxygen=1, icu=0)])
    # In no bed it would die at 4; boarded from 2 on it recovers after 7 days of need.
    assert told(boarder) == [
        (1, "needs icu", None),
        (1, "waits for icu", None),
        (2, "departs for oxygen", "a"),
        (2, "admitted to oxygen", "a"),
        (2, "boards", "a"),
        (8, "recovered", "a"),
    ]
    # The clock stands still on the journey: 1 day waited, 6 hours travelled.
    (_, boarder) = journeys(patients, [COAST, TOWN], [Facility("a", "town", oxygen=1, icu=0)])
    assert told(boarder)[2:] == [
        (2.25, "departs for oxygen", "a"),
        (2.5, "admitted to oxygen", "a"),
        (2.5, "boards", "a"),
        (8.25, "recovered", "a"),
    ]


def test_an_end_that_boarding_puts_in_the_past_comes_at_once() -> None:
    patients = drawn(
        {"stay_oxygen": 2.0},
        {"needs_icu": True, "u": 0.9, "icu_recovery": 1.0, "icu_death": 9.0, "p_untreated": 1.0},
    )
    (_, boarder) = journeys(patients, [TOWN], [Facility("a", "town", oxygen=1, icu=0)])
    assert told(boarder)[-2:] == [(2, "boards", "a"), (2, "recovered", "a")]


def test_a_boarder_keeps_the_share_of_the_clock_that_has_run_without_a_bed() -> None:
    # A quarter of the 4 days to death is run without a bed; boarding, death takes 8 days.
    dying = {"needs_icu": True, "need_time": 1.0, "p_boarded": 1.0, "p_untreated": 1.0}
    clocks = {"icu_death": 4.0, "icu_recovery": 4.0, "boarded_death": 8.0, "boarded_recovery": 2.0}
    patients = drawn({"stay_oxygen": 2.0}, dying | clocks)
    (_, boarder) = journeys(patients, [COAST], [Facility("a", "coast", oxygen=1, icu=0)])
    assert told(boarder)[-2:] == [(2, "boards", "a"), (8, "dead, untreated", "a")]
    # Who survives as a boarder has run a quarter of the 4 days to recovery without a bed; it takes 2.
    patients = drawn({"stay_oxygen": 2.0}, dying | clocks | {"p_boarded": 0.0})
    (_, boarder) = journeys(patients, [COAST], [Facility("a", "coast", oxygen=1, icu=0)])
    assert told(boarder)[-2:] == [(2, "boards", "a"), (3.5, "recovered", "a")]


def test_looks_for_a_bed_to_board_in_and_asks_for_icu_again_on_arrival() -> None:
    # No ICU bed is free at 0; one is on arrival, for whoever lies in facility b.
    facilities = [
        Facility("a", "town", oxygen=0, icu=1, serves=("town",)),
        Facility("b", "coast", oxygen=1, icu=1, serves=("town", "coast")),
    ]
    patients = drawn(
        {"needs_icu": True},
        {"district": 1, "needs_icu": True, "p_full": 1.0, "stay_icu_dying": 0.2},
        {"needs_icu": True, "p_untreated": 1.0, "icu_death": 0.1},
    )
    in_a, in_b, third = journeys(patients, [TOWN, COAST], facilities)
    assert told(in_a)[2] == (0, "admitted to icu", "a")
    assert told(in_b)[-1] == (0.2, "dead, unavoidable", "b")
    assert told(third)[:6] == [
        (0, "needs icu", None),
        (0, "departs for oxygen", "b"),
        (0.25, "admitted to oxygen", "b"),
        (0.25, "departs for icu", "b"),
        (0.25, "admitted to icu", "b"),
        (10.25, "ready", "b"),
    ]


def test_without_boarding_the_oxygen_bed_is_left_and_the_wait_is_in_none() -> None:
    patients = drawn(
        {"needs_icu": True, "stay_icu_survivor": 5.0, "stay_step_down": 1.0},
        {"needs_icu": True, "icu_delay": 2.0, "p_untreated": 1.0, "icu_death": 2.5},
        {"need_time": 1.0},
    )
    logs = journeys(patients, [TOWN], [Facility("a", "town", 1, 1)], options=Options(boarding=False))
    assert told(logs[1])[3:] == [
        (2, "needs icu", None),
        (2, "waits for icu", None),
        (4.5, "dead, untreated", None),
    ]
    assert told(logs[2])[2:4] == [(2, "departs for oxygen", "a"), (2, "admitted to oxygen", "a")]


def test_leaving_the_oxygen_bed_can_free_the_very_icu_bed_that_is_needed() -> None:
    # The blocker takes the oxygen bed that is left, and the ICU bed goes to who left it.
    patients = drawn(
        {"needs_icu": True, "stay_icu_survivor": 1.0},
        {"needs_icu": True, "icu_delay": 2.0},
    )
    logs = journeys(patients, [TOWN], [Facility("a", "town", 1, 1)], options=Options(boarding=False))
    assert told(logs[0])[3:6] == [
        (1, "ready", "a"),
        (2, "departs for oxygen", "a"),
        (2, "admitted to oxygen", "a"),
    ]
    assert told(logs[1])[3:7] == [
        (2, "needs icu", None),
        (2, "waits for icu", None),
        (2, "departs for icu", "a"),
        (2, "admitted to icu", "a"),
    ]


def test_without_step_down_survivors_leave_from_the_icu_bed() -> None:
    patients = drawn({"needs_icu": True})
    logs = journeys(patients, [TOWN], [Facility("a", "town", 1, 1)], options=Options(step_down=False))
    assert told(logs[0])[2:] == [(0, "admitted to icu", "a"), (10, "recovered", "a")]


def test_swap_when_a_patient_becomes_ready_to_step_down() -> None:
    patients = drawn(
        {"needs_icu": True, "stay_icu_survivor": 5.0, "stay_step_down": 2.0},
        {"needs_icu": True, "icu_delay": 1.0},
        {"needs_icu": True, "icu_delay": 2.0, "urgent": True, "stay_icu_survivor": 4.0},
        {"need_time": 4.0, "urgent": True},
    )
    logs = journeys(patients, [TOWN], [Facility("a", "town", oxygen=2, icu=1)])
    ready, other, urgent, waiting = map(told, logs)
    assert ready[2:] == [
        (0, "admitted to icu", "a"),
        (5, "ready", "a"),
        (5, "swaps to oxygen", "a"),
        (7, "recovered", "a"),
    ]
    assert urgent[3:] == [
        (2, "needs icu", None),
        (2, "boards", "a"),
        (5, "swaps to icu", "a"),
        (9, "ready", "a"),
        (9, "swaps to oxygen", "a"),
        (19, "recovered", "a"),
    ]
    assert other[3:6] == [(1, "needs icu", None), (1, "boards", "a"), (9, "swaps to icu", "a")]
    assert waiting[2] == (7, "departs for oxygen", "a")


def test_swap_when_a_patient_becomes_a_boarder() -> None:
    patients = drawn(
        {"needs_icu": True, "stay_icu_survivor": 2.0},
        {"needs_icu": True, "stay_icu_survivor": 1.0, "stay_step_down": 2.0},
        {"needs_icu": True, "icu_delay": 3.0},
    )
    late, early, boarder = map(told, journeys(patients, [TOWN], [Facility("a", "town", oxygen=1, icu=2)]))
    assert boarder[3:6] == [(3, "needs icu", None), (3, "boards", "a"), (3, "swaps to icu", "a")]
    assert early[3:] == [(1, "ready", "a"), (3, "swaps to oxygen", "a"), (5, "recovered", "a")]
    assert late[3:5] == [(2, "ready", "a"), (5, "departs for oxygen", "a")]


def test_step_down_claims_the_own_facility_before_others_and_before_the_queue() -> None:
    facilities = [Facility("a", "town", oxygen=1, icu=1), Facility("b", "coast", oxygen=1, icu=1)]
    patients = drawn(
        {"stay_oxygen": 5.0},
        {"district": 1, "stay_oxygen": 6.0},
        {"district": 1, "needs_icu": True, "stay_icu_survivor": 2.0},
        {"needs_icu": True, "stay_icu_survivor": 3.0},
        {"urgent": True, "need_time": 1.0},
    )
    _, _, in_b, in_a, queued = map(told, journeys(patients, [TOWN, COAST], facilities))
    # The bed of a is free at 5: for the blocker of a, though the one of b was ready before.
    assert in_a[3:6] == [
        (3, "ready", "a"),
        (5, "departs for oxygen", "a"),
        (5, "admitted to oxygen", "a"),
    ]
    assert in_b[3:6] == [
        (2, "ready", "b"),
        (6, "departs for oxygen", "b"),
        (6, "admitted to oxygen", "b"),
    ]
    assert queued[2] == (15, "departs for oxygen", "a")


def test_a_blocker_elsewhere_comes_before_the_queue_and_frees_the_icu_bed_at_departure() -> None:
    facilities = [Facility("a", "town", oxygen=1, icu=0), Facility("b", "coast", oxygen=0, icu=1)]
    patients = drawn(
        {"stay_oxygen": 5.0},
        {"district": 1, "needs_icu": True, "stay_icu_survivor": 2.0, "stay_step_down": 1.0},
        {"urgent": True, "need_time": 1.0},
        {"district": 1, "needs_icu": True, "need_time": 1.0},
    )
    _, blocker, queued, next_in_icu = map(told, journeys(patients, [TOWN, COAST], facilities))
    assert blocker[3:] == [
        (2, "ready", "b"),
        (5, "departs for oxygen", "a"),
        (5.25, "admitted to oxygen", "a"),
        (6.25, "recovered", "a"),
    ]
    assert next_in_icu[2:4] == [(5, "departs for icu", "b"), (5, "admitted to icu", "b")]
    assert queued[2] == (6.25, "departs for oxygen", "a")


def test_deterioration_while_waiting_replaces_queue_and_clock() -> None:
    patients = drawn(
        {"stay_oxygen": 6.0},
        {"need_time": 0.5, "urgent": True, "stay_oxygen": 1.0},
        {
            "need_time": 1.0,
            "needs_icu": True,
            "icu_delay": 2.0,
            "p_untreated": 1.0,
            "p_boarded": 1.0,
            "oxygen_death": 2.5,
            "icu_death": 4.0,
        },
    )
    _, urgent, worse = journeys(patients, [TOWN], [Facility("a", "town", oxygen=1, icu=0)])
    assert told(worse) == [
        (1, "needs oxygen", None),
        (1, "waits for oxygen", None),
        (3, "needs icu", None),
        (3, "waits for icu", None),
        (6, "departs for oxygen", "a"),
        (6, "admitted to oxygen", "a"),
        (6, "boards", "a"),
        (7, "dead, untreated", "a"),
    ]
    assert told(urgent)[2] == (7, "departs for oxygen", "a")


def test_deterioration_in_transit_is_handled_on_arrival() -> None:
    facilities = [Facility("a", "coast", oxygen=1, icu=1)]
    patients = drawn(
        {"needs_icu": True, "icu_delay": 0.125, "p_untreated": 1.0, "icu_death": 0.1},
        {"need_time": 0.2},
    )
    worse, next_in_oxygen = journeys(patients, [TOWN, COAST], facilities)
    assert told(worse)[:6] == [
        (0, "needs oxygen", None),
        (0, "departs for oxygen", "a"),
        (0.25, "admitted to oxygen", "a"),
        (0.25, "needs icu", None),
        (0.25, "departs for icu", "a"),
        (0.25, "admitted to icu", "a"),
    ]
    assert told(next_in_oxygen)[2] == (0.25, "departs for oxygen", "a")


def test_capacity_below_occupancy_evicts_nobody_and_beds_close_as_they_empty() -> None:
    patients = drawn(
        {"stay_oxygen": 3.0},
        {"stay_oxygen": 4.0},
        {"stay_oxygen": 5.0},
        {"need_time": 1.0},
    )
    changes = [CapacityChange(2.0, "a", "oxygen", 1)]
    logs = journeys(patients, [TOWN], [Facility("a", "town", oxygen=3, icu=0)], changes)
    assert [told(log)[-1] for log in logs[:3]] == [(3 + i, "recovered", "a") for i in range(3)]
    assert told(logs[3])[2] == (5, "departs for oxygen", "a")


def test_raised_capacity_admits_as_many_as_fit_by_key() -> None:
    patients = drawn({"need_time": 0.5}, {"need_time": 1.0, "urgent": True}, {"need_time": 0.25})
    changes = [CapacityChange(2.0, "a", "oxygen", 2)]
    logs = journeys(patients, [TOWN], [Facility("a", "town", oxygen=0, icu=0)], changes, until=5.0)
    assert [log[-1].what for log in logs] == [
        "waits for oxygen",
        "admitted to oxygen",
        "admitted to oxygen",
    ]


def test_beds_of_one_instant_are_handed_on_in_the_order_they_were_freed() -> None:
    # Two oxygen beds at 4: the blocker takes the first, so its ICU bed is free third in line;
    # the second goes to who needs ICU and lies nowhere, who is in no queue when the ICU bed comes.
    patients = drawn(
        {"needs_icu": True, "stay_icu_survivor": 1.0},
        {"need_time": 2.0, "needs_icu": True},
        {"need_time": 3.0, "needs_icu": True},
    )
    changes = [CapacityChange(4.0, "a", "oxygen", 2)]
    blocker, first, second = map(
        told, journeys(patients, [TOWN], [Facility("a", "town", oxygen=0, icu=1)], changes)
    )
    assert blocker[3:5] == [(1, "ready", "a"), (4, "departs for oxygen", "a")]
    assert first[1:5] == [
        (2, "waits for icu", None),
        (4, "departs for oxygen", "a"),
        (4, "admitted to oxygen", "a"),
        (4, "boards", "a"),
    ]
    assert second[1:4] == [
        (3, "waits for icu", None),
        (4, "departs for icu", "a"),
        (4, "admitted to icu", "a"),
    ]


def test_two_patients_who_leave_at_one_instant_hand_on_both_beds() -> None:
    patients = drawn({"stay_oxygen": 4.0}, {"stay_oxygen": 4.0}, {"need_time": 1.0}, {"need_time": 2.0})
    logs = journeys(patients, [TOWN], [Facility("a", "town", oxygen=2, icu=0)])
    assert [told(log)[2] for log in logs[2:]] == [(4, "departs for oxygen", "a")] * 2


# ---- many patients, the shipped engine against the oracle

DISTRICTS = [
    TOWN,
    District("coast", travel_hours=2.25),
    District("hills", travel_hours=4.5),
    District("isle", travel_hours=3.0, island=True),
]
FACILITIES = [
    Facility("main", "town", oxygen=160, icu=30),
    Facility("second", "town", oxygen=80, icu=10, access_hours=0.5),
    Facility("coastal", "coast", oxygen=50, icu=8),
    Facility("hill", "hills", oxygen=40, icu=0, access_hours=0.25, serves=("hills", "coast")),
    Facility("post", "isle", oxygen=20, icu=4),
]
CHANGES = [
    CapacityChange(40.3, "main", "oxygen", 240),
    CapacityChange(40.3, "main", "icu", 50),
    CapacityChange(60.7, "second", "oxygen", 15),
    CapacityChange(60.7, "coastal", "icu", 2),
    CapacityChange(75.1, "second", "oxygen", 120),
    CapacityChange(80.2, "hill", "icu", 10),
]


def draw(rng: np.random.Generator, patients: int, districts: int) -> DrawnPatients:
    """A surge around day 60 with every kind of course."""

    def days(mean: float) -> np.ndarray:
        return rng.lognormal(np.log(mean) - 0.125, 0.5, patients)

    def clock(mean: float) -> np.ndarray:
        return np.where(rng.random(patients) < 0.05, NEVER, days(mean))

    needs_icu = rng.random(patients) < 0.35
    delay = np.where(rng.random(patients) < 0.3, 0.0, days(1.5))
    risks = np.sort(rng.random((4, patients)) ** np.array([[3.0], [2.0], [1.0], [0.3]]), axis=0)
    return DrawnPatients(
        district=rng.choice(districts, patients),
        age_group=rng.integers(0, 9, patients),
        need_time=np.sort(rng.normal(60, 20, patients).clip(0.01, 120) + rng.random(patients)),
        needs_icu=needs_icu,
        icu_delay=np.where(needs_icu, delay, NEVER),
        urgent=rng.random(patients) < 0.3,
        u=rng.random(patients),
        p_full=risks[0],
        p_thin=risks[1],
        p_boarded=risks[2],
        p_untreated=risks[3],
        stay_oxygen=days(8),
        stay_icu_survivor=days(10),
        stay_icu_dying=days(6),
        stay_step_down=days(5),
        oxygen_death=clock(4),
        oxygen_recovery=clock(8),
        icu_death=clock(2),
        icu_recovery=clock(6),
        boarded_death=clock(4),
        boarded_recovery=clock(7),
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "options"),
    [
        (1, Options()),
        (2, Options(boarding=False)),
        (3, Options(step_down=False)),
        (4, Options(queue_order="age", travel={("coast", "hills"): 1.75})),
        (5, Options(queue_order="survival", crossing_from_hour=5.0, crossing_to_hour=16.5)),
    ],
)
def test_shipped_engine_agrees_on_5000_patients_in_long_queues(seed: int, options: Options) -> None:
    patients = draw(np.random.default_rng(seed), 5000, len(DISTRICTS))
    logs = journeys(patients, DISTRICTS, FACILITIES, CHANGES, options)
    told_of = Counter(event.what for log in logs for event in log)
    assert told_of["waits for oxygen"] + told_of["waits for icu"] > 3000
    assert told_of["admitted to icu"] > 300
    assert (told_of["boards"] > 1000) == options.boarding
    assert (told_of["ready"] > 300) == options.step_down
    assert (told_of["swaps to icu"] > 100) == (options.boarding and options.step_down)
    assert min(told_of[end] for end in ("recovered", "dead, unavoidable", "dead, untreated")) > 300
    assert crossings_at_dawn(patients, logs, options) > 10


def crossings_at_dawn(patients: DrawnPatients, logs: list[list[Event]], options: Options) -> int:
    """How many islanders left for the mainland with the first boat of a day."""
    isle = len(DISTRICTS) - 1
    return sum(
        event.what.startswith("departs")
        and event.facility != "post"
        and abs(event.time % 1.0 - options.crossing_from_hour / 24) < 1e-9
        for number in np.flatnonzero(patients.district == isle)
        for event in logs[number]
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_shipped_engine_agrees_in_random_provinces(seed: int) -> None:
    rng = np.random.default_rng([seed, 2024])
    names = [f"district-{i}" for i in range(rng.integers(1, 6))]
    districts = [
        District(name, float(rng.choice([0, 0, 1.5, 3, 6.25])), bool(rng.random() < 0.35)) for name in names
    ]
    facilities = []
    for number in range(rng.integers(1, 7)):
        home = str(rng.choice(names))
        others = rng.choice(names, rng.integers(1, len(names) + 1)).tolist()
        facilities.append(
            Facility(
                f"facility-{number}",
                home,
                oxygen=int(rng.choice([0, 2, 5, 10, 20])),
                icu=int(rng.choice([0, 1, 3, 6])),
                access_hours=float(rng.choice([0, 0, 0.5, 2])),
                serves=tuple(sorted({home, *others})) if rng.random() < 0.3 else None,
            )
        )
    changes = [
        CapacityChange(
            float(rng.choice([40.3, 60.7, 75.5, 90.25])),
            f"facility-{rng.integers(len(facilities))}",
            "oxygen" if rng.random() < 0.5 else "icu",
            int(rng.choice([0, 1, 3, 8, 15, 30])),
        )
        for _ in range(rng.integers(0, 13))
    ]
    hours = [(6.0, 18.0), (5.0, 17.0), (0.0, 24.0), (7.3, 9.1), (6.0, 24.0)][rng.integers(5)]
    options = Options(
        boarding=bool(rng.random() < 0.75),
        step_down=bool(rng.random() < 0.75),
        queue_order=("severity", "age", "survival")[rng.integers(3)],
        crossing_from_hour=hours[0],
        crossing_to_hour=hours[1],
    )
    journeys(draw(rng, 300, len(districts)), districts, facilities, changes, options)
