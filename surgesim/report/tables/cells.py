"""What tables of the report are made of: cells, headings, changes with their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape

from surgesim.report.names import alternative_title
from surgesim.report.quoted import Row, Told, joined, named, quote
from surgesim.report.words import (
    alike,
    fixed,
    phrase,
    rounded,
)

if TYPE_CHECKING:
    from surgesim.scenario.schema.scenario import Scenario
    from surgesim.study.results import Results

NONE: Final = "–"
"""What stands where there is no value."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell; `tone` says how it is marked: better, worse, or a word of the likelihoods."""

    content: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A table as a document shows it.

    Attributes
    ----------
    name
        Its place in the catalogues: caption and note are ``table.<name>`` and ``table.<name>.note``.
    columns
        Headings; the first is that of the rows.
    rows
        The first cell of each is its heading.
    text
        How many columns from the left are text; the others are numbers.
    note
        What stands below.
    """

    name: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    text: int = 1
    note: str = ""


@dataclass(slots=True)
class Maker:
    """Collects the rows of a table."""

    name: str
    lang: str
    columns: list[str] = field(default_factory=list)
    rows: list[list[Cell]] = field(default_factory=list)

    def add(self, *cells: str | Cell) -> None:
        self.rows.append([c if isinstance(c, Cell) else Cell(c) for c in cells])

    def done(self, text: int = 1, note: str = "", **fields: object) -> ReportTable | None:
        """The table, or None where it has no rows."""
        caption = phrase(self.lang, f"table.{self.name}", **fields)
        return ReportTable(self.name, caption, self.columns, self.rows, text, note) if self.rows else None


def maker(name: str, lang: str, *columns: str) -> Maker:
    return Maker(name, lang, [phrase(lang, f"column.{column}") for column in columns])


def lines(*parts: str) -> Told:
    """Texts and values one below another."""
    kept = [part for part in parts if part]
    return Told("\n".join(map(str, kept)), Markup("<br> ").join(map(escape, kept)))


def bracketed(parts: Sequence[str]) -> Told:
    """A range in brackets."""
    return joined(["(", joined(list(parts), "\N{EN DASH}"), ")"], "")


def plan_heading(results: Results, name: str, lang: str) -> Told:
    """An alternative as the heading of a row."""
    return named(alternative_title(results.scenario, name, lang))


def district_title(scenario: Scenario, name: str, lang: str) -> str:
    district = scenario.people.districts.get(name)
    return name if district is None else district.title.get(lang)


def _sign(value: float) -> str:
    return "+" if value > 0 else ""


def signed(value: float, lang: str) -> str:
    """A number with its sign, ``+`` too."""
    return f"{_sign(value)}{rounded(value, lang)}"


def change(row: Row, lang: str, scale: float = 1.0) -> Told:
    """A difference with its sign, below it its interval with as many decimals."""
    values = [float(row[c]) / scale for c in ("difference", "difference_low", "difference_high")]
    if math.isnan(values[1]):
        return lines(quote("comparison", row, "difference", signed, lang, scale))
    decimals = alike(*values)

    def write(value: float, lang: str) -> str:
        return f"{_sign(value)}{fixed(value, lang, decimals)}"

    mean, *ends = (
        quote("comparison", row, c, write, lang, scale)
        for c in ("difference", "difference_low", "difference_high")
    )
    if values[1] == values[2]:
        return lines(quote("comparison", row, "difference", signed, lang, scale))
    return lines(mean, joined(["(", joined(list(ends), phrase(lang, "table.to")), ")"], ""))
