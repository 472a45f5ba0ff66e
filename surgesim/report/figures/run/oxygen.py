"""The figure of oxygen: stock and use, days of cover, and facilities that have run out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.lines import Line2D

from surgesim.report.figures.drawing.course import (
    Course,
    band_entries,
    breach_entries,
    course,
    curve_table,
    peak_words,
)
from surgesim.report.figures.drawing.page import EmptyFigureError, Sheet, View, columns_of, page
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
    import pandas as pd

    from surgesim.study.results import Results

MOST_COVER: Final = 30.0
"""Upper limit of the panel of days of cover."""
_COVER: Final = "oxygen_cover_days"
_DRY: Final = "facilities_out_of_oxygen"


def _draw(view: View) -> Sheet:
    """Draw oxygen stock and use, days of cover, and facilities that have run out."""
    results, lang, alternative = view.results, view.lang, view.alternative
    if not any(facility.oxygen is not None for facility in facilities_of(results, alternative)):
        raise EmptyFigureError(
            f"alternative {alternative!r} of scenario {results.scenario.name!r} models no oxygen supply"
        )
    columns = columns_of(4, 2)
    sheet = page(view, phrase(lang, "figure.oxygen_title"), 4 // columns * 2.1 + 0.75)
    stock, use, cover, dry = sheet.panels(4 // columns, columns)
    in_stock, used, unmet, days, week = _curves(results, alternative).values()
    marks = threshold_summaries(results, alternative, lang)
    use.plot(unmet.days, unmet.mean, **DOTTED)
    course_panel(results, stock, "figure.stock_panel", "unit.tonnes", in_stock, lang, labelled=columns == 1)
    course_panel(results, use, "figure.use_panel", "unit.tonnes_day", used, lang, labelled=columns == 1)
    bounds = course_panel(
        results, cover, "figure.cover_panel", "unit.cover", days, lang, thresholds_of(marks, _COVER)
    )
    bounds += course_panel(
        results,
        dry,
        "figure.dry_panel",
        "unit.facilities",
        week,
        lang,
        thresholds_of(marks, _DRY),
        assessed=course(results, alternative, _DRY),
    )
    entries = [*band_entries(results, lang), (Line2D([], [], **DOTTED), phrase(lang, "figure.unmet"))]
    sheet.legend([*entries, *(breach_entries(results, lang) if bounds else [])])
    return sheet


def _curves(results: Results, alternative: str) -> dict[str, Course]:
    """Return the curves drawn: in tonnes and as 7-day means, and days of cover up to `MOST_COVER`."""
    return {
        "oxygen_stock_tonnes_7d": in_tonnes(results, alternative, "oxygen_stock_kg"),
        "oxygen_used_tonnes_7d": in_tonnes(results, alternative, "oxygen_used_kg"),
        "oxygen_unmet_tonnes_7d": in_tonnes(results, alternative, "oxygen_unmet_kg"),
        _COVER: course(results, alternative, _COVER).cap(MOST_COVER),
        f"{_DRY}_7d": course(results, alternative, _DRY).rolling_mean(7),
    }


def _data(view: View) -> pd.DataFrame:
    return curve_table(_curves(view.results, view.alternative))


def _describe(view: View) -> Iterator[str]:
    results, lang, alternative = view.results, view.lang, view.alternative
    _, used, _, cover, _ = _curves(results, alternative).values()
    yield peak_words(lang, f"{phrase(lang, 'figure.use_panel')} ({phrase(lang, 'unit.tonnes_day')})", used)
    place = int(np.nanargmin(cover.p50))
    yield phrase(
        lang,
        "alt.cover",
        value=round_off(float(cover.p50[place]), lang),
        day=day_text(cover.dates[place].item(), lang),
    )


FIGURE: Final = FigureSpec("oxygen", _draw, _describe, _data, section="logistics", place=90)
