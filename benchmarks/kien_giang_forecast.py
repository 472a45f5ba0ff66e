"""Forecast Kiên Giang's cases and deaths of 8 weeks from 15 November 2021, and score the forecast.

    python benchmarks/kien_giang_forecast.py --out kg        # goes on where it stopped

The scenario is `kien-giang-2021.yaml` on 15 November, with the last nine weeks of reported cases as its
history, and the last four of deaths: people who died earlier were infected before the history begins. The
sites that the plan of 2021 had opened are open, public hospitals have half of their convertible wards open,
and 9,300 doses a day are given from the first day on. Infections, R0, transmission by week, detection and
severity are fitted; nothing else is drawn. The ensemble (`FIT`) is small for speed.

The forecast knows no report after its origin. The scenario does: its measures were set by hand to the cases
of the whole wave. Within the history, the fitted transmission replaces their effect; afterwards they stay as
they are on 15 November.

Prints reports, median and 90 % band by week, and the scores beside the hubs' baseline and an exponential
trend; draws the picture `forecast.png`. There is one origin, so this is one observation and no test.
Data: ../shared/data (weekly reports of the national steering committee, as copied in tudtk-covid-project).
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from sweep import say

import surgesim
from surgesim.fitting.fit import Fit

ROOT = Path(__file__).parents[1]
SCENARIO = ROOT / "scenarios" / "kien-giang-2021.yaml"
DATA = ROOT.parent / "shared" / "data" / "ncsc_weekly_cases_deaths.csv"
ORIGIN, WEEKS, WINDOW = date(2021, 11, 15), 8, 9
FIRST = ORIGIN - timedelta(weeks=WINDOW)
WEEKS_OF_DEATHS = 4
DOSES_PER_DAY = 9300
IMMUNE_SHARE = 0.05
"""Infected by 12 September (3,223 reported, 19 %) or protected by two doses (97,000 people): assumed."""

INFECTED = 5000
"""Infected people on the first day: 997 cases reported in the week before, 19 % of infections."""

OPEN_SITES = ("covid-centre", "field-hospital-ha-tien", "district-site-")
FIT = {"members": 96, "rounds": 3, "replicates": 16, "seed": 1}
RUNS = 64


def reports() -> pd.DataFrame:
    """Return the weekly reports of the province; the date is the Sunday that ends the week."""
    table = pd.read_csv(DATA, parse_dates=["week_start_monday"])
    table = table[(table["province"] == "Kien Giang") & (table["days_reported"] == 7)]
    return pd.DataFrame(
        {
            "date": (table["week_start_monday"] + pd.Timedelta(days=6)).dt.date,
            "reported_cases": table["cases"],
            "deaths": table["deaths"],
        }
    ).reset_index(drop=True)


def history(known: pd.DataFrame) -> dict[str, Any]:
    """Return the history of the scenario: a number on each Sunday."""
    series: dict[str, list[float | None]] = {}
    for name, weeks in (("reported_cases", WINDOW), ("deaths", WEEKS_OF_DEATHS)):
        values: list[float | None] = [None] * (7 * WINDOW)
        for day, value in known.tail(weeks)[["date", name]].itertuples(index=False):
            values[(day - FIRST).days] = float(value)
        series[name] = values
    return {"first_day": FIRST.isoformat(), "province": series}


def province(known: pd.DataFrame) -> surgesim.Scenario:
    """Return the scenario on the day of the origin."""
    wave = surgesim.load(SCENARIO)
    assert wave.epidemic is not None
    infected = {name: number for name, number in wave.epidemic.initial_infections.items() if number}
    facilities: dict[str, dict[str, Any]] = {}
    for name, facility in wave.care.facilities.items():
        if name.startswith(OPEN_SITES):
            facilities[name] = {"open_at_start": True, "replaces": []}
        elif facility.ownership == "public":
            shares = {
                bed: (getattr(facility.covid_share, bed) + getattr(facility.convertible_share, bed)) / 2
                for bed in ("basic", "oxygen", "icu")
            }
            facilities[name] = {"covid_share": shares}
    return wave.overlaid(
        {
            "name": "kien-giang-november-2021",
            "start": ORIGIN.isoformat(),
            "days": 7 * WEEKS,
            "warm_up_days": 7 * WINDOW,
            "history": history(known),
            "study": {"uncertainty": dict.fromkeys(wave.study.uncertainty), "runs_per_draw": 1},
            "epidemic": {
                "immunity": {"immune_share": IMMUNE_SHARE},
                "initial_infections": {
                    name: round(INFECTED * number / sum(infected.values()))
                    for name, number in infected.items()
                },
                "importation": {"per_day": 3, "from_day": 0, "until_day": None},
                "vaccination": {"doses_per_day": DOSES_PER_DAY, "start": FIRST.isoformat()},
            },
            "care": {"facilities": facilities},
            "command": {"plan": dict.fromkeys(wave.command.plan)},
            "alternatives": dict.fromkeys(wave.alternatives),
        }
    )


def picture(known: pd.DataFrame, truth: pd.DataFrame, quantiles: pd.DataFrame, path: Path) -> None:
    """Draw the reports before and after the origin, and the bands of the forecast."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(1, 2, figsize=(10, 4))
    for axes, target in zip(panels, ("reported_cases", "deaths"), strict=True):
        of = quantiles[(quantiles["target"] == target) & (quantiles["location"] == "province")]
        levels = of.pivot_table(index="target_end_date", columns="output_type_id", values="value")
        axes.fill_between(levels.index, levels[0.05], levels[0.95], alpha=0.25, label="90 %")
        axes.fill_between(levels.index, levels[0.25], levels[0.75], alpha=0.35, label="50 %")
        axes.plot(levels.index, levels[0.5], label="median")
        axes.plot(pd.to_datetime(known["date"]), known[target], "ko", label="known")
        later = truth[truth["date"] >= ORIGIN]
        axes.plot(pd.to_datetime(later["date"]), later[target], "rx", label="came true")
        axes.set(title=f"{target} per week", ylim=(0, None))
        axes.tick_params(axis="x", rotation=45)
    panels[0].legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="folder: make what is missing")
    parser.add_argument("--workers", type=int, default=1)
    out, workers = (arguments := parser.parse_args()).out, arguments.workers
    if not DATA.is_file():
        say(f"skipped: {DATA} is missing")
        return 0
    truth = reports()
    known = truth[truth["date"] < ORIGIN]
    out.mkdir(parents=True, exist_ok=True)
    file, scenario = out / "forecast.csv", province(known)
    if not file.is_file():
        begin, clock = time.process_time(), time.monotonic()
        fit: Fit = surgesim.fit(scenario, out=out / "fit", resume=True, workers=workers, **FIT)
        say(f"fit: {time.process_time() - begin:.0f} s of processor time, {time.monotonic() - clock:.0f} s")
        for warning in fit.warnings:
            say(f"  {warning}")
        done = surgesim.forecast(scenario, WEEKS, fit=fit, replications=RUNS, workers=workers)
        say(
            f"in all: {time.process_time() - begin:.0f} s of processor time, {time.monotonic() - clock:.0f} s"
        )
        beside = out / ".forecast.csv"
        done.quantiles.to_csv(beside, index=False)
        beside.replace(file)
    quantiles = pd.read_csv(file, parse_dates=["origin_date", "target_end_date"])
    whole = quantiles[quantiles["location"] == "province"]
    picture(known, truth, whole, out / "forecast.png")
    scores = surgesim.score(whole[whole["target"].isin(["reported_cases", "deaths"])], truth)
    for target in ("reported_cases", "deaths"):
        by_week = whole[whole["target"] == target].pivot_table(
            index="target_end_date", columns="output_type_id", values="value"
        )
        say(f"{target}: week to, reported, median (90 %)")
        came = truth.set_index(pd.to_datetime(truth["date"]))[target]
        for end, row in by_week.iterrows():
            band = f"({row[0.05]:.0f} to {row[0.95]:.0f})"
            say(f"  {end:%Y-%m-%d} {came.get(end, float('nan')):7.0f} {row[0.5]:8.0f} {band}")
    rows = scores.table[scores.table["location"] == "all"]
    columns = ["model", "target", "horizon", "n", "relative_wis", "coverage_50", "coverage_90", "bias"]
    say(rows[columns].to_string(index=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
