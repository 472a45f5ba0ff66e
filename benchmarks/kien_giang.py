"""Measure time and memory for Kiên Giang: `python benchmarks/kien_giang.py`.

The figures cover start-up, a replication and a run as shipped. Each figure comes from a separate process.
Replications are measured in processor time, commands in elapsed time. Because other load changes a machine's
speed, the surge of `surge.py` in plain SimPy is timed alternately with the replications: compare machines by
that yardstick, not by seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from surgesim.model.simulation import run_once
from surgesim.scenario.door import load
from surgesim.scenario.schema.scenario import Scenario

SCENARIO = Path(__file__).parents[1] / "scenarios" / "kien-giang.yaml"
SURGE = 80_000
"""Number of patients in the surge that serves as yardstick."""

SPACE_ONLY = "space only"
EVERYTHING = "everything"
YARDSTICK = "plain SimPy"


def space_only(scenario: Scenario) -> Scenario:
    """Return the scenario with beds limited only by space, and without vaccine, home care or levels.

    The epidemic, detection, journeys, transfers by travel time, facilities, plan and record are unchanged.
    """
    off: dict[str, Any] = {"staff": None, "oxygen": None, "ventilators": None, "essential": None}
    sites = {name: site.model_copy(update=off) for name, site in scenario.care.facilities.items()}
    assert scenario.epidemic is not None
    return scenario.model_copy(
        update={
            "care": scenario.care.model_copy(update={"facilities": sites, "transport": None}),
            "epidemic": scenario.epidemic.model_copy(update={"vaccination": None}),
            "clinical": scenario.clinical.model_copy(update={"home_care": None}),
            "command": scenario.command.model_copy(update={"levels": None, "reach": None}),
            "supply": type(scenario.supply)(),
        }
    )


def seconds_of(what: str) -> float:
    """Return the processor time of one replication, or of the yardstick, in this process."""
    if what == YARDSTICK:
        from peers.plain_simpy import run
        from surge import draw_surge

        surge = draw_surge(SURGE)
        began = process_time()
        run(surge)
        return process_time() - began
    scenario = load(SCENARIO)
    if what == SPACE_ONLY:
        scenario = space_only(scenario)
    run_once(scenario, scenario.study.seed, 0)  # imports and tables
    began = process_time()
    run_once(scenario, scenario.study.seed, 0)
    return process_time() - began


def measure_apart(what: str) -> tuple[float, float]:
    """Run `seconds_of` in a separate process; return its result, and the peak memory in MB."""
    command = [sys.executable, __file__, "--one", what]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    seconds, megabytes = json.loads(done.stdout)
    return seconds, megabytes


def one(what: str) -> None:
    """Measure in this process, and print the figures that `measure_apart` reads."""
    seconds = seconds_of(what)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kilobytes, on macOS bytes
    say(json.dumps([seconds, peak / (1024**2 if sys.platform == "darwin" else 1024)]))


def time_command(*command: str) -> float:
    """Return the elapsed time of a command in seconds."""
    began = perf_counter()
    subprocess.run([sys.executable, "-m", "surgesim.cli", *command], check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - began


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    """Measure, and print one line per figure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--times", type=int, default=5, help="number of timings of each figure (default: 5)")
    parser.add_argument("--shipped", action="store_true", help="also time a run with all alternatives")
    parser.add_argument("--one", choices=(SPACE_ONLY, EVERYTHING, YARDSTICK), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one is not None:
        one(arguments.one)
        return
    for command in (("--help",), ("validate", str(SCENARIO), "--quiet")):
        took = [time_command(*command) for _ in range(arguments.times)]
        say(f"surgesim {command[0]:<10} {min(took):8.3f} s at least, {median(took):.3f} median")
    in_turn = [
        {what: measure_apart(what) for what in (SPACE_ONLY, EVERYTHING, YARDSTICK)}
        for _ in range(arguments.times)
    ]
    for what in (SPACE_ONLY, EVERYTHING, YARDSTICK):
        took = [pair[what][0] for pair in in_turn]
        ratio = median(pair[what][0] / pair[YARDSTICK][0] for pair in in_turn)
        most = max(pair[what][1] for pair in in_turn)
        name = f"{YARDSTICK}, {SURGE:,}" if what == YARDSTICK else f"replication, {what}"
        say(
            f"{name:<26} {min(took):6.3f} s at least, {median(took):.3f} median, {most:.0f} MB; "
            f"{ratio:.2f} of the yardstick"
        )
    if arguments.shipped:
        with tempfile.TemporaryDirectory() as folder:
            took_all = time_command("run", str(SCENARIO), "--quiet", "--out", os.path.join(folder, "results"))
        say(f"run as shipped: {took_all:.0f} s on {os.cpu_count()} cores, figures included")


if __name__ == "__main__":
    main()
