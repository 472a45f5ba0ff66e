"""A check that every message a test meets is also in Vietnamese."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from surgesim.errors import FitError, IdentityError, Problem, ScenarioError, ScoreError, SurgesimError
from surgesim.report.messages import message_words
from surgesim.report.words import catalogue

QUOTED = re.compile(
    r"'[^']*'|`[^`]*`|\[[^\]]*\]|--\S+|pip install|(YAML \(|đọc được: |CSV \(|JSON \(|một trong |gồm "
    r"|các khóa |báo lỗi |thống kê \(|đọc được \(|kiểu |bị hỏng \(|điều phối \(|tiến trình: |bảng tính \("
    r"|hợp lệ \(|surgesim.extension \(|lần nhập \().*"
)
"""What a message quotes: what the user wrote, keys and choices, and the words of the readers of files."""

WORD = re.compile(r"(?<![\w./-])[A-Za-z]{3,}(?![\w./-]|:\w)")

KEYS = {
    *("design", "horizon", "location", "samples", "series", "target", "vary", "patients", "place"),
    *("field", "private", "public", "districts", "facilities", "alternatives", "files", "versions"),
    *("baseline", "bound", "choice", "infections", "later", "name", "new", "probability", "staffed"),
}
"""Arguments, columns, entries, sheets, alternatives, outcomes, facilities and classes without quotes."""


def english() -> set[str]:
    """The words of the English patterns that no Vietnamese one has."""
    words: tuple[set[str], set[str]] = (set(), set())
    for message in catalogue("vi", "messages"):
        if message.id:
            for found, text in zip(words, (str(message.id), str(message.string)), strict=True):
                found.update(re.findall(r"[A-Za-zÀ-ỹ]+", text))
    return words[0] - words[1] - KEYS


ENGLISH = english()


@contextmanager
def no_english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail if a message of an error or a warning met within has English words in Vietnamese."""
    met: set[str] = set()
    of_problem, of_error = Problem.__post_init__, SurgesimError.__init__

    def noted(self: Problem) -> None:
        of_problem(self)
        met.add(self.message)

    def raised(self: SurgesimError, *args: str) -> None:
        of_error(self, *args)
        if not isinstance(self, (ScenarioError, FitError, ScoreError, IdentityError)):
            met.update(args)

    with monkeypatch.context() as patch:
        patch.setattr(Problem, "__post_init__", noted)
        patch.setattr(SurgesimError, "__init__", raised)
        yield
    shown = {message: message_words("vi", message) for message in met}
    words = {message: set(WORD.findall(QUOTED.sub("", text))) for message, text in shown.items()}
    left = [message for message, text in shown.items() if text == message or words[message] & ENGLISH]
    assert left == [], [(message, shown[message], words[message] & ENGLISH) for message in left]
