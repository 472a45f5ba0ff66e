"""Prepare a fit to a scenario's own history: the reports as data, and a scenario that begins with them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from surgesim.errors import FitError, Problem
from surgesim.fitting.data import LEAST_DAYS, lack
from surgesim.fitting.series import SERIES
from surgesim.scenario.schema.scenario import Scenario
from surgesim.scenario.schema.today.history import Past

if TYPE_CHECKING:
    import pandas as pd


def past_of(scenario: Scenario) -> Past:
    """Return the reports before the start.

    Raises
    ------
    FitError
        If there are no reports, or they cover too few days.
    """
    past = scenario.past
    if past is None:
        message = "got no history and no data, expected daily reports before the start, or a file of data"
        raise FitError([Problem("history", message)])
    if len(past.day) < LEAST_DAYS:
        message = f"got {len(past.day)} days before the start, expected at least {LEAST_DAYS} days"
        raise FitError([Problem("history", message)])
    return past


def warm_up_days(scenario: Scenario) -> int:
    """Return the number of days from the first report to the start."""
    return -int(past_of(scenario).day[0])


def begun_with_history(scenario: Scenario) -> Scenario:
    """Return a scenario that runs from the day of the first report to the day before the start.

    Its days are like those of a warm-up, but they are recorded. As in a warm-up, it has no history, no census
    and no plan, and imports infections every day. A scenario without a warm-up gives the initial infections
    at its start. They are multiplied by the ratio of the cases reported in the first week of the history to
    those reported in the last week.
    """
    days = warm_up_days(scenario)
    overlay: dict[str, Any] = {
        "start": (scenario.start - timedelta(days=days)).isoformat(),
        "days": days,
        "warm_up_days": 0,
        "history": None,
        "alternatives": dict.fromkeys(scenario.alternatives),
        "command": {"plan": dict.fromkeys(scenario.command.plan)},
        "care": {"initial_census": dict.fromkeys(scenario.care.initial_census)},
    }
    if scenario.epidemic is not None:
        until = scenario.epidemic.importation.until_day
        later = None if until is None else until + days
        overlay["epidemic"] = {"importation": {"from_day": 0, "until_day": later}}
        overlay["epidemic"]["initial_infections"] = earlier_infections(scenario)
    return scenario.overlaid(overlay)


def earlier_infections(scenario: Scenario) -> dict[str, int]:
    """Return the initial infections of each district on the first day of the history.

    If the scenario has a warm-up, they are unchanged, because they already refer to an earlier day.
    """
    past, epidemic = past_of(scenario), scenario.epidemic
    numbers = {} if epidemic is None else epidemic.initial_infections
    if scenario.warm_up_days > 0:
        return dict(numbers)
    return {
        name: max(round(number * _first_to_last_week(past, name)), min(number, 1))
        for name, number in numbers.items()
    }


def _first_to_last_week(past: Past, district: str) -> float:
    """Return the reported cases per day of the first week relative to the last; 1 where they are unknown."""
    for series in (past.districts.get(district, {}), past.province):
        cases = series.get("reported_cases")
        if cases is not None:
            first, last = (week[~np.isnan(week)] for week in (cases[:7], cases[-7:]))
            if first.sum() > 0 and last.sum() > 0:
                return float(first.mean() / last.mean())
    return 1.0


def data_of_history(scenario: Scenario) -> pd.DataFrame:
    """Return the reports before the start as data for a fit.

    A series is compared by district if districts report it and the model has it by district; otherwise it is
    compared for the province.
    """
    import pandas as pd

    past = past_of(scenario)
    dates = [(scenario.start + timedelta(days=int(day))).isoformat() for day in past.day]
    province: dict[str, Any] = {"date": dates, "district": ""}
    districts: dict[str, dict[str, Any]] = {}
    for name in SERIES:
        reporting = [district for district, series in past.districts.items() if name in series]
        if reporting and not any(lack(name, district, scenario) for district in reporting):
            for district in reporting:
                districts.setdefault(district, {})[name] = past.districts[district][name]
        elif name in past.province:
            province[name] = past.province[name]
    frames = [pd.DataFrame(province)]
    frames += [
        pd.DataFrame({"date": dates, "district": district, **series})
        for district, series in districts.items()
    ]
    return pd.concat([frame for frame in frames if len(frame.columns) > 2], ignore_index=True)
