"""What the command calendar shows on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.text import Text

from surgesim.report.prose.calendar import (
    band_words,
    calendar_head,
    calendar_sentences,
    date_words,
    decision_title,
    decisions,
    last_call_words,
    later_words,
    never_words,
    years,
)
from surgesim.report.prose.decisions import outcome_title
from surgesim.report.screen.screen import signed
from surgesim.report.screen.table import ScreenTable
from surgesim.report.words import number, phrase

if TYPE_CHECKING:
    from surgesim.decisions.door import Calendar

ROWS: Final = 6
"""Most actions on the screen, so that all fits 45 lines; the others are in decisions.csv."""


def calendar_summary(calendar: Calendar, lang: str, folder: str) -> Group:
    """Build the decisions by date, those whose delay changes most if there are many, and the sentences."""
    head = Text(calendar_head(calendar, lang))
    sentences = [Text(sentence) for sentence in calendar_sentences(calendar, lang)]
    place = Text(phrase(lang, "screen.folder", folder=folder))
    return Group(head, _table(calendar, lang), *sentences, place)


def _table(calendar: Calendar, lang: str) -> ScreenTable:
    entry, rows = calendar.manifest["calendar"], decisions(calendar)
    rank = rows["difference"].abs().rank(ascending=False, method="first")
    shown = rows[rank <= ROWS]
    table = ScreenTable(
        phrase(
            lang,
            "calendar.table" if len(shown) < len(rows) else "calendar.whole_table",
            years=years(calendar),
            shown=number(len(shown), lang),
            all=number(len(rows), lang),
            outcome=outcome_title(calendar.scenario, str(rows["outcome"].iloc[0]), lang),
        ),
        show_lines=False,
    )
    table.add_column(phrase(lang, "calendar.action"), "left")
    for step in ("ordered", "ready", "stood_down"):
        table.add_column(phrase(lang, f"calendar.{step}"), "left")
    table.add_column(later_words(calendar, lang))
    if entry["conditions"]:
        table.add_column(phrase(lang, "calendar.latest"), "left")
    for row in shown.to_dict("records"):
        table.add_row(
            decision_title(calendar, row["rule"], lang),
            band_words(row, "ordered", lang),
            *(
                date_words(row, f"{step}_median", lang) or never_words(row, step, lang)
                for step in ("ready", "stood_down")
            ),
            signed(row, lang),
            *([last_call_words(row, lang)] if entry["conditions"] else []),
        )
    return table
