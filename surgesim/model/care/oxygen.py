"""Oxygen as stock and flow: tanks, plants, cylinders, deliveries, and rationing in a shortage.

A stock falls continuously with the flow to the patients present. Between changes everything is linear, so
the moment at which a stock runs out is known exactly and is an event in the calendar. This event is scheduled
only while cover is less than a day, and updated at each change, at 00:00 and at deliveries.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Protocol

import numpy as np
from simpy.events import Event

from surgesim.errors import IdentityError
from surgesim.model.care.gas import cylinders_kg, kg_per_day, plant_kg_per_day
from surgesim.model.care.ledger import IN_ICU
from surgesim.model.care.patients import Patient
from surgesim.model.clock.calendar import Calendar, Due
from surgesim.model.clock.streams import Streams
from surgesim.model.columns import MOST_DAYS_OF_COVER, Column, Page
from surgesim.scenario.schema.capacity.oxygen import Delivery, OxygenSource

COLUMNS = (
    Column("oxygen_used_kg", "kg/day", "oxygen used by COVID patients in facilities with a source"),
    Column("oxygen_unmet_kg", "kg/day", "unmet oxygen need of COVID patients in facilities with a source"),
    Column("oxygen_delivered_kg", "kg/day", "oxygen delivered into tanks and cylinders"),
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
)

_TOLERANCE_KG = 1e-6
_INSTANT = 1e-11  # in days; a stock that lasts no longer counts as empty


class Breathers(Protocol):
    """The receiver of notices that a patient's oxygen fails or returns: `Journey`."""

    def cut_off(self, patient: Patient) -> None: ...

    def restore(self, patient: Patient) -> None: ...


class Store:
    """The oxygen of one facility. Masses are in kg, rates in kg per day.

    Attributes
    ----------
    tank, cylinders
        Oxygen in the tank and in the cylinders.
    served, demand
        Rate supplied to the patients present, and the rate they need.
    draw
        Rate at which the stock falls: supply and losses beyond the plant's output.
    used, lost, spilled, produced, delivered, returned, unmet
        Running totals; `unmet` is demand that was not served.
    short
        True if the stock is empty and the plant does not meet the demand.
    short_days
        Total time with a shortage of oxygen, in days.
    """

    __slots__ = (
        "at_start", "cylinders", "cylinders_full", "delivered", "demand", "draw", "last", "loss", "lost",
        "patients", "pipe_lpm", "plant", "produced", "returned", "served", "short", "short_days", "spilled",
        "tank", "tank_full", "unmet", "used", "watch",
    )  # fmt: skip

    def __init__(self, source: OxygenSource, now: float) -> None:
        self.tank_full = source.tank_kg
        self.tank = source.tank_kg * source.tank_start_share
        self.cylinders_full = self.cylinders = cylinders_kg(source.cylinders)
        self.plant = plant_kg_per_day(source.plant_nm3_per_hour, source.plant_purity)
        self.loss = source.loss_share
        self.pipe_lpm = source.pipe_lpm
        self.at_start = self.stock
        self.demand = 0.0
        self.serve(0.0)
        self.used = self.lost = self.spilled = self.produced = self.delivered = self.returned = 0.0
        self.unmet = self.short_days = 0.0
        self.short = False
        self.last = now
        self.watch: Due | None = None
        self.patients: dict[int, Patient] = {}

    @property
    def stock(self) -> float:
        return self.tank + self.cylinders

    def serve(self, rate: float) -> None:
        """Supply the patients present at `rate` from now on; call again when the plant changes.

        A `draw` within rounding error counts as 0; otherwise a plant that exactly meets the demand would
        cause endless shortages.
        """
        self.served = rate
        beyond = rate * (1 + self.loss) - self.plant
        self.draw = beyond if beyond > 2 * _TOLERANCE_KG else 0.0

    @property
    def cover_days(self) -> float:
        """Number of days that the stock lasts at the current demand."""
        draw = self.demand * (1 + self.loss) - self.plant
        return self.stock / draw if draw > 0 else float("inf")

    def advance(self, now: float) -> None:
        """Bring all levels and totals up to `now`."""
        days = now - self.last
        if days <= 0:
            return
        self.last = now
        if self.plant:
            from_plant = self.served * (1 + self.loss) - self.draw
            self.produced += self.plant * days
            self.spilled += (self.plant - from_plant) * days
        self.used += self.served * days
        self.lost += self.served * self.loss * days
        self.unmet += (self.demand - self.served) * days
        if self.short:
            self.short_days += days
        if self.draw:
            self._take(self.draw * days)

    def _take(self, kg: float) -> None:
        """Take oxygen from the tank, and the rest from the cylinders."""
        if kg <= self.tank:
            self.tank -= kg
            return
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

    def imbalance(self) -> float:
        """Return start + delivered + produced - used - spilled - lost - end: 0 except for rounding."""
        inflow = self.at_start + self.delivered + self.produced
        return inflow - self.used - self.spilled - self.lost - self.stock


class OxygenSupply:
    """The stores of all facilities; None for facilities where oxygen is unlimited."""

    def __init__(
        self,
        env: Calendar,
        sources: dict[str, OxygenSource | None],
        breathers: Breathers,
        short_changed: Callable[[int], None],
        streams: Streams,
    ) -> None:
        self._env = env
        self._names = list(sources)
        self._breathers = breathers
        self._short_changed = short_changed
        self._streams = streams
        self.stores = [None if s is None else Store(s, env.now) for s in sources.values()]
        for name, source in sources.items():
            if source is not None and source.delivery is not None:
                env.process(self._deliveries(name, source.delivery))

    @property
    def used_kg(self) -> float:
        """Oxygen used in all facilities since the start of the run, as of the last update, kg."""
        return sum(store.used for store in self.stores if store is not None)

    @property
    def cover_days(self) -> float:
        """Number of days that all stocks together last at the current rate; infinite if none falls."""
        stores = [store for store in self.stores if store is not None]
        draw = sum(max(store.demand * (1 + store.loss) - store.plant, 0.0) for store in stores)
        return sum(store.stock for store in stores) / draw if draw > 0 else float("inf")

    # -- patients ---------------------------------------------------------------------------------

    def join(self, patient: Patient, facility: int, flow_lpm: float) -> None:
        """Start supplying a patient in a bed of a facility, if there is enough oxygen."""
        store = self.stores[facility]
        patient.flow_kg = kg_per_day(flow_lpm)
        patient.breathes_at = facility
        if store is None:
            return
        store.advance(self._env.now)
        store.patients[patient.index] = patient
        store.demand += patient.flow_kg
        if store.short and store.plant == 0:
            self._breathers.cut_off(patient)
        elif store.short:
            self._ration(facility, store)
        else:
            store.serve(store.served + patient.flow_kg)
            self._watch(facility, store)

    def part(self, patient: Patient) -> None:
        """Stop supplying a patient who leaves a bed."""
        store = self.stores[patient.breathes_at]
        if store is None:
            return
        store.advance(self._env.now)
        del store.patients[patient.index]
        store.demand -= patient.flow_kg
        if not patient.breathless:
            store.serve(store.served - patient.flow_kg)
        if not store.patients:
            store.demand = 0.0  # clear rounding residue
            store.serve(0.0)
        if not store.short:
            self._watch(patient.breathes_at, store)
        elif patient.breathless and store.patients:
            self._end_shortage(patient.breathes_at, store)  # the supply of others is unchanged
        elif store.plant > 0 or not store.patients:
            self._ration(patient.breathes_at, store)

    # -- running out ------------------------------------------------------------------------------

    def _watch(self, facility: int, store: Store) -> None:
        """Schedule the event of the stock running out, if it is less than a day away.

        An event already scheduled at or before that time stays; it is checked when it is due.
        """
        draw = store.draw
        if draw > 0 and store.stock < draw:
            left = max(store.stock / draw, 0.0)
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
        store.short = True
        self._ration(facility, store)
        self._short_changed(facility)

    def _ration(self, facility: int, store: Store) -> None:
        """Ration the plant's output, ICU first, then by order of arrival; cut off or restore supply."""
        left = store.plant / (1 + store.loss)
        served = 0.0
        for patient in sorted(store.patients.values(), key=_after_icu):
            if served + patient.flow_kg <= left + _TOLERANCE_KG:
                served += patient.flow_kg
                if patient.breathless:
                    self._breathers.restore(patient)
            elif not patient.breathless:
                self._breathers.cut_off(patient)
        store.serve(served)
        self._end_shortage(facility, store)

    def _end_shortage(self, facility: int, store: Store) -> None:
        """End a facility's shortage if its plant meets the demand."""
        if store.short and store.served >= store.demand - _TOLERANCE_KG:
            store.short = False
            self._short_changed(facility)
            self._watch(facility, store)

    def advance(self) -> None:
        """Bring every store up to the current time."""
        for store in self.stores:
            if store is not None:
                store.advance(self._env.now)

    def look(self) -> None:
        """At 00:00, bring every store up to the current time; watch stores with under a day of cover."""
        for facility, store in enumerate(self.stores):
            if store is not None:
                store.advance(self._env.now)
                if not store.short:
                    self._watch(facility, store)

    # -- deliveries and equipment -----------------------------------------------------------------

    def deliver(self, facility: int, kg: float) -> None:
        """Deliver oxygen to a facility; this ends any shortage."""
        store = self.stores[facility]
        if store is None:
            return
        store.advance(self._env.now)
        store.fill(kg)
        self._after_change(facility, store)

    def enlarge(self, facility: int, tank_kg: float, plant_nm3_per_hour: float, purity: float) -> None:
        """Add a full tank or a plant to a facility."""
        store = self.stores[facility]
        if store is None:
            return
        store.advance(self._env.now)
        store.tank_full += tank_kg
        store.plant += plant_kg_per_day(plant_nm3_per_hour, purity)
        store.serve(store.served)
        if tank_kg > 0:
            store.fill(tank_kg)
        self._after_change(facility, store)

    def _after_change(self, facility: int, store: Store) -> None:
        if store.short and store.stock > _TOLERANCE_KG:
            store.short = False
            for patient in store.patients.values():
                if patient.breathless:
                    self._breathers.restore(patient)
            store.serve(store.demand)
            self._short_changed(facility)
        elif store.short:
            self._ration(facility, store)
        if not store.short:
            self._watch(facility, store)

    def _deliveries(self, name: str, delivery: Delivery) -> Generator[Event, object, None]:
        facility = self._names.index(name)
        first = delivery.first_days
        if first is None:  # deliveries to facilities fall on different days
            first = delivery.interval_days * (1 - self._streams.once("first delivery", name).random())
        number = 0
        while True:
            yield self._env.at(first + number * delivery.interval_days)
            certain = delivery.failure == 0
            if certain or self._streams.day("delivery", number, name).random() >= delivery.failure:
                self.deliver(facility, delivery.size_kg)
            number += 1

    # -- the end of a day -------------------------------------------------------------------------

    def fill(self, page: Page) -> None:
        """Record the oxygen of the province and of each facility."""
        stores = [store for store in self.stores if store is not None]
        stock = [0.0 if store is None else store.stock for store in self.stores]
        used = [0.0 if store is None else store.used for store in self.stores]
        dry = [0.0 if store is None else store.short_days for store in self.stores]
        page.province.values |= {
            "oxygen_stock_kg": sum(stock),
            "oxygen_cover_days": min(self.cover_days, MOST_DAYS_OF_COVER),
            "facilities_out_of_oxygen": sum(store.short for store in stores),
        }
        page.province.totals |= {
            "oxygen_used_kg": sum(used),
            "oxygen_unmet_kg": sum(store.unmet for store in stores),
            "oxygen_delivered_kg": sum(store.delivered for store in stores),
        }
        page.facilities.values["oxygen_stock_kg"] = np.array(stock)
        page.facilities.totals |= {"oxygen_used_kg": np.array(used), "dry": np.array(dry)}

    def check(self, day: int) -> None:
        """Check that every store balances and that no stock is negative.

        Raises
        ------
        IdentityError
            If a store does not balance, or a stock is negative.
        """
        for name, store in zip(self._names, self.stores, strict=True):
            if store is None:
                continue
            store.advance(self._env.now)
            came = store.at_start + store.delivered + store.produced
            tolerance = _TOLERANCE_KG * max(1.0, 1e-6 * came)
            if abs(store.imbalance()) > tolerance or min(store.tank, store.cylinders) < -tolerance:
                raise IdentityError(
                    "oxygen: start + delivered + produced - used - spilled - lost = end",
                    name,
                    day,
                    f"{store.imbalance():g} kg unaccounted for, {store.stock:g} kg in stock",
                )


def _after_icu(patient: Patient) -> bool:
    """Return the sort key for rationing oxygen: patients in ICU beds first."""
    return patient.place != IN_ICU
