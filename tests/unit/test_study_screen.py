"""The summary on the screen: what a planner reads, in both languages."""

from __future__ import annotations

import dataclasses
import string
from io import StringIO
from typing import Any

import pandas as pd
import pytest
from rich.console import Console
from study_cases import made_up_simulation, small_scenario

from surgesim.report.screen import TEXTS, breach_table, comparison_table, summary
from surgesim.study.collect import Collection
from surgesim.study.results import Results
from surgesim.study.tables import fill


def shown(renderable: Any, width: int = 140) -> str:
    console = Console(file=StringIO(), width=width, highlight=False, markup=False, color_system=None)
    console.print(renderable)
    return console.file.getvalue().replace("\N{NO-BREAK SPACE}", " ")  # type: ignore[attr-defined, no-any-return]


@pytest.fixture(scope="module")
def results() -> Results:
    scenario = small_scenario()
    collections = {}
    for name in ("baseline", "nothing", "more-icu"):
        collections[name] = Collection(scenario.alternative(name), 4)
        for k in range(4):
            collections[name].add(made_up_simulation(scenario.alternative(name), 7, k))
    manifest = {"alternatives": list(collections)}
    return Results(scenario=scenario, manifest=manifest, **fill(scenario, collections))


def with_breach(results: Results, **values: Any) -> Results:
    """The results with these values in the first row of the breach table."""
    breaches = results.breaches.copy()
    for column, value in values.items():
        breaches.loc[0, column] = value
    return dataclasses.replace(results, breaches=breaches)


def with_difference(results: Results, outcome: str, difference: float, low: float, high: float) -> Results:
    row = {
        "alternative": "plan",
        "outcome": outcome,
        "difference": difference,
        "difference_low": low,
        "difference_high": high,
    }
    return dataclasses.replace(results, comparison=pd.DataFrame([row]))


FIRST = {"first_day_median": 2.0, "first_day_p5": 1.0, "first_day_p95": 9.0, "breached_at_start": 0.0}
NAN = float("nan")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (FIRST, "1 Feb 2024"),
        (FIRST, "(31 Jan–8 Feb)"),
        ({**FIRST, "breached_at_start": 1.0}, "at the start"),
        ({**FIRST, "breached_at_start": 0.25}, "at the start in 25 % of runs"),
        ({**FIRST, "first_day_p95": NAN}, "(31 Jan–none by day 12)"),
        ({**FIRST, "first_day_median": NAN, "first_day_p95": NAN}, "none by day 12"),
        ({**FIRST, "first_day_median": NAN, "first_day_p95": NAN}, "(5 % of runs by 31 Jan 2024)"),
        ({**FIRST, "first_day_p95": 400.0}, "(31 Jan 2024–5 Mar 2025)"),
        ({"probability": 0.875, "probability_low": 0.529, "probability_high": 0.978}, "88 %"),
        ({"probability": 0.875, "probability_low": 0.529, "probability_high": 0.978}, "(53–98 %)"),
        ({"days_breached_mean": 31.4, "days_breached_p5": 9.37, "days_breached_p95": 52.6}, "31"),
        ({"days_breached_mean": 31.4, "days_breached_p5": 9.37, "days_breached_p95": 52.6}, "(9.4–53)"),
    ],
)
def test_breach_in_words(results: Results, values: dict[str, float], text: str) -> None:
    assert f" {text} " in shown(breach_table(with_breach(results, **values), "en"))


def test_breach_table_is_of_the_baseline_with_bounds(results: Results) -> None:
    text = shown(breach_table(results, "en"))
    assert "below 4 beds/100,000" in text
    assert "above 450 cases/100,000/week" in text
    assert "at least 1 of 2 thresholds" in text
    assert text.count("Staffed ICU beds") == 1


@pytest.mark.parametrize(
    ("outcome", "difference", "low", "high", "texts"),
    [
        ("deaths", -319.4, -335.0, -303.0, ["319 fewer", "(303–335)"]),
        ("deaths", 2905.0, 2884.0, 2926.0, ["2,905 more", "(2,884–2,926)"]),
        ("deaths", -2.0, -5.04, 1.0, ["2 fewer", "(5 fewer to 1 more)"]),
        ("deaths", 0.04, 0.03, 0.05, ["0.04 more", "(0.03–0.05)"]),
        ("deaths", 0.0, 0.0, 0.0, ["no difference"]),
        ("deaths", 3.0, NAN, NAN, ["3 more"]),
        ("first_day_situation", 5.0, 1.5, 8.5, ["5 d later", "(1.5–8.5)"]),
        ("first_day_situation", -7.5, -16.0, 1.0, ["7.5 d earlier", "(16 d earlier to 1 d later)"]),
    ],
)
def test_difference_in_words(
    results: Results, outcome: str, difference: float, low: float, high: float, texts: list[str]
) -> None:
    text = shown(comparison_table(with_difference(results, outcome, difference, low, high), "en"))
    for words in texts:
        assert f" {words} " in text


def test_summary_says_runs_assumptions_and_folder(results: Results) -> None:
    text = shown(summary(results, "en", "results/small/"))
    assert text.startswith("Small province: 4 runs of 12 days from 30 Jan 2024 (seed 7)")
    assumed = (results.assumptions["confidence"] == "assumed").sum()
    assert f"{assumed} of {len(results.assumptions)} figures of this scenario are assumptions" in text
    assert text.rstrip().endswith("Results: results/small/")


def test_summary_without_thresholds_or_alternatives_has_no_tables(results: Results) -> None:
    bare = dataclasses.replace(
        results, breaches=results.breaches.iloc[:0], comparison=results.comparison.iloc[:0]
    )
    text = shown(summary(bare, "vi"))
    assert "Tỉnh nhỏ" in text
    assert "┃" not in text


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("width", [80, 110])
def test_nothing_is_cut_off(results: Results, lang: str, width: int) -> None:
    text = shown(summary(results, lang), width)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width


def test_both_languages_say_the_same_things() -> None:
    fields = {
        lang: {
            key: sorted({field for _, field, _, _ in string.Formatter().parse(text) if field})
            for key, text in texts.items()
        }
        for lang, texts in TEXTS.items()
    }
    assert fields["vi"] == fields["en"]
