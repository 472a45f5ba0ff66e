"""The glossary uses the words of the catalogues and names that exist in files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from surgesim.report.words import catalogue
from surgesim.scenario.messages.shape import at

DOCS = Path(__file__).parents[3] / "docs"


class Entry(NamedTuple):
    english: str
    vietnamese: str
    names: tuple[str, ...]


def entries() -> list[Entry]:
    page = (DOCS / "glossary.md").read_text("utf-8")
    rows = re.findall(r"^\| (?!term)(.+?) \| (.+?) \| (`.+?`) \| ", page, re.M)
    return [Entry(term, vietnamese, tuple(re.findall(r"`(.+?)`", names))) for term, vietnamese, names in rows]


def of_tables() -> set[str]:
    """Columns, outcomes and indicators of the data dictionary, without what follows a colon."""
    page = (DOCS / "data-dictionary.md").read_text("utf-8")
    return {name.partition(":")[0] for name in re.findall(r"^\| `(.+?)` \|", page, re.M)}


TEXTS = {
    lang: {str(message.id): str(message.string).casefold() for message in catalogue(lang)}
    for lang in ("en", "vi")
}
for said in (message for name in ("help", "messages") for message in catalogue("vi", name)):
    for lang, words in (("en", said.id), ("vi", said.string)):  # keys that are the English text itself
        TEXTS[lang][str(said.id)] = str(words).casefold()


def with_term(lang: str, term: str) -> set[str]:
    """The messages of a language that use a term."""
    return {key for key, text in TEXTS[lang].items() if term.casefold() in text}


def test_the_glossary_has_entries() -> None:
    assert len(entries()) > 35


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.english)
def test_every_name_is_one_of_a_scenario_or_of_a_table(entry: Entry) -> None:
    columns = of_tables()
    unknown = [n for n in entry.names if n not in columns and at(tuple(n.split("."))) is None]
    assert unknown == []


TRANSLATED = [entry for entry in entries() if with_term("en", entry.english)]


def test_most_terms_are_used_in_the_product() -> None:
    assert len(TRANSLATED) >= 0.8 * len(entries())


@pytest.mark.parametrize("entry", TRANSLATED, ids=lambda entry: entry.english)
def test_a_term_is_translated_as_in_the_product(entry: Entry) -> None:
    assert with_term("en", entry.english) & with_term("vi", entry.vietnamese)
