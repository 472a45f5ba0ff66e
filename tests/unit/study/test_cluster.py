"""Batches on a Dask cluster whose workers are threads of this process."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pandas as pd
import pytest
from decision_cases import known_wave
from distributed import Client, LocalCluster
from distributed.scheduler import KilledWorker

import surgesim
from surgesim.decisions import trials
from surgesim.decisions.trials import Task
from surgesim.errors import SurgesimError
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute import cluster, connection, spread
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.spread import in_order

TASKS = range(20)


@pytest.fixture(scope="module")
def two_threads() -> Iterator[LocalCluster]:
    with LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=":0", protocol="tcp"
    ) as started:
        yield started


def square(number: int) -> int:
    return number * number


def up_to(most: int, number: int) -> int:
    if number > most:
        raise ValueError(f"got {number}")
    return number


def on(scheduler: Any, work: Any = square, tasks: Any = TASKS) -> list[tuple[int, Any]]:
    return sorted(spread.spread(work, tasks, Backend(scheduler=scheduler)))


def breach_by_place(scenario: Scenario, seed: int, task: Task) -> dict[str, dict[str, float]]:
    """Draw a breach that is rarer the higher the numbers in a candidate's name, instead of simulating it."""
    u = float(np.random.default_rng((seed, task.replication)).random())
    rows = {}
    for name in task.names:
        strength = sum(map(int, re.findall(r"\d+", name)))
        rows[name] = {
            "deaths": u + strength,
            "breached_without-bed": float(u < 0.9 / (1 + 2 * strength) ** 5),
        }
    return rows


def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    found: list[int] = []
    send = cluster._Batches._submit

    def counted(self: Any, places: list[int], worker: str) -> None:
        found.append(len(places))
        send(self, places, worker)

    monkeypatch.setattr(cluster._Batches, "_submit", counted)
    return found


def test_a_scheduler_is_an_address_a_file_a_cluster_or_a_client(
    two_threads: LocalCluster, tmp_path: Path
) -> None:
    expected = [(number, number * number) for number in TASKS]
    file = tmp_path / "cluster.json"
    file.write_text(json.dumps({"address": two_threads.scheduler_address}))
    assert on(str(file)) == expected
    assert on(two_threads) == expected
    with Client(two_threads, set_as_default=False) as client:
        assert on(client) == on(client) == expected
        assert client.status == "running"


@pytest.mark.parametrize("content", ["", "[]", "{}", "no JSON", '{"address": 5}', '{"address": "here"}'])
def test_a_file_that_is_no_scheduler_file(tmp_path: Path, content: str) -> None:
    file = tmp_path / "cluster.json"
    file.write_text(content)
    with pytest.raises(SurgesimError, match="expected the"):
        on(file)
    with pytest.raises(SurgesimError, match=r"missing\.json: got no scheduler file"):
        on(str(tmp_path / "missing.json"))


def test_errors_name_the_file_of_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "REACH_SECONDS", 0)
    file = tmp_path / "cluster.json"
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = address_of(closed)
    file.write_text(json.dumps({"address": address}))
    with pytest.raises(SurgesimError, match=rf"cluster\.json: {address}: no scheduler responded within 0 s"):
        on(str(file))
    file.write_text('{"address": null}')
    with pytest.raises(
        SurgesimError, match=r"cluster\.json: got no address of a scheduler, expected the file"
    ):
        on(file)
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    with pytest.raises(SurgesimError, match=r"pipe\.json: got a pipe, device or folder, expected the file"):
        on(pipe)


def address_of(listener: socket.socket) -> str:
    return "tcp://{}:{}".format(*listener.getsockname())


@contextmanager
def answering(answer: bytes | None) -> Iterator[str]:
    """Listen and send `answer` to all who connect, or close if it is None; yield the address."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                met.append(listener.accept()[0])
                if answer is None:
                    met[-1].close()
                else:
                    met[-1].sendall(answer)

    met: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield address_of(listener)
        listener.shutdown(socket.SHUT_RDWR)
    for each in met:
        each.close()


def test_a_listener_that_is_silent_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "ANSWER_SECONDS", 1)
    with (
        answering(b"") as address,
        pytest.raises(SurgesimError, match="no scheduler responded within 1 s, expected the address"),
    ):
        on(address)


@pytest.mark.parametrize(
    "answer", [None, b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-Open\r\n", b"\0" * 8000]
)
def test_a_listener_that_is_no_scheduler(answer: bytes | None) -> None:
    with answering(answer) as address, pytest.raises(SurgesimError, match="no scheduler responded, expected"):
        on(address)


def test_the_address_of_a_worker(two_threads: LocalCluster) -> None:
    with pytest.raises(SurgesimError, match="is the address of a worker, expected that of the scheduler"):
        on(two_threads.workers[0].address)


def test_dask_must_be_configured_for_an_address_of_tls(two_threads: LocalCluster) -> None:
    plain = two_threads.scheduler_address
    secure = plain.replace("tcp:", "tls:")
    with pytest.raises(SurgesimError, match="got an address of TLS, but Dask is not configured for it"):
        on(secure)
    with (
        dask.config.set({"distributed.comm.require-encryption": True}),
        pytest.raises(SurgesimError, match="got an address without encryption, which Dask's configuration"),
    ):
        on(plain)
    missing = {f"distributed.comm.tls.{key}": "no.pem" for key in ("ca-file", "client.cert", "client.key")}
    with (
        dask.config.set(missing),
        pytest.raises(SurgesimError, match="Dask's configuration of TLS cannot be used"),
    ):
        on(secure)


@pytest.mark.parametrize("given", [5, True, b"tcp://here:1", ["tcp://here:1"], {}, Client, LocalCluster])
def test_what_is_no_scheduler(given: Any) -> None:
    with pytest.raises(SurgesimError, match=f"got a scheduler of type {type(given).__name__}, expected its"):
        on(given)


def test_a_client_or_cluster_must_be_running_and_not_asynchronous() -> None:
    with LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as started:
        client = Client(started, set_as_default=False)
        client.close()
    for what, closed in (("client", client), ("cluster", started)):
        with pytest.raises(SurgesimError, match=f"got a Dask {what} as scheduler whose status is 'closed'"):
            on(closed)

    async def asynchronous() -> None:
        settings: dict[str, Any] = {"n_workers": 0, "processes": False, "dashboard_address": ":0"}
        async with (
            LocalCluster(asynchronous=True, **settings) as started,
            Client(started, asynchronous=True, set_as_default=False) as client,
        ):
            for what, given in (("client", client), ("cluster", started)):
                with pytest.raises(SurgesimError, match=f"got an asynchronous Dask {what} as scheduler"):
                    on(given)

    asyncio.run(asynchronous())


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit, asyncio.CancelledError])
def test_no_exception_ends_a_worker(two_threads: LocalCluster, kind: type[BaseException]) -> None:
    results = spread.spread(partial(raised, kind), TASKS, Backend(scheduler=two_threads))
    with pytest.raises(SurgesimError, match=f"a run on a worker of the cluster raised {kind.__name__}"):
        list(results)
    assert on(two_threads, tasks=[3]) == [(0, 9)]


def raised(kind: type[BaseException], task: int) -> None:
    raise kind


def test_the_last_batches_are_small(two_threads: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    found = sizes(monkeypatch)
    assert len(on(two_threads, tasks=range(400))) == sum(found) == 400
    assert max(found) > 20 > 1 == found[-1]
    assert len(found) < 100


def test_a_batch_takes_the_time_it_should(two_threads: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    found = sizes(monkeypatch)
    monkeypatch.setattr(cluster, "BATCH_SECONDS", 0.05)
    on(two_threads, partial(slow, 0.02), range(30))
    assert max(found) <= 3


def slow(seconds: float, task: int) -> int:
    time.sleep(seconds)
    return task


def test_results_before_an_error_arrive(two_threads: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster._Batches, "_size", lambda self: len(self._left))
    results = spread.spread(partial(up_to, 3), TASKS, Backend(scheduler=two_threads))
    assert [next(results) for _ in range(4)] == [(number, number) for number in range(4)]
    with pytest.raises(ValueError, match="got 4"):
        next(results)


def test_a_worker_of_another_version_is_refused_though_it_joins_late(
    two_threads: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "here", lambda: {**connection.here(), "simpy": "0.1"})
    with pytest.raises(SurgesimError, match=r"a worker of the cluster has simpy .*, expected 0\.1"):
        on(two_threads, tasks=[1])


def test_a_worker_that_joins_gets_work() -> None:
    started = LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0", protocol="tcp"
    )
    with started:
        workers = set()
        for place, worker in spread.spread(where, range(100), Backend(scheduler=started)):
            if place == 0:
                started.scale(3)
            workers.add(worker)
        assert len(workers) == 3


def test_a_cluster_without_workers_starts_them_when_there_is_work() -> None:
    sentences: list[str] = []
    with LocalCluster(n_workers=0, processes=False, dashboard_address=":0", protocol="tcp") as started:
        started.adapt(maximum=1, interval="50 ms")
        backend = Backend(scheduler=started, tell=sentences.append)
        assert dict(spread.spread(square, range(3), backend)) == {0: 0, 1: 1, 2: 4}
    assert sentences == [
        f"{started.scheduler_address}: the scheduler has no workers; waiting until one joins"
    ]


def test_every_worker_has_its_own_batches_and_begins_with_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "LOOK_SECONDS", -1.0)
    client = Busy({"one": 1})
    batches = cluster._Batches(client, "tcp://here:1", square, range(600), range(600), print)
    batches._send()
    assert [worker for worker, _ in client.sent] == ["one", "one"]
    client.threads = {"one": 1, "two": 1, "three": 2}
    batches._send()
    assert Counter(worker for worker, _ in client.sent) == {"one": 2, "two": 2, "three": 4}
    assert [worker for worker, _ in client.sent[2:5]] == ["two", "three", "three"]  # then their second ones
    client.threads = {"one": 1, "two": 1, "four": 1}
    batches._received(client.answers[2])
    batches._send()
    assert [worker for worker, _ in client.sent[8:]] == ["four", "two", "four"]
    priorities = [priority for _, priority in client.sent]
    assert priorities == sorted(priorities, reverse=True)
    assert len(set(priorities)) == len(priorities)
    assert client.pinned == []  # else its batches would wait for a worker that is lost
    assert Counter(client.checked) == {"one": 2, "two": 2, "three": 2, "four": 2}


def test_a_worker_without_surgesim_is_refused_whenever_it_joins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "LOOK_SECONDS", -1.0)
    client = Busy({"one": 1})
    batches = cluster._Batches(client, "tcp://here:1", square, range(600), range(600), print)
    batches._send()
    client.threads["bare"] = 1
    with pytest.raises(SurgesimError, match=r"tcp://here:1: worker bare has no surgesim, expected \d"):
        batches._send()
    assert {worker for worker, _ in client.sent} == {"one"}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers are counted at every look, and late at once."""
    monkeypatch.setattr(cluster, "LOOK_SECONDS", -1.0)
    for module, name in ((connection, "MEANWHILE_SECONDS"), (connection, "ANSWER_SECONDS")):
        monkeypatch.setattr(module, name, 0.0)
    monkeypatch.setattr(cluster, "ANSWER_SECONDS", 0.0)


@pytest.mark.usefixtures("impatient")
def test_a_silent_worker_gets_no_work_until_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    client, said = Busy({"silent": 1, "one": 1}), list[str]()
    batches = cluster._Batches(client, "tcp://here:1", square, range(600), range(600), said.append)
    batches._send()
    batches._send()
    assert client.pinned == [worker for worker, _ in client.sent] == ["one", "one"]
    assert said == ["tcp://here:1: worker silent does not respond; it receives no runs until it does"]
    monkeypatch.setattr(batches._workers, "_open", set())
    monkeypatch.setattr(f"{__name__}.SILENT", set())
    batches._send()
    assert [worker for worker, _ in client.sent[2:]] == ["silent", "silent"]
    assert len(client.pinned) == 2
    assert len(said) == 1


def test_batches_that_a_silent_worker_took_over_are_taken_back(
    impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "ANSWER_SECONDS", 60.0)
    client = Busy({"silent": 1, "one": 1})
    batches = cluster._Batches(client, "tcp://here:1", square, range(600), range(600), print)
    batches._send()
    assert client.pinned == []
    client.taken_over = [client.answers[1].key]
    batches._send()
    assert len(client.sent) == 2
    monkeypatch.setattr(connection, "ANSWER_SECONDS", 0.0)
    batches._send()
    assert client.cancelled == 1
    assert [worker for worker, _ in client.sent] == ["one", "one", "one"]
    assert client.pinned == ["one"]


@pytest.mark.usefixtures("impatient")
def test_pinned_batches_of_a_lost_worker_go_to_another() -> None:
    client = Busy({"silent": 1, "one": 1})
    batches = cluster._Batches(client, "tcp://here:1", square, range(2), range(2), print)
    batches._send()
    client.threads = {"silent": 1, "two": 1}
    batches._send()
    assert [worker for worker, _ in client.sent] == ["one", "one", "two", "two"]
    assert client.cancelled == 2
    client.threads = {"silent": 1}
    for number in range(10):
        client.threads = {"silent": 1, f"worker-{number}": 1}
        batches._send()
    client.threads = {"silent": 1}
    with pytest.raises(SurgesimError, match="12 workers were lost while they computed run"):
        batches._send()


@pytest.mark.usefixtures("impatient")
def test_what_all_tasks_share_goes_to_another_worker_if_the_first_is_late() -> None:
    client = Busy({"frozen": 1, "one": 1})
    batches = cluster._Batches(client, "tcp://here:1", square, range(600), range(600), print)
    batches._send()
    assert client.shared == ["frozen"]
    assert client.sent == []
    batches._send()
    batches._send()
    assert client.shared == ["frozen", "one"]
    assert len(client.sent) == 4


def where(task: int) -> str:
    from distributed import get_worker

    time.sleep(0.05)
    return str(get_worker().address)


def test_early_results_wait_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    late_first = [(number, str(number)) for number in (*range(1, 30), 0)]
    ordered = in_order(iter(late_first), range(30))
    assert next(ordered) == "0"
    (folder,) = tmp_path.iterdir()
    assert len(list(folder.iterdir())) == 29 - spread.MOST_EARLY
    assert list(ordered) == [str(number) for number in range(1, 30)]
    assert list(tmp_path.iterdir()) == []


SILENT = {"silent"}
"""Workers that do not answer."""


class Loop:
    """An event loop of a client that runs what it is given at once."""

    def add_callback(self, ask: Any, worker: str) -> None:
        if worker not in SILENT:
            asyncio.run(ask(worker))


class Fake:
    """A client whose workers, except `bare`, answer that they have all versions."""

    loop = Loop()

    async def run(
        self, ask: Any, *given: Any, workers: list[str], on_error: str, asynchronous: bool
    ) -> dict[str, Any]:
        assert asynchronous
        assert on_error == "return"
        return {worker: None if worker == "bare" else ask(*given) for worker in workers}


class Doomed(Fake):
    """A client whose workers are lost if `is_lost` says so, given the number of the batch and its tasks."""

    def __init__(self, is_lost: Callable[[int, list[int]], bool]) -> None:
        self.is_lost, self.sent = is_lost, list[list[int]]()
        self.shared = list[str]()

    def nthreads(self) -> dict[str, int]:
        return {"worker": 1}

    def submit(self, work: Any, *given: Any, **settings: Any) -> Answer:
        if "key" in settings:
            self.shared.append(settings["key"])
            return Answer(settings["key"], work(*given))
        common, packed = given
        self.sent.append([task for _, task in pickle.loads(packed)])
        key = f"batch-{len(self.sent)}"
        if self.is_lost(len(self.sent), self.sent[-1]):
            return Answer(key, None, lost=self.lost_key(key))
        return Answer(key, work(common.value, packed))

    def lost_key(self, key: str) -> str:
        return key

    def cancel(self, futures: list[Any]) -> None: ...


class WithoutScenario(Doomed):
    """A client whose workers are lost while they load what all tasks have in common."""

    def lost_key(self, key: str) -> str:
        return self.shared[-1]


class Busy(Fake):
    """A client with some `threads` per worker, whose batches are not done."""

    def __init__(self, threads: dict[str, int]) -> None:
        self.threads = threads
        self.sent: list[tuple[str, int]] = []  # worker and priority of each batch
        self.shared: list[str] = []  # workers that were sent what all tasks have in common
        self.pinned: list[str] = []  # workers of the batches that no other may take over
        self.cancelled = 0
        self.taken_over: list[str] = []  # keys of batches that the silent worker has
        self.answers: list[Answer] = []
        self.checked: list[str] = []  # workers that were asked for their versions

    def nthreads(self) -> dict[str, int]:
        return dict(self.threads)

    async def run(self, ask: Any, *given: Any, workers: list[str], **settings: Any) -> dict[str, Any]:
        self.checked.extend(workers)
        return await super().run(ask, *given, workers=workers, **settings)

    def submit(self, work: Any, *given: Any, **settings: Any) -> Answer:
        assert not work.__module__.startswith("surgesim")  # which the scheduler may not have
        assert all(isinstance(each, (bytes, Answer)) for each in given)
        ((worker,), others) = settings["workers"], settings["allow_other_workers"]
        if "key" in settings:
            self.shared.append(worker)
            return Answer(settings["key"], work(*given), is_done=worker != "frozen")
        if not others:
            self.pinned.append(worker)
        self.sent.append((worker, settings["priority"]))
        self.answers.append(Answer(f"batch-{len(self.sent)}", work(given[0].value, given[1])))
        return self.answers[-1]

    def processing(self) -> dict[str, tuple[str, ...]]:
        return {"silent": tuple(self.taken_over), "one": ()}

    def cancel(self, futures: list[Any]) -> None:
        self.cancelled += len(futures)


class Answer:
    """A future that is done, unless `is_done` is False; the workers of the key `lost` were lost."""

    def __init__(self, key: str, value: Any, lost: str = "", is_done: bool = True) -> None:
        self.key, self.value, self.lost, self.is_done = key, value, lost, is_done

    def result(self) -> Any:
        if self.lost:
            raise KilledWorker(self.lost, None, 3)
        return self.value

    def done(self) -> bool:
        return self.is_done

    def exception(self) -> Exception | None:
        return KilledWorker(self.lost, None, 3) if self.lost else None

    def add_done_callback(self, call: Any) -> None:
        call(self)


def batches(client: Any) -> Any:
    return cluster._Batches(client, "tcp://here:1", square, range(60), range(60), print)


def test_a_run_that_kills_its_workers_is_named_after_all_others() -> None:
    client = Doomed(lambda number, tasks: 37 in tasks)
    found: dict[int, int] = {}
    with pytest.raises(
        SurgesimError, match=r"tcp://here:1: 12 workers were lost while they computed run 37 \(counted"
    ):
        found.update(batches(client).results())
    assert found.keys() == set(range(60)) - {37}
    with_37 = [tasks for tasks in client.sent if 37 in tasks]
    assert len(with_37[0]) > 1
    assert with_37[1:] == [[37]] * 4
    assert client.sent[-3:] == [[37]] * 3


@pytest.mark.parametrize("of", [Doomed, WithoutScenario])
def test_losses_do_not_end_a_study_while_runs_end(of: type[Doomed]) -> None:
    client = of(lambda number, tasks: number % 3 > 0)
    assert dict(batches(client).results()) == {number: number * number for number in range(60)}
    assert len(client.sent) > 60


def test_a_study_waits_for_workers_when_none_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "LOOK_SECONDS", 0.0)
    client = Doomed(lambda number, tasks: False)
    there = iter([1, 0, 0, 1, 0])
    monkeypatch.setattr(client, "nthreads", lambda: {"worker": next(there, 1)})
    assert dict(batches(client).results()) == {number: number * number for number in range(60)}


@pytest.mark.parametrize(
    ("of", "what"), [(Doomed, r"they computed run \d+ "), (WithoutScenario, "they loaded the scenario ")]
)
def test_losses_of_all_workers_end_a_study(of: type[Doomed], what: str) -> None:
    client = of(lambda number, tasks: True)
    with pytest.raises(SurgesimError, match=f"12 workers were lost while {what}"):
        list(batches(client).results())
    assert len(client.sent) < 200


@pytest.mark.slow
def test_decisions_are_those_of_one_process(
    two_threads: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trials, "simulate_task", breach_by_place)
    wave, beds = known_wave(), "care.facilities.{}.beds.icu"
    first, second = (beds.format("alpha"), 2, 3), (beds.format("bravo"), 10, 11)
    given: dict[str, Any] = {"threshold": "without-bed", "confidence": 0.5}
    with Client(two_threads, set_as_default=False) as client:
        here, there = (
            (
                surgesim.calendar(wave, step=31, replications=4, most=20, workers=each, **given),
                surgesim.frontier(wave, first, second, steps=(1, 1), replications=20, workers=each, **given),
            )
            for each in (1, Backend(scheduler=client))
        )
    assert here[1].answer["status"] == "found"
    assert here[0].table["last_call"].eq("found").all()
    for one, other in zip(here, there, strict=True):
        pd.testing.assert_frame_equal(one.table, other.table)
    assert here[1].answer == there[1].answer
    assert here[0].manifest["calendar"] == there[0].manifest["calendar"]
