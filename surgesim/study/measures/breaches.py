"""Threshold breaches: first day, probability, duration and worst value."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from surgesim.model.record import Record
from surgesim.scenario.schema.command import Command, Threshold
from surgesim.scenario.schema.indicators import Watch
from surgesim.scenario.schema.needs import assessed_criteria, unmet_need, unmet_need_of
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.draws import independent_runs
from surgesim.study.measures.quantiles import censored_quantile, quantile

Floats = NDArray[np.float64]

SITUATION: Final = "situation"
"""Name of the declared emergency in rows and outcomes, alongside the threshold names."""

PROVINCE_AREA = "province"

CRITERIA = "criteria"
"""Reason why the situation is not assessed: too few of its criteria are assessed."""


@dataclass(frozen=True, slots=True)
class Breaches:
    """The breaches of one replication, with one value per row: the thresholds in order, then the situation.

    For a threshold assessed by district, the row covers a breach in any district; `by_district` has a row
    for each such threshold and district, in that order.

    Attributes
    ----------
    at_start
        True if there is a breach at t = 0, before any event.
    first_day
        First day in breach (0 is the first day of the scenario); infinite if there is no breach.
    days
        Number of days in breach.
    longest_spell
        Length in days of the longest unbroken run of days in breach.
    worst
        The value furthest beyond the bound (or closest to it), in the indicator's unit; for the
        situation, the largest number of thresholds breached on one day.
    by_district
        The breaches in each district; None if no threshold is assessed by district.
    undecided
        True if the situation was not declared but could have been if the criteria that are not assessed had
        been breached.
    """

    at_start: NDArray[np.bool_]
    first_day: Floats
    days: Floats
    longest_spell: Floats
    worst: Floats
    by_district: Breaches | None = None
    undecided: bool = False


def breach_names(command: Command) -> tuple[str, ...]:
    """Return the row names of a breach table: thresholds, then the situation; empty without thresholds."""
    return (*command.thresholds, SITUATION) if command.thresholds else ()


def breach_bounds(command: Command) -> Floats:
    """Return the bound of each row; for the situation, the number of breached thresholds required."""
    if not command.thresholds:
        return np.empty(0)
    bounds = [threshold.bound for threshold in command.thresholds.values()]
    return np.array([*bounds, command.required_count], dtype=float)


def breaches_of(scenario: Scenario, record: Record) -> Breaches:
    """Return the breaches of one replication."""
    command = scenario.command
    if not command.thresholds:
        nothing = np.empty(0)
        return Breaches(np.empty(0, dtype=bool), nothing, nothing, nothing, nothing)
    watched = [list(command.thresholds).index(name) for name in command.of_situation]
    breached = breached_by_day(scenario, record)
    worst = [
        _worst(threshold, record.values[:, i]) for i, threshold in enumerate(command.thresholds.values())
    ]
    together = record.breached[:, watched].sum(axis=1)
    declared = record.breached_at_start[watched].sum() >= command.required_count
    at_start = np.append(record.breached_at_start, declared)
    open_criteria = len(watched) - len(assessed_criteria(scenario))
    undecided = bool(
        open_criteria
        and not breached[:, -1].any()
        and together.max(initial=0) + open_criteria >= command.required_count
    )
    local = _in_districts(command, record)
    return replace(_breaches(at_start, breached, [*worst, together.max()], local), undecided=undecided)


def _in_districts(command: Command, record: Record) -> Breaches | None:
    """Return the breaches in each district, threshold by threshold."""
    local = list(command.in_districts.values())
    if not local:
        return None
    worst = [
        _worst(threshold, values)
        for i, threshold in enumerate(local)
        for values in record.values_by_district[:, i].T
    ]
    breached = record.breached_by_district.reshape(len(record.breached), -1)
    return _breaches(record.breached_at_start_by_district.ravel(), breached, worst, None)


def _breaches(
    at_start: NDArray[np.bool_],
    breached: NDArray[np.bool_],
    worst: Sequence[float],
    by_district: Breaches | None,
) -> Breaches:
    return Breaches(
        at_start=at_start,
        first_day=np.where(breached.any(axis=0), breached.argmax(axis=0), np.inf),
        days=breached.sum(axis=0).astype(float),
        longest_spell=np.array([longest_spell(column) for column in breached.T], dtype=float),
        worst=np.array(worst, dtype=float),
        by_district=by_district,
    )


def _worst(threshold: Threshold, values: Floats) -> float:
    """Return the worst of a threshold's daily values; days without a value are ignored."""
    return float((np.fmax if threshold.above is not None else np.fmin).reduce(values))


def breached_by_day(scenario: Scenario, record: Record) -> NDArray[np.bool_]:
    """Return True for each day and row of a breach table that is in breach, ``(days, rows)``.

    The situation is the last row. A threshold assessed by district is in breach if any district is.
    """
    if not scenario.command.thresholds:
        return np.empty((len(record.province), 0), dtype=bool)
    return np.column_stack([record.breached, record.series(SITUATION) > 0])


def longest_spell(breached: NDArray[np.bool_]) -> int:
    """Return the length of the longest unbroken run of True."""
    edges = np.diff(np.concatenate(([0], breached.astype(np.int8), [0])))
    lengths = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
    return int(lengths.max(initial=0))


def wilson(successes: float, trials: float, confidence: float = 0.95) -> tuple[float, float]:
    """Compute the Wilson score interval of a probability.

    Wilson 1927, doi:10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> [round(bound, 4) for bound in wilson(8, 10)]
    [0.4902, 0.9433]
    """
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = successes / trials
    centre = share + z * z / (2 * trials)
    half = z * np.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    low, high = (centre - half) / (1 + z * z / trials), (centre + half) / (1 + z * z / trials)
    return (0.0 if successes == 0 else float(low), 1.0 if successes == trials else float(high))


def share_interval(
    happened: NDArray[np.bool_], runs: int = 1, numbers: NDArray[np.int64] | None = None
) -> tuple[float, float]:
    """Return the Wilson interval of a probability, where each draw is shared by `runs` replications.

    For `numbers`, see `independent_runs`.
    """
    each = independent_runs(happened.astype(float), runs, numbers) / len(happened)
    return wilson(each * int(happened.sum()), each * len(happened))


def not_assessed(scenario: Scenario, threshold: str, district: str | None = None) -> str:
    """Return the code of the input that a threshold or the situation lacks; ``""`` if it is assessed."""
    known = scenario.command.thresholds
    missing = (
        unmet_need_of(scenario, known[threshold], district)
        if threshold in known
        else unmet_need(scenario, Watch(SITUATION))
    )
    return "" if missing is None else missing.name


def never_assessed(scenario: Scenario, threshold: str) -> bool:
    """Return True if a threshold or the situation is assessed neither in the province nor in any district."""
    local = threshold in scenario.command.in_districts
    places = scenario.people.districts if local else (None,)
    return all(not_assessed(scenario, threshold, place) for place in places)


def breach_places(scenario: Scenario) -> Iterator[tuple[str, str, float, int]]:
    """Yield area, threshold, bound and index of each row of a breach table.

    The index refers to the `Breaches` of a replication, or for a district to their `by_district`. A threshold
    assessed by district has a row for each district and none for the province.
    """
    bounds = breach_bounds(scenario.command)
    local = tuple(scenario.command.in_districts)
    areas = tuple(scenario.people.districts)
    for i, name in enumerate(breach_names(scenario.command)):
        if name in local:
            first = local.index(name) * len(areas)
            yield from ((area, name, bounds[i], first + d) for d, area in enumerate(areas))
        else:
            yield PROVINCE_AREA, name, bounds[i], i


def breach_rows(alternative: str, scenario: Scenario, runs: Sequence[Breaches]) -> Iterator[dict[str, Any]]:
    """Yield the rows of the breach table for one alternative, from its replications in order.

    The rows are the same as in `breach_places`. A row that is not assessed has a reason instead of numbers.
    If some criteria of the situation are not assessed, its probability is based on the other criteria; it is
    missing if the situation was declared in no replication but could have been in some.
    """
    import pandas as pd

    in_districts = [run.by_district for run in runs if run.by_district is not None]
    criteria = len(assessed_criteria(scenario))
    for area, threshold, bound, i in breach_places(scenario):
        these = runs if area == PROVINCE_AREA else in_districts
        missing = not_assessed(scenario, threshold, None if area == PROVINCE_AREA else area)
        of_situation = threshold == SITUATION
        undecided = sum(run.undecided for run in these) if of_situation else 0
        decided = {
            "not_assessed": missing,
            "criteria_assessed": criteria if of_situation else math.nan,
            "undecided": undecided / len(these) if of_situation else math.nan,
        }
        if missing or (undecided and not any(np.isfinite(run.first_day[i]) for run in these)):
            yield {
                "alternative": alternative,
                "area": area,
                "threshold": threshold,
                "bound": bound,
                **decided,
                "not_assessed": missing or CRITERIA,
            }
            continue
        first = np.array([run.first_day[i] for run in these])
        days = np.array([run.days[i] for run in these])
        known = np.isfinite(first)
        possible = known | np.array([of_situation and run.undecided for run in these])
        low, high = (share_interval(of, scenario.study.runs_together) for of in (known, possible))
        median, early, late = (censored_quantile(first, q) for q in (0.5, 0.05, 0.95))
        yield {
            "alternative": alternative,
            "area": area,
            "threshold": threshold,
            "bound": bound,
            **decided,
            "breached_at_start": np.mean([run.at_start[i] for run in these]),
            "probability": known.mean(),
            "probability_low": low[0],
            "probability_high": high[1],
            "first_day_median": median,
            "first_day_p5": early,
            "first_day_p95": late,
            "first_date_median": pd.Timestamp(scenario.start) + pd.to_timedelta(median, unit="D"),
            "days_breached_mean": days.mean(),
            "days_breached_p5": float(quantile(days, 0.05)),
            "days_breached_p95": float(quantile(days, 0.95)),
            "longest_spell_days": np.mean([run.longest_spell[i] for run in these]),
            "worst_value_median": float(quantile(np.array([run.worst[i] for run in these]), 0.5)),
        }
