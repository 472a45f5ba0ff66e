"""Levers on who is treated where, and people's reaction: at no strength nothing, at some an effect."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy import stats
from strategies import Plain, build, clinical, deaths, district, facility, people, severity, small, variant

from surgesim.model.record import PROVINCE_INDEX, Record
from surgesim.model.simulation import run_once
from surgesim.scenario.door import overlaid
from surgesim.scenario.schema.scenario import Scenario

pytestmark = pytest.mark.slow

REPLICATIONS = 4
P_OXYGEN = [0.001, 0.002, 0.004, 0.008, 0.015, 0.03, 0.06, 0.12, 0.23]
P_DEATH = [0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.4, 0.7, 0.9]


@cache
def outbreak() -> Scenario:
    """A town in an epidemic; in intensive care the young survive and the old do not."""
    in_icu = deaths(0.0, 0.9, 0.95) | {"full": P_DEATH, "thin": P_DEATH}
    return build(
        small(
            70,
            people=people(districts={"town": district(60_000)}),
            epidemic={
                "variant": variant(2.5),
                "initial_infections": {"town": 150},
                "detection": {"share": 0.3, "delay_days": {"fixed": 1.0}},
                "immunity": {"immune_share": 0.2, "waned_share": 0.5, "waned": {"infection": 0.4}},
            },
            clinical=clinical(severity=severity(p_oxygen=P_OXYGEN, death_icu=in_icu)),
            care={"facilities": {"alpha": facility(oxygen=300, icu=15)}},
        )
    )


def hospitals(**sites: Plain) -> Plain:
    return {"care": {"facilities": {"alpha": None} | sites}}


def staff(doctors: int, ward_nurses: int, icu_nurses: int) -> Plain:
    return {"staff": {"doctors": doctors, "ward_nurses": ward_nurses, "icu_nurses": icu_nurses}}


ISLAND: Plain = {
    "people": {
        "districts": {"town": district(30_000), "isle": district(30_000, island=True, travel_hours=1.0)},
        "crossing_from_hour": 6.0,
        "crossing_to_hour": 8.0,
    },
    "epidemic": {"initial_infections": {"town": 75, "isle": 75}},
    "care": {
        "facilities": {
            "alpha": facility(oxygen=400, icu=60),
            "bravo": facility(oxygen=40, icu=4, district="isle"),
        },
        "transport": {"fleets": {name: {"boats": 30, "ambulances": 4} for name in ("town", "isle")}},
    },
}
"""An island with a small hospital; boats go for two hours a day."""

UNEVEN = hospitals(
    bravo=facility(oxygen=150, icu=30) | staff(120, 300, 300),
    delta=facility(oxygen=150, icu=30) | staff(60, 60, 10),
)
CYLINDERS: Plain = hospitals(
    bravo=facility(oxygen=10, icu=2) | {"oxygen": {"tank_kg": 2000, "cylinders": 6000}},
    delta=facility(oxygen=250, icu=50)
    | {"oxygen": {"cylinders": 800, "delivery": {"size_kg": 3000, "interval_days": 2}}},
) | {"clinical": {"respiratory": {"flow": {"scale": 0.25}}}}
ONE_WARD = hospitals(
    bravo=facility(oxygen=150, icu=40) | staff(60, 160, 120),
)
FEW_IN_ICU = hospitals(bravo=facility(oxygen=300, icu=60) | staff(200, 500, 25))
FEW_SKILLED = hospitals(
    bravo=facility(oxygen=300, icu=60)
    | {"staff": {"doctors": 200, "icu_doctors": 4, "ward_nurses": 500, "icu_nurses": 200}}
)
TEAMS: Plain = {"clinical": {"home_care": {"effect": 0.0}}}
LOCKABLE: Plain = {
    "people": {"districts": {"town": district(40_000), "hills": district(20_000, travel_hours=1.0)}},
    "epidemic": {"measures": {"lockdown": {"reduces": {"work": 0.6, "community": 0.6}, "travel": 0.8}}},
}
MEASURE: Plain = {"reduces": {"work": 0.4, "community": 0.4}, "travel": 0.5, "start": "2024-01-01"}


class Lever(NamedTuple):
    """A scenario, an overlay with the lever, one at no strength, an outcome and the sign of the effect."""

    base: Plain
    on: Plain
    off: Plain
    outcome: str
    sign: int


def rule(action: str, **values: Any) -> Plain:
    plan = {"action": action, "when": {"on": "2024-01-01"}, "decision_days": 0.0} | values
    return {"command": {"plan": {"lever": plan}}}


def reaction(**values: Any) -> Plain:
    return {"epidemic": {"reaction": values}}


HALF: Plain = {"doctors": 0.5, "ward_nurses": 0.5, "icu_nurses": 0.5}
LEVERS = {
    "order by survival": Lever(
        {}, rule("queue_order", order="survival"), rule("queue_order", order="severity"), "deaths", -1
    ),
    "limit by survival": Lever(
        {}, rule("limit_icu", least_survival=0.5), rule("limit_icu", least_survival=0.0), "deaths", -1
    ),
    "limit by age": Lever({}, rule("limit_icu", from_age=70), rule("limit_icu"), "deaths", -1),
    "patients moved": Lever(
        ISLAND, rule("level_load", above=0.6, below=0.6), rule("level_load", per_day=0), "waiting_days", -1
    ),
    "staff pooled": Lever(UNEVEN, rule("pool_staff", **HALF), rule("pool_staff"), "deaths", -1),
    "cylinders pooled": Lever(
        CYLINDERS, rule("pool_oxygen", above_days=2.0), rule("pool_oxygen", share=0.0), "deaths", -1
    ),
    "staff lent": Lever(
        UNEVEN, rule("lend", doctors=20, ward_nurses=30, icu_nurses=30), rule("lend"), "deaths", 1
    ),
    "oxygen at home": Lever(
        ONE_WARD,
        rule("home_oxygen", concentrators=300, teams=20, most_lpm=10.0),
        rule("home_oxygen", concentrators=0, teams=20),
        "deaths",
        -1,
    ),
    "ICU teams": Lever(
        FEW_IN_ICU, rule("form_icu_teams", share=1.0), rule("form_icu_teams", share=0.0), "deaths", -1
    ),
    "doctors trained": Lever(
        FEW_SKILLED, rule("train_doctors", share=0.5), rule("train_doctors", share=0.0), "deaths", -1
    ),
    "staff in teams": Lever(
        UNEVEN | TEAMS | rule("open_home_care", teams=30),
        rule("open_home_care", teams=30, team_doctors=2.0, team_nurses=6.0),
        rule("open_home_care", teams=30, team_doctors=0.0, team_nurses=0.0),
        "deaths",
        1,
    ),
    "local lockdown": Lever(
        LOCKABLE,
        rule("local_measure", measure="lockdown", cases_above=100.0, cases_below=50.0),
        rule("local_measure", measure="lockdown", cases_above=1e6, cases_below=50.0),
        "infections",
        -1,
    ),
    "communes locked": Lever(
        LOCKABLE,
        rule(
            "local_measure",
            measure="lockdown",
            cases_above=50.0,
            cases_below=25.0,
            people_share=0.2,
            cases_share=0.5,
        ),
        rule(
            "local_measure",
            measure="lockdown",
            cases_above=1e6,
            cases_below=25.0,
            people_share=0.2,
            cases_share=0.5,
        ),
        "infections",
        -1,
    ),
    "slow reports": Lever(
        {"epidemic": {"isolation": {"cases_compliance": 0.9}}},
        {"people": {"districts": {"town": {"report_delay_days": {"fixed": 6.0}}}}},
        {"people": {"districts": {"town": {"report_delay_days": {"fixed": 1.0}}}}},
        "infections",
        1,
    ),
    "quarantine places": Lever(
        {"epidemic": {"quarantine": {"home_adherence": 0.0}}},
        rule("open_quarantine", places=50_000),
        rule("open_quarantine", places=1, phases=[{"after_days": 0.0, "share": 0.0}]),
        "infections",
        -1,
    ),
    "households locked": Lever(
        {}, rule("household_lockdown"), rule("household_lockdown", members=0.0), "infections", -1
    ),
    "people react": Lever({}, reaction(), reaction(most=0.0), "infections", -1),
    "people tire": Lever(
        reaction(), reaction(half_life_days=10.0), reaction(half_life_days=1e6), "infections", 1
    ),
    "measures tire": Lever(
        {"epidemic": {"measures": {"distancing": MEASURE}}},
        reaction(most=0.0, compliance_half_life_days=20.0),
        reaction(most=0.0),
        "infections",
        1,
    ),
}


@cache
def without(base: str) -> list[Record]:
    """Runs without a lever, which levers with the same base share."""
    overlay = json.loads(base)
    scenario = overlaid(outbreak(), overlay) if overlay else outbreak()
    return [run_once(scenario, 1, k) for k in range(REPLICATIONS)]


@cache
def runs(name: str, strength: str) -> list[Record]:
    lever = LEVERS[name]
    if strength == "none":
        return without(json.dumps(lever.base))
    base = overlaid(outbreak(), lever.base) if lever.base else outbreak()
    scenario = overlaid(base, getattr(lever, strength))
    return [run_once(scenario, 1, k) for k in range(REPLICATIONS if strength == "on" else 1)]


@pytest.mark.parametrize("name", LEVERS)
def test_a_lever_has_an_effect_with_an_interval_that_excludes_0(name: str) -> None:
    lever = LEVERS[name]
    with_it, without = (
        np.array([record.outcomes[lever.outcome] for record in runs(name, strength)])
        for strength in ("on", "none")
    )
    gain = lever.sign * (with_it - without)
    half = stats.t.ppf(0.975, REPLICATIONS - 1) * gain.std(ddof=1) / REPLICATIONS**0.5
    assert gain.mean() - half > 0


@pytest.mark.parametrize("name", [name for name in LEVERS if name != "people tire"])
def test_at_no_strength_it_changes_nothing_at_all(name: str) -> None:
    one, other = runs(name, "none")[0], runs(name, "off")[0]
    assert one.outcomes["deaths"] > 0
    for column, place in PROVINCE_INDEX.items():
        assert one.province[:, place].tobytes() == other.province[:, place].tobytes(), column
    assert one.districts.tobytes() == other.districts.tobytes()
    assert one.facilities.tobytes() == other.facilities.tobytes()


SEEN = {
    "limit by survival": "icu_refused",
    "patients moved": "moved_oxygen",
    "staff pooled": "staff_moved",
    "cylinders pooled": "oxygen_moved_kg",
    "staff lent": "staff_lent",
    "oxygen at home": "home_oxygen",
    "ICU teams": "nurses_in_icu_teams",
    "staff in teams": "staff_in_teams",
    "local lockdown": "districts_locked",
    "communes locked": "people_locked",
    "quarantine places": "quarantined",
    "households locked": "household_members_locked",
    "people react": "contacts_given_up",
}


@pytest.mark.parametrize("name", SEEN)
def test_a_column_shows_it_at_work(name: str) -> None:
    assert runs(name, "on")[0].series(SEEN[name]).max() > 0
    assert not runs(name, "none")[0].series(SEEN[name]).any()
