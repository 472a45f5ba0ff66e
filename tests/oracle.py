"""The oracle: the journey of patients through care in plain SimPy, for comparison with the engine.

It is independent: written from the rules of care (docs/model.md), not from the shipped engine, whose
results it must reproduce event by event. Every patient is one SimPy process that reads like the
patient's story; queues are lists that are scanned and sorted at every decision. It is slow and simple
on purpose.

Times are in days from the start, unless the name says hours. Bed types are "oxygen" and "icu".
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import simpy
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Bed = Literal["oxygen", "icu"]
Steps = Generator[simpy.Event, object, None]

NEVER = math.inf


@dataclass(frozen=True)
class DrawnPatients:
    """All random traits of the patients, as arrays of shape ``(patients,)``.

    `district` and `age_group` are indices; `need_time` is when oxygen (or, with an `icu_delay` of 0,
    intensive care) is first needed. Probabilities of death are those of the highest need:
    ``p_full <= p_thin <= p_boarded <= p_untreated``. Stays and clocks are in days, inf = never.
    """

    district: Ints
    age_group: Ints
    need_time: Floats
    needs_icu: Bools
    icu_delay: Floats
    urgent: Bools
    u: Floats
    p_full: Floats
    p_thin: Floats
    p_boarded: Floats
    p_untreated: Floats
    stay_oxygen: Floats
    stay_icu_survivor: Floats
    stay_icu_dying: Floats
    stay_step_down: Floats
    oxygen_death: Floats
    oxygen_recovery: Floats
    icu_death: Floats
    icu_recovery: Floats
    boarded_death: Floats
    boarded_recovery: Floats

    def __len__(self) -> int:
        return len(self.need_time)


@dataclass(frozen=True)
class District:
    """A district: its name, hours of travel to the provincial centre, and whether it is an island."""

    name: str
    travel_hours: float = 0.0
    island: bool = False


@dataclass(frozen=True)
class Facility:
    """A facility: name, district, beds at the start, hours of access, districts served (None: all)."""

    name: str
    district: str
    oxygen: int
    icu: int
    access_hours: float = 0.0
    serves: tuple[str, ...] | None = None


class CapacityChange(NamedTuple):
    """A change of capacity: from `time` on, a facility has `capacity` beds of a type."""

    time: float
    facility: str
    bed: Bed
    capacity: int


@dataclass(frozen=True)
class Options:
    """The options of a scenario. `travel` gives hours between two districts, the same in both directions."""

    boarding: bool = True
    step_down: bool = True
    queue_order: Literal["severity", "age", "survival"] = "severity"
    crossing_from_hour: float = 6.0
    crossing_to_hour: float = 18.0
    travel: Mapping[tuple[str, str], float] | None = None


class Event(NamedTuple):
    """An event of a patient: when, what and where (None: in no facility)."""

    time: float
    what: str
    facility: str | None


class Patient:
    """A patient: the random traits, and the current state."""

    def __init__(self, index: int, drawn: DrawnPatients, home: str) -> None:
        self.index = index
        self.age_group = int(drawn.age_group[index])
        self.need_time = float(drawn.need_time[index])
        self.needs_icu = bool(drawn.needs_icu[index])
        self.icu_delay = float(drawn.icu_delay[index])
        self.urgent = bool(drawn.urgent[index])
        self.u = float(drawn.u[index])
        self.p_full = float(drawn.p_full[index])
        self.p_boarded = float(drawn.p_boarded[index])
        self.p_untreated = float(drawn.p_untreated[index])
        self.stay_oxygen = float(drawn.stay_oxygen[index])
        self.stay_icu_survivor = float(drawn.stay_icu_survivor[index])
        self.stay_icu_dying = float(drawn.stay_icu_dying[index])
        self.stay_step_down = float(drawn.stay_step_down[index])
        clocks = ("oxygen", "icu", "boarded")
        self.death_after = {name: float(getattr(drawn, f"{name}_death")[index]) for name in clocks}
        self.recovery_after = {name: float(getattr(drawn, f"{name}_recovery")[index]) for name in clocks}

        self.location = home
        self.facility: Facility | None = None  # where the patient has a bed
        self.bed: Bed | None = None  # type of that bed
        self.bound_for: tuple[Facility, Bed] | None = None  # the bed that is held for the patient
        self.journey_days = 0.0  # length of the journey to that bed
        self.need: Bed = "oxygen"
        self.since = self.need_time  # when the wait for the bed type needed began
        self.ready_since = NEVER  # when the patient became ready to step down
        self.run: dict[str, float] = {}  # days for which each clock of this need has run
        self.log: list[Event] = []
        self.process: simpy.Process


class CareSystem:
    """The facilities, the queues and the patients in them, on one SimPy clock."""

    def __init__(
        self,
        drawn: DrawnPatients,
        districts: Sequence[District],
        facilities: Sequence[Facility],
        changes: Sequence[CapacityChange],
        options: Options,
    ) -> None:
        self.env = simpy.Environment()
        self.districts = {district.name: district for district in districts}
        self.facilities = list(facilities)
        self.options = options
        self.capacity = {(f.name, bed): getattr(f, bed) for f in facilities for bed in ("oxygen", "icu")}
        self.patients = [Patient(i, drawn, districts[int(drawn.district[i])].name) for i in range(len(drawn))]
        self.taken: Counter[tuple[str, Bed]] = Counter()  # beds that are occupied or held
        self.oxygen_queue: list[Patient] = []
        self.icu_queue: list[Patient] = []
        self.blockers: list[Patient] = []  # patients ready to step down but still in an ICU bed
        self.freed: list[tuple[Facility, Bed]] = []  # beds to offer to waiting patients, first in, first out
        for patient in self.patients:
            patient.process = self.env.process(self.journey(patient))
        for change in sorted(changes, key=lambda change: change.time):
            self.env.process(self.changes_capacity(change))
        self.env.process(self.dawns())

    # ---- geography

    def travel_hours(self, a: str, b: str) -> float:
        if a == b:
            return 0.0
        given = self.options.travel or {}
        for pair in ((a, b), (b, a)):
            if pair in given:
                return given[pair]
        return self.districts[a].travel_hours + self.districts[b].travel_hours

    def travel_days(self, patient: Patient, facility: Facility) -> float:
        if patient.facility is facility:
            return 0.0
        return (self.travel_hours(patient.location, facility.district) + facility.access_hours) / 24

    def boats_go(self) -> bool:
        """Return True if a crossing may start now, with a tolerance for rounding."""
        day_start = self.options.crossing_from_hour / 24
        open_for = (self.options.crossing_to_hour - self.options.crossing_from_hour) / 24
        return (self.env.now - day_start + 1e-9) % 1.0 < open_for

    def can_reach(self, patient: Patient, facility: Facility) -> bool:
        """Return True if the facility takes this patient and the journey may start now."""
        if patient.facility is facility:
            return True
        if facility.serves is not None and patient.location not in facility.serves:
            return False
        if patient.location == facility.district:
            return True
        ends = (self.districts[patient.location], self.districts[facility.district])
        return self.boats_go() or not any(district.island for district in ends)

    # ---- beds

    def free(self, facility: Facility, bed: Bed) -> int:
        """Return capacity less occupied and held beds; negative if capacity has fallen below occupancy."""
        return self.capacity[facility.name, bed] - self.taken[facility.name, bed]

    def first_free(self, patient: Patient, bed: Bed) -> Facility | None:
        """Return the first facility with a free bed: the patient's own, then its district, then by travel."""

        def order(place: tuple[int, Facility]) -> tuple[bool, bool, float, int]:
            number, facility = place
            own = facility.district == patient.location
            distance = facility.access_hours if own else self.travel_days(patient, facility)
            return (facility is not patient.facility, not own, distance, number)

        for _, facility in sorted(enumerate(self.facilities), key=order):
            if self.can_reach(patient, facility) and self.free(facility, bed) > 0:
                return facility
        return None

    def takes(self, patient: Patient, facility: Facility, bed: Bed) -> None:
        """Hold a bed for a patient, who leaves the queues and the old bed at once and sets out."""
        for queue in (self.oxygen_queue, self.icu_queue, self.blockers):
            if patient in queue:
                queue.remove(patient)
        patient.journey_days = self.travel_days(patient, facility)
        patient.bound_for = (facility, bed)
        self.taken[facility.name, bed] += 1
        if patient.bed is not None:
            self.gives_up_bed(patient)
        self.says(patient, f"departs for {bed}", facility)

    def gives_up_bed(self, patient: Patient) -> None:
        assert patient.facility is not None
        assert patient.bed is not None
        self.taken[patient.facility.name, patient.bed] -= 1
        self.freed.append((patient.facility, patient.bed))
        patient.facility = patient.bed = None

    def hand_on_freed_beds(self) -> None:
        while self.freed:
            self.offers(*self.freed.pop(0))

    def offers(self, facility: Facility, bed: Bed) -> None:
        """Offer a free bed to the patients who wait for one, in their order."""
        if self.free(facility, bed) <= 0:
            return
        if bed == "icu":
            claimants = sorted(self.icu_queue, key=self.icu_key)
        else:
            ready = sorted(self.blockers, key=ready_key)
            claimants = [p for p in ready if p.facility is facility]
            claimants += [p for p in ready if p.facility is not facility]
            claimants += sorted(self.oxygen_queue, key=self.oxygen_key)
        for patient in claimants:
            if self.can_reach(patient, facility):
                self.takes(patient, facility, bed)
                self.calls(patient)
                return

    def calls(self, patient: Patient) -> None:
        """Wake a waiting patient; the patient who is acting now is awake already."""
        if patient.process is not self.env.active_process:
            patient.process.interrupt()

    # ---- queues

    def before_since(self, patient: Patient) -> tuple[float, ...]:
        if self.options.queue_order == "age":
            return (-patient.age_group,)
        if self.options.queue_order == "survival":
            return (patient.p_full,)
        return ()

    def icu_key(self, patient: Patient) -> tuple[float, ...]:
        triage = 0 if patient.urgent else 1
        return (triage, *self.before_since(patient), patient.since, patient.index)

    def oxygen_key(self, patient: Patient) -> tuple[float, ...]:
        triage = 0 if patient.need == "icu" else 1 if patient.urgent else 2
        return (triage, *self.before_since(patient), patient.since, patient.index)

    # ---- the story of a patient

    def journey(self, p: Patient) -> Steps:
        yield self.env.timeout(p.need_time)
        if p.needs_icu and p.icu_delay == 0:
            yield from self.intensive_care(p)
        else:
            yield from self.oxygen_care(p)

    def oxygen_care(self, p: Patient) -> Steps:
        icu_need_time = p.need_time + p.icu_delay if p.needs_icu else NEVER
        self.says(p, "needs oxygen")
        facility = self.first_free(p, "oxygen")
        if facility is not None:
            self.takes(p, facility, "oxygen")
        else:
            self.oxygen_queue.append(p)
            self.says(p, "waits for oxygen")
            yield from self.waits(p, icu_need_time)
            if has_left(p):
                return
        if p.bound_for is not None:
            yield from self.travels(p)
        if not p.needs_icu:
            yield self.env.timeout(p.stay_oxygen)
            self.leaves(p, dies=p.u < p.p_full)
            return
        if self.env.now < icu_need_time:
            yield self.env.timeout(icu_need_time - self.env.now)
        yield from self.intensive_care(p)

    def intensive_care(self, p: Patient) -> Steps:
        if p in self.oxygen_queue:
            self.oxygen_queue.remove(p)
        p.need, p.since, p.run = "icu", self.env.now, {}
        self.says(p, "needs icu")
        while p.bed != "icu":
            yield from self.seeks_icu_bed(p)
            if has_left(p):
                return
        if p.u < p.p_full:
            yield self.env.timeout(p.stay_icu_dying)
            self.leaves(p, dies=True)
            return
        yield self.env.timeout(p.stay_icu_survivor)
        if not self.options.step_down:
            self.leaves(p, dies=False)
            return
        yield from self.steps_down(p)

    def seeks_icu_bed(self, p: Patient) -> Steps:
        """Ask once for an ICU bed; if none is free, board, or find a bed to board in, or wait without one."""
        icu = self.first_free(p, "icu")
        board = self.first_free(p, "oxygen") if p.bed is None and self.options.boarding else None
        if icu is not None:
            self.takes(p, icu, "icu")
            self.hand_on_freed_beds()
        elif board is not None:
            self.takes(p, board, "oxygen")
        else:
            self.icu_queue.append(p)
            if p.bed == "oxygen" and self.options.boarding:
                self.says(p, "boards", p.facility)
                blockers = [b for b in self.blockers if b.facility is p.facility]
                if blockers:
                    blocker = min(blockers, key=ready_key)
                    self.swap(p, blocker)
                    self.calls(blocker)
                    return
            elif p.bed == "oxygen":
                self.gives_up_bed(p)
                self.says(p, "waits for icu")
                self.hand_on_freed_beds()
            else:
                if self.options.boarding:
                    self.oxygen_queue.append(p)
                self.says(p, "waits for icu")
            if p.bound_for is None:
                yield from self.waits(p, NEVER)
        if p.bound_for is not None:
            yield from self.travels(p)

    def steps_down(self, p: Patient) -> Steps:
        p.ready_since = self.env.now
        self.says(p, "ready", p.facility)
        facility = self.first_free(p, "oxygen")
        if facility is not None:
            self.takes(p, facility, "oxygen")
            self.hand_on_freed_beds()
        else:
            self.blockers.append(p)
            boarders = [b for b in self.icu_queue if b.facility is p.facility]
            if boarders:
                boarder = min(boarders, key=self.icu_key)
                self.swap(boarder, p)
                self.calls(boarder)
            else:
                yield from self.until_called(NEVER)
        if p.bound_for is not None:
            yield from self.travels(p)
        yield self.env.timeout(p.stay_step_down)
        self.leaves(p, dies=False)

    def waits(self, p: Patient, until: float) -> Steps:
        """Wait with the clock running, until called to a bed, until `until`, or until the clock ends.

        The care at the start of the wait, boarding or none, decides the outcome and its time: the shares run
        of all clocks of the need add up to 1 at the end.
        """
        clock = "boarded" if p.bed == "oxygen" else p.need
        dies = p.u < (p.p_boarded if p.bed == "oxygen" else p.p_untreated)
        after = p.death_after if dies else p.recovery_after
        share_run = sum(days / after[name] if after[name] > 0 else 1.0 for name, days in p.run.items())
        started = self.env.now
        end = started + (max(0.0, 1.0 - share_run) * after[clock] if after[clock] < NEVER else NEVER)
        yield from self.until_called(min(end, until))
        p.run[clock] = p.run.get(clock, 0.0) + self.env.now - started
        if p.bound_for is None and p.bed != "icu" and end <= until:
            for queue in (self.oxygen_queue, self.icu_queue):
                if p in queue:
                    queue.remove(p)
            self.leaves(p, dies)

    def until_called(self, until: float) -> Steps:
        try:
            if until == NEVER:
                yield self.env.event()
            else:
                yield self.env.timeout(until - self.env.now)
        except simpy.Interrupt:
            pass

    def travels(self, p: Patient) -> Steps:
        """Travel to the bed that is held; a journey of length 0 ends at once."""
        assert p.bound_for is not None
        if p.journey_days > 0:
            yield self.env.timeout(p.journey_days)
        p.facility, p.bed = p.bound_for
        p.bound_for = None
        p.location = p.facility.district
        self.says(p, f"admitted to {p.bed}", p.facility)

    def swap(self, boarder: Patient, blocker: Patient) -> None:
        """Swap the beds of a boarder and a blocker of the same facility, in an instant."""
        self.icu_queue.remove(boarder)
        self.blockers.remove(blocker)
        boarder.bed, blocker.bed = "icu", "oxygen"
        self.says(boarder, "swaps to icu", boarder.facility)
        self.says(blocker, "swaps to oxygen", blocker.facility)

    def leaves(self, p: Patient, dies: bool) -> None:
        """Leave the care system, dead or recovered; offer the freed bed to waiting patients."""
        kind = "unavoidable" if p.u < p.p_full else "untreated"
        self.says(p, f"dead, {kind}" if dies else "recovered", p.facility)
        if p.bed is not None:
            self.gives_up_bed(p)
        self.hand_on_freed_beds()

    def says(self, p: Patient, what: str, facility: Facility | None = None) -> None:
        p.log.append(Event(self.env.now, what, facility.name if facility else None))

    # ---- changes of beds, and mornings

    def changes_capacity(self, change: CapacityChange) -> Steps:
        yield self.env.timeout(change.time)
        facility = next(f for f in self.facilities if f.name == change.facility)
        more = change.capacity - self.capacity[facility.name, change.bed]
        self.capacity[facility.name, change.bed] = change.capacity
        self.freed += [(facility, change.bed)] * more
        self.hand_on_freed_beds()

    def dawns(self) -> Steps:
        """Offer all free beds to waiting patients every morning, when boats start to run."""
        yield self.env.timeout(self.options.crossing_from_hour / 24)
        day = 0
        while True:
            for bed in ("oxygen", "icu"):
                for facility in self.facilities:
                    self.freed += [(facility, bed)] * self.free(facility, bed)
            self.hand_on_freed_beds()
            day += 1
            yield self.env.timeout(day + self.options.crossing_from_hour / 24 - self.env.now)


def ready_key(patient: Patient) -> tuple[float, int]:
    return (patient.ready_since, patient.index)


def has_left(patient: Patient) -> bool:
    return patient.log[-1].what.startswith(("dead", "recovered"))


def simulate(
    drawn: DrawnPatients,
    districts: Sequence[District],
    facilities: Sequence[Facility],
    changes: Sequence[CapacityChange] = (),
    options: Options | None = None,
    until: float = 400.0,
) -> list[list[Event]]:
    """Return the events of every patient before day `until`, in order of time.

    Returns
    -------
    list of lists of Event
        One list per patient, in the order of `drawn`.
    """
    system = CareSystem(drawn, districts, facilities, changes, options or Options())
    system.env.run(until=until)
    return [patient.log for patient in system.patients]
