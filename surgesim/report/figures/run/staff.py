"""The figure of absent staff."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from matplotlib.figure import Figure

from surgesim.report.figures.drawing.course import band_entries, breach_entries, course, peak
from surgesim.report.figures.drawing.page import NOTE_SIZE, EmptyFigureError, legend, number_ticks, page
from surgesim.report.figures.drawing.panel import course_panel, facilities_of, thresholds_of
from surgesim.report.figures.drawing.summaries import threshold_summaries
from surgesim.report.figures.spec import FigureSpec
from surgesim.report.words import day_text, indicator_words, percent, phrase

if TYPE_CHECKING:
    from surgesim.study.results import Results


def _draw(results: Results, lang: str, alternative: str) -> Figure:
    """Draw the share of clinical staff who are absent."""
    if not any(facility.staff is not None for facility in facilities_of(results, alternative)):
        raise EmptyFigureError(
            f"alternative {alternative!r} of scenario {results.scenario.name!r} models no staff"
        )
    indicator = "staff_absent_share"
    figure = page(results, phrase(lang, "figure.staff_title"), 3.2, lang=lang, alternative=alternative)
    axes = figure.subplots()
    title, unit = indicator_words(lang, indicator).label, phrase(lang, "unit.percent")
    bounds = course_panel(
        results,
        axes,
        None,
        unit,
        course(results, alternative, indicator),
        lang,
        thresholds_of(threshold_summaries(results, alternative, lang), indicator),
        ticks=9,
    )
    number_ticks(axes, lang, percent=True)
    axes.set_ylabel(phrase(lang, "figure.labelled", label=title, unit=unit), size=NOTE_SIZE)
    legend(figure, [*band_entries(lang), *(breach_entries(lang) if bounds else [])])
    return figure


def _describe(results: Results, lang: str, alternative: str) -> Iterator[str]:
    value, day = peak(course(results, alternative, "staff_absent_share"))
    what = indicator_words(lang, "staff_absent_share").label
    yield phrase(lang, "alt.peak", what=what, value=percent(value, lang), day=day_text(day, lang))


FIGURE: Final = FigureSpec("staff", _draw, _describe, section="totals", place=100)
