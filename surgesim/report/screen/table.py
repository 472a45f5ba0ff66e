"""A table for the terminal whose cells are wrapped, never truncated, however narrow the terminal.

It replaces the layout of rich's own table, which breaks dates at no-break spaces and truncates cells that
do not fit their column.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions

Justify = Literal["left", "right"]

HEADER_LINES = 3
"""Max lines of a header before its column is widened."""

NUMBERS_FIRST = 2.0
"""Weight of wrapping in columns of numbers, relative to columns of text."""


GAP = 2
"""Spaces between the columns of a table without borders."""


class _Row(NamedTuple):
    cells: tuple[str, ...]
    style: str
    end_section: bool


class ScreenTable:
    """A table of text that is laid out for the available width when it is printed.

    Each column is at least as wide as its longest word, if all columns fit; the remaining width goes to the
    columns whose cells would break into the most lines. Lines break at newlines and, where necessary, at
    spaces. If a line of text starts with spaces, all lines into which it is broken have the same indentation.
    """

    def __init__(self, title: str, *, show_lines: bool = True, borders: bool = True) -> None:
        self.title = title
        self.show_lines = show_lines and borders
        self.borders = borders
        self._columns: list[tuple[str, Justify]] = []
        self._rows: list[_Row] = []

    def add_column(self, header: str, justify: Justify = "right") -> None:
        """Add a column; call before adding rows."""
        self._columns.append((header, justify))

    def add_row(self, *cells: str, style: str = "", end_section: bool = False) -> None:
        """Add a row; missing cells are empty."""
        self._rows.append(_Row(cells, style, end_section))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Table]:
        widths = self._widths(options.max_width)
        lines = self.show_lines and len(self._rows) > 1
        table = Table(title=self.title or None, title_justify="left", title_style="bold", show_lines=lines)
        if not self.borders:
            table.box, table.padding, table.pad_edge = None, (0, GAP, 0, 0), False
        for (header, justify), width in zip(self._columns, widths, strict=True):
            table.add_column(Text(wrap_cell(header, width)), justify=justify, width=width, overflow="fold")
        for row in self._rows:
            cells = [
                Text(wrap_cell(cell, width), style=row.style)
                for cell, width in zip(row.cells, widths, strict=False)
            ]
            table.add_row(*cells, end_section=row.end_section)
        yield table

    def _widths(self, available: int) -> list[int]:
        """Return the width of each column, narrower than its longest word only if space is short."""
        columns = len(self._columns)
        room = available - (3 * columns + 1 if self.borders else GAP * (columns - 1))
        least, most = [], []
        for place, (header, _) in enumerate(self._columns):
            cells = [row.cells[place] for row in self._rows if place < len(row.cells)]
            lines = [line for cell in cells for line in cell.split("\n")]
            least.append(max(map(_longest_word, (header, *lines))))
            most.append(max(least[-1], -(-cell_len(header) // HEADER_LINES), *map(cell_len, lines), 1))
        widths = list(least)
        while sum(widths) > room and max(widths) > 1:
            widths[widths.index(max(widths))] -= 1
        while sum(widths) < room:
            lack = [
                (wanted > width) * wanted / width * (NUMBERS_FIRST if justify == "right" else 1)
                for (_, justify), wanted, width in zip(self._columns, most, widths, strict=True)
            ]
            if not any(lack):
                break
            widths[lack.index(max(lack))] += 1
        return widths


def _longest_word(line: str) -> int:
    return _indent(line) + max(map(cell_len, line.split(" ")))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def wrap_cell(text: str, width: int) -> str:
    """Break `text` into lines of at most `width` characters, at breaking spaces or else within words."""
    lines: list[str] = []
    for part in text.split("\n"):
        indent = " " * _indent(part)
        line = ""
        for word in part.split(" "):
            if not word:
                continue
            longer = f"{line} {word}" if line else indent + word
            if line and cell_len(longer) > width:
                lines.append(line)
                longer = indent + word
            while cell_len(longer) > width:
                lines.append(longer[:width])
                longer = longer[width:]
            line = longer
        lines.append(line)
    return "\n".join(lines)
