"""The summary of a result in three sentences: the emergency, what comes first and binds, what plans change.

Each is computed. Probabilities are put in words by `likelihood`, differences are told only where their
whole interval lies on one side of zero.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd
from markupsafe import Markup

from surgesim.report.likelihood import likelihood
from surgesim.report.names import threshold_title
from surgesim.report.plans import plan_in_words
from surgesim.report.quoted import Row, Told, Value, cell, joined, named, quote, source, told
from surgesim.report.sentences import what_binds
from surgesim.report.words import day_text, number, percent, phrase, rounded
from surgesim.scenario.schema import BASELINE
from surgesim.study.breaches import PROVINCE_AREA, SITUATION

if TYPE_CHECKING:
    from surgesim.study.results import Results

JUDGED_BY = "deaths_untreated"
"""The outcome by which the summary compares plans: deaths for want of care."""


def three_sentences(results: Results, lang: str) -> tuple[Told, Told, Told]:
    """The summary, for the baseline and what the alternatives change against it."""
    return _emergency(results, lang), _first_and_binding(results, lang), _plans(results, lang)


def province_rows(results: Results, alternative: str = BASELINE) -> list[Row]:
    """The rows of breaches.csv of the province under an alternative."""
    table = results.breaches
    mine = (table["alternative"] == alternative) & (table["area"] == PROVINCE_AREA)
    return list(table[mine].to_dict("records"))


def runs(results: Results, lang: str) -> Value:
    """How many runs each alternative has."""
    n = int(results.manifest["replications"])
    return Value(number(n, lang), n, "manifest.json#replications")


def share(row: Row, column: str, lang: str) -> Value:
    """A share of breaches.csv as a percentage."""
    return Value(
        percent(float(row[column]), lang), float(row[column]), cell("breaches", row, column), scale=0.01
    )


def first_date(results: Results, row: Row, column: str, lang: str) -> Value | None:
    """The date of a first day in breaches.csv; None where there is none."""
    if pd.isna(row[column]):
        return None
    day = results.scenario.start + timedelta(days=round(float(row[column])))
    return Value(day_text(day, lang), day, cell("breaches", row, column))


def how_likely(row: Row, lang: str) -> str:
    """The word for the probability of a row of breaches.csv."""
    return phrase(lang, likelihood(float(row["probability_low"]), float(row["probability_high"])))


def inside(text: str) -> str:
    """A beginning of a sentence as it stands within one: ``Likely`` becomes ``likely``, ``ICU`` stays."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _shares(row: Row, lang: str) -> dict[str, object]:
    return {
        "likely": inside(how_likely(row, lang)),
        "share": share(row, "probability", lang),
        "low": share(row, "probability_low", lang),
        "high": share(row, "probability_high", lang),
    }


def _emergency(results: Results, lang: str) -> Told:
    """How probable the declared emergency is, and when it comes."""
    rows = [row for row in province_rows(results) if row["threshold"] == SITUATION]
    if not rows:
        return told(lang, "summary.no_thresholds")
    row = rows[0]
    last = results.scenario.end - timedelta(days=1)
    fields = {
        **_shares(row, lang),
        "runs": runs(results, lang),
        "end": Value(day_text(last, lang), last, "scenario.yaml#last day"),
    }
    if row["breached_at_start"] == 1:
        return told(lang, "summary.emergency_at_start", **fields)
    if row["probability"] == 0:
        return told(lang, "summary.emergency_in_no_run", **fields)
    median, early, late = (first_date(results, row, f"first_day_{q}", lang) for q in ("median", "p5", "p95"))
    if median is None:
        return told(lang, "summary.emergency_in_some_runs", **fields)
    if early is None or late is None:
        return told(lang, "summary.emergency_half", **fields, day=median)
    return told(lang, "summary.emergency", **fields, day=median, early=early, late=late)


def _first_and_binding(results: Results, lang: str) -> Told:
    """Which threshold is passed first, and what limits the beds on the days that matter."""
    begun = [row for row in province_rows(results) if row["threshold"] != SITUATION]
    later = [row for row in begun if row["breached_at_start"] < 1 and not pd.isna(row["first_day_median"])]
    binds = joined([_without_stop(sentence) for sentence in what_binds(results, lang)], "; ")
    if not later:
        return told(lang, "summary.no_first", binds=binds)
    first = min(later, key=lambda row: float(row["first_day_median"]))
    return told(
        lang,
        "summary.first",
        threshold=named(threshold_title(results.scenario, str(first["threshold"]), lang)),
        day=first_date(results, first, "first_day_median", lang),
        binds=binds,
        **_shares(first, lang),
    )


def _without_stop(sentence: Told) -> Told:
    """A sentence as a part of a longer one."""
    return Told(inside(sentence.removesuffix(".")), Markup(inside(sentence.html.removesuffix("."))))


def _plans(results: Results, lang: str) -> Told:
    """Which plan lowers the deaths for want of care most, where the intervals allow to say so."""
    table = results.comparison[results.comparison["outcome"] == JUDGED_BY]
    rows: list[Row] = list(table.to_dict("records"))
    if not rows:
        return told(lang, "summary.no_plans")
    if table["difference_low"].isna().any():
        return told(lang, "summary.one_run")
    fewer = table[table["difference_high"] < 0]
    more = table[table["difference_low"] > 0]
    counts = {
        "plans": Value(number(len(rows), lang), len(rows), _counted("difference")),
        "fewer": Value(number(len(fewer), lang), len(fewer), _counted("difference_high<0")),
        "more": Value(number(len(more), lang), len(more), _counted("difference_low>0")),
    }
    if fewer.empty:
        return told(lang, "summary.none_better", **counts)
    best: Row = fewer.sort_values("difference").to_dict("records")[0]
    down = {
        name: Value(
            rounded(-float(best[column]), lang),
            float(best[column]),
            cell("comparison", best, column),
            scale=-1.0,
        )
        for name, column in (("value", "difference"), ("low", "difference_high"), ("high", "difference_low"))
    }
    return told(
        lang,
        "summary.best",
        **counts,
        **down,
        plan=named(plan_in_words(results.scenario, str(best["alternative"]), lang)),
        baseline=quote("comparison", best, "baseline_mean", rounded, lang),
    )


def _counted(what: str) -> str:
    return source("comparison", f"count:{what}", outcome=JUDGED_BY)
