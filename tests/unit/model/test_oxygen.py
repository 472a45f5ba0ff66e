"""Oxygen in a run: when a tank runs dry, who then breathes, and what comes in against what goes out."""

from __future__ import annotations

from itertools import pairwise
from math import inf
from typing import Any

import numpy as np
import pytest
from capacity_cases import FOREVER, KG_OF_MASK, MASK_ONLY, Watched, nobody_dies, rule, standing
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import arrivals, build, clinical, clock, deaths, facility, severity, small, stays

from surgesim.errors import IdentityError
from surgesim.model.capacity.staff import OXYGEN_STOCK
from surgesim.model.care.course.ledger import IN_ICU, IN_OXYGEN
from surgesim.model.care.gas import cylinders_kg, kg_per_day, plant_kg_per_day
from surgesim.model.care.oxygen import OxygenSupply, Store
from surgesim.model.clock.calendar import Calendar
from surgesim.model.clock.streams import Streams
from surgesim.model.levers.supply import OxygenOrder
from surgesim.model.record import FACILITY_INDEX
from surgesim.model.simulation import Simulation, run_once
from surgesim.scenario.door import overlaid
from surgesim.scenario.schema.capacity.oxygen import Delivery, OxygenSource, Scarcity
from surgesim.scenario.schema.levers.supply import OrderOxygen
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.compare import paired_interval

PURE: dict[str, Any] = {"plant_purity": 1.0, "loss_share": 0.0}


def source(**given: Any) -> OxygenSource:
    return OxygenSource.model_validate(PURE | given)


def plant_for(masks: float) -> float:
    """Rating, Nm³/h of pure oxygen, of a plant that gives so many masks what they want."""
    return masks * KG_OF_MASK / (24 * 1.429)


class Bed:
    """A patient as far as a store sees one."""

    def __init__(self, index: int, place: int = IN_OXYGEN) -> None:
        self.index, self.place = index, place
        self.flow_kg, self.breathes_at, self.breathless = 0.0, -1, False
        self.strain_before = 0.0


class Ward:
    """One store, who breathes from it, and what is told when: a run in the small."""

    def __init__(self, given: OxygenSource, masks: int = 0, scarcity: Scarcity | None = None) -> None:
        self.env = Calendar()
        self.told: list[tuple[float, str, int]] = []
        self.changes: list[tuple[float, bool]] = []
        self.supply = OxygenSupply(
            self.env,
            {"ward": given},
            self,  # type: ignore[arg-type]
            lambda _: self.changes.append((self.env.now, self.store.short)),
            Streams(1, 0),
            scarcity,
        )
        self.beds: list[Bed] = []
        for _ in range(masks):
            self.join()

    @property
    def store(self) -> Store:
        store = self.supply.stores[0]
        assert store is not None
        return store

    def join(self, place: int = IN_OXYGEN, lpm: float = 10.0) -> Bed:
        bed = Bed(len(self.beds), place)
        self.beds.append(bed)
        self.supply.join(bed, 0, lpm)  # type: ignore[arg-type]
        return bed

    def part(self, bed: Bed) -> None:
        self.supply.part(bed)  # type: ignore[arg-type]
        bed.breathless = False

    def cut_off(self, bed: Bed) -> None:
        bed.breathless = True
        self.told.append((self.env.now, "cut off", bed.index))

    def restore(self, bed: Bed) -> None:
        bed.breathless = False
        self.told.append((self.env.now, "restored", bed.index))

    def run(self, until: float) -> Store:
        """To a time, looked at every 00:00 as a run does."""
        for day in range(int(self.env.now) + 1, int(until) + 1):
            if day > self.env.now:
                self.env.run_through(day)
                self.supply.look()
        if until > self.env.now:
            self.env.run_through(until)
        self.supply.check(int(until))
        return self.store

    @property
    def breathless(self) -> list[int]:
        return [bed.index for bed in self.beds if bed.breathless]


# -- the analytic time ----------------------------------------------------------------------------


def fifty_masks(days: int, **oxygen: Any) -> Scenario:
    """50 patients at 10 L/min from t = 0, who stay; nobody else comes."""
    full_tank = PURE | {"tank_kg": 10_000.0, "tank_start_share": 1.0}
    site = facility(oxygen=50, oxygen_source=None) | {"oxygen": full_tank | oxygen}
    del site["oxygen_source"]
    return standing(days, {"alpha": site}, {"alpha": {"oxygen": 50}})


def test_a_tank_of_ten_tonnes_and_fifty_masks_runs_dry_at_the_analytic_time() -> None:
    simulation = Simulation(fifty_masks(15), 1, 0)
    province, supply = simulation.province, simulation.province.supply
    dry: list[tuple[float, float]] = []
    changed = province._oxygen_changed
    assert supply is not None
    store = supply.stores[0]
    assert store is not None
    supply._short_changed = lambda f: (
        dry.append((province.env.now, store.stock)),
        changed(f),
    )
    record = simulation.run()
    expected = 10_000 / (50 * 10 * 1.354e-3 * 1440)
    assert [time for time, _ in dry] == [pytest.approx(expected, abs=1e-6)]
    assert expected == pytest.approx(10.2577, abs=1e-4)
    assert dry[0][1] == pytest.approx(0, abs=1e-6)
    of_a_day = record.facilities[:, 0, FACILITY_INDEX["dry"]]
    assert of_a_day == pytest.approx([0] * 10 + [11 - expected] + [1] * 4, abs=1e-6)
    assert record.outcomes["facility_days_dry"] == pytest.approx(15 - expected, abs=1e-6)
    used = record.series("oxygen_used_kg")
    assert used[:10] == pytest.approx([50 * KG_OF_MASK] * 10)
    assert used.sum() == pytest.approx(10_000, abs=1e-6)
    assert record.series("oxygen_unmet_kg").sum() == pytest.approx((15 - expected) * 50 * KG_OF_MASK)
    assert record.series("facilities_out_of_oxygen").tolist() == [0] * 10 + [1] * 5
    assert record.series("oxygen_cover_days")[:3] == pytest.approx(expected - np.arange(1, 4))
    assert record.series("staffed_oxygen").tolist() == [50] * 10 + [0] * 5


@pytest.mark.parametrize("loss", [0.1, 0.25])
def test_losses_bring_the_end_nearer(loss: float) -> None:
    record = Watched(fifty_masks(15, loss_share=loss)).record
    expected = 10_000 / (50 * KG_OF_MASK * (1 + loss))
    assert record.outcomes["facility_days_dry"] == pytest.approx(15 - expected, abs=1e-6)
    assert record.outcomes["oxygen_used_kg"] == pytest.approx(10_000 / (1 + loss), abs=1e-6)


def test_cylinders_bridge_when_the_tank_is_empty() -> None:
    record = Watched(fifty_masks(15, cylinders=300)).record
    bridged = 300 * 6 * 1.354 / (50 * KG_OF_MASK)
    assert bridged == pytest.approx(2.5, abs=0.01)
    expected = 10_000 / (50 * KG_OF_MASK) + bridged
    assert record.outcomes["facility_days_dry"] == pytest.approx(15 - expected, abs=1e-6)


# -- 240 days -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_with_plant_and_deliveries_what_comes_in_goes_out_over_240_days() -> None:
    """Patients come and go, deliveries fail, the tank runs dry; per facility and kilogram."""
    oxygen = {
        "tank_kg": 3_000.0,
        "cylinders": 40,
        "plant_nm3_per_hour": 12.0,
        "delivery": {"size_kg": 2_500.0, "interval_days": 3.0, "failure": 0.3},
        "loss_share": 0.1,
    }
    waves = [round(14 + 10 * np.sin(day / 9)) for day in range(240)]
    scenario = build(
        small(
            240,
            arrivals=arrivals(oxygen=waves),
            clinical=nobody_dies() | {"stays": stays(), "respiratory": {}},
            care={
                "facilities": {name: facility(oxygen=70) | {"oxygen": oxygen} for name in ("alpha", "bravo")}
            },
        )
    )
    run = Watched(scenario, see=lambda running: [s.imbalance() for s in running.supply.stores if s])
    assert run.record.outcomes["facility_days_dry"] > 1
    assert np.abs(run.seen).max() < 1e-6
    for store in run.simulation.province.supply.stores:  # type: ignore[union-attr]
        assert store is not None
        assert store.returned > 0
        assert store.spilled > 0
        assert store.produced == pytest.approx(240 * plant_kg_per_day(12, 0.93))
        came = 3_000 * 0.8 + cylinders_kg(40) + store.delivered + store.produced
        went = store.used + store.spilled + store.lost + store.tank + store.cylinders
        assert came == pytest.approx(went, abs=1e-6)
        assert store.lost == pytest.approx(0.1 * store.used)
        times = (240 - 3) // 3 + (240 % 3 == 0)
        failed = times - (store.delivered + store.returned) / 2_500
        assert failed == pytest.approx(round(failed), abs=1e-9)
        assert 0.15 * times < failed < 0.45 * times


def test_a_wrong_total_is_found() -> None:
    ward = Ward(source(tank_kg=100.0), masks=1)
    ward.run(2)
    ward.store.used += 1e-4
    with pytest.raises(IdentityError, match="oxygen: start"):
        ward.supply.check(2)


# -- plant, tank, cylinders, deliveries -----------------------------------------------------------


def test_the_plant_is_used_first_and_its_surplus_is_spilled() -> None:
    ward = Ward(source(tank_kg=100.0, plant_nm3_per_hour=plant_for(3)), masks=2)
    store = ward.run(5)
    assert store.tank == store.at_start == 80
    assert store.spilled == pytest.approx(5 * KG_OF_MASK)
    assert store.produced == pytest.approx(5 * 3 * KG_OF_MASK)
    ward.join()
    ward.join()
    store = ward.run(7)
    assert store.tank == pytest.approx(80 - 2 * KG_OF_MASK)
    assert store.spilled == pytest.approx(5 * KG_OF_MASK)


def test_the_tank_is_used_before_the_cylinders_and_filled_before_them() -> None:
    ward = Ward(source(tank_kg=100.0, tank_start_share=1.0, cylinders=10), masks=4)
    store = ward.run(1)
    assert (store.tank, store.cylinders) == pytest.approx((100 - 4 * KG_OF_MASK, cylinders_kg(10)))
    store = ward.run(2)
    out = 8 * KG_OF_MASK
    assert (store.tank, store.cylinders) == pytest.approx((0, cylinders_kg(10) - (out - 100)))
    ward.supply.deliver(0, 110)
    assert (store.tank, store.cylinders) == pytest.approx((100, cylinders_kg(10) - (out - 110)))


def test_what_does_not_fit_goes_back() -> None:
    ward = Ward(source(tank_kg=100.0, cylinders=10), masks=1)
    ward.supply.deliver(0, 500)
    store = ward.store
    assert (store.tank, store.cylinders) == pytest.approx((100, cylinders_kg(10)))
    assert (store.delivered, store.returned) == pytest.approx((20, 480))
    ward.run(1)


@pytest.mark.parametrize(("first", "at"), [(2.5, [2.5, 5.0, 7.5]), (0.0, [0, 2.5, 5, 7.5]), (4.0, [4, 6.5])])
def test_deliveries_come_at_their_times(first: float, at: list[float]) -> None:
    delivery = Delivery(size_kg=30.0, interval_days=2.5, first_days=first)
    ward = Ward(source(tank_kg=1000.0, delivery=delivery))
    came = []
    ward.supply.deliver = lambda f, kg: came.append((ward.env.now, kg))  # type: ignore[method-assign]
    ward.run(8.9)
    assert came == [(time, 30.0) for time in at]


def test_first_deliveries_are_spread_over_the_interval_and_no_facility_moves_anothers() -> None:
    delivery = Delivery(size_kg=1.0, interval_days=4.0)

    def first_deliveries(names: list[str], replication: int = 0) -> dict[str, float]:
        env, came = Calendar(), {}
        sources: dict[str, OxygenSource | None] = {
            name: source(tank_kg=9.0, delivery=delivery) for name in names
        }
        supply = OxygenSupply(env, sources, None, lambda _: None, Streams(1, replication))  # type: ignore[arg-type]
        supply.deliver = lambda f, kg: came.setdefault(names[f], env.now)  # type: ignore[method-assign]
        env.run_through(4.0)
        return came

    names = [f"ward-{number}" for number in range(200)]
    came = first_deliveries(names)
    times = np.array(list(came.values()))
    assert times.min() > 0
    assert times.max() <= 4.0
    assert abs(times.mean() - 2.0) < 4 * 4.0 / np.sqrt(12 * 200)
    some = first_deliveries(names[5:9])
    assert some == {name: came[name] for name in some}
    assert first_deliveries(names[:1], replication=1) != first_deliveries(names[:1])


def test_a_delivery_that_fails_does_not_come() -> None:
    for failure, number in ((1.0, 0), (0.0, 9)):
        delivery = Delivery(size_kg=1.0, interval_days=1.0, first_days=1.0, failure=failure)
        ward = Ward(source(tank_kg=1000.0, tank_start_share=0.0, delivery=delivery))
        assert ward.run(9.5).delivered == number
    delivery = Delivery(size_kg=1.0, interval_days=0.1, failure=0.3)
    ward = Ward(source(tank_kg=1000.0, tank_start_share=0.0, delivery=delivery))
    assert 0.6 * 999 < ward.run(100).delivered < 0.8 * 999


# -- who breathes ---------------------------------------------------------------------------------


def test_when_dry_the_plant_serves_intensive_care_first_then_who_came_first() -> None:
    ward = Ward(source(tank_kg=100.0, plant_nm3_per_hour=plant_for(5.5)), masks=3)
    ward.join(IN_ICU, 30.0)
    ward.join()
    ward.join(IN_ICU, 20.0)
    store = ward.run(9)
    assert store.short
    assert ward.breathless == [0, 1, 2, 4]  # 5 masks' worth go to intensive care, half a mask's is spilled
    assert store.served == pytest.approx(5 * KG_OF_MASK)
    assert store.unmet == pytest.approx(4 * KG_OF_MASK * store.short_days)
    dry_at = 80 / (3.5 * KG_OF_MASK)
    assert store.short_days == pytest.approx(9 - dry_at)
    assert store.spilled == pytest.approx(0.5 * KG_OF_MASK * (9 - dry_at))
    ward.part(ward.beds[5])
    assert ward.breathless == [2, 4]  # two more masks
    ward.join(IN_ICU, 20.0)
    assert ward.breathless == [0, 1, 2, 4]  # who breathed gives way to intensive care


def test_when_dry_without_a_plant_nobody_breathes() -> None:
    ward = Ward(source(tank_kg=39.0), masks=2)
    assert not ward.run(0.75).short
    assert ward.run(1).short
    dry = pytest.approx(39 * 0.8 / (2 * KG_OF_MASK))
    assert ward.told == [(dry, "cut off", 0), (dry, "cut off", 1)]
    assert ward.changes == [(dry, True)]
    ward.join()
    assert ward.breathless == [0, 1, 2]


def test_a_dry_store_that_all_have_left_is_short_no_more() -> None:
    ward = Ward(source(tank_kg=39.0), masks=2)
    ward.run(1)
    ward.part(ward.beds[0])
    assert ward.store.short
    ward.part(ward.beds[1])
    assert (ward.store.short, ward.changes[-1]) == (False, (1, False))


def test_cover_is_the_stock_over_demand_and_losses_that_no_plant_meets() -> None:
    given = source(tank_kg=800.0, tank_start_share=1.0, loss_share=0.1, plant_nm3_per_hour=plant_for(1))
    assert Ward(given, masks=4).supply.cover_days == pytest.approx(800 / (3.4 * KG_OF_MASK))
    assert Ward(given, masks=4).store.cover_days == pytest.approx(800 / (3.4 * KG_OF_MASK))
    assert Ward(source(tank_kg=800.0)).store.cover_days == np.inf


def test_a_delivery_lets_everybody_breathe_again() -> None:
    ward = Ward(source(tank_kg=100.0, tank_start_share=0.0), masks=3)
    assert ward.run(1).short_days == pytest.approx(1)
    assert ward.breathless == [0, 1, 2]
    ward.supply.deliver(0, 90)
    assert (ward.breathless, ward.store.short) == ([], False)
    ward.run(4)
    second = 1 + 90 / (3 * KG_OF_MASK)
    assert ward.changes == [(0, True), (1, False), (pytest.approx(second), True)]
    assert ward.store.short_days == pytest.approx(1 + 4 - second)


def test_who_leaves_may_end_the_shortage() -> None:
    ward = Ward(source(plant_nm3_per_hour=plant_for(2.5)), masks=3)
    ward.run(1)
    assert ward.breathless == [2]
    ward.part(ward.beds[0])
    assert (ward.breathless, ward.store.short) == ([], False)
    assert ward.changes == [(0, True), (1, False)]
    ward.run(3)
    assert ward.changes == [(0, True), (1, False)]


def test_who_leaves_without_having_breathed_may_end_the_shortage_and_changes_nothing_else() -> None:
    ward = Ward(source(plant_nm3_per_hour=plant_for(3)), masks=5)
    ward.run(1)
    assert (ward.breathless, ward.store.short) == ([3, 4], True)
    told, served = list(ward.told), ward.store.served
    ward.part(ward.beds[4])
    assert (ward.breathless, ward.store.short, ward.store.served) == ([3], True, served)
    ward.part(ward.beds[3])
    assert (ward.store.short, ward.store.served) == (False, served)
    assert (ward.told, ward.changes[-1]) == (told, (1.0, False))


def test_of_deliveries_ended_and_ordered_again_only_the_new_ones_come() -> None:
    """Every five days from day 0; ended on day 1; again from day 2: on 7 and 12, but not on 5 or 10."""
    ward = Ward(source(tank_kg=5000.0, tank_start_share=0.0))
    given = {"delivery_kg": 100.0, "interval_days": 5.0, "when": {"on": "2024-01-01"}}
    order = {"action": "order_oxygen"} | given
    action = OxygenOrder("order", OrderOxygen.model_validate(order), [0], ward.supply, ward.env)
    ward.run(0)
    delivered = []
    for day in range(13):
        if day == 1:
            action.end()
        if day in (0, 2):
            action.set_share(1.0)
        delivered.append(ward.run(day + 1).delivered)
    assert delivered == [100, 100] + [200] * 4 + [300] * 5 + [400] * 2


def test_a_plant_added_takes_over_from_the_tank_at_once() -> None:
    ward = Ward(source(tank_kg=1000.0, tank_start_share=1.0), masks=4)
    ward.run(1)
    ward.supply.enlarge(0, 0.0, plant_for(3), 1.0)
    before = ward.store.stock
    assert before - ward.run(2).stock == pytest.approx(KG_OF_MASK)


def test_a_tank_added_comes_full_however_small() -> None:
    ward = Ward(source(tank_kg=10.0, tank_start_share=0.5))
    ward.supply.enlarge(0, 0.5, 0.0, 1.0)
    assert (ward.store.stock, ward.store.tank_full) == (5.5, 10.5)


@pytest.mark.parametrize(("masks", "days"), [(9, inf), (10, inf), (11, 0.0)])
def test_a_plant_that_just_covers_the_need_leaves_nothing_to_an_empty_stock(masks: int, days: float) -> None:
    just = 10 * KG_OF_MASK * 1.1 / plant_kg_per_day(1.0, 0.93)
    given = source(plant_nm3_per_hour=just, plant_purity=0.93, loss_share=0.1)
    ward = Ward(given, masks=masks)
    assert ward.store.stock == 0
    assert (ward.store.cover_days, ward.supply.cover_days) == (days, days)


@pytest.mark.parametrize("more", [0.0, 1e-7, -1e-7, 4e-8])
def test_a_plant_that_just_covers_what_is_wanted_does_not_run_dry_over_and_over(more: float) -> None:
    """What rounding leaves between plant and demand is no shortage: the same moment would never end."""
    ward = Ward(source(plant_nm3_per_hour=plant_for(7) + more / 34, loss_share=0.0), masks=7)
    store = ward.run(30)
    assert (ward.breathless, store.short, store.short_days) == ([], False, 0)
    assert abs(store.imbalance()) < 1e-6


def test_more_plant_that_is_not_enough_ends_no_shortage() -> None:
    """Nor does what rounding left in the tank: nobody is let in at that moment."""
    ward = Ward(source(tank_kg=77.7, tank_start_share=0.77), masks=7)
    ward.run(1)
    assert ward.store.short
    ward.store.tank = 1e-13
    ward.changes.clear()
    ward.supply.enlarge(0, 0.0, plant_for(4), 1.0)
    assert ward.breathless == [4, 5, 6]
    assert ward.changes == []
    ward.supply.enlarge(0, 0.0, plant_for(3), 1.0)
    assert (ward.breathless, ward.changes) == ([], [(1, False)])


def test_a_store_without_patients_wants_nothing() -> None:
    ward = Ward(source(tank_kg=100.0), masks=3)
    ward.run(0.3)
    for bed in ward.beds:
        ward.part(bed)
        assert ward.store.served == ward.store.demand
    assert (ward.store.demand, ward.store.served, ward.store.draw) == (0, 0, 0)
    left = ward.store.stock
    assert ward.run(50).stock == left
    assert ward.supply.cover_days == np.inf


# -- lower flows ----------------------------------------------------------------------------------

HALF = Scarcity(floor=0.5, risk=1.4, horizon_days=4.0)
HOUR = 1 / 24


def every(days: float, kg: float, **changes: Any) -> Delivery:
    return Delivery(size_kg=kg, interval_days=days, first_days=days, **changes)


def test_a_stock_lasts_until_the_next_delivery_at_a_flow_lowered_for_all() -> None:
    """20 masks need 780 kg in two days; there are 624 kg, and as much every second day."""
    kg = 16 * 2 * KG_OF_MASK
    supplied = source(tank_kg=kg, tank_start_share=1.0, delivery=every(2.0, kg))
    ward = Ward(supplied, 20, HALF)
    assert ward.store.share == pytest.approx(0.8 * 2 / (2 + HOUR))
    store = ward.run(10)
    assert (ward.told, store.short_days, store.unmet) == ([], 0, 0)
    assert store.used + store.withheld == pytest.approx(10 * 20 * KG_OF_MASK)
    assert store.used == pytest.approx(10 * 16 * KG_OF_MASK, rel=HOUR)
    assert store.stock > 0
    without = Ward(supplied, 20).run(10)
    assert without.short_days > 1
    assert (without.withheld, without.strain) == (0, 0)


def test_without_a_delivery_due_a_stock_lasts_for_the_horizon_or_at_the_floor() -> None:
    ward = Ward(source(tank_kg=100.0, tank_start_share=1.0), 2, HALF)
    assert ward.store.share == pytest.approx(100 / 4 / (2 * KG_OF_MASK))
    store = ward.run(30)
    assert store.share == 0.5
    dry_at = store.last - store.short_days
    assert ward.told[0][:2] == (pytest.approx(dry_at), "cut off")
    at_usual_flow = 100 / (2 * KG_OF_MASK)
    assert at_usual_flow * 1.2 < dry_at < at_usual_flow * 2


def test_who_joins_or_leaves_changes_the_flow_of_all_at_once() -> None:
    ward = Ward(source(plant_nm3_per_hour=plant_for(3)), 3, HALF)
    shares = []
    for _ in range(3):
        ward.join()
        shares.append(ward.store.share)
    assert shares == pytest.approx([3 / 4, 3 / 5, 3 / 6])
    assert (ward.told, ward.store.short) == ([], False)
    for bed in ward.beds[:3]:
        ward.part(bed)
    assert ward.store.share == pytest.approx(1)
    ward.run(3)


def test_only_at_the_floor_is_anybody_cut_off_and_intensive_care_comes_first() -> None:
    ward = Ward(source(tank_kg=KG_OF_MASK, plant_nm3_per_hour=plant_for(3)), 6, HALF)
    ward.join(IN_ICU, 20.0)
    store = ward.run(4)
    assert (store.short, store.share) == (True, 0.5)
    assert ward.breathless == [4, 5]
    assert store.served == pytest.approx(3 * KG_OF_MASK)
    assert store.unmet == pytest.approx(2 * KG_OF_MASK * store.short_days)
    ward.part(ward.beds[6])
    assert (ward.breathless, store.short) == ([], False)
    assert store.share == pytest.approx(0.5)
    ward.supply.enlarge(0, 0.0, plant_for(3), 1.0)
    assert store.share == pytest.approx(1)
    ward.run(6)


def test_a_delivery_raises_flows_at_once() -> None:
    ward = Ward(source(tank_kg=1000.0, tank_start_share=0.05), 4, HALF)
    assert ward.store.share == 0.5
    ward.run(0.5)
    ward.supply.deliver(0, 900)
    assert ward.store.share == 1
    assert ward.store.strain == pytest.approx(0.5)


def test_a_stay_at_the_floor_has_all_of_the_risk_and_one_with_enough_oxygen_none() -> None:
    ward = Ward(source(plant_nm3_per_hour=plant_for(2)), 2, HALF)
    ward.run(2)
    assert ward.supply.risk_of_stay(ward.beds[0], 2.0) == pytest.approx(1)  # type: ignore[arg-type]
    late = ward.join()
    ward.join()
    assert ward.supply.risk_now(0) == pytest.approx(1.4)
    ward.run(4)
    assert ward.supply.risk_of_stay(late, 2.0) == pytest.approx(1.4)  # type: ignore[arg-type]
    assert ward.supply.risk_of_stay(ward.beds[0], 4.0) == pytest.approx(1.2)  # type: ignore[arg-type]
    assert Ward(source(tank_kg=1.0), 2).supply.risk_now(0) == 1


def test_what_a_supply_sustains_counts_plant_stock_and_the_deliveries_due_by_then() -> None:
    supplied = source(
        tank_kg=70.0, tank_start_share=1.0, plant_nm3_per_hour=plant_for(1), loss_share=0.25,
        delivery=every(2.0, 35.0, failure=0.2),
    )  # fmt: skip
    ward = Ward(supplied)
    ward.run(0.5)
    ward.store.advance(0.5)
    assert ward.supply.sustained(7.0) == pytest.approx([(KG_OF_MASK + (70 + 3 * 28) / 7) / 1.25])
    assert ward.supply.sustained(1.5) == pytest.approx([(KG_OF_MASK + 70 / 1.5) / 1.25])
    ward.supply.expect(0, "order", 1.0, 700.0, 3.0)  # only 70 kg fit
    assert ward.supply.sustained(1.5) == pytest.approx([(KG_OF_MASK + 140 / 1.5) / 1.25])
    ward.supply.expect_no_more(0, "order")
    assert ward.supply.sustained(1.5) == pytest.approx([(KG_OF_MASK + 70 / 1.5) / 1.25])


STEP = 1 / 960
_stays = st.lists(
    st.tuples(
        st.floats(0, 6), st.floats(0.2, 6), st.sampled_from([IN_OXYGEN, IN_ICU]), st.sampled_from([5, 20])
    ),
    min_size=1,
    max_size=12,
)


def in_small_steps(
    supplied: OxygenSource, stays: list[tuple[float, float, int, float]], days: int
) -> dict[str, float]:
    """Return the totals of a store by the rule as written: every 90 seconds, from the patients present."""
    stock, totals = supplied.tank_kg * supplied.tank_start_share, {"used": 0.0, "withheld": 0.0, "unmet": 0.0}
    plant = plant_kg_per_day(supplied.plant_nm3_per_hour, supplied.plant_purity)
    delivery = supplied.delivery
    assert delivery is not None
    come = 1
    for step in range(round(days / STEP)):
        now = step * STEP
        if now >= come * delivery.interval_days:
            stock = min(stock + delivery.size_kg, supplied.tank_kg)
            come += 1
        present = [
            (place != IN_ICU, n, kg_per_day(lpm))
            for n, (a, d, place, lpm) in enumerate(stays)
            if a <= now < a + d
        ]
        need = sum(flow for *_, flow in present)
        until = come * delivery.interval_days - now + HOUR
        lasting = (plant + stock / until) / (1 + supplied.loss_share)
        share = min(max(lasting / need, 0.5), 1.0) if need else 1.0
        most = (plant + stock / STEP) / (1 + supplied.loss_share)
        served = 0.0
        for *_, flow in sorted(present):
            served += flow if (served + flow) * share <= most * (1 + 1e-9) else 0.0
        stock -= max(served * share * (1 + supplied.loss_share) - plant, 0.0) * STEP
        stock = max(stock, 0.0)
        totals["used"] += served * share * STEP
        totals["withheld"] += served * (1 - share) * STEP
        totals["unmet"] += (need - served) * STEP
    return totals


@settings(max_examples=25)
@given(
    _stays,
    st.sampled_from([0.0, 2.5]),
    st.sampled_from([60.0, 150.0]),
    st.sampled_from([1.5, 3.0]),
    st.sampled_from([0.0, 0.25]),
)
def test_flows_are_those_of_the_rule_followed_in_small_steps(
    stays: list[tuple[float, float, int, float]], plant: float, tank: float, interval: float, loss: float
) -> None:
    supplied = source(
        tank_kg=tank, plant_nm3_per_hour=plant_for(plant), delivery=every(interval, tank), loss_share=loss
    )
    ward = Ward(supplied, scarcity=HALF)
    beds: dict[int, Bed] = {}
    stays = sorted(stays)  # who came first is served first
    changes = [(arrive, 1, n) for n, (arrive, *_) in enumerate(stays)]
    changes += [(arrive + length, 0, n) for n, (arrive, length, *_) in enumerate(stays)]
    for time, comes, n in sorted(changes):
        if time < 8:
            ward.run(time)
            if comes:
                beds[n] = ward.join(stays[n][2], stays[n][3])
            else:
                ward.part(beds[n])
    store = ward.run(8)
    flow = sum(kg_per_day(lpm) for *_, lpm in stays)
    expected = in_small_steps(supplied, stays, 8)
    actual = {name: getattr(store, name) for name in expected}
    assert actual == pytest.approx(expected, abs=flow * STEP * (4 * len(stays) + 12))


# -- clocks of the unserved -----------------------------------------------------------------------


def dry_run(
    death: float,
    stay: float,
    deliveries: dict[str, Any] | None,
    *,
    tank_kg: float = 20.0,
    start: float = 1.0,
    icu_death: float | None = None,
) -> list[tuple[float, str]]:
    """One patient from t = 0 in a bed; what becomes of her, after her admission.

    Full care saves everybody, want of oxygen kills within `death` days.
    """
    oxygen = PURE | {"tank_kg": tank_kg, "tank_start_share": start, "delivery": deliveries}
    icu = int(icu_death is not None)
    site = facility(oxygen=1, icu=icu) | {"oxygen": {k: v for k, v in oxygen.items() if v is not None}}
    fixed = {"fixed": stay}
    scenario = standing(
        30,
        {"alpha": site},
        {"alpha": {"icu": 1} if icu else {"oxygen": 1}},
        clinical=nobody_dies(
            severity=severity(death_oxygen=deaths(0, 0, 1), death_icu=deaths(0, 0, 1)),
            stays=stays(oxygen_days=fixed, icu_survivor_days=fixed, step_down_days=FOREVER),
            clocks={
                "oxygen": clock({"fixed": death}, "never"),
                "icu": clock({"fixed": icu_death or death}, "never"),
            },
        ),
    )
    log = [(entry.time, entry.what) for entry in Watched(scenario).log if entry.patient == 0][1:]
    return [(time, what) for time, what in log if what not in ("without oxygen", "oxygen again")]


FULL = 20 / KG_OF_MASK
"""Days that a tank of 20 kg lasts one mask."""


def test_the_clock_of_who_is_without_oxygen_runs() -> None:
    assert dry_run(2.0, 20.0, None) == [(pytest.approx(FULL + 2), "dies")]


def test_a_stay_runs_on_without_oxygen_and_whichever_ends_first_decides() -> None:
    assert dry_run(2.0, FULL + 1.9, None) == [(pytest.approx(FULL + 1.9), "recovers")]
    assert dry_run(2.0, FULL + 2.1, None) == [(pytest.approx(FULL + 2), "dies")]


def test_the_clock_pauses_while_there_is_oxygen_and_goes_on_with_the_rest() -> None:
    """Each delivery lasts a day and a bit; the want of the days between adds up to the clock."""
    every_two = {"size_kg": 20.0, "interval_days": 2.0, "first_days": 2.0}
    gaps = [(k * 2 + FULL, k * 2 + 2) for k in range(20)]  # dry from, to
    left, dead = 3.0, 0.0
    for begin, end in gaps:
        if end - begin >= left:
            dead = begin + left
            break
        left -= end - begin
    assert dead > 6  # the clock has been paused three times
    assert dry_run(3.0, 25.0, every_two) == [(pytest.approx(dead), "dies")]
    assert dry_run(3.0, dead - 0.1, every_two) == [(pytest.approx(dead - 0.1), "recovers")]


def test_oxygen_that_comes_back_for_good_saves_the_patient() -> None:
    once = {"size_kg": 500.0, "interval_days": 29.0, "first_days": FULL + 1.5}
    assert dry_run(2.0, 20.0, once, tank_kg=500.0, start=20 / 500) == [(20.0, "recovers")]


def test_after_intensive_care_the_oxygen_clock_begins_anew() -> None:
    """1.5 of the 2 days of the ICU clock run; then the need is oxygen, and all of its 5 days are ahead."""
    fate = dry_run(5.0, FULL + 1.5, None, icu_death=2.0)
    ready = FULL + 1.5
    assert fate == [(pytest.approx(ready), "ready"), (pytest.approx(ready + 5.0), "dies")]


def test_who_lacked_oxygen_before_a_move_has_it_after_and_leaves_others_theirs() -> None:
    """From the dry intensive care of alpha to a ward of bravo for two days, where another stays."""
    dry, full = ({"oxygen": PURE | {"tank_kg": kg, "tank_start_share": 1.0}} for kg in (20.0, 900.0))
    scenario = standing(
        7,
        {"alpha": facility(icu=1) | dry, "bravo": facility(oxygen=2) | full},
        {"alpha": {"icu": 1}, "bravo": {"oxygen": 1}},
        clinical=nobody_dies(
            stays=stays(
                oxygen_days=FOREVER,
                icu_survivor_days={"fixed": FULL + 1},
                step_down_days={"fixed": 2.0},
            )
        ),
    )
    watched = Watched(scenario, see=lambda s: s.supply.stores[1].served)
    assert watched["occupied_oxygen"].tolist() == [1, 1, 2, 2, 1, 1, 1]
    assert watched.seen == pytest.approx([KG_OF_MASK * masks for masks in (1, 1, 2, 2, 1, 1, 1)])


def test_a_boarders_clock_goes_on_when_oxygen_is_back() -> None:
    """As that of boarding, with what has run kept: nothing is drawn anew."""
    oxygen = PURE | {"tank_kg": 500.0, "tank_start_share": 20 / 500}
    oxygen |= {"delivery": {"size_kg": 400.0, "interval_days": 29.0, "first_days": 3.0}}
    scenario = standing(
        30,
        {"alpha": facility(oxygen=1) | {"oxygen": oxygen}},
        arrivals=arrivals("exact", oxygen=[1] + [0] * 29),
        clinical=nobody_dies(
            severity=severity(p_icu=1.0, death_icu=deaths(0, 0, 1)),
            stays=stays(oxygen_to_icu_days={"fixed": 0.25}),
            clocks={"oxygen": clock("never", "never"), "icu": clock({"fixed": 9.0}, {"fixed": 5.0})},
        ),
    )
    log = [(entry.time, entry.what) for entry in Watched(scenario).log]
    worse = next(time for time, what in log if what == "needs ICU")
    # boarding she would recover 5 days after ICU need; without oxygen (from FULL + admission to day 3) she
    # would die at 9: the time of both counts to whichever end is the one of the moment
    assert log[-1] == (pytest.approx(worse + 5.0), "recovers")


def test_a_boarder_without_oxygen_keeps_the_share_of_the_boarders_clock_that_has_run() -> None:
    oxygen = PURE | {"tank_kg": 500.0, "tank_start_share": 20 / 500}
    clocks = {"oxygen": clock("never", "never"), "icu": clock({"fixed": 2.0}, {"fixed": 5.0})}
    scenario = standing(
        30,
        {"alpha": facility(oxygen=1) | {"oxygen": oxygen}},
        arrivals=arrivals("exact", oxygen=[1] + [0] * 29),
        clinical=nobody_dies(
            severity=severity(p_icu=1.0, death_icu=deaths(0, 0, 1)),
            stays=stays(oxygen_to_icu_days={"fixed": 0.25}),
            clocks=clocks | {"boarded": clock({"fixed": 8.0}, {"fixed": 10.0})},
        ),
    )
    log = {entry.what: entry.time for entry in Watched(scenario).log}
    dry = log["in oxygen bed"] + FULL
    # boarded until the tank is empty, she has run that of 8 days to death as a boarder; the rest is of 2
    run = (dry - log["boards"]) / 8
    assert log["dies"] == pytest.approx(dry + 2 * (1 - run))


def test_nobody_new_comes_while_a_facility_is_dry_and_as_soon_as_it_is_not_they_do() -> None:
    """Dry before 00:00, supplied at noon: who waits has a bed at noon, not the next morning."""
    oxygen = PURE | {"tank_kg": 200.0, "tank_start_share": 0.0}
    oxygen |= {"delivery": {"size_kg": 200.0, "interval_days": 29.0, "first_days": 3.5}}
    scenario = standing(
        6,
        {"alpha": facility(oxygen=5) | {"oxygen": oxygen}},
        {"alpha": {"oxygen": 1}},
        arrivals=arrivals("exact", oxygen=[2, 0, 0, 0, 0, 0]),
    )
    run = Watched(scenario)
    admitted = [(entry.time, entry.patient) for entry in run.log if entry.what == "in oxygen bed"]
    assert admitted == [(0, 0), (3.5, 1), (3.5, 2)] or admitted == [(0, 0), (3.5, 2), (3.5, 1)]
    assert run["waiting_oxygen"].tolist() == [2, 2, 2, 0, 0, 0]
    assert run["oxygen_bound_by_oxygen_stock"].tolist() == [1, 1, 1, 1, 0, 0]


def test_beds_that_open_as_a_patient_leaves_are_handed_on_after_she_has_her_own() -> None:
    """One leaves the dry facility for the last ICU bed: her going ends the shortage and lets another in,
    who needs ICU too and must not find that bed free."""
    scenario = standing(
        12,
        {
            "alpha": facility(oxygen=4) | {"oxygen": PURE | {"plant_nm3_per_hour": plant_for(2.5)}},
            "bravo": facility(icu=1, serves=["town"], district="town"),
        },
        people={
            **small(1)["people"],
            "districts": {
                "town": {"title": "Town", "population": 1000},
                "far": {"title": "Far", "population": 1000, "travel_hours": 0.0},
            },
        },
        arrivals={
            "counts_are": "exact",
            "series": {
                "first": {"bed": "oxygen", "counts": [3, *[0] * 11], "district": "town"},
                "other": {"bed": "icu", "counts": [0, 2, *[0] * 10], "district": "far"},
            },
        },
        clinical=nobody_dies(
            severity=severity(p_icu=1.0, death_icu=deaths(0, 0, 0)),
            stays=stays(oxygen_to_icu_days={"fixed": 4.0}, icu_survivor_days=FOREVER),
        ),
    )
    run = Watched(scenario)  # the check of every day: no bed has two patients
    assert run.facility("occupied_icu")[-1].tolist() == [0, 1]


# -- the record -----------------------------------------------------------------------------------


def test_the_mix_of_august_2021_applied_exactly_uses_24_6_tonnes_a_day() -> None:
    """551 on oxygen in Kiên Giang: 4157 mask, 1247 high-flow, 105 non-invasive, 940 invasive of 6449.

    22.9 L/min a patient. Applied exactly: as many of each support as the shares make of 551.
    """
    lpm = {"mask": 10.0, "high_flow": 60.0, "non_invasive": 30.0, "invasive": 30.0}
    seen = {"mask": 4157, "high_flow": 1247, "non_invasive": 105, "invasive": 916 + 24}
    number = {kind: round(count * 551 / sum(seen.values())) for kind, count in seen.items()}
    assert sum(number.values()) == 551
    sites, census = {}, {}
    for kind, patients in number.items():
        name = kind.replace("_", "-")
        flow = lpm[kind]
        sites[name] = facility(oxygen=patients) | {"oxygen": PURE | {"tank_kg": 100_000.0}}
        census[name] = {"oxygen": patients}
        assert flow > 0
    # one support to a facility: the flow of its patients is set when they come to its beds
    scenario = standing(5, sites, census)
    simulation = Simulation(scenario, 1, 0)
    join = simulation.province.supply.join  # type: ignore[union-attr]
    kinds = list(number)
    simulation.province.supply.join = lambda p, f, _: join(p, f, lpm[kinds[f]])  # type: ignore[union-attr, method-assign]
    record = simulation.run()
    mean = sum(number[kind] * lpm[kind] for kind in lpm) / 551
    assert mean == pytest.approx(22.9, abs=0.1)
    assert record.series("oxygen_used_kg") / 1000 == pytest.approx([24.6] * 5, abs=0.1)
    assert record.series("oxygen_used_kg") == pytest.approx([551 * kg_per_day(mean)] * 5)


def test_drawn_supports_have_the_mean_flow_of_their_mix() -> None:
    """551 patients with the mix drawn for each: 22.9 L/min give or take what chance makes of 551."""
    shares = {"mask": 4157, "high_flow": 1247, "non_invasive": 105, "invasive": 940}
    mix = {kind: count / sum(shares.values()) for kind, count in shares.items()}
    site = facility(oxygen=551) | {"oxygen": PURE | {"tank_kg": 1e6}}
    scenario = standing(
        3, {"alpha": site}, {"alpha": {"oxygen": 551}}, clinical=nobody_dies(respiratory={"oxygen_beds": mix})
    )
    used = np.array([Watched(scenario, seed=seed)["oxygen_used_kg"][0] for seed in range(6)])
    sd = np.sqrt(sum(mix[k] * (lpm - 22.9) ** 2 for k, lpm in zip(mix, (10, 60, 30, 30), strict=True)) * 551)
    assert np.abs(used / kg_per_day(1) - 22.9 * 551).max() < 4 * sd
    assert used.mean() == pytest.approx(24_600, abs=3 * sd * kg_per_day(1) / 6**0.5 + 50)
    assert used.std() > 0


def test_what_is_breathed_is_paid_for_on_its_day() -> None:
    plain = fifty_masks(15)
    scenario = overlaid(plain, {"supply": {"costs": {"oxygen_kg": 2.0}}})
    record = Watched(scenario).record
    assert record.series("cost") == pytest.approx(2 * record.series("oxygen_used_kg"))
    assert record.outcomes["cost"] == pytest.approx(20_000)


def test_a_warm_up_breathes_too_but_not_on_the_first_day() -> None:
    scenario = fifty_masks(4).model_copy(update={"warm_up_days": 3})
    run = Watched(overlaid(scenario, {"supply": {"costs": {"oxygen_kg": 1.0}}}))
    a_day = 50 * KG_OF_MASK
    assert run["oxygen_used_kg"] == pytest.approx([a_day] * 4)
    assert run.facility("oxygen_used_kg")[:, 0] == pytest.approx([a_day] * 4)
    assert run["cost"] == pytest.approx([a_day] * 4)
    assert run["oxygen_stock_kg"] == pytest.approx(10_000 - a_day * np.arange(1, 5))  # full again at t = 0


def test_orders_of_oxygen_come_when_they_do() -> None:
    order = rule(
        "order_oxygen", "2024-01-03", decision_days=1.0, lead_days=0.5, tank_kg=1000.0, delivery_kg=100.0,
        interval_days=2.0, until={"on": "2024-01-09"},
    )  # fmt: skip
    site = facility(oxygen=1) | {"oxygen": PURE | {"tank_kg": 1000.0, "tank_start_share": 0.0}}
    run = Watched(standing(14, {"alpha": site}, plan={"order": order}))
    # ordered on day 3.5 (a full tank, and the first delivery), then every second day to day 8
    expected = {3: 1100.0, 5: 100.0, 7: 100.0}
    assert run["oxygen_delivered_kg"].tolist() == [expected.get(day, 0.0) for day in range(14)]
    assert all(earlier <= later for earlier, later in pairwise(run["oxygen_stock_kg"].tolist()))


# -- what scarcity does to patients ---------------------------------------------------------------


def scarce(**scarcity: Any) -> Scenario:
    """Return a town whose first hospital has oxygen for half of its beds; the second has oxygen for all."""
    oxygen = PURE | {"tank_kg": 500.0, "delivery": {"size_kg": 500.0, "interval_days": 3.0}}
    return build(
        small(
            40,
            arrivals=arrivals(oxygen=[5] * 40),
            clinical=clinical(
                severity=severity(p_icu=0.0, death_oxygen=deaths(0.2, 0.2, 0.7)),
                stays=stays(oxygen_days={"fixed": 6.0}),
                clocks={"oxygen": clock({"fixed": 1.0}, {"fixed": 3.0}), "icu": clock("never", "never")},
                respiratory=MASK_ONLY | {"scarcity": scarcity},
            ),
            care={
                "facilities": {
                    "alpha": facility(oxygen=20) | {"oxygen": oxygen},
                    "bravo": facility(oxygen=20),
                }
            },
        )
    )


def effect_of(before: dict[str, Any], after: dict[str, Any], outcome: str) -> tuple[float, float]:
    """Return the 99 % interval of the paired effect of a change of `scarcity`."""
    change = [
        run_once(scarce(**after), 7, k).outcomes[outcome] - run_once(scarce(**before), 7, k).outcomes[outcome]
        for k in range(12)
    ]
    return paired_interval(np.array(change), 0.99)


def test_lower_flows_keep_patients_from_being_cut_off_and_alive() -> None:
    for outcome in ("facility_days_dry", "oxygen_unmet_kg", "deaths"):
        assert effect_of({}, {"floor": 0.5}, outcome)[1] < 0, outcome


def test_lower_flows_have_a_risk() -> None:
    assert effect_of({"floor": 0.5}, {"floor": 0.5, "risk": 1.46}, "deaths")[0] > 0


def test_who_is_not_admitted_where_oxygen_is_scarce_is_better_off_where_it_is_not() -> None:
    for outcome in ("facility_days_dry", "oxygen_unmet_kg", "deaths"):
        assert effect_of({}, {"admission_days": 7.0}, outcome)[1] < 0, outcome


def test_at_no_strength_scarcity_changes_nothing_at_all() -> None:
    log = Watched(scarce()).log
    assert any(entry.what == "dies" for entry in log)
    assert Watched(scarce(floor=1.0, risk=1.46, horizon_days=1.0)).log == log
    assert Watched(scarce(floor=0.5)).log != log


def test_lower_flows_without_more_risk_kill_nobody_who_is_never_cut_off() -> None:
    """Risk counts only what titration withheld: with 1, deaths at the floor are those of full care."""
    oxygen = PURE | {"plant_nm3_per_hour": plant_for(15)}
    one = scarce(floor=0.5)
    sites = {"alpha": {"beds": {"oxygen": 25}, "oxygen": oxygen | {"tank_kg": 0.0, "delivery": None}}}
    lowered = overlaid(one, {"care": {"facilities": sites}})
    free = overlaid(one, {"care": {"facilities": {"alpha": {"beds": {"oxygen": 25}, "oxygen": None}}}})
    few, many = run_once(lowered, 3, 0), run_once(free, 3, 0)
    assert few.series("oxygen_withheld_kg").sum() > 0
    assert few.outcomes["facility_days_dry"] == 0
    assert few.outcomes["deaths"] == many.outcomes["deaths"]


def test_a_supply_that_sustains_few_beds_binds_them() -> None:
    record = Watched(scarce(admission_days=3.0)).record
    staffed = record.facilities[:, 0, FACILITY_INDEX["staffed_oxygen"]]
    binding = record.facilities[:, 0, FACILITY_INDEX["binding_oxygen"]]
    assert (staffed[3:] < 20).all()
    assert set(binding[3:]) == {OXYGEN_STOCK}


@pytest.mark.parametrize("scale", [2.0, 0.5])
def test_scale_multiplies_all_flows(scale: float) -> None:
    ample = fifty_masks(4)
    record = Watched(overlaid(ample, {"clinical": {"respiratory": {"flow": {"scale": scale}}}})).record
    assert record.series("oxygen_used_kg") == pytest.approx([scale * 50 * KG_OF_MASK] * 4)
