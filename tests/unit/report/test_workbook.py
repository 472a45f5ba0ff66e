"""The Excel workbook: the same cells as the tables, no formula, a definition of every column."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from figure_cases import surge_results, surge_scenario

from surgesim.errors import ResultsError
from surgesim.report import workbook
from surgesim.report.workbook import DEFINITIONS, LEFT_OUT, write_workbook
from surgesim.study.results import Results
from surgesim.study.tables.columns import DATE, TABLES, TEXT


@pytest.fixture(scope="module")
def results() -> Results:
    return surge_results(surge_scenario(2, 1, days=60), replications=3)


def cells(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """The rows of every sheet."""
    book = openpyxl.load_workbook(path, read_only=True)
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


@pytest.mark.slow
def test_every_cell_equals_its_table(results: Results, tmp_path: Path) -> None:
    path = write_workbook(results, tmp_path / "tables.xlsx", daily=True)
    sheets = cells(path)
    assert list(sheets) == [DEFINITIONS, *(table.name for table in TABLES)]
    for table in TABLES:
        frame = getattr(results, table.name)
        head, *rows = sheets[table.name]
        assert list(head) == list(frame.columns)
        assert len(rows) == len(frame)
        units = {column.name: column.unit for column in table.columns}
        for place, name in enumerate(frame.columns):
            seen = [row[place] for row in rows]
            if units.get(name) == DATE:
                days = pd.Series(pd.to_datetime(pd.Series(seen))).astype("datetime64[us]")
                assert days.equals(frame[name])
            elif units.get(name) == TEXT:
                assert [value or "" for value in seen] == frame[name].tolist()
            else:
                numbers = np.array([np.nan if v is None else float(v) for v in seen])  # type: ignore[arg-type]
                np.testing.assert_allclose(numbers, frame[name].to_numpy(dtype=float), rtol=1e-15)


def test_every_column_is_defined(results: Results, tmp_path: Path) -> None:
    path = write_workbook(results, tmp_path / "tables.xlsx", "vi")
    sheets = cells(path)
    head, *rows = sheets[DEFINITIONS]
    assert head[3] == "ý nghĩa"
    written = set(sheets) - {DEFINITIONS}
    assert written == {table.name for table in TABLES} - set(LEFT_OUT)
    assert {(row[0], row[1]) for row in rows} == {
        (t.name, c.name) for t in TABLES for c in t.columns if t.name in written
    }
    assert all(row[3] for row in rows)


def test_no_cell_is_a_formula_or_a_link(results: Results, tmp_path: Path) -> None:
    texts = ["=1+1", "+SUM(A1:A9)", "@now", "http://example.org", "1e5"]
    assumptions = pd.DataFrame(
        {"parameter": texts, "value": texts, "source": texts, "confidence": texts}, dtype="str"
    )
    path = write_workbook(dataclasses.replace(results, assumptions=assumptions), tmp_path / "tables.xlsx")
    sheet = openpyxl.load_workbook(path)["assumptions"]
    for row, text in zip(sheet.iter_rows(min_row=2), texts, strict=True):
        assert [cell.value for cell in row] == [text] * 4
        assert {cell.data_type for cell in row} == {"s"}
        assert not any(cell.hyperlink for cell in row)


def test_a_table_too_long_for_a_sheet_is_refused(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest = max(len(getattr(results, table.name)) for table in TABLES if table.name not in LEFT_OUT)
    monkeypatch.setattr(workbook, "MOST_ROWS", longest + 1)
    write_workbook(results, tmp_path / "tables.xlsx")
    monkeypatch.setattr(workbook, "MOST_ROWS", longest)
    with pytest.raises(
        ResultsError, match=f"got {longest} rows, expected at most {longest - 1}, the limit of a sheet"
    ):
        write_workbook(results, tmp_path / "other.xlsx")
    assert [entry.name for entry in tmp_path.iterdir()] == ["tables.xlsx"]


def test_bad_places_are_refused(results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ResultsError, match=r"expected a name that ends in \.xlsx"):
        write_workbook(results, tmp_path / "tables.csv")
    with pytest.raises(ResultsError, match="cannot be written"):
        write_workbook(results, tmp_path / "nowhere" / "tables.xlsx")
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(ResultsError, match=r"pip install 'surgesim\[excel\]'"):
        write_workbook(results, tmp_path / "tables.xlsx")
    assert list(tmp_path.iterdir()) == []


def edit(path: Path) -> None:
    """As Excel saves what a user changed."""
    book = openpyxl.load_workbook(path)
    book.active["A1"] = "precious"
    book.properties.lastModifiedBy = "Lan"
    book.save(path)


def edit_by_a_script(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    book.properties.created = datetime(2026, 1, 1)
    book.save(path)


def of_something_else(path: Path) -> None:
    pd.DataFrame({"precious": [1]}).to_excel(path, engine="xlsxwriter")


@pytest.mark.slow
@pytest.mark.parametrize(
    "theirs", [edit, edit_by_a_script, of_something_else, lambda path: path.write_text("")]
)
def test_a_workbook_replaces_only_one_that_nobody_edited(
    results: Results, tmp_path: Path, theirs: Callable[[Path], object]
) -> None:
    path = tmp_path / "tables.xlsx"
    for _ in range(2):
        write_workbook(results, path)
    theirs(path)
    before = path.read_bytes()
    with pytest.raises(
        ResultsError, match="got something that is not an unedited workbook written by surgesim"
    ):
        write_workbook(results, path)
    assert path.read_bytes() == before


def test_a_workbook_of_0_1_0_is_replaced(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(workbook, "AUTHOR", "")
        path = write_workbook(results, tmp_path / "tables.xlsx")
    before = path.read_bytes()
    assert write_workbook(results, path).read_bytes() != before
