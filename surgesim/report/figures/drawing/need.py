"""The need for beds against staffed beds: a panel that several figures draw, with its legend entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from surgesim.report.figures.drawing.course import Course, band_entries, course, draw_bands
from surgesim.report.figures.drawing.page import BLACK, PURPLE, VERMILION
from surgesim.report.figures.drawing.summaries import shade, shade_entry
from surgesim.report.words import phrase
from surgesim.study.measures.binding import SHORTAGE

if TYPE_CHECKING:
    from surgesim.study.results import Results

_STAFFED: Final[dict[str, Any]] = {"color": BLACK, "linewidth": 1.3, "linestyle": (0, (5, 2))}
_WITHOUT_BED: Final[dict[str, Any]] = {"color": PURPLE, "linestyle": (0, (1, 1)), "linewidth": 2.0}

_SHORT: Final[dict[str, Any]] = {
    "facecolor": "none",
    "edgecolor": VERMILION,
    "hatch": "////",
    "linewidth": 0,
}


def need_curves(results: Results, alternative: str, bed: str) -> dict[str, Course]:
    """Return the curves that `draw_need` draws: need, staffed beds, and patients without a bed (the mean)."""
    need = course(results, alternative, f"{bed}_need")
    without = [course(results, alternative, indicator).mean for indicator in SHORTAGE[bed]]
    nothing = np.full(len(need.dates), np.nan)
    return {
        f"{bed}_need": need,
        f"staffed_{bed}": course(results, alternative, f"staffed_{bed}"),
        f"without_{bed}": Course(need.dates, np.sum(without, axis=0), *([nothing] * 5)),
    }


def draw_need(axes: Axes, results: Results, alternative: str, bed: str) -> None:
    """Draw the need for a bed type with its bands, its staffed beds, and patients without a bed."""
    curve, staffed, without = need_curves(results, alternative, bed).values()
    shade(axes, curve.days, curve.p50 > staffed.p50)
    draw_bands(axes, curve)
    axes.fill_between(
        curve.days,
        curve.p50,
        staffed.p50,
        where=(curve.p50 > staffed.p50).tolist(),
        interpolate=True,
        zorder=2.5,
        **_SHORT,
    )
    axes.plot(curve.days, without.mean, **_WITHOUT_BED)
    axes.step(staffed.days, staffed.p50, where="post", **_STAFFED)


def need_entries(results: Results, lang: str) -> list[tuple[Artist, str]]:
    """Return the legend entries for `draw_need`."""
    median, *bands = band_entries(results, lang)
    days, _ = shade_entry(lang)
    return [
        (median[0], phrase(lang, "figure.need")),
        *bands,
        (Line2D([], [], **_STAFFED), phrase(lang, "figure.staffed")),
        (Patch(**_SHORT), phrase(lang, "figure.short")),
        (days, phrase(lang, "figure.short_days")),
        (Line2D([], [], **_WITHOUT_BED), phrase(lang, "figure.without_bed")),
    ]
