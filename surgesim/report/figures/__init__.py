"""The figures of a result: functions to draw, describe and save them by name, or save all at once.

`run` contains the figures of a run, one module each, collected in FIGURES; `sweep` contains the figures of a
sweep; `fit`, `forecast`, `score`, `size`, `worth`, `calendar` and `frontier` have those of other studies;
`drawing` has what they share.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from surgesim.errors import ResultsError
from surgesim.files import FIGURE_COLUMN, FIGURE_CREATOR, atomic_write
from surgesim.report.figures.brief import draw_brief
from surgesim.report.figures.calendar import draw_calendar
from surgesim.report.figures.drawing.inline import inline, svg_text
from surgesim.report.figures.drawing.page import (
    EmptyFigureError,
    ProvinceOnlyError,
    View,
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
from surgesim.report.figures.spec import FigureSpec
from surgesim.report.figures.sweep.sensitivity import draw_sensitivity, draw_shares
from surgesim.report.figures.sweep.sweep_map import SWEEP_MAP, sweep_map
from surgesim.report.figures.worth import draw_worth
from surgesim.report.words import phrase
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.study.store.csv_files import write_csv

if TYPE_CHECKING:
    import pandas as pd

    from surgesim.study.results import Results

__all__ = [
    "FIGURES",
    "FORMATS",
    "SWEEP_MAP",
    "EmptyFigureError",
    "ProvinceOnlyError",
    "check_choice",
    "data",
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
    "plot",
    "project_style",
    "save",
    "save_all",
    "save_data",
    "svg_text",
    "sweep_map",
]

FORMATS: Final = ("svg", "png", "pdf")
LEAST_WIDTH: Final = 80 / 25.4
MOST_WIDTH: Final = 420 / 25.4
"""Bounds of a figure's width in inches: a narrow column of a journal, and the long side of A3 paper."""


def draw(
    results: Results,
    name: str,
    *,
    lang: str = "en",
    alternative: str = BASELINE,
    area: str | None = None,
    width: float | None = None,
) -> Figure:
    """Draw a figure of a result.

    Parameters
    ----------
    name
        A key of `FIGURES`.
    lang
        ``en`` or ``vi``.
    alternative
        The alternative to draw; in figures ``alternatives`` and ``patients``, ``baseline`` means all
        alternatives.
    area
        Name of a district, for figures that support one (``cases``).
    width
        Width in inches, from 80 to 420 mm; by default 18 cm, to fit a printed page.

    Raises
    ------
    ResultsError
        If the figure, language, alternative, area or width is not possible.
    ProvinceOnlyError
        If an area is requested for a figure of the whole province.
    EmptyFigureError
        If the results contain no data for the figure.
    """
    spec = _spec(results, name, lang, alternative, area)
    if width is not None and not LEAST_WIDTH <= width <= MOST_WIDTH:
        least, most = (round(25.4 * inches) for inches in (LEAST_WIDTH, MOST_WIDTH))
        raise ResultsError(f"got a width of {25.4 * width:.3g} mm, expected {least} to {most} mm")
    with project_style(width):
        sheet = spec.draw(View(results, lang, alternative, area))
        settle(sheet.figure)
    return sheet.figure


def plot(
    results: Results,
    name: str,
    axes: Axes | Sequence[Axes] | None = None,
    *,
    lang: str = "en",
    alternative: str = BASELINE,
    area: str | None = None,
) -> list[Axes]:
    """Draw a figure of a result in `axes`, one for each of its panels, or else on a page of its own.

    Other parameters and errors are those of `draw`.

    Returns
    -------
    list of Axes
        The axes drawn in.

    Raises
    ------
    ResultsError
        Also if the number of axes is not the number of panels.
    """
    if axes is None:
        return list(draw(results, name, lang=lang, alternative=alternative, area=area).axes)
    spec = _spec(results, name, lang, alternative, area)
    given = [axes] if isinstance(axes, Axes) else list(axes)
    with project_style(given[0].get_figure(root=True).get_size_inches()[0] if given else None):  # type: ignore[union-attr]
        spec.draw(View(results, lang, alternative, area, given))
    return given


def data(
    results: Results,
    name: str,
    *,
    lang: str = "en",
    alternative: str = BASELINE,
    area: str | None = None,
    width: float | None = None,
) -> pd.DataFrame:
    """Return the values that a figure shows, as it is drawn; parameters and errors are those of `draw`."""
    spec = _spec(results, name, lang, alternative, area)
    with project_style(width):
        table = spec.data(View(results, lang, alternative, area))
    table.insert(0, FIGURE_COLUMN, name)
    return table


def _spec(results: Results, name: str, lang: str, alternative: str, area: str | None) -> FigureSpec:
    """Return the declaration of a figure, after checking what is requested."""
    if name == SWEEP_MAP:
        raise ResultsError(
            f"got figure {name!r} for a run, expected a sweep's folder, or one of the figures "
            f"{', '.join(FIGURES)}"
        )
    if name not in FIGURES:
        raise ResultsError(f"got figure {name!r}, expected one of {', '.join(FIGURES)}")
    check_choice(results, lang, alternative, area)
    if area is not None and not FIGURES[name].by_area:
        raise ProvinceOnlyError(
            f"got area {area!r}, but figure {name!r} is drawn for the whole province only"
        )
    return FIGURES[name]


def describe(results: Results, name: str, lang: str, alternative: str = BASELINE) -> str:
    """Return the alternative text of a figure: its title, and a description of this result."""
    with project_style():
        what = " ".join(FIGURES[name].describe(View(results, lang, alternative)))
    return phrase(lang, "alt.figure", title=phrase(lang, f"figure.{name}_title"), what=what).strip()


def save_data(table: pd.DataFrame, path: Path | str) -> Path:
    """Write the values behind a figure, as returned by `data`, to a CSV file, completely or not at all."""
    path = Path(path)
    with atomic_write(path) as part:
        write_csv(part, table)
    return path


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
