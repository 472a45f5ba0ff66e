"""The figures of a result, by name: drawn, described, saved one by one, or all of them at once.

`run` has the figures of a run, a module each, which FIGURES collects; `sweep` those of a sweep; `drawing`
what they share.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from matplotlib.figure import Figure

from surgesim.errors import ResultsError
from surgesim.files import atomic_write
from surgesim.report.figures.drawing.page import (
    EmptyFigureError,
    ProvinceOnlyError,
    check_choice,
    settle,
    styled,
)
from surgesim.report.figures.run import FIGURES
from surgesim.report.figures.sweep.sensitivity import draw_sensitivity
from surgesim.report.figures.sweep.sweep_map import SWEEP_MAP, sweep_map
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
    "draw_sensitivity",
    "save",
    "save_all",
    "styled",
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
        What is shown; for ``alternatives``, which one (``baseline``: all of them).
    area
        Name of a district, for figures that are drawn of one (``cases``).

    Raises
    ------
    ResultsError
        If there is no such figure, language, alternative or area.
    ProvinceOnlyError
        If an area is asked of a figure of the whole province.
    EmptyFigureError
        If the results hold nothing that the figure could show.
    """
    if name == SWEEP_MAP:
        raise ResultsError(
            f"got figure {name!r} of a run, expected the folder of a sweep, or one of {', '.join(FIGURES)}"
        )
    if name not in FIGURES:
        raise ResultsError(f"got figure {name!r}, expected one of {', '.join(FIGURES)}")
    check_choice(results, lang, alternative, area)
    spec = FIGURES[name]
    if area is not None and spec.draw_area is None:
        raise ProvinceOnlyError(
            f"got area {area!r}, but figure {name!r} is drawn for the whole province only"
        )
    with styled():
        if area is not None and spec.draw_area is not None:
            figure = spec.draw_area(results, lang, alternative, area)
        else:
            figure = spec.draw(results, lang, alternative)
        settle(figure)
    return figure


def describe(results: Results, name: str, lang: str, alternative: str = BASELINE) -> str:
    """The alternative text of a figure: what it is, and what it shows in this result."""
    what = " ".join(FIGURES[name].describe(results, lang, alternative))
    return phrase(lang, "alt.figure", title=phrase(lang, f"figure.{name}_title"), what=what).strip()


def save(figure: Figure, path: Path | str) -> Path:
    """Write a figure as SVG, PNG or PDF, by the ending of `path`; the same bytes each time.

    Raises
    ------
    ResultsError
        If the ending is none of `FORMATS`, or the file cannot be written; nothing is left half-written.
    """
    path = Path(path)
    fmt = path.suffix.removeprefix(".").lower()
    if fmt not in FORMATS:
        raise ResultsError(f"got a figure file {path.name!r}, expected one that ends in {', '.join(FORMATS)}")
    undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(fmt)
    with atomic_write(path) as part, styled():
        figure.savefig(part, format=fmt, metadata=undated)
    return path


def save_all(results: Results, folder: Path | str, *, lang: str = "en", fmt: str = "svg") -> list[Path]:
    """Write every figure of the baseline that has something to show into `folder`, as ``<name>.<fmt>``."""
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
