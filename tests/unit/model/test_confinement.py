"""Quarantine and locked households: who is confined where, for how long, and whom they infect."""

from __future__ import annotations

import json
from datetime import date
from functools import cache

import numpy as np
import pytest
from strategies import Plain, build, clinical, district, people, severity, small, variant

from surgesim.model.clock.streams import Streams
from surgesim.model.epidemic.people import populate
from surgesim.model.epidemic.spread import Epidemic
from surgesim.model.record import Record
from surgesim.model.simulation import run_once
from surgesim.model.surveillance.confinement import STAGES, Confinement, Stages
from surgesim.scenario.schema.epidemic import Epidemic as EpidemicSection
from surgesim.scenario.schema.people import People
from surgesim.scenario.schema.response.detection import Quarantine

STEPS = Stages(4.0, 4.0, 0.5)
NOBODY = np.zeros((STAGES, 1), np.int64)
SOME = np.full((STAGES, 1), 500)


OUTSIDE = np.array([0.8])
"""The share of contacts that are not at home."""


def confinement(**section: float) -> Confinement:
    quarantine = Quarantine.model_validate({"days": 3, "leak": 0.1, "home_adherence": 0.5} | section)
    return Confinement(quarantine, STEPS, np.array([10_000]))


def recorded(confined: Confinement) -> Plain:
    from surgesim.model.columns import Page

    page = Page()
    confined.fill(page)
    return page.province.values


def test_the_stages_are_those_of_the_epidemic() -> None:
    """People infected at the start of a day, followed in an epidemic without transmission."""
    n, dt = 4_000_000, 0.25
    towns = People.model_validate_json(json.dumps(people(districts={"town": district(100_000_000)})))
    plain: Plain = {
        "variant": variant(0.0, latent_days=3.0, infectious_days=5.0),
        "dt_days": dt,
        "initial_infections": {"town": n},
    }
    section = EpidemicSection.model_validate_json(json.dumps(plain))
    e = Epidemic(section, towns, populate(towns), date(2024, 1, 1), Streams(1, 0))
    stages, expected = Stages(3.0, 5.0, dt), np.array([n, 0, 0, 0], float)
    for day in range(4):
        np.testing.assert_allclose(e.infected()[:, 0], expected, atol=5 * n**0.5)
        assert stages.infectious[0] @ expected == pytest.approx(e.infectious.sum(), abs=5 * n**0.5)
        e.advance(day, np.zeros_like(e.recovered))
        expected = stages.of_day @ expected


def test_contacts_stay_for_the_days_of_quarantine_in_places_while_there_are_any() -> None:
    confined = confinement(places=60, contacts_per_case=4.0, infected_share=0.25)
    seen = []
    for reported in (0, 10, 20, 20, 20, 20):
        confined.begin_day(SOME, np.array([reported]), OUTSIDE)
        confined.receive(np.array([0]), np.array([0]), 0)
        confined.check(0)
        values = recorded(confined)
        seen.append((values["quarantined"], values["quarantined_at_home"]))
    assert seen == [(0, 0), (40, 0), (60, 20), (60, 20), (20, 20), (0, 0)]


def test_places_that_a_rule_takes_back_evict_nobody() -> None:
    confined = confinement(contacts_per_case=4.0)
    confined.begin_day(SOME, np.array([0]), OUTSIDE)
    confined.add_places(50)
    confined.begin_day(SOME, np.array([10]), OUTSIDE)
    confined.add_places(-50)
    confined.begin_day(SOME, np.array([20]), OUTSIDE)
    values = recorded(confined)
    assert (values["quarantine_places"], values["quarantined"], values["quarantined_at_home"]) == (0, 40, 40)


def test_what_measures_forbid_those_at_home_have_not_left_to_give_up() -> None:
    """Half of 4 equal settings is at home if two others are closed; nothing is outside if all are."""
    towns = People.model_validate_json(json.dumps(people(districts={"a": district(900), "b": district(900)})))
    closed: Plain = {"school": 1.0, "work": 1.0}
    plain: Plain = {
        "variant": variant(1.0),
        "measures": {
            "some": {"reduces": closed, "start": "2024-01-02", "districts": ["a"]},
            "all": {"reduces": closed | {"community": 1.0}, "start": "2024-01-03"},
        },
    }
    section = EpidemicSection.model_validate_json(json.dumps(plain))
    e = Epidemic(section, towns, populate(towns), date(2024, 1, 1), Streams(1, 0))
    shares = [e.outside_home(day).tolist() for day in range(3)]
    assert shares == [[0.75, 0.75], [0.5, 0.75], [0.0, 0.0]]


@pytest.mark.parametrize(("places", "kept"), [(1000, 0.9), (0, 0.5 * 0.8), (20, (0.9 + 0.4) / 2)])
def test_those_in_a_place_infect_by_the_leak_and_those_at_home_at_home_or_without_adherence(
    places: int, kept: float
) -> None:
    confined = confinement(places=places, contacts_per_case=4.0, infected_share=0.5)
    all_infectious = np.array([[0], [0], [300], [100]])
    confined.begin_day(all_infectious, np.array([0]), OUTSIDE)
    confined.begin_day(all_infectious, np.array([10]), OUTSIDE)
    assert confined.infectious[0, 0] == pytest.approx(kept * 20)
    assert confined.infectious[1, 0] < kept * 20


def test_nobody_is_confined_twice_and_the_confined_are_never_more_than_there_are() -> None:
    rng, confined = np.random.default_rng(1), confinement(places=5000, infected_share=1.0, leak=0.0, days=9)
    locked = confined.add_households(3.0, 1.0, 9, 1.0)
    locked.share = 1.0
    reported, infected = np.array([0]), np.array([[30], [20], [10], [10]])
    for _ in range(30):
        confined.begin_day(infected, reported, OUTSIDE)
        assert 0 <= confined.infectious[0, 0] <= infected[2:].sum() + 1e-9
        values = recorded(confined)
        assert sum(values[key] for key in values if key.startswith(("quarantined", "household"))) <= 10_000
        new = rng.poisson(8, 1)
        moved = rng.binomial(infected, 0.3)
        infected = infected - moved + np.concatenate([new[None], moved[:-1]])
        confined.receive(new, np.array([0]), 0)
        reported = reported + rng.integers(0, 500)
    assert values["quarantined"] > 3000


def entering(measures: Plain | None = None, **quarantine: float) -> Record:
    """A town without infections but those from outside, in steps of a day."""
    section: Plain = {} if not quarantine else {"quarantine": {"contacts_per_case": 0.0} | quarantine}
    section |= {"measures": measures or {}}
    return run_once(
        build(
            small(
                30,
                people=people(districts={"town": district(50_000)}),
                epidemic={
                    "variant": variant(2.5, latent_days=4.0, infectious_days=4.0),
                    "dt_days": 1.0,
                    "importation": {"per_day": 3.0},
                    "detection": {"share": 0.5, "delay_days": {"fixed": 1.0}},
                }
                | section,
                clinical=clinical(severity=severity(p_oxygen=0.01)),
            )
        ),
        1,
        0,
    )


@cache
def free() -> Record:
    return entering()


def test_if_all_who_enter_stay_in_quarantine_without_a_leak_nobody_else_is_infected() -> None:
    shut = entering(places=100_000, days=100, entrants_share=1.0, leak=0.0, entrants_per_day=50.0)
    assert free().series("infections").sum() > 100
    assert shut.series("infections").sum() == 0
    entered = np.cumsum(50.0 + shut.series("imported"))[:-1]
    np.testing.assert_allclose(shut.series("quarantined")[1:], entered)


@pytest.mark.parametrize("nothing", [{"entrants_share": 0.0}, {"entrants_share": 1.0, "home_adherence": 0.0}])
def test_quarantine_at_no_strength_changes_nothing(nothing: dict[str, float]) -> None:
    one, other = free(), entering(**nothing)
    assert one.districts.tobytes() == other.districts.tobytes()
    assert one.outcomes["infections"] == other.outcomes["infections"]


def test_quarantine_at_home_changes_nothing_if_measures_leave_only_contacts_at_home() -> None:
    closed: Plain = {"reduces": {"school": 1.0, "work": 1.0, "community": 1.0}, "start": "2024-01-01"}
    one, other = (entering({"closed": closed}, **quarantine) for quarantine in ({}, {"entrants_share": 1.0}))
    assert one.outcomes["infections"] == other.outcomes["infections"] > 0
    assert other.series("quarantined_at_home")[-1] > 10
    assert other.series("confined_infectious").max() == 0
