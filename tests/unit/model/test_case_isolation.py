"""Isolation of cases and contacts: how long they would infect, and how much less they do."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import numpy as np
import pytest
from strategies import Plain, build, clinical, district, people, severity, small, variant

from surgesim.model.clock.streams import Streams
from surgesim.model.epidemic.people import populate
from surgesim.model.epidemic.spread import Epidemic
from surgesim.model.simulation import run_once
from surgesim.model.surveillance.case_isolation import CaseIsolation, still_infectious
from surgesim.scenario.schema.epidemic import Epidemic as EpidemicSection
from surgesim.scenario.schema.people import People
from surgesim.scenario.schema.response.detection import CaseIsolation as CaseIsolationSection
from surgesim.scenario.schema.scenario import Scenario

BIG = 100_000_000


def epidemic(towns: Plain, **section: Any) -> Epidemic:
    province = People.model_validate_json(json.dumps(towns))
    spread = EpidemicSection.model_validate_json(json.dumps({"variant": variant(2.0)} | section))
    return Epidemic(spread, province, populate(province), date(2024, 1, 1), Streams(1, 0))


@pytest.mark.parametrize(("infectious", "dt"), [(4.0, 0.25), (6.0, 1.0), (3.0, 0.5)])
def test_the_share_still_infectious_is_that_of_the_epidemic(infectious: float, dt: float) -> None:
    """The onsets of one day, followed in an epidemic without transmission."""
    n = 2_000_000
    spread = variant(0.0, infectious_days=infectious, latent_days=4.0)
    e = epidemic(
        people(districts={"town": district(BIG)}), variant=spread, dt_days=dt, initial_infections={"town": n}
    )
    nobody = np.zeros_like(e.recovered)
    e.advance(0, nobody)
    onsets = e.advance(1, nobody).onsets.sum()
    e.exposed[:], e.infectious[:] = 0, 0
    # onsets of a day that are spread evenly over its steps
    steps = round(1 / dt)
    still = still_infectious(infectious, dt)
    assert still.shape[0] == steps
    assert (np.diff(still[:, 1:], axis=1) <= 0).all()
    assert still[0, -1] < 1e-3 <= still[0, -2]
    leave, alive = 2 * dt / infectious, []
    rng = np.random.default_rng(1)
    stay = rng.geometric(leave, (2, int(onsets))).sum(axis=0)  # steps in I, the first of them after onset
    onset = rng.integers(0, steps, len(stay))
    for day in range(1, 6):
        since = (day - 1) * steps + steps - 1 - onset  # steps passed in I at the day's 00:00
        alive.append((stay > since).mean())
    np.testing.assert_allclose(still[0, 1:6], alive, atol=0.005)


def test_people_isolate_from_the_day_after_the_report_until_they_infect_nobody() -> None:
    still = np.array([[1.0, 0.9, 0.5, 0.2, 0.0]])
    section = CaseIsolationSection(cases_compliance=0.5, contacts_compliance=1.0)
    isolation = CaseIsolation(section, still, 1)
    cases, contacts = np.zeros((5, 1), np.int64), np.zeros((5, 1), np.int64)
    cases[1], contacts[0] = 100, 30  # onset yesterday, and today
    isolation.isolate(cases, contacts)
    assert isolation.infectious.sum() == 0
    seen = []
    for _ in range(5):
        isolation.begin_day()
        seen.append(isolation.infectious[0, 0])
    assert seen == pytest.approx([50 * 0.5 + 30 * 0.9, 50 * 0.2 + 30 * 0.5, 30 * 0.2, 0.0, 0.0])


def test_the_force_of_infection_falls_by_the_share_of_the_infectious_who_isolate() -> None:
    towns = people(districts={"here": district(BIG), "there": district(BIG)}, outside_share=0.0)
    seeds = {"here": 4_000_000, "there": 4_000_000}

    def infections(share: float | None) -> np.ndarray:
        e = epidemic(towns, initial_infections=seeds)
        nobody = np.zeros_like(e.recovered)
        for day in range(4):
            e.advance(day, nobody)
        now = e.infectious.sum(axis=(0, 2, 3))
        isolated = None if share is None else np.tile([share * now[0], 0.0], (1, 4, 1))
        return e.advance(4, nobody, 0, isolated).infections.astype(float)

    free, half, all_of_them = infections(None), infections(0.5), infections(10.0)
    np.testing.assert_array_equal(free, infections(0.0))
    assert half[0] / free[0] == pytest.approx(
        0.5, abs=0.05
    )  # the infectious of the day add to those of 00:00
    assert half[1] == pytest.approx(free[1], rel=0.01)
    assert all_of_them[0] == 0


def outbreak(isolation: Plain | None, tests: Plain | None = None, share: float = 0.5) -> Scenario:
    found: Plain = {"share": share, "delay_days": {"fixed": 1.0}}
    epidemic = {
        "variant": variant(1.8),
        "initial_infections": {"town": 500},
        "detection": found if tests is None else found | {"tests": tests},
    }
    return build(
        small(
            150,
            people=people(districts={"town": district(300_000)}),
            epidemic=epidemic if isolation is None else epidemic | {"isolation": isolation},
            clinical=clinical(severity=severity(p_oxygen=0.01)),
        )
    )


@pytest.mark.slow
@pytest.mark.parametrize("tests", [None, {"single_per_day": 300, "contacts_per_case": 5}])
def test_isolation_with_which_nobody_complies_changes_nothing(tests: Plain | None) -> None:
    free = run_once(outbreak(None, tests), 1, 0)
    none = run_once(outbreak({"cases_compliance": 0, "contacts_compliance": 0}, tests), 1, 0)
    assert free.outcomes == none.outcomes
    np.testing.assert_array_equal(free.province, none.province)


@pytest.mark.slow
def test_isolation_bends_the_epidemic_the_more_the_more_are_found() -> None:
    sizes = [
        run_once(outbreak({"cases_compliance": compliance}, share=share), 1, 0).outcomes["infections"]
        for compliance, share in ((0.0, 0.5), (0.8, 0.25), (0.8, 0.5), (1.0, 1.0))
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 0.1 * sizes[0]


@pytest.mark.slow
def test_the_isolated_are_some_of_the_infectious() -> None:
    run = run_once(outbreak({"cases_compliance": 1.0}, share=1.0), 1, 0)
    isolated, infectious = run.series("isolated_infectious"), run.series("infectious")
    assert isolated.max() > 50
    assert (isolated[1:] <= 1.1 * infectious[:-1] + 50).all()  # expected against drawn, a 00:00 on


@pytest.mark.slow
def test_few_tests_let_an_epidemic_grow_that_tests_for_all_would_hold() -> None:
    isolation = {"cases_compliance": 1.0}
    plenty = run_once(outbreak(isolation, {"single_per_day": 1e6}, share=0.8), 1, 0)
    few = run_once(outbreak(isolation, {"single_per_day": 100}, share=0.8), 1, 0)
    assert plenty.outcomes["infections"] < 0.5 * few.outcomes["infections"]


@pytest.mark.slow
def test_contacts_who_isolate_bend_it_further() -> None:
    tests = {"single_per_day": 1e6, "contacts_per_case": 10.0, "contact_positivity": 0.1}
    cases = run_once(outbreak({"cases_compliance": 0.5}, tests), 1, 0)
    both = run_once(outbreak({"cases_compliance": 0.5, "contacts_compliance": 0.9}, tests), 1, 0)
    assert both.outcomes["infections"] < 0.95 * cases.outcomes["infections"]
