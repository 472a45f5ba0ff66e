"""Recover known parameters: fit synthetic epidemics, and compare the posteriors with the truth.

    python benchmarks/recovery.py --out recovery                # 20 epidemics; goes on where it stopped
    python benchmarks/recovery.py --out recovery --part 1/2     # every second one, beside --part 2/2
    python benchmarks/recovery.py --out recovery --report       # what is there so far

Each epidemic has parameters drawn from the prior of the fit and, by turns, one or two districts. The data are
60 days of reported cases (by district), admissions and ICU patients of one run; each week of a series is
multiplied by lognormal noise with the standard deviation that the fit assumes. Epidemics of fewer than 100
reported cases are drawn again. Five parameters are fitted.

Reports for each parameter how often the 90 % interval covers the truth; the mean CRPS of the posterior
relative to that of the prior with a paired 95 % interval (delta method), on the scale on which the prior is
normal; the rank histogram; and the processor time of a fit.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student
from sweep import say

import surgesim
from surgesim.fitting.unknowns import Interval

START, DAYS, EPIDEMICS, SEED = date(2024, 1, 1), 60, 20, 2024
LEAST_CASES = 100
MULTIPLIER = "epidemic.transmission.2024-02-16"
PRIORS = {
    "epidemic.initial_infections.town": Interval(25, 145, "log"),
    "epidemic.variant.r0": Interval(2.3, 3.9, "log"),
    MULTIPLIER: Interval(0.6, 1 / 0.6, "log"),
    "epidemic.detection.share": Interval(0.1, 0.35, "logit"),
    "epidemic.variant.severity": Interval(1.2, 3.3, "log"),
}
RANKS = 8


def province(districts: int) -> surgesim.Scenario:
    """A town of 50,000, alone or with a second one, and a hospital with room for all."""
    towns = {"town": {"title": "Town", "population": 50_000}}
    if districts == 2:
        towns["valley"] = {"title": "Valley", "population": 30_000}
    return surgesim.load(
        {
            "name": f"recovery-{districts}",
            "title": "Recovery",
            "start": START.isoformat(),
            "days": DAYS,
            "people": {
                "districts": towns,
                "ages": "vietnam-2020",
                "contacts": "vietnam-2021",
                "high_risk": "high-risk-assumed",
            },
            "epidemic": {
                "dt_days": 0.5,
                "variant": {"r0": 3.0, "latent_days": 3.0, "infectious_days": 4.0, "severity": 2.0},
                "immunity": {"immune_share": 0.3},
                "initial_infections": {"town": 60},
                "detection": {"share": 0.19},
            },
            "clinical": {"profile": "squire-2022"},
            "care": {
                "facilities": {
                    "hospital": {
                        "title": "Hospital",
                        "district": "town",
                        "ownership": "public",
                        "beds": {"oxygen": 400, "icu": 80},
                        "covid_share": 1,
                    }
                }
            },
        }
    )


def epidemic(number: int, noise: float) -> tuple[surgesim.Scenario, dict[str, float], pd.DataFrame]:
    """Return a scenario, the truth (standard normal levels by path), and its data."""
    scenario = province(1 + number % 2)
    rng = np.random.default_rng([SEED, number])
    while True:
        truth = {path: float(rng.standard_normal()) for path in PRIORS}
        values = {path: PRIORS[path].value(level) for path, level in truth.items()}
        values["epidemic.initial_infections.town"] = round(values["epidemic.initial_infections.town"])
        one = surgesim.simulate(scenario.overlaid(values), SEED + number, 0)
        if one.province["reported_cases"].sum() >= LEAST_CASES:
            break
    whole = pd.DataFrame({"date": one.province["date"], "district": ""})
    whole["admissions"] = one.province["admissions_oxygen"] + one.province["admissions_icu"]
    whole["icu"] = one.province["occupied_icu"]
    parts = [whole]
    for name in scenario.people.districts:
        of = one.districts[one.districts["area"] == name]
        frame = pd.DataFrame({"date": of["date"], "district": name, "reported_cases": of["reported_cases"]})
        parts.append(frame)
    week = (DAYS - 1 - np.arange(DAYS)) // 7
    for frame in parts:
        for column in frame.columns.difference(["date", "district"]):
            factor = np.exp(noise * rng.standard_normal(week.max() + 1))
            frame[column] = np.rint(frame[column].to_numpy() * factor[week])
    return scenario, truth, pd.concat(parts, ignore_index=True)


def crps(draws: np.ndarray, truth: float) -> float:
    """The continuous ranked probability score of an ensemble (fair)."""
    n = len(draws)
    pairs = np.abs(draws[:, None] - draws[None, :]).sum() / (n * (n - 1))
    return float(np.abs(draws - truth).mean() - pairs / 2)


def crps_of_normal(truth: float) -> float:
    """The score of a standard normal."""
    density = math.exp(-(truth**2) / 2) / math.sqrt(2 * math.pi)
    share = (1 + math.erf(truth / math.sqrt(2))) / 2
    return truth * (2 * share - 1) + 2 * density - 1 / math.sqrt(math.pi)


def level(prior: Interval, values: np.ndarray) -> np.ndarray:
    """Return the standard normal levels of values."""
    ends = np.array([prior.low, prior.high])
    scaled = [np.log(x / (1 - x)) if prior.scale == "logit" else np.log(x) for x in (values, ends)]
    low, high = scaled[1]
    return np.asarray((scaled[0] - (low + high) / 2) / ((high - low) / 2) * 1.6448536)


def recover(number: int, folder: Path, settings: dict[str, Any]) -> None:
    """Fit one epidemic and store what came of it."""
    scenario, truth, data = epidemic(number, settings["noise"])
    begin, clock = time.process_time(), time.monotonic()
    fit = surgesim.fit(
        scenario,
        data,
        priors={path: (prior.low, prior.high) for path, prior in PRIORS.items()},
        defaults=False,
        seed=number,
        workers=1,
        out=folder / f"fit-{number:02d}",
        resume=True,
        **settings,
    )
    found: dict[str, Any] = {
        "cpu_seconds": time.process_time() - begin,
        "seconds": time.monotonic() - clock,
        "warnings": fit.warnings,
        "truth": truth,
        "draws": {
            path: level(prior, fit.draws[path].to_numpy(float)).tolist() for path, prior in PRIORS.items()
        },
    }
    beside = folder / f".{number:02d}.json"
    beside.write_text(json.dumps(found), encoding="utf-8")
    beside.replace(folder / f"{number:02d}.json")


def report(folder: Path) -> None:
    """Print coverage, scores and ranks of the epidemics that are done."""
    done = [json.loads(path.read_text()) for path in sorted(folder.glob("[0-9][0-9].json"))]
    if not done:
        say("nothing is done")
        return
    n, inside_all = len(done), 0
    cpu = [one["cpu_seconds"] for one in done]
    say(f"{n} epidemics; processor seconds of a fit: median {np.median(cpu):.0f}, most {max(cpu):.0f}")
    say(f"{'parameter':36} covered  CRPS / prior's (95 %)   width  ranks in {RANKS} bins")
    all_ranks = np.zeros(RANKS, int)
    for path in PRIORS:
        truths = np.array([one["truth"][path] for one in done])
        draws = [np.array(one["draws"][path]) for one in done]
        ends = np.array([np.quantile(each, [0.05, 0.95]) for each in draws])
        inside = int(((ends[:, 0] <= truths) & (truths <= ends[:, 1])).sum())
        inside_all += inside
        scores = np.array([crps(each, truth) for each, truth in zip(draws, truths, strict=True)])
        priors = np.array([crps_of_normal(truth) for truth in truths])
        ratio = scores.mean() / priors.mean()
        half = math.nan
        if n > 1:
            error = (scores - ratio * priors).std(ddof=1) / math.sqrt(n) / priors.mean()
            half = float(student.ppf(0.975, n - 1) * error)
        shares = [float((each < truth).mean()) for each, truth in zip(draws, truths, strict=True)]
        ranks = np.bincount([min(int(share * RANKS), RANKS - 1) for share in shares], minlength=RANKS)
        all_ranks += ranks
        width = float(np.mean([each.std(ddof=1) for each in draws]))
        say(
            f"{path:36} {inside:3}/{n}   {ratio:.2f} ({ratio - half:.2f} to {ratio + half:.2f})"
            f"      {width:.2f}   {' '.join(map(str, ranks))}"
        )
    say(f"{'all':36} {inside_all:3}/{n * len(PRIORS)}{'':37} {' '.join(map(str, all_ranks))}")
    doubted = [i for i, one in enumerate(done) if one["warnings"]]
    say(f"with warnings: {len(doubted)}")
    for i in doubted:
        say(f"  {i}: {'; '.join(done[i]['warnings'])}")


def main() -> None:
    """Read the command line, fit what is left, and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("recovery"), help="folder for results")
    parser.add_argument("--epidemics", type=int, default=EPIDEMICS)
    parser.add_argument("--part", default="1/1", help="k/n: every n-th epidemic, from the k-th")
    parser.add_argument("--members", type=int, default=160)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--replicates", type=int, default=40)
    parser.add_argument("--noise", type=float, default=0.1)
    parser.add_argument("--report", action="store_true", help="only report")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    first, step = map(int, given.part.split("/"))
    settings = {name: getattr(given, name) for name in ("members", "rounds", "replicates", "noise")}
    left = [] if given.report else range(first - 1, given.epidemics, step)
    for number in left:
        if not (given.out / f"{number:02d}.json").exists():
            recover(number, given.out, settings)
            say(f"{number}: done")
    report(given.out)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
