"""How far each uncertain assumption of a scenario moves deaths, breach days and the ranking of plans.

    python benchmarks/assumptions.py scenarios/kien-giang.yaml --plans private-mobilised home-care vaccination

Each uncertain parameter is set to the lower and to the upper limit of its range, with all others at the
scenario's value, and each time the baseline and the plans are run on the same random numbers. Prints a
Markdown table.
"""

from __future__ import annotations

import argparse
import sys
from functools import reduce
from pathlib import Path

import pandas as pd

import surgesim


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("scenario", type=Path)
    parser.add_argument("--plans", nargs="+", default=[])
    parser.add_argument("--replications", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    scenario = surgesim.load(given.scenario)
    ranges = {path: form.limits for path, form in scenario.study.uncertainty.items()}
    plain = scenario.to_plain()
    central = {path: reduce(lambda found, key: found[key], path.split("."), plain) for path in ranges}
    ends = [(path, limits[end]) for path, limits in ranges.items() for end in (0, -1)]
    points = pd.DataFrame([central, *(central | {path: limit} for path, limit in ends)])
    swept = surgesim.sweep(
        scenario,
        points=points,
        alternatives=given.plans,
        replications=given.replications,
        uncertainty=False,
        workers=given.workers,
    )
    by_point = swept.runs.groupby(["point", "alternative"], sort=False)[["deaths", "situation_days"]].mean()
    rows = [("central values", ""), *((path, f"{limit:g}") for path, limit in ends)]
    plans = " | ".join(f"{plan}: deaths against the baseline" for plan in given.plans)
    print_line(f"| assumption | value | deaths, baseline | days of emergency | {plans} | fewest deaths |")
    print_line("|---|---|---|---|" + "---|" * (len(given.plans) + 1))
    for point, (path, value) in enumerate(rows):
        deaths = by_point.loc[point]["deaths"]
        days = by_point.loc[point]["situation_days"]["baseline"]
        effects = " | ".join(f"{deaths[plan] - deaths['baseline']:+,.0f}" for plan in given.plans)
        print_line(
            f"| {path} | {value} | {deaths['baseline']:,.0f} | {days:.0f} | {effects} | {deaths.idxmin()} |"
        )


def print_line(text: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
