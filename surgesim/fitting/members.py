"""The runs of a fit: members of the ensemble, and replicates of its mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import ScenarioError
from surgesim.fitting.observations import Observation, simulated
from surgesim.scenario.door import with_certain
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.checks import with_values
from surgesim.study.compute.replicate import one_record
from surgesim.study.compute.spread import spread

Floats = NDArray[np.float64]

FIRST_RUN: Final = 10_000_000
"""Replication number of the first run of a fit: beyond those of studies, so that no random numbers are
shared.
"""


@dataclass(frozen=True, slots=True)
class Task:
    """The task of simulating one run: its replication number, and the value to set at each path."""

    replication: int
    settings: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Member:
    """A callable that is sent to the workers: it simulates the run of a task and returns its observations.

    Attributes
    ----------
    scenario
        The scenario to simulate, without alternatives and as long as the data.
    """

    scenario: Scenario
    seed: int
    targets: tuple[Observation, ...]

    def __call__(self, task: Task) -> Floats:
        """Simulate a run; NaN if the scenario refuses its values."""
        try:
            return self.observed(task)
        except ScenarioError:
            return np.full(len(self.targets), np.nan)

    def observed(self, task: Task) -> Floats:
        """Simulate a run; raise ScenarioError if the scenario refuses its values."""
        try:
            changed = with_certain(self.scenario, task.settings)
        except ScenarioError as error:
            raise ScenarioError([with_values(error.problems[0], "a member has", task.settings)]) from error
        return simulated(self.targets, one_record(changed, self.seed, task.replication), changed)

    def refusal(self, task: Task) -> str:
        """Return why the scenario refuses the values of a run; empty if it does not."""
        try:
            self.observed(task)
        except ScenarioError as error:
            return str(error.problems[0])
        return ""


def runs(member: Member, tasks: Sequence[Task], backend: Backend, report: Callable[[int], object]) -> Floats:
    """Run all tasks and return their observations, ``(tasks, observations)``; `report` gets each count.

    The observations of a run that the scenario refuses are NaN.
    """
    found = np.empty((len(tasks), len(member.targets)))
    with closing(spread(member, tasks, backend)) as results:
        for done, (place, values) in enumerate(results, start=1):
            found[place] = values
            report(done)
    return found


def refused(observed: Floats) -> NDArray[np.bool_]:
    """Return the runs that the scenario refused, ``(tasks,)``."""
    return np.asarray(np.isnan(observed).any(axis=1), np.bool_)
