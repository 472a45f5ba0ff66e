"""The figure of the facilities that are not open throughout: their states over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.axes import Axes

from surgesim.model.record import STATES
from surgesim.report.figures.drawing.page import (
    BLUE,
    GREY,
    NARROW,
    ORANGE,
    SKY,
    SMALL_SIZE,
    EmptyFigureError,
    Look,
    Sheet,
    View,
    date_axis,
    page,
    page_width,
    row_edges,
    row_names,
    stack_steps,
    text_height,
    wrap,
)
from surgesim.report.figures.spec import FigureSpec
from surgesim.report.prose.plans import rule_title
from surgesim.report.words import NBSP, day_month, day_text, number, percent, phrase
from surgesim.scenario.schema.base import BED_TYPES
from surgesim.study.measures.binding import BEDS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from surgesim.study.results import Results

LOOKS: Final = {
    "open": Look(BLUE, "", BLUE),
    "standing-down": Look(SKY, "\\\\\\", "#FFFFFF"),
    "preparing": Look(ORANGE, "/////", "#5A3D00"),
    "closed": Look("#F4F4F4", "", GREY),
}
"""Styles of the states, in stacking order from the bottom of a row."""

TITLE_WIDTH: Final = 2.2
STRIP: Final = 0.12
"""Height of a row's strip in inches; rows with longer titles are further apart."""
FINEST: Final = 1 / 20
"""Rounding step for shares, as a share of the strip's height."""
_GAP: Final = 0.04
_COLUMNS: Final = {"open_in_half": 5, "beds_of_types": 67, "occupancy_of_types": 129}
"""The columns to the right of the panel, with their distances in points; a narrow page has only the first."""
_COLUMN: Final = 0.8
"""Width of such a column in inches."""


@dataclass(frozen=True, slots=True)
class Strip:
    """A facility in the figure.

    Attributes
    ----------
    name, title
        Its name and title.
    rule
        Name of the first rule of the plan that opens beds in it; empty if there is none.
    beds, occupied
        Its beds, and the mean share of the staffed oxygen and ICU beds that are occupied, as written.
    dates, shares
        The days, and by state the share of replications on each.
    """

    name: str
    title: str
    rule: str
    beds: str
    occupied: str
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


def _draw(view: View) -> Sheet:
    """Draw the states of the facilities that are not open throughout, by opening rule and date."""
    results, lang, alternative = view.results, view.lang, view.alternative
    every = strips_of(results, alternative, lang)
    strips = [strip for strip in every if strip.first_stir < len(strip.dates)]
    if not strips:
        raise EmptyFigureError(f"no facility opens or closes in alternative {alternative!r}")
    rows: list[Strip | str] = []
    plan = view.scenario.command.plan
    for rule in dict.fromkeys(strip.rule for strip in strips):
        own = [strip for strip in strips if strip.rule == rule]
        group = rule_title(plan[rule], rule, lang) if rule else phrase(lang, "figure.without_rule")
        rows += [f"{group}{NBSP}({number(len(own), lang)})", *own]
    width = min(TITLE_WIDTH, 0.38 * page_width())
    titles = [
        wrap(row, width, SMALL_SIZE, "bold") if isinstance(row, str) else wrap(row.title, width, SMALL_SIZE)
        for row in rows
    ]
    edges = row_edges(titles, STRIP, _GAP)
    headings = [wrap(phrase(lang, f"figure.{name}"), _COLUMN, SMALL_SIZE) for name, _ in _beside()]
    notes = [phrase(lang, "figure.openings_note")]
    if len(every) > len(strips):
        notes.append(phrase(lang, "figure.open_in_no_run", n=len(every) - len(strips)))
    sheet = page(
        view,
        phrase(lang, "figure.openings_title"),
        edges[-1] + max(text_height(text, SMALL_SIZE) for text in headings) + 0.95,
        notes=[*notes, *_replaced(results, alternative, strips, lang)],
    )
    (axes,) = sheet.panels(1)
    for row, middle in zip(rows, row_names(axes, edges, titles), strict=True):
        if isinstance(row, Strip):
            _strip(axes, row, middle, lang)
    for text, (_, at) in zip(headings, _beside(), strict=True):
        axes.annotate(
            text,
            (1, 1),
            (at, 3),
            xycoords="axes fraction",
            textcoords="offset points",
            va="bottom",
            size=SMALL_SIZE,
            color=GREY,
        )
    for label, row in zip(axes.get_yticklabels(), rows, strict=True):
        label.set_fontweight("bold" if isinstance(row, str) else "normal")
    axes.grid(False)
    date_axis(
        axes, results.scenario.start, results.scenario.end, lang, ticks=2 if page_width() < NARROW else 4
    )
    sheet.legend([(LOOKS[state].patch, phrase(lang, f"state.{state}")) for state in STATES])
    return sheet


def _beside() -> list[tuple[str, int]]:
    return list(_COLUMNS.items())[: 1 if page_width() < NARROW else None]


def _strip(axes: Axes, strip: Strip, middle: float, lang: str) -> None:
    """Draw a facility's row, and write its opening date, beds and occupancy to the right of the panel."""
    bottom = middle + STRIP / 2  # y grows downwards
    parts = [(look, strip.shares[state]) for state, look in LOOKS.items()]
    stack_steps(axes, strip.dates, parts, finest=FINEST, bottom=bottom, height=-STRIP)
    axes.axhline(bottom, color="#BBBBBB", linewidth=0.5)
    opening = strip.opening
    never = phrase(lang, "figure.open_never")
    texts = (
        never if opening is None else day_month(strip.dates[opening].item(), lang),
        strip.beds,
        strip.occupied,
    )
    for text, (_, at) in zip(texts, _beside(), strict=False):
        axes.annotate(
            text,
            (1, middle),
            (at, 0),
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
    plan = scenario.alternative(alternative).command.plan
    dates = np.datetime64(scenario.start) + np.arange(scenario.days)
    mine = results.facilities[results.facilities["alternative"] == alternative]
    occupied = {row["facility"]: row for row in mine.to_dict("records")}
    strips = []
    for name, rows in table[table["alternative"] == alternative].groupby("facility", sort=False):
        of = facilities[str(name)]
        daily = rows.set_index("day").sort_index().reindex(range(scenario.days), method="ffill")
        shares = {state: daily[state.replace("-", "_")].to_numpy(dtype=float) for state in STATES}
        if (shares["open"] < 1).any():
            means = (float(occupied[name][f"mean_occupancy_{bed}"]) for bed in BEDS)
            strips.append(
                Strip(
                    name=str(name),
                    title=of.title.get(lang),
                    rule=next((key for key, rule in plan.items() if rule.opens_beds(str(name), of)), ""),
                    beds="/".join(_count(getattr(of.beds, bed), lang) for bed in BED_TYPES),
                    occupied="/".join("–" if np.isnan(mean) else percent(mean, lang) for mean in means),
                    dates=dates,
                    shares=shares,
                )
            )
    never = max((len(strip.dates) for strip in strips), default=0)
    return sorted(
        strips, key=lambda strip: (never if strip.opening is None else strip.opening, strip.first_stir)
    )


def _data(view: View) -> pd.DataFrame:
    import pandas as pd

    return pd.concat(
        [
            pd.DataFrame(
                {
                    "facility": strip.name,
                    "rule": strip.rule,
                    "date": strip.dates.astype("datetime64[us]"),
                    **{state.replace("-", "_"): strip.shares[state] for state in STATES},
                }
            )
            for strip in strips_of(view.results, view.alternative, view.lang)
        ],
        ignore_index=True,
    )


def _describe(view: View) -> Iterator[str]:
    results, lang, alternative = view.results, view.lang, view.alternative
    strips = strips_of(results, alternative, lang)
    days = [strip.dates[strip.opening].item() for strip in strips if strip.opening is not None]
    yield phrase(lang, "alt.openings", n=len(strips), opened=len(days))
    if days:
        yield phrase(lang, "alt.first_opens", day=day_text(min(days), lang))


FIGURE: Final = FigureSpec("openings", _draw, _describe, _data, section="beds", place=120)
