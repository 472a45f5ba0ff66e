"""Measure what a Dask cluster would keep busy: `python benchmarks/scale.py load|grow|memory|tables|churn`.

load
    The first batches of a million runs that sleep as long as one of Kiên Giang takes, with its true
    outcomes, on as many threads as the cluster is given, in the batches that surgesim chooses. The seconds
    of a batch, divided by the processor time that it costs the scheduler or this process (the larger of the
    two), are the cores kept busy.
grow
    Runs that sleep one second, on a cluster that grows from 1 to 10 workers: the busy share of each worker in
    the last half, and how long the first to end waits for the last.
memory
    Results of the true size (32 MB, 3 MB compressed) that all wait for the first one, as in a run with a
    result folder, and are then read in order: the memory of this process and of the scheduler.
tables
    The tables of a sweep with the true outcomes of Kiên Giang, written from stored runs: the memory of this
    process.
churn
    A sweep on a cluster whose workers are killed, leave and join at random, and whose scheduler is killed in
    the middle: resumed on another one, its tables are those of one process.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
from sweep import say

import surgesim
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute import cluster
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.replicate import one_replication
from surgesim.study.compute.spread import spread
from surgesim.study.measures.breaches import breaches_of
from surgesim.study.measures.outcomes import outcome_row
from surgesim.study.store.folder import hashes
from surgesim.study.store.parts import places
from surgesim.study.store.unfinished import Form, Unfinished
from surgesim.study.sweep.cases import Keep
from surgesim.study.sweep.parts import RUN, Run
from surgesim.study.sweep.plan import plan_sweep
from surgesim.study.sweep.rounds import Rounds
from surgesim.study.sweep.sweep import _write_tables
from surgesim.study.tables.series import Series

SCENARIOS = Path(__file__).parents[1] / "scenarios"
KIEN_GIANG = SCENARIOS / "kien-giang.yaml"
SMALL_TOWN = SCENARIOS / "teaching" / "small-town.yaml"
PACKED_SHARE = 0.1
"""Size of a compressed result, as a share of its size."""


class Slept(NamedTuple):
    """When and where a run slept, in seconds of this machine's clock."""

    worker: int
    began: float
    ended: float


@contextlib.contextmanager
def scheduler() -> Iterator[tuple[str, int]]:
    """Start a scheduler, and yield its address and process number."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "scheduler.json")
        command = ["-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        with started([*command, "--scheduler-file", str(file)]) as process:
            while not file.exists() or not file.read_text():
                time.sleep(0.1)
            yield json.loads(file.read_text())["address"], process.pid


@contextlib.contextmanager
def started(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Start a Python process without output, and end it with the block."""
    process = subprocess.Popen(
        [sys.executable, *command], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def worker(address: str, threads: int) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    """Start a worker with some threads."""
    return started(
        [
            "-m",
            "dask",
            "worker",
            address,
            "--host",
            "127.0.0.1",
            "--no-dashboard",
            "--no-nanny",
            "--nthreads",
            str(threads),
            "--memory-limit",
            "0",
        ]
    )


def processor_seconds(process: int) -> float:
    """Return the processor time of a process so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(process: int | str = "self", of: str = "VmRSS") -> float:
    """Return the resident memory of a process in MB, or its maximum so far, `VmHWM`."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(of)) * 1024 / 1e6


def asleep(scenarios: Any, run: Run, seconds: float, task: int) -> Run:
    """Sleep as long as a run takes, and return its result; `scenarios` are what the cluster holds."""
    time.sleep(seconds)
    return run


def nap(task: int) -> Slept:
    began = time.time()
    time.sleep(1)
    return Slept(os.getpid(), began, time.time())


def numbered(parts: Path, packed: int, task: int) -> int:
    """Return the number of a task; the first waits until files in `parts` have as many bytes as `packed`."""
    while task == 0 and sum(file.stat().st_size for file in parts.iterdir()) < packed:
        time.sleep(1)
    return task


def large(packed: bytes, size: int, task: int) -> Any:
    """Return a result of a size in bytes, which compresses as a true one does."""
    return pa.table({"content": pa.array([packed + bytes(size - len(packed))], pa.large_binary())})


def true_rows(scenario: Scenario) -> list[dict[str, Any]]:
    """Simulate a run, and return its outcomes."""
    record = one_replication({"baseline": scenario}, 1, 0)["baseline"]
    return [{"alternative": "baseline", **outcome_row(scenario, record, breaches_of(scenario, record))}]


def measure_load(threads: int, batches: int) -> None:
    scenario = surgesim.load(KIEN_GIANG)
    begun = time.process_time()
    rows = true_rows(scenario)
    seconds = time.process_time() - begun
    work = partial(asleep, [scenario], Run(rows), seconds)
    tasks = range(1_000_000)
    with tempfile.TemporaryDirectory() as folder, scheduler() as (address, process), worker(address, threads):
        stored = Unfinished(
            Path(folder, "out"), "sweep", {"runs": len(tasks), "scenarios": {}}, {}, len(tasks), RUN
        )
        stored.open(resume=False)
        results = stored.compute(work, tasks, Backend(scheduler=address))
        for _ in range(3 * threads):  # the first, by which the program learns how long a run takes
            next(results)
        here, there, received = time.process_time(), processor_seconds(process), cluster_batches()
        done = 0
        while cluster_batches() < received + batches:
            next(results)
            done += 1
        here, there = time.process_time() - here, processor_seconds(process) - there
        made = cluster_batches() - received
        results.close()
    batch = done * seconds / made
    say(f"a run takes {seconds:.2f} s; {made} batches of {done / made:.1f} runs, {batch:.1f} s each")
    say(f"a batch costs the scheduler {1000 * there / made:.1f} ms, this process {1000 * here / made:.1f} ms")
    say(f"busy cores: {batch * made / max(here, there):,.0f}")


_BATCHES = [0]


def cluster_batches() -> int:
    return _BATCHES[0]


def count_batches() -> None:
    """Count the batches that are received."""
    received = cluster._Batches._received

    def counted(self: Any, future: Any) -> Any:
        _BATCHES[0] += 1
        return received(self, future)

    cluster._Batches._received = counted  # type: ignore[method-assign]


def measure_growth(runs: int, workers: int) -> None:
    with contextlib.ExitStack() as stack:
        address, _ = stack.enter_context(scheduler())
        stack.enter_context(worker(address, 1))
        naps: list[Slept] = []
        for _, slept in spread(nap, range(runs), Backend(scheduler=address)):
            naps.append(slept)
            if len(naps) == 5:
                for _ in range(workers - 1):
                    stack.enter_context(worker(address, 1))
    begin, end = min(n.began for n in naps), max(n.ended for n in naps)
    middle = (begin + end) / 2
    busy: dict[int, float] = defaultdict(float)
    for slept in naps:
        busy[slept.worker] += max(0.0, slept.ended - max(slept.began, middle))
    last = {number: max(n.ended for n in naps if n.worker == number) for number in busy}
    shares = sorted(seconds / (end - middle) for seconds in busy.values())
    listed = ", ".join(f"{share:.2f}" for share in shares)
    say(f"{runs} runs in {end - begin:.0f} s; busy shares in the last half: {listed}")
    say(f"first to end waits {end - min(last.values()):.1f} s for the last")


def measure_memory(results: int, size: int) -> None:
    packed = int(PACKED_SHARE * size)

    def read(table: Any) -> Any:
        return table["content"][0].as_buffer()

    form: Form[Any] = Form(partial(large, os.urandom(packed), size), read, "zstd")
    cluster.MOST_IN_BATCH = 1  # a true replication with its alternatives takes longer than a batch
    with tempfile.TemporaryDirectory() as folder, scheduler() as (address, process), worker(address, 2):
        stored = Unfinished(Path(folder, "out"), "run", {"runs": results, "scenarios": {}}, {}, results, form)
        stored.open(resume=False)
        work = partial(numbered, stored.path / "parts", (results - 1) * packed)
        begin, begun = memory_mb(), time.monotonic()
        here, there = time.process_time(), processor_seconds(process)
        count = waiting = 0
        for content in stored.contents(work, range(results), Backend(scheduler=address)):
            waiting = waiting or sum(stored.done)
            count += len(content) == size
        seconds, of_scheduler = time.monotonic() - begun, memory_mb(process, "VmHWM")
        most = memory_mb(of="VmHWM")
        here, there = time.process_time() - here, processor_seconds(process) - there
    say(f"{count} results of {size / 1e6:g} MB in {seconds:.0f} s; {waiting} waited for the first")
    say(f"{begin:.0f} MB before, at most {most:.0f} MB; the scheduler {of_scheduler:.0f} MB")
    costs = [round(1000 * seconds / count) for seconds in (here, there)]
    say(f"a result costs this process {costs[0]} ms, the scheduler {costs[1]} ms")


def measure_tables(runs: int) -> None:
    scenario = surgesim.load(KIEN_GIANG)
    rows = true_rows(scenario)
    vary = {"epidemic.variant.r0": "3:7"}
    plan = plan_sweep(
        [scenario], vary, None, "lhs", runs // 10, 10, None, None, (), Keep({}, Series.of((), ()))
    )
    with tempfile.TemporaryDirectory() as folder:
        stored = Unfinished(Path(folder, "out"), "sweep", plan.entry, {}, len(plan.cases), RUN)
        stored.open(resume=False)
        for run in range(len(plan.cases)):
            stored.add(run, Run(rows))
        begin, begun = memory_mb(), time.process_time()
        _write_tables(Path(folder), stored, plan, Rounds(plan))
        taken = time.process_time() - begun
    say(f"{runs} runs: {taken:.0f} s, {begin:.0f} MB before, {memory_mb():.0f} MB after")


def measure_churn(runs: int, seed: int, pause: float) -> None:
    chance = random.Random(seed)
    vary = {"epidemic.variant.r0": "3:6"}
    with tempfile.TemporaryDirectory() as folder:
        whole, out, words = Path(folder, "whole"), Path(folder, "out"), Path(folder, "words.txt")
        given: dict[str, Any] = {"design": "lhs", "samples": runs, "replications": 1}
        surgesim.sweep(surgesim.load(SMALL_TOWN), vary, **given, out=whole)
        command = [sys.executable, "-m", "surgesim.cli", "sweep", str(SMALL_TOWN), "--quiet", "--resume"]
        command += ["--vary", "epidemic.variant.r0=3:6", "--design", "lhs", "--samples", str(runs)]
        command += ["--replications", "1", "--out", str(out)]
        for last in (False, True):
            events: Counter[str] = Counter()
            begun = time.monotonic()
            with contextlib.ExitStack() as stack:
                address, process = stack.enter_context(scheduler())
                workers = [stack.enter_context(worker(address, 1)) for _ in range(4)]
                said = stack.enter_context(words.open("wb"))
                client = subprocess.Popen([*command, "--scheduler", address], stderr=said)
                while client.poll() is None:
                    time.sleep(chance.uniform(0.4 * pause, 1.6 * pause))
                    there = [each for each in workers if each.poll() is None]
                    if len(there) < 4:
                        workers.append(stack.enter_context(worker(address, 1)))
                        events["joined"] += 1
                    if len(there) > 1:
                        gone, what = chance.choice(there), chance.choice(["killed", "killed", "left"])
                        gone.kill() if what == "killed" else gone.terminate()
                        events[what] += 1
                    if not last and stored_runs(out) > runs // 2:
                        os.kill(process, signal.SIGKILL)
                        client.wait()
                        say(f"scheduler killed at {stored_runs(out)} of {runs} runs")
                seconds, said_last = time.monotonic() - begun, words.read_text().strip()
                say(f"{dict(events)} in {seconds:.0f} s; exit {client.returncode}; {said_last}")
        say(f"the same files: {out.exists() and hashes(out) == hashes(whole)}")


def stored_runs(out: Path) -> int:
    """Return the number of runs of an unfinished sweep."""
    files = Path(f"{out}.unfinished", "parts").glob("*.parts")
    return len({place.part for file in files for place in places(file) if place.is_whole})


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["load", "grow", "memory", "tables", "churn"])
    parser.add_argument("--threads", type=int, default=50, help="threads of the cluster (load)")
    parser.add_argument("--batches", type=int, default=200, help="batches to measure (load)")
    parser.add_argument("--runs", type=int, default=300, help="runs, or results (memory)")
    parser.add_argument("--seed", type=int, default=1, help="seed of what happens to workers (churn)")
    parser.add_argument("--size", type=float, default=32, help="MB of a result (memory)")
    parser.add_argument("--pause", type=float, default=10, help="mean seconds between losses (churn)")
    parser.add_argument("--workers", type=int, default=10, help="workers at the end (grow)")
    given = parser.parse_args()
    if given.what == "load":
        count_batches()
        measure_load(given.threads, given.batches)
    elif given.what == "grow":
        measure_growth(given.runs, given.workers)
    elif given.what == "memory":
        measure_memory(given.runs, int(1e6 * given.size))
    elif given.what == "tables":
        measure_tables(given.runs)
    else:
        measure_churn(given.runs, given.seed, given.pause)


if __name__ == "__main__":
    main()
