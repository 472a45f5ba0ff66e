"""The tables of breaches, their dates and likelihood, and of the binding constraints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from surgesim.model.record import BINDS, CONSTRAINTS
from surgesim.report.citation import Passage, Row, Value, cell, join, passage, proper_name, quote
from surgesim.report.names import criteria, is_share, threshold_title, unit_of
from surgesim.report.prose.assessment import is_assessed, not_assessed_text
from surgesim.report.prose.sentences import ends_of_ranges, enough_for_ranges
from surgesim.report.prose.summary import first_date, how_likely, province_rows, share
from surgesim.report.tables.cells import (
    NONE,
    Cell,
    ReportTable,
    TableBuilder,
    district_title,
    in_brackets,
    lines,
    table_builder,
)
from surgesim.report.words import (
    number,
    percent,
    phrase,
    round_off,
    tenths,
)
from surgesim.scenario.schema.indicators import ICU_BEDS
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.study.measures.binding import BEDS, modelled_limits
from surgesim.study.measures.breaches import PROVINCE_AREA, SITUATION

if TYPE_CHECKING:
    from surgesim.study.results import Results


def breaches(results: Results, lang: str) -> ReportTable | None:
    """Build the table of the criteria of the emergency in the baseline, then the emergency itself."""
    by_name = {str(row["threshold"]): row for row in province_rows(results)}
    names = criteria(results.scenario)
    if SITUATION not in by_name:
        return None
    rows = [by_name[name] for name in (*names, SITUATION) if name in by_name]
    required = number(float(by_name[SITUATION]["bound"]), lang)
    return _breach_rows(results, "breaches", "criterion", rows, lang).build(
        note=_breach_note(results, "table.breaches.note", lang),
        required=required,
        all=number(len(names), lang),
    )


def thresholds(results: Results, lang: str) -> ReportTable | None:
    """Build the table of the thresholds in the baseline that are not criteria of the emergency."""
    of_situation = {*criteria(results.scenario), SITUATION}
    rows = [row for row in province_rows(results) if row["threshold"] not in of_situation]
    return _breach_rows(results, "thresholds", "threshold", rows, lang).build(
        note=phrase(lang, "table.thresholds.note")
    )


def first_breach_cells(results: Results, lang: str) -> Iterator[tuple[str, str, str | Cell]]:
    """Yield the cells of each threshold of the province in the baseline: title, first breach, likelihood."""
    for row in province_rows(results):
        title = proper_name(threshold_title(results.scenario, str(row["threshold"]), lang))
        if is_assessed(row):
            yield title, _first(results, row, lang), _likely(row, lang)
        else:
            yield title, NONE, not_assessed_text(row, lang)


def _breach_note(results: Results, key: str, lang: str) -> Passage:
    runs = number(int(results.replications["replication"].nunique()), lang)
    spread = ends_of_ranges(results, "table.spread.note") if enough_for_ranges(results) else "table.few.note"
    said = [phrase(lang, key), phrase(lang, spread, runs=runs)]
    watched = {results.scenario.command.thresholds[name].indicator for name in criteria(results.scenario)}
    if watched & set(ICU_BEDS):
        said.append(phrase(lang, "table.icu.note"))
    return join(said, " ")


def _breach_rows(results: Results, name: str, column: str, rows: Sequence[Row], lang: str) -> TableBuilder:
    """Build rows with the likelihood, first date and duration of breaches.

    Give ranges only if there are enough runs.
    """
    builder = table_builder(name, lang, column, "likelihood", "first_breach", "days_breached", "worst")
    for row in rows:
        if not is_assessed(row):
            title = proper_name(threshold_title(results.scenario, str(row["threshold"]), lang))
            builder.add(title, not_assessed_text(row, lang), NONE, NONE, NONE)
            continue
        ends = [quote("breaches", row, f"days_breached_{q}", round_off, lang) for q in ("p5", "p95")]
        builder.add(
            proper_name(threshold_title(results.scenario, str(row["threshold"]), lang)),
            _likely(row, lang),
            _first(results, row, lang),
            lines(
                quote("breaches", row, "days_breached_mean", round_off, lang),
                in_brackets(ends) if enough_for_ranges(results) else "",
            ),
            _worst(results, row, lang),
        )
    return builder


def _worst(results: Results, row: Row, lang: str) -> str:
    """Format the worst value with its unit, or as a percentage if it is a share."""
    name = str(row["threshold"])
    if name == SITUATION:
        worst = quote("breaches", row, "worst_value_median", number, lang)
        return passage(lang, "table.criteria_at_once", worst=worst)
    if is_share(results.scenario, name):
        share = float(row["worst_value_median"])
        return Value(tenths(share, lang), share, cell("breaches", row, "worst_value_median"), scale=0.01)
    worst = quote("breaches", row, "worst_value_median", _two_digits, lang)
    return join([worst, proper_name(unit_of(results.scenario, name, lang))], " ")


def _two_digits(value: float, lang: str) -> str:
    return number(value, lang, 2)


def _likely(row: Row, lang: str) -> Cell:
    return Cell(lines(f"{how_likely(row, lang)}:", _shares(row, lang)), _risk(row))


def _shares(row: Row, lang: str) -> Passage:
    """Format the share of runs with a breach, and its interval."""
    low, high = (share(row, f"probability_{end}", lang) for end in ("low", "high"))
    probability: Passage | Value = share(row, "probability", lang)
    if row["undecided"] > 0:
        probability = passage(lang, "assessed.at_least", share=probability)
    return join([probability, in_brackets([low, high])], " ")


def _risk(row: Row) -> str:
    """Return the style of a probability cell."""
    return (
        "risk-none" if row["probability"] == 0 else "risk-half" if row["probability"] < 0.5 else "risk-most"
    )


def _first(results: Results, row: Row, lang: str) -> Passage:
    never = phrase(lang, "table.none_by_end")
    some = float(row["breached_at_start"])
    if some == 1:
        return lines(phrase(lang, "screen.at_start"))
    median, early, late = (first_date(results, row, f"first_day_{q}", lang) for q in ("median", "p5", "p95"))
    parts: list[str] = [median or never]
    if early is not None and enough_for_ranges(results):
        parts.append(in_brackets([early, late or never]))
    if some > 0:
        parts.append(join([phrase(lang, "table.also_at_start"), share(row, "breached_at_start", lang)], " "))
    return lines(*parts)


def areas(results: Results, lang: str) -> ReportTable | None:
    """Build the table of thresholds assessed by district: likelihood, first date and duration of breaches."""
    table = results.breaches
    mine = table[(table["alternative"] == BASELINE) & (table["area"] != PROVINCE_AREA)]
    names = list(dict.fromkeys(mine["threshold"]))
    builder = table_builder("areas", lang, "area", "likelihood", "first_breach", "days_breached", "worst")
    for name in names:
        title = threshold_title(results.scenario, str(name), lang)
        for row in mine[mine["threshold"] == name].to_dict("records"):
            area = district_title(results.scenario, str(row["area"]), lang)
            heading = proper_name(area if len(names) == 1 else f"{title}: {area}")
            if not is_assessed(row):
                builder.add(heading, not_assessed_text(row, lang), NONE, NONE, NONE)
                continue
            builder.add(
                heading,
                Cell(_shares(row, lang), _risk(row)),
                _first(results, row, lang),
                quote("breaches", row, "days_breached_mean", round_off, lang),
                _worst(results, row, lang),
            )
    titles = "; ".join(threshold_title(results.scenario, str(name), lang) for name in names)
    return builder.build(text=3, thresholds=titles)


def binding(results: Results, lang: str) -> ReportTable | None:
    """Build the table of emergency days and shortage days on which each constraint binds, by bed type."""
    if not modelled_limits(results.scenario):
        return None
    builder = table_builder("binding", lang, "constraint")
    builder.columns += [
        phrase(lang, f"column.{which}_days", bed=phrase(lang, f"bed.{bed}"))
        for bed in BEDS
        for which in ("breach", "short")
    ]
    table = results.binding[results.binding["alternative"] == BASELINE]
    rows = {(row["bed"], row["constraint"]): row for row in table.to_dict("records")}
    modelled = modelled_limits(results.scenario)
    for what in CONSTRAINTS:
        if what not in (*BINDS["oxygen"], *modelled):
            continue
        cells: list[str] = [phrase(lang, f"constraint.{what}")]
        for bed in BEDS:
            if (bed, what) not in rows:
                cells += ["", ""]
                continue
            row = rows[bed, what]
            for which in ("breach", "short"):
                days = quote("binding", row, f"{which}_days_mean", round_off, lang)
                if pd.isna(row[f"{which}_share"]):
                    cells.append(days)
                    continue
                part = Value(
                    percent(float(row[f"{which}_share"]), lang),
                    float(row[f"{which}_share"]),
                    cell("binding", row, f"{which}_share"),
                    scale=0.01,
                )
                cells.append(join([days, in_brackets([part])], " "))
        builder.add(*cells)
    return builder.build(note=phrase(lang, "table.binding.note"))
