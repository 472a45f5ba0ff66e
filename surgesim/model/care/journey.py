"""The journey of a patient through care: waits, travel, beds, deterioration, step-down and outcome.

Each clinical event is one method, scheduled as a callback; patients have no generators or SimPy resources.
docs/model.md, "Journey", states the rules in words. Every change is recorded in the ledger, which is checked
against the beds at the end of each day.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf

from surgesim.model.care.beds import ICU, OXYGEN, QueuePlace
from surgesim.model.care.course.ends import boards, clock_left, dies, kind_of_death
from surgesim.model.care.course.events import LogEntry
from surgesim.model.care.course.exchange import Exchange
from surgesim.model.care.course.ledger import (
    AT_HOME,
    GONE,
    IN_BEDS,
    IN_ICU,
    IN_OXYGEN,
    NEEDS_ICU,
    NEEDS_OXYGEN,
    NOWHERE,
    READY,
    TRAVELLING,
    UNAVOIDABLE,
    UNTREATED,
    Ledger,
)
from surgesim.model.care.course.triage import Triage
from surgesim.model.care.course.waits import Waits
from surgesim.model.care.drugs import LackOfDrugs
from surgesim.model.care.network import Network, Route
from surgesim.model.care.oxygen import OxygenSupply
from surgesim.model.care.patient import BOARDED, FULL, NO_CARE, THIN, Patient
from surgesim.model.care.patients import PatientBatch
from surgesim.model.care.wards import Wards
from surgesim.model.clock.calendar import Calendar, Due
from surgesim.model.columns import Column, Page

SHORTFALL = (
    Column(
        "shortfall_oxygen",
        "beds",
        "oxygen beds that the province lacks: `oxygen_need` beyond `staffed_oxygen`",
    ),
    Column("shortfall_icu", "beds", "ICU beds that the province lacks: need beyond staffed beds"),
)
WAITING_IN_DISTRICT = (
    Column("waiting_oxygen", "patients", "patients in the district who wait for an oxygen bed"),
    Column(
        "waiting_icu", "patients", "patients in the district, including boarders, who wait for an ICU bed"
    ),
)


@dataclass(frozen=True, slots=True)
class Options:
    """The scenario's options: boarding, step-down, order of queues, and limits on waiting times."""

    boarding: bool
    step_down: bool
    queue_order: str
    no_bed_days: float
    in_time_days: float = inf


_MANY = 1_000


class Journey:
    """All patients of a run, their beds and their outcomes.

    Attributes
    ----------
    oxygen, icu
        The bed pools of the wards.
    ledger
        Counts of patients by need, place and outcome.
    waits
        The waits of patients for the bed type they need.
    specialists
        By facility: True if it has specialists, or a link to a hospital that has them.
    triage
        The order of the queues, and the limits of intensive care.
    exchange
        The boarders, and the ICU patients who wait for an oxygen bed, by facility.
    supply, drugs
        The limited oxygen supplies of the facilities, and the lack of drugs so far; None if there is none.
    """

    def __init__(
        self,
        env: Calendar,
        network: Network,
        wards: Wards,
        options: Options,
        *,
        log: list[LogEntry] | None = None,
    ) -> None:
        n = len(network.facilities)
        self._env = env
        self.network = network
        self._options = options
        self._log = log
        self._wards = wards
        self.oxygen, self.icu = wards.oxygen, wards.icu
        self.triage = Triage(options.queue_order)
        self.exchange = Exchange(network, wards.icu)
        self._freed: deque[tuple[int, int]] = deque()
        self._to_ask: deque[Patient] = deque()
        self._settling = False
        self._next_index = 0
        self._of_warm_up: list[Patient] = []
        self._present: list[Patient] = []  # everybody present, and some who have gone
        self.ledger = Ledger(network)
        self.waits = Waits(
            env,
            network,
            self.oxygen,
            self.icu,
            self.ledger,
            no_bed_days=options.no_bed_days,
            in_time_days=options.in_time_days,
        )
        self.specialists = [True] * n
        self.supply: OxygenSupply | None = None
        self.drugs: LackOfDrugs | None = None
        self._look: Callable[[int], None] | None = None
        if network.has_water:
            self._await_dawn()

    def note(self, patient: Patient, what: str, facility: int = -1) -> None:
        """Log an event of a patient, if events are kept."""
        if self._log is not None:
            self._log.append(LogEntry(self._env.now, patient.index, what, facility))

    def report_occupancy(self, look: Callable[[int], None]) -> None:
        """Call `look` with a facility whenever a patient has entered or left one of its beds."""
        self._look = look

    # -- new patients -----------------------------------------------------------------------------

    def expect(self, batch: PatientBatch) -> list[Patient]:
        """Schedule new patients for the times at which their need begins, and return these patients."""
        patients = self._make(batch)
        if self._env.now < 0:
            self._of_warm_up.extend(patients)
        self._env.foresee(
            [(patient.need_time, patient.index, patient) for patient in patients], self._needs_care
        )
        return patients

    def _make(self, batch: PatientBatch) -> list[Patient]:
        patients = batch.patients(self._next_index)
        self._next_index += len(patients)
        if self.network.has_visitors:
            for patient in patients:
                patient.location = self.network.hosts[patient.district]
        if len(self._present) > 2 * (self.ledger.created - sum(self.ledger.gone)) + _MANY:
            self._present = [patient for patient in self._present if patient.place != GONE]
        self._present.extend(patients)
        return patients

    def present(self) -> Iterator[Patient]:
        """Yield all patients who have not gone, those still expected included, in the order of creation."""
        return (patient for patient in self._present if patient.place != GONE)

    def replace_all(self) -> None:
        """At t = 0 after a warm-up, remove all patients in beds and queues; those on the way still arrive.

        The initial census takes their place.
        """
        self._settling = True  # so that the beds are offered to nobody
        for patient in self._of_warm_up:
            if patient.need_time >= self._env.now or patient.place in (GONE, TRAVELLING):
                continue
            self.leave_line(patient)
            patient.timer = patient.clock = None
            if patient.place in IN_BEDS:
                self._stop_breathing(patient)
                (self.oxygen if patient.place == IN_OXYGEN else self.icu).release(patient.facility)
            if self._log is not None:
                self.note(patient, "is replaced")
            self.ledger.replace(patient)
        self._settling = False
        self._of_warm_up.clear()

    def start_in_line(self, batch: PatientBatch) -> None:
        """Let patients of the initial census wait for a bed; their wait begins now.

        Until `offer_free_beds` is called, the only beds that they get are oxygen beds to board in.
        """
        patients = self._make(batch)
        for patient in patients:
            patient.late = True  # patients who wait at the start are not counted for timely access
            self.ledger.begin(patient)
            if patient.needs_icu:
                self._begin_icu_need(patient)
                self.wait_in_no_bed_for_icu(patient)
            else:
                self.wait_for_oxygen(patient)

    def start_in_beds(self, batch: PatientBatch, facilities: list[int]) -> None:
        """Put each patient of the initial census into a bed, patient k in the k-th of `facilities`."""
        patients = self._make(batch)
        for patient, facility in zip(patients, facilities, strict=True):
            patient.unreported = False
            self.ledger.begin(patient)
            if patient.needs_icu:
                self._begin_icu_need(patient)
                self.icu.occupy_at_start(facility)
                self._enter_icu(patient, facility)
            else:
                self.oxygen.occupy_at_start(facility)
                self._admit_to_oxygen(patient, facility)

    def _needs_care(self, due: Due) -> None:
        patient: Patient = due[3]
        self.ledger.begin(patient)
        if self._log is not None:
            self.note(patient, "needs oxygen")
        if patient.needs_icu:
            if patient.icu_delay == 0.0:
                self.need_icu(patient)
                self.settle()
                return
            self._env.after(patient.icu_delay, self._needs_icu, patient)
        route = self.oxygen.find(
            self.network.from_district[patient.location], patient.location, self._env.now
        )
        if route is None:
            self.wait_for_oxygen(patient)
        else:
            self.go_to_oxygen(patient, route)

    # -- oxygen beds ------------------------------------------------------------------------------

    def wait_for_oxygen(self, patient: Patient) -> None:
        """Put a patient without a bed in the queue for oxygen beds."""
        now = self._env.now
        if self._log is not None:
            self.note(patient, "waits for oxygen")
        self._unmet(patient)
        triage = 1 if patient.urgent else 2
        key = (triage, self.triage.order(patient), now, patient.index)
        self.oxygen.join(patient, key, patient.location)
        patient.clock_elapsed = 0.0
        self._run_clock(patient)

    def go_to_oxygen(self, patient: Patient, route: Route) -> None:
        """Send a patient to a free oxygen bed, and admit at once if no travel is needed.

        The patient has no bed, or is ready to step down from ICU.
        """
        if route.travel_days > 0:
            self.oxygen.hold(route.facility)
            self.depart(patient, route, self._arrives_at_oxygen)
        else:
            self.oxygen.take(route.facility)
            self._in_oxygen_bed(patient, route.facility)

    def depart(self, patient: Patient, route: Route, arrival: Callable[[Due], None]) -> None:
        """Let a patient travel along a route; `arrival` is called at its end."""
        if self._log is not None:
            self.note(patient, "departs", route.facility)
        self.ledger.move(patient, patient.need, TRAVELLING)
        patient.destination = route.facility
        fleet = self.network.fleet
        if fleet is not None:
            fleet.take(patient.location, route.crosses)
            self._env.after(2 * route.travel_days, self._returns, (patient.location, route.crosses))
        patient.timer = self._env.after(route.travel_days, arrival, patient)

    def _arrives_at_oxygen(self, due: Due) -> None:
        patient: Patient = due[3]
        self.oxygen.arrive(patient.destination)
        self._in_oxygen_bed(patient, patient.destination)
        self.settle()

    def _in_oxygen_bed(self, patient: Patient, facility: int) -> None:
        """Handle a patient's arrival in an oxygen bed, for treatment, step-down or boarding."""
        if patient.need == READY:
            self._step_down_stay(patient, facility)
        elif patient.need == NEEDS_ICU:
            self.settle_in(patient, facility, IN_OXYGEN, NEEDS_ICU, self.ledger.flows[OXYGEN].admissions)
            if self._settling:
                self._to_ask.append(patient)  # beds already free go to patients already in the queue
            else:
                self._look_for_icu(patient)
        else:
            self._admit_to_oxygen(patient, facility)

    def settle_in(self, patient: Patient, facility: int, place: int, need: int, flow: list[int]) -> None:
        """Put a patient in a bed and supply oxygen; `flow` counts by facility those who come this way."""
        if patient.unreported:
            patient.unreported = False
            self.ledger.reported_at_admission[patient.district] += 1
        flow[facility] += 1
        if patient.facility != facility:
            trip = (patient.facility if patient.facility >= 0 else ~patient.location, facility, place)
            trips = self.ledger.trips
            trips[trip] = trips.get(trip, 0) + 1
        patient.facility = facility
        patient.location = self.network.district_of[facility]
        self.ledger.move(patient, need, place)
        if self._log is not None:
            self.note(patient, "in oxygen bed" if place == IN_OXYGEN else "in ICU bed", facility)
        if self._look is not None:
            self._look(facility)
        if self.supply is not None:
            self.supply.join(
                patient, facility, patient.icu_course.flow if place == IN_ICU else patient.oxygen_flow
            )

    def _admit_to_oxygen(self, patient: Patient, facility: int) -> None:
        patient.unmet_since = inf
        if self.waits.is_late(patient.need_time):
            self.ledger.miss(patient)
        self.settle_in(patient, facility, IN_OXYGEN, NEEDS_OXYGEN, self.ledger.flows[OXYGEN].admissions)
        self.ledger.end_wait(OXYGEN, facility, self._env.now - patient.need_time)
        if not patient.needs_icu:
            patient.care = self._care_in(OXYGEN, facility)
            if self.drugs is not None:
                patient.drugs_before = self.drugs.until(self._env.now)
            patient.timer = self._env.after(patient.oxygen_stay, self._leaves_oxygen, patient)
        elif patient.icu_delay == 0.0:
            self.need_icu(patient)  # deteriorated on the way

    def _leaves_oxygen(self, due: Due) -> None:
        patient: Patient = due[3]
        if patient.timer is due:
            supply = self.supply
            factor = 1.0 if supply is None else supply.risk_of_stay(patient, patient.oxygen_stay)
            if self.drugs is not None:
                factor *= self.drugs.risk_of_stay(patient, patient.oxygen_stay, self._env.now)
            self.leave(patient, kind_of_death(patient) if dies(patient, factor) else None)
            self.settle()

    def _care_in(self, bed: int, facility: int) -> int:
        """Return the level of care of a patient admitted now.

        It is THIN in beds beyond normal staffing and in facilities without specialists, otherwise FULL.
        """
        pool = self.oxygen if bed == OXYGEN else self.icu
        thin = pool.occupied[facility] > self._wards.staffed_normally[bed][facility]
        return THIN if thin or not self.specialists[facility] else FULL

    # -- intensive care ---------------------------------------------------------------------------

    def _needs_icu(self, due: Due) -> None:
        patient: Patient = due[3]
        if patient.need != NEEDS_OXYGEN or patient.place == GONE:
            return
        if patient.place == TRAVELLING:
            patient.icu_delay = 0.0  # requests ICU on arrival
        else:
            if patient.place == AT_HOME:
                self.ledger.come_back(patient)
            self.need_icu(patient)
            self.settle()

    def _begin_icu_need(self, patient: Patient) -> None:
        patient.icu_need_time = self._env.now
        self.ledger.move(patient, NEEDS_ICU, patient.place)

    def need_icu(self, patient: Patient) -> None:
        """Handle the start of a need for ICU: the ICU clock replaces the oxygen clock."""
        self.pause_clock(patient)
        self.leave_line(patient)
        self._begin_icu_need(patient)
        if self._log is not None:
            self.note(patient, "needs ICU")
        patient.clock_elapsed = 0.0
        self._look_for_icu(patient)

    def _look_for_icu(self, patient: Patient) -> None:
        now = self._env.now
        in_bed = patient.place == IN_OXYGEN
        routes = (
            self.network.from_facility[patient.facility]
            if in_bed
            else self.network.from_district[patient.location]
        )
        refused = self.triage.refuses(patient)
        route = None if refused else self.icu.find(routes, patient.location, now)
        if route is not None:
            self._go_to_icu(patient, route)
        elif in_bed and (self._options.boarding or refused):
            self._board(patient)
        else:
            if in_bed:
                self.vacate(patient, OXYGEN)
                self.free_bed(OXYGEN, patient.facility)
                self.ledger.move(patient, NEEDS_ICU, NOWHERE)
            self.wait_in_no_bed_for_icu(patient)

    def wait_in_no_bed_for_icu(self, patient: Patient) -> None:
        """Let a patient without a bed wait for ICU; with boarding, an oxygen bed may come first."""
        self._unmet(patient)
        if self._options.boarding or self.triage.refuses(patient):
            route = self.oxygen.find(
                self.network.from_district[patient.location], patient.location, self._env.now
            )
            if route is not None:
                self.go_to_oxygen(patient, route)
                return
            key = (0, self.triage.order(patient), patient.icu_need_time, patient.index)
            self.oxygen.join(patient, key, patient.location)
        if self._log is not None:
            self.note(patient, "waits for ICU")
        self._join_icu(patient)
        self._run_clock(patient)

    def _board(self, patient: Patient) -> None:
        facility = patient.facility
        self.note(patient, "boards", facility)
        self._unmet(patient)
        place = self._join_icu(patient)
        self._run_clock(patient)
        if place is None:
            return
        blocker = self.exchange.take_blocker(facility)
        if blocker is not None:
            self.swap(patient, blocker)
        else:
            self.exchange.add_boarder(facility, place)

    def _join_icu(self, patient: Patient) -> QueuePlace | None:
        """Put a patient in the line for ICU; return the place, or None if the patient is refused ICU.

        A refused patient stays in the line and counts as lacking a bed, but is offered none.
        """
        refused = self.is_refused(patient)
        triage = 0 if patient.urgent else 1
        key = (triage, self.triage.order(patient), patient.icu_need_time, patient.index)
        place = self.icu.join(patient, key, patient.location, aside=refused)
        return None if refused else place

    def is_refused(self, patient: Patient) -> bool:
        """Return True if a patient who needs ICU gets none; count those who are refused the first time."""
        refused = self.triage.refuses(patient)
        if refused and not patient.refused:
            patient.refused = True
            self.ledger.refused += 1
        return refused

    def _go_to_icu(self, patient: Patient, route: Route) -> None:
        """Send a patient to a free ICU bed; release the oxygen bed only once the ICU bed is taken."""
        self.leave_line(patient)
        self.pause_clock(patient)
        from_oxygen = patient.facility if patient.place == IN_OXYGEN else -1
        if from_oxygen >= 0:
            self.vacate(patient, OXYGEN)
        if route.travel_days > 0:
            self.icu.hold(route.facility)
            self.depart(patient, route, self._arrives_at_icu)
        else:
            self.icu.take(route.facility)
            self._enter_icu(patient, route.facility)
        if from_oxygen >= 0:
            self.free_bed(OXYGEN, from_oxygen)

    def _arrives_at_icu(self, due: Due) -> None:
        patient: Patient = due[3]
        self.icu.arrive(patient.destination)
        self._enter_icu(patient, patient.destination)
        self.settle()

    def _enter_icu(self, patient: Patient, facility: int) -> None:
        flows = self.ledger.flows[ICU]
        if self.waits.is_late(min(patient.unmet_since, patient.icu_need_time)):
            self.ledger.miss(patient)
        patient.unmet_since = inf
        self.settle_in(
            patient, facility, IN_ICU, NEEDS_ICU, flows.admissions if patient.facility < 0 else flows.moves_in
        )
        self.ledger.end_wait(ICU, facility, self._env.now - patient.icu_need_time)
        patient.care = self._care_in(ICU, facility)
        factor = 1.0 if self.supply is None else self.supply.risk_now(facility)
        if self.drugs is not None:
            factor *= self.drugs.icu
        if dies(patient, factor):
            patient.timer = self._env.after(patient.icu_course.dying_stay, self._dies_in_icu, patient)
        else:
            patient.timer = self._env.after(patient.icu_course.survivor_stay, self._steps_down, patient)

    def _dies_in_icu(self, due: Due) -> None:
        patient: Patient = due[3]
        if patient.timer is due:
            self.leave(patient, kind_of_death(patient))
            self.settle()

    def _steps_down(self, due: Due) -> None:
        patient: Patient = due[3]
        if patient.timer is not due:
            return
        if not self._options.step_down:
            self.leave(patient, None)
            self.settle()
            return
        if self._log is not None:
            self.note(patient, "ready", patient.facility)
        patient.ready_time = self._env.now
        patient.oxygen_flow = patient.icu_course.step_down_flow
        self.ledger.move(patient, READY, IN_ICU)
        self.pause_clock(patient)
        patient.clock_elapsed = 0.0  # the need is oxygen again, so the oxygen clock runs
        if patient.breathless:
            self._run_clock(patient)
        route = self.oxygen.find(
            self.network.from_facility[patient.facility], patient.location, self._env.now
        )
        if route is not None:
            self._step_down_to(patient, route)
        else:
            boarder = self.exchange.first_boarder(patient.facility)
            if boarder is not None:
                self.swap(boarder.patient, patient)
            else:
                self.exchange.add_blocker(patient)
        self.settle()

    def _step_down_to(self, patient: Patient, route: Route) -> None:
        self.vacate(patient, ICU)
        self.free_bed(ICU, patient.facility)
        self.go_to_oxygen(patient, route)

    def _step_down_stay(self, patient: Patient, facility: int) -> None:
        self.settle_in(patient, facility, IN_OXYGEN, NEEDS_OXYGEN, self.ledger.flows[OXYGEN].moves_in)
        patient.timer = self._env.after(patient.icu_course.step_down_stay, self._goes_home, patient)

    def _goes_home(self, due: Due) -> None:
        patient: Patient = due[3]
        if patient.timer is due:
            self.leave(patient, None)
            self.settle()

    # -- swap, claims and free beds ---------------------------------------------------------------

    def swap(self, boarder: Patient, blocker: Patient) -> None:
        """Swap, at once, the beds of a boarder and of a patient ready to step down in the same facility."""
        facility = boarder.facility
        self.note(boarder, "swaps", facility)
        self.leave_line(boarder)
        self.pause_clock(boarder)
        self.vacate(boarder, OXYGEN)
        self.vacate(blocker, ICU)
        self._enter_icu(boarder, facility)
        self._step_down_stay(blocker, facility)

    def vacate(self, patient: Patient, bed: int) -> None:
        """Move a patient out of a bed, and stop the patient's supply or shortage of oxygen there."""
        self.ledger.flows[bed].moves_out[patient.facility] += 1
        self._stop_breathing(patient)

    def _stop_breathing(self, patient: Patient) -> None:
        if self.supply is not None:
            settling, self._settling = self._settling, True  # beds that this frees are assigned afterwards
            self.supply.part(patient)
            self._settling = settling
            if patient.breathless:
                patient.breathless = False
                self.pause_clock(patient)

    def free_bed(self, bed: int, facility: int) -> None:
        """Release a bed; if patients wait, it is assigned once the current event is complete."""
        pool = self.oxygen if bed == OXYGEN else self.icu
        pool.release(facility)
        if self._look is not None:
            self._look(facility)
        if pool.line or self._blocking():
            self._freed.append((bed, facility))

    def set_capacity(self, bed: int, facility: int, beds: int) -> None:
        """Change the number of staffed beds in a facility; admit at once as many waiting patients as fit."""
        pool = self.oxygen if bed == OXYGEN else self.icu
        for _ in range(min(pool.set_capacity(facility, beds), len(pool.line) + self._blocking())):
            self._freed.append((bed, facility))
        self.settle()

    def _blocking(self) -> int:
        return self.ledger.count[READY][IN_ICU]

    def settle(self) -> None:
        """Assign freed beds, in the order they became free, until nobody can use one."""
        freed = self._freed
        if self._settling or not freed:
            return
        self._settling = True
        while freed or self._to_ask:
            if not freed:
                self._look_for_icu(self._to_ask.popleft())
                continue
            bed, facility = freed.popleft()
            if bed == OXYGEN:
                self._offer_oxygen(facility)
            else:
                self._offer_icu(facility)
        self._settling = False

    def _offer_oxygen(self, facility: int) -> None:
        pool = self.oxygen
        if pool.free[facility] <= 0:
            return
        if self._blocking():
            blocker = self.exchange.claimant(facility, self._env.now)
            if blocker is not None:
                own = blocker.facility == facility
                network = self.network
                route = network.stays[facility] if own else network.routes[blocker.location][facility]
                self._step_down_to(blocker, route)
                return
        place = pool.best_for(facility, self._env.now)
        if place is not None:
            patient = place.patient
            self.leave_line(patient)
            self.pause_clock(patient)
            self.go_to_oxygen(patient, self.network.routes[patient.location][facility])

    def _offer_icu(self, facility: int) -> None:
        pool = self.icu
        if pool.free[facility] <= 0:
            return
        place, boarder = pool.best_for(facility, self._env.now), self.exchange.first_boarder(facility)
        if boarder is not None and (place is None or boarder < place):
            place = boarder  # already there, so needs no open route
        if place is not None:
            patient = place.patient
            own = patient.place == IN_OXYGEN and patient.facility == facility
            network = self.network
            route = network.stays[facility] if own else network.routes[patient.location][facility]
            self._go_to_icu(patient, route)

    def _dawn(self, due: Due) -> None:
        """Offer free beds again in the morning, when boats start to run."""
        self.offer_free_beds()
        self._await_dawn()

    def _await_dawn(self) -> None:
        now = self._env.now
        self._env.after(self.network.next_dawn(now) - now, self._dawn, None)

    def _returns(self, due: Due) -> None:
        """Return a vehicle to its district; if no other was free there, let waiting patients try again.

        Patients who wait for ICU try first, then patients ready to step down, then patients who wait for
        oxygen.
        """
        district, crosses = due[3]
        fleet = self.network.fleet
        if fleet is None:
            return
        fleet.give_back(district, crosses)
        if fleet.free[crosses][district] > 1:
            return
        if self.icu.total_free and self.icu.waiting[district]:
            self._try_icu(district)
        if self.oxygen.total_free and (self._blocking() or self.oxygen.waiting[district]):
            self._try_oxygen(district)
        self.settle()

    def _try_icu(self, district: int) -> None:
        place = self.icu.first_of(district)
        if place is not None:
            patient = place.patient
            routes = (
                self.network.from_facility[patient.facility]
                if patient.place == IN_OXYGEN
                else self.network.from_district[district]
            )
            route = self.icu.find(routes, district, self._env.now)
            if route is not None:
                self._go_to_icu(patient, route)

    def _try_oxygen(self, district: int) -> None:
        network, now = self.network, self._env.now
        for facility, there in enumerate(network.district_of):
            if there == district and self.exchange.blocking_in(facility):
                route = self.oxygen.find(network.from_facility[facility], district, now)
                blocker = self.exchange.take_blocker(facility) if route is not None else None
                if route is not None and blocker is not None:
                    self._step_down_to(blocker, route)
                    return
        place = self.oxygen.first_of(district)
        route = self.oxygen.find(network.from_district[district], district, now)
        if place is not None and route is not None:
            patient = place.patient
            self.leave_line(patient)
            self.pause_clock(patient)
            self.go_to_oxygen(patient, route)

    def offer_free_beds(self) -> None:
        """Assign the free beds to patients who can reach them."""
        for bed, pool in ((OXYGEN, self.oxygen), (ICU, self.icu)):
            if pool.total_free and (pool.line or self._blocking()):
                for facility, free in enumerate(pool.free):
                    self._freed.extend(
                        [(bed, facility)] * min(max(free, 0), len(pool.line) + self._blocking())
                    )
        self.settle()

    # -- oxygen supply and drugs ------------------------------------------------------------------

    def lack_drugs(self, oxygen: float, icu: float) -> None:
        """From now on, multiply P(death) by `oxygen` in oxygen beds and by `icu` at admission to ICU."""
        if self.drugs is None:
            if oxygen == 1 and icu == 1:
                return
            self.drugs = LackOfDrugs()
        self.drugs.set(oxygen, icu, self._env.now)

    def breathe_from(self, supply: OxygenSupply) -> None:
        """Connect the patients of this run to limited oxygen supplies."""
        self.supply = supply

    def cut_off(self, patient: Patient) -> None:
        """Cut off a patient's oxygen: the clock of the unmet need runs alongside the stay."""
        if self._log is not None:
            self.note(patient, "without oxygen", patient.facility)
        self.pause_clock(patient)
        patient.breathless = True
        self._run_clock(patient)

    def restore(self, patient: Patient) -> None:
        """Restore a patient's oxygen: the clock of the unmet need stops, or becomes that of a boarder."""
        if self._log is not None:
            self.note(patient, "oxygen again", patient.facility)
        self.pause_clock(patient)
        patient.breathless = False
        if patient.need == NEEDS_ICU and patient.place == IN_OXYGEN:
            self._run_clock(patient)

    # -- transfers out of the province ------------------------------------------------------------

    def transfer_out(self, number: int) -> int:
        """Transfer up to `number` patients who wait for ICU to another province, in queue order."""
        sent = 0
        while sent < number:
            place = self.icu.first_in_line()
            if place is None:
                break
            patient = place.patient
            self.leave_line(patient)
            if patient.place == IN_OXYGEN:
                self.vacate(patient, OXYGEN)
                self.free_bed(OXYGEN, patient.facility)
            patient.timer = patient.clock = None
            if self.waits.is_late(patient.unmet_since):
                self.ledger.miss(patient)
            self.note(patient, "leaves the province")
            self.ledger.end(patient)
            self.ledger.transferred_out += 1
            sent += 1
        self.settle()
        return sent

    # -- clocks and ends --------------------------------------------------------------------------

    def _unmet(self, patient: Patient) -> None:
        """Start a patient's wait for the bed type needed, unless it has started already."""
        if patient.unmet_since == inf:
            self.waits.begin(patient)

    def leave_line(self, patient: Patient) -> None:
        """Take a patient out of the queues."""
        index = patient.index
        if index in self.oxygen.line:
            self.oxygen.leave(patient)
        if index in self.icu.line:
            self.icu.leave(patient)

    def _run_clock(self, patient: Patient) -> None:
        """Start or continue the clock of a patient's highest unmet need."""
        env = self._env
        patient.clock_boards = patient.need == NEEDS_ICU and boards(patient)
        patient.clock_since = env.now
        left = clock_left(patient)
        patient.clock = env.after(left if left > 0.0 else 0.0, self._clock_ends, patient)

    def pause_clock(self, patient: Patient) -> None:
        """Stop the clock of a patient's unmet need."""
        if patient.clock_since < inf:
            run = self._env.now - patient.clock_since
            patient.clock_elapsed += run
            if patient.clock_boards:
                patient.boarded_days += run
            patient.clock_since = inf
            patient.clock = None

    def _clock_ends(self, due: Due) -> None:
        patient: Patient = due[3]
        if patient.clock is not due:
            return
        if patient.unmet_since < inf and not patient.late:
            self.ledger.miss(patient)  # never got the bed needed
        dead = (BOARDED if boards(patient) else NO_CARE) >= patient.dies_from
        self.leave_line(patient)
        self.leave(patient, UNTREATED if dead else None)
        self.settle()

    def leave(self, patient: Patient, dies_by: int | None) -> None:
        """End a patient's journey with a death of the kind `dies_by` or, if that is None, with recovery.

        A death that full care would not have prevented counts as unavoidable, whatever the care received.
        """
        bed, facility = patient.place, patient.facility
        in_bed = bed in IN_BEDS
        patient.timer = patient.clock = None
        if in_bed:
            self._stop_breathing(patient)
        if dies_by is None:
            self.ledger.recover(patient)
        else:
            self.ledger.die(patient, UNAVOIDABLE if patient.dies_from == FULL else dies_by)
        if self._log is not None:
            self.note(patient, "recovers" if dies_by is None else "dies", facility if in_bed else -1)
        if in_bed:
            self.free_bed(bed, facility)

    # -- the end of a day -------------------------------------------------------------------------

    def fill(self, page: Page) -> None:
        """Record the patients and the queues."""
        self.ledger.fill(page)
        row = page.province.values
        for bed, name in ((OXYGEN, "oxygen"), (ICU, "icu")):
            row[f"shortfall_{name}"] = max(row[f"{name}_need"] - sum(self._wards.staffed[bed]), 0)
        page.province.values["without_bed"] = self.waits.without_bed()
        page.districts.values |= {
            "waiting_oxygen": self.oxygen.waiting,
            "waiting_icu": self.icu.waiting,
        }

    def check(self, day: int) -> None:
        """Check the ledger against the beds; see `Ledger.check`."""
        self.ledger.check(day, self.oxygen, self.icu, boarding=self._options.boarding)
