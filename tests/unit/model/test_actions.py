"""The plan's levers in a run: each does what it says after its lead time, in phases, and is taken back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from capacity_cases import NEVER_ABSENT, Watched, nobody_dies, rule, standing
from strategies import (
    Plain,
    arrivals,
    build,
    clinical,
    facility,
    people,
    severity,
    small,
    stays,
    variant,
)

from surgesim.model.capacity.adjustments import Adjustment
from surgesim.model.record import COST_CATEGORIES, FACILITY_INDEX, Record, logistics_columns
from surgesim.model.simulation import Simulation, run_once
from surgesim.scenario.door import overlaid
from surgesim.scenario.schema.scenario import Scenario

DOCTORS = 10_000
STAFFING: Plain = {
    "icu": {"nurse": {"normal": 1, "surge": 1}, "doctor": {"normal": 1000, "surge": 1000}},
    "heads_per_post": 5.0,
    "absence": NEVER_ABSENT,
}

TWO_PHASES: Plain = {
    "decision_days": 1.0,
    "lead_days": 2.0,
    "phases": [{"after_days": 0.0, "share": 0.5}, {"after_days": 2.0, "share": 1.0}],
    "until": {"on": "2024-01-12"},
    "stand_down_days": 1.0,
}
"""From the date 2024-01-03 (day 2): ordered on day 3, half on day 5, all on day 7, ended on day 11, gone
on day 12."""

DAYS = 15
SHARES = [0.0] * 5 + [0.5] * 2 + [1.0] * 5 + [0.0] * 3
"""What TWO_PHASES has reached on each day."""


def run(sites: Plain, plan: Plain, days: int = DAYS, **more: Any) -> Record:
    scenario = standing(days, sites, plan=plan, more_care={"staffing": STAFFING}, **more)
    return run_once(scenario, 1, 0)


def ward(icu: int = 0, oxygen: int = 0, **staff: int) -> Plain:
    return facility(icu=icu, oxygen=oxygen) | {"staff": {"doctors": DOCTORS, **staff}}


# -- staff ----------------------------------------------------------------------------------------


def test_reinforcements_come_in_phases_and_leave_at_stand_down() -> None:
    plan = {"help": rule("reinforce_staff", icu_nurses=60) | TWO_PHASES}
    record = run({"alpha": ward(icu=40, icu_nurses=50)}, plan)
    assert record.series("staffed_icu").tolist() == [10 + 12 * share for share in SHARES]
    assert [(event.day, event.what) for event in record.actions] == [
        (2, "fired"), (3, "ordered"), (5, "phase 1"), (7, "phase 2"), (11, "ended"), (12, "stood down"),
    ]  # fmt: skip


def test_reinforcements_go_to_the_facilities_named_or_to_an_ownership() -> None:
    sites = {
        "alpha": ward(icu=40, icu_nurses=50),
        "bravo": ward(icu=40, icu_nurses=50) | {"ownership": "private"},
    }
    for where, expected in (
        ({"facilities": ["bravo"]}, [10, 16]),
        ({"ownership": ["public"]}, [16, 10]),
        ({"ownership": ["public", "private"]}, [16, 16]),
    ):
        plan = {"help": rule("reinforce_staff", icu_nurses=30, **where)}
        assert run(sites, plan, 4).facilities[-1, :, 2].tolist() == expected


def test_every_cadre_is_reinforced() -> None:
    site = facility(icu=100, oxygen=100) | {"staff": {}}
    plan = {"help": rule("reinforce_staff", doctors=500, ward_nurses=10, icu_nurses=30)}
    record = run({"alpha": site}, plan, 4)
    assert record.series("staffed_icu").tolist() == [0, 0, 6, 6]
    assert record.series("staffed_oxygen").tolist() == [0, 0, 30, 30]  # 2 posts, 15 to one at most


def test_reinforcements_cost_by_head_and_day() -> None:
    plan = {"help": rule("reinforce_staff", icu_nurses=60, doctors=4) | TWO_PHASES}
    costs = {"costs": {"staff_day": 2.0}}
    record = run({"alpha": ward(icu=40)}, plan, supply=costs)
    assert record.series("cost").tolist() == [2 * 64 * share for share in SHARES]


def test_what_rules_buy_and_open_costs_once_by_category() -> None:
    """Ten ventilators and two tanks of 50 kg; beds of a ward open in two phases. What ends is not sold."""
    site = facility(icu=4, oxygen=20) | {"ventilators": 1, "oxygen": {"cylinders": 2}, "covid_share": 0.5}
    sites = {"alpha": site, "bravo": site}
    plan = {
        "buy": rule("equip", ventilators=5) | TWO_PHASES,
        "tanks": rule("order_oxygen", tank_kg=50.0),
        "wards": rule("convert_beds") | TWO_PHASES,
    }
    prices = {"costs": {"ventilator": 1.0, "tank_kg": 10.0, "bed_opening": 1000.0}}
    record = run(sites, plan, supply=prices)
    names = [column.name for column in logistics_columns([], [], COST_CATEGORIES)]
    spent = dict(zip(names, record.logistics.T, strict=True))
    assert spent["cost:ventilators"].tolist() == [0] * 5 + [4, 0, 6] + [0] * 7
    assert spent["cost:oxygen_tanks"].tolist() == [0, 0, 1000] + [0] * 12
    assert spent["cost:bed_openings"].tolist() == [0] * 5 + [12_000, 0, 12_000] + [0] * 7
    np.testing.assert_allclose(record.logistics.sum(axis=1), record.series("cost"))


def test_redeployed_ward_nurses_count_for_less_in_intensive_care() -> None:
    """100 ward nurses, 40 % of them moved, worth half: 20 ICU nurses, who staff 4 beds more at 1:1."""
    plan = {"move": rule("redeploy_nurses", share=0.4, efficiency=0.5) | TWO_PHASES}
    record = run({"alpha": ward(icu=40, oxygen=500, icu_nurses=50, ward_nurses=100)}, plan)
    assert record.series("staffed_icu").tolist() == [10 + 4 * share for share in SHARES]
    assert record.series("staffed_oxygen").tolist() == [15 * (20 - 8 * share) for share in SHARES]


def test_two_redeployments_keep_the_efficiency_of_each() -> None:
    """Shares of 0.8 and 0.6 move all nurses there are, and each is still worth half."""
    plan = {
        "first": rule("redeploy_nurses", share=0.8, efficiency=0.5),
        "second": rule("redeploy_nurses", share=0.6, efficiency=0.5),
    }
    record = run({"alpha": ward(icu=40, oxygen=100, ward_nurses=100)}, plan, 4)
    assert record.series("staffed_icu").tolist() == [0, 0, 10, 10]
    assert record.series("staffed_oxygen").tolist() == [100, 100, 0, 0]


# -- equipment, specialists -----------------------------------------------------------------------


def test_ventilators_come_and_go() -> None:
    plan = {"buy": rule("equip", ventilators=20) | TWO_PHASES}
    site = facility(icu=40) | {"ventilators": 5}
    everybody_invasive = {"icu_beds": {"invasive": 1.0}}
    record = run({"alpha": site}, plan, clinical=nobody_dies(respiratory=everybody_invasive))
    assert record.series("staffed_icu").tolist() == [5 + 20 * share for share in SHARES]


ALL_INVASIVE: Plain = nobody_dies(respiratory={"icu_beds": {"invasive": 1.0}})


def staffed_icu(sites: Plain, plan: Plain, days: int = 4, **more: Any) -> list[float]:
    """The ICU beds of each facility on the last day."""
    record = run(sites, plan, days, clinical=ALL_INVASIVE, **more)
    return [record.facilities[-1, site, FACILITY_INDEX["staffed_icu"]] for site in range(len(sites))]


def test_pooled_ventilators_go_where_icu_beds_lack_them_and_back() -> None:
    sites = {"alpha": facility(icu=4) | {"ventilators": 10}, "bravo": facility(icu=20) | {"ventilators": 0}}
    plan = {"pool": rule("pool_ventilators") | TWO_PHASES}
    record = run(sites, plan, clinical=ALL_INVASIVE)
    on = [share > 0 for share in SHARES]
    assert record.series("staffed_icu").tolist() == [10 if pooled else 4 for pooled in on]
    assert record.series("icu_without_ventilator").tolist() == [14 if pooled else 20 for pooled in on]
    unlimited = run({"alpha": facility(icu=4)}, {}, clinical=ALL_INVASIVE)
    assert np.isnan(unlimited.series("icu_without_ventilator")).all()


def test_patients_in_icu_keep_their_ventilators_and_beds_with_staff_come_next() -> None:
    """Three of five ventilators are in use at alpha; two go to the 22 other beds, both to bravo's 20."""
    sites = {"alpha": facility(icu=5) | {"ventilators": 5}, "bravo": facility(icu=20) | {"ventilators": 0}}
    plan = {"pool": rule("pool_ventilators")}
    assert staffed_icu(sites, plan, census={"alpha": {"icu": 3}}) == [3, 2]
    nobody = {"doctors": DOCTORS, "icu_nurses": 0}
    assert staffed_icu({"alpha": sites["alpha"], "bravo": sites["bravo"] | {"staff": nobody}}, plan) == [5, 0]


def test_ventilators_short_of_the_patients_present_are_shared_out_among_them() -> None:
    sites = {name: facility(icu=9) | {"ventilators": 9} for name in ("alpha", "bravo")}
    plan = {"pool": rule("pool_ventilators", "2024-01-01")}
    census = {"alpha": {"icu": 9}, "bravo": {"icu": 3}}
    assert staffed_icu(sites, plan, census=census) == [12 - 3, 9]
    few = {name: site | {"ventilators": 2} for name, site in sites.items()}
    assert staffed_icu(few, plan, census={"alpha": {"icu": 1}, "bravo": {"icu": 1}}) == [2, 2]
    assert sum(staffed_icu(few, plan)) == 4


def test_a_facility_belongs_to_the_pool_of_the_first_rule() -> None:
    """A pool for each level: ventilators do not leave it."""
    names = ("alpha", "bravo", "delta")
    sites = {name: facility(icu=9) | {"ventilators": 3 * (name == "alpha")} for name in names}
    plan = {
        "level": rule("pool_ventilators", "2024-01-02", facilities=["delta"]),
        "all": rule("pool_ventilators", "2024-01-03"),
    }
    alpha, bravo, delta = staffed_icu(sites, plan)
    assert (alpha + bravo, delta) == (3, 0)
    assert min(alpha, bravo) >= 1


def test_a_pool_of_one_facility_changes_nothing() -> None:
    sites = {"alpha": facility(icu=9) | {"ventilators": 3}, "bravo": facility(icu=9) | {"ventilators": 2}}
    plan = {"pool": rule("pool_ventilators", facilities=["alpha"])}
    same(run(sites, plan, clinical=ALL_INVASIVE), run(sites, {}, clinical=ALL_INVASIVE))


def test_a_part_of_a_whole_is_not_lost_to_rounding() -> None:
    """29 % of 100 is 29, though 0.29 x 100 is 28.999999999999996."""
    phases = {"phases": [{"after_days": 0.0, "share": 0.29}]}
    site = facility(icu=100) | {"ventilators": 0}
    everybody_invasive = {"icu_beds": {"invasive": 1.0}}
    plan = {"buy": rule("equip", ventilators=100) | phases}
    record = run({"alpha": site}, plan, 4, clinical=nobody_dies(respiratory=everybody_invasive))
    assert record.series("staffed_icu").tolist() == [0, 0, 29, 29]
    simulation = Simulation(at_home(6, {"teams": rule("open_home_care", teams=100) | phases}), 1, 0)
    simulation.run()
    assert simulation.province.home is not None
    assert simulation.province.home.teams == 29


def test_a_remote_link_makes_care_full_from_its_first_phase_to_its_end() -> None:
    course = nobody_dies(
        severity=severity(p_icu=0.0, death_oxygen={"full": 0, "thin": 1, "boarded": 1, "untreated": 1}),
        stays=stays(oxygen_days={"fixed": 0.0}),
    )
    daily = arrivals("exact", oxygen=[2] * DAYS)
    plan = {"link": rule("remote_link") | TWO_PHASES}
    site = facility(oxygen=9) | {"specialists": False}
    record = run({"alpha": site}, plan, clinical=course, arrivals=daily)
    assert record.series("deaths_thin_care").tolist() == [2.0 * (share == 0) for share in SHARES]


# -- oxygen ---------------------------------------------------------------------------------------


def oxygen_site(**source: Any) -> Plain:
    tank = {"tank_kg": 5000.0, "tank_start_share": 0.0, "loss_share": 0.0, "plant_purity": 1.0}
    return facility(oxygen=1) | {"oxygen": tank | source}


def test_bulk_deliveries_come_from_the_first_phase_to_stand_down() -> None:
    plan = {"bulk": rule("order_oxygen", delivery_kg=100.0, interval_days=2.0) | TWO_PHASES}
    record = run({"alpha": oxygen_site()}, plan)
    came = dict.fromkeys((5, 7, 9, 11), 100.0)  # at 00:00 of these days, the last before stand-down
    assert record.series("oxygen_delivered_kg").tolist() == [came.get(day, 0.0) for day in range(DAYS)]


def test_deliveries_that_are_ordered_again_do_not_come_twice() -> None:
    """Ordered while the tank is empty, ended once it is not, ordered again before the next was due."""
    empty = {"indicator": "facilities_out_of_oxygen", "above": 0.0}
    plan = {
        "bulk": {
            "action": "order_oxygen", "delivery_kg": 30.0, "interval_days": 5.0, "when": empty,
            "decision_days": 0.0, "until": {"below": 1.0},
        }
    }  # fmt: skip
    scenario = standing(20, {"alpha": oxygen_site()}, {"alpha": {"oxygen": 1}}, plan)
    watched = Watched(scenario)
    orders = [event.day for event in watched.record.actions if event.what == "phase 1"]
    assert len(orders) > 6
    assert watched["oxygen_delivered_kg"].sum() == 30.0 * len([day for day in orders if day <= 20])


def test_a_tank_comes_full_and_a_plant_runs_and_both_stay() -> None:
    plan = {
        "build": rule("order_oxygen", tank_kg=700.0, plant_nm3_per_hour=2.0, plant_purity=1.0) | TWO_PHASES
    }
    watched = Watched(
        standing(DAYS, {"alpha": oxygen_site()}, plan=plan), see=lambda s: s.supply.stores[0].produced
    )
    assert watched["oxygen_delivered_kg"].tolist() == [0.0] * 5 + [700.0] + [0.0] * 9
    assert watched["oxygen_stock_kg"].tolist() == [0.0] * 5 + [700.0] * 10
    a_day = 2 * 24 * 1.429
    assert np.array(watched.seen) == pytest.approx([max(day - 5, 0) * a_day for day in range(1, DAYS + 1)])


def test_a_larger_tank_takes_larger_deliveries() -> None:
    site = oxygen_site(tank_kg=100.0, delivery={"size_kg": 100.0, "interval_days": 1.0})
    plan = {
        "tank": rule("order_oxygen", "2024-01-03", tank_kg=900.0),
        "bulk": rule("order_oxygen", "2024-01-05", delivery_kg=400.0, interval_days=50.0),
    }
    record = run({"alpha": site}, plan, 8)
    # the first of the site's own deliveries comes in the course of day 0; the full tank of 900 on day 2
    assert record.series("oxygen_stock_kg").tolist() == [100] * 2 + [1000] * 6


def test_oxygen_goes_to_facilities_that_have_a_source_only() -> None:
    plan = {"bulk": rule("order_oxygen", delivery_kg=100.0, tank_kg=10.0)}
    record = run({"alpha": facility(oxygen=1), "bravo": oxygen_site()}, plan, 4)
    assert record.facilities[-1, 0, 10] == 0
    assert record.facilities[-1, 1, 10] > 0


# -- other patients -------------------------------------------------------------------------------


def hospital(**changes: Any) -> Plain:
    """400 ward beds, none of them open to COVID patients, four fifths with other patients."""
    return facility(oxygen=400) | {"covid_share": 0.0, "essential": {}} | changes


def test_postponing_serves_fewer_elective_patients_and_builds_a_backlog() -> None:
    plan = {"postpone": rule("postpone_elective", share=1.0) | TWO_PHASES}
    record = run({"alpha": hospital()}, plan, 40)
    served, backlog = record.series("elective_served"), record.series("elective_backlog")
    usual = 0.35 * 400 / 5
    assert served[:5].mean() == pytest.approx(usual, rel=0.2)
    assert served[5:7].mean() == pytest.approx(usual / 2, rel=0.35)
    assert served[7:12].tolist() == [0] * 5
    assert served[12:30].mean() == pytest.approx(1.2 * usual, rel=0.1)  # a fifth more, while it lasts
    assert backlog[11] == pytest.approx(6 * usual, rel=0.25)
    assert backlog[-1] < backlog[11] - 80


def test_postponing_and_converting_bring_beds_that_converting_alone_does_not() -> None:
    convert = {"convert": rule("convert_beds", facilities=["alpha"])}
    postpone = convert | {"postpone": rule("postpone_elective", "2024-01-01")}
    # 90 emergencies stay; of 340 wanted beds those of 140 elective patients come free as they leave
    site = hospital(convertible_share=0.85)
    record, sooner = run({"alpha": site}, convert, 8), run({"alpha": site}, postpone, 8)
    assert record.series("open_oxygen")[:2].tolist() == [0, 0]
    assert (sooner.series("open_oxygen") >= record.series("open_oxygen"))[2:].all()
    assert sooner.series("open_oxygen")[2] > record.series("open_oxygen")[2] + 20


# -- home, out of the province, stocks ------------------------------------------------------------


def at_home(days: int, plan: Plain, **home: Any) -> Scenario:
    """Cases from the first day, found at once, followed at home by whoever is there."""
    section = {"teams": 0, "patients_per_team": 10.0, "packages": 1e6, "effect": 1.0, "eligible_share": 1.0}
    return build(
        small(
            days,
            people=people(districts={"town": {"title": "Town", "population": 20_000}}),
            epidemic={
                "variant": variant(2.0),
                "initial_infections": {"town": 400},
                "detection": {"share": 1.0, "delay_days": {"fixed": 0.0}},
            },
            clinical=clinical(home_care=section | home, severity=severity(p_oxygen=0.3)),
            command={"plan": plan},
        )
    )


def test_teams_follow_cases_from_their_phase_until_stand_down() -> None:
    plan = {"teams": rule("open_home_care", teams=8) | TWO_PHASES}
    watched = Watched(at_home(DAYS, plan), see=lambda running: running.home.teams)
    assert watched.seen == [8 * share for share in SHARES]
    followed = watched["home_cases"] - watched["home_cases_not_followed"]
    assert followed == pytest.approx([80 * share for share in SHARES])
    nobody = Watched(at_home(DAYS, {}))
    assert nobody["new_oxygen_need"][:6].tolist() == watched["new_oxygen_need"][:6].tolist()
    assert nobody["new_oxygen_need"].sum() > watched["new_oxygen_need"].sum()


def test_a_neighbour_takes_who_is_first_in_line_for_its_beds() -> None:
    """Nobody has an ICU bed here; 3 beds there, 2 patients a day, who lie there for 4 days."""
    plan = {"send": rule("transfer_out", "2024-01-03", neighbour="next-door", until={"on": "2024-01-12"})}
    scenario = standing(
        DAYS,
        {"alpha": facility(oxygen=9)},
        plan=plan,
        more_care={"neighbours": {"next-door": {"icu_beds": 3, "per_day": 2, "stay_days": 4.0}}},
        arrivals=arrivals("exact", icu=[20] + [0] * 14),
    )
    watched = Watched(scenario, see=lambda running: running.neighbours.occupied["next-door"])
    # days 2, 3: 2 and 1; their beds are free again on days 6 and 7; the rule ends at 00:00 of day 11
    sent = [0, 0, 2, 1, 0, 0, 2, 1, 0, 0, 2, 0, 0, 0, 0]
    assert watched["transferred_out"].tolist() == sent
    assert watched.seen == [0, 0, 2, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 0]
    assert watched["present"].tolist() == (20 - np.cumsum(sent)).tolist()
    left = [entry.patient for entry in watched.log if entry.what == "leaves the province"]
    asked = [entry.patient for entry in watched.log if entry.what == "needs ICU"]
    assert left == asked[: len(left)]


def test_a_boarder_who_is_sent_out_leaves_the_bed_to_another() -> None:
    plan = {"send": rule("transfer_out", "2024-01-03", neighbour="next-door")}
    scenario = standing(
        6,
        {"alpha": facility(oxygen=3)},
        plan=plan,
        more_care={"neighbours": {"next-door": {"icu_beds": 2}}},
        arrivals=arrivals("exact", icu=[7] + [0] * 5),
    )
    watched = Watched(scenario)
    assert watched["boarding"].tolist() == [3] * 6
    assert watched["waiting_icu"].tolist() == [4, 4, 2, 2, 2, 2]


def stock(run: Watched | Record, name: str) -> list[float]:
    record = run.record if isinstance(run, Watched) else run
    names = [column.name for column in logistics_columns(["gowns"], [])]
    return record.logistics[:, names.index(f"{name}:gowns")].tolist()


def gowns(**changes: Any) -> Plain:
    item = {"title": "Gowns", "unit": "sets", "use": {"oxygen_bed": 1.0}, "stock": 50.0}
    return {"consumables": {"gowns": item | changes}}


def test_restocking_comes_once_and_then_daily_until_stand_down() -> None:
    plan = {"order": rule("restock", item="gowns", amount=100.0, per_day=10.0) | TWO_PHASES}
    record = run({"alpha": facility(oxygen=1)}, plan, supply=gowns(stock=0.0))
    on = [share > 0 for share in SHARES]
    expected = np.cumsum([10.0 * there for there in on]) + 100 * (np.cumsum(on) > 0)
    assert stock(record, "stock") == expected.tolist()


def test_drivers_that_a_scenario_has_not_use_nothing() -> None:
    costs = {"dose": 1.0, "test": 1.0, "home_case_day": 1.0, "oxygen_kg": 1.0}
    supply = gowns(use={"home_case": 1.0, "reported_case": 1.0}, stock=5.0) | {"costs": costs}
    record = run({"alpha": facility(oxygen=1)}, {}, 3, supply=supply)
    assert stock(record, "stock") == [5.0] * 3
    assert record.series("cost").tolist() == [0.0] * 3


def test_what_is_restocked_is_used() -> None:
    plan = {"order": rule("restock", item="gowns", amount=60.0)}
    scenario = standing(
        12, {"alpha": facility(oxygen=10)}, {"alpha": {"oxygen": 10}}, plan, supply=gowns(stock=30.0)
    )
    watched = Watched(scenario)
    assert stock(watched, "stock") == [20, 10, 60, 50, 40, 30, 20, 10, 0, 0, 0, 0]
    assert stock(watched, "stock_unmet") == [0] * 9 + [10] * 3


# -- mobilisation ---------------------------------------------------------------------------------


def private(**changes: Any) -> Plain:
    site = ward(icu=40, oxygen=0, icu_nurses=100, ward_nurses=200)
    return site | {"ownership": "private", "covid_share": 0.0} | changes


def test_mobilising_brings_beds_with_their_staff_in_phases_and_gives_them_back() -> None:
    plan = {"mobilise": rule("mobilise", ownership=["private"], share=0.5) | TWO_PHASES}
    record = run({"alpha": private()}, plan)
    assert record.series("open_icu").tolist() == [20 * share for share in SHARES]
    assert record.series("staffed_icu").tolist() == [20 * share for share in SHARES]


def test_mobilising_without_staff_brings_beds_that_nobody_staffs() -> None:
    plan = {"mobilise": rule("mobilise", ownership=["private"], share=0.5, with_staff=False) | TWO_PHASES}
    record = run({"alpha": private()}, plan)
    assert record.series("open_icu").tolist() == [20 * share for share in SHARES]
    assert record.series("staffed_icu").tolist() == [0] * DAYS


def test_staff_stays_until_the_beds_are_mobilised_and_comes_back_when_they_are_given_back() -> None:
    """What the facility has open itself, and its own patients, do not feel a rule before it acts."""
    site = private(covid_share={"icu": 0.25}, convertible_share=1.0)
    plan = {"mobilise": rule("mobilise", ownership=["private"], share=0.5, with_staff=False) | TWO_PHASES}
    record = run({"alpha": site}, plan)
    assert record.series("staffed_icu").tolist() == [10.0 * (share == 0) for share in SHARES]


def test_a_rule_that_never_fires_changes_nothing() -> None:
    sites = {"alpha": private(essential={}) | {"beds": {"oxygen": 100, "icu": 40}}}
    never = {"indicator": "icu_need_per_100k", "above": 1e9}
    for with_staff in (True, False):
        plan = {
            "mobilise": rule("mobilise", ownership=["private"], share=1.0, with_staff=with_staff)
            | {"when": never}
        }
        same(run(sites, plan), run(sites, {}))


def test_staff_brought_in_works_where_the_facilitys_own_does_not_come() -> None:
    plan = {
        "mobilise": rule("mobilise", ownership=["private"], share=1.0, with_staff=False),
        "help": rule("reinforce_staff", facilities=["alpha"], icu_nurses=50, doctors=DOCTORS),
    }
    assert run({"alpha": private()}, plan, 4).series("staffed_icu").tolist() == [0, 0, 10, 10]


def test_mobilising_takes_beds_and_staff_from_a_facilitys_own_patients() -> None:
    """The comparison's price: emergencies who find no bed, elective patients who wait."""
    site = private(essential={}, convertible_share=1.0) | {
        "beds": {"oxygen": 200},
        "staff": {"doctors": DOCTORS, "ward_nurses": 2000},
    }
    plan = {"mobilise": rule("mobilise", ownership=["private"], share=0.8)}
    taken, left = run({"alpha": site}, plan, 30).outcomes, run({"alpha": site}, {}, 30).outcomes
    assert taken["emergency_unserved_private"] == taken["emergency_unserved"] > 0
    assert left["emergency_unserved_private"] == 0
    assert taken["elective_backlog_private"] > left["elective_backlog_private"] + 50


def test_staff_who_do_not_come_go_on_serving_their_own_patients() -> None:
    """Intensive care is mobilised; staff who stay with emergencies serve as many as without the rule."""
    site = private(essential={}, convertible_share={"icu": 1.0}) | {
        "beds": {"oxygen": 200, "icu": 40},
        "staff": {"doctors": DOCTORS, "ward_nurses": 25, "icu_nurses": 200},
    }
    help_: Plain = {"help": rule("reinforce_staff", facilities=["alpha"], icu_nurses=50, doctors=DOCTORS)}
    plan: Plain = {"mobilise": rule("mobilise", ownership=["private"], share=1.0, with_staff=False)}
    served = ("emergency_arrivals", "emergency_unserved", "elective_served", "elective_backlog")
    without, alone, helped = (run({"alpha": site}, rules, 40) for rules in ({}, plan, plan | help_))
    assert 0 < without.outcomes["emergency_unserved"] < without.series("emergency_arrivals").sum()
    for record in (alone, helped):
        for column in served:
            np.testing.assert_array_equal(record.series(column), without.series(column), err_msg=column)
    assert alone.series("staffed_icu")[3:].tolist() == [0] * 37
    assert helped.series("staffed_icu")[3:].tolist() == [10] * 37
    assert without.series("staffed_icu_all")[3:].tolist() == [40] * 37  # 200 nurses at home
    assert alone.series("staffed_icu_all")[3:].tolist() == [0] * 37  # all beds are of COVID patients


def test_staff_who_do_not_come_look_after_the_other_icu_beds() -> None:
    site = private(convertible_share={"icu": 0.5}) | {
        "beds": {"icu": 40},
        "staff": {"doctors": DOCTORS, "icu_nurses": 75},
    }
    plan: Plain = {
        "mobilise": rule("mobilise", ownership=["private"], share=1.0, with_staff=False),
        "help": rule("reinforce_staff", facilities=["alpha"], icu_nurses=50, doctors=DOCTORS),
    }
    record = run({"alpha": site}, plan, 5)
    assert record.series("staffed_icu_all").tolist() == [
        15,
        15,
        25,
        25,
        25,
    ]  # 75 nurses staff 15, 50 staff 10
    assert record.series("staffed_icu").tolist() == [0, 0, 10, 10, 10]


def test_own_patients_are_better_off_where_staff_do_not_come() -> None:
    """Paired over eight replications: fewer emergencies are turned away than where staff come along."""
    site = private(essential={}, convertible_share=0.4) | {
        "beds": {"oxygen": 200},
        "staff": {"doctors": DOCTORS, "ward_nurses": 40},
    }
    scenarios = [
        standing(
            40,
            {"alpha": site},
            plan={"mobilise": rule("mobilise", ownership=["private"], share=1.0, with_staff=with_staff)},
            more_care={"staffing": STAFFING},
            arrivals=arrivals("poisson", oxygen=[20] * 40),
        )
        for with_staff in (False, True)
    ]
    unserved = np.array(
        [[run_once(one, 1, k).outcomes["emergency_unserved"] for one in scenarios] for k in range(8)]
    )
    difference = unserved[:, 1] - unserved[:, 0]
    assert difference.mean() > 3.5 * difference.std(ddof=1) / 8**0.5 > 0  # 99 % by Student's t


# -- a share of 0 ---------------------------------------------------------------------------------


def same(one: Record, other: Record) -> None:
    for table in ("province", "districts", "facilities", "states", "logistics", "breached", "values"):
        np.testing.assert_array_equal(getattr(one, table), getattr(other, table), err_msg=table)
    np.testing.assert_array_equal(one.breached_at_start, other.breached_at_start)
    assert one.outcomes == other.outcomes


EVERYTHING: dict[str, Plain] = {
    "reinforce_staff": {"icu_nurses": 50, "doctors": 5, "ward_nurses": 100},
    "redeploy_nurses": {"share": 0.5},
    "equip": {"ventilators": 10},
    "order_oxygen": {"tank_kg": 100.0, "plant_nm3_per_hour": 5.0, "delivery_kg": 50.0},
    "postpone_elective": {"share": 1.0},
    "remote_link": {},
    "open_home_care": {"teams": 5},
    "transfer_out": {"neighbour": "next-door"},
    "restock": {"item": "gowns", "amount": 100.0, "per_day": 10.0},
    "vaccinate": {"doses_per_day": 500},
    "raise_testing": {"single_per_day": 50, "pooled_per_day": 50},
}
"""Every lever that is not about beds, with enough to be seen."""


def province_in_need(plan: Plain) -> Scenario:
    """Too little of everything, so that each lever would be felt."""
    site = facility(oxygen=60, icu=12) | {
        "covid_share": {"oxygen": 0.5, "icu": 1.0},
        "staff": {"doctors": 60, "ward_nurses": 60, "icu_nurses": 12},
        "ventilators": 2,
        "oxygen": {"tank_kg": 300.0, "delivery": {"size_kg": 200.0, "interval_days": 2.0}},
        "essential": {},
        "specialists": False,
    }
    return overlaid(
        at_home(25, plan, teams=1),
        {
            "care": {
                "facilities": {"alpha": site},
                "neighbours": {"next-door": {"icu_beds": 5}},
            },
            "clinical": {
                "respiratory": {"icu_beds": {"invasive": 1.0, "non_invasive": 0.0, "high_flow": 0.0}},
                "severity": {"death_oxygen": {"thin": [0.3] * 9}, "death_icu": {"thin": [0.9] * 9}},
            },
            "supply": gowns(use={"oxygen_bed": 1.0, "death": 2.0}),
            "epidemic": {
                "detection": {"tests": {"single_per_day": 5}},
                "vaccination": {"groups": {"all": {}}, "days_to_effect": 1},
                "immunity": {"vaccinated": {"infection": 0.5}},
            },
        },
    )


@pytest.mark.slow
@pytest.mark.parametrize("action", EVERYTHING)
def test_a_lever_at_share_0_changes_nothing_and_at_share_1_something(action: str) -> None:
    base = run_once(province_in_need({}), 2, 0)
    phases = [{"after_days": 0.0, "share": 0.0}, {"after_days": 3.0, "share": 0.0}]
    nothing = {
        "lever": rule(action, **EVERYTHING[action]) | {"phases": phases, "until": {"on": "2024-01-15"}}
    }
    same(run_once(province_in_need(nothing), 2, 0), base)
    full = run_once(province_in_need({"lever": rule(action, **EVERYTHING[action])}), 2, 0)
    with pytest.raises(AssertionError):
        same(full, base)
    np.testing.assert_array_equal(full.province[:1], base.province[:1])  # nothing before its day


@pytest.mark.slow
@pytest.mark.parametrize("action", ["redeploy_nurses", "postpone_elective"])
def test_a_lever_whose_own_share_is_0_changes_nothing(action: str) -> None:
    plan = {"lever": rule(action, share=0.0)}
    same(run_once(province_in_need(plan), 2, 0), run_once(province_in_need({}), 2, 0))


def test_a_mobilisation_of_share_0_opens_and_takes_nothing() -> None:
    site = private(essential={}) | {"beds": {"oxygen": 100, "icu": 40}}
    for with_staff in (True, False):
        plan = {"mobilise": rule("mobilise", ownership=["private"], share=0.0, with_staff=with_staff)}
        same(run({"alpha": site}, plan), run({"alpha": site}, {}))


def test_all_levers_at_once_leave_with_their_rules() -> None:
    """After stand-down the levers are as if no rule had been: what they hold is nothing."""
    plan = {
        name.replace("_", "-"): rule(name, **given) | {"until": {"on": "2024-01-10"}}
        for name, given in EVERYTHING.items()
    }
    simulation = Simulation(province_in_need(plan), 2, 0)
    simulation.run()
    adjustments = simulation.province.capacity.adjustments
    for adjustment in set(Adjustment) - {Adjustment.HEADS}:
        assert not adjustments.total(adjustment).any()
    assert not adjustments.total(Adjustment.HEADS, 3).any()
    assert simulation.province.home is not None
    assert simulation.province.home.teams == 1
    assert simulation.province.journey.specialists == [False]
    before = simulation.province.logistics.stocks.stock.copy()
    simulation.province.neighbours.take(simulation.province.journey)
    assert not simulation.province.neighbours._sending
    assert (simulation.province.logistics.stocks.stock == before).all()
    assert simulation.province.logistics.stocks._per_day.tolist() == [0]
    assert simulation.province.epidemic is not None
    assert simulation.province.epidemic.vaccination is not None
    assert simulation.province.epidemic.vaccination._by_rules == 0
    assert simulation.province.surveillance is not None
    assert simulation.province.surveillance.laboratories is not None
    assert simulation.province.surveillance.laboratories._single == 5
    assert simulation.province.surveillance.laboratories._pooled == 0
