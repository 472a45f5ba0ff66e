"""Find the expected sheets and columns in a file, and read their rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from surgesim.scenario.door import suggestion
from surgesim.workbook.keys import folded
from surgesim.workbook.reading.cells import Cell, Notes, RawSheet
from surgesim.workbook.reading.values import Reader
from surgesim.workbook.sheets import SHEETS, Column, SheetForm
from surgesim.workbook.words import EXAMPLE

_HEAD_ROWS = 10
"""Number of first rows in which to look for the headings; a title may stand above them."""


@dataclass(slots=True)
class Row:
    """A row of a sheet: its cells and their values by column key, without empty cells.

    `places` has the number of each column.
    """

    sheet: str
    number: int
    places: Mapping[str, int]
    cells: dict[str, Cell] = field(default_factory=dict)
    values: dict[str, object] = field(default_factory=dict)

    def place(self, column: str) -> Cell:
        """Return the cell in a column, or the first cell of the row if the sheet lacks the column."""
        empty = Cell(self.sheet, self.number, self.places.get(column, 1), None)
        return self.cells.get(column, empty)


def read_tables(sheets: Sequence[RawSheet], notes: Notes, reader: Reader) -> dict[str, list[Row]]:
    """Read the rows of all sheets, by the key of the sheet; a missing sheet has no rows."""
    found: dict[str, RawSheet] = {}
    others: list[RawSheet] = []
    for sheet in sheets:
        form = _form_titled(sheet.title)
        if form is None:
            others.append(sheet)
        elif form.key in found:
            notes.refuse(sheet.title, f"got the sheet {form.key} twice, also as {found[form.key].title!r}")
        else:
            found[form.key] = sheet
    misnamed = _judge_others(others, found, notes)
    for form in SHEETS:
        if form.required and form.key not in (*found, *misnamed):
            names = ", ".join(sheet.title for sheet in sheets) or "none"
            expected = f"{form.title.en} or {form.title.vi}"
            notes.refuse(
                "", f"got no sheet {form.key}, expected one called {expected}; the sheets are {names}"
            )
    tables = {
        form.key: _rows(found[form.key], form, notes, reader) if form.key in found else [] for form in SHEETS
    }
    reader.remark_texts()
    return tables


def _form_titled(title: str) -> SheetForm | None:
    wanted = folded(title)
    return next((form for form in SHEETS if wanted in (form.key, *map(folded, form.title))), None)


def _judge_others(others: Sequence[RawSheet], found: dict[str, RawSheet], notes: Notes) -> list[str]:
    """Refuse sheets that have the headings of a missing sheet; return the keys of the missing sheets.

    Other unknown sheets get a remark that they are not read.
    """
    misnamed = []
    for sheet in others:
        alike = next(
            (form for form in SHEETS if form.key not in found and _head(sheet, form) is not None), None
        )
        if alike is not None:
            expected = f"{alike.title.en} or {alike.title.vi}"
            notes.refuse(sheet.title, f"has the columns of {alike.key}, expected a sheet called {expected}")
            misnamed.append(alike.key)
        elif sheet.rows:
            notes.remark(sheet.title, "is not a sheet that surgesim knows, so it is not read")
    return misnamed


def _head(sheet: RawSheet, form: SheetForm) -> int | None:
    """Return the number of the row with the most headings, if it has at least two."""
    counts = {
        number: sum(_column_headed(cell, form) is not None for cell in cells.values())
        for number, cells in sheet.rows.items()
        if number <= _HEAD_ROWS
    }
    best = max(counts, key=lambda number: (counts[number], -number), default=None)
    return best if best is not None and counts[best] >= 2 else None


def _column_headed(cell: Cell, form: SheetForm) -> Column | None:
    heading = folded(str(cell.value).partition("(")[0])
    for column in form.columns:
        if heading in (folded(column.key), column.key, *map(folded, column.title)):
            return column
    return None


def _rows(sheet: RawSheet, form: SheetForm, notes: Notes, reader: Reader) -> list[Row]:
    head = _head(sheet, form)
    if sheet.unreadable or not (sheet.rows or form.required):
        return []
    if head is None:
        headings = ", ".join(column.title.en for column in form.columns[:4])
        notes.refuse(sheet.title, f"got no headings in the first {_HEAD_ROWS} rows, expected {headings}, …")
        return []
    columns = _columns(sheet, head, form, notes)
    merged = [area for first, area in sheet.merged if first > head]
    for area in merged:
        notes.refuse(f"{sheet.title}!{area}", "got merged cells, expected one value in each cell")
    if merged:
        return []
    places = {column.key: place for place, column in columns.items()}
    rows = []
    for number in sorted(number for number in sheet.rows if number > head):
        cells = sheet.rows[number]
        if _is_example(cells):
            continue
        row = Row(sheet.title, number, places)
        row.cells = {columns[place].key: cell for place, cell in cells.items() if place in columns}
        if not row.cells:
            notes.remark(next(iter(cells.values())), "is in a column without a heading, so it is not read")
            continue
        if number in sheet.hidden:
            notes.remark(
                f"{sheet.title}!{number}:{number}", "got a hidden row, which is read like the others"
            )
        _read_row(row, form, notes, reader)
        rows.append(row)
    if not rows and form.required:
        notes.refuse(sheet.title, "got no rows below the headings, expected at least one")
    return rows


def _is_example(cells: dict[int, Cell]) -> bool:
    first = folded(str(cells[min(cells)].value))
    return first.startswith(tuple(folded(text) for text in EXAMPLE))


def _columns(sheet: RawSheet, head: int, form: SheetForm, notes: Notes) -> dict[int, Column]:
    """Return the known columns of a sheet, by column number."""
    columns: dict[int, Column] = {}
    for place, cell in sorted(sheet.rows[head].items()):
        column = _column_headed(cell, form)
        if column is None:
            titles = [text for each in form.columns for text in each.title]
            near = suggestion(str(cell.value).partition("(")[0], titles)
            if "did you mean" in near:
                notes.refuse(cell, f"unknown heading {str(cell.value)!r}{near}")
            else:
                notes.remark(
                    cell, f"the column {str(cell.value)!r} is not one that surgesim knows, so it is not read"
                )
        elif column in columns.values():
            notes.refuse(cell, f"got the heading {str(cell.value)!r} twice, expected it once")
        else:
            columns[place] = column
    for column in form.columns:
        if column.required and column not in columns.values():
            expected = f"{column.title.en} or {column.title.vi}"
            notes.refuse(sheet.title, f"got no column {column.key}, expected one called {expected}")
    return columns


def _read_row(row: Row, form: SheetForm, notes: Notes, reader: Reader) -> None:
    for column in form.columns:
        cell = row.cells.get(column.key)
        if cell is None:
            if column.required and column.key in row.places:
                notes.refuse(row.place(column.key), f"got nothing for {column.title.en!r}, expected a value")
            continue
        value = reader.read(cell, column)
        if value is not None:
            row.values[column.key] = value


def texts(rows: Sequence[Row], column: str) -> Iterator[tuple[Row, str]]:
    """Yield the rows that have a text in a column, with the text."""
    for row in rows:
        value = row.values.get(column)
        if isinstance(value, str):
            yield row, value
