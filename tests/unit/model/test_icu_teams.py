"""Who may staff an ICU: doctors with ICU skills, and teams that ICU nurses lead, against numbers by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from capacity_cases import NEVER_ABSENT, rule, standing
from strategies import Plain, facility

from surgesim.model.capacity.icu_teams import icu_skills
from surgesim.model.capacity.staff import PatientsPerPost, StaffedBeds, staffed_beds
from surgesim.model.record import CONSTRAINTS, FACILITY_INDEX, Record
from surgesim.model.simulation import run_once
from surgesim.scenario.schema.capacity.staffing import Ratio, Ratios, Staffing

ICU, OXYGEN = 2, 1
NO_LIMIT = np.inf
PER_POST = PatientsPerPost(
    Staffing(icu=Ratios(nurse=Ratio(normal=2, surge=4), doctor=Ratio(normal=8, surge=16)))
)
NHS = (1.0, 2.0, 6.0, 30.0)
"""All ward nurses can work in teams; one ICU nurse and two others to six, one doctor to thirty."""


def beds(
    space: tuple[int, int, int],
    filled: tuple[float, float, float],
    skilled: float | None = None,
    terms: tuple[float, float, float, float] | None = NHS,
) -> StaffedBeds:
    posts, open_beds = np.array([filled], float), np.array([space])
    skills = icu_skills(
        PER_POST,
        posts,
        None if skilled is None else np.array([skilled]),
        None if terms is None else np.array([terms]),
        open_beds[:, ICU],
        np.array([NO_LIMIT]),
    )
    nobody = np.zeros((1, 3), np.int64)
    limits = np.full((3, 1, 3), NO_LIMIT)
    return staffed_beds(PER_POST, posts, open_beds, limits, nobody, nobody[:, :2], None, skills)


def binds(found: StaffedBeds) -> str:
    return CONSTRAINTS[found.binding[0, ICU]]


def test_a_team_of_three_looks_after_six_patients() -> None:
    """Ten ICU nurses look after 40 alone; with 20 of 30 ward nurses 60. The other ten: 150 oxygen beds."""
    alone, teams = beds((0, 999, 90), (99, 30, 10), terms=None), beds((0, 999, 90), (99, 30, 10))
    assert (alone.most[0, ICU], alone.most[0, OXYGEN], binds(alone)) == (40, 450, "nurses")
    assert (teams.most[0, ICU], teams.most[0, OXYGEN], binds(teams)) == (60, 150, "icu_nurses")
    assert alone.normal[0, ICU] == teams.normal[0, ICU] == 20  # the rest is thin care
    assert teams.normal[0, OXYGEN] == 100


def test_ward_nurses_bind_where_not_every_icu_nurse_has_a_team() -> None:
    found = beds((0, 0, 90), (99, 10, 10))
    assert (found.most[0, ICU], binds(found)) == (50, "nurses")  # five teams, five alone
    assert beds((0, 0, 90), (99, 10, 10), terms=(0.4, 2.0, 6.0, 30.0)).most[0, ICU] == 44


def test_teams_are_formed_only_for_open_beds() -> None:
    """50 beds need five teams: ten ward nurses, and the twenty left staff 300 oxygen beds."""
    found = beds((0, 999, 50), (99, 30, 10))
    assert (found.most[0, ICU], found.most[0, OXYGEN], binds(found)) == (50, 300, "space")
    few_doctors = beds((0, 0, 90), (2.5, 30, 10))
    assert (few_doctors.most[0, ICU], binds(few_doctors)) == (40, "doctors")


def test_only_doctors_with_icu_skills_look_after_icu_patients() -> None:
    found = beds((0, 400, 90), (20, 40, 40), skilled=2.0, terms=None)
    assert (found.most[0, ICU], found.normal[0, ICU], binds(found)) == (32, 16, "icu_doctors")
    assert found.most[0, OXYGEN] == 400  # the others serve wards as before
    teams = beds((0, 400, 90), (20, 40, 40), skilled=2.0)
    assert (teams.most[0, ICU], teams.normal[0, ICU], binds(teams)) == (60, 16, "icu_doctors")


@pytest.mark.parametrize("terms", [None, (0.0, 2.0, 6.0, 30.0), (1.0, 2.0, 4.0, 16.0)])
def test_skills_that_all_have_and_teams_that_gain_nothing_change_nothing(terms: Any) -> None:
    for filled in ((3.0, 30.0, 10.0), (99.0, 3.0, 1.0)):
        with_skills = beds((0, 99, 90), filled, skilled=filled[0], terms=terms)
        without = beds((0, 99, 90), filled, terms=None)
        assert with_skills.most.tolist() == without.most.tolist()
        assert with_skills.normal.tolist() == without.normal.tolist()
        assert with_skills.binding.tolist() == without.binding.tolist()


# -- in a run -------------------------------------------------------------------------------------

STAFFING: Plain = {"heads_per_post": 5.0, "absence": NEVER_ABSENT}


def run(staff: Plain, plan: Plain, **more: Any) -> Record:
    sites = {"alpha": facility(icu=90, oxygen=999) | {"staff": staff}}
    return run_once(standing(5, sites, plan=plan, more_care={"staffing": STAFFING} | more), 1, 0)


def binding(record: Record) -> list[str]:
    return [CONSTRAINTS[int(i)] for i in record.facilities[:, 0, FACILITY_INDEX["binding_icu"]]]


def test_teams_begin_with_their_rule_and_are_counted_by_day() -> None:
    staff = {"doctors": 500, "ward_nurses": 150, "icu_nurses": 50}
    record = run(staff, {"teams": rule("form_icu_teams", share=1.0)})
    assert record.series("staffed_icu").tolist() == [40, 40, 60, 60, 60]
    assert record.series("nurses_in_icu_teams").tolist() == [0, 0, 100, 100, 100]
    assert record.series("icu_nurses_on_duty").tolist() == [50] * 5
    assert binding(record) == ["nurses"] * 2 + ["icu_nurses"] * 3
    assert record.series("icu_bound_by_icu_nurses").tolist() == [0, 0, 1, 1, 1]


def test_doctors_are_trained_and_brought_with_and_without_skills() -> None:
    """Ten of a hundred doctors have ICU skills: two posts, 32 beds; a third of the others makes it 128."""
    staff = {"doctors": 100, "icu_doctors": 10, "ward_nurses": 50, "icu_nurses": 500}
    record = run(staff, {"train": rule("train_doctors", share=1 / 3, lead_days=2.0)})
    assert record.series("staffed_icu").tolist() == [32, 32, 32, 32, 90]
    assert record.series("icu_doctors_on_duty").tolist() == pytest.approx([10, 10, 10, 10, 40])
    assert binding(record) == ["icu_doctors"] * 4 + ["space"]
    assert record.series("staffed_icu_all").tolist() == [16, 16, 16, 16, 64]  # at normal ratios
    for icu_doctors, beds_after in ((None, 48), (0, 32), (2, 38)):
        helpers = rule("reinforce_staff", doctors=5) | (
            {} if icu_doctors is None else {"icu_doctors": icu_doctors}
        )
        assert run(staff, {"help": helpers}).series("staffed_icu")[-1] == beds_after


def test_other_patients_in_icu_have_doctors_with_icu_skills_too() -> None:
    """Twenty others take 2.5 of three posts; half a post is left, for eight beds, four at normal."""
    staff = {"doctors": 100, "icu_doctors": 15, "ward_nurses": 50, "icu_nurses": 500}
    site = facility(icu=40, oxygen=40) | {"covid_share": {"oxygen": 0.5, "icu": 0.5}, "essential": {}}
    care = {"staffing": STAFFING, "essential": {"icu": {"share": 1.0}}}
    record = run_once(standing(1, {"alpha": site | {"staff": staff}}, more_care=care), 1, 0)
    assert record.series("other_icu_present").tolist() == [20]
    assert record.series("staffed_icu").tolist() == [8]
    assert record.series("staffed_icu_all").tolist() == [4 + 20]


def test_where_own_staff_stay_with_others_only_the_skills_of_those_brought_count() -> None:
    site = facility(icu=40, covid_share=0.0, ownership="private") | {
        "staff": {"doctors": 50, "icu_nurses": 200}
    }
    base = facility(icu=1) | {"staff": {"doctors": 50, "icu_nurses": 50}}
    for icu_doctors, expected in ((0, 0), (5, 16), (10, 32)):
        plan = {
            "take": rule("mobilise", ownership=["private"], share=1.0, with_staff=False),
            "help": rule(
                "reinforce_staff", facilities=["bravo"], doctors=10, icu_nurses=50, icu_doctors=icu_doctors
            ),
        }
        scenario = standing(5, {"alpha": base, "bravo": site}, plan=plan, more_care={"staffing": STAFFING})
        assert run_once(scenario, 1, 0).facilities[-1, 1, ICU] == expected


def test_without_staff_data_nothing_is_counted() -> None:
    record = run_once(standing(2, {"alpha": facility(icu=9)}), 1, 0)
    assert np.isnan(record.series("icu_nurses_on_duty")).all()
    assert np.isnan(record.series("icu_doctors_on_duty")).all()


def test_doctors_without_skills_limit_no_beds_where_staff_are_not_counted() -> None:
    counted = facility(icu=1) | {"staff": {"doctors": 50, "icu_nurses": 50}}
    helpers = rule("reinforce_staff", "2024-01-02", facilities=["alpha"], doctors=5, icu_doctors=0)
    sites = {"alpha": facility(icu=9, oxygen=20), "bravo": counted}
    record = run_once(standing(3, sites, plan={"help": helpers}), 1, 0)
    assert record.facilities[:, 0, FACILITY_INDEX["staffed_icu"]].tolist() == [9, 9, 9]
