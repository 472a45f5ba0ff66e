"""The screen and the figure of a forecast: short enough, in both languages, with what a planner looks for."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from fit_cases import PRIORS, THRESHOLDS, town_today
from matplotlib.figure import Figure
from rich.console import Console

import surgesim
from surgesim.fitting.forecast import Forecast
from surgesim.report.figures import draw_forecast, save
from surgesim.report.screen.forecast import COLUMNS, LINES, forecast_summary
from surgesim.scenario.schema.scenario import Scenario

LONG = (
    "A long title of a threshold or of a plan that needs more than one line of eighty columns on the screen"
)


def made(scenario: Scenario, weeks: int) -> Forecast:
    small: dict[str, Any] = {"members": 12, "rounds": 1, "replicates": 5, "priors": PRIORS, "defaults": False}
    fit = surgesim.fit(scenario, **small, workers=1)
    return surgesim.forecast(scenario, weeks, fit=fit, replications=6, workers=1)


@pytest.fixture(scope="module")
def forecast() -> Forecast:
    return made(town_today(), 2)


def lines(forecast: Forecast, lang: str) -> list[str]:
    text = StringIO()
    group = forecast_summary(forecast, lang, "results/tiny-forecast/")
    Console(file=text, width=COLUMNS, highlight=False, markup=False).print(group)
    return text.getvalue().replace("\xa0", " ").splitlines()


def test_the_screen_says_what_is_coming(forecast: Forecast) -> None:
    said = lines(forecast, "en")
    assert said[0] == "Tiny: forecast from 5 Feb 2024 to 18 Feb 2024, 6 runs of each plan"
    assert said[1] == "Fitted to 35 days of reported cases, admissions, ICU patients (12 draws)."
    assert said[2].startswith("R next week 0.")
    assert said[3].startswith("At this pace, they halve in ")
    weeks = [line for line in said if line.startswith(("│ 11 Feb", "│ 18 Feb"))]
    assert len(weeks) == 2
    assert any(line.startswith("  Hospital, ICU beds: ") for line in said)
    assert any(line.startswith("  ICU full: ") for line in said)
    assert any(line.startswith("  No plan: ") for line in said)
    assert "Results: results/tiny-forecast/ (forecast.csv" in " ".join(said[-2:])


def test_the_screen_in_vietnamese(forecast: Forecast) -> None:
    said = lines(forecast, "vi")
    assert said[0].startswith("Tiny: dự báo từ 05/02/2024 đến 18/02/2024")
    assert "Kế hoạch hiện tại, theo tuần" in "\n".join(said)


@pytest.fixture(scope="module")
def crowded() -> Forecast:
    """A forecast of many weeks, thresholds and plans, each with a long title."""
    watched = {f"t-{i}": {**THRESHOLDS["icu-full"], "above": i / 10, "title": LONG} for i in range(8)}
    plans = {f"a-{i}": {"title": LONG, "care": {"no_bed_hours": i + 1}} for i in range(3)}
    return made(town_today(command={"thresholds": watched}, alternatives=plans), 6)


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_the_screen_has_at_most_forty_lines(crowded: Forecast, lang: str) -> None:
    said = lines(crowded, lang)
    assert 30 < len(said) <= LINES
    assert sum(line.startswith("│ ") and "(" not in line for line in said) == 4
    assert max(map(len, said)) <= COLUMNS


def titles(figure: Figure) -> list[str]:
    return [axes.get_title(loc="left") for axes in figure.axes if axes.axison]


def test_the_figure(forecast: Forecast, tmp_path: Path) -> None:
    figure = draw_forecast(forecast.results, forecast.quantiles, "en")
    assert titles(figure) == [
        "Reported cases per week",
        "Admissions per week",
        "Patients in oxygen beds",
        "Patients in ICU beds",
        "Hospital: ICU beds",
        "Hospital: oxygen beds",
    ]
    cases = figure.axes[0]
    fan, reported = (line.get_xydata() for line in cases.lines[:2])
    assert (len(fan), len(reported)) == (2, 8)  # type: ignore[arg-type]
    assert save(figure, tmp_path / "forecast.svg").stat().st_size > 10_000


def test_equal_figures_give_equal_files(forecast: Forecast, tmp_path: Path) -> None:
    one, other = (
        save(draw_forecast(forecast.results, forecast.quantiles, "vi"), tmp_path / f"{name}.svg").read_bytes()
        for name in "ab"
    )
    assert one == other
