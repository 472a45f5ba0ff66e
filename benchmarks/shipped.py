"""The surge in the shipped care engine: a full replication, with its record and identity checks.

An ordinary scenario configures the engine, but the patients of the surge replace the scenario's arrivals.
A patient is lost by dying untreated when the patience, used as the clock of the unmet need, ends.
"""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from surge import HORIZON, RAISED_AT, Outcome, Surge

from surgesim.model.care.course.events import LogEntry
from surgesim.model.care.patients import PatientBatch
from surgesim.model.record import Record
from surgesim.model.simulation import Simulation
from surgesim.scenario.schema.base import AGE_GROUPS, SETTINGS
from surgesim.scenario.schema.scenario import Scenario

START = date(2024, 1, 1)


def run(surge: Surge) -> Record:
    """Simulate a surge as `surgesim run` would; this call is timed."""
    return _simulation(surge, None).run()


def run_logged(surge: Surge) -> Outcome:
    """Simulate a surge with the event log, and read admissions and departures from it."""
    log: list[LogEntry] = []
    _simulation(surge, log).run()
    admitted, left = np.full(len(surge), np.nan), np.full(len(surge), np.nan)
    for entry in reversed(log):
        if entry.what in ("in oxygen bed", "in ICU bed"):
            admitted[entry.patient] = entry.time
        elif entry.what in ("dies", "recovers"):
            left[entry.patient] = entry.time
    return Outcome(admitted, left)


class GivenArrivals:
    """The patients of a surge by day, which replace the scenario's arrivals."""

    def __init__(self, surge: Surge) -> None:
        n = len(surge)
        none, always = np.zeros(n), np.ones(n)
        never = np.full(n, np.inf)
        critical, other = surge.critical, ~surge.critical
        self._batch = PatientBatch(
            need_time=surge.arrival,
            district=np.zeros(n, np.int64),
            age=np.zeros(n, np.int64),
            needs_icu=critical,
            icu_delay=np.where(critical, 0.0, np.inf),
            urgent=surge.urgent,
            luck=np.full(n, 0.5),
            p_full=none,
            p_thin=none,
            p_boarded=always,
            p_untreated=always,
            oxygen_stay=surge.stay,
            icu_survivor_stay=surge.stay,
            icu_dying_stay=surge.stay,
            step_down_stay=surge.step_down,
            oxygen_death=np.where(other, surge.patience, np.inf),
            oxygen_recovery=never,
            icu_death=np.where(critical, surge.patience, np.inf),
            icu_recovery=never,
            boarded_death=np.where(critical, surge.patience, np.inf),
            boarded_recovery=never,
            unreported=np.zeros(n, np.bool_),
            oxygen_flow=none,
            icu_flow=none,
            step_down_flow=none,
            high_risk=np.zeros(n, np.bool_),
        )
        self._first = np.searchsorted(surge.arrival, np.arange(HORIZON + 1))

    def on(self, day: int) -> tuple[PatientBatch, NDArray[np.int64]]:
        rows = slice(self._first[day], self._first[day + 1])
        batch = PatientBatch(
            **{field.name: getattr(self._batch, field.name)[rows] for field in fields(PatientBatch)}
        )
        return batch, np.zeros(1, np.int64)


def _simulation(surge: Surge, log: list[LogEntry] | None) -> Simulation:
    simulation = Simulation(_scenario(surge), seed=1, replication=0, log=log)
    simulation.province.arrivals = GivenArrivals(surge)
    return simulation


def _scenario(surge: Surge) -> Scenario:
    """Return a scenario of one hospital, with two thirds of its beds open until the rest convert."""
    zero = {"full": 0.0, "thin": 0.0, "boarded": 0.0, "untreated": 1.0}
    at_once = {"fixed": 0.0}
    plain = {
        "name": "surge",
        "title": "One surge",
        "start": START.isoformat(),
        "days": HORIZON,
        "people": {
            "districts": {"town": {"title": "Town", "population": 1_000_000}},
            "ages": [0.12] * (len(AGE_GROUPS) - 1) + [0.04],
            "contacts": {setting: [[1.0] * len(AGE_GROUPS)] * len(AGE_GROUPS) for setting in SETTINGS},
        },
        "arrivals": {"series": {"given": {"bed": "oxygen", "counts": [0.0]}}},
        "clinical": {
            "severity": {"p_oxygen": 0.1, "p_icu": 0.3, "death_oxygen": zero, "death_icu": zero},
            "stays": {
                "onset_to_oxygen_days": at_once,
                "oxygen_to_icu_days": at_once,
                "oxygen_days": {"fixed": 8.0},
                "icu_survivor_days": {"fixed": 10.0},
                "icu_dying_days": {"fixed": 10.0},
                "step_down_days": {"fixed": 5.0},
            },
            "clocks": {
                "oxygen": {"death_days": {"exponential": 3.0}, "recovery_days": "never"},
                "icu": {"death_days": {"exponential": 1.0}, "recovery_days": "never"},
            },
            "boarding": False,
            "step_down": True,
        },
        "care": {
            "facilities": {
                "hospital": {
                    "title": "Hospital",
                    "district": "town",
                    "ownership": "public",
                    "beds": {"oxygen": surge.raised_ward_beds, "icu": surge.raised_icu_beds},
                    "covid_share": 2 / 3,
                    "convertible_share": 1.0,
                }
            }
        },
        "command": {
            "plan": {
                "half-as-many-again": {
                    "action": "convert_beds",
                    "when": {"on": (START + timedelta(days=RAISED_AT)).isoformat()},
                    "decision_days": 0.0,
                }
            }
        },
    }
    return Scenario.model_validate_json(json.dumps(plain))
