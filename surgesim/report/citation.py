"""Numbers and dates, each with its source cell in a result file, and passages that contain them.

On the screen and in figures they are plain text. In documents they are `data` or `time` elements with a
`data-source`, so that a test or a sceptical reader can trace any number to its file.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import date
from typing import Any, Final, Self
from urllib.parse import urlencode

from markupsafe import Markup, escape

from surgesim.report.words import phrase
from surgesim.study.tables.columns import PARQUET_TABLES

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "breaches": ("alternative", "area", "threshold"),
    "comparison": ("alternative", "outcome"),
    "binding": ("alternative", "bed", "constraint"),
    "facilities": ("alternative", "facility"),
    "facility_beds": ("alternative", "facility", "bed"),
    "district_beds": ("alternative", "area", "bed"),
    "reached": ("alternative", "by", "group"),
}
"""The columns that identify a row, by table."""

PARQUET: Final = frozenset(table.name for table in PARQUET_TABLES)

Row = Mapping[Hashable, Any]


class Value(str):
    """A number or date as displayed, with its source.

    Attributes
    ----------
    value
        The number with ten significant digits, or the date in ISO 8601.
    source
        ``file?column=value&…#column``: the row and the column. If several rows are meant, the column is
        preceded by an aggregate (``mean:``, ``sum:``, ``q0.05:``, ``count:`` …); a key column may be
        repeated to give several values. ``manifest.json#…`` and ``scenario.yaml#…`` name an entry.
    scale
        The size of one displayed unit in units of the file, e.g. 1e9 for billions.
    per
        The source of the divisor of a number per 100,000.
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


class Passage(str):
    """A text that contains values; its HTML form includes their sources, its string form does not."""

    html: Markup

    def __new__(cls, text: str, html: Markup) -> Self:
        self = super().__new__(cls, text)
        self.html = html
        return self

    def __html__(self) -> str:
        return self.html


def passage(lang: str, key: str, **fields: object) -> Passage:
    """Return the phrase `key` with its fields filled in; values among the fields keep their sources."""
    html = Markup(escape(phrase(lang, key)))
    return Passage(phrase(lang, key, **fields), html.format(**fields) if fields else html)


def join(parts: list[str], between: str) -> Passage:
    """Join texts and values with the separator `between`."""
    return Passage(between.join(map(str, parts)), Markup(escape(between)).join(map(escape, parts)))


def proper_name(text: str) -> Passage:
    """Mark a text as a name from the scenario, whose digits are not results."""
    return Passage(text, Markup('<span class="name">{}</span>').format(text))


def cell(table: str, row: Row, column: str) -> str:
    """Return the source string of a cell."""
    return source(table, column, **{key: str(row[key]) for key in KEYS[table]})


def source(table: str, column: str, **keys: str | Sequence[str]) -> str:
    """Return the source string of a column in the rows with the given keys; a key may have several values."""
    query = f"?{urlencode(keys, doseq=True)}" if keys else ""
    return f"{table}.{'parquet' if table in PARQUET else 'csv'}{query}#{column}"


def quote(
    table: str, row: Row, column: str, write: Callable[[float, str], str], lang: str, scale: float = 1.0
) -> Value:
    """Return the number in a cell, formatted by `write`, with its source."""
    number = float(row[column])
    return Value(write(number / scale, lang), number, cell(table, row, column), scale=scale)
