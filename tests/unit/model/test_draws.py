"""Draws: which replications share one, rows of a table, systematic resampling, correlated parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from study_cases import small_scenario

from surgesim.errors import ScenarioError
from surgesim.model.clock.streams import Streams
from surgesim.model.clock.uncertainty import draws, row_of
from surgesim.scenario.door import overlaid
from surgesim.scenario.schema.scenario import Scenario
from surgesim.scenario.schema.study.uncertain import Draws

ONE, TWO, THREE = "clinical.isolated_share", "clinical.urgent_share.oxygen", "clinical.urgent_share.icu"


def studied(**study: Any) -> Scenario:
    return overlaid(small_scenario(), {"study": {"replications": 1, **study}})


def rows(count: int, **study: Any) -> Scenario:
    return studied(
        draws={"paths": [ONE], "rows": [[i / count] for i in range(count)]} | study.pop("draws", {}), **study
    )


@pytest.mark.parametrize("runs", [1, 2, 3])
def test_a_row_is_shared_by_the_runs_of_a_draw(runs: int) -> None:
    scenario = rows(5, runs_per_draw=runs)
    assert [draws(scenario, 7, k) for k in range(5 * runs)] == [{ONE: k // runs / 5} for k in range(5 * runs)]
    with pytest.raises(ScenarioError, match=f"got replication {5 * runs}, expected at most {5 * runs - 1}"):
        draws(scenario, 7, 5 * runs)


def test_a_draw_of_a_distribution_is_shared_by_its_runs() -> None:
    scenario = studied(uncertainty={ONE: {"uniform": [0, 1]}})
    values = [draws(scenario, 7, k)[ONE] for k in range(8)]
    assert values[::2] == values[1::2]
    assert values[::2] == [Streams(7, j).once("uncertainty", ONE).random() for j in range(4)]
    alone = studied(uncertainty={ONE: {"uniform": [0, 1]}}, runs_per_draw=1)
    assert [draws(alone, 7, j)[ONE] for j in range(4)] == values[::2]


@pytest.mark.parametrize("seed", range(6))
def test_weighted_rows_come_as_often_as_systematic_resampling_has_it(seed: int) -> None:
    weights = [0.0, 1.0, 7.5, 0.25, 0.0, 3.25, 0.0]
    table = Draws(
        paths=(ONE,), rows=((0.0,), (1.0,), (2.0,), (3.0,), (4.0,), (5.0,), (6.0,)), weights=tuple(weights)
    )
    for count in (4, 16, 128, 512):
        found = np.bincount([row_of(table, seed, j) for j in range(count)], minlength=7)
        assert (np.abs(found - np.array(weights) / 12 * count) < 1).all()
        assert (found[np.array(weights) == 0] == 0).all()


def test_weighted_rows_do_not_depend_on_other_streams() -> None:
    weights = {"weights": [1.0] * 64}
    alone = rows(64, draws=weights, runs_per_draw=1)
    beside = rows(64, draws=weights, runs_per_draw=1, uncertainty={TWO: {"uniform": [0, 1]}})
    found = [draws(alone, 3, k)[ONE] for k in range(64)]
    assert [draws(beside, 3, k)[ONE] for k in range(64)] == found
    assert sorted(found) == [i / 64 for i in range(64)]
    assert [draws(alone, 4, k)[ONE] for k in range(64)] != found


NORMAL = {"normal": {"mean": 0.5, "sd": 0.05, "low": 0.2, "high": 0.8}}
MATRIX = [[1.0, 0.7, -0.4], [0.7, 1.0, 0.1], [-0.4, 0.1, 1.0]]


def test_correlated_normals_have_their_means_sds_and_correlations() -> None:
    paths = [ONE, TWO, THREE]
    scenario = studied(
        runs_per_draw=1,
        uncertainty=dict.fromkeys(paths, NORMAL),
        correlations={"all": {"paths": paths, "matrix": MATRIX}},
    )
    values = np.array([list(draws(scenario, 5, k).values()) for k in range(2_000)])
    assert np.corrcoef(values.T) == pytest.approx(np.array(MATRIX), abs=0.05)
    assert values.mean(axis=0) == pytest.approx(0.5, abs=0.004)
    assert values.std(axis=0) == pytest.approx(0.05, abs=0.003)


def test_correlated_parameters_keep_their_own_distributions() -> None:
    scenario = studied(
        runs_per_draw=1,
        uncertainty={ONE: {"uniform": [0, 1]}, TWO: {"beta": {"alpha": 2, "beta": 8}}},
        correlations={"two": {"paths": [ONE, TWO], "matrix": [[1, 0.8], [0.8, 1]]}},
    )
    values = np.array([list(draws(scenario, 5, k).values()) for k in range(1_000)])
    assert stats.kstest(values[:, 0], "uniform").pvalue > 0.01
    assert stats.kstest(values[:, 1], stats.beta(2, 8).cdf).pvalue > 0.01
    assert stats.spearmanr(values).statistic == pytest.approx(6 / np.pi * np.arcsin(0.4), abs=0.04)


def test_without_correlation_a_group_changes_nothing() -> None:
    uncertainty = {ONE: {"uniform": [0, 1]}, TWO: {"uniform": [0, 1]}}
    alone = studied(uncertainty=uncertainty)
    grouped = studied(
        uncertainty=uncertainty, correlations={"two": {"paths": [ONE, TWO], "matrix": [[1, 0], [0, 1]]}}
    )
    for k in (0, 1, 8):
        assert draws(grouped, 5, k) == pytest.approx(draws(alone, 5, k), abs=1e-12)
