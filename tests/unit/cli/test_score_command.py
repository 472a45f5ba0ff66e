"""The command score: what it writes and prints, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from score_cases import daily, forecast
from typer.testing import CliRunner, Result

from surgesim.cli import app

QUANTILES = (2, 8, 10, 12, 20)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    daily(icu=[9.0, 12.0] * 20).to_csv("daily.csv", index=False)
    for weeks in (1, 2, 8):
        forecast(QUANTILES, weeks=weeks).to_csv(f"in-{weeks}.csv", index=False)
    return tmp_path


def score(*args: str) -> Result:
    return CliRunner().invoke(app, ["score", *args, "--truth", "daily.csv", "--lang", "en"])


def test_tables_and_figure(here: Path) -> None:
    done = score("in-1.csv", "in-2.csv", "in-8.csv", "--out", "scores")
    assert done.exit_code == 0, done.stderr
    assert "Patients in ICU beds" in done.stdout
    assert "Forecasts without truth, left out: 1." in done.stdout
    assert done.stdout.splitlines()[-1].startswith("scores")
    names = ["calibration.csv", "each.csv", "scores.csv", "scores.svg"]
    assert sorted(path.name for path in (here / "scores").iterdir()) == names
    of = pd.read_csv(here / "scores" / "scores.csv").query("model == 'forecast' and location == 'province'")
    assert list(of["horizon"]) == ["1", "2", "all"]
    assert score("in-1.csv", "--out", "scores", "--quiet").stdout == ""


def test_files_of_others_are_not_replaced(here: Path) -> None:
    (here / "scores").mkdir()
    (here / "scores" / "each.csv").write_text("mine\n", encoding="utf-8")
    refused = score("in-1.csv", "--out", "scores")
    assert refused.exit_code == 2
    assert "got something that is not a table of scores written by surgesim" in refused.stderr
    assert [path.name for path in (here / "scores").iterdir()] == ["each.csv"]


def test_bad_input_exits_2_and_writes_nothing(here: Path) -> None:
    forecast((2, 8, 7, 12, 20)).to_csv("crossed.csv", index=False)
    refused = score("crossed.csv", "--out", "scores")
    assert refused.exit_code == 2
    assert refused.stderr.startswith("crossed.csv:4: value: got 7 for the quantile 0.5, below the 8 for 0.25")
    assert not (here / "scores").exists()


def test_help_lists_the_command() -> None:
    listed = CliRunner().invoke(app, ["--help"]).stdout
    assert all(f"\n  {name} " in listed for name in ("fit", "score"))
