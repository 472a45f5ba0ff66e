"""Runs replications of a scenario and its alternatives, on one core or many, in a fixed order."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from surgesim.errors import Problem, ScenarioError
from surgesim.model.clock.uncertainty import draws
from surgesim.model.record import Record
from surgesim.scenario.door import fit_value, with_certain
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.beforehand import check_all, with_values_told
from surgesim.study.compute.spread import spread

if TYPE_CHECKING:
    from surgesim.model.simulation import SharedDays

MOST_DAYS_SHARED = 1_000
"""Longer epidemics are simulated for each alternative anew: kept, they would take too much memory."""


def replicate(
    scenarios: Mapping[str, Scenario],
    seed: int,
    replications: int,
    workers: int | Backend = 1,
) -> Generator[dict[str, Record], None, None]:
    """Simulate every scenario `replications` times, all scenarios of a replication in one task.

    Parameters
    ----------
    scenarios
        The alternatives by name; they share the random numbers of a replication.
    seed
        Seed of the study. Replication k depends on `seed` and k alone, not on how many are run.
    replications
        How many, at least 1.
    workers
        Processes to use, 1 runs in this one; or a `Backend`, whose `progress` hears of every replication.

    Yields
    ------
    dict of str to Record
        The records of one replication by alternative, replication 0 first, whatever `workers` is.

    Raises
    ------
    SurgesimError
        If worker processes die again and again, or the scheduler does not answer.
    IdentityError
        If an identity of the model broke.
    """
    total = replications * len(scenarios)
    backend = Backend.of(workers)
    backend.report(0, total)
    work = partial(one_replication, scenarios, seed)
    with closing(spread(work, range(replications), backend, ordered=True)) as records:
        for done, (_, record) in enumerate(records, start=1):
            backend.report(done * len(scenarios), total)
            yield record


def drawn_values(scenario: Scenario, seed: int, replication: int) -> dict[str, float]:
    """What a replication draws for the uncertain parameters, by path; whole where the schema wants it."""
    if not scenario.study.uncertainty:
        return {}
    plain = scenario.to_plain()
    return {path: fit_value(path, value, plain) for path, value in draws(scenario, seed, replication).items()}


def one_replication(scenarios: Mapping[str, Scenario], seed: int, replication: int) -> dict[str, Record]:
    """One record per alternative; days of an epidemic that care has not changed are simulated once for all.

    Results are the same as one by one. Where parameters are uncertain, all alternatives are made of the
    scenario with what this replication draws.
    """
    from surgesim.model.simulation import simulate

    drawn = drawn_values(scenarios[BASELINE], seed, replication) if BASELINE in scenarios else {}
    if drawn:
        changed = with_certain(pared(scenarios[BASELINE], scenarios), drawn)
        scenarios = {name: changed.alternative(name) for name in scenarios}
    several = len(scenarios) > 1
    met: list[tuple[Scenario, SharedDays]] = []
    records = {
        name: simulate(scenario, seed, replication, _shared_days(scenario, met) if several else None)
        for name, scenario in scenarios.items()
    }
    return {name: replace(record, drawn=drawn) for name, record in records.items()} if drawn else records


def check_draws(scenario: Scenario, seed: int, replications: int, workers: int | Backend = 1) -> None:
    """Check what each replication will draw, for the scenario and all of its alternatives.

    Raises
    ------
    ScenarioError
        With the first draws that a scenario file could not have, and how many more there are.
    """
    if scenario.study.uncertainty:
        check = partial(_draw_problem, scenario, seed)
        check_all(check, range(replications), "draws", workers)


def _draw_problem(scenario: Scenario, seed: int, replication: int) -> Problem | None:
    values = drawn_values(scenario, seed, replication)
    try:
        with_certain(scenario, values)
    except ScenarioError as error:
        return with_values_told(error.problems[0], f"replication {replication} draws", values)
    return None


def pared(scenario: Scenario, kept: Collection[str]) -> Scenario:
    """The scenario with only those of its alternatives that are run."""
    overlays = {name: overlay for name, overlay in scenario.alternatives.items() if name in kept}
    return scenario.model_copy(update={"alternatives": type(scenario.alternatives)(overlays)})


def _shared_days(scenario: Scenario, met: list[tuple[Scenario, SharedDays]]) -> SharedDays | None:
    """The days of an earlier alternative, or new ones, added to `met`; None where they are not kept.

    How far they are this alternative's too is seen in the run: by `Epidemic`, and by `PatientSource`.
    """
    from surgesim.model.simulation import SharedDays

    if scenario.epidemic is None or scenario.days + scenario.warm_up_days > MOST_DAYS_SHARED:
        return None
    days = SharedDays()
    for other, shared in met:
        if other.epidemic == scenario.epidemic and other.people == scenario.people:
            if other.clinical == scenario.clinical:
                return shared
            days = SharedDays(path=shared.path)
    met.append((scenario, days))
    return days
