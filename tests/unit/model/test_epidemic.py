"""The epidemic: R0, durations, measures, immunity and importation, each on its own."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from strategies import Plain, district, fought_epidemics, people, provinces, variant

from surgesim.errors import ScenarioError
from surgesim.model.clock.streams import Streams
from surgesim.model.epidemic.people import Population, populate
from surgesim.model.epidemic.spread import (
    NONE,
    VACCINATED,
    WANED,
    DayOfInfection,
    Epidemic,
    next_generation,
    transmission_rate,
)
from surgesim.scenario.schema.epidemic import Epidemic as EpidemicSection
from surgesim.scenario.schema.people import People

BIG = 100_000_000
AGES = [0.159, 0.14, 0.158, 0.166, 0.139, 0.114, 0.0755, 0.0286, 0.0199]


def section_of(towns: Plain) -> People:
    return People.model_validate_json(json.dumps(towns))


def epidemic(population: Plain | None = None, **section: Any) -> Epidemic:
    """An epidemic on its own, in one big town unless `population` says otherwise."""
    plain = {"variant": variant(3.0)} | section
    towns = section_of(population or people(districts={"town": district(BIG)}))
    spread = EpidemicSection.model_validate_json(json.dumps(plain))
    return Epidemic(spread, towns, populate(towns), date(2024, 1, 1), Streams(1, 0))


def nobody_dead(e: Epidemic) -> np.ndarray:
    return np.zeros_like(e.recovered)


def days(e: Epidemic, number: int) -> list[DayOfInfection]:
    return [e.advance(day, nobody_dead(e)) for day in range(number)]


def two_towns(**changes: Any) -> Plain:
    return people(districts={"here": district(BIG), "there": district(BIG)}) | changes


# -- R0 -------------------------------------------------------------------------------------------


def next_generation_matrix(population: Population, susceptibility: np.ndarray, r0: float) -> np.ndarray:
    """Infections in district d, age a, from one infectious person of district e, age b, all susceptible."""
    number = population.count.sum(axis=2).astype(float)
    contacts = population.contacts.sum(axis=0)
    rate = transmission_rate(r0, 4.0, population, susceptibility)
    matrix = np.einsum("da,a,ab,de,eb->daeb", number, susceptibility, contacts, population.mixing, 1 / number)
    size = number.size
    return (rate * 4.0 * matrix).reshape(size, size)


def test_the_next_generation_matrix_of_a_province_has_r0_as_dominant_eigenvalue() -> None:
    rng = np.random.default_rng(3)
    tables = {setting: rng.uniform(0.1, 9, (9, 9)).tolist() for setting in people()["contacts"]}
    towns = {"a": district(50_000), "b": district(9_000, travel_hours=2.0), "c": district(200_000)}
    province = section_of(people(districts=towns, ages=AGES, contacts=tables))
    susceptibility = np.linspace(0.4, 1.2, 9)
    matrix = next_generation_matrix(populate(province), susceptibility, 3.7)
    assert np.abs(np.linalg.eigvals(matrix)).max() == pytest.approx(3.7, rel=1e-9)


def test_without_contacts_no_r0_but_0_can_be_met() -> None:
    nobody_meets = dict.fromkeys(people()["contacts"], [[0.0] * 9] * 9)
    town = populate(section_of(people(contacts=nobody_meets)))
    assert transmission_rate(0.0, 4.0, town, np.ones(9)) == 0.0
    with pytest.raises(ScenarioError, match="expected 0 where nobody can infect anybody"):
        transmission_rate(3.0, 4.0, town, np.ones(9))


# -- durations ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("latent", "infectious", "dt"), [(3.0, 4.0, 0.25), (4.0, 6.0, 1.0), (1.3, 2.0, 0.1)])
def test_mean_latent_and_infectious_times_are_exact_at_any_step(
    latent: float, infectious: float, dt: float
) -> None:
    """A cohort of a million without transmission: who enters a stage in a step moves first in the next."""
    n = 1_000_000
    spread = variant(0.0, latent_days=latent, infectious_days=infectious)
    e = epidemic(variant=spread, dt_days=dt, initial_infections={"town": n})
    onsets = np.concatenate([day.onsets.sum(axis=(0, 1, 2, 3)) for day in days(e, 60)])
    assert onsets.sum() == pytest.approx(n, abs=5)
    steps = np.arange(1, len(onsets) + 1)
    assert (onsets * steps).sum() * dt / n == pytest.approx(latent, rel=0.003)


def test_mean_infectious_time_is_exact() -> None:
    n = 1_000_000
    spread = variant(0.0, latent_days=4.0, infectious_days=6.0)
    e = epidemic(variant=spread, dt_days=1.0, initial_infections={"town": n})
    person_days = 0
    for day in range(100):
        e.advance(day, nobody_dead(e))
        person_days += int(e.infectious.sum())
    assert person_days / n == pytest.approx(6.0, rel=0.003)


# -- conservation ---------------------------------------------------------------------------------


@pytest.mark.slow
@given(provinces().flatmap(lambda p: fought_epidemics(list(p["districts"])).map(lambda e: (p, e))))
def test_people_move_between_compartments_and_none_is_lost(sections: tuple[Any, Any]) -> None:
    towns, section = sections
    e = epidemic(population=towns, **section)
    people_by_cell = e.susceptible.sum(axis=-1) + e.exposed.sum(axis=(0, -1)) + e.recovered
    np.testing.assert_array_equal(people_by_cell, populate(section_of(towns)).count)
    for day in range(15):
        exposed, infectious = e.exposed.sum(), e.infectious.sum()
        brought = e.advance(day, nobody_dead(e))
        now = (
            e.susceptible.sum(axis=-1) + e.exposed.sum(axis=(0, -1)) + e.infectious.sum(axis=0) + e.recovered
        )
        np.testing.assert_array_equal(now, people_by_cell)
        onsets = brought.onsets.sum()
        expected = exposed + brought.infections.sum() + brought.imported.sum() - onsets
        if brought.visitors is None:
            assert e.exposed.sum() == expected
        else:  # some of those exposed have left
            assert e.exposed.sum() <= expected + brought.visitors.infected
        assert e.infectious.sum() <= infectious + onsets
        assert min(e.susceptible.min(), e.exposed.min(), e.infectious.min(), e.recovered.min()) >= 0


# -- measures -------------------------------------------------------------------------------------

SEEDED = {"initial_infections": {"town": 5_000_000}}


def infections_on(day: int, section: Plain, towns: Plain | None = None) -> np.ndarray:
    return days(epidemic(population=towns, **section), day + 1)[day].infections.astype(float)


def measure(**changes: Any) -> Plain:
    return {"measures": {"lockdown": {"reduces": {"community": 0.8}, "start": "2024-01-01"} | changes}}


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({}, 1 - 0.8 / 4),  # the four settings have equal contacts
        ({"compliance": 0.5}, 1 - 0.4 / 4),
        ({"reduces": {"home": 1.0, "school": 1.0, "work": 1.0, "community": 1.0}}, 0.0),
        ({"reduces": {"home": 0.4, "work": 0.6}}, 1 - 1.0 / 4),
        ({"start": "none"}, 1.0),  # a rule would have to start it
        ({"start": "2024-01-05"}, 1.0),
    ],
)
def test_a_measure_takes_its_share_of_contacts_away(changes: Plain, left: float) -> None:
    free, locked = infections_on(1, SEEDED)[0], infections_on(1, SEEDED | measure(**changes))[0]
    # those infectious on the second day were seeded, but for a few
    assert locked / free == pytest.approx(left, abs=0.004)


def test_two_measures_multiply() -> None:
    both = {
        "measures": {
            name: {
                "reduces": {"home": 0.5, "school": 0.5, "work": 0.5, "community": 0.5},
                "start": "2024-01-01",
            }
            for name in ("one", "two")
        }
    }
    assert infections_on(1, SEEDED | both)[0] / infections_on(1, SEEDED)[0] == pytest.approx(0.25, abs=0.004)


def test_a_measure_of_a_district_leaves_the_others_alone() -> None:
    towns = two_towns(outside_share=0.0)
    seeded = {"initial_infections": {"here": 5_000_000, "there": 5_000_000}}
    everything = {"home": 1.0, "school": 1.0, "work": 1.0, "community": 1.0}
    locked = infections_on(1, seeded | measure(reduces=everything, districts=["here"]), towns)
    free = infections_on(1, seeded, towns)
    assert locked[0] == 0
    assert locked[1] == pytest.approx(free[1], rel=0.01)


def test_a_measure_is_in_force_from_its_start_until_the_day_of_its_end() -> None:
    section = SEEDED | measure(
        reduces={"home": 1.0, "school": 1.0, "work": 1.0, "community": 1.0},
        start="2024-01-03",
        end="2024-01-06",
    )
    infected = [float(day.infections.sum()) for day in days(epidemic(**section), 8)]
    assert [number == 0 for number in infected] == [False, False, True, True, True, False, False, False]


def test_a_measure_started_by_a_rule_lasts_until_all_that_started_it_have_ended_it() -> None:
    everything = {"home": 1.0, "school": 1.0, "work": 1.0, "community": 1.0}
    e = epidemic(**SEEDED, measures={"lockdown": {"reduces": everything}})
    infected = []
    for day, change in enumerate([None, e.start_measure, e.start_measure, e.end_measure, e.end_measure]):
        if change is not None:
            change("lockdown")
        infected.append(e.advance(day, nobody_dead(e)).infections.sum() > 0)
    assert infected == [True, False, False, False, True]


def test_a_lockdown_of_communes_stops_the_infections_of_their_share_of_cases() -> None:
    """As one of the whole district with which that share of people complies; the largest share counts."""
    changes: Plain = {"reduces": {"work": 0.5, "community": 0.5}, "travel": 0.5}

    def locked(compliance: float, *shares: tuple[float, float]) -> DayOfInfection:
        shut = {"shut": changes | {"compliance": compliance}}
        e = epidemic(two_towns(), initial_infections={"here": 900_000}, measures=shut)
        for of_rule in shares:
            e.set_local("shut", 0, of_rule, on=True)
        return days(e, 6)[-1]

    communes, district_wide = locked(0.8, (0.5, 0.2), (0.25, 0.1)), locked(0.4, (1.0, 1.0))
    np.testing.assert_array_equal(communes.infections, district_wide.infections)
    assert communes.infections[0] < locked(0.8).infections[0]


def test_a_limit_on_travel_moves_contacts_into_the_own_district() -> None:
    towns = people(
        districts={"a": district(50_000), "b": district(9_000, travel_hours=2.0), "c": district(200_000)},
        outside_share=0.4,
    )
    limits = {
        "whole": {"travel": 0.8, "compliance": 0.5},
        "only-b": {"travel": 0.5, "districts": ["b"]},
    }
    e = epidemic(population=towns, measures=limits)
    free = e._mixing_of(())
    off = ~np.eye(3, dtype=bool)
    for names, left in (
        (("whole",), np.full((3, 3), 0.6)),
        (("only-b",), np.array([[1, 0.5, 1], [0.5, 0.5, 0.5], [1, 0.5, 1]])),
        (("whole", "only-b"), np.array([[0.6, 0.3, 0.6], [0.3, 0.3, 0.3], [0.6, 0.3, 0.6]])),
    ):
        mixing = e._mixing_of(names)
        np.testing.assert_allclose(mixing[off], (free * left)[off], rtol=1e-12)
        np.testing.assert_allclose(mixing.sum(axis=1), 1.0, rtol=1e-12)
        meetings = np.array([50_000, 9_000, 200_000])[:, None] * mixing
        np.testing.assert_allclose(meetings, meetings.T)  # as many are counted from each side


def test_a_limit_on_travel_keeps_an_epidemic_in_its_district() -> None:
    seeded = {"initial_infections": {"here": 5_000_000}}
    closed = {"measures": {"closed": {"travel": 1.0, "start": "2024-01-01"}}}
    towns = two_towns(outside_share=0.2)
    free, shut = infections_on(1, seeded, towns), infections_on(1, seeded | closed, towns)
    assert free[1] > 0
    assert shut[1] == 0
    assert shut[0] == pytest.approx(free.sum(), rel=0.02)  # contacts are moved, not removed


def test_screening_at_entry_stops_its_share_of_imports_while_in_force() -> None:
    screening = {"screening": 0.9, "compliance": 0.5, "start": "2024-01-21", "districts": ["there"]}
    e = epidemic(
        population=two_towns(),
        variant=variant(0.0),
        importation={"per_day": 200.0, "screening": 0.2},
        measures={"entry": screening},
    )
    imported = np.array([day.imported for day in days(e, 40)], float)
    before, after = imported[:20].mean(axis=0), imported[20:].mean(axis=0)
    np.testing.assert_allclose(before, [80, 80], atol=4 * (80 / 20) ** 0.5)
    np.testing.assert_allclose(after, [80, 80 * 0.55], atol=4 * (80 / 20) ** 0.5)


# -- immunity -------------------------------------------------------------------------------------


def test_immunity_at_the_start_is_by_age_and_what_escapes_joins_the_waned() -> None:
    e = epidemic(
        variant=variant(3.0, infection_escape=0.25),
        immunity={"immune_share": [0.0] * 4 + [0.4] * 5, "waned_share": 0.5},
    )
    people_by_age = (e.susceptible.sum(axis=-1) + e.recovered)[0].sum(axis=-1)
    immune = e.recovered[0].sum(axis=-1) / people_by_age
    np.testing.assert_allclose(immune, [0.0] * 4 + [0.3] * 5, atol=1e-6)
    waned = e.susceptible[0, ..., WANED].sum(axis=-1) / people_by_age
    np.testing.assert_allclose(waned, [0.5] * 4 + [0.1 + 0.3] * 5, atol=1e-6)
    assert e.susceptible.shape[-1] == 2  # no vaccine in this scenario


@pytest.mark.parametrize(("escape", "open_to"), [(0.0, 0.4), (0.5, 0.7), (1.0, 1.0)])
def test_waned_protection_lowers_infection_as_far_as_the_variant_lets_it(
    escape: float, open_to: float
) -> None:
    def infections(share: float) -> float:
        section = SEEDED | {
            "variant": variant(3.0, vaccine_escape=escape),
            "immunity": {"waned_share": share, "waned": {"infection": 0.6}},
        }
        return float(infections_on(1, section)[0])

    assert infections(1.0) / infections(0.0) == pytest.approx(open_to, abs=0.004)


@pytest.mark.slow
def test_immunity_wanes_at_its_rate_and_the_dead_stay_immune() -> None:
    e = epidemic(variant=variant(0.0), immunity={"immune_share": 0.5, "waning_days": 20.0})
    dead = e.recovered // 2
    immune = e.recovered.sum()
    e.advance(0, dead)
    assert (immune - e.recovered.sum()) / immune == pytest.approx(0.5 / 20, rel=0.01)
    assert e.susceptible[..., WANED].sum() == immune - e.recovered.sum()
    for day in range(1, 400):
        e.advance(day, dead)
    np.testing.assert_array_equal(e.recovered, dead)


# -- infections from outside ----------------------------------------------------------------------


def test_initial_infections_move_that_many_residents_from_s_to_e() -> None:
    e = epidemic(population=two_towns(), initial_infections={"there": 1_000})
    assert e.exposed[0].sum(axis=(1, 2, 3)).tolist() == [0, 1_000]
    assert e.susceptible.sum(axis=(1, 2, 3)).tolist() == [BIG, BIG - 1_000]
    by_age = e.exposed[0, 1].sum(axis=(1, 2)) / 1_000
    np.testing.assert_allclose(by_age, [0.1] * 8 + [0.2], atol=0.06)


def test_two_districts_alike_do_not_draw_the_same_people() -> None:
    e = epidemic(population=two_towns(), initial_infections={"here": 1_000, "there": 1_000})
    assert not np.array_equal(e.exposed[0, 0], e.exposed[0, 1])


def test_importation_is_poisson_split_by_population_and_screened() -> None:
    towns = people(districts={"here": district(3_000_000), "there": district(1_000_000)})
    e = epidemic(population=towns, variant=variant(0.0), importation={"per_day": 50.0, "screening": 0.2})
    imported = np.array([day.imported for day in days(e, 60)])
    per_day = imported.sum(axis=1)
    assert per_day.mean() == pytest.approx(40, abs=4 * (40 / 60) ** 0.5)
    assert 0.4 < per_day.var() / 40 < 2.0
    assert imported[:, 0].sum() / imported.sum() == pytest.approx(0.75, abs=0.04)


def test_importation_has_its_days_and_weights() -> None:
    e = epidemic(
        population=two_towns(),
        variant=variant(0.0),
        importation={"per_day": 100.0, "weights": {"there": 2.0}, "from_day": 3, "until_day": 6},
    )
    imported = np.array([day.imported for day in days(e, 9)])
    assert (imported[:, 0] == 0).all()
    assert (imported[:, 1] > 0).tolist() == [False] * 3 + [True] * 3 + [False] * 3


def test_without_importation_its_weights_may_all_be_0() -> None:
    e = epidemic(population=two_towns(), importation={"per_day": 0.0, "weights": {"there": 0.0}})
    assert sum(int(day.imported.sum()) for day in days(e, 3)) == 0


def test_nobody_is_imported_who_is_not_susceptible() -> None:
    e = epidemic(
        population=people(districts={"town": district(500)}),
        variant=variant(0.0),
        importation={"per_day": 400.0},
    )
    imported = sum(int(day.imported.sum()) for day in days(e, 10))
    assert imported == 500
    assert e.susceptible.sum() == 0


def test_the_vaccinated_are_imported_too() -> None:
    e = epidemic(
        population=people(districts={"town": district(500)}),
        variant=variant(0.0),
        importation={"per_day": 400.0},
        vaccination={"groups": {"all": {}}},
    )
    e.susceptible[..., VACCINATED] = e.susceptible[..., NONE] // 2
    e.susceptible[..., NONE] -= e.susceptible[..., VACCINATED]
    assert sum(int(day.imported.sum()) for day in days(e, 10)) == 500
    assert e.susceptible.sum() == 0


def young_here_old_there(meetings: dict[tuple[int, int], float], outside_share: float) -> Population:
    """Two districts of the same size, each of one age group; `meetings` a day by age groups."""
    nothing = np.zeros((9, 9))
    table = nothing.copy()
    for ages, number in meetings.items():
        table[ages] = number
    towns = people(
        districts={
            "here": district(1_000_000, ages=[1.0] + [0.0] * 8),
            "there": district(1_000_000, ages=[0.0] * 8 + [1.0]),
        },
        contacts=dict.fromkeys(("home", "school", "work", "community"), nothing.tolist())
        | {"work": table.tolist()},
        outside_share=outside_share,
    )
    return populate(section_of(towns))


def test_districts_of_different_ages_that_do_not_mix_have_the_r0_of_the_worst() -> None:
    """Children meet 4 children a day, the old 2 of the old."""
    population = young_here_old_there({(0, 0): 4.0, (8, 8): 2.0}, outside_share=0.0)
    assert next_generation(population, np.ones(9)) == pytest.approx(4.0)
    assert next_generation(population, np.array([0.25] + [1.0] * 8)) == pytest.approx(2.0)


@pytest.mark.parametrize(("outside_share", "r0"), [(0.0, 0.0), (1.0, 4.0)])
def test_ages_of_different_districts_meet_only_where_these_mix(outside_share: float, r0: float) -> None:
    """Everybody meets four people of the other age a day, if there are any."""
    population = young_here_old_there({(0, 8): 4.0, (8, 0): 4.0}, outside_share)
    assert next_generation(population, np.ones(9)) == pytest.approx(r0, abs=1e-6)


# -- transmission ---------------------------------------------------------------------------------


def infections(number: int, **section: Any) -> list[int]:
    e = epidemic(initial_infections={"town": 5_000_000}, **section)
    return [int(day.infections.sum()) for day in days(e, number)]


def test_the_factor_of_the_latest_date_multiplies_infections() -> None:
    """Small prevalence: infections of a day are in proportion to the hazard."""
    plain = infections(6)
    changed = infections(6, transmission={"2024-01-05": 3.0, "2024-01-03": 0.5})
    assert changed[:2] == plain[:2]
    assert changed[2] == pytest.approx(0.5 * plain[2], rel=0.03)
    assert infections(5, transmission={"2024-01-05": 3.0})[4] == pytest.approx(3 * plain[4], rel=0.06)


def test_a_factor_of_zero_stops_transmission_and_of_one_changes_nothing() -> None:
    assert infections(4, transmission={"2023-12-01": 0.0}) == [0, 0, 0, 0]
    assert infections(4, transmission={"2023-12-01": 1.0}) == infections(4)
