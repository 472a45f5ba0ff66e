"""The figure of a fit: a panel per series, a row per unknown, and which of them the data do not tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fit_cases import tiny_town
from matplotlib.figure import Figure

from surgesim.fitting.fit import Fit
from surgesim.report.figures import draw_fit, save


@pytest.fixture(scope="module")
def fit() -> Fit:
    """An invented fit of two series and two unknowns, of one of which the data tell nothing."""
    weeks = pd.date_range("2024-01-07", periods=6, freq="7D")
    parts = [
        pd.DataFrame({"series": series, "district": district, "date": weeks, "value": np.arange(6.0) * n})
        for series, district, n in (("reported_cases", "town", 40), ("icu", "", 2))
    ]
    against = pd.concat(parts, ignore_index=True)
    for what, spread in (("prior", 4.0), ("posterior", 1.2)):
        for end, factor in (("p5", 1 / spread), ("p50", 1.0), ("p95", spread)):
            against[f"{what}_{end}"] = against["value"] * factor
    posterior = pd.DataFrame(
        {
            "parameter": ["epidemic.variant.r0", "epidemic.detection.share"],
            "width_ratio": [0.4, 0.97],
            **{f"posterior_{end}": [3.0 + i, 0.2 + i / 10] for i, end in enumerate(("p5", "p50", "p95"))},
            **{f"level_{end}": [i - 1.0, 1.7 * (i - 1)] for i, end in enumerate(("p5", "p50", "p95"))},
        }
    )
    manifest = {"fit": {"members": 160, "rounds": 4}}
    return Fit(tiny_town(), pd.DataFrame(), against, posterior, (), manifest)


def texts(figure: Figure) -> list[str]:
    return [axes.get_title(loc="left") for axes in figure.axes if axes.axison]


def test_panels_and_rows(fit: Fit, tmp_path: Path) -> None:
    figure = draw_fit(fit, "en")
    first, second, last = texts(figure)
    assert (first, second) == ("Reported cases per week: Town", "Patients in ICU beds")
    assert last.startswith("What was fitted")
    rows = figure.axes[-1]
    assert [label.get_text() for label in rows.get_yticklabels()] == list(fit.posterior["parameter"])
    assert [text.get_text() for text in rows.texts] == ["4 (3 to 5)", "0.3 (0.2 to 0.4)"]
    dots = [line.get_markerfacecolor() for line in rows.lines if line.get_marker() == "o"]
    assert dots == ["#0072B2", "white"]
    assert save(figure, tmp_path / "fit.svg").stat().st_size > 10_000


def test_equal_figures_give_equal_files(fit: Fit, tmp_path: Path) -> None:
    one, other = (save(draw_fit(fit, "vi"), tmp_path / f"{name}.svg").read_bytes() for name in "ab")
    assert one == other
    assert texts(draw_fit(fit, "vi"))[1] == "Người bệnh ở giường ICU"
