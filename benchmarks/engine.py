"""Compare the shipped care engine with SimPy, Ciw and salabim: `python benchmarks/engine.py`.

All engines simulate a surge of the same drawn patients. They must first agree, for every patient, on whether
the patient is lost and on the times of admission and departure; then their run times are compared.
"""

from __future__ import annotations

import argparse
import gc
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import process_time

import numpy as np
import shipped
from peers import ciw_network, plain_simpy, salabim_beds
from surge import HORIZON, Outcome, Surge, draw_surge

SHIPPED, PLAIN_SIMPY, CIW = "surgesim (shipped)", "plain SimPy", "Ciw *"

PEERS: dict[str, Callable[[Surge], Outcome]] = {
    PLAIN_SIMPY: plain_simpy.run,
    "salabim": salabim_beds.run,
    CIW: ciw_network.run,
}

SAME_DAYS = 1e-6
"""Tolerance for rounding errors in times, in days; Ciw adds up the times between arrivals."""

FOOTNOTE = (
    "* Ciw cannot hold the ICU bed until a ward bed is free: its patients leave the ICU bed at once.\n"
    "  It is compared with plain SimPy under the same rule, and agrees with it for every patient."
)


class DisagreementError(Exception):
    """Raised if two engines that should agree differ."""


@dataclass(frozen=True)
class Row:
    """A row of the table; `seconds` is None for an engine not run at this size."""

    engine: str
    patients: int
    surge: Surge
    outcome: Outcome | None
    seconds: float | None
    remark: str = ""


def time_runs(simulate: Callable[[Surge], object], surge: Surge) -> tuple[object, float]:
    """Return the result, and the least processor time of up to five runs within about three seconds.

    Each engine runs as a user would run it: the shipped engine turns garbage collection off during a
    replication, the others keep Python's default.
    """
    best, spent, runs = math.inf, 0.0, 0
    while runs == 0 or (runs < 5 and spent + best < 3.0):
        gc.collect()
        began = process_time()
        result = simulate(surge)
        seconds = process_time() - began
        best, spent, runs = min(best, seconds), spent + seconds, runs + 1
    return result, best


def must_agree(name: str, outcome: Outcome, reference: Outcome) -> None:
    """Compare two outcomes for every patient.

    Raises
    ------
    DisagreementError
        If a patient is lost in only one of the outcomes, or a time differs.
    """
    for what in ("admitted", "left"):
        ours, theirs = getattr(outcome, what), getattr(reference, what)
        same = np.isclose(ours, theirs, rtol=0.0, atol=SAME_DAYS, equal_nan=True)
        if not same.all():
            i = int(np.flatnonzero(~same)[0])
            raise DisagreementError(
                f"{name}: {int((~same).sum())} patients differ in `{what}`, "
                f"the first is {i}: got {ours[i]:.9g}, expected {theirs[i]:.9g}"
            )


def rows_of(surge: Surge, peers: list[str], past: list[Row], limit: float) -> Iterator[Row]:
    """Run all engines on one surge, except peers expected to take longer than `limit` seconds.

    Raises
    ------
    DisagreementError
        If two engines that should agree differ.
    """
    n = len(surge)
    outcome = shipped.run_logged(surge)
    if np.isnan(outcome.left).any():
        raise DisagreementError(f"{SHIPPED}: a patient is still in care on day {HORIZON}")
    record, seconds = time_runs(shipped.run, surge)
    if (record.outcomes["deaths"], record.series("recovered").sum()) != (outcome.lost, outcome.served):
        raise DisagreementError(f"{SHIPPED}: counts with and without the event log differ")
    yield Row(SHIPPED, n, surge, outcome, seconds)
    for name in peers:
        expected = projection(name, n, past)
        if expected > limit:
            remark = f"skipped: about {expected:,.0f} s expected, limit {limit:,.0f} s"
            yield Row(name, n, surge, None, None, remark)
            continue
        theirs, seconds = time_runs(PEERS[name], surge)
        reference = plain_simpy.run(surge, holds_icu_bed=False) if name == CIW else outcome
        must_agree(name, theirs, reference)
        yield Row(name, n, surge, theirs, seconds)


def projection(name: str, patients: int, past: list[Row]) -> float:
    """Return the expected seconds, extrapolated from the last two sizes and at least as N squared."""
    run = [(row.patients, row.seconds) for row in past if row.engine == name and row.seconds]
    if not run:
        return 0.0
    n, seconds = run[-1]
    power = 2.0
    if len(run) > 1:
        power = max(power, math.log(seconds / run[-2][1]) / math.log(n / run[-2][0]))
    return seconds * (patients / n) ** power


def line(row: Row, ours: float) -> str:
    """Format a row as a line of the table."""
    start = f"{row.engine:<19}{row.patients:>8,}"
    if row.outcome is None or row.seconds is None:
        return f"{start}  {row.remark}"
    return (
        f"{start}{row.outcome.lost:>9,}{row.outcome.served:>9,}"
        f"{row.outcome.mean_wait(row.surge, True):>11.6f}{row.outcome.mean_wait(row.surge, False):>11.6f}"
        f"{row.seconds:>10.3f}{row.seconds / ours:>9.1f}"
    )


def seconds_of(rows: list[Row], engine: str, patients: int) -> float:
    """Return the run time of an engine at one size, in seconds; NaN if it was not run."""
    found = [row.seconds for row in rows if (row.engine, row.patients) == (engine, patients)]
    return math.nan if not found or found[0] is None else found[0]


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[5_000, 20_000, 80_000, 320_000])
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    parser.add_argument(
        "--limit",
        type=float,
        default=600.0,
        help="skip a peer expected to take longer than this many seconds",
    )
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rows: list[Row] = []
    say(
        f"{'engine':<19}{'N':>8}{'lost':>9}{'served':>9}{'wait ICU':>11}{'wait ward':>11}"
        f"{'seconds':>10}{'ratio':>9}"
    )
    try:
        for size in sorted(options.sizes):
            for row in rows_of(draw_surge(size, options.seed), options.peers, list(rows), options.limit):
                rows.append(row)
                say(line(row, seconds_of(rows, SHIPPED, size)))
    except DisagreementError as error:
        say(str(error))
        return 1
    say("Waits are mean days from need to first bed for patients served; seconds are of one processor.")
    say(FOOTNOTE)
    for name, target in ((PLAIN_SIMPY, 10), (CIW, 100)):
        ratio = seconds_of(rows, name, 80_000) / seconds_of(rows, SHIPPED, 80_000)
        if not math.isnan(ratio):
            say(f"At 80,000 {name.rstrip(' *')} takes {ratio:.1f} times as long (target: at least {target}).")
    few, many = min(options.sizes), max(options.sizes)
    if few < many:
        growth = seconds_of(rows, SHIPPED, many) / seconds_of(rows, SHIPPED, few)
        exponent = math.log(growth) / math.log(many / few)
        say(f"Time of {SHIPPED} grows as N^{exponent:.2f} from {few:,} to {many:,} (target: at most 1.25).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
