"""The figure of the alternatives' effects: paired differences from the baseline with their intervals."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from surgesim.model.outcomes import DEADLY
from surgesim.report.figures.drawing.page import (
    BLACK,
    BLUE,
    GREY,
    NARROW,
    PANEL_SIZE,
    SMALL_SIZE,
    VERMILION,
    EmptyFigureError,
    Sheet,
    View,
    columns_of,
    number_ticks,
    page,
    page_width,
    row_edges,
    row_names,
    text_height,
    value_beside,
    wrap,
    wrap_evenly,
)
from surgesim.report.figures.drawing.panel import under_title
from surgesim.report.figures.spec import FigureSpec
from surgesim.report.names import alternative_title
from surgesim.report.prose.sentences import never_begins
from surgesim.report.words import number, outcome_words, phrase, round_off
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.study.measures.breaches import SITUATION
from surgesim.study.measures.compare import FIRST_DAY, better, deadlier

if TYPE_CHECKING:
    import pandas as pd

    from surgesim.study.results import Results

CHOSEN: Final = (
    "deaths",
    "deaths_untreated",
    "waiting_days",
    "peak_without_bed",
    f"{FIRST_DAY}{SITUATION}",
    "situation_days",
)
"""The outcomes to draw, one panel each, if the comparison has them."""

COLUMNS: Final = 3
NARROW_OUTCOMES: Final = 2
"""Number of outcomes drawn on a narrow page: the first of `CHOSEN`."""
NAME_WIDTH: Final = 1.9
ROW: Final = 0.18
GAP: Final = 0.04
"""Height of a row with a short name and the room between rows, in inches."""

_MARKS: Final = {
    "better": ("o", BLUE, BLUE),
    "worse": ("s", VERMILION, VERMILION),
    "deadlier": ("o", "white", GREY),
    "undecided": ("D", "white", GREY),
}


def _draw(view: View) -> Sheet:
    """Draw differences from the baseline for all alternatives, or for a single one."""
    results, lang = view.results, view.lang
    table = _data(view)
    names = list(dict.fromkeys(table["alternative"]))
    outcomes = list(dict.fromkeys(table["outcome"]))
    columns = columns_of(len(outcomes), COLUMNS)
    lines = -(-len(outcomes) // columns)
    name_width = min(NAME_WIDTH, 0.35 * page_width())
    width = (page_width() - name_width) / columns - 0.2
    titles = [_title(outcome, lang, width - 0.1) for outcome in outcomes]
    under = [_under(results, table[table["outcome"] == outcome].iloc[0], lang, width) for outcome in outcomes]
    written = [_name(results, name, lang, name_width) for name in names]
    edges = row_edges(written, ROW, GAP)
    header = max(
        text_height(title, PANEL_SIZE) + text_height(text, SMALL_SIZE)
        for title, text in zip(titles, under, strict=True)
    )
    sheet = page(
        view,
        phrase(lang, "figure.alternatives_title"),
        lines * (edges[-1] + header + 0.6) + 0.3,
        plans=True,
        notes=[phrase(lang, "figure.alternatives_note")],
    )
    panels = sheet.panels(lines, columns, sharey=True)
    for axes in panels[len(outcomes) :]:
        axes.remove()
    more_deaths = deadlier(results.comparison)
    seen: dict[str, None] = {}
    for i, (axes, outcome) in enumerate(zip(panels, outcomes, strict=False)):
        rows_of = {row["alternative"]: row for row in table[table["outcome"] == outcome].to_dict("records")}
        axes.axvline(0, color=BLACK, linewidth=0.9, zorder=2)
        middles = row_names(axes, edges, written, labelled=i % columns == 0)
        for place, name in zip(middles, names, strict=True):
            if name in rows_of:
                seen[_difference(axes, place, rows_of[name], name in more_deaths)] = None
                value_beside(axes, _brief(float(rows_of[name]["difference"]), lang), place)
        axes.set_title(titles[i], pad=6 + 72 * text_height(under[i], SMALL_SIZE))
        under_title(axes, under[i])
        _axis(axes, outcome, lang)
    sheet.legend([(_entry(kind), phrase(lang, f"figure.{kind}")) for kind in _MARKS if kind in seen])
    return sheet


def _data(view: View) -> pd.DataFrame:
    """Return the rows of comparison.csv that are drawn.

    Raises
    ------
    EmptyFigureError
        If the results compare no alternatives.
    """
    import pandas as pd

    table = view.results.comparison
    if view.alternative != BASELINE:
        table = table[table["alternative"] == view.alternative]
    here = [outcome for outcome in CHOSEN if (table["outcome"] == outcome).any()]
    if not here:
        name = view.results.scenario.name
        raise EmptyFigureError(f"the results of scenario {name!r} compare no alternatives")
    if page_width() < NARROW:
        here = here[:NARROW_OUTCOMES]
    columns = ["outcome", "alternative", "unit", "baseline_mean", "difference"]
    rows = [table[table["outcome"] == outcome] for outcome in here]
    return pd.concat(rows, ignore_index=True)[[*columns, "difference_low", "difference_high"]]


def _name(results: Results, alternative: str, lang: str, width: float) -> str:
    """Return the title of an alternative, wrapped to the available width.

    An alternative without a title is shown by its name, which may break at hyphens.
    """
    title = alternative_title(results.scenario, alternative, lang)
    if title == alternative:
        return wrap(title.replace("-", "- "), width, SMALL_SIZE).replace("- ", "-")
    return wrap_evenly(title, width, SMALL_SIZE)


def _title(outcome: str, lang: str, width: float) -> str:
    return wrap_evenly(outcome_words(lang, outcome).label, width, PANEL_SIZE, "bold")


def _unit(outcome: str, lang: str) -> str:
    return outcome_words(lang, outcome).unit


def _kind(row: Mapping[Hashable, Any]) -> str:
    """Classify an interval by its position: on the better or worse side of zero, or containing zero."""
    low, high = float(row["difference_low"]), float(row["difference_high"])
    if math.isnan(low) or low <= 0 <= high:
        return "undecided"
    return "better" if (high < 0) == (better(str(row["outcome"])) == "lower") else "worse"


def _difference(axes: Axes, place: float, row: Mapping[Hashable, Any], more_deaths: bool) -> str:
    kind = _kind(row)
    if kind == "better" and more_deaths and row["outcome"] not in DEADLY:
        kind = "deadlier"
    marker, face, edge = _MARKS[kind]
    low, high = float(row["difference_low"]), float(row["difference_high"])
    if not math.isnan(low):
        axes.plot([low, high], [place, place], color=edge, linewidth=2.4, solid_capstyle="butt", zorder=5)
    axes.plot(
        [float(row["difference"])],
        [place],
        marker=marker,
        markerfacecolor=face,
        markeredgecolor=edge,
        markersize=5,
        linestyle="none",
        zorder=6,
    )
    return kind


def _under(results: Results, row: pd.Series[Any], lang: str, width: float) -> str:
    """Return the line under a panel's title: the baseline's mean."""
    outcome = str(row["outcome"])
    if never_begins(results, row.to_dict()):
        return wrap(phrase(lang, "figure.baseline_never"), width, SMALL_SIZE)
    is_or_begins = "figure.baseline_begins" if outcome.startswith(FIRST_DAY) else "figure.baseline_is"
    value = _brief(float(row["baseline_mean"]), lang)
    return wrap(phrase(lang, is_or_begins, value=value, unit=_unit(outcome, lang)), width, SMALL_SIZE)


def _axis(axes: Axes, outcome: str, lang: str) -> None:
    axes.set_xlabel(phrase(lang, "figure.difference", unit=_unit(outcome, lang)))
    axes.margins(x=0.08)
    low, high = axes.get_xlim()
    if low == high or max(abs(low), abs(high)) < 0.1:
        axes.set_xlim(-1, 1)
    number_ticks(axes, lang, "x", ticks=2)
    axes.grid(True, axis="x")


def _brief(value: float, lang: str) -> str:
    """Format a mean as an integer, or with two significant digits if it is small."""
    return number(round(value) if abs(value) >= 10 else float(f"{value:.2g}"), lang)


def _entry(kind: str) -> Artist:
    marker, face, edge = _MARKS[kind]
    return Line2D(
        [],
        [],
        color=edge,
        marker=marker,
        markerfacecolor=face,
        markeredgecolor=edge,
        markersize=5,
        linewidth=2.4,
    )


def _describe(view: View) -> Iterator[str]:
    results, lang = view.results, view.lang
    table = results.comparison
    for outcome in CHOSEN[:2]:
        rows = table[table["outcome"] == outcome].sort_values("difference", kind="stable")
        if len(rows):
            least = rows.iloc[0]
            yield phrase(
                lang,
                "alt.least",
                what=outcome_words(lang, outcome).label,
                plan=alternative_title(results.scenario, str(least["alternative"]), lang),
                value=round_off(float(least["difference"]), lang),
            )


FIGURE: Final = FigureSpec("alternatives", _draw, _describe, _data, section="plans", place=70)
