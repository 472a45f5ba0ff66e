"""Staff, oxygen, other patients, vehicles and stocks add up whatever runs short.

Scenarios are generated with every part on and too little of everything. The run holds its own identities
every day; here they are worked out anew, from the columns of the record, from the log of events and from
the parts of the run at each 24:00.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pytest
from capacity_cases import COSTS, KG_OF_MASK, USE, Watched, shortages
from hypothesis import given, seed, settings

from surgesim.model.care.gas import kg_per_day
from surgesim.model.province import Province
from surgesim.model.record import COST_CATEGORIES, Floats, supply_columns
from surgesim.scenario.schema.scenario import Scenario

pytestmark = pytest.mark.slow

BEDS = ("basic", "oxygen", "icu")


class Day(NamedTuple):
    """What the record has no column for, at a 24:00."""

    stores: dict[int, dict[str, float]]
    heads: Floats | None
    infected: Floats | None
    recovered: Floats | None
    census: Floats | None
    elective_arrivals: Floats | None
    free_vehicles: int
    away: int
    abroad: dict[str, int]


def see(running: Province) -> Day:
    capacity, supply, fleet = running.capacity, running.supply, running.network.fleet
    totals = (
        *("used", "lost", "spilled", "produced", "delivered", "unmet", "withheld", "tank", "cylinders"),
        *("short_days", "strain"),
    )
    stores = {} if supply is None else dict(enumerate(supply.stores))
    absences, essential = capacity.absences, capacity.essential
    return Day(
        {f: {name: getattr(s, name) for name in totals} for f, s in stores.items() if s is not None},
        None if absences is None else capacity.heads().astype(float),
        None if absences is None else absences.infected.astype(float),
        None if absences is None else absences.recovered.astype(float),
        None if essential is None else essential.census.astype(float),
        None if essential is None else essential.elective_arrivals.astype(float),
        0 if fleet is None else min(min(fleet.free[0]), min(fleet.free[1])),
        0 if fleet is None else fleet.away,
        dict(running.neighbours.occupied),
    )


def test_what_limits_a_bed_adds_up_and_everything_runs_short() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=16)
    @given(shortages())
    def adds_up(scenario: Scenario) -> None:
        run = Watched(scenario, see=see)
        all_identities_hold(run)
        count_what_was_seen(run, seen)

    for number in range(5):  # examples of one seed resemble each other
        seed(number)(adds_up)()
    for what in (
        *("dry", "unmet and dead", "flows lowered", "emergencies unserved", "driven", "sent out"),
        *("stock empty", "ventilators pooled", "without ventilator"),
        *("bound by nurses", "bound by doctors", "bound by equipment", "bound by oxygen_stock"),
    ):
        assert seen[what] >= 4, f"{what} in too few of {seen['runs']} runs: {dict(seen)}"


def all_identities_hold(run: Watched) -> None:
    who_came_has_left_or_is_present(run)
    beds_are_filled_only_where_they_count(run)
    staff_look_after_every_bed_that_counts(run)
    no_pool_gives_more_ventilators_than_it_has(run)
    oxygen_is_conserved(run)
    what_is_breathed_is_the_time_spent_in_beds(run)
    flows_are_lowered_for_all_before_anybody_is_cut_off(run)
    other_patients_add_up(run)
    vehicles_are_there_or_away(run)
    neighbours_take_what_they_have_beds_for(run)
    what_is_used_is_in_stock_and_paid_for(run)


def who_came_has_left_or_is_present(run: Watched) -> None:
    change = run["new_oxygen_need"] - run["recovered"] - run["deaths"] - run["transferred_out"]
    np.testing.assert_array_equal(np.diff(run["present"]), change[1:])
    told = Counter(entry.what for entry in run.log)
    assert told["leaves the province"] >= run["transferred_out"].sum()
    if run.scenario.warm_up_days == 0:
        census = sum(beds.oxygen + beds.icu for beds in run.scenario.care.initial_census.values())
        came = census + run["new_oxygen_need"].sum()
        gone = run["recovered"].sum() + run["deaths"].sum() + run["transferred_out"].sum()
        assert came == gone + run["present"][-1]
        assert told["dies"] == run["deaths"].sum()
        assert told["leaves the province"] == run["transferred_out"].sum()


def beds_are_filled_only_where_they_count(run: Watched) -> None:
    """Occupied <= max(what counted at any time of the day, occupied or on the way the day before)."""
    for row, bed in enumerate(("oxygen", "icu")):
        occupied, staffed = run.facility(f"occupied_{bed}"), run.facility(f"staffed_{bed}")
        on_the_way = run[f"held_{bed}"][:-1, None]
        bound = np.maximum(run.highest[1:, row], occupied[:-1] + on_the_way)
        assert (occupied[1:] <= bound).all()
        assert (staffed <= run.highest[:, row]).all() or np.isinf(staffed).any()
    for bed in BEDS:
        np.testing.assert_array_equal(run[f"staffed_{bed}"], run.facility(f"staffed_{bed}").sum(axis=1))
        assert (run[f"staffed_{bed}"] <= run[f"open_{bed}"]).all()


def staff_look_after_every_bed_that_counts(run: Watched) -> None:
    """All beds that count, staffed at the most patients a post may have, fit the heads of the payroll."""
    sites = list(run.scenario.care.facilities.values())
    staffing = run.scenario.care.staffing
    kind = "surge" if staffing.surge_allowed else "normal"
    invasive = run.scenario.clinical.respiratory.icu_beds.invasive
    staffed = np.stack([run.facility(f"staffed_{bed}") for bed in BEDS], axis=-1)
    ratio = {
        cadre: np.array([getattr(getattr(getattr(staffing, bed), cadre), kind) for bed in BEDS])
        for cadre in ("nurse", "doctor")
    }
    for day, seen in enumerate(run.seen):
        for f, site in enumerate(sites):
            beds = staffed[day, f]
            if (
                site.ventilators is not None
                and invasive > 0
                and not any(f in pool for pool in run.pools[day])
            ):
                assert beds[2] * invasive <= site.ventilators + run.at_hand[day][f, 3] + 1e-6
            if site.staff is None:
                continue
            if not any(rule.action == "reinforce_staff" for rule in run.scenario.command.plan.values()):
                payroll = (site.staff.doctors, site.staff.ward_nurses, site.staff.icu_nurses)
                assert tuple(run.at_hand[day][f, :3]) == payroll
            heads, brought = run.at_hand[day][f, :3], run.at_hand[day][f, 4:7]
            working = (heads - seen.infected[f]) * (1 - staffing.absence.base)
            if run.at_hand[day][f, 7] > 0:  # its own staff have stayed with other patients
                working = working * brought / np.maximum(heads, 1)
            doctors, ward, icu = working / staffing.heads_per_post
            assert (beds / ratio["doctor"]).sum() <= doctors + 1e-6
            assert (beds / ratio["nurse"])[:2].sum() <= ward + 1e-6
            assert (beds / ratio["nurse"])[2] <= icu + ward + 1e-6  # ward nurses may have been moved
            assert (seen.infected[f] <= run.at_hand[day][f, :3]).all()
            assert seen.recovered is not None
            assert (seen.infected[f] + seen.recovered[f] <= run.at_hand[day][f, :3]).all()
        if seen.heads is not None and seen.heads.sum():
            away = seen.infected + (seen.heads - seen.infected) * staffing.absence.base
            share = away.sum() / seen.heads.sum()
            np.testing.assert_allclose(run["staff_absent_share"][day], share, atol=1e-12)


def no_pool_gives_more_ventilators_than_it_has(run: Watched) -> None:
    """Ventilators allotted <= owned in each pool; open ICU beds beyond them count as none and are told."""
    sites = list(run.scenario.care.facilities.values())
    invasive = run.scenario.clinical.respiratory.icu_beds.invasive
    counted = [f for f, site in enumerate(sites) if site.ventilators is not None]
    told = run["icu_without_ventilator"]
    if not counted or invasive == 0:
        assert np.isnan(told).all()
        return
    staffed = run.facility("staffed_icu")
    for day, pools in enumerate(run.pools):
        in_pools = list(chain.from_iterable(pools))
        assert len(in_pools) == len(set(in_pools))
        for pool in pools:
            members = [f for f in pool if f in counted]
            owned = sum((sites[f].ventilators or 0) + run.at_hand[day][f, 3] for f in members)
            assert np.ceil(staffed[day, members] * invasive - 1e-9).sum() <= owned
    assert (told >= 0).all()
    assert (told + staffed[:, counted].sum(axis=1) <= run["open_icu"]).all()


def oxygen_is_conserved(run: Watched) -> None:
    used, stock, dry = (run.facility(name) for name in ("oxygen_used_kg", "oxygen_stock_kg", "dry"))
    np.testing.assert_allclose(run["oxygen_used_kg"], used.sum(axis=1), atol=1e-6)
    np.testing.assert_allclose(run["oxygen_stock_kg"], stock.sum(axis=1), atol=1e-6)
    assert (stock >= 0).all()
    assert ((dry >= 0) & (dry <= 1 + 1e-9)).all()
    sites = list(run.scenario.care.facilities.values())
    for f, site in enumerate(sites):
        if site.oxygen is None:
            assert not used[:, f].any()
            continue
        for day in range(1, len(run.seen)):
            before, now = run.seen[day - 1].stores[f], run.seen[day].stores[f]
            grown = {name: now[name] - before[name] for name in now}
            assert min(value for name, value in grown.items() if name not in ("tank", "cylinders")) >= -1e-6
            came = grown["delivered"] + grown["produced"]
            went = grown["used"] + grown["spilled"] + grown["lost"]
            np.testing.assert_allclose(stock[day, f] - stock[day - 1, f], came - went, atol=1e-6)
            np.testing.assert_allclose(used[day, f], grown["used"], atol=1e-9)
            np.testing.assert_allclose(grown["lost"], site.oxygen.loss_share * grown["used"], atol=1e-5)
    delivered = [sum(s["delivered"] for s in seen.stores.values()) for seen in run.seen]
    np.testing.assert_allclose(np.diff(delivered), run["oxygen_delivered_kg"][1:], atol=1e-6)


STAYS = ("needs ICU", "boards", "ready", "swaps", "without oxygen", "oxygen again")
"""After these, patients are where they were."""


def what_is_breathed_is_the_time_spent_in_beds(run: Watched) -> None:
    """Used + withheld + unmet = usual flow x time in beds that have a source, counted from the log."""
    support = run.scenario.clinical.respiratory
    flows = {"mask": 10.0, "high_flow": 60.0, "non_invasive": 30.0, "invasive": 30.0}
    possible = [
        flows[kind] for mix in (support.oxygen_beds, support.icu_beds) for kind in flows if getattr(mix, kind)
    ]
    limited = {f for f, site in enumerate(run.scenario.care.facilities.values()) if site.oxygen is not None}
    begun: dict[int, tuple[float, int]] = {}
    days_in_bed = 0.0
    for entry in run.log:
        if entry.patient in begun and entry.what not in STAYS:
            since, f = begun.pop(entry.patient)
            days_in_bed += (entry.time - since) * (f in limited)
        if entry.what in ("in oxygen bed", "in ICU bed"):
            begun[entry.patient] = entry.time, entry.facility
    days_in_bed += sum(run.scenario.days - since for since, f in begun.values() if f in limited)
    breathed = sum(s["used"] + s["withheld"] + s["unmet"] for s in run.seen[-1].stores.values())
    assert kg_per_day(min(possible)) * days_in_bed <= breathed * (1 + 1e-9) + 1e-6
    assert kg_per_day(max(possible)) * days_in_bed >= breathed * (1 - 1e-9) - 1e-6
    if possible == [10.0, 10.0]:
        np.testing.assert_allclose(breathed, KG_OF_MASK * days_in_bed, rtol=1e-9, atol=1e-6)


def flows_are_lowered_for_all_before_anybody_is_cut_off(run: Watched) -> None:
    floor = run.scenario.clinical.respiratory.scarcity.floor
    withheld = sum(s["withheld"] for s in run.seen[-1].stores.values())
    if run.scenario.warm_up_days == 0:
        np.testing.assert_allclose(run["oxygen_withheld_kg"].sum(), withheld, atol=1e-6)
    assert floor < 1 or withheld == 0
    assert all(0 <= s["strain"] <= run.scenario.days + 3 for s in run.seen[-1].stores.values())
    supply = run.simulation.province.supply
    for store in () if supply is None else supply.stores:
        if store is None:
            continue
        assert floor <= store.share <= 1
        breathing = [patient.flow_kg for patient in store.patients.values() if not patient.breathless]
        np.testing.assert_allclose(store.served, store.share * sum(breathing), atol=1e-6)
        assert store.share == floor or len(breathing) == len(store.patients)


def other_patients_add_up(run: Watched) -> None:
    arrived, unserved = run["emergency_arrivals"], run["emergency_unserved"]
    np.testing.assert_array_equal(unserved, run.facility("emergency_unserved").sum(axis=1))
    assert (unserved <= arrived).all()
    if run.seen[0].census is None:
        assert not arrived.any()
        assert np.isnan(run["elective_backlog"]).all()
        return
    np.testing.assert_array_equal(run["elective_backlog"], run.facility("elective_backlog").sum(axis=1))
    elective = np.array([seen.elective_arrivals.sum() for seen in run.seen])
    change = elective - run["elective_served"]
    np.testing.assert_array_equal(np.diff(run["elective_backlog"]), change[1:])
    if run.scenario.warm_up_days == 0:
        assert run["elective_backlog"][0] == change[0]
        for day, share in enumerate(run["emergency_served_7d_share"]):
            week = slice(max(day - 6, 0), day + 1)
            came = arrived[week].sum()
            assert came or share == 1.0
            np.testing.assert_allclose(share * came, came - unserved[week].sum(), atol=1e-9)


def vehicles_are_there_or_away(run: Watched) -> None:
    transport = run.scenario.care.transport
    if transport is None:
        assert not run["vehicles_away"].any()
        return
    fleet = sum(f.ambulances + f.boats for f in transport.fleets.values())
    assert min(seen.free_vehicles for seen in run.seen) >= 0
    np.testing.assert_array_equal(run["vehicles_away"], [seen.away for seen in run.seen])
    assert run["vehicles_away"].max() <= fleet
    travelling = run["held_oxygen"] + run["held_icu"]
    assert (travelling <= run["vehicles_away"]).all()  # who travels has a vehicle, and some drive back
    kept = run.simulation.province.network.fleet
    assert kept is not None
    assert sum(map(sum, kept.free)) + kept.away == fleet


def neighbours_take_what_they_have_beds_for(run: Watched) -> None:
    sections = run.scenario.care.neighbours
    for seen in run.seen:
        for name, lie_there in seen.abroad.items():
            assert 0 <= lie_there <= sections[name].icu_beds
    assert run["transferred_out"].max() <= sum(section.per_day for section in sections.values())


def what_is_used_is_in_stock_and_paid_for(run: Watched) -> None:
    names = [c.name for c in supply_columns(run.scenario.supply)]
    column = dict(zip(names, run.record.logistics.T, strict=True))
    wanted = sum(USE[f"{bed}_bed"] * run[f"occupied_{bed}"] for bed in BEDS) + USE["death"] * run["deaths"]
    used, stock = column["stock_used:gowns"], column["stock:gowns"]
    made, backlog = column["burden_made:waste"], column["burden_backlog:waste"]
    found = used + column["stock_unmet:gowns"]
    if run.scenario.epidemic is None:
        np.testing.assert_allclose(found, wanted, rtol=1e-12)
    else:  # cases found at admission are reported, but are not of the community
        assert (found <= wanted + USE["reported_case"] * run["reported_cases"] + 1e-9).all()
        assert (found >= wanted - 1e-9).all()
    np.testing.assert_allclose(made, found, rtol=1e-12)
    assert (stock >= 0).all()
    assert (np.diff(stock) >= -used[1:] - 1e-9).all()
    assert ((column["stock_unmet:gowns"] == 0) | (stock == 0)).all()
    treated = made[1:] - np.diff(backlog)
    assert (treated <= 20 + 1e-9).all()
    assert ((treated >= 20 - 1e-9) | (backlog[1:] == 0)).all()
    cost = sum(COSTS[f"{bed}_bed_day"] * run[f"occupied_{bed}"] for bed in BEDS)
    cost = cost + COSTS["oxygen_kg"] * run["oxygen_used_kg"]
    np.testing.assert_allclose(run["cost"], cost, rtol=1e-9, atol=1e-6)
    by_category = sum(column[f"cost:{category}"] for category in COST_CATEGORIES)
    np.testing.assert_allclose(by_category, run["cost"], rtol=1e-9, atol=1e-6)


def count_what_was_seen(run: Watched, seen: Counter[str]) -> None:
    seen["runs"] += 1
    told: dict[str, Any] = {
        "dry": run.record.outcomes["facility_days_dry"],
        "flows lowered": run["oxygen_withheld_kg"].sum(),
        "unmet and dead": run["oxygen_unmet_kg"].sum() and run["deaths_untreated"].sum(),
        "emergencies unserved": run["emergency_unserved"].sum(),
        "driven": run.scenario.care.transport is not None and sum(e.what == "departs" for e in run.log),
        "sent out": run["transferred_out"].sum(),
        "ventilators pooled": sum(len(pool) > 1 for pools in run.pools for pool in pools),
        "without ventilator": np.nan_to_num(run["icu_without_ventilator"]).sum(),
        "stock empty": (run.record.logistics[:, 2] > 0).sum(),
    } | {
        f"bound by {what}": (run[f"oxygen_bound_by_{what}"] + run[f"icu_bound_by_{what}"]).sum()
        for what in ("doctors", "nurses", "equipment", "pipes", "oxygen_stock")
    }
    for what, amount in told.items():
        seen[what] += bool(amount > 0)
