"""Short names made from the names in cells, by one rule."""

from __future__ import annotations

import re
import unicodedata

from surgesim.scenario.schema.base import MOST_LETTERS

_RESERVED = ("none", "file", "province", "baseline", "situation")
"""Short names with a meaning of their own in a scenario."""


def folded(text: str) -> str:
    """Return a text in lower case, without diacritics and with single spaces, for comparison."""
    parts = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    bare = "".join(letter for letter in parts if not unicodedata.combining(letter))
    return " ".join(bare.split())


def key_of(name: str) -> str:
    """Return the short name of a district, facility or rule: ``o-mon`` for ``Ô Môn``.

    Diacritics are dropped, what is neither a letter a-z nor a digit becomes a hyphen, and 60 letters are
    kept. A word with a meaning of its own in a scenario gets ``-1``. The result is empty if nothing is left.
    """
    key = re.sub(r"[^a-z0-9]+", "-", folded(name)).strip("-")[:MOST_LETTERS].strip("-")
    return f"{key}-1" if key in _RESERVED else key
