"""The figures of a result, by name: drawn, saved one by one, or all of them at once.

``epidemic`` infections and reported cases; ``cases`` weekly reported cases; ``need`` oxygen and ICU need
against staffed beds; ``calendar`` how probable a breach is, day by day; ``thresholds`` every threshold's
indicator; ``openings`` the facilities that open and close; ``binding`` what limits the open beds;
``oxygen`` stock, use and cover; ``staff`` who is away; ``essential`` other patients; ``districts`` a tile
per district; ``alternatives`` paired differences.

Of a sweep: `sweep_map`, the probability of a breach over two of its paths.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from matplotlib.figure import Figure

from surgesim.errors import ResultsError
from surgesim.files import whole
from surgesim.report.figures.alternatives import alternatives
from surgesim.report.figures.calendar import calendar
from surgesim.report.figures.courses import cases, need, thresholds
from surgesim.report.figures.districts import districts
from surgesim.report.figures.epidemic import epidemic
from surgesim.report.figures.levers import SWEEP_MAP, sweep_map
from surgesim.report.figures.limits import binding, essential, oxygen, staff
from surgesim.report.figures.openings import openings
from surgesim.report.figures.page import EmptyFigureError, ProvinceOnlyError, check_choice, settle, styled
from surgesim.scenario.schema.scenario import BASELINE

if TYPE_CHECKING:
    from surgesim.study.results import Results

__all__ = [
    "FIGURES",
    "FORMATS",
    "SWEEP_MAP",
    "EmptyFigureError",
    "ProvinceOnlyError",
    "draw",
    "save",
    "save_all",
    "sweep_map",
]


class Draws(Protocol):
    """A function that draws one figure."""

    def __call__(
        self, results: Results, *, lang: str = ..., alternative: str = ..., area: str | None = ...
    ) -> Figure: ...


FIGURES: Final[dict[str, Draws]] = {
    "epidemic": epidemic,
    "cases": cases,
    "need": need,
    "calendar": calendar,
    "thresholds": thresholds,
    "openings": openings,
    "binding": binding,
    "oxygen": oxygen,
    "staff": staff,
    "essential": essential,
    "districts": districts,
    "alternatives": alternatives,
}
"""Every figure by name, in the order of a report."""

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
        Name of a district, for ``cases`` only.

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
    with styled():
        figure = FIGURES[name](results, lang=lang, alternative=alternative, area=area)
        settle(figure)
    return figure


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
    with whole(path) as part, styled():
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
