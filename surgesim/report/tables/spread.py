"""The table of the spread that chance and assumptions add to outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from surgesim.report.citation import join
from surgesim.report.prose.chance import told_apart
from surgesim.report.tables.cells import ReportTable, in_brackets, lines, table_builder
from surgesim.report.words import phrase

if TYPE_CHECKING:
    from surgesim.study.results import Results


def spreads(results: Results, lang: str) -> ReportTable | None:
    """Build the table of the spread of outcomes; None if chance and assumptions cannot be separated."""
    builder = table_builder("apart", lang, "outcome", "mean", "chance", "assumptions", "between")
    for line in told_apart(results):
        cells = []
        for what in ("chance", "assumptions"):
            value, low, high = line.half(what, lang)
            cells.append(lines(join(["±", value], ""), in_brackets([low, high])))
        ends = [line.quote(end, getattr(line.spread, end), lang) for end in ("low", "high")]
        between = join(list(ends), phrase(lang, "table.to"))
        builder.add(line.heading(results, lang), line.quote("mean", line.spread.mean, lang), *cells, between)
    return builder.build(note=phrase(lang, "table.apart.note"))
