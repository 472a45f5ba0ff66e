"""Who computes a study, and who hears how it goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from surgesim.study.compute.environment import available_cores

Progress: TypeAlias = Callable[[int, int], object]
"""Called with how much is done and how much there is."""


@dataclass(frozen=True, slots=True)
class Backend:
    """Who computes a study, and who hears how it goes; results do not depend on it.

    Parameters
    ----------
    workers
        Processes of this machine: 1 works in this one, None takes as many as there are cores.
    scheduler
        Address of a Dask scheduler whose workers do it instead, as ``tcp://192.168.1.10:8786``.
    progress
        Called at the start and as work is done with how much is done and how much there is:
        (alternative, replication) pairs of a run, runs of a sweep.
    tell
        Called with a sentence on what a sweep does otherwise than one may think: `resume` finds nothing
        to resume, or the horizon varies.

    Examples
    --------
    >>> Backend(scheduler="tcp://192.168.1.10:8786").workers is None
    True
    """

    workers: int | None = None
    scheduler: str | None = None
    progress: Progress | None = None
    tell: Callable[[str], object] | None = None

    @classmethod
    def of(cls, workers: int | Backend | None) -> Backend:
        """What `workers` means where a study takes it."""
        return workers if isinstance(workers, Backend) else cls(workers)

    @property
    def processes(self) -> int:
        """How many processes of this machine work."""
        return available_cores() if self.workers is None else self.workers

    def report(self, done: int, total: int) -> None:
        """Say how much is done, to who listens."""
        if self.progress is not None:
            self.progress(done, total)

    def say(self, sentence: str) -> None:
        """Say a sentence, to who listens."""
        if self.tell is not None:
            self.tell(sentence)
