"""The figure of the thresholds, each with its indicator, bound and days in breach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from surgesim.model.record import PER
from surgesim.report.figures.drawing.course import (
    Course,
    band_entries,
    breach_entries,
    course,
    draw_bands,
    run_span,
)
from surgesim.report.figures.drawing.page import (
    GREY,
    NOTE_SIZE,
    PANEL_SIZE,
    SMALL_SIZE,
    WIDTH,
    EmptyFigureError,
    date_axis,
    legend,
    legend_in,
    number_ticks,
    page,
    text_height,
    wrap,
    wrap_evenly,
)
from surgesim.report.figures.drawing.panel import under_title
from surgesim.report.figures.drawing.summaries import (
    ThresholdSummary,
    bound_line,
    mark_first,
    shade,
    threshold_summaries,
)
from surgesim.report.figures.spec import FigureSpec
from surgesim.report.words import phrase
from surgesim.scenario.schema.needs import beds_occupied
from surgesim.study.measures.breaches import SITUATION

if TYPE_CHECKING:
    from surgesim.study.results import Results

VACANT_BEDS: Final = "vacant_covid_beds_per_100k"


def _draw(results: Results, lang: str, alternative: str) -> Figure:
    """Draw each threshold's indicator with bands, its bound and its days in breach."""
    watches = [
        watch for watch in threshold_summaries(results, alternative, lang) if watch.indicator != SITUATION
    ]
    if not watches:
        raise EmptyFigureError(f"scenario {results.scenario.name!r} has no thresholds")
    columns = 1 if len(watches) == 1 else 2
    lines = -(-len(watches) // columns)
    width = WIDTH / columns - 0.75
    titles = [wrap_evenly(watch.title, width, PANEL_SIZE, "bold") for watch in watches]
    courses = [_course_of(results, alternative, watch) for watch in watches]
    spans = [_narrow_limits(curve, watch.bound) for curve, watch in zip(courses, watches, strict=True)]
    cut = f"; {phrase(lang, 'figure.not_from_zero')}"
    under = [
        ""
        if watch.missing  # the panel gives the reason
        else wrap(watch.outcome(lang, results.scenario.days) + (cut if span else ""), width, SMALL_SIZE)
        for watch, span in zip(watches, spans, strict=True)
    ]
    header = max(
        text_height(t, PANEL_SIZE) + text_height(u, SMALL_SIZE) for t, u in zip(titles, under, strict=True)
    )
    figure = page(
        results,
        phrase(lang, "figure.thresholds_title"),
        lines * (1.95 + header) + (0.0 if len(watches) % columns else 0.7),
        lang=lang,
        alternative=alternative,
    )
    first, last = run_span(results)
    grid = figure.subplots(lines, columns, squeeze=False)
    panels: list[Axes] = list(grid.flat)
    for i, (axes, watch) in enumerate(zip(panels, watches, strict=False)):
        _course(axes, watch, courses[i], results, width, lang)
        mark_first(axes, watch, watch.bound, last)
        axes.set_title(titles[i], pad=6 + 72 * text_height(under[i], SMALL_SIZE))
        under_title(axes, under[i])
        axes.set_ylabel(watch.unit)
        date_axis(axes, first, last, lang, ticks=9 if columns == 1 else 5)
        axes.set_ylim(bottom=0)
        span = spans[i]
        if span is not None:
            axes.set_ylim(*span)
        number_ticks(axes, lang)
    entries = [*band_entries(lang), *breach_entries(lang)]
    if len(panels) > len(watches):
        legend_in(panels[-1], entries, width)
    else:
        legend(figure, entries)
    return figure


def _course(
    axes: Axes, watch: ThresholdSummary, curve: Course | None, results: Results, width: float, lang: str
) -> None:
    """Draw the curve of a threshold's indicator and its bound, or write why there is no curve."""
    if watch.missing:
        said = wrap(watch.outcome(lang, results.scenario.days), width - 0.3, NOTE_SIZE)
        axes.text(0.5, 0.5, said, transform=axes.transAxes, ha="center", va="center", color=GREY)
    elif curve is None:
        said = phrase(lang, "figure.not_kept")
        axes.text(0.5, 0.5, said, transform=axes.transAxes, ha="center", color=GREY)
    else:
        shade(axes, curve.days, watch.breached(curve.p50))
        draw_bands(axes, curve)
    bound_line(axes, watch.bound)


def _narrow_limits(curve: Course | None, bound: float) -> tuple[float, float] | None:
    """Return axis limits for a curve and its bound if the axis need not start at 0; otherwise None."""
    if curve is None or np.isnan(curve.p5).all():
        return None
    least, most = min(bound, float(np.nanmin(curve.p5))), max(bound, float(np.nanmax(curve.p95)))
    room = 0.15 * (most - least)
    return (least - room, most + room) if least > most / 2 and room > 0 else None


def _course_of(results: Results, alternative: str, watch: ThresholdSummary) -> Course | None:
    """Return the curve of a threshold's indicator; None if the results have no daily values of it.

    Daily values of vacant beds cover all bed types that patients can occupy. If a threshold counts only one
    type, the curve is computed from the number of such beds; for another pair of types there are no
    quantiles.
    """
    scenario = results.scenario.alternative(alternative)
    if watch.indicator == VACANT_BEDS and set(watch.beds) != set(beds_occupied(scenario)):
        if len(watch.beds) > 1:
            return None
        return course(results, alternative, f"vacant_{watch.beds[0]}").scale(PER / scenario.people.total)
    kept = results.daily["indicator"] == watch.indicator
    return course(results, alternative, watch.indicator) if kept.any() else None


def _describe(results: Results, lang: str, alternative: str) -> Iterator[str]:
    for watch in threshold_summaries(results, alternative, lang):
        if watch.indicator != SITUATION:
            yield f"{watch.title}: {watch.outcome(lang, results.scenario.days)}."


FIGURE: Final = FigureSpec("thresholds", _draw, _describe, section="thresholds", place=50)
