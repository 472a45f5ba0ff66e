"""Find resources of which more is worse, by raising each by 10 % and comparing with the plan as it is.

    python benchmarks/worse.py worse.csv scenarios/kien-giang.yaml scenarios/ha-nam.yaml    # hours
    python benchmarks/worse.py worse.csv scenarios/lai-chau.yaml --only icu-beds ventilators

The baseline's amount of a resource (beds by type, staff, ventilators, oxygen, vehicles, tests, doses …), in
facilities and rules, is raised over the whole province, with common random numbers; lead times of rules are
shortened by a day. If mean deaths increase, the comparison is repeated with another seed and more
replications; resources whose 99 % interval in this second run lies above 0 are listed. The same comparison
is then made in each facility alone for the listed resources. A 99 % interval lies above 0 by chance once in
two hundred times, so compare the length of the list with that of the tables.

Each replication is appended to the CSV when it completes, and is not run again: you can stop and restart at
will, add scenarios, or print the list again. Use a new file after changing the code or a scenario. All
resources of a replication run in one task, so that they share its epidemic. Resources that have no effect
on patients in the model (consumables, waste) or are absent from the baseline are left out.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from math import ceil
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surgesim.decisions.door import DELIVERIES, EVERYWHERE, LEAD_DAYS, NEEDS, PATHS, amounts, lay
from surgesim.model.epidemic.people import apportion
from surgesim.scenario.door import load, overlaid, with_certain
from surgesim.scenario.schema.capacity.oxygen import CYLINDER_KG
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.compute.replicate import one_replication
from surgesim.study.compute.spread import spread
from surgesim.study.measures.compare import paired_interval

OUTCOMES = (
    "deaths", "deaths_unavoidable", "deaths_thin_care", "deaths_untreated", "icu_bed_days", "oxygen_bed_days",
    "boarding_days", "waiting_days", "facility_days_dry", "oxygen_unmet_kg",
)  # fmt: skip
COLUMNS = ("scenario", "more", "resource", "place", "seed", "replication", "added", *OUTCOMES)
OTHER_OUTCOMES = (
    "deaths_thin_care",
    "deaths_untreated",
    "icu_bed_days",
    "oxygen_bed_days",
    "facility_days_dry",
)
"""Outcomes listed besides deaths."""

CONFIDENCE = 0.99


class Change(NamedTuple):
    """An increase of a resource, in one place or everywhere."""

    resource: str
    place: str
    added: float
    overlay: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.resource} at {self.place}" if self.place else self.resource


class Case(NamedTuple):
    """A simulation task: a scenario, its changes by name, the seed and the number of replications."""

    scenario: Scenario
    changes: Mapping[str, Change]
    more: float
    seed: int
    replications: int


Floats = NDArray[np.float64]
Key = tuple[str, str, str, str, str, str]
Rows = dict[Key, dict[str, float]]
"""The rows of the CSV by their first six columns."""


# -- the changes ------------------------------------------------------------------------------------------


def raise_amounts(numbers: Sequence[float], more: float) -> list[float]:
    """Raise each number by the share `more`; add whole numbers to integers, at least one in total."""
    whole = [number for number in numbers if isinstance(number, int)]
    parts: list[float] = []
    if whole:
        parts = apportion(max(1, round(more * sum(whole))), np.array(whole, float)).tolist()
    added = iter(parts)
    return [n + next(added) if isinstance(n, int) else n * (1 + more) for n in numbers]


def change(plain: Mapping[str, Any], resource: str, place: str, more: float) -> Change | None:
    """Build an overlay that increases a resource; None if the scenario does not have the resource."""
    if resource in NEEDS and not NEEDS[resource](plain):
        return None
    here = [one for one in amounts(plain, PATHS[resource]) if place in (EVERYWHERE, one[1])]
    if not here:
        return None
    before = [value for _, _, value in here]
    if resource == LEAD_DAYS:
        after = [max(days - 1, 0.0) for days in before]
    elif resource == DELIVERIES:
        after = [days / (1 + more) for days in before]
    else:
        after = raise_amounts(before, more)
    overlay: dict[str, Any] = {}
    added = 0.0
    for (path, name, old), given in zip(here, after, strict=True):
        new = given
        site = plain["care"]["facilities"].get(name, {})
        if resource == "icu-target":  # at most all oxygen beds can be equipped
            new = min(new, site["beds"]["icu"] + site["beds"]["oxygen"])
        elif resource == "icu-beds" and "icu_target" in site:  # the number still to equip is unchanged
            lay(overlay, (*path[:-2], "icu_target"), site["icu_target"] + new - old)
        elif resource == "larger-deliveries" and name in plain["care"]["facilities"]:  # and room for it
            tank = site["oxygen"]["tank_kg"] * (1 + more)
            bottles = ceil(site["oxygen"]["cylinders"] * (1 + more))
            lay(overlay, (*path[:-2], "tank_kg"), tank)
            lay(overlay, (*path[:-2], "cylinders"), bottles)
            new = min(new, tank + bottles * CYLINDER_KG)
        added += new - old
        lay(overlay, path, new)
    return Change(resource, place, added, overlay)


def by_name(changes: Sequence[Change | None]) -> dict[str, Change]:
    """Return the changes that are not None, by name."""
    return {each.name: each for each in changes if each is not None}


# -- the runs ---------------------------------------------------------------------------------------------


def work(
    scenario: Scenario, changes: Mapping[str, Change], seed: int, task: tuple[int, Sequence[str]]
) -> list[tuple[str, int, dict[str, float]]]:
    """Run one replication of several changes, which share its epidemic."""
    replication, names = task
    scenarios = {
        name: scenario if name == BASELINE else overlaid(scenario, changes[name].overlay) for name in names
    }
    records = one_replication(scenarios, seed, replication)
    return [(name, replication, record.outcomes) for name, record in records.items()]


def key(case: Case, name: str, replication: int) -> Key:
    """Return the key of a row in the CSV."""
    of = case.changes.get(name)
    resource, place = (BASELINE, EVERYWHERE) if of is None else (of.resource, of.place)
    more = "0" if of is None else f"{case.more:g}"
    return case.scenario.name, more, resource, place, str(case.seed), str(replication)


def simulate(case: Case, there: Rows, file: Path, workers: int) -> None:
    """Run the missing replications, and write each to the CSV when it completes."""
    tasks = []
    for replication in range(case.replications):
        names = [name for name in (BASELINE, *case.changes) if key(case, name, replication) not in there]
        if names:
            tasks.append((replication, names))
    if not tasks:
        return
    began = perf_counter()
    do = partial(work, case.scenario, case.changes, case.seed)
    with file.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        for done, (_, rows) in enumerate(spread(do, tasks, workers), start=1):
            for name, replication, outcomes in rows:
                of = case.changes.get(name)
                row = key(case, name, replication)
                values = {outcome: float(outcomes[outcome]) for outcome in OUTCOMES}
                writer.writerow([*row, 0 if of is None else f"{of.added:.6g}", *values.values()])
                there[row] = values
            stream.flush()
            note = f"{case.scenario.name}, seed {case.seed}: {done} of {len(tasks)} replications"
            say(f"{note}, {perf_counter() - began:.0f} s", sys.stderr)


def read(file: Path) -> Rows:
    """Read the rows of an existing CSV, or create one with its header."""
    if not file.exists():
        with file.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerow(COLUMNS)
        return {}
    with file.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise SystemExit(f"{file}: got different columns, expected {', '.join(COLUMNS)}")
        return {
            tuple(row[column] for column in COLUMNS[:6]): {name: float(row[name]) for name in OUTCOMES}  # type: ignore[misc]
            for row in rows
            if row[OUTCOMES[-1]]  # skip a truncated line
        }


# -- the evaluation ---------------------------------------------------------------------------------------


def differences(case: Case, name: str, there: Rows, outcome: str) -> Floats:
    """Return the paired differences of a change from the baseline."""
    after, before = (
        np.array([there[key(case, each, k)][outcome] for k in range(case.replications)])
        for each in (name, BASELINE)
    )
    difference: Floats = after - before
    return difference


def table_line(case: Case, name: str, there: Rows) -> str:
    """Format a line of the table: deaths with their interval, and other outcomes."""
    deaths = differences(case, name, there, "deaths")
    low, high = paired_interval(deaths, CONFIDENCE)
    others = (
        f"{outcome} {differences(case, name, there, outcome).mean():+.1f}" for outcome in OTHER_OUTCOMES
    )
    added = case.changes[name].added
    line = f"{name:<40} added {added:+9.4g}   deaths {deaths.mean():+7.1f} ({low:+.1f} to {high:+.1f})"
    return f"{line}   {', '.join(others)}"


def worse(case: Case, there: Rows, *, certain: bool) -> list[str]:
    """Return the changes with more deaths, by their mean or, if `certain`, by their whole interval."""

    def least(name: str) -> float:
        deaths = differences(case, name, there, "deaths")
        return paired_interval(deaths, CONFIDENCE)[0] if certain else float(deaths.mean())

    return [name for name in case.changes if least(name) > 0]


def twice(
    first: Case, again: Callable[[Mapping[str, Change]], Case], run: Callable[[Case], None], there: Rows
) -> list[str]:
    """Run all changes, repeat the worse ones, print both, and return the changes confirmed as worse."""
    run(first)
    say(f"\n{first.scenario.name}, seed {first.seed}, {first.replications} replications")
    for name in first.changes:
        say(table_line(first, name, there))
    second = again({name: first.changes[name] for name in worse(first, there, certain=False)})
    if not second.changes:
        return []
    run(second)
    amounts = worse(second, there, certain=True)
    say(f"\n{second.scenario.name}, again: seed {second.seed}, {second.replications} replications")
    for name in second.changes:
        say(f"{'WORSE ' if name in amounts else '      '}{table_line(second, name, there)}")
    return amounts


def one_scenario(scenario: Scenario, there: Rows, given: argparse.Namespace) -> Iterator[str]:
    """Examine the province as a whole, then each facility; yield the lines of the list."""
    more, seed = given.more, scenario.study.seed
    other_seed = seed + 1
    plain = scenario.to_plain()

    def run(case: Case) -> None:
        simulate(case, there, given.csv, given.workers)

    def again(changes: Mapping[str, Change]) -> Case:
        return Case(scenario, changes, more, other_seed, given.again)

    changes = by_name([change(plain, resource, EVERYWHERE, more) for resource in given.only or PATHS])
    if not changes:
        return
    found_here = twice(Case(scenario, changes, more, seed, given.replications), again, run, there)
    for resource in found_here:
        yield f"{scenario.name:<16} {table_line(again(changes), resource, there)}"
        places = dict.fromkeys(place for _, place, _ in amounts(plain, PATHS[resource]) if place)
        if given.places and len(places) > 1:
            here = by_name([change(plain, resource, place, more) for place in places])
            first = Case(scenario, here, more, seed, given.replications)
            for name in twice(first, again, run, there):
                yield f"{scenario.name:<16} {table_line(again(here), name, there)}"


def say(line: str, stream: Any = None) -> None:
    """Print a line immediately."""
    stream = stream or sys.stdout
    stream.write(f"{line}\n")
    stream.flush()


def main() -> None:
    """Run the missing replications, scenario by scenario, and print the list."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("csv", type=Path, help="CSV file of the replications; created if missing")
    parser.add_argument("scenarios", type=Path, nargs="+")
    parser.add_argument(
        "--more", type=float, default=0.1, help="share by which to raise each resource (default: 0.1)"
    )
    parser.add_argument(
        "--replications", type=int, default=30, help="replications of the first run (default: 30)"
    )
    parser.add_argument(
        "--again",
        type=int,
        default=60,
        help="replications of the second run, with another seed (default: 60)",
    )
    parser.add_argument("--only", nargs="+", choices=PATHS, metavar="RESOURCE", help=", ".join(PATHS))
    parser.add_argument(
        "--no-places", dest="places", action="store_false", help="skip the comparison in each facility"
    )
    parser.add_argument("--workers", type=int, default=1, help="number of processes (default: 1)")
    given = parser.parse_args()
    if min(given.replications, given.again) < 2 or given.more <= 0 or given.workers < 1:
        parser.error("expected at least 2 replications, a share above 0 to add and at least one worker")
    there = read(given.csv)
    listed: list[str] = []
    for path in given.scenarios:
        scenario = with_certain(load(path), {})  # central values: every draw would have its own effects
        fixed = scenario.study.model_copy(update={"uncertainty": {}})
        listed += one_scenario(scenario.model_copy(update={"study": fixed}), there, given)
    say(f"\nMore is worse, of {len(given.scenarios)} scenarios ({CONFIDENCE:.0%} interval above 0):")
    for line in listed or ["nothing"]:
        say(line)


if __name__ == "__main__":
    main()
