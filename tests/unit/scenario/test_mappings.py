"""Scenarios from Python: mappings and texts are read as files are; what scenarios print, and their hash."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from loading_cases import CARE, CLINICAL, COMMAND, EPIDEMIC, HEAD, PEOPLE
from shipped import SHIPPED, shipped

import surgesim
from surgesim.errors import ScenarioError
from surgesim.scenario.door import compose
from surgesim.scenario.schema.scenario import Scenario

SMALL = HEAD + PEOPLE + EPIDEMIC + CLINICAL + CARE + COMMAND
R0 = "epidemic.variant.r0"


@pytest.fixture(scope="module")
def small() -> Scenario:
    return surgesim.loads(SMALL)


def problems(error: ScenarioError) -> list[tuple[str, str]]:
    return [(problem.path, problem.message) for problem in error.problems]


# -- load and loads -----------------------------------------------------------------------------------


def test_a_file_its_text_and_its_mapping_give_the_same_scenario(small: Scenario, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    assert surgesim.load(tmp_path / "small.yaml") == small
    assert surgesim.load(str(tmp_path / "small.yaml")) == small
    assert surgesim.load(compose(SMALL, "f").value) == small
    assert surgesim.load(small.to_plain()) == small
    assert surgesim.loads("\ufeff" + SMALL) == small
    assert surgesim.loads(SMALL, changes=["days=30"]) == surgesim.load(small.to_plain(), changes=["days=30"])


@pytest.mark.slow
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_each_shipped_scenario_goes_through_mappings(path: Path) -> None:
    scenario = shipped(path)
    assert surgesim.load(scenario.to_plain()) == scenario


@pytest.mark.parametrize(
    ("text", "replacement", "expected"),
    [
        ("r0: 3", "r0: -3", [("epidemic.variant.r0", "got -3, expected a number from 0 to 1000")]),
        ("days: 60", "dayz: 60", [("dayz", "unknown key 'dayz', did you mean 'days'?")]),
        ("district: isle", "district: ile", None),
    ],
)
def test_problems_are_those_of_a_file(
    text: str, replacement: str, expected: list[tuple[str, str]] | None, tmp_path: Path
) -> None:
    wrong = SMALL.replace(text, replacement)
    (tmp_path / "small.yaml").write_text(wrong, encoding="utf-8")
    with pytest.raises(ScenarioError) as of_file:
        surgesim.load(tmp_path / "small.yaml")
    with pytest.raises(ScenarioError) as of_text:
        surgesim.loads(wrong)
    with pytest.raises(ScenarioError) as of_mapping:
        surgesim.load(compose(wrong, "f").value)
    found = problems(of_file.value)
    assert found == problems(of_text.value)
    assert sorted(found) == sorted(problems(of_mapping.value))
    assert found == (expected or found) != []
    lines = [problem.line for problem in of_file.value.problems]
    assert [problem.line for problem in of_text.value.problems] == lines
    assert {problem.file for problem in of_text.value.problems} == {"<text>"}
    assert {problem.file for problem in of_mapping.value.problems} == {None}


def test_mappings_and_texts_may_extend_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "small.yaml").write_text(SMALL, encoding="utf-8")
    changed = surgesim.load({"extends": Path("base/small.yaml"), "days": 30, R0: 4})
    assert (changed.days, changed.epidemic and changed.epidemic.variant.r0) == (30, 4)
    assert surgesim.loads("extends: base/small.yaml\ndays: 30\nepidemic: {variant: {r0: 4}}") == changed
    with pytest.raises(ScenarioError) as caught:
        surgesim.load({"extends": "base/small.yaml", "days": -1})
    assert str(caught.value) == "days: got -1, expected a whole number from 1 to 20000"
    (tmp_path / "base" / "small.yaml").write_text(SMALL.replace("r0: 3", "r0: -3"), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        surgesim.load({"extends": "base/small.yaml"})
    expected = "base/small.yaml:12: epidemic.variant.r0: got -3, expected a number from 0 to 1000"
    assert str(caught.value) == expected


def test_arrivals_of_a_mapping_are_relative_to_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: Scenario
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "arrivals.csv").write_text("date,oxygen\n2024-01-01,3\n", encoding="utf-8")
    plain = {key: value for key, value in small.to_plain().items() if key != "epidemic"}
    given = surgesim.load({**plain, "arrivals.file": "arrivals.csv", "arrivals.counts_are": "exact"})
    assert given.arrivals is not None
    assert next(iter(given.arrivals.series.values())).counts[0] == 3


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nowhere.yaml", "nowhere.yaml: got the name of a file that does not exist"),
        (".", ".: got a folder, expected a file"),
        (3, "got a value of type int, expected the path of a file or a mapping"),
        (None, "got a value of type NoneType, expected the path of a file or a mapping"),
        ({"extends": "nowhere.yaml"}, "extends: got the name of a file that does not exist: nowhere.yaml"),
        ({"extends": 4}, "extends: got 4, expected the path of a file, relative to this one"),
    ],
)
def test_what_cannot_be_loaded_is_refused_in_a_sentence(source: Any, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        surgesim.load(source)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "<text>:1: got an empty file, expected the sections of a scenario"),
        ("- 1", "<text>:1: got a list of 1 values, expected the sections of a scenario"),
        ("a: 1\na: 2", "<text>:2: got the key 'a' twice, on lines 1 and 2"),
        ("a: [", "<text>:2: got text that is not YAML (while parsing a flow node"),
        ("\0", "<text>:1: got text that is not YAML (it contains the invisible character U+0000)"),
        (b"a: 1", "got a value of type bytes, expected a text"),
    ],
)
def test_a_text_that_is_no_scenario_is_refused_in_a_sentence(text: Any, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        surgesim.loads(text)
    assert str(caught.value).startswith(message)
    assert len(caught.value.problems) == 1


# -- overlaid -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "overlay",
    [
        {R0: 4, "care.facilities.general.beds.icu": 12},
        {"epidemic": {"variant": {"r0": 4}}, "care": {"facilities": {"general": {"beds": {"icu": 12}}}}},
        {"epidemic.variant": {"r0": 4}, "care": {"facilities.general": {"beds.icu": 12}}},
        {R0: np.float64(4), "care.facilities.general.beds": {"icu": np.int64(12)}},
        {"care.facilities.general": {"beds.icu": 12}, "epidemic": {R0.removeprefix("epidemic."): 4}},
    ],
)
def test_dotted_and_nested_keys_mix(small: Scenario, overlay: Mapping[str, Any]) -> None:
    changed = small.overlaid(overlay)
    assert changed.epidemic is not None
    assert changed.epidemic.variant.r0 == 4
    assert changed.care.facilities["general"].beds.icu == 12
    assert changed.care.facilities["general"].beds.oxygen == 100
    assert surgesim.overlaid(small, overlay) == changed != small
    expected = {
        "epidemic": {"variant": {"r0": 4}},
        "care": {"facilities": {"general": {"beds": {"icu": 12}}}},
    }
    assert small.overlaid(expected) == changed


def test_keys_that_are_paths_stay_whole(small: Scenario) -> None:
    uncertain = {R0: {"uniform": (3, 5)}}
    source = {"source": "a paper", "confidence": "published"}
    forms: list[dict[str, Any]] = [
        {"study": {"uncertainty": uncertain}, "sources": {R0: source}},
        {"study.uncertainty": uncertain, "sources": {R0: source}},
        {f"study.uncertainty.{R0}": {"uniform": np.array([3, 5])}, f"sources.{R0}": source},
    ]
    changed = [small.overlaid(form) for form in forms]
    assert list(changed[0].study.uncertainty) == [R0]
    assert changed[0].sources[R0].confidence == "published"
    assert changed[0] == changed[1] == changed[2]


def test_values_of_python_are_those_of_a_file(small: Scenario) -> None:
    shares = np.full(9, 0.25)
    assert small.overlaid({"people.high_risk": shares}).people.high_risk == (0.25,) * 9
    for day in (date(2024, 2, 1), datetime(2024, 2, 1), np.datetime64("2024-02-01"), "2024-02-01"):
        assert small.overlaid({"start": day}).start == date(2024, 2, 1)
    other = small.overlaid({R0: 5})
    assert small.overlaid({"epidemic": other.epidemic}) == other
    patient = small.overlaid({"alternatives.patient.care.no_bed_hours": 12}).alternatives
    assert patient == {"patient": {"care": {"no_bed_hours": 12}}}
    assert "oxygen" not in small.overlaid({"command.thresholds.oxygen": None}).command.thresholds
    assert small.overlaid({R0: {"scale": 2}}).epidemic == small.overlaid({R0: 6}).epidemic


def circle() -> dict[str, Any]:
    inner: dict[str, Any] = {}
    inner["people"] = inner
    return inner


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ({R0: "x"}, f"{R0}: got 'x', expected a number from 0 to 1000"),
        ({"epidemic.varient.r0": 4}, "epidemic.varient: unknown key 'varient', did you mean 'variant'?"),
        ({"epidemic": {"variant.r1": 4}}, "epidemic.variant.r1: unknown key 'r1', expected one of r0, "),
        (
            {"care.facilities.generl.beds.icu": 4},
            "care.facilities.generl: unknown name 'generl', did you mean 'general'?",
        ),
        ({"epidemic..r0": 4}, "got the key 'epidemic..r0', expected names joined by dots"),
        ({"epidemic": {"": 4}}, "epidemic: got the key '', expected names joined by dots"),
        ({"care": {3: 4}}, "care: got the key 3, expected a text"),
        ({R0: 4, "epidemic": {"variant": {"r0": 5}}}, f"{R0}: got 4 and 5, expected only one of the two"),
        ({"days": 5, "days.x": 4}, "days: got 5 and values below it, expected only one of the two"),
        ({R0: {1, 2}}, f"{R0}: got a value of type set, expected a number, text, list or mapping"),
        ({R0: 10**5000}, f"{R0}: got a number of more than 100 digits"),
        ({R0: float("nan")}, f"{R0}: got nan, expected a number from 0 to 1000"),
        ({R0: True}, f"{R0}: got true, expected a number from 0 to 1000"),
        (circle(), "people.people.people: got values nested deeper than 50 levels"),
        ({"extends": "x.yaml"}, "extends: unknown key 'extends'"),
        ([R0], "got a value of type list, expected a mapping of changes"),
        (None, "got a value of type NoneType, expected a mapping of changes"),
    ],
)
def test_a_faulty_overlay_is_refused_in_a_sentence(small: Scenario, overlay: Any, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        small.overlaid(overlay)
    assert str(caught.value).startswith(message)
    assert len(caught.value.problems) == 1


def test_all_faults_of_a_mapping_are_reported_at_once(small: Scenario) -> None:
    with pytest.raises(ScenarioError) as caught:
        small.overlaid({"a": object, "b..c": 1, 3: 4})
    assert [problem.path for problem in caught.value.problems] == ["a", "", ""]
    with pytest.raises(ScenarioError) as caught:
        small.overlaid({R0: -1, "care.no_bed_hours": -1})
    assert [problem.path for problem in caught.value.problems] == [R0, "care.no_bed_hours"]


# -- what a scenario prints, and its hash --------------------------------------------------------------


def test_a_scenario_prints_what_tells_it_apart(small: Scenario) -> None:
    assert repr(small) == (
        "Scenario(name='small', title='Small', start='2024-01-01', days=60, districts=2, people=120000, "
        "facilities=2, beds={'basic': 0, 'oxygen': 150, 'icu': 10}, alternatives=[])"
    )
    assert len(str(small)) < 250
    unlimited = small.overlaid({"care.facilities.field.beds.oxygen": "unlimited"})
    assert "'oxygen': 'unlimited'" in repr(unlimited)


def test_notebooks_show_a_table_with_text_escaped(small: Scenario) -> None:
    html = small.overlaid({"title.en": "<b>Small</b> & fine"})._repr_html_()
    assert html.startswith("<table><tr><th>name</th><td>small</td></tr>")
    assert "&lt;b&gt;Small&lt;/b&gt; &amp; fine" in html
    assert "<td>120,000</td>" in html
    assert "<td>0 basic, 150 oxygen, 10 icu</td>" in html


@pytest.mark.slow
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_equal_scenarios_have_equal_hashes(path: Path) -> None:
    scenario = shipped(path)
    again = surgesim.load(scenario.to_plain())
    assert again is not scenario
    assert hash(again) == hash(scenario)
    assert hash(pickle.loads(pickle.dumps(scenario))) == hash(scenario)
    assert len({scenario, again, scenario.overlaid({"study.seed": 12_345})}) == 2
    assert {scenario: 1}[again] == 1
    assert len(repr(scenario)) < 1000


def test_the_order_of_names_does_not_change_the_hash(small: Scenario) -> None:
    plain = small.to_plain()
    facilities = dict(reversed(plain["care"]["facilities"].items()))
    other = surgesim.load({**plain, "care": {**plain["care"], "facilities": facilities}})
    assert list(other.care.facilities) != list(small.care.facilities)
    assert other == small
    assert hash(other) == hash(small)
