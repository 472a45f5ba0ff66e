"""A panel that shows the curve of an indicator and its thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.axes import Axes

from surgesim.report.figures.drawing.course import Course, course, draw_bands, run_span
from surgesim.report.figures.drawing.page import (
    GREY,
    PANEL_SIZE,
    PURPLE,
    SMALL_SIZE,
    column_width,
    date_axis,
    number_ticks,
    wrap_evenly,
)
from surgesim.report.figures.drawing.summaries import bound_line, mark_first, shade
from surgesim.report.words import phrase

if TYPE_CHECKING:
    from surgesim.report.figures.drawing.summaries import ThresholdSummary
    from surgesim.scenario.schema.care import Facility
    from surgesim.study.results import Results

DOTTED: Final[dict[str, Any]] = {"color": PURPLE, "linestyle": (0, (1, 1)), "linewidth": 2.0}


def facilities_of(results: Results, alternative: str) -> Sequence[Facility]:
    return tuple(results.scenario.alternative(alternative).care.facilities.values())


def in_tonnes(results: Results, alternative: str, indicator: str) -> Course:
    """Return the curve of an indicator in kg, converted to tonnes and averaged over 7 days."""
    return course(results, alternative, indicator).scale(1e-3).rolling_mean(7)


def thresholds_of(marks: Sequence[ThresholdSummary], indicator: str) -> list[ThresholdSummary]:
    """Return the thresholds that apply to an indicator."""
    return [watch for watch in marks if watch.indicator == indicator]


def course_panel(
    results: Results,
    axes: Axes,
    title: str | None,
    unit: str,
    curve: Course,
    lang: str,
    marks: Sequence[ThresholdSummary] = (),
    *,
    ticks: int = 5,
    labelled: bool = True,
    assessed: Course | None = None,
) -> int:
    """Draw a curve with its bands and thresholds; return the number of thresholds drawn.

    `assessed` is the curve to which the thresholds apply, if it differs from the curve drawn.
    """
    first, last = run_span(results)
    draw_bands(axes, curve)
    for watch in marks:
        shade(axes, curve.days, watch.breached((assessed or curve).p50))
        bound_line(axes, watch.bound)
        mark_first(axes, watch, watch.bound, last)
    if title is not None:
        axes.set_title(wrap_evenly(phrase(lang, title), column_width(axes) - 0.6, PANEL_SIZE, "bold"))
        axes.set_ylabel(phrase(lang, unit))
    date_axis(axes, first, last, lang, ticks=ticks, labelled=labelled)
    axes.set_ylim(bottom=0)
    if not np.nan_to_num(curve.p95).any():  # nothing to scale the axis by
        axes.set_ylim(0, 1)
    number_ticks(axes, lang)
    return len(marks)


def under_title(axes: Axes, text: str) -> None:
    """Add small grey text between a panel and its title."""
    axes.annotate(
        text,
        (0, 1),
        (0, 4),
        xycoords="axes fraction",
        textcoords="offset points",
        size=SMALL_SIZE,
        color=GREY,
        va="bottom",
        linespacing=1.2,
    )
