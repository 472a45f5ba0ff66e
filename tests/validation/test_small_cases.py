"""Small inputs that once went wrong, each with the value or the sentence that is right.

The inputs stand beside the project, where its tests are run with outside data. The same kinds, through
other keys, are tested elsewhere with inputs of their own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from reference import CASES, needs

from surgesim.errors import ScenarioError
from surgesim.model.epidemic.people import populate
from surgesim.model.record import Record, logistics_columns
from surgesim.model.simulation import run_once
from surgesim.scenario.door import inspect, load
from surgesim.study.run import run
from surgesim.study.sweep.design import at_point

pytestmark = needs(CASES)


def record(name: str) -> Record:
    return run_once(load(CASES / f"{name}.yaml"), 1, 0)


def refusal(name: str) -> list[tuple[str, str]]:
    with pytest.raises(ScenarioError) as caught:
        load(CASES / f"{name}.yaml")
    return [(problem.path, problem.message) for problem in caught.value.problems]


def remarks(name: str) -> dict[str, str]:
    return {problem.path: problem.message for problem in inspect(CASES / f"{name}.yaml")[1]}


@pytest.mark.parametrize(
    ("name", "cost"),
    [
        ("midnight-staff-cost", [0, 0, 100, 100, 100, 0]),
        ("midnight-home-care", [0, 0, 10, 10, 10, 0]),
        ("fresh-census-bed-days", [3000, 3000, 3000, 0]),
    ],
)
def test_costs_fall_on_the_days_on_which_it_was_there(name: str, cost: Sequence[float]) -> None:
    paid = record(name).series("cost")
    assert paid[: len(cost)].tolist() == list(cost)
    assert not paid[len(cost) :].any()


def test_bed_days_of_an_exact_stay() -> None:
    assert record("fresh-census-bed-days").outcomes["oxygen_bed_days"] == 90


def test_a_delivery_meets_no_need_of_the_day_before() -> None:
    run_of = record("midnight-restock")
    names = [column.name for column in logistics_columns(["ppe"], [])]
    stock = run_of.logistics[:, names.index("stock:ppe")].tolist()
    unmet = run_of.logistics[:, names.index("stock_unmet:ppe")].tolist()
    assert (unmet[:3], stock[:3]) == ([4, 8, 0], [0, 0, 88])


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("imports-without-weights", "epidemic.importation.weights"),
        ("imports-end-before-start", "epidemic.importation.until_day"),
        ("no-contacts", "epidemic.variant.r0"),
        ("waning-in-hours", "epidemic.immunity.waning_days"),
        ("population-slip", "people.districts.a.population"),
        ("arrivals-slip", "arrivals.series.ward.counts.0"),
        ("uncertain-pair", "study.uncertainty"),
        ("uncertain-inside", "study.uncertainty.care.facilities.h1.convertible_share.oxygen"),
    ],
)
def test_what_cannot_be_run_is_refused(name: str, path: str) -> None:
    assert [found.startswith(path) for found, _ in refusal(name)] == [True]


def test_a_stay_that_is_too_big_is_refused_by_its_bound() -> None:
    path, bound = "clinical.stays.oxygen_days.gamma", "got 1e+160, expected a number from 0.0001 to 1000000"
    assert refusal("stay-too-big") == [(f"{path}.mean", bound), (f"{path}.sd", bound)]


def test_a_name_that_is_too_long_is_told_the_limit() -> None:
    [(_, message)] = refusal("long-short-name")
    assert "at most 60 characters" in message


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("series-ends-early", "arrivals.series.oxygen.counts"),
        ("icu-counted-twice", "clinical.severity.p_icu"),
        ("more-patients-than-people", "arrivals.series"),
        ("thousands-dot", "arrivals.file"),
    ],
)
def test_what_is_allowed_and_odd_is_remarked_on(name: str, path: str) -> None:
    assert path in remarks(name)


def test_all_points_that_are_right_together_run() -> None:
    scenario = load(CASES / "sweep-pair.yaml")
    covid, most = (f"care.facilities.h1.{key}.oxygen" for key in ("covid_share", "convertible_share"))
    for first in (0.6, 0.7):
        for second in (0.8, 0.9):
            point = at_point(scenario, {covid: first, most: second})
            assert run_once(point, 1, 0).series("open_oxygen").max() == round(100 * first)


@pytest.mark.slow
def test_what_nobody_can_occupy_is_not_vacant_and_what_is_not_given_is_not_assessed() -> None:
    results = run(load(CASES / "nine-districts.yaml"), replications=2, only=["baseline"], workers=1)
    rows = results.breaches.set_index("threshold")
    assert rows.loc["vacant-beds", "probability"] == 1
    assert np.isnan(rows.loc["icu-staffed", "probability"])
    assert rows.loc["icu-staffed", "not_assessed"] == "icu_staff"
    assert rows.loc["situation", "criteria_assessed"] == 4


@pytest.mark.slow
def test_ages_of_nobody_do_not_govern_the_others() -> None:
    scenario = load(CASES / "young-only.yaml")
    population = populate(scenario.people)
    people = population.count.sum(axis=(0, 2)).astype(float)
    held = people > 0
    contacts = population.contacts.sum(axis=0)[np.ix_(held, held)]
    per_contact = 2.0 / np.abs(np.linalg.eigvals(contacts)).max()  # R0 is 2 among the groups that hold people
    infected = np.full(held.sum(), 0.5)
    for _ in range(2000):
        infected = 1 - np.exp(-per_contact * contacts @ infected)
    expected = infected @ people[held] / people.sum()
    seen = [run_once(scenario, 1, k).outcomes["infections"] / people.sum() for k in range(3)]
    assert np.mean(seen) == pytest.approx(expected, rel=0.003)
