"""What a figure of a run declares."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from surgesim.study.results import Results


Section = Literal["need", "thresholds", "binding", "plans", "districts", "logistics", "facilities"]
"""Sections of the report that have figures."""


@dataclass(frozen=True, slots=True)
class FigureSpec:
    """A figure of a run, as its module declares it.

    Attributes
    ----------
    name
        Its name on the command line, in files and in the catalogues (``figure.<name>_title``).
    draw
        Draws it from results, a language and an alternative.
    describe
        What it shows in words, for who cannot see it; takes the same.
    section
        The section of the report in which it stands.
    place
        Orders the figures, in the report and wherever they are listed.
    draw_area
        Draws it for the district named last; None where it is of the whole province only.
    """

    name: str
    draw: Callable[[Results, str, str], Figure]
    describe: Callable[[Results, str, str], Iterable[str]]
    section: Section
    place: int
    draw_area: Callable[[Results, str, str, str], Figure] | None = None
