"""The errors that surgesim raises.

SurgesimError
├── ScenarioError      the scenario (or its files) cannot be used; lists every problem found
├── FitError           the data or priors cannot be used for a fit; lists every problem found
├── ScoreError         the forecasts or the observed data cannot be scored; lists every problem found
├── ResultsError       a result folder cannot be read or written
├── ExtensionError     an extension cannot be loaded, does not fit the scenario, or fails in a run
└── IdentityError      a conservation identity failed during a run: a bug in the program
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

MOST_PROBLEMS = 50
"""Maximum number of problems printed for one scenario; the others are counted."""

MOST_LETTERS = 80
"""Maximum number of letters of a user's text, such as a name, that a message shows."""

_QUOTED = re.compile(r"(?<!\w)(['\"])((?:(?!\1).){81,})\1")
_LONG_WORD = re.compile(r"[^\s/\\'\"]{81,}")


class SurgesimError(Exception):
    """Base class of all errors that surgesim raises deliberately."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem in a scenario: where it is, what was found and what is allowed.

    Attributes
    ----------
    path
        Dotted path in the scenario, e.g. ``care.facilities.vinmec-phu-quoc.beds.icu``; empty if the problem
        is the file itself.
    message
        One clear sentence: ``got …, expected …``.
    file, line
        Position in a file (the first line is 1); None if the value is in no file.
    detail
        A list of the items that the message only counts; empty if it counts none. ``str(problem)`` omits it.
    """

    path: str
    message: str
    file: str | None = None
    line: int | None = None
    detail: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", ".".join(map(cut, self.path.split("."))))
        object.__setattr__(self, "message", with_short_names(self.message))

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        return escaped(": ".join(part for part in (place, self.path, self.message) if part))


def cut(text: str) -> str:
    """Return `text` cut to `MOST_LETTERS` letters, ending in an ellipsis if letters are left out."""
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"


def with_short_names(message: str) -> str:
    """Return `message` with quoted texts and words cut to `MOST_LETTERS`; file paths are not cut."""
    if len(message) <= MOST_LETTERS:
        return message
    quoted = _QUOTED.sub(lambda found: f"{found[1]}{cut(found[2])}{found[1]}", message)
    return _LONG_WORD.sub(lambda found: cut(found[0]), quoted)


def listed(texts: Sequence[str]) -> str:
    """Return up to `MOST_PROBLEMS` of the texts, one per line, and a last line that counts the others."""
    more = len(texts) - MOST_PROBLEMS
    return "\n".join([*texts[:MOST_PROBLEMS], *([f"and {more} more"] if more > 0 else [])])


def escaped(text: str) -> str:
    """Return `text` with control and invisible characters replaced by Python escapes, such as ``\\x1b``."""
    if text.isprintable():
        return text
    return "".join(
        letter
        if letter.isprintable() or unicodedata.category(letter) == "Zs"
        else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )


class ScenarioError(SurgesimError):
    """Raised if a scenario cannot be used; lists all of its problems."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(listed([str(problem) for problem in problems]))

    def __reduce__(self) -> tuple[type[ScenarioError], tuple[list[Problem]]]:
        return type(self), (list(self.problems),)


class FitError(SurgesimError):
    """Raised if data or priors cannot be used for a fit; lists all of their problems."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(listed([str(problem) for problem in problems]))

    def __reduce__(self) -> tuple[type[FitError], tuple[list[Problem]]]:
        return type(self), (list(self.problems),)


class ScoreError(SurgesimError):
    """Raised if forecasts or observed data cannot be scored; lists all of their problems."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(listed([str(problem) for problem in problems]))

    def __reduce__(self) -> tuple[type[ScoreError], tuple[list[Problem]]]:
        return type(self), (list(self.problems),)


class ResultsError(SurgesimError):
    """Raised if a result folder is missing or damaged, or cannot be written."""


class ExtensionError(SurgesimError):
    """Raised if an extension cannot be loaded, does not fit the scenario, or fails in a run.

    Attributes
    ----------
    traceback
        The extension's traceback, as text; empty if no error was raised inside the extension.
    """

    def __init__(self, message: str, traceback: str = "") -> None:
        self.traceback = traceback
        super().__init__(message)

    def __reduce__(self) -> tuple[type[ExtensionError], tuple[str, str]]:
        return type(self), (str(self), self.traceback)


class IdentityError(SurgesimError):
    """Raised if a conservation identity fails (docs/model.md); the message names it, and where and when."""

    def __init__(self, identity: str, where: str, day: int, detail: str) -> None:
        self.identity, self.where, self.day, self.detail = identity, where, day, detail
        super().__init__(f"identity {identity!r} failed in {where} on day {day}: {detail}")

    def __reduce__(self) -> tuple[type[IdentityError], tuple[str, str, int, str]]:
        return type(self), (self.identity, self.where, self.day, self.detail)
