"""Workbooks as they come: what is wrong is one sentence with its sheet and cell, or is read and said so."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from workbook_cases import TODAY, fill, put, small

import surgesim
from surgesim.errors import ScenarioError
from surgesim.report.messages import message_words
from surgesim.workbook.reading import excel

Rows = dict[str, list[dict[str, Any]]]
Edit = Callable[[Workbook], None]


def cell(sheet: str, place: str, value: object) -> Edit:
    """Put a value into a cell."""

    def edit(book: Workbook) -> None:
        book[sheet][place] = value

    return edit


def daily(numbers: list[int], series: str = "C") -> Edit:
    """Give the last days these numbers, and no others."""

    def edit(book: Workbook) -> None:
        sheet = book["Daily"]
        for row in range(3, 3 + 14):
            for column in "ACDEFGH":
                sheet[f"{column}{row}"] = None
        for row, number in enumerate(numbers, start=3):
            sheet[f"A{row}"] = TODAY - timedelta(days=len(numbers) - row + 3)
            sheet[f"{series}{row}"] = number

    return edit


def all_of(*edits: Edit) -> Edit:
    def edit(book: Workbook) -> None:
        for one in edits:
            one(book)

    return edit


def renamed(old: str, new: str) -> Edit:
    def edit(book: Workbook) -> None:
        book[old].title = new

    return edit


def without(sheet: str) -> Edit:
    def edit(book: Workbook) -> None:
        del book[sheet]

    return edit


def merged(sheet: str, area: str) -> Edit:
    def edit(book: Workbook) -> None:
        book[sheet].merge_cells(area)

    return edit


def plan(**row: object) -> Edit:
    def edit(book: Workbook) -> None:
        put(book, {"plan": [row]})

    return edit


def error_cell(sheet: str, place: str) -> Edit:
    def edit(book: Workbook) -> None:
        book[sheet][place] = "#REF!"
        book[sheet][place].data_type = "e"

    return edit


def without_rows(sheet: str) -> Edit:
    def edit(book: Workbook) -> None:
        book[sheet].delete_rows(2, 100)

    return edit


REFUSED: dict[str, tuple[Edit, list[str]]] = {
    "sheet-renamed": (
        renamed("Facilities", "Hospitals of October"),
        [
            "Hospitals of October: has the columns of facilities, expected a sheet called Facilities or Cơ "
            "sở y tế"
        ],
    ),
    "sheet-missing": (
        without("Districts"),
        [
            "got no sheet districts, expected one called Districts or Huyện; the sheets are Province, "
            "Facilities, Census, Daily, Plan, Sources"
        ],
    ),
    "sheet-twice": (
        lambda book: book.create_sheet("Huyện").append(["Name", "Population"]),
        ["Huyện: got the sheet districts twice, also as 'Districts'"],
    ),
    "no-headings": (
        lambda book: book["Facilities"].delete_rows(1),
        ["Facilities: got no headings in the first 10 rows, expected Name, District, Ownership, Kind, …"],
    ),
    "heading-misspelt": (
        cell("Districts", "B1", "Populaton"),
        [
            "Districts!B1: unknown heading 'Populaton', did you mean 'Population'?",
            "Districts: got no column population, expected one called Population or Dân số",
        ],
    ),
    "heading-twice": (
        cell("Districts", "D1", "Population"),
        ["Districts!D1: got the heading 'Population' twice, expected it once"],
    ),
    "no-rows": (
        without_rows("Districts"),
        ["Districts: got no rows below the headings, expected at least one"],
    ),
    "merged-cells": (
        merged("Facilities", "B3:B4"),
        ["Facilities!B3:B4: got merged cells, expected one value in each cell"],
    ),
    "merged-cells-hide-no-error-and-cause-none": (
        all_of(
            merged("Facilities", "B3:B4"),
            cell("Facilities", "E3", -1),
            cell("Census", "A3", "Bệnh viện 11"),
            plan(lever="open_facility", facilities="Bệnh viện 2", indicator="oxygen_occupancy", above=0.7),
        ),
        [
            "Facilities!B3:B4: got merged cells, expected one value in each cell",
            "Facilities!E3: got -1, expected a whole number of 0 or more",
            "Census!A3: unknown facility 'Bệnh viện 11', did you mean 'Bệnh viện 1'?",
        ],
    ),
    "census-beside-another-error": (
        all_of(cell("Facilities", "F4", -1), cell("Census", "E3", 1e9)),
        [
            "Facilities!F4: got -1, expected a whole number of 0 or more",
            "Census!E3: got 1000000000, expected a number from 0 to 1000000 or none",
        ],
    ),
    "totals": (
        all_of(
            cell("Facilities", "A5", "Tổng cộng toàn tỉnh (2)"),
            cell("Facilities", "B5", "Ô Môn"),
            cell("Facilities", "F5", 100),
            merged("Facilities", "A5:D5"),
            cell("Districts", "A5", "Cộng:"),
            cell("Census", "A5", "Total"),
            cell("Census", "C5", 21),
            cell("Daily", "A17", "TỔNG SỐ"),
        ),
        [
            "Districts!A5: got 'Cộng:', which looks like a total, expected no totals: delete this row",
            "Facilities!A5: got 'Tổng cộng toàn tỉnh (2)', which looks like a total, expected no totals: "
            "delete this row",
            "Census!A5: got 'Total', which looks like a total, expected no totals: delete this row",
            "Daily!A17: got 'TỔNG SỐ', which looks like a total, expected no totals: delete this row",
        ],
    ),
    "error-value": (
        error_cell("Facilities", "F3"),
        ["Facilities!F3: got the error #REF!"],
    ),
    "formula-without-value": (
        cell("Facilities", "F3", "=30+30"),
        [
            "Facilities!F3: got a formula whose value is not stored (open the workbook, save it, and "
            "import again)"
        ],
    ),
    "number-as-word": (
        cell("Facilities", "F3", "sixty"),
        ["Facilities!F3: got 'sixty', expected a number"],
    ),
    "negative-beds": (
        cell("Facilities", "F3", -60),
        ["Facilities!F3: got -60, expected a whole number of 0 or more"],
    ),
    "half-a-bed": (
        cell("Facilities", "F3", 60.5),
        ["Facilities!F3: got 60.5, expected a whole number"],
    ),
    "share-above-one": (
        cell("Facilities", "H3", 50),
        ["Facilities!H3: got 50, expected a share from 0 to 1, or a percentage (write 50%)"],
    ),
    "true-as-number": (
        cell("Facilities", "F3", True),
        ["Facilities!F3: got true, expected a number"],
    ),
    "date-as-number": (
        cell("Facilities", "F3", date(2021, 1, 5)),
        ["Facilities!F3: got the date 2021-01-05, expected a number"],
    ),
    "unknown-word": (
        cell("Facilities", "C3", "privat"),
        ["Facilities!C3: got 'privat', did you mean 'private'?"],
    ),
    "unknown-district": (
        cell("Facilities", "B3", "Ô Mon 2"),
        ["Facilities!B3: unknown district 'Ô Mon 2', did you mean 'Ô Môn'?"],
    ),
    "no-name": (
        cell("Facilities", "A3", None),
        [
            "Facilities!A3: got nothing for 'Name', expected a value",
            "Census!A3: unknown facility 'Bệnh viện 1', did you mean 'Bệnh viện 2'?",
            "Census!A4: unknown facility 'Bệnh viện 1', did you mean 'Bệnh viện 2'?",
        ],
    ),
    "no-beds": (
        all_of(cell("Facilities", "F4", None), cell("Facilities", "G4", None)),
        ["Facilities!E4: got no beds, expected basic, oxygen or ICU beds (0 if there are none)"],
    ),
    "two-names-one-key": (
        cell("Facilities", "A4", "Benh vien 1"),
        [
            "Facilities!A4: got 'Benh vien 1', whose short name benh-vien-1 is also that of Facilities!A3, "
            "expected another name"
        ],
    ),
    "name-without-letters": (
        cell("Districts", "A4", "***"),
        [
            "Districts!A4: got the name '***', expected one with letters a-z or digits",
            "Facilities!B4: unknown district 'Cái Răng', expected Ô Môn",
        ],
    ),
    "invisible-letter": (
        cell("Districts", "A4", "Cái\u200bRăng"),
        [
            "Districts!A4: got the invisible character U+200B, expected none in a text",
            "Facilities!B4: unknown district 'Cái Răng', expected Ô Môn",
        ],
    ),
    "open-above-convertible": (
        cell("Facilities", "I3", 0.2),
        ["Facilities!I3: got 0.2, expected at least the share of 0.5 that is open today"],
    ),
    "private-share-of-public": (
        cell("Facilities", "J3", 0.2),
        ["Facilities!J3: got a private share of a public facility, expected none"],
    ),
    "half-a-delivery": (
        cell("Facilities", "S3", 500),
        [
            "Facilities!T3: got a value for 'Oxygen per delivery' but none for 'Days between deliveries', "
            "expected both or neither"
        ],
    ),
    "oxygen-for-one": (
        cell("Facilities", "R4", None),
        [
            "Facilities!A4: missing: this facility has ICU beds, expected an oxygen source as in other "
            "facilities (or in none of them, if oxygen is unlimited)"
        ],
    ),
    "census-of-nobody-known": (
        cell("Census", "A3", "Bệnh viện 11"),
        ["Census!A3: unknown facility 'Bệnh viện 11', did you mean 'Bệnh viện 1'?"],
    ),
    "census-negative": (
        cell("Census", "C3", -1),
        ["Census!C3: got -1, expected a whole number of 0 or more"],
    ),
    "census-twice": (
        cell("Census", "B4", "oxygen"),
        ["Census!B4: got oxygen beds of 'Bệnh viện 1' twice, also in Census!B3"],
    ),
    "census-empty": (
        cell("Census", "C3", None),
        ["Census!C3: got nothing for 'Patients', expected a value"],
    ),
    "census-far-above-beds": (
        cell("Census", "C3", 200),
        [
            "Census!C3: got 200 patients for 60 oxygen beds, more than twice as many; answer with --accept "
            "Census!C3 (it is true)"
        ],
    ),
    "date-in-the-future": (
        cell("Daily", "A3", date(2022, 3, 1)),
        ["Daily!A3: got 2022-03-01, expected a date before today, 2021-11-29"],
    ),
    "date-twice": (
        cell("Daily", "A4", TODAY - timedelta(days=14)),
        ["Daily!A4: got 2021-11-15 twice, also in Daily!A3, expected it once"],
    ),
    "date-that-is-none": (
        cell("Daily", "A3", "31/02/2021"),
        ["Daily!A3: got 31/02/2021, which is not a calendar date"],
    ),
    "date-as-bare-number": (
        all_of(
            cell("Daily", "A3", 44515), lambda book: setattr(book["Daily"]["A3"], "number_format", "General")
        ),
        ["Daily!A3: got 44515, expected a date: give the cell the format of a date"],
    ),
    "date-with-time": (
        cell("Daily", "A3", datetime(2021, 11, 15, 8, 30)),
        ["Daily!A3: got the time 2021-11-15 08:30, expected a date without a time"],
    ),
    "date-ambiguous": (
        cell("Daily", "A3", "05/11/2021"),
        [
            "Daily!A3: got 05/11/2021, which can be read as 2021-11-05 or 2021-05-11; answer with --dates "
            "dmy (2021-11-05) or --dates mdy (2021-05-11)"
        ],
    ),
    "number-ambiguous": (
        cell("Districts", "B3", "128.677"),
        [
            "Districts!B3: got '128.677', which can be read as 128677 or 128.677; answer with --decimal "
            "comma (128677) or --decimal point (128.677)"
        ],
    ),
    "running-total": (
        daily([10, 30, 60, 100, 150, 210, 280, 360]),
        [
            "Daily!C3: got reported cases that never fall, from 10 to 360; answer with --cumulative (a "
            "running total, 20 on the second day) or --accept Daily!C3 (10, 30 and so on each day)"
        ],
    ),
    "icu-above-hospital": (
        all_of(cell("Daily", "E3", 20), cell("Daily", "G3", 30)),
        ["Daily!G3: got 30 in ICU and 20 in hospital, expected no more in ICU than in hospital"],
    ),
    "two-provinces": (
        cell("Province", "A4", "Tỉnh B"),
        [
            "Province!C4: got nothing for 'Date of today', expected a value",
            "Province!A4: got a second province, expected only one",
        ],
    ),
    "no-today": (
        cell("Province", "C3", None),
        ["Province!C3: got nothing for 'Date of today', expected a value"],
    ),
    "lever-without-trigger": (
        lambda book: put(book, {"plan": [{"lever": "convert_beds"}]}),
        ["Plan!E3: got nothing for 'When indicator', expected a value"],
    ),
    "rule-that-flaps": (
        lambda book: put(
            book,
            {
                "plan": [
                    {"lever": "convert_beds", "indicator": "oxygen_occupancy", "above": 0.5, "end_below": 0.8}
                ]
            },
        ),
        [
            "Plan!L3: got below 0.8 for a rule that begins above 0.5, expected `below` of at most 0.5: "
            "otherwise the rule would keep switching on and off"
        ],
    ),
    "open-what-is-open": (
        lambda book: put(
            book,
            {
                "plan": [
                    {
                        "lever": "open_facility",
                        "facilities": "Bệnh viện 1",
                        "indicator": "oxygen_occupancy",
                        "above": 0.5,
                    }
                ]
            },
        ),
        [
            "Plan!C3: got 'benh-vien-1', which is open at the start, expected a facility with "
            "open_at_start: false"
        ],
    ),
    "open-nothing": (
        lambda book: put(
            book, {"plan": [{"lever": "open_facility", "indicator": "oxygen_occupancy", "above": 0.5}]}
        ),
        ["Plan!C3: got no facilities for this lever, expected their names"],
    ),
}


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("workbook") / "right.xlsx", small())


def edited(right: Path, path: Path, edit: Edit) -> Path:
    book = load_workbook(right)
    edit(book)
    book.save(path)
    return path


def messages(path: Path, **answers: Any) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        surgesim.read_workbook(path, **answers)
    return [str(problem).replace(f"{path}: ", "") for problem in caught.value.problems]


def remarks(path: Path, **answers: Any) -> list[str]:
    return [str(each).replace(f"{path}: ", "") for each in surgesim.read_workbook(path, **answers).remarks]


def test_the_workbook_without_changes_is_right(right: Path) -> None:
    assert remarks(right) == []


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_a_sentence_with_its_cell(right: Path, tmp_path: Path, case: str) -> None:
    edit, expected = REFUSED[case]
    assert messages(edited(right, tmp_path / "a.xlsx", edit)) == expected


def test_all_errors_come_at_once(right: Path, tmp_path: Path) -> None:
    edits = [REFUSED[case][0] for case in ("negative-beds", "census-negative", "date-in-the-future")]
    got = messages(edited(right, tmp_path / "a.xlsx", all_of(*edits)))
    assert [message.partition(":")[0] for message in got] == ["Facilities!F3", "Census!C3", "Daily!A3"]


# -- what is read, and said so -----------------------------------------------------------------------


def hidden_row(book: Workbook) -> None:
    book["Daily"].row_dimensions[5].hidden = True


def hidden_sheet(book: Workbook) -> None:
    book["Census"].sheet_state = "hidden"


def dates_from_1904(book: Workbook) -> None:
    book.epoch = CALENDAR_MAC_1904


def own_sheet(book: Workbook) -> None:
    book.create_sheet("Notes")["A1"] = "call the hospital"


READ: dict[str, tuple[Edit, list[str]]] = {
    "hidden row": (hidden_row, ["Daily!5:5: got a hidden row, which is read like the others"]),
    "hidden sheet": (hidden_sheet, ["Census: is hidden, and is read like the others"]),
    "dates from 1904": (dates_from_1904, ["counts its dates from 1904, and is read accordingly"]),
    "another sheet": (own_sheet, ["Notes: is not a sheet that surgesim knows, so it is not read"]),
    "another column": (
        cell("Districts", "F1", "Remarks of ours"),
        ["Districts!F1: the column 'Remarks of ours' is not one that surgesim knows, so it is not read"],
    ),
    "a cell beside the columns": (
        cell("Districts", "G9", "check"),
        ["Districts!G9: is in a column without a heading, so it is not read"],
    ),
    "a cell far away": (
        cell("Districts", "GR19999", "check"),
        ["Districts!GR19999: is in a column without a heading, so it is not read"],
    ),
    "numbers as text": (
        all_of(cell("Districts", "B3", "128677"), cell("Census", "C3", "18")),
        ["Districts!B3: 2 numbers are stored as text, first here, and read as numbers"],
    ),
    "out of order": (
        all_of(
            cell("Daily", "A3", TODAY - timedelta(days=13)), cell("Daily", "A4", TODAY - timedelta(days=14))
        ),
        ["Daily!A4: 2021-11-15 is out of order, and is sorted by date"],
    ),
    "a missing day": (
        all_of(*(cell("Daily", f"{column}5", None) for column in "ACH")),
        ["Daily!A4: 1 days are missing, the first after 2021-11-16: read as gaps"],
    ),
    "few days": (
        daily([10, 12, 9, 14]),
        ["Daily!A3: got only 4 days of reports, 10 or more are better"],
    ),
    "the same on every day": (
        daily([12] * 12),
        ["Daily!C3: reported cases are 12 on every day"],
    ),
    "nothing on any day": (
        daily([0] * 12),
        ["Daily!C3: reported cases are 0 on every day"],
    ),
    "today": (
        cell("Daily", "A3", TODAY),
        ["Daily!A3: 2021-11-29 is today, which is not over, so it is left out"],
    ),
    "old reports": (
        cell("Province", "C3", TODAY + timedelta(days=9)),
        ["Daily!A16: the last report is dated 2021-11-28, but today is 2021-12-08"],
    ),
}


@pytest.mark.parametrize("case", READ)
def test_what_is_read_in_a_way_worth_knowing_is_a_remark(right: Path, tmp_path: Path, case: str) -> None:
    edit, expected = READ[case]
    assert remarks(edited(right, tmp_path / "a.xlsx", edit)) == expected


def test_dates_from_1904_are_the_same_days(right: Path, tmp_path: Path) -> None:
    path = edited(right, tmp_path / "a.xlsx", dates_from_1904)
    assert surgesim.read_workbook(path).scenario.start == TODAY


def test_the_stored_value_of_a_formula_is_read(right: Path, tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "formula.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name, rows in small().items():
            sheet = book.add_worksheet(name)
            columns = list(dict.fromkeys(key for row in rows for key in row))
            sheet.write_row(0, 0, columns)
            for number, row in enumerate(rows, start=1):
                for place, column in enumerate(columns):
                    value = row.get(column)
                    if column == "oxygen" and number == 1:
                        sheet.write_formula(number, place, "=30+30", value=60)
                    elif value is not None:
                        sheet.write(number, place, str(value) if isinstance(value, date) else value)
    assert surgesim.read_workbook(path).scenario.care.facilities["benh-vien-1"].beds.oxygen == 60


# -- files that are no workbook ----------------------------------------------------------------------


def repacked(right: Path, changes: dict[str, bytes]) -> bytes:
    """Return the archive of the workbook with other parts."""
    out = BytesIO()
    with zipfile.ZipFile(right) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name not in changes:
                target.writestr(name, source.read(name))
        for name, content in changes.items():
            target.writestr(name, content)
    return out.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
LAUGHS = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "ha">]><worksheet>&b;</worksheet>'


def ods() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        target.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    return out.getvalue()


FILES: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "empty": (
        lambda right: b"",
        "got a file that is not a workbook (File is not a zip file), expected .xlsx or .xlsm",
    ),
    "a text": (
        lambda right: b"name,beds",
        "got a file that is not a workbook (File is not a zip file), expected .xlsx or .xlsm",
    ),
    "xls": (lambda right: OLE, "got an old Excel workbook (.xls), expected .xlsx: save it as .xlsx"),
    "password": (
        lambda right: OLE + "EncryptedPackage".encode("utf-16-le"),
        "got a workbook with a password, expected one without",
    ),
    "ods": (lambda right: ods(), "got an OpenDocument file (.ods), expected .xlsx: save it as .xlsx"),
    "half of it": (
        lambda right: right.read_bytes()[:9000],
        "got a file that is not a workbook (File is not a zip file), expected .xlsx or .xlsm",
    ),
    "unpacks to much": (
        lambda right: repacked(right, {"xl/media/picture.bin": b"\0" * 60_000_000}),
        "got a workbook that unpacks to 60 MB, expected at most 50 MB",
    ),
    "many parts": (
        lambda right: repacked(right, {f"xl/media/{number}": b"" for number in range(1_001)}),
        "got a workbook of 1037 parts, expected at most 1000",
    ),
    "declares entities": (
        lambda right: repacked(right, {"xl/worksheets/sheet1.xml": LAUGHS}),
        "got a document type declaration in xl/worksheets/sheet1.xml, expected none in a workbook",
    ),
    "declares entities in UTF-16": (
        lambda right: repacked(right, {"xl/worksheets/sheet1.xml": LAUGHS.decode().encode("utf-16")}),
        "got a document type declaration in xl/worksheets/sheet1.xml, expected none in a workbook",
    ),
    "declares entities in a part with another name": (
        lambda right: repacked(right, {"xl/media/sheet.png": LAUGHS}),
        "got a document type declaration in xl/media/sheet.png, expected none in a workbook",
    ),
    "many cells": (
        lambda right: repacked(right, {"xl/worksheets/sheet9.xml": b"<c/>" * 300_001}),
        "got more than 300000 cells, expected at most that many: delete empty rows and columns with formats",
    ),
    "an archive": (
        lambda right: repacked(right, {}).replace(b"xl/workbook.xml", b"xl/workbuch.xml"),
        "got an archive that is not a workbook, expected .xlsx or .xlsm",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_workbook_is_one_sentence(right: Path, tmp_path: Path, case: str) -> None:
    content, expected = FILES[case]
    path = tmp_path / "a.xlsx"
    path.write_bytes(content(right))
    assert messages(path) == [expected]


def test_a_damaged_sheet_is_one_sentence(right: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(repacked(right, {"xl/worksheets/sheet1.xml": b"<worksheet><row"}))
    (message,) = messages(path)
    assert message.startswith("got a damaged workbook (")


def test_turned_bits_are_one_sentence(right: Path, tmp_path: Path) -> None:
    content = bytearray(right.read_bytes())
    with zipfile.ZipFile(right) as archive:
        start = archive.getinfo("xl/worksheets/sheet1.xml").header_offset
    content[start + 200 : start + 260] = bytes(60)
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    (message,) = messages(path)
    assert message.startswith("got a file that is not a workbook (")


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    assert messages(tmp_path / "a.xlsx") == ["got the name of a file that does not exist"]


def test_a_size_is_refused_before_the_file_is_read(right: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excel, "MAX_MB", 0.001)
    (message,) = messages(right)
    assert message.startswith("got a file of 0.0 MB, expected at most")


def test_macros_and_links_are_named_and_not_followed(right: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsm"
    path.write_bytes(
        repacked(right, {"xl/vbaProject.bin": b"macro", "xl/externalLinks/externalLink1.xml": b"<a/>"})
    )
    assert remarks(path) == [
        "contains macros, which are not run",
        "contains links to other workbooks, which are not followed",
    ]


def in_vietnamese(tmp_path: Path, edit: Edit) -> list[str]:
    """What a reader of Vietnamese is told of a Vietnamese workbook."""
    path = tmp_path / "vi.xlsx"
    path.unlink(missing_ok=True)
    book = load_workbook(fill(path, small(), "vi"))
    edit(book)
    book.save(path)
    with pytest.raises(ScenarioError) as caught:
        surgesim.read_workbook(path)
    return [message_words("vi", problem.message) for problem in caught.value.problems]


def test_a_column_is_called_as_in_the_workbook(tmp_path: Path) -> None:
    assert in_vietnamese(tmp_path, cell("Cơ sở y tế", "B3", None)) == [
        "'Thuộc huyện' để trống, cần một giá trị"
    ]
    (message,) = in_vietnamese(tmp_path, cell("Cơ sở y tế", "S3", 100))
    assert "'Mỗi lần giao ô-xy'" in message
    assert "'Khoảng cách giao'" in message
    (message,) = in_vietnamese(tmp_path, cell("Kiểm đếm", "B3", "xyz"))
    assert "giường thường, giường ô-xy, giường ICU" in message


def test_beds_and_numbers_are_vietnamese(tmp_path: Path) -> None:
    (message,) = in_vietnamese(tmp_path, cell("Kiểm đếm", "B4", "giường ô-xy"))
    assert message == "giường ô xy của 'Bệnh viện 1' ghi hai lần, cũng có ở Kiểm đếm!B3"
    (message,) = in_vietnamese(tmp_path, cell("Kiểm đếm", "C4", 25))
    assert message.startswith("nhận được 25 người bệnh cho 10 giường ICU, ")
    (message,) = in_vietnamese(tmp_path, cell("Cơ sở y tế", "H3", 25.5))
    assert message == "nhận được 25,5, cần tỷ lệ từ 0 đến 1 hoặc số phần trăm (viết 25,5%)"
    (message,) = in_vietnamese(tmp_path, cell("Huyện", "B3", "245.300"))
    assert message == (
        "nhận được '245.300', có thể hiểu là 245300 hoặc 245,3; trả lời bằng --decimal comma (245300) hoặc "
        "--decimal point (245,3)"
    )
