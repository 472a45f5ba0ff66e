"""Read a folder of CSV files, one for each sheet, into plain sheets."""

from __future__ import annotations

import codecs
import csv
from pathlib import Path

from surgesim.errors import ScenarioError
from surgesim.workbook.reading.cells import Notes, RawSheet
from surgesim.workbook.reading.excel import MAX_CELLS, MAX_COLUMNS, MAX_MB, MAX_ROWS, refuse_file

_SEPARATORS = ",;\t|"

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read(folder: Path, notes: Notes) -> list[RawSheet]:
    """Read the CSV files of a folder, in alphabetical order; each is a sheet.

    Raises
    ------
    ScenarioError
        If the folder has no CSV files, or they are too large.
    """
    try:
        paths = sorted(
            path for path in folder.iterdir() if path.suffix.casefold() == ".csv" and path.is_file()
        )
    except OSError as error:
        raise refuse_file(notes.file, f"got a folder that cannot be read ({error.strerror})") from None
    size = sum(path.stat().st_size for path in paths)
    if not paths:
        raise refuse_file(notes.file, "got a folder without CSV files, expected one for each sheet")
    if size > MAX_MB * 1_000_000:
        raise refuse_file(notes.file, f"got files of {size / 1e6:.0f} MB, expected at most {MAX_MB} MB")
    sheets = [_sheet(path, notes) for path in paths]
    if sum(len(cells) for sheet in sheets for cells in sheet.rows.values()) > MAX_CELLS:
        raise refuse_file(notes.file, f"got more than {MAX_CELLS} cells, expected at most that many")
    return sheets


def _sheet(path: Path, notes: Notes) -> RawSheet:
    sheet = RawSheet(path.stem)
    try:
        lines = _text(path, notes.file).splitlines(keepends=True)
    except ScenarioError as error:
        notes.problems += error.problems
        sheet.unreadable = True
        return sheet
    rows = csv.reader(lines, delimiter=_separator(lines), strict=True)
    try:
        for number, cells in enumerate(rows, start=1):
            if number > MAX_ROWS or len(cells) > MAX_COLUMNS:
                message = f"got more than {MAX_ROWS} rows or {MAX_COLUMNS} columns"
                notes.refuse(f"{path.name}:{rows.line_num}", f"{message}, expected at most that many")
                break
            for column, text in enumerate(cells, start=1):
                sheet.put(number, column, text.strip())
    except csv.Error as error:
        notes.refuse(f"{path.name}:{rows.line_num}", f"got a line that is not CSV ({error})")
        sheet.unreadable = True
    return sheet


def _text(path: Path, file: str) -> str:
    """Return the text of a file in UTF-8, or in UTF-16 with a byte order mark.

    Raises
    ------
    ScenarioError
        If the file is in another encoding.
    """
    content = path.read_bytes()
    encoding = "utf-16" if content.startswith(_UTF_16) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        name = "UTF-16" if encoding == "utf-16" else "UTF-8"
        message = f"got a byte in line {line} that is not {name}, expected text in UTF-8"
        raise refuse_file(f"{file}/{path.name}", f"{message}: save as CSV UTF-8") from None
    if "\0" in text:
        raise refuse_file(f"{file}/{path.name}", "got UTF-16 without a byte order mark, expected UTF-8")
    return text


def _separator(lines: list[str]) -> str:
    """Return the column separator: the mark that splits the first line into the most cells."""
    first = next((line for line in lines if line.strip()), "")
    counts = {mark: len(next(csv.reader([first], delimiter=mark))) for mark in _SEPARATORS}
    return max(counts, key=lambda mark: counts[mark])
