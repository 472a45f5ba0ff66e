"""Measure how a replication's time and memory grow with the number of areas.

    python benchmarks/national.py

The scenario is `scenarios/teaching/national.yaml`, cut to its first areas. All areas are of similar size, so
people and patients grow with their number. Each size runs in a separate process, whose peak memory is read at
the end; seconds are processor time.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import process_time
from typing import Any

from surgesim.model.simulation import run_once
from surgesim.scenario.door import load, overlaid
from surgesim.scenario.schema.scenario import Scenario

NATIONAL = Path(__file__).parents[1] / "scenarios" / "teaching" / "national.yaml"
SIZES = (8, 16, 32, 63)


@dataclass(frozen=True)
class Cost:
    """The time and memory used by one replication."""

    areas: int
    people: int
    patients: int
    loading_seconds: float
    seconds: float
    megabytes: float


def first_areas(country: Scenario, areas: int) -> Scenario:
    """Return the scenario cut to its first areas, with their facilities and share of imports.

    Raises
    ------
    ValueError
        If the scenario has fewer areas.
    """
    districts = country.people.districts
    if not 1 <= areas <= len(districts):
        raise ValueError(f"got {areas} areas, expected 1 to {len(districts)}")
    kept = list(districts)[:areas]
    facilities = country.care.facilities
    gone = {name: None for name, facility in facilities.items() if facility.district not in kept}
    plan: dict[str, Any] = {
        name: {"facilities": [site for site in rule.facilities if site not in gone]}
        for name, rule in country.command.plan.items()
        if rule.action == "open_facility"
    }
    assert country.epidemic is not None
    share = sum(districts[name].population for name in kept) / country.people.total
    overlay: Mapping[str, Any] = {
        "people": {"districts": {name: None for name in districts if name not in kept}},
        "care": {"facilities": gone},
        "command": {"plan": plan},
        "epidemic": {
            "initial_infections": {
                name: None for name in country.epidemic.initial_infections if name not in kept
            },
            "importation": {"per_day": country.epidemic.importation.per_day * share},
        },
    }
    return overlaid(country, overlay)


def measure(areas: int, days: int | None) -> Cost:
    """Load the scenario and run one replication in this process."""
    began = process_time()
    scenario = first_areas(load(NATIONAL), areas)
    if days is not None:
        scenario = overlaid(scenario, {"days": days})
    loaded = process_time()
    record = run_once(scenario, scenario.study.seed, 0)
    ended = process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kilobytes, on macOS bytes
    megabytes = peak / (1024**2 if sys.platform == "darwin" else 1024)
    patients = int(record.outcomes["oxygen_patients"])
    return Cost(areas, scenario.people.total, patients, loaded - began, ended - loaded, megabytes)


def measure_apart(areas: int, days: int | None) -> Cost:
    """Run `measure` in a separate process, to measure its peak memory."""
    command = [sys.executable, __file__, "--one", str(areas)]
    if days is not None:
        command += ["--days", str(days)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Cost(**json.loads(done.stdout))


def exponent(costs: Sequence[Cost], what: str) -> float:
    """Return the least-squares slope of log(cost) against log(number of areas)."""
    x = [math.log(cost.areas) for cost in costs]
    y = [math.log(getattr(cost, what)) for cost in costs]
    x_mean, y_mean = sum(x) / len(x), sum(y) / len(y)
    spread = sum((a - x_mean) ** 2 for a in x)
    return sum((a - x_mean) * (b - y_mean) for a, b in zip(x, y, strict=True)) / spread


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def show(costs: Sequence[Cost]) -> None:
    """Print the table and the exponents."""
    say(f"{'areas':>6} {'people':>12} {'patients':>10} {'s':>8} {'µs/patient':>11} {'MB':>8} {'load s':>7}")
    for cost in costs:
        each = 1e6 * cost.seconds / max(cost.patients, 1)
        say(
            f"{cost.areas:>6} {cost.people:>12,} {cost.patients:>10,} {cost.seconds:>8.1f} {each:>11.0f} "
            f"{cost.megabytes:>8.0f} {cost.loading_seconds:>7.2f}"
        )
    if len(costs) > 1:
        say(f"exponent of time in the number of areas:   {exponent(costs, 'seconds'):.2f}")
        say(f"exponent of memory in the number of areas: {exponent(costs, 'megabytes'):.2f}")


def main() -> None:
    """Measure every size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of areas to simulate")
    parser.add_argument("--days", type=int, help="days to simulate (default: the scenario's)")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one is not None:
        say(json.dumps(asdict(measure(arguments.one, arguments.days))))
        return
    show([measure_apart(areas, arguments.days) for areas in arguments.sizes])


if __name__ == "__main__":
    main()
