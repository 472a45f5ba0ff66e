"""Daily series by replication: those of the replications themselves, in memory and stored, and as arrays."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from study_cases import DAYS, made_up_simulation, small_scenario

from surgesim.errors import IdentityError, ResultsError, ScenarioError, SurgesimError
from surgesim.model import simulation
from surgesim.model.record import Record
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.reproduce import reproduce
from surgesim.study.results import Results
from surgesim.study.run import run
from surgesim.study.simulate import simulate
from surgesim.study.store import series_file
from surgesim.study.store.folder import hashes
from surgesim.study.store.run_folder import read
from surgesim.study.sweep.result import Sweep
from surgesim.study.sweep.sweep import sweep

ICU = "care.facilities.general.beds.icu"
KEPT: dict[str, Any] = {"series": ["icu_need", "deaths"], "facility_series": ["occupied_icu", "state"]}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "run_once", made_up_simulation)


def ran(**given: Any) -> Results:
    return run(small_scenario(), **{"replications": 2, "workers": 1, "only": ["more-icu"], **KEPT, **given})


def swept(**given: Any) -> Sweep:
    vary = given.pop("vary", {ICU: "2,4"})
    return sweep(small_scenario(), vary, **{"replications": 2, "workers": 1, **KEPT, **given})


@pytest.mark.parametrize("stored", [True, False])
def test_series_of_a_run_are_those_of_its_replications(stored: bool, tmp_path: Path) -> None:
    ran(out=tmp_path / "out")
    results = read(tmp_path / "out") if stored else ran()
    ones = [
        simulate(small_scenario(), 7, k, alternative=name)
        for k in (0, 1)
        for name in ("baseline", "more-icu")
    ]
    keys = ["alternative", "replication", "day", "date"]
    expected = pd.concat([one.province[[*keys, "icu_need"]] for one in ones], ignore_index=True)
    pd.testing.assert_frame_equal(results.series("icu_need"), expected)
    keys.insert(2, "facility")
    for name in ("occupied_icu", "state"):
        expected = pd.concat([one.facilities[[*keys, name]] for one in ones], ignore_index=True)
        pd.testing.assert_frame_equal(results.facility_series(name), expected)


def test_series_of_a_sweep_are_those_of_its_replications(tmp_path: Path) -> None:
    found = swept(out=tmp_path / "out", alternatives=["more-icu"])
    mine = found.series("icu_need").query("point == 0 and replication == 1 and alternative == 'more-icu'")
    one = simulate(small_scenario().overlaid({ICU: 2}), 7, 1, alternative="more-icu")
    assert list(mine["icu_need"]) == list(one.province["icu_need"])
    assert list(mine["date"]) == list(one.province["date"])
    assert list(found.series("icu_need").columns) == [
        "scenario", "point", "alternative", "replication", "day", "date", "icu_need",
    ]  # fmt: skip
    states = found.facility_series("state").query("point == 1 and replication == 0")
    four = simulate(small_scenario().overlaid({ICU: 4}), 7, 0)
    assert list(states.query("alternative == 'baseline'")["state"]) == list(four.facilities["state"])


def test_a_stored_run_gives_every_daily_indicator_of_the_province(quick: None, tmp_path: Path) -> None:
    run(small_scenario(), replications=2, workers=1, out=tmp_path / "out")
    results = read(tmp_path / "out")
    assert len(results.series("oxygen_need")) == 2 * 3 * DAYS
    assert "facility_series.parquet" not in results.manifest["files"]
    with pytest.raises(
        ResultsError, match="got a study without facility_series, expected one with facility_series="
    ):
        results.facility_series("state")
    with pytest.raises(
        ResultsError, match="got series 'oxygen_ned', which was not kept, did you mean 'oxygen_need'"
    ):
        results.series("oxygen_ned")


def test_a_sweep_in_memory_keeps_its_series(quick: None, tmp_path: Path) -> None:
    stored, memory = swept(out=tmp_path / "out"), swept()
    assert not memory.folder.exists()
    pd.testing.assert_frame_equal(memory.series("deaths"), stored.series("deaths"))
    pd.testing.assert_frame_equal(memory.facility_series("state"), stored.facility_series("state"))
    with pytest.raises(
        ResultsError, match="got series 'present', which was not kept, expected one of icu_need, deaths"
    ):
        stored.series("present")
    assert swept(series=(), facility_series=()).manifest["sweep"].keys().isdisjoint(KEPT)


def test_files_are_written_in_batches(quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series_file, "_ROWS", 30)
    found = swept(out=tmp_path / "out", vary={ICU: "1:9:9"}, replications=1)
    file = pq.ParquetFile(tmp_path / "out" / "series.parquet")
    groups = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
    assert groups == [36, 36, 36]
    assert list(found.series("deaths")["point"]) == list(np.repeat(np.arange(9), DAYS))


def test_files_are_listed_and_a_changed_one_is_refused(quick: None, tmp_path: Path) -> None:
    swept(out=tmp_path / "out")
    path = tmp_path / "out" / "series.parquet"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ResultsError, match=r"series\.parquet: has changed since this result was written"):
        Sweep(tmp_path / "out").series("deaths")
    path.unlink()
    with pytest.raises(ResultsError, match=r"series\.parquet: missing"):
        Sweep(tmp_path / "out").series("deaths")
    (difference,) = reproduce(tmp_path / "out", workers=1).differences
    assert difference == "series.parquet: missing"


def test_runs_and_their_series_are_reproduced(quick: None, tmp_path: Path) -> None:
    ran(out=tmp_path / "out")
    again = reproduce(tmp_path / "out", workers=1)
    assert again.differences == ()
    assert "facility_series.parquet" in again.compared


def stops_after(done_runs: int) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        if done == done_runs:
            raise KeyboardInterrupt

    return progress


@pytest.mark.parametrize("study", [ran, swept])
def test_an_interrupted_study_gives_the_same_series(
    quick: None, study: Callable[..., Any], tmp_path: Path
) -> None:
    study(out=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        study(out=tmp_path / "out", workers=Backend(1, progress=stops_after(2)))
    study(out=tmp_path / "out", resume=True)
    whole = hashes(tmp_path / "whole")
    assert "facility_series.parquet" in whole
    assert hashes(tmp_path / "out") == whole


def test_a_complete_run_without_the_series_is_run_again(quick: None, tmp_path: Path) -> None:
    ran(out=tmp_path / "out", series=(), facility_series=())
    results = ran(out=tmp_path / "out", resume=True)
    assert len(results.facility_series("state")) == 2 * 2 * 2 * DAYS
    manifest = (tmp_path / "out" / "manifest.json").read_text()
    ran(out=tmp_path / "out", resume=True)
    assert (tmp_path / "out" / "manifest.json").read_text() == manifest


def fails_once(scenario: Scenario, seed: int, replication: int, shared: object = None) -> Record:
    if replication == 1 and scenario.care.facilities["general"].beds.icu == 4:
        raise IdentityError("beds", "general", 3, "11 of 10")
    return made_up_simulation(scenario, seed, replication)


def test_a_failed_run_has_no_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "run_once", fails_once)
    found = swept()
    pairs = found.series("deaths")[["point", "replication"]].drop_duplicates().to_numpy().tolist()
    assert pairs == [[0, 0], [0, 1], [1, 0]]
    assert len(swept(vary={ICU: [4]}, series=["deaths"]).series("deaths")) == DAYS


def test_a_series_of_some_alternatives_only_is_empty_in_others() -> None:
    watched = {"command.reach": {"reference_deaths_per_million": 100.0}}
    found = sweep(
        small_scenario().overlaid({"alternatives": {"watched": watched}}),
        {ICU: [2]},
        series=["in_time_7d_share"],
        alternatives=["watched"],
        replications=1,
        workers=1,
    )
    assert len(found.failures) == 0
    share = found.series("in_time_7d_share").set_index("alternative")["in_time_7d_share"]
    assert share["baseline"].isna().all()
    assert share["watched"].notna().any()


def test_unknown_series_are_refused_before_the_first_run() -> None:
    with pytest.raises(ScenarioError) as caught:
        ran(series=["icu_ned", "deaths"], facility_series=["stat"])
    assert str(caught.value).splitlines() == [
        "series: got 'icu_ned', did you mean 'icu_need'?",
        "facility_series: got 'stat', did you mean 'state'?",
    ]


def test_a_single_name_is_a_list_of_one(quick: None) -> None:
    assert ran(series="deaths").manifest["series"] == ["deaths"]


# -- labelled arrays ------------------------------------------------------------------------------------


def test_arrays_need_an_extra_by_name(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "xarray":
            raise ImportError(name)
        return real(name, *rest)

    found, results = swept(), ran()
    monkeypatch.setattr(builtins, "__import__", without)
    for each in (found, results):
        with pytest.raises(SurgesimError, match=r"to_xarray needs xarray: pip install 'surgesim\[xarray\]'"):
            each.to_xarray()


def test_a_sweep_as_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("xarray")
    monkeypatch.setattr(simulation, "run_once", fails_once)
    found = swept(alternatives=["more-icu", "nothing"])
    arrays = found.to_xarray()
    assert dict(arrays.sizes) == {
        "scenario": 1, "point": 2, "replication": 2, "alternative": 3, "facility": 2, "day": DAYS,
    }  # fmt: skip
    assert list(arrays["alternative"].values) == ["baseline", "nothing", "more-icu"]
    assert list(arrays[ICU].values) == [2, 4]
    assert arrays["icu_need"].attrs["units"] == "patients"
    at = {"scenario": "small", "point": 1, "alternative": "nothing"}
    assert np.isnan(arrays["icu_need"].sel(**at, replication=1)).all()
    mine = found.series("icu_need").query("point == 1 and alternative == 'nothing' and replication == 0")
    assert list(arrays["icu_need"].sel(**at, replication=0).values) == list(mine["icu_need"])
    states = arrays["facility_state"].sel(**at, replication=0, facility="field")
    mine = found.facility_series("state").query(
        "point == 1 and alternative == 'nothing' and replication == 0 and facility == 'field'"
    )
    assert list(states.values) == list(mine["state"])
    deaths = found.runs.query("point == 1 and alternative == 'nothing' and replication == 0")["deaths"]
    assert arrays["outcome_deaths"].sel(**at, replication=0).item() == deaths.item()


def test_a_run_as_arrays(quick: None, tmp_path: Path) -> None:
    xarray = pytest.importorskip("xarray")
    memory = ran().to_xarray()
    xarray.testing.assert_identical(ran(out=tmp_path / "out").to_xarray(), memory)
    assert memory["date"].dims == ("day",)
    assert str(memory["date"].values[0])[:10] == "2024-01-30"
    assert {"icu_need", "deaths", "facility_state", "outcome_deaths"} <= set(memory)
    assert set(memory["icu_need"].dims) == {"alternative", "replication", "day"}
    assert "day" not in ran(series=(), facility_series=()).to_xarray().dims
