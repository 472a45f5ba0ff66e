"""Chance and parameters told apart in Sobol indices: Ishigami's function with noise of known variance."""

from __future__ import annotations

import math
from io import StringIO

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console
from scipy.stats import qmc
from study_cases import made_up_record, small_scenario

from surgesim.model import simulation
from surgesim.model.record import Record
from surgesim.report.figures import draw_sensitivity
from surgesim.report.prose.drivers import sensitivity_table
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.sobol import corrected_indices
from surgesim.study.sensitivity import sensitivity, sobol_of
from surgesim.study.sweep.sweep import sweep

SAMPLES = 1024
FIRST, SECOND, BOTH = 0.5 * (1 + 0.1 * math.pi**4 / 5) ** 2, 49 / 8, 0.01 * math.pi**8 * (1 / 18 - 1 / 50)
VARIANCE = FIRST + SECOND + BOTH
KNOWN = np.array([FIRST, SECOND, 0.0, FIRST + BOTH, SECOND, BOTH]) / VARIANCE
"""First and total indices of Ishigami's function (Saltelli 2008, Global Sensitivity Analysis, 4.7)."""

Floats = NDArray[np.float64]


@pytest.fixture(scope="module")
def ishigami() -> Floats:
    """The function at Saltelli's design: A, B, then A with each path from B."""
    both = qmc.Sobol(6, rng=np.random.default_rng(5)).random(SAMPLES)
    a, b = both[:, :3], both[:, 3:]
    design = np.concatenate([a, b, *(np.where(np.arange(3) == i, b, a) for i in range(3))])
    one, two, three = math.pi * (2 * design.T - 1)
    return np.asarray(np.sin(one) + 7 * np.sin(two) ** 2 + 0.1 * three**4 * np.sin(one))


def estimated(values: Floats) -> Floats:
    return corrected_indices(values, SAMPLES, np.full((1, SAMPLES), 1 / SAMPLES))[0]


def raw(values: Floats) -> Floats:
    return sobol_of(values.mean(axis=(1, 2)), SAMPLES, 3)(np.arange(SAMPLES)).ravel()


def test_noise_of_each_run_is_taken_away(ishigami: Floats) -> None:
    noise = np.random.default_rng(6).normal(0, math.sqrt(VARIANCE), (len(ishigami), 4, 1))
    values = ishigami[:, None, None] + noise  # of the variance of a run, half is chance
    found = estimated(values)
    assert found[:-1] == pytest.approx(KNOWN, abs=0.06)
    assert found[-1] == pytest.approx(0.5, abs=0.01)
    inflated = raw(values)
    assert inflated[5] == pytest.approx((BOTH / VARIANCE + 0.25) / 1.25, abs=0.06)  # 0.40 instead of 0.24
    assert abs(inflated[5] - KNOWN[5]) > 0.1


def test_chance_that_all_points_share_is_not_taken_away_twice(ishigami: Floats) -> None:
    shared = np.random.default_rng(7).normal(0, 3, (1, 5, 1))
    found = estimated(ishigami[:, None, None] + shared)
    same = ishigami[:, None, None] + np.zeros((1, 1, 1))
    assert found[:-1] == pytest.approx(raw(same))
    at = ishigami[: 2 * SAMPLES].var()
    assert found[-1] == pytest.approx(shared.var(ddof=1) / (at + shared.var(ddof=1)))


def test_runs_of_a_draw_are_not_independent(ishigami: Floats) -> None:
    rng = np.random.default_rng(8)
    drawn = rng.normal(0, math.sqrt(VARIANCE), (len(ishigami), 3, 1))
    values = ishigami[:, None, None] + drawn + rng.normal(0, math.sqrt(VARIANCE), (len(ishigami), 3, 2))
    found = estimated(values)
    assert found[-1] == pytest.approx(2 / 3, abs=0.03)
    assert found[:-1] == pytest.approx(KNOWN, abs=0.1)


def test_an_outcome_that_is_only_chance_has_no_indices(ishigami: Floats) -> None:
    values = np.random.default_rng(9).permuted(np.tile([[-1.0, 1.0]], (len(ishigami), 1)), axis=1)
    found = estimated(values[:, :, None])  # the means of all points are 0
    assert np.isnan(found[:-1]).all()
    assert found[-1] == 1


PATHS = ("clinical.isolated_share", "clinical.urgent_share.oxygen")


def test_a_sweep_with_replications_tells_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    def simulate(scenario: Scenario, seed: int, replication: int, path: object = None) -> Record:
        shares = scenario.clinical.isolated_share, scenario.clinical.urgent_share.oxygen
        outcome = 8 * shares[0] + 4 * shares[1] + 3 * (replication % 2)
        return made_up_record(scenario, replication, outcomes={"deaths": outcome})

    monkeypatch.setattr(simulation, "run_once", simulate)
    vary = dict.fromkeys(PATHS, "0:1")
    found = sweep(small_scenario(), vary, design="sobol", samples=8, replications=4, workers=1)
    table = sensitivity(found, ["deaths"])
    of = table.set_index(["index", "path"])["value"]
    assert of["first_corrected"].to_numpy() == pytest.approx(of["first"].to_numpy())
    assert of["total_corrected"].to_numpy() == pytest.approx(of["total"].to_numpy())
    at = found.runs.groupby("point")["deaths"].mean().to_numpy()[:16]
    assert of["chance", ""] == pytest.approx(3 / (at.var() + 3))  # variance of 0, 3, 0, 3 with n - 1
    row = table[table["index"] == "chance"].iloc[0]
    assert row["low"] <= row["value"] <= row["high"]
    for lang, words in (("en", "Chance"), ("vi", "Ngẫu nhiên")):
        console = Console(file=StringIO(), width=110, color_system=None)
        console.print(sensitivity_table(found, table, lang))
        assert words in console.file.getvalue()  # type: ignore[attr-defined]
        drawn = draw_sensitivity(found, table, "small", "baseline", lang)
        assert len(drawn.axes[0].get_yticklabels()) == 2
        assert any(words.lower() in text.get_text().lower() for text in drawn.texts)
