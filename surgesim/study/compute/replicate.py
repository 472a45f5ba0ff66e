"""Replications of a scenario and its alternatives, on one core or many, in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from surgesim.errors import ExtensionError, Problem, ScenarioError
from surgesim.model.clock.uncertainty import draws
from surgesim.model.record import Record
from surgesim.scenario.door import certain, fit_value, with_certain
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.checks import check_all, with_values
from surgesim.study.compute.spread import spread
from surgesim.study.replication import with_own_outcomes

if TYPE_CHECKING:
    from surgesim.model.simulation import SharedDays

Compute: TypeAlias = Callable[
    [Callable[[int], Mapping[str, Record]], Sequence[int], Backend],
    Generator[Mapping[str, Record], None, None],
]

MOST_DAYS_SHARED = 1_000
"""Max days that alternatives share; a longer epidemic is simulated once per alternative, to save memory."""


def replicate(
    scenarios: Mapping[str, Scenario],
    seed: int,
    replications: int | Sequence[int],
    workers: int | Backend = 1,
    compute: Compute | None = None,
) -> Generator[Mapping[str, Record], None, None]:
    """Simulate some replications of every scenario, all scenarios of a replication in one task.

    Parameters
    ----------
    scenarios
        The alternatives by name; they share the random numbers of each replication.
    seed
        Seed of the study. Replication k depends only on `seed` and k, not on the number of replications.
    replications
        Number of replications, which are numbered from 0, or a sequence of their indices.
    workers
        Number of processes, where 1 runs in the current one; or a `Backend`, whose `progress` is called
        after every replication.
    compute
        Generator function that yields the records of every replication in order, for example from stored
        replications. By default, the workers compute every replication.

    Yields
    ------
    dict of str to Record
        The records of one replication by alternative, in the order of `replications`, for any `workers`.

    Raises
    ------
    SurgesimError
        If worker processes die repeatedly, or the scheduler does not answer.
    IdentityError
        If an accounting identity of the model fails.
    """
    numbers = range(replications) if isinstance(replications, int) else replications
    total = len(numbers) * len(scenarios)
    backend = Backend.of(workers)
    backend.report(0, total)
    work = partial(one_replication, scenarios, seed)
    with closing((compute or _computed)(work, numbers, backend)) as records:
        for done, record in enumerate(records, start=1):
            backend.report(done * len(scenarios), total)
            yield record


def _computed(
    work: Callable[[int], Mapping[str, Record]], replications: Sequence[int], backend: Backend
) -> Generator[Mapping[str, Record], None, None]:
    with closing(spread(work, replications, backend, ordered=True)) as results:
        for _, records in results:
            yield records


def drawn_values(scenario: Scenario, seed: int, replication: int) -> dict[str, float]:
    """Return the parameter values that a replication draws, by path, as integers where required."""
    if not scenario.study.drawn:
        return {}
    plain = certain(scenario).to_plain()
    return {path: fit_value(path, value, plain) for path, value in draws(scenario, seed, replication).items()}


def one_replication(scenarios: Mapping[str, Scenario], seed: int, replication: int) -> dict[str, Record]:
    """Simulate one replication of every alternative, sharing epidemic days that do not depend on care.

    Results are the same as when each alternative is simulated separately. With uncertain parameters, all
    alternatives are built from the scenario with the values drawn for this replication.
    """
    from surgesim.model.simulation import run_once

    given = scenarios
    drawn: Mapping[str, float] = {}
    if BASELINE in scenarios:
        changed, drawn = _drawn(keep_alternatives(scenarios[BASELINE], scenarios), seed, replication)
        if drawn:
            scenarios = {name: changed.alternative(name) for name in scenarios}
    several = len(scenarios) > 1
    met: list[tuple[Scenario, SharedDays]] = []
    records = {}
    for name, scenario in scenarios.items():
        shared = _shared_days(scenario, met) if several else None
        with _naming(name, replication):
            record = run_once(scenario, seed, replication, shared)
            record = replace(record, drawn=drawn) if drawn else record
            records[name] = with_own_outcomes(given[name], name, seed, record)
    return records


def one_record(
    scenario: Scenario, seed: int, replication: int, alternative: str = BASELINE, *, events: bool = False
) -> Record:
    """Simulate one alternative as in `one_replication`; if `events` is True, keep its events.

    Raises
    ------
    ScenarioError
        If the values drawn for the replication would be invalid in a scenario file.
    IdentityError
        If an accounting identity of the model fails.
    """
    from surgesim.model.simulation import run_once

    changed, drawn = _drawn(keep_alternatives(scenario, [alternative]), seed, replication)
    with _naming(alternative, replication):
        record = run_once(changed.alternative(alternative), seed, replication, events=events)
        record = replace(record, drawn=drawn)
        return with_own_outcomes(scenario.alternative(alternative), alternative, seed, record)


@contextmanager
def _naming(alternative: str, replication: int) -> Iterator[None]:
    """Name the alternative and the replication in the error of an extension."""
    try:
        yield
    except ExtensionError as error:
        where = f"{error} (alternative {alternative!r}, replication {replication})"
        raise ExtensionError(where, error.traceback) from error


def check_draws(
    scenario: Scenario, seed: int, replications: int | Sequence[int], workers: int | Backend = 1
) -> None:
    """Check the values of every draw, for the scenario and all its alternatives.

    Raises
    ------
    ScenarioError
        If drawn values would be invalid in a scenario file; the error lists the first and counts the others.
    """
    if scenario.study.drawn:
        check = partial(_draw_problem, scenario, seed)
        numbers = range(replications) if isinstance(replications, int) else replications
        runs = scenario.study.runs_together
        first_of_draw = {number // runs: number for number in reversed(numbers)}
        check_all(check, sorted(first_of_draw.values()), "draws", workers)


def _draw_problem(scenario: Scenario, seed: int, replication: int) -> Problem | None:
    try:
        _drawn(scenario, seed, replication)
    except ScenarioError as error:
        return error.problems[0]
    return None


def _drawn(scenario: Scenario, seed: int, replication: int) -> tuple[Scenario, Mapping[str, float]]:
    """Return the scenario with the values drawn for a replication, and these values by path."""
    values = drawn_values(scenario, seed, replication)
    if not values:
        return scenario, values
    try:
        return with_certain(scenario, values), values
    except ScenarioError as error:
        problem = with_values(error.problems[0], f"replication {replication} draws", values)
        raise ScenarioError([problem]) from error


def keep_alternatives(scenario: Scenario, kept: Collection[str]) -> Scenario:
    """Return the scenario without the alternatives that are not in `kept`."""
    overlays = {name: overlay for name, overlay in scenario.alternatives.items() if name in kept}
    return scenario.model_copy(update={"alternatives": type(scenario.alternatives)(overlays)})


def _same_drugs(one: Scenario, other: Scenario) -> bool:
    """Return True if drugs in stock lower patients' risks equally in both scenarios."""
    risks = ("death_oxygen", "death_icu")
    return all(one.supply.in_stock(risk) == other.supply.in_stock(risk) for risk in risks)


def _shared_days(scenario: Scenario, met: list[tuple[Scenario, SharedDays]]) -> SharedDays | None:
    """Return the days that an alternative shares with an earlier one that has the same epidemic.

    If there is no such alternative, return new days and add them to `met`. If days cannot be shared, return
    None. During the run, `Epidemic` and `PatientSource` determine how many days the alternative shares.
    """
    from surgesim.model.simulation import SharedDays

    if scenario.epidemic is None or scenario.days + scenario.warm_up_days > MOST_DAYS_SHARED:
        return None
    days = SharedDays()
    for other, shared in met:
        if other.epidemic == scenario.epidemic and other.people == scenario.people:
            if other.clinical == scenario.clinical and _same_drugs(other, scenario):
                return shared
            days = SharedDays(path=shared.path)
    met.append((scenario, days))
    return days
