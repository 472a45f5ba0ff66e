"""Sweeps from the outside: killed at any moment and resumed, a worker killed, a Dask cluster, refusals."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import surgesim as surgesim_package
from surgesim.cli import app
from surgesim.errors import SurgesimError
from surgesim.extension.files import Extension, Extensions
from surgesim.scenario.door import from_plain
from surgesim.scenario.schema.merging import deep_merge
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.replicate import replicate
from surgesim.study.compute.spread import spread
from surgesim.study.reproduce import reproduce
from surgesim.study.run import run
from surgesim.study.store.folder import hashes
from surgesim.study.store.parts import places
from surgesim.study.store.run_folder import read
from surgesim.study.sweep.sweep import sweep

ROOT = Path(surgesim_package.__file__).parents[1]
sys.path.append(str(ROOT / "tests" / "unit"))

from study_cases import made_up_simulation, small_scenario  # noqa: E402, RUF100 - beside the unit tests

BEDS = "care.facilities.general.beds.icu"
POINTS = 20
RUNS = 100
ARGUMENTS = ("--vary", f"{BEDS}=1:9:5", "--vary", "clinical.isolated_share=0:1:4", "--replications", "5")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def command(out: str, *more: str) -> list[str]:
    return [sys.executable, "-m", "surgesim.cli", "sweep", "small.yaml", *ARGUMENTS, "--out", out, *more]


def parts(out: str) -> int:
    files = Path(f"{out}.unfinished/parts").glob("*.parts")
    return len({place.part for file in files for place in places(file) if place.is_whole})


def wait_for(process: subprocess.Popen[Any], out: str, count: int) -> None:
    while parts(out) < count:
        assert process.poll() is None, "the sweep ended before its time"
        time.sleep(0.01)


def children(pid: int) -> list[int]:
    """The processes that a process has started, from /proc."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(path.parent.name))
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the scenario and the table of the uninterrupted sweep, in one process."""
    from surgesim.scenario.door import dump

    folder = tmp_path_factory.mktemp("sweeps")
    (folder / "small.yaml").write_text(dump(small_scenario()), encoding="utf-8")
    before = Path.cwd()
    os.chdir(folder)
    try:
        subprocess.run(command("whole", "--workers", "1"), env=environment(), check=True, capture_output=True)
        yield folder
    finally:
        os.chdir(before)


def test_kill_at_random_moments_then_resume(whole: Path) -> None:
    moments = random.Random(2024)
    least = 0
    for _ in range(2):
        with subprocess.Popen(
            command("killed", "--workers", "2", "--resume"), env=environment(), start_new_session=True
        ) as process:
            wait_for(process, "killed", moments.randrange(least + 1, least + 26))
            os.killpg(process.pid, signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        assert not Path("killed").exists()
        least = parts("killed")
    assert 0 < least < RUNS
    done = subprocess.run(
        command("killed", "--workers", "2", "--resume"),
        env=environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == f"{RUNS} runs at {POINTS} points, 0 failed: killed/\n"
    assert hashes(Path("killed")) == hashes(Path("whole"))
    assert not Path("killed.unfinished").exists()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="children are found in /proc")
def test_a_local_worker_killed_in_the_middle_changes_nothing(whole: Path) -> None:
    with subprocess.Popen(command("orphaned", "--workers", "2"), env=environment()) as process:
        wait_for(process, "orphaned", 20)
        workers = [
            pid for pid in children(process.pid) if b"popen_loky" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
        assert len(workers) == 2
        os.kill(workers[0], signal.SIGKILL)
        assert process.wait(timeout=120) == 0
    assert hashes(Path("orphaned")) == hashes(Path("whole"))


def test_interrupt_says_how_to_go_on(whole: Path) -> None:
    with subprocess.Popen(
        command("interrupted", "--workers", "1"),
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        wait_for(process, "interrupted", 5)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    kept = whole / "interrupted.unfinished"
    message = f"Interrupted: completed runs are in {kept}; continue with --resume.\n"
    assert (process.returncode, err) == (130, message)
    again = CliRunner().invoke(app, command("interrupted")[3:])
    assert again.exit_code == 2
    assert "an unfinished sweep with" in again.stderr
    assert "continue with --resume" in again.stderr


@contextmanager
def dask(folder: Path, workers: int) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and workers on loopback, as the documentation starts them; their address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    quiet: dict[str, Any] = {
        "env": environment(),
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "cwd": folder,
    }
    start = [sys.executable, "-m", "dask"]
    at = ["--host", "127.0.0.1"]
    processes = [subprocess.Popen([*start, "scheduler", *at, "--port", str(port), "--no-dashboard"], **quiet)]
    try:
        processes += [
            subprocess.Popen(
                [*start, "worker", address, *at, "--nthreads", "1", "--no-nanny", "--no-dashboard"], **quiet
            )
            for _ in range(workers)
        ]
        yield address, processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_a_cluster_gives_the_same_tables_though_a_worker_is_killed_and_stops_without_its_scheduler(
    whole: Path,
) -> None:
    pytest.importorskip("distributed")
    with dask(whole, 2) as (address, (scheduler, *workers)):
        _wait_for_workers(address, 2)
        with subprocess.Popen(command("bereft", "--scheduler", address), env=environment()) as process:
            wait_for(process, "bereft", 20)
            workers[0].kill()
            assert process.wait(timeout=120) == 0
        assert hashes(Path("bereft")) == hashes(Path("whole"))
        scenario = small_scenario()
        here = [record["baseline"].outcomes for record in replicate({"baseline": scenario}, 7, 4)]
        there = replicate({"baseline": scenario}, 7, 4, Backend(scheduler=address))
        np.testing.assert_equal([record["baseline"].outcomes for record in there], here)
        own = b"from surgesim.extension import outcome\n@outcome(unit='days', meaning='days')\n"
        extensions = Extensions((Extension("mine.py", own + b"def length(one): return len(one.province)"),))
        extended = {"baseline": scenario.with_extensions(extensions)}
        (record,) = replicate(extended, 7, 1, Backend(scheduler=address))
        np.testing.assert_equal(record["baseline"].outcomes, {**here[0], "length": scenario.days})
        with subprocess.Popen(
            command("headless", "--scheduler", address), env=environment(), stderr=subprocess.PIPE, text=True
        ) as process:
            wait_for(process, "headless", 5)
            scheduler.kill()
            _, err = process.communicate(timeout=120)
    kept = f"completed runs are in {whole / 'headless.unfinished'}; continue with --resume"
    lost = f"{address}: the connection to the scheduler was lost"
    assert (process.returncode, err) == (2, f"{lost}; {kept}\n")


OWN = """
from surgesim.extension import action, indicator, intervention, outcome


@outcome(unit="days", meaning="days with patients")
def busy(one):
    return (one.province["present"] > 0).sum()


@indicator(unit="patients", meaning="patients present, by a share that is drawn")
def noisy(province):
    return province.now("present") * province.scenario.clinical.isolated_share


@intervention
def watch(province):
    province.memory["most"] = max(province.memory.get("most", 0), province.indicators["own:noisy"])
    if province.memory["most"] > 2 + province.random.random() and not province.ordered:
        province.order("field", action="open_facility", facilities=["field"])


@action
def wards(province, share, options):
    if share:
        province.order("wards", action="convert_beds", facilities=options["at"])
"""


def own_and_drawn(folder: Path) -> Scenario:
    """A scenario with an outcome, an indicator, an intervention and an action of its own, and draws."""
    (folder / "own.py").write_text(OWN, encoding="utf-8")
    rule = {
        "action": "custom",
        "name": "wards",
        "options": {"at": ["general"]},
        "when": {"indicator": "own:noisy", "above": 1},
    }
    draws = {"paths": ["clinical.isolated_share"], "rows": [[0.3], [0.6], [0.9]], "weights": [1, 2, 1]}
    uncertainty = {"care.no_bed_hours": {"uniform": [2, 9]}, BEDS: {"uniform": [1, 5]}}
    changes = {
        "command": {
            "thresholds": {"noisy": {"indicator": "own:noisy", "above": 2}},
            "plan": {"by-noise": rule},
        },
        "study": {"replications": 5, "draws": draws, "uncertainty": uncertainty},
    }
    return from_plain(deep_merge(small_scenario().to_plain(), changes), extensions=[folder / "own.py"])


def test_extensions_and_draws_give_the_same_bytes_on_any_workers_and_are_reproduced(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    scenario = own_and_drawn(tmp_path)
    points = [{"care.facilities.general.beds.oxygen": beds} for beds in (5, 10)]
    kept: dict[str, Any] = {"series": ["own:noisy"], "facility_series": ["state"]}
    with dask(tmp_path, 2) as (address, _):
        _wait_for_workers(address, 2)
        for name, backend in {"1": Backend(1), "2": Backend(2), "dask": Backend(scheduler=address)}.items():
            run(scenario, workers=backend, out=tmp_path / f"run-{name}", **kept)
            sweep(
                scenario,
                points=points,
                replications=3,
                workers=backend,
                out=tmp_path / f"sweep-{name}",
                **kept,
            )
    for kind in ("run", "sweep"):
        one, two, cluster = (hashes(tmp_path / f"{kind}-{name}") for name in ("1", "2", "dask"))
        assert one == two == cluster
        again = reproduce(tmp_path / f"{kind}-dask", extensions=[tmp_path / "own.py"], workers=1)
        assert again.compared
        assert again.differences == ()
    results = read(tmp_path / "run-1")
    assert results.replications["drawn:clinical.isolated_share"].nunique() > 1
    assert {"by-noise", "wards", "field"} <= set(results.actions["rule"])
    assert results.replications["busy"].min() > 0
    assert results.series("own:noisy")["own:noisy"].max() > 2


def _wait_for_workers(address: str, count: int) -> None:
    from distributed import Client

    with Client(address, timeout=60, set_as_default=False) as client:
        if count:
            client.wait_for_workers(count, timeout=60)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (
            "tcp://127.0.0.1:1",
            "tcp://127.0.0.1:1: no scheduler responded within 1 s, expected the address that",
        ),
        ("nonsense", "got scheduler 'nonsense', expected the address that `dask scheduler` prints"),
        ("127.0.0.1:8786", "got scheduler '127.0.0.1:8786', expected the address"),
        ("tcp://127.0.0.1", "got scheduler 'tcp://127.0.0.1', expected the address"),
        ("tcp://127.0.0.1:99999", "got scheduler 'tcp://127.0.0.1:99999', expected the address"),
    ],
)
def test_a_scheduler_that_does_not_answer(
    whole: Path, monkeypatch: pytest.MonkeyPatch, address: str, message: str
) -> None:
    pytest.importorskip("distributed")
    from surgesim.study.compute import connection as module

    monkeypatch.setattr(module, "REACH_SECONDS", 1)
    result = CliRunner().invoke(app, [*command("unanswered", "--scheduler", address)[3:]])
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert list(Path().glob("unanswered*")) == []


def test_a_scheduler_without_workers(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    from surgesim.study.compute import connection as module

    with dask(whole, 0) as (address, _):
        _wait_for_workers(address, 0)
        monkeypatch.setattr(module, "ANSWER_SECONDS", 1)
        with pytest.raises(SurgesimError, match="the scheduler has no workers, expected at least one"):
            list(spread(abs, [1], Backend(scheduler=address)))


def test_a_worker_that_dies_once_is_replaced(tmp_path: Path) -> None:
    died = tmp_path / "died"

    def work(task: int) -> int:
        if task == 5 and not died.exists():
            died.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return task * task

    assert sorted(spread(work, range(20), workers=2)) == [(k, k * k) for k in range(20)]
    assert died.exists()


def test_sweep_refuses_bad_input_at_once(whole: Path) -> None:
    arguments = ["--vary", "care.facilities.general.beds.icuu=1:2:2", "--vary", f"{BEDS}=6:2:3"]
    result = CliRunner().invoke(app, ["sweep", "small.yaml", *arguments, "--out", "bad"])
    assert result.exit_code == 2
    assert result.stderr == (
        "care.facilities.general.beds.icuu: unknown key 'icuu', did you mean 'icu'?\n"
        f"{BEDS}: got a range from 6 to 2, expected low below high\n"
    )
    twice = CliRunner().invoke(app, ["sweep", "small.yaml", "--vary", f"{BEDS}=1,2", "--vary", f"{BEDS}="])
    assert (twice.exit_code, twice.stderr.count("\n")) == (2, 2)
    assert list(Path().glob("bad*")) == []


def test_sensitivity_writes_a_table_and_a_figure(whole: Path) -> None:
    result = CliRunner().invoke(
        app, ["sensitivity", "whole", "--outcome", "days_breached_icu", "--lang", "vi"]
    )
    assert result.exit_code == 0
    assert "giường ICU" in result.stdout
    assert sorted(path.name for path in Path("whole/sensitivity").iterdir()) == [
        "sensitivity.csv",
        "small-baseline.svg",
    ]
    for path in Path("whole/sensitivity").iterdir():
        path.unlink()
    Path("whole/sensitivity").rmdir()
    unknown = CliRunner().invoke(app, ["sensitivity", "whole", "--outcome", "deats"])
    assert (unknown.exit_code, unknown.stderr) == (2, "unknown outcome 'deats', did you mean 'deaths'?\n")


@pytest.mark.parametrize("name", ["sensitivity.csv", "small-baseline.svg", "sweep-map.svg"])
def test_figures_and_tables_of_a_sweep_replace_only_their_own_kind(
    whole: Path, tmp_path: Path, name: str
) -> None:
    command = ["sensitivity", "whole", "--outcome", "days_breached_icu"]
    if name == "sweep-map.svg":
        command = ["plot", "whole"]
    (tmp_path / name).write_text("precious")
    result = CliRunner().invoke(app, [*command, "--lang", "en", "--out", str(tmp_path)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{name}: got something that is not a" in result.stderr
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, "precious")]
    (tmp_path / name).unlink()
    for _ in range(2):
        assert CliRunner().invoke(app, [*command, "--lang", "en", "--out", str(tmp_path)]).exit_code == 0


def test_plot_draws_the_map_of_a_sweep(whole: Path) -> None:
    drawn = CliRunner().invoke(
        app, ["plot", "whole", "--figure", "sweep-map", "--lang", "vi", "--out", "maps"]
    )
    assert (drawn.exit_code, drawn.stdout) == (0, f"{Path('maps', 'sweep-map.svg')}\n")
    bare = CliRunner().invoke(
        app, ["plot", "whole", "--alternative", "extra", "--lang", "en", "--format", "png"]
    )
    assert (bare.exit_code, bare.stderr) == (2, "got alternative 'extra', expected one of baseline\n")
    for more, message in (
        (["--figure", "need"], "got figure 'need' for a sweep, expected sweep-map\n"),
        (["--area", "na"], "got --area na for a sweep, expected --area only for a run\n"),
    ):
        refused = CliRunner().invoke(app, ["plot", "whole", *more])
        assert (refused.exit_code, refused.stderr) == (2, message)
    assert not Path("whole/plots").exists()


def test_a_sweep_that_was_plotted_can_be_swept_again(whole: Path) -> None:
    arguments = ["sweep", "small.yaml", "--vary", f"{BEDS}=1,2", "--vary", "clinical.isolated_share=0,1"]
    arguments += ["--replications", "1", "--workers", "1", "--out", "again", "--quiet"]
    for command_line in (arguments, ["plot", "again", "--lang", "en"], arguments):
        result = CliRunner().invoke(app, command_line)
        assert result.exit_code == 0, result.output
    assert not Path("again/plots").exists()


def test_sensitivity_of_a_run_writes_a_table_and_its_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("surgesim.model.simulation.run_once", made_up_simulation)
    plain = small_scenario().to_plain()
    uncertainty = {"clinical.isolated_share": {"uniform": [0, 1]}}
    given = {**plain["study"], "replications": 40, "uncertainty": uncertainty}
    run(from_plain({**plain, "study": given}), workers=1, out=tmp_path / "done")
    command = ["sensitivity", "done", "--outcome", "deaths", "--lang", "en"]
    for _ in range(2):  # the second replaces the files of the first
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0, result.output
    assert "share of mild cases" in result.stdout
    assert sorted(path.name for path in Path("done/sensitivity").iterdir()) == [
        "sensitivity.csv",
        "small-baseline.svg",
        "small-more-icu-against-baseline.svg",
        "small-more-icu.svg",
        "small-nothing.svg",
    ]
    unknown = CliRunner().invoke(app, ["sensitivity", "done", "--outcome", "deats"])
    assert (unknown.exit_code, unknown.stderr) == (2, "unknown outcome 'deats', did you mean 'deaths'?\n")
    run(from_plain({**plain, "study": given}), workers=1, out=tmp_path / "done")  # replaces all of it
    assert not Path("done/sensitivity").exists()
