"""Score forecasts of hospital and ICU patients in British Columbia, 2020-11 to 2021-12.

    python benchmarks/british_columbia.py                    # a damped trend and the yardsticks
    python benchmarks/british_columbia.py --out bc           # and surgesim; goes on where it stopped
    python benchmarks/british_columbia.py --forecasts *.csv  # and other forecasts, in the form of hubs
    python benchmarks/british_columbia.py --until 2021-06-27 # origins that know nothing of wave 4

27 origins, every second week from 2020-11-01 to 2021-10-31, with targets 14 and 28 days later. A
forecast knows the data up to its origin, from 2020-09-01. Prints WIS relative to the hubs' baseline and
the coverage of 50 and 90 % intervals, by wave and in all, for each model and the yardsticks of
`surgesim score`; the last column is the relative WIS of a damped trend that was computed outside this
project.

The damped trend: the growth of hospital admissions is the slope of log(0.5 + admissions) over 21 days,
and falls to 95 % of itself each day. Admissions go on with it from the mean of the last 7 days. Patients
are the last census times the ratio of expected patients (admissions convolved with a stay) on the target
day and today. Bands are quantiles of the errors of the same method up to the origin, with both signs, on
the scale of log(1 + x). The stay in ICU is that of the validation data (gamma, mean 10.4 d, shape 0.72);
in hospital it is assumed (exponential, 9 d). About a dozen other readings were scored on
all waves before this one was chosen (growth of daily counts or of 7-day means, which give 0.69 and 0.88
for ICU, 0.55 and 0.74 for hospital; damping 0.93 to 1; history from five dates; hospital stays of 6 to
15 d; errors with one or both signs), so its scores are no clean holdout.

surgesim: a scenario of one district and one hospital with room for all is fitted to the last 63 days of
reported cases, admissions, patients in hospital and in ICU, and run on for 28 days by `surgesim.forecast`
with its default course of transmission. Unlike the damped trend, it knows the reported cases. Severity is
that of `squire-2022` and not fitted (cases, admissions and detection leave it open); the share of patients
who need ICU is. Noise, the use of cases and the course of transmission were chosen on the origins
to 2021-06-27, whose targets lie before August 2021, in a simplified copy of the model; window and
ensemble are small for speed.

Another model is another function from the data up to an origin to quantiles.
Data: ../shared/validation (CovidTimelineCanada, CC BY 4.0); without them nothing is scored.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import gamma
from sweep import say

import surgesim

DATA = Path(__file__).parents[2] / "shared" / "validation" / "bc_hospital_daily.csv"
COLUMNS = {
    "cases": "reported_cases",
    "hosp_occ": "in_hospital",
    "icu_occ": "icu",
    "new_hosp": "admissions",
    "new_icu": "icu_admissions",
}
FIRST, LAST = date(2020, 9, 1), date(2021, 12, 10)
ORIGINS = [date(2020, 11, 1) + timedelta(days=14 * number) for number in range(27)]
WEEKS = (2, 4)
WAVES = {"wave 2": date(2020, 11, 1), "wave 3": date(2021, 3, 1), "wave 4": date(2021, 8, 1)}
LEVELS = np.array([0.025, *np.arange(1, 20) / 20, 0.975])
STATED = {("icu", 2): 0.68, ("icu", 4): 0.88, ("in_hospital", 2): 0.56, ("in_hospital", 4): 0.58}

GROWTH_DAYS, DAMPING = 21, 0.95
FLOWS = {"icu": "icu_admissions", "in_hospital": "admissions"}
STAYS = {"icu": gamma(0.72, scale=10.4 / 0.72), "in_hospital": gamma(1, scale=9.0)}
LONGEST = 120
FIRST_TREND = GROWTH_DAYS + 7 - 1  # the first day with admissions over a whole window

Quantiles = Mapping[tuple[str, int], np.ndarray]
Forecaster = Callable[[pd.DataFrame], Quantiles]


def damped_trend(known: pd.DataFrame) -> Quantiles:
    """Return the quantiles of each target and number of weeks, from the data up to an origin."""
    return {(target, weeks): _damped(known, target, weeks * 7) for target in FLOWS for weeks in WEEKS}


def _damped(known: pd.DataFrame, target: str, ahead: int) -> np.ndarray:
    census, admissions = known[target].to_numpy(float), known[FLOWS[target]].to_numpy(float)
    hospital = np.log(0.5 + known["admissions"].to_numpy(float))
    staying = STAYS[target].sf(np.arange(LONGEST) + 0.5)
    last = len(census) - 1

    def middle(today: int) -> float:
        x = np.arange(GROWTH_DAYS) - (GROWTH_DAYS - 1) / 2
        growth = x @ hospital[today + 1 - GROWTH_DAYS : today + 1] / (x @ x)
        future = np.exp(growth * np.cumsum(DAMPING ** np.arange(1, ahead + 1)))
        past = admissions[: today + 1]
        course = np.concatenate((past, past[-7:].mean() * future))
        return float(census[today] * _patients(course, staying) / _patients(past, staying))

    days = range(FIRST_TREND, last + 1)
    logs = {today: np.log1p(middle(today)) for today in days}
    errors = np.array(
        [np.log1p(census[today + ahead]) - logs[today] for today in days if today + ahead <= last]
    )
    return np.expm1(logs[last] + np.quantile(np.concatenate((errors, -errors)), LEVELS))


def _patients(admissions: np.ndarray, staying: np.ndarray) -> float:
    recent = admissions[::-1][:LONGEST]
    return float(recent @ staying[: len(recent)])


WINDOW = 63
"""Days of reports that surgesim is fitted to."""

NOT_COMPARED = {"reported_cases": 14, "admissions": 21, "in_hospital": 35, "icu": 35}
"""First days of the window in which the model, which begins with infections alone, has too few of these."""

FIT = {"members": 80, "rounds": 3, "replicates": 16, "noise": 0.07, "seed": 1, "workers": 1}
ICU_SHARE = "epidemic.variant.icu_severity"
ICU_STAY = {"gamma": {"mean": 10.4, "sd": 10.4 / 0.72**0.5}}
PER_ADMISSION = 250
"""Infections at the start for each daily admission soon after: about 50 per admission, of 5 days."""


def province(known: pd.DataFrame) -> surgesim.Scenario:
    """Return British Columbia on the day after the last one known: its history, and who is in hospital."""
    window = known.tail(WINDOW)
    last = window.iloc[-1]
    history = {
        name: [None] * skipped + window[name].astype(float).tolist()[skipped:]
        for name, skipped in NOT_COMPARED.items()
    }
    early = window["admissions"].iloc[7 : NOT_COMPARED["admissions"]].mean()
    return surgesim.load(
        {
            "name": "british-columbia",
            "title": "British Columbia",
            "start": (last["date"] + timedelta(days=1)).isoformat(),
            "days": 7 * max(WEEKS),
            "study": {"runs_per_draw": 1},
            "people": {
                "districts": {"all": {"title": "British Columbia", "population": 5_100_000}},
                "ages": "canada-2020",
                "contacts": "vietnam-2021",
                "high_risk": "high-risk-assumed",
            },
            "epidemic": {
                "dt_days": 0.5,
                "variant": {"r0": 1.0, "latent_days": 3.0, "infectious_days": 4.0},
                "initial_infections": {"all": max(round(PER_ADMISSION * early), 1)},
                "detection": {"share": 0.3},
            },
            "clinical": {
                "profile": "squire-2022",
                "stays": {"icu_survivor_days": ICU_STAY, "icu_dying_days": ICU_STAY},
            },
            "care": {
                "facilities": {
                    "hospitals": {
                        "title": "All hospitals",
                        "district": "all",
                        "ownership": "public",
                        "beds": {"oxygen": 20_000, "icu": 5_000},
                        "covid_share": 1,
                    }
                },
                "initial_census": {
                    "hospitals": {
                        "oxygen": int(last["in_hospital"] - last["icu"]),
                        "icu": int(last["icu"]),
                    }
                },
            },
            "history": {"first_day": window["date"].iloc[0].isoformat(), "province": history},
        }
    )


def fit(scenario: surgesim.Scenario, folder: Path) -> surgesim.Fit:
    """Fit a scenario to its history, or read the fit if it is in the folder."""
    return surgesim.fit(
        scenario,
        priors={ICU_SHARE: (1 / 1.5, 1.5)},
        fixed=["epidemic.variant.severity"],
        out=folder,
        resume=True,
        **FIT,
    )


def own(known: pd.DataFrame, out: Path, **settings: Any) -> Quantiles:
    """Return the forecast of surgesim, which is made once and then read from the folder."""
    origin = known["date"].iloc[-1]
    file = out / f"{origin}.csv"
    if not file.is_file():
        scenario = province(known)
        done = surgesim.forecast(
            scenario, max(WEEKS), fit=fit(scenario, out / f"fit-{origin}"), workers=1, **settings
        )
        beside = out / f".{origin}.csv"
        done.quantiles.to_csv(beside, index=False)
        beside.replace(file)
    table = pd.read_csv(file)
    table = table[(table["location"] == "province") & table["horizon"].isin(WEEKS)]
    by = table.sort_values("output_type_id").groupby(["target", "horizon"])["value"]
    return {(target, weeks): by.get_group((target, weeks)).to_numpy() for target in FLOWS for weeks in WEEKS}


def hub_form(forecaster: Forecaster, data: pd.DataFrame, origins: Sequence[date] = ORIGINS) -> pd.DataFrame:
    """Return the forecasts of all origins, each from the data up to its origin."""
    rows: list[tuple[Any, ...]] = []
    for origin in origins:
        for (target, weeks), values in forecaster(data[data["date"] <= origin]).items():
            end = origin + timedelta(days=7 * weeks)
            place = (origin, target, weeks, end, "province", "quantile")
            rows += [(*place, *pair) for pair in zip(LEVELS.tolist(), values.tolist(), strict=True)]
    names = [
        "origin_date",
        "target",
        "horizon",
        "target_end_date",
        "location",
        "output_type",
        "output_type_id",
    ]
    return pd.DataFrame(rows, columns=[*names, "value"])


def reports() -> pd.DataFrame:
    """Return the data of all days that may be used."""
    data = pd.read_csv(DATA, parse_dates=["date"])[["date", *COLUMNS]].rename(columns=COLUMNS)
    data["date"] = data["date"].dt.date
    return data[(data["date"] >= FIRST) & (data["date"] <= LAST)].reset_index(drop=True)


def lines(each: pd.DataFrame, name: str, *, stated: bool) -> Iterator[str]:
    """Yield a line per target and horizon, in all and by wave."""
    for (target, weeks), of in each.groupby(["target", "horizon"]):
        starts = pd.to_datetime(list(WAVES.values()))
        waves = np.searchsorted(starts, of["origin_date"], "right") - 1
        parts = {"all": of, **{wave: of[waves == number] for number, wave in enumerate(WAVES)}}
        cells = "".join(
            f"{part['wis'].sum() / part['baseline_wis'].sum():8.2f} {part['coverage_50'].mean():5.2f}"
            f"{part['coverage_90'].mean():5.2f}"
            if len(part)
            else f"{'-':>8}{'-':>6}{'-':>5}"
            for part in parts.values()
        )
        beside = f"{STATED[target, weeks]:9.2f}" if stated and (target, weeks) in STATED else ""
        yield f"{name:14}{target:12}{7 * weeks:3} d{len(of):4}{cells}{beside}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--forecasts", nargs="+", type=Path, help="score these files (hub form) as well")
    parser.add_argument("--out", type=Path, help="folder of surgesim's forecasts: make what is missing")
    parser.add_argument("--until", type=date.fromisoformat, default=ORIGINS[-1], help="last origin")
    arguments = parser.parse_args()
    if not DATA.is_file():
        say(f"skipped: {DATA} is missing")
        return 0
    data = reports()
    truth = data[["date", "in_hospital", "icu"]]
    models: dict[str, Forecaster] = {"damped trend": damped_trend}
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        models["surgesim"] = partial(own, out=arguments.out)
    origins = [origin for origin in ORIGINS if origin <= arguments.until]
    given: dict[str, Any] = {name: hub_form(of, data, origins) for name, of in models.items()}
    if arguments.forecasts:
        given["files"] = arguments.forecasts
    say(f"{'':35}" + "".join(f"{part:>19}" for part in ("all", *WAVES)) + "   stated")
    say(
        f"{'model':14}{'target':12}{'':5}{'n':>4}" + f"{'rel.':>8}{'50%':>6}{'90%':>5}" * len(("all", *WAVES))
    )
    for name, forecasts in given.items():
        scores = surgesim.score(forecasts, truth).each
        for line in lines(scores[scores["model"] == "forecast"], name, stated=name == "damped trend"):
            say(line)
    for model in ("trend", "baseline"):
        for line in lines(scores[scores["model"] == model], model, stated=False):
            say(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
