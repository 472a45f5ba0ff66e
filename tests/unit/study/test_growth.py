"""A completed sweep grows: the same bytes as if made at once, and only the missing runs are computed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from study_cases import made_up_simulation, small_scenario

from surgesim.errors import ResultsError, ScenarioError
from surgesim.model import simulation
from surgesim.model.record import Record
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.reproduce import reproduce
from surgesim.study.store.folder import hashes
from surgesim.study.store.parts import places
from surgesim.study.sweep.cases import Keep
from surgesim.study.sweep.growth import earlier_sweep
from surgesim.study.sweep.plan import plan_sweep
from surgesim.study.sweep.result import Sweep
from surgesim.study.sweep.sweep import sweep
from surgesim.study.tables.series import Series

ICU = "care.facilities.general.beds.icu"
SHARE = "clinical.isolated_share"
DESIGNS: dict[str, dict[str, Any]] = {
    "sobol": {"vary": {SHARE: "0:1"}, "design": "sobol", "samples": 4},
    "lhs": {"vary": {SHARE: "0:1"}, "design": "lhs", "samples": 4},
    "grid": {"vary": {SHARE: "0,0.5"}},
}


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The replications that are simulated."""
    met: list[int] = []

    def simulate(scenario: Scenario, seed: int, replication: int, path: object = None) -> Record:
        met.append(replication)
        return made_up_simulation(scenario, seed, replication)

    monkeypatch.setattr(simulation, "run_once", simulate)
    return met


def swept(out: Path, *, tell: Any = None, scenario: Scenario | None = None, **changes: Any) -> Sweep:
    given: dict[str, Any] = {"vary": {SHARE: "0,0.5"}, "replications": 2, "resume": True, **changes}
    return sweep(
        scenario or small_scenario(), given.pop("vary"), workers=Backend(1, tell=tell), out=out, **given
    )


def test_more_replications(computed: list[int], tmp_path: Path) -> None:
    kept: dict[str, Any] = {
        "alternatives": ["more-icu"],
        "series": ["icu_need"],
        "facility_series": ["occupied_icu"],
    }
    swept(tmp_path / "out", **kept)
    computed.clear()
    told: list[str] = []
    grown = swept(tmp_path / "out", replications=3, tell=told.append, **kept)
    assert computed == [2, 2, 2, 2]  # two points and two alternatives
    assert told == [f"{tmp_path / 'out'}: the sweep grows from 4 to 6 runs"]
    assert hashes(grown.folder) == hashes(swept(tmp_path / "whole", replications=3, **kept).folder)
    assert not (tmp_path / "out.unfinished").exists()


def test_more_samples(computed: list[int], tmp_path: Path) -> None:
    swept(tmp_path / "out", **DESIGNS["sobol"] | {"samples": 2})
    computed.clear()
    grown = swept(tmp_path / "out", **DESIGNS["sobol"])
    assert len(computed) == 2 * (12 - 6)
    whole = swept(tmp_path / "whole", **DESIGNS["sobol"])
    assert hashes(grown.folder) == hashes(whole.folder)
    assert grown.manifest["sweep"] == whole.manifest["sweep"]


@pytest.mark.slow
def test_levels_and_points_of_ones_own_are_added(computed: list[int], tmp_path: Path) -> None:
    swept(tmp_path / "grid", vary={ICU: "2,6"})
    own = [{SHARE: 0.1}, {SHARE: 1 / 3}]
    swept(tmp_path / "own", vary=None, points=own)
    computed.clear()
    swept(tmp_path / "grid", vary={ICU: "2:6:3"})
    swept(tmp_path / "own", vary=None, points=[{SHARE: 0.2}, *own])
    assert len(computed) == 2 * 2


def test_a_stop_while_growing_loses_nothing(computed: list[int], tmp_path: Path) -> None:
    swept(tmp_path / "out")
    before = hashes(tmp_path / "out")

    def stop(done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(
            small_scenario(),
            {SHARE: "0,0.5"},
            replications=4,
            workers=Backend(1, progress=stop),
            out=tmp_path / "out",
            resume=True,
        )
    assert hashes(tmp_path / "out") == before
    path = tmp_path / "out.unfinished" / "parts" / "00000000.parts"
    third = list(places(path))[2]
    path.write_bytes(path.read_bytes()[: third.offset])  # as after a kill before all earlier runs were copied
    computed.clear()
    swept(tmp_path / "out", replications=4)
    assert len(computed) == 4


@pytest.mark.slow
def test_failed_runs_are_computed_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fails(scenario: Scenario, seed: int, replication: int, path: object = None) -> Record:
        if replication == 1:
            raise ValueError("by chance")
        return made_up_simulation(scenario, seed, replication)

    monkeypatch.setattr(simulation, "run_once", fails)
    assert len(swept(tmp_path / "out", series=["icu_need"]).failures) == 2
    monkeypatch.setattr(simulation, "run_once", made_up_simulation)
    grown = swept(tmp_path / "out", replications=3, series=["icu_need"])
    assert len(grown.failures) == 0
    assert len(grown.runs) == 6


def test_the_number_of_replications_in_the_file_may_grow(small: Path) -> None:
    more = small_scenario().overlaid({"study.replications": 3})
    assert taken(small / "grid", **DESIGNS["grid"], scenario=more, replications=None) == 2


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A completed sweep of each design: four Sobol samples, a Latin hypercube and a grid."""
    folder = tmp_path_factory.mktemp("small")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulation, "run_once", made_up_simulation)
        for name, design in DESIGNS.items():
            swept(folder / name, **design)
    return folder


def taken(folder: Path, **changes: Any) -> int | None:
    """The number of points that a changed sweep takes from a completed one; None if it takes nothing."""
    given: dict[str, Any] = {"vary": {}, "design": "grid", "samples": None, "replications": 2, **changes}
    scenario = given.pop("scenario", small_scenario())
    keep = Keep({}, Series.of(given.pop("series", ()), ()))
    options = {"given_points": None, "seed": None, "design_seed": None, "alternatives": (), **given}
    earlier = earlier_sweep(folder, plan_sweep([scenario], keep=keep, **options))
    return None if earlier is None else len(earlier.places)


def test_no_sweep_shrinks(small: Path) -> None:
    sobol, lhs = small / "sobol", small / "lhs"
    assert taken(sobol, **DESIGNS["sobol"]) == 12
    expected = "expected at least {} as in the completed sweep: a sweep can grow, but not shrink; choose"
    with pytest.raises(ResultsError, match=f"got 1 replications, {expected.format(2)}"):
        taken(sobol, **DESIGNS["sobol"], replications=1)
    with pytest.raises(ResultsError, match=f"got 2 samples, {expected.format(4)}"):
        taken(sobol, **DESIGNS["sobol"] | {"samples": 2})
    with pytest.raises(ResultsError, match=f"got 1 points, {expected.format(2)}"):
        taken(small / "grid", vary={SHARE: "0.5"})
    with pytest.raises(
        ResultsError, match="got 8 samples, expected 4 as in the completed sweep: a Latin hyp"
    ):
        taken(lhs, **DESIGNS["lhs"] | {"samples": 8})
    assert taken(lhs, **DESIGNS["lhs"], replications=3) == 4


def test_another_sweep_takes_nothing(small: Path) -> None:
    grid = {**DESIGNS["grid"], "replications": 3}
    other = small_scenario().overlaid({"care.facilities.field.beds.oxygen": 19})
    assert taken(small / "grid", **grid) == 2
    assert taken(small / "grid", **grid, seed=9) is None
    assert taken(small / "grid", **grid, scenario=other) is None
    assert taken(small / "grid", **grid, series=["icu_need"]) is None
    assert taken(small / "grid", **grid, alternatives=["more-icu"]) is None
    assert taken(small / "grid", **grid | {"vary": {SHARE: "0,0.4"}}) is None
    assert taken(small / "sobol", **DESIGNS["sobol"], design_seed=8) is None
    assert taken(small / "nothing", **grid) is None


def test_a_changed_file_is_not_taken(computed: list[int], tmp_path: Path) -> None:
    swept(tmp_path / "out")
    path = tmp_path / "out" / "runs.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("small,0,1", "small,0,7"), encoding="utf-8")
    with pytest.raises(ResultsError, match=r"runs\.csv: has changed since this result was written"):
        swept(tmp_path / "out", replications=3)
    assert not (tmp_path / "out.unfinished").exists()


@pytest.mark.slow
def test_the_seed_of_the_design(computed: list[int], tmp_path: Path) -> None:
    given: dict[str, Any] = {"vary": {SHARE: "0:1"}, "design": "lhs", "samples": 4}
    one, other = (swept(tmp_path / f"{seed}", design_seed=seed, **given) for seed in (7, 8))
    assert "design_seed" not in one.manifest["sweep"]  # 7 is the seed of the runs, as in older folders
    assert other.manifest["sweep"]["design_seed"] == 8
    assert not one.design.equals(other.design)
    assert one.runs["deaths"].equals(other.runs["deaths"])  # made up by replication alone
    assert reproduce(other.folder, workers=1).differences == ()
    with pytest.raises(ScenarioError, match="design_seed: got 3, expected it only for design lhs or sobol"):
        swept(tmp_path / "grid", design_seed=3)
    with pytest.raises(ScenarioError, match=r"design_seed: got -1, expected a whole number from 0"):
        swept(tmp_path / "grid", **given, design_seed=-1)
