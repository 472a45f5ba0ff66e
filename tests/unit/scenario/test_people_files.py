"""The CSVs of contacts and of people by age: read, checked and embedded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from loading_cases import SMALL, replaced

import surgesim
from surgesim.errors import ScenarioError
from surgesim.scenario.door import dump, examine
from surgesim.scenario.loading import people_files, profile_tables
from surgesim.scenario.schema.base import AGE_GROUPS, SETTINGS

FILES = replaced(
    "  ages: vietnam-2020\n  contacts: vietnam-2021\n",
    "  ages: {file: ages.csv}\n  contacts: {file: contacts.csv}\n",
)
PEOPLE = (260, 240, 180, 140, 90, 50, 28, 10, 2)


def contacts(change: Callable[[str, int, int], object] = lambda setting, row, column: 1) -> str:
    """Return a file of contacts whose cells are the results of `change`."""
    rows = [f"setting,age,{','.join(AGE_GROUPS)}"]
    for setting in SETTINGS:
        for row, age in enumerate(AGE_GROUPS):
            cells = (str(change(setting, row, column)) for column in range(len(AGE_GROUPS)))
            rows.append(f"{setting},{age},{','.join(cells)}")
    return "\n".join(rows) + "\n"


def cell(text: object) -> str:
    """Return a file of contacts with `text` as the contacts of 10-19 with 20-29 at school, on line 12."""
    return contacts(lambda *at: text if at == ("school", 1, 2) else 1)


def balanced(setting: str, row: int, column: int) -> float:
    """Return contacts that both sides report in equal number."""
    return 1 if row == column else PEOPLE[column] / 1000


AGES = "age,people\n" + "".join(f"{age},{people}\n" for age, people in zip(AGE_GROUPS, PEOPLE, strict=True))
CONTACTS = contacts(balanced)


def scenario(folder: Path, *, table: str = CONTACTS, ages: str | bytes = AGES, text: str = FILES) -> Path:
    """Write a small scenario with both files into a folder."""
    (folder / "small.yaml").write_text(text, encoding="utf-8")
    (folder / "contacts.csv").write_text(table, encoding="utf-8")
    (folder / "ages.csv").write_bytes(ages if isinstance(ages, bytes) else ages.encode())
    return folder / "small.yaml"


def errors(path: Path) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        surgesim.load(path)
    return [str(problem).replace(f"{path.parent}/", "") for problem in caught.value.problems]


def test_the_values_of_the_files_are_those_of_the_scenario(tmp_path: Path) -> None:
    people = surgesim.load(scenario(tmp_path)).people
    assert people.ages == pytest.approx([number / 1000 for number in PEOPLE])
    assert people.contacts.school[2] == pytest.approx([0.26, 0.24, 1, 0.14, 0.09, 0.05, 0.028, 0.01, 0.002])


def test_rows_and_columns_may_come_in_any_order(tmp_path: Path) -> None:
    def backwards(text: str) -> str:
        header, *rows = text.splitlines()
        return "\n".join(";".join(reversed(row.split(","))) for row in (header, *reversed(rows)))

    given = surgesim.load(scenario(tmp_path)).people
    turned = scenario(tmp_path, table=backwards(CONTACTS), ages=backwards(AGES))
    assert surgesim.load(turned).people == given


def test_a_table_to_70_and_over_has_eight_groups(tmp_path: Path) -> None:
    table = profile_tables.read("kenya-2017").figures
    ages = people_files.TO_OLD
    rows = [
        f"{setting},{age},{','.join(map(str, table[setting][row]))}"
        for setting in SETTINGS
        for row, age in enumerate(ages)
    ]
    text = "\n".join([f"setting,age,{','.join(ages)}", *rows])
    read = surgesim.load(scenario(tmp_path, table=text)).people.contacts
    assert read.model_dump(mode="json") == table


def test_a_result_needs_neither_file(tmp_path: Path) -> None:
    loaded = surgesim.load(scenario(tmp_path))
    (tmp_path / "alone.yaml").write_text(dump(loaded), encoding="utf-8")
    for name in ("contacts.csv", "ages.csv"):
        (tmp_path / name).unlink()
    assert surgesim.load(tmp_path / "alone.yaml") == loaded


def test_the_last_of_file_and_profile_counts(tmp_path: Path) -> None:
    (tmp_path / "with-profiles.yaml").write_text(SMALL, encoding="utf-8")
    path = scenario(tmp_path)
    child = tmp_path / "child.yaml"
    child.write_text(
        "extends: with-profiles.yaml\npeople: {ages: {file: ages.csv}, contacts: {file: contacts.csv}}"
    )
    assert surgesim.load(child).people == surgesim.load(path).people
    child.write_text("extends: small.yaml\npeople: {ages: vietnam-2020, contacts: vietnam-2021}")
    assert surgesim.load(child).people == surgesim.loads(SMALL).people


def test_an_alternative_can_name_the_files(tmp_path: Path) -> None:
    path = scenario(tmp_path, text=SMALL + "alternatives: {young: {people: {ages: {file: ages.csv}}}}\n")
    assert surgesim.load(path).alternative("young").people.ages[0] == pytest.approx(0.26)


ALL_AGES = f"the age groups {', '.join(AGE_GROUPS)}"
COLUMNS = f"{', '.join(AGE_GROUPS[:7])}, and either 70-79 and 80+ or 70+"
NUMBER = "expected a number from 0 to"
EMPTY = "got an empty file, expected a header and rows"

BAD_CONTACTS = {
    "negative": (cell(-1), 12, f"got -1 for 10-19 with 20-29 (school), {NUMBER} 1000"),
    "nan": (cell("nan"), 12, f"got 'nan' for 10-19 with 20-29 (school), {NUMBER} 1000"),
    "text": (cell("few"), 12, f"got 'few' for 10-19 with 20-29 (school), {NUMBER} 1000"),
    "gap": (
        cell(""),
        12,
        "got an empty value for 10-19 with 20-29 (school), expected a number (0 if there are none)",
    ),
    "no such setting": (
        contacts().replace("school,10-19", "schools,10-19"),
        12,
        "got setting 'schools', expected one of home, school, work, community",
    ),
    "other ages": (
        "setting,age,0-4,5-9,10-14,15-19\n",
        1,
        f"got columns for the ages 0-4, 5-9, 10-14, …, expected {COLUMNS}",
    ),
    "no ages": ("setting,age\n", 1, f"got columns for no ages, expected {COLUMNS}"),
    "another age in a row": (
        contacts().replace("school,10-19", "school,10-14"),
        12,
        f"got age '10-14', expected one of {ALL_AGES}",
    ),
    "a row twice": (
        contacts().replace("school,10-19", "school,0-9"),
        12,
        "got 0-9 of school twice, on lines 11 and 12",
    ),
    "too few rows": (
        "".join(row for row in contacts().splitlines(True) if not row.startswith("school,10-19")),
        1,
        "got 8 rows for school, expected 9, one for each age",
    ),
    "too few cells": (
        contacts().replace("school,10-19,1", "school,10-19"),
        12,
        "got 10 values, expected 11, as in the header",
    ),
    "no settings": (contacts().replace("setting", "place"), 1, "got no column setting, expected one"),
    "empty": ("", 1, EMPTY),
    "zeros": (
        contacts(lambda setting, row, column: int(row != 1)),
        3,
        "got only zeros for age 10-19, expected contacts, because people of this age live here",
    ),
}


@pytest.mark.parametrize("name", BAD_CONTACTS)
def test_bad_contacts_are_one_sentence_with_the_cell(tmp_path: Path, name: str) -> None:
    text, line, message = BAD_CONTACTS[name]
    expected = f"contacts.csv:{line}: people.contacts.file: {message}"
    assert expected in errors(scenario(tmp_path, table=text))


BAD_AGES: dict[str, tuple[str | bytes, int, str]] = {
    "negative": (AGES.replace(",260", ",-260"), 2, f"got -260 for people of 0-9, {NUMBER} 999999999"),
    "nan": (AGES.replace(",260", ",NaN"), 2, f"got 'NaN' for people of 0-9, {NUMBER} 999999999"),
    "gap": (
        AGES.replace(",260", ","),
        2,
        "got an empty value for people of 0-9, expected a number (0 if there are none)",
    ),
    "other ages": (AGES.replace("0-9", "0-4"), 2, f"got age '0-4', expected one of {ALL_AGES}"),
    "too few": (AGES.replace("80+,2\n", ""), 1, "got no row for 80+, expected one for each age group"),
    "twice": (AGES.replace("10-19", "0-9"), 3, "got 0-9 twice, on lines 2 and 3"),
    "nobody": (
        "age,people\n" + "".join(f"{age},0\n" for age in AGE_GROUPS),
        1,
        "got 0 people of all ages, expected some",
    ),
    "unknown column": ("age,people,share\n", 1, "unknown column 'share', expected one of age, people"),
    "not UTF-8": (b"age,people\n0-9,\xff\n", 2, "got the byte 0xff, expected text in UTF-8"),
    "empty": ("", 1, EMPTY),
}


@pytest.mark.parametrize("name", BAD_AGES)
def test_bad_ages_are_one_sentence_with_the_line(tmp_path: Path, name: str) -> None:
    text, line, message = BAD_AGES[name]
    assert f"ages.csv:{line}: people.ages.file: {message}" in errors(scenario(tmp_path, ages=text))


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = scenario(tmp_path, ages=" " * (people_files.MAX_BYTES + 1))
    assert errors(path) == [
        "small.yaml:9: people.ages.file: got a file of 1.0 MB, expected at most 1 MB: ages.csv"
    ]


def test_a_profile_beside_a_file_is_refused(tmp_path: Path) -> None:
    both = FILES.replace("contacts: {", "contacts: {profile: vietnam-2021, ")
    assert errors(scenario(tmp_path, text=both)) == [
        "small.yaml:10: people.contacts.file: "
        "got the profile 'vietnam-2021' and a file, expected only one of the two"
    ]


def test_a_key_beside_a_file_of_ages_is_unknown(tmp_path: Path) -> None:
    text = FILES.replace("{file: ages.csv}", "{file: ages.csv, total: 5}")
    assert errors(scenario(tmp_path, text=text)) == [
        "small.yaml:9: people.ages.total: unknown key 'total', expected file"
    ]


def test_tables_of_all_settings_beside_a_file_are_refused(tmp_path: Path) -> None:
    loaded = surgesim.load(scenario(tmp_path)).to_plain()
    with pytest.raises(ScenarioError, match="got a file and tables for all settings, expected only one"):
        surgesim.load({**loaded, "people.contacts": {"file": str(tmp_path / "contacts.csv")}})


def test_points_that_may_separate_thousands_are_a_remark(tmp_path: Path) -> None:
    warnings = examine(scenario(tmp_path, ages=AGES.replace(",260", ",1.260"))).warnings
    assert [w.message for w in warnings if w.path == "people.ages.file"] == [
        "got 1.260 for people, read as 1.26 (if thousands were meant, write 1260)"
    ]


def one_sided(more: float, less: float) -> str:
    """Return contacts that 30-39 report `more` and 10-19 `less` times the equal number."""
    factors = {(3, 1): more, (1, 3): less}
    return contacts(lambda *at: balanced(*at) * factors.get(at[1:], 1))


@pytest.mark.parametrize(
    ("table", "remark"),
    [
        (one_sided(3, 1.01), None),
        (one_sided(4, 0.5), "30-39 report 8 times as many contacts with 10-19 as 10-19 report with 30-39"),
        (one_sided(1, 0), "30-39 report contacts with 10-19, but 10-19 report none with 30-39"),
    ],
)
def test_contacts_that_are_not_reciprocal_are_a_remark(
    tmp_path: Path, table: str, remark: str | None
) -> None:
    expected = "expected at most 3 times as many: the run uses the mean of the two"
    warnings = examine(scenario(tmp_path, table=table)).warnings
    about = [warning.message for warning in warnings if warning.path == "people.contacts"]
    assert about == ([] if remark is None else [f"{remark}, {expected}"])


def test_the_table_of_a_profile_causes_no_remark(tmp_path: Path) -> None:
    """The published German table is far from reciprocal."""
    german = SMALL.replace("vietnam-2020", "germany-2020").replace("vietnam-2021", "germany-2017")
    warnings = examine(scenario(tmp_path, text=german)).warnings
    assert [w.message for w in warnings if w.path == "people.contacts"] == []
