"""The surge in plain SimPy: a process per patient, a `PriorityResource` per bed type."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import simpy
from surge import HORIZON, RAISED_AT, Outcome, Surge

Process = Generator[simpy.Event, object, None]

STEP_DOWN, URGENT, OTHER = 0, 1, 2
"""Priorities in the queue for a ward bed; the lowest number is served first."""


class Beds(simpy.PriorityResource):
    """The beds of one type, whose number can be raised."""

    def raise_to(self, beds: int) -> None:
        while self._capacity < beds:
            self._capacity += 1
            self._trigger_put(None)


def run(surge: Surge, holds_icu_bed: bool = True) -> Outcome:
    """Simulate a surge.

    Without `holds_icu_bed`, a patient ready to step down leaves the ICU bed at once and waits for the ward
    without a bed, ahead of all others: the one rule that Ciw can follow instead.
    """
    env = simpy.Environment()
    icu, ward = Beds(env, surge.icu_beds), Beds(env, surge.ward_beds)
    admitted = [np.nan] * len(surge)
    left = [np.nan] * len(surge)

    def patient(
        i: int, critical: bool, urgent: bool, patience: float, stay: float, step_down: float
    ) -> Process:
        beds = icu if critical else ward
        with beds.request(URGENT if urgent else OTHER) as bed:
            yield bed | env.timeout(patience)
            if not bed.triggered:
                left[i] = env.now
                return
            admitted[i] = env.now
            yield env.timeout(stay)
            if critical:
                if not holds_icu_bed:
                    icu.release(bed)
                with ward.request(STEP_DOWN) as ward_bed:
                    yield ward_bed
                    if holds_icu_bed:
                        icu.release(bed)
                    yield env.timeout(step_down)
            left[i] = env.now

    def arrivals() -> Process:
        columns = (surge.critical, surge.urgent, surge.patience, surge.stay, surge.step_down)
        rows = zip(surge.arrival.tolist(), *(column.tolist() for column in columns), strict=True)
        for i, (time, *drawn) in enumerate(rows):
            yield env.timeout(time - env.now)
            env.process(patient(i, *drawn))

    def raises_capacity() -> Process:
        yield env.timeout(RAISED_AT)
        ward.raise_to(surge.raised_ward_beds)
        icu.raise_to(surge.raised_icu_beds)

    env.process(arrivals())
    env.process(raises_capacity())
    env.run(until=HORIZON)
    return Outcome(np.array(admitted), np.array(left))
