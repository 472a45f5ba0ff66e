"""Tasks on several processes of this machine, which end with this one and are replaced when they die.

Only this module knows about joblib. Its own Dask backend is not used because it hangs when a worker dies.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable, Generator, Sequence
from multiprocessing import parent_process
from threading import Thread
from typing import Any, TypeVar

from surgesim.errors import SurgesimError

Task = TypeVar("Task")
Result = TypeVar("Result")

MOST_RESTARTS = 3
"""Max consecutive restarts of dead local workers before the run is aborted."""

WATCH_SECONDS = 0.5
"""Interval at which a worker checks that the process that started it is alive."""


def in_processes(
    work: Callable[[Task], Result], tasks: Sequence[Task], places: Sequence[int], workers: int
) -> Generator[tuple[int, Result], None, None]:
    """Yield the place and result of every task at `places`, as they complete.

    Raises
    ------
    SurgesimError
        If workers die repeatedly, or cannot import `work`. Exceptions from `work` propagate.
    """
    from concurrent.futures.process import BrokenProcessPool

    from joblib.externals.loky.process_executor import TerminatedWorkerError

    undone = dict.fromkeys(places)
    restarts = 0
    while True:
        try:
            for place, result in _one_pool(work, tasks, list(undone), workers):
                del undone[place]
                restarts = 0
                yield place, result
        except BrokenProcessPool as error:
            if not isinstance(error, TerminatedWorkerError):
                raise SurgesimError(
                    "worker processes cannot load the functions that they are to call: expected functions "
                    "that are defined in a module or in the script that was started"
                ) from error
            restarts += 1
            if restarts > MOST_RESTARTS:
                raise SurgesimError(
                    "a worker process ended unexpectedly, most likely because it ran out of memory: "
                    f"got {workers} workers, expected fewer"
                ) from error
        else:
            return


def _one_pool(
    work: Callable[[Task], Result], tasks: Sequence[Task], places: Sequence[int], workers: int
) -> Generator[tuple[int, Result], None, None]:
    from joblib import Parallel, delayed, parallel_config

    # stopping a run early leaves tasks undone on purpose
    warnings.filterwarnings("ignore", r"\d+\s+tasks", UserWarning, r"joblib\.parallel")
    with parallel_config(backend=_backend()):
        parallel = Parallel(n_jobs=workers, return_as="generator_unordered", batch_size=1)
        results = parallel(delayed(_with_place)(work, place, tasks[place]) for place in places)
        try:
            yield from results
        finally:
            results.close()


def _backend() -> Any:
    """Return a joblib backend of single-threaded processes that end when this process ends."""
    from joblib.parallel import LokyBackend

    class Backend(LokyBackend):  # type: ignore[misc]
        def configure(self, *given: Any, **settings: Any) -> int:
            """Start the processes, with `end_with` as initializer."""
            of = {"initializer": end_with, "initargs": (os.getpid(),)}
            return int(super().configure(*given, **settings, **of))

    return Backend(inner_max_num_threads=1)


def end_with(parent: int) -> None:
    """End this process soon after its parent ends, because a killed parent cannot end its workers."""
    Thread(target=_watch, args=(parent,), name="end-with-parent", daemon=True).start()


def _watch(parent: int) -> None:
    if sys.platform == "win32":  # getppid() does not change when the parent ends
        started_by = parent_process()
        if started_by is None:
            return
        started_by.join()
    else:
        while os.getppid() == parent:
            time.sleep(WATCH_SECONDS)
    os._exit(1)


def _with_place(work: Callable[[Task], Result], place: int, task: Task) -> tuple[int, Result]:
    return place, work(task)
