"""The figure of reported cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from surgesim.report.figures.drawing.course import (
    Course,
    band_entries,
    breach_entries,
    course,
    draw_bands,
    peak_words,
    run_span,
)
from surgesim.report.figures.drawing.page import (
    NOTE_SIZE,
    VERMILION,
    EmptyFigureError,
    date_axis,
    day_number,
    label,
    legend,
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
    from surgesim.study.results import Results

WEEKLY_CASES: Final = "weekly_reported_cases_per_100k"

HEIGHT: Final = 3.5
"""Height in inches below the heading."""


def _draw(results: Results, lang: str, alternative: str) -> Figure:
    """Draw seven-day reported cases per 100,000 in the province, with thresholds."""
    curve = _case_course(results, alternative, WEEKLY_CASES)
    marks = [w for w in threshold_summaries(results, alternative, lang) if w.indicator == WEEKLY_CASES]
    notes = [f"{watch.title}: {watch.outcome(lang, results.scenario.days)}" for watch in marks]
    what = phrase(lang, "figure.cases_title")
    figure = page(results, what, HEIGHT, lang=lang, alternative=alternative, notes=notes)
    axes = figure.subplots()
    _curve(axes, results, curve, label(*indicator_words(lang, WEEKLY_CASES), lang), lang, marks)
    for watch in marks:
        _date_at_top(axes, watch, lang)
    legend(figure, [*band_entries(lang), *(breach_entries(lang) if marks else [])])
    return figure


def _draw_area(results: Results, lang: str, alternative: str, area: str) -> Figure:
    """Draw daily reported cases in a district."""
    curve = _case_course(results, alternative, "reported_cases", area)
    what = phrase(lang, "figure.cases_daily_title")
    notes = [phrase(lang, "figure.area", area=results.scenario.people.districts[area].title.get(lang))]
    figure = page(results, what, HEIGHT, lang=lang, alternative=alternative, notes=notes)
    y_label = label(phrase(lang, "figure.reported_cases"), phrase(lang, "unit.reported_cases_day"), lang)
    _curve(figure.subplots(), results, curve, y_label, lang)
    legend(figure, band_entries(lang))
    return figure


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
    axes.set_ylabel(wrap(y_label, 2.2, NOTE_SIZE))
    axes.margins(y=0.12)
    axes.set_ylim(bottom=0)
    number_ticks(axes, lang)


def _case_course(results: Results, alternative: str, indicator: str, area: str | None = None) -> Course:
    """Return the curve of an indicator of reported cases.

    Raises
    ------
    EmptyFigureError
        If the scenario does not simulate reported cases.
    """
    curve = course(results, alternative, indicator, area)
    if np.isnan(curve.mean).all():
        name = results.scenario.name
        raise EmptyFigureError(
            f"scenario {name!r} has arrivals instead of an epidemic, so there are no reported cases"
        )
    return curve


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
        size=NOTE_SIZE,
        color=VERMILION,
        weight="bold",
    )


def _describe(results: Results, lang: str, alternative: str) -> Iterator[str]:
    yield peak_words(
        lang, indicator_words(lang, WEEKLY_CASES).label, course(results, alternative, WEEKLY_CASES)
    )


FIGURE: Final = FigureSpec("cases", _draw, _describe, section="need", place=30, draw_area=_draw_area)
