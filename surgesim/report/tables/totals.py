"""The tables of totals and peaks by province, district, population group, facility and supply item."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

import pandas as pd

from surgesim.model.outcomes import OUTCOMES, in_groups
from surgesim.model.record import PER
from surgesim.report.citation import Row, Value, cell, proper_name, quote, source
from surgesim.report.prose.sentences import ends_of_ranges, enough_for_ranges
from surgesim.report.tables.beds import load_at_peak
from surgesim.report.tables.cells import NONE, ReportTable, district_title, in_brackets, lines, table_builder
from surgesim.report.words import (
    day_text,
    group_words,
    number,
    outcome_words,
    own_outcome_words,
    percent,
    phrase,
    round_off,
    unit_words,
)
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.study.measures.binding import BEDS
from surgesim.study.measures.compare import DEATHS
from surgesim.study.measures.quantiles import quantile
from surgesim.study.measures.reached import ALL

if TYPE_CHECKING:
    from surgesim.scenario.schema.scenario import Scenario
    from surgesim.study.results import Results

LOGISTIC: Final = in_groups("oxygen", "staff", "other_patients", "transfers")

IF_ANY: Final = in_groups("countermeasures")
"""Totals that are omitted if zero, because tests without a limit are not counted."""

ELSEWHERE: Final = in_groups("emergency", "money")
"""Outcomes that have tables of their own."""

TOTALS: Final = tuple(o.name for o in OUTCOMES if o.name not in (*LOGISTIC, *ELSEWHERE))


def outcomes(results: Results, lang: str, chosen: Sequence[str] | None = None) -> ReportTable | None:
    """Build the table of the baseline's totals: mean over runs, and 5 % and 95 % quantiles."""
    name = "outcomes" if chosen is None else "logistics"
    ranges = enough_for_ranges(results)
    ends = [ends_of_ranges(results, end) for end in ("p5", "p95")] if ranges else []
    builder = table_builder(name, lang, "outcome", "unit", "mean", *ends)
    table = results.replications[results.replications["alternative"] == BASELINE]
    own = own_outcome_words(results.manifest) if chosen is None else {}
    for outcome in (*TOTALS, *own) if chosen is None else chosen:
        if (chosen is not None or outcome in IF_ANY) and not table[outcome].fillna(0.0).any():
            continue
        label, unit = own.get(outcome) or outcome_words(lang, outcome)
        if table[outcome].isna().any():
            builder.add(label, unit, phrase(lang, "assessed.short"), *[NONE] * (2 if ranges else 0))
            continue
        builder.add(label, unit, *_spread(table, outcome, lang)[: None if ranges else 1])
    return builder.build(text=2)


def _spread(table: pd.DataFrame, outcome: str, lang: str) -> list[Value]:
    values = table[outcome]
    taken = {"mean": float(values.mean())}
    taken |= {f"q{q}": float(quantile(values.to_numpy(dtype=float), q)) for q in (0.05, 0.95)}
    return [
        Value(round_off(v, lang), v, source("replications", f"{by}:{outcome}", alternative=BASELINE))
        for by, v in taken.items()
    ]


def districts(results: Results, lang: str) -> ReportTable | None:
    """Build the table of districts in the baseline, highest death rate first: cases, deaths, load of beds."""
    table = results.daily_districts[results.daily_districts["alternative"] == BASELINE]
    people = results.scenario.people.districts
    if table.empty or len(people) < 2:
        return None
    columns = ("population", "cases", "cases_100k", "deaths", "deaths_100k", "peak")
    builder = table_builder("districts", lang, "district", *columns, *(f"load_{bed}" for bed in BEDS))
    rows = []
    for name, district in people.items():
        mine = table[table["area"] == name]
        population = Value(
            number(district.population, lang),
            float(district.population),
            f"scenario.yaml#people.districts.{name}.population",
        )
        cells: list[str] = [proper_name(district.title.get(lang)), population]
        order = 0.0
        for what in ("reported_cases", DEATHS):
            daily = mine[mine["indicator"] == what]
            if daily["mean"].isna().all():
                cells += [NONE, NONE]
                continue
            total, rate, order = _total(daily, name, what, district.population, lang)
            cells += [total, rate]
        cases = mine[mine["indicator"] == "reported_cases"]
        cells.append(_peak(cases, name, lang))
        cells += [load_at_peak(results, name, bed, lang) for bed in BEDS]
        rows.append((order, cells))
    for _, cells in sorted(rows, key=lambda item: -item[0]):
        builder.add(*cells)
    return builder.build(note=phrase(lang, "table.districts.note"))


def _total(daily: pd.DataFrame, name: str, what: str, people: float, lang: str) -> tuple[Value, Value, float]:
    total = float(daily["mean"].sum())
    place = source("daily_districts", "sum:mean", alternative=BASELINE, area=name, indicator=what)
    rate = total / people * PER
    per = f"scenario.yaml#people.districts.{name}.population"
    return (
        Value(round_off(total, lang), total, place),
        Value(round_off(rate, lang), rate, place, per=per),
        rate,
    )


def _peak(cases: pd.DataFrame, name: str, lang: str) -> str:
    if cases.empty or not cases["mean"].fillna(0.0).any():
        return NONE
    top: date = cases["date"].iloc[int(cases["mean"].to_numpy(dtype=float).argmax())].date()
    place = source(
        "daily_districts", "peak:mean", alternative=BASELINE, area=name, indicator="reported_cases"
    )
    return Value(day_text(top, lang), top, place)


def reached(results: Results, lang: str) -> ReportTable | None:
    """Build the table of timely access in the baseline: all, ages in order, other groups lowest first."""
    builder = table_builder("reached", lang, "group", "patients", "in_time", "deaths_million")
    table = results.reached[
        (results.reached["alternative"] == BASELINE) & (results.reached["patients_mean"] > 0)
    ]
    for by, rows in table.groupby("by", sort=False):
        ordered = rows if by == "age" else rows.sort_values("in_time_share", kind="stable")
        for row in ordered.to_dict("records"):
            shares, rates = "", ""  # no interval from a single run with patients
            if not pd.isna(row["in_time_low"]):
                shares = in_brackets([_percent(row, f"in_time_{end}", lang) for end in ("low", "high")])
            if not pd.isna(row["deaths_per_million_low"]):
                columns = (f"deaths_per_million_{end}" for end in ("low", "high"))
                rates = in_brackets([quote("reached", row, column, round_off, lang) for column in columns])
            builder.add(
                proper_name(_group(results.scenario, str(by), str(row["group"]), lang)),
                quote("reached", row, "patients_mean", round_off, lang),
                lines(_percent(row, "in_time_share", lang), shares),
                lines(quote("reached", row, "deaths_per_million", round_off, lang), rates),
            )
    hours = number(results.scenario.in_time_hours, lang)
    return builder.build(note=phrase(lang, "table.reached.note", hours=hours))


def _percent(row: Row, column: str, lang: str) -> Value:
    share = float(row[column])
    return Value(percent(share, lang), share, cell("reached", row, column), scale=0.01)


def _group(scenario: Scenario, by: str, group: str, lang: str) -> str:
    if by == ALL:
        return phrase(lang, "table.everybody")
    return district_title(scenario, group, lang) if by == "district" else group_words(lang, group)


def supplies(results: Results, lang: str) -> ReportTable | None:
    """Build the table of consumables and burdens in the baseline.

    The columns are use or output, unmet need, least days of cover and peak backlog.
    """
    supply = results.scenario.supply
    builder = table_builder("supplies", lang, "item", "unit", "used", "unmet", "least_cover", "most_backlog")
    table = results.daily[results.daily["alternative"] == BASELINE]
    by_name = dict(list(table.groupby("indicator", sort=False)))

    def taken(indicator: str, by: str, column: str) -> str:
        rows = by_name.get(indicator)
        if rows is None:
            return NONE
        value = float(getattr(rows[column], by)())
        if not math.isfinite(value):
            return NONE
        place = source("daily", f"{by}:{column}", alternative=BASELINE, indicator=indicator)
        return Value(round_off(value, lang), value, place)

    for name, item in supply.consumables.items():
        stocked = item.stock is not None
        builder.add(
            proper_name(item.title.get(lang)),
            unit_words(lang, item.unit),
            taken(f"stock_used:{name}", "sum", "mean"),
            taken(f"stock_unmet:{name}", "sum", "mean") if stocked else NONE,
            taken(f"stock_cover_days:{name}", "min", "p50") if stocked else NONE,
            NONE,
        )
    for name, burden in supply.burdens.items():
        builder.add(
            proper_name(burden.title.get(lang)),
            unit_words(lang, burden.unit),
            taken(f"burden_made:{name}", "sum", "mean"),
            NONE,
            NONE,
            taken(f"burden_backlog:{name}", "max", "p50"),
        )
    return builder.build(text=2, note=phrase(lang, "table.supplies.note"))


def facilities(results: Results, lang: str) -> ReportTable | None:
    """Build the table of facilities with COVID beds in the baseline, in order of opening."""
    builder = table_builder(
        "facilities",
        lang,
        "facility",
        "district",
        "ownership",
        "opens",
        "opened_in",
        "basic_beds",
        "peak_oxygen",
        "peak_icu",
        "days_dry",
    )
    table = results.facilities[results.facilities["alternative"] == BASELINE]
    table = table[table["share_of_replications_opened"] > 0]
    table = table.sort_values("open_date_median", kind="stable", na_position="last")
    care = results.scenario.care.facilities
    for row in table.to_dict("records"):
        opens = row["open_date_median"]
        facility = care[str(row["facility"])]
        builder.add(
            proper_name(facility.title.get(lang)),
            proper_name(district_title(results.scenario, str(row["district"]), lang)),
            phrase(lang, f"ownership.{row['ownership']}"),
            NONE
            if pd.isna(opens)
            else Value(
                day_text(opens.date(), lang), opens.date(), cell("facilities", row, "open_date_median")
            ),
            Value(
                percent(float(row["share_of_replications_opened"]), lang),
                float(row["share_of_replications_opened"]),
                cell("facilities", row, "share_of_replications_opened"),
                scale=0.01,
            ),
            _basic_beds(str(row["facility"]), facility.beds.basic, lang),
            *(
                quote("facilities", row, f"peak_occupied_{bed}_median", round_off, lang)
                if getattr(facility.beds, bed) or row[f"peak_occupied_{bed}_median"]
                else NONE
                for bed in BEDS
            ),
            quote("facilities", row, "days_dry_mean", round_off, lang)
            if facility.oxygen is not None
            else NONE,
        )
    return builder.build(text=3)


def _basic_beds(facility: str, beds: float | str, lang: str) -> str:
    if isinstance(beds, str):
        return phrase(lang, "alt.unlimited")
    place = f"scenario.yaml#care.facilities.{facility}.beds.basic"
    return Value(number(beds, lang), float(beds), place) if beds else NONE
