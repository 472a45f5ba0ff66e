"""The figure of the constraints that bind the open beds over time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from surgesim.model.record import BINDS, CONSTRAINTS
from surgesim.report.figures.drawing.course import course, run_span
from surgesim.report.figures.drawing.page import (
    BLUE,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    SMALL_SIZE,
    VERMILION,
    EmptyFigureError,
    Look,
    Sheet,
    View,
    date_axis,
    number_ticks,
    page,
    page_width,
    spans,
    stack_steps,
    text_height,
    wrap,
)
from surgesim.report.figures.drawing.panel import under_title
from surgesim.report.figures.spec import FigureSpec
from surgesim.report.words import phrase, round_off
from surgesim.study.measures.binding import BEDS, modelled_limits
from surgesim.study.measures.breaches import SITUATION

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from surgesim.study.results import Results

LOOKS: Final = {
    "space": Look("#E8E8E8", "", GREY),
    "doctors": Look(PURPLE, "\\\\\\\\", "#5A2040"),
    "nurses": Look(ORANGE, "////", "#5A3D00"),
    "equipment": Look(SKY, "||||", "#0B3C5D"),
    "pipes": Look(BLUE, "xxxx", "#FFFFFF"),
    "oxygen_stock": Look("#3B3B3B", "----", "#FFFFFF"),
    "icu_doctors": Look("#E7C6D8", "\\\\\\\\", "#5A2040"),
    "icu_nurses": Look("#F4D9A0", "////", "#5A3D00"),
}
"""Styles of the constraints, in stacking order from the bottom."""
FINEST: Final = 1 / 200
"""Rounding step for shares, as a share of the panel's height."""
_EMERGENCY: Final[dict[str, Any]] = {"color": VERMILION, "linewidth": 3.0, "solid_capstyle": "butt"}


def _draw(view: View) -> Sheet:
    """Draw, over time, the share of open oxygen and ICU beds for which each constraint is binding."""
    results, lang, alternative = view.results, view.lang, view.alternative
    if not modelled_limits(results.scenario.alternative(alternative)):
        raise EmptyFigureError(
            f"alternative {alternative!r} of scenario {results.scenario.name!r} limits beds only by space"
        )
    days = [bound_days(results, alternative, bed, lang) for bed in BEDS]
    notes = [wrap(text, page_width() - 0.8, SMALL_SIZE) for text in days]
    header = sum(text_height(note, SMALL_SIZE) for note in notes if note)
    sheet = page(
        view,
        phrase(lang, "figure.binding_title"),
        2 * 2.2 + header + 0.75,
        notes=[phrase(lang, "figure.binding_note")],
    )
    first, last = run_span(results)
    declared = course(results, alternative, SITUATION)
    drawn: dict[str, None] = {}
    panels: list[Axes] = sheet.panels(len(BEDS))
    for axes, bed, note in zip(panels, BEDS, notes, strict=True):
        shares = _shares(results, alternative, bed)
        drawn |= {what: None for what, share in shares.items() if (share >= FINEST / 2).any()}
        parts = [(LOOKS[what], share) for what, share in shares.items()]
        stack_steps(axes, declared.dates, parts, finest=FINEST)
        for begin, end in spans(declared.mean >= 0.5):
            axes.plot([declared.days[begin], declared.days[end - 1] + 1], [1.04, 1.04], **_EMERGENCY)
        pad = 6 + (72 * text_height(note, SMALL_SIZE) if note else 0)
        axes.set_title(phrase(lang, f"figure.{bed}_panel"), pad=pad)
        under_title(axes, note)
        axes.set_ylabel(phrase(lang, "unit.share_of_beds"))
        axes.set_ylim(0, 1.08)
        date_axis(axes, first, last, lang, labelled=axes is panels[-1])
        number_ticks(axes, lang, percent=True)
        axes.grid(False)
    entries: list[tuple[Artist, str]] = [
        (LOOKS[what].patch, phrase(lang, f"constraint.{what}")) for what in LOOKS if what in drawn
    ]
    if (declared.mean >= 0.5).any():
        entries.append((Line2D([], [], **_EMERGENCY), phrase(lang, "figure.emergency_days")))
    sheet.legend(entries)
    return sheet


def _shares(results: Results, alternative: str, bed: str) -> dict[str, NDArray[np.float64]]:
    return {what: course(results, alternative, f"{bed}_bound_by_{what}").mean for what in BINDS[bed]}


def _data(view: View) -> pd.DataFrame:
    import pandas as pd

    declared = course(view.results, view.alternative, SITUATION)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "bed": bed,
                    "date": declared.dates.astype("datetime64[us]"),
                    **_shares(view.results, view.alternative, bed),
                    "emergency_declared": declared.mean,
                }
            )
            for bed in BEDS
        ]
    )


def bound_days(results: Results, alternative: str, bed: str, lang: str) -> str:
    """State the number of breach days on which each constraint binds a bed type; empty if there are none."""
    table = results.binding
    rows = table[(table["alternative"] == alternative) & (table["bed"] == bed)]
    days = dict(zip(rows["constraint"], rows["breach_days_mean"].to_numpy(dtype=float), strict=True))
    total = sum(days.values())
    if not total:
        return ""
    most = sorted((what for what in CONSTRAINTS if days.get(what, 0) > 0), key=lambda what: -days[what])
    parts = ", ".join(
        phrase(
            lang,
            "figure.bound_part",
            what=phrase(lang, f"constraint.{what}"),
            days=round_off(days[what], lang),
        )
        for what in most
    )
    return phrase(lang, "figure.bound_days", all=round_off(total, lang), parts=parts)


def _describe(view: View) -> Iterator[str]:
    results, lang, alternative = view.results, view.lang, view.alternative
    for bed in BEDS:
        said = bound_days(results, alternative, bed, lang)
        if said:
            yield f"{phrase(lang, f'figure.{bed}_panel')}: {said}."


FIGURE: Final = FigureSpec("binding", _draw, _describe, _data, section="binding", place=60)
