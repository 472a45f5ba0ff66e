"""One replication: a scenario and a seed become a Record. The order of a day stands in `run`.

Day d is [d, d + 1), see `calendar`: what happens at 00:00 belongs to the day that begins.

1. 00:00  rules whose time has come, then whatever else falls on the instant; what opens today is open; the
   epidemic moves on; the day's patients are drawn.
2. Through the day: patients' events, deliveries, rules (SimPy's calendar).
3. 24:00  before anything of the next day happens: the day is recorded, assessed and checked; the command
   hears the assessment, and rules without delay act at the next 00:00.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from surgesim.model.capacity.capacity import Capacity, Opened
from surgesim.model.capacity.facilities import Facilities
from surgesim.model.capacity.logistics import Drivers, Logistics
from surgesim.model.care.arrivals import Arrivals
from surgesim.model.care.beds import UNLIMITED
from surgesim.model.care.home import HomeCare
from surgesim.model.care.isolation import Isolation
from surgesim.model.care.journey import Entry, Journey, Options
from surgesim.model.care.ledger import ICU, OXYGEN
from surgesim.model.care.neighbours import Neighbours
from surgesim.model.care.network import Network
from surgesim.model.care.oxygen import OxygenSupply
from surgesim.model.care.patients import PatientSource
from surgesim.model.care.shared import SharedDays
from surgesim.model.clock.calendar import Calendar
from surgesim.model.clock.streams import Streams
from surgesim.model.command.actions import action_of
from surgesim.model.command.rules import Command
from surgesim.model.epidemic.people import apportion, populate
from surgesim.model.epidemic.spread import VACCINATED, DayOfInfection, Epidemic, protection
from surgesim.model.record import Record
from surgesim.model.recorder import Recorder
from surgesim.model.surveillance.detection import Detection, Surveillance
from surgesim.scenario.schema.scenario import Scenario

Ints = NDArray[np.int64]


def simulate(scenario: Scenario, seed: int, replication: int, shared: SharedDays | None = None) -> Record:
    """Run one replication.

    Parameters
    ----------
    scenario
        The scenario (of one alternative; its own `alternatives` are not looked at).
    seed, replication
        Replication k of a seed is the same whatever else is run.
    shared
        Days as other alternatives of this seed and replication have met them: they are taken as they are
        while care has changed nothing, and days that are not there yet are added.

    Raises
    ------
    IdentityError
        When a conservation identity does not hold: a defect, never the scenario's fault.
    """
    return Simulation(scenario, seed, replication, shared=shared).run()


class Simulation:
    """The parts of a run, assembled."""

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        replication: int,
        *,
        log: list[Entry] | None = None,
        shared: SharedDays | None = None,
    ) -> None:
        self.scenario = scenario
        path, drawn = (None, None) if shared is None else (shared.path, shared.patients)
        self.first_day, self.end_day = -scenario.warm_up_days, scenario.days
        self.env = Calendar(self.first_day)
        self.streams = Streams(seed, replication)
        self.network = Network(scenario)
        self.population = populate(scenario.people)
        clinical, care = scenario.clinical, scenario.care
        self.journey = Journey(
            self.env,
            self.network,
            Options(
                clinical.boarding,
                clinical.step_down,
                clinical.queue_order,
                care.no_bed_hours / 24,
                scenario.in_time_hours / 24,
            ),
            log=log,
        )
        self.isolation = Isolation(
            self.network,
            clinical.stays.isolation_days,
            1.0 if scenario.epidemic is None else clinical.isolated_share,
            self.first_day,
            self.end_day,
        )
        self.patients = PatientSource(clinical, scenario.epidemic, scenario.people.high_risk, drawn)
        self.epidemic: Epidemic | None = None
        self.surveillance: Surveillance | None = None
        self.detection: Detection | None = None
        self.arrivals: Arrivals | None = None
        if scenario.epidemic is not None:
            self.epidemic = Epidemic(
                scenario.epidemic, scenario.people, self.population, scenario.start, self.streams, path
            )
            residents = self.population.count.sum(axis=(1, 2))
            self.surveillance = Surveillance(
                scenario.epidemic, self.first_day, self.end_day, residents, self.streams
            )
            self.detection = self.surveillance.detection
        elif scenario.arrivals is not None:
            self.arrivals = Arrivals(
                scenario.arrivals,
                self.network.districts,
                self.population.count.sum(axis=2),
                self.patients,
                np.array(clinical.severity.p_oxygen),
                np.array(clinical.severity.p_icu),
                self.streams,
            )
        self.facilities = Facilities(care)
        self.supply = self._oxygen_supply()
        self.capacity = Capacity(care, clinical, self.facilities, self.supply, self.streams)
        self.home = None if clinical.home_care is None else HomeCare(clinical.home_care)
        self.logistics = Logistics(scenario.supply)
        self.neighbours = Neighbours(self.env, care.neighbours)
        self._incidence = 0.0
        self._beds_of_today: Opened | None = None
        self.command = Command(self.env, scenario.start)
        self.recorder = Recorder(scenario, replication, self.population, self.journey.ledger)
        self.link(list(range(len(self.facilities.sites))), on=False)

    def run(self) -> Record:
        """All days, from the first of the warm-up to the last."""
        with _no_collections():
            if not self.capacity.limited:  # else beds are first counted on the first day
                for f, (_, oxygen, icu) in enumerate(self.capacity.today.space.tolist()):
                    self._set_capacity(f, oxygen, icu)
            self._initial_census()
            for day in range(self.first_day, self.end_day):
                if day == 0:
                    self.recorder.start_totals(self)
                    self._grown()  # what a warm-up has used is not of the first day
                    self._begin_plan()
                self.env.run_through(day)
                self._start_of_day(day)
                self.env.run_until(day + 1)
                self._end_of_day(day)
        return self.recorder.finish(self)

    # -- the order of a day -----------------------------------------------------------------------

    def _start_of_day(self, day: int) -> None:
        if self.home is not None:
            self.home.begin_day()
        self.logistics.stocks.begin_day()
        self.facilities.give_back(self._occupied)
        self._protect_staff()
        self._open_beds(day)
        if day == 0:
            self.recorder.begin(self)
        if self.supply is not None:
            self.supply.look()
        self.neighbours.take(self.journey)
        infection: DayOfInfection | None = None
        if self.epidemic is not None and self.surveillance is not None:
            infection = self._infection_of(day, self.epidemic, self.surveillance)
            self._incidence = float(infection.infections.sum()) / self.population.total
            reported_mild = self._cases_of(day, infection, self.surveillance)
        elif self.arrivals is not None:
            batch, reported_mild = self.arrivals.on(day)
            self.journey.expect(batch)
        else:
            raise ValueError("expected a scenario with an epidemic or arrivals")
        self.isolation.pass_day(day, reported_mild, self.streams.day("isolation", day))
        self.recorder.start_of_day(infection)

    def _cases_of(self, day: int, infection: DayOfInfection, surveillance: Surveillance) -> Ints:
        """``(districts,)`` mild cases reported today; the day's onsets become patients and mild cases."""
        treated = 0.0 if self.home is None else self.home.reduction * surveillance.tested_share
        batch, mild = self.patients.of_day(infection, day, self.streams, treated)
        found = [patient for patient in self.journey.expect(batch) if not patient.unreported]
        surveillance.pass_day(
            day,
            mild,
            found,
            np.array(self.journey.ledger.reported_at_admission, np.int64),
        )
        return surveillance.detection.mild_reported(day)

    def _infection_of(self, day: int, epidemic: Epidemic, surveillance: Surveillance) -> DayOfInfection:
        """What the epidemic brings today."""
        isolated = surveillance.begin_day()
        return epidemic.advance(day, self._dead(), int(self.capacity.heads().sum()), isolated)

    def _protect_staff(self) -> None:
        """Vaccinated staff are infected as vaccinated residents are."""
        scenario, absences = self.scenario.epidemic, self.capacity.absences
        vaccination = None if self.epidemic is None else self.epidemic.vaccination
        if scenario is None or vaccination is None or absences is None:
            return
        covered = vaccination.staff_protected_share(int(self.capacity.heads().sum()))
        absences.protection = covered * float(protection(scenario)[VACCINATED, 0])

    def _end_of_day(self, day: int) -> None:
        if self.supply is not None:
            self.supply.advance()
        if day >= 0:
            self._logistics_of(day)
        self.check(day)
        if day < 0:
            return
        self.journey.waits.find_late()
        self.recorder.record(self, day)
        assessment = self.recorder.assess(self, day)
        self.recorder.assessed(day, assessment)
        self.command.hear(assessment)

    def _logistics_of(self, day: int) -> None:
        """What the day has used and made, and what it has cost."""
        journey = self.journey
        mild = float(self.isolation.occupied.sum())
        grown, detection = self._grown(), self.detection
        vaccination = None if self.epidemic is None else self.epidemic.vaccination
        laboratories = None if self.surveillance is None else self.surveillance.laboratories
        if self.home is not None and detection is not None:
            self.home.pass_day(float(detection.mild_reported(day).sum()), mild)
        self.logistics.pass_day(
            Drivers(
                basic_bed=mild,
                oxygen_bed=float(sum(journey.oxygen.occupied)),
                icu_bed=float(sum(journey.icu.occupied)),
                reported_case=grown["reported at admission"]
                + (0.0 if detection is None else float(detection.reported(day).sum())),
                home_case=0.0 if self.home is None else self.home.followed,
                death=grown["deaths"],
                oxygen_kg=grown["oxygen"],
                opening=grown["openings"],
                reinforcement=self.capacity.reinforcement,
                dose=0.0 if vaccination is None else vaccination.given_today,
                test=0.0 if laboratories is None else laboratories.used,
            )
        )

    def _grown(self) -> dict[str, float]:
        """How much the running totals that logistics counts have grown since the last time."""
        totals = {
            "deaths": sum(self.journey.ledger.deaths),
            "oxygen": 0.0 if self.supply is None else self.supply.used_kg,
            "openings": self.facilities.openings,
            "reported at admission": sum(self.journey.ledger.reported_at_admission),
        }
        return {name: self.logistics.since(name, total) for name, total in totals.items()}

    def link(self, facilities: list[int], *, on: bool) -> None:
        """Link facilities to a higher-level hospital; with specialists at hand their care is full."""
        for facility in facilities:
            section = self.facilities.sites[facility].section
            self.journey.specialists[facility] = on or section.specialists or section.remote_link

    def check(self, day: int) -> None:
        """The identities of docs/model.md, all of them, every day."""
        self.journey.check(day)
        self.isolation.check(day)
        if self.supply is not None:
            self.supply.check(day)
        if self.capacity.absences is not None:
            self.capacity.absences.check(day, self.capacity.heads())
        if self.capacity.essential is not None:
            self.capacity.essential.check(day)
        if self.home is not None:
            self.home.check(day)
        self.logistics.check(day)
        if self.epidemic is not None:
            self.epidemic.check(day)
        if self.surveillance is not None:
            self.surveillance.check(day)
        self.recorder.checked()

    # -- the start --------------------------------------------------------------------------------

    def _begin_plan(self) -> None:
        """t = 0: the rules are followed from now on."""
        for name, rule in self.scenario.command.plan.items():
            self.command.follow(name, rule, action_of(name, rule, self))

    def _initial_census(self) -> None:
        census = self.scenario.care.initial_census
        if not census:
            return
        rng = self.streams.once("initial census")
        ages = self.population.count.sum(axis=(0, 2)).astype(float)
        severity = self.scenario.clinical.severity
        need = ages * np.array(severity.p_oxygen)
        icu_need = need * np.array(severity.p_icu)
        for name, beds in census.items():
            facility = self.facilities.index(name)
            number = beds.oxygen + beds.icu
            district = np.full(number, self.network.district_of[facility])
            age = np.concatenate(
                [
                    np.repeat(np.arange(len(ages)), apportion(beds.oxygen, _or_all(need, ages))),
                    np.repeat(np.arange(len(ages)), apportion(beds.icu, _or_all(icu_need, ages))),
                ]
            )
            icu = np.arange(number) >= beds.oxygen
            fresh = self.scenario.care.initial_stays == "fresh"
            batch = self.patients.in_beds(self.env.now, district, age, icu, fresh, rng)
            self.journey.start_in_beds(batch, [facility] * number)

    def _open_beds(self, day: int) -> None:
        """Staff on duty are counted; beds follow; as many patients as fit come in."""
        opened = self.capacity.open(day, self._patients(), self._incidence)
        if opened is self._beds_of_today:
            return
        self._beds_of_today = opened
        self.isolation.capacity[:] = opened.staffed.most[:, 0]
        normal, most = opened.staffed.normal, opened.staffed.most
        unstretched = np.where(normal < most, normal, UNLIMITED)  # else nobody's care is thin
        for bed in (OXYGEN, ICU):
            self.journey.staffed_normally[bed] = unstretched[:, bed].tolist()
        oxygen_now, icu_now = self.journey.oxygen.capacity, self.journey.icu.capacity
        for f, (_, oxygen, icu) in enumerate(most.tolist()):
            if oxygen != oxygen_now[f] or icu != icu_now[f]:
                self._set_capacity(f, oxygen, icu)

    def _set_capacity(self, facility: int, oxygen: int, icu: int) -> None:
        """Beds that take patients: those staffed, or none where oxygen has run out."""
        store = None if self.supply is None else self.supply.stores[facility]
        if store is not None and store.short:
            oxygen = icu = 0
        for bed, pool, beds in ((OXYGEN, self.journey.oxygen, oxygen), (ICU, self.journey.icu, icu)):
            if pool.capacity[facility] != beds:
                self.journey.set_capacity(bed, facility, beds)

    def _dead(self) -> Ints:
        """``(districts, 9, 2)`` the dead so far."""
        return np.array(self.journey.ledger.dead, np.int64).reshape(self.population.count.shape)

    def _patients(self) -> Ints:
        """``(facilities, 3)`` COVID patients present, by bed type."""
        patients = np.empty((3, len(self.facilities.sites)), np.int64)
        patients[0] = self.isolation.occupied
        patients[OXYGEN], patients[ICU] = self.journey.oxygen.occupied, self.journey.icu.occupied
        return patients.T

    def _oxygen_supply(self) -> OxygenSupply | None:
        """The oxygen stores, where any facility has one."""
        sources = {name: facility.oxygen for name, facility in self.scenario.care.facilities.items()}
        if not any(sources.values()):
            return None
        supply = OxygenSupply(self.env, sources, self.journey, self._oxygen_changed, self.streams)
        self.journey.breathe_from(supply)
        return supply

    def _oxygen_changed(self, facility: int) -> None:
        """A facility has run out of oxygen, and takes nobody more; or has it again."""
        if self._beds_of_today is not None:
            _, oxygen, icu = self._beds_of_today.staffed.most[facility].tolist()
            self._set_capacity(facility, oxygen, icu)

    def _occupied(self, facility: int) -> int:
        journey = self.journey
        return (
            journey.oxygen.occupied[facility]
            + journey.icu.occupied[facility]
            + int(self.isolation.occupied[facility])
        )


def _or_all(weights: NDArray[np.float64], otherwise: NDArray[np.float64]) -> NDArray[np.float64]:
    return weights if weights.sum() > 0 else otherwise


@contextmanager
def _no_collections() -> Iterator[None]:
    """A run makes many small objects and no cycles that outlive them: collecting would cost a sixth."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
