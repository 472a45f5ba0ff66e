"""From the template to a run, from hostile text to a quoted scalar, and from one week to the next."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from openpyxl import load_workbook
from reference import CASES
from workbook_cases import TODAY, fill, of_scenario, small

import surgesim
from surgesim.errors import ScenarioError
from surgesim.scenario.door import examine
from surgesim.workbook.intake import Intake, read_with
from surgesim.workbook.keys import key_of
from surgesim.workbook.reading.answers import Answers, QuestionsError
from surgesim.workbook.sheets import SHEETS
from surgesim.workbook.template import write_folder


def imported(
    tmp_path: Path, rows: dict[str, list[dict[str, Any]]], name: str = "a", **answers: Any
) -> Intake:
    return surgesim.read_workbook(fill(tmp_path / f"{name}.xlsx", rows), **answers)


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


# -- from the template to a run ----------------------------------------------------------------------


def test_a_workbook_becomes_a_scenario_that_runs(tmp_path: Path) -> None:
    intake = imported(tmp_path, small())
    paths = intake.write(tmp_path / "my-province.yaml")
    assert sorted(path.name for path in paths) == [
        "my-province-answers.json",
        "my-province-census.csv",
        "my-province-history.csv",
        "my-province.yaml",
    ]
    scenario = surgesim.load(tmp_path / "my-province.yaml")
    assert scenario.start == TODAY
    assert scenario.people.districts["o-mon"].population == 128677
    hospital = scenario.care.facilities["benh-vien-1"]
    assert (hospital.beds.oxygen, hospital.covid_share.icu, hospital.convertible_share.icu) == (60, 0.5, 0.8)
    census = scenario.care.initial_census["benh-vien-1"]
    assert (census.oxygen, census.icu) == (18, 3)
    assert census.waiting is not None
    assert census.waiting.oxygen == 2
    assert scenario.past is not None
    np.testing.assert_array_equal(scenario.past.last("deaths", 3), [1, 0, 1])
    one = surgesim.simulate(scenario.overlaid({"days": 5}), seed=1, replication=0)
    assert len(one.province) == 5


def test_a_run_from_a_workbook_can_be_repeated_without_its_files(tmp_path: Path) -> None:
    imported(tmp_path, small()).write(tmp_path / "a.yaml")
    results = surgesim.run(surgesim.load(tmp_path / "a.yaml"), replications=1, days=5)
    assert results.scenario.history is not None
    again = surgesim.load(results.scenario.to_plain())
    assert again.care.initial_census == results.scenario.care.initial_census


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_nine_districts_come_back_from_a_workbook(tmp_path: Path, lang: str) -> None:
    given = surgesim.load(CASES / "nine-districts.yaml")
    path = fill(tmp_path / "nine.xlsx", of_scenario(given), lang)
    surgesim.read_workbook(path).write(tmp_path / "nine.yaml")
    got = surgesim.load(tmp_path / "nine.yaml")
    assert {d.title.vi: d.population for d in got.people.districts.values()} == {
        d.title.vi: d.population for d in given.people.districts.values()
    }
    by_title = {f.title.vi: f for f in got.care.facilities.values()}
    for facility in given.care.facilities.values():
        assert by_title[facility.title.vi].beds == facility.beds
        assert by_title[facility.title.vi].covid_share.oxygen == max(
            facility.covid_share.oxygen, facility.covid_share.icu
        )
    assert len(by_title) == 17
    assert sum(c.oxygen + c.icu for c in got.care.initial_census.values()) == 363
    assert got.past is not None
    assert len(got.past.day) == 28
    assert [rule.action for rule in got.command.plan.values()] == [  # type: ignore[attr-defined]
        "convert_beds",
        "open_facility",
        "measure",
    ]


def test_figures_name_their_sheet_and_cell(tmp_path: Path) -> None:
    text = imported(tmp_path, small()).text
    assert (
        '    o-mon: {title: "Ô Môn", population: 128677, travel_hours: 0.7}  # Districts!A3, B3, C3' in text
    )
    assert "      beds: {basic: 100, oxygen: 60, icu: 10}  # Facilities!E3, F3, G3" in text
    assert (
        '    cai-rang: {title: "Cái Răng", population: 105393, travel_hours: 0}  '
        "# Districts!A4, B4; travel_hours assumed"
    ) in text


def test_empty_cells_are_listed_as_assumed(tmp_path: Path) -> None:
    intake = imported(tmp_path, small())
    head = intake.text.split("\nname:")[0]
    assert "#   - people.districts.*.travel_hours (1)".replace("#   -", "# -") in head
    assert "# - care.facilities.*.beds.basic (1)" in head
    source = intake.scenario.sources["care.facilities.benh-vien-2.beds.basic"]
    assert (source.source, source.confidence) == ("empty in the workbook a.xlsx", "assumed")


def test_the_comments_are_in_the_language_of_the_workbook(tmp_path: Path) -> None:
    text = surgesim.read_workbook(fill(tmp_path / "a.xlsx", small(), "vi")).text
    assert "# Giả định, vì không ô nào cho biết:" in text
    assert "-- Bệnh viện ---" in text


def comments(text: str) -> list[str]:
    return [line.partition("#")[2] for line in text.splitlines() if "#" in line]


def test_no_comment_of_a_vietnamese_workbook_is_english(tmp_path: Path) -> None:
    english = comments(surgesim.read_workbook(fill(tmp_path / "a.xlsx", small(), "en")).text)
    vietnamese = comments(surgesim.read_workbook(fill(tmp_path / "b.xlsx", small(), "vi")).text)
    same = {each.strip() for each in english} & {each.strip() for each in vietnamese}
    assert {
        each for each in same if re.search("[a-z]{3}", each) and not re.match(r"[-\w.]+: ?|- ", each)
    } == set()


@pytest.mark.parametrize(("lang", "names"), [("vi", ["khong-dong", "som-hon-mo"]), ("en", ["without-dong"])])
def test_the_alternatives_at_the_end_can_be_uncommented(tmp_path: Path, lang: str, names: list[str]) -> None:
    rows = small()
    when = {"indicator": "oxygen_occupancy", "above": 0.8}
    rows["plan"] = [{"name": name, "lever": "convert_beds", **when} for name in ("Mở", "Đóng")]
    surgesim.read_workbook(fill(tmp_path / "a.xlsx", rows, lang)).write(tmp_path / "a.yaml")
    path = tmp_path / "a.yaml"
    before, mark, after = path.read_text(encoding="utf-8").partition("# alternatives:\n")
    text = before + "".join(line.removeprefix("# ") for line in (mark + after).splitlines(keepends=True))
    path.write_text(text, encoding="utf-8")
    loaded = surgesim.load(path)
    assert set(names) <= set(loaded.alternatives)
    assert loaded.overlaid(loaded.alternatives[names[0]]).command.plan.keys() == {"mo"}


def test_resources_that_no_hospital_gives_are_remarked(tmp_path: Path) -> None:
    rows = small()
    for row in rows["facilities"]:
        for key in ("ventilators", "doctors", "ward_nurses", "icu_nurses", "plant_nm3_per_hour", "cylinders"):
            row.pop(key, None)
    assert [remark.message for remark in imported(tmp_path, rows).remarks] == [
        "gives no staff for any facility: every bed counts as staffed",
        "gives no ventilators for any facility: every ICU bed counts as supplied",
        "gives no oxygen for any facility: every bed counts as supplied",
    ]


def test_the_text_of_a_file_is_what_was_checked(tmp_path: Path) -> None:
    intake = imported(tmp_path, small())
    intake.write(tmp_path / f"{intake.scenario.name}.yaml")
    loaded = examine(tmp_path / f"{intake.scenario.name}.yaml")
    assert loaded.scenario == intake.scenario
    assert not [w for w in loaded.warnings if "without a source" in w.message and "care" in w.path]


# -- text of cells -----------------------------------------------------------------------------------

HOSTILE = [
    "\n  extends: x",
    "{",
    "#",
    ": ",
    "*a",
    "=1+1",
    "a # b: {c}",
    '"quoted" \\ back',
    "%TAG !",
    "- item",
    "null",
    "&anchor",
    "a\r\nname: b",
    "'",
    "]]",
    "1e3",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_a_cell_is_nothing_but_text(tmp_path: Path, text: str) -> None:
    rows = small()
    rows["province"][0]["name"] = f"P {text}"
    rows["districts"][1]["name"] = rows["facilities"][1]["district"] = f"D {text}"
    rows["facilities"][1]["name"] = f"F {text}"
    rows["sources"] = [{"of": "facilities", "source": f"S {text}"}]
    rows["plan"] = [
        {"name": f"R {text}", "lever": "convert_beds", "indicator": "oxygen_occupancy", "above": 0.7}
    ]
    path = fill(tmp_path / "a.xlsx", rows)
    book = load_workbook(path)
    for cells in book["Facilities"].iter_rows(min_row=4, max_row=4):
        for cell in cells:
            if isinstance(cell.value, str) and cell.value.startswith("="):
                cell.data_type = "s"
    book.save(path)
    surgesim.read_workbook(path).write(tmp_path / "a.yaml")
    text = " ".join(text.split())
    tree = yaml.safe_load((tmp_path / "a.yaml").read_text(encoding="utf-8"))
    assert list(tree) == [
        *("name", "title", "start", "days", "history", "study", "people", "epidemic", "clinical", "care"),
        *("command", "sources"),
    ]
    assert tree["title"] == f"P {text}".strip()
    assert [district["title"] for district in tree["people"]["districts"].values()][1] == f"D {text}".strip()
    assert [each["title"] for each in tree["care"]["facilities"].values()][1] == f"F {text}".strip()
    assert list(tree["care"]) == ["initial_census", "facilities"]
    assert len(tree["care"]["facilities"]) == 2
    assert tree["sources"]["care.facilities"]["source"] == f"S {text}".strip()


def test_a_name_of_a_file_cannot_leave_its_comment(tmp_path: Path) -> None:
    folder = as_folder(tmp_path / "a\nextends: x", small())
    (folder / "districts.csv").rename(folder / "Districts\n.csv")
    text = surgesim.read_workbook(folder).text
    assert "# Districts !A2, B2, C2" in text
    assert "a scenario from the workbook a extends: x" in text
    assert "extends" not in yaml.safe_load(text)


def test_nothing_that_is_written_becomes_a_formula(tmp_path: Path) -> None:
    rows = small()
    rows["facilities"][0]["name"] = rows["census"][0]["facility"] = rows["census"][1]["facility"] = "+1+1 A"
    imported(tmp_path, rows).write(tmp_path / "a.yaml")
    cells = [
        cell
        for name in ("a-census.csv", "a-history.csv")
        for row in csv.reader(lines(tmp_path / name))
        for cell in row
    ]
    assert len(cells) > 40
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@")]


KEYS = {
    "Ô Môn": "o-mon",
    "Bệnh viện Đa khoa  Số 1": "benh-vien-da-khoa-so-1",
    "none": "none-1",
    "File": "file-1",
    "x" * 80: "x" * 60,
    "x" * 59 + " y": "x" * 59,
    "***": "",
    "Straße 2": "strasse-2",
}


@pytest.mark.parametrize(("name", "key"), KEYS.items())
def test_a_key_follows_one_rule(name: str, key: str) -> None:
    assert key_of(name) == key


# -- what can be read in two ways --------------------------------------------------------------------


def running_total() -> dict[str, list[dict[str, Any]]]:
    rows = small()
    for number, row in enumerate(rows["daily"]):
        row["reported_cases"] = 100 + 30 * number + number**2
    return rows


def test_a_running_total_is_asked_about_and_then_read(tmp_path: Path) -> None:
    with pytest.raises(QuestionsError) as caught:
        imported(tmp_path, running_total())
    (question,) = caught.value.questions
    assert question.identity == "daily province reported_cases"
    assert list(question.answers) == ["--cumulative", "--accept Daily!C3"]
    total = imported(tmp_path, running_total(), "b", cumulative=True)
    assert total.scenario.past is not None
    np.testing.assert_array_equal(total.scenario.past.province["reported_cases"][:3], [np.nan, 31, 33])
    daily = imported(tmp_path, running_total(), "c", accept=["daily!c3"])
    assert daily.scenario.past is not None
    np.testing.assert_array_equal(daily.scenario.past.province["reported_cases"][:3], [100, 131, 164])


def test_a_running_total_that_falls_is_an_error(tmp_path: Path) -> None:
    rows = running_total()
    rows["daily"][5]["reported_cases"] = 5
    answers = Answers(cumulative=frozenset(["daily province reported_cases"]))
    with pytest.raises(ScenarioError, match="got 5 after 236, expected a running total that never falls"):
        read_with(fill(tmp_path / "a.xlsx", rows), answers)


NUMBERS = {
    ("128.677", "comma"): 128677,
    ("128,677", "point"): 128677,
    ("1.128.677", None): 1128677,
    ("1 128 677", None): 1128677,
    ("128677", None): 128677,
}


@pytest.mark.parametrize(("given", "people"), NUMBERS.items())
def test_a_number_as_text_is_read_as_its_writer_meant(
    tmp_path: Path, given: tuple[str, str | None], people: int
) -> None:
    rows = small()
    rows["districts"][0]["population"] = given[0]
    scenario = imported(tmp_path, rows, decimal=given[1]).scenario
    assert scenario.people.districts["o-mon"].population == people


@pytest.mark.parametrize(
    ("text", "hours"), [("0,7", 0.7), ("12,5", 12.5), ("1.234,5", 1234.5), ("0.700", 0.7)]
)
def test_a_number_with_one_reading_is_not_asked_about(tmp_path: Path, text: str, hours: float) -> None:
    rows = small()
    rows["districts"][0]["travel_hours"] = text
    assert imported(tmp_path, rows).scenario.people.districts["o-mon"].travel_hours == hours


def test_a_number_against_the_answer_is_an_error(tmp_path: Path) -> None:
    rows = small()
    rows["districts"][0]["travel_hours"] = "0,7"
    with pytest.raises(ScenarioError, match="got '0,7', which does not fit --decimal point"):
        imported(tmp_path, rows, decimal="point")


def test_answers_are_options_with_few_values() -> None:
    with pytest.raises(ScenarioError, match="decimal: got 'dot', expected point or comma"):
        Answers.of(decimal="dot")
    with pytest.raises(ScenarioError, match="dates: got 'ymd', expected dmy or mdy"):
        Answers.of(dates="ymd")


# -- a folder of CSVs --------------------------------------------------------------------------------


def as_folder(
    folder: Path, rows: dict[str, list[dict[str, Any]]], mark: str = ",", encoding: str = "utf-8"
) -> Path:
    folder.mkdir()
    for form in SHEETS:
        with (folder / f"{form.key}.csv").open("w", encoding=encoding, newline="") as file:
            writer = csv.writer(file, delimiter=mark)
            writer.writerow([column.heading("vi") for column in form.columns])
            writer.writerows([[row.get(column.key, "") for column in form.columns] for row in rows[form.key]])
    return folder


FORMS = [(",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-16"), ("|", "utf-8")]


@pytest.mark.parametrize(("mark", "encoding"), FORMS)
def test_csvs_of_any_form_are_the_same_workbook(tmp_path: Path, mark: str, encoding: str) -> None:
    whole = imported(tmp_path, small())
    folder = surgesim.read_workbook(as_folder(tmp_path / "folder", small(), mark, encoding))
    plain = whole.scenario.to_plain()
    assert {**folder.scenario.to_plain(), "sources": {}} == {**plain, "sources": {}}


def test_csvs_with_comma_percent_and_days_first(tmp_path: Path) -> None:
    rows = small()
    rows["facilities"][0] |= {"open_share": "50 %", "convertible_share": "82,5%"}
    for row in rows["daily"]:
        row["date"] = row["date"].strftime("%d/%m/%Y")
    rows["province"][0]["today"] = "29/11/2021"
    scenario = surgesim.read_workbook(as_folder(tmp_path / "folder", rows, ";")).scenario
    assert scenario.start == TODAY
    facility = scenario.care.facilities["benh-vien-1"]
    assert (facility.covid_share.oxygen, facility.convertible_share.oxygen) == (0.5, 0.825)


def test_dates_that_may_begin_with_the_month_are_asked_about(tmp_path: Path) -> None:
    rows = small()
    rows["province"][0]["today"] = "11/12/2021"
    folder = as_folder(tmp_path / "folder", rows)
    with pytest.raises(QuestionsError) as caught:
        surgesim.read_workbook(folder)
    (question,) = caught.value.questions
    assert question.sentence == (
        "got 11/12/2021, which can be read as 2021-12-11 or 2021-11-12; answer with --dates dmy (2021-12-11) "
        "or --dates mdy (2021-11-12)"
    )
    assert surgesim.read_workbook(folder, dates="dmy").scenario.start.isoformat() == "2021-12-11"


BAD_FOLDERS = {
    b"Name,Population\nB\xe9,5\n": (
        "districts.csv: got a byte in line 2 that is not UTF-8, expected text in UTF-8: save as CSV UTF-8"
    ),
    b'Name,Population\n"B,5\n': "districts.csv:2: got a line that is not CSV (unexpected end of data)",
    "Name,Population\n".encode(
        "utf-16-le"
    ): "districts.csv: got UTF-16 without a byte order mark, expected UTF-8",
}


@pytest.mark.parametrize(("content", "message"), BAD_FOLDERS.items())
def test_a_csv_that_cannot_be_read_is_one_sentence(tmp_path: Path, content: bytes, message: str) -> None:
    folder = as_folder(tmp_path / "folder", small())
    (folder / "districts.csv").write_bytes(content)
    with pytest.raises(ScenarioError) as caught:
        surgesim.read_workbook(folder)
    shown = [
        str(problem).replace(f"{folder}/", "").replace(f"{folder}: ", "") for problem in caught.value.problems
    ]
    assert message in shown


def test_a_folder_without_csvs_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="got a folder without CSV files, expected one for each sheet"):
        surgesim.read_workbook(tmp_path)


def test_the_template_as_csvs_is_filled_in_and_read(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    write_folder(folder, "en")
    rows = small()
    for form in SHEETS:
        with (folder / f"{form.key}.csv").open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerows([[row.get(column.key, "") for column in form.columns] for row in rows[form.key]])
    assert surgesim.read_workbook(folder).scenario.people.total == 128677 + 105393


# -- the template ------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_template_has_units_notes_lists_and_an_example(tmp_path: Path, lang: str) -> None:
    book = load_workbook(fill(tmp_path / "a.xlsx", {}, lang))
    assert book.sheetnames == [form.title.get(lang) for form in SHEETS]
    facilities = book[SHEETS[2].title.get(lang)]
    assert facilities["E1"].value == {"vi": "Giường thường (giường)", "en": "Basic beds (beds)"}[lang]
    assert all(cell.comment is not None for cell in facilities[1])
    assert facilities["A2"].value.startswith({"vi": "Ví dụ: ", "en": "Example: "}[lang])
    lists = [rule.formula1 for sheet in book for rule in sheet.data_validations.dataValidation]
    assert len(lists) > 10
    assert all(len(formula) < 256 for formula in lists)
    words = [formula.strip('"').split(",") for formula in lists if formula.startswith('"')]
    known = [
        [label.get(lang) for label in column.choices.values()]
        for form in SHEETS
        for column in form.columns
        if column.choices
    ]
    assert all(choices in words for choices in known)


def test_an_empty_template_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        imported(tmp_path, {})
    assert [problem.path for problem in caught.value.problems] == ["Province", "Districts", "Facilities"]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_what_libreoffice_saves_is_the_same_workbook(tmp_path: Path) -> None:
    path = fill(tmp_path / "a.xlsx", small())
    saved = tmp_path / "saved"
    command = ["soffice", "--headless", "--convert-to", "xlsx", "--outdir", str(saved), str(path)]
    subprocess.run(command, check=True, capture_output=True)
    assert surgesim.read_workbook(saved / "a.xlsx").scenario == surgesim.read_workbook(path).scenario


# -- from one week to the next -----------------------------------------------------------------------


def next_week() -> dict[str, list[dict[str, Any]]]:
    rows = small()
    later = TODAY + timedelta(days=7)
    rows["province"][0]["today"] = later
    rows["census"][0]["patients"] = 25
    rows["daily"] += [
        {"date": TODAY + timedelta(days=day), "reported_cases": 40, "deaths": 1} for day in range(7)
    ]
    return rows


def test_an_update_changes_the_csvs_and_the_infections_and_nothing_else(tmp_path: Path) -> None:
    imported(tmp_path, small()).write(tmp_path / "town.yaml")
    scenario = tmp_path / "town.yaml"
    edited = scenario.read_text(encoding="utf-8").replace("days: 120", "days: 30  # by hand")
    scenario.write_text(edited, encoding="utf-8")
    before = {path.name: path.read_bytes() for path in tmp_path.glob("town*")}
    imported(tmp_path, next_week(), "b").update(scenario)
    after = {path.name: path.read_bytes() for path in tmp_path.glob("town*")}
    assert {name for name in after if after[name] != before.get(name)} == {
        "town-census.csv",
        "town-history.csv",
        "town.yaml",
    }
    fresh = imported(tmp_path, next_week(), "fresh").scenario.epidemic
    assert fresh is not None
    assert fresh.initial_infections == {"o-mon": 770, "cai-rang": 630}
    expected = edited.replace("o-mon: 596", "o-mon: 770").replace("cai-rang: 489", "cai-rang: 630")
    assert scenario.read_text(encoding="utf-8") == expected
    loaded = surgesim.load(scenario)
    assert (loaded.start, loaded.days) == (TODAY + timedelta(days=7), 30)
    assert loaded.care.initial_census["benh-vien-1"].oxygen == 25
    assert loaded.past is not None
    np.testing.assert_array_equal(loaded.past.last("reported_cases", 7), [40] * 7)


def test_an_update_says_what_it_derives_anew(tmp_path: Path) -> None:
    imported(tmp_path, small()).write(tmp_path / "town.yaml")
    (remark,) = imported(tmp_path, next_week(), "b").changes(tmp_path / "town.yaml").remarks
    assert remark.path == "epidemic.initial_infections"
    assert remark.message == "were 1085 in total, and are now 1400: from the cases of the last week"


def test_an_update_keeps_infections_changed_by_hand_and_says_so(tmp_path: Path) -> None:
    imported(tmp_path, small()).write(tmp_path / "town.yaml")
    scenario = tmp_path / "town.yaml"
    edited = scenario.read_text(encoding="utf-8").replace("o-mon: 596", "o-mon: 50")
    scenario.write_text(edited, encoding="utf-8")
    intake = imported(tmp_path, next_week(), "b")
    (remark,) = intake.changes(scenario).remarks
    assert remark.message == (
        "stay 539 in total, as they do not follow from the earlier reports; a new import would give 1400: "
        "{o-mon: 770, cai-rang: 630}"
    )
    intake.update(scenario)
    assert scenario.read_text(encoding="utf-8") == edited


def test_an_update_says_that_the_source_of_the_census_is_another(tmp_path: Path) -> None:
    first, second = (
        rows | {"sources": [{"of": "census", "source": f"Handover of {day} November"}]}
        for rows, day in ((small(), 29), (small(), 30))
    )
    imported(tmp_path, first).write(tmp_path / "town.yaml")
    (remark,) = imported(tmp_path, second, "b").changes(tmp_path / "town.yaml").remarks
    assert remark.path == "sources.care.initial_census"
    assert remark.message == (
        "stays 'Handover of 29 November', but the workbook has 'Handover of 30 November': change it here"
    )


def test_an_update_adds_reports_to_a_scenario_without_any(tmp_path: Path) -> None:
    imported(tmp_path, small() | {"daily": []}).write(tmp_path / "town.yaml")
    assert "initial_infections: {o-mon: 64, cai-rang: 53}  # assumed" in (tmp_path / "town.yaml").read_text(
        encoding="utf-8"
    )
    imported(tmp_path, next_week(), "b").update(tmp_path / "town.yaml")
    loaded = surgesim.load(tmp_path / "town.yaml")
    assert loaded.past is not None
    np.testing.assert_array_equal(loaded.past.last("reported_cases", 7), [40] * 7)
    text = (tmp_path / "town.yaml").read_text(encoding="utf-8")
    assert "initial_infections: {o-mon: 770, cai-rang: 630}  # from the cases of the last week" in text


def test_an_update_finds_hospitals_by_title(tmp_path: Path) -> None:
    imported(tmp_path, small()).write(tmp_path / "town.yaml")
    scenario = tmp_path / "town.yaml"
    text = scenario.read_text(encoding="utf-8").replace("    benh-vien-1:", "    general:")
    scenario.write_text(text, encoding="utf-8")
    census = tmp_path / "town-census.csv"
    census.write_text(census.read_text(encoding="utf-8").replace("benh-vien-1", "general"), encoding="utf-8")
    imported(tmp_path, next_week(), "b").update(scenario)
    assert surgesim.load(scenario).care.initial_census["general"].oxygen == 25


def test_an_update_lists_hospitals_that_it_cannot_match_and_changes_nothing(tmp_path: Path) -> None:
    imported(tmp_path, small()).write(tmp_path / "town.yaml")
    before = {path.name: path.read_bytes() for path in tmp_path.glob("town*")}
    rows = next_week()
    for number in (3, 4):
        rows["facilities"].append(
            {"name": f"Bệnh viện {number}", "district": "Ô Môn", "oxygen": 20, "open_share": 1}
        )
        rows["census"].append({"facility": f"Bệnh viện {number}", "bed": "oxygen", "patients": 1})
    intake = imported(tmp_path, rows, "b")
    with pytest.raises(ScenarioError) as caught:
        intake.update(tmp_path / "town.yaml")
    assert [problem.message for problem in caught.value.problems] == [
        "has no facility with the key benh-vien-3 or the title 'Bệnh viện 3', which b.xlsx has",
        "has no facility with the key benh-vien-4 or the title 'Bệnh viện 4', which b.xlsx has",
    ]
    assert {path.name: path.read_bytes() for path in tmp_path.glob("town*")} == before


def test_an_update_needs_a_scenario_that_names_files(tmp_path: Path) -> None:
    intake = imported(tmp_path, small())
    (tmp_path / "own.yaml").write_text("name: own\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="names no file, so there is none to update"):
        intake.update(tmp_path / "own.yaml")


def test_an_update_needs_a_census(tmp_path: Path) -> None:
    imported(tmp_path, small()).write(tmp_path / "town.yaml")
    intake = imported(tmp_path, next_week() | {"census": []}, "b")
    with pytest.raises(ScenarioError, match="got no rows in the sheet census, expected today's patients"):
        intake.update(tmp_path / "town.yaml")


def test_answers_are_kept_for_the_next_time(tmp_path: Path) -> None:
    imported(tmp_path, running_total(), cumulative=True).write(tmp_path / "a.yaml")
    kept = json.loads((tmp_path / "a-answers.json").read_text(encoding="utf-8"))
    assert kept["cumulative"] == ["daily province reported_cases"]
    answers = Answers().over(Answers.kept_in(tmp_path / "a-answers.json"))
    again = read_with(fill(tmp_path / "b.xlsx", running_total()), answers)
    assert again.answers.cumulative == frozenset(["daily province reported_cases"])


@pytest.mark.parametrize("text", ["", "[]", '{"decimal": 5}', "[" * 100_000])
def test_a_file_that_holds_no_answers_is_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "a-answers.json").write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match="got a file without the answers of an import"):
        Answers.kept_in(tmp_path / "a-answers.json")


def test_a_workbook_without_census_and_reports_is_a_scenario_too(tmp_path: Path) -> None:
    rows = small() | {"census": [], "daily": []}
    paths = imported(tmp_path, rows).write(tmp_path / "My Town.yaml")
    assert [path.name for path in paths] == ["my-town-answers.json", "My Town.yaml"]
    scenario = surgesim.load(tmp_path / "My Town.yaml")
    assert (scenario.name, scenario.start, scenario.past) == ("my-town", TODAY, None)
    assert scenario.epidemic is not None
    assert scenario.epidemic.initial_infections == {"o-mon": 64, "cai-rang": 53}


def test_reports_by_district_give_the_infections_of_each(tmp_path: Path) -> None:
    rows = small()
    rows["daily"] = [
        {"date": TODAY - timedelta(days=back), "district": name, "reported_cases": cases}
        for back in range(14, 0, -1)
        for name, cases in (("Ô Môn", 10 + back % 2), ("Cái Răng", 30 - back % 2))
    ]
    scenario = imported(tmp_path, rows).scenario
    assert scenario.epidemic is not None
    assert scenario.epidemic.initial_infections == {"o-mon": 370, "cai-rang": 1030}
    assert scenario.past is not None
    np.testing.assert_array_equal(scenario.past.last("reported_cases", 7), [40] * 7)


def test_nothing_is_written_over_another_file(tmp_path: Path) -> None:
    intake = imported(tmp_path, small())
    (tmp_path / "town-census.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(ScenarioError, match="exists already"):
        intake.write(tmp_path / "town.yaml")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.xlsx", "town-census.csv"]


def test_more_than_twice_the_beds_can_be_accepted_once_and_for_all(tmp_path: Path) -> None:
    rows = small()
    rows["census"].append({"facility": "Bệnh viện 1", "bed": "basic", "patients": 250})
    with pytest.raises(QuestionsError) as caught:
        imported(tmp_path, rows)
    (question,) = caught.value.questions
    assert question.message == "got 250 patients for 100 basic beds, more than twice as many"
    accepted = imported(tmp_path, rows, "b", accept=["Census!C5"])
    assert accepted.scenario.care.initial_census["benh-vien-1"].basic == 250
    rows["census"].insert(0, rows["census"].pop())  # in another row next week
    again = read_with(fill(tmp_path / "c.xlsx", rows), accepted.answers)
    assert again.scenario == accepted.scenario.model_copy(update={"sources": again.scenario.sources})
