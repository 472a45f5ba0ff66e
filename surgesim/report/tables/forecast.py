"""The tables of a forecast: by week and district, oxygen, first full days, thresholds, and earlier scores."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

import pandas as pd

from surgesim.fitting.oxygen import MOST_HOURS
from surgesim.report.citation import Passage, Row, Value, proper_name, source
from surgesim.report.prose.hospitals import by_first_full, facility_title, overruns
from surgesim.report.tables.beds import first_full_cells
from surgesim.report.tables.breach import first_breach_cells
from surgesim.report.tables.cells import NONE, ReportTable, district_title, in_brackets, lines, table_builder
from surgesim.report.words import day_text, number, percent, phrase, round_off, to_decimals
from surgesim.scenario.schema.scenario import Scenario
from surgesim.scoring.score import ALL
from surgesim.scoring.score import FORECAST as OF_FORECASTS
from surgesim.study.measures.binding import BEDS
from surgesim.study.measures.breaches import PROVINCE_AREA

if TYPE_CHECKING:
    from surgesim.fitting.forecast import ForecastTables
    from surgesim.study.results import Results

MOST_HOSPITALS: Final = 12
"""Max number of hospitals and types of bed with a row of first full days."""

MOST_STOCKS: Final = 12
"""Max number of facilities with a row of oxygen: those whose stock lasts least."""

_LEVELS: Final = (0.5, 0.05, 0.95)
_TARGETS: Final = ("reported_cases", "admissions", "in_hospital", "on_oxygen", "icu", "deaths")
_BY_DISTRICT: Final = ("reported_cases", "in_hospital", "on_oxygen", "icu", "deaths")


def forecast_tables(
    results: Results, stored: ForecastTables, scores: pd.DataFrame | None, lang: str
) -> Iterator[ReportTable | None]:
    """Build the tables of a forecast; `scores` has the scores of earlier forecasts."""
    yield _weeks(stored.quantiles, lang)
    yield _full(results, lang)
    yield _thresholds(results, lang)
    yield _districts(results.scenario, stored.quantiles, lang)
    yield _oxygen(results.scenario, stored.oxygen, lang)
    if scores is not None:
        yield _scores(scores, lang)


def _weeks(quantiles: pd.DataFrame, lang: str) -> ReportTable | None:
    """Build the table of the province by week: the median, and the range of 90 % of runs."""
    builder = table_builder("forecast_weeks", lang, "week_to", *(f"week_{name}" for name in _TARGETS))
    here = quantiles[quantiles["location"] == PROVINCE_AREA]
    for horizon, rows in here.groupby("horizon"):
        cells = [_band("forecast", rows, lang, target=name, horizon=str(horizon)) for name in _TARGETS]
        builder.add(proper_name(day_text(rows["target_end_date"].iloc[0].date(), lang)), *cells)
    return builder.build(note=phrase(lang, "table.forecast_weeks.note"))


def _districts(scenario: Scenario, quantiles: pd.DataFrame, lang: str) -> ReportTable | None:
    """Build the table of the districts in the last week."""
    if len(scenario.people.districts) < 2:
        return None
    builder = table_builder(
        "forecast_districts", lang, "district", *(f"week_{name}" for name in _BY_DISTRICT)
    )
    last = int(quantiles["horizon"].max())
    rows = quantiles[quantiles["horizon"] == last]
    for district in scenario.people.districts:
        here = rows[rows["location"] == district]
        cells = [
            _band("forecast", here, lang, target=name, horizon=str(last), location=district)
            for name in _BY_DISTRICT
        ]
        builder.add(proper_name(district_title(scenario, district, lang)), *cells)
    end = day_text(rows["target_end_date"].iloc[0].date(), lang)
    return builder.build(note=phrase(lang, "table.forecast_districts.note"), end=end)


def _band(table: str, rows: pd.DataFrame, lang: str, **keys: str) -> Passage | str:
    """Return the median of a target and its 90 % range, or a dash if there are no such rows."""
    of = rows[rows["target"] == keys["target"]].set_index("output_type_id")["value"]
    if of.empty:
        return NONE
    where = {"location": PROVINCE_AREA, **keys}
    middle, *ends = (
        Value(
            round_off(float(of[level]), lang),
            float(of[level]),
            source(table, "value", **where, output_type_id=str(level)),
        )
        for level in _LEVELS
    )
    return lines(middle, in_brackets(ends))


def _full(results: Results, lang: str) -> ReportTable | None:
    """Build the table of the hospitals whose oxygen or ICU beds fill first."""
    builder = table_builder("forecast_full", lang, "facility_bed", "full_first", "full_in")
    rows = [
        row
        for row in by_first_full(results.facility_beds)
        if row["bed"] in BEDS and row["full_probability"] > 0
    ]
    over = overruns(results)
    for row in rows[:MOST_HOSPITALS]:
        title = facility_title(results.scenario, str(row["facility"]), lang)
        heading, share, first = first_full_cells(results, title, row, over, lang)
        builder.add(heading, first, share)
    return builder.build(text=2, note=phrase(lang, "table.forecast_full.note"))


def _thresholds(results: Results, lang: str) -> ReportTable | None:
    """Build the table of the province's thresholds: the date of the first breach, and its probability."""
    builder = table_builder("forecast_thresholds", lang, "any_threshold", "first_breach", "likelihood")
    for cells in first_breach_cells(results, lang):
        builder.add(*cells)
    return builder.build(text=3)


def _oxygen(scenario: Scenario, oxygen: pd.DataFrame, lang: str) -> ReportTable | None:
    """Build the table of the hours of oxygen on site: province, districts, and where it lasts least."""
    if oxygen.empty:
        return None
    medians = oxygen[oxygen["output_type_id"] == _LEVELS[0]]
    least = medians[medians["kind"] == "facility"].groupby("place")["value"].min()
    facilities = least[least < MOST_HOURS].sort_values(kind="stable").index[:MOST_STOCKS]
    whole = oxygen[oxygen["kind"] != "facility"][["kind", "place"]].drop_duplicates()
    places = [*whole.itertuples(index=False, name=None), *(("facility", name) for name in facilities)]
    ends = oxygen.groupby("horizon")["target_end_date"].first()
    builder = table_builder("forecast_oxygen", lang, "oxygen_place")
    builder.columns += [day_text(end.date(), lang) for end in ends]
    by = oxygen.set_index(["kind", "place", "horizon", "output_type_id"])["value"].sort_index()
    for kind, place in places:
        cells = [_hours(by, kind, place, int(horizon), lang) for horizon in ends.index]
        builder.add(proper_name(_place(scenario, kind, place, lang)), *cells)
    return builder.build(note=phrase(lang, "table.forecast_oxygen.note"))


def _place(scenario: Scenario, kind: str, place: str, lang: str) -> str:
    if kind == "province":
        return phrase(lang, "forecast.whole_province")
    return (
        facility_title(scenario, place, lang) if kind == "facility" else district_title(scenario, place, lang)
    )


def _hours(by: pd.Series, kind: str, place: str, horizon: int, lang: str) -> Passage:
    """Return the median and the 5th and 95th percentile of the hours; a year means that it lasts."""
    cells = []
    for level in _LEVELS:
        value = float(by[kind, place, horizon, level])
        text = phrase(lang, "forecast.lasts") if value >= MOST_HOURS else round_off(value, lang)
        keys = {"kind": kind, "place": place, "horizon": str(horizon), "output_type_id": str(level)}
        cells.append(text if value >= MOST_HOURS else Value(text, value, source("oxygen", "value", **keys)))
    if cells[0] == cells[1] == cells[2]:
        return lines(cells[0])
    return lines(cells[0], in_brackets(cells[1:]))


def _scores(scores: pd.DataFrame, lang: str) -> ReportTable | None:
    """Build the table of the scores of earlier forecasts, over all locations."""
    builder = table_builder(
        "forecast_scores",
        lang,
        "score_target",
        "score_n",
        "score_relative",
        "score_trend",
        "score_coverage_90",
    )
    rows = scores[scores["location"] == ALL]
    trend: Mapping[tuple[str, str], Row] = {
        (str(row["target"]), str(row["horizon"])): row
        for row in rows[rows["model"] == "trend"].to_dict("records")
    }
    for row in rows[rows["model"] == OF_FORECASTS].to_dict("records"):
        target, horizon = str(row["target"]), str(row["horizon"])
        if horizon == ALL and target != ALL:
            continue
        weeks = phrase(lang, "score.all").lower() if horizon == ALL else horizon
        name = phrase(lang, "score.all" if target == ALL else f"fit.{target}")
        beside = trend.get((target, horizon))
        builder.add(
            proper_name(phrase(lang, "forecast.score_of", target=name, weeks=weeks)),
            Value(number(row["n"], lang), float(row["n"]), _cell(row, "n")),
            _relative(row, lang),
            NONE if beside is None else _relative(beside, lang),
            Value(
                percent(float(row["coverage_90"]), lang),
                float(row["coverage_90"]),
                _cell(row, "coverage_90"),
                scale=0.01,
            ),
        )
    return builder.build(note=phrase(lang, "table.forecast_scores.note"))


def _relative(row: Row, lang: str) -> str:
    value = float(row["relative_wis"])
    if math.isnan(value):
        return NONE
    return Value(to_decimals(value, lang, 2), value, _cell(row, "relative_wis"))


def _cell(row: Row, column: str) -> str:
    keys = {key: str(row[key]) for key in ("model", "target", "horizon", "location")}
    return source("scores", column, **keys)
