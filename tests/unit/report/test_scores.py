"""The scores on the screen and as a figure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from score_cases import daily, forecast

import surgesim
from surgesim.report.figures import draw_score, save
from surgesim.report.screen.scores import scores_table
from surgesim.scoring.score import Scores


@pytest.fixture(scope="module")
def scores() -> Scores:
    rng = np.random.default_rng(5)
    truth = daily(icu=rng.poisson(40, 120), deaths=rng.poisson(3, 120))
    return surgesim.score(
        pd.concat(
            forecast(np.array([0.7, 0.9, 1, 1.1, 1.3]) * n, origin=origin, weeks=weeks, target=target)
            for origin in range(60, 110, 7)
            for weeks in (1, 2)
            for target, n in (("icu", 40), ("deaths", 21))
        ),
        truth,
    )


def text(scores: Scores, lang: str) -> list[str]:
    console = Console(width=110, record=True)
    with console.capture() as captured:
        console.print(scores_table(scores, lang))
    return captured.get().splitlines()


def test_screen(scores: Scores) -> None:
    lines = text(scores, "en")
    assert len(lines) <= 40
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if line.startswith("│")]
    assert [row[:3] for row in rows] == [
        *(["Patients in ICU beds", *rest] for rest in (["1", "8"], ["2", "7"], ["all", "15"])),
        *(["Deaths per week", *rest] for rest in (["1", "8"], ["2", "7"], ["all", "15"])),
        *(["All", *rest] for rest in (["1", "16"], ["2", "14"], ["all", "30"])),
    ]
    of = scores.table.query("model == 'forecast' and target == 'icu' and horizon == '1'")
    assert rows[0][3] == f"{of['relative_wis'].iloc[0]:.2f}"
    assert any("Số tuần" in line or "tuần" in line for line in text(scores, "vi"))


def test_figure(scores: Scores, tmp_path: Path) -> None:
    figure = draw_score(scores, "en")
    titles = [axes.get_title(loc="left") for axes in figure.axes if axes.axison]
    assert titles == ["Patients in ICU beds", "Deaths per week", "Calibration, all targets"]
    forecasts = figure.axes[0].lines[0]
    assert list(forecasts.get_xdata()) == [1, 2]
    one, other = (save(draw_score(scores, "vi"), tmp_path / f"{n}.svg").read_bytes() for n in "ab")
    assert one == other
