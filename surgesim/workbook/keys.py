"""Derive the short names of a scenario from the names in cells."""

from __future__ import annotations

import re
import unicodedata

from surgesim.scenario.schema.base import MOST_LETTERS

_RESERVED = ("none", "file", "province", "baseline", "situation")
"""Words that have a meaning of their own in a scenario."""


def folded(text: str) -> str:
    """Return a text in lower case, without diacritics or extra spaces, for comparison."""
    parts = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    bare = "".join(letter for letter in parts if not unicodedata.combining(letter))
    return " ".join(bare.split())


def key_of(name: str) -> str:
    """Return the short name of a district, facility or rule: ``o-mon`` for ``Ô Môn``.

    Diacritics are dropped, characters other than a-z and digits become hyphens, and the result is cut to 60
    characters. A reserved word gets the suffix ``-1``. The result is empty if no letter or digit is left.
    """
    key = re.sub(r"[^a-z0-9]+", "-", folded(name)).strip("-")[:MOST_LETTERS].strip("-")
    return f"{key}-1" if key in _RESERVED else key
