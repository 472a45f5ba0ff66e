"""The outcomes of one replication: those of every run, of who is reached, and of its thresholds."""

from __future__ import annotations

from surgesim.model.record import Record
from surgesim.scenario.schema import Scenario
from surgesim.study.breaches import SITUATION, Breaches
from surgesim.study.compare import DAYS_BREACHED, FIRST_DAY
from surgesim.study.reached import Groups


def outcome_row(scenario: Scenario, record: Record, breaches: Breaches) -> dict[str, float]:
    """The outcomes of a replication by the names of their columns in replications.csv.

    A first day of a breach is censored: where there was none, it is the number of days of the scenario.
    """
    horizon = float(scenario.days)
    row = dict(record.outcomes)
    if scenario.command.reach is not None:
        row |= Groups(scenario).values(record.reached)
    for i, threshold in enumerate(scenario.command.thresholds):
        row[f"{FIRST_DAY}{threshold}"] = min(float(breaches.first_day[i]), horizon)
        row[f"{DAYS_BREACHED}{threshold}"] = float(breaches.days[i])
    if scenario.command.thresholds:
        row[f"{FIRST_DAY}{SITUATION}"] = min(float(breaches.first_day[-1]), horizon)
    return row
