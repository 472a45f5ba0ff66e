"""Moves of patients between facilities, in the course of a stay that goes on."""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from surgesim.model.care.beds import OXYGEN
from surgesim.model.care.course.ledger import NEEDS_ICU, NEEDS_OXYGEN
from surgesim.model.care.journey import Journey
from surgesim.model.care.network import Route
from surgesim.model.care.patient import Patient
from surgesim.model.clock.calendar import Calendar, Due


class _Stay(NamedTuple):
    """What is left of a stay: bed type, end unless ICU is needed first, and strain.

    The strain is that of the stay so far, from lower oxygen flows.
    """

    bed: int
    end: Due | None
    strain: float


class Moves:
    """The patients whom the province moves to a bed of the same type in another facility."""

    def __init__(self, env: Calendar, journey: Journey) -> None:
        self._env, self._journey = env, journey
        self._moving: dict[int, _Stay] = {}  # by index

    def movable(self, bed: int, facility: int) -> list[Patient]:
        """Return the patients of a facility whose stay in a bed of a type could go on elsewhere.

        Boarders and patients ready to step down are not among them. Who came into need last is first.
        """
        need = NEEDS_OXYGEN if bed == OXYGEN else NEEDS_ICU
        found = [
            patient
            for patient in self._journey.present()
            if patient.place == bed and patient.need == need and patient.facility == facility
        ]
        return sorted(found, key=lambda patient: (-patient.need_time, -patient.index))

    def move(self, patient: Patient, route: Route) -> None:
        """Move a patient to a free bed of the same type in another facility, where the stay goes on."""
        journey, bed, left = self._journey, patient.place, patient.facility
        pool = journey.oxygen if bed == OXYGEN else journey.icu
        to_come = bed == OXYGEN and patient.needs_icu and patient.ready_time == inf
        strain = 0.0 if journey.supply is None else journey.supply.strain_of(patient)
        self._moving[patient.index] = _Stay(bed, None if to_come else patient.timer, strain)
        journey.ledger.moved[bed] += 1
        journey.vacate(patient, bed)
        if route.travel_days > 0:
            pool.hold(route.facility)
            journey.depart(patient, route, self._arrives)
        else:
            pool.take(route.facility)
            self._go_on(patient, route.facility)
        journey.free_bed(bed, left)
        journey.settle()

    def _arrives(self, due: Due) -> None:
        patient: Patient = due[3]
        journey = self._journey
        pool = journey.oxygen if self._moving[patient.index].bed == OXYGEN else journey.icu
        pool.arrive(patient.destination)
        self._go_on(patient, patient.destination)
        journey.settle()

    def _go_on(self, patient: Patient, facility: int) -> None:
        journey = self._journey
        bed, end, strain = self._moving.pop(patient.index)
        journey.settle_in(patient, facility, bed, patient.need, journey.ledger.flows[bed].moves_in)
        if journey.supply is not None:
            journey.supply.carry_strain(patient, strain)
        if end is not None:
            patient.timer = self._env.after(max(end[0] - self._env.now, 0.0), end[2], patient)
        elif patient.icu_delay == 0.0:
            journey.need_icu(patient)  # deteriorated on the way
