"""The sheets of the Excel workbook: what each shows, in words, as numbers and dates that Excel knows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

import pandas as pd

from surgesim.report.citation import Row
from surgesim.report.messages import source_words
from surgesim.report.names import alternative_title, criteria, threshold_title
from surgesim.report.prose.assessment import is_assessed, reason
from surgesim.report.prose.hospitals import by_first_full, facility_title, overruns
from surgesim.report.prose.plans import plan_changes
from surgesim.report.prose.summary import province_rows
from surgesim.report.tables.cells import district_title
from surgesim.report.words import phrase
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.study.measures.breaches import SITUATION
from surgesim.study.measures.compare import COST, DEATHS, SITUATION_DAYS

if TYPE_CHECKING:
    from surgesim.study.results import Results

Kind = Literal["text", "long", "date", "count", "decimal", "change", "share"]
"""How a column is written: a short or long text, a date, a number without or with a decimal, a difference
with its sign, or a percentage."""

Content = str | float | date | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its key in the catalogues (``sheet.<name>``), its columns with their kinds, and its rows."""

    name: str
    columns: Mapping[str, Kind]
    rows: Sequence[Sequence[Content]]


def criteria_sheet(results: Results, lang: str) -> Sheet:
    """Return the emergency and its criteria, or all thresholds if there is no emergency."""
    rows = {str(row["threshold"]): row for row in province_rows(results)}
    names = (SITUATION, *criteria(results.scenario)) if SITUATION in rows else tuple(rows)
    columns: dict[str, Kind] = {
        "criterion": "text", "probability": "share", "first": "date", "early": "date", "late": "date",
        "days": "count",
    }  # fmt: skip
    start = results.scenario.start

    def day(row: Row, quantile: str) -> Content:
        value = row[f"first_day_{quantile}"]
        return None if pd.isna(value) else start + timedelta(days=round(float(value)))

    found: list[Sequence[Content]] = []
    for name in names:
        if name not in rows:
            continue
        row, title = rows[name], threshold_title(results.scenario, name, lang)
        if not is_assessed(row):
            found.append([f"{title} ({reason(row, lang)})", *[None] * 5])
            continue
        dates = [day(row, quantile) for quantile in ("median", "p5", "p95")]
        found.append([title, _number(row["probability"]), *dates, _number(row["days_breached_mean"])])
    return Sheet("criteria", columns, found)


def plans_sheet(results: Results, lang: str) -> Sheet:
    """Return the plans: means of the baseline, then differences of each alternative, fewest deaths first."""
    table = results.comparison
    outcomes = [DEATHS, SITUATION_DAYS, *([COST] if results.scenario.supply.costs is not None else [])]
    columns: dict[str, Kind] = {"plan": "text"}
    for outcome in outcomes:
        columns |= {f"{outcome}_{end}": "change" for end in ("difference", "low", "high")}
    columns |= {"better": "share", "changes": "long"}
    found: list[tuple[float, Sequence[Content]]] = []
    for name, rows in table.groupby("alternative", sort=False):
        by_outcome: dict[str, Row] = {str(row["outcome"]): row for row in rows.to_dict("records")}
        cells: list[Content] = [alternative_title(results.scenario, str(name), lang)]
        for outcome in outcomes:
            row = by_outcome.get(outcome)
            ends = ("difference", "difference_low", "difference_high")
            cells += [None if row is None else _number(row[end]) for end in ends]
        deaths = by_outcome[DEATHS]
        cells.append(_number(deaths["probability_better"]))
        cells.append("\n".join(plan_changes(results.scenario, str(name), lang)))
        found.append((float(deaths["difference"]), cells))
    return Sheet("plans", columns, [cells for _, cells in sorted(found, key=lambda item: item[0])])


def hospitals_sheet(results: Results, lang: str) -> Sheet:
    """Return the baseline's hospitals by bed type, those that fill first on top."""
    columns: dict[str, Kind] = {
        "hospital": "text",
        "district": "text",
        **_FULL,
        "overrun": "date",
        "wait": "decimal",
    }
    facilities, over = results.scenario.care.facilities, overruns(results)
    rows = [
        [
            facility_title(results.scenario, str(row["facility"]), lang),
            district_title(results.scenario, facilities[str(row["facility"])].district, lang),
            *_full(row, lang),
            first.date if (first := over.get((str(row["facility"]), str(row["bed"])))) else None,
            _number(row["wait_hours_mean"]),
        ]
        for row in by_first_full(results.facility_beds)
        if row["entries_mean"] or row["full_probability"]
    ]
    return Sheet("hospitals", columns, rows)


def districts_sheet(results: Results, lang: str) -> Sheet:
    """Return the baseline's districts by bed type, those that fill first on top."""
    columns: dict[str, Kind] = {"district": "text", **_FULL}
    rows = [
        [district_title(results.scenario, str(row["area"]), lang), *_full(row, lang)]
        for row in by_first_full(results.district_beds)
        if not pd.isna(row["peak_load"])
    ]
    return Sheet("districts", columns, rows)


_FULL: Final[Mapping[str, Kind]] = {
    "bed": "text", "full_probability": "share", "full_date": "date", "full_early": "date",
    "full_late": "date", "full_days": "decimal", "load": "share", "load_date": "date", "entries": "count",
}  # fmt: skip


def _full(row: Row, lang: str) -> Iterator[Content]:
    yield phrase(lang, f"full.{row['bed']}")
    yield _number(row["full_probability"])
    yield from (_date(row[f"full_date_{name}"]) for name in ("median", "p5", "p95"))
    yield from (_number(row["full_days_mean"]), _number(row["peak_load"]), _date(row["peak_load_date"]))
    yield _number(row["entries_mean"])


DAILY: Final = (
    "oxygen_need", "staffed_oxygen", "icu_need", "staffed_icu", "reported_cases", "deaths",
)  # fmt: skip
"""The indicators on the sheet of days: medians of the baseline."""


def days_sheet(results: Results, lang: str) -> Sheet:
    """Return the medians of the baseline by day, from which the charts are drawn."""
    table = results.daily[results.daily["alternative"] == BASELINE]
    known = set(table["indicator"])
    names = [name for name in DAILY if name in known]
    wide = table[table["indicator"].isin(names)].pivot(index="date", columns="indicator", values="p50")
    rows = [
        [day.date(), *(_number(value) for value in values)]
        for day, values in zip(wide.index, wide[names].to_numpy(dtype=float), strict=True)
    ]
    return Sheet("days", {"date": "date", **dict.fromkeys(names, "count")}, rows)


def assumptions_sheet(results: Results, lang: str) -> Sheet:
    """Return the scenario's figures with their values, sources and confidence."""
    columns: dict[str, Kind] = {"parameter": "text", "value": "text", "confidence": "text", "source": "long"}
    rows = [
        [str(row["parameter"]), str(row["value"]), phrase(lang, f"confidence.{row['confidence']}"),
         source_words(lang, str(row["source"]))]
        for row in results.assumptions.to_dict("records")
    ]  # fmt: skip
    return Sheet("assumptions", columns, rows)


def definitions_sheet(sheets: Sequence[Sheet], lang: str) -> Sheet:
    """Return the meaning of every column of the other sheets."""
    rows = [
        [phrase(lang, f"sheet.{sheet.name}"), column_title(name, lang), phrase(lang, f"meaning.{name}")]
        for sheet in sheets
        for name in sheet.columns
    ]
    return Sheet("definitions", {"sheet": "text", "column": "text", "meaning": "long"}, rows)


SHEETS: Final[Sequence[Callable[[Any, str], Sheet]]] = (
    plans_sheet, hospitals_sheet, districts_sheet, days_sheet, assumptions_sheet,
)  # fmt: skip
"""The sheets between the summary, which has the criteria, and the definitions, in their order."""


def column_title(name: str, lang: str) -> str:
    """Return the heading of a column."""
    return phrase(lang, f"heading.{name}")


def _number(value: Any) -> Content:
    """Return a finite number, or None: an Excel cell has neither NaN nor infinity."""
    number = float(value)
    return number if math.isfinite(number) else None


def _date(value: Any) -> Content:
    return None if pd.isna(value) else value.date()
