"""Indicators of extensions: in daily tables, thresholds, levels and rules, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from study_cases import small_scenario
from typer.testing import CliRunner

import surgesim
from surgesim.cli import app
from surgesim.errors import ExtensionError, ScenarioError
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.reproduce import reproduce
from surgesim.study.run import run
from surgesim.study.simulate import simulate
from surgesim.study.store.run_folder import read

MINE = """
from surgesim.extension import Province, View, indicator, intervention


@indicator(unit="patients", meaning="patients present now and the day before", label="Two days")
def two_days(province: View) -> float:
    return province.series("present")[-2:].sum()


@indicator(unit="share", meaning="ICU occupancy, from the second day")
def icu_use(province: View) -> float:
    assert "situation" not in province.indicators
    assert province.now("icu_occupancy") == province.indicators["icu_occupancy"]
    return province.indicators["icu_occupancy"] if province.day else float("nan")


@intervention
def remember(province: Province) -> None:
    province.memory[province.day] = province.indicators["own:two_days"]
    assert len(province.memory) == province.day + 1
    if province.day == 3:
        assert list(province.memory.values())[-1] == province.series("present")[-2:].sum()
"""

THRESHOLDS: dict[str, Any] = {
    "crowd": {"indicator": "own:two_days", "above": 9},
    "none": {"indicator": "own:two_days", "above": -1},
    "use": {"indicator": "own:icu_use", "below": 0.4},
}
RULE = {
    "action": "convert_beds",
    "facilities": ["general"],
    "decision_days": 0,
    "when": {"indicator": "own:two_days", "above": 9},
    "until": {"below": 4},
}
LEVELS = {"transmission": {"crowd": {"indicator": "own:two_days", "at_least": [5, 9]}}}
COMMAND: dict[str, Any] = {"thresholds": THRESHOLDS, "plan": {"crowded": RULE}, "levels": LEVELS}


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return written(tmp_path)


def written(folder: Path, text: str = MINE) -> Path:
    path = folder / "mine.py"
    path.write_text(text, encoding="utf-8")
    return path


def watching(mine: Path | None, command: dict[str, Any] = COMMAND) -> Scenario:
    plain = {**small_scenario().to_plain(), "alternatives": {"same": {}}, "command": command}
    return surgesim.load(plain, extensions=[] if mine is None else [mine])


def test_a_day_has_the_indicators_and_a_threshold_and_a_rule_act_on_them(mine: Path) -> None:
    one = simulate(watching(mine), 1, 0)
    present = one.province["present"].to_numpy()
    two_days = present + np.append(0, present[:-1])
    assert one.province["own:two_days"].to_numpy() == pytest.approx(two_days)
    assert one.province["own:icu_use"].isna().tolist() == [True] + [False] * 11
    assert one.province["own:icu_use"][1:].equals(one.province["icu_occupancy"][1:])
    breaches = one.breaches.set_index("threshold")
    first = int(np.argmax(two_days > 9))
    assert first > 0
    assert breaches.loc["crowd", ["first_day", "worst_value"]].tolist() == [first, two_days.max()]
    assert breaches["breached_at_start"].to_dict() == {
        "crowd": False, "none": True, "use": False, "situation": True,
    }  # fmt: skip
    assert breaches.loc["use", "worst_value"] == np.nanmin(one.province["own:icu_use"])
    assert one.province["epidemic_level"].max() == 3
    run_ = run(watching(mine), workers=1, only=[])
    assert (
        run_.actions["day"].min()
        == simulate(watching(mine), 7, 0).province["own:two_days"].gt(9).argmax() + 1
    )


def test_a_result_has_them_without_the_extension(mine: Path, tmp_path: Path) -> None:
    out, html = tmp_path / "out", tmp_path / "report.html"
    results = run(watching(mine), extensions=[mine], workers=1, series=["own:icu_use"], out=out)
    mine.rename(tmp_path / "gone.py")
    stored = read(out)
    assert stored.series("own:two_days").equals(results.series("own:two_days"))
    assert results.to_xarray()["own:icu_use"].attrs["units"] == "share"
    assert {"own:two_days", "own:icu_use"} < set(stored.daily["indicator"])
    (entry,) = stored.manifest["extensions"]
    assert entry["indicators"]["two_days"] == {
        "unit": "patients", "meaning": "patients present now and the day before", "label": "Two days",
    }  # fmt: skip
    reported = CliRunner().invoke(app, ["report", str(out), "--lang", "en", "--out", str(html)])
    assert reported.exit_code == 0, reported.output
    text = html.read_text(encoding="utf-8")
    assert "Two days\N{NO-BREAK SPACE}&gt;\N{NO-BREAK SPACE}9" in text
    assert "second day\N{NO-BREAK SPACE}&lt;\N{NO-BREAK SPACE}40" in text
    with pytest.raises(ExtensionError, match=r"got the indicator 'own:two_days', expected an extension that"):
        simulate(stored.scenario, 1, 0)
    (tmp_path / "gone.py").rename(mine)
    assert reproduce(out, extensions=[mine], workers=1).differences == ()


def test_a_run_is_the_same_on_two_workers(mine: Path) -> None:
    one, two = (run(watching(mine), workers=workers) for workers in (1, 2))
    assert one.daily.equals(two.daily)
    assert one.breaches.equals(two.breaches)


def at(path: str, value: Any) -> dict[str, Any]:
    command = json.loads(json.dumps(COMMAND))
    *above, last = path.split(".")
    section = command
    for key in above:
        section = section[key]
    section[last] = value
    return dict(command)


UNKNOWN = "got 'own:two_dais', which no extension declares"


@pytest.mark.parametrize(
    "path",
    [
        "thresholds.crowd.indicator",
        "plan.crowded.when.indicator",
        "plan.crowded.until.indicator",
        "levels.transmission.crowd.indicator",
    ],
)
def test_an_indicator_that_no_extension_declares(mine: Path, path: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        watching(mine, at(path, "own:two_dais"))
    assert str(caught.value) == f"command.{path}: {UNKNOWN}, did you mean 'own:two_days'?"
    with pytest.raises(ScenarioError) as caught:
        watching(None, {"thresholds": {"crowd": {"indicator": "own:two_dais", "above": 9}}})
    assert str(caught.value) == (
        f"command.thresholds.crowd.indicator: {UNKNOWN}, expected its file, given with --extension FILE "
        "(in Python, extensions=[file])"
    )


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("thresholds.crowd.by", "district", "got a district for own:two_days, which is not available by"),
        ("thresholds.crowd.group", "80+", "got a group for own:two_days, which is not available by age"),
        ("thresholds.crowd.item", "masks", "got 'masks', but own:two_days has no items: expected no item"),
        ("thresholds.crowd.indicator", "own:Two", "got 'own:Two', expected one of weekly_reported_cases"),
    ],
)
def test_what_an_own_indicator_does_not_have(mine: Path, path: str, value: str, sentence: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        watching(mine, at(path, value))
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("1 / 0", r"the indicator 'two_days' \(day 0\) raised ZeroDivisionError: division by zero"),
        ("province.order('a', action='x')", r"raised AttributeError: 'Reading' object has no attribute"),
        ("None", r"the indicator 'two_days' returned None, expected a number: is its `return` missing\?"),
        ("float('inf')", r"the indicator 'two_days' returned inf, expected a number that is finite, or NaN"),
    ],
)
def test_an_indicator_that_fails(tmp_path: Path, value: str, sentence: str) -> None:
    mine = written(tmp_path, MINE.replace('province.series("present")[-2:].sum()\n', f"{value}\n", 1))
    with pytest.raises(
        ExtensionError, match=rf"mine\.py: .*{sentence}.* \(alternative 'same', replication 2"
    ):
        simulate(watching(mine), 1, 2, alternative="same")


def test_the_schema_has_the_names_and_validate_accepts_them(mine: Path, tmp_path: Path) -> None:
    def words(*option: str) -> list[str]:
        shown = json.loads(CliRunner().invoke(app, ["schema", *option]).stdout)
        return list(shown["$defs"]["Threshold"]["properties"]["indicator"]["enum"])

    assert words("--extension", str(mine)) == [*words(), "own:two_days", "own:icu_use"]
    scenario = tmp_path / "own.yaml"
    scenario.write_text(json.dumps({**small_scenario().to_plain(), "command": COMMAND}), encoding="utf-8")
    new = tmp_path / "new.yaml"
    for command in (["validate", str(scenario)], ["new", "new", "--from", str(scenario), "--out", str(new)]):
        assert CliRunner().invoke(app, command).exit_code == 2
        assert CliRunner().invoke(app, [*command, "--extension", str(mine)]).exit_code == 0
