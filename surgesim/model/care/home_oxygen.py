"""Oxygen at home: patients leave an oxygen bed early, with a concentrator, and some come back."""

from __future__ import annotations

from collections.abc import Collection
from math import inf

import numpy as np

from surgesim.model.care.beds import OXYGEN
from surgesim.model.care.course.ends import dies, kind_of_death
from surgesim.model.care.course.ledger import AT_HOME, IN_OXYGEN, NEEDS_OXYGEN
from surgesim.model.care.journey import Journey
from surgesim.model.care.patient import Patient
from surgesim.model.clock.calendar import Calendar, Due


class HomeOxygen:
    """The patients at home on oxygen. Their stay, its end and its risk are those of the bed they left.

    Attributes
    ----------
    concentrators_added
        The most concentrators that rules have brought at any time so far.
    """

    def __init__(self, env: Calendar, journey: Journey) -> None:
        self._env, self._journey = env, journey
        self._brought: dict[str, tuple[int, float]] = {}
        self.concentrators_added = 0

    @property
    def present(self) -> int:
        """Number of patients at home on oxygen."""
        return self._journey.ledger.count[NEEDS_OXYGEN][AT_HOME]

    @property
    def room(self) -> int:
        """Number of patients who can still be sent home: limited by concentrators and by teams."""
        concentrators = sum(number for number, _ in self._brought.values())
        followed = sum(patients for _, patients in self._brought.values())
        return int(min(concentrators, followed + 1e-9)) - self.present

    def bring(self, rule: str, concentrators: int, patients: float) -> None:
        """Let a rule bring concentrators, and teams that can follow a number of `patients`."""
        self._brought[rule] = concentrators, patients
        total = sum(number for number, _ in self._brought.values())
        self.concentrators_added = max(self.concentrators_added, total)

    def ready(self, facilities: Collection[int], after_days: float, most_lpm: float) -> list[Patient]:
        """Return the patients in oxygen beds who can go home, those with the earliest need first.

        Their need began at least `after_days` ago, and their flow is at most `most_lpm`. Patients who board
        or come from ICU stay.
        """
        latest = self._env.now - after_days
        found = [
            patient
            for patient in self._journey.present()
            if patient.place == IN_OXYGEN
            and patient.need == NEEDS_OXYGEN
            and patient.ready_time == inf
            and patient.need_time <= latest
            and patient.oxygen_flow <= most_lpm
            and patient.facility in facilities
        ]
        return sorted(found, key=lambda patient: (patient.need_time, patient.index))

    def send(self, patients: list[Patient], return_share: float, rng: np.random.Generator) -> None:
        """Send patients home; a `return_share` of those who will not need ICU come back within their stay."""
        journey = self._journey
        for patient, draw in zip(patients, rng.random(len(patients)).tolist(), strict=True):
            facility = patient.facility
            supply = journey.supply
            strain = 0.0 if supply is None else supply.strain_of(patient)
            journey.note(patient, "goes home", facility)
            journey.vacate(patient, OXYGEN)
            patient.facility, patient.location = -1, journey.network.hosts[patient.district]
            journey.ledger.move(patient, NEEDS_OXYGEN, AT_HOME)
            journey.ledger.sent_home += 1
            if patient.timer is not None:
                left = max(patient.timer[0] - self._env.now, 0.0)
                patient.timer = self._env.after(left, self._ends, (patient, strain))
                if draw < return_share:
                    self._env.after(left * draw / return_share, self._returns, patient)
            journey.free_bed(OXYGEN, facility)
        journey.settle()

    def _ends(self, due: Due) -> None:
        patient, strain = due[3]
        journey = self._journey
        if patient.timer is not due:
            return
        factor = 1.0 if journey.supply is None else journey.supply.risk_of(strain, patient.oxygen_stay)
        if journey.drugs is not None:
            factor *= journey.drugs.risk_of_stay(patient, patient.oxygen_stay, self._env.now)
        journey.leave(patient, kind_of_death(patient) if dies(patient, factor) else None)
        journey.settle()

    def _returns(self, due: Due) -> None:
        """Let a patient look for an oxygen bed for the rest of the stay; the need counts as a new one."""
        patient: Patient = due[3]
        journey, now = self._journey, self._env.now
        if patient.place != AT_HOME or patient.timer is None:
            return
        patient.oxygen_stay = max(patient.timer[0] - now, 0.0)
        patient.timer, patient.need_time = None, now
        journey.ledger.come_back(patient)
        route = journey.oxygen.find(journey.network.from_district[patient.location], patient.location, now)
        if route is None:
            journey.wait_for_oxygen(patient)
        else:
            journey.go_to_oxygen(patient, route)
        journey.settle()
