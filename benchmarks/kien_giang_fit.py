"""Time a fit of Kiên Giang to 60 days of synthetic cases and ICU patients, and see where the time goes.

    python benchmarks/kien_giang_fit.py --workers 2
    python benchmarks/kien_giang_fit.py --workers 2 --members 40 --rounds 2 --replicates 8  # a small ensemble

The data are the daily reported cases and ICU patients of one run of `kien-giang.yaml`; the unknowns are those
of `surgesim fit` without options, so the scenario's own uncertain parameters are among them. Prints

- elapsed time and runs of each round, and the time between the last run of a round and the first of the next:
  updates, and the start of workers;
- processor time of this process and of the workers;
- the posterior, and the warnings;
- the shares of a run's time by part of the model, measured by the profiler, which slows small functions most.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import resource
import time
from collections import Counter
from pathlib import Path

import pandas as pd
from joblib.externals.loky import get_reusable_executor
from sweep import say

import surgesim
from surgesim.fitting.fit import MEMBERS, REPLICATES, ROUNDS
from surgesim.study.compute.backend import Backend

ROOT = Path(__file__).parents[1]
SCENARIO = ROOT / "scenarios" / "kien-giang.yaml"
DAYS, SEED = 60, 2024


def scenario() -> surgesim.Scenario:
    loaded = surgesim.load(SCENARIO)
    return loaded.overlaid({"days": DAYS, "alternatives": dict.fromkeys(loaded.alternatives)})


def data(of: surgesim.Scenario) -> pd.DataFrame:
    """Return the daily cases and ICU patients of a run with central values."""
    central = of.overlaid({"study": {"uncertainty": dict.fromkeys(of.study.uncertainty)}})
    days = surgesim.simulate(central, SEED, 0).province
    return days[["date", "reported_cases"]].assign(icu=days["occupied_icu"])


def profile(of: surgesim.Scenario) -> None:
    """Print the shares of a run's time by part of the model."""
    surgesim.simulate(of, SEED, 1)
    profiler = cProfile.Profile()
    profiler.runcall(surgesim.simulate, of, SEED, 2)
    parts: Counter[str] = Counter()
    for (file, _, _), (_, _, own, _, _) in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined]
        before, inside, rest = file.partition(f"{os.sep}surgesim{os.sep}")
        name = (
            "/".join(Path(rest).parts[:2]) if inside else "numpy" if "numpy" in before else "other libraries"
        )
        parts[name] += own
    for name, seconds in parts.most_common(8):
        say(f"  {seconds / parts.total():5.0%}  {name}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--replicates", type=int, default=REPLICATES)
    parser.add_argument("--out", type=Path, help="keep the fit, and go on where it stopped")
    arguments = parser.parse_args()
    of = scenario()
    known = data(of)
    say(f"{known['reported_cases'].sum():,} cases, at most {known['icu'].max()} ICU patients")
    clock = time.monotonic()
    marks: list[tuple[int, float]] = []
    fit = surgesim.fit(
        of,
        known,
        members=arguments.members,
        rounds=arguments.rounds,
        replicates=arguments.replicates,
        seed=1,
        workers=Backend(arguments.workers, None, lambda done, total: marks.append((done, time.monotonic()))),
        out=arguments.out,
        resume=arguments.out is not None,
    )
    elapsed = time.monotonic() - clock
    each = arguments.members + arguments.replicates
    ends = [*(each * number for number in range(1, arguments.rounds + 1)), marks[-1][0]]
    begin, before = clock, 0
    for number, end in enumerate(ends, start=1):
        times = [at for done, at in marks if before < done <= end]
        first, all_ = times[0] - begin, times[-1] - begin
        say(f"round {number}: {end - before} runs in {all_:.1f} s, the first after {first:.1f} s")
        begin, before = times[-1], end
    say(f"after the last run: {clock + elapsed - begin:.1f} s")
    if arguments.workers > 1:
        get_reusable_executor().shutdown(wait=True)  # processor time is known of workers that have ended
    own, workers = (
        sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    say(f"in all {elapsed:.0f} s; processor time: this process {own:.0f} s, workers {workers:.0f} s")
    say(f"load of the machine now: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    say(f"{len(fit.posterior)} unknowns; width relative to the prior's:")
    for row in fit.posterior.to_dict("records"):
        say(
            f"  {row['parameter']:45} {row['width_ratio']:.2f}  {row['posterior_p50']:.4g}"
            f" ({row['posterior_p5']:.4g} to {row['posterior_p95']:.4g})"
        )
    for warning in fit.warnings:
        say(f"warning: {warning}")
    say("a run:")
    profile(of)


if __name__ == "__main__":
    main()
