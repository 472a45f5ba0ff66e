"""YAML 1.2 composing: the traps of YAML 1.1 and of hostile files, each with its line."""

from __future__ import annotations

import math
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from loading_cases import SMALL, replaced, written

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.door import compose, inspect, load
from surgesim.scenario.loading.yaml_nodes import MAX_BYTES, MAX_DEPTH, MAX_VALUES, read_file, resolve
from surgesim.scenario.messages.finding import Location


def value(text: str) -> Any:
    return compose(f"x: {text}", "f.yaml").value["x"]


def problems(text: str) -> list[Problem]:
    with pytest.raises(ScenarioError) as caught:
        compose(text, "f.yaml")
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("NO", "NO"),
        ("1:30", "1:30"),
        ("2024-02-28", "2024-02-28"),
        ("1_000", "1_000"),
        ("0,5", "0,5"),
        ("0b11", "0b11"),
        ("", None),
        ("~", None),
        ("null", None),
        ("NULL", None),
        ("nULL", "nULL"),
        ("true", True),
        ("FALSE", False),
        ("tRUE", "tRUE"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("-7", -7),
        ("+7", 7),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-1.5E-2", -0.015),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("'1'", "1"),
        ('"true"', "true"),
        ("! 5", "5"),
        ("!!str 5", "5"),
        ("|\n  5", "5"),
    ],
)
def test_scalars_are_read_by_the_core_schema_of_yaml_1_2(text: str, expected: object) -> None:
    got = value(text)
    assert got == expected
    assert type(got) is type(expected)


def test_not_a_number_is_read_as_one() -> None:
    assert math.isnan(value(".NaN"))


def test_keys_are_text_whatever_they_look_like() -> None:
    assert compose("{no: 1, 010: 2, null: 3, 2024-01-01: 4}", "f").value == {
        "no": 1,
        "010": 2,
        "null": 3,
        "2024-01-01": 4,
    }


def test_a_number_of_many_digits_is_refused_where_it_stands() -> None:
    [problem] = problems("a: 1\nb: " + "9" * 5000)
    assert problem == Problem("b", "got a number of 5000 characters, expected at most 100", "f.yaml", 2)
    with pytest.raises(ValueError, match="5000 characters"):
        resolve("9" * 5000)


def test_every_value_has_its_line() -> None:
    document = compose("a: 1\nb:\n  c: [1,\n      2]\n  d: {e: 5}\n", "f.yaml")
    lines = {path: place.line for path, place in document.locations.items()}
    assert lines == {
        ("a",): 1,
        ("b",): 2,
        ("b", "c"): 3,
        ("b", "c", 0): 3,
        ("b", "c", 1): 4,
        ("b", "d"): 5,
        ("b", "d", "e"): 5,
    }
    assert document.locations["b", "c"] == Location("f.yaml", 3)


def test_of_two_equal_keys_both_lines_are_named() -> None:
    assert problems("a:\n  k: 1\n  l: 2\n  k: 3\nb: {x: 1, x: 2}\n") == [
        Problem("a", "got the key 'k' twice, on lines 2 and 4", "f.yaml", 4),
        Problem("b", "got the key 'x' twice, on lines 5 and 5", "f.yaml", 5),
    ]


def test_a_name_composed_or_decomposed_is_one_key() -> None:
    nfc, nfd = unicodedata.normalize("NFC", "Kiên"), unicodedata.normalize("NFD", "Kiên")
    assert nfc != nfd
    [problem] = problems(f"{nfc}: 1\n{nfd}: 2\n")
    assert problem.message == f"got the key '{nfc}' twice, on lines 1 and 2"
    assert compose(f"{nfd}: {nfd}", "f").value == {nfc: nfc}


def test_a_tab_in_the_indentation_is_named() -> None:
    assert problems("a:\n\tb: 1\n") == [
        Problem("", "got a tab in the indentation, expected spaces", "f.yaml", 2)
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: [1, 2\nb: 3\n", 2),
        ("a: 'x\nb: 1\n", 3),
        ("a: b: c\n", 1),
        ("a: &x 1\nb: %\n", 2),
        ("a: 1\nb: \x00\n", 2),
    ],
)
def test_what_is_not_yaml_is_told_with_its_line(text: str, line: int) -> None:
    [problem] = problems(text)
    assert problem.message.startswith("got text that is not YAML (")
    assert problem.line == line


def test_a_second_document_is_refused() -> None:
    assert problems("a: 1\n---\nb: 2\n")[0].message == "got a second document, expected only one in a file"


@pytest.mark.parametrize(
    "text", ["a: !!python/object:os.system x", "a: !date 2024-01-01", "a: !x [1]", "a: !!int 5"]
)
def test_tags_are_refused(text: str) -> None:
    [problem] = problems(text)
    assert problem.path == "a"
    assert "expected a value without a tag" in problem.message


@pytest.mark.parametrize("text", ["? [a]\n: 1", "? {a: 1}\n: 2\nb: 3"])
def test_a_key_that_is_no_name_is_refused(text: str) -> None:
    assert [problem.message for problem in problems(text)] == [
        "got a key that is a list, mapping or alias, expected a name"
    ]


def test_an_alias_repeats_its_anchor() -> None:
    assert compose("a: &x {b: [1, 2]}\nc: *x\n", "f").value == {"a": {"b": [1, 2]}, "c": {"b": [1, 2]}}


@pytest.mark.parametrize("text", ["a: *x\n", "a: &x [*x]\n"])
def test_an_alias_without_an_anchor_before_it_is_refused(text: str) -> None:
    assert problems(text)[0].message == "got the alias *x, expected its anchor before it"


def test_aliases_that_would_expand_to_a_hundred_million_values_are_refused() -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 8)]
    text = "\n".join(lines)
    assert len(text) < 500
    [problem] = problems(text)
    assert problem.message == f"got more than {MAX_VALUES} values (an alias counts each time it is used)"
    assert problem.line == 6


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_a_hundred_thousand_levels_are_refused_and_the_program_lives(opening: str) -> None:
    [problem] = problems(opening * 100_000)
    assert problem.message == f"got values nested deeper than {MAX_DEPTH} levels"


def test_as_many_levels_as_allowed_are_read() -> None:
    assert compose("[" * MAX_DEPTH + "]" * MAX_DEPTH, "f").value
    problems("[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2))


def test_a_file_of_five_megabytes_is_not_read(tmp_path: Path) -> None:
    path = written(tmp_path, b"# " + b"x" * 5_000_000)
    with pytest.raises(ScenarioError, match=r"got a file of 5.0 MB, expected at most 4 MB"):
        read_file(path, "s.yaml")
    assert read_file(written(tmp_path, b"a: 1 #".ljust(MAX_BYTES)), "s.yaml").value == {"a": 1}


@pytest.mark.parametrize(
    ("content", "message", "line"),
    [
        (b"", "got an empty file, expected the sections of a scenario", 1),
        (b"# nothing\n", "got an empty file, expected the sections of a scenario", 1),
        (b"- 1\n- 2\n", "got a list of 2 values, expected the sections of a scenario", 1),
        (b"word", "got 'word', expected the sections of a scenario", 1),
        ("name: Kiên Giang".encode("cp1258"), "got the byte 0xea, expected text in UTF-8", 1),
        (b"name: x\ntitle: \xff\n", "got the byte 0xff, expected text in UTF-8", 2),
    ],
)
def test_a_file_that_is_no_scenario_is_told_so(
    tmp_path: Path, content: bytes, message: str, line: int
) -> None:
    path = written(tmp_path, content)
    with pytest.raises(ScenarioError) as caught:
        load(path)
    assert list(caught.value.problems) == [Problem("", message, str(path), line)]


def test_a_folder_and_a_missing_file_are_told_so(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="got a folder, expected a file"):
        load(tmp_path)
    with pytest.raises(ScenarioError, match="got the name of a file that does not exist"):
        load(tmp_path / "s.yaml")
    with pytest.raises(ScenarioError, match=r"does not exist|cannot be read"):
        load(tmp_path / ("x" * 5000))


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = written(tmp_path, b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    assert load(path) == load(written(tmp_path, SMALL, "t.yaml"))


@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        ("days: 60", "days: 1e3", "days", "got 1000.0, expected a whole number from 1 to 20000 (write 1000)"),
        ("days: 60", "days: 0", "days", "got 0, expected a whole number from 1 to 20000"),
        ("r0: 3", "r0: 3,5", "epidemic.variant.5", "unknown key '5'"),
        (
            "r0: 3",
            "r0: '3,5'",
            "epidemic.variant.r0",
            "got '3,5', expected a number from 0 to 1000 (use a decimal point: 3.5)",
        ),
        (
            "r0: 3",
            "r0: [3,5]",
            "epidemic.variant.r0",
            "got a list of 2 values, expected a number from 0 to 1000",
        ),
        ("r0: 3", "r0: .nan", "epidemic.variant.r0", "got nan, expected a number from 0 to 1000"),
        ("r0: 3", "r0: .inf", "epidemic.variant.r0", "got inf, expected a number from 0 to 1000"),
        ("r0: 3", "r0: 1e999", "epidemic.variant.r0", "got inf, expected a number from 0 to 1000"),
        (
            "island: true",
            "island: yes",
            "people.districts.isle.island",
            "got 'yes', expected true or false (write true)",
        ),
        ("island: true", "island: 1", "people.districts.isle.island", "got 1, expected true or false"),
        ("2024-01-01", "2024-02-30", "start", "got 2024-02-30, which is not a calendar date"),
        (
            "2024-01-01",
            "01/02/2024",
            "start",
            "got '01/02/2024', expected a date such as 2024-03-31 (year-month-day)",
        ),
        ("2024-01-01", "20240101", "start", "got 20240101, expected a date such as 2024-03-31"),
        ("2024-01-01", "9999-12-31", "start", "got 9999-12-31, expected a year from 1900 to 2199"),
    ],
)
def test_what_a_number_or_date_cannot_be(tmp_path: Path, old: str, new: str, path: str, message: str) -> None:
    text = replaced(old, new)
    with pytest.raises(ScenarioError) as caught:
        load(written(tmp_path, text))
    [problem] = caught.value.problems
    assert problem.path == path
    assert problem.message.startswith(message)
    assert problem.line == text[: text.index(new)].count("\n") + 1


def test_a_decimal_comma_inside_braces_or_brackets_is_hinted_at(tmp_path: Path) -> None:
    text = replaced("  ages: vietnam-2020", "  ages: [0,1, 0,1, 0,1, 0,1, 0,1, 0,1, 0,1, 0,1, 0,2]")
    hint = "(a comma splits one value into two: write 0.5, not 0,5)"
    with pytest.raises(ScenarioError) as caught:
        load(written(tmp_path, text))
    [problem] = caught.value.problems
    assert problem.message == f"got 18 values, expected 9, one per age group 0-9 to 80+ {hint}"
    for new in ("r0: 3,5", "r0: [3,5]"):
        with pytest.raises(ScenarioError) as caught:
            load(written(tmp_path, replaced("r0: 3", new)))
        assert caught.value.problems[0].message.endswith(hint)


@pytest.mark.parametrize(
    ("text", "doubted"),
    [
        ("10.000", True),
        ("1.500", True),
        ("-40.250", True),
        ("0.125", False),
        ("1.354", False),
        ("22.9", False),
        ("1500.000", False),
        ("'10.000'", False),
    ],
)
def test_a_point_that_may_part_thousands_is_doubted(text: str, doubted: bool) -> None:
    document = compose(f"a:\n  b: [1, {text}]\n", "f.yaml")
    assert [(doubt.path, doubt.location) for doubt in document.doubts] == [
        (("a", "b", 1), Location("f.yaml", 2))
    ] * doubted
    if doubted:
        assert text.replace(".", "") in document.doubts[0].message


def test_doubts_are_warnings_of_a_scenario_and_of_what_is_set(tmp_path: Path) -> None:
    scenario, warnings = inspect(written(tmp_path, SMALL.replace("r0: 3", "r0: 3.250")))
    assert scenario.epidemic is not None
    assert scenario.epidemic.variant.r0 == 3.25
    assert [w.path for w in warnings if "thousands" in w.message] == ["epidemic.variant.r0"]
    _, warnings = inspect(written(tmp_path, SMALL), changes=["epidemic.variant.r0=3.250"])
    told = [w for w in warnings if "thousands" in w.message]
    assert [(w.path, w.file) for w in told] == [("epidemic.variant.r0", "--set")]
