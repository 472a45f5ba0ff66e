"""The figure of a search: the values tested, with intervals that are valid at any time, and the bound."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from surgesim.report.figures.drawing.page import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    PANEL_SIZE,
    VERMILION,
    date_axis,
    day_number,
    label,
    legend,
    number_ticks,
    page_width,
    project_style,
    settle,
    source,
    with_heading,
    wrap,
)
from surgesim.report.prose.decisions import outcome_title, resource_name, size_sentences, tested_title
from surgesim.report.words import phrase
from surgesim.study.measures.compare import BREACHED

if TYPE_CHECKING:
    import pandas as pd

    from surgesim.decisions.door import Size

PANEL_HEIGHT: Final = 2.5
_MARKS: Final[dict[str, dict[str, Any]]] = {
    "holds": {"color": BLUE, "marker": "o"},
    "open": {"color": ORANGE, "marker": "s"},
    "fails": {"color": VERMILION, "marker": "v"},
}
_FIT: Final[dict[str, Any]] = {"color": GREY, "linewidth": 0.9}
_BOUND: Final[dict[str, Any]] = {"color": BLACK, "linestyle": "--", "linewidth": 0.9}
_ANSWER: Final[dict[str, Any]] = {"color": BLUE, "linestyle": ":", "linewidth": 1.2}


def draw_size(size: Size, lang: str) -> Figure:
    """Draw a panel per condition: mean and interval at each value tested."""
    entry = size.manifest["size"]
    title = phrase(
        lang, "figure.heading", province=size.scenario.title.get(lang), what=phrase(lang, "size.title")
    )
    outcomes = list(entry["conditions"])
    with project_style():
        notes = [sentence.rstrip(".") for sentence in size_sentences(size, lang)]
        figure = with_heading(
            title, notes, len(outcomes) * PANEL_HEIGHT + 0.5, source(size.scenario, size.manifest, lang)
        )
        panels = figure.subplots(len(outcomes), 1, squeeze=False).ravel()
        for axes, outcome in zip(panels, outcomes, strict=True):
            _panel(axes, size, outcome, lang)
        panels[-1].set_xlabel(resource_name(size.scenario, entry["path"], lang))
        lines = [
            (Line2D([], [], linestyle="", **mark), phrase(lang, f"size.{key}"))
            for key, mark in _MARKS.items()
        ]
        lines += [
            (Line2D([], [], **_FIT), phrase(lang, "size.isotonic")),
            (Line2D([], [], **_BOUND), phrase(lang, "size.bound")),
            (Line2D([], [], **_ANSWER), phrase(lang, "size.answer")),
        ]
        legend(figure, lines)
        settle(figure)
    return figure


def _panel(axes: Axes, size: Size, outcome: str, lang: str) -> None:
    rows = size.table[size.table["outcome"] == outcome]
    dates = _is_date(str(rows["value"].iloc[0]))
    at = np.array([_place(str(value)) for value in rows["value"]])
    below, draws = float(rows["below"].iloc[0]), size.manifest["size"]["draws"]
    bound, share = (1 - draws, True) if draws else (below, outcome.startswith(BREACHED))
    axes.axhline(bound, **_BOUND)
    answer = rows[rows["answer"] == "yes"]
    if size.value is not None:
        axes.axvline(_place(str(answer["value"].iloc[0])), **_ANSWER)
    axes.plot(at, rows["isotonic"], **_FIT)
    top = max(bound, float(rows["mean"].max())) * 1.6
    for verdict, mark in _MARKS.items():
        _points(axes, rows[rows["verdict"] == verdict], mark)
    axes.set_ylim(0, 1.02 if share else top)
    title = outcome_title(size.scenario, outcome, lang)
    if draws:
        title = wrap(
            tested_title(size.scenario, size.manifest["size"], outcome, below, lang),
            page_width() - 1,
            PANEL_SIZE,
        )
    axes.set_title(label(title, "%", lang) if share else title)
    room = 0.03 * (at.max() - at.min())
    if dates:
        first, last = (date.fromisoformat(str(rows["value"].iloc[i])) for i in (0, -1))
        date_axis(axes, first, last, lang)
    else:
        number_ticks(axes, lang, "x", 8)
    axes.set_xlim(at.min() - room, at.max() + room)
    number_ticks(axes, lang, percent=share)


def _points(axes: Axes, rows: pd.DataFrame, mark: dict[str, Any]) -> None:
    if rows.empty:
        return
    mean = rows["mean"].to_numpy()
    ends = np.maximum([mean - rows["low"].to_numpy(), rows["high"].to_numpy() - mean], 0)
    at = [_place(str(value)) for value in rows["value"]]
    axes.errorbar(at, mean, yerr=ends, linestyle="", markersize=4, elinewidth=1.1, capsize=2, **mark)


def _is_date(value: str) -> bool:
    return value.count("-") == 2 and value[:4].isdigit()


def _place(value: str) -> float:
    return day_number(date.fromisoformat(value)) if _is_date(value) else float(value)
