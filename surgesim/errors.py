"""Errors a user can cause.

SurgesimError
├── ScenarioError      the scenario (or its files) cannot be used; carries every problem found
├── ResultsError       a result folder cannot be read or written
└── IdentityError      a conservation identity broke during a run: a defect of the program
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass


class SurgesimError(Exception):
    """Root of all errors that surgesim raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a scenario: where, what was got, what is allowed.

    Attributes
    ----------
    path
        Dotted path in the scenario, e.g. ``care.facilities.vinmec-phu-quoc.beds.icu``;
        empty where the problem is the file itself.
    message
        One clear sentence: ``got …, expected …``.
    file, line
        Where it stands (line 1 is the first); None where it has no place in a file.
    detail
        What the message counts, one by one; empty where it tells all. It is no part of the text.
    """

    path: str
    message: str
    file: str | None = None
    line: int | None = None
    detail: str = ""

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        return escaped(": ".join(part for part in (place, self.path, self.message) if part))


def escaped(text: str) -> str:
    """`text` with what a terminal would act on, or not show, as Python writes it: ``\\x1b``."""
    if text.isprintable():
        return text
    return "".join(
        letter
        if letter.isprintable() or unicodedata.category(letter) == "Zs"
        else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )


class ScenarioError(SurgesimError):
    """A scenario that cannot be used, with all of its problems at once."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))

    def __reduce__(self) -> tuple[type[ScenarioError], tuple[list[Problem]]]:
        return type(self), (list(self.problems),)


class ResultsError(SurgesimError):
    """A result folder that is missing, damaged or cannot be written."""


class IdentityError(SurgesimError):
    """A conservation identity (docs/model.md) that did not hold: what, where and when."""

    def __init__(self, identity: str, where: str, day: int, detail: str) -> None:
        self.identity, self.where, self.day, self.detail = identity, where, day, detail
        super().__init__(f"identity {identity!r} broke in {where} on day {day}: {detail}")

    def __reduce__(self) -> tuple[type[IdentityError], tuple[str, str, int, str]]:
        return type(self), (self.identity, self.where, self.day, self.detail)
