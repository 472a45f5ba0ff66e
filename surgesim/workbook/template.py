"""Write the empty workbook that a planner fills in, as an Excel file or a folder of CSVs."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from surgesim.errors import Problem, ScenarioError
from surgesim.files import atomic_write, make_folder
from surgesim.workbook.sheets import SHEETS, Column, Kind, SheetForm
from surgesim.workbook.words import EXAMPLE, YES_NO, Label

_ROWS = 1_000
"""Number of rows that get drop-down lists."""

_FORMATTED = 200
"""Number of rows with the formats of dates and percentages; typing 30 or 0.3 as a percentage gives 30 %."""

_HEAD = "DCE6F1"
_REQUIRED = "F8CBAD"
_GREY = "808080"

_REQUIRED_NOTE = Label("Bắt buộc.", "Required.")
_EMPTY_NOTE = Label("Để trống nếu không biết.", "Leave empty if not known.")
_WRONG = Label("Hãy chọn một mục trong danh sách.", "Choose an entry from the list.")


def write_template(path: Path, lang: str) -> None:
    """Write the workbook to a new ``.xlsx`` file.

    Raises
    ------
    ScenarioError
        If the path exists already.
    ResultsError
        If the workbook cannot be written.
    """
    _refuse_existing(path)
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for form in SHEETS:
        _fill(book.create_sheet(form.title.get(lang)), form, lang)
    with atomic_write(path) as part, part.open("wb") as file:
        book.save(file)


def write_folder(folder: Path, lang: str) -> None:
    """Write the workbook to a new folder of CSV files, in UTF-8 with a byte order mark for Excel.

    Raises
    ------
    ScenarioError
        If the path exists already.
    ResultsError
        If the workbook cannot be written.
    """
    _refuse_existing(folder)
    with make_folder(folder):
        for form in SHEETS:
            out = io.StringIO()
            writer = csv.writer(out, lineterminator="\r\n")
            writer.writerow([column.heading(lang) for column in form.columns])
            writer.writerow(["" if value is None else value for value in _example(form, lang)])
            with atomic_write(folder / f"{form.key}.csv") as part:
                part.write_text(out.getvalue(), encoding="utf-8-sig", newline="")


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise ScenarioError([Problem("", "exists already, expected a new file or folder", str(path))])


def _example(form: SheetForm, lang: str) -> list[Any]:
    """Return the cells of the example row; the first begins with a word that marks the row as an example."""
    values = [
        each.get(lang) if isinstance(each := column.example, Label) else each for column in form.columns
    ]
    values[0] = f"{EXAMPLE.get(lang)}{values[0] if values[0] is not None else ''}".strip()
    return values


def _fill(sheet: Any, form: SheetForm, lang: str) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill

    sheet.freeze_panes = "A2"
    for place, column in enumerate(form.columns, start=1):
        head = sheet.cell(1, place, column.heading(lang))
        head.font = Font(bold=True)
        head.fill = PatternFill("solid", fgColor=_REQUIRED if column.required else _HEAD)
        head.alignment = Alignment(wrap_text=True, vertical="top")
        first = _REQUIRED_NOTE if column.required else _EMPTY_NOTE
        text = " ".join(filter(None, (first.get(lang), column.note.get(lang))))
        head.comment = Comment(text, "surgesim", width=260, height=90)
        sheet.column_dimensions[head.column_letter].width = max(14, min(len(head.value) + 2, 28))
        _prepare(sheet, head.column_letter, column, lang)
    for place, value in enumerate(_example(form, lang), start=1):
        cell = sheet.cell(2, place, value)
        cell.font = Font(italic=True, color=_GREY)


def _prepare(sheet: Any, letter: str, column: Column, lang: str) -> None:
    """Give the cells of a column their format and drop-down list."""
    from openpyxl.worksheet.datavalidation import DataValidation

    cells = f"{letter}2:{letter}{_ROWS}"
    choices = YES_NO if column.kind is Kind.YES_NO else column.choices
    formula = ""
    if choices:
        formula = '"' + ",".join(label.get(lang) for label in choices.values()) + '"'
    elif column.among:
        among = next(form for form in SHEETS if form.key == column.among)
        formula = f"'{among.title.get(lang)}'!$A$2:$A${_ROWS}"
    if formula:
        rule = DataValidation("list", formula1=formula, allow_blank=True, error=_WRONG.get(lang))
        rule.showErrorMessage = bool(choices)
        sheet.add_data_validation(rule)
        rule.add(cells)
    form = {Kind.DATE: "yyyy-mm-dd", Kind.SHARE: "0%"}.get(column.kind)
    for row in range(3, _FORMATTED + 3) if form else ():
        sheet[f"{letter}{row}"].number_format = form
