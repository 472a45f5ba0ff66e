"""`--series` and `--facility-series`, the daily series that a run or a sweep keeps of every replication."""

from __future__ import annotations

from pathlib import Path

import pytest
from loading_cases import SMALL, written
from typer.testing import CliRunner

import surgesim
from surgesim.cli import app

FEW = ("--replications", "1", "--workers", "1", "--quiet")
KEEP = ("--series", "icu_need", "--series", "present", "--facility-series", "occupied_icu")


def test_a_run_and_a_sweep_keep_the_series_that_are_named(tmp_path: Path) -> None:
    scenario = str(written(tmp_path, SMALL))
    short = ("--set", "days=20")
    out = [str(tmp_path / name) for name in ("run", "sweep")]
    ran = CliRunner().invoke(app, ["run", scenario, *short, *FEW, "--no-figures", *KEEP, "--out", out[0]])
    vary = ("--vary", "care.no_bed_hours=4,8")
    swept = CliRunner().invoke(app, ["sweep", scenario, *short, *vary, *FEW, *KEEP, "--out", out[1]])
    assert (ran.exit_code, swept.exit_code) == (0, 0), ran.output + swept.output
    results, sweep = surgesim.read(out[0]), surgesim.Sweep(out[1])
    assert results.manifest["series"] == ["icu_need", "present"]
    assert len(results.facility_series("occupied_icu")) == 20 * 2
    assert len(sweep.series("present")) == 2 * 20


@pytest.mark.parametrize("command", ["run", "sweep"])
def test_a_series_that_does_not_exist_is_said_by_the_option(tmp_path: Path, command: str) -> None:
    scenario, out = str(written(tmp_path, SMALL)), str(tmp_path / "out")
    vary = ("--vary", "care.no_bed_hours=4,8") if command == "sweep" else ()
    given = [command, scenario, *vary, *FEW, "--out", out]
    wrong = CliRunner().invoke(app, [*given, "--series", "icu_ned", "--facility-series", "stat"])
    assert wrong.exit_code == 2
    assert wrong.stderr.splitlines() == [
        "--series: got 'icu_ned', did you mean 'icu_need'?",
        "--facility-series: got 'stat', did you mean 'state'?",
    ]
