"""Measure how well a sweep uses a machine: busy cores, memory over time, runs per second.

    python benchmarks/sweep.py --runs 500 scenarios/teaching/small-town.yaml
    python benchmarks/sweep.py --runs 240 scenarios/kien-giang.yaml    # takes some minutes

Reports the share of all cores that this program and its workers keep busy, the memory of this process and of
the largest worker at run 50 and at the end, and the runs per second and core of the sweep and of a bare loop
over the same points (the model alone, without dispatch, part files or tables). A core is slower when all
others are busy, and a machine's speed drifts within minutes, so the loop runs on as many cores as the sweep,
before and after it. Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import mean, median
from typing import Any, NamedTuple

from surgesim.model.simulation import run_once
from surgesim.scenario.door import load
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.sweep.design import at_point, factors, points
from surgesim.study.sweep.sweep import sweep

VARY = {"epidemic.variant.r0": "4:6", "epidemic.variant.severity": "1:2.5"}
CORES = os.cpu_count() or 1
TICK = os.sysconf("SC_CLK_TCK")


def family() -> list[int]:
    """Return the ids of this process and of all its descendants."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = [os.getpid()]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def cpu_seconds(pids: list[int]) -> dict[int, float]:
    """Return the user and system time of each process, in seconds."""
    seconds = {}
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        seconds[pid] = (int(fields[11]) + int(fields[12])) / TICK
    return seconds


def resident_mb(pids: list[int]) -> list[float]:
    """Return the resident memory of each process, in MB."""
    sizes = []
    for pid in pids:
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except OSError:
            continue
        sizes.append(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
    return sizes


def say(line: str) -> None:
    """Print a line immediately."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Watch:
    """The processor time of `family`, sampled because a process that has ended no longer reports it."""

    def __init__(self) -> None:
        self.seconds: dict[int, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._stop.wait(0.5):
            self.seconds |= cpu_seconds(family())

    def stop(self) -> float:
        """Stop sampling, and return the total processor time in seconds."""
        self._stop.set()
        self._thread.join()
        self.seconds |= cpu_seconds(family())
        return sum(self.seconds.values())


class Speed(NamedTuple):
    """The runs per second on one core, and the seconds of processor time per run."""

    rate: float
    cpu: float


def loop(scenario: Scenario, points: Sequence[Mapping[str, Any]]) -> Speed:
    """Run the model alone over some points in this process."""
    some = [at_point(scenario, point) for point in points]
    run_once(some[0], 1, 0)
    begun, cpu = time.perf_counter(), time.process_time()
    for each in some:
        run_once(each, scenario.study.seed, 0)
    return Speed(len(some) / (time.perf_counter() - begun), (time.process_time() - cpu) / len(some))


def loops(scenario: Scenario, points: Sequence[Mapping[str, Any]], workers: int) -> Speed:
    """Run simultaneous bare loops, one per worker, and return their mean speed."""
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        speeds = list(pool.map(loop, [scenario] * workers, [points[k::workers] for k in range(workers)]))
    return Speed(*map(mean, zip(*speeds, strict=True)))


def measure_sweep(scenario: Scenario, runs: int, workers: int) -> Speed:
    """Time a sweep once its workers have started and imported their modules, and print the figures."""
    memory: dict[int, tuple[float, float]] = {}
    seen: dict[int, tuple[float, float]] = {}
    warm = 4 * workers

    def progress(done: int, total: int) -> None:
        if done in (50, total):
            own, *others = resident_mb(family())
            memory[done] = own, max(others, default=0.0)
        if done in (warm, total):
            seen[done] = time.perf_counter(), sum((watch.seconds | cpu_seconds(family())).values())

    with tempfile.TemporaryDirectory() as folder:
        watch = Watch()
        begun = time.perf_counter()
        sweep(
            scenario, VARY, design="lhs", samples=runs, replications=1,
            workers=Backend(workers, progress=progress), out=Path(folder) / "sweep",
        )  # fmt: skip
        took = time.perf_counter() - begun
        watch.stop()
    wall, busy = (end - start for start, end in zip(seen[warm], seen[runs], strict=True))
    rate = (runs - warm) / wall
    say(f"{runs} runs in {took:.1f} s; from run {warm}: {rate:.2f} runs/s on {workers} workers")
    say(f"processor time: {busy / (wall * CORES):.0%} of {CORES} cores over {wall:.0f} s")
    for done, (own, worker) in memory.items():
        say(f"memory at run {done}: {own:.0f} MB, largest worker {worker:.0f} MB")
    return Speed(rate / workers, busy / (runs - warm))


def main() -> None:
    """Time a loop, a sweep and a loop, as many times as requested."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario", type=Path)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--workers", type=int, default=CORES)
    parser.add_argument("--loop", type=int, default=60, help="total runs of the bare loops")
    parser.add_argument("--times", type=int, default=1, help="number of sweeps")
    given = parser.parse_args()
    if given.runs <= 8 * given.workers:
        parser.error(f"got --runs {given.runs}, expected more than 8 for each of {given.workers} workers")
    scenario = load(given.scenario).model_copy(update={"alternatives": {}})
    varied = factors([scenario], VARY, "lhs")
    every = points(varied, "lhs", given.runs, scenario.study.seed)
    some = every[:: max(given.runs // given.loop, 1)]
    alone = loop(scenario, some[:: given.workers])
    say(f"bare loop, no other core busy: {alone.rate:.2f} runs/s, {alone.cpu:.4f} processor seconds each")
    shares, cpu_shares = [], []
    around = [loops(scenario, some, given.workers)]
    for _ in range(given.times):
        own = measure_sweep(scenario, given.runs, given.workers)
        around.append(loops(scenario, some, given.workers))
        bare = Speed(*map(mean, zip(*around[-2:], strict=True)))
        shares.append(own.rate / bare.rate)
        cpu_shares.append(bare.cpu / own.cpu)
        said = ", ".join(f"{each.rate:.2f}" for each in around[-2:])
        say(f"runs/s per core: sweep {own.rate:.2f}; bare loops before and after {said}: {shares[-1]:.2f}")
        say(f"processor seconds per run: sweep {own.cpu:.4f}, loops {bare.cpu:.4f}: {cpu_shares[-1]:.2f}")
    if given.times > 1:
        say(f"median of {given.times}: runs/s {median(shares):.2f}, processor time {median(cpu_shares):.2f}")


if __name__ == "__main__":
    main()
