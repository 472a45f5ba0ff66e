"""The figure of oxygen: stock and use, days of cover, and facilities that have run out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from surgesim.report.figures.drawing.course import band_entries, breach_entries, course, peak_words
from surgesim.report.figures.drawing.page import EmptyFigureError, legend, page
from surgesim.report.figures.drawing.panel import (
    DOTTED,
    course_panel,
    facilities_of,
    in_tonnes,
    thresholds_of,
)
from surgesim.report.figures.drawing.summaries import threshold_summaries
from surgesim.report.figures.spec import FigureSpec
from surgesim.report.words import day_text, phrase, round_off

if TYPE_CHECKING:
    from surgesim.study.results import Results

MOST_COVER: Final = 30.0
"""Upper limit of the panel of days of cover."""
_COVER: Final = "oxygen_cover_days"
_DRY: Final = "facilities_out_of_oxygen"


def _draw(results: Results, lang: str, alternative: str) -> Figure:
    """Draw oxygen stock and use, days of cover, and facilities that have run out."""
    if not any(facility.oxygen is not None for facility in facilities_of(results, alternative)):
        raise EmptyFigureError(
            f"alternative {alternative!r} of scenario {results.scenario.name!r} models no oxygen supply"
        )
    figure = page(
        results, phrase(lang, "figure.oxygen_title"), 2 * 2.1 + 0.75, lang=lang, alternative=alternative
    )
    stock, use, cover, dry = figure.subplots(2, 2).flat
    marks = threshold_summaries(results, alternative, lang)
    unmet = in_tonnes(results, alternative, "oxygen_unmet_kg")
    use.plot(unmet.days, unmet.mean, **DOTTED)
    in_stock = in_tonnes(results, alternative, "oxygen_stock_kg")
    course_panel(results, stock, "figure.stock_panel", "unit.tonnes", in_stock, lang, labelled=False)
    used = in_tonnes(results, alternative, "oxygen_used_kg")
    course_panel(results, use, "figure.use_panel", "unit.tonnes_day", used, lang, labelled=False)
    days = course(results, alternative, _COVER).cap(MOST_COVER)
    bounds = course_panel(
        results, cover, "figure.cover_panel", "unit.cover", days, lang, thresholds_of(marks, _COVER)
    )
    out = course(results, alternative, _DRY)
    week = out.rolling_mean(7)
    bounds += course_panel(
        results,
        dry,
        "figure.dry_panel",
        "unit.facilities",
        week,
        lang,
        thresholds_of(marks, _DRY),
        assessed=out,
    )
    entries = [*band_entries(lang), (Line2D([], [], **DOTTED), phrase(lang, "figure.unmet"))]
    legend(figure, [*entries, *(breach_entries(lang) if bounds else [])])
    return figure


def _describe(results: Results, lang: str, alternative: str) -> Iterator[str]:
    used = course(results, alternative, "oxygen_used_kg").scale(1e-3).rolling_mean(7)
    yield peak_words(lang, f"{phrase(lang, 'figure.use_panel')} ({phrase(lang, 'unit.tonnes_day')})", used)
    cover = course(results, alternative, "oxygen_cover_days").cap(MOST_COVER)
    place = int(np.nanargmin(cover.p50))
    yield phrase(
        lang,
        "alt.cover",
        value=round_off(float(cover.p50[place]), lang),
        day=day_text(cover.dates[place].item(), lang),
    )


FIGURE: Final = FigureSpec("oxygen", _draw, _describe, section="logistics", place=90)
