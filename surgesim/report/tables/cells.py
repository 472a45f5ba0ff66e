"""The elements of report tables: cells, headings, and changes with their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape

from surgesim.report.citation import Passage, Row, join, proper_name, quote
from surgesim.report.names import alternative_title
from surgesim.report.words import (
    common_decimals,
    phrase,
    with_sign,
)

if TYPE_CHECKING:
    from surgesim.scenario.schema.scenario import Scenario
    from surgesim.study.results import Results

NONE: Final = "–"
"""Shown in place of a missing value."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell, with its style `tone`: a verdict such as better or worse, or a class of risk."""

    content: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A table as displayed in a document.

    Attributes
    ----------
    name
        Its key in the catalogues: caption and note are ``table.<name>`` and ``table.<name>.note``.
    columns
        Column headings; the first is above the row headings.
    rows
        Rows of cells; the first cell of a row is its heading.
    text
        Number of text columns, from the left; the others contain numbers.
    note
        Text below the table.
    """

    name: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    text: int = 1
    note: str = ""


@dataclass(slots=True)
class TableBuilder:
    """A builder that collects the rows of a table."""

    name: str
    lang: str
    columns: list[str] = field(default_factory=list)
    rows: list[list[Cell]] = field(default_factory=list)

    def add(self, *cells: str | Cell) -> None:
        self.rows.append([c if isinstance(c, Cell) else Cell(c) for c in cells])

    def build(self, text: int = 1, note: str = "", **fields: object) -> ReportTable | None:
        """Return the table, or None if it has no rows."""
        caption = phrase(self.lang, f"table.{self.name}", **fields)
        return ReportTable(self.name, caption, self.columns, self.rows, text, note) if self.rows else None


def table_builder(name: str, lang: str, *columns: str) -> TableBuilder:
    return TableBuilder(name, lang, [phrase(lang, f"column.{column}") for column in columns])


def grid(
    name: str, columns: Sequence[str], rows: Sequence[Sequence[str]], lang: str, notes: Sequence[str] = ()
) -> ReportTable:
    """Return a table of the brief."""
    caption = phrase(lang, f"onepage.{name}")
    cells = [[Cell(text) for text in row] for row in rows]
    return ReportTable(f"brief-{name}", caption, columns, cells, len(columns), lines(*notes))


def lines(*parts: str) -> Passage:
    """Join texts and values as lines of a cell."""
    kept = [part for part in parts if part]
    return Passage("\n".join(map(str, kept)), Markup("<br> ").join(map(escape, kept)))


def in_brackets(parts: Sequence[str]) -> Passage:
    """Join the parts of a range, in brackets."""
    return join(["(", join(list(parts), "\N{EN DASH}"), ")"], "")


def plan_heading(results: Results, name: str, lang: str) -> Passage:
    """Return the title of an alternative as a row heading."""
    return proper_name(alternative_title(results.scenario, name, lang))


def district_title(scenario: Scenario, name: str, lang: str) -> str:
    district = scenario.people.districts.get(name)
    return name if district is None else district.title.get(lang)


def change(row: Row, lang: str, scale: float = 1.0) -> Passage:
    """Format a difference with its sign and, below it, its interval, to the same number of decimals."""
    values = [float(row[c]) / scale for c in ("difference", "difference_low", "difference_high")]
    if math.isnan(values[1]):
        return lines(quote("comparison", row, "difference", with_sign, lang, scale))
    decimals = common_decimals(*values)

    def write(value: float, lang: str) -> str:
        return with_sign(value, lang, decimals)

    mean, *ends = (
        quote("comparison", row, c, write, lang, scale)
        for c in ("difference", "difference_low", "difference_high")
    )
    if values[1] == values[2]:
        return lines(quote("comparison", row, "difference", with_sign, lang, scale))
    return lines(mean, join(["(", join(list(ends), phrase(lang, "table.to")), ")"], ""))
