"""Convert the value of a cell to the number, date or word that its column requires."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from functools import partial

from surgesim.scenario.door import suggestion
from surgesim.scenario.schema.base import bound_text
from surgesim.workbook.keys import folded
from surgesim.workbook.reading.answers import Answers
from surgesim.workbook.reading.cells import Cell, Notes, Question
from surgesim.workbook.sheets import Column, Kind
from surgesim.workbook.words import YES_NO

_PLAIN = re.compile(r"[-+]?\d+")
_ONE_MARK = re.compile(r"[-+]?(\d+)([.,])(\d+)")
_GROUPS = re.compile(r"[-+]?\d{1,3}(?:(?P<mark>[.,'\u00a0\u202f ])\d{3})(?:(?P=mark)\d{3})*")
_BOTH = re.compile(r"[-+]?\d{1,3}(?:(?:\.\d{3})+,\d+|(?:,\d{3})+\.\d+)")
_ISO = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)")
_DAY_MONTH = re.compile(r"(\d\d?)([/.-])(\d\d?)\2(\d{4})")


class Reader:
    """Reads cells as the kinds of their columns require, and notes errors in `notes`.

    `typed` is True for Excel files, which distinguish numbers from text; a number stored as text then gets a
    remark.
    """

    def __init__(self, notes: Notes, answers: Answers, *, typed: bool) -> None:
        self.notes = notes
        self.answers = answers
        self.typed = typed
        self._texts: list[Cell] = []

    def remark_texts(self) -> None:
        """Remark that numbers were stored as text, if there were any."""
        if self._texts:
            number = len(self._texts)
            what = "1 number is" if number == 1 else f"{number} numbers are"
            self.notes.remark(self._texts[0], f"{what} stored as text, first here, and read as numbers")

    def read(self, cell: Cell, column: Column, lang: str) -> object:
        """Return the value of a cell: a text, number, share, date, scenario word or truth value.

        The value is None if the cell cannot be read, or can be read in two ways; the notes then give the
        reason, with the words that the column allows in `lang`.
        """
        if cell.fault:
            self.notes.refuse(cell, f"got {cell.fault}")
            return None
        ways: dict[Kind, Callable[[Cell, Column], object]] = {
            Kind.TEXT: self._text,
            Kind.WHOLE: self._number,
            Kind.NUMBER: self._number,
            Kind.SHARE: self._number,
            Kind.DATE: self._date,
            Kind.CHOICE: partial(self._choice, lang=lang),
            Kind.YES_NO: partial(self._choice, lang=lang),
        }
        return ways[column.kind](cell, column)

    def _text(self, cell: Cell, column: Column) -> str | None:
        value = cell.value
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = unicodedata.normalize("NFC", " ".join(str(value).split()))
        strange = next((letter for letter in text if not letter.isprintable()), None)
        if strange is not None:
            self.notes.refuse(
                cell, f"got the invisible character U+{ord(strange):04X}, expected none in a text"
            )
            return None
        return text

    def _choice(self, cell: Cell, column: Column, lang: str) -> object:
        choices = YES_NO if column.kind is Kind.YES_NO else column.choices
        value = {True: "yes", False: "no"}.get(cell.value) if isinstance(cell.value, bool) else cell.value
        wanted = folded(str(value))
        for word, label in choices.items():
            if wanted in (word, *map(folded, label)):
                return word == "yes" if column.kind is Kind.YES_NO else word
        words = [label.get(lang) for label in choices.values()]
        near = suggestion(str(value), [text for label in choices.values() for text in label])
        expected = f", expected one of {', '.join(words)}"
        self.notes.refuse(cell, f"got {str(value)!r}{near if 'did you mean' in near else expected}")
        return None

    # -- numbers ------------------------------------------------------------------------------------

    def _number(self, cell: Cell, column: Column) -> float | int | None:
        number = self._as_number(cell, column)
        if number is None:
            return None
        whole = column.kind is Kind.WHOLE
        what = "a whole number" if whole else "a number"
        if number < 0:
            self.notes.refuse(cell, f"got {number:g}, expected {what} of 0 or more")
            return None
        if column.kind is Kind.SHARE and number > 1:
            hint = f" (write {number:g}%)" if number <= 100 else ""
            self.notes.refuse(cell, f"got {number:g}, expected a share from 0 to 1, or a percentage{hint}")
            return None
        if whole and number != int(number):
            self.notes.refuse(cell, f"got {bound_text(number)}, expected a whole number")
            return None
        return int(number) if whole else number

    def _as_number(self, cell: Cell, column: Column) -> float | int | None:
        value = cell.value
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return self._finite(cell, value)
        if isinstance(value, bool) or not isinstance(value, str):
            got = f"the date {value}" if isinstance(value, date) else str(value).lower()
            self.notes.refuse(cell, f"got {got}, expected a number")
            return None
        text = value.strip().replace("\N{MINUS SIGN}", "-")
        percent = text.endswith("%")
        number = self._from_text(cell, text.removesuffix("%").strip())
        if number is not None and self.typed and not percent:
            self._texts.append(cell)
        if number is None or not percent:
            return number
        if column.kind is not Kind.SHARE:
            self.notes.refuse(cell, f"got {text}, expected a number that is not a percentage")
            return None
        return float(f"{number / 100:.12g}")

    def _finite(self, cell: Cell, number: float) -> float | int | None:
        if abs(number) < 1e15:
            return number
        self.notes.refuse(cell, f"got {number:g}, expected a number below 1e15")
        return None

    def _from_text(self, cell: Cell, text: str) -> float | int | None:
        """Convert a text to a number; ask the user if a mark may separate either thousands or decimals."""
        if _PLAIN.fullmatch(text) and len(text) <= 15:
            return int(text)
        one, groups = _ONE_MARK.fullmatch(text), _GROUPS.fullmatch(text)
        decimal_mark = {"comma": ",", "point": "."}.get(self.answers.decimal or "")
        if len(text) <= 30 and _BOTH.fullmatch(text):
            mark = max(".,", key=text.rfind)
        elif groups is not None and (groups["mark"] not in ".," or text.count(groups["mark"]) > 1):
            return int(re.sub(r"[^\d+-]", "", text[:30]))
        elif one is not None and groups is not None and one[1] != "0":
            if decimal_mark is None:
                self._ask_decimal(cell, text)
                return None
            mark = decimal_mark
        elif one is not None and len(text) <= 30:
            mark = one[2]
        else:
            self.notes.refuse(cell, f"got {text!r}, expected a number")
            return None
        if decimal_mark is not None and mark != decimal_mark:
            self.notes.refuse(cell, f"got {text!r}, which does not fit --decimal {self.answers.decimal}")
            return None
        parted = text.replace("," if mark == "." else ".", "")
        number = float(parted.replace(mark, "."))
        return int(number) if number.is_integer() else number

    def _ask_decimal(self, cell: Cell, text: str) -> None:
        mark = "," if "," in text else "."
        whole, decimal = text.replace(mark, ""), f"{float(text.replace(mark, '.')):g}"
        point, comma = (decimal, whole) if mark == "." else (whole, decimal)
        answers = {"--decimal comma": comma, "--decimal point": point}
        message = f"got {text!r}, which can be read as {whole} or {decimal}"
        self.notes.ask(Question("decimal", cell.address, message, answers))

    # -- dates --------------------------------------------------------------------------------------

    def _date(self, cell: Cell, column: Column) -> date | None:
        value = cell.value
        if isinstance(value, date):
            return self._within(cell, value)
        if not isinstance(value, str):
            self.notes.refuse(cell, f"got {value}, expected a date: give the cell the format of a date")
            return None
        text = value.strip()
        iso, day_month = _ISO.fullmatch(text), _DAY_MONTH.fullmatch(text)
        if iso is not None:
            return self._calendar(cell, text, int(iso[1]), int(iso[2]), int(iso[3]))
        if day_month is None:
            self.notes.refuse(cell, f"got {text!r}, expected a date such as 2021-11-29 or 29/11/2021")
            return None
        first, second, year = int(day_month[1]), int(day_month[3]), int(day_month[4])
        order = self.answers.dates
        if order is None and first <= 12 and second <= 12 and first != second:
            self._ask_dates(cell, text, first, second, year)
            return None
        if order is None:
            order = "mdy" if second > 12 else "dmy"
        day, month = (first, second) if order == "dmy" else (second, first)
        return self._calendar(cell, text, year, month, day)

    def _calendar(self, cell: Cell, text: str, year: int, month: int, day: int) -> date | None:
        try:
            found = date(year, month, day)
        except ValueError:
            order = f" with --dates {self.answers.dates}" if self.answers.dates and "/" in text else ""
            self.notes.refuse(cell, f"got {text}, which is not a calendar date{order}")
            return None
        return self._within(cell, found)

    def _within(self, cell: Cell, day: date) -> date | None:
        if 1900 <= day.year < 2200:
            return day
        self.notes.refuse(cell, f"got {day}, expected a year from 1900 to 2199")
        return None

    def _ask_dates(self, cell: Cell, text: str, first: int, second: int, year: int) -> None:
        dmy, mdy = f"{year}-{second:02}-{first:02}", f"{year}-{first:02}-{second:02}"
        message = f"got {text}, which can be read as {dmy} or {mdy}"
        self.notes.ask(Question("dates", cell.address, message, {"--dates dmy": dmy, "--dates mdy": mdy}))
