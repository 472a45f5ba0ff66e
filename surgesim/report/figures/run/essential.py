"""The figure of non-COVID patients: unserved emergencies and the elective backlog."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from matplotlib.lines import Line2D

from surgesim.report.figures.drawing.course import (
    band_entries,
    breach_entries,
    course,
    curve_table,
    peak_words,
)
from surgesim.report.figures.drawing.page import EmptyFigureError, Sheet, View, page
from surgesim.report.figures.drawing.panel import DOTTED, course_panel, facilities_of, thresholds_of
from surgesim.report.figures.drawing.summaries import threshold_summaries
from surgesim.report.figures.spec import FigureSpec
from surgesim.report.words import indicator_words, outcome_words, phrase, round_off

if TYPE_CHECKING:
    import pandas as pd


def _draw(view: View) -> Sheet:
    """Draw unserved non-COVID emergencies and waiting elective patients."""
    results, lang, alternative = view.results, view.lang, view.alternative
    if not any(facility.essential is not None for facility in facilities_of(results, alternative)):
        raise EmptyFigureError(
            f"alternative {alternative!r} of scenario {results.scenario.name!r} models no non-COVID patients"
        )
    sheet = page(
        view,
        phrase(lang, "figure.essential_title"),
        2 * 2.1 + 0.75,
    )
    emergency, backlog = sheet.panels(2)
    arrivals = course(results, alternative, "emergency_arrivals")
    emergency.plot(arrivals.days, arrivals.mean, **DOTTED)
    unserved = course(results, alternative, "emergency_unserved")
    course_panel(
        results,
        emergency,
        "figure.emergency_panel",
        "unit.patients_day",
        unserved,
        lang,
        ticks=9,
        labelled=False,
    )
    bounds = course_panel(
        results,
        backlog,
        "figure.backlog_panel",
        "unit.patients",
        course(results, alternative, "elective_backlog"),
        lang,
        thresholds_of(threshold_summaries(results, alternative, lang), "elective_backlog"),
        ticks=9,
    )
    entries = [*band_entries(results, lang), (Line2D([], [], **DOTTED), phrase(lang, "figure.arrivals"))]
    sheet.legend([*entries, *(breach_entries(results, lang) if bounds else [])])
    return sheet


def _data(view: View) -> pd.DataFrame:
    names = ("emergency_arrivals", "emergency_unserved", "elective_backlog")
    return curve_table({name: course(view.results, view.alternative, name) for name in names})


def _describe(view: View) -> Iterator[str]:
    results, lang, alternative = view.results, view.lang, view.alternative
    unserved = course(results, alternative, "emergency_unserved")
    yield peak_words(lang, outcome_words(lang, "emergency_unserved").label, unserved)
    backlog = course(results, alternative, "elective_backlog")
    yield phrase(
        lang,
        "alt.at_end",
        what=indicator_words(lang, "elective_backlog").label,
        value=round_off(float(backlog.p50[-1]), lang),
    )


FIGURE: Final = FigureSpec("essential", _draw, _describe, _data, section="totals", place=110)
