"""Measure the memory of sweeps over points of a user's own that keep daily series; kill and resume one.

    python benchmarks/points.py                        # 1,000 and 20,000 points: an hour on two cores
    python benchmarks/points.py --points 500 2000 --kills 3

Each sweep runs in its own process: the small town for seven days, with an outcome of its own and a series
each of the province and of the facilities. Reports the most memory that it and its largest worker use until
the sweep is complete, and after a series of all points has been read. With `--kills`, the last sweep is
repeated, killed at that many random moments and resumed, and its files are compared. Linux only: it reads
/proc.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from sweep import CORES, family, resident_mb, say

import surgesim
from surgesim.study.store.folder import hashes

TOWN = Path(__file__).resolve().parents[1] / "scenarios" / "teaching" / "small-town.yaml"
R0, BEDS = "epidemic.variant.r0", "care.facilities.general-hospital.beds.icu"


def peak_icu(one: surgesim.Replication) -> float:
    """The largest daily ICU need."""
    return float(one.province["icu_need"].max())


def swept(number: int, out: Path, workers: int) -> surgesim.Sweep:
    """Sweep random points, or go on with them."""
    import points  # workers find the outcome in this module, not in the main module of a spawned process

    draw = random.Random(1)
    drawn = [{R0: draw.uniform(3, 6), BEDS: draw.randint(4, 24)} for _ in range(number)]
    return surgesim.sweep(
        surgesim.load(TOWN).overlaid({"days": 7, "alternatives": None}),
        points=drawn,
        replications=1,
        outcomes={"peak_icu": points.peak_icu},
        series=["icu_need"],
        facility_series=["occupied_icu"],
        workers=workers,
        out=out,
        resume=out.with_name(f"{out.name}.unfinished").is_dir(),
    )


class Memory:
    """The most memory of this process and of its largest child, in MB, sampled in a thread."""

    def __init__(self) -> None:
        self.own = self.worker = 0.0
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while True:
            own, *others = resident_mb(family())
            self.own, self.worker = max(self.own, own), max(self.worker, *others, 0.0)
            time.sleep(0.1)


def measure(number: int, out: Path, workers: int) -> None:
    """Sweep, and print time and memory."""
    memory, begun = Memory(), time.perf_counter()
    found = swept(number, out, workers)
    took = time.perf_counter() - begun
    size = sum(path.stat().st_size for path in out.glob("*.parquet")) / 1e6
    say(
        f"{number} points in {took:.0f} s ({number / took:.1f}/s); memory at most {memory.own:.0f} MB, "
        f"largest worker {memory.worker:.0f} MB; Parquet files {size:.1f} MB"
    )
    begun = time.perf_counter()
    rows = len(found.series("icu_need"))
    say(f"  a series of {rows} rows read in {time.perf_counter() - begun:.1f} s: {memory.own:.0f} MB")


def interrupt(number: int, out: Path, workers: int, kills: int, context: Any) -> bool:
    """Kill a sweep at random numbers of runs, then complete it, and compare it with the whole one."""
    again = out.with_name("again")
    parts = again.with_name("again.unfinished") / "parts"
    moments = sorted(random.Random().sample(range(number), kills))
    for moment in (*moments, number + 1):
        process = context.Process(target=swept, args=(number, again, workers))
        process.start()
        while process.is_alive() and len(list(parts.glob("*.parquet"))) < moment:
            time.sleep(0.05)
        process.kill()
        process.join()
        say(f"  killed after {moment} of {number} runs" if moment < number else "  and completed")
    same = hashes(again) == hashes(out)
    say(f"  the files of the killed and resumed sweep are {'the same' if same else 'OTHERS'}")
    return same


def main() -> None:
    """Measure sweeps of the numbers of points requested."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, nargs="+", default=[1_000, 20_000])
    parser.add_argument("--workers", type=int, default=CORES)
    parser.add_argument("--kills", type=int, default=0)
    given = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    same = True
    with tempfile.TemporaryDirectory() as folder:
        for number in given.points:
            out = Path(folder) / f"{number}"
            process = context.Process(target=measure, args=(number, out, given.workers))
            process.start()
            process.join()
            if process.exitcode:
                sys.exit(process.exitcode)
        if given.kills:
            same = interrupt(number, out, given.workers, given.kills, context)
    sys.exit(not same)


if __name__ == "__main__":
    main()
