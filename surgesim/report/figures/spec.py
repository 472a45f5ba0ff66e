"""The declaration of a figure of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

    from surgesim.report.figures.drawing.page import Sheet, View


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
    "groups",
]
"""The sections of the report that have figures."""


@dataclass(frozen=True, slots=True)
class FigureSpec:
    """The declaration of a figure of a run.

    Attributes
    ----------
    name
        Its name on the command line, in files and in the catalogues: ``figure.<name>_title`` and, for what it
        shows, ``figure.<name>_shows``.
    draw
        Function that draws it.
    describe
        Function that describes it for readers who cannot see it.
    data
        Function that returns the values as drawn, a row per mark or per day of a curve.
    section
        The section of the report that contains it.
    place
        Sort key for the figures, in the report and in lists.
    by_area
        True if it can be drawn for a district.
    """

    name: str
    draw: Callable[[View], Sheet]
    describe: Callable[[View], Iterable[str]]
    data: Callable[[View], pd.DataFrame]
    section: Section
    place: int
    by_area: bool = False
