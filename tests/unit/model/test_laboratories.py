"""Limited tests: pooling, who competes for them, contacts, and who is reported in the end."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from strategies import Plain, build, clinical, deaths, district, facility, people, severity, small, variant

from surgesim.errors import IdentityError
from surgesim.model.levers.registry import ACTION_FACTORIES
from surgesim.model.record import PROVINCE, Record
from surgesim.model.simulation import run_once
from surgesim.model.surveillance.detection import Reports
from surgesim.model.surveillance.laboratories import Laboratories, pooled_samples
from surgesim.scenario.schema.levers.epidemic import RaiseTesting
from surgesim.scenario.schema.response.detection import LaboratoryTests
from surgesim.scenario.schema.scenario import Scenario

AGES = 12
POPULATION = np.array([1_000_000, 500_000])
NONE = np.zeros(2, np.int64)


def laboratories(**section: Any) -> Laboratories:
    plain = {"other_seekers_per_100k_per_day": 0.0} | section
    return Laboratories(LaboratoryTests.model_validate(plain), POPULATION, AGES)


def seekers(here: int, there: int, age: int = 2) -> np.ndarray:
    mild = np.zeros((AGES, 2), np.int64)
    mild[age] = here, there
    return mild


# -- pools ----------------------------------------------------------------------------------------


def test_a_pool_serves_fewer_samples_the_more_of_them_are_positive() -> None:
    assert pooled_samples(80_000, 10, 0.0) == 80_000
    # of 10 samples at 1 %: a tenth of a test, and one more where the pool is positive
    assert pooled_samples(80_000, 10, 0.01) == pytest.approx(8_000 / (0.1 + 1 - 0.99**10))
    assert pooled_samples(80_000, 10, 1.0) == 8_000  # nobody pools any more
    served = [pooled_samples(80_000, 10, p) for p in np.linspace(0, 1, 101)]
    assert all(before >= after for before, after in pairwise(served))
    assert min(served) == 8_000


def test_pools_by_hand_use_as_many_tests_as_there_are() -> None:
    rng = np.random.default_rng(1)
    tests, size, positivity = 20_000, 8, 0.03
    samples = pooled_samples(tests * size, size, positivity)
    pools = rng.random((round(samples / size), size)) < positivity
    used = len(pools) + size * pools.any(axis=1).sum()
    assert used == pytest.approx(tests, rel=0.01)


# -- who is tested --------------------------------------------------------------------------------


def test_while_there_is_a_test_for_everybody_all_who_seek_one_are_found() -> None:
    labs = laboratories(single_per_day=1_000, other_seekers_per_100k_per_day=20.0)
    found = labs.pass_day(0, seekers(300, 100), NONE, np.random.default_rng(1))
    np.testing.assert_array_equal(found.mild, seekers(300, 100))
    assert found.ill.sum() == found.contacts.sum() == labs.waiting == 0
    assert 400 + 200 < labs.used < 400 + 400
    assert labs.positivity == 400 / labs.used
    assert labs.tested_share == 1.0


def test_beyond_the_limit_all_have_the_same_chance_of_a_test() -> None:
    labs = laboratories(single_per_day=3_000, other_seekers_per_100k_per_day=400.0, return_share=0.0)
    found = labs.pass_day(0, seekers(8_000, 4_000), NONE, np.random.default_rng(1))
    assert labs.used == 3_000 == labs.capacity
    assert labs.capacity_used == 1.0
    share = 3_000 / (12_000 + 6_000)
    assert found.mild.sum() == pytest.approx(12_000 * share, abs=4 * (3_000 * 2 / 9) ** 0.5)
    assert found.mild[2, 0] == pytest.approx(8_000 * share, abs=150)
    assert labs.waiting == 0


def test_contacts_come_last_if_the_scenario_says_so() -> None:
    cases, contacts = np.array([40, 40]), {"contacts_per_case": 5.0, "contact_positivity": 0.5}
    labs = laboratories(single_per_day=400, contacts_last=True, **contacts)
    found = labs.pass_day(1, seekers(200, 100), cases, np.random.default_rng(1))
    assert (found.mild.sum(), labs.contacts_tested, labs.used) == (300, 100, 400)
    assert labs.tested_share == 1
    found = labs.pass_day(2, seekers(500, 100), cases, np.random.default_rng(2))
    assert (found.mild.sum(), labs.contacts_tested, labs.used) == (400, 0, 400)
    enough = [laboratories(single_per_day=1_000, contacts_last=last, **contacts) for last in (False, True)]
    rngs = [np.random.default_rng(3) for _ in enough]
    some = [labs.pass_day(1, seekers(200, 100), cases, rng) for labs, rng in zip(enough, rngs, strict=True)]
    assert some[0].mild.tolist() == some[1].mild.tolist()
    assert enough[0].contacts_tested == enough[1].contacts_tested > 300
    assert rngs[0].random() == rngs[1].random()


def test_who_finds_no_test_tries_again_and_is_a_day_older() -> None:
    labs = laboratories(single_per_day=100, return_share=1.0)
    first = labs.pass_day(0, seekers(300, 0), NONE, np.random.default_rng(1))
    assert (first.mild.sum(), labs.waiting) == (100, 200)
    second = labs.pass_day(1, seekers(0, 0), NONE, np.random.default_rng(2))
    assert (second.mild[3].sum(), second.mild.sum(), labs.waiting) == (100, 100, 100)
    labs.check(1, 300)
    with pytest.raises(IdentityError, match="test seekers"):
        labs.check(1, 301)


def test_who_fell_ill_long_ago_keeps_trying() -> None:
    labs = laboratories(return_share=1.0)
    for day in range(2):
        labs.pass_day(day, seekers(30 * (1 - day), 0, age=AGES - 1), NONE, np.random.default_rng(1))
        assert labs.waiting == 30
    labs.raise_tests(100, 0)
    found = labs.pass_day(2, seekers(0, 0), NONE, np.random.default_rng(1))
    assert found.mild[AGES - 1].tolist() == [30, 0]


def test_future_patients_wait_for_a_test_unless_they_are_in_hospital_by_then() -> None:
    """Four are due; one is in hospital and needs no place in line, and there is one test a day."""
    labs = laboratories(single_per_day=1, return_share=1.0)
    patients: list[Any] = [
        SimpleNamespace(district=0, facility=facility, unreported=False) for facility in (-1, -1, -1, 0)
    ]
    rng = np.random.default_rng(1)
    labs.enrol(0, patients, np.array([[4, 0], [0, 0]]), rng)
    first = labs.pass_day(0, seekers(0, 0), NONE, rng)
    assert (first.ill[0].tolist(), labs.used, labs.positive, labs.waiting) == ([2, 0], 1, 1, 2)
    second = labs.pass_day(1, seekers(0, 0), NONE, rng)
    assert (second.ill[1].tolist(), labs.used, labs.positive, labs.waiting) == ([1, 0], 1, 1, 1)
    assert [patient.unreported for patient in patients] == [False] * 4


def test_contacts_compete_and_those_found_are_infections_that_are_there() -> None:
    labs = laboratories(single_per_day=400, contacts_per_case=5.0, contact_positivity=0.5)
    labs.hide(np.array([60, 0]))
    cases = np.array([40, 40])
    found = labs.pass_day(1, seekers(0, 0), cases, np.random.default_rng(1))
    assert 300 < labs.contacts_tested == labs.used <= 400
    assert found.contacts.sum(axis=0).tolist() == [60, 0]  # half would be about 100 here, and as many there
    assert found.contacts[0].sum() == 60
    again = labs.pass_day(2, seekers(0, 0), cases, np.random.default_rng(2))
    assert again.contacts.sum() == 0
    crowded = laboratories(single_per_day=400, contacts_per_case=5.0)
    found = crowded.pass_day(1, seekers(1_800, 1_800), cases, np.random.default_rng(1))
    assert crowded.contacts_tested == pytest.approx(40, abs=25)
    assert found.mild.sum() == crowded.used - crowded.contacts_tested


def test_more_tests_by_a_rule_and_taken_back() -> None:
    labs = laboratories(single_per_day=100)
    labs.raise_tests(50, 1_000)
    labs.pass_day(0, seekers(0, 0), NONE, np.random.default_rng(1))
    assert labs.capacity == 1_150
    labs.raise_tests(-50, -1_000)
    labs.pass_day(1, seekers(0, 0), NONE, np.random.default_rng(1))
    assert labs.capacity == 100


def test_a_rule_raises_tests_by_its_shares() -> None:
    labs = laboratories(single_per_day=100, pooled_per_day=10)
    more = {"single_per_day": 40, "pooled_per_day": 1_000}
    rule = RaiseTesting.model_validate({"action": "raise_testing", "when": {"on": "2024-01-01"}} | more)
    province: Any = SimpleNamespace(laboratories=labs)
    action = ACTION_FACTORIES[RaiseTesting]("more", rule, province)
    seen = []
    for share in (0.25, 1.0, 0.5):
        action.set_share(share)
        labs.pass_day(0, seekers(0, 0), NONE, np.random.default_rng(1))
        seen.append(labs.capacity)
    assert seen == [110 + 260, 110 + 1_040, 110 + 520]
    action.end()
    labs.pass_day(0, seekers(0, 0), NONE, np.random.default_rng(1))
    assert labs.capacity == 110


def test_reports_come_by_the_days_since_onset() -> None:
    reports = Reports(delays=4, districts=2, ages=3)
    reports.add(0, np.array([[5, 1, 0, 2], [0, 0, 0, 7]]))
    reports.add(1, np.array([[3, 0, 0, 0], [0, 4, 0, 0]]))
    assert reports.on(1).tolist() == [[3, 0], [1, 0], [0, 0]]
    reports.add(2, np.zeros((2, 4), np.int64))
    assert reports.on(2).tolist() == [[0, 0], [0, 4], [0, 0]]
    reports.add(3, np.zeros((2, 4), np.int64))
    assert reports.on(3).tolist() == [[0, 0], [0, 0], [2, 7]]  # 3 days, which is 2 or more
    assert reports.due == 4 + 4 + 9


# -- in a run -------------------------------------------------------------------------------------


def outbreak(tests: Plain | None, *, days: int = 120, population: int = 300_000, **changes: Any) -> Scenario:
    found = {"share": 0.4, "delay_days": {"gamma": {"mean": 3.0, "sd": 2.0}}}
    epidemic = {
        "variant": variant(2.5),
        "initial_infections": {"town": 300},
        "detection": found | ({} if tests is None else {"tests": tests}),
    }
    course = {"severity": severity(p_oxygen=0.03)} | changes.pop("course", {})
    return build(
        small(
            days,
            people=people(districts={"town": district(population), "hill": district(population // 3)}),
            epidemic=epidemic | changes.pop("epidemic", {}),
            clinical=clinical(**course),
            care={"facilities": {"alpha": facility(oxygen=400, icu=50)}},
            **changes,
        )
    )


def same_but_for_tests(one: Record, other: Record) -> None:
    tests = {"tests_used", "contacts_tested", "waiting_for_test", "test_positivity", "test_capacity_used"}
    for column in PROVINCE:
        if column.name not in tests:
            np.testing.assert_array_equal(one.series(column.name), other.series(column.name), column.name)
    np.testing.assert_array_equal(one.districts, other.districts)


@pytest.mark.slow
@pytest.mark.parametrize("course", [{}, {"home_care": {"teams": 20, "packages": 1e6}, "isolated_share": 0.3}])
def test_tests_for_all_change_nothing_at_all(course: Plain) -> None:
    free = run_once(outbreak(None, course=course), 1, 0)
    tested = run_once(outbreak({"single_per_day": 1e7}, course=course), 1, 0)
    same_but_for_tests(free, tested)
    assert free.outcomes["reported_cases"] > 50_000
    assert tested.outcomes["tests_used"] > tested.outcomes["reported_cases"]


@pytest.mark.slow
def test_without_tests_only_who_is_admitted_is_reported() -> None:
    run = run_once(outbreak({}), 1, 0)
    np.testing.assert_array_equal(run.series("reported_cases").sum(), run.outcomes["reported_cases"])
    assert run.outcomes["tests_used"] == 0
    admitted = run.series("admissions_oxygen").sum() + run.series("admissions_icu").sum()
    assert 0 < run.outcomes["reported_cases"] <= admitted
    assert run.series("test_capacity_used").max() == 1.0
    assert run.series("infections").sum() == run_once(outbreak(None), 1, 0).series("infections").sum()


@pytest.mark.slow
@pytest.mark.parametrize("return_share", [0.0, 0.5, 1.0])
def test_everybody_admitted_is_reported_once_whatever_the_tests(return_share: float) -> None:
    everyone_ill = severity(
        p_oxygen=1.0, p_icu=0.0, death_oxygen=deaths(0.0, 0.0, 0.0), death_icu=deaths(0.0, 0.0, 0.0)
    )
    scenario = build(
        small(
            220,
            people=people(districts={"town": district(10_000)}),
            epidemic={
                "variant": variant(2.5),
                "initial_infections": {"town": 100},
                "detection": {
                    "share": 0.6,
                    "delay_days": {"fixed": 2.0},
                    "tests": {"single_per_day": 40, "return_share": return_share},
                },
            },
            clinical=clinical(severity=everyone_ill),
            care={"facilities": {"alpha": facility(oxygen="unlimited", icu="unlimited")}},
        )
    )
    record = run_once(scenario, 1, 0)
    assert record.outcomes["oxygen_patients"] > 7_000
    assert record.outcomes["reported_cases"] == record.outcomes["oxygen_patients"]
    assert 0 < record.outcomes["tests_used"] <= 40 * 220


@pytest.mark.slow
def test_contacts_add_cases_that_nobody_would_have_looked_for() -> None:
    without = run_once(outbreak({"single_per_day": 1e7}), 1, 0)
    traced = run_once(outbreak({"single_per_day": 1e7, "contacts_per_case": 8.0}), 1, 0)
    assert without.outcomes["infections"] == traced.outcomes["infections"]
    assert traced.outcomes["reported_cases"] > 1.3 * without.outcomes["reported_cases"]
    everyone = {"single_per_day": 1e7, "contacts_per_case": 100.0, "contact_positivity": 1.0}
    most = run_once(outbreak(everyone, days=200), 1, 0)
    assert most.outcomes["reported_cases"] <= most.outcomes["infections"] + 300
    assert most.outcomes["reported_cases"] > 0.9 * most.outcomes["infections"]


@pytest.mark.slow
def test_a_rule_raises_tests_and_reports_rise() -> None:
    rule = {
        "action": "raise_testing",
        "single_per_day": 500,
        "pooled_per_day": 2_000,
        "when": {"indicator": "test_capacity_used", "above": 0.95, "for_days": 3},
        "until": {"below": 0.3, "for_days": 7},
    }
    few = {"single_per_day": 200, "pool_size": 5}
    run = run_once(outbreak(few, command={"plan": {"more": rule}}), 1, 0)
    plain = run_once(outbreak(few), 1, 0)
    assert run.series("tests_used").max() > 600
    assert plain.series("tests_used").max() == 200
    assert run.outcomes["reported_cases"] > 1.5 * plain.outcomes["reported_cases"]
    assert run.outcomes["infections"] == plain.outcomes["infections"]
