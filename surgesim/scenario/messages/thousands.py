"""Numbers whose point or comma may have been meant to part thousands: what to write instead.

``50.000`` is fifty for YAML, and fifty thousand for a Vietnamese reader. No message may lead from one
to the other, so both readings are named wherever both can be meant.
"""

from __future__ import annotations

import re

_GROUPS = re.compile(r"[-+]?[1-9]\d{0,2}(?:(?P<mark>[.,'_ \u00a0\u202f])\d{3})(?:(?P=mark)\d{3})*")
_WITH_DECIMALS = re.compile(r"[-+]?[1-9]\d{0,2}(?:(?:\.\d{3})+,\d+|(?:,\d{3})+\.\d+)")
_COMMA = re.compile(r"[-+]?\d+,\d+")
_MOST = re.compile(r"(?:\bto|<=?) (\d+)$")


def hint(got: object, expected: str) -> str:
    """What to write instead of `got` where a number is expected, in brackets; nothing where it is no such.

    Parameters
    ----------
    got
        A text, or a number that YAML has read already (its last zeros are lost then).
    expected
        The phrase of what is expected, such as ``a whole number from 1 to 20000``.
    """
    if "number" not in expected:
        return ""
    whole = "whole number" in expected
    if isinstance(got, str):
        return _of_text(got, whole)
    return _of_float(got, expected) if isinstance(got, float) and whole else ""


def may_part(text: str) -> bool:
    """Whether the one point or comma of a number may part thousands: ``1.234``, but not ``1.5``."""
    groups = _GROUPS.fullmatch(text)
    return groups is not None and groups["mark"] in ".,"


def _of_text(got: str, whole: bool) -> str:
    if _WITH_DECIMALS.fullmatch(got):
        parted, mark, decimals = got.rpartition(max(".,", key=got.rfind))
        return f" (write {parted.replace('.' if mark == ',' else ',', '')}.{decimals})"
    groups = _GROUPS.fullmatch(got)
    if groups is not None:
        mark = groups["mark"]
        other = ""
        if mark in ".," and got.count(mark) == 1:
            decimal = got.replace(",", ".").rstrip("0").rstrip(".")
            other = "" if whole and "." in decimal else f", or {decimal} if that is meant"
        return f" (write {got.replace(mark, '')}{other})"
    return f" (write the decimal point: {got.replace(',', '.')})" if _COMMA.fullmatch(got) else ""


def _of_float(got: float, expected: str) -> str:
    if not abs(got) < 1e15:
        return ""
    most = _MOST.search(expected.removesuffix(" or unlimited"))
    thousands = round(got * 1000, 6)
    may_part = 1 <= abs(got) < 1000 and thousands.is_integer()
    if may_part and (most is None or thousands <= int(most[1])):
        other = f", or {int(got)} if that is meant" if got.is_integer() else " if thousands are meant"
        return f" (write {int(thousands)}{other})"
    return f" (write {int(got)})" if got.is_integer() else ""
