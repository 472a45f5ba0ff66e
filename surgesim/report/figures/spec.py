"""The declaration of a figure of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from surgesim.study.results import Results


Section = Literal[
    "criteria",
    "need",
    "binding",
    "logistics",
    "plans",
    "districts",
    "facilities",
    "thresholds",
    "totals",
    "beds",
]
"""The sections of the report that have figures."""


@dataclass(frozen=True, slots=True)
class FigureSpec:
    """The declaration of a figure of a run.

    Attributes
    ----------
    name
        Its name on the command line, in files and in the catalogues (``figure.<name>_title``).
    draw
        Function that draws it from results, a language and an alternative.
    describe
        Function that describes it for readers who cannot see it; takes the same arguments.
    section
        The section of the report that contains it.
    place
        Sort key for the figures, in the report and in lists.
    draw_area
        Function that draws it for a district, which is its last argument; None if the figure covers only the
        whole province.
    """

    name: str
    draw: Callable[[Results, str, str], Figure]
    describe: Callable[[Results, str, str], Iterable[str]]
    section: Section
    place: int
    draw_area: Callable[[Results, str, str, str], Figure] | None = None
