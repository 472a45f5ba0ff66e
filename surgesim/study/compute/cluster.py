"""Tasks on a Dask cluster, in batches, while workers join and leave.

Only this module and `connection` know about Dask. What all tasks have in common, such as the scenarios, is
sent to the cluster once: workers fetch it from each other, and the scheduler sends it again where it was
lost. A batch takes a worker some 30 s, so that a scheduler that handles some 50 tasks a second keeps a
thousand cores busy; the last batches are shorter, so that all workers end at about the same time. Each batch
is sent to the worker that has least to do: left to itself, Dask lets batches wait where the scenarios are,
behind later ones.
"""

from __future__ import annotations

import math
import operator
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Generic, NamedTuple, TypeVar

from surgesim.errors import SurgesimError
from surgesim.study.compute.backend import Scheduler
from surgesim.study.compute.connection import (
    ANSWER_SECONDS,
    Workers,
    connected,
    differences,
    here,
    no_package,
)

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

MOST_LOST = 12
"""Number of workers that are lost with a run before the study ends; any result sets the count back, so that a
study ends only if no run does."""


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
        Function called with a sentence when the cluster has no workers left, or one does not respond.

    Raises
    ------
    SurgesimError
        If the scheduler's address is invalid, the scheduler does not respond, its workers have different
        package versions, or a task kills its workers. Exceptions from `work` propagate.
    """
    with connected(scheduler) as (client, address):
        yield from _Batches(client, address, work, tasks, places, say).results()


@dataclass(frozen=True)
class _Batch(Generic[Result]):
    """The results of a batch: those before `error`, if a task raised one, and the time that they took."""

    results: list[tuple[int, Result]]
    seconds: float
    error: Exception | None = None


class _Sent(NamedTuple):
    """A batch that was sent to a worker; others may take it over unless it is pinned."""

    future: Any
    places: list[int]
    worker: str
    pinned: bool


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
        self._running: dict[str, _Sent] = {}
        self._queued: Counter[str] = Counter()  # batches per worker
        self._sent = 0
        self._finished: SimpleQueue[Any] = SimpleQueue()
        self._computed, self._seconds = 0, 0.0
        self._workers = Workers(client, address, say)
        self._threads: dict[str, int] = {}  # per worker
        self._looked = -math.inf
        self._alone: set[int] = set()  # places of tasks that are sent one by one
        self._lost: Counter[int | None] = Counter()  # None: what all tasks have in common
        self._packing = _packing()
        self._common = self._packing.dumps(partial(_compute, work, here()))
        self._work: Any = None  # the common part, once it is on the cluster
        self._copies: list[Any] = []  # of the common part, as long as none is there
        self._late = -math.inf  # when another copy is sent

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
                self._client.cancel([sent.future for sent in self._running.values()])

    def _next(self) -> Any:
        """Wait for a batch to complete, and meanwhile send work to workers that join."""
        while True:
            with suppress(Empty):
                future = self._finished.get(timeout=LOOK_SECONDS)
                if future.key in self._running:
                    return future
            self._send()

    def _received(self, future: Any) -> _Batch[Result] | None:
        """Return a completed batch; None if workers were lost, so that its tasks are sent again."""
        from distributed.scheduler import KilledWorker

        sent = self._removed(future.key)
        try:
            batch: _Batch[Result] = future.result()
        except KilledWorker as error:
            workers = error.allowed_failures + 1
            if self._work is not None and error.task == self._work.key:
                self._count(None, workers, error)
                self._work = None
            self._repeat(sent.places, workers if error.task == future.key else 0, error)
            return None
        except ImportError as error:
            raise no_package(self._address, error) from error
        if batch.results:
            self._lost.clear()
        self._computed += len(batch.results)
        self._seconds += batch.seconds
        return batch

    def _removed(self, key: str) -> _Sent:
        sent = self._running.pop(key)
        self._queued[sent.worker] -= 1
        return sent

    def _take_back(self) -> None:
        """Take back pinned batches whose worker was lost, and others that a silent worker took over."""
        lost = [
            key for key, sent in self._running.items() if sent.pinned and sent.worker not in self._threads
        ]
        for key in lost:
            self._repeat(self._cancelled(key), 1)
        if self._workers.silent and not all(sent.pinned for sent in self._running.values()):
            processing = self._client.processing()
            for worker in self._workers.silent & processing.keys():
                for key in self._running.keys() & processing[worker]:
                    self._left.extendleft(reversed(self._cancelled(key)))

    def _cancelled(self, key: str) -> list[int]:
        sent = self._removed(key)
        self._client.cancel([sent.future])
        return sent.places

    def _repeat(self, places: list[int], workers: int, error: Exception | None = None) -> None:
        """Send the tasks of a batch again with which so many workers were lost.

        They are sent one by one, and one that is lost alone after all others.
        """
        if workers and len(places) == 1:
            self._count(places[0], workers, error)
            self._left.append(places[0])
        else:
            self._left.extendleft(reversed(places))
        self._alone.update(places)

    def _count(self, place: int | None, workers: int, error: Exception | None) -> None:
        """Count lost workers; raise an error after the last one allowed."""
        self._lost[place] += workers
        if self._lost[place] < MOST_LOST:
            return
        task = place if place is None or not isinstance(self._tasks[place], int) else self._tasks[place]
        what = "they loaded the scenario" if place is None else f"they computed run {task} (counted from 0)"
        raise SurgesimError(
            f"{self._address}: {self._lost[place]} workers were lost while {what} and no run ended in the "
            "meantime, most likely because it needs more memory than they have, unless its code ends the "
            "process"
        ) from error

    def _send(self) -> None:
        """Send batches until every worker has enough of them, first to those that have least."""
        if time.monotonic() - self._looked > LOOK_SECONDS:
            self._threads, self._looked = self._workers.threads(), time.monotonic()
            self._take_back()
        if self._work is None:
            self._share()
        if self._work is None:
            return
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

    def _share(self) -> None:
        """Send what all tasks have in common to a worker, and to another one if that takes too long."""
        from distributed.scheduler import KilledWorker

        workers = list(self._threads)
        is_wanted = workers or not (self._copies or self._workers.are_some)  # a cluster may start some for it
        if is_wanted and time.monotonic() > self._late:
            where: dict[str, Any] = {}
            if workers:
                worker = workers[len(self._copies) % len(workers)]
                where = {"workers": [worker], "allow_other_workers": True}
            copy = self._client.submit(
                self._packing.loads,
                self._common,
                key=f"surgesim-{uuid.uuid4().hex}",
                **where,
            )
            self._copies.append(copy)
            self._late = time.monotonic() + ANSWER_SECONDS * 2 ** (len(self._copies) - 1)
            copy.add_done_callback(self._finished.put)
        for copy in [copy for copy in self._copies if copy.done()]:
            error = copy.exception()
            if error is None:
                self._work, self._copies, self._late = copy, [], -math.inf
                return
            if isinstance(error, ImportError):
                raise no_package(self._address, error) from error
            if not isinstance(error, KilledWorker):
                raise error
            self._count(None, error.allowed_failures + 1, error)
            self._copies.remove(copy)
            self._late = -math.inf

    def _submit(self, places: list[int], worker: str) -> None:
        """Send a batch to a worker; Dask gives it to another if that one is lost, or has it late.

        While a worker is silent, batches are pinned, since an idle one takes over what others have late.
        """
        pinned = bool(self._workers.silent)
        future = self._client.submit(
            operator.call,  # the scheduler, which has no need of surgesim, looks at what it passes on
            self._work,
            self._packing.dumps([(place, self._tasks[place]) for place in places]),
            pure=False,
            workers=[worker],
            allow_other_workers=not pinned,
            priority=-self._sent,  # a worker begins with the first it got
        )
        self._sent += 1
        self._queued[worker] += 1
        self._running[future.key] = _Sent(future, places, worker, pinned)
        future.add_done_callback(self._finished.put)


def _compute(work: Callable[[Task], Result], expected: Mapping[str, str], packed: bytes) -> _Batch[Result]:
    """Compute a batch on a worker, which no exception may end or block."""
    items: Sequence[tuple[int, Task]] = _packing().loads(packed)
    begun = time.perf_counter()
    results: list[tuple[int, Result]] = []
    failure: Exception | None = None
    try:
        for difference in differences(expected):
            raise SurgesimError(f"a worker of the cluster {difference}")
        for place, task in items:
            results.append((place, work(task)))
    except Exception as error:
        failure = error
    except BaseException as error:  # Ctrl-C is pressed elsewhere
        what = f"{type(error).__name__} ({error})" if str(error) else type(error).__name__
        failure = SurgesimError(
            f"a run on a worker of the cluster raised {what}, expected a result or an error"
        )
    return _Batch(results, time.perf_counter() - begun, failure)


def _packing() -> Any:
    """Return Dask's module that pickles functions and objects."""
    from distributed.protocol import pickle

    return pickle
