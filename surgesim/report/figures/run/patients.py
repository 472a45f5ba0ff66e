"""The figure of where patients went under each plan: home, oxygen bed, ICU, another province, or died."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from surgesim.report.figures.drawing.page import (
    BLUE,
    NARROW,
    ORANGE,
    PANEL_SIZE,
    SKY,
    SMALL_SIZE,
    VERMILION,
    EmptyFigureError,
    Look,
    Sheet,
    View,
    draw_bar,
    number_ticks,
    page,
    page_width,
    row_edges,
    row_names,
    text_height,
    value_beside,
    wrap_evenly,
)
from surgesim.report.figures.spec import FigureSpec
from surgesim.report.names import alternative_title
from surgesim.report.words import outcome_words, phrase, round_off
from surgesim.scenario.schema.scenario import BASELINE

if TYPE_CHECKING:
    import pandas as pd

WENT: Final = {
    "home": ("sent_home",),
    "oxygen": ("admissions_oxygen",),
    "icu": ("entries_icu",),
    "transfer": ("transferred_out",),
    "died": ("deaths_unavoidable", "deaths_thin_care", "deaths_untreated"),
}
"""The places, each with the daily indicators that count the patients who went there."""

LOOKS: Final = {
    "sent_home": Look("#009E73", "", "#00543D"),
    "admissions_oxygen": Look(SKY, "", "#0B3C5D"),
    "entries_icu": Look(BLUE, "", "#00304D"),
    "transferred_out": Look("#F0E442", "", "#6B6400"),
    "deaths_unavoidable": Look("#555555", "", "#222222"),
    "deaths_thin_care": Look(ORANGE, "////", "#5A3D00"),
    "deaths_untreated": Look(VERMILION, "\\\\\\\\", "#FFFFFF"),
}
NAME_WIDTH: Final = 1.9
ROW: Final = 0.18
GAP: Final = 0.04
BAR: Final = 0.14
"""Height of a row with a short name, the room between rows and the height of a bar, in inches."""


def _draw(view: View) -> Sheet:
    """Draw a panel per place with a bar per plan."""
    results, lang = view.results, view.lang
    table = _data(view)
    plans = list(dict.fromkeys(table["alternative"]))
    places = list(dict.fromkeys(table["place"]))
    lines = -(-len(places) // (2 if page_width() < NARROW else 4))
    columns = -(-len(places) // lines)
    name_width = min(NAME_WIDTH, 0.35 * page_width())
    names = [
        wrap_evenly(alternative_title(results.scenario, plan, lang), name_width, SMALL_SIZE) for plan in plans
    ]
    edges = row_edges(names, ROW, GAP)
    width = (page_width() - name_width) / columns - 0.2
    words = {place: phrase(lang, f"figure.went_{place}") for place in WENT}
    titles = [wrap_evenly(words[place], width, PANEL_SIZE, "bold") for place in places]
    header = max(text_height(title, PANEL_SIZE) for title in titles)
    absent = [words[place] for place in WENT if place not in places]
    notes = [phrase(lang, "figure.patients_note")]
    if absent:
        notes.append(phrase(lang, "figure.went_none", places=", ".join(absent)))
    sheet = page(
        view,
        phrase(lang, "figure.patients_title"),
        lines * (edges[-1] + header + 0.6) + 0.3,
        plans=True,
        notes=notes,
    )
    panels = sheet.panels(lines, columns, sharey=True)
    for axes in panels[len(places) :]:
        axes.remove()
    seen: set[str] = set()
    for i, (axes, place) in enumerate(zip(panels, places, strict=False)):
        middles = row_names(axes, edges, names, labelled=i % columns == 0)
        for row, plan in zip(middles, plans, strict=True):
            here = table[(table["place"] == place) & (table["alternative"] == plan)]
            begin = 0.0
            for indicator, patients in zip(here["indicator"], here["patients"], strict=True):
                if patients:
                    draw_bar(axes, LOOKS[indicator], row, begin, patients, BAR)
                    seen.add(indicator)
                begin += patients
            value_beside(axes, round_off(begin, lang), row)
        axes.set_title(titles[i])
        axes.set_xlabel(phrase(lang, "unit.patients"))
        axes.set_xlim(left=0)
        number_ticks(axes, lang, "x", ticks=2)
        axes.tick_params(labelbottom=page_width() >= NARROW)  # the numbers beside the bars are enough
        axes.grid(True, axis="x")
    if "died" in places:
        causes = [name for name in WENT["died"] if name in seen]
        sheet.legend([(LOOKS[name].patch, outcome_words(lang, name).label) for name in causes])
    return sheet


def _data(view: View) -> pd.DataFrame:
    """Return the mean number of patients by place, alternative and indicator; empty places are left out.

    Raises
    ------
    EmptyFigureError
        If no patient went anywhere.
    """
    import pandas as pd

    daily = view.results.daily
    totals = daily[daily["indicator"].isin(LOOKS)].groupby(["alternative", "indicator"])["mean"].sum()
    plans = view.results.alternatives if view.alternative == BASELINE else (BASELINE, view.alternative)
    rows = [
        {"place": place, "alternative": plan, "indicator": indicator, "patients": totals[plan, indicator]}
        for place, indicators in WENT.items()
        for plan in plans
        for indicator in indicators
    ]
    table = pd.DataFrame(rows)
    table = table[table.groupby("place")["patients"].transform("sum") > 0]
    if table.empty:
        raise EmptyFigureError(f"no patient of scenario {view.results.scenario.name!r} needs a bed")
    return table


def _describe(view: View) -> Iterator[str]:
    table = _data(view)
    mine = table[table["alternative"] == view.alternative]
    for place, patients in mine.groupby("place", sort=False)["patients"].sum().items():
        yield phrase(
            view.lang,
            "alt.went",
            where=phrase(view.lang, f"figure.went_{place}"),
            value=round_off(float(patients), view.lang),
        )


FIGURE: Final = FigureSpec("patients", _draw, _describe, _data, section="plans", place=75)
