"""The tables of a result as an Excel workbook, with a sheet that defines every column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from surgesim.errors import ResultsError
from surgesim.files import whole
from surgesim.report.words import phrase
from surgesim.study.tables.columns import DATE, TABLES, Table

if TYPE_CHECKING:
    import pandas as pd

    from surgesim.study.results import Results

MOST_ROWS: Final = 1_048_576
"""Rows that a sheet can have, its heading included; what lies beyond would be lost without a word."""

LEFT_OUT: Final = ("daily", "daily_districts")
"""Tables of a row per day that are written only where they are asked for: they are most of a workbook."""

DEFINITIONS: Final = "definitions"
_WIDEST: Final = 48


def write_workbook(results: Results, path: Path | str, lang: str = "en", *, daily: bool = False) -> Path:
    """Write the tables to an ``.xlsx`` file; no cell is ever a formula, and nothing is left half-written.

    Parameters
    ----------
    lang
        Language of the sheet of definitions' headings: ``vi`` or ``en``. Columns keep the names that they
        have in the files.
    daily
        Whether the tables of a row per day are written too.

    Raises
    ------
    ResultsError
        If XlsxWriter is not installed, a table has more rows than a sheet, or the file cannot be written.
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
    tables = [table for table in TABLES if daily or table.name not in LEFT_OUT]
    frames = {table.name: getattr(results, table.name) for table in tables}
    for name, frame in frames.items():
        if len(frame) + 1 > MOST_ROWS:
            raise ResultsError(
                f"{name}.csv: got {len(frame)} rows, expected at most the {MOST_ROWS - 1} of a sheet; read "
                "the file itself, or write the workbook without the daily tables"
            )
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    content = BytesIO()  # a ZIP file of which a part cannot be written complains once more as it is let go
    with whole(path) as part:
        with _as_os_errors(), xlsxwriter.Workbook(content, options) as book:
            sheet = _Sheet(book)
            sheet.write(DEFINITIONS, _definition_head(lang), _definitions(tables, frames))
            for table in tables:
                frame = frames[table.name]
                sheet.write(table.name, [str(name) for name in frame.columns], _rows(table, frame))
        part.write_bytes(content.getvalue())
    return path


@contextmanager
def _as_os_errors() -> Iterator[None]:
    """XlsxWriter wraps what the disk says."""
    from xlsxwriter.exceptions import FileCreateError

    try:
        yield
    except FileCreateError as error:
        raise next((said for said in error.args if isinstance(said, OSError)), OSError(str(error))) from error


class _Sheet:
    """Writes sheets of one look: a bold heading that stays in sight, dates as dates, columns wide enough."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self._head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#EEF3F7"})
        self._date = book.add_format({"num_format": "yyyy-mm-dd"})

    def write(self, name: str, head: Sequence[str], rows: Iterator[Sequence[Any]]) -> None:
        sheet = self.book.add_worksheet(name)
        sheet.write_row(0, 0, head, self._head)
        widths = [len(text) for text in head]
        last = 0
        for last, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(last, column, value)
                    widths[column] = max(widths[column], len(value))
                elif isinstance(value, np.datetime64):
                    sheet.write_datetime(last, column, value.astype("datetime64[s]").item(), self._date)
                    widths[column] = max(widths[column], len("2024-01-01"))
                elif value is not None:
                    sheet.write_number(last, column, value)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, min(width + 2, _WIDEST))
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(last, 1), len(head) - 1)


def _definition_head(lang: str) -> list[str]:
    return [
        phrase(lang, f"workbook.{name}") for name in ("sheet", "column", "unit", "meaning", "row", "rows")
    ]


def _definitions(tables: Sequence[Table], frames: dict[str, pd.DataFrame]) -> Iterator[Sequence[Any]]:
    for table in tables:
        for column in table.columns:
            yield table.name, column.name, column.unit, column.meaning, table.row, len(frames[table.name])


def _rows(table: Table, frame: pd.DataFrame) -> Iterator[Sequence[Any]]:
    """The rows of a table as texts, dates and finite numbers; None where there is no value.

    What has no end is written as the text ``inf``, as in the file.
    """
    dates = {column.name for column in table.columns if column.unit == DATE}
    columns = []
    for name in frame.columns:
        values = frame[name]
        if name in dates:
            days = values.to_numpy(dtype="datetime64[us]")
            columns.append([None if np.isnat(day) else day for day in days])
        elif values.dtype.kind in "fi":
            columns.append([_cell(float(value)) for value in values.to_numpy(dtype=float)])
        else:
            columns.append([str(value) for value in values])
    yield from zip(*columns, strict=True)


def _cell(value: float) -> float | str | None:
    if np.isnan(value):
        return None
    return value if np.isfinite(value) else str(value)
