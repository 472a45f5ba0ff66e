"""The figure of the breach calendar: the probability of breach for each threshold and day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from surgesim.report.figures.drawing.page import (
    PROBABILITIES,
    SMALL_SIZE,
    EmptyFigureError,
    Look,
    Sheet,
    View,
    date_axis,
    day_number,
    page,
    page_width,
    row_edges,
    row_names,
    spans,
    wrap_evenly,
)
from surgesim.report.figures.spec import FigureSpec
from surgesim.report.names import threshold_title
from surgesim.report.words import day_text, number, percent, phrase

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from surgesim.study.results import Results

NOT_ASSESSED: Final = Look("#FFFFFF", "////", "#BBBBBB")
"""Style of a strip without probabilities."""

TITLE_WIDTH: Final = 2.4
STRIP: Final = 0.2
_GAP: Final = 0.1


def _draw(view: View) -> Sheet:
    """Draw a strip for each threshold with the daily share of runs in breach."""
    results, lang, alternative = view.results, view.lang, view.alternative
    shares = breach_shares(results, alternative)
    if not shares:
        raise EmptyFigureError(f"scenario {results.scenario.name!r} has no thresholds")
    scenario = results.scenario.alternative(alternative)
    width = min(TITLE_WIDTH, 0.4 * page_width())
    titles = [wrap_evenly(threshold_title(scenario, name, lang), width, SMALL_SIZE) for name in shares]
    edges = row_edges(titles, STRIP, _GAP)
    sheet = page(
        view,
        phrase(lang, "figure.calendar_title"),
        edges[-1] + 0.95,
        notes=[phrase(lang, "figure.calendar_note")],
    )
    (axes,) = sheet.panels(1)
    begin = day_number(results.scenario.start)
    for values, middle in zip(shares.values(), row_names(axes, edges, titles), strict=True):
        if np.isnan(values).all():
            span = [(begin, len(values))]
            axes.broken_barh(
                span,
                (middle - STRIP / 2, STRIP),
                facecolors=NOT_ASSESSED.colour,
                hatch=NOT_ASSESSED.hatch,
                edgecolor=NOT_ASSESSED.ink,
                linewidth=0,
            )
        for low, high, look in PROBABILITIES:
            bars = [(begin + a, b - a) for a, b in spans((values > low) & (values <= high))]
            axes.broken_barh(bars, (middle - STRIP / 2, STRIP), facecolors=look.colour, linewidth=0)
        axes.axhline(middle + STRIP / 2, color="#BBBBBB", linewidth=0.5)
    axes.grid(False)
    date_axis(axes, results.scenario.start, results.scenario.end, lang, ticks=8)
    entries = [
        (look.patch, phrase(lang, "figure.calendar_class", low=percent(low, lang), high=percent(high, lang)))
        for low, high, look in PROBABILITIES
    ]
    if any(np.isnan(values).all() for values in shares.values()):
        entries.append((NOT_ASSESSED.patch, phrase(lang, "assessed.short")))
    sheet.legend(entries)
    return sheet


def _data(view: View) -> pd.DataFrame:
    import pandas as pd

    dates = pd.date_range(view.results.scenario.start, periods=view.results.scenario.days, unit="us")
    shares = breach_shares(view.results, view.alternative)
    return pd.concat(
        [
            pd.DataFrame({"threshold": name, "date": dates, "probability": values})
            for name, values in shares.items()
        ]
    )


def breach_shares(results: Results, alternative: str) -> dict[str, NDArray[np.float64]]:
    """Return the daily share of runs in breach, by threshold and for the declared emergency."""
    table = results.breach_days
    mine = table[table["alternative"] == alternative]
    return {
        str(name): rows.set_index("day")["probability"]
        .reindex(range(results.scenario.days), method="ffill")
        .to_numpy(dtype=float)
        for name, rows in mine.groupby("threshold", sort=False)
    }


def _describe(view: View) -> Iterator[str]:
    results, lang, alternative = view.results, view.lang, view.alternative
    scenario = results.scenario.alternative(alternative)
    for name, shares in breach_shares(results, alternative).items():
        title = threshold_title(scenario, name, lang)
        days = np.flatnonzero(shares >= 0.5)
        if np.isnan(shares).all():
            yield phrase(lang, "alt.calendar_not_assessed", title=title)
            continue
        if len(days) == 0:
            yield phrase(lang, "alt.calendar_never", title=title, most=percent(float(shares.max()), lang))
            continue
        first, last = (scenario.start + timedelta(days=int(day)) for day in (days[0], days[-1]))
        yield phrase(
            lang,
            "alt.calendar",
            title=title,
            first=day_text(first, lang),
            last=day_text(last, lang),
            n=number(len(days), lang),
        )


FIGURE: Final = FigureSpec("calendar", _draw, _describe, _data, section="criteria", place=40)
