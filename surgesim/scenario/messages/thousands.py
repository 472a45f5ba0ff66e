"""Hints on numbers in which a point or comma may be meant to separate thousands.

``50.000`` is fifty in YAML, and fifty thousand to a Vietnamese reader. A message must not replace one reading
with the other, so it names both if both are possible.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from surgesim.scenario.messages.shape import Number

_GROUPS = re.compile(r"[-+]?[1-9]\d{0,2}(?:(?P<mark>[.,'_ \u00a0\u202f])\d{3})(?:(?P=mark)\d{3})*")
_WITH_DECIMALS = re.compile(r"[-+]?[1-9]\d{0,2}(?:(?:\.\d{3})+,\d+|(?:,\d{3})+\.\d+)")
_COMMA = re.compile(r"[-+]?\d+,\d+")

Where = TypeVar("Where")


def hint(got: object, number: Number | None) -> str:
    """Return a hint on how to write `got`, in brackets; empty if `got` cannot be read as another number.

    Parameters
    ----------
    got
        A text, or a number that YAML has already read (and so without its trailing zeros).
    number
        The number expected.
    """
    if number is None:
        return ""
    if isinstance(got, str):
        return _of_text(got, number)
    return _of_float(got, number) if isinstance(got, float) and number.integer else ""


def doubt(text: str) -> str:
    """Return a remark on a number that was read as a decimal, but may have been meant as thousands."""
    return f"read as {float(text):g} (if thousands were meant, write {re.sub('[.,]', '', text)})"


@dataclass(slots=True)
class Doubts(Generic[Where]):
    """Collects counts in which a point may separate thousands, such as ``1.234``, by kind of count.

    If the point must be a decimal point in one count of a kind, as in ``1.5``, it is one in all of them.
    """

    _parted: dict[str, list[tuple[str, Where]]] = field(default_factory=dict)
    _fractions: set[str] = field(default_factory=set)

    def see(self, kind: str, text: str, where: Where) -> None:
        """Record a count as it is written."""
        if kind in self._fractions:
            return
        groups = _GROUPS.fullmatch(text)
        if groups is not None and groups["mark"] in ".,":
            self._parted.setdefault(kind, []).append((text, where))
        elif not float(text).is_integer():
            self._fractions.add(kind)

    def remarks(self) -> Iterator[tuple[str, list[Where]]]:
        """Yield, for each doubtful kind of count, the message and the positions of the counts."""
        for kind, found in self._parted.items():
            if kind not in self._fractions:
                text = found[0][0]
                more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
                yield f"got {text} for {kind}{more}, {doubt(text)}", [where for _, where in found]


def _of_text(got: str, number: Number) -> str:
    if _WITH_DECIMALS.fullmatch(got):
        parted, mark, decimals = got.rpartition(max(".,", key=got.rfind))
        return f" (write {parted.replace('.' if mark == ',' else ',', '')}.{decimals})"
    groups = _GROUPS.fullmatch(got)
    if groups is not None:
        mark = groups["mark"]
        other = ""
        if mark in ".," and got.count(mark) == 1:
            decimal = got.replace(",", ".").rstrip("0").rstrip(".")
            other = "" if number.integer and "." in decimal else f", or {decimal} if that is meant"
        return f" (write {got.replace(mark, '')}{other})"
    return f" (use a decimal point: {got.replace(',', '.')})" if _COMMA.fullmatch(got) else ""


def _of_float(got: float, number: Number) -> str:
    if not abs(got) < 1e15:
        return ""
    thousands = round(got * 1000, 6)
    may_part = 1 <= abs(got) < 1000 and thousands.is_integer()
    if may_part and (number.high is None or thousands <= number.high):
        other = f", or {int(got)} if that is meant" if got.is_integer() else " if thousands are meant"
        return f" (write {int(thousands)}{other})"
    return f" (write {int(got)})" if got.is_integer() else ""
