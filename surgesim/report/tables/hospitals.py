"""The table of hospitals: beds, peak census and its date, date full, staff and oxygen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import pandas as pd

from surgesim.report.citation import Passage, Row, Value, cell, join, passage, proper_name, quote, source
from surgesim.report.prose.hospitals import Overrun, overruns
from surgesim.report.tables.beds import overrun_day
from surgesim.report.tables.cells import NONE, ReportTable, district_title, lines, table_builder
from surgesim.report.words import day_text, number, percent, phrase, round_off
from surgesim.scenario.schema.base import BED_TYPES
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.study.measures.binding import BEDS

if TYPE_CHECKING:
    from surgesim.scenario.schema.care import Facility
    from surgesim.study.results import Results

STAFF: Final = ("doctors", "ward_nurses", "icu_nurses")

MOST: Final = 24
"""Max number of facilities in the table, which is a page."""

COLUMNS: Final = ("facility", "beds", *(f"{what}_{bed}" for what in ("census", "full") for bed in BEDS))


def hospitals(results: Results, lang: str) -> ReportTable | None:
    """Build the table of facilities with COVID patients in the baseline, those with most patients first."""
    builder = table_builder("hospitals", lang, *COLUMNS, "staff", "days_dry")
    table = results.facilities[results.facilities["alternative"] == BASELINE]
    table = table[table["share_of_replications_opened"] > 0]
    peaks = _peaks(results)
    full = results.facility_beds[results.facility_beds["alternative"] == BASELINE]
    full_by: Mapping[tuple[str, str], Row] = {
        (str(row["facility"]), str(row["bed"])): row for row in full.to_dict("records")
    }
    care, over = results.scenario.care.facilities, overruns(results)

    def patients(row: Row) -> float:
        found = (peaks.get((str(row["facility"]), bed)) for bed in BEDS)
        return sum(float(peak["occupied"]) for peak in found if peak is not None)

    rows = sorted(table.to_dict("records"), key=patients, reverse=True)
    for row in rows[:MOST]:
        name = str(row["facility"])
        facility = care[name]
        title = facility.title.get(lang)
        district = district_title(results.scenario, facility.district, lang)
        builder.add(
            proper_name(title if district in title else f"{title}, {district}"),
            _beds(name, facility, lang),
            *(_census(peaks.get((name, bed)), lang) for bed in BEDS),
            *(_full(full_by.get((name, bed)), over.get((name, bed)), lang) for bed in BEDS),
            _staff(name, facility, lang),
            NONE if facility.oxygen is None else quote("facilities", row, "days_dry_mean", round_off, lang),
        )
    note = [phrase(lang, "table.hospitals.note")]
    if len(rows) > MOST:
        note.append(phrase(lang, "table.hospitals.more", more=number(len(rows) - MOST, lang)))
    return builder.build(note=join(note, " "))


def _peaks(results: Results) -> Mapping[tuple[str, str], Row]:
    """Return the day with the most patients, on average over the runs, of each facility and bed type."""
    table = results.facility_days
    table = table[(table["alternative"] == BASELINE) & (table["occupied"] > 0)]
    top = table.loc[table.groupby(["facility", "bed"], sort=False)["occupied"].idxmax()]
    return {(str(row["facility"]), str(row["bed"])): row for row in top.to_dict("records")}


def _census(row: Row | None, lang: str) -> str:
    """Format the highest mean census with its date."""
    if row is None:
        return NONE
    keys = {"alternative": BASELINE, "facility": str(row["facility"]), "bed": str(row["bed"])}
    most = float(row["occupied"])
    day = row["date"].date()
    return lines(
        Value(round_off(most, lang), most, source("facility_days", "max:occupied", **keys)),
        Value(day_text(day, lang), day, source("facility_days", "peak:occupied", **keys)),
    )


def _full(row: Row | None, over: Overrun | None, lang: str) -> str:
    """Format the median date from which the beds are full, or patients outnumber the usable ones."""
    if row is None:
        return NONE
    if pd.isna(row["full_date_median"]) and over is not None:
        return lines(
            overrun_day(over, str(row["facility"]), str(row["bed"]), lang),
            passage(lang, "full.lacks", what=phrase(lang, f"constraint.{over.what}")),
        )
    if row["full_probability"] == 0:
        return NONE
    if pd.isna(row["full_date_median"]):
        value = float(row["full_probability"])
        share = Value(percent(value, lang), value, cell("facility_beds", row, "full_probability"), scale=0.01)
        return passage(lang, "table.hospitals.in_some", share=share)
    day = row["full_date_median"].date()
    return Value(day_text(day, lang), day, cell("facility_beds", row, "full_date_median"))


def _beds(name: str, facility: Facility, lang: str) -> Passage:
    """Format the beds of a facility by type."""
    parts = []
    for bed in BED_TYPES:
        n = getattr(facility.beds, bed)
        place = f"scenario.yaml#care.facilities.{name}.beds.{bed}"
        parts.append(phrase(lang, "alt.unlimited") if isinstance(n, str) else _count(n, place, lang))
    return join(parts, "/")


def _staff(name: str, facility: Facility, lang: str) -> str:
    """Format the staff on the payroll of a facility."""
    if facility.staff is None:
        return phrase(lang, "table.hospitals.enough")
    place = f"scenario.yaml#care.facilities.{name}.staff"
    return join([_count(getattr(facility.staff, who), f"{place}.{who}", lang) for who in STAFF], "/")


def _count(n: float, place: str, lang: str) -> Value:
    return Value(number(n, lang), float(n), place)
