"""The surge in salabim: a component per patient, a `Resource` per bed type.

A request for a bed fails when the patient's patience ends. Monitors are off, so that only the simulation is
timed.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import salabim
from surge import HORIZON, RAISED_AT, Outcome, Surge

STEP_DOWN, URGENT, OTHER = 0, 1, 2
"""Priorities in the queue for a ward bed; the lowest number is served first."""

Process = Generator[object, None, None]


def run(surge: Surge) -> Outcome:
    """Simulate a surge."""
    env = salabim.Environment(yieldless=False, trace=False, time_unit="days")
    icu = salabim.Resource("icu", capacity=surge.icu_beds, monitor=False)
    ward = salabim.Resource("ward", capacity=surge.ward_beds, monitor=False)
    admitted = [np.nan] * len(surge)
    left = [np.nan] * len(surge)
    columns = (surge.critical, surge.urgent, surge.patience, surge.stay, surge.step_down)
    rows = list(zip(surge.arrival.tolist(), *(column.tolist() for column in columns), strict=True))

    class Patient(salabim.Component):
        def setup(self, index: int) -> None:
            self.index = index

        def process(self) -> Process:
            i = self.index
            _, critical, urgent, patience, stay, step_down = rows[i]
            beds = icu if critical else ward
            yield self.request((beds, 1, URGENT if urgent else OTHER), fail_delay=patience)
            if self.failed():
                left[i] = env.now()
                return
            admitted[i] = env.now()
            yield self.hold(stay)
            if critical:
                yield self.request((ward, 1, STEP_DOWN))
                self.release(icu)
                yield self.hold(step_down)
            self.release()
            left[i] = env.now()

    class Arrivals(salabim.Component):
        def process(self) -> Process:
            for i, row in enumerate(rows):
                yield self.hold(till=row[0])
                Patient(index=i)

    class Plan(salabim.Component):
        def process(self) -> Process:
            yield self.hold(till=RAISED_AT)
            ward.set_capacity(surge.raised_ward_beds)
            icu.set_capacity(surge.raised_icu_beds)

    Arrivals()
    Plan()
    env.run(till=HORIZON)
    return Outcome(np.array(admitted), np.array(left))
