"""Runs replications of a scenario and its alternatives, on one core or many, in a fixed order."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, TypeAlias

from surgesim.errors import SurgesimError
from surgesim.model.record import Record
from surgesim.scenario.schema import Scenario

if TYPE_CHECKING:
    from surgesim.model.epidemic import EpidemicPath

Progress: TypeAlias = Callable[[int, int], None]
"""Called with how many (alternative, replication) pairs are done, and how many there are."""

MOST_DAYS_SHARED = 2_000
"""Longer epidemics are simulated for each alternative anew: kept, they would take too much memory."""


def replicate(
    scenarios: Mapping[str, Scenario],
    seed: int,
    replications: int,
    *,
    workers: int = 1,
    progress: Progress | None = None,
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
        Processes to use; 1 runs in this process.
    progress
        Told at the start and after each replication.

    Yields
    ------
    dict of str to Record
        The records of one replication by alternative, replication 0 first, whatever `workers` is.

    Raises
    ------
    SurgesimError
        If a worker process dies.
    IdentityError
        If an identity of the model broke.
    """
    total = replications * len(scenarios)
    if progress is not None:
        progress(0, total)
    with closing(_records(scenarios, seed, replications, min(workers, replications))) as records:
        for done, record in enumerate(records, start=1):
            yield record
            if progress is not None:
                progress(done * len(scenarios), total)


def _records(
    scenarios: Mapping[str, Scenario], seed: int, replications: int, workers: int
) -> Generator[dict[str, Record], None, None]:
    if workers == 1:
        for replication in range(replications):
            yield _one_replication(scenarios, seed, replication)
        return
    from concurrent.futures.process import BrokenProcessPool

    from joblib import Parallel, delayed, parallel_config

    # a run that is stopped leaves tasks undone on purpose
    warnings.filterwarnings("ignore", r"\d+\s+tasks", UserWarning, r"joblib\.parallel")
    with parallel_config(backend="loky", inner_max_num_threads=1):
        parallel = Parallel(n_jobs=workers, return_as="generator", batch_size=1)
        tasks = (delayed(_one_replication)(scenarios, seed, k) for k in range(replications))
        records = parallel(tasks)
        try:
            yield from records
        except BrokenProcessPool as error:
            raise SurgesimError(
                "a worker process ended unexpectedly, most likely for want of memory: "
                f"got {workers} workers, try fewer"
            ) from error
        finally:
            records.close()


def _one_replication(scenarios: Mapping[str, Scenario], seed: int, replication: int) -> dict[str, Record]:
    """One record per alternative; an epidemic that care cannot change is simulated once for all who share it.

    Results are the same as one by one.
    """
    from surgesim.model.simulation import simulate

    paths: list[tuple[Scenario, EpidemicPath]] = []
    return {
        name: simulate(scenario, seed, replication, _shared_path(scenario, paths))
        for name, scenario in scenarios.items()
    }


def _shared_path(scenario: Scenario, paths: list[tuple[Scenario, EpidemicPath]]) -> EpidemicPath | None:
    """An earlier alternative's epidemic that is this one's too, or a new one; None if care changes it."""
    from surgesim.model.epidemic import untouched_by_care

    if not untouched_by_care(scenario) or scenario.days + scenario.warm_up_days > MOST_DAYS_SHARED:
        return None
    for other, path in paths:
        if other.epidemic == scenario.epidemic and other.people == scenario.people:
            return path
    paths.append((scenario, {}))
    return paths[-1][1]
