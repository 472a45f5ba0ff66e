"""A check that every message a test meets is also in Vietnamese."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from surgesim.errors import Problem
from surgesim.report.messages import message_words
from surgesim.report.words import catalogue

QUOTED = re.compile(r"'[^']*'|`[^`]*`|(YAML \(|đọc được \(|CSV \(|JSON \(|một trong |gồm |các khóa ).*")
"""What a message quotes: what the user wrote, keys and choices, and the words of the YAML and CSV readers."""

WORD = re.compile(r"(?<![\w./-])[A-Za-z]{3,}(?![\w./-])")

ALLOWED = {"area", "baseline", "cases", "field", "new", "patients", "private", "public"}
"""Names in the scenarios and files of these tests."""


def english() -> set[str]:
    """The words of the English patterns that no Vietnamese one has."""
    words: tuple[set[str], set[str]] = (set(), set())
    for message in catalogue("vi", "messages"):
        if message.id:
            for found, text in zip(words, (str(message.id), str(message.string)), strict=True):
                found.update(re.findall(r"[A-Za-zÀ-ỹ]+", text))
    return words[0] - words[1] - ALLOWED


ENGLISH = english()


@contextmanager
def no_english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail if a message of a problem met within has English words in Vietnamese."""
    met: set[str] = set()
    init = Problem.__post_init__

    def noted(self: Problem) -> None:
        init(self)
        met.add(self.message)

    with monkeypatch.context() as patch:
        patch.setattr(Problem, "__post_init__", noted)
        yield
    shown = {message: message_words("vi", message) for message in met}
    words = {message: set(WORD.findall(QUOTED.sub("", text))) for message, text in shown.items()}
    left = [message for message, text in shown.items() if text == message or words[message] & ENGLISH]
    assert left == [], [words[message] & ENGLISH for message in left]
