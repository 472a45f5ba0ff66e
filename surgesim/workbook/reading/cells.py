"""Cells with their addresses, and the errors, remarks and questions about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, TypeAlias

from surgesim.errors import Problem

Value: TypeAlias = str | int | float | bool | date | None


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a sheet.

    Attributes
    ----------
    sheet
        Title of the sheet, or name of the CSV file.
    row, column
        Position in the sheet, counted from 1.
    value
        The value in the cell; None if the cell is empty.
    fault
        Why the cell cannot be read: the words after "got" in the message. Empty if it can be read.
    """

    sheet: str
    row: int
    column: int
    value: Value
    fault: str = ""

    @property
    def place(self) -> str:
        """The position of the cell in its sheet: ``C5``."""
        letters, left = "", self.column
        while left:
            left, letter = divmod(left - 1, 26)
            letters = chr(ord("A") + letter) + letters
        return f"{letters}{self.row}"

    @property
    def address(self) -> str:
        """The sheet and the position in it: ``facilities!C5``."""
        return f"{self.sheet}!{self.place}"

    @property
    def is_empty(self) -> bool:
        blank = isinstance(self.value, str) and not self.value.strip()
        return not self.fault and (self.value is None or blank)


class Area(NamedTuple):
    """A range of merged cells, called ``A2:A5``, with its first and last row and column."""

    name: str
    top: int
    bottom: int
    left: int
    right: int


@dataclass(slots=True)
class RawSheet:
    """A sheet with the cells as they are in its file.

    Attributes
    ----------
    rows
        The cells that are not empty, by row and column (from 1).
    hidden
        Numbers of the hidden rows.
    merged
        Ranges of merged cells; only the first cell of a range has a value.
    unreadable
        True if the sheet's file could not be read; the error is in the notes.
    """

    title: str
    rows: dict[int, dict[int, Cell]] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    merged: list[Area] = field(default_factory=list)
    unreadable: bool = False

    def put(self, row: int, column: int, value: Value, fault: str = "") -> None:
        """Add a cell, unless it is empty."""
        cell = Cell(self.title, row, column, value, fault)
        if not cell.is_empty:
            self.rows.setdefault(row, {})[column] = cell


@dataclass(frozen=True, slots=True)
class Question:
    """A question to the user about a cell that can be read in two ways.

    Attributes
    ----------
    identity
        A name for the question, which stays the same when the workbook is read again.
    cell
        Address of the cell.
    message
        What was found in the cell.
    answers
        The options that answer the question, each with its meaning.
    """

    identity: str
    cell: str
    message: str
    answers: Mapping[str, str]

    @property
    def sentence(self) -> str:
        """The question as one sentence, with the options that answer it."""
        ways = " or ".join(f"{option} ({meaning})" for option, meaning in self.answers.items())
        return f"{self.message}; answer with {ways}"


@dataclass(slots=True)
class Notes:
    """The errors, remarks and questions noted while reading a workbook called `file`.

    `accepted` has the identities of the questions answered with "it is true", and `cumulative` has those of
    the questions answered with "a running total". `covered` has the addresses of cells whose own values are
    not known, because a merged cell covers them; nothing is noted at these.
    """

    file: str
    problems: list[Problem] = field(default_factory=list)
    remarks: list[Problem] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    accepted: set[str] = field(default_factory=set)
    cumulative: set[str] = field(default_factory=set)
    covered: set[str] = field(default_factory=set)

    def refuse(self, where: Cell | str, message: str) -> None:
        self._note(self.problems, where, message)

    def remark(self, where: Cell | str, message: str) -> None:
        self._note(self.remarks, where, message)

    def ask(self, question: Question) -> None:
        if question not in self.questions and question.cell not in self.covered:
            self.questions.append(question)

    def _note(self, notes: list[Problem], where: Cell | str, message: str) -> None:
        address = where.address if isinstance(where, Cell) else where
        if address not in self.covered:
            notes.append(Problem(address, message, self.file))
