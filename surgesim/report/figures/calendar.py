"""The figure of a calendar of decisions: order, lead time and action of each rule, and its last call."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from surgesim.report.figures.drawing.page import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    SMALL_SIZE,
    VERMILION,
    Look,
    date_axis,
    day_number,
    draw_bar,
    legend,
    project_style,
    settle,
    source,
    text_height,
    with_heading,
    wrap,
)
from surgesim.report.prose.calendar import (
    calendar_sentences,
    day_of,
    decision_title,
    decisions,
    last_call_words,
    later_words,
    trigger_words,
)
from surgesim.report.prose.decisions import change_words
from surgesim.report.words import phrase

if TYPE_CHECKING:
    from surgesim.decisions.door import Calendar

NAME_WIDTH: Final = 2.5
_BAR: Final = 0.12
"""Height of a bar in inches."""
_LEAD, _ACTS = Look(ORANGE, "/////", "#5A3D00"), Look(BLUE, "", BLUE)
_BAND: Final[dict[str, Any]] = {"color": BLACK, "linewidth": 0.9, "marker": "|", "markersize": 4}
_LAST: Final[dict[str, Any]] = {"color": VERMILION, "marker": "v", "markersize": 5.5, "linestyle": ""}
_LAST_AT: Final = 62
"""Distance in points from the panel to the column of last calls."""


def draw_calendar(calendar: Calendar, lang: str) -> Figure:
    """Draw a row per rule, in the order of the order dates."""
    entry, rows = calendar.manifest["calendar"], decisions(calendar)
    scenario = calendar.scenario
    names = [
        wrap(decision_title(calendar, rule, lang), NAME_WIDTH, SMALL_SIZE)
        + "\n"
        + wrap(trigger_words(scenario, rule, lang), NAME_WIDTH, SMALL_SIZE)
        for rule in rows["rule"]
    ]
    heights = [text_height(name, SMALL_SIZE) + 0.07 for name in names]
    title = phrase(
        lang, "figure.heading", province=scenario.title.get(lang), what=phrase(lang, "calendar.title")
    )
    with project_style():
        notes = [sentence.rstrip(".") for sentence in calendar_sentences(calendar, lang)]
        notes.append(phrase(lang, "calendar.grey"))
        figure = with_heading(
            title, notes, sum(heights) + 1.2, source(calendar.scenario, calendar.manifest, lang)
        )
        axes = figure.subplots()
        top, middles = 0.0, []
        for row, height in zip(rows.to_dict("records"), heights, strict=True):
            middles.append(top + height / 2)
            _row(axes, row, middles[-1], scenario.end, lang, has_calls=bool(entry["conditions"]))
            top += height
            axes.axhline(top, color="#DDDDDD", linewidth=0.5)
        later = later_words(calendar, lang)
        _beside(axes, wrap(later, 0.8, SMALL_SIZE), 1, 5, "axes fraction", "bottom")
        if entry["conditions"]:
            heading = wrap(phrase(lang, "calendar.latest"), 0.7, SMALL_SIZE)
            _beside(axes, heading, 1, _LAST_AT, "axes fraction", "bottom")
        axes.set_ylim(top, 0)
        axes.set_yticks(middles, names)
        axes.tick_params(axis="y", length=0, labelsize=SMALL_SIZE)
        axes.grid(True, axis="x")
        axes.grid(False, axis="y")
        date_axis(axes, scenario.start, scenario.end, lang, ticks=8)
        marks = [
            (Line2D([], [], **_BAND), phrase(lang, "calendar.band")),
            (_LEAD.patch, phrase(lang, "calendar.lead")),
            (_ACTS.patch, phrase(lang, "calendar.acts")),
        ]
        if entry["conditions"]:
            marks.append((Line2D([], [], **_LAST), phrase(lang, "calendar.latest")))
        legend(figure, marks)
        settle(figure)
    return figure


def _row(axes: Axes, row: Mapping[Any, Any], middle: float, end: date, lang: str, *, has_calls: bool) -> None:
    ordered, ready, down = (_day(row, f"{step}_median") for step in ("ordered", "ready", "stood_down"))
    last = day_number(end)
    if ordered is not None:
        starts = last if ready is None else ready
        _bar(axes, _LEAD, ordered, starts, middle)
        _bar(axes, _ACTS, starts, last if down is None else down, middle)
    low, high = _day(row, "ordered_low"), _day(row, "ordered_high")
    if low is not None:
        axes.plot([low, last if high is None else high], [middle, middle], zorder=4, **_BAND)
    latest = _day(row, "latest")
    if latest is not None:
        axes.plot([latest], [middle - _BAR], zorder=5, **_LAST)
    clear = row["difference_low"] > 0 or row["difference_high"] < 0
    _beside(
        axes, change_words(row["difference"], lang), middle, 5, "data", "center", BLACK if clear else GREY
    )
    if has_calls:
        _beside(axes, last_call_words(row, lang), middle, _LAST_AT, "data", "center")


def _bar(axes: Axes, look: Look, begin: float, end: float, middle: float) -> None:
    if end > begin:
        draw_bar(axes, look, middle, begin, end - begin, _BAR)


def _beside(axes: Axes, text: str, y: float, at: float, of: str, va: str, colour: str = BLACK) -> None:
    axes.annotate(
        text,
        (1, y),
        (at, 3 if va == "bottom" else 0),
        xycoords=("axes fraction", of),
        textcoords="offset points",
        va=va,
        size=SMALL_SIZE,
        color=colour,
    )


def _day(row: Mapping[Any, Any], column: str) -> float | None:
    day = day_of(row, column)
    return None if day is None else day_number(day)
