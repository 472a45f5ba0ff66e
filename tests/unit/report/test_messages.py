"""Messages in Vietnamese: patterns of whole sentences, of their parts, and what has none."""

from __future__ import annotations

import string

import pytest

from surgesim.report.messages import message_words
from surgesim.report.words import catalogue


@pytest.mark.parametrize(
    ("english", "vietnamese"),
    [
        ("got -1, expected a number from 0 to 1", "nhận được -1, cần một số từ 0 đến 1"),
        (
            "got '50,000', expected a whole number from 1 to 999999999 (write 50000, or 50 if that is meant)",
            "nhận được '50,000', cần một số nguyên từ 1 đến 999999999 (viết 50000, hoặc 50 nếu đúng ý)",
        ),
        ("unknown facility 'feld', did you mean 'field'?", "không có cơ sở 'feld', có phải ý là 'field'?"),
        ("missing, expected a list, each entry text", "thiếu, cần một danh sách, mỗi mục là văn bản"),
        ("has no effect: nobody complies", "không có tác dụng: không ai tuân thủ"),
        ("a message that nobody translated", "a message that nobody translated"),
    ],
)
def test_a_message_is_translated_by_its_parts(english: str, vietnamese: str) -> None:
    assert message_words("vi", english) == vietnamese
    assert message_words("en", english) == english


def test_braces_of_what_a_user_wrote_stay() -> None:
    said = message_words("vi", "got '{x}', expected one of {gamma: {mean, sd}}, never")
    assert said == "nhận được '{x}', cần một trong {gamma: {mean, sd}}, never"


def test_a_translation_has_the_fields_of_its_pattern() -> None:
    def fields(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    entries = [(str(m.id), str(m.string)) for m in catalogue("vi", "messages") if m.id]
    assert len(entries) > 200
    assert [english for english, words in entries if fields(english) != fields(words)] == []
