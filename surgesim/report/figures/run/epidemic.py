"""The figure of the epidemic: daily infections and reported cases, and the level if available."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.axes import Axes

from surgesim.report.figures.drawing.course import (
    band_entries,
    course,
    curve_table,
    draw_bands,
    peak_words,
    run_span,
)
from surgesim.report.figures.drawing.page import (
    SMALL_SIZE,
    EmptyFigureError,
    Look,
    Sheet,
    View,
    date_axis,
    day_numbers,
    number_ticks,
    page,
    spans,
)
from surgesim.report.figures.spec import FigureSpec
from surgesim.report.words import day_text, phrase

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from surgesim.study.results import Results

LEVEL: Final = "epidemic_level"
LOOKS: Final = {
    1: Look("#E6F2EA", "", "#2F7D4F"),
    2: Look("#FDE9A9", "....", "#8A6D00"),
    3: Look("#F5A65B", "////", "#7A3B00"),
    4: Look("#B3321F", "xxxx", "#FFFFFF"),
}
"""Styles of the epidemic levels."""

PANELS: Final = ("infections", "reported_cases")


def _draw(view: View) -> Sheet:
    """Draw daily infections and reported cases, with the median epidemic level above."""
    results, lang, alternative = view.results, view.lang, view.alternative
    if not np.nansum(course(results, alternative, PANELS[0]).mean):
        raise EmptyFigureError(
            f"nobody is infected in alternative {alternative!r} of scenario {results.scenario.name!r}"
        )
    levels = median_levels(results, alternative)
    strip = 0.0 if levels is None else 0.45
    heights = [1.9, 1.9] if levels is None else [strip, 1.9, 1.9]
    sheet = page(
        view,
        phrase(lang, "figure.epidemic_title"),
        sum(heights) + 0.9,
    )
    drawn: list[Axes] = sheet.panels(len(heights), height_ratios=heights)
    first, last = run_span(results)
    entries = band_entries(results, lang)
    if levels is not None:
        dates, values = levels
        for level in _draw_levels(drawn[0], dates, values):
            entries.append((LOOKS[level].patch, phrase(lang, "figure.level", n=level)))
        drawn[0].set_title(phrase(lang, "figure.level_panel"), size=SMALL_SIZE + 1)
        date_axis(drawn[0], first, last, lang, labelled=False)
    for axes, what in zip(drawn[-2:], PANELS, strict=True):
        draw_bands(axes, course(results, alternative, what))
        axes.set_title(phrase(lang, f"figure.{what}_panel"))
        axes.set_ylabel(phrase(lang, f"unit.{what}_day"))
        date_axis(axes, first, last, lang, labelled=axes is drawn[-1])
        axes.set_ylim(bottom=0)
        number_ticks(axes, lang)
    sheet.legend(entries)
    return sheet


def _data(view: View) -> pd.DataFrame:
    names = [*PANELS] if median_levels(view.results, view.alternative) is None else [*PANELS, LEVEL]
    return curve_table({name: course(view.results, view.alternative, name) for name in names})


def median_levels(
    results: Results, alternative: str
) -> tuple[NDArray[np.datetime64], NDArray[np.float64]] | None:
    """Return the dates and the median epidemic level; None if the results contain no levels."""
    table = results.daily
    rows = table[(table["alternative"] == alternative) & (table["indicator"] == LEVEL)].sort_values("day")
    values = rows["p50"].to_numpy(dtype=float)
    if not np.nansum(values):
        return None
    return rows["date"].to_numpy(dtype="datetime64[D]"), values


def _draw_levels(axes: Axes, dates: NDArray[np.datetime64], values: NDArray[np.float64]) -> list[int]:
    """Draw a strip of epidemic levels; return the levels that occur."""
    days = day_numbers(np.append(dates, dates[-1] + np.timedelta64(1, "D")))
    seen = []
    for level, look in LOOKS.items():
        for begin, end in spans(np.floor(values) == level):
            axes.axvspan(
                days[begin],
                days[end],
                facecolor=look.colour,
                hatch=look.hatch,
                edgecolor=look.ink,
                linewidth=0,
            )
            seen.append(level)
    axes.set_yticks([])
    axes.grid(False)
    axes.spines["left"].set_visible(False)
    return sorted(set(seen))


def _describe(view: View) -> Iterator[str]:
    results, lang, alternative = view.results, view.lang, view.alternative
    for what in PANELS:
        yield peak_words(lang, phrase(lang, f"figure.{what}_panel"), course(results, alternative, what))
    levels = median_levels(results, alternative)
    if levels is not None:
        dates, values = levels
        day = dates[int(values.argmax())].item()
        yield phrase(lang, "alt.level", n=int(values.max()), day=day_text(day, lang))


FIGURE: Final = FigureSpec("epidemic", _draw, _describe, _data, section="thresholds", place=20)
