"""Read an Excel workbook into plain sheets, with limits of size; macros and links are ignored."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from datetime import date, datetime, time
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from surgesim.errors import Problem, ScenarioError
from surgesim.workbook.reading.cells import Area, Notes, RawSheet, Value

MAX_MB = 50
"""Maximum size of a workbook, packed and unpacked, in megabytes."""

MAX_ENTRIES = 1_000
"""Maximum number of parts of a workbook, which is a ZIP archive."""

MAX_CELLS = 300_000
"""Maximum number of cells and rows in all sheets; empty cells with a format also count."""

MAX_ROWS, MAX_COLUMNS = 20_000, 200
"""Maximum number of rows and columns of a sheet."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CELL_OR_ROW = re.compile(rb"<(?:\w+:)?(?:c|row)[\s/>]")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_MARKUP = (b"<!DOCTYPE", b"<!ENTITY")


def read(path: Path, notes: Notes) -> list[RawSheet]:
    """Return the sheets of an ``.xlsx`` or ``.xlsm`` file.

    Formulas are not computed: their stored values are taken. Macros and links are not followed.

    Raises
    ------
    ScenarioError
        If the file is not an Excel workbook, or is too large.
    """
    content = _content(path, notes.file)
    has_formulas = _check_archive(content, notes)
    values = _open(content, notes.file, stored_values=True)
    formulas = _open(content, notes.file, stored_values=False) if has_formulas else values
    if str(values.epoch.year) == "1904":
        notes.remark("", "counts its dates from 1904, and is read accordingly")
    sheets = []
    for name in values.sheetnames:
        sheet, written = values[name], formulas[name]
        if not hasattr(sheet, "_cells"):
            continue  # a chart sheet
        sheets.append(_sheet(name, sheet, written, notes))
    return sheets


def refuse_file(file: str, message: str) -> ScenarioError:
    """Return the error for a file that cannot be read as a workbook."""
    return ScenarioError([Problem("", message, file)])


def _content(path: Path, file: str) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_MB * 1_000_000:
            raise refuse_file(file, f"got a file of {size / 1e6:.1f} MB, expected at most {MAX_MB} MB")
        content = path.read_bytes()
    except FileNotFoundError:
        raise refuse_file(file, "got the name of a file that does not exist") from None
    except OSError as error:
        raise refuse_file(file, f"got a file that cannot be read ({error.strerror})") from None
    if content.startswith(_OLE):
        encrypted = "EncryptedPackage".encode("utf-16-le") in content
        if encrypted:
            raise refuse_file(file, "got a workbook with a password, expected one without")
        raise refuse_file(file, "got an old Excel workbook (.xls), expected .xlsx: save it as .xlsx")
    return content


def _check_archive(content: bytes, notes: Notes) -> bool:
    """Check the size of the archive before it is unpacked; return True if the workbook has formulas."""
    file = notes.file
    cells = 0
    has_formulas = False
    try:
        with ZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
            names = {entry.filename for entry in entries}
            unpacked = sum(entry.file_size for entry in entries)
            if len(entries) > MAX_ENTRIES:
                raise refuse_file(
                    file, f"got a workbook of {len(entries)} parts, expected at most {MAX_ENTRIES}"
                )
            if unpacked > MAX_MB * 1_000_000:
                message = (
                    f"got a workbook that unpacks to {unpacked / 1e6:.0f} MB, expected at most {MAX_MB} MB"
                )
                raise refuse_file(file, message)
            if "mimetype" in names and b"opendocument" in archive.read("mimetype"):
                raise refuse_file(file, "got an OpenDocument file (.ods), expected .xlsx: save it as .xlsx")
            if "xl/workbook.xml" not in names:
                raise refuse_file(file, "got an archive that is not a workbook, expected .xlsx or .xlsm")
            if "xl/vbaProject.bin" in names:
                notes.remark("", "contains macros, which are not run")
            if any(name.startswith("xl/externalLinks/") for name in names):
                notes.remark("", "contains links to other workbooks, which are not followed")
            for entry in entries:
                text = archive.read(entry)  # no larger than the archive states, which was checked
                if any(mark in text.replace(b"\0", b"").upper() for mark in _MARKUP):
                    message = (
                        f"got a document type declaration in {entry.filename}, expected none in a workbook"
                    )
                    raise refuse_file(file, message)
                cells += sum(
                    1 for _ in _CELL_OR_ROW.finditer(text)
                )  # in all parts: a sheet's may have any name
                has_formulas |= _FORMULA.search(text) is not None
                if cells > MAX_CELLS:
                    message = f"got more than {MAX_CELLS} cells, expected at most that many"
                    raise refuse_file(file, f"{message}: delete empty rows and columns with formats")
    except ScenarioError:
        raise
    except Exception as error:  # a damaged archive can raise anything
        raise refuse_file(
            file, f"got a file that is not a workbook ({error}), expected .xlsx or .xlsm"
        ) from None
    return has_formulas


def _open(content: bytes, file: str, *, stored_values: bool) -> Any:
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about parts that are not read, such as styles
            return openpyxl.load_workbook(BytesIO(content), data_only=stored_values, keep_links=False)
    except Exception as error:  # a damaged workbook can raise anything
        reason = f"{type(error).__name__}: {error}"
        raise refuse_file(
            file, f"got a damaged workbook ({reason}), expected one that can be opened"
        ) from None


def _sheet(name: str, sheet: Any, written: Any, notes: Notes) -> RawSheet:
    raw = RawSheet(name)
    if sheet.max_row > MAX_ROWS or sheet.max_column > MAX_COLUMNS:
        got = f"got {sheet.max_row} rows and {sheet.max_column} columns"
        notes.refuse(name, f"{got}, expected at most {MAX_ROWS} and {MAX_COLUMNS}")
        raw.unreadable = True
        return raw
    for row, column, value, formula in _cells(sheet, written):
        plain, fault = _plain(value, formula)
        raw.put(row, column, plain, fault)
    raw.hidden = {row for row, form in sheet.row_dimensions.items() if form.hidden and row in raw.rows}
    raw.merged = [
        Area(str(area), area.min_row, area.max_row, area.min_col, area.max_col)
        for area in sheet.merged_cells.ranges
    ]
    if sheet.sheet_state != "visible" and raw.rows:
        notes.remark(name, "is hidden, and is read like the others")
    return raw


def _cells(sheet: Any, written: Any) -> Iterator[tuple[int, int, Any, Any]]:
    """Yield row and column of each cell in use, with its content as stored and as written (maybe a formula).

    `iter_rows` would create every empty cell up to the last one, which may be far away.
    """
    stored = sheet._cells
    for (row, column), cell in sorted(written._cells.items()):
        if cell.value is not None:
            yield row, column, stored[row, column], cell


def _plain(cell: Any, written: Any) -> tuple[Value, str]:
    """Return the value of a cell, and the reason if it cannot be read."""
    value = cell.value
    if value is None and written.data_type == "f":
        return None, "a formula whose value is not stored (open the workbook, save it, and import again)"
    if cell.data_type == "e":
        return None, f"the error {value}"
    if isinstance(value, datetime):
        if value.time() != time():
            return None, f"the time {value:%Y-%m-%d %H:%M}, expected a date without a time"
        return value.date(), ""
    if isinstance(value, (bool, int, float, date)):
        return value, ""
    if isinstance(value, str):
        return value, ""
    return None, f"a value of type {type(value).__name__}"
