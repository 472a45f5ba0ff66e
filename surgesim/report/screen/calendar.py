"""What the command calendar shows on the screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from rich.console import Group
from rich.text import Text

from surgesim.report.prose.calendar import (
    calendar_sentences,
    date_words,
    decision_title,
    decisions,
    last_call_words,
)
from surgesim.report.prose.decisions import outcome_title
from surgesim.report.screen.screen import signed
from surgesim.report.screen.table import ScreenTable
from surgesim.report.words import EN_DASH, number, phrase

if TYPE_CHECKING:
    from surgesim.decisions.door import Calendar

ROWS: Final = 6
"""Most actions on the screen, so that all fits 45 lines; the others are in decisions.csv."""


def calendar_summary(calendar: Calendar, lang: str, folder: str) -> Group:
    """Build the decisions by date, those whose delay changes most if there are many, and the sentences."""
    sentences = [Text(sentence) for sentence in calendar_sentences(calendar, lang)]
    return Group(_table(calendar, lang), *sentences, Text(phrase(lang, "screen.folder", folder=folder)))


def _table(calendar: Calendar, lang: str) -> ScreenTable:
    entry, rows = calendar.manifest["calendar"], decisions(calendar)
    rank = rows["difference"].abs().rank(ascending=False, method="first")
    shown = rows[rank <= ROWS]
    table = ScreenTable(
        phrase(lang, "calendar.table", shown=number(len(shown), lang), all=number(len(rows), lang)),
        show_lines=False,
    )
    table.add_column(phrase(lang, "calendar.action"), "left")
    for step in ("ordered", "ready", "stood_down"):
        table.add_column(phrase(lang, f"calendar.{step}"), "left")
    table.add_column(
        phrase(
            lang,
            "calendar.later",
            days=number(entry["later"], lang),
            outcome=outcome_title(calendar.scenario, str(rows["outcome"].iloc[0]), lang),
        )
    )
    if entry["conditions"]:
        table.add_column(phrase(lang, "calendar.latest"), "left")
    for row in shown.to_dict("records"):
        table.add_row(
            decision_title(calendar, row["rule"], lang),
            *(band_words(row, step, lang) for step in ("ordered", "ready", "stood_down")),
            signed(row, lang),
            *([last_call_words(row, lang)] if entry["conditions"] else []),
        )
    return table


def band_words(row: Mapping[Any, Any], step: str, lang: str) -> str:
    """Return the median date of a step, with its 90 % band on a second line unless it is a single day."""
    median, low, high = (date_words(row, f"{step}_{part}", lang) for part in ("median", "low", "high"))
    if not low:
        return phrase(lang, "calendar.not_ordered")
    median = median or phrase(lang, "calendar.not_ordered")
    if low == high:
        return median
    return f"{median}\n({low}{EN_DASH}{high or phrase(lang, 'calendar.not_ordered')})"
