"""A user's text is text: what no text may hold, and what is written where a text was mistyped."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from loading_cases import SMALL, line_of, refused, replaced, told, written

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.door import from_plain, load, overlaid
from surgesim.scenario.messages.finding import nearest

SOURCES = "sources:\n  people.districts.*.population: {source: census, confidence: official}\n"
SUPPLY = "supply: {consumables: {masks: {title: Masks, unit: sets, use: {oxygen_bed: 6}}}}\n"
PLANS = "alternatives:\n  more: {care: {facilities: {field: {title: More}}}}\n"
RICH = SMALL + SUPPLY + PLANS + SOURCES

TEXTS = [
    ("en: Small}", "en: {}}}", "title.en"),
    ("{title: Town,", "{{title: {},", "people.districts.town.title"),
    ("title: General", "title: {}", "care.facilities.general.title"),
    ("unit: sets", "unit: {}", "supply.consumables.masks.unit"),
    ("source: census", "source: {}", "sources.people.districts.*.population.source"),
    ("title: More", "title: {}", "alternatives.more.care.facilities.field.title"),
    ("days: 60", "days: 60\ndescription: {{vi: Một, en: {}}}", "description.en"),
    ("{indicator: oxygen_need_7d_per_100k", "{{title: {}, indicator: oxygen_need_7d_per_100k",
     "command.thresholds.oxygen.title"),
    ("      action:", "      title: {}\n      action:", "command.plan.open-field.title"),
]  # fmt: skip
"""Where a text of the user's own stands, how another is written there, and its path."""

INVISIBLE = {
    r"\e[31mred": "U+001B",
    r"a\u202eb": "U+202E (RIGHT-TO-LEFT OVERRIDE)",
    r"a\u2066b": "U+2066 (LEFT-TO-RIGHT ISOLATE)",
    r"a\u200fb": "U+200F (RIGHT-TO-LEFT MARK)",
    r"a\u200bb": "U+200B (ZERO WIDTH SPACE)",
    r"a\ufeffb": "U+FEFF (ZERO WIDTH NO-BREAK SPACE)",
    r"a\U000E0041b": "U+E0041 (TAG LATIN CAPITAL LETTER A)",
    r"a\u2028b": "U+2028 (LINE SEPARATOR)",
    r"a\x85b": "U+0085",
    r"a\x00b": "U+0000",
    r"a\rb": "U+000D",
    r"a\ufdd0b": "U+FDD0",
    r"a\U0001ffffb": "U+1FFFF",
}
"""What no text may hold, as YAML escapes it, and its name."""


@pytest.mark.parametrize(("old", "new", "path"), TEXTS)
@pytest.mark.parametrize(
    ("text", "name"), [(r"\e[2Jx", "U+001B"), (r"\u2067x", "U+2067 (RIGHT-TO-LEFT ISOLATE)")]
)
def test_no_text_holds_what_cannot_be_seen_wherever_it_stands(
    tmp_path: Path, old: str, new: str, path: str, text: str, name: str
) -> None:
    changed = new.format(f'"{text}"')
    whole = replaced(old, changed, RICH)
    [problem] = refused(tmp_path, whole)
    assert (problem.path, problem.line) == (path, line_of(f'"{text}"', whole))
    assert problem.message.startswith(f"got the invisible character {name}")


@pytest.mark.parametrize(("text", "name"), INVISIBLE.items())
def test_each_invisible_character_is_named(tmp_path: Path, text: str, name: str) -> None:
    message = f"got the invisible character {name}, expected none in a text"
    whole = replaced("title: General", f'title: "{text}"')
    assert told(tmp_path, whole) == [("care.facilities.general.title", message)]


@pytest.mark.parametrize(("old", "new", "path"), TEXTS)
@pytest.mark.parametrize("text", ["", "  ", r"\t\n", r"\u00a0"])
def test_no_text_is_blank(tmp_path: Path, old: str, new: str, path: str, text: str) -> None:
    whole = replaced(old, new.format(f'"{text}"'), RICH)
    assert told(tmp_path, whole) == [(path, "got a blank text, expected words")]


@pytest.mark.parametrize(
    "text", ["$5m of $8m", r"\\alpha", "100 %", "{}", "_x^2", "=1+1", r"a\u00a0b", "Ô Môn – “đỏ” 🏥", r"a\nb"]
)
def test_other_texts_are_taken_as_they_are(tmp_path: Path, text: str) -> None:
    scenario = load(written(tmp_path, replaced("title: General", f'title: "{text}"')))
    expected = text.encode().decode("unicode_escape") if "\\" in text else text
    assert scenario.care.facilities["general"].title.get("en") == expected


@pytest.mark.parametrize("text", ["a\x1bb", "a\ud800b", "a\u202eb", "  "])
def test_python_may_not_give_such_texts_either(tmp_path: Path, text: str) -> None:
    small = load(written(tmp_path, SMALL))
    with pytest.raises(ScenarioError) as caught:
        overlaid(small, {"title": {"en": text}})
    assert [problem.path for problem in caught.value.problems] == ["title.en"]
    with pytest.raises(ScenarioError, match=r"people\.districts\.town\.title"):
        from_plain({**small.to_plain(), "people": {"districts": {"town": {"title": text, "population": 9}}}})


def test_a_text_given_decomposed_is_composed(tmp_path: Path) -> None:
    small = overlaid(load(written(tmp_path, SMALL)), {"title": unicodedata.normalize("NFD", "Ô Môn")})
    assert small.title.get("vi") == unicodedata.normalize("NFC", "Ô Môn")


@pytest.mark.parametrize(
    ("raw", "code"), [("\x1b", "U+001B"), ("\x00", "U+0000"), ("\x07", "U+0007"), ("\ufffe", "U+FFFE")]
)
def test_a_control_character_itself_is_told_with_its_line(tmp_path: Path, raw: str, code: str) -> None:
    text = replaced("title: General", f"title: Gen{raw}eral")
    [problem] = refused(tmp_path, text)
    assert problem.message == f"got text that is not YAML (it contains the invisible character {code})"
    assert problem.line == line_of("title: Gen", text)


# -- messages -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("days: 60", r'"da\e[2Jys\u202e": 60'),
        ("town: {title", r'"to\e]0;wn\u2066\a": {title'),
        ("general:", r'"gene\u200bral\e[1m":'),
        ("ownership: public", r'ownership: "pub\e[1m\u202elic"'),
        ("days: 60", r"days: 60" + "\n" + r'extends: "no\e[1m\u202e.yaml"'),
    ],
)
def test_what_a_terminal_acts_on_is_printed_escaped(tmp_path: Path, old: str, new: str) -> None:
    problems = refused(tmp_path, replaced(old, new))
    assert problems
    text = "".join(map(str, problems))
    assert text.isprintable()
    assert "\\x1b" in text


def test_a_problem_keeps_the_letters_of_the_language() -> None:
    problem = Problem("care.Ô Môn\x1b", "got 'đỏ'\u00a0– x\u2028", "a\u202e.yaml", 3)
    assert str(problem) == "a\\u202e.yaml:3: care.Ô Môn\\x1b: got 'đỏ'\u00a0– x\\u2028"
    assert problem.path == "care.Ô Môn\x1b"


@pytest.mark.parametrize(
    ("name", "known", "near"),
    [
        ("Ô Môn", ["o-mon", "ninh-kieu"], "o-mon"),
        ("Đống Đa", ["dong-da", "ba-dinh"], "dong-da"),
        ("Rạch Giá", ["rach-gia", "phu-quoc"], "rach-gia"),
        (unicodedata.normalize("NFD", "Phú Quốc"), ["rach-gia", "phu-quoc"], "phu-quoc"),
        ("Ệ Ộ", ["isle", "e-o"], "e-o"),
        ("TOWN", ["isle", "town"], "town"),
        ("Cà Mau", ["rach-gia"], None),
    ],
)
def test_near_names_match_without_diacritics(name: str, known: list[str], near: str | None) -> None:
    assert nearest(name, known) == near


def test_a_title_where_a_name_is_expected_leads_to_the_name(tmp_path: Path) -> None:
    text = SMALL.replace("town:", "o-mon:").replace("district: town", "district: Ô Môn")
    found = told(tmp_path, text)
    assert ("care.facilities.general.district", "unknown district 'Ô Môn', did you mean 'o-mon'?") in found


@pytest.mark.parametrize(
    ("old", "new", "path", "write"),
    [
        ("covid_share: 0.3", "covid_share: 20 %", "care.facilities.general.covid_share", "0.2"),
        ("covid_share: 0.3", "covid_share: {icu: 5%}", "care.facilities.general.covid_share.icu", "0.05"),
        ("{work: 0.5}", "{work: '12,5 %'}", "epidemic.measures.distancing.reduces.work", "0.125"),
        ("above: 0.8", "above: 100%", "command.plan.open-field.when.above", "1"),
    ],
)
def test_a_share_in_per_cent_is_told_as_it_is_written(
    tmp_path: Path, old: str, new: str, path: str, write: str
) -> None:
    [(got, message)] = told(tmp_path, replaced(old, new))
    assert got == path
    assert message.endswith(f" (write {write})")


@pytest.mark.parametrize(
    ("old", "new"), [("covid_share: 0.3", "covid_share: 150 %"), ("icu: 10", "icu: 20 %")]
)
def test_per_cent_of_what_is_no_share_has_no_such_hint(tmp_path: Path, old: str, new: str) -> None:
    [(_, message)] = told(tmp_path, replaced(old, new))
    assert "write" not in message


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("title: General", "title: Ward: over", 'a text with a colon, as in "a: b"'),
        ("title: Isle", "title: {en: Isle: far}", 'a text with a colon, as in "a: b"'),
        ("title: General", "title: Plan B:", 'a text with a colon, as in "a: b"'),
        ("title: General", "title: @home", "a text that begins with @"),
        ("title: General", "title: %1", "a text that begins with %"),
    ],
)
def test_a_text_that_needs_quotes_is_told_so(tmp_path: Path, old: str, new: str, hint: str) -> None:
    text = replaced(old, new)
    [problem] = refused(tmp_path, text)
    assert problem.message.endswith(f", expected quotes around {hint}")
    assert problem.line == line_of(new, text)


@pytest.mark.parametrize(
    ("care", "message"),
    [
        ("care: {facilities: {}}\n", "got an empty mapping, expected at least 1 entry, each "),
        ("care:\n  facilities:\n", "missing, expected a mapping of named entries, each "),
    ],
)
def test_without_a_facility_it_is_told_what_one_is(tmp_path: Path, care: str, message: str) -> None:
    head = SMALL[: SMALL.index("care:")] + care
    assert told(tmp_path, head) == [
        ("care.facilities", f"{message}a mapping with title, district, ownership, beds, …")
    ]


def test_a_facility_that_is_not_there_is_told_with_those_there_are(tmp_path: Path) -> None:
    path = "command.plan.open-field.facilities.0"
    for name, message in {
        "feild": "unknown facility 'feild', did you mean 'field'?",
        "clinic-9": "unknown facility 'clinic-9', expected one of general, field",
    }.items():
        text = replaced("facilities: [field]", f"facilities: [{name}]")
        assert told(tmp_path, text) == [(path, message)]


LONG = "commune-health-station-of-a-ward-with-a-rather-long-name-number-001"


def test_a_name_too_long_is_told_its_limit(tmp_path: Path) -> None:
    [(_, message), *_] = told(tmp_path, replaced("    general:", f"    {LONG}:"))
    assert (
        message
        == f"got the name {LONG!r}, expected a short name of a-z, 0-9 and hyphens, at most 60 characters"
    )
