"""The figure of the facilities that are not open throughout: their states over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from surgesim.model.record import STATES
from surgesim.report.figures.drawing.page import (
    BLUE,
    GREY,
    ORANGE,
    SKY,
    SMALL_SIZE,
    EmptyFigureError,
    Look,
    date_axis,
    legend,
    page,
    stack_steps,
    wrap,
)
from surgesim.report.figures.spec import FigureSpec
from surgesim.report.words import day_month, day_text, number, phrase
from surgesim.scenario.schema.base import BED_TYPES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from surgesim.study.results import Results

LOOKS: Final = {
    "open": Look(BLUE, "", BLUE),
    "standing-down": Look(SKY, "\\\\\\", "#FFFFFF"),
    "preparing": Look(ORANGE, "/////", "#5A3D00"),
    "closed": Look("#F4F4F4", "", GREY),
}
"""Styles of the states, in stacking order from the bottom of a row."""

TITLE_WIDTH: Final = 2.4
STRIP: Final = 0.14
"""Height of a row's strip in inches; rows with longer titles are further apart."""
FINEST: Final = 1 / 20
"""Rounding step for shares, as a share of the strip's height."""
_LINE: Final = 0.115
_GAP: Final = 0.06
_BEDS_AT: Final = 74
"""Distance in points from the panel to the bed numbers, beyond the opening dates."""


@dataclass(frozen=True, slots=True)
class Strip:
    """A facility in the figure: name, wrapped title, beds and, by state, the daily share of replications."""

    name: str
    title: str
    beds: str
    dates: NDArray[np.datetime64]
    shares: dict[str, NDArray[np.float64]]

    @property
    def opening(self) -> int | None:
        """The first day on which the facility is open in at least half of the replications, or None."""
        days = np.flatnonzero(self.shares["open"] >= 0.5)
        return int(days[0]) if len(days) else None

    @property
    def first_stir(self) -> int:
        """The first day on which the facility is in use in any replication; the horizon if it never is."""
        days = np.flatnonzero(self.shares["closed"] < 1)
        return int(days[0]) if len(days) else len(self.dates)


def _draw(results: Results, lang: str, alternative: str) -> Figure:
    """Draw the states of the facilities that are not open throughout, in order of opening."""
    strips = strips_of(results, alternative, lang)
    if not strips:
        raise EmptyFigureError(f"every facility is open throughout in alternative {alternative!r}")
    heights = [max(_LINE * (strip.title.count("\n") + 1), STRIP) + _GAP for strip in strips]
    figure = page(
        results,
        phrase(lang, "figure.openings_title"),
        sum(heights) + 1.05,
        lang=lang,
        alternative=alternative,
        notes=[phrase(lang, "figure.openings_note"), *_replaced(results, alternative, strips, lang)],
    )
    axes = figure.subplots()
    top, middles = 0.0, []
    for strip, height in zip(strips, heights, strict=True):
        middles.append(top + height / 2)
        bottom = middles[-1] + STRIP / 2  # y grows downwards
        parts = [(look, strip.shares[state]) for state, look in LOOKS.items()]
        stack_steps(axes, strip.dates, parts, finest=FINEST, bottom=bottom, height=-STRIP)
        axes.axhline(bottom, color="#BBBBBB", linewidth=0.5)
        opening = strip.opening
        axes.annotate(
            phrase(lang, "figure.open_never")
            if opening is None
            else day_month(strip.dates[opening].item(), lang),
            (1, middles[-1]),
            (5, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            size=SMALL_SIZE,
        )
        top += height
    _beds(axes, strips, middles, lang)
    axes.set_ylim(top, 0)
    axes.set_yticks(middles, [strip.title for strip in strips], size=SMALL_SIZE, linespacing=1.1)
    axes.tick_params(axis="y", length=0)
    axes.grid(False)
    axes.spines["left"].set_visible(False)
    date_axis(axes, results.scenario.start, results.scenario.end, lang, ticks=8)
    legend(figure, [(LOOKS[state].patch, phrase(lang, f"state.{state}")) for state in STATES])
    return figure


def _beds(axes: Axes, strips: Sequence[Strip], middles: Sequence[float], lang: str) -> None:
    """Write the beds of each facility, with headings, to the right of the panel."""
    for text, at in (("figure.open_in_half", 5), ("figure.beds_of_types", _BEDS_AT)):
        axes.annotate(
            phrase(lang, text),
            (1, 1),
            (at, 3),
            xycoords="axes fraction",
            textcoords="offset points",
            va="bottom",
            size=SMALL_SIZE,
            color=GREY,
        )
    for strip, middle in zip(strips, middles, strict=True):
        axes.annotate(
            strip.beds,
            (1, middle),
            (_BEDS_AT, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            size=SMALL_SIZE,
        )


def _replaced(results: Results, alternative: str, strips: Sequence[Strip], lang: str) -> Iterator[str]:
    """State which facilities close because another facility replaces them."""
    facilities = results.scenario.alternative(alternative).care.facilities
    opened = {strip.name for strip in strips if strip.shares["open"].any()}
    for name, facility in facilities.items():
        for other in facility.replaces:
            if {name, other} <= opened:
                what, by = (facilities[key].title.get(lang) for key in (other, name))
                yield phrase(lang, "figure.replaced", what=what, by=by)


def _count(beds: int | str, lang: str) -> str:
    return number(beds, lang) if isinstance(beds, int) else "∞"


def strips_of(results: Results, alternative: str, lang: str) -> list[Strip]:
    """Return the facilities that are not open throughout, by opening day."""
    table, scenario = results.facility_states, results.scenario
    facilities = scenario.alternative(alternative).care.facilities
    dates = np.datetime64(scenario.start) + np.arange(scenario.days)
    strips = []
    for name, rows in table[table["alternative"] == alternative].groupby("facility", sort=False):
        told = rows.set_index("day").sort_index().reindex(range(scenario.days), method="ffill")
        shares = {state: told[state.replace("-", "_")].to_numpy(dtype=float) for state in STATES}
        if (shares["open"] < 1).any():
            title = wrap(facilities[str(name)].title.get(lang), TITLE_WIDTH, SMALL_SIZE)
            beds = facilities[str(name)].beds
            counts = "/".join(_count(getattr(beds, bed), lang) for bed in BED_TYPES)
            strips.append(Strip(str(name), title, counts, dates, shares))
    never = max((len(strip.dates) for strip in strips), default=0)
    return sorted(
        strips, key=lambda strip: (never if strip.opening is None else strip.opening, strip.first_stir)
    )


def _describe(results: Results, lang: str, alternative: str) -> Iterator[str]:
    strips = strips_of(results, alternative, lang)
    days = [strip.dates[strip.opening].item() for strip in strips if strip.opening is not None]
    yield phrase(lang, "alt.openings", n=len(strips), opened=len(days))
    if days:
        yield phrase(lang, "alt.first_opens", day=day_text(min(days), lang))


FIGURE: Final = FigureSpec("openings", _draw, _describe, section="beds", place=120)
