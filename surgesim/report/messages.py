"""Messages about scenarios and results in Vietnamese: patterns of the English sentences and their parts.

The English message is written where the problem is found. The catalogue ``messages.po`` has its patterns, so
that a message without one is shown in English rather than not at all. ``sources.po`` has those of the sources
of the scenarios and their defaults.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

from surgesim.report.words import catalogue

_PATH: Final = re.compile(
    r"(\S*[\w*][./\\]\S*|(?:[A-Z]:)?[/\\][^:]*"
    r"|\S+(?=: (?:got|is|contains|cannot|damaged|missing|lacks|has|not)[ ,])): (.*)",
    re.DOTALL,
)
"""A message about a path of the scenario, a file or a folder, which stays as it is."""

_FIELD: Final = re.compile(r"\{\{|\}\}|\{(\w+)\}")
_REGEX: Final = {"n": r"\S+?", "d": r"\S+?", "v": r".+?", "w": r".+?", "p": r".+?", "q": r".+?"}
"""What a field stands for, by the first letter of its name; ``d`` is a number that gets Vietnamese marks."""

_TRANSLATED: Final = ("p", "q")
_DEEPEST: Final = 8

_NUMBER: Final = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_NUMBERS: Final = re.compile(rf"{_NUMBER}(?:-{_NUMBER})?")
_MARKS: Final = str.maketrans(",.", ".,")


class _Pattern(NamedTuple):
    regex: re.Pattern[str]
    words: str


def message_words(lang: str, message: str) -> str:
    """Return a message in `lang`; a part without a pattern stays in English."""
    return message if lang == "en" else _message(message, _DEEPEST)


def source_words(lang: str, source: str) -> str:
    """Return the source of a figure in `lang`; names of documents and a user's own words stay the same."""
    return source if lang == "en" else _source(source, _DEEPEST)


def _message(text: str, depth: int) -> str:
    lines = text.splitlines()
    if len(lines) > 1 and all(map(_PATH.fullmatch, lines)):
        return "\n".join(_message(line, depth) for line in lines)
    about = _PATH.fullmatch(text)
    if about is not None:
        return f"{about[1]}: {_message(about[2], depth)}"
    words = _by_pattern(text, depth, _message, "messages")
    if words == text and len(lines) > 1:
        return "\n".join(_message(line, depth) for line in lines)
    return words


def _source(text: str, depth: int) -> str:
    """Return a source in Vietnamese; numbers that stand for themselves get Vietnamese marks."""
    if _NUMBERS.fullmatch(text):
        return text.translate(_MARKS)
    return _by_pattern(text, depth, _source, "sources")


def _by_pattern(text: str, depth: int, part: Callable[[str, int], str], name: str) -> str:
    """Return a text by the first pattern of a catalogue that fits; `part` translates its parts."""
    translated = _TRANSLATED if name == "messages" else (*_TRANSLATED, "n")
    for pattern in _patterns(name) if depth else ():
        found = pattern.regex.fullmatch(text)
        if found is not None:
            fields = {
                field: part(value, depth - 1) if field[0] in translated else _marked(field, value)
                for field, value in found.groupdict().items()
            }
            return pattern.words.format(**fields)
    return text


def _marked(field: str, value: str) -> str:
    return value.translate(_MARKS) if field[0] == "d" and _NUMBERS.fullmatch(value) else value


@lru_cache(maxsize=2)
def _patterns(name: str) -> tuple[_Pattern, ...]:
    """Return the patterns of a catalogue, those with the most letters of their own first."""
    entries = [(str(m.id), str(m.string)) for m in catalogue("vi", name) if m.id]
    entries.sort(key=lambda entry: -len(_FIELD.sub("", entry[0])))
    return tuple(_Pattern(_regex(english), words) for english, words in entries)


def _regex(english: str) -> re.Pattern[str]:
    parts, at = [], 0
    for field in _FIELD.finditer(english):
        parts.append(re.escape(english[at : field.start()]))
        name = field[1]
        parts.append(re.escape(field[0][0]) if name is None else f"(?P<{name}>{_REGEX[name[0]]})")
        at = field.end()
    parts.append(re.escape(english[at:]))
    return re.compile("".join(parts), re.DOTALL)
