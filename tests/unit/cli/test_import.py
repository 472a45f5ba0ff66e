"""The commands `new --workbook` and `import`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner
from workbook_cases import put, small

from surgesim.cli import app, scenarios


def call(*arguments: str, typed: str | None = None) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments), input=typed)
    return result.exit_code, result.output


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def workbook(rows: dict[str, list[dict[str, Any]]]) -> None:
    """Write the template with the command, and fill it in."""
    assert call("new", "town", "--workbook", "--lang", "en")[0] == 0
    book = load_workbook("town.xlsx")
    put(book, rows)
    book.save("town.xlsx")


def test_from_an_empty_folder_to_a_scenario_that_is_valid(here: Path) -> None:
    workbook(small())
    code, output = call("import", "town.xlsx", "--out", "town.yaml")
    assert code == 0
    *warnings, written, plans = output.splitlines()
    shown = [warning.partition("care.")[2].partition(" (1 of 2)")[0] for warning in warnings]
    assert shown[:4] == [
        "initial_census: has no entry for benh-vien-2",
        "facilities: staff is not given for benh-vien-2",
        "facilities: ventilators are not given for benh-vien-2",
        "facilities: oxygen is never refilled at benh-vien-2",
    ]
    assert (written, plans) == (
        "written: town-census.csv, town-history.csv, town-answers.json, town.yaml; "
        "check it with: surgesim validate town.yaml",
        "to compare other plans, see the end of town.yaml",
    )
    assert set(warnings) < set(call("validate", "town.yaml")[1].splitlines())
    assert call("validate", "town.yaml", "--quiet") == (0, "")
    assert call("import", "town.xlsx", "--out", "town.yaml", "--update")[0] == 0


def test_errors_are_listed_and_nothing_is_written(here: Path) -> None:
    rows = small()
    rows["facilities"][0]["oxygen"] = -1
    rows["census"][0]["facility"] = "Bệnh viện 9"
    workbook(rows)
    assert call("import", "town.xlsx", "--out", "town.yaml") == (
        2,
        "town.xlsx: Facilities!F3: got -1, expected a whole number of 0 or more\n"
        "town.xlsx: Census!A3: unknown facility 'Bệnh viện 9', did you mean 'Bệnh viện 2'?\n",
    )
    assert [path.name for path in here.iterdir()] == ["town.xlsx"]


def ambiguous() -> dict[str, list[dict[str, Any]]]:
    rows = small()
    rows["districts"][0]["population"] = "128.677"
    return rows


def test_without_a_terminal_a_question_is_an_error(here: Path) -> None:
    workbook(ambiguous())
    assert call("import", "town.xlsx", "--out", "town.yaml") == (
        2,
        "town.xlsx: Districts!B3: got '128.677', which can be read as 128677 or 128.677; answer with "
        "--decimal comma (128677) or --decimal point (128.677)\n",
    )
    assert [path.name for path in here.iterdir()] == ["town.xlsx"]
    assert call("import", "town.xlsx", "--out", "town.yaml", "--decimal", "comma", "-q") == (0, "")
    assert call("import", "town.xlsx", "--out", "town.yaml", "--update", "-q") == (0, "")  # answered before


def test_at_a_terminal_both_readings_are_shown(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workbook(ambiguous())

    class Terminal:
        def isatty(self) -> bool:
            return True

    class System:
        stdin = Terminal()

    monkeypatch.setattr(scenarios, "sys", System)
    code, output = call("import", "town.xlsx", "--out", "town.yaml", "-q", typed="3\n1\n")
    assert code == 0
    assert output.startswith(
        "Districts!B3: got '128.677', which can be read as 128677 or 128.677\n"
        "  1  128677 (--decimal comma)\n"
        "  2  128.677 (--decimal point)\n"
    )
    assert "population: 128677" in (here / "town.yaml").read_text(encoding="utf-8")


def test_an_update_prints_what_it_derives_anew(here: Path) -> None:
    workbook(small())
    assert call("import", "town.xlsx", "--out", "town.yaml", "-q") == (0, "")
    book = load_workbook("town.xlsx")
    put(
        book,
        {
            "daily": [
                {**row, "reported_cases": 60 + number % 3} for number, row in enumerate(small()["daily"])
            ]
        },
    )
    book.save("town.xlsx")
    code, output = call("import", "town.xlsx", "--out", "town.yaml", "--update")
    assert code == 0
    assert output.startswith(
        "remark: town.yaml: epidemic.initial_infections: were 1085 in total, and are now 2"
    )


def test_an_unknown_answer_is_refused(here: Path) -> None:
    code, output = call("import", "town.xlsx", "--out", "town.yaml", "--decimal", "dot")
    assert (code, output) == (2, "--decimal: got 'dot', expected point or comma\n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--csv"], "--csv: got no --workbook, expected both"),
        (
            ["--workbook", "--beds", "5"],
            "got --workbook, --beds, expected only one way to begin a scenario",
        ),
        (["--beds", "5"], "expected at least --population and --beds for a scenario that starts today"),
        (
            ["--population", "100", "--beds", "5", "--in-hospital", "11"],
            "--in-hospital: got 11 patients outside intensive care, expected at most twice the 5 beds",
        ),
    ],
)
def test_ways_to_begin_that_do_not_fit_are_named(here: Path, options: list[str], message: str) -> None:
    assert call("new", "town", *options) == (2, f"{message}\n")
    assert list(here.iterdir()) == []


def test_a_scenario_of_today_is_written(here: Path) -> None:
    code, output = call("new", "town", "--population", "5000", "--beds", "40", "--in-hospital", "3")
    assert (code, output) == (0, "town.yaml: written; check it with: surgesim validate town.yaml\n")
    assert call("validate", "town.yaml", "--quiet") == (0, "")


def test_the_template_as_a_folder(here: Path) -> None:
    assert call("new", "town", "--workbook", "--csv", "--lang", "vi")[0] == 0
    assert len(list((here / "town").glob("*.csv"))) == 7
    assert call("new", "town", "--workbook", "--csv") == (
        2,
        "town: exists already, expected a new file or folder\n",
    )
