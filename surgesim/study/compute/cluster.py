"""Tasks on a Dask cluster, in batches, while workers join and leave.

Only this module knows about Dask. What all tasks have in common, such as the scenarios, is sent to the
cluster once: workers fetch it from each other, and the scheduler sends it again where it was lost. A batch
takes a worker some 30 s, so that a scheduler that handles some 50 tasks a second keeps a thousand cores busy;
the last batches are shorter, so that all workers end at about the same time. Each batch is sent to the worker
that has least to do: left to itself, Dask lets batches wait where the scenarios are, behind later ones.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import operator
import re
import socket
import time
import uuid
import warnings
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from surgesim.errors import SurgesimError
from surgesim.study.compute.backend import Scheduler
from surgesim.study.compute.environment import COMPUTING, versions
from surgesim.version import __version__

Task = TypeVar("Task")
Result = TypeVar("Result")

BATCH_SECONDS = 30.0
"""Time that a batch takes a worker, as far as the time of earlier tasks tells."""

MOST_IN_BATCH = 1_000
"""Max number of tasks in a batch."""

AHEAD = 2
"""Number of batches per thread of the cluster: one that is computed and one that waits."""

LOOK_SECONDS = 1.0
"""Interval at which workers are counted, so that those that join receive work."""

REACH_SECONDS = 3
"""Time limit for connecting to the scheduler's address."""

ANSWER_SECONDS = 10
"""Time limit for the scheduler and its workers to respond."""

MOST_LOST = 3
"""Number of times that Dask gives up a run whose workers were lost before the study ends; any result sets the
count back, so that a study ends only if no run does."""

_ADDRESS = re.compile(r"(?:tcp|tls)://(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s/:\[\]@]+):(?P<port>[0-9]{1,5})")


def on_cluster(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    places: Iterable[int],
    scheduler: Scheduler,
    say: Callable[[str], object],
) -> Generator[tuple[int, Result], None, None]:
    """Yield the place and result of every task at `places`, as they complete.

    Parameters
    ----------
    say
        Function called with a sentence when the cluster has no workers left.

    Raises
    ------
    SurgesimError
        If the scheduler's address is invalid, the scheduler does not respond, its workers have different
        package versions, or a task kills its workers. Exceptions from `work` propagate.
    """
    with _client(scheduler) as (client, address):
        yield from _Batches(client, address, work, tasks, places, say).results()


@dataclass(frozen=True)
class _Batch(Generic[Result]):
    """The results of a batch: those before `error`, if a task raised one, and the time that they took."""

    results: list[tuple[int, Result]]
    seconds: float
    error: Exception | None = None


class _Batches(Generic[Task, Result]):
    """The batches on a cluster: those that run, and the places of the tasks that are still to be sent."""

    def __init__(
        self,
        client: Any,
        address: str,
        work: Callable[[Task], Result],
        tasks: Sequence[Task],
        places: Iterable[int],
        say: Callable[[str], object],
    ) -> None:
        self._client = client
        self._address = address
        self._tasks = tasks
        self._left = deque(places)
        self._say = say
        self._running: dict[str, tuple[Any, list[int], str]] = {}  # future, places, worker
        self._queued: Counter[str] = Counter()  # batches per worker
        self._sent = 0
        self._finished: SimpleQueue[Any] = SimpleQueue()
        self._computed, self._seconds = 0, 0.0
        self._threads: dict[str, int] = {}  # per worker
        self._looked = -math.inf
        self._alone: set[int] = set()  # places of tasks that are sent one by one
        self._lost: Counter[int | None] = Counter()  # None: what all tasks have in common
        self._packing = _packing()
        self._common = self._packing.dumps(partial(_compute, work, _here()))
        self._key = f"surgesim-{hashlib.sha256(self._common).hexdigest()}"
        self._work = self._shared(self._key)

    def results(self) -> Generator[tuple[int, Result], None, None]:
        """Yield places and results as batches complete."""
        try:
            self._send()
            while self._running or self._left:
                batch = self._received(self._next())
                self._send()
                if batch is None:
                    continue
                yield from batch.results
                if batch.error is not None:
                    raise batch.error
        finally:
            with suppress(Exception):  # a lost connection has nothing to cancel
                self._client.cancel([future for future, *_ in self._running.values()])

    def _next(self) -> Any:
        """Wait for a batch to complete, and meanwhile send work to workers that join."""
        while True:
            try:
                return self._finished.get(timeout=LOOK_SECONDS)
            except Empty:
                self._send()

    def _received(self, future: Any) -> _Batch[Result] | None:
        """Return a completed batch; None if workers were lost, so that its tasks are sent again."""
        from distributed.scheduler import KilledWorker

        _, places, worker = self._running.pop(future.key)
        self._queued[worker] -= 1
        try:
            batch: _Batch[Result] = future.result()
        except KilledWorker as error:
            self._repeat(future.key, places, error)
            return None
        except ImportError as error:
            raise _no_package(self._address, error) from error
        if batch.results:
            self._lost.clear()
        self._computed += len(batch.results)
        self._seconds += batch.seconds
        return batch

    def _repeat(self, key: str, places: list[int], error: Any) -> None:
        """Send the tasks of a lost batch again: one by one, and one that is lost alone after all others."""
        if error.task == self._work.key:
            self._count(None, error)
            self._work = self._shared(f"{self._key}-{uuid.uuid4().hex[:8]}")
        if len(places) == 1 and error.task == key:
            self._count(places[0], error)
            self._left.append(places[0])
        else:
            self._left.extendleft(reversed(places))
        self._alone.update(places)

    def _count(self, place: int | None, error: Any) -> None:
        """Count a loss; raise an error after the last one allowed."""
        self._lost[place] += 1
        if self._lost[place] < MOST_LOST:
            return
        task = place if place is None or not isinstance(self._tasks[place], int) else self._tasks[place]
        what = "they loaded the scenario" if place is None else f"they computed run {task} (counted from 0)"
        workers = MOST_LOST * (error.allowed_failures + 1)
        raise SurgesimError(
            f"{self._address}: {workers} workers were lost while {what} and no run ended in the meantime, "
            "most likely because it needs more memory than they have"
        ) from error

    def _send(self) -> None:
        """Send batches until every worker has enough of them, first to those that have least."""
        if time.monotonic() - self._looked > LOOK_SECONDS:
            threads = self._client.nthreads()
            _check_versions(self._client, self._address, sorted(threads.keys() - self._threads.keys()))
            if not threads and (self._threads or self._looked < 0):
                self._say(f"{self._address}: the scheduler has no workers; waiting until one joins")
            self._threads, self._looked = threads, time.monotonic()
        for ahead in range(1, AHEAD + 1):
            for worker, threads in self._threads.items():
                while self._left and self._queued[worker] < ahead * threads:
                    self._submit(self._taken(), worker)

    def _taken(self) -> list[int]:
        """Take the places of the next batch."""
        places = [self._left.popleft()]
        size = 1 if places[0] in self._alone else self._size()
        while self._left and len(places) < size and self._left[0] not in self._alone:
            places.append(self._left.popleft())
        return places

    def _size(self) -> int:
        """Return the number of tasks of the next batch."""
        if not self._seconds:
            return 1
        in_time = BATCH_SECONDS * self._computed / self._seconds
        fair = len(self._left) / (2 * AHEAD * sum(self._threads.values()))
        return max(1, min(math.ceil(fair), int(min(in_time, MOST_IN_BATCH))))

    def _shared(self, key: str) -> Any:
        """Send what all tasks have in common."""
        return self._client.submit(self._packing.loads, self._common, key=key)

    def _submit(self, places: list[int], worker: str) -> None:
        """Send a batch to a worker; Dask gives it to another if that one is lost, or has it late."""
        future = self._client.submit(
            operator.call,  # the scheduler, which has no need of surgesim, looks at what it passes on
            self._work,
            self._packing.dumps([(place, self._tasks[place]) for place in places]),
            pure=False,
            workers=[worker],
            allow_other_workers=True,
            priority=-self._sent,  # a worker begins with the first it got
        )
        self._sent += 1
        self._queued[worker] += 1
        self._running[future.key] = future, places, worker
        future.add_done_callback(self._finished.put)


def _compute(work: Callable[[Task], Result], expected: Mapping[str, str], packed: bytes) -> _Batch[Result]:
    """Compute a batch on a worker."""
    items: Sequence[tuple[int, Task]] = _packing().loads(packed)
    begun = time.perf_counter()
    results: list[tuple[int, Result]] = []
    try:
        for difference in _differences(expected):
            raise SurgesimError(f"a worker of the cluster {difference}")
        for place, task in items:
            results.append((place, work(task)))
    except Exception as error:
        return _Batch(results, time.perf_counter() - begun, error)
    return _Batch(results, time.perf_counter() - begun)


@contextmanager
def _client(scheduler: Scheduler) -> Iterator[tuple[Any, str]]:
    """Connect to a scheduler, check that it and its workers are suitable, and yield client and address."""
    if isinstance(scheduler, (str, Path)):
        address = _address(scheduler)
        host, port = _host_and_port(address)
        _import()
        _reach(address, host, port)
        try:
            client = _connected(address)
        except (OSError, ValueError, TypeError) as error:
            raise _no_answer(address, ANSWER_SECONDS) from error
        close = True
    else:
        close = not isinstance(scheduler, _import())
        client = _connected(scheduler) if close else scheduler
        address = str(client.scheduler.address)
    try:
        with _without_log(), _errors(client, address):
            if client.cluster is None or client.nthreads():  # else it starts workers when there is work
                _wait_for_worker(client, address)
            yield client, address
    finally:
        if close:
            with _without_log():
                client.close()


def _import() -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise SurgesimError("a scheduler needs Dask: pip install 'surgesim[cluster]'") from error
    return Client


def _connected(scheduler: Any) -> Any:
    from distributed.versions import VersionMismatchWarning

    with warnings.catch_warnings():  # versions on which results depend are checked anyway
        warnings.simplefilter("ignore", VersionMismatchWarning)
        return _import()(scheduler, timeout=ANSWER_SECONDS, set_as_default=False)


def _packing() -> Any:
    """Return Dask's module that pickles functions and objects."""
    from distributed.protocol import pickle

    return pickle


@contextmanager
def _errors(client: Any, address: str) -> Iterator[None]:
    """Replace the errors that follow a lost connection with one that says so."""
    from distributed.client import FutureCancelledError
    from distributed.comm.core import CommClosedError

    try:
        yield
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


def _address(scheduler: str | Path) -> str:
    """Return a scheduler's address, read from its file if `scheduler` is the path of one."""
    path = Path(scheduler)
    if isinstance(scheduler, str) and path.suffix != ".json":
        return scheduler
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["address"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise SurgesimError(
            f"{path}: got no scheduler file ({error}), expected the file that `dask scheduler "
            "--scheduler-file` writes"
        ) from error


def _host_and_port(address: str) -> tuple[str, int]:
    """Split a scheduler address into host and port, or raise an error."""
    form = _ADDRESS.fullmatch(address)
    if form is None or not 0 < int(form["port"]) < 65_536:
        raise SurgesimError(
            f"got scheduler {address!r}, expected the address that `dask scheduler` prints, such as "
            "tcp://192.168.1.10:8786 or tls://192.168.1.10:8786, or its scheduler file, such as cluster.json"
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


def _wait_for_worker(client: Any, address: str) -> None:
    """Raise an error if there is no worker."""
    try:
        client.wait_for_workers(1, timeout=ANSWER_SECONDS)
    except TimeoutError as error:
        raise SurgesimError(
            f"{address}: the scheduler has no workers, expected at least one: start it with "
            f"`dask worker {address}`"
        ) from error


def _check_versions(client: Any, address: str, workers: list[str]) -> None:
    """Check that workers have the versions of this process, so that results are identical."""
    if not workers:
        return
    from pydoc import locate  # a function that a worker without surgesim has

    for worker, version in _on_workers(client, address, workers, locate, "surgesim.version.__version__"):
        if version != __version__:
            difference = _difference("surgesim", version, __version__)
            raise SurgesimError(f"{address}: worker {worker} {difference}")
    for worker, differences in _on_workers(client, address, workers, _differences, _here()):
        for difference in differences:
            raise SurgesimError(f"{address}: worker {worker} {difference}")


def _on_workers(
    client: Any, address: str, workers: list[str], ask: Callable[..., Any], *given: Any
) -> Iterator[tuple[str, Any]]:
    """Yield workers and their answers, except of those that were lost in the meantime."""
    for worker, answer in client.run(ask, *given, workers=workers, on_error="return").items():
        if isinstance(answer, OSError):
            continue
        if isinstance(answer, Exception):
            raise _no_package(address, answer) from answer
        yield worker, answer


def _no_package(address: str, error: object) -> SurgesimError:
    return SurgesimError(f"{address}: a worker cannot import what the study needs ({error})")


def _here() -> dict[str, str]:
    """Return the versions on which results depend, in this process."""
    return {package: version for package, version in versions().items() if package in COMPUTING}


def _differences(expected: Mapping[str, str]) -> list[str]:
    """Return how the versions in this process differ from those `expected`."""
    here = _here()
    return [
        _difference(package, here.get(package), version)
        for package, version in expected.items()
        if here.get(package) != version
    ]


def _difference(package: str, version: str | None, expected: str) -> str:
    got = f"has {package} {version}" if version else f"has no {package}"
    return f"{got}, expected {expected} as where the study was started"
