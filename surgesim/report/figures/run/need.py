"""The figure of oxygen and ICU need against staffed beds, with the first breach of every threshold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from surgesim.report.figures.drawing.course import course, curve_table, peak, run_span
from surgesim.report.figures.drawing.need import draw_need, need_curves, need_entries
from surgesim.report.figures.drawing.page import (
    PANEL_SIZE,
    SMALL_SIZE,
    VERMILION,
    Sheet,
    View,
    date_axis,
    day_number,
    number_ticks,
    page,
    page_width,
    replications,
    text_width,
    wrap,
)
from surgesim.report.figures.drawing.summaries import (
    ThresholdSummary,
    first_entry,
    mark_first,
    threshold_summaries,
)
from surgesim.report.figures.spec import FigureSpec
from surgesim.report.prose.sentences import RANGE, are_extremes
from surgesim.report.words import day_month, day_text, number, percent, phrase, round_off
from surgesim.study.measures.binding import BEDS

if TYPE_CHECKING:
    import pandas as pd

    from surgesim.study.results import Results

TOGETHER_DAYS: Final = 7
"""First breaches at most this many days apart share a bracket instead of being drawn individually."""
_DATE: Final[dict[str, Any]] = {"color": VERMILION, "linewidth": 0.7, "linestyle": ":", "zorder": 1}
_BESIDE: Final = 0.95  # inches beside a full-page panel


def _draw(view: View) -> Sheet:
    """Draw oxygen and ICU need against staffed beds, with the first breach of each threshold above."""
    results, lang, alternative = view.results, view.lang, view.alternative
    watches = threshold_summaries(results, alternative, lang)
    rows = [_row(watch, results, lang) for watch in watches]
    strip = 0.17 * sum(text.count("\n") + 1 for text, _ in rows) + 0.35 if rows else 0.0
    panels = 2.05
    sheet = page(
        view,
        phrase(lang, "figure.need_title"),
        strip + 2 * panels + 0.85,
    )
    heights = [panels, panels] if not rows else [strip, panels, panels]
    drawn = sheet.panels(len(heights), height_ratios=heights)
    first, last = run_span(results)
    if rows:
        _first_breaches(drawn[0], watches, rows, last, lang, replications(results))
        date_axis(drawn[0], first, last, lang, labelled=False)
    oxygen, icu = drawn[-2:]
    clusters = _clusters([watch.first for watch in watches if watch.first is not None and not watch.at_start])
    for axes, bed in ((oxygen, "oxygen"), (icu, "icu")):
        draw_need(axes, results, alternative, bed)
        for days in clusters:
            for day in dict.fromkeys((days[0], days[-1])):
                axes.axvline(day_number(day), **_DATE)
        axes.set_title(phrase(lang, f"figure.{bed}_panel"))
        axes.set_ylabel(phrase(lang, "unit.patients_beds"))
        date_axis(axes, first, last, lang, labelled=axes is icu)
        axes.margins(y=0.06)
        axes.set_ylim(bottom=0)
        number_ticks(axes, lang)
        _brackets(axes, [days for days in clusters if len(days) > 1], lang)
    marks = (
        [first_entry(results, lang), (Line2D([], [], **_DATE), phrase(lang, "figure.first_date"))]
        if rows
        else []
    )
    sheet.legend([*need_entries(results, lang), *marks])
    return sheet


def _clusters(days: list[date]) -> list[list[date]]:
    """Sort the days and group days that follow each other within `TOGETHER_DAYS`."""
    found: list[list[date]] = []
    for day in sorted(days):
        if found and (day - found[-1][-1]).days <= TOGETHER_DAYS:
            found[-1].append(day)
        else:
            found.append([day])
    return found


def _brackets(axes: Axes, clusters: list[list[date]], lang: str) -> None:
    """Draw brackets at the top of a panel over first breaches too close together to distinguish.

    Labels are above the panel so that they hide nothing: to the right of the bracket's start and of other
    text, or at the panel's right edge. A bracket gets no label if there is no room.
    """
    left, right = axes.get_xlim()
    inch = (right - left) / (page_width() - _BESIDE)
    taken = left + inch * (text_width(axes.get_title(loc="left"), PANEL_SIZE, "bold") + 0.15)
    for days in clusters:
        ends = [day_number(days[0]), day_number(days[-1])]
        axes.plot(
            ends, [1, 1], color=VERMILION, linewidth=2.2, transform=axes.get_xaxis_transform(), clip_on=False
        )
        span = {"first": day_month(days[0], lang), "last": day_month(days[-1], lang)}
        text = phrase(lang, "figure.first_breaches", n=number(len(days), lang), **span)
        width = inch * text_width(text, SMALL_SIZE)
        at = max(taken, min(ends[0], right - width))
        if at + width > right:
            continue  # no room: the strip above names them
        taken = at + width + inch * 0.15
        axes.annotate(
            text,
            (at, 1),
            (0, 4),
            xycoords=axes.get_xaxis_transform(),
            textcoords="offset points",
            va="bottom",
            size=SMALL_SIZE,
            color=VERMILION,
        )


def _row(watch: ThresholdSummary, results: Results, lang: str) -> tuple[str, bool]:
    """Return a threshold's text in the strip of first breaches, and True if it is to the left of its mark."""
    days = results.scenario.days
    if watch.missing:
        text = phrase(lang, "figure.not_assessed", title=watch.title)
    elif watch.at_start:
        text = phrase(lang, "figure.from_start", title=watch.title)
    elif watch.first is not None:
        text = phrase(lang, "figure.first_on", title=watch.title, date=day_month(watch.first, lang))
    elif watch.probability == 0:
        text = phrase(lang, "figure.in_no_run", title=watch.title)
    else:
        text = phrase(
            lang,
            "figure.never",
            title=watch.title,
            days=number(days, lang),
            share=percent(watch.probability, lang),
        )
    panel = page_width() - _BESIDE
    end = results.scenario.end
    begins = watch.early or watch.first or end
    ends = begins if watch.early is None and watch.first is None else watch.late or end
    room_left = panel * (begins - results.scenario.start) / timedelta(days=days)
    room_right = panel * (end - ends) / timedelta(days=days)
    left = text_width(text, SMALL_SIZE) > room_right and room_left > room_right
    return wrap(text, max(room_left, room_right) if left else room_right, SMALL_SIZE), left


def _first_breaches(
    axes: Axes,
    watches: list[ThresholdSummary],
    rows: list[tuple[str, bool]],
    last: date,
    lang: str,
    runs: int,
) -> None:
    """Draw a strip with a row for each threshold: the mark, name and date of its first breach."""
    top = 0.0
    for watch, (text, left) in zip(watches, rows, strict=True):
        lines = text.count("\n") + 1
        height = top + lines / 2
        mark_first(axes, watch, height, last)
        if watch.first is not None and not watch.at_start:
            axes.plot([day_number(watch.first)] * 2, [height, 1e4], **_DATE)
        if left:
            at = day_number(watch.early or watch.first or last)
        else:
            at = day_number(watch.late or last) if watch.early is not None else day_number(last)
        axes.annotate(
            text,
            (at, height),
            (-6 if left else 6, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            size=SMALL_SIZE,
            linespacing=1.15,
            zorder=6,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        )
        top += lines
    axes.set_ylim(top, 0)
    axes.set_yticks([])
    axes.grid(False)
    axes.spines["left"].set_visible(False)
    ends = "_all" if are_extremes(*RANGE, runs) else ""
    title = phrase(lang, f"figure.first_breach_title{ends}")
    axes.set_title(wrap(title, page_width() - _BESIDE, PANEL_SIZE, "bold"))


def _data(view: View) -> pd.DataFrame:
    """Return the curves, then a row per threshold with its first breach: median, 5 % and 95 % quantile."""
    import pandas as pd

    results, alternative = view.results, view.alternative
    curves = {name: curve for bed in BEDS for name, curve in need_curves(results, alternative, bed).items()}
    firsts = [
        {
            "series": f"first_breach_{watch.name}",
            "date": watch.first,
            "date_p5": watch.early,
            "date_p95": watch.late,
        }
        for watch in threshold_summaries(results, alternative, view.lang)
    ]
    dates = ["date", "date_p5", "date_p95"]
    marks = pd.DataFrame(firsts, columns=["series", *dates]).astype(dict.fromkeys(dates, "datetime64[us]"))
    return pd.concat([curve_table(curves), marks], ignore_index=True)


def _describe(view: View) -> Iterator[str]:
    results, lang, alternative = view.results, view.lang, view.alternative
    for bed in BEDS:
        need, staffed = (
            course(results, alternative, f"{bed}_need"),
            course(results, alternative, f"staffed_{bed}"),
        )
        value, day = peak(need)
        beds = float(staffed.p50[int(np.nanargmax(need.p50))])
        yield phrase(
            lang,
            "alt.need",
            bed=phrase(lang, f"figure.{bed}_panel"),
            value=round_off(value, lang),
            day=day_text(day, lang),
            beds=phrase(lang, "alt.unlimited") if np.isnan(beds) else round_off(beds, lang),
        )


FIGURE: Final = FigureSpec("need", _draw, _describe, _data, section="need", place=10)
