"""A sweep on the command line: a precision, a seed of the design, and growth of a completed one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from study_cases import made_up_simulation, small_scenario
from typer.testing import CliRunner

from surgesim.cli import app
from surgesim.model import simulation
from surgesim.scenario.door import dump


def test_a_sweep_grows_by_resume_and_does_not_shrink(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "run_once", made_up_simulation)
    file, out = tmp_path / "small.yaml", tmp_path / "out"
    file.write_text(dump(small_scenario()), encoding="utf-8")
    command = [
        "sweep",
        str(file),
        "--vary",
        "clinical.isolated_share=0:1",
        "--design",
        "sobol",
        "--out",
        str(out),
    ]
    command += ["--design-seed", "3", "--workers", "1", "--resume"]
    command += ["--samples", "2"]
    assert CliRunner().invoke(app, [*command, "--replications", "2"]).exit_code == 0
    shrunk = CliRunner().invoke(app, [*command, "--replications", "1"])
    assert shrunk.exit_code == 2
    assert f"{out}: got 1 replications, expected at least 2 as in the completed sweep" in shrunk.stderr
    assert shrunk.stderr.count("\n") == 1
    grown = CliRunner().invoke(
        app, [*command, "--replications", "2", "--precision", "deaths=1e-9", "--most", "3"]
    )
    assert f"{out}: the sweep grows from 12 to 18 runs" in grown.stderr
    assert grown.stdout.startswith("18 runs at 6 points, 0 failed")
    plan = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["sweep"]
    assert (plan["design_seed"], plan["most_replications"], plan["precision"]) == (3, 3, {"deaths": 1e-9})
