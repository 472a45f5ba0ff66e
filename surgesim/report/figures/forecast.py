"""The figure of a forecast: history, fan and capacity, in the province and the hospitals that fill first."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from surgesim.report.figures.drawing.course import (
    BAND50,
    BAND90,
    Course,
    band_entries,
    course,
    draw_bands,
)
from surgesim.report.figures.drawing.page import (
    BLACK,
    GREY,
    PANEL_SIZE,
    VERMILION,
    View,
    date_axis,
    day_number,
    day_numbers,
    legend,
    number_ticks,
    page,
    page_width,
    project_style,
    settle,
    wrap,
)
from surgesim.report.prose.hospitals import by_first_full, facility_title
from surgesim.report.words import phrase
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.study.measures.binding import BEDS
from surgesim.study.measures.breaches import PROVINCE_AREA

if TYPE_CHECKING:
    import pandas as pd

    from surgesim.study.results import Results

Floats = NDArray[np.float64]

COLUMNS: Final = 2
PANEL_HEIGHT: Final = 1.7
MOST_HOSPITALS: Final = 6
HISTORY_WEEKS: Final = 8
_WEEK: Final = 7
_FLOWS: Final = ("reported_cases", "admissions")
_DOTS: Final[dict[str, Any]] = {"color": BLACK, "marker": "o", "linestyle": "", "markersize": 2.5}
_CAPACITY: Final[dict[str, Any]] = {"color": VERMILION, "linestyle": "--", "linewidth": 1.1}
_TODAY: Final[dict[str, Any]] = {"color": GREY, "linestyle": ":", "linewidth": 1.1}


def draw_forecast(results: Results, quantiles: pd.DataFrame, lang: str) -> Figure:
    """Draw the province's cases, admissions and beds, then the hospitals whose beds fill first.

    Parameters
    ----------
    quantiles
        The weekly quantiles returned by `surgesim.forecast`.
    """
    hospitals = [row for row in by_first_full(results.facility_beds) if row["bed"] in BEDS][:MOST_HOSPITALS]
    panels = len(_FLOWS) + len(BEDS) + len(hospitals)
    rows = -(-panels // COLUMNS)
    with project_style():
        figure = page(
            View(results, lang),
            phrase(lang, "figure.forecast_title"),
            rows * PANEL_HEIGHT + 0.4,
            notes=[phrase(lang, "figure.forecast_note")],
        ).figure
        grid = iter(figure.subplots(rows, COLUMNS, squeeze=False).ravel())
        for name in _FLOWS:
            _flow(next(grid), results, quantiles, name, lang)
        for bed in BEDS:
            _beds(next(grid), results, bed, lang)
        for hospital in hospitals:
            _hospital(next(grid), results, str(hospital["facility"]), str(hospital["bed"]), lang)
        for axes in grid:
            axes.set_axis_off()
        legend(
            figure,
            [
                (Line2D([], [], **_DOTS), phrase(lang, "forecast.reported")),
                *band_entries(results, lang),
                (Line2D([], [], **_CAPACITY), phrase(lang, "forecast.staffed")),
                (Line2D([], [], **_TODAY), phrase(lang, "forecast.today")),
            ],
        )
        settle(figure)
    return figure


def _flow(axes: Axes, results: Results, quantiles: pd.DataFrame, name: str, lang: str) -> None:
    """Draw the weekly sums reported so far, and the fan of the weekly sums to come."""
    here = quantiles[(quantiles["target"] == name) & (quantiles["location"] == PROVINCE_AREA)]
    levels = here.pivot_table(index="target_end_date", columns="output_type_id", values="value")
    at = day_numbers(levels.index.to_numpy())
    axes.fill_between(at, levels[0.05], levels[0.95], color=BAND90, linewidth=0, zorder=1.2)
    axes.fill_between(at, levels[0.25], levels[0.75], color=BAND50, linewidth=0, zorder=1.3)
    axes.plot(at, levels[0.5], marker="o", markersize=2.5, zorder=3)
    reported = _reported(results, name)
    weeks = len(reported) // _WEEK
    sums = reported[len(reported) - weeks * _WEEK :].reshape(weeks, _WEEK).sum(axis=1)
    ends = day_number(results.scenario.start) - 1 - _WEEK * np.arange(weeks)[::-1]
    axes.plot(ends, sums, **_DOTS)
    _finish(axes, results, phrase(lang, f"fit.{name}"), lang)


def _beds(axes: Axes, results: Results, bed: str, lang: str) -> None:
    """Draw the patients in beds of a type in the province, with the staffed beds."""
    draw_bands(axes, course(results, BASELINE, f"occupied_{bed}"))
    staffed: Course = course(results, BASELINE, f"staffed_{bed}")
    axes.plot(staffed.days, staffed.p50, **_CAPACITY)
    reported = _reported(results, "icu")
    if bed == "oxygen":
        reported = _reported(results, "on_oxygen") - reported
    axes.plot(day_number(results.scenario.start) - np.arange(len(reported), 0, -1), reported, **_DOTS)
    _finish(axes, results, phrase(lang, f"in_beds.{bed}"), lang)


def _reported(results: Results, name: str) -> Floats:
    """Return the values of a series reported in the province on the last days before the start."""
    past = results.scenario.past
    days = HISTORY_WEEKS * _WEEK
    return np.full(days, np.nan) if past is None else past.last(name, days)


def _hospital(axes: Axes, results: Results, facility: str, bed: str, lang: str) -> None:
    """Draw the patients in beds of a type in one hospital, with its census and its staffed beds."""
    days = results.facility_days
    rows = days[(days["alternative"] == BASELINE) & (days["facility"] == facility) & (days["bed"] == bed)]
    at = day_numbers(rows["date"].to_numpy())
    axes.fill_between(at, rows["occupied_p5"], rows["occupied_p95"], color=BAND90, linewidth=0, zorder=1.2)
    axes.plot(at, rows["occupied"], zorder=3)
    axes.plot(at, np.where(np.isfinite(rows["staffed"]), rows["staffed"], np.nan), **_CAPACITY)
    census = results.scenario.care.initial_census.get(facility)
    if census is not None:
        axes.plot([day_number(results.scenario.start) - 1], [getattr(census, bed)], **_DOTS)
    hospital = facility_title(results.scenario, facility, lang)
    title = phrase(lang, "forecast.of_hospital", hospital=hospital, bed=phrase(lang, f"full.{bed}"))
    _finish(axes, results, wrap(title, page_width() / COLUMNS - 0.5, PANEL_SIZE, "bold"), lang)


def _finish(axes: Axes, results: Results, title: str, lang: str) -> None:
    """Add the line that marks the start, the title, and axes that begin with the first report."""
    scenario = results.scenario
    axes.axvline(day_number(scenario.start) - 0.5, **_TODAY)
    axes.set_title(title)
    axes.set_ylim(bottom=0, top=max(axes.get_ylim()[1], 1.0))
    today = day_number(scenario.start)
    points = [line.get_xydata() for line in axes.lines[:-1]]
    drawn = np.vstack([np.asarray(each) for each in points])
    first = float(drawn[np.isfinite(drawn).all(axis=1), 0].min(initial=today))
    date_axis(axes, scenario.start - timedelta(days=today - first), scenario.end, lang, ticks=5)
    axes.set_xlim(left=first - 1)
    number_ticks(axes, lang)
