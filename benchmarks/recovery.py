"""Recover known parameters: fit synthetic epidemics, and compare the posteriors with the truth.

    python benchmarks/recovery.py --out recovery                # 20 epidemics; goes on where it stopped
    python benchmarks/recovery.py --out recovery --part 1/2     # every second one, beside --part 2/2
    python benchmarks/recovery.py --out recovery --report       # what is there so far
    python benchmarks/recovery.py --out dates --full-dates      # when hospitals are full, too

Each epidemic has parameters drawn from the prior of the fit and, by turns, one or two districts. The data are
60 days of reported cases (by district), admissions and ICU patients of one run; each week of a series is
multiplied by lognormal noise with the standard deviation that the fit assumes. Epidemics of fewer than 100
reported cases are drawn again. Five parameters are fitted.

Reports for each parameter how often the 90 % interval covers the truth; the mean CRPS of the posterior
relative to that of the prior with a paired 95 % interval (delta method), on the scale on which the prior is
normal; the mean and root mean square of the posterior mean's distance from the truth, in its standard
deviations; the rank histogram; and the processor time of a fit.

With `--full-dates` the same epidemics meet small hospitals and go on for 28 days. The scenario starts after
the 60 days, with these as its history and each hospital's patients as its census; `surgesim.forecast` runs
the 28 days. Reports, of oxygen and ICU beds by hospital, without those that are full on the last day of the
history: whether the truth's first full day lies in the forecast's 90 % band, the width of the band (to the
end of the forecast, if it is open), and the Brier score of "full within 28 days", beside those of the share
of hospitals that fill, and of "full if the trend of the last 7 days goes on": a line, or exponential.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student
from sweep import say

import surgesim
from surgesim.fitting.fit import MEMBERS, NOISE, REPLICATES, ROUNDS
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
WEEKS = 4
ROOMY = {"hospital": ("town", 400, 80)}
SMALL = {"referral": ("town", 120, 30), "town": ("town", 40, 10), "clinic": ("town", 15, 4)}
VALLEY = {"valley": ("valley", 30, 8)}
BEDS = ("oxygen", "icu")


def province(districts: int, *, full_dates: bool = False) -> surgesim.Scenario:
    """A town of 50,000, alone or with a second one, and a hospital with room for most, or small ones."""
    towns = {"town": {"title": "Town", "population": 50_000}}
    hospitals = SMALL if full_dates else ROOMY
    if districts == 2:
        towns["valley"] = {"title": "Valley", "population": 30_000}
        hospitals = hospitals | (VALLEY if full_dates else {})
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
                    name: {
                        "title": name.title(),
                        "district": district,
                        "ownership": "public",
                        "beds": {"oxygen": oxygen, "icu": icu},
                        "covid_share": 1,
                    }
                    for name, (district, oxygen, icu) in hospitals.items()
                }
            },
        }
    )


@dataclass(frozen=True)
class Epidemic:
    """A scenario as the fit knows it, the truth (standard normal levels by path), its data and its run."""

    scenario: surgesim.Scenario
    truth: dict[str, float]
    data: pd.DataFrame
    run: Any


def epidemic(number: int, noise: float, *, full_dates: bool = False) -> Epidemic:
    """Return an epidemic; its run goes on after the data with `full_dates`."""
    scenario = province(1 + number % 2, full_dates=full_dates)
    rng = np.random.default_rng([SEED, number])
    days = DAYS + 7 * WEEKS if full_dates else DAYS
    while True:
        truth = {path: float(rng.standard_normal()) for path in PRIORS}
        values = {path: PRIORS[path].value(level) for path, level in truth.items()}
        values["epidemic.initial_infections.town"] = round(values["epidemic.initial_infections.town"])
        one = surgesim.simulate(scenario.overlaid(values).overlaid({"days": days}), SEED + number, 0)
        province_ = one.province.iloc[:DAYS]
        if province_["reported_cases"].sum() >= LEAST_CASES:
            break
    whole = pd.DataFrame({"date": province_["date"], "district": ""})
    whole["admissions"] = province_["admissions_oxygen"] + province_["admissions_icu"]
    whole["icu"] = province_["occupied_icu"]
    parts = [whole]
    for name in scenario.people.districts:
        of = one.districts[one.districts["area"] == name].iloc[:DAYS]
        frame = pd.DataFrame({"date": of["date"], "district": name, "reported_cases": of["reported_cases"]})
        parts.append(frame)
    week = (DAYS - 1 - np.arange(DAYS)) // 7
    for frame in parts:
        for column in frame.columns.difference(["date", "district"]):
            factor = np.exp(noise * rng.standard_normal(week.max() + 1))
            frame[column] = np.rint(frame[column].to_numpy() * factor[week])
    return Epidemic(scenario, truth, pd.concat(parts, ignore_index=True), one)


def today(known: Epidemic) -> surgesim.Scenario:
    """Return the scenario that starts after the data, with these as history, and the census of that day."""

    def series(district: str) -> dict[str, list[float]]:
        own = known.data[known.data["district"] == district].dropna(axis="columns")
        return own.drop(columns=["date", "district"]).astype(float).to_dict("list")

    last = known.run.facilities[known.run.facilities["day"] == DAYS - 1].set_index("facility")
    census = {
        name: {bed: int(last.loc[name, f"occupied_{bed}"]) for bed in BEDS}
        for name in known.scenario.care.facilities
    }
    return known.scenario.overlaid(
        {
            "start": (START + timedelta(days=DAYS)).isoformat(),
            "days": 7 * WEEKS,
            "history": {
                "first_day": START.isoformat(),
                "province": series(""),
                "districts": {name: series(name) for name in known.scenario.people.districts},
            },
            "care": {"initial_census": census},
        }
    )


def full_dates(known: Epidemic, fit: Any, seed: int) -> list[dict[str, Any]]:
    """Forecast the days after the data; return truth, forecast and trends by hospital and type of bed.

    Days are counted from the start of the forecast; None if a hospital is never full, or a band is open.
    """
    found = surgesim.forecast(today(known), WEEKS, fit=fit, seed=seed, workers=1)
    table = found.results.facility_beds.set_index(["alternative", "facility", "bed"])
    start = pd.Timestamp(START) + pd.Timedelta(days=DAYS)
    rows = []
    for name, (_, *beds) in (SMALL | VALLEY).items():
        daily = known.run.facilities[known.run.facilities["facility"] == name]
        for bed, number in zip(BEDS, beds, strict=True):
            if daily.empty or daily[f"full_{bed}"].iloc[DAYS - 1]:
                continue
            truth = np.flatnonzero(daily[f"full_{bed}"].to_numpy()[DAYS:])
            row = table.loc[("baseline", name, bed)]
            ends = {
                key: None if pd.isna(row[f"full_date_{key}"]) else int((row[f"full_date_{key}"] - start).days)
                for key in ("p5", "median", "p95")
            }
            week = daily[f"occupied_{bed}"].to_numpy(float)[DAYS - 7 : DAYS]
            line, growth = (
                np.polyfit(np.arange(-6, 1), week, 1),
                np.polyfit(np.arange(-6, 1), np.log1p(week), 1),
            )
            ahead = np.arange(1, 7 * WEEKS + 1)
            rows.append(
                {
                    "facility": name,
                    "bed": bed,
                    "truth": int(truth[0]) if len(truth) else None,
                    **ends,
                    "probability": float(row["full_probability"]),
                    "line": bool((np.polyval(line, ahead) >= number).any()),
                    "exponential": bool((np.expm1(np.polyval(growth, ahead)) >= number).any()),
                }
            )
    return rows


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


def recover(number: int, folder: Path, settings: dict[str, Any], *, with_dates: bool) -> None:
    """Fit one epidemic and store what came of it."""
    known = epidemic(number, settings["noise"], full_dates=with_dates)
    begin, clock = time.process_time(), time.monotonic()
    fit = surgesim.fit(
        today(known) if with_dates else known.scenario,
        None if with_dates else known.data,
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
        "truth": known.truth,
        "draws": {
            path: level(prior, fit.draws[path].to_numpy(float)).tolist() for path, prior in PRIORS.items()
        },
        "full_dates": full_dates(known, fit, number) if with_dates else None,
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
    say(f"{'parameter':36} covered  CRPS / prior's (95 %)   width  z: mean, rms   ranks in {RANKS} bins")
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
        z = np.array(
            [(each.mean() - truth) / each.std(ddof=1) for each, truth in zip(draws, truths, strict=True)]
        )
        say(
            f"{path:36} {inside:3}/{n}   {ratio:.2f} ({ratio - half:.2f} to {ratio + half:.2f})"
            f"      {width:.2f}   {z.mean():+.2f} {np.sqrt((z**2).mean()):.2f}     "
            + " ".join(map(str, ranks))
        )
    say(f"{'all':36} {inside_all:3}/{n * len(PRIORS)}{'':52} {' '.join(map(str, all_ranks))}")
    doubted = [i for i, one in enumerate(done) if one["warnings"]]
    say(f"with warnings: {len(doubted)}")
    for i in doubted:
        say(f"  {i}: {'; '.join(done[i]['warnings'])}")


def report_full_dates(folder: Path) -> None:
    """Print how well forecasts knew when hospitals are full."""
    found = [
        json.loads(path.read_text()).get("full_dates") for path in sorted(folder.glob("[0-9][0-9].json"))
    ]
    rows = pd.DataFrame([row for one in found if one is not None for row in one])
    if rows.empty:
        return
    end = 7 * WEEKS
    fills = rows["truth"].notna()
    of = rows[fills]
    inside = (of["p5"] <= of["truth"]) & (of["truth"] <= of["p95"].fillna(end))
    width = of["p95"].fillna(end) - of["p5"].fillna(end)
    say(f"{len(rows)} hospitals and types of bed not full at the start, {len(of)} full within {end} days:")
    if len(of):
        say(f"  first full day in the 90 % band: {inside.sum()}/{len(of)}")
        say(f"  median width of the band: {width.median():.0f} days")
    chances = {
        "forecast": rows["probability"],
        "share that fills": np.full(len(rows), fills.mean()),
        "line": rows["line"].astype(float),
        "exponential": rows["exponential"].astype(float),
    }
    for name, chance in chances.items():
        say(f"  Brier score, {name}: {np.mean((chance - fills) ** 2):.3f}")


def main() -> None:
    """Read the command line, fit what is left, and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("recovery"), help="folder for results")
    parser.add_argument("--epidemics", type=int, default=EPIDEMICS)
    parser.add_argument("--part", default="1/1", help="k/n: every n-th epidemic, from the k-th")
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--replicates", type=int, default=REPLICATES)
    parser.add_argument("--noise", type=float, default=NOISE)
    parser.add_argument("--full-dates", action="store_true", help="forecast when small hospitals are full")
    parser.add_argument("--report", action="store_true", help="only report")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    first, step = map(int, given.part.split("/"))
    settings = {name: getattr(given, name) for name in ("members", "rounds", "replicates", "noise")}
    left = [] if given.report else range(first - 1, given.epidemics, step)
    for number in left:
        if not (given.out / f"{number:02d}.json").exists():
            recover(number, given.out, settings, with_dates=given.full_dates)
            say(f"{number}: done")
    report(given.out)
    report_full_dates(given.out)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
