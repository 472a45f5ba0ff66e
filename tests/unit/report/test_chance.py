"""Chance and assumptions on the screen and in the report: apart, with intervals, or why not."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from report_cases import Page
from study_cases import made_up_record, shown, small_scenario

from surgesim.model import simulation
from surgesim.report.document import report
from surgesim.report.paths import path_words
from surgesim.report.prose.chance import WIDTH, remarks, told_apart
from surgesim.report.screen.screen import summary
from surgesim.scenario.door import from_plain
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.spread import spread
from surgesim.study.results import Results
from surgesim.study.run import run

MILD, BEDS = "clinical.isolated_share", "care.facilities.field.beds.oxygen"
DRAWN = {MILD: {"uniform": [0, 1]}, BEDS: {"choice": [10, 20]}}
LANGUAGES = ("vi", "en")


def ran(monkeypatch: pytest.MonkeyPatch, replications: int, **study: Any) -> Results:
    """A run with 1,000 deaths, up to 400 more by an assumption, and chance; more ICU beds save 30."""

    def simulate(scenario: Scenario, seed: int, replication: int, *_: Any) -> Any:
        chance, more = np.random.default_rng([seed, replication]).normal(0, 10, 2).tolist()
        saved = 30 + more / 4 if scenario.care.facilities["general"].beds.icu > 2 else 0.0
        deaths = 1_000 + 400 * scenario.clinical.isolated_share + chance - saved
        return made_up_record(scenario, replication, outcomes={"deaths": deaths})

    monkeypatch.setattr(simulation, "run_once", simulate)
    given = {"replications": replications, "seed": 7, "uncertainty": DRAWN, **study}
    return run(from_plain({**small_scenario().to_plain(), "study": given}), workers=1)


def said(results: Results, lang: str = "en") -> str:
    return " ".join(shown(summary(results, lang), 200).split())


def test_outcomes_and_differences_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    results = ran(monkeypatch, 40)
    lines = {(line.alternative, line.outcome): line for line in told_apart(results)}
    assert list(lines) == [("baseline", "deaths"), ("more-icu", "deaths")]
    baseline = results.replications.query("alternative == 'baseline'")["deaths"].to_numpy().reshape(20, 2)
    assert lines["baseline", "deaths"].spread == spread(baseline)
    value, low, high = lines["baseline", "deaths"].half("chance", "en")
    assert low.value < value.value < high.value
    assert float(low.value) < WIDTH * 10 < float(high.value)
    assert value.source == "replications.csv?alternative=baseline#chance:deaths"
    difference = lines["more-icu", "deaths"]
    assert difference.spread.mean == pytest.approx(-30, abs=1.5)
    assert difference.quote("low", 1.0, "en").source.startswith(
        "replications.csv?alternative=more-icu&against=baseline#"
    )


@pytest.mark.usefixtures("unpictured")
@pytest.mark.parametrize("lang", LANGUAGES)
def test_screen_and_report_show_the_same(monkeypatch: pytest.MonkeyPatch, lang: str) -> None:
    results = ran(monkeypatch, 40)
    text = said(results, lang)
    page = Page(report(results, lang)).root
    section = next(e for e in page.all("section") if e.attributes.get("id") == "spread")
    numbers = [e.text for e in section.all("data")]
    assert len(numbers) > 20
    assert [number for number in numbers if number not in text] == []
    assert path_words(results.scenario, MILD, lang) in section.text
    assert path_words(results.scenario, BEDS, lang) not in section.text  # it has no effect


def test_the_best_plan_is_said_to_be_stable(monkeypatch: pytest.MonkeyPatch) -> None:
    results = ran(monkeypatch, 40)
    text, mild = said(results), path_words(results.scenario, MILD, "en")
    assert re.search(r"has the fewest in 20 of 20 draws of the assumptions", text)
    assert re.search(rf"each alone: {mild} 9\d% \(9\d% to (9\d|100)%\)", text)


@pytest.mark.parametrize(
    ("replications", "study", "words"),
    [
        (10, {}, "The runs have 5 draws of the assumptions: too few to tell chance from assumptions"),
        (40, {"runs_per_draw": 1}, "Each draw of the assumptions has one run"),
        (20, {}, "How much each assumption adds can be told from 20 draws on."),
    ],
)
def test_too_few_draws_are_said_to_be(
    monkeypatch: pytest.MonkeyPatch, replications: int, study: dict[str, Any], words: str
) -> None:
    results = ran(monkeypatch, replications, **study)
    assert words in said(results)
    assert bool(told_apart(results)) == (replications == 20)


@pytest.mark.usefixtures("unpictured")
def test_with_parameters_fixed_nothing_is_said_of_assumptions(monkeypatch: pytest.MonkeyPatch) -> None:
    results = ran(monkeypatch, 20, uncertainty={})
    assert (told_apart(results), list(remarks(results, "en"))) == ([], [])
    assert "By assumptions" not in said(results)
    assert 'id="spread"' not in report(results, "en")


def test_a_run_can_leave_out_what_is_uncertain(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = ran(monkeypatch, 20)
    fixed = run(drawing.scenario, uncertainty=False, workers=1)
    assert fixed.scenario.study.drawn == ()
    assert [name for name in fixed.replications if name.startswith("drawn:")] == []
    assert fixed.replications["deaths"].std() < 30 < drawing.replications["deaths"].std()
