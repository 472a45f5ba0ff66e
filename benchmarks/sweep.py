"""How well a sweep uses a machine: busy cores, memory as runs go by, runs per second against a bare loop.

    python benchmarks/sweep.py --runs 500 scenarios/teaching/small-town.yaml
    python benchmarks/sweep.py --runs 240 scenarios/kien-giang.yaml    # some minutes

Says what share of all cores this program and its workers kept busy, the memory of this process and of
the largest worker at run 50 and at the end, and the runs per second and core, of the sweep and of a bare
loop over the same runs in this process (the model alone: no dispatch, no parts, no tables); also both in
processor time, which other programs on the machine move less. Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

from surgesim.model.simulation import simulate
from surgesim.scenario.loading import load
from surgesim.study.design import at_point, factors, points
from surgesim.study.sweep import sweep

VARY = {"epidemic.variant.r0": "4:6", "epidemic.variant.severity": "1:2.5"}
TICK = os.sysconf("SC_CLK_TCK")


def family() -> list[int]:
    """This process and all that descend from it."""
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
    """User and system time of each process."""
    seconds = {}
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        seconds[pid] = (int(fields[11]) + int(fields[12])) / TICK
    return seconds


def resident_mb(pids: list[int]) -> list[float]:
    """Resident memory of each process."""
    sizes = []
    for pid in pids:
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except OSError:
            continue
        sizes.append(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
    return sizes


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Watch:
    """Processor time of the family, sampled, as a process that has gone tells nothing."""

    def __init__(self) -> None:
        self.seconds: dict[int, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._stop.wait(0.5):
            self.seconds |= cpu_seconds(family())

    def stop(self) -> float:
        """Seconds of processor time of all."""
        self._stop.set()
        self._thread.join()
        self.seconds |= cpu_seconds(family())
        return sum(self.seconds.values())


def main() -> None:
    """Sweep, then loop."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario", type=Path)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--loop", type=int, default=30, help="runs of the bare loop")
    given = parser.parse_args()
    scenario = load(given.scenario).model_copy(update={"alternatives": {}})
    memory: dict[int, tuple[float, float]] = {}
    first: list[tuple[float, float]] = []
    last: list[tuple[float, float]] = []
    warm = 4 * given.workers  # workers have started and imported what they need

    def progress(done: int, total: int) -> None:
        if done in (50, total):
            own, *others = resident_mb(family())
            memory[done] = own, max(others, default=0.0)
        if done == warm:
            first.append((time.perf_counter(), sum((watch.seconds | cpu_seconds(family())).values())))
        if done == total:
            last.append((time.perf_counter(), sum((watch.seconds | cpu_seconds(family())).values())))

    with tempfile.TemporaryDirectory() as folder:
        watch = Watch()
        begun = time.perf_counter()
        sweep(
            scenario, VARY, design="lhs", samples=given.runs, replications=1, workers=given.workers,
            out=Path(folder) / "sweep", progress=progress,
        )  # fmt: skip
        took = time.perf_counter() - begun
        watch.stop()
    wall, busy = last[0][0] - first[0][0], last[0][1] - first[0][1]
    rate = (given.runs - warm) / wall
    say(f"{given.runs} runs in {took:.1f} s; from run {warm}: {rate:.2f} runs/s on {given.workers} workers")
    say(f"processor time: {busy / (wall * os.cpu_count()):.0%} of {os.cpu_count()} cores over {wall:.0f} s")
    for done, (own, worker) in memory.items():
        say(f"memory at run {done}: {own:.0f} MB, largest worker {worker:.0f} MB")
    varied = factors([scenario], VARY, "lhs")
    at = points(varied, "lhs", given.runs, scenario.study.seed)
    step = max(given.runs // given.loop, 1)
    some = [at_point(scenario, at[k]) for k in range(0, given.runs, step)]
    simulate(some[0], 1, 0)
    begun, cpu = time.perf_counter(), time.process_time()
    for each in some:
        simulate(each, scenario.study.seed, 0)
    alone, alone_cpu = time.perf_counter() - begun, time.process_time() - cpu
    loop = len(some) / alone
    share = rate / given.workers / loop
    say(f"bare loop: {loop:.2f} runs/s in one process; sweep per core over loop: {share:.2f}")
    per_loop, per_sweep = alone_cpu / len(some), busy / (given.runs - warm)
    say(f"processor seconds per run: loop {per_loop:.3f}, sweep {per_sweep:.3f}: {per_loop / per_sweep:.2f}")


if __name__ == "__main__":
    main()
