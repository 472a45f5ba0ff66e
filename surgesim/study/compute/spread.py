"""Distribution of tasks to this process, to several processes on this machine, or to a Dask cluster.

Only this module knows about joblib and Dask; the rest of the package asks for results and receives them
as they complete. joblib's own Dask backend is not used because it hangs when a worker dies.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import sys
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from multiprocessing import parent_process
from threading import Thread, current_thread, main_thread
from typing import Any, TypeVar

from surgesim.errors import SurgesimError
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.environment import COMPUTING, versions

Task = TypeVar("Task")
Result = TypeVar("Result")

MOST_RESTARTS = 3
"""Max consecutive restarts of dead local workers before the run is aborted."""

_ADDRESS = re.compile(r"(?:tcp|tls)://(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s/:\[\]@]+):(?P<port>[0-9]{1,5})")

REACH_SECONDS = 3
"""Time limit for connecting to the scheduler's address."""

WATCH_SECONDS = 0.5
"""Interval at which a worker checks that the process that started it is alive."""

ANSWER_SECONDS = 10
"""Time limit for the scheduler and its workers to respond."""


def spread(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    workers: int | Backend = 1,
    *,
    ordered: bool = False,
    done: bytes = b"",
) -> Generator[tuple[int, Result], None, None]:
    """Apply `work` to each task.

    Parameters
    ----------
    work
        A picklable function whose result depends only on its task.
    tasks
        The tasks. The sequence may be lazy: items are created only when needed.
    workers
        Number of processes on this machine, where 1 runs in the current one; or a `Backend`.
    ordered
        True to yield results in task order, False to yield them as they complete.
    done
        One byte per task, 1 if the task is done and must be skipped; by default, no task is skipped.

    Yields
    ------
    (int, Result)
        The index and result of a task. A task whose worker died is repeated on another.

    Raises
    ------
    SurgesimError
        If workers die repeatedly, the scheduler's address is invalid, the scheduler does not respond, or its
        workers have different package versions. Exceptions from `work` propagate.
    """
    backend = Backend.of(workers)
    places = [place for place in range(len(tasks)) if not (done and done[place])]
    if not places:
        return
    if backend.scheduler is not None:
        results = _on_cluster(work, tasks, places, backend.scheduler)
    elif backend.processes == 1:
        results = ((place, work(tasks[place])) for place in places)
    else:
        results = _in_processes(work, tasks, places, min(backend.processes, len(places)))
    with closing(results), _lost_interrupts() as check:
        for result in zip(places, in_order(results, places), strict=True) if ordered else results:
            check()
            yield result


@contextmanager
def _lost_interrupts() -> Iterator[Callable[[], None]]:
    """Yield a function that raises KeyboardInterrupt if Ctrl-C was pressed since the block began.

    The exception that Ctrl-C raises is lost if it arrives within a callback of compiled code.
    """
    pressed: list[int] = []
    usual = signal.getsignal(signal.SIGINT)

    def remember(number: int, frame: Any) -> None:
        pressed.append(number)
        signal.default_int_handler(number, frame)

    def check() -> None:
        if pressed:
            raise KeyboardInterrupt

    replaced = usual is signal.default_int_handler and current_thread() is main_thread()
    if replaced:
        signal.signal(signal.SIGINT, remember)
    try:
        yield check
    finally:
        if replaced and current_thread() is main_thread():
            signal.signal(signal.SIGINT, usual)


def in_order(results: Iterator[tuple[int, Result]], places: Iterable[int]) -> Iterator[Result]:
    """Yield results in the order of the indices `places`, from (index, result) pairs in any order."""
    early: dict[int, Result] = {}
    for place in places:
        while place not in early:
            early.update([next(results)])
        yield early.pop(place)


def _in_processes(
    work: Callable[[Task], Result], tasks: Sequence[Task], places: Iterable[int], workers: int
) -> Generator[tuple[int, Result], None, None]:
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


def _on_cluster(
    work: Callable[[Task], Result], tasks: Sequence[Task], places: Iterable[int], address: str
) -> Generator[tuple[int, Result], None, None]:
    with _client(address) as client:
        from distributed import as_completed
        from distributed.scheduler import KilledWorker

        following = iter(places)
        running: dict[str, int] = {}

        def submitted(count: int) -> Iterator[Any]:
            for place in islice(following, count):
                future = client.submit(work, tasks[place], pure=False)
                running[future.key] = place
                yield future

        # enough to keep every worker busy, few enough to fit in memory
        ahead = 2 * sum(client.nthreads().values()) + 2
        completed = as_completed(submitted(ahead), loop=client.loop)
        for future in completed:
            try:
                result = future.result()
            except KilledWorker as error:
                raise SurgesimError(
                    f"{address}: a run killed its worker repeatedly, most likely because it ran out of memory"
                ) from error
            yield running.pop(future.key), result
            future.release()
            for more in submitted(1):
                completed.add(more)


@contextmanager
def _client(address: str) -> Iterator[Any]:
    """Connect to a scheduler and check that it responds and has suitable workers."""
    host, port = _host_and_port(address)
    try:
        from distributed import Client
        from distributed.client import FutureCancelledError
        from distributed.comm.core import CommClosedError
    except ImportError as error:
        raise SurgesimError("a scheduler needs Dask: pip install 'surgesim[cluster]'") from error
    _reach(address, host, port)
    try:
        client = Client(address, timeout=ANSWER_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise _no_answer(address, ANSWER_SECONDS) from error
    with _without_log(), client:
        try:
            try:
                client.wait_for_workers(1, timeout=ANSWER_SECONDS)
            except TimeoutError as error:
                raise SurgesimError(
                    f"{address}: the scheduler has no workers, expected at least one: start it with "
                    f"`dask worker {address}`"
                ) from error
            _check_versions(client, address)
            yield client
        except SurgesimError:
            raise
        except Exception as error:
            if client.status == "running" and not isinstance(error, FutureCancelledError | CommClosedError):
                raise
            raise SurgesimError(f"{address}: the connection to the scheduler was lost") from error


@contextmanager
def _without_log() -> Iterator[None]:
    """Keep Dask from logging a lost connection, which is reported by an error anyway."""
    logger = logging.getLogger("distributed.client")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


def _host_and_port(address: str) -> tuple[str, int]:
    """Split a scheduler address into host and port, or raise an error."""
    form = _ADDRESS.fullmatch(address)
    if form is None or not 0 < int(form["port"]) < 65_536:
        raise SurgesimError(
            f"got scheduler {address!r}, expected the address that `dask scheduler` prints, such as "
            "tcp://192.168.1.10:8786 or tls://192.168.1.10:8786"
        )
    return form["host"].strip("[]"), int(form["port"])


def _reach(address: str, host: str, port: int) -> None:
    """Raise an error if nothing listens at the address; Dask itself takes longer to notice."""
    end = time.monotonic() + REACH_SECONDS
    while True:
        try:
            socket.create_connection((host, port), REACH_SECONDS).close()
        except (OSError, UnicodeError) as error:
            if time.monotonic() >= end:
                raise _no_answer(address, REACH_SECONDS) from error
            time.sleep(0.2)
        else:
            return


def _no_answer(address: str, seconds: int) -> SurgesimError:
    return SurgesimError(
        f"{address}: no scheduler responded within {seconds} s, expected the address that "
        "`dask scheduler` prints, such as tcp://192.168.1.10:8786"
    )


def _check_versions(client: Any, address: str) -> None:
    """Check that workers and this process have the same package versions, so that results are identical."""
    here = {package: version for package, version in versions().items() if package in COMPUTING}
    try:
        there: Mapping[str, dict[str, str]] = client.run(versions)
    except ImportError as error:
        raise SurgesimError(f"{address}: a worker cannot import surgesim ({error})") from error
    for worker, found in there.items():
        for package in here:
            if found.get(package) != here[package]:
                raise SurgesimError(
                    f"{address}: worker {worker} has {package} {found.get(package, 'none')}, "
                    f"expected {here[package]} as on this machine"
                )
