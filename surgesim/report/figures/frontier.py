"""The figure of two levers at once: the pairs tested, those that just suffice, and the cheapest."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from surgesim.report.figures.drawing.page import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    VERMILION,
    day_number,
    legend,
    number_ticks,
    project_style,
    settle,
    source,
    with_heading,
)
from surgesim.report.prose.decisions import resource_name, value_words
from surgesim.report.prose.frontier import frontier_sentences
from surgesim.report.words import phrase

if TYPE_CHECKING:
    from surgesim.decisions.door import Frontier

_MARKS: Final[dict[str, dict[str, Any]]] = {
    "holds": {"color": BLUE, "marker": "o"},
    "open": {"color": ORANGE, "marker": "s"},
    "fails": {"color": VERMILION, "marker": "v"},
}
_STEPS: Final[dict[str, Any]] = {"color": GREY, "linewidth": 1.2}
_LEAST: Final[dict[str, Any]] = {
    "color": BLACK,
    "marker": "o",
    "markerfacecolor": "none",
    "markersize": 11,
    "linestyle": "",
}
HEIGHT: Final = 3.6


def draw_frontier(frontier: Frontier, lang: str) -> Figure:
    """Draw every pair tested with its verdict, and a line through the pairs that just suffice."""
    entry, table = frontier.manifest["frontier"], frontier.table
    title = phrase(
        lang,
        "figure.heading",
        province=frontier.scenario.title.get(lang),
        what=phrase(lang, "frontier.title"),
    )
    with project_style():
        notes = [sentence.rstrip(".") for sentence in frontier_sentences(frontier, lang)]
        figure = with_heading(title, notes, HEIGHT + 0.5, source(frontier.scenario, frontier.manifest, lang))
        axes = figure.subplots()
        for _, rows in table.groupby(["first_value", "second_value"], sort=False):
            verdicts, row = set(rows["verdict"]), rows.iloc[0]
            verdict = next(each for each in ("fails", "open", "holds") if each in verdicts)
            at = ([_at(row["first_value"])], [_at(row["second_value"])])
            axes.plot(*at, linestyle="", markersize=4.5, zorder=3, **_MARKS[verdict])
        pairs = [(_at(one), _at(other)) for one, other in frontier.answer["corners"]]
        if pairs:
            axes.plot(*zip(*pairs, strict=True), drawstyle="steps-post", zorder=2, **_STEPS)
        if frontier.answer["least"] is not None:
            one, other = frontier.answer["least"]
            axes.plot([_at(one)], [_at(other)], zorder=4, **_LEAST)
        axes.set_xlabel(resource_name(frontier.scenario, entry["paths"][0], lang))
        axes.set_ylabel(resource_name(frontier.scenario, entry["paths"][1], lang))
        for place, which in enumerate("xy"):
            values = entry["values"][place]
            if _is_date(values[0]):
                axis = axes.xaxis if which == "x" else axes.yaxis
                shown = sorted(values)[:: max(len(values) // 5, 1)]
                words = [value_words(entry["paths"][place], value, lang) for value in shown]
                axis.set_ticks([_at(value) for value in shown], labels=words)
            else:
                number_ticks(axes, lang, which, 6)
        marks = [
            (Line2D([], [], linestyle="", **mark), phrase(lang, f"size.{key}"))
            for key, mark in _MARKS.items()
        ]
        marks.append((Line2D([], [], **_STEPS), phrase(lang, "frontier.line")))
        if frontier.answer["least"] is not None:
            marks.append((Line2D([], [], **{**_LEAST, "markersize": 8}), phrase(lang, "frontier.cheapest")))
        legend(figure, marks)
        settle(figure)
    return figure


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _at(value: str) -> float:
    return day_number(date.fromisoformat(value)) if _is_date(value) else float(value)
