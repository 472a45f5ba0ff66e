"""The figure of the thresholds, each with its indicator, bound and days in breach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from surgesim.model.record import PER
from surgesim.report.figures.drawing.course import (
    Course,
    band_entries,
    breach_entries,
    course,
    curve_table,
    draw_bands,
    run_span,
)
from surgesim.report.figures.drawing.page import (
    PANEL_SIZE,
    SMALL_SIZE,
    EmptyFigureError,
    Sheet,
    View,
    columns_of,
    date_axis,
    legend_in,
    number_ticks,
    page,
    page_width,
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
from surgesim.report.names import is_share
from surgesim.report.words import phrase
from surgesim.scenario.schema.needs import beds_occupied
from surgesim.study.measures.breaches import SITUATION

if TYPE_CHECKING:
    import pandas as pd

    from surgesim.study.results import Results

VACANT_BEDS: Final = "vacant_covid_beds_per_100k"


def _draw(view: View) -> Sheet:
    """Draw each threshold's indicator with bands, its bound and its days in breach."""
    results, lang = view.results, view.lang
    drawn, notes = [], []
    for watch in _watches(view):
        curve = None if watch.missing else _course_of(results, view.alternative, watch)
        if curve is not None and np.nanmax(curve.p95) > np.nanmin(curve.p5):
            drawn.append((watch, curve))
        else:
            unknown = curve is None and not watch.missing
            why = phrase(lang, "figure.not_kept") if unknown else watch.outcome(lang, results.scenario.days)
            notes.append(f"{watch.title}: {why}")
    if not drawn:
        raise EmptyFigureError(f"scenario {results.scenario.name!r} has no thresholds with daily values")
    columns = columns_of(len(drawn), 2)
    lines = -(-len(drawn) // columns)
    width = page_width() / columns - 0.75
    titles = [wrap_evenly(watch.title, width, PANEL_SIZE, "bold") for watch, _ in drawn]
    limits = [_narrow_limits(curve, watch.bound) for watch, curve in drawn]
    cut = f"; {phrase(lang, 'figure.not_from_zero')}"
    under = [
        wrap(watch.outcome(lang, results.scenario.days) + (cut if limit else ""), width, SMALL_SIZE)
        for (watch, _), limit in zip(drawn, limits, strict=True)
    ]
    header = max(
        text_height(t, PANEL_SIZE) + text_height(u, SMALL_SIZE) for t, u in zip(titles, under, strict=True)
    )
    full = len(drawn) % columns == 0
    sheet = page(
        view,
        phrase(lang, "figure.thresholds_title"),
        lines * (1.95 + header) + (0.7 if full else 0.0),
        notes=notes,
    )
    first, last = run_span(results)
    panels = sheet.panels(lines, columns)
    for axes, (watch, curve), title, text, limit in zip(panels, drawn, titles, under, limits, strict=False):
        shade(axes, curve.days, watch.breached(curve.p50))
        draw_bands(axes, curve)
        bound_line(axes, watch.bound)
        mark_first(axes, watch, watch.bound, last)
        axes.set_title(title, pad=6 + 72 * text_height(text, SMALL_SIZE))
        under_title(axes, text)
        share = is_share(view.scenario, watch.name)
        axes.set_ylabel(phrase(lang, "unit.percent") if share else watch.unit)
        date_axis(axes, first, last, lang)
        axes.set_ylim(bottom=0)
        if limit is not None:
            axes.set_ylim(*limit)
        number_ticks(axes, lang, percent=share)
    entries = [*band_entries(results, lang), *breach_entries(results, lang)]
    if full:
        sheet.legend(entries)
    else:
        legend_in(panels[-1], entries, width)
    return sheet


def _watches(view: View) -> list[ThresholdSummary]:
    watches = threshold_summaries(view.results, view.alternative, view.lang)
    return [watch for watch in watches if watch.indicator != SITUATION]


def _data(view: View) -> pd.DataFrame:
    """Return a row per threshold and day, with the bound."""
    import pandas as pd

    tables = [
        curve_table({watch.name: curve}).assign(bound=watch.bound)
        for watch in _watches(view)
        if not watch.missing and (curve := _course_of(view.results, view.alternative, watch)) is not None
    ]
    return pd.concat(tables, ignore_index=True)


def _narrow_limits(curve: Course, bound: float) -> tuple[float, float] | None:
    """Return axis limits for a curve and its bound if the axis need not start at 0; otherwise None."""
    if np.isnan(curve.p5).all():
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


def _describe(view: View) -> Iterator[str]:
    for watch in _watches(view):
        yield f"{watch.title}: {watch.outcome(view.lang, view.results.scenario.days)}."


FIGURE: Final = FigureSpec("thresholds", _draw, _describe, _data, section="thresholds", place=50)
