"""The figures of a result: functions to draw, describe and save them by name, or save all at once.

`run` contains the figures of a run, one module each, collected in FIGURES; `sweep` contains the figures of a
sweep; `fit`, `forecast`, `score`, `size`, `worth`, `calendar` and `frontier` have those of other studies;
`drawing` has what they share.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from matplotlib.figure import Figure

from surgesim.errors import ResultsError
from surgesim.files import FIGURE_CREATOR, atomic_write
from surgesim.report.figures.brief import draw_brief
from surgesim.report.figures.calendar import draw_calendar
from surgesim.report.figures.drawing.inline import inline, svg_text
from surgesim.report.figures.drawing.page import (
    EmptyFigureError,
    ProvinceOnlyError,
    check_choice,
    project_style,
    settle,
)
from surgesim.report.figures.fit import draw_fit
from surgesim.report.figures.forecast import draw_forecast
from surgesim.report.figures.frontier import draw_frontier
from surgesim.report.figures.run import FIGURES
from surgesim.report.figures.score import draw_score
from surgesim.report.figures.size import draw_size
from surgesim.report.figures.sweep.sensitivity import draw_sensitivity, draw_shares
from surgesim.report.figures.sweep.sweep_map import SWEEP_MAP, sweep_map
from surgesim.report.figures.worth import draw_worth
from surgesim.report.words import phrase
from surgesim.scenario.schema.scenario import BASELINE

if TYPE_CHECKING:
    from surgesim.study.results import Results

__all__ = [
    "FIGURES",
    "FORMATS",
    "SWEEP_MAP",
    "EmptyFigureError",
    "ProvinceOnlyError",
    "check_choice",
    "describe",
    "draw",
    "draw_brief",
    "draw_calendar",
    "draw_fit",
    "draw_forecast",
    "draw_frontier",
    "draw_score",
    "draw_sensitivity",
    "draw_shares",
    "draw_size",
    "draw_worth",
    "inline",
    "project_style",
    "save",
    "save_all",
    "svg_text",
    "sweep_map",
]

FORMATS: Final = ("svg", "png", "pdf")


def draw(
    results: Results,
    name: str,
    *,
    lang: str = "en",
    alternative: str = BASELINE,
    area: str | None = None,
) -> Figure:
    """Draw a figure of a result.

    Parameters
    ----------
    name
        A key of `FIGURES`.
    lang
        ``en`` or ``vi``.
    alternative
        The alternative to draw; in figure ``alternatives``, ``baseline`` means all alternatives.
    area
        Name of a district, for figures that support one (``cases``).

    Raises
    ------
    ResultsError
        If the figure, language, alternative or area is unknown.
    ProvinceOnlyError
        If an area is requested for a figure of the whole province.
    EmptyFigureError
        If the results contain no data for the figure.
    """
    if name == SWEEP_MAP:
        raise ResultsError(
            f"got figure {name!r} for a run, expected a sweep's folder, or one of the figures "
            f"{', '.join(FIGURES)}"
        )
    if name not in FIGURES:
        raise ResultsError(f"got figure {name!r}, expected one of {', '.join(FIGURES)}")
    check_choice(results, lang, alternative, area)
    spec = FIGURES[name]
    if area is not None and spec.draw_area is None:
        raise ProvinceOnlyError(
            f"got area {area!r}, but figure {name!r} is drawn for the whole province only"
        )
    with project_style():
        if area is not None and spec.draw_area is not None:
            figure = spec.draw_area(results, lang, alternative, area)
        else:
            figure = spec.draw(results, lang, alternative)
        settle(figure)
    return figure


def describe(results: Results, name: str, lang: str, alternative: str = BASELINE) -> str:
    """Return the alternative text of a figure: its title, and a description of this result."""
    what = " ".join(FIGURES[name].describe(results, lang, alternative))
    return phrase(lang, "alt.figure", title=phrase(lang, f"figure.{name}_title"), what=what).strip()


def save(figure: Figure, path: Path | str) -> Path:
    """Write a figure as SVG, PNG or PDF, depending on the suffix of `path`; the bytes are reproducible.

    Raises
    ------
    ResultsError
        If the suffix is not in `FORMATS`, or the file cannot be written; no partial file is left behind.
    """
    path = Path(path)
    fmt = path.suffix.removeprefix(".").lower()
    if fmt not in FORMATS:
        raise ResultsError(f"got a figure file {path.name!r}, expected one that ends in {', '.join(FORMATS)}")
    metadata = {
        "svg": {"Date": None, "Creator": FIGURE_CREATOR},
        "pdf": {"CreationDate": None, "Creator": FIGURE_CREATOR},
        "png": {"Software": FIGURE_CREATOR},
    }[fmt]
    with atomic_write(path) as part, project_style():
        figure.savefig(part, format=fmt, metadata=metadata)
    return path


def save_all(results: Results, folder: Path | str, *, lang: str = "en", fmt: str = "svg") -> list[Path]:
    """Write all non-empty figures of the baseline to `folder`, as ``<name>.<fmt>``."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in FIGURES:
        try:
            figure = draw(results, name, lang=lang)
        except EmptyFigureError:
            continue
        written.append(save(figure, folder / f"{name}.{fmt}"))
    return written
