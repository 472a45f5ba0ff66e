"""The tables of beds by facility and by district: full dates, load, and waits for a bed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from surgesim.report.citation import Passage, Row, Value, cell, passage, proper_name, quote, source
from surgesim.report.prose.hospitals import Overrun, Overruns, by_first_full, facility_title, overruns
from surgesim.report.prose.sentences import ends_of_ranges, enough_for_ranges
from surgesim.report.tables.cells import NONE, ReportTable, district_title, in_brackets, lines, table_builder
from surgesim.report.words import day_text, percent, phrase, round_off
from surgesim.scenario.schema.scenario import BASELINE

if TYPE_CHECKING:
    from surgesim.study.results import Results

FACILITY_BEDS, DISTRICT_BEDS = "facility_beds", "district_beds"


def facility_beds(results: Results, lang: str) -> ReportTable | None:
    """Build the baseline's table of full dates, entries and waits of facilities that get patients."""
    builder = table_builder(
        FACILITY_BEDS, lang, "facility_bed", "full_in", "full_first", "full_days", "bed_entries", "wait"
    )
    over = overruns(results)
    for row in by_first_full(results.facility_beds):
        if not row["entries_mean"] and not row["full_probability"]:
            continue
        title = facility_title(results.scenario, str(row["facility"]), lang)
        waits = [
            quote(FACILITY_BEDS, row, f"wait_hours_{what}", round_off, lang)
            for what in ("mean", "p90")
            if not pd.isna(row["wait_hours_mean"])
        ]
        builder.add(
            *_full(results, FACILITY_BEDS, title, row, over, lang),
            quote(FACILITY_BEDS, row, "entries_mean", round_off, lang),
            lines(waits[0], in_brackets(waits[1:])) if waits else NONE,
        )
    return builder.build(note=phrase(lang, ends_of_ranges(results, "table.facility_beds.note")))


def district_beds(results: Results, lang: str) -> ReportTable | None:
    """Build the baseline's table of full dates and peak load of districts with facilities."""
    if len(results.scenario.people.districts) < 2:
        return None
    builder = table_builder(
        DISTRICT_BEDS, lang, "district_bed", "full_in", "full_first", "full_days", "peak_load"
    )
    for row in by_first_full(results.district_beds):
        if pd.isna(row["peak_load"]):
            continue
        title = district_title(results.scenario, str(row["area"]), lang)
        peak = _share(DISTRICT_BEDS, row, "peak_load", lang)
        builder.add(
            *_full(results, DISTRICT_BEDS, title, row, {}, lang),
            lines(peak, in_brackets([_date(DISTRICT_BEDS, row, "peak_load_date", lang)])),
        )
    return builder.build(note=phrase(lang, "table.district_beds.note"))


def load_at_peak(results: Results, district: str, bed: str, lang: str) -> str:
    """Return the load of a district's beds on the baseline's day with the most patients, with its date."""
    table = results.district_days
    mine = (table["alternative"] == BASELINE) & (table["area"] == district) & (table["bed"] == bed)
    table = table[mine & (table["occupied"] > 0) & ~table["load"].isna()]
    if table.empty:
        return NONE
    row: Row = table.loc[[table["occupied"].idxmax()]].to_dict("records")[0]
    load, day = float(row["load"]), row["date"].date()
    keys = {"alternative": BASELINE, "area": district, "bed": bed, "day": str(row["day"])}
    return lines(
        Value(percent(load, lang), load, source("district_days", "load", **keys), scale=0.01),
        in_brackets([Value(day_text(day, lang), day, source("district_days", "day", **keys))]),
    )


def first_full_cells(
    results: Results, title: str, row: Row, over: Overruns, lang: str, table: str = FACILITY_BEDS
) -> tuple[str, str, str]:
    """Return cells of a row: place and bed type, share of runs with a full day, and first full day."""
    bed = phrase(lang, f"full.{row['bed']}")
    return (
        proper_name(f"{title}: {bed}"),
        _share(table, row, "full_probability", lang),
        _first(results, table, row, over.get((str(row.get("facility")), str(row["bed"]))), lang),
    )


def _full(results: Results, table: str, title: str, row: Row, over: Overruns, lang: str) -> tuple[str, ...]:
    """Return the cells of `first_full_cells`, and the full days."""
    days = quote(table, row, "full_days_mean", round_off, lang)
    return *first_full_cells(results, title, row, over, lang, table), days


def _first(results: Results, table: str, row: Row, over: Overrun | None, lang: str) -> Passage:
    """Format the median first full date, with its range if there are enough runs, or what is lacking."""
    never = phrase(lang, "full.never")
    middle, early, late = (_date(table, row, f"full_date_{name}", lang) for name in ("median", "p5", "p95"))
    has_range = early != NONE and enough_for_ranges(results)
    return lines(
        never if middle == NONE else middle,
        in_brackets([early, never if late == NONE else late]) if has_range else "",
        _lack(over, row, lang) if middle == NONE and over is not None else "",
    )


def _lack(over: Overrun, row: Row, lang: str) -> Passage:
    day = overrun_day(over, str(row["facility"]), str(row["bed"]), lang)
    return passage(lang, "full.lacks_from", what=phrase(lang, f"constraint.{over.what}"), day=day)


def overrun_day(over: Overrun, facility: str, bed: str, lang: str) -> Value:
    """Format the first day on which patients outnumber the usable beds."""
    keys = {"alternative": BASELINE, "facility": facility, "bed": bed, "day": str(over.day)}
    return Value(day_text(over.date, lang), over.date, source("facility_days", "day", **keys))


def _share(table: str, row: Row, column: str, lang: str) -> Value:
    share = float(row[column])
    return Value(percent(share, lang), share, cell(table, row, column), scale=0.01)


def _date(table: str, row: Row, column: str, lang: str) -> str:
    if pd.isna(row[column]):
        return NONE
    day = row[column].date()
    return Value(day_text(day, lang), day, cell(table, row, column))
