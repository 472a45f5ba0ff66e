"""The future course of transmission in a forecast: the log of R falls back towards 0, with random steps.

Nobody keeps the contacts of last week for long: people take care when cases rise, and less when they fall. So
each draw of a fit gets a course of its own, as values of `epidemic.transmission` for the weeks to come.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import FitError, Problem
from surgesim.fitting.history import begun_with_history
from surgesim.fitting.members import Task
from surgesim.fitting.unknowns import TRANSMISSION
from surgesim.model.clock.streams import Streams
from surgesim.model.record import PROVINCE_INDEX, Record
from surgesim.scenario.door import certain, fit_value, with_certain
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.replicate import keep_alternatives, one_record
from surgesim.study.compute.spread import spread

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

DAMPING: Final = 0.3
"""Share of the log of R that is lost per week: assumed, chosen on two waves of British Columbia."""

DRIFT: Final = 0.1
"""Standard deviation of the random step of the log of R per week: assumed, chosen there too."""

_WEEK: Final = 7
_LEAST_R, _MOST_R = 0.1, 10.0


@dataclass(frozen=True, slots=True)
class Course:
    """How the log of R goes on: each week it loses a share, and moves by a random step.

    Without damping and drift, transmission stays as it is.

    Attributes
    ----------
    damping
        Share of the log of R that is lost per week, from 0 to 1.
    drift
        Standard deviation of the step per week, from 0 to 1.
    """

    damping: float = DAMPING
    drift: float = DRIFT

    def __post_init__(self) -> None:
        problems = [
            Problem(name, f"got {value!r}, expected a number from 0 to 1")
            for name, value in (("damping", self.damping), ("drift", self.drift))
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1
        ]
        if problems:
            raise FitError(problems)

    @property
    def is_constant(self) -> bool:
        """Whether transmission stays as it is."""
        return self.damping == 0 and self.drift == 0

    def factors(self, reproduction: float, steps: Floats) -> Floats:
        """Return the factor of transmission in each week to come, relative to now.

        Parameters
        ----------
        reproduction
            R of the last week.
        steps
            A standard normal for each week.
        """
        now = log_r = math.log(reproduction)
        logs = []
        for step in steps.tolist():
            log_r = (1 - self.damping) * log_r + self.drift * step
            logs.append(log_r - now)
        factors: Floats = np.exp(np.array(logs))
        return factors


def with_future(
    scenario: Scenario, draws: pd.DataFrame, weeks: int, course: Course, *, seed: int, backend: Backend
) -> pd.DataFrame:
    """Return draws of a fit with the factors of transmission in the weeks to come.

    Factors that the scenario or the draws have for later dates are multiplied. R now is that of a run of each
    draw to its last day of reports, in the last week; the steps depend on the seed and the number of the draw
    alone.

    Parameters
    ----------
    draws
        A column per path and a row per draw.
    """
    rows = [
        {str(path): float(value) for path, value in row.items()} for row in draws.to_dict(orient="records")
    ]
    reproduction = _reproduction(scenario, rows, seed, backend)
    assert scenario.epidemic is not None
    planned = dict(scenario.epidemic.transmission)
    starts = {scenario.start + timedelta(days=_WEEK * week) for week in range(weeks)}
    last = scenario.start + timedelta(days=_WEEK * weeks - 1)
    columns: dict[str, list[float]] = {}
    for number, (row, now) in enumerate(zip(rows, reproduction, strict=True)):
        steps = Streams(seed, number).once("future transmission").standard_normal(weeks)
        factors = course.factors(now, steps)
        path = {date.fromisoformat(str(day)): float(factor) for day, factor in planned.items()}
        path |= {_day(name): value for name, value in row.items() if name.startswith(f"{TRANSMISSION}.")}
        for day in sorted(starts | {day for day in path if scenario.start <= day <= last}):
            factor = factors[(day - scenario.start).days // _WEEK]
            columns.setdefault(f"{TRANSMISSION}.{day}", []).append(float(_at(day, path) * factor))
    return draws.assign(**columns)


def _day(path: str) -> date:
    return date.fromisoformat(path.removeprefix(f"{TRANSMISSION}."))


def _at(day: date, path: Mapping[date, float]) -> float:
    """Return the factor that holds on a day."""
    before = [date_ for date_ in path if date_ <= day]
    return path[max(before)] if before else 1.0


def _reproduction(
    scenario: Scenario, rows: Sequence[Mapping[str, float]], seed: int, backend: Backend
) -> list[float]:
    """Return R of the last week before the start in a run of each draw."""
    past = _Past(keep_alternatives(certain(begun_with_history(scenario)), ()), seed)
    plain = past.scenario.to_plain()
    tasks = [
        Task(number, {path: fit_value(path, value, plain) for path, value in row.items()})
        for number, row in enumerate(rows)
    ]
    found = [1.0] * len(tasks)
    with closing(spread(past, tasks, backend)) as results:
        for place, value in results:
            found[place] = value
    return found


@dataclass(frozen=True, slots=True)
class _Past:
    """The work of one run to the last day of reports; calling it returns R of its last week."""

    scenario: Scenario
    seed: int

    def __call__(self, task: Task) -> float:
        changed = with_certain(self.scenario, task.settings)
        assert changed.epidemic is not None
        record = one_record(changed, self.seed, task.replication)
        return reproduction(record, changed.epidemic.variant.infectious_days, changed.epidemic.dt_days)


def reproduction(record: Record, infectious_days: float, dt_days: float) -> float:
    """Return R of the last week of a run: infections by residents relative to those that keep it at 1.

    A gamma prior with the weight of one infection and mean 1 makes it 1 if nobody is infectious.
    """
    last = record.province[-_WEEK - 1 :]
    infections = float(last[1:, PROVINCE_INDEX["infections"]].sum())
    infectious = float(infecting(last[:, PROVINCE_INDEX["infectious"]], dt_days).sum())
    found = (infections + 1) / (infectious / infectious_days + 1)
    return min(max(found, _LEAST_R), _MOST_R)


def infecting(infectious: Floats, dt_days: float) -> Floats:
    """Return the people to whom a day's infections are due: those infectious at the start of its steps.

    Parameters
    ----------
    infectious
        Infectious people at 24:00, with the days on the last axis.
    dt_days
        Step of the epidemic.

    Returns
    -------
    array
        A day fewer than `infectious`, which begins with the evening before. Between two evenings, growth is
        exponential.
    """
    later = (1 - dt_days) / 2
    found: Floats = infectious[..., :-1] ** (1 - later) * infectious[..., 1:] ** later
    return found
