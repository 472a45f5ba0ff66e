"""The figure of the alternatives' effects: paired differences from the baseline with their intervals."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from surgesim.model.outcomes import DEADLY
from surgesim.report.figures.drawing.page import (
    BLACK,
    BLUE,
    GREY,
    PANEL_SIZE,
    SMALL_SIZE,
    VERMILION,
    WIDTH,
    EmptyFigureError,
    legend,
    number_ticks,
    page,
    text_height,
    text_width,
    wrap,
    wrap_evenly,
)
from surgesim.report.figures.spec import FigureSpec
from surgesim.report.names import alternative_title
from surgesim.report.words import number, outcome_words, phrase, round_off
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.study.measures.breaches import SITUATION
from surgesim.study.measures.compare import FIRST_DAY, better, deadlier

if TYPE_CHECKING:
    from surgesim.study.results import Results

CHOSEN: Final = (
    "deaths",
    "deaths_untreated",
    "waiting_days",
    "peak_without_bed",
    f"{FIRST_DAY}{SITUATION}",
    "situation_days",
)
"""The outcomes to draw, one panel each, if the comparison has them."""

COLUMNS: Final = 3
NAME_WIDTH: Final = 1.7
ROW: Final = 0.28
_LINE: Final = 0.115
_GAP: Final = 0.07
VALUE_SIZE: Final = 6.5

_MARKS: Final = {
    "better": ("o", BLUE, BLUE),
    "worse": ("s", VERMILION, VERMILION),
    "deadlier": ("o", "white", GREY),
    "undecided": ("D", "white", GREY),
}


def _draw(results: Results, lang: str, alternative: str) -> Figure:
    """Draw differences from the baseline for all alternatives, or for a single one."""
    table = results.comparison
    if alternative != BASELINE:
        table = table[table["alternative"] == alternative]
    names = list(dict.fromkeys(table["alternative"]))
    outcomes = [outcome for outcome in CHOSEN if (table["outcome"] == outcome).any()]
    if not names or not outcomes:
        raise EmptyFigureError(f"the results of scenario {results.scenario.name!r} compare no alternatives")
    columns = min(COLUMNS, len(outcomes))
    lines = -(-len(outcomes) // columns)
    titles = [_title(outcome, lang, (WIDTH - NAME_WIDTH) / columns - 0.3) for outcome in outcomes]
    written = [_name(results, name, lang) for name in names]
    rows = sum(max(_LINE * (name.count("\n") + 1) + _GAP, ROW) for name in written)
    header = max(text_height(title, PANEL_SIZE) for title in titles) + 0.18
    figure = page(
        results,
        phrase(lang, "figure.alternatives_title"),
        lines * (rows + header + 0.5) + 0.35,
        lang=lang,
        alternative=None,
        notes=[phrase(lang, "figure.alternatives_note")],
    )
    grid = figure.subplots(lines, columns, squeeze=False, sharey=True)
    panels: list[Axes] = list(grid.flat)
    for axes in panels[len(outcomes) :]:
        axes.remove()
    more_deaths = deadlier(table)
    seen: dict[str, None] = {}
    for axes, outcome, title in zip(panels, outcomes, titles, strict=False):
        rows_of = {row["alternative"]: row for row in table[table["outcome"] == outcome].to_dict("records")}
        for place, name in enumerate(names):
            if name in rows_of:
                seen[_difference(axes, place, rows_of[name], name in more_deaths)] = None
        _panel(axes, title, next(iter(rows_of.values())), outcome, lang)
        for place, name in enumerate(names):
            if name in rows_of:
                _value(axes, place, float(rows_of[name]["difference"]), lang, (WIDTH - NAME_WIDTH) / columns)
    panels[0].set_yticks(range(len(names)), written)
    panels[0].set_ylim(len(names) - 0.5, -0.75)
    for axes in panels[: len(outcomes)]:
        axes.tick_params(axis="y", length=0, labelsize=SMALL_SIZE)
    legend(figure, [(_entry(kind), phrase(lang, f"figure.{kind}")) for kind in _MARKS if kind in seen])
    return figure


def _name(results: Results, alternative: str, lang: str) -> str:
    """Return the title of an alternative, wrapped to the available width.

    An alternative without a title is shown by its name, which may break at hyphens.
    """
    title = alternative_title(results.scenario, alternative, lang)
    if title == alternative:
        return wrap(title.replace("-", "- "), NAME_WIDTH, SMALL_SIZE).replace("- ", "-")
    return wrap_evenly(title, NAME_WIDTH, SMALL_SIZE)


def _title(outcome: str, lang: str, width: float) -> str:
    return wrap_evenly(outcome_words(lang, outcome).label, width, PANEL_SIZE, "bold")


def _unit(outcome: str, lang: str) -> str:
    return outcome_words(lang, outcome).unit


def _kind(row: Mapping[Hashable, Any]) -> str:
    """Classify an interval by its position: on the better or worse side of zero, or containing zero."""
    low, high = float(row["difference_low"]), float(row["difference_high"])
    if math.isnan(low) or low <= 0 <= high:
        return "undecided"
    return "better" if (high < 0) == (better(str(row["outcome"])) == "lower") else "worse"


def _difference(axes: Axes, place: int, row: Mapping[Hashable, Any], more_deaths: bool) -> str:
    kind = _kind(row)
    if kind == "better" and more_deaths and row["outcome"] not in DEADLY:
        kind = "deadlier"
    marker, face, edge = _MARKS[kind]
    low, high = float(row["difference_low"]), float(row["difference_high"])
    if not math.isnan(low):
        axes.plot([low, high], [place, place], color=edge, linewidth=1.3, zorder=3)
    axes.plot(
        [float(row["difference"])],
        [place],
        marker=marker,
        markerfacecolor=face,
        markeredgecolor=edge,
        markersize=5,
        linestyle="none",
        zorder=4,
    )
    return kind


def _panel(axes: Axes, title: str, row: Mapping[Hashable, Any], outcome: str, lang: str) -> None:
    axes.axvline(0, color=BLACK, linewidth=0.9, zorder=2)
    axes.set_title(title, pad=15)
    value = _brief(float(row["baseline_mean"]), lang)
    is_or_begins = "figure.baseline_begins" if outcome.startswith(FIRST_DAY) else "figure.baseline_is"
    axes.annotate(
        phrase(lang, is_or_begins, value=value, unit=_unit(outcome, lang)),
        (0, 1),
        (0, 4),
        xycoords="axes fraction",
        textcoords="offset points",
        size=SMALL_SIZE,
        color=GREY,
    )
    axes.set_xlabel(phrase(lang, "figure.difference", unit=_unit(outcome, lang)))
    axes.margins(x=0.08)
    low, high = axes.get_xlim()
    if low == high or max(abs(low), abs(high)) < 0.1:
        axes.set_xlim(-1, 1)
    number_ticks(axes, lang, "x", ticks=4)
    axes.grid(True, axis="x")
    axes.spines["left"].set_visible(False)


def _brief(value: float, lang: str) -> str:
    """Format a mean as an integer, or with two significant digits if it is small."""
    return number(round(value) if abs(value) >= 10 else float(f"{value:.2g}"), lang)


def _value(axes: Axes, place: int, difference: float, lang: str, width: float) -> None:
    """Write the mean difference above its mark, inside the panel (`width` inches), away from zero."""
    text = _brief(difference, lang)
    low, high = axes.get_xlim()
    across, zero = ((value - low) / (high - low) for value in (difference, 0.0))
    side = "left" if across < 0.2 else "right" if across > 0.8 else "center"
    at, offset = difference, {"left": -3, "center": 0, "right": 3}[side]
    half = text_width(text, VALUE_SIZE) / 2 / width
    if abs(across - zero) < half + 0.03:
        before = zero + 2 * half > 0.95 or (difference < 0 and zero - 2 * half > 0.05)
        at, side, offset = 0.0, "right" if before else "left", -5 if before else 5
    axes.annotate(
        text,
        (at, place),
        (offset, 4),
        textcoords="offset points",
        ha=side,
        va="bottom",
        size=VALUE_SIZE,
        zorder=5,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.3},
    )


def _entry(kind: str) -> Artist:
    marker, face, edge = _MARKS[kind]
    return Line2D(
        [],
        [],
        color=edge,
        marker=marker,
        markerfacecolor=face,
        markeredgecolor=edge,
        markersize=5,
        linewidth=1.3,
    )


def _describe(results: Results, lang: str, alternative: str) -> Iterator[str]:
    table = results.comparison
    for outcome in CHOSEN[:2]:
        rows = table[table["outcome"] == outcome].sort_values("difference", kind="stable")
        if len(rows):
            least = rows.iloc[0]
            yield phrase(
                lang,
                "alt.least",
                what=outcome_words(lang, outcome).label,
                plan=alternative_title(results.scenario, str(least["alternative"]), lang),
                value=round_off(float(least["difference"]), lang),
            )


FIGURE: Final = FigureSpec("alternatives", _draw, _describe, section="plans", place=70)
