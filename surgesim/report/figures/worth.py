"""The figure of what resources are worth: a panel each for steps, removed limits and pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from surgesim.report.figures.drawing.page import (
    BLUE,
    GREY,
    SMALL_SIZE,
    VERMILION,
    number_ticks,
    project_style,
    settle,
    source,
    text_height,
    with_heading,
    wrap,
)
from surgesim.report.prose.decisions import item_name, leading, more_words, outcome_title
from surgesim.report.words import number, phrase

if TYPE_CHECKING:
    import pandas as pd

    from surgesim.decisions.door import Worth

MOST: Final = 12
"""Rows of a panel; the others are in worth.csv."""
NAME_WIDTH: Final = 2.2
ROW: Final = 0.22


def draw_worth(worth: Worth, lang: str) -> Figure:
    """Draw the paired difference of each candidate with its 90 % interval, best first."""
    entry = worth.manifest["worth"]
    panels = {
        kind: rows
        for kind in ("step", "limit", "pair")
        if not (rows := leading(worth, kind).head(MOST)).empty
    }
    names = {kind: _names(worth, rows, kind, lang) for kind, rows in panels.items()}
    heights = [
        sum(max(ROW, text_height(name, SMALL_SIZE) + 0.05) for name in of) + 0.55 for of in names.values()
    ]
    title = phrase(
        lang, "figure.heading", province=worth.scenario.title.get(lang), what=phrase(lang, "worth.title")
    )
    notes = [phrase(lang, "worth.note", runs=number(entry["done"], lang)), phrase(lang, "worth.colours")]
    with project_style():
        figure = with_heading(title, notes, sum(heights) + 0.3, source(worth.scenario, worth.manifest, lang))
        grid = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights, sharex=False).ravel()
        for axes, (kind, rows) in zip(grid, panels.items(), strict=True):
            _panel(axes, rows, names[kind], kind, lang)
        grid[-1].set_xlabel(
            phrase(lang, "worth.axis", outcome=outcome_title(worth.scenario, entry["outcome"], lang))
        )
        settle(figure)
    return figure


def _names(worth: Worth, rows: pd.DataFrame, kind: str, lang: str) -> list[str]:
    names = []
    for row in rows.to_dict("records"):
        name = item_name(worth, row, lang)
        if kind == "step":
            name = f"{name}: {more_words(row, lang)}"
        names.append(wrap(name, NAME_WIDTH, SMALL_SIZE))
    return names


def _panel(axes: Axes, rows: pd.DataFrame, names: list[str], kind: str, lang: str) -> None:
    for place, row in enumerate(rows.to_dict("records")):
        clear = row["difference_low"] > 0 or row["difference_high"] < 0
        colour = GREY if not clear else BLUE if row["difference"] < 0 else VERMILION
        axes.plot(
            [row["difference_low"], row["difference_high"]], [place, place], color=colour, linewidth=1.6
        )
        axes.plot([row["difference"]], [place], marker="o", color=colour, markersize=4)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_title(phrase(lang, f"worth.{kind}_panel"))
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(True, axis="x")
    axes.grid(False, axis="y")
    axes.tick_params(axis="y", length=0, labelsize=SMALL_SIZE)
    number_ticks(axes, lang, "x", 6)
