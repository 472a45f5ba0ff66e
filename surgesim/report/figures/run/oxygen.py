"""The figure of oxygen: stock and use, days of cover, and facilities that have run out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.lines import Line2D

from surgesim.report.figures.drawing.course import (
    Course,
    band_entries,
    breach_entries,
    course,
    curve_table,
    peak_words,
)
from surgesim.report.figures.drawing.page import (
    EmptyFigureError,
    Sheet,
    View,
    columns_of,
    legend_in,
    page,
    page_width,
)
from surgesim.report.figures.drawing.panel import (
    DOTTED,
    course_panel,
    facilities_of,
    in_tonnes,
    thresholds_of,
)
from surgesim.report.figures.drawing.summaries import threshold_summaries
from surgesim.report.figures.spec import FigureSpec
from surgesim.report.words import day_text, phrase, round_off

if TYPE_CHECKING:
    import pandas as pd

    from surgesim.study.results import Results

MOST_COVER: Final = 30.0
"""Upper limit of the panel of days of cover."""
_COVER: Final = "oxygen_cover_days"
_UNMET: Final = "oxygen_unmet_tonnes_7d"
_DRY: Final = "facilities_out_of_oxygen"


def _draw(view: View) -> Sheet:
    """Draw oxygen stock and use, days of cover, and facilities that have run out."""
    results, lang, alternative = view.results, view.lang, view.alternative
    if not any(facility.oxygen is not None for facility in facilities_of(results, alternative)):
        raise EmptyFigureError(
            f"alternative {alternative!r} of scenario {results.scenario.name!r} models no oxygen supply"
        )
    in_stock, used, unmet, days, week = _curves(results, alternative).values()
    runs_dry = bool(week.mean.any())
    count = 4 if runs_dry else 3
    columns = columns_of(count, 2)
    lines = -(-count // columns)
    full = count % columns == 0
    notes = [] if runs_dry else [phrase(lang, "figure.never_dry")]
    sheet = page(
        view, phrase(lang, "figure.oxygen_title"), lines * 2.1 + (0.75 if full else 0.3), notes=notes
    )
    panels = sheet.panels(lines, columns)
    stock, use, cover = panels[:3]
    marks = threshold_summaries(results, alternative, lang)
    entries = band_entries(results, lang)
    if unmet.mean.any():
        use.plot(unmet.days, unmet.mean, **DOTTED)
        entries.append((Line2D([], [], **DOTTED), phrase(lang, "figure.unmet")))
    course_panel(results, stock, "figure.stock_panel", "unit.tonnes", in_stock, lang, labelled=columns == 1)
    course_panel(
        results, use, "figure.use_panel", "unit.tonnes_day", used, lang, labelled=columns == 1 or not full
    )
    bounds = course_panel(
        results, cover, "figure.cover_panel", "unit.cover", days, lang, thresholds_of(marks, _COVER)
    )
    if runs_dry:
        bounds += course_panel(
            results,
            panels[3],
            "figure.dry_panel",
            "unit.facilities",
            week,
            lang,
            thresholds_of(marks, _DRY),
            assessed=course(results, alternative, _DRY),
        )
    if bounds:
        entries += breach_entries(results, lang)
    if full:
        sheet.legend(entries)
    else:
        legend_in(panels[-1], entries, page_width() / columns - 0.75)
    return sheet


def _curves(results: Results, alternative: str) -> dict[str, Course]:
    """Return the curves drawn: in tonnes and as 7-day means, and days of cover up to `MOST_COVER`."""
    return {
        "oxygen_stock_tonnes_7d": in_tonnes(results, alternative, "oxygen_stock_kg"),
        "oxygen_used_tonnes_7d": in_tonnes(results, alternative, "oxygen_used_kg"),
        _UNMET: in_tonnes(results, alternative, "oxygen_unmet_kg"),
        _COVER: course(results, alternative, _COVER).cap(MOST_COVER),
        f"{_DRY}_7d": course(results, alternative, _DRY).rolling_mean(7),
    }


def _data(view: View) -> pd.DataFrame:
    curves = _curves(view.results, view.alternative)
    left_out = {name for name in (_UNMET, f"{_DRY}_7d") if not curves[name].mean.any()}
    return curve_table({name: curve for name, curve in curves.items() if name not in left_out})


def _describe(view: View) -> Iterator[str]:
    results, lang, alternative = view.results, view.lang, view.alternative
    _, used, _, cover, _ = _curves(results, alternative).values()
    yield peak_words(lang, f"{phrase(lang, 'figure.use_panel')} ({phrase(lang, 'unit.tonnes_day')})", used)
    place = int(np.nanargmin(cover.p50))
    yield phrase(
        lang,
        "alt.cover",
        value=round_off(float(cover.p50[place]), lang),
        day=day_text(cover.dates[place].item(), lang),
    )


FIGURE: Final = FigureSpec("oxygen", _draw, _describe, _data, section="logistics", place=90)
