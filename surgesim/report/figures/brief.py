"""The figure of the brief: the need for oxygen and ICU beds against usable beds, with dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from surgesim.report.figures.drawing.course import course, peak, run_span
from surgesim.report.figures.drawing.need import draw_need, need_entries
from surgesim.report.figures.drawing.page import (
    MARGIN,
    VERMILION,
    date_axis,
    day_number,
    legend,
    number_ticks,
    page_width,
    project_style,
    settle,
)
from surgesim.report.words import day_month, phrase
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.study.measures.binding import BEDS

if TYPE_CHECKING:
    from surgesim.study.results import Results

_HEIGHT: Final = 5.6 / 2.54
_SIZE: Final = 8.0
_ROOM: Final = 0.3
"""Share of a panel's width that a label needs to the left of its line."""


def draw_brief(results: Results, lang: str) -> Figure:
    """Draw the need for oxygen and ICU beds in the baseline, side by side, in 18 by 5.6 cm."""
    first, last = run_span(results)
    with project_style():
        figure = Figure(figsize=(page_width(), _HEIGHT), layout="constrained")
        engine = figure.get_layout_engine()
        if engine is not None:
            engine.set(w_pad=MARGIN, h_pad=MARGIN)  # type: ignore[call-arg]
        for axes, bed in zip(figure.subplots(1, len(BEDS)), BEDS, strict=True):
            draw_need(axes, results, BASELINE, bed)
            axes.set_title(phrase(lang, f"figure.{bed}_panel"))
            date_axis(axes, first, last, lang, ticks=5)
            axes.set_xlabel("")  # the dates speak for themselves
            axes.margins(y=0.06)
            axes.set_ylim(0, 1.18 * axes.get_ylim()[1])  # room for the text above the bands
            number_ticks(axes, lang, ticks=4)
            _dates(axes, results, bed, lang)
        legend(figure, need_entries(results, lang))
        settle(figure)
    return figure


def _dates(axes: Axes, results: Results, bed: str, lang: str) -> None:
    """Mark the first day of the shortage and the day of the peak, with their dates."""
    need, staffed = course(results, BASELINE, f"{bed}_need"), course(results, BASELINE, f"staffed_{bed}")
    if np.isnan(need.p50).all():
        return
    height, top = peak(need)
    middle = sum(axes.get_xlim()) / 2
    right = day_number(top) <= middle  # room for the text
    axes.plot(
        [day_number(top)], [height], "o", color=VERMILION, markeredgecolor="white", markersize=5.5, zorder=6
    )
    text = phrase(lang, "onepage.peak_on", day=day_month(top, lang))
    _write(axes, text, (day_number(top), height), right=right)
    short = np.flatnonzero(need.p50 > staffed.p50)
    if short.size:
        first = need.dates[short[0]].item()
        text = phrase(lang, "onepage.short_from", day=day_month(first, lang))
        high = 0.93 * axes.get_ylim()[1]
        axes.axvline(day_number(first), color=VERMILION, linewidth=0.9, linestyle=":", zorder=4)
        _write(
            axes,
            text,
            (day_number(first), high),
            right=day_number(first) - axes.get_xlim()[0] < _ROOM * np.ptp(axes.get_xlim()),
        )


def _write(axes: Axes, text: str, at: tuple[float, float], *, right: bool) -> None:
    """Write a label to the right or left of a point."""
    axes.annotate(
        text,
        at,
        (7 if right else -5, 0),
        textcoords="offset points",
        ha="left" if right else "right",
        va="center",
        size=_SIZE,
        color=VERMILION,
        weight="bold",
        zorder=7,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85},
    )
