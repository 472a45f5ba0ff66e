"""Texts in CSV files: no spreadsheet takes one for a formula, and each is read back as it was."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from study_cases import made_up_simulation, small_scenario

from surgesim.model import simulation
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.results import Output
from surgesim.study.run import run
from surgesim.study.store.csv_files import read_csv, unguarded, write_csv
from surgesim.study.store.run_folder import read
from surgesim.study.sweep.sweep import sweep
from surgesim.study.tables.columns import ASSUMPTIONS

FORMULAS = [
    "=1+1", "+SUM(A1)", "-2+3", "@now", "\t=1", "\r=1", "=", "-", "- beds", "+84 297 386", "-1,5", "--5",
    "-5\n", '=HYPERLINK("http://x","y")', "=a,b",
]  # fmt: skip
GUARDED = ["'=1", "''-x", "'@", "'+5", "'-5"]
HARMLESS = [
    "", "x=1", "1-2", "Ô Môn", "'quoted'", "'", "''", "80+", "0-9", " =1", '"=1"', "a,b", "-5", "+7", "-0.25",
    "-1e-3", "-.5",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _made_up_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "run_once", made_up_simulation)


def assumptions(texts: list[str]) -> pd.DataFrame:
    """A table of four columns of text."""
    names = [column.name for column in ASSUMPTIONS.columns]
    return pd.DataFrame(dict.fromkeys(names, texts), dtype="str")


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


@pytest.mark.parametrize("text", FORMULAS + GUARDED)
def test_a_formula_is_written_behind_an_apostrophe(tmp_path: Path, text: str) -> None:
    write_csv(tmp_path / "a.csv", assumptions([text, "x"]))
    assert rows(tmp_path / "a.csv") == [[f"'{text}"] * 4, ["x"] * 4]


@pytest.mark.parametrize("text", HARMLESS)
def test_other_texts_are_written_as_they_are(tmp_path: Path, text: str) -> None:
    write_csv(tmp_path / "a.csv", assumptions([text, "x"]))
    assert rows(tmp_path / "a.csv") == [[text] * 4, ["x"] * 4]


@pytest.mark.parametrize("text", FORMULAS + GUARDED + HARMLESS)
def test_every_text_is_read_back_as_it_was(tmp_path: Path, text: str) -> None:
    table = assumptions([text, "x", text])
    write_csv(tmp_path / "a.csv", table)
    pd.testing.assert_frame_equal(read_csv(tmp_path / "a.csv", ASSUMPTIONS), table)


def test_numbers_have_no_apostrophe(tmp_path: Path) -> None:
    frame = pd.DataFrame({"f": [-1.5, float("nan"), -0.0], "i": [-3, 0, 4], "t": ["-x", "-7", ""]})
    write_csv(tmp_path / "a.csv", frame)
    assert rows(tmp_path / "a.csv") == [["-1.5", "-3", "'-x"], ["", "0", "-7"], ["-0", "4", ""]]


def test_a_table_without_rows_is_read(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", assumptions([]))
    assert read_csv(tmp_path / "a.csv", ASSUMPTIONS).empty
    assert unguarded(pd.DataFrame({"a": [], "b.c": []})).empty


def titled(text: str) -> Scenario:
    facilities: dict[str, Any] = small_scenario().to_plain()["care"]["facilities"]
    facilities["general"]["title"] = text
    facilities["field"]["title"] = "-12"
    return small_scenario(
        care={"facilities": facilities}, sources={"days": {"source": text, "confidence": "counted"}}
    )


@pytest.mark.parametrize("text", ["=1+1", "-A, east", "@ward", "+", "'=x"])
def test_a_result_reads_back_equal(tmp_path: Path, text: str) -> None:
    results = run(titled(text), workers=1, out=Output(tmp_path / "r", {}))
    assert (tmp_path / "r" / "facilities.csv").read_text("utf-8").count(f"'{text}") > 0
    again = read(tmp_path / "r")
    assert set(again.facilities["title"]) == {text, "-12"}
    pd.testing.assert_frame_equal(again.facilities, results.facilities)
    pd.testing.assert_frame_equal(again.assumptions, results.assumptions)


def test_a_design_reads_back_equal(tmp_path: Path) -> None:
    found = sweep(
        small_scenario(), {"supply.currency": ["=1+1", "VND"]}, replications=1, workers=1, out=tmp_path / "s"
    )
    assert [row[1] for row in rows(tmp_path / "s" / "design.csv")] == ["'=1+1", "VND"]
    assert list(found.design["supply.currency"]) == ["=1+1", "VND"]
