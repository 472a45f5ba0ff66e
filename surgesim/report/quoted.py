"""Numbers and dates that say which cell of which file they come from, and the texts that hold them.

They are plain text where text is wanted (on the screen, in a figure), and `data` or `time` elements with a
`data-source` in a document, so that a test, or a doubtful reader, can go from any number to its file.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import date
from typing import Any, Final, Self
from urllib.parse import urlencode

from markupsafe import Markup, escape

from surgesim.report.words import phrase

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "breaches": ("alternative", "area", "threshold"),
    "comparison": ("alternative", "outcome"),
    "binding": ("alternative", "bed", "constraint"),
    "facilities": ("alternative", "facility"),
    "reached": ("alternative", "by", "group"),
}
"""What tells the rows of a table apart."""

Row = Mapping[Hashable, Any]


class Value(str):
    """A number or a date as a reader sees it.

    Attributes
    ----------
    value
        The number with ten significant digits, or the date as ISO 8601.
    source
        ``file?column=value&…#column``: the row and the column; before the column what is taken of it where
        several rows are meant (``mean:``, ``sum:``, ``q0.05:``, ``count:`` …; a column may come several
        times, with one value of several). ``manifest.json#…`` and ``scenario.yaml#…`` name an entry.
    scale
        What one unit of the text is worth in units of the file, e.g. 1e9 for billions.
    per
        What the number is divided by: another source, and the result is per 100,000.
    """

    value: str
    source: str
    scale: float
    per: str
    dated: bool

    def __new__(
        cls, text: str, value: float | date | str, source: str, *, scale: float = 1.0, per: str = ""
    ) -> Self:
        self = super().__new__(cls, text)
        self.dated = isinstance(value, date)
        self.value = (
            value.isoformat()
            if isinstance(value, date)
            else value
            if isinstance(value, str)
            else f"{value:.10g}"
        )
        self.source, self.scale, self.per = source, scale, per
        return self

    def __html__(self) -> str:
        tag, attribute = ("time", "datetime") if self.dated else ("data", "value")
        more = Markup(' data-scale="{}"').format(f"{self.scale:g}") if self.scale != 1 else Markup("")
        if self.per:
            more += Markup(' data-per="{}"').format(self.per)
        return Markup('<{0} {1}="{2}" data-source="{3}"{4}>{5}</{0}>').format(
            tag, attribute, self.value, self.source, more, str(self)
        )

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __str__(self) -> str:
        return str.__str__(self)


class Told(str):
    """A text with values in it: plain as a string, with their sources in a document."""

    html: Markup

    def __new__(cls, text: str, html: Markup) -> Self:
        self = super().__new__(cls, text)
        self.html = html
        return self

    def __html__(self) -> str:
        return self.html


def told(lang: str, key: str, **fields: object) -> Told:
    """The phrase `key` with its fields filled in; values among them keep their sources."""
    html = Markup(escape(phrase(lang, key)))
    return Told(phrase(lang, key, **fields), html.format(**fields) if fields else html)


def joined(parts: list[str], between: str) -> Told:
    """Texts and values one after another."""
    return Told(between.join(map(str, parts)), Markup(escape(between)).join(map(escape, parts)))


def named(text: str) -> Told:
    """A name given by the scenario, which may hold digits that are no result."""
    return Told(text, Markup('<span class="name">{}</span>').format(text))


def cell(table: str, row: Row, column: str) -> str:
    """The source of a cell."""
    return source(table, column, **{key: str(row[key]) for key in KEYS[table]})


def source(table: str, column: str, **keys: str | Sequence[str]) -> str:
    """The source of what is taken of a column in the rows with these keys; one of several, where given."""
    query = f"?{urlencode(keys, doseq=True)}" if keys else ""
    return f"{table}.csv{query}#{column}"


def quote(
    table: str, row: Row, column: str, write: Callable[[float, str], str], lang: str, scale: float = 1.0
) -> Value:
    """The number of a cell as `write` writes it."""
    number = float(row[column])
    return Value(write(number / scale, lang), number, cell(table, row, column), scale=scale)
