"""The simulation of one replication. `Simulation.run` defines the order of events in a day.

Day d is [d, d + 1), see `calendar`: events at 00:00 belong to the day that begins.

1. 00:00  rules that are due, then all other events of that instant; today's beds open; the epidemic
   advances; the day's patients are drawn.
2. During the day: patients' events, deliveries, rules (SimPy's calendar).
3. 24:00  before any event of the next day: the day is checked and recorded; the command receives the
   indicators that rules watch, and rules without delay act at the next 00:00, as do the interventions of
   extensions.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from surgesim.model.care.course.events import LogEntry
from surgesim.model.care.shared import SharedDays
from surgesim.model.command.rules import Command
from surgesim.model.epidemic.spread import Epidemic
from surgesim.model.orders import Orders
from surgesim.model.province import Province
from surgesim.model.record import Record
from surgesim.model.recorder import Recorder, StateWatch, StockWatch
from surgesim.model.surveillance.detection import Surveillance
from surgesim.scenario.schema.scenario import Scenario

__all__ = ["SharedDays", "Simulation", "run_once"]

Ints = NDArray[np.int64]


def run_once(
    scenario: Scenario,
    seed: int,
    replication: int,
    shared: SharedDays | None = None,
    *,
    events: bool = False,
) -> Record:
    """Run one replication.

    Parameters
    ----------
    scenario
        The scenario of one alternative; the section `alternatives` is ignored.
    seed, replication
        Replication k of a seed gives the same results whatever else is run.
    shared
        Days already simulated by other alternatives of this seed and replication. They are reused as long
        as care has not affected the epidemic; new days are added.
    events
        True to keep the events of patients and facilities in the record.

    Raises
    ------
    IdentityError
        If a conservation identity fails; this is always a defect of the program, never of the scenario.
    """
    log: list[LogEntry] | None = [] if events else None
    return Simulation(scenario, seed, replication, log=log, shared=shared).run()


class Simulation:
    """One replication.

    Attributes
    ----------
    province
        The parts of the run.
    command
        The plan's rules.
    recorder
        The record of the run so far.
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        replication: int,
        *,
        log: list[LogEntry] | None = None,
        shared: SharedDays | None = None,
    ) -> None:
        self.province = Province(scenario, seed, replication, log=log, shared=shared)
        self.command = Command(self.province.env, scenario.start, scenario.command.recognition_days)
        self.recorder = Recorder(scenario, replication, self.province)
        self._log = log
        self._watch = None if log is None else StateWatch(self.province)
        self._stocks = None if log is None else StockWatch(self.province)
        look = None if self._watch is None else self._watch.look
        self._orders = Orders(self.province, self.command, self.recorder.so_far, look)

    def run(self) -> Record:
        """Simulate all days, from the first of the warm-up to the last of the run."""
        province = self.province
        with _no_collections():
            province.begin()
            for day in range(province.first_day, province.end_day):
                if day == 0:
                    province.admit_census()
                    self.recorder.start_totals()
                    province.begin_books()
                    self._orders.begin_plan(self.recorder.past)
                province.env.run_through(day)
                self._start_of_day(day)
                province.env.run_until(day + 1)
                self._end_of_day(day)
        record = self.recorder.finish(self.command.actions)
        if self._log is None or self._watch is None:
            return record
        return replace(
            record,
            patient_events=tuple(self._log),
            facility_events=tuple(self._watch.events),
            stocks_by_hour=None if self._stocks is None else np.array(self._stocks.by_hour),
        )

    # -- the order of a day -----------------------------------------------------------------------

    def _start_of_day(self, day: int) -> None:
        province = self.province
        if day < 0 and province.supply is not None:
            province.supply.refill()
        if province.home is not None:
            province.home.begin_day()
        province.logistics.stocks.begin_day()
        province.facilities.give_back(province.wards.present)
        province.feel_shortages()
        province.protect_staff()
        province.open_beds(day)
        if day == 0:
            province.journey.offer_free_beds()
            self.recorder.begin()
        if province.supply is not None:
            province.supply.look()
        province.neighbours.take(province.journey)
        reported_mild = self._new_patients(day)
        rng = province.streams.day("isolation", day)
        first_share = 0.0 if province.home is None else province.home.first_share()
        province.basic_beds.pass_day(day, reported_mild, rng, first_share)
        if self._watch is not None:
            self._watch.look()

    def _new_patients(self, day: int) -> Ints:
        """Schedule the day's new patients; return the mild cases reported today, ``(districts,)``."""
        province = self.province
        if province.epidemic is not None and province.surveillance is not None:
            return self._cases_of(day, province.epidemic, province.surveillance)
        if province.arrivals is None:
            raise ValueError("expected a scenario with an epidemic or arrivals")
        batch, reported_mild = province.arrivals.on(day)
        province.journey.expect(batch)
        return reported_mild

    def _cases_of(self, day: int, epidemic: Epidemic, surveillance: Surveillance) -> Ints:
        """Advance the epidemic by a day, and turn its onsets into patients and mild cases.

        Return the mild cases reported today, ``(districts,)``.
        """
        province, home = self.province, self.province.home
        isolated = surveillance.begin_day(epidemic.infected, lambda: epidemic.outside_home(day))
        province.count_susceptible()
        infection = epidemic.advance(day, province.dead(), province.heads(), isolated)
        province.note_infections(int(infection.infections.sum()))
        treated = (0.0, 0.0) if home is None else home.reduction(surveillance.tested_share)
        batch, mild = province.patients.of_day(infection, day, province.streams, treated)
        if home is not None:
            first = infection.onsets.sum(axis=(3, 4))[:, home.first].sum(axis=1)
            ill = batch.district[home.first[batch.age, batch.high_risk.astype(int)]]
            home.expect(first - np.bincount(ill, minlength=len(first)), mild)
        found = [patient for patient in province.journey.expect(batch) if not patient.unreported]
        surveillance.pass_day(day, mild, found)
        surveillance.confinement.receive(infection.infections, infection.imported, infection.screened)
        return surveillance.detection.mild_reports(day)

    def _end_of_day(self, day: int) -> None:
        province = self.province
        if province.supply is not None:
            province.supply.advance()
        if day >= 0:
            province.keep_books(day)
        province.check(day)
        self.recorder.count_check()
        if day < 0:
            self.recorder.pass_warm_up(day)
        else:
            province.journey.waits.find_late()
            self.command.hear(self.recorder.record(day))
            self._orders.pass_day()


@contextmanager
def _no_collections() -> Iterator[None]:
    """Turn off garbage collection: a run creates no reference cycles, so it would only cost time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
