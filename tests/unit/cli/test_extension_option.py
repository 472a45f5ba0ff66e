"""`--extension`, by which a file of the user's own is given to a command, and `--log`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from loading_cases import SMALL, written
from typer.testing import CliRunner, Result

import surgesim
from surgesim.cli import app

MINE = """
from surgesim.extension import action, outcome


@outcome(unit="days", meaning="days of the run", better="")
def length(one):
    return len(one.province)


@action
def nothing(province, share, options):
    pass
"""

PLAN = """
command:
  plan:
    own: {action: custom, name: nothing, when: {on: 2024-01-05}, options: {beds: 3}}
"""


def surgesim_(*args: object) -> Result:
    return CliRunner().invoke(app, list(map(str, args)))


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(MINE, encoding="utf-8")
    return path


@pytest.fixture
def custom(tmp_path: Path, mine: Path) -> Path:
    scenario = surgesim.load(written(tmp_path, SMALL))
    start = scenario.start.isoformat()
    text = f"extends: s.yaml\nname: own\ndays: 20\n{PLAN}".replace("2024-01-05", start)
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return path


MISSING = (
    "command.plan.own.name: got 'nothing', which no extension declares, expected its file, given with "
    "--extension FILE (in Python, extensions=[file])"
)


def test_a_scenario_with_a_custom_action_is_valid_only_with_its_extension(custom: Path, mine: Path) -> None:
    alone = surgesim_("validate", custom)
    assert (alone.exit_code, alone.stderr.rstrip()[-len(MISSING) :]) == (2, MISSING)
    assert surgesim_("validate", custom, "--extension", mine).exit_code == 0
    new = custom.parent / "new.yaml"
    assert surgesim_("new", "new", "--from", custom, "--out", new).exit_code == 2
    assert surgesim_("new", "new", "--from", custom, "--out", new, "--extension", mine).exit_code == 0


def test_the_schema_names_the_actions_of_an_extension(mine: Path) -> None:
    schema = json.loads(surgesim_("schema", "--extension", mine).stdout)
    assert schema["$defs"]["Custom"]["properties"]["name"]["enum"] == ["nothing"]
    assert "enum" not in json.loads(surgesim_("schema").stdout)["$defs"]["Custom"]["properties"]["name"]


@pytest.mark.usefixtures("unpictured")
def test_a_result_is_read_and_reported_without_its_extension(
    custom: Path, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, few = custom.parent / "out", ("--replications", 1, "--workers", 1, "--no-figures", "--quiet")
    assert surgesim_("run", custom, "--out", out, *few, "--extension", mine).exit_code == 0
    mine.rename(mine.with_name("gone.py"))
    assert list(surgesim.read(out).replications["length"]) == [20.0]
    html = out.parent / "report.html"
    assert surgesim_("report", out, "--lang", "en", "--out", html).exit_code == 0
    assert "days of the run" in html.read_text(encoding="utf-8")
    again = surgesim_("reproduce", out, "--workers", 1)
    assert again.exit_code == 2
    assert "was run with the extension mine.py (SHA-256 " in again.stderr
    mine.with_name("gone.py").rename(mine)
    assert surgesim_("reproduce", out, "--workers", 1, "--extension", mine).exit_code == 0


@pytest.mark.parametrize("command", ["run", "validate", "schema", "new", "sweep", "reproduce"])
def test_a_file_that_is_no_extension_is_one_sentence(tmp_path: Path, command: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text("x = 1", encoding="utf-8")
    out = tmp_path / "out"
    scenario = written(tmp_path, SMALL)
    given = {
        "run": [scenario, "--out", out],
        "validate": [scenario],
        "schema": [],
        "new": ["new", "--from", scenario, "--out", out],
        "sweep": [scenario, "--vary", "care.no_bed_hours=4,8", "--out", out],
        "reproduce": [tmp_path],
    }[command]
    result = surgesim_(command, *given, "--extension", path)
    assert result.exit_code == 2
    if command != "reproduce":  # which looks at the folder first
        assert result.stderr == (
            "mine.py: declares nothing, expected a function with a decorator of surgesim.extension "
            "(outcome, indicator, intervention, action)\n"
        )
    assert not out.exists()


def test_the_log_has_the_traceback(tmp_path: Path, mine: Path) -> None:
    mine.write_text(MINE.replace("return len", "return 1 / 0 + len"), encoding="utf-8")
    scenario, log = written(tmp_path, SMALL), tmp_path / "log.txt"
    few = ("--replications", 1, "--workers", 1, "--days", 5, "--only", "baseline")
    failed = surgesim_(
        "--log", log, "run", scenario, *few, "--out", tmp_path / "out", "--extension", mine, "--quiet"
    )
    sentence = "mine.py: the outcome 'length' raised ZeroDivisionError: division by zero "
    assert failed.exit_code == 2
    assert failed.stderr.startswith(sentence)
    assert "Traceback" not in failed.stderr
    assert f"ERROR {sentence}" in log.read_text(encoding="utf-8")
    assert "    return 1 / 0 + len(one.province)" in log.read_text(encoding="utf-8")


def test_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    result = surgesim_("--log", tmp_path / "none" / "log.txt", "schema")
    assert result.exit_code == 2
    assert result.stderr.endswith("log.txt: cannot be written: No such file or directory\n")
