"""Distribution of tasks to this process, to several processes on this machine, or to a Dask cluster.

The rest of the package asks for results and receives them as they complete.
"""

from __future__ import annotations

import pickle
import signal
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import current_thread, main_thread
from typing import Any, TypeVar

from surgesim.study.compute.backend import Backend
from surgesim.study.compute.cluster import on_cluster
from surgesim.study.compute.processes import in_processes

Task = TypeVar("Task")
Result = TypeVar("Result")

MOST_EARLY = 8
"""Max number of results in memory that wait for an earlier one; the others wait on disk."""


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
        results = on_cluster(work, tasks, places, backend.scheduler, backend.say)
    elif backend.processes == 1:
        results = ((place, work(tasks[place])) for place in places)
    else:
        results = in_processes(work, tasks, places, min(backend.processes, len(places)))
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
    """Yield results in the order of the indices `places`, from (index, result) pairs in any order.

    Of the results that wait for an earlier one, only a few are kept in memory.
    """
    early: dict[int, Result] = {}
    stored: dict[int, Path] = {}
    with ExitStack() as stack:
        folder = ""
        for place in places:
            while place not in early and place not in stored:
                index, result = next(results)
                if index == place or len(early) < MOST_EARLY:
                    early[index] = result
                else:
                    folder = folder or stack.enter_context(TemporaryDirectory(prefix="surgesim-"))
                    stored[index] = Path(folder, str(index))
                    stored[index].write_bytes(pickle.dumps(result))
                del result
            if place in early:
                yield early.pop(place)
            else:
                path = stored.pop(place)
                yield pickle.loads(path.read_bytes())
                path.unlink()
