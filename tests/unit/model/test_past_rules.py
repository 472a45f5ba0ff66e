"""Rules dated before the start: what they bring only once came, and was paid for, before t = 0."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from capacity_cases import rule, standing
from strategies import Plain, build, clinical, facility, small, variant

from surgesim.model.care.shared import SharedDays
from surgesim.model.epidemic.vaccination import Vaccination as Doses
from surgesim.model.levers.epidemic import MoreDoses
from surgesim.model.record import COST_CATEGORIES, Record, logistics_columns
from surgesim.model.simulation import run_once
from surgesim.scenario.schema.response.vaccination import Vaccination
from surgesim.scenario.schema.scenario import Scenario

PRICES: Plain = {
    "facility_opening": 1.0,
    "bed_opening": 1.0,
    "ventilator": 1.0,
    "tank_kg": 1.0,
    "concentrator": 1.0,
    "dose": 1.0,
}


def spent(record: Record, category: str) -> list[float]:
    names = [column.name for column in logistics_columns([], [], COST_CATEGORIES)]
    found: list[float] = record.logistics[:, names.index(f"cost:{category}")].tolist()
    return found


def test_an_amount_that_came_before_is_in_the_stock() -> None:
    """Of 500 gowns, 50 patients use 100 a day; 10 come each day; the 250 of 1 December came then."""
    gowns = {"title": "Gowns", "unit": "sets", "use": {"oxygen_bed": 2.0}, "stock": 500.0}
    plan = {"order": rule("restock", "2023-12-01", item="gowns", amount=250.0, per_day=10.0)}
    supply = {"consumables": {"gowns": gowns}}
    scenario = standing(3, {"alpha": facility(oxygen=50)}, {"alpha": {"oxygen": 50}}, plan, supply=supply)
    assert run_once(scenario, 1, 0).logistics[:, 0].tolist() == [410.0, 320.0, 230.0]


def test_deliveries_go_on_at_their_days_and_a_tank_is_neither_filled_nor_paid_again() -> None:
    """Every 3 days from day -4: on days 2, 5 and 8; 5,000 kg of room more, but no oxygen."""
    source = {"tank_kg": 100.0, "tank_start_share": 0.5, "loss_share": 0.0}
    order = {"tank_kg": 5000.0, "delivery_kg": 500.0, "interval_days": 3.0}
    plan = {"bulk": rule("order_oxygen", "2023-12-28", **order)}
    sites = {"alpha": facility(oxygen=1) | {"oxygen": source}}
    record = run_once(standing(10, sites, plan=plan, supply={"costs": PRICES}), 1, 0)
    came = dict.fromkeys((2, 5, 8), 500.0)
    assert record.series("oxygen_delivered_kg").tolist() == [came.get(day, 0.0) for day in range(10)]
    assert record.series("oxygen_stock_kg").tolist() == [50.0] * 2 + [550.0] * 3 + [1050.0] * 3 + [1550.0] * 2
    assert spent(record, "oxygen_tanks") == [0.0] * 10


def test_a_delivery_due_at_the_start_comes_then() -> None:
    sites = {"alpha": facility(oxygen=1) | {"oxygen": {"tank_kg": 9000.0, "tank_start_share": 0.0}}}
    plan = {"bulk": rule("order_oxygen", "2023-12-30", delivery_kg=500.0, interval_days=2.0)}
    record = run_once(standing(4, sites, plan=plan), 1, 0)
    assert record.series("oxygen_delivered_kg").tolist() == [500.0, 0.0, 500.0, 0.0]


def test_what_was_bought_and_opened_before_is_paid_for_and_what_comes_later_is_not() -> None:
    """Half of each on 30 December, all on 4 January; a rule dated on the start pays on day 0."""
    phases = [{"after_days": 0.0, "share": 0.5}, {"after_days": 5.0, "share": 1.0}]
    home = {"concentrators": 10, "teams": 2, "phases": phases}
    plan = {
        "open": rule("open_facility", "2023-12-30", facilities=["field"], phases=phases),
        "wards": rule("convert_beds", "2024-01-01", facilities=["alpha"]),
        "buy": rule("equip", "2023-12-30", facilities=["alpha"], ventilators=4, phases=phases),
        "home": rule("home_oxygen", "2023-12-30", **home),
    }
    sites = {
        "alpha": facility(icu=4, oxygen=20) | {"ventilators": 1, "covid_share": 0.5},
        "field": facility(oxygen=40) | {"open_at_start": False},
    }
    record = run_once(standing(5, sites, plan=plan, supply={"costs": PRICES}), 1, 0)
    assert spent(record, "openings") == [1.0, 0, 0, 0, 0]
    assert spent(record, "bed_openings") == [12.0, 0, 0, 20.0, 0]
    assert spent(record, "ventilators") == [0, 0, 0, 2.0, 0]
    assert spent(record, "concentrators") == [0, 0, 0, 5.0, 0]


def test_each_phase_before_the_start_gave_its_doses_from_its_own_day() -> None:
    """Half from day -4.5, thus from 00:00 of day -4; all from day -2; all on day 0."""
    section = Vaccination.model_validate({"groups": {"all": {"acceptance": 1.0}}})
    given = Doses(section, np.full((1, 9, 2), 1000), date(2024, 1, 1))
    action = MoreDoses(1000.0, given)
    action.resume(0.5, 4.5)
    action.resume(1.0, 2.0)
    assert given.receive(0) == 1000
    assert given.before == [(-4, 500), (-3, 500), (-2, 1000), (-1, 1000)]
    assert (given.receive(1), given.before) == (1000, [])


def dosed(on: str, days: int, lead_days: float, **more: Any) -> Record:
    """Return a run in which 1,000 doses a day come to 100,000 people, none of them infected."""
    vaccination = {"days_to_effect": 14, "groups": {"all": {"acceptance": 1.0}}, "vulnerable": ["all"]}
    spread = {
        "variant": variant(0.0),
        "immunity": {"vaccinated": {"infection": 0.5, "severe": 0.9}},
        "vaccination": vaccination | more,
    }
    doses = rule("vaccinate", on, doses_per_day=1000.0, lead_days=lead_days)
    command = {"plan": {"doses": doses}}
    return run_once(build(small(days, epidemic=spread, command=command, supply={"costs": PRICES})), 1, 0)


def test_doses_given_before_protect_on_their_days_and_cost_nothing() -> None:
    """From 27 December on: 5,000 are given by t = 0, and the first of them protect on 10 January, day 9."""
    record = dosed("2023-12-20", 13, 7.0)
    assert record.series("doses_given").tolist() == [1000.0] * 13
    assert record.series("vaccinated").tolist() == [0.0] * 9 + [1000.0, 2000.0, 3000.0, 4000.0]
    assert record.series("vulnerable_vaccinated_share")[0] == pytest.approx(0.06)
    assert spent(record, "vaccination") == [1000.0] * 13


def test_doses_given_long_before_have_had_their_effect_and_have_waned() -> None:
    """From day -61 on; those of days -61 to -14 have taken effect by day 0."""
    assert dosed("2023-11-01", 1, 0.0).series("vaccinated").tolist() == [48_000.0]
    waned = dosed("2023-11-01", 1, 0.0, waning_days=20.0).series("vaccinated")[0]
    # of the 1,000 protected k days ago, 0.95^k still are
    assert waned == pytest.approx(1000 * np.sum(0.95 ** np.arange(48)), rel=0.03)


def tired(on: str, compliance: float = 1.0, half_life_days: float | None = 10.0) -> Scenario:
    work = {"title": "Shut", "reduces": {"work": 1.0, "community": 1.0}, "compliance": compliance}
    spread = {
        "variant": variant(4.0),
        "initial_infections": {"town": 3000},
        "measures": {"shut": work},
        "reaction": {"most": 0.0, "compliance_half_life_days": half_life_days},
    }
    plan = {"shut": rule("measure", on, measure="shut")}
    return build(small(5, epidemic=spread, clinical=clinical(), command={"plan": plan}))


def test_people_have_tired_of_a_measure_since_it_began() -> None:
    """Ten days before, with a half-life of ten days: half of them comply on day 0."""
    half = run_once(tired("2024-01-01", compliance=0.5, half_life_days=None), 1, 0).series("infections")[0]
    assert run_once(tired("2023-12-22"), 1, 0).series("infections")[0] == half
    assert run_once(tired("2024-01-01"), 1, 0).series("infections")[0] < half


def test_alternatives_in_which_a_measure_began_at_other_times_do_not_share_their_days() -> None:
    alone = run_once(tired("2023-12-02"), 1, 0)
    shared = SharedDays()
    run_once(tired("2024-01-01"), 1, 0, shared)
    for on in ("2023-12-22", "2023-12-02"):
        record = run_once(tired(on), 1, 0, shared)
    assert record.series("infections").tolist() == alone.series("infections").tolist()
