"""The figure of reported cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.axes import Axes

from surgesim.report.figures.drawing.course import (
    Course,
    band_entries,
    breach_entries,
    course,
    curve_table,
    draw_bands,
    peak_words,
    run_span,
)
from surgesim.report.figures.drawing.page import (
    SMALL_SIZE,
    VERMILION,
    EmptyFigureError,
    Sheet,
    View,
    date_axis,
    day_number,
    label,
    number_ticks,
    page,
    wrap,
)
from surgesim.report.figures.drawing.summaries import (
    ThresholdSummary,
    bound_line,
    mark_first,
    shade,
    threshold_summaries,
)
from surgesim.report.figures.spec import FigureSpec
from surgesim.report.words import day_month, indicator_words, phrase

if TYPE_CHECKING:
    import pandas as pd

    from surgesim.study.results import Results

WEEKLY_CASES: Final = "weekly_reported_cases_per_100k"

HEIGHT: Final = 3.5
"""Height in inches below the heading."""


def _draw(view: View) -> Sheet:
    """Draw seven-day reported cases per 100,000 with thresholds, or daily reported cases in a district."""
    results, lang, alternative = view.results, view.lang, view.alternative
    if view.area is not None:
        return _draw_area(view, view.area)
    curve = _case_course(view)
    marks = [w for w in threshold_summaries(results, alternative, lang) if w.indicator == WEEKLY_CASES]
    notes = [f"{watch.title}: {watch.outcome(lang, results.scenario.days)}" for watch in marks]
    what = phrase(lang, "figure.cases_title")
    sheet = page(view, what, HEIGHT, notes=notes)
    (axes,) = sheet.panels(1)
    _curve(axes, results, curve, label(*indicator_words(lang, WEEKLY_CASES), lang), lang, marks)
    for watch in marks:
        _date_at_top(axes, watch, lang)
    sheet.legend([*band_entries(view.results, lang), *(breach_entries(view.results, lang) if marks else [])])
    return sheet


def _draw_area(view: View, area: str) -> Sheet:
    lang = view.lang
    what = phrase(lang, "figure.cases_daily_title")
    notes = [phrase(lang, "figure.area", area=view.results.scenario.people.districts[area].title.get(lang))]
    curve = _case_course(view)
    sheet = page(view, what, HEIGHT, notes=notes)
    y_label = label(phrase(lang, "figure.reported_cases"), phrase(lang, "unit.reported_cases_day"), lang)
    (axes,) = sheet.panels(1)
    _curve(axes, view.results, curve, y_label, lang)
    sheet.legend(band_entries(view.results, lang))
    return sheet


def _curve(
    axes: Axes,
    results: Results,
    curve: Course,
    y_label: str,
    lang: str,
    marks: Sequence[ThresholdSummary] = (),
) -> None:
    """Draw the curve of cases with its bands and thresholds."""
    draw_bands(axes, curve)
    first, last = run_span(results)
    for watch in marks:
        shade(axes, curve.days, watch.breached(curve.p50))
        bound_line(axes, watch.bound)
        mark_first(axes, watch, watch.bound, last)
    date_axis(axes, first, last, lang)
    axes.set_ylabel(wrap(y_label, 2.2, SMALL_SIZE))
    axes.margins(y=0.12)
    axes.set_ylim(bottom=0)
    number_ticks(axes, lang)


def _case_course(view: View) -> Course:
    """Return the curve: weekly cases per 100,000 in the province, or daily cases in a district.

    Raises
    ------
    EmptyFigureError
        If the scenario does not simulate reported cases.
    """
    curve = course(view.results, view.alternative, _indicator(view), view.area)
    if np.isnan(curve.mean).all():
        name = view.results.scenario.name
        raise EmptyFigureError(
            f"scenario {name!r} has arrivals instead of an epidemic, so there are no reported cases"
        )
    return curve


def _indicator(view: View) -> str:
    return WEEKLY_CASES if view.area is None else "reported_cases"


def _data(view: View) -> pd.DataFrame:
    return curve_table({_indicator(view): _case_course(view)})


def _date_at_top(axes: Axes, watch: ThresholdSummary, lang: str) -> None:
    """Write the date of a first breach on the side of its mark with more room."""
    if watch.first is None:
        return
    left, right = axes.get_xlim()
    at = day_number(watch.first)
    axes.axvline(at, color=VERMILION, linewidth=0.8, linestyle=":", zorder=2)
    before = at - left > (right - left) * 0.25
    axes.annotate(
        phrase(lang, "figure.first_median", date=day_month(watch.first, lang)),
        (at, 1),
        (-4 if before else 4, -2),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="right" if before else "left",
        va="top",
        size=SMALL_SIZE,
        color=VERMILION,
        weight="bold",
    )


def _describe(view: View) -> Iterator[str]:
    results, lang, alternative = view.results, view.lang, view.alternative
    yield peak_words(
        lang, indicator_words(lang, WEEKLY_CASES).label, course(results, alternative, WEEKLY_CASES)
    )


FIGURE: Final = FigureSpec("cases", _draw, _describe, _data, section="need", place=30, by_area=True)
