"""The results as an Excel workbook to read: a summary with a chart, plans, hospitals, districts, days."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zipfile import BadZipFile, ZipFile

from surgesim.errors import ResultsError
from surgesim.files import GENERATOR, atomic_write, refuse_to_replace
from surgesim.report.prose.summary import in_brief
from surgesim.report.sheets import (
    SHEETS,
    Content,
    Kind,
    Sheet,
    column_title,
    criteria_sheet,
    definitions_sheet,
)
from surgesim.report.words import day_text, number, phrase
from surgesim.study.measures.binding import BEDS
from surgesim.study.store.contents import FORECAST

if TYPE_CHECKING:
    import pandas as pd

    from surgesim.study.results import Results

MOST_ROWS: Final = 1_048_576
"""Max number of rows in a sheet, header included; further rows would be lost without a warning."""

DAILY: Final = ("daily", "daily_districts")
"""Daily tables, written as they are in the CSV files, and only on request, because they are long."""

AUTHOR: Final = "surgesim"
_WIDEST: Final = {"text": 60, "long": 90}
_NARROWEST: Final = 11
"""Widths of columns, in characters."""

_FORMATS: Final[dict[Kind, str]] = {
    "count": "#,##0",
    "decimal": "#,##0.0",
    "change": "+#,##0;−#,##0;0",
    "share": "0%",
}
_DATES: Final = {"en": "d mmm yyyy", "vi": "dd/mm/yyyy"}
_BLUE: Final = "#0072B2"


def write_workbook(results: Results, path: Path | str, lang: str = "en", *, daily: bool = False) -> Path:
    """Write the results to an ``.xlsx`` file to read, completely or not at all, without formulas.

    Parameters
    ----------
    lang
        ``vi`` or ``en``.
    daily
        True to add the daily tables as they are in the CSV files.

    Raises
    ------
    ResultsError
        If XlsxWriter is not installed, a table has more rows than a sheet, or the file cannot be written or
        is something other than an unedited surgesim workbook.
    """
    try:
        import xlsxwriter
    except ImportError as error:
        raise ResultsError(
            "an Excel workbook needs the package XlsxWriter; install it with: pip install 'surgesim[excel]'"
        ) from error
    path = Path(path)
    if path.suffix != ".xlsx":
        raise ResultsError(f"got a workbook {path.name!r}, expected a name that ends in .xlsx")
    refuse_to_replace(path, _is_own, "an unedited workbook")
    frames = {name: getattr(results, name) for name in DAILY} if daily else {}
    for name, frame in frames.items():
        if len(frame) + 1 > MOST_ROWS:
            raise ResultsError(
                f"{name}.csv: got {len(frame)} rows, expected at most {MOST_ROWS - 1}, the limit of a "
                "sheet; read the CSV file itself, or write the workbook without the daily tables"
            )
    content = BytesIO()  # in memory: a ZIP file on a full disk would raise a second error when closed
    with atomic_write(path) as part:
        with _as_os_errors(), xlsxwriter.Workbook(content, {"in_memory": True}) as book:
            book.set_properties({"author": AUTHOR, "keywords": GENERATOR})
            _write(_Book(book, lang), results, frames)
        part.write_bytes(content.getvalue())
    return path


@contextmanager
def _as_os_errors() -> Iterator[None]:
    """Turn an exception of XlsxWriter that wraps an OSError into that OSError."""
    from xlsxwriter.exceptions import FileCreateError

    try:
        yield
    except FileCreateError as error:
        raise next((said for said in error.args if isinstance(said, OSError)), OSError(str(error))) from error


def _is_own(path: Path) -> bool:
    """Return True if a file is an unedited surgesim workbook; those of 0.1.0 name no author."""
    if not path.is_file():
        return False
    try:
        with ZipFile(path) as file:
            properties, sheets = file.read("docProps/core.xml"), file.read("xl/workbook.xml")
    except (BadZipFile, KeyError):
        return False
    unedited = re.search(
        rf"<cp:lastModifiedBy>({AUTHOR})?</cp:lastModifiedBy>"
        r"<dcterms:created[^>]*>([^<]*)</dcterms:created><dcterms:modified[^>]*>\2</dcterms:modified>",
        properties.decode(errors="replace"),
    )
    ours = f"<cp:keywords>{GENERATOR}</cp:keywords>".encode() in properties
    return unedited is not None and (ours or b'name="definitions"' in sheets)


class _Book:
    """A workbook that is being written, with its cell formats."""

    def __init__(self, book: Any, lang: str) -> None:
        self.book, self.lang = book, lang
        top = {"valign": "top"}
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.text = book.add_format({"text_wrap": True, **top})
        self.head = book.add_format(
            {"bold": True, "text_wrap": True, "bg_color": "#EEF3F7", "bottom": 1, **top}
        )
        self.formats = {kind: book.add_format({"num_format": code, **top}) for kind, code in _FORMATS.items()}
        self.formats["date"] = book.add_format({"num_format": _DATES[lang], "align": "left", **top})
        self.formats["text"] = self.formats["long"] = self.text

    def grid(self, at: Any, sheet: Sheet, first: int = 0) -> None:
        """Write the columns and rows of a sheet from row `first` on, with fitted widths."""
        for place, (name, kind) in enumerate(sheet.columns.items()):
            heading = column_title(name, self.lang)
            at.write_string(first, place, heading, self.head)
            cells = [row[place] for row in sheet.rows]
            at.set_column(place, place, _width(heading, kind, cells))
            for row, cell in enumerate(cells, start=first + 1):
                _write_cell(at, row, place, cell, self.formats[kind])

    def add(self, name: str) -> Any:
        """Add a sheet with the title of `name`, laid out for printing on landscape A4."""
        at = self.book.add_worksheet(phrase(self.lang, f"sheet.{name}"))
        at.set_landscape()
        at.set_paper(9)
        at.fit_to_pages(1, 0)
        return at


def _write(book: _Book, results: Results, frames: dict[str, pd.DataFrame]) -> None:
    sheets = [make(results, book.lang) for make in SHEETS]
    top = criteria_sheet(results, book.lang)
    summary = book.add("summary")
    for sheet in sheets:
        at = book.add(sheet.name)
        book.grid(at, sheet)
        at.freeze_panes(1, 1)
        at.repeat_rows(0)
        at.autofilter(0, 0, max(len(sheet.rows), 1), len(sheet.columns) - 1)
    _summary(book, summary, results, top, next(each for each in sheets if each.name == "days"))
    for name, frame in frames.items():
        _raw(book, name, frame)
    definitions = book.add("definitions")
    book.grid(definitions, definitions_sheet([top, *sheets], book.lang))
    definitions.freeze_panes(1, 0)


def _summary(book: _Book, at: Any, results: Results, top: Sheet, days: Sheet) -> None:
    """Write the title, the answer in sentences, the criteria and the charts."""
    lang, scenario, is_forecast = book.lang, results.scenario, FORECAST in results.manifest
    book.grid(at, top, first=7)
    last = len(top.columns) - 1
    at.write_string(0, 0, scenario.title.get(lang), book.title)
    heading = phrase(
        lang,
        "onepage.run_forecast" if is_forecast else "onepage.run",
        runs=number(int(results.replications["replication"].nunique()), lang),
        days=number(scenario.days, lang),
        start=day_text(scenario.start, lang),
    )
    ground = phrase(lang, "onepage.forecast" if is_forecast else "onepage.no_forecast")
    sentences = [heading, *map(str, in_brief(results, lang)), ground]
    for row, sentence in enumerate(sentences, start=1):
        at.merge_range(row, 0, row, last, sentence, book.text)
        at.set_row(row, 15 * (1 + len(sentence) // 110))
    for place, bed in enumerate(BEDS):
        chart = book.book.add_chart({"type": "line"})
        names = list(days.columns)
        for name, colour, dash in ((f"{bed}_need", _BLUE, "solid"), (f"staffed_{bed}", "black", "dash")):
            column, sheet = names.index(name), phrase(lang, "sheet.days")
            chart.add_series(
                {
                    "name": column_title(name, lang),
                    "categories": [sheet, 1, 0, len(days.rows), 0],
                    "values": [sheet, 1, column, len(days.rows), column],
                    "line": {"color": colour, "width": 1.75, "dash_type": dash},
                }
            )
        chart.set_title({"name": phrase(lang, f"figure.{bed}_panel"), "name_font": {"size": 11}})
        chart.set_x_axis(
            {"date_axis": True, "num_format": _DATES[lang], "major_unit": 1, "major_unit_type": "months"}
        )
        chart.set_y_axis({"num_format": "#,##0", "min": 0, "major_gridlines": {"visible": True}})
        chart.set_legend({"position": "bottom"})
        chart.set_size({"width": 560, "height": 300})
        at.insert_chart(len(top.rows) + 10 + 16 * place, 0, chart)
    at.fit_to_pages(1, 1)


def _raw(book: _Book, name: str, frame: pd.DataFrame) -> None:
    """Write a table as it is in its CSV file."""
    at = book.book.add_worksheet(name)
    for place, column in enumerate(frame.columns):
        at.write_string(0, place, str(column), book.head)
        is_date = str(frame[column].dtype).startswith("datetime")
        form = book.formats["date"] if is_date else None
        for row, value in enumerate(frame[column].tolist(), start=1):
            _write_cell(at, row, place, value.date() if is_date else value, form)
    at.set_column(0, len(frame.columns) - 1, 16)
    at.freeze_panes(1, 0)
    at.autofilter(0, 0, max(len(frame), 1), len(frame.columns) - 1)


def _write_cell(at: Any, row: int, place: int, value: Any, form: Any) -> None:
    """Write a cell by its type; text is never read as a formula, a link or a number."""
    if value is None or value != value:
        at.write_blank(row, place, None, form)
    elif isinstance(value, str):
        at.write_string(row, place, value, form)
    elif isinstance(value, (int, float)):
        if math.isinf(value):
            at.write_string(row, place, str(value))
        else:
            at.write_number(row, place, value, form)
    else:
        at.write_datetime(row, place, value, form)


def _width(heading: str, kind: Kind, cells: Sequence[Content]) -> float:
    """Return the width that shows a column's longest word of the heading, and its cells up to a maximum."""
    least = max(_NARROWEST, *(len(word) + 2 for word in heading.split()))
    if kind not in _WIDEST:
        return max(least, *(len(f"{cell:+,.1f}") + 2 for cell in cells if isinstance(cell, (int, float))), 0)
    lines = (len(line) for cell in cells if isinstance(cell, str) for line in cell.split("\n"))
    return min(max(least, *lines, 0) + 1, _WIDEST[kind]) if cells else least
