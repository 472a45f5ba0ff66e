"""The figure of the breach calendar: the probability of breach for each threshold and day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.figure import Figure

from surgesim.report.figures.drawing.page import (
    PROBABILITIES,
    SMALL_SIZE,
    EmptyFigureError,
    Look,
    date_axis,
    day_number,
    legend,
    page,
    spans,
    text_height,
    wrap_evenly,
)
from surgesim.report.figures.spec import FigureSpec
from surgesim.report.names import threshold_title
from surgesim.report.words import day_text, number, percent, phrase

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from surgesim.study.results import Results

NOT_ASSESSED: Final = Look("#FFFFFF", "////", "#BBBBBB")
"""Style of a strip without probabilities."""

TITLE_WIDTH: Final = 2.4
STRIP: Final = 0.2
_GAP: Final = 0.1


def _draw(results: Results, lang: str, alternative: str) -> Figure:
    """Draw a strip for each threshold with the daily share of runs in breach."""
    shares = breach_shares(results, alternative)
    if not shares:
        raise EmptyFigureError(f"scenario {results.scenario.name!r} has no thresholds")
    scenario = results.scenario.alternative(alternative)
    titles = [wrap_evenly(threshold_title(scenario, name, lang), TITLE_WIDTH, SMALL_SIZE) for name in shares]
    heights = [max(text_height(title, SMALL_SIZE), STRIP) + _GAP for title in titles]
    figure = page(
        results,
        phrase(lang, "figure.calendar_title"),
        sum(heights) + 0.95,
        lang=lang,
        alternative=alternative,
        notes=[phrase(lang, "figure.calendar_note")],
    )
    axes = figure.subplots()
    begin = day_number(results.scenario.start)
    top, middles = 0.0, []
    for values, height in zip(shares.values(), heights, strict=True):
        middles.append(top + height / 2)
        if np.isnan(values).all():
            span = [(begin, len(values))]
            axes.broken_barh(
                span,
                (middles[-1] - STRIP / 2, STRIP),
                facecolors=NOT_ASSESSED.colour,
                hatch=NOT_ASSESSED.hatch,
                edgecolor=NOT_ASSESSED.ink,
                linewidth=0,
            )
        for low, high, look in PROBABILITIES:
            bars = [(begin + a, b - a) for a, b in spans((values > low) & (values <= high))]
            axes.broken_barh(bars, (middles[-1] - STRIP / 2, STRIP), facecolors=look.colour, linewidth=0)
        axes.axhline(middles[-1] + STRIP / 2, color="#BBBBBB", linewidth=0.5)
        top += height
    axes.set_ylim(top, 0)
    axes.set_yticks(middles, titles, size=SMALL_SIZE, linespacing=1.1)
    axes.tick_params(axis="y", length=0)
    axes.grid(False)
    axes.spines["left"].set_visible(False)
    date_axis(axes, results.scenario.start, results.scenario.end, lang, ticks=8)
    entries = [
        (look.patch, phrase(lang, "figure.calendar_class", low=percent(low, lang), high=percent(high, lang)))
        for low, high, look in PROBABILITIES
    ]
    if any(np.isnan(values).all() for values in shares.values()):
        entries.append((NOT_ASSESSED.patch, phrase(lang, "assessed.short")))
    legend(figure, entries)
    return figure


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


def _describe(results: Results, lang: str, alternative: str) -> Iterator[str]:
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


FIGURE: Final = FigureSpec("calendar", _draw, _describe, section="criteria", place=40)
