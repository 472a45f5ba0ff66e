"""The outcomes of one replication: general outcomes, timely access by group, and thresholds."""

from __future__ import annotations

from math import nan

from surgesim.model.record import Record
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.breaches import SITUATION, Breaches, never_assessed
from surgesim.study.measures.compare import DAYS_BREACHED, FIRST_DAY
from surgesim.study.measures.reached import Groups


def outcome_row(scenario: Scenario, record: Record, breaches: Breaches) -> dict[str, float]:
    """Return the outcomes of a replication, by column name in replications.csv.

    The first day of a breach is censored: without a breach, it is the number of days of the scenario.
    Outcomes of thresholds that are not assessed, and of an undecided situation, are NaN.
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
