"""The outcomes of one replication: those of every run, of who is reached, and of its thresholds."""

from __future__ import annotations

from math import nan

from surgesim.model.record import Record
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.breaches import SITUATION, Breaches, never_assessed
from surgesim.study.measures.compare import DAYS_BREACHED, FIRST_DAY
from surgesim.study.measures.reached import Groups


def outcome_row(scenario: Scenario, record: Record, breaches: Breaches) -> dict[str, float]:
    """The outcomes of a replication by the names of their columns in replications.csv.

    A first day of a breach is censored: where there was none, it is the number of days of the scenario.
    Of a threshold that is not assessed, and of a situation that is undecided, there are no numbers (NaN).
    """
    horizon = float(scenario.days)
    row = dict(record.outcomes)
    if scenario.command.reach is not None:
        row |= Groups(scenario).values(record.reached)
    for i, name in enumerate(scenario.command.thresholds):
        missing = never_assessed(scenario, name)
        row[f"{FIRST_DAY}{name}"] = nan if missing else min(float(breaches.first_day[i]), horizon)
        row[f"{DAYS_BREACHED}{name}"] = nan if missing else float(breaches.days[i])
    if scenario.command.thresholds:
        missing = breaches.undecided or never_assessed(scenario, SITUATION)
        row[f"{FIRST_DAY}{SITUATION}"] = nan if missing else min(float(breaches.first_day[-1]), horizon)
        if missing:
            row["situation_days"] = nan
    return row
