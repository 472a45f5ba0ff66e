"""Messages about scenarios and results in Vietnamese: patterns of the English sentences and their parts.

The English message is written where the problem is found. The catalogue ``messages.po`` has its patterns, so
that a message without one is shown in English rather than not at all.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from surgesim.report.words import catalogue

_PATH: Final = re.compile(
    r"(\S*[\w*][./\\]\S*|\S+(?=: (?:got|is|contains|cannot|damaged|missing|lacks|has|not) )): (.*)", re.DOTALL
)
"""A message about a path of the scenario, a file or a folder, which stays as it is."""

_FIELD: Final = re.compile(r"\{\{|\}\}|\{(\w+)\}")
_REGEX: Final = {"n": r"\S+?", "v": r".+?", "w": r".+?", "p": r".+?", "q": r".+?"}
"""What a field stands for, by the first letter of its name."""

_TRANSLATED: Final = ("p", "q")
_DEEPEST: Final = 8


class _Pattern(NamedTuple):
    regex: re.Pattern[str]
    words: str


def message_words(lang: str, message: str) -> str:
    """Return a message in `lang`; a part without a pattern stays in English."""
    return message if lang == "en" else _words(message, _DEEPEST)


def _words(text: str, depth: int) -> str:
    about = _PATH.fullmatch(text)
    if about is not None:
        return f"{about[1]}: {_words(about[2], depth)}"
    for pattern in _patterns() if depth else ():
        found = pattern.regex.fullmatch(text)
        if found is not None:
            fields = {
                name: _words(value, depth - 1) if name[0] in _TRANSLATED else value
                for name, value in found.groupdict().items()
            }
            return pattern.words.format(**fields)
    lines = text.splitlines()
    return "\n".join(_words(line, depth) for line in lines) if len(lines) > 1 else text


@lru_cache(maxsize=1)
def _patterns() -> tuple[_Pattern, ...]:
    """Return the patterns, those with the most letters of their own first."""
    entries = [(str(m.id), str(m.string)) for m in catalogue("vi", "messages") if m.id]
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
