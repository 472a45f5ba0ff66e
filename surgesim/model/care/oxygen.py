"""Oxygen as stock and flow: tanks, plants, cylinders, deliveries, lower flows, and rationing in a shortage.

A stock falls continuously with the flow to the patients present. Between changes everything is linear, so
the moment at which a stock runs out is known exactly and is an event in the calendar. This event is scheduled
only while cover is less than a day, and updated at each change, at 00:00 and at deliveries.

If the scenario's floor (`Scarcity`) is below 1, all flows of a facility are lowered by one factor, its
`share`, as soon as its supply would not last. The share is updated at the same moments.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, inf, nan
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import IdentityError
from surgesim.model.care.course.ledger import IN_ICU
from surgesim.model.care.gas import cylinders_kg, kg_per_day, plant_kg_per_day
from surgesim.model.care.patient import Patient
from surgesim.model.clock.calendar import Calendar, Due
from surgesim.model.clock.streams import Streams
from surgesim.model.columns import MOST_DAYS_OF_COVER, Column, Page
from surgesim.scenario.schema.capacity.oxygen import Delivery, OxygenSource, Scarcity

COLUMNS = (
    Column("oxygen_used_kg", "kg/day", "oxygen used by COVID patients in facilities with a source"),
    Column("oxygen_unmet_kg", "kg/day", "unmet oxygen need of COVID patients in facilities with a source"),
    Column(
        "oxygen_withheld_kg",
        "kg/day",
        "oxygen that COVID patients do without because flows are lowered; not part of `oxygen_unmet_kg`",
    ),
    Column("oxygen_delivered_kg", "kg/day", "oxygen delivered into tanks and cylinders"),
    Column("oxygen_moved_kg", "kg/day", "oxygen in cylinders that a rule has moved to another facility"),
    Column("oxygen_stock_kg", "kg", "oxygen in tanks and cylinders"),
    Column(
        "oxygen_cover_days",
        "days",
        "stock / need that plants do not cover (max 365; 365 if no oxygen is taken from stock)",
        MOST_DAYS_OF_COVER,
    ),
    Column(
        "facilities_out_of_oxygen",
        "facilities",
        "facilities with an empty stock and a plant that does not meet the need",
    ),
)
FACILITY = (
    Column("oxygen_used_kg", "kg/day", "oxygen used by COVID patients"),
    Column("oxygen_stock_kg", "kg", "oxygen in tank and cylinders"),
    Column("dry", "days/day", "part of the day with a shortage of oxygen"),
    Column(
        "oxygen_delivered_kg",
        "kg/day",
        "oxygen delivered into tank and cylinders, and received from other facilities less what went there",
    ),
)

_TOLERANCE_KG = 1e-6
_INSTANT = 1e-11  # in days; a stock that lasts no longer counts as empty
_REGULAR = "regular deliveries"
_MARGIN = 1 / 24  # in days; flows are lowered so that a stock outlasts the next delivery by this


class Breathers(Protocol):
    """The interface of the part of a run that is notified when a patient's oxygen fails or returns."""

    def cut_off(self, patient: Patient) -> None: ...

    def restore(self, patient: Patient) -> None: ...


class Store:
    """The oxygen of one facility. Masses are in kg, rates in kg per day.

    Attributes
    ----------
    tank, cylinders
        Oxygen in the tank and in the cylinders.
    served, demand
        Rate supplied to the patients present, and the rate that they need.
    gross
        Oxygen taken from the stock per unit supplied: 1 plus the share lost.
    share
        Flow to each patient as a share of the usual flow, from `floor` to 1.
    draw
        Rate at which the stock falls: supply and losses beyond the plant's output.
    used, lost, spilled, produced, delivered, received, returned, unmet, withheld, needed
        Running totals. `received` is what came from other facilities, less what went there. `needed` is the
        demand; of this, `withheld` was not served because flows were lowered, and `unmet` because patients
        were cut off.
    strain
        Integral of (1 - share) / (1 - floor) over time, in days.
    orders
        For each order, by name: when its next delivery is due, its mean size, and the days between
        deliveries.
    next_delivery
        When the next delivery of any order is due; infinite if none is.
    short
        True if the stock is empty and the plant does not meet the demand.
    short_days
        Total time with a shortage of oxygen, in days.
    """

    __slots__ = (
        "at_start", "cylinders", "cylinders_full", "delivered", "demand", "draw",
        "floor", "gross", "last", "loss", "lost", "needed", "next_delivery", "orders", "patients",
        "pipe_lpm", "plant", "produced", "received", "returned", "served", "share", "short", "short_days",
        "spilled", "strain", "tank", "tank_full", "unmet", "used", "watch", "withheld",
    )  # fmt: skip

    def __init__(self, source: OxygenSource, now: float, floor: float = 1.0) -> None:
        self.tank_full = source.tank_kg
        self.tank = source.tank_kg * source.tank_start_share
        self.cylinders_full = self.cylinders = cylinders_kg(source.cylinders)
        self.plant = plant_kg_per_day(source.plant_nm3_per_hour, source.plant_purity)
        self.loss = source.loss_share
        self.gross = 1 + self.loss
        self.pipe_lpm = source.pipe_lpm
        self.at_start = self.stock
        self.floor = floor
        self.share = 1.0
        self.demand = 0.0
        self.serve(0.0)
        self.used = self.lost = self.spilled = self.produced = self.delivered = self.returned = 0.0
        self.received = 0.0
        self.unmet = self.withheld = self.needed = self.strain = self.short_days = 0.0
        self.orders: dict[str, tuple[float, float, float]] = {}
        self.next_delivery = inf
        self.short = False
        self.last = now
        self.watch: Due | None = None
        self.patients: dict[int, Patient] = {}

    @property
    def stock(self) -> float:
        return self.tank + self.cylinders

    @property
    def is_full(self) -> bool:
        return self.tank >= self.tank_full and self.cylinders >= self.cylinders_full

    def serve(self, rate: float) -> None:
        """Supply the patients present at `rate` from now on; call again when the plant changes.

        A `draw` within rounding error counts as 0; otherwise a plant that exactly meets the demand would
        cause endless shortages.
        """
        self.served = rate
        self.draw = self._beyond_plant(rate)

    def _beyond_plant(self, rate: float) -> float:
        beyond = rate * self.gross - self.plant
        return beyond if beyond > 2 * _TOLERANCE_KG else 0.0

    def expect(self, order: str, due: float, kg: float, interval_days: float) -> None:
        """Set the time and mean size of an order's next delivery, and the days between deliveries."""
        room = self.tank_full + self.cylinders_full
        self.orders[order] = due, min(kg, room), interval_days
        self.next_delivery, _, _ = min(self.orders.values())

    def sustained(self, days: float) -> float:
        """Return the rate that plant, stock and deliveries due can supply together for `days` days."""
        end = self.last + days
        to_come = 0.0
        if self.next_delivery < end:
            for due, kg, every in self.orders.values():
                if due < end:
                    to_come += kg * ceil((end - due) / every)
        return (self.plant + (self.tank + self.cylinders + to_come) / days) / self.gross

    def titrate(self, horizon_days: float) -> None:
        """Set the share of the usual flow at which the supply lasts until the next delivery is due.

        If none is due, the supply must last for `horizon_days`. The share is at least `floor`.
        """
        self.share, demand = 1.0, self.demand
        if demand > 0:
            due = self.next_delivery
            days = horizon_days if due == inf else due - self.last + _MARGIN
            rate = (self.plant + (self.tank + self.cylinders) / days) / self.gross
            if rate < demand:
                self.share = max(rate / demand, self.floor)
        self.serve(self.share * demand)

    @property
    def present_strain(self) -> float:
        """Degree to which flows are lowered: 0 at the usual flow, 1 at the floor."""
        return (1 - self.share) / (1 - self.floor) if self.share < 1 else 0.0

    @property
    def cover_days(self) -> float:
        """Number of days that the stock lasts at the current demand."""
        draw = self.draw_at_demand
        return self.stock / draw if draw > 0 else inf

    @property
    def draw_at_demand(self) -> float:
        """Rate at which the stock would fall at the usual flows, kg per day; 0 if the plant is enough."""
        return self._beyond_plant(self.demand)

    def advance(self, now: float) -> None:
        """Bring all levels and totals up to `now`."""
        days = now - self.last
        if days <= 0:
            return
        self.last = now
        served, draw = self.served, self.draw
        if self.plant:
            from_plant = served * self.gross - draw
            self.produced += self.plant * days
            self.spilled += (self.plant - from_plant) * days
        if self.demand or served or self.share < 1:
            self.used += served * days
            self.lost += served * self.loss * days
            self.needed += self.demand * days
            missing = self.demand - served
            if self.share < 1:
                withheld = served * (1 / self.share - 1) if self.short else missing
                self.withheld += withheld * days
                self.strain += self.present_strain * days
                missing -= withheld
            self.unmet += missing * days
        if self.short:
            self.short_days += days
        taken = draw * days
        if taken <= self.tank:
            self.tank -= taken
        else:
            self._empty_tank(taken)

    def _empty_tank(self, kg: float) -> None:
        """Take `kg` of oxygen: all that is left in the tank, and the rest from the cylinders."""
        self.cylinders -= kg - self.tank
        self.tank = 0.0
        if -_TOLERANCE_KG < self.cylinders < 0:
            self.cylinders = 0.0

    def fill(self, kg: float) -> None:
        """Fill the tank, then the cylinders, from a delivery; any excess goes back."""
        into_tank = min(kg, self.tank_full - self.tank)
        into_cylinders = min(kg - into_tank, self.cylinders_full - self.cylinders)
        self.tank += into_tank
        self.cylinders += into_cylinders
        self.delivered += into_tank + into_cylinders
        self.returned += kg - into_tank - into_cylinders

    def refill(self, source: OxygenSource) -> None:
        """Set the stock back to its initial level, and adjust the balance for the difference."""
        before = self.stock
        self.tank = source.tank_kg * source.tank_start_share
        self.cylinders = cylinders_kg(source.cylinders)
        self.at_start += self.stock - before

    def imbalance(self) -> float:
        """Return what came, less what was used, spilled, lost and is left: 0 except for rounding."""
        inflow = self.at_start + self.delivered + self.received + self.produced
        return inflow - self.used - self.spilled - self.lost - (self.tank + self.cylinders)

    def unaccounted(self) -> float:
        """Return needed - used - withheld - unmet: 0 except for rounding."""
        return self.needed - self.used - self.withheld - self.unmet


class OxygenSupply:
    """The stores of all facilities; None for facilities where oxygen is unlimited.

    Attributes
    ----------
    moved_kg, tanks_added_kg
        Oxygen moved between facilities so far, and what the tanks that rules have added hold, kg.
    """

    def __init__(
        self,
        env: Calendar,
        sources: dict[str, OxygenSource | None],
        breathers: Breathers,
        short_changed: Callable[[int], None],
        streams: Streams,
        scarcity: Scarcity | None = None,
    ) -> None:
        scarcity = scarcity or Scarcity()
        self._floor, self._horizon = scarcity.floor, scarcity.horizon_days
        self._more_risk = scarcity.risk - 1
        self.moved_kg = self.tanks_added_kg = 0.0
        self._env = env
        self._names = list(sources)
        self._sources = list(sources.values())
        self._breathers = breathers
        self._short_changed = short_changed
        self._streams = streams
        self._all_advanced = -inf  # the time up to which all stores have been brought
        self.stores = [None if s is None else Store(s, env.now, self._floor) for s in sources.values()]
        for facility, source in enumerate(sources.values()):
            if source is not None and source.delivery is not None:
                first = self._first_delivery(facility, source.delivery)
                env.call_at(first, self._delivers, (facility, source.delivery, first, 0))

    @property
    def used_kg(self) -> float:
        """Oxygen used in all facilities since the start of the run, as of the last update, kg."""
        return sum([store.used for store in self.stores if store is not None])

    @property
    def cover_days(self) -> float:
        """Number of days that all stocks together last at the current rate; infinite if no stock falls."""
        stores = [store for store in self.stores if store is not None]
        draw = sum([store.draw_at_demand for store in stores])
        return sum([store.tank + store.cylinders for store in stores]) / draw if draw > 0 else inf

    def sustained(self, days: float) -> NDArray[np.float64]:
        """Return the use that each supply can sustain for `days` days, kg per day; infinite if unlimited."""
        self.advance()
        return np.array([inf if store is None else store.sustained(days) for store in self.stores])

    # -- patients ---------------------------------------------------------------------------------

    def join(self, patient: Patient, facility: int, flow_lpm: float) -> None:
        """Start supplying a patient in a bed of a facility, if there is enough oxygen."""
        store = self.stores[facility]
        patient.flow_kg = kg_per_day(flow_lpm)
        patient.breathes_at = facility
        if store is None:
            return
        store.advance(self._env.now)
        patient.strain_before = store.strain
        store.patients[patient.index] = patient
        store.demand += patient.flow_kg
        if store.short and store.plant == 0:
            self._breathers.cut_off(patient)
        elif store.short:
            self._ration(facility, store)
        else:
            self._set_flows(facility, store, store.served + patient.flow_kg * store.share)

    def part(self, patient: Patient) -> None:
        """Stop supplying a patient who leaves a bed."""
        store = self.stores[patient.breathes_at]
        if store is None:
            return
        store.advance(self._env.now)
        del store.patients[patient.index]
        store.demand -= patient.flow_kg
        served = store.served if patient.breathless else store.served - patient.flow_kg * store.share
        if not store.patients:
            store.demand = served = 0.0  # clear rounding residue
        if not store.short:
            self._set_flows(patient.breathes_at, store, served)
            return
        store.serve(served)
        if patient.breathless and store.patients:
            self._end_shortage(patient.breathes_at, store)  # the supply of others is unchanged
        elif store.plant > 0 or not store.patients:
            self._ration(patient.breathes_at, store)

    def risk_of_stay(self, patient: Patient, days: float) -> float:
        """Return the factor on P(death) of a patient who has been in a bed for the last `days` days."""
        store = self.stores[patient.breathes_at]
        if store is None or self._more_risk == 0 or days <= 0:
            return 1.0
        store.advance(self._env.now)
        return self.risk_of(store.strain - patient.strain_before, days)

    def risk_of(self, strain: float, days: float) -> float:
        """Return the factor on P(death) of a stay of `days` days with a `strain` in days."""
        return 1.0 + self._more_risk * min(strain / days, 1.0) if days > 0 else 1.0

    def strain_of(self, patient: Patient) -> float:
        """Return the strain of a patient's stay so far, in days, as `Store.strain` counts it."""
        store = self.stores[patient.breathes_at]
        if store is None:
            return 0.0
        store.advance(self._env.now)
        return store.strain - patient.strain_before

    def carry_strain(self, patient: Patient, strain: float) -> None:
        """Add the strain of the stay in another facility to that of a patient who has just come from it."""
        patient.strain_before -= strain

    def risk_now(self, facility: int) -> float:
        """Return the factor on P(death) of patients in a facility at its present flows."""
        store = self.stores[facility]
        return 1.0 if store is None else 1 + self._more_risk * store.present_strain

    # -- running out ------------------------------------------------------------------------------

    def _set_flows(self, facility: int, store: Store, served: float) -> None:
        """Supply a facility without a shortage at rate `served`, or less if the scenario lets flows fall."""
        if self._floor < 1:
            store.titrate(self._horizon)
        else:
            store.serve(served)
        if store.tank + store.cylinders < store.draw:  # most last longer
            self._watch(facility, store)

    def _titrate(self, store: Store) -> None:
        """If the scenario lets flows fall, set the flows of a facility without a shortage."""
        if self._floor < 1:
            store.titrate(self._horizon)

    def _watch(self, facility: int, store: Store) -> None:
        """Schedule the event of the stock running out, if it is less than a day away.

        An event already scheduled at or before that time stays; it is checked when it is due.
        """
        draw, stock = store.draw, store.tank + store.cylinders
        if draw > 0 and stock < draw:
            left = max(stock / draw, 0.0)
            if store.watch is None or self._env.now + left < store.watch[0]:
                store.watch = self._env.after(left, self._runs_out, facility)

    def _runs_out(self, due: Due) -> None:
        facility: int = due[3]
        store = self.stores[facility]
        if store is None or store.watch is not due:
            return
        store.watch = None
        if store.short:
            return
        store.advance(self._env.now)
        draw = store.draw
        if draw <= 0 or store.stock > draw * _INSTANT:  # patients have left, or oxygen has arrived
            self._watch(facility, store)
            return
        self._titrate(store)
        if store.draw <= 0:  # the plant is enough for lower flows
            return
        store.short = True
        self._ration(facility, store)
        self._short_changed(facility)

    def _ration(self, facility: int, store: Store) -> None:
        """Ration the plant's output, at the floor flow: ICU first, then by order of arrival."""
        left = store.plant / (1 + store.loss)
        store.share = self._floor
        served = 0.0
        for patient in sorted(store.patients.values(), key=_after_icu):
            flow = patient.flow_kg * self._floor
            if served + flow <= left + _TOLERANCE_KG:
                served += flow
                if patient.breathless:
                    self._breathers.restore(patient)
            elif not patient.breathless:
                self._breathers.cut_off(patient)
        store.serve(served)
        self._end_shortage(facility, store)

    def _end_shortage(self, facility: int, store: Store) -> None:
        """End a facility's shortage if its plant meets the demand at the floor flow."""
        if store.short and store.served >= store.demand * self._floor - _TOLERANCE_KG:
            store.short = False
            self._titrate(store)
            self._short_changed(facility)
            self._watch(facility, store)

    def advance(self) -> None:
        """Bring every store up to the current time."""
        now = self._env.now
        if now > self._all_advanced:
            self._all_advanced = now
            for store in self.stores:
                if store is not None:
                    store.advance(now)

    def stocks_now(self) -> list[float]:
        """Return the stock of each facility now, kg, and change nothing; NaN without a source."""
        now = self._env.now
        return [
            nan if store is None else max(store.stock - store.draw * (now - store.last), 0.0)
            for store in self.stores
        ]

    def look(self) -> None:
        """At 00:00, bring every store up to the current time, set flows, and watch stocks."""
        self.advance()
        for facility, store in enumerate(self.stores):
            if store is not None and store.patients and not store.short:
                self._set_flows(facility, store, store.served)

    def refill(self) -> None:
        """Set all stocks to their initial levels: at each 00:00 of a warm-up, and at t = 0 after it."""
        for facility, (store, source) in enumerate(zip(self.stores, self._sources, strict=True)):
            if store is not None and source is not None:
                store.advance(self._env.now)
                store.refill(source)
                self._after_change(facility, store)

    # -- deliveries and equipment -----------------------------------------------------------------

    def expect(self, facility: int, order: str, due: float, kg: float, interval_days: float) -> None:
        """Set the time and mean size of an order's next delivery to a facility, and the delivery interval."""
        store = self.stores[facility]
        if store is not None:
            store.expect(order, due, kg, interval_days)

    def expect_no_more(self, facility: int, order: str) -> None:
        """Note that a facility's order has ended, so that no further delivery is due."""
        store = self.stores[facility]
        if store is not None:
            store.expect(order, inf, 0.0, 1.0)

    def deliver(self, facility: int, kg: float) -> None:
        """Deliver oxygen to a facility; this ends any shortage."""
        store = self.stores[facility]
        if store is None:
            return
        store.advance(self._env.now)
        store.fill(kg)
        self._after_change(facility, store)

    def exchange(self, sender: int, receiver: int, kg: float) -> None:
        """Exchange full cylinders of a facility, with `kg` of oxygen, for empty ones of another."""
        self.moved_kg += kg
        for facility, amount in ((sender, -kg), (receiver, kg)):
            store = self.stores[facility]
            if store is None:
                raise ValueError("cylinders are exchanged between facilities with an oxygen source")
            store.advance(self._env.now)
            store.cylinders += amount
            store.received += amount
            self._after_change(facility, store)

    def enlarge(
        self, facility: int, tank_kg: float, plant_nm3_per_hour: float, purity: float, *, full: bool = True
    ) -> None:
        """Add a tank, full or empty, or a plant to a facility."""
        store = self.stores[facility]
        if store is None:
            return
        store.advance(self._env.now)
        store.tank_full += tank_kg
        self.tanks_added_kg += tank_kg
        store.plant += plant_kg_per_day(plant_nm3_per_hour, purity)
        store.serve(store.served)
        if full and tank_kg > 0:
            store.fill(tank_kg)
        self._after_change(facility, store)

    def _after_change(self, facility: int, store: Store) -> None:
        if store.short and store.stock > _TOLERANCE_KG:
            store.short = False
            for patient in store.patients.values():
                if patient.breathless:
                    self._breathers.restore(patient)
            store.serve(store.demand * store.share)
            self._titrate(store)
            self._short_changed(facility)
        elif store.short:
            self._ration(facility, store)
        if store.patients and not store.short:
            self._set_flows(facility, store, store.served)

    def _first_delivery(self, facility: int, delivery: Delivery) -> float:
        """Record when a facility's first regular delivery is due, and return that time."""
        first = delivery.first_days
        if first is None:  # deliveries to facilities fall on different days
            name = self._names[facility]
            first = delivery.interval_days * (1 - self._streams.once("first delivery", name).random())
        self._expect_regular(facility, delivery, first)
        return first

    def _expect_regular(self, facility: int, delivery: Delivery, due: float) -> None:
        mean_kg = delivery.size_kg * (1 - delivery.failure)
        self.expect(facility, _REGULAR, due, mean_kg, delivery.interval_days)

    def _delivers(self, due: Due) -> None:
        """Make the next regular delivery to a facility, unless it fails, and schedule the one after it."""
        facility, delivery, first, number = due[3]
        following = first + (number + 1) * delivery.interval_days
        self._expect_regular(facility, delivery, following)
        if delivery.failure == 0 or self._arrives(facility, delivery, number):
            store = self.stores[facility]
            if store is not None and store.is_full and not store.patients:
                store.returned += delivery.size_kg
            else:
                self.deliver(facility, delivery.size_kg)
        self._env.call_at(following, self._delivers, (facility, delivery, first, number + 1))

    def _arrives(self, facility: int, delivery: Delivery, number: int) -> bool:
        draw = self._streams.day("delivery", number, self._names[facility]).random()
        return draw >= delivery.failure

    # -- the end of a day -------------------------------------------------------------------------

    def fill(self, page: Page) -> None:
        """Record the oxygen of the province and of each facility."""
        stores = [store for store in self.stores if store is not None]
        stock = [0.0 if store is None else store.tank + store.cylinders for store in self.stores]
        used = [0.0 if store is None else store.used for store in self.stores]
        dry = [0.0 if store is None else store.short_days for store in self.stores]
        page.province.values |= {
            "oxygen_stock_kg": sum(stock),
            "oxygen_cover_days": min(self.cover_days, MOST_DAYS_OF_COVER),
            "facilities_out_of_oxygen": sum([store.short for store in stores]),
        }
        page.province.totals |= {
            "oxygen_used_kg": sum(used),
            "oxygen_unmet_kg": sum([store.unmet for store in stores]),
            "oxygen_withheld_kg": sum([store.withheld for store in stores]),
            "oxygen_delivered_kg": sum([store.delivered for store in stores]),
            "oxygen_moved_kg": self.moved_kg,
        }
        page.facilities.values["oxygen_stock_kg"] = stock
        came = [0.0 if store is None else store.delivered + store.received for store in self.stores]
        page.facilities.totals |= {"oxygen_used_kg": used, "dry": dry, "oxygen_delivered_kg": came}

    def check(self, day: int) -> None:
        """Check that every store balances, that no stock is negative, and that all need is accounted for.

        Raises
        ------
        IdentityError
            If a store or its need does not balance, or a stock is negative.
        """
        self.advance()
        for name, store in zip(self._names, self.stores, strict=True):
            if store is None:
                continue
            came = store.at_start + store.delivered + store.produced
            tolerance = _TOLERANCE_KG * (1e-6 * came if came > 1e6 else 1.0)
            balanced = -tolerance <= store.imbalance() <= tolerance
            if not balanced or store.tank < -tolerance or store.cylinders < -tolerance:
                raise IdentityError(
                    "oxygen: start + delivered + received + produced - used - spilled - lost = end",
                    name,
                    day,
                    f"{store.imbalance():g} kg unaccounted for, {store.stock:g} kg in stock",
                )
            if (
                abs(store.unaccounted()) > tolerance
                or store.unmet < -tolerance
                or store.withheld < -tolerance
            ):
                raise IdentityError(
                    "oxygen: needed = used + withheld + unmet",
                    name,
                    day,
                    f"{store.unaccounted():g} kg unaccounted for",
                )


def _after_icu(patient: Patient) -> bool:
    """Return the sort key for rationing oxygen: patients in ICU beds first."""
    return patient.place != IN_ICU
