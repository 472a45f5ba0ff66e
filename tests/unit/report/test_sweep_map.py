"""The map of a sweep: what its cells say, in both languages, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from drawn import lay_out, outside, overlaps
from study_cases import made_up_record, small_scenario

from surgesim.errors import ResultsError
from surgesim.model import simulation
from surgesim.model.record import Record
from surgesim.report import words
from surgesim.report.figures import save, sweep_map
from surgesim.report.paths import path_words
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.sweep.result import Sweep
from surgesim.study.sweep.sweep import sweep

BEDS = "care.facilities.general.beds.icu"
SHARE = "clinical.isolated_share"
URGENT = "clinical.urgent_share.icu"


@pytest.fixture
def swept(monkeypatch: pytest.MonkeyPatch) -> Any:
    def simulate(scenario: Scenario, seed: int, replication: int, path: object = None) -> Record:
        return made_up_record(scenario, replication)

    def make(vary: dict[str, str], **given: Any) -> Sweep:
        monkeypatch.setattr(simulation, "run_once", simulate)
        made = sweep(small_scenario(), vary, workers=1, **{"replications": 4, **given})
        table = made.breaches.merge(made.design, on="point")
        told = made.breaches.copy()
        told["probability"] = table[BEDS] / 100 + (table[URGENT] / 10 if URGENT in table else 0)
        told[["probability_low", "probability_high"]] = 0.05, 0.85
        made.__dict__["breaches"] = told
        return made

    return make


def texts(figure: Any) -> list[str]:
    return [text.get_text().replace(words.NBSP, " ") for text in figure.axes[0].texts]


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "vi"])
def test_every_cell_has_its_probability_and_interval(swept: Any, lang: str, tmp_path: Path) -> None:
    made = swept({SHARE: "0:1:3", BEDS: "0,20,100"})
    figure = lay_out(sweep_map(made, lang=lang))
    axes = figure.axes[0]
    column = ["0%", "(5–85%)", "20%", "(5–85%)", "100%", "(5–85%)"]
    assert texts(figure) == 3 * column
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["0", "20", "100"]
    half = "0.5" if lang == "en" else "0,5"
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0", half, "1"]
    scenario = made.scenarios["small"]
    assert axes.get_xlabel() == path_words(scenario, SHARE, lang)
    assert axes.get_ylabel().replace("\n", " ") == path_words(scenario, BEDS, lang)
    assert overlaps(figure) == []
    assert outside(figure) == []
    assert save(figure, tmp_path / "a.svg").read_bytes() == save(figure, tmp_path / "b.svg").read_bytes()


@pytest.mark.slow
def test_other_paths_are_averaged_over_and_named(swept: Any) -> None:
    made = swept({BEDS: "0,20", SHARE: "0,1", URGENT: "0,1"})
    figure = sweep_map(made)
    assert texts(figure) == ["5%", "5%", "25%", "25%"]  # no interval: the runs of a cell are not independent
    said = " ".join(text.get_text() for text in figure.texts).replace("\n", " ")
    assert f"mean over the values of {path_words(made.scenarios['small'], URGENT, 'en')}" in said
    chosen = sweep_map(made, x=URGENT, y=BEDS)
    assert texts(chosen) == ["0%", "20%", "10%", "30%"]
    scenario = made.scenarios["small"]
    assert chosen.axes[0].get_xlabel() == path_words(scenario, URGENT, "en")
    assert sweep_map(made, y=BEDS).axes[0].get_xlabel() == path_words(scenario, SHARE, "en")


def test_a_point_whose_runs_all_failed_says_nothing(swept: Any) -> None:
    made = swept({SHARE: "0,1", BEDS: "0,20"})
    made.__dict__["breaches"] = made.breaches[made.breaches["point"] != 0]
    assert texts(sweep_map(made))[:3] == ["–", "20%", "(5–85%)"]


@pytest.mark.slow
def test_a_map_that_cannot_be_drawn_is_refused(swept: Any) -> None:
    made = swept({SHARE: "0,1", BEDS: "0,20"})
    for given, message in (
        ({"threshold": "flood"}, "got threshold 'flood', expected one of "),
        ({"alternative": "none"}, "got alternative 'none', expected one of baseline"),
        ({"scenario": "other"}, "got scenario 'other', expected one of small"),
        ({"lang": "fr"}, "got language 'fr', expected one of "),
        ({"x": "people"}, f"got path 'people', expected one of {SHARE}, {BEDS}"),
        ({"x": BEDS, "y": BEDS}, f"got path '{BEDS}' for both axes, expected two different paths"),
    ):
        with pytest.raises(ResultsError) as caught:
            sweep_map(made, **given)
        assert str(caught.value).startswith(message)
    with pytest.raises(ResultsError, match="got 1 path with several values, expected two or more"):
        sweep_map(swept({SHARE: "1", BEDS: "0,20"}))
    with pytest.raises(ResultsError, match="got design lhs, expected grid for the figure sweep-map"):
        sweep_map(swept({SHARE: "0:1", BEDS: "1:9"}, design="lhs", samples=4))
