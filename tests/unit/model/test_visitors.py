"""Visitors: whom they meet, that they leave and are replaced, and where they are treated."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy import stats
from strategies import Plain, build, clinical, district, facility, people, severity, small, variant

from surgesim.model.clock.streams import Streams
from surgesim.model.epidemic.people import Population, populate
from surgesim.model.epidemic.spread import Epidemic
from surgesim.model.record import DISTRICT_INDEX, Record
from surgesim.model.simulation import run_once
from surgesim.scenario.schema.epidemic import Epidemic as EpidemicSection
from surgesim.scenario.schema.people import People

TOWN, ISLE, TOURISTS = range(3)


def towns(visitors: int = 10_000, isle: int = 30_000, **stay: Any) -> Plain:
    places = {"town": district(60_000), "isle": district(isle, island=True, travel_hours=2.0)}
    if visitors:
        places["tourists"] = district(visitors) | {"visitors": {"of": "isle"} | stay}
    return people(districts=places)


def of(plain: Plain) -> Population:
    return populate(People.model_validate_json(json.dumps(plain)))


def epidemic(plain: Plain, **section: Any) -> Epidemic:
    province = People.model_validate_json(json.dumps(plain))
    spread = EpidemicSection.model_validate_json(json.dumps({"variant": variant(0.0)} | section))
    return Epidemic(spread, province, populate(province), date(2024, 1, 1), Streams(1, 0))


def nobody(e: Epidemic) -> np.ndarray:
    return np.zeros_like(e.recovered)


def test_visitors_and_their_hosts_mix_as_one_district() -> None:
    apart, merged = of(towns()).mixing, of(towns(visitors=0, isle=40_000)).mixing
    np.testing.assert_allclose(apart.sum(axis=1), 1.0)
    np.testing.assert_array_equal(apart[TOURISTS], apart[ISLE])
    np.testing.assert_allclose(apart[:, ISLE] + apart[:, TOURISTS], merged[[0, 1, 1], 1])
    assert apart[TOWN, TOURISTS] / apart[TOWN, ISLE] == pytest.approx(10_000 / 30_000)


def test_a_limit_on_travel_leaves_them_together() -> None:
    shut = {"shut": {"travel": 1.0, "start": "2024-01-01"}}
    mixing = epidemic(towns(), measures=shut)._mixing_of(("shut",))
    expected = np.array([[1.0, 0.0, 0.0], [0.0, 0.75, 0.25], [0.0, 0.75, 0.25]])
    np.testing.assert_allclose(mixing, expected, atol=1e-12)


def test_a_limit_on_travel_sends_those_home_who_usually_meet_nobody_there() -> None:
    shut = {"shut": {"travel": 1.0, "start": "2024-01-01"}}
    always_away = towns() | {"outside_share": 1.0}
    assert of(always_away).mixing[ISLE, ISLE] == 0
    mixing = epidemic(always_away, measures=shut)._mixing_of(("shut",))
    np.testing.assert_allclose(mixing[ISLE], [0.0, 0.75, 0.25], atol=1e-12)


def test_who_leaves_is_replaced_by_others_as_immune_as_at_the_start_of_whom_a_share_is_infected() -> None:
    immunity = {"immune_share": 0.3, "waned_share": 0.5, "waned": {"infection": 0.6}}
    e = epidemic(towns(visitors=400_000, stay_days=4.0, infected_share=0.02), immunity=immunity)
    arrived = infected = 0
    for day in range(5):
        turnover = e.advance(day, nobody(e)).visitors
        assert turnover is not None
        arrived, infected = arrived + turnover.arrived, infected + turnover.infected
        e.check(day)
    assert arrived == pytest.approx(5 * 100_000, rel=0.02)  # a few are infectious, and stay
    assert infected == pytest.approx(0.02 * arrived, abs=5 * (0.02 * arrived) ** 0.5)
    assert e.recovered[TOURISTS].sum() == pytest.approx(0.3 * 400_000, rel=0.02)
    none, waned = e.susceptible[TOURISTS].sum(axis=(0, 1))
    assert none == pytest.approx(waned, rel=0.03)
    assert e.exposed[:, TOURISTS, ..., 0].sum() > 2 * e.exposed[:, TOURISTS, ..., 1].sum() > 0
    assert not e.exposed[:, :TOURISTS].any()
    assert e.no_longer_susceptible()[TOURISTS].sum() == 0.3 * 400_000  # nobody was infected here


def test_the_infectious_and_the_dead_do_not_leave() -> None:
    e = epidemic(towns(stay_days=1.0), initial_infections={"tourists": 10_000}, immunity={"immune_share": 0})
    e.infectious[0, TOURISTS], e.exposed[:] = e.exposed[0, TOURISTS, ..., 0], 0
    dead = nobody(e)
    before = e.infectious[:, TOURISTS].sum()
    turnover = e.advance(0, dead).visitors
    assert turnover is not None
    assert turnover.arrived == 0
    in_r = e.recovered[TOURISTS].sum()
    assert in_r + e.infectious[:, TOURISTS].sum() == before == 10_000
    dead[TOURISTS], e.infectious[:] = e.recovered[TOURISTS], 0
    e.advance(1, dead)
    assert e.recovered[TOURISTS].sum() == in_r > 0


def test_nobody_vaccinates_them() -> None:
    doses = {"doses_per_day": 50_000, "start": "2024-01-01", "days_to_effect": 1, "groups": {"all": {}}}
    e = epidemic(
        towns(stay_days=2.0),
        vaccination=doses | {"days_to_delivery": 0},
        immunity={"vaccinated": {"infection": 0.8, "severe": 0.9}},
    )
    for day in range(4):
        e.advance(day, nobody(e))
        e.check(day)
    assert e.vaccination is not None
    assert e.vaccination.doses.sum(axis=(1, 2)).tolist() == [54_000, 27_000, 0]  # 90 % accept


@cache
def run(replication: int, infected: float) -> Record:
    return run_once(
        build(
            small(
                40,
                people=towns(infected_share=infected),
                epidemic={"variant": variant(1.5), "importation": {"per_day": 0.1}},
                clinical=clinical(severity=severity(p_oxygen=0.1)),
                care={
                    "facilities": {
                        "alpha": facility(oxygen=500),
                        "bravo": facility(oxygen=500, district="isle") | {"serves": ["isle"]},
                    },
                    "transport": {"fleets": {"isle": {"boats": 0, "ambulances": 0}}},
                },
            )
        ),
        1,
        replication,
    )


def test_visitors_who_arrive_infected_infect_residents_and_fill_beds() -> None:
    pairs = [(run(k, 0.01), run(k, 0.0)) for k in range(4)]
    column = DISTRICT_INDEX["infections"]
    residents = [
        one.districts[:, ISLE, column].sum() - other.districts[:, ISLE, column].sum() for one, other in pairs
    ]
    half = stats.t.ppf(0.975, 3) * np.std(residents, ddof=1) / 2
    assert np.mean(residents) - half > 0
    record = pairs[0][0]
    arrived = record.series("visitors_arrived")
    assert arrived.mean() == pytest.approx(10_000 / 2.6, rel=0.1)
    infected = record.districts[:, TOURISTS, column]
    np.testing.assert_array_equal(record.series("visitors_infected"), infected)
    assert record.districts[:, TOURISTS, DISTRICT_INDEX["new_oxygen_need"]].sum() > 50


def test_they_are_treated_where_they_are() -> None:
    """On the island, whose hospital serves it alone, at any hour, without a boat."""
    trips = run(0, 0.01).trips
    origin, bed = trips[:, 0], trips[:, 1]
    assert set(origin) <= {~TOWN, ~ISLE, 0, 1}
    assert set(bed[origin == ~ISLE]) == {1}
    assert trips[origin == ~ISLE, 3].sum() > 50
