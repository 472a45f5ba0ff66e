"""Every message that the tests of errors and warnings meet is also checked in Vietnamese."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from surgesim.errors import Problem
from surgesim.report.messages import message_words
from surgesim.report.words import catalogue

CHECKED = {
    "test_loading_errors.py", "test_loading_files.py", "test_checks.py", "test_checks_capacity.py",
    "test_checks_epidemic.py", "test_findings.py", "test_levers.py", "test_today_files.py",
    "test_remarks_arrivals.py", "test_death_risk.py", "test_plausibility.py", "test_care_levers.py",
    "test_draws.py", "test_loading_yaml.py", "test_odd_files.py", "test_boundaries.py",
}  # fmt: skip
"""The files whose messages must have no English."""

QUOTED = re.compile(r"'[^']*'|`[^`]*`|(YAML \(|đọc được \(|CSV \(|JSON \(|một trong |gồm |các khóa ).*")
"""What a message quotes: what the user wrote, keys and choices, and the words of the readers of files."""

WORD = re.compile(r"(?<![\w./-])[A-Za-z]{3,}(?![\w./-])")

ALLOWED = {"cases", "field", "patients"}
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


@pytest.fixture(autouse=True)
def _no_english(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if request.path.name not in CHECKED:
        yield
        return
    met: set[str] = set()
    init = Problem.__post_init__

    def noted(self: Problem) -> None:
        init(self)
        met.add(self.message)

    monkeypatch.setattr(Problem, "__post_init__", noted)
    yield
    monkeypatch.undo()
    shown = {message: message_words("vi", message) for message in met}
    words = {message: set(WORD.findall(QUOTED.sub("", text))) for message, text in shown.items()}
    assert [message for message, text in shown.items() if text == message or words[message] & ENGLISH] == []
