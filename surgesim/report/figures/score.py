"""The figure of scores: relative WIS by horizon, a panel per target, and the calibration of all forecasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from surgesim.report.figures.drawing.page import (
    BLUE,
    GREY,
    ORANGE,
    legend,
    number_ticks,
    project_style,
    settle,
    with_heading,
)
from surgesim.report.words import day_text, number, phrase
from surgesim.scoring.score import ALL, BASELINE, FORECAST
from surgesim.version import __version__

if TYPE_CHECKING:
    from surgesim.scoring.score import Scores

COLUMNS: Final = 3
PANEL_HEIGHT: Final = 2.0
_LINES: Final[dict[str, dict[str, Any]]] = {
    FORECAST: {"color": BLUE, "marker": "o", "markersize": 4, "zorder": 4},
    "trend": {"color": ORANGE, "marker": "s", "markersize": 3.5, "linestyle": "--", "linewidth": 1.1},
    BASELINE: {"color": GREY, "linestyle": ":", "linewidth": 1.3},
}
_ABOVE: Final = 3.0
"""Upper limit of a panel's axis of relative WIS; a curve with larger values leaves the panel."""


def draw_score(scores: Scores, lang: str) -> Figure:
    """Draw a panel per target, and one of calibration."""
    of = scores.each[scores.each["model"] == FORECAST]
    targets = list(dict.fromkeys(of["target"]))
    rows = -(-(len(targets) + 1) // COLUMNS)
    origins = of["origin_date"]
    notes = [
        phrase(
            lang,
            "score.note",
            n=number(len(of), lang),
            origins=number(origins.nunique(), lang),
            first=day_text(origins.min().date(), lang),
            last=day_text(origins.max().date(), lang),
        ),
        phrase(lang, "score.note_relative"),
        phrase(lang, "score.note_calibration"),
    ]
    caption = phrase(lang, "figure.source_version", version=__version__)
    with project_style():
        figure = with_heading(phrase(lang, "score.title"), notes, rows * PANEL_HEIGHT + 0.3, caption)
        grid = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
        for axes, target in zip(grid, targets, strict=False):
            _relative(axes, scores, target, lang)
        _calibration(grid[len(targets)], scores, lang)
        for axes in grid[len(targets) + 1 :]:
            axes.set_axis_off()
        legend(
            figure,
            [(Line2D([], [], **line), phrase(lang, f"score.{model}")) for model, line in _LINES.items()],
        )
        settle(figure)
    return figure


def _relative(axes: Axes, scores: Scores, target: str, lang: str) -> None:
    table = scores.table
    rows = table[(table["target"] == target) & (table["location"] == ALL) & (table["horizon"] != ALL)]
    highest = 1.0
    for model, line in _LINES.items():
        own = rows[rows["model"] == model]
        weeks, relative = own["horizon"].astype(int), own["relative_wis"]
        if model == BASELINE:
            axes.axhline(1, **line)
            continue
        axes.plot(weeks, relative, **line)
        if relative.notna().any():
            highest = max(highest, float(relative.max()))
    ticks = sorted(rows["horizon"].astype(int).unique())
    axes.set_xticks(ticks, [number(week, lang) for week in ticks])
    axes.set_xlim(ticks[0] - 0.4, ticks[-1] + 0.4)
    axes.set_ylim(0, 1.1 * min(highest, _ABOVE))
    axes.set_title(phrase(lang, f"fit.{target}"))
    axes.set_xlabel(phrase(lang, "score.weeks_ahead"))
    axes.set_ylabel(phrase(lang, "score.relative"))
    number_ticks(axes, lang)


def _calibration(axes: Axes, scores: Scores, lang: str) -> None:
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.7)
    rows = scores.calibration[scores.calibration["target"] == ALL]
    for model, line in _LINES.items():
        own = rows[rows["model"] == model]
        axes.plot(own["level"], own["share_at_or_below"], **line)
    axes.set_xlim(-0.03, 1.03)
    axes.set_ylim(-0.03, 1.03)
    axes.set_title(phrase(lang, "score.calibration"))
    axes.set_xlabel(phrase(lang, "score.level"))
    axes.set_ylabel(phrase(lang, "score.share"))
    for which in "xy":
        number_ticks(axes, lang, which, percent=True)
