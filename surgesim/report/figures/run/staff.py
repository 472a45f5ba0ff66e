"""The figure of absent staff."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from surgesim.report.figures.drawing.course import band_entries, breach_entries, course, curve_table, peak
from surgesim.report.figures.drawing.page import SMALL_SIZE, EmptyFigureError, Sheet, View, number_ticks, page
from surgesim.report.figures.drawing.panel import course_panel, facilities_of, thresholds_of
from surgesim.report.figures.drawing.summaries import threshold_summaries
from surgesim.report.figures.spec import FigureSpec
from surgesim.report.words import day_text, indicator_words, percent, phrase

if TYPE_CHECKING:
    import pandas as pd

ABSENT: Final = "staff_absent_share"


def _draw(view: View) -> Sheet:
    """Draw the share of clinical staff who are absent."""
    results, lang, alternative = view.results, view.lang, view.alternative
    if not any(facility.staff is not None for facility in facilities_of(results, alternative)):
        raise EmptyFigureError(
            f"alternative {alternative!r} of scenario {results.scenario.name!r} models no staff"
        )
    sheet = page(
        view,
        phrase(lang, "figure.staff_title"),
        3.2,
    )
    (axes,) = sheet.panels(1)
    title, unit = indicator_words(lang, ABSENT).label, phrase(lang, "unit.percent")
    bounds = course_panel(
        results,
        axes,
        None,
        unit,
        course(results, alternative, ABSENT),
        lang,
        thresholds_of(threshold_summaries(results, alternative, lang), ABSENT),
        ticks=9,
    )
    number_ticks(axes, lang, percent=True)
    axes.set_ylabel(phrase(lang, "figure.labelled", label=title, unit=unit), size=SMALL_SIZE)
    sheet.legend([*band_entries(results, lang), *(breach_entries(results, lang) if bounds else [])])
    return sheet


def _data(view: View) -> pd.DataFrame:
    return curve_table({ABSENT: course(view.results, view.alternative, ABSENT)})


def _describe(view: View) -> Iterator[str]:
    results, lang, alternative = view.results, view.lang, view.alternative
    value, day = peak(course(results, alternative, ABSENT))
    what = indicator_words(lang, ABSENT).label
    yield phrase(lang, "alt.peak", what=what, value=percent(value, lang), day=day_text(day, lang))


FIGURE: Final = FigureSpec("staff", _draw, _describe, _data, section="totals", place=100)
