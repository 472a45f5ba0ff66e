"""The table of a calendar of decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from surgesim.report.prose.calendar import (
    band_words,
    decision_title,
    decisions,
    last_call_words,
    later_words,
    trigger_words,
)
from surgesim.report.tables.cells import Cell, ReportTable, lines
from surgesim.report.words import phrase, with_sign

if TYPE_CHECKING:
    from surgesim.decisions.door import Calendar


def calendar_decisions(calendar: Calendar, lang: str) -> ReportTable:
    """Build a row per rule: trigger, dates, what waiting changes, and the latest order date."""
    has_calls = bool(calendar.manifest["calendar"]["conditions"])
    steps = ("ordered", "ready", "stood_down")
    columns = [phrase(lang, f"calendar.{key}") for key in ("action", "when", *steps)]
    columns += [phrase(lang, "calendar.latest")] if has_calls else []
    rows = []
    for row in decisions(calendar).to_dict("records"):
        ends = phrase(lang, "table.to").join(
            with_sign(row[end], lang) for end in ("difference_low", "difference_high")
        )
        cells = [
            decision_title(calendar, row["rule"], lang),
            trigger_words(calendar.scenario, row["rule"], lang),
            *(lines(*band_words(row, step, lang).split("\n")) for step in steps),
            *([last_call_words(row, lang)] if has_calls else []),
            lines(with_sign(row["difference"], lang), f"({ends})"),
        ]
        rows.append([Cell(cell) for cell in cells])
    caption = phrase(lang, "calendar.caption")
    return ReportTable("decisions", caption, [*columns, later_words(calendar, lang)], rows, len(columns))
