"""Triage and moves by rule: order of queues, limits of intensive care, patients moved to level the load."""

from __future__ import annotations

from typing import Any

import pytest
from capacity_cases import nobody_dies, rule, standing
from strategies import Plain, arrivals, clinical, clock, deaths, district, facility, people, severity, stays

from surgesim.model.care.course.triage import CareLimit, Triage
from surgesim.model.record import FACILITY_INDEX, Record
from surgesim.model.simulation import run_once


def patient(p_full: float, age: int) -> Any:
    class Somebody:
        pass

    somebody = Somebody()
    somebody.p_full, somebody.age = p_full, age  # type: ignore[attr-defined]
    return somebody


def test_the_rule_that_began_last_decides_the_order() -> None:
    triage, old = Triage("severity"), patient(0.9, 8)
    assert triage.order(old) == 0
    triage.set_order("one", "age")
    triage.set_order("two", "survival")
    assert triage.order(old) == 0.9
    triage.set_order("two", None)
    assert triage.order(old) == -8
    triage.set_order("one", None)
    assert triage.order(old) == 0


def test_all_limits_in_force_apply() -> None:
    triage = Triage("severity")
    young, old, frail = patient(0.2, 3), patient(0.2, 8), patient(0.7, 3)
    assert not any(map(triage.refuses, (young, old, frail)))
    triage.set_limit("chance", CareLimit(0.5, 9))
    triage.set_limit("age", CareLimit(0.0, 7))
    assert list(map(triage.refuses, (young, old, frail))) == [False, True, True]
    triage.set_limit("age", None)
    assert list(map(triage.refuses, (young, old, frail))) == [False, False, True]


# -- limits of intensive care ---------------------------------------------------------------------

LIMITED: Plain = {"until": {"on": "2024-01-06"}}


def limited(boarding: bool = True, **sections: Any) -> Record:
    """Three ICU patients a day, beds for all, a limit on days 2 to 4 that nobody meets."""
    days = 8
    lasting = nobody_dies(boarding=boarding, severity=severity(death_icu=deaths(0.1, 0.1, 0.1), p_icu=0))
    return run_once(
        standing(
            days,
            {"alpha": facility(oxygen=40, icu=40)},
            plan={"limit": rule("limit_icu", least_survival=0.95) | LIMITED},
            arrivals=arrivals("exact", icu=[3] * days),
            clinical=lasting,
            **sections,
        ),
        1,
        0,
    )


@pytest.mark.parametrize("boarding", [True, False])
def test_who_is_beyond_the_limit_boards_and_gets_intensive_care_once_it_ends(boarding: bool) -> None:
    record = limited(boarding)
    assert record.series("icu_refused").tolist() == [0, 0, 3, 3, 3, 0, 0, 0]
    assert record.series("boarding").tolist() == [0, 0, 3, 6, 9, 0, 0, 0]
    assert record.series("entries_icu").tolist() == [3, 3, 0, 0, 0, 12, 3, 3]
    assert record.series("occupied_icu").tolist() == [3, 6, 6, 6, 6, 18, 21, 24]
    assert record.series("vacant_icu")[4] == 34


def test_who_is_refused_dies_as_a_boarder() -> None:
    """Nearly all survive in ICU; boarders die after two days. Who is in ICU already stays there."""
    ill = clinical(
        severity=severity(p_icu=1.0, death_icu=deaths(0.05, 1.0, 1.0)),
        stays=stays(icu_survivor_days={"fixed": 100.0}, icu_dying_days={"fixed": 100.0}),
        clocks={"oxygen": clock("never", "never"), "icu": clock({"fixed": 2.0}, "never")},
    )
    days = 8
    scenario = standing(
        days,
        {"alpha": facility(oxygen=40, icu=40)},
        plan={"limit": rule("limit_icu", least_survival=0.96)},
        arrivals=arrivals("exact", icu=[3] * days),
        clinical=ill,
    )
    record = run_once(scenario, 1, 0)
    assert record.series("occupied_icu")[-1] == 6
    assert record.series("deaths").tolist() == [0, 0, 0, 0, 3, 3, 3, 3]
    assert record.series("icu_refused").sum() == 18


def test_patients_beyond_the_limit_count_as_without_the_bed_they_need() -> None:
    assert limited().series("without_bed")[3] >= 3


# -- load levelling -------------------------------------------------------------------------------

BOTH: Plain = {"alpha": facility(oxygen=10), "bravo": facility(oxygen=10)}
FULL: Plain = {"alpha": {"oxygen": 10}}


def occupied(record: Record, day: int) -> list[float]:
    return record.facilities[day, :, FACILITY_INDEX["occupied_oxygen"]].tolist()


def level(days: int = 6, **values: Any) -> Plain:
    return {"level": rule("level_load", above=0.8, below=0.5) | values}


def test_patients_are_moved_until_the_facility_is_down_to_the_share() -> None:
    record = run_once(standing(6, BOTH, FULL, level()), 1, 0)
    assert record.series("moved_oxygen").tolist() == [0, 0, 2, 0, 0, 0]
    assert occupied(record, 1) == [10, 0]
    assert occupied(record, 5) == [8, 2]


def test_at_most_so_many_a_day_and_none_beyond_the_room_of_others() -> None:
    slow = run_once(standing(6, BOTH, FULL, level(per_day=1)), 1, 0)
    assert slow.series("moved_oxygen").tolist() == [0, 0, 1, 1, 0, 0]
    full = run_once(standing(6, BOTH, FULL | {"bravo": {"oxygen": 4}}, level()), 1, 0)
    assert full.series("moved_oxygen").tolist() == [0, 0, 1, 0, 0, 0]


def test_a_stay_goes_on_in_the_other_facility() -> None:
    stay = nobody_dies(stays=nobody_dies()["stays"] | {"oxygen_days": {"fixed": 4.5}})
    moved, not_moved = (
        run_once(standing(8, BOTH, FULL, plan, clinical=stay), 1, 0) for plan in (level(), {})
    )
    assert moved.series("moved_oxygen").sum() == 2
    assert moved.series("recovered").tolist() == not_moved.series("recovered").tolist()
    assert moved.series("recovered")[4] == 10


def test_a_move_takes_a_vehicle_and_a_journey() -> None:
    sites = {"alpha": BOTH["alpha"], "bravo": facility(oxygen=10, district="hill")}
    two = people(districts={"town": district(50_000), "hill": district(50_000, travel_hours=2.0)})

    def moved(vehicles: int, **values: Any) -> Record:
        fleets = {"town": {"ambulances": vehicles}, "hill": {"ambulances": 9}}
        more: Plain = {"people": two, "more_care": {"transport": {"fleets": fleets}}}
        return run_once(standing(6, sites, FULL, level(**values), **more), 1, 0)

    assert moved(9).series("moved_oxygen").tolist() == [0, 0, 2, 0, 0, 0]
    assert moved(1).series("moved_oxygen").tolist() == [0, 0, 1, 1, 0, 0]
    assert moved(0).series("moved_oxygen").sum() == 0
    assert moved(9, within_hours=1.9).series("moved_oxygen").sum() == 0


def test_icu_patients_are_moved_too() -> None:
    sites = {"alpha": facility(icu=10), "bravo": facility(icu=10)}
    record = run_once(standing(5, sites, {"alpha": {"icu": 10}}, level(bed="icu")), 1, 0)
    assert record.series("moved_icu").tolist() == [0, 0, 2, 0, 0]
    assert record.series("occupied_icu").tolist() == [10] * 5


def test_somebody_who_gets_worse_on_the_way_asks_for_intensive_care_on_arrival() -> None:
    """Patients who need ICU some days later are moved for a journey of a day and get it at its end."""
    course = nobody_dies(
        severity=severity(p_icu=1.0, death_oxygen=deaths(0, 0, 0), death_icu=deaths(0, 0, 0)),
        stays=nobody_dies()["stays"] | {"oxygen_to_icu_days": {"fixed": 3.0}},
    )
    sites = {"alpha": facility(oxygen=4, icu=4), "bravo": facility(oxygen=10, icu=9, district="hill")}
    far = people(districts={"town": district(50_000), "hill": district(50_000, travel_hours=24.0)})
    counts = arrivals("exact", oxygen=[4] + [0] * 7)
    counts["series"]["oxygen"]["district"] = "town"
    plan = {"level": rule("level_load", "2024-01-03", above=0.5, below=0.5, within_hours=24.0)}
    record = run_once(standing(8, sites, plan=plan, people=far, arrivals=counts, clinical=course), 1, 0)
    assert record.series("moved_oxygen").sum() == 2
    assert record.facilities[-1, :, FACILITY_INDEX["occupied_icu"]].sum() == 4
