"""The figure of the age groups: deaths per million, and the share of patients who get their beds in time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from surgesim.report.figures.drawing.page import (
    BLUE,
    NARROW,
    PANEL_SIZE,
    VALUE_WIDTH,
    EmptyFigureError,
    Sheet,
    View,
    number_ticks,
    page,
    page_width,
    value_beside,
    wrap_evenly,
)
from surgesim.report.figures.spec import FigureSpec
from surgesim.report.words import EN_DASH, group_words, number, percent, phrase, round_off
from surgesim.scenario.schema.base import AGE_GROUPS

if TYPE_CHECKING:
    import pandas as pd

PANELS: Final = {
    "deaths": ("deaths_per_million", "deaths_per_million_low", "deaths_per_million_high"),
    "in_time": ("in_time_share", "in_time_low", "in_time_high"),
}
"""The panels, each with the columns of the mean and of its 95 % interval."""

ROW: Final = 0.26
_MARK: Final[dict[str, Any]] = {
    "color": BLUE,
    "marker": "o",
    "markersize": 4,
    "linestyle": "",
    "elinewidth": 1.6,
    "capsize": 2.5,
}


def _draw(view: View) -> Sheet:
    """Draw deaths per million and the share of patients in time, from the youngest to the oldest."""
    lang = view.lang
    table = _data(view)
    hours = number(view.scenario.in_time_hours, lang)
    sheet = page(
        view,
        phrase(lang, "figure.ages_title"),
        ROW * len(table) + 0.95,
        notes=[phrase(lang, "figure.ages_note", hours=hours)],
    )
    names = [str(group).replace("-", EN_DASH) for group in table["group"]]
    panels = sheet.panels(1, len(PANELS), sharey=True, gridspec_kw={"wspace": 0.12})
    for axes, (name, (middle, low, high)) in zip(panels, PANELS.items(), strict=True):
        mean = table[middle].to_numpy(dtype=float)
        ends = [mean - table[low].to_numpy(dtype=float), table[high].to_numpy(dtype=float) - mean]
        axes.errorbar(mean, range(len(mean)), xerr=np.nan_to_num(np.maximum(ends, 0)), **_MARK)
        width = page_width() / len(PANELS) - 0.5 - VALUE_WIDTH / 2
        axes.set_title(wrap_evenly(phrase(lang, f"figure.ages_{name}_panel"), width, PANEL_SIZE, "bold"))
        share = name == "in_time"
        axes.set_xlabel(phrase(lang, "unit.percent" if share else "unit.deaths_million"))
        axes.set_xlim(0, 1.03 if share else None)
        number_ticks(axes, lang, "x", ticks=4 if page_width() >= NARROW else 2, percent=share)
        for row, value in enumerate(mean):
            text = percent(value, lang) if share else round_off(value, lang)
            value_beside(axes, "" if np.isnan(value) else text, row)
        axes.grid(True, axis="x")
        axes.set_yticks(range(len(names)), names)
        axes.tick_params(axis="y", labelleft=axes is panels[0])
        axes.set_ylim(len(names) - 0.5, -0.5)
    panels[0].set_ylabel(phrase(lang, "figure.ages_axis"))
    return sheet


def _data(view: View) -> pd.DataFrame:
    """Return the rows of reached.csv for the age groups, in order of age.

    Raises
    ------
    EmptyFigureError
        If the results do not tell patients by age.
    """
    table = view.results.reached
    rows = table[(table["alternative"] == view.alternative) & (table["by"] == "age")]
    rows = rows[rows["patients_mean"] > 0]
    if rows.empty:
        raise EmptyFigureError(
            f"the results of scenario {view.results.scenario.name!r} have no patients by age group"
        )
    order = {group: place for place, group in enumerate(AGE_GROUPS)}
    rows = rows.sort_values("group", key=lambda groups: groups.map(order))
    return rows[["group", "people", "patients_mean", *(column for of in PANELS.values() for column in of)]]


def _describe(view: View) -> Iterator[str]:
    table = _data(view)
    top = table.sort_values("deaths_per_million", kind="stable").iloc[-1]
    yield phrase(
        view.lang,
        "alt.ages",
        group=group_words(view.lang, str(top["group"])),
        value=round_off(float(top["deaths_per_million"]), view.lang),
    )


FIGURE: Final = FigureSpec("ages", _draw, _describe, _data, section="groups", place=85)
