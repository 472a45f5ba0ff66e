"""Sentences of the summary on deaths, constraints, ICU care, access, level, uncertainty and missing plans."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from surgesim.model.record import BINDS
from surgesim.report.citation import Passage, Row, Value, cell, passage, proper_name, quote, source
from surgesim.report.names import alternative_title, criteria, threshold_title
from surgesim.report.paths import path_words
from surgesim.report.words import (
    common_decimals,
    day_month,
    group_words,
    number,
    percent,
    phrase,
    round_off,
    to_decimals,
    with_sign,
)
from surgesim.scenario.schema.indicators import ICU_BEDS
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.measures.binding import BEDS, modelled_limits
from surgesim.study.measures.compare import DAYS_BREACHED, DEATHS, FIRST_DAY
from surgesim.study.measures.quantiles import quantile
from surgesim.study.measures.reached import ALL
from surgesim.study.precision import NO_EVENT, NOT_MEASURED

if TYPE_CHECKING:
    import pandas as pd

    from surgesim.study.results import Results

FEWEST_FOR_A_RANGE: Final = 5
"""Min number of replications for meaningful 5 % and 95 % quantiles."""

RELATIVE: Final = ("relative", "relative_low", "relative_high")
"""The columns of a difference as a share of the baseline, and of its interval."""

PERCENT: Final = 0.01
"""One percent, as a share."""

RANGE: Final = (0.05, 0.95)
"""The quantiles between which a range over the runs lies."""


def are_extremes(low: float, high: float, runs: int) -> bool:
    """Return True if two quantiles of so many runs are the lowest and the highest of them.

    Examples
    --------
    >>> are_extremes(*RANGE, 19), are_extremes(*RANGE, 20), are_extremes(0.1, 0.9, 9)
    (True, False, True)
    """
    low_end, high_end = quantile(np.arange(runs, dtype=float), (low, high))
    return bool(low_end == 0 and high_end == runs - 1)


def ends_of_ranges(results: Results, key: str) -> str:
    """Return the key of a text on ranges: with ``_all`` if they go from the lowest to the highest run."""
    runs = int(results.replications["replication"].nunique())
    return f"{key}_all" if enough_for_ranges(results) and are_extremes(*RANGE, runs) else key


def enough_for_ranges(results: Results) -> bool:
    """Return True if there are enough replications to report a range."""
    return int(results.replications["replication"].nunique()) >= FEWEST_FOR_A_RANGE


def amount(row: Row, sign: float, lang: str) -> dict[str, Value]:
    """Format a difference and its interval with the same decimals; with `sign` -1, as a reduction."""
    low, high = ("difference_low", "difference_high")[:: int(sign)]
    decimals = common_decimals(*(float(row[c]) for c in ("difference", "difference_low", "difference_high")))
    return {
        name: Value(
            to_decimals(sign * float(row[column]), lang, decimals),
            float(row[column]),
            cell("comparison", row, column),
            scale=sign,
        )
        for name, column in (("value", "difference"), ("low", low), ("high", high))
    }


def in_percent(row: Row, lang: str) -> list[str]:
    """Format a difference in percent of the baseline, and its interval: ``-58%`` and ``(-80% to -35%)``.

    Empty if it has no such interval, as for a first day or if the baseline may be 0. An interval without
    width is left out.
    """
    values = [100 * float(row.get(column, math.nan)) for column in RELATIVE]
    if any(map(math.isnan, values)):
        return []
    crosses = values[1] <= 0 <= values[2]
    is_whole = abs(values[0]) >= 10 and (crosses or min(map(abs, values)) >= 0.5)
    decimals = 0 if is_whole else common_decimals(*values)

    def write(value: float, lang: str) -> str:
        return f"{with_sign(value, lang, decimals)}%"

    mean, low, high = (quote("comparison", row, column, write, lang, PERCENT) for column in RELATIVE)
    return [mean] if low == high else [mean, passage(lang, "change.interval", low=low, high=high)]


def never_begins(results: Results, row: Mapping[Any, Any]) -> bool:
    """Return True if an outcome is a first day that no run of the baseline has: its mean is the last day."""
    first = str(row["outcome"]).startswith(FIRST_DAY)
    return first and float(row["baseline_mean"]) >= results.scenario.days


def longer_without_fewer_deaths(results: Results, lang: str) -> Iterator[Passage]:
    """Name plans with a longer emergency but no fewer deaths, and the breach that is prolonged most.

    A plan or criterion counts only if its whole interval supports the claim.
    """
    for name, rows in results.comparison.groupby("alternative", sort=False):
        by_outcome: dict[str, Row] = {str(row["outcome"]): row for row in rows.to_dict("records")}
        days, died = by_outcome.get("situation_days"), by_outcome.get(DEATHS)
        if days is None or died is None or not days["difference_low"] > 0 or died["difference_high"] < 0:
            continue
        lasting = [
            (float(row["difference"]), criterion, row)
            for criterion in criteria(results.scenario)
            for row in [by_outcome.get(f"{DAYS_BREACHED}{criterion}")]
            if row is not None and row["difference_low"] > 0
        ]
        plan = proper_name(alternative_title(results.scenario, str(name), lang))
        if not lasting:
            yield passage(lang, "sentence.longer", plan=plan, **amount(days, 1.0, lang))
            continue
        _, criterion, most = max(lasting, key=lambda item: item[0])
        title = proper_name(threshold_title(results.scenario, criterion, lang))
        more = {f"more_{key}": value for key, value in amount(most, 1.0, lang).items()}
        yield passage(
            lang, "sentence.longer_by", plan=plan, **amount(days, 1.0, lang), criterion=title, **more
        )


def deaths(results: Results, lang: str, alternative: str = BASELINE) -> str:
    """State an alternative's deaths, in total and for lack of care, with ranges if there are enough runs."""
    rows = results.replications[results.replications["alternative"] == alternative]
    runs = len(rows)
    said = {"runs": number(runs, lang)}
    for key, prefix, outcome in (("all", "", "deaths"), ("untreated", "untreated_", "deaths_untreated")):
        values = rows[outcome]
        said[key] = round_off(float(values.mean()), lang)
        for end, share in zip(("low", "high"), RANGE, strict=True):
            said[f"{prefix}{end}"] = round_off(float(quantile(values.to_numpy(dtype=float), share)), lang)
    if runs < FEWEST_FOR_A_RANGE:
        return phrase(lang, "sentence.deaths", **said)
    key = "sentence.deaths_extremes" if are_extremes(*RANGE, runs) else "sentence.deaths_range"
    return phrase(lang, key, **said)


def main_constraints(results: Results, lang: str, alternative: str = BASELINE) -> Iterator[Passage]:
    """State the main binding constraint of each bed type on breach days, or that only space is modelled.

    Breach days are days of the declared emergency. If there are none, days on which patients lack such a bed
    are used instead.
    """
    if not modelled_limits(results.scenario.alternative(alternative)):
        yield passage(lang, "sentence.only_space")
        return
    for bed, which, said in binding_of_beds(results, lang, alternative):
        yield passage(lang, f"sentence.{which}", bed=phrase(lang, f"sentence.{bed}"), **said)


def binding_of_beds(
    results: Results, lang: str, alternative: str = BASELINE
) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield each bed type with the kind of days counted, its main constraint, and the days on which it binds.

    The kind is ``breach``, ``short`` (patients lack such a bed) or ``never``.
    """
    table = results.binding[results.binding["alternative"] == alternative]
    for bed in BEDS:
        rows = table[table["bed"] == bed]
        for which in ("breach", "short"):
            column = f"{which}_days_mean"
            days = rows[column].to_numpy(dtype=float)
            if days.sum() > 0:
                most = rows.to_dict("records")[int(days.argmax())]
                total = source("binding", f"sum:{column}", alternative=alternative, bed=bed)
                said = {
                    "what": phrase(lang, f"constraint.{most['constraint']}"),
                    "days": quote("binding", most, column, round_off, lang),
                    "all": Value(round_off(float(days.sum()), lang), float(days.sum()), total),
                }
                yield bed, which, said
                break
        else:
            yield bed, "never", {}


SPACE: Final = "space"
"""The constraint of beds that have all else: the usable beds are the open ones."""


def limit_of_beds(results: Results, bed: str, day: int, alternative: str = BASELINE) -> str | None:
    """Return the constraint that binds most open beds of a type on a day; None if only space is modelled."""
    if not modelled_limits(results.scenario.alternative(alternative)):
        return None
    table = results.daily[(results.daily["alternative"] == alternative) & (results.daily["day"] == day)]
    shares = table.set_index("indicator")["mean"]
    bound = {what: float(shares.get(f"{bed}_bound_by_{what}", 0.0)) for what in BINDS[bed]}
    most = max(bound, key=lambda what: bound[what])
    return most if bound[most] > 0 else None


STAFFED_ICU: Final = "staffed_icu_beds_per_100k"
USABLE_ICU: Final = "usable_icu_beds_per_100k"


def icu_care(results: Results, lang: str, alternative: str = BASELINE) -> Iterator[Passage]:
    """State ICU admissions, the lowest share of need met, and the fewest staffed and usable ICU beds."""
    table = results.daily[results.daily["alternative"] == alternative]

    def taken(indicator: str, by: str, column: str, write: Callable[[float, str], str]) -> Value | None:
        values = table.loc[table["indicator"] == indicator, column]
        value = float(getattr(values, by)())
        if values.isna().all() or not math.isfinite(value):
            return None
        place = source("daily", f"{by}:{column}", alternative=alternative, indicator=indicator)
        return Value(write(value, lang), value, place, scale=0.01 if write is percent else 1.0)

    entries, outside = (taken(f"{what}_icu", "sum", "mean", round_off) for what in ("entries", "admissions"))
    served = taken("icu_need_served_share", "min", "p50", percent)
    if entries is not None and float(entries.value) > 0:
        yield passage(lang, "sentence.icu_entries", entries=entries, outside=outside, served=served)
    watched = {threshold.indicator for threshold in results.scenario.command.thresholds.values()}
    if watched & set(ICU_BEDS):
        staffed, usable = (taken(what, "min", "p50", round_off) for what in (STAFFED_ICU, USABLE_ICU))
        if staffed is not None and usable is not None:
            yield passage(lang, "sentence.icu_beds", staffed=staffed, usable=usable)
        elif staffed is not None:
            yield passage(lang, "sentence.icu_beds_staffed", staffed=staffed)
    unequipped = taken("icu_without_ventilator", "max", "p50", round_off)
    if unequipped is not None and float(unequipped.value) > 0:
        yield passage(lang, "sentence.icu_without_ventilator", beds=unequipped)


LEVEL: Final = "epidemic_level"

FEW_PATIENTS: Final = 10.0
"""Min mean number of patients in a group for it to be named, so that chance does not pick the group."""


def timely_access(results: Results, lang: str, alternative: str = BASELINE) -> Iterator[str]:
    """State the share with timely access, the groups with the lowest share, and deaths per million."""
    scenario = results.scenario.alternative(alternative)
    districts = scenario.people.districts
    table = results.reached[results.reached["alternative"] == alternative]
    everybody = table[table["by"] == ALL].to_dict("records")[0]
    if everybody["patients_mean"] == 0:
        yield phrase(lang, "sentence.nobody")
        return
    fewest = []
    for by in ("age", "risk", "district"):
        rows = table[(table["by"] == by) & (table["patients_mean"] >= FEW_PATIENTS)].to_dict("records")
        if len(rows) > 1:
            row = min(rows, key=lambda row: float(row["in_time_share"]))
            name = str(row["group"])
            group = districts[name].title.get(lang) if by == "district" else group_words(lang, name)
            fewest.append(f"{group} {percent(row['in_time_share'], lang)}")
    share, hours = percent(everybody["in_time_share"], lang), number(scenario.in_time_hours, lang)
    if fewest:
        yield phrase(lang, "sentence.reached", share=share, hours=hours, groups=", ".join(fewest))
    else:
        yield phrase(lang, "sentence.reached_alike", share=share, hours=hours)
    if not math.isnan(everybody["times_reference"]):
        yield phrase(
            lang,
            "sentence.died",
            all=number(everybody["deaths_per_million"], lang, 4),
            times=number(everybody["times_reference"], lang, 2),
            reference=number(everybody["reference_deaths_per_million"], lang),
        )


def epidemic_level(results: Results, lang: str, alternative: str = BASELINE) -> Iterator[str]:
    """State the highest epidemic level, its date and its districts, if there is a table of levels."""
    if results.scenario.alternative(alternative).command.levels is None:
        return

    def of(table: pd.DataFrame) -> pd.DataFrame:
        return table[(table["alternative"] == alternative) & (table["indicator"] == LEVEL)]

    province = of(results.daily)
    highest = province["p50"].max()
    if math.isnan(highest):
        yield phrase(lang, "sentence.level_not_assessed")
        return
    first = province[province["p50"] == highest].iloc[0]
    by_district = of(results.daily_districts).groupby("area")["p50"].max()
    most = by_district.max()
    yield phrase(
        lang,
        "sentence.level",
        level=number(highest, lang),
        day=day_month(first["date"].date(), lang),
        some=number(int((by_district == most).sum()), lang),
        all=number(len(by_district), lang),
        most=number(most, lang),
    )


def without_plan(scenario: Scenario, lang: str) -> Iterator[str]:
    """State how many facilities lack a mobilisation plan, and for how many it is unknown, unless for all."""
    plans = [facility.mobilisation_plan for facility in scenario.care.facilities.values()]
    silent, without = plans.count(None), plans.count(False)
    if silent == len(plans):
        return
    yield phrase(
        lang,
        "sentence.plans" if silent == 0 else "sentence.plans_and_silent",
        without=number(without, lang),
        all=number(len(plans), lang),
        silent=number(silent, lang),
    )


def uncertainty_notes(scenario: Scenario, lang: str) -> Iterator[str]:
    """List the uncertain parameters that the bands reflect in addition to chance."""
    if scenario.study.drawn:
        names = [path_words(scenario, path, lang) for path in scenario.study.drawn]
        yield phrase(lang, "sentence.varies", names="; ".join(names))


def _of_precision(entry: Mapping[str, Any]) -> str:
    """Return the key of the sentence on a precision; earlier versions did not store `why_not`."""
    why_not = entry.get("why_not")
    if why_not in (NO_EVENT, NOT_MEASURED):
        return f"sentence.{why_not}"
    return "sentence.no_half_width" if entry["half_width_share"] is None else "sentence.half_width"


def precision_notes(results: Results, lang: str) -> Iterator[str]:
    """State whether the requested precision was reached, and the widest interval of each outcome."""
    note = results.manifest.get("precision")
    if not note:
        return
    widest = {
        outcome: max(
            (entry for entry in note if entry["outcome"] == outcome),
            key=lambda entry: math.inf if entry["half_width_share"] is None else entry["half_width_share"],
        )
        for outcome in dict.fromkeys(entry["outcome"] for entry in note)
    }
    details = [
        phrase(
            lang,
            _of_precision(entry),
            outcome=outcome,
            alternative=entry["alternative"],
            reached=percent(entry["half_width_share"] or 0.0, lang),
            wanted=percent(entry["wanted_share"], lang),
        )
        for outcome, entry in widest.items()
    ]
    yield phrase(
        lang,
        "sentence.precise" if all(entry["reached"] for entry in note) else "sentence.not_precise",
        runs=number(results.manifest["replications"], lang),
        details="; ".join(details),
    )
