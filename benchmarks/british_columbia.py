"""Score forecasts of hospital and ICU patients in British Columbia, 2020-11 to 2021-12.

    python benchmarks/british_columbia.py                    # a damped trend and the yardsticks
    python benchmarks/british_columbia.py --forecasts *.csv  # and other forecasts, in the form of hubs

27 origins, every second week from 2020-11-01 to 2021-10-31, with targets 14 and 28 days later. A
forecast knows the data up to its origin, from 2020-09-01. Prints WIS relative to the hubs' baseline and
the coverage of 50 and 90 % intervals, by wave and in all, for the damped trend and the yardsticks of
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

Another model is another entry of `FORECASTERS`: a function from the data up to an origin to quantiles.
Data: ../shared/validation (CovidTimelineCanada, CC BY 4.0); without them nothing is scored.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import gamma
from sweep import say

import surgesim

DATA = Path(__file__).parents[2] / "shared" / "validation" / "bc_hospital_daily.csv"
COLUMNS = {"hosp_occ": "in_hospital", "icu_occ": "icu", "new_hosp": "admissions", "new_icu": "icu_admissions"}
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


FORECASTERS: dict[str, Forecaster] = {"damped trend": damped_trend}


def hub_form(forecaster: Forecaster, data: pd.DataFrame) -> pd.DataFrame:
    """Return the forecasts of all origins, each from the data up to its origin."""
    rows: list[tuple[Any, ...]] = []
    for origin in ORIGINS:
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


def lines(each: pd.DataFrame, name: str, *, stated: bool) -> Iterator[str]:
    """Yield a line per target and horizon, in all and by wave."""
    for (target, weeks), of in each.groupby(["target", "horizon"]):
        starts = pd.to_datetime(list(WAVES.values()))
        waves = np.searchsorted(starts, of["origin_date"], "right") - 1
        parts = {"all": of, **{wave: of[waves == number] for number, wave in enumerate(WAVES)}}
        cells = "".join(
            f"{part['wis'].sum() / part['baseline_wis'].sum():8.2f} {part['coverage_50'].mean():5.2f}"
            f"{part['coverage_90'].mean():5.2f}"
            for part in parts.values()
        )
        beside = f"{STATED[target, weeks]:9.2f}" if stated and (target, weeks) in STATED else ""
        yield f"{name:14}{target:12}{7 * weeks:3} d{len(of):4}{cells}{beside}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--forecasts", nargs="+", type=Path, help="score these files (hub form) as well")
    arguments = parser.parse_args()
    if not DATA.is_file():
        say(f"skipped: {DATA} is missing")
        return 0
    data = pd.read_csv(DATA, parse_dates=["date"])[["date", *COLUMNS]].rename(columns=COLUMNS)
    data["date"] = data["date"].dt.date
    data = data[(data["date"] >= FIRST) & (data["date"] <= LAST)].reset_index(drop=True)
    truth = data[["date", "in_hospital", "icu"]]
    given: dict[str, Any] = {name: hub_form(of, data) for name, of in FORECASTERS.items()}
    if arguments.forecasts:
        given["files"] = arguments.forecasts
    say(f"{'':35}" + "".join(f"{part:>19}" for part in ("all", *WAVES)) + "   stated")
    say(
        f"{'model':14}{'target':12}{'':5}{'n':>4}" + f"{'rel.':>8}{'50%':>6}{'90%':>5}" * len(("all", *WAVES))
    )
    for name, forecasts in given.items():
        scores = surgesim.score(forecasts, truth).each
        for line in lines(scores[scores["model"] == "forecast"], name, stated=name in FORECASTERS):
            say(line)
    for model in ("trend", "baseline"):
        for line in lines(scores[scores["model"] == model], model, stated=False):
            say(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
