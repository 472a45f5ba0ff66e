"""The connection to a Dask scheduler: its address, a client, and the workers that may receive work.

Whatever answers, and however late, a study either goes on or ends with one sentence. Dask itself waits
without limit for a listener that is silent and for a worker that is frozen.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, NamedTuple

from surgesim.errors import SurgesimError
from surgesim.study.compute.backend import Scheduler
from surgesim.study.compute.environment import COMPUTING, versions
from surgesim.version import __version__

REACH_SECONDS = 3
"""Time limit for connecting to the scheduler's address."""

ANSWER_SECONDS = 10
"""Time limit for the scheduler to respond, and time after which a worker counts as silent."""

MEANWHILE_SECONDS = 1.0
"""Time that a study waits for the answers of workers that join, before it goes on without them."""

_ADDRESS = re.compile(r"(?:tcp|tls)://(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s/:\[\]@]+):(?P<port>[0-9]{1,5})")
_FILE = "expected the file that `dask scheduler --scheduler-file` writes"


@contextmanager
def connected(scheduler: Scheduler) -> Iterator[tuple[Any, str]]:
    """Connect to a scheduler, check that it is one and has workers, and yield a client and its address.

    Raises
    ------
    SurgesimError
        If `scheduler` is invalid, does not respond or has no workers, or the connection is lost.
    """
    given = not isinstance(scheduler, (str, Path)) and isinstance(scheduler, _import())
    if isinstance(scheduler, (str, Path)):
        place = _place(scheduler)
        _import()
        _reach(place)
        _probe(place)
        try:
            client = _connect(place.address)
        except Exception as error:
            raise _no_answer(place) from error
    else:
        _check_object(scheduler, "client" if given else "cluster")
        client = scheduler if given else _connect(scheduler)
    address = str(client.scheduler.address)
    try:
        with _without_log(), _errors(client, address):
            if client.cluster is None or client.nthreads():  # else it starts workers when there is work
                _wait_for_worker(client, address)
            yield client, address
    finally:
        if not given:
            with _without_log():
                client.close()


def _import() -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise SurgesimError("a scheduler needs Dask: pip install 'surgesim[cluster]'") from error
    return Client


def _connect(scheduler: Any) -> Any:
    from distributed.versions import VersionMismatchWarning

    with warnings.catch_warnings():  # versions on which results depend are checked anyway
        warnings.simplefilter("ignore", VersionMismatchWarning)
        return _import()(scheduler, timeout=ANSWER_SECONDS, set_as_default=False)


def _check_object(scheduler: Any, what: str) -> None:
    """Check that a Dask client or cluster can be used."""
    if what == "cluster" and not isinstance(getattr(scheduler, "scheduler_address", None), str):
        raise SurgesimError(
            f"got a scheduler of type {type(scheduler).__name__}, expected its address, its scheduler file, "
            "a Dask client or a Dask cluster"
        )
    if getattr(scheduler, "asynchronous", False):
        raise SurgesimError(
            f"got an asynchronous Dask {what} as scheduler, expected one without asynchronous=True"
        )
    status = getattr(scheduler, "status", "running")  # an enumeration for a cluster, text for a client
    status = getattr(status, "name", status)
    if status != "running":
        raise SurgesimError(
            f"got a Dask {what} as scheduler whose status is {status!r}, expected one that is running"
        )


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


class _Place(NamedTuple):
    """A scheduler's address, and its name in messages, which includes the file that it comes from."""

    name: str
    address: str
    host: str
    port: int


def _place(scheduler: str | Path) -> _Place:
    """Return where a scheduler is, read from its file if `scheduler` is the path of one."""
    path = Path(scheduler)
    if isinstance(scheduler, str) and path.suffix != ".json":
        place = _split(scheduler, scheduler)
        if place is None:
            raise SurgesimError(
                f"got scheduler {scheduler!r}, expected the address that `dask scheduler` prints, such as "
                "tcp://192.168.1.10:8786 or tls://192.168.1.10:8786, or its scheduler file, such as "
                "cluster.json"
            )
        return place
    content = _content(path)
    address = content.get("address") if isinstance(content, dict) else None
    place = _split(f"{path}: {address}", address) if isinstance(address, str) else None
    if place is None:
        what = "no address" if address is None else f"the address {address!r}"
        raise SurgesimError(f"{path}: got {what} of a scheduler, {_FILE}")
    return place


def _content(path: Path) -> Any:
    try:
        if path.exists() and not path.is_file():  # a pipe might never end
            raise SurgesimError(f"{path}: got a pipe, device or folder, {_FILE}")
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SurgesimError(f"{path}: got no scheduler file ({error}), {_FILE}") from error


def _split(name: str, address: str) -> _Place | None:
    """Split an address into host and port; None if it is not the address of a scheduler."""
    form = _ADDRESS.fullmatch(address)
    if form is None or not 0 < int(form["port"]) < 65_536:
        return None
    return _Place(name, address, form["host"].strip("[]"), int(form["port"]))


def _reach(place: _Place) -> None:
    """Raise an error if nothing listens at the address; Dask itself takes longer to notice."""
    end = time.monotonic() + REACH_SECONDS
    while True:
        try:
            socket.create_connection((place.host, place.port), REACH_SECONDS).close()
        except (OSError, UnicodeError) as error:
            if time.monotonic() >= end:
                raise _no_answer(place, REACH_SECONDS) from error
            time.sleep(0.2)
        else:
            return


def _probe(place: _Place) -> None:
    """Raise an error if what listens at the address is no scheduler; Dask's client might wait for ever.

    It is asked in a thread, since this one may have a running event loop, as in a notebook.
    """
    security = _security(place)
    answers: SimpleQueue[Any] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(asyncio.run(asyncio.wait_for(_kind(place.address, security), ANSWER_SECONDS)))
        except BaseException as error:
            answers.put(error)

    Thread(target=ask, daemon=True).start()
    answer = answers.get()
    if isinstance(answer, TimeoutError):
        raise _no_answer(place, ANSWER_SECONDS) from answer
    if isinstance(answer, BaseException):
        raise _no_answer(place) from answer
    if answer in ("Worker", "Nanny"):
        raise SurgesimError(f"{place.name}: is the address of a worker, expected that of the scheduler")
    if answer != "Scheduler":
        raise _no_answer(place)


async def _kind(address: str, security: Mapping[str, Any]) -> Any:
    """Ask what listens at the address for its kind."""
    from distributed.core import connect

    comm = await connect(address, timeout=ANSWER_SECONDS, **security)
    try:
        await comm.write({"op": "identity", "reply": True})
        return (await comm.read())["type"]
    finally:
        comm.abort()


def _security(place: _Place) -> Mapping[str, Any]:
    """Return Dask's configuration of TLS, and check that it fits the address."""
    from distributed.security import Security

    try:
        security: dict[str, Any] = Security().get_connection_args("client")
    except Exception as error:
        raise SurgesimError(
            f"{place.name}: Dask's configuration of TLS cannot be used ({_reason(error)}), expected the one "
            "that surgesim's SECURITY.md shows"
        ) from error
    encrypted = place.address.startswith("tls:")
    if encrypted and security["ssl_context"] is None:
        raise SurgesimError(
            f"{place.name}: got an address of TLS, but Dask is not configured for it, expected the "
            "configuration that surgesim's SECURITY.md shows"
        )
    if security["require_encryption"] and not encrypted:
        raise SurgesimError(
            f"{place.name}: got an address without encryption, which Dask's configuration requires, expected "
            "one such as tls://192.168.1.10:8786"
        )
    return security


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or f"{error}"


def _no_answer(place: _Place, seconds: int | None = None) -> SurgesimError:
    """Return the error that no scheduler responded, within a time if that has passed."""
    within = "" if seconds is None else f" within {seconds} s"
    return SurgesimError(
        f"{place.name}: no scheduler responded{within}, expected the address that "
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


class Workers:
    """The workers of a cluster, each of which may receive work once it has told its versions.

    Workers are asked in the background, each on its own, so that none waits for one that is frozen.

    Parameters
    ----------
    say
        Function called with a sentence when there are no workers left, or one does not respond.
    """

    def __init__(self, client: Any, address: str, say: Callable[[str], object]) -> None:
        self._client = client
        self._address = address
        self._say = say
        self._since: dict[str, float] = {}  # when each worker was asked first
        self._open: set[str] = set()  # workers that were asked and have not answered
        self._suitable: set[str] = set()
        self.silent: set[str] = set()  # workers that have not answered for some time
        self._answers: SimpleQueue[tuple[str, list[str] | Exception | None]] = SimpleQueue()
        self.are_some = True  # workers, suitable or not

    def threads(self) -> dict[str, int]:
        """Return the number of threads of each worker that may receive work.

        Raises
        ------
        SurgesimError
            If a worker has other versions than this process.
        """
        there: dict[str, int] = self._client.nthreads()
        if not there and self.are_some:
            self._say(f"{self._address}: the scheduler has no workers; waiting until one joins")
        self.are_some = bool(there)
        for worker in self._since.keys() - there.keys():
            del self._since[worker]
            for known in (self._open, self._suitable, self.silent):
                known.discard(worker)
        asked = [worker for worker in there if worker not in self._suitable and worker not in self._open]
        for worker in asked:
            self._since.setdefault(worker, time.monotonic())
            self._open.add(worker)
            self._client.loop.add_callback(self._ask, worker)
        self._receive(MEANWHILE_SECONDS if asked else 0.0)
        self._name_silent()
        return {worker: threads for worker, threads in there.items() if worker in self._suitable}

    def _receive(self, seconds: float) -> None:
        """Receive answers for some time, or until there is one of every worker."""
        end = time.monotonic() + seconds
        with suppress(Empty):
            while self._open:
                worker, answer = self._answers.get(timeout=max(0.0, end - time.monotonic()))
                self._open.discard(worker)
                if isinstance(answer, Exception):
                    raise no_package(self._address, answer) from answer
                for difference in answer or ():
                    raise SurgesimError(f"{self._address}: worker {worker} {difference}")
                if answer is not None and worker in self._since:
                    self._suitable.add(worker)

    def _name_silent(self) -> None:
        self.silent -= self._suitable
        for worker in self._since.keys() - self._suitable - self.silent:
            if time.monotonic() - self._since[worker] > ANSWER_SECONDS:
                self.silent.add(worker)
                self._say(
                    f"{self._address}: worker {worker} does not respond; it receives no runs until it does"
                )

    async def _ask(self, worker: str) -> None:
        """Ask a worker how its versions differ; the answer is None if it was lost in the meantime."""
        from pydoc import locate  # a function that a worker without surgesim has

        answer: list[str] | Exception | None
        try:
            version = await self._on(worker, locate, "surgesim.version.__version__")
            if version != __version__:
                answer = [_difference("surgesim", version, __version__)]
            else:
                answer = await self._on(worker, differences, here())
        except OSError:
            answer = None
        except Exception as error:
            answer = error
        self._answers.put((worker, answer))

    async def _on(self, worker: str, ask: Callable[..., Any], *given: Any) -> Any:
        answers = await self._client.run(ask, *given, workers=[worker], on_error="return", asynchronous=True)
        answer = answers[worker]
        if isinstance(answer, Exception):
            raise answer
        return answer


def no_package(address: str, error: object) -> SurgesimError:
    """Return the error that a worker cannot import something."""
    return SurgesimError(f"{address}: a worker cannot import what the study needs ({error})")


def here() -> dict[str, str]:
    """Return the versions on which results depend, in this process."""
    return {package: version for package, version in versions().items() if package in COMPUTING}


def differences(expected: Mapping[str, str]) -> list[str]:
    """Return how the versions in this process differ from those `expected`."""
    found = here()
    return [
        _difference(package, found.get(package), version)
        for package, version in expected.items()
        if found.get(package) != version
    ]


def _difference(package: str, version: str | None, expected: str) -> str:
    got = f"has {package} {version}" if version else f"has no {package}"
    return f"{got}, expected {expected} as where the study was started"
