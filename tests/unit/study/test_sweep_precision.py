"""Sweeps that continue until each point is precise, and alternatives compared point by point."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from study_cases import made_up_record, small_scenario

from surgesim.errors import ResultsError, ScenarioError
from surgesim.model import simulation
from surgesim.model.record import Record
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.precision import Precision
from surgesim.study.reproduce import reproduce
from surgesim.study.store.folder import hashes
from surgesim.study.sweep.result import Sweep
from surgesim.study.sweep.sweep import sweep

ICU = "care.facilities.general.beds.icu"
MORE = "more-icu"


def deaths(scenario: Scenario, replication: int) -> float:
    """More spread with more ICU beds; the alternative, with still more beds, has some deaths fewer."""
    icu = scenario.care.facilities["general"].beds.icu
    chance = float(np.random.default_rng(replication).normal())
    return 1000 + 10 * min(icu, 20) * chance - (5 + chance / 100 if icu > 20 else 0)


def simulate(scenario: Scenario, seed: int, replication: int, path: object = None) -> Record:
    return made_up_record(scenario, replication, outcomes={"deaths": deaths(scenario, replication)})


def precise(share: float = 0.05, **study: Any) -> Scenario:
    changes = {f"study.{name}": value for name, value in {"precision.deaths": share, **study}.items()}
    return small_scenario().overlaid(changes)


def swept(out: Path, scenario: Scenario, **changes: Any) -> Sweep:
    given = {"replications": 3, "workers": 1, "out": out, **changes}
    return sweep(scenario, {ICU: [2, 20]}, **given)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulation, "run_once", simulate)
        return swept(tmp_path_factory.mktemp("sweeps") / "whole", precise())


def expected_count(icu: int, scenario: Scenario) -> int:
    """After how many replications, one by one, a run would stop."""
    beds = small_scenario().overlaid({ICU: icu})
    rule = Precision(scenario.study.model_copy(update={"replications": 3}), scenario.days)
    while not rule.enough():
        rule.add({"baseline": {"deaths": deaths(beds, rule.count)}})
    return rule.count


def test_each_point_stops_where_a_run_would(whole: Sweep) -> None:
    counts = whole.runs.groupby("point").size().tolist()
    assert counts == [expected_count(icu, precise()) for icu in (2, 20)]
    assert counts[0] == 10
    assert counts[1] > 30
    assert whole.precision["replications"].tolist() == counts
    assert whole.precision["why_not"].tolist() == ["", ""]
    assert (whole.precision["half_width_share"] <= 0.05).all()
    assert whole.manifest["sweep"]["runs"] == sum(counts)
    assert whole.breaches["replications"].max() == counts[1]


def test_a_stop_changes_nothing(whole: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "run_once", simulate)

    def stop(done: int, total: int) -> None:
        if done == 25:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        swept(tmp_path / "out", precise(), workers=Backend(1, progress=stop))
    found = swept(tmp_path / "out", precise(), resume=True)
    assert hashes(found.folder) == hashes(whole.folder)
    before = (tmp_path / "out" / "manifest.json").read_bytes()
    swept(tmp_path / "out", precise(), resume=True)
    assert (tmp_path / "out" / "manifest.json").read_bytes() == before
    assert reproduce(whole.folder, workers=1).differences == ()


def test_a_precise_sweep_grows_and_does_not_shrink(
    whole: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    met: list[int] = []

    def simulates(scenario: Scenario, seed: int, replication: int, path: object = None) -> Record:
        met.append(replication)
        return simulate(scenario, seed, replication)

    monkeypatch.setattr(simulation, "run_once", simulates)
    swept(tmp_path / "out", small_scenario(), replications=8)  # without a precision
    met.clear()
    found = swept(tmp_path / "out", precise(), replications=8, resume=True)
    assert min(met) == 8
    assert found.runs.equals(whole.runs)
    with pytest.raises(ResultsError, match="got a lower precision, expected at least that of the completed"):
        swept(tmp_path / "out", precise(0.1), replications=8, resume=True)
    with pytest.raises(ResultsError, match="got a lower precision"):
        swept(tmp_path / "out", small_scenario(), replications=60, resume=True)


def test_failed_runs_and_the_most_end_what_is_never_precise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(scenario: Scenario, seed: int, replication: int, path: object = None) -> Record:
        if replication % 2:
            raise ValueError("by chance")
        return simulate(scenario, seed, replication)

    monkeypatch.setattr(simulation, "run_once", fails)
    found = swept(tmp_path / "out", precise(0.001, most_replications=14))
    assert found.precision["replications"].tolist() == [14, 14]
    assert found.precision["why_not"].tolist() == ["wide", "wide"]
    assert len(found.failures) == len(found.runs) == 14


def test_what_is_asked_must_be_possible(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="replications: got 20, expected at most the 12 of study"):
        swept(tmp_path / "out", precise(most_replications=12, replications=5), replications=20)
    with pytest.raises(
        ScenarioError, match=r"study\.precision\.deths: unknown outcome 'deths', did you mean"
    ):
        swept(tmp_path / "out", small_scenario().overlaid({"study": {"precision": {"deths": 0.1}}}))


def test_alternatives_are_compared_with_the_baseline_at_each_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation, "run_once", simulate)
    own: dict[str, Callable[..., float]] = {"mine": lambda replication: 1.0}
    town = small_scenario().overlaid({f"alternatives.{MORE}.{ICU}": 30})
    found = swept(tmp_path / "out", town, replications=12, alternatives=[MORE], outcomes=own)
    rows = found.comparison.set_index(["point", "outcome"])
    chance = np.array([np.random.default_rng(number).normal() for number in range(12)])
    for point, icu in enumerate((2, 20)):
        difference = 10 * (20 - icu) * chance - 5 - chance / 100
        half = 2.200985 * difference.std(ddof=1) / math.sqrt(12)
        row = rows.loc[(point, "deaths")]
        assert row["alternative"] == MORE
        assert row["difference"] == pytest.approx(difference.mean())
        assert row["difference_high"] == pytest.approx(difference.mean() + half, rel=1e-6)
        assert row["probability_better"] == (difference < 0).mean()
    assert rows.loc[(1, "deaths"), "difference_high"] < -4.9  # the same chance on both sides
    assert rows.loc[(0, "mine"), "better"] == ""
    (tmp_path / "out" / "comparison.csv").unlink()  # as in a folder of an earlier version
    old = Sweep(tmp_path / "out")
    old.manifest["files"].pop("comparison.csv")
    pd.testing.assert_frame_equal(old.comparison, found.comparison, rtol=1e-8)
