"""The surge in Ciw: a node per bed type with priority classes, reneging and a schedule of servers.

Ciw cannot hold an ICU bed until a ward bed is free while others also wait for the ward: a patient ready to
step down leaves the ICU bed at once and waits for the ward without a bed, ahead of all others.
"""

from __future__ import annotations

import ciw
import numpy as np
from numpy.typing import NDArray
from surge import HORIZON, RAISED_AT, Outcome, Surge

ICU, WARD = 1, 2
"""Numbers of the Ciw nodes."""

CLASSES = {"Step-down": 0, "Urgent": 1, "Other": 2}
"""Customer classes by priority."""


class OfIndividual(ciw.dists.Distribution):
    """A distribution that returns the value drawn for the patient concerned.

    Ciw numbers individuals from 1 in order of arrival.
    """

    def __init__(self, values: NDArray[np.float64]) -> None:
        self.values = values.tolist()

    def sample(self, t: float | None = None, ind: ciw.Individual | None = None) -> float:
        return self.values[ind.id_number - 1]


def run(surge: Surge) -> Outcome:
    """Simulate a surge."""
    stay, patience = OfIndividual(surge.stay), OfIndividual(surge.patience)
    arrivals = {
        "Urgent": [_arrivals(surge, node == ICU, True) for node in (ICU, WARD)],
        "Other": [_arrivals(surge, node == ICU, False) for node in (ICU, WARD)],
        "Step-down": [None, None],
    }
    to_step_down = {name: {other: float(other == "Step-down") for other in CLASSES} for name in CLASSES}
    unchanged = {name: {other: float(other == name) for other in CLASSES} for name in CLASSES}
    network = ciw.create_network(
        arrival_distributions=arrivals,
        service_distributions={
            "Urgent": [stay, stay],
            "Other": [stay, stay],
            "Step-down": [stay, OfIndividual(surge.step_down)],
        },
        reneging_time_distributions={
            "Urgent": [patience, patience],
            "Other": [patience, patience],
            "Step-down": [None, None],
        },
        class_change_matrices=[to_step_down, unchanged],
        priority_classes=CLASSES,
        routing={name: [[0.0, 1.0], [0.0, 0.0]] for name in CLASSES},
        number_of_servers=[
            _beds(surge.icu_beds, surge.raised_icu_beds),
            _beds(surge.ward_beds, surge.raised_ward_beds),
        ],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(HORIZON)
    return _outcome(simulation, len(surge))


def _arrivals(surge: Surge, critical: bool, urgent: bool) -> ciw.dists.Distribution | None:
    """Return the times between arrivals of one class at one node; infinite after the last arrival."""
    times = surge.arrival[(surge.critical == critical) & (surge.urgent == urgent)]
    gaps = np.diff(times, prepend=0.0).tolist()
    return ciw.dists.Sequential([*gaps, float("inf")])


def _beds(beds: int, raised: int) -> ciw.Schedule:
    """Return the schedule of a node's beds; patients keep their bed when the number changes."""
    return ciw.Schedule(
        numbers_of_servers=[beds, raised], shift_end_dates=[RAISED_AT, 10.0 * HORIZON], preemption="resume"
    )


def _outcome(simulation: ciw.Simulation, patients: int) -> Outcome:
    admitted = np.full(patients, np.inf)
    left = np.full(patients, -np.inf)
    for record in simulation.get_all_records():
        i = record.id_number - 1
        left[i] = max(left[i], record.exit_date)
        if record.record_type != "renege":
            admitted[i] = min(admitted[i], record.service_start_date)
    return Outcome(np.where(np.isinf(admitted), np.nan, admitted), left)
