"""The benchmark of British Columbia, reduced: no look ahead, forecasts in a folder, their form."""

from __future__ import annotations

import sys
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
ORIGIN = date(2020, 12, 20)


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    sys.modules.pop("british_columbia", None)
    import british_columbia

    small = {**british_columbia.FIT, "members": 10, "rounds": 1, "replicates": 5}
    monkeypatch.setattr(british_columbia, "FIT", small)
    return british_columbia


@pytest.fixture
def known() -> pd.DataFrame:
    """Invented reports of a slow wave from 2020-09-01 to the origin."""
    days = np.arange((ORIGIN - date(2020, 9, 1)).days + 1)
    wave = np.exp(days / 60)
    return pd.DataFrame(
        {
            "date": [date(2020, 9, 1) + timedelta(days=int(day)) for day in days],
            "reported_cases": np.rint(100 * wave),
            "admissions": np.rint(6 * wave),
            "icu_admissions": np.rint(1.5 * wave),
            "in_hospital": np.rint(60 * wave),
            "icu": np.rint(16 * wave),
        }
    )


def test_the_scenario_knows_the_last_days_and_no_more(benchmark: ModuleType, known: pd.DataFrame) -> None:
    scenario = benchmark.province(known)
    assert scenario.start == ORIGIN + timedelta(days=1)
    assert scenario.days == 28
    past = scenario.past
    assert past is not None
    assert (past.day[0], past.day[-1]) == (-benchmark.WINDOW, -1)
    for name, skipped in benchmark.NOT_COMPARED.items():
        values = past.province[name]
        assert np.isnan(values[:skipped]).all()
        assert values[skipped:].tolist() == known[name].tolist()[-benchmark.WINDOW + skipped :]
    census = scenario.care.initial_census["hospitals"]
    assert census.icu == known["icu"].iloc[-1]
    assert census.oxygen + census.icu == known["in_hospital"].iloc[-1]


def test_a_forecast_is_made_once(benchmark: ModuleType, known: pd.DataFrame, tmp_path: Path) -> None:
    found = benchmark.own(known, tmp_path, replications=6)
    assert set(found) == {(target, weeks) for target in ("icu", "in_hospital") for weeks in (2, 4)}
    for values in found.values():
        assert len(values) == len(benchmark.LEVELS)
        assert (np.diff(values) >= 0).all()
    assert found["in_hospital", 2][10] > found["icu", 2][10] > 0
    file = tmp_path / f"{ORIGIN}.csv"
    assert sorted(path.name for path in tmp_path.iterdir() if path.name[0] != ".") == [
        file.name,
        f"fit-{ORIGIN}",
    ]
    before = file.stat().st_mtime_ns
    again = benchmark.own(known, tmp_path, replications=6)
    assert file.stat().st_mtime_ns == before
    assert all((again[key] == found[key]).all() for key in found)


def test_scores_by_wave_are_those_of_its_origins(benchmark: ModuleType) -> None:
    each = pd.DataFrame(
        {
            "target": "icu",
            "horizon": 2,
            "origin_date": pd.to_datetime(["2020-11-02", "2021-07-26", "2021-08-02"]),
            "wis": [1.0, 2.0, 3.0],
            "baseline_wis": [2.0, 2.0, 2.0],
            "coverage_50": [1.0, 0.0, 0.0],
            "coverage_90": [1.0, 1.0, 0.0],
        }
    )
    (line,) = benchmark.lines(each, "model", stated=False)
    assert [float(x) for x in line.split()[5::3]] == [1.0, 0.5, 1.0, 1.5]
    (early,) = benchmark.lines(each.head(1), "model", stated=False)
    assert early.split()[5::3] == ["0.50", "0.50", "-", "-"]
