"""Compare the time to check a draw with that of its replication; it should be at most a tenth.

    python benchmarks/draws.py scenarios/kien-giang.yaml

A draw gives a separate scenario, which passes the same checks as a file with its values
(`surgesim.overlaid`). Draws and replications are timed alternately, so that changes in the machine's speed
affect both equally.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from surgesim.scenario.door import load, with_certain
from surgesim.study.compute.replicate import keep_alternatives, one_replication

VALUES = {"epidemic.variant.r0": (4.8, 5.2), "epidemic.variant.severity": (0.9, 1.1)}


def seconds(work: Callable[[], object]) -> float:
    """Return the processor time of one call, in seconds."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario", type=Path)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    whole = load(options.scenario)
    for names in ((), tuple(whole.alternatives)):
        scenario = keep_alternatives(whole, names)
        checks, runs = [], []
        for k in range(options.times):
            values = {path: low + (high - low) * k / options.times for path, (low, high) in VALUES.items()}
            checks.append(seconds(lambda: with_certain(scenario, values)))  # noqa: B023 - called at once
            drawn = with_certain(scenario, values)
            every = {name: drawn.alternative(name) for name in ("baseline", *names)}
            runs.append(seconds(lambda: one_replication(every, 1, k)))  # noqa: B023
        check, run = median(checks), median(runs)
        sys.stdout.write(
            f"{scenario.name}, baseline and {len(names)} alternatives: check {1000 * check:.0f} ms, "
            f"replication {run:.2f} s, {100 * check / run:.1f} %\n"
        )


if __name__ == "__main__":
    main()
