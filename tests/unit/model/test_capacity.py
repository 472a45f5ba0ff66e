"""Staffed beds through whole runs: what more beds, more nurses, more ventilators change, and what binds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from capacity_cases import (
    MASK_ONLY,
    NEVER_ABSENT,
    PARTS_WITHOUT_LIMIT,
    nobody_dies,
    rule,
    standing,
    with_parts,
)
from hypothesis import assume, given, settings
from strategies import Plain, arrivals, build, clinical, facility, gamma, scenarios, small, stays, variant

from surgesim.model.capacity.adjustments import Adjustment, Adjustments
from surgesim.model.care.gas import kg_per_day
from surgesim.model.record import CONSTRAINTS, DISTRICT, FACILITY_INDEX, PROVINCE_INDEX, Record
from surgesim.model.simulation import Simulation, run_once
from surgesim.scenario.door import overlaid
from surgesim.scenario.schema.scenario import Scenario

ONE_TO_ONE: Plain = {
    "icu": {"nurse": {"normal": 1, "surge": 1}, "doctor": {"normal": 1000, "surge": 1000}},
    "heads_per_post": 5.0,
    "absence": NEVER_ABSENT,
}
"""One ICU nurse to a patient, five heads to a post, doctors for all, nobody absent."""

DOCTORS = 10_000


def staffed(scenario: Scenario) -> Record:
    return run_once(scenario, 1, 0)


def binding(record: Record, bed: str, site: int = 0) -> list[str]:
    """What binds at a facility, day by day."""
    return [CONSTRAINTS[int(i)] for i in record.facilities[:, site, FACILITY_INDEX[f"binding_{bed}"]]]


def ward(icu: int = 0, oxygen: int = 0, **staff: int) -> Plain:
    return facility(icu=icu, oxygen=oxygen) | {"staff": {"doctors": DOCTORS, **staff}}


def with_staffing(days: int, sites: Plain, plan: Plain | None = None, **more: Any) -> Scenario:
    return standing(days, sites, plan=plan, more_care={"staffing": ONE_TO_ONE}, **more)


# -- beds and nurses ------------------------------------------------------------------------------


def test_adding_beds_without_nurses_adds_none_and_the_record_says_nurses_bind() -> None:
    before, after = (staffed(with_staffing(3, {"alpha": ward(icu=beds, icu_nurses=50)})) for beds in (12, 40))
    assert before.series("staffed_icu").tolist() == after.series("staffed_icu").tolist() == [10] * 3
    assert binding(before, "icu") == binding(after, "icu") == ["nurses"] * 3
    assert after.series("open_icu").tolist() == [40] * 3
    assert after.series("icu_bound_by_nurses").tolist() == [1] * 3


def test_adding_nurses_without_beds_adds_none_and_the_record_says_space_binds() -> None:
    before, after = (
        staffed(with_staffing(3, {"alpha": ward(icu=8, icu_nurses=nurses)})) for nurses in (50, 500)
    )
    assert before.series("staffed_icu").tolist() == after.series("staffed_icu").tolist() == [8] * 3
    assert binding(before, "icu") == binding(after, "icu") == ["space"] * 3
    assert after.series("icu_bound_by_space").tolist() == [1] * 3


def test_the_province_tells_what_binds_by_open_beds() -> None:
    sites = {
        "alpha": ward(icu=30, icu_nurses=50),
        "bravo": ward(icu=10, icu_nurses=500),
        "delta": facility(icu=40) | {"staff": {"icu_nurses": 500}},
        "gamma": facility(icu=20) | {"ventilators": 5},
    }
    record = staffed(with_staffing(1, sites, clinical=nobody_dies(respiratory={})))
    shares = {what: record.series(f"icu_bound_by_{what}")[0] for what in CONSTRAINTS}
    assert shares == dict.fromkeys(CONSTRAINTS, 0.0) | {
        "space": 0.1, "doctors": 0.4, "nurses": 0.3, "equipment": 0.2,
    }  # fmt: skip
    assert record.series("staffed_icu")[0] == 10 + 10 + 0 + int(5 / 0.67)


def opened(sites: Plain, plan: Plain) -> np.ndarray:
    return staffed(with_staffing(8, {"base": ward(icu=20, icu_nurses=100)} | sites, plan)).series(
        "staffed_icu"
    )


def test_field_hospital_beds_without_staff_add_exactly_none() -> None:
    """McCabe et al. 2020, BMC Med 18:329: 500 critical beds, no nurses."""
    field = facility(icu=500, kind="field-hospital", open_at_start=False)
    plan = {"open": rule("open_facility", facilities=["field"])}
    for staff in ({}, {"doctors": 0, "ward_nurses": 0, "icu_nurses": 0}, {"doctors": 500}):
        run = staffed(
            with_staffing(8, {"base": ward(icu=20, icu_nurses=100), "field": field | {"staff": staff}}, plan)
        )
        assert run.series("staffed_icu").tolist() == [20] * 8
        assert run.series("open_icu").tolist() == [20, 20] + [520] * 6
        assert binding(run, "icu", site=1)[2:] == ["nurses" if staff.get("doctors") else "doctors"] * 6


def test_private_beds_add_the_less_of_their_beds_and_what_their_nurses_staff() -> None:
    """320 beds and 882 nurses at 1:1 and five heads to a post add 176 (882 / 5 = 176.4)."""
    private = ward(icu=320, icu_nurses=882) | {"ownership": "private", "covid_share": 0.0}
    plan = {"mobilise": rule("mobilise", ownership=["private"], share=1.0)}
    assert opened({"private": private}, plan).tolist() == [20, 20] + [196] * 6
    plenty = private | {"staff": {"doctors": DOCTORS, "icu_nurses": 2000}}
    assert opened({"private": plenty}, plan).tolist() == [20, 20] + [340] * 6
    without = {"mobilise": rule("mobilise", ownership=["private"], share=1.0, with_staff=False)}
    assert opened({"private": private}, without).tolist() == [20] * 8


def test_staff_sent_to_a_field_hospital_staffs_it() -> None:
    field = facility(icu=500, kind="field-hospital", open_at_start=False) | {"staff": {"doctors": DOCTORS}}
    plan = {
        "open": rule("open_facility", facilities=["field"]),
        "send": rule("reinforce_staff", "2024-01-05", facilities=["field"], icu_nurses=60),
    }
    assert opened({"field": field}, plan).tolist() == [20] * 4 + [32] * 4


# -- equipment, pipes, staff away -----------------------------------------------------------------


def test_ventilators_bind_the_share_of_icu_beds_that_need_one() -> None:
    """72 ventilators for 110 ICU beds: 67 % of patients are invasively ventilated."""
    site = facility(icu=110) | {"ventilators": 72}
    record = staffed(standing(2, {"alpha": site}, clinical=nobody_dies(respiratory={})))
    assert record.series("staffed_icu").tolist() == [107, 107]  # 72 / 0.67
    assert binding(record, "icu") == ["equipment"] * 2
    record = staffed(standing(2, {"alpha": site}, clinical=nobody_dies(respiratory=MASK_ONLY)))
    assert record.series("staffed_icu").tolist() == [110, 110]


def test_pipes_cap_oxygen_beds_and_carry_intensive_care_first() -> None:
    site = facility(oxygen=60, icu=10) | {"oxygen": {"tank_kg": 1e6, "pipe_lpm": 305.0}}
    record = staffed(standing(3, {"alpha": site}, {"alpha": {"icu": 8}}))
    assert record.series("staffed_icu").tolist() == [10] * 3
    assert record.series("staffed_oxygen").tolist() == [22] * 3  # 8 of 30 masks are in intensive care
    assert binding(record, "oxygen") == ["pipes"] * 3
    assert record.series("oxygen_used_kg") == pytest.approx([8 * kg_per_day(10)] * 3)


def test_care_beyond_the_normal_ratio_is_thin_and_costs_lives() -> None:
    """One nurse, normally for 2, at most for 4 in ICU: the third and the fourth get thin care."""
    staffing = ONE_TO_ONE | {
        "icu": {"nurse": {"normal": 2, "surge": 4}, "doctor": {"normal": 1000, "surge": 1000}}
    }
    death = {"full": 0.0, "thin": 1.0, "boarded": 1.0, "untreated": 1.0}
    base = clinical()
    course = nobody_dies(
        severity=base["severity"] | {"death_icu": death},
        stays=stays(icu_dying_days={"fixed": 1.0}, icu_survivor_days={"fixed": 50.0}),
    )
    for surge, dead in ((True, 2), (False, 0)):
        scenario = standing(
            10,
            {"alpha": ward(icu=10, icu_nurses=5)},
            more_care={"staffing": staffing | {"surge_allowed": surge}},
            clinical=course,
            arrivals=arrivals("exact", icu=[4] + [0] * 9),
        )
        record = staffed(scenario)
        assert record.series("staffed_icu")[0] == (4 if surge else 2)
        assert record.series("deaths_thin_care")[:3].sum() == dead
        assert record.outcomes["deaths_untreated"] == 0


def test_a_facility_without_specialists_gives_thin_care_until_it_is_linked() -> None:
    death = {"full": 0.0, "thin": 1.0, "boarded": 1.0, "untreated": 1.0}
    course = nobody_dies(severity=clinical()["severity"] | {"p_icu": 0.0, "death_oxygen": death})
    course["stays"] = stays(oxygen_days={"fixed": 1.0})
    daily = arrivals("exact", oxygen=[1] * 10)
    for section, thin in (
        ({}, 0),
        ({"specialists": False}, 9),
        ({"specialists": False, "remote_link": True}, 0),
    ):
        site = facility(oxygen=10) | section
        record = staffed(standing(10, {"alpha": site}, clinical=course, arrivals=daily))
        assert record.outcomes["deaths_thin_care"] == record.outcomes["deaths"] == thin


def test_infected_staff_leave_beds_unstaffed() -> None:
    """At work 0.5 a day for a patient per head: with patients fewer nurses; then they come back."""
    staffing = ONE_TO_ONE | {"absence": NEVER_ABSENT | {"at_work": 0.5, "days_off": 4}}
    scenario = standing(
        30,
        {"alpha": ward(icu=40, icu_nurses=200) | {"staff": {"doctors": 60, "icu_nurses": 200}}},
        {"alpha": {"icu": 30}},
        more_care={"staffing": staffing},
        clinical=nobody_dies(stays=stays(icu_survivor_days={"fixed": 10.0}), step_down=False),
    )
    record = staffed(scenario)
    absent, beds = record.series("staff_absent_share"), record.series("staffed_icu")
    assert absent[1:9].min() > 0.05
    assert beds[4:9].max() < 40
    assert absent[20:].max() == 0
    assert beds[20:].tolist() == [40] * 10


# -- parts that do not limit ----------------------------------------------------------------------


NEW_PREFIXES = (
    "staff_", "oxygen_used", "oxygen_unmet", "oxygen_delivered", "oxygen_stock", "oxygen_cover",
    "facilities_out", "vehicles_", "emergency_", "elective_", "home_", "without_package", "cost",
    "staffed_icu_all", "staffed_icu_beds", "usable_icu", "situation",  # not assessed without staff
    "icu_without_ventilator", "icu_nurses_on_duty", "icu_doctors_on_duty",
)  # fmt: skip


def old_columns_equal(one: Record, other: Record) -> None:
    """All that a run told before staff, oxygen and other patients were modelled."""
    for name, i in PROVINCE_INDEX.items():
        if not name.startswith(NEW_PREFIXES):
            np.testing.assert_array_equal(one.province[:, i], other.province[:, i], err_msg=name)
    np.testing.assert_array_equal(one.districts, other.districts)
    assert len(DISTRICT) == one.districts.shape[2]
    np.testing.assert_array_equal(one.facilities[:, :, :9], other.facilities[:, :, :9])
    np.testing.assert_array_equal(one.states, other.states)
    assessed = ~np.isnan(one.values).any(axis=0)
    np.testing.assert_array_equal(one.values[:, assessed], other.values[:, assessed])
    np.testing.assert_array_equal(one.breached_at_start[assessed], other.breached_at_start[assessed])
    assert one.actions == other.actions


@pytest.mark.slow
@settings(max_examples=20)
@given(scenarios())
def test_parts_that_are_there_in_plenty_change_nothing(scenario: Scenario) -> None:
    """Staff, oxygen and ventilators for everybody, vehicles for all: the record as without them.

    Who waits for ICU at the start may board at once where beds are open before the first day.
    """
    assume(not any(census.waits("icu") for census in scenario.care.initial_census.values()))
    old_columns_equal(run_once(scenario, 3, 1), run_once(for_unlimited_beds(with_parts(scenario)), 3, 1))


def for_unlimited_beds(scenario: Scenario) -> Scenario:
    """Give every facility more staff and ventilators than a file may give, but beds without limit need."""
    heads = dict.fromkeys(("doctors", "ward_nurses", "icu_nurses"), 10**15)
    sites = {
        name: site.model_copy(update={"staff": site.staff.model_copy(update=heads), "ventilators": 10**15})
        for name, site in scenario.care.facilities.items()
        if site.staff is not None
    }
    care = scenario.care.model_copy(update={"facilities": type(scenario.care.facilities)(sites)})
    return scenario.model_copy(update={"care": care})


@pytest.mark.slow
def test_each_of_those_parts_would_bind_if_it_were_less() -> None:
    """The test above compares something: with too little of one part the record differs."""
    scenario = build(
        small(
            20,
            arrivals=arrivals(oxygen=[6] * 20, icu=[3] * 20),
            clinical=clinical(stays=stays(oxygen_to_icu_days=gamma(2, 1))),
            people={
                **small(1)["people"],
                "districts": {"town": {"title": "Town", "population": 1000, "travel_hours": 0.0}},
            },
            care={"facilities": {"alpha": facility(oxygen=30, icu=10, access_hours=1.0)}},
        )
    )
    plain = run_once(scenario, 3, 1)
    old_columns_equal(plain, run_once(with_parts(scenario), 3, 1))
    few: dict[str, Plain] = {
        "staff": {"staff": {"doctors": 30, "ward_nurses": 30, "icu_nurses": 10}},
        "ventilators": {"ventilators": 2},
        "oxygen": {"oxygen": {"tank_kg": 100.0, "cylinders": 0, "plant_nm3_per_hour": 0.0}},
    }
    assert few.keys() == PARTS_WITHOUT_LIMIT.keys() - {"essential"}
    for part, less in few.items():
        limited = overlaid(with_parts(scenario), {"care": {"facilities": {"alpha": less}}})
        with pytest.raises(AssertionError):
            old_columns_equal(plain, run_once(limited, 3, 1))
        assert part in less
    limited = with_parts(scenario, vehicles=1)
    with pytest.raises(AssertionError):
        old_columns_equal(plain, run_once(limited, 3, 1))


def test_patients_whose_need_never_comes_stop_no_run() -> None:
    epidemic = {"variant": variant(3.0), "initial_infections": {"town": 500}}
    never = clinical(stays=stays(onset_to_oxygen_days="never"))
    record = staffed(build(small(10, epidemic=epidemic, clinical=never)))
    assert record.outcomes["infections"] > 500
    assert record.outcomes["oxygen_patients"] == 0


# -- what rules bring -----------------------------------------------------------------------------


def test_levers_tell_once_that_a_rule_has_set_one() -> None:
    adjustments = Adjustments(3)
    assert [adjustments.take_changes(), adjustments.take_changes()] == [True, False]
    adjustments.set(Adjustment.VENTILATORS, "equip", [0, 2], 4.0)
    assert adjustments.total(Adjustment.VENTILATORS).tolist() == [4, 0, 4]
    assert [adjustments.take_changes(), adjustments.take_changes()] == [True, False]


def test_reinforcement_is_the_heads_that_rules_had_brought_at_the_start_of_the_day() -> None:
    sites = {name: ward(icu=20, icu_nurses=50) for name in ("alpha", "bravo", "charlie")}
    capacity, seen = Simulation(with_staffing(4, sites), 1, 0).province.capacity, []
    adjustments, nobody = capacity.adjustments, np.zeros((3, 3), np.int64)
    adjustments.set(Adjustment.HEADS, "army", [0, 2], np.array([1.0, 20.0, 5.0]))
    adjustments.set(Adjustment.VENTILATORS, "equip", [0, 1, 2], 100.0)
    for day in range(3):
        capacity.open(day, nobody, 0.0)
        seen.append(capacity.reinforcement)
        if day == 0:
            adjustments.set(Adjustment.HEADS, "students", [1], np.array([0.0, 10.0, 0.0]))
            assert capacity.reinforcement == 2 * 26  # who comes in the course of a day works from the next
        if day == 1:
            adjustments.set(Adjustment.HEADS, "army", [0, 2], np.array([0.0, 0.0, 0.0]))
    assert seen == [2 * 26, 2 * 26 + 10, 10]


def test_what_a_rule_sets_counts_from_the_next_day_and_until_it_is_taken_back() -> None:
    simulation = Simulation(with_staffing(6, {"alpha": ward(icu=20, icu_nurses=50)}), 1, 0)
    capacity, seen = simulation.province.capacity, []
    for day, nurses in enumerate((0.0, 0.0, 24.6, 24.6, 0.0, 0.0)):
        if day in (2, 4):
            capacity.adjustments.set(Adjustment.HEADS, "reinforce", [0], np.array([0.0, 0.0, nurses]))
        opened = capacity.open(day, np.zeros((1, 3), np.int64), 0.0)
        seen.append((int(capacity.heads()[0, 2]), int(opened.staffed.most[0, 2])))
    assert seen == [(50, 10), (50, 10), (75, 15), (75, 15), (50, 10), (50, 10)]


def test_staff_brought_where_no_staff_is_modelled_are_on_no_payroll() -> None:
    equipped = {"alpha": facility(icu=20) | {"ventilators": 5}}
    simulation = Simulation(with_staffing(2, equipped, clinical=nobody_dies(respiratory={})), 1, 0)
    capacity = simulation.province.capacity
    capacity.adjustments.set(Adjustment.HEADS, "reinforce", [0], np.array([1.0, 2.0, 3.0]))
    assert capacity.open(0, np.zeros((1, 3), np.int64), 0.0).staffed.most[0, 2] == int(5 / 0.67)
    assert capacity.heads().tolist() == [[0, 0, 0]]


def test_pipes_carry_what_intensive_care_leaves_them_to_oxygen_beds_day_by_day() -> None:
    """Limits of one day are not those of the next: they follow the ICU patients present."""
    piped = {"alpha": facility(icu=20, oxygen=500) | {"oxygen": {"tank_kg": 1e6, "pipe_lpm": 2000.0}}}
    scenario = with_staffing(4, piped, clinical=nobody_dies(respiratory={}))
    capacity = Simulation(scenario, 1, 0).province.capacity
    beds = [
        int(capacity.open(day, np.array([[0, 0, icu]]), 0.0).staffed.most[0, 1])
        for day, icu in enumerate((0, 20, 5, 0))
    ]
    assert beds[0] == beds[3] > beds[2] > beds[1] > 0


def test_beds_open_by_type_where_only_one_has_changed() -> None:
    """A new day's beds reach those who take patients, whichever type of bed is another number than before."""
    simulation = Simulation(with_staffing(4, {"alpha": ward(icu=20, oxygen=30, icu_nurses=50)}), 1, 0)
    pools = simulation.province.journey.oxygen, simulation.province.journey.icu
    seen = []
    for day, heads in enumerate(([0, 0, 0], [0, 0, 25], [0, 50, 25])):
        simulation.province.capacity.adjustments.set(
            Adjustment.HEADS, "reinforce", [0], np.array(heads, float)
        )
        simulation.province.open_beds(day)
        seen.append([pool.capacity[0] for pool in pools])
    assert [icu for _, icu in seen] == [10, 15, 15]
    assert seen[0][0] == seen[1][0] == 0 < seen[2][0]
