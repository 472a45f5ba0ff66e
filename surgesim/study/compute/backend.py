"""The backend of a study: the processes or cluster that compute it, and its callbacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from surgesim.errors import SurgesimError
from surgesim.study.compute.bar import Bar
from surgesim.study.compute.environment import available_cores

Progress: TypeAlias = Callable[[int, int], object]
"""Function called with the amount of work done and the total amount."""


Scheduler: TypeAlias = "str | Path | Any"
"""A Dask scheduler: its address, its scheduler file, or a `distributed.Client` or cluster object."""

MOST_WORKERS = 1_000


@dataclass(frozen=True, slots=True)
class Backend:
    """The processes or cluster that compute a study, and its callbacks; results do not depend on them.

    Parameters
    ----------
    workers
        Number of processes on this machine: 1 runs in the current process, None uses every core.
    scheduler
        A Dask scheduler to use instead: its address, such as ``tcp://192.168.1.10:8786``, the path of its
        scheduler file (``.json``), or a `distributed.Client` or cluster, such as `LocalCluster` or
        `dask_jobqueue.SLURMCluster`.
    progress
        Function called at the start and as work completes, with the amount done and the total amount,
        counted in (alternative, replication) pairs for a run and in runs for a sweep.
    tell
        Function called with a sentence when a study does something unexpected, for example when `resume`
        finds nothing to resume, or the horizon of a sweep varies.

    Examples
    --------
    >>> Backend(scheduler="tcp://192.168.1.10:8786").workers is None
    True
    """

    workers: int | None = None
    scheduler: Scheduler | None = None
    progress: Progress | None = None
    tell: Callable[[str], object] | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers > MOST_WORKERS:
            raise SurgesimError(f"got {self.workers} workers, expected at most {MOST_WORKERS}")

    @classmethod
    def of(cls, workers: int | Backend | None) -> Backend:
        """Convert the `workers` argument of a study to a `Backend`."""
        return workers if isinstance(workers, Backend) else cls(workers)

    def with_bar(self, wanted: bool) -> Backend:
        """Return this backend, with a progress bar if `wanted` is True and it has no `progress` function."""
        return replace(self, progress=Bar()) if wanted and self.progress is None else self

    @property
    def processes(self) -> int:
        """Number of processes used on this machine."""
        return available_cores() if self.workers is None else self.workers

    def report(self, done: int, total: int) -> None:
        """Call `progress`, if there is one."""
        if self.progress is not None:
            self.progress(done, total)

    def say(self, sentence: str) -> None:
        """Call `tell` with a sentence, if there is one."""
        if self.tell is not None:
            self.tell(sentence)
