"""The catalogues hold every word in both languages, and numbers and dates are in the language's form."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from matplotlib.font_manager import FontProperties, findfont, get_font

from surgesim.model.outcomes import OUTCOMES
from surgesim.model.record import CONSTRAINTS, STATES
from surgesim.report import words
from surgesim.scenario.schema.indicators import INDICATORS
from surgesim.study.measures.breaches import SITUATION
from surgesim.study.measures.compare import FIRST_DAY
from surgesim.study.sensitivity import FIRST, FIRST_CORRECTED, PARTIAL, RANK, TOTAL, TOTAL_CORRECTED

INDICES = (FIRST, TOTAL, FIRST_CORRECTED, TOTAL_CORRECTED, RANK, PARTIAL)
REPORT = Path(words.__file__).parent
NAMED = [
    *(f"constraint.{name}" for name in CONSTRAINTS),
    *(f"state.{name}" for name in STATES),
    *(f"indicator.{name}{part}" for name in INDICATORS for part in ("", ".unit")),
    *(f"outcome.{outcome.name}{part}" for outcome in OUTCOMES for part in ("", ".unit")),
    *(f"{section}.{index}" for index in INDICES for section in ("sensitivity", "drivers")),
    *(f"outcome.{FIRST_DAY}{SITUATION}{part}" for part in ("", ".unit")),
    *(f"column.{end}_all" for end in ("p5", "p95")),
    *(f"figure.{name}_all" for name in ("first_breach", "first_breach_title")),
    *(f"short.{name}_all" for name in ("first", "days")),
    *(f"table.{name}.note_all" for name in ("spread", "facility_beds")),
    *("full.heading_all", "screen.breaches_note_all"),
]
"""Keys of what the program has names for."""

KEY = re.compile(r"[a-z]+\.[\w.-]+")


def faults(catalogue: Catalog, other: Catalog) -> Iterator[str]:
    """What a reader of `catalogue` would miss: entries that are absent, empty, fuzzy or lack a field."""
    absent = {str(m.id) for m in other if m.id} - {str(m.id) for m in catalogue if m.id}
    yield from (f"{key}: absent" for key in sorted(absent))
    yield from (f"{key}: obsolete" for key in catalogue.obsolete)
    for message in catalogue:
        if not message.id:
            continue
        if not message.string:
            yield f"{message.id}: empty"
        if message.fuzzy:
            yield f"{message.id}: fuzzy"
        same = other.get(message.id)
        if same is not None and fields(str(same.string)) != fields(str(message.string)):
            yield f"{message.id}: fields {fields(str(message.string))} and {fields(str(same.string))}"


def fields(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field}


@pytest.fixture(scope="module")
def catalogues() -> dict[str, Catalog]:
    return {lang: words.catalogue(lang) for lang in words.LANGUAGES}


@pytest.mark.parametrize(("lang", "other"), [("en", "vi"), ("vi", "en")])
def test_a_catalogue_lacks_nothing(catalogues: dict[str, Catalog], lang: str, other: str) -> None:
    assert list(faults(catalogues[lang], catalogues[other])) == []


def test_what_a_catalogue_lacks_is_seen(catalogues: dict[str, Catalog]) -> None:
    spoilt = words.catalogue("vi")
    spoilt.delete("constraint.nurses")
    spoilt["constraint.space"].flags.add("fuzzy")
    spoilt["constraint.doctors"].string = ""
    spoilt["figure.replications"].string = "lần mô phỏng"
    assert list(faults(spoilt, catalogues["en"])) == [
        "constraint.nurses: absent",
        "constraint.space: fuzzy",
        "constraint.doctors: empty",
        "figure.replications: fields set() and {'n'}",
    ]


def test_every_file_is_free_of_double_entries() -> None:
    for lang in words.LANGUAGES:
        text = (words.LOCALE / lang / "LC_MESSAGES" / "surgesim.po").read_text(encoding="utf-8")
        keys = re.findall(r'^msgid "(.+)"$', text, flags=re.MULTILINE)
        assert len(keys) == len(set(keys)), lang


def keys_in_code() -> set[str]:
    """Every text of the code and the templates that looks like a key; its changing parts as ``*``."""
    found = set()
    for path in (*REPORT.rglob("*.py"), *REPORT.with_name("cli").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        parts = {
            id(part) for text in ast.walk(tree) if isinstance(text, ast.JoinedStr) for part in text.values
        }
        for node in ast.walk(tree):
            if id(node) in parts:
                continue
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                found.add("".join(p.value if isinstance(p, ast.Constant) else "*" for p in node.values))  # type: ignore[misc]
    for path in REPORT.rglob("*.j2"):
        for key in re.findall(r"""["']([a-z]+\.[\w.-]*(?:["'] ~ \w+)?)""", path.read_text(encoding="utf-8")):
            found.add(re.sub(r"""["'] ~ \w+""", "*", key))
    sections = {str(message.id).split(".")[0] for message in words.catalogue("en") if message.id}
    return {
        key
        for key in found
        if "." in key
        and key.split(".")[0] in sections
        and key != "figure.figsize"  # a setting of Matplotlib
        and not re.search(r" |\.(j2|css|csv|html|typ|pdf|docx)$", key)
    }


def test_every_key_of_the_code_has_its_words(catalogues: dict[str, Catalog]) -> None:
    known = {str(message.id) for message in catalogues["en"]}
    plain = {key for key in keys_in_code() if "*" not in key and KEY.fullmatch(key)}
    assert len(plain) > 50
    assert sorted(plain - known) == []
    assert sorted(set(NAMED) - known) == []


def test_no_words_are_left_over(catalogues: dict[str, Catalog]) -> None:
    used = keys_in_code()
    patterns = [re.compile(re.escape(key).replace(r"\*", r"[\w-]+")) for key in used if "*" in key]
    keys = {str(message.id) for message in catalogues["en"] if message.id} - used - set(NAMED)
    assert sorted(key for key in keys if not any(p.fullmatch(key) for p in patterns)) == []


@pytest.mark.parametrize("lang", words.LANGUAGES)
def test_a_missing_phrase_fails(lang: str) -> None:
    with pytest.raises(KeyError, match="no_such_phrase"):
        words.phrase(lang, "figure.no_such_phrase")


def test_every_letter_is_in_the_font(catalogues: dict[str, Catalog]) -> None:
    font = get_font(findfont(FontProperties(family="DejaVu Sans")))
    letters = {letter for c in catalogues.values() for m in c for letter in str(m.string)} - {"\n"}
    assert not [letter for letter in letters if ord(letter) not in font.get_charmap()]


@pytest.mark.parametrize(
    ("value", "english", "vietnamese"),
    [
        (0, "0", "0"),
        (-0.0, "0", "0"),
        (1e-12, "0.000", "0,000"),
        (450, "450", "450"),
        (1234.5, "1,234", "1.234"),
        (6.25, "6.25", "6,25"),
        (0.05, "0.05", "0,05"),
        (-1200, "\N{MINUS SIGN}1,200", "\N{MINUS SIGN}1.200"),
    ],
)
def test_numbers(value: float, english: str, vietnamese: str) -> None:
    assert words.number(value, "en") == english
    assert words.number(value, "vi") == vietnamese


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0%"), (0.001, "< 1%"), (0.5, "50%"), (0.996, "> 99%"), (1.0, "100%")],
)
def test_percentages_never_round_to_certainty(share: float, text: str) -> None:
    for lang in words.LANGUAGES:
        assert words.percent(share, lang).replace(words.NBSP, " ") == text


def test_dates_are_written_as_each_language_does() -> None:
    day = date(2024, 3, 5)
    assert words.day_month(day, "en").replace(words.NBSP, " ") == "5 Mar"
    assert words.day_month(day, "vi") == "05/03"
    assert words.month_year(day, "en").replace(words.NBSP, " ") == "Mar 2024"
    assert words.month_year(day, "vi") == "03/2024"
    assert words.day_text(day, "en").replace(words.NBSP, " ") == "5 Mar 2024"
    assert words.day_text(day, "vi") == "05/03/2024"


@pytest.mark.parametrize("same", [-4 / 7, 1234.5, 0.001])
def test_a_difference_that_is_the_same_in_every_run_has_no_digits_of_rounding(same: float) -> None:
    assert words.common_decimals(same, same - 3e-15 * abs(same), same + 3e-15 * abs(same)) <= 4
