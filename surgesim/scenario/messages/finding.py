"""What was found in a scenario, as data: code looks at kind and path, and only people read the message."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto

from surgesim.errors import Problem

KeyPath = tuple[str | int, ...]
"""Keys and list positions from the top of a document to a value."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands: its file, and its line (the first is 1; None where there are no lines)."""

    file: str
    line: int | None = None


class Kind(Enum):
    """What sort of thing was found, as far as more follows from it."""

    FAULT = auto()
    UNKNOWN_KEY = auto()
    MISSING = auto()
    """A key that must be given is not: the path is that of the key."""
    INCOMPLETE = auto()
    """What is given goes with something else that is not."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in a scenario, or to know of it; with its place, what becomes a `Problem`.

    Attributes
    ----------
    path
        Where, from the top of the scenario.
    message
        One clear sentence, for people.
    near
        For an unknown key: the known one that it was taken for, if any is like it.
    detail
        What the message counts, one by one.
    place
        Where it stands in a file, once that is known.
    """

    path: KeyPath
    message: str
    kind: Kind = Kind.FAULT
    near: str | None = None
    detail: str = ""
    place: Place | None = None

    def under(self, above: KeyPath) -> Finding:
        """The same of a part that stands at `above`."""
        return replace(self, path=(*above, *self.path))

    @property
    def problem(self) -> Problem:
        """As it is told."""
        place = self.place or Place("")
        return Problem(dotted(self.path), self.message, place.file or None, place.line, self.detail)


def dotted(path: KeyPath) -> str:
    """A path as people write it."""
    return ".".join(map(str, path))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, if any is like it (capital letters and diacritics aside)."""
    names = {_bare(other): other for other in known}
    close = difflib.get_close_matches(_bare(name), names, n=1, cutoff=0.6)
    return names[close[0]] if close else None


def _bare(name: str) -> str:
    """`name` in small letters without diacritics: ``o mon`` of ``Ô Môn``."""
    parts = unicodedata.normalize("NFD", name.lower().replace("đ", "d"))
    return "".join(part for part in parts if not unicodedata.combining(part))


def suggestion(name: str, known: Iterable[str]) -> str:
    """``, did you mean '…'?``, or the names there are, to end a message about an unknown name."""
    names = list(known)
    near = nearest(name, names)
    if near is not None:
        return f", did you mean {near!r}?"
    if not names:
        return ", there is none"
    more = ", …" if len(names) > 12 else ""
    return f", expected {'one of ' if len(names) > 1 else ''}{', '.join(names[:12])}{more}"
