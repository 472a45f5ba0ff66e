"""Export of the result tables to an Excel workbook, with a sheet that defines every column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zipfile import BadZipFile, ZipFile

from surgesim.errors import ResultsError
from surgesim.files import atomic_write, refuse_to_replace
from surgesim.report.words import phrase
from surgesim.study.tables.columns import TABLES, Table

if TYPE_CHECKING:
    import pandas as pd

    from surgesim.study.results import Results

MOST_ROWS: Final = 1_048_576
"""Max number of rows in a sheet, header included; further rows would be lost without a warning."""

LEFT_OUT: Final = ("daily", "daily_districts")
"""Daily tables, written only on request, because they would make up most of the workbook."""

DEFINITIONS: Final = "definitions"
AUTHOR: Final = "surgesim"
_WIDEST: Final = 340
"""Max column width in pixels."""


def write_workbook(results: Results, path: Path | str, lang: str = "en", *, daily: bool = False) -> Path:
    """Write the tables to an ``.xlsx`` file, completely or not at all, without formulas.

    Parameters
    ----------
    lang
        Language of the headings on the sheet of definitions: ``vi`` or ``en``. Columns keep the names
        they have in the CSV files.
    daily
        True to include the daily tables.

    Raises
    ------
    ResultsError
        If XlsxWriter is not installed, a table has more rows than a sheet, or the file cannot be written or
        is something other than an unedited surgesim workbook.
    """
    try:
        import xlsxwriter  # noqa: F401
    except ImportError as error:
        raise ResultsError(
            "an Excel workbook needs the package XlsxWriter; install it with: pip install 'surgesim[excel]'"
        ) from error
    path = Path(path)
    if path.suffix != ".xlsx":
        raise ResultsError(f"got a workbook {path.name!r}, expected a name that ends in .xlsx")
    refuse_to_replace(path, _is_own, "an unedited workbook")
    tables = [table for table in TABLES if daily or table.name not in LEFT_OUT]
    frames = {table.name: getattr(results, table.name) for table in tables}
    for name, frame in frames.items():
        if len(frame) + 1 > MOST_ROWS:
            raise ResultsError(
                f"{name}.csv: got {len(frame)} rows, expected at most {MOST_ROWS - 1}, the limit of a "
                "sheet; read the CSV file itself, or write the workbook without the daily tables"
            )
    content = BytesIO()  # in memory: a ZIP file on a full disk would raise a second error when closed
    with atomic_write(path) as part:
        with _as_os_errors(), _writer(content) as writer:
            writer.book.set_properties({"author": AUTHOR})
            _write(writer, DEFINITIONS, _definitions(tables, frames, lang))
            for name, frame in frames.items():
                _write(writer, name, frame)
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
    return unedited is not None and f'name="{DEFINITIONS}"'.encode() in sheets


def _writer(content: BytesIO) -> pd.ExcelWriter[Any]:
    import pandas as pd

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    return pd.ExcelWriter(
        content, engine="xlsxwriter", datetime_format="yyyy-mm-dd", engine_kwargs={"options": options}
    )


def _write(writer: pd.ExcelWriter[Any], name: str, frame: pd.DataFrame) -> None:
    """Write a sheet with a frozen header and fitted columns; infinite values become ``inf``."""
    frame.to_excel(writer, sheet_name=name, index=False, freeze_panes=(1, 0))
    sheet = writer.sheets[name]
    sheet.autofit(max_width=_WIDEST)
    sheet.autofilter(0, 0, max(len(frame), 1), len(frame.columns) - 1)


def _definitions(tables: Sequence[Table], frames: Mapping[str, pd.DataFrame], lang: str) -> pd.DataFrame:
    import pandas as pd

    names = ("sheet", "column", "unit", "meaning", "row", "rows")
    rows = [
        (table.name, column.name, column.unit, column.meaning, table.row, len(frames[table.name]))
        for table in tables
        for column in table.columns
    ]
    return pd.DataFrame(rows, columns=[phrase(lang, f"workbook.{name}") for name in names])
