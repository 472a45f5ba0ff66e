"""A fit from end to end, at small size: the same for any workers and after a stop, stored, drawn from."""

from __future__ import annotations

import inspect
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fit_cases import PRIORS, tiny_data, tiny_town
from typer.testing import CliRunner, Result

import surgesim
from surgesim.cli import app, fits
from surgesim.errors import FitError, Problem, ResultsError, ScenarioError
from surgesim.fitting import fit as module
from surgesim.fitting.fit import Fit, read_fit
from surgesim.fitting.members import Member, Task
from surgesim.scenario.door import dump
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.store.parts import places

SMALL: dict[str, Any] = {"members": 20, "rounds": 2, "replicates": 5, "priors": PRIORS, "defaults": False}


@pytest.fixture(scope="module")
def town() -> Scenario:
    return tiny_town()


@pytest.fixture(scope="module")
def data(town: Scenario) -> pd.DataFrame:
    return tiny_data(town)


@pytest.fixture(scope="module")
def fitted(town: Scenario, data: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Fit:
    return surgesim.fit(town, data, **SMALL, workers=1, out=tmp_path_factory.mktemp("fits") / "tiny")


def the_same(one: Fit, other: Fit) -> bool:
    """Whether two fits have the same tables, to the digits of their files."""
    for name in ("draws", "fit", "posterior"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), rtol=1e-9, check_dtype=False)
    return one.warnings == other.warnings


def test_the_data_narrow_the_unknowns(fitted: Fit) -> None:
    posterior = fitted.posterior.set_index("parameter")
    assert list(posterior.index) == list(PRIORS)
    assert (posterior["width_ratio"] < 0.8).all()
    assert list(fitted.draws.columns) == list(PRIORS)
    assert len(fitted.draws) == 20
    against = fitted.fit
    assert against.groupby("series").size().to_dict() == {"reported_cases": 5, "admissions": 5, "icu": 5}
    near = (against["posterior_p50"] - against["value"]).abs()
    assert near.sum() < (against["prior_p50"] - against["value"]).abs().sum()


def test_the_result_is_stored(fitted: Fit, town: Scenario) -> None:
    assert fitted.folder is not None
    names = {path.name for path in fitted.folder.iterdir()}
    assert names == {"draws.csv", "fit.csv", "posterior.csv", "scenario.yaml", "manifest.json"}
    assert not fitted.folder.with_name("tiny.unfinished").exists()
    assert the_same(read_fit(fitted.folder, town), fitted)
    with pytest.raises(ResultsError, match="got a fit, expected a folder written by `surgesim run`"):
        surgesim.read(fitted.folder)


def test_draws_can_be_run(fitted: Fit, town: Scenario) -> None:
    """From the overlay, from scenario.yaml and from draws.csv alike."""
    assert fitted.folder is not None
    drawn = town.overlaid(fitted.overlay)
    assert surgesim.load(fitted.folder / "scenario.yaml").study.draws == drawn.study.draws
    file = {"draws": {"file": str(fitted.folder / "draws.csv")}, "replications": 20}
    by_file = town.overlaid({"study": file})
    assert by_file.study.draws is not None
    assert by_file.study.draws.rows == drawn.study.draws.rows  # type: ignore[union-attr]
    one = surgesim.simulate(drawn, 1, 2)
    assert one.draws == pytest.approx(fitted.draws.iloc[1].to_dict())


def test_the_result_is_the_same_for_any_workers(fitted: Fit, town: Scenario, data: pd.DataFrame) -> None:
    assert the_same(surgesim.fit(town, data, **SMALL, workers=2), fitted)


def test_rounds_are_not_run_again(
    fitted: Fit, town: Scenario, data: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fit stopped in its second round goes on there, and is the same."""
    run, calls = module.runs, []

    def stopping(member: Any, tasks: Any, *others: Any) -> Any:
        calls.append(len(tasks))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return run(member, tasks, *others)

    monkeypatch.setattr(module, "runs", stopping)
    with pytest.raises(KeyboardInterrupt):
        surgesim.fit(town, data, **SMALL, workers=1, out=tmp_path / "tiny")
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.unfinished"]
    with pytest.raises(ResultsError, match="contains an unfinished fit with 1 of 3 rounds"):
        surgesim.fit(town, data, **SMALL, workers=1, out=tmp_path / "tiny")
    with pytest.raises(ResultsError, match=r"noise was 0\.1, is 0\.2"):
        surgesim.fit(town, data, **SMALL, noise=0.2, workers=1, out=tmp_path / "tiny", resume=True)
    again = surgesim.fit(town, data, **SMALL, workers=1, out=tmp_path / "tiny", resume=True)
    assert calls == [25, 25, 25, 20]
    assert the_same(again, fitted)
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]
    kept = surgesim.fit(town, data, **SMALL, workers=1, out=tmp_path / "tiny", resume=True)
    assert len(calls) == 4
    assert the_same(kept, fitted)


def test_priors_that_exclude_the_data_stop_the_fit(
    town: Scenario, data: pd.DataFrame, tmp_path: Path
) -> None:
    settings = SMALL | {"priors": {"epidemic.detection.share": (0.001, 0.002)}}
    many = data.drop(columns=["admissions", "icu"])
    many["reported_cases"] *= 50
    with pytest.raises(FitError, match="reported_cases: the priors exclude these data: all 5 values"):
        surgesim.fit(town, many, **settings, workers=1, out=tmp_path / "tiny")
    assert list(tmp_path.iterdir()) == []


def test_an_epidemic_that_dies_out_in_the_prior_stops_the_fit(town: Scenario, data: pd.DataFrame) -> None:
    settings = SMALL | {"priors": {"epidemic.variant.r0": (0.01, 0.02)}}
    with pytest.raises(FitError, match=r"the epidemic dies out in \d+ of 20 members"):
        surgesim.fit(town, data[["date", "icu"]], **settings, workers=1)


def test_members_that_the_scenario_refuses_are_replaced(
    town: Scenario, data: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    observed = Member.observed

    def picky(self: Member, task: Task) -> Any:
        if task.replication % 7 == 0:
            raise ScenarioError([Problem("care", "got 1, expected 2")])
        return observed(self, task)

    monkeypatch.setattr(Member, "observed", picky)
    found = surgesim.fit(town, data, **SMALL, workers=1)
    refusals = [warning for warning in found.warnings if warning.startswith("the scenario refuses")]
    assert len(refusals) == 3
    end = "of 25 runs of round 1, which were replaced by others; the first: care: got 1, expected 2"
    assert refusals[0].endswith(end)
    assert len(found.draws) == 20
    assert np.isfinite(found.fit[["prior_p5", "posterior_p5"]].to_numpy()).all()
    assert np.isfinite(found.draws.to_numpy()).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"members": 5}, "members: got 5, expected a whole number of at least 10"),
        ({"rounds": 0}, "rounds: got 0, expected a whole number of at least 1"),
        ({"replicates": 1.5}, r"replicates: got 1\.5, expected a whole number of at least 5"),
        ({"noise": 0.0}, r"noise: got 0\.0, expected a number above 0"),
    ],
)
def test_settings_that_cannot_be(town: Scenario, data: pd.DataFrame, settings: Any, message: str) -> None:
    with pytest.raises(FitError, match=message):
        surgesim.fit(town, data, **settings)


def test_a_scenario_that_cannot_be_fitted(town: Scenario, data: pd.DataFrame) -> None:
    drawn = town.overlaid({"study": {"draws": {"paths": ["epidemic.variant.r0"], "rows": [[3.0]] * 50}}})
    with pytest.raises(FitError, match=r"study\.draws: got joint draws, expected none"):
        surgesim.fit(drawn, data)


# -- the command ----------------------------------------------------------------------------------


def command(folder: Path, *args: str) -> Result:
    small = ("--members", "12", "--rounds", "1", "--workers", "1", "--lang", "en", "--no-defaults")
    out = ("--out", str(folder / "out"))
    return CliRunner().invoke(app, ["fit", str(folder / "tiny.yaml"), *small, *out, *args])


@pytest.fixture
def files(town: Scenario, data: pd.DataFrame, tmp_path: Path) -> Path:
    (tmp_path / "tiny.yaml").write_text(dump(town), encoding="utf-8")
    data.to_csv(tmp_path / "daily.csv", index=False)
    return tmp_path


def test_the_command_writes_a_fit_with_its_figure(files: Path) -> None:
    result = command(
        files, "--data", str(files / "daily.csv"), "--prior", "epidemic.variant.r0=2:4", "--seed", "3"
    )
    assert result.exit_code == 0, result.output
    assert result.stdout == f"Unknowns: 1; draws: 12; folder: {files / 'out'}{os.sep}\n"
    assert "fit.svg" in {path.name for path in (files / "out").iterdir()}
    manifest = json.loads((files / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["fit"]["seed"] == 3
    assert manifest["fit"]["unknowns"] == {"epidemic.variant.r0": "log normal, 90 % from 2 to 4"}


def test_the_defaults_of_the_command_are_those_of_the_library() -> None:
    names = ("members", "rounds", "noise", "defaults")
    of_command, of_library = (inspect.signature(function).parameters for function in (fits.fit, surgesim.fit))
    assert [of_command[name].default for name in names] == [of_library[name].default for name in names]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "history: got no history and no data"),
        (("--data", "none.csv"), "none.csv: cannot be read"),
        (("--data", "daily.csv"), "got nothing to fit"),
        (("--data", "daily.csv", "--prior", "epidemic.r0=2:4"), "epidemic.r0: unknown key 'r0'"),
        (("--data", "daily.csv", "--prior", "r0=2"), "--prior: got 'r0=2', expected path=low:high"),
        (("--data", "daily.csv", *("--prior", "r0=2:4") * 2), "--prior: got r0 twice, expected it once"),
        (("--data", "daily.csv", "--noise", "much"), "got 'much', expected a number"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_written(
    files: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(files)
    result = command(files, *args)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert not (files / "out").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"date": "2024-03-01"}, "bad.csv:2: date: got 2024-03-01, which is outside the run, expected"),
        ({"cases": 1}, "bad.csv: cases: got an unknown column, expected one of date"),
        ({"in_hospital": 0, "icu": 3}, "bad.csv:2: icu: got 3 on 2024-01-01, expected at most the 0 of"),
        ({"reported_cases": 0, "admissions": 0, "icu": 0}, "bad.csv: got only zeros, expected an epidemic"),
    ],
)
def test_bad_data_are_refused_before_anything_runs(
    files: Path, data: pd.DataFrame, change: dict[str, Any], message: str
) -> None:
    frame = data.assign(**{"date": data["date"].dt.strftime("%Y-%m-%d"), **change})
    frame.to_csv(files / "bad.csv", index=False)
    result = command(files, "--data", str(files / "bad.csv"), "--prior", "epidemic.variant.r0=2:4")
    assert result.exit_code == 2
    assert message in result.stderr
    assert sorted(path.name for path in files.iterdir()) == ["bad.csv", "daily.csv", "tiny.yaml"]


@pytest.mark.slow
def test_a_killed_fit_goes_on(files: Path) -> None:
    """kill -9 in a round leaves whole rounds; the rest gives the same tables."""
    args = [
        "fit",
        str(files / "tiny.yaml"),
        "--data",
        str(files / "daily.csv"),
        "--members",
        "16",
        "--rounds",
    ]
    args += ["2", "--workers", "1", "--no-figures", "--quiet", "--out"]
    whole, out = files / "whole", files / "killed"
    assert CliRunner().invoke(app, [*args, str(whole)]).exit_code == 0
    process = subprocess.Popen([sys.executable, "-m", "surgesim.cli", *args, str(out)])
    parts = files / "killed.unfinished" / "parts"
    end = time.monotonic() + 120
    while (
        not any(place.part for path in parts.glob("*.parts") for place in places(path))
        and time.monotonic() < end
    ):
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not out.exists()
    assert CliRunner().invoke(app, [*args, str(out), "--resume"]).exit_code == 0
    for name in ("draws", "fit", "posterior"):
        assert (out / f"{name}.csv").read_bytes() == (whole / f"{name}.csv").read_bytes()


@pytest.mark.slow
def test_known_parameters_are_recovered() -> None:
    """Four synthetic epidemics: intervals cover most of the truths, and are narrower than the prior."""
    priors = PRIORS | {"epidemic.variant.severity": (1.0, 4.0)}
    rng = np.random.default_rng(5)
    inside, ratios = [], []
    for number in range(4):
        truth = {
            path: float(low * (high / low) ** rng.uniform(0.1, 0.9)) for path, (low, high) in priors.items()
        }
        data = tiny_data(tiny_town().overlaid(truth), days=60)
        found = surgesim.fit(
            tiny_town(),
            data,
            priors=priors,
            defaults=False,
            members=40,
            rounds=3,
            replicates=12,
            seed=number,
            workers=1,
        ).posterior.set_index("parameter")
        inside += [found.posterior_p5[path] <= truth[path] <= found.posterior_p95[path] for path in priors]
        ratios.append(found["width_ratio"])
    assert sum(inside) >= 8
    assert float(np.mean(ratios)) < 0.7


@pytest.mark.slow
def test_a_cluster_gives_the_same_fit(town: Scenario, data: pd.DataFrame) -> None:
    distributed = pytest.importorskip("distributed")
    small = {**SMALL, "members": 10, "rounds": 1}
    here = surgesim.fit(town, data, **small, workers=1)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0", protocol="tcp"
    ) as cluster:
        there = surgesim.fit(town, data, **small, workers=Backend(scheduler=cluster.scheduler_address))
    pd.testing.assert_frame_equal(there.draws, here.draws)
    assert the_same(there, here)
