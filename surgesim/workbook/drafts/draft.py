"""A draft of a scenario: its plain values, and the origin of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from surgesim.workbook.reading.cells import Cell
from surgesim.workbook.words import Label

Path = tuple[str, ...]

ASSUMED = "assumed"


@dataclass(slots=True)
class Draft:
    """The plain values of a scenario that is being built, with the origin of each value.

    Attributes
    ----------
    tree
        Nested mappings, as in a scenario file.
    cells
        The cell that a value comes from, by the value's path.
    remarks
        A note on a value, by the value's path; it becomes a comment in the scenario file.
    """

    tree: dict[str, Any] = field(default_factory=dict)
    cells: dict[Path, Cell] = field(default_factory=dict)
    remarks: dict[Path, Label | str] = field(default_factory=dict)

    def put(self, path: Path, value: Any, origin: Cell | Label | str | None = None) -> None:
        """Set the value at a path; `origin` is the cell it comes from, or a note on its origin."""
        holder = self.tree
        for key in path[:-1]:
            holder = holder.setdefault(key, {})
        holder[path[-1]] = value
        if isinstance(origin, Cell):
            self.cells[path] = origin
        elif origin:
            self.remarks[path] = origin

    def assume(self, path: Path, value: Any) -> None:
        """Set a value that the user did not give, and note that it is assumed."""
        self.put(path, value, ASSUMED)

    def cell_at(self, dotted: str) -> Cell | None:
        """Return the cell of the value at a dotted path, or else of the nearest value above or below it."""
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
        """Return the paths of assumed values; ``care.facilities.*.beds (3)`` stands for three facilities."""
        return [
            f"{pattern} ({len(paths)})" if "*" in pattern else pattern
            for pattern, paths in self._by_pattern().items()
        ]

    def assumed_patterns(self) -> list[str]:
        """Return the paths of assumed values; one pattern stands for all districts or all facilities."""
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
