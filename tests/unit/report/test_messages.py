"""Messages in Vietnamese: patterns of whole sentences, of their parts, and what has none."""

from __future__ import annotations

import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from surgesim.report.messages import message_words, source_words
from surgesim.report.words import catalogue
from surgesim.scenario.door import json_schema

ROOT = Path(__file__).parents[3]


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

    entries = [(str(m.id), str(m.string)) for name in ("messages", "sources") for m in catalogue("vi", name)]
    assert len(entries) > 1000
    assert [english for english, words in entries if english and fields(english) != fields(words)] == []


def sources(tree: Any) -> Iterator[str]:
    """Every source in a file of scenarios or profiles, or in their schema."""
    if isinstance(tree, dict):
        if isinstance(tree.get("source"), str):
            yield tree["source"]
        for each in tree.values():
            yield from sources(each)
    elif isinstance(tree, list):
        for each in tree:
            yield from sources(each)


def test_every_source_that_is_shipped_is_in_vietnamese() -> None:
    files = [*(ROOT / "scenarios").rglob("*.yaml"), *(ROOT / "surgesim/scenario").rglob("*.yaml")]
    trees = [yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader) for file in files]
    found = set(sources([*trees, json_schema()]))
    assert len(found) > 350
    assert [each for each in sorted(found) if source_words("vi", each) == each] == []
    said = source_words("vi", "assumed; one mobile station to 7,000-10,000 people makes 46-66")
    assert said == "giả định; một trạm y tế lưu động cho 7.000-10.000 dân, tức 46-66 trạm"
    assert source_words("vi", "Sở Y tế, 2024") == "Sở Y tế, 2024"
    assert source_words("en", "assumed") == "assumed"


def test_a_path_before_a_message_stays() -> None:
    for place in ("results/my-town", "results", "C:\\results", "x.py"):
        said = message_words("vi", f"{place}: got a file, expected a folder or an unused path")
        assert said == f"{place}: có tệp ở đó, cần một thư mục hoặc đường dẫn chưa dùng"
    assert message_words(
        "vi", "own.py: the outcome 'x' returned None, expected a number: is its `return` missing?"
    ) == ("own.py: kết quả 'x' trả về None, cần một số: có thiếu `return` không?")
