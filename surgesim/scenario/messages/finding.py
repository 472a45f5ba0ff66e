"""Findings about a scenario, as data: code uses their kind and path, and only people read the message."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import lru_cache

from surgesim.errors import Problem

KeyPath = tuple[str | int, ...]
"""Keys and list indices from the top of a document to a value."""


@dataclass(frozen=True, slots=True)
class Location:
    """The location of a value: its file and its line (from 1; None if the value has no line)."""

    file: str
    line: int | None = None


class Kind(Enum):
    """The kind of a finding, if code treats it in a special way."""

    FAULT = auto()
    UNKNOWN_KEY = auto()
    MISSING = auto()
    """A required key is missing; the path leads to that key."""
    INCOMPLETE = auto()
    """A value needs another value that is missing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """An error in a scenario or a warning about it; users see it as a `Problem`.

    Attributes
    ----------
    path
        Path from the top of the scenario.
    message
        One clear sentence, for people.
    near
        For an unknown key: the known key most similar to it, if any.
    detail
        A list of the items that the message counts.
    location
        The location in a file; None until it is known.
    """

    path: KeyPath
    message: str
    kind: Kind = Kind.FAULT
    near: str | None = None
    detail: str = ""
    location: Location | None = None

    def under(self, above: KeyPath) -> Finding:
        """Return the finding with its path moved below `above`."""
        return replace(self, path=(*above, *self.path))

    @property
    def problem(self) -> Problem:
        """The finding in the form that users see."""
        location = self.location or Location("")
        return Problem(dotted(self.path), self.message, location.file or None, location.line, self.detail)


def dotted(path: KeyPath) -> str:
    """Return a path in dotted form."""
    return ".".join(map(str, path))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most similar to `name`, ignoring case and diacritics; None if none is similar."""
    names = tuple(known)
    return _nearest(name, names) if names else None


@lru_cache(maxsize=1024)
def _nearest(name: str, known: tuple[str, ...]) -> str | None:
    names = {_bare(other): other for other in known}
    close = difflib.get_close_matches(_bare(name), names, n=1, cutoff=0.6)
    return names[close[0]] if close else None


def _bare(name: str) -> str:
    """Return `name` in lower case without diacritics: ``o mon`` for ``Ô Môn``."""
    parts = unicodedata.normalize("NFD", name.lower().replace("đ", "d"))
    return "".join(part for part in parts if not unicodedata.combining(part))


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown name: ``, did you mean '…'?`` or the known names."""
    names = list(known)
    near = nearest(name, names)
    if near is not None:
        return f", did you mean {near!r}?"
    if not names:
        return ", none is defined"
    more = ", …" if len(names) > 12 else ""
    return f", expected {'one of ' if len(names) > 1 else ''}{', '.join(names[:12])}{more}"
