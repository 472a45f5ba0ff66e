"""What the commands say when they are interrupted, when their output is closed, and of damaged results."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from study_cases import made_up_simulation, small_scenario
from typer.testing import CliRunner

from surgesim import cli
from surgesim.cli import app
from surgesim.cli.terminal import TERMINATED
from surgesim.model import simulation
from surgesim.model.record import Record
from surgesim.scenario.door import dump
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.run import run
from surgesim.study.store.contents import MANIFEST
from surgesim.study.store.folder import hashes

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and devices of POSIX")

RUN = ("run", "small.yaml", "--workers", "1", "--no-figures", "--out", "out", "--only", "baseline")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(simulation, "run_once", made_up_simulation)
    (tmp_path / "small.yaml").write_text(dump(small_scenario()), encoding="utf-8")
    return tmp_path


def stops(error: BaseException) -> Callable[[Scenario, int, int, object], Record]:
    def simulate(scenario: Scenario, seed: int, replication: int, shared: object = None) -> Record:
        if replication == 2:
            raise error
        return made_up_simulation(scenario, seed, replication)

    return simulate


@pytest.mark.parametrize(
    ("error", "code"), [(KeyboardInterrupt(), 130), (SystemExit(TERMINATED), TERMINATED)]
)
def test_an_interrupted_run_says_how_to_go_on_and_does(
    here: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    run(small_scenario(), out="whole", workers=1, only=[])
    with monkeypatch.context() as patch:
        patch.setattr(simulation, "run_once", stops(error))
        result = CliRunner().invoke(app, RUN)
    kept = f"completed replications are in {here / 'out.unfinished'}; continue with --resume"
    assert (result.exit_code, result.output) == (code, f"Interrupted: {kept}.\n")
    result = CliRunner().invoke(app, RUN)
    assert result.exit_code == 2
    assert "an unfinished run with 2 of 4 replications: continue with --resume" in result.stderr
    assert CliRunner().invoke(app, [*RUN, "--resume", "--quiet"]).exit_code == 0
    assert hashes(here / "out") == hashes(here / "whole")
    assert sorted(path.name for path in here.iterdir()) == ["out", "small.yaml", "whole"]


@pytest.mark.parametrize("command", [["report"], ["plot"], ["reproduce"], ["sensitivity"]])
@pytest.mark.parametrize(
    "text", ["null", "{}", "[" * 100_000, '{"sweep": 3}', '{"sweep": {}, "files": {}}', "{"]
)
def test_a_damaged_manifest_is_one_sentence(here: Path, command: list[str], text: str) -> None:
    (here / "out").mkdir()
    (here / "out" / MANIFEST).write_text(text)
    result = CliRunner().invoke(app, [*command, "out"])
    assert result.exit_code == 2
    assert result.output.count("\n") == 1
    assert "out" in result.output


def command(here: Path, shell: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        f"{sys.executable} -m surgesim.cli {shell}", shell=True, cwd=here, capture_output=True, text=True
    )


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("given", ["--help", "schema", "validate small.yaml"])
def test_a_full_output_is_one_sentence(here: Path, given: str) -> None:
    done = command(here, f"{given} > /dev/full")
    assert (done.returncode, done.stderr) == (1, "The output cannot be written: No space left on device\n")


@pytest.mark.slow
def test_an_output_that_nobody_reads_is_one_sentence(here: Path) -> None:
    done = command(here, "schema | true")
    assert done.stderr in ("The output cannot be written: Broken pipe\n", "")


@pytest.mark.slow
def test_a_closed_output_stops_nothing(here: Path) -> None:
    done = command(here, f"{' '.join(RUN)} >&-")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert (here / "out" / MANIFEST).is_file()


@pytest.mark.slow
def test_a_second_process_is_told_who_writes_the_result(here: Path) -> None:
    first = [sys.executable, "-m", "surgesim.cli", *RUN, "--replications", "2000"]
    with subprocess.Popen(first, cwd=here, stdout=subprocess.DEVNULL) as process:
        while not list(here.glob("out.unfinished/parts/*.parts")):
            assert process.poll() is None
            time.sleep(0.02)
        for more in ([], ["--resume"]):
            result = CliRunner().invoke(app, [*RUN, *more])
            assert result.exit_code == 2
            assert f"out: is being written by process {process.pid} on " in result.stderr
            assert result.stderr.count("\n") == 1
        process.send_signal(signal.SIGKILL)
    shutil.rmtree(here / "out.unfinished")
    assert CliRunner().invoke(app, RUN).exit_code == 0
    assert sorted(path.name for path in here.iterdir()) == ["out", "small.yaml"]


def test_an_interruption_before_a_command_begins_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "app", interrupted)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "Interrupted: nothing was written.\n"
