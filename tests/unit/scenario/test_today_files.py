"""The CSVs of the patients and the reports of today: read, checked and embedded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import surgesim
from surgesim.errors import ScenarioError
from surgesim.scenario.door import dump, examine, json_schema, starter

CENSUS = """\
date,facility,bed,patients,waiting,days_in_bed
2024-03-01,general,oxygen,20,3,4.5
2024-03-01,general,icu,2,,
2024-03-01,coast-centre,oxygen,5,,
"""

HISTORY = """\
date,district,reported_cases,icu
2024-02-28,,12,1
2024-02-26,,10,
2024-02-28,city,3,
2024-02-28,coast,4,
"""


def province(folder: Path, *, census: str = CENSUS, history: str = HISTORY) -> Path:
    """Write the starter with both files into a folder."""
    text = starter("town").replace(
        "start: 2024-01-01", "start: {file: census.csv}\nhistory: {file: history.csv}"
    )
    text = text.replace("care:\n", "care:\n  initial_census: {file: census.csv}\n", 1)
    (folder / "town.yaml").write_text(text, encoding="utf-8")
    (folder / "census.csv").write_text(census, encoding="utf-8")
    (folder / "history.csv").write_text(history, encoding="utf-8")
    return folder / "town.yaml"


def messages(path: Path) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        surgesim.load(path)
    return [str(problem).replace(f"{path.parent}/", "") for problem in caught.value.problems]


def test_the_census_of_a_file_is_that_of_the_scenario(tmp_path: Path) -> None:
    scenario = surgesim.load(province(tmp_path))
    assert scenario.start.isoformat() == "2024-03-01"
    general = scenario.care.initial_census["general"]
    assert (general.oxygen, general.icu, general.basic) == (20, 2, 0)
    assert general.waiting is not None
    assert general.waiting.oxygen == 3
    assert general.days_in_bed is not None
    assert (general.days_in_bed.oxygen, general.days_in_bed.icu) == (4.5, None)
    assert scenario.care.initial_census["coast-centre"].oxygen == 5


def test_a_history_becomes_arrays_relative_to_the_start(tmp_path: Path) -> None:
    past = surgesim.load(province(tmp_path)).past
    assert past is not None
    assert past.day.tolist() == [-4, -3, -2]  # 2024 has a 29 February, of which nothing is reported
    np.testing.assert_array_equal(past.province["reported_cases"], [10, np.nan, 12])
    np.testing.assert_array_equal(past.province["icu"], [np.nan, np.nan, 1])
    np.testing.assert_array_equal(past.districts["coast"]["reported_cases"], [np.nan, np.nan, 4])
    np.testing.assert_array_equal(past.last("reported_cases", 5), [np.nan, 10, np.nan, 12, np.nan])
    np.testing.assert_array_equal(past.last("deaths", 2), [np.nan, np.nan])


def test_the_province_is_the_sum_of_districts_that_all_report(tmp_path: Path) -> None:
    rows = [row for row in HISTORY.splitlines(keepends=True) if ",," not in row]
    past = surgesim.load(province(tmp_path, history="".join(rows))).past
    assert past is not None
    assert past.province["reported_cases"].tolist() == [7]
    past = surgesim.load(province(tmp_path, history="".join(rows[:2]))).past
    assert past is not None
    assert past.province == {}


def test_a_result_needs_neither_file(tmp_path: Path) -> None:
    scenario = surgesim.load(province(tmp_path))
    (tmp_path / "alone.yaml").write_text(dump(scenario), encoding="utf-8")
    for name in ("census.csv", "history.csv"):
        (tmp_path / name).unlink()
    assert surgesim.load(tmp_path / "alone.yaml") == scenario


def test_rows_from_the_start_on_are_skipped_with_a_warning(tmp_path: Path) -> None:
    path = province(tmp_path, history=HISTORY + "2024-03-01,,15,\n")
    warnings = [str(warning) for warning in examine(path).warnings]
    assert [w.replace(f"{tmp_path}/", "") for w in warnings if "skipped" in w] == [
        "history.csv:6: history.file: skipped 1 rows on or after the start 2024-03-01"
    ]
    assert surgesim.load(path).past is not None


def test_another_start_than_that_of_the_census_is_a_warning(tmp_path: Path) -> None:
    warnings = examine(province(tmp_path), changes=["start=2024-03-02"]).warnings
    assert "got a census of 2024-03-01, but the scenario starts on 2024-03-02" in [
        w.message for w in warnings
    ]


def test_entries_beside_a_file_change_those_of_the_file(tmp_path: Path) -> None:
    scenario = surgesim.load(province(tmp_path), changes=["care.initial_census.general.icu=1"])
    assert scenario.care.initial_census["general"].icu == 1
    assert scenario.care.initial_census["general"].oxygen == 20


def test_a_file_replaces_the_census_of_an_extended_scenario(tmp_path: Path) -> None:
    province(tmp_path)
    (tmp_path / "next.csv").write_text("facility,bed,patients\ngeneral,icu,1\n", encoding="utf-8")
    child = tmp_path / "child.yaml"
    child.write_text("extends: town.yaml\ncare: {initial_census: {file: next.csv}}\n", encoding="utf-8")
    census = surgesim.load(child).care.initial_census
    assert {name: (each.oxygen, each.icu) for name, each in census.items()} == {"general": (0, 1)}


BAD_CENSUS = {
    "facility,bed,patients\ngeneral,oxigen,5\n": "census.csv:2: care.initial_census.file: got bed 'oxigen', "
    "expected one of basic, oxygen, icu, did you mean 'oxygen'?",
    "facility,bed,patients\ngeneral,floor,5\n": "census.csv:2: care.initial_census.file: got bed 'floor', "
    "expected one of basic, oxygen, icu",
    "facility,bed,patients\ngenral,oxygen,5\n": "census.csv:2: care.initial_census.genral: unknown facility "
    "'genral', did you mean 'general'?",
    "facility,bed,patients\ngeneral,icu,-5\n": "census.csv:2: care.initial_census.file: got -5 for patients, "
    "expected a whole number from 0 to 1000000",
    "facility,bed,patients\ngeneral,icu,1.5\n": "census.csv:2: care.initial_census.file: got 1.5 for "
    "patients, expected a whole number from 0 to 1000000",
    "facility,bed,patients\ngeneral,icu,\n": "census.csv:2: care.initial_census.file: got an empty value for "
    "patients, expected a number (0 if there are none)",
    "facility,bed,patients\ngeneral,icu,1\ngeneral,icu,2\n": "census.csv:3: care.initial_census.file: got "
    "icu of general twice, on lines 2 and 3",
    "facility,bed,patient\ngeneral,icu,1\n": "census.csv:1: care.initial_census.file: unknown column "
    "'patient', did you mean 'patients'?",
    "date,facility,bed,patients\n2024-03-01,general,icu,1\n2024-03-02,general,oxygen,1\n": "census.csv:3: "
    "care.initial_census.file: got 2024-03-02 and 2024-03-01, expected one date in the whole file",
    "facility,bed,patients\ngeneral,icu,1\n": "census.csv:1: start.file: got no column date, expected the "
    "date of the census in each row",
}


@pytest.mark.parametrize(("text", "message"), BAD_CENSUS.items())
def test_a_bad_census_is_one_sentence_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    assert message in messages(province(tmp_path, census=text))


BAD_HISTORY = {
    "date,reported\n2024-02-01,5\n": "history.csv:1: history.file: unknown column 'reported', did you "
    "mean 'reported_cases'?",
    "date\n2024-02-01\n": "history.csv:1: history.file: got no column of numbers, expected one or more of "
    "reported_cases, admissions, in_hospital, on_oxygen, icu, deaths",
    "date,icu\n2024-02-01,5\n2024-02-01,6\n": "history.csv:3: history.file: got 2024-02-01 twice, on lines 2 "
    "and 3",
    "date,icu\n01/02/2024,5\n": "history.csv:2: history.file: got '01/02/2024', expected a date such as "
    "2024-03-31",
    "date,icu\n2024-02-01,1.234,5\n": "history.csv:2: history.file: got 3 values, expected 2, as in the "
    "header",
    "date,district,icu\n2024-02-01,cty,1\n": "history.csv:2: history.districts.cty: unknown district 'cty', "
    "did you mean 'city'?",
    "date,icu\n2025-02-01,1\n": "history.csv:1: history.file: got no rows before the start 2024-03-01, "
    "expected at least one",
}


@pytest.mark.parametrize(("text", "message"), BAD_HISTORY.items())
def test_a_bad_history_is_one_sentence_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    assert messages(province(tmp_path, history=text)) == [message]


def test_a_missing_file_is_named_where_the_scenario_names_it(tmp_path: Path) -> None:
    path = province(tmp_path)
    (tmp_path / "history.csv").unlink()
    (found,) = messages(path)
    assert found.endswith("history.file: got the name of a file that does not exist: history.csv")


def test_editors_accept_the_files() -> None:
    schema = json_schema()["$defs"]
    start = schema["Scenario"]["properties"]["start"]["anyOf"]
    assert ["file"] in [form.get("required") for form in start]
    assert "file" in schema["Care"]["properties"]["initial_census"]["properties"]
    for key in ("ages", "contacts"):
        assert ["file"] in [form.get("required") for form in schema["People"]["properties"][key]["anyOf"]]


def test_history_is_shared_by_all_alternatives(tmp_path: Path) -> None:
    path = province(tmp_path)
    scenario = surgesim.load(path)
    pasts = [scenario.alternative(name).past for name in scenario.alternatives]
    assert len(pasts) == 2
    assert all(past is not None and past.day.tolist() == [-4, -3, -2] for past in pasts)


def test_plain_values_of_a_history_load_back(tmp_path: Path) -> None:
    scenario = surgesim.load(province(tmp_path))
    again = surgesim.load(scenario.to_plain())
    assert again == scenario
    assert again.past is not None
    assert again.past.province["icu"].tolist()[2] == 1
