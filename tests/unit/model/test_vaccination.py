"""Vaccination: who gets a dose, when it works, whom it protects, and that no dose is lost."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import numpy as np
import pytest
from strategies import Plain, build, clinical, district, facility, people, severity, small, variant

from surgesim.errors import IdentityError
from surgesim.model.clock.streams import Streams
from surgesim.model.epidemic.people import populate
from surgesim.model.epidemic.spread import (
    BOTH,
    NONE,
    VACCINATED,
    WANED,
    Epidemic,
    protection,
    severe_if_infected,
)
from surgesim.model.epidemic.vaccination import Vaccination
from surgesim.model.simulation import Simulation, run_once
from surgesim.scenario.schema.epidemic import Epidemic as EpidemicSection
from surgesim.scenario.schema.people import People
from surgesim.scenario.schema.response.vaccination import Vaccination as VaccinationSection

START = date(2024, 1, 1)
GROUPS: Plain = {
    "over-50": {"from_age": 50, "acceptance": 0.8},
    "high-risk": {"risk": "high", "acceptance": 1.0},
    "others": {"acceptance": 0.5},
}
PEOPLE = np.full(
    (2, 9, 2), 1_000
)  # 36,000: 8 cells over 50 in each of 2 districts, 5 young cells of each risk
NOBODY = np.zeros_like(PEOPLE)


def section(**changes: Any) -> VaccinationSection:
    plain = {
        "doses_per_day": 500,
        "start": "2024-01-01",
        "days_to_delivery": 0,
        "days_to_effect": 3,
        "groups": GROUPS,
    }
    return VaccinationSection.model_validate_json(json.dumps(plain | changes))


def susceptible(none: int = 1_000, waned: int = 0) -> np.ndarray:
    """Of each cell so many unprotected and waned, the rest immune."""
    state = np.zeros((*PEOPLE.shape, 3), np.int64)
    state[..., NONE], state[..., WANED] = none, waned
    return state


def pass_days(vaccination: Vaccination, number: int, state: np.ndarray, heads: int = 0) -> list[int]:
    """Doses given a day; moves whom they protect."""
    given = []
    for day in range(number):
        rng = np.random.default_rng(day)
        vaccination.give(day, vaccination.receive(day), NOBODY, heads, rng)
        none, waned = vaccination.take_effect(day, state, NOBODY, rng)
        state[..., NONE] -= none
        state[..., WANED] -= waned
        state[..., VACCINATED] += none + waned
        vaccination.check(day)
        given.append(vaccination.doses_today)
    return given


def test_groups_have_their_doses_in_order_each_up_to_its_acceptance() -> None:
    vaccination = Vaccination(section(), PEOPLE, START)
    given = pass_days(vaccination, 60, susceptible())
    wanted = {"over-50": 0.8 * 16_000, "high-risk": 10_000, "others": 0.5 * 10_000}
    assert sum(given) == sum(wanted.values()) == 27_800
    assert given == [500] * 55 + [300] + [0] * 4
    old, young_high, young_low = np.s_[:, 5:], np.s_[:, :5, 1], np.s_[:, :5, 0]
    for cells, share in ((old, 0.8), (young_high, 1.0), (young_low, 0.5)):
        assert (vaccination.doses[cells] == share * 1_000).all()
    # the first 12,800 doses go to the first group alone
    first = Vaccination(section(), PEOPLE, START)
    pass_days(first, 25, susceptible())
    assert first.doses[old].sum() == 12_500 == first.doses.sum()


def test_doses_fall_on_the_cells_of_a_group_by_chance_in_proportion() -> None:
    vaccination = Vaccination(section(doses_per_day=6_400), PEOPLE, START)
    vaccination.give(0, vaccination.receive(0), NOBODY, 0, np.random.default_rng(1))
    doses = vaccination.doses[:, 5:]
    assert doses.sum() == 6_400
    assert doses.mean() == 400
    assert 0 < np.abs(doses - 400).max() < 5 * (800 * 0.25) ** 0.5


def test_doses_come_after_delivery_from_the_start_to_the_day_before_the_end() -> None:
    dates = section(start="2024-01-03", end="2024-01-06", days_to_delivery=2)
    given = pass_days(Vaccination(dates, PEOPLE, START), 9, susceptible())
    assert given == [0, 0, 0, 0, 500, 500, 500, 0, 0]


def test_parts_of_doses_add_up() -> None:
    given = pass_days(Vaccination(section(doses_per_day=0.4), PEOPLE, START), 10, susceptible())
    assert given == [0, 0, 1, 0, 1, 0, 0, 1, 0, 1]


@pytest.mark.parametrize("days_to_effect", [0, 1, 5])
def test_a_dose_protects_after_its_days_and_not_before(days_to_effect: int) -> None:
    state = susceptible()
    vaccination = Vaccination(section(days_to_effect=days_to_effect), PEOPLE, START)
    protected = []
    for day in range(7):
        rng = np.random.default_rng(day)
        vaccination.give(day, vaccination.receive(day), NOBODY, 0, rng)
        none, waned = vaccination.take_effect(day, state, NOBODY, rng)
        assert waned.sum() == 0
        protected.append(int(none.sum()))
    assert protected == [0] * days_to_effect + [500] * (7 - days_to_effect)


def test_of_a_cell_whose_half_is_immune_half_of_the_doses_are_without_effect() -> None:
    state = susceptible(none=300, waned=200)
    vaccination = Vaccination(section(), PEOPLE, START)
    pass_days(vaccination, 60, state)
    assert vaccination.doses_due.sum() == 27_800
    assert vaccination.protected + vaccination.without_effect == 27_800
    assert vaccination.protected / 27_800 == pytest.approx(0.5, abs=4 * (0.25 / 27_800) ** 0.5)
    moved_from_waned = PEOPLE.sum() * 0.2 - state[..., WANED].sum()
    assert moved_from_waned / vaccination.protected == pytest.approx(0.4, abs=0.02)
    assert (state >= 0).all()


def test_where_all_take_a_dose_all_susceptible_are_protected_and_nobody_twice() -> None:
    everybody = {"all": {"acceptance": 1.0}}
    state = susceptible(none=300, waned=200)
    vaccination = Vaccination(section(groups=everybody, doses_per_day=5_000), PEOPLE, START)
    pass_days(vaccination, 30, state)
    assert (vaccination.doses == PEOPLE).all()
    assert (state[..., VACCINATED] == 500).all()
    assert state[..., :VACCINATED].sum() == 0


def test_health_workers_come_first_and_are_counted_apart() -> None:
    vaccination = Vaccination(section(health_workers=0.9, doses_per_day=400), PEOPLE, START)
    given = pass_days(vaccination, 3, susceptible(), heads=1_000)
    assert given == [400, 400, 400]
    assert vaccination.staff_doses == 900
    assert vaccination.doses.sum() == 300
    assert vaccination.staff_protected_share(1_000) == 0.0
    pass_days_on = 3
    for day in range(3, 3 + pass_days_on):
        vaccination.take_effect(day, susceptible(), NOBODY, np.random.default_rng(day))
    assert vaccination.staff_protected_share(1_000) == 0.9
    assert vaccination.staff_protected_share(0) == 0.0


def test_the_dead_get_no_dose() -> None:
    vaccination = Vaccination(section(groups={"all": {"acceptance": 1.0}}, doses_per_day=1e6), PEOPLE, START)
    vaccination.give(0, vaccination.receive(0), PEOPLE // 4, 0, np.random.default_rng(1))
    assert (vaccination.doses == 750).all()


def test_where_the_others_are_dead_every_dose_protects() -> None:
    everybody = section(groups={"all": {}}, doses_per_day=3_600, days_to_effect=0)
    vaccination = Vaccination(everybody, PEOPLE, START)
    dead, rng = np.full_like(PEOPLE, 400), np.random.default_rng(1)
    vaccination.give(0, vaccination.receive(0), dead, 0, rng)
    none, waned = vaccination.take_effect(0, susceptible(none=600), dead, rng)
    assert (int(none.sum()), int(waned.sum())) == (3_600, 0)
    assert vaccination.without_effect == 0


def test_the_protection_of_health_workers_wanes_by_its_share_each_day() -> None:
    once = {"doses_per_day": 800, "end": "2024-01-02", "days_to_effect": 0}
    vaccination = Vaccination(section(health_workers=0.8, waning_days=4.0, **once), PEOPLE, START)
    shares = []
    for day in range(4):
        rng = np.random.default_rng(day)
        vaccination.give(day, vaccination.receive(day), NOBODY, 1_000, rng)
        vaccination.take_effect(day, susceptible(), NOBODY, rng)
        shares.append(vaccination.staff_protected_share(1_000))
    assert shares == pytest.approx([0.8, 0.6, 0.45, 0.3375])


def test_the_vulnerable_share_counts_doses_given_in_the_groups_named() -> None:
    vaccination = Vaccination(section(vulnerable=["over-50"]), PEOPLE, START)
    pass_days(vaccination, 8, susceptible())
    assert vaccination.vulnerable_share == 4_000 / 16_000
    assert Vaccination(section(), PEOPLE, START).vulnerable_share == 0.0


def test_a_dose_that_is_lost_is_noticed() -> None:
    vaccination = Vaccination(section(), PEOPLE, START)
    pass_days(vaccination, 2, susceptible())
    vaccination.doses[0, 5, 0] += 1
    with pytest.raises(IdentityError, match="doses given = in transit"):
        vaccination.check(2)


# -- in the epidemic and the run ------------------------------------------------------------------


def test_protection_wanes_into_the_waned_stratum() -> None:
    towns = People.model_validate_json(json.dumps(people(districts={"town": district(2_000_000)})))
    vaccination = {
        "doses_per_day": 1e7,
        "start": "2024-01-01",
        "days_to_delivery": 0,
        "days_to_effect": 0,
        "waning_days": 40.0,
        "groups": {"all": {"acceptance": 0.5}},
    }
    plain = {"variant": variant(0.0), "vaccination": vaccination, "immunity": {"vaccinated": {"severe": 0.9}}}
    spread = EpidemicSection.model_validate_json(json.dumps(plain))
    e = Epidemic(spread, towns, populate(towns), START, Streams(1, 0))
    vaccinated = []
    for day in range(30):
        e.advance(day, np.zeros_like(e.recovered))
        e.check(day)
        vaccinated.append(int(e.susceptible[..., VACCINATED].sum()))
    assert vaccinated[0] == pytest.approx(1_000_000, abs=100)  # waning is of those protected before
    left = np.array(vaccinated[1:]) / np.array(vaccinated[:-1])
    np.testing.assert_allclose(left, 1 - 1 / 40, atol=0.002)
    assert e.susceptible.sum() == 2_000_000


def test_doses_work_after_the_last_of_them_was_given() -> None:
    towns = People.model_validate_json(json.dumps(people(districts={"town": district(50_000)})))
    vaccination = {
        "doses_per_day": 700,
        "start": "2024-01-03",
        "end": "2024-01-05",
        "days_to_delivery": 0,
        "days_to_effect": 6,
        "groups": {"all": {}},
    }
    plain = {"variant": variant(0.0), "vaccination": vaccination}
    e = Epidemic(
        EpidemicSection.model_validate_json(json.dumps(plain)), towns, populate(towns), START, Streams(1, 0)
    )
    vaccinated = []
    for day in range(12):
        e.advance(day, np.zeros_like(e.recovered))
        e.check(day)
        vaccinated.append(int(e.susceptible[..., VACCINATED].sum()))
    assert vaccinated == [0] * 8 + [700] + [1_400] * 3


# -- a dose takes nothing away --------------------------------------------------------------------


def spread_with(waned: Plain, vaccinated: Plain | None, escape: float = 0.0) -> EpidemicSection:
    plain = {
        "variant": variant(0.0, vaccine_escape=escape),
        "immunity": {"waned_share": 0.5, "waned": waned, "vaccinated": vaccinated},
        "vaccination": {
            "doses_per_day": 1e7,
            "start": "2024-01-01",
            "days_to_delivery": 0,
            "days_to_effect": 2,
            "groups": {"all": {"acceptance": 1.0}},
        },
    }
    return EpidemicSection.model_validate_json(json.dumps(plain))


@pytest.mark.parametrize(
    ("waned", "dose", "escape", "both"),
    [
        ((0.2, 0.6), (0.6, 0.8), 0.0, None),  # the dose is better in both: one stratum does
        ((0.6, 0.8), (0.6, 0.8), 0.0, None),
        ((0.6, 0.8), (0.2, 0.9), 0.0, (0.6, 0.9)),
        ((0.2, 0.8), (0.6, 0.3), 0.0, (0.6, 0.8)),
        ((0.5, 0.9), (0.0, 0.0), 0.0, (0.5, 0.9)),
        ((0.6, 0.8), (0.4, 0.5), 0.5, None),  # the variant escapes half of the waned protection
        ((0.6, 0.8), (0.2, 0.5), 0.5, (0.3, 0.5)),
    ],
)
def test_protection_is_the_better_of_the_two_against_each(
    waned: tuple[float, float], dose: tuple[float, float], escape: float, both: tuple[float, float] | None
) -> None:
    names = ("infection", "severe")
    section = spread_with(dict(zip(names, waned, strict=True)), dict(zip(names, dose, strict=True)), escape)
    table = protection(section)
    np.testing.assert_allclose(table[:3], [(0, 0), np.array(waned) * (1 - escape), dose])
    assert len(table) == (3 if both is None else 4)
    if both is not None:
        np.testing.assert_allclose(table[BOTH], both)
        assert (table[BOTH] >= table[WANED]).all()
        assert (table[BOTH] >= table[VACCINATED]).all()


@pytest.mark.parametrize(
    ("infection", "severe", "relative"),
    [
        (0.65, 0.90, 0.10 / 0.35),  # 71 % of the infected are protected
        (0.0, 0.85, 1 - 0.85),
        (0.6, 0.6, 1.0),  # nothing beyond the infections prevented
        (0.6, 0.2, 1.0),  # raised to it
        (0.6, 1.0, 0.0),
        (1.0, 0.5, 0.0),  # nobody is infected
    ],
)
def test_published_protection_against_severe_disease_is_that_of_a_person(
    infection: float, severe: float, relative: float
) -> None:
    section = spread_with({}, {"infection": infection, "severe": severe})
    risk = severe_if_infected(section)
    assert risk[VACCINATED] == pytest.approx(relative)
    assert risk[NONE] == risk[WANED] == 1.0
    if relative < 1:
        assert (1 - infection) * risk[VACCINATED] == pytest.approx(1 - max(infection, severe))


def test_a_variant_escapes_a_share_of_the_protection_of_a_person() -> None:
    risk = severe_if_infected(spread_with({"infection": 0.2, "severe": 0.6}, None, 0.3))
    assert risk[WANED] == pytest.approx((1 - 0.42) / (1 - 0.14))


def test_who_had_waned_protection_keeps_what_is_better_of_it_and_wanes_back() -> None:
    towns = People.model_validate_json(json.dumps(people(districts={"town": district(100_000)})))
    section = spread_with({"infection": 0.5, "severe": 0.2}, {"infection": 0.1, "severe": 0.9})
    waning = json.loads(section.model_dump_json())
    waning["vaccination"]["waning_days"] = 10.0
    for plain, left in ((section.model_dump_json(), 1.0), (json.dumps(waning), 0.9)):
        e = Epidemic(EpidemicSection.model_validate_json(plain), towns, populate(towns), START, Streams(1, 0))
        for day in range(4):
            e.advance(day, np.zeros_like(e.recovered))
            e.check(day)
        strata = e.susceptible.sum(axis=(0, 1, 2))
        assert strata.sum() == 100_000
        assert strata[NONE] == 0
        # the second day after the doses come to their effect is the first on which they can wane
        expected = [100_000 * (1 - left), 50_000 * left, 50_000 * left]
        np.testing.assert_allclose(strata[[WANED, VACCINATED, BOTH]], expected, atol=500)


@pytest.mark.slow
def test_all_the_vaccinated_are_counted_and_fall_ill_by_what_protects_them() -> None:
    """Everybody had waned protection, and the dose protects less: nothing changes but the count."""
    immunity = {
        "waned_share": 1.0,
        "waned": {"infection": 0.5, "severe": 0.9},
        "vaccinated": {"infection": 0.0, "severe": 0.1},
    }
    all_at_once = PLAN | {"doses_per_day": 1e6, "days_to_delivery": 0, "days_to_effect": 0}
    all_at_once |= {"groups": {"all": {"acceptance": 1.0}}, "vulnerable": []}
    doses = run_once(scenario(all_at_once, immunity=immunity, variant=variant(5.0)), 1, 0)
    assert doses.series("vaccinated")[0] > 190_000
    none = [
        run_once(scenario(None, immunity=immunity, variant=variant(5.0)), 1, r).outcomes for r in range(4)
    ]
    for outcome, within in (("infections", 0.02), ("deaths", 0.2)):
        mean = sum(one[outcome] for one in none) / len(none)
        assert doses.outcomes[outcome] == pytest.approx(mean, rel=within)


def scenario(vaccination: Plain | None, plan: Plain | None = None, **epidemic: Any) -> Any:
    spread = {
        "variant": variant(2.5),
        "initial_infections": {"town": 400},
        "immunity": {
            "immune_share": 0.2,
            "waned_share": 0.5,
            "vaccinated": {"infection": 0.7, "severe": 0.9},
        },
    } | epidemic
    if vaccination is not None:
        spread["vaccination"] = vaccination
    return build(
        small(
            90,
            people=people(districts={"town": district(200_000)}),
            clinical=clinical(severity=severity(p_oxygen=0.02)),
            epidemic=spread,
            care={
                "facilities": {
                    "alpha": facility(oxygen=500, icu=100, staff={"doctors": 400, "ward_nurses": 900})
                }
            },
            command={"plan": plan or {}},
        )
    )


PLAN: Plain = {
    "doses_per_day": 4_000,
    "start": "2024-01-01",
    "groups": GROUPS,
    "vulnerable": ["over-50", "high-risk"],
}


@pytest.mark.slow
def test_vaccination_lowers_infections_and_shows_in_the_record() -> None:
    without, with_doses = run_once(scenario(None), 1, 0), run_once(scenario(PLAN), 1, 0)
    assert with_doses.outcomes["infections"] < 0.8 * without.outcomes["infections"]
    assert with_doses.outcomes["deaths"] < without.outcomes["deaths"]
    assert with_doses.series("doses_given")[:7].sum() == 0  # 7 days to delivery
    assert with_doses.series("vaccinated")[:21].sum() == 0  # 14 more to effect
    assert with_doses.series("vaccinated")[21] > 0
    assert 0 < with_doses.series("doses_without_effect").sum() < with_doses.outcomes["doses_given"]
    share = with_doses.series("vulnerable_vaccinated_share")
    assert (np.diff(share) >= 0).all()
    assert share[-1] == pytest.approx(0.8, abs=0.01)
    assert without.outcomes["doses_given"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("zero", [{"doses_per_day": 0}, {"start": "2024-03-25"}])
def test_vaccination_without_a_dose_changes_nothing(zero: Plain) -> None:
    plain, none = run_once(scenario(None), 1, 0), run_once(scenario(PLAN | zero), 1, 0)
    assert plain.outcomes == none.outcomes


@pytest.mark.slow
def test_vaccinated_staff_are_infected_less_often() -> None:
    spread = {"immunity": {"vaccinated": {"infection": 0.8}}}
    only_staff = PLAN | {"health_workers": 1.0, "groups": {"old": {"from_age": 80, "acceptance": 0.0}}}
    runs = []
    for plan in (PLAN | {"doses_per_day": 0}, only_staff | {"vulnerable": []}):
        run = Simulation(scenario(plan, **spread), 1, 0)
        run.run()
        assert run.province.capacity.absences is not None
        runs.append(int(run.province.capacity.absences.infections.sum()))
    assert runs[1] < 0.5 * runs[0]


@pytest.mark.slow
def test_a_rule_brings_doses_after_its_lead_time_and_until_its_end() -> None:
    rule = {
        "action": "vaccinate",
        "doses_per_day": 1_000,
        "when": {"on": "2024-01-05"},
        "until": {"on": "2024-01-20"},
        "decision_days": 0,
    }
    run = run_once(scenario(PLAN | {"doses_per_day": 0}, {"doses": rule}), 1, 0)
    given = run.series("doses_given")
    assert given[:11].sum() == 0
    assert (given[11:19] == 1_000).all()
    assert given[19:].sum() == 0
