"""The Excel workbook: a summary with charts, numbers as in the tables, no formula, every column defined."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from figure_cases import surge_results, surge_scenario

from surgesim.errors import ResultsError
from surgesim.report import workbook
from surgesim.report.words import LANGUAGES
from surgesim.report.workbook import DAILY, write_workbook
from surgesim.study.results import Results


@pytest.fixture(scope="module")
def results() -> Results:
    made = surge_results(surge_scenario(2, 1, days=60), replications=3)
    dear = made.comparison["difference"].where(made.comparison["outcome"] != "deaths", 166_295_478_100.0)
    return dataclasses.replace(made, comparison=made.comparison.assign(difference=dear))


def cells(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """The rows of every sheet."""
    book = openpyxl.load_workbook(path, read_only=True)
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


@pytest.fixture(scope="module")
def books(results: Results, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The workbook in each language, read back."""
    folder = tmp_path_factory.mktemp("books")
    return {
        lang: openpyxl.load_workbook(write_workbook(results, folder / f"{lang}.xlsx", lang))
        for lang in LANGUAGES
    }


TITLES = {
    "en": ["Summary", "Plans", "Hospitals", "Districts", "Days", "Assumptions", "Definitions"],
    "vi": ["Tóm tắt", "Phương án", "Bệnh viện", "Huyện", "Theo ngày", "Giả định", "Định nghĩa"],
}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_summary_is_first_and_the_definitions_last(books: dict[str, Any], lang: str) -> None:
    assert books[lang].sheetnames == TITLES[lang]


def test_the_summary_of_a_forecast_says_so(results: Results, tmp_path: Path) -> None:
    forecast = dataclasses.replace(results, manifest=results.manifest | {"forecast": {"weeks": 8}})
    said = [str(row[0]) for row in cells(write_workbook(forecast, tmp_path / "f.xlsx", "en"))["Summary"]]
    assert said[1].startswith("Forecast from the reports so far.")
    assert any(line.startswith("This is a forecast from the reports so far") for line in said)
    assert not any("not a forecast" in line for line in said)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_column_is_defined(results: Results, books: dict[str, Any], lang: str) -> None:
    book = books[lang]
    defined = {(row[0], row[1]) for row in book.worksheets[-1].iter_rows(min_row=2, values_only=True)}
    heads = {(s.title, cell.value) for s in book.worksheets[1:-1] for cell in s[1]}
    assert len(heads) > 35
    assert heads <= defined
    assert all(cell.value for cell in book.worksheets[-1]["C"])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_cells_are_numbers_and_dates_with_formats_and_columns_that_fit(
    books: dict[str, Any], lang: str
) -> None:
    book = books[lang]
    days = book.worksheets[4]
    assert days["A2"].value == datetime(2024, 1, 1)
    assert days["A2"].number_format == {"en": "d mmm yyyy", "vi": "dd/mm/yyyy"}[lang]
    assert days["B2"].number_format == "#,##0"
    plans = book.worksheets[1]
    assert plans["B2"].number_format.startswith("+#,##0")
    assert isinstance(plans["B2"].value, int | float)
    cut = [
        (sheet.title, cell.coordinate)
        for sheet in book.worksheets[1:]
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str)
        and not cell.alignment.wrap_text
        and len(cell.value) > sheet.column_dimensions[cell.column_letter].width
    ]
    assert cut == []
    hidden = [
        (sheet.title, cell.coordinate)
        for sheet in book.worksheets[1:]
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, int | float)
        and len(f"{cell.value:+,.0f}") + 1 > sheet.column_dimensions[cell.column_letter].width
    ]
    assert hidden == []
    for sheet in book.worksheets[1:]:
        for column in sheet.columns:
            width = sheet.column_dimensions[column[0].column_letter].width
            assert max(len(word) for word in str(column[0].value).split()) < width <= 91


def test_the_charts_show_the_days(results: Results, books: dict[str, Any]) -> None:
    charts = books["en"].worksheets[0]._charts
    assert len(charts) == 2
    last = results.scenario.days + 1
    ranges = [series.val.numRef.f for chart in charts for series in chart.series]
    assert ranges == [f"Days!${column}$2:${column}${last}" for column in "BCDE"]
    assert books["en"].worksheets[4]["B1"].value == "Need for oxygen beds"


def test_the_plans_have_the_numbers_of_the_comparison(results: Results, books: dict[str, Any]) -> None:
    table = results.comparison[results.comparison["outcome"] == "deaths"]
    (name, *cells), *_ = books["en"].worksheets[1].iter_rows(min_row=2, values_only=True)
    row = table.sort_values("difference").to_dict("records")[0]
    assert name == row["alternative"]
    expected = [row["difference"], row["difference_low"], row["difference_high"]]
    assert cells[:3] == pytest.approx(expected)


def test_no_english_is_in_the_vietnamese_workbook(books: dict[str, Any]) -> None:
    texts = {lang: set(map(str, texts_of(books[lang]))) for lang in LANGUAGES}
    shared = {text for text in texts["en"] & texts["vi"] if re.search(r"[a-z]{3} ", text)}
    assert shared == set()


def texts_of(book: Any) -> list[str]:
    """The texts of all sheets but the assumptions, whose paths and sources belong to the scenario."""
    sheets = [*book.worksheets[:5], book.worksheets[6]]
    return [cell.value for sheet in sheets for row in sheet.iter_rows() for cell in row
            if isinstance(cell.value, str)]  # fmt: skip


@pytest.mark.slow
def test_daily_tables_are_as_in_their_files(results: Results, tmp_path: Path) -> None:
    path = write_workbook(results, tmp_path / "tables.xlsx", daily=True)
    sheets = cells(path)
    assert list(sheets)[-3:-1] == list(DAILY)
    for name in DAILY:
        frame = getattr(results, name)
        head, *rows = sheets[name]
        assert list(head) == list(frame.columns)
        assert len(rows) == len(frame) > 0
        seen = np.array([np.nan if row[-1] is None else float(row[-1]) for row in rows])  # type: ignore[arg-type]
        np.testing.assert_allclose(seen, frame.iloc[:, -1].to_numpy(dtype=float), rtol=1e-15)


def test_no_cell_is_a_formula_or_a_link(results: Results, tmp_path: Path) -> None:
    texts = ["=1+1", "+SUM(A1:A9)", "@now", "http://example.org", "1e5"]
    assumptions = pd.DataFrame(
        {"parameter": texts, "value": texts, "source": texts, "confidence": "assumed"}, dtype="str"
    )
    path = write_workbook(dataclasses.replace(results, assumptions=assumptions), tmp_path / "tables.xlsx")
    sheet = openpyxl.load_workbook(path)["Assumptions"]
    for row, text in zip(sheet.iter_rows(min_row=2), texts, strict=True):
        assert [row[0].value, row[1].value, row[3].value] == [text] * 3
        assert {cell.data_type for cell in row} == {"s"}
        assert not any(cell.hyperlink for cell in row)


def test_a_table_too_long_for_a_sheet_is_refused(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest = max(len(getattr(results, name)) for name in DAILY)
    monkeypatch.setattr(workbook, "MOST_ROWS", longest + 1)
    write_workbook(results, tmp_path / "tables.xlsx", daily=True)
    monkeypatch.setattr(workbook, "MOST_ROWS", longest)
    with pytest.raises(
        ResultsError, match=f"got {longest} rows, expected at most {longest - 1}, the limit of a sheet"
    ):
        write_workbook(results, tmp_path / "other.xlsx", daily=True)
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
