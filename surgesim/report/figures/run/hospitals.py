"""The figure of the hospitals over time: the load of their beds by day, and the date on which they fill."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from matplotlib.lines import Line2D

from surgesim.report.figures.drawing.page import (
    GREY,
    PANEL_SIZE,
    SMALL_SIZE,
    VERMILION,
    EmptyFigureError,
    Look,
    Sheet,
    View,
    column_width,
    columns_of,
    date_axis,
    day_number,
    page,
    page_width,
    row_edges,
    row_names,
    spans,
    wrap,
)
from surgesim.report.figures.spec import FigureSpec
from surgesim.report.prose.hospitals import facility_title
from surgesim.report.words import day_text, number, percent, phrase
from surgesim.study.measures.binding import BEDS

if TYPE_CHECKING:
    import pandas as pd

LOADS: Final = (
    (0.0, 0.5, Look("#EDF2F9", "", GREY)),
    (0.5, 0.75, Look("#B9D2EA", "", GREY)),
    (0.75, 0.9, Look("#74A9D8", "", GREY)),
    (0.9, 1.0, Look("#2B6CB0", "", GREY)),
    (1.0, float("inf"), Look("#0B2A55", "", GREY)),
)
"""Classes of load, each from its first number to below its second; their colours get steadily darker."""

TITLE_WIDTH: Final = 2.2
STRIP: Final = 0.13
"""Height of a row's strip in inches; rows with longer titles are further apart."""
_GAP: Final = 0.03
_FULL: Final[dict[str, Any]] = {
    "color": VERMILION,
    "marker": "v",
    "markersize": 5.5,
    "markeredgecolor": "white",
    "markeredgewidth": 0.6,
    "linestyle": "",
}


def _draw(view: View) -> Sheet:
    """Draw a strip per hospital with the mean load of its beds on each day, those that fill first on top."""
    results, lang = view.results, view.lang
    table = _data(view)
    names = list(dict.fromkeys(table["facility"]))
    beds = [bed for bed in BEDS if (table["bed"] == bed).any()]
    columns = columns_of(len(beds), len(beds))
    width = min(TITLE_WIDTH, 0.38 * page_width())
    titles = {name: wrap(facility_title(view.scenario, name, lang), width, SMALL_SIZE) for name in names}
    rows_of = dict.fromkeys(beds, names)
    if columns == 1:  # the panels have rows of their own
        loaded = table[table["load"].notna()]
        rows_of = {
            bed: [n for n in names if n in set(loaded.loc[loaded["bed"] == bed, "facility"])] for bed in beds
        }
    edges = {bed: row_edges([titles[name] for name in rows], STRIP, _GAP) for bed, rows in rows_of.items()}
    heights = [edges[bed][-1] + 0.65 for bed in beds[::columns]]
    sheet = page(
        view,
        phrase(lang, "figure.hospitals_title"),
        sum(heights) + 0.5,
        notes=[phrase(lang, "figure.hospitals_note")],
    )
    panels = sheet.panels(len(heights), columns, sharey=columns > 1, height_ratios=heights)
    begin = day_number(results.scenario.start)
    for axes, bed in zip(panels, beds, strict=True):
        written = [titles[name] for name in rows_of[bed]]
        middles = row_names(axes, edges[bed], written, labelled=axes is panels[0] or columns == 1)
        for name, middle in zip(rows_of[bed], middles, strict=True):
            rows = table[(table["facility"] == name) & (table["bed"] == bed)]
            load = rows["load"].to_numpy(dtype=float)
            for low, high, look in LOADS:
                bars = [(begin + a, b - a) for a, b in spans((load >= low) & (load < high))]
                axes.broken_barh(bars, (middle - STRIP / 2, STRIP), facecolors=look.colour, linewidth=0)
            full = rows["full_date_median"].dropna()
            if len(full):
                axes.plot([day_number(full.iloc[0].date())], [middle - STRIP / 4], zorder=4, **_FULL)
            axes.axhline(middle + STRIP / 2, color="#BBBBBB", linewidth=0.4, zorder=1)
        title = phrase(lang, f"figure.{bed}_panel")
        axes.set_title(wrap(title, column_width(axes) - width / columns, PANEL_SIZE, "bold"))
        axes.grid(False)
        date_axis(axes, results.scenario.start, results.scenario.end, lang, ticks=4 if columns > 1 else 8)
    classes = [
        phrase(lang, "figure.load_class", low=percent(low, lang), high=percent(high, lang))
        for low, high, _ in LOADS[:-1]
    ]
    entries = [
        (look.patch, text)
        for (_, _, look), text in zip(LOADS, [*classes, phrase(lang, "figure.load_full")], strict=True)
    ]
    sheet.legend([*entries, (Line2D([], [], **_FULL), phrase(lang, "figure.full_date"))])
    return sheet


def _data(view: View) -> pd.DataFrame:
    """Return the daily load of the oxygen and ICU beds of each hospital, and when they first fill.

    Raises
    ------
    EmptyFigureError
        If no hospital ever has a staffed oxygen or ICU bed, or the results have no daily values of hospitals.
    """
    days, beds = (
        table[(table["alternative"] == view.alternative) & table["bed"].isin(BEDS)]
        for table in (view.results.facility_days, view.results.facility_beds)
    )
    days = days[["facility", "bed", "date", "staffed", "occupied", "held", "load"]]
    known = days.groupby("facility")["load"].transform("count") > 0
    if not known.any():
        raise EmptyFigureError(
            f"the results of scenario {view.results.scenario.name!r} have no daily load of hospitals"
        )
    dates = ["full_date_p5", "full_date_median", "full_date_p95"]
    rows = days[known].merge(beds[["facility", "bed", *dates]], on=["facility", "bed"], how="left")
    first = rows.groupby("facility")["full_date_median"].transform("min")
    most = rows.groupby("facility")["load"].transform("max")
    return (
        rows.assign(first=first, most=-most)
        .sort_values(["first", "most", "facility", "bed", "date"], kind="stable")
        .drop(columns=["first", "most"])
    )


def _describe(view: View) -> Iterator[str]:
    rows = _data(view).drop_duplicates(["facility", "bed"])
    ever = rows.dropna(subset=["full_date_median"]).sort_values("full_date_median", kind="stable")
    everywhere = rows["facility"].nunique()
    yield phrase(
        view.lang,
        "alt.hospitals",
        n=number(ever["facility"].nunique(), view.lang),
        all=number(everywhere, view.lang),
    )
    if len(ever):
        row = ever.iloc[0]
        yield phrase(
            view.lang,
            "alt.first_full",
            facility=facility_title(view.scenario, str(row["facility"]), view.lang),
            bed=phrase(view.lang, f"figure.{row['bed']}_panel"),
            day=day_text(row["full_date_median"].date(), view.lang),
        )


FIGURE: Final = FigureSpec("hospitals", _draw, _describe, _data, section="facilities", place=115)
