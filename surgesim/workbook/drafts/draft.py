"""A scenario in the making: its plain values, and where each comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from surgesim.workbook.reading.cells import Cell

Path = tuple[str, ...]

ASSUMED = "assumed"


@dataclass(slots=True)
class Draft:
    """The plain values of a scenario, with the origin of each.

    Attributes
    ----------
    tree
        Nested mappings, as in a scenario file.
    cells
        The cell of a value, by path.
    remarks
        Words on a value, by path, for a comment beside it.
    """

    tree: dict[str, Any] = field(default_factory=dict)
    cells: dict[Path, Cell] = field(default_factory=dict)
    remarks: dict[Path, str] = field(default_factory=dict)

    def put(self, path: Path, value: Any, origin: Cell | str | None = None) -> None:
        """Set a value; `origin` is its cell, or words on where it comes from."""
        holder = self.tree
        for key in path[:-1]:
            holder = holder.setdefault(key, {})
        holder[path[-1]] = value
        if isinstance(origin, Cell):
            self.cells[path] = origin
        elif origin:
            self.remarks[path] = origin

    def assume(self, path: Path, value: Any) -> None:
        """Set a value that nobody gave."""
        self.put(path, value, ASSUMED)

    def cell_at(self, dotted: str) -> Cell | None:
        """Return the cell of the value at a dotted path, or of the nearest one above or below it."""
        keys = tuple(dotted.split("."))
        for end in range(len(keys), 0, -1):
            path = keys[:end]
            if path in self.cells:
                return self.cells[path]
            below = next((cell for other, cell in self.cells.items() if other[:end] == path), None)
            if below is not None and end > 1:
                return below
        return None

    def assumed(self) -> list[str]:
        """Return the paths of what nobody gave, with ``*`` for districts and facilities, and their number."""
        return [
            f"{pattern} ({len(paths)})" if "*" in pattern else pattern
            for pattern, paths in self._by_pattern().items()
        ]

    def assumed_patterns(self) -> list[str]:
        """Return the paths of what nobody gave; those of all districts or facilities as one pattern."""
        patterns = []
        for pattern, paths in self._by_pattern().items():
            of_all = "*" in pattern and len(paths) == len(self.tree[paths[0][0]][paths[0][1]])
            patterns += [pattern] if of_all else [".".join(path) for path in paths]
        return patterns

    def _by_pattern(self) -> dict[str, list[Path]]:
        found: dict[str, list[Path]] = {}
        for path, words in self.remarks.items():
            if words == ASSUMED:
                named = path[:2] in (("people", "districts"), ("care", "facilities"))
                found.setdefault(".".join((*path[:2], "*", *path[3:]) if named else path), []).append(path)
        return found
