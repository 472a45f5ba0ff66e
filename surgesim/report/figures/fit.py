"""The figure of a fit: data and fitted weeks by series, and the posterior of each unknown parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from surgesim.fitting.cautions import NO_INFORMATION
from surgesim.report.figures.drawing.page import (
    BLACK,
    BLUE,
    GREY,
    SMALL_SIZE,
    VERMILION,
    date_axis,
    day_numbers,
    legend,
    number_ticks,
    project_style,
    settle,
    source,
    text_height,
    with_heading,
    wrap,
)
from surgesim.report.words import number, phrase, round_off

if TYPE_CHECKING:
    import pandas as pd

    from surgesim.fitting.fit import Fit

COLUMNS: Final = 2
PANEL_HEIGHT: Final = 1.75
NAME_WIDTH: Final = 2.4
ROW: Final = 0.27
_DOTS: Final[dict[str, Any]] = {"color": BLACK, "marker": "o", "linestyle": "", "markersize": 3}
_ENDS: Final = ("p5", "p50", "p95")
_PRIOR_END: Final = 1.645
_ABOVE: Final = 1.4
"""Height of a panel as a multiple of the largest value of data and fit; a wide prior is cut off there."""


def draw_fit(fit: Fit, lang: str) -> Figure:
    """Draw a panel per series, and below them a row per unknown parameter."""
    places = list(fit.fit[["series", "district"]].drop_duplicates().itertuples(index=False, name=None))
    rows = -(-len(places) // COLUMNS)
    names = [_name(parameter) for parameter in fit.posterior["parameter"]]
    below = sum(max(ROW, text_height(name, SMALL_SIZE) + 0.06) for name in names) + 0.75
    entry = fit.manifest["fit"]
    notes = [
        phrase(lang, "figure.fit_note", members=number(entry["members"], lang), rounds=entry["rounds"]),
        phrase(lang, "figure.fit_bands"),
    ]
    title = phrase(
        lang,
        "figure.heading",
        province=fit.scenario.title.get(lang),
        what=phrase(lang, "figure.fit_title"),
    )
    with project_style():
        figure = with_heading(
            title, notes, rows * PANEL_HEIGHT + below + 0.3, source(fit.scenario, fit.manifest, lang)
        )
        parts: Any = figure.subfigures(2, 1, height_ratios=[rows * PANEL_HEIGHT, below])
        upper, lower = parts
        grid = upper.subplots(rows, COLUMNS, squeeze=False).ravel()
        for axes, (series, district) in zip(grid, places, strict=False):
            of = fit.fit[(fit.fit["series"] == series) & (fit.fit["district"] == district)]
            _series(axes, fit, of, str(series), str(district), lang)
        for axes in grid[len(places) :]:
            axes.set_axis_off()
        _unknowns(lower.subplots(), fit, names, lang)
        legend(
            figure,
            [
                (Line2D([], [], **_DOTS), phrase(lang, "fit.data")),
                (Patch(facecolor=BLUE, alpha=0.35), phrase(lang, "fit.posterior")),
                (Line2D([], [], color=GREY, linestyle="--", linewidth=0.9), phrase(lang, "fit.prior")),
                (
                    Line2D([], [], color=VERMILION, marker="o", markerfacecolor="white", markersize=4),
                    phrase(lang, "fit.untold"),
                ),
            ],
        )
        settle(figure)
    return figure


def _series(axes: Axes, fit: Fit, rows: pd.DataFrame, series: str, district: str, lang: str) -> None:
    at = day_numbers(rows["date"].to_numpy())
    axes.fill_between(at, rows["posterior_p5"], rows["posterior_p95"], color=BLUE, alpha=0.35, linewidth=0)
    axes.plot(at, rows["posterior_p50"], color=BLUE)
    for end in ("prior_p5", "prior_p95"):
        axes.plot(at, rows[end], color=GREY, linestyle="--", linewidth=0.9)
    axes.plot(at, rows["value"], **_DOTS, zorder=4)
    title = phrase(lang, f"fit.{series}")
    if district:
        area = fit.scenario.people.districts[district].title.get(lang)
        title = phrase(lang, "fit.of_district", series=title, district=area)
    axes.set_title(title)
    axes.set_ylim(0, max(_ABOVE * float(rows[["value", "posterior_p95"]].max().max()), 1.0))
    date_axis(axes, rows["date"].min().date(), rows["date"].max().date(), lang, ticks=5)
    axes.set_xlim(at.min() - 3, at.max() + 3)
    number_ticks(axes, lang)


def _unknowns(axes: Axes, fit: Fit, names: list[str], lang: str) -> None:
    """Draw the posterior of each unknown parameter, scaled so that 90 % of its prior is in [-1, 1]."""
    rows = fit.posterior
    columns = [rows[f"{what}_{end}"].to_numpy(float) for what in ("level", "posterior") for end in _ENDS]
    for place, (width, *of) in enumerate(zip(rows["width_ratio"].to_numpy(float), *columns, strict=True)):
        informed = bool(width < NO_INFORMATION)
        colour, fill = (BLUE, BLUE) if informed else (VERMILION, "white")
        low, middle, high = np.array(of[:3]) / _PRIOR_END
        axes.plot([-1, 1], [place, place], color=GREY, linestyle="--", linewidth=0.9)
        axes.plot([low, high], [place, place], color=colour, linewidth=2.2, solid_capstyle="butt")
        axes.plot([middle], [place], marker="o", color=colour, markerfacecolor=fill, markersize=4)
        first, second, third = (_written(value, lang) for value in of[3:])
        values = phrase(lang, "fit.values", low=first, middle=second, high=third)
        axes.annotate(
            values,
            (1, place),
            (4, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            size=SMALL_SIZE,
        )
    axes.set_title(phrase(lang, "fit.unknowns"))
    axes.set_xticks([-1, 0, 1], [phrase(lang, f"fit.{end}") for end in ("low", "middle", "high")])
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    widest = max(1.2, 1.05 * float(np.abs(rows[["level_p5", "level_p95"]].to_numpy()).max()) / _PRIOR_END)
    axes.set_xlim(-widest, widest)
    axes.grid(True, axis="x")
    axes.grid(False, axis="y")
    axes.tick_params(axis="y", length=0, labelsize=SMALL_SIZE)


def _written(value: float, lang: str) -> str:
    return number(float(f"{value:.2g}"), lang) if abs(value) < 10 else round_off(value, lang)


def _name(parameter: str) -> str:
    """Break a dotted path over several lines to fit its column."""
    return wrap(parameter.replace(".", ". "), NAME_WIDTH, SMALL_SIZE).replace(". ", ".")
