"""Paths of a scenario in words: those of the shipped scenarios, and titles of what they name."""

from __future__ import annotations

import re
from datetime import date

import pytest
from figure_cases import surge_scenario
from shipped import FOLDER, shipped

from surgesim.report.paths import path_words, value_words
from surgesim.report.prose.plans import plan_changes
from surgesim.report.words import LANGUAGES

A_PATH = re.compile(r"\w+\.\w+\.\w+")


def test_a_path_names_titles() -> None:
    scenario = surge_scenario(1)
    path = "care.facilities.general.beds.icu"
    assert path_words(scenario, path, "en") == "ICU beds of General hospital"
    assert path_words(scenario, path, "vi") == "giường ICU tại Bệnh viện Đa khoa tỉnh"
    assert path_words(scenario, "care.facilities.*.beds.icu", "vi") == "giường ICU tại mọi cơ sở"
    assert path_words(scenario, "care.facilities.elsewhere.beds.icu", "vi") == "giường ICU tại elsewhere"


@pytest.mark.parametrize("path", ["care.facilities", "clinical.surge", "care.facilities.general", "rule.x"])
def test_a_path_without_words_stays(path: str) -> None:
    assert path_words(surge_scenario(1), path, "vi") == path


def test_values_are_written_for_the_language() -> None:
    written = [
        value_words(value, "vi") for value in (True, 0.95, 6000, date(2024, 3, 5), ["a", 2.5], "never")
    ]
    assert written == ["có", "0,95", "6.000", "05/03/2024", "a, 2,5", "never"]


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", ["ha-nam", "kien-giang", "lai-chau"])
def test_shipped_scenarios_have_no_path_in_their_plans(name: str, lang: str) -> None:
    scenario = shipped(FOLDER / f"{name}.yaml")
    said = [line for plan in scenario.alternatives for line in plan_changes(scenario, plan, lang)]
    said += [path_words(scenario, path, lang) for path in scenario.study.drawn]
    assert len(said) > 20
    assert [line for line in said if A_PATH.search(line)] == []


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "changed: Surge beds (triggered above: 8 per\N{NO-BREAK SPACE}100,000)"),
        ("vi", "thay đổi: Giường tăng cường (kích hoạt khi vượt: 8/100.000\N{NO-BREAK SPACE}dân)"),
    ],
)
def test_only_what_a_plan_changes_is_told_in_words(lang: str, said: str) -> None:
    rule = {
        "title": {"vi": "Giường tăng cường", "en": "Surge beds"},
        "action": "convert_beds",
        "when": {"indicator": "oxygen_need_7d_per_100k", "above": 20.0},
    }
    plan = surge_scenario(1).to_plain()["command"].get("plan", {}) | {"surge": rule}
    own = {"delivery": {"size_kg": 6000, "interval_days": 1}}
    earlier = {
        "command": {"plan": {"surge": {"when": {"indicator": "oxygen_need_7d_per_100k", "above": 8.0}}}},
        "care": {"facilities": {"general": {"oxygen": {"tank_kg": 9_000} | own}}},
    }
    scenario = surge_scenario(1, 0, command={"plan": plan}, alternatives={"earlier": earlier})
    lines = list(plan_changes(scenario, "earlier", lang))
    assert lines[0] == said
    assert len(lines) == 3  # the tank is as before
    assert [line for line in lines if A_PATH.search(line)] == []
