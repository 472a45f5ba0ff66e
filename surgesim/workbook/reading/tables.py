"""Find the expected sheets and columns in a file, and read their rows."""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from surgesim.scenario.door import suggestion
from surgesim.workbook.keys import folded
from surgesim.workbook.reading.cells import Cell, Notes, RawSheet
from surgesim.workbook.reading.values import Reader
from surgesim.workbook.sheets import SHEETS, Column, Kind, SheetForm
from surgesim.workbook.words import EXAMPLE, TOTALS, Label

_HEAD_ROWS = 10
"""Number of first rows in which to look for the headings; a title may stand above them."""


@dataclass(slots=True)
class Row:
    """A row of a sheet: its cells and their values by column key, without empty cells.

    `heads` has the heading of each column, as it is written in the sheet.
    """

    sheet: str
    number: int
    heads: Mapping[str, Cell]
    cells: dict[str, Cell] = field(default_factory=dict)
    values: dict[str, object] = field(default_factory=dict)

    def place(self, column: str) -> Cell:
        """Return the cell in a column, or the first cell of the row if the sheet lacks the column."""
        head = self.heads.get(column)
        empty = Cell(self.sheet, self.number, head.column if head is not None else 1, None)
        return self.cells.get(column, empty)

    def titled(self, column: Column) -> str:
        """Return the title of a column without its unit: as in the sheet or, if it lacks it, as in others."""
        if column.key in self.heads:
            return _title(self.heads[column.key])
        return column.title.get(_lang(self.heads.values()))


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


def _title(head: Cell) -> str:
    """Return the text of a cell without what stands in parentheses, such as a unit."""
    return " ".join(str(head.value).partition("(")[0].split())


def _lang(heads: Iterable[Cell]) -> str:
    """Return the language in which most columns are headed."""
    titles = [folded(_title(head)) for head in heads]
    known = [column.title for form in SHEETS for column in form.columns]
    vi, en = (
        sum(title in {folded(each.get(lang)) for each in known} for title in titles) for lang in Label._fields
    )
    return "vi" if vi > en else "en"


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
    heading = folded(_title(cell))
    for column in form.columns:
        if heading in (folded(column.key), column.key, *map(folded, column.title)):
            return column
    return None


def _rows(sheet: RawSheet, form: SheetForm, notes: Notes, reader: Reader) -> list[Row]:
    head = _head(sheet, form)
    if sheet.unreadable or not (sheet.rows or form.required):
        return []
    if head is None:
        lang = "vi" if folded(sheet.title) == folded(form.title.vi) else "en"
        headings = ", ".join(column.title.get(lang) for column in form.columns[:4])
        notes.refuse(sheet.title, f"got no headings in the first {_HEAD_ROWS} rows, expected {headings}, …")
        return []
    columns = _columns(sheet, head, form, notes)
    heads = {column.key: sheet.rows[head][place] for place, column in columns.items()}
    below = [number for number in sorted(sheet.rows) if number > head]
    totals = {number: cell for number in below if (cell := _total(sheet.rows[number], columns, form))}
    _unmerge(sheet, head, columns, totals, notes)
    rows = []
    for number in below:
        cells = sheet.rows[number]
        if _is_example(cells):
            continue
        if number in totals:
            message = f"got {str(totals[number].value)!r}, which looks like a total, expected no totals"
            notes.refuse(totals[number], f"{message}: delete this row")
            continue
        row = Row(sheet.title, number, heads)
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


def _total(cells: Mapping[int, Cell], columns: Mapping[int, Column], form: SheetForm) -> Cell | None:
    """Return the cell that names a total, in a sheet with a row for each place or day."""
    if form.key not in ("districts", "facilities", "census", "daily"):
        return None
    named = (Kind.TEXT, Kind.DATE)
    for place, cell in sorted(cells.items()):
        if place == min(cells) or (place in columns and columns[place].kind in named):
            word = folded(_title(cell)).strip(" :.-").removesuffix(" toan tinh")
            if isinstance(cell.value, str) and word in TOTALS:
                return cell
    return None


def _unmerge(
    sheet: RawSheet, head: int, columns: Iterable[int], skipped: Container[int], notes: Notes
) -> None:
    """Refuse merged cells below the headings, and read their value in each row that they cover."""
    for area in sheet.merged:
        covered = [row for row in sheet.rows if area.top <= row <= area.bottom and row not in skipped]
        if area.top <= head or not (covered or area.top not in sheet.rows):
            continue
        notes.refuse(f"{sheet.title}!{area.name}", "got merged cells, expected one value in each cell")
        first = sheet.rows.get(area.top, {}).get(area.left)
        places = [place for place in columns if area.left <= place <= area.right]
        for row, place in itertools.product(covered, places):
            if first is not None:
                if (row, place) == (area.top, area.left):
                    continue
                sheet.put(row, place, first.value, first.fault)
            notes.covered.add(Cell(sheet.title, row, place, None).address)


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
    lang = _lang(row.heads.values())
    for column in form.columns:
        cell = row.cells.get(column.key)
        if cell is None:
            if column.required and column.key in row.heads:
                message = f"got nothing for {row.titled(column)!r}, expected a value"
                notes.refuse(row.place(column.key), message)
            continue
        value = reader.read(cell, column, lang)
        if value is not None:
            row.values[column.key] = value


def texts(rows: Sequence[Row], column: str) -> Iterator[tuple[Row, str]]:
    """Yield the rows that have a text in a column, with the text."""
    for row in rows:
        value = row.values.get(column)
        if isinstance(value, str):
            yield row, value
