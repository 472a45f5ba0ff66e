"""The epidemic's level: classes at their bounds, the table, districts, and what a table may not be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from loading_cases import WITH_ARRIVALS, line_of, refused, replaced, told, written

from surgesim.model.command.levels import LevelTable
from surgesim.scenario.door import inspect, load
from surgesim.scenario.loading import profile_tables
from surgesim.scenario.schema.levels import Levels

WEEKLY, OXYGEN, DEATHS = "weekly_reported_cases_per_100k", "oxygen_need_7d_per_100k", "deaths_7d_per_100k"
VACANT, ICU = "vacant_covid_beds_per_100k", "staffed_icu_beds_per_100k"
CALM = {WEEKLY: 0.0, OXYGEN: 0.0, DEATHS: 0.0, VACANT: 50.0, ICU: 9.0}

LINES = """\
  levels:
    transmission:
      cases: {indicator: weekly_reported_cases_per_100k, at_least: [90, 450, 600]}
    response:
      beds: {indicator: vacant_covid_beds_per_100k, below: [20, 10]}
    table: [[1, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 4]]
"""
LEVELS = replaced("  plan:\n", LINES + "  plan:\n")


def table(profile: str, **changes: Any) -> LevelTable:
    return LevelTable(Levels.model_validate_json(_json(profile_tables.read(profile).figures | changes)))


def _json(plain: Any) -> str:
    import json

    return json.dumps(plain)


@pytest.mark.parametrize(
    ("values", "level"),
    [
        ({}, 1),
        ({WEEKLY: 89.9}, 1),
        ({WEEKLY: 90.0}, 1),  # class 2 of transmission, response high
        ({WEEKLY: 90.0, VACANT: 19.9}, 2),
        ({WEEKLY: 90.0, VACANT: 20.0}, 1),
        ({WEEKLY: 450.0}, 2),
        ({WEEKLY: 450.0, VACANT: 9.9}, 4),
        ({WEEKLY: 450.0, VACANT: 10.0}, 3),
        ({WEEKLY: 600.0}, 3),
        ({WEEKLY: 600.0, ICU: 5.0}, 4),
        ({OXYGEN: 32.0, ICU: 3.9}, 4),  # the worst criterion of each side decides
        ({DEATHS: 8.0, WEEKLY: 100.0}, 2),
        ({ICU: 3.9}, 2),
    ],
)
def test_decision_218(values: dict[str, float], level: int) -> None:
    levels, seen = table("decision-218"), CALM | values
    assert levels.of_province(seen) == level
    local = {name: np.full(2, value) for name, value in seen.items()}
    assert levels.of_districts(seen, local, 2).tolist() == [level, level]


@pytest.mark.parametrize(
    ("cases", "level", "where_most_are_vaccinated"),
    [(0, 1, 1), (19.9, 1, 1), (20, 2, 1), (50, 3, 2), (149, 3, 2), (150, 4, 3)],
)
def test_decision_4800_with_any_indicator_as_response(
    cases: float, level: int, where_most_are_vaccinated: int
) -> None:
    """`emergency_served_7d_share` stands for a share of vaccinated people: the table takes any indicator."""
    seen = CALM | {WEEKLY: float(cases)}
    assert table("decision-4800").of_province(seen) == level
    share = {"indicator": "emergency_served_7d_share", "below": [0.7]}
    both = table("decision-4800", response={"share": share}, table=[[1, 1], [1, 2], [2, 3], [3, 4]])
    assert both.of_province(seen | {"emergency_served_7d_share": 0.8}) == where_most_are_vaccinated
    assert both.of_province(seen | {"emergency_served_7d_share": 0.6}) == level


def test_districts_have_their_own_values_and_the_province_s_where_a_criterion_is_of_it() -> None:
    local = {
        WEEKLY: np.array([0.0, 460.0, 700.0]),
        OXYGEN: np.zeros(3),
        DEATHS: np.zeros(3),
        VACANT: np.array([50.0, 50.0, 15.0]),
        ICU: np.zeros(3),  # not looked at: this criterion is of the province
    }
    levels = table("decision-218")
    assert levels.of_districts(CALM, local, 3).tolist() == [1, 2, 4]
    assert levels.of_districts(CALM | {ICU: 3.0}, local, 3).tolist() == [2, 4, 4]


def test_every_figure_of_the_decisions_is_assumed() -> None:
    for name in ("decision-218", "decision-4800"):
        sources = profile_tables.read(name).sources.values()
        assert {source["confidence"] for source in sources} == {"assumed"}


# -- what a table may not be ----------------------------------------------------------------------

CASES = "at_least: [90, 450, 600]"
TABLE = "table: [[1, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 4]]"


@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        (CASES, "at_least: [90, 600, 450]", "transmission.cases",
         "got at_least [90.0, 600.0, 450.0], expected bounds that rise from class to class"),
        (CASES, "at_least: [90, 90, 450]", "transmission.cases",
         "got at_least [90.0, 90.0, 450.0], expected bounds that rise from class to class"),
        (CASES, "at_least: []", "transmission.cases",
         "got at_least [], expected bounds that rise from class to class"),
        ("below: [20, 10]", "below: [10, 20]", "response.beds",
         "got below [10.0, 20.0], expected bounds that fall from class to class"),
        (CASES, "at_least: [90], below: [1]", "transmission.cases",
         "got at_least [90.0] and below [1.0], expected exactly one of at_least and below"),
        ("weekly_reported_cases_per_100k", "weekly_reported_cases", "transmission.cases.indicator",
         "got 'weekly_reported_cases', did you mean 'weekly_reported_cases_per_100k'?"),
        ("weekly_reported_cases_per_100k", "epidemic_level", "transmission.cases",
         "got epidemic_level, which is computed from other indicators, expected another indicator"),
        ("weekly_reported_cases_per_100k", "stock_cover_days", "transmission.cases.item",
         "missing, expected the name of a consumable for stock_cover_days"),
        (CASES, CASES + ", group: 80+", "transmission.cases",
         "got a group for weekly_reported_cases_per_100k, which is not available by age and risk group: "
         "expected one of the indicators in_time_7d_share, deaths_per_million"),
        ("weekly_reported_cases_per_100k", "elective_backlog, by: district", "transmission.cases",
         "got a district for elective_backlog, which is not available by district: expected one of the "
         "indicators weekly_reported_cases_per_100k, oxygen_need_7d_per_100k, patients_without_bed, "
         "vacant_covid_beds_per_100k, staffed_icu_beds_per_100k, usable_icu_beds_per_100k, "
         "oxygen_occupancy, icu_occupancy, "
         "deaths_7d_per_100k, epidemic_level, in_time_7d_share, deaths_per_million"),
        (TABLE, "table: [[1, 1, 2], [1, 2, 3], [2, 3, 4]]", "",
         "got a table of 3 rows, expected 4, one per class of transmission"),
        (TABLE, "table: [[1, 1, 2], [1, 2], [2, 3, 4], [3, 4, 4]]", "",
         "got 2 levels in row 2 of the table, expected 3, one per class of response"),
        (TABLE, "table: [[1, 1, 2], [1, 2, 3], [2, 3, 4], [3, 2, 4]]", "",
         "got a table in which a worse class has a lower level, expected an equal or higher level"),
        (TABLE, "table: [[1, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5]]", "table.3.2",
         "got 5, expected a whole number from 1 to 4"),
        ("    " + TABLE + "\n", "", "",
         "missing table, expected 4 rows of 3 levels, one per class"),
    ],
)  # fmt: skip
def test_a_faulty_table_is_told_in_one_sentence(
    tmp_path: Path, old: str, new: str, path: str, message: str
) -> None:
    text = LEVELS.replace(old, new) if LEVELS.count(old) == 1 else LINES.join(
        [replaced(old, new, LINES).join(LEVELS.split(LINES)), ""]
    )  # fmt: skip
    expected = "command.levels" + (f".{path}" if path else "")
    assert told(tmp_path, text) == [(expected, message)]


def test_too_many_classes_without_a_table(tmp_path: Path) -> None:
    lines = "  levels: {transmission: {cases: {indicator: icu_occupancy, at_least: [0.1, 0.2, 0.3, 0.4]}}}\n"
    text = replaced("  plan:\n", lines + "  plan:\n")
    assert told(tmp_path, text) == [
        ("command.levels", "got 5 classes and no table, expected at most 4")
    ]  # fmt: skip
    text = text.replace("{cases: {indicator: icu_occupancy, at_least: [0.1, 0.2, 0.3, 0.4]}}", "{}")
    assert told(tmp_path, text) == [
        ("command.levels", "got no criteria of transmission, expected at least one")
    ]


def test_a_problem_is_told_where_it_stands(tmp_path: Path) -> None:
    text = LEVELS.replace("below: [20, 10]", "below: [10, 20]")
    (problem,) = refused(tmp_path, text)
    assert problem.line == line_of("      beds: {indicator", text)


def test_an_overlay_lays_criteria_over_those_of_a_profile(tmp_path: Path) -> None:
    served = "served: {indicator: emergency_served_7d_share, below: [0.9, 0.8]}"
    text = replaced("  plan:\n", "  levels: decision-218\n  plan:\n")
    overlay = f"{{levels: {{response: {{icu-beds: null, {served}}}}}}}"
    scenario = load(written(tmp_path, f"{text}alternatives: {{other: {{command: {overlay}}}}}\n"))
    levels = scenario.alternative("other").command.levels
    assert levels is not None
    assert list(levels.response) == ["vacant-beds", "served"]
    assert levels.classes == (4, 3)


# -- remarks --------------------------------------------------------------------------------------


def remarks(tmp_path: Path, text: str) -> dict[str, str]:
    _, warnings = inspect(written(tmp_path, text))
    return {warning.path: warning.message for warning in warnings if warning.path.startswith("command.")}


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        (replaced("oxygen: {indicator: oxygen_need_7d_per_100k, above: 32}",
                  "level: {indicator: epidemic_level, above: 2}"), "thresholds.level",
         "epidemic_level is not assessed: command.levels is not given"),
        (LEVELS.replace("oxygen: {indicator: oxygen_need_7d_per_100k, above: 32}",
                        "level: {indicator: epidemic_level, above: 4}"), "thresholds.level",
         "can never be met: epidemic_level lies between 1 and 4, got above 4"),
        (LEVELS.replace("indicator: vacant_covid_beds_per_100k, below: [20, 10]",
                        "indicator: staff_absent_share, at_least: [0.2, 5]"), "levels.response.beds",
         "is unlikely to be met: staff_absent_share lies between 0 and 1, got 5 (write 80 % as 0.8)"),
        (LEVELS.replace("indicator: vacant_covid_beds_per_100k",
                        "indicator: home_cases_not_followed, by: province"), "levels.response.beds.by",
         "has no effect: home_cases_not_followed always has the value of the province"),
        (WITH_ARRIVALS + "command:\n  thresholds:\n"
         "    r: {indicator: in_time_7d_share, group: high-risk, below: 0.9}\n", "thresholds.r",
         "in_time_7d_share is not assessed: "
         "the risk group of given arrivals is not known"),
        (replaced("{indicator: oxygen_need_7d_per_100k, above: 32}",
                  "{indicator: in_time_7d_share, above: 90}"), "thresholds.oxygen",
         "is unlikely to be met: in_time_7d_share lies between 0 and 1, got above 90 (write 80 % as 0.8)"),
    ],
)  # fmt: skip
def test_what_can_have_no_effect_is_remarked(tmp_path: Path, text: str, path: str, message: str) -> None:
    assert remarks(tmp_path, text)[f"command.{path}"] == message


def test_a_sound_table_is_not_remarked(tmp_path: Path) -> None:
    found = remarks(tmp_path, LEVELS)
    assert [path for path in found if path.startswith("command.levels")] == []


# -- districts in thresholds and rules ------------------------------------------------------------

THRESHOLD = "oxygen: {indicator: oxygen_need_7d_per_100k, above: 32}"
WHEN = "when: {indicator: oxygen_occupancy, above: 0.8}"
BOTH = "got a group and a district, expected only one of the two"


@pytest.mark.parametrize(
    ("old", "new", "path", "starts"),
    [
        (THRESHOLD, "it: {indicator: staff_absent_share, above: 0.2, by: district}", "thresholds.it",
         "got a district for staff_absent_share, which is not available by district"),
        (THRESHOLD, "it: {indicator: in_time_7d_share, below: 1, by: district, group: 80+}",
         "thresholds.it", BOTH),
        (THRESHOLD, "it: {indicator: in_time_7d_share, below: 1, group: 80}", "thresholds.it.group",
         "got 80, expected one of 0-9, 10-19"),
        (WHEN, "when: {indicator: situation, above: 0, district: isle}", "plan.open-field",
         "got a district for situation, which is not available by district"),
        (WHEN, "when: {indicator: in_time_7d_share, below: 0.5, group: 80+, district: isle}",
         "plan.open-field", BOTH),
        (WHEN, "when: {on: 2024-01-05, district: isle}", "plan.open-field.when",
         "got a date and an indicator, expected only one of the two"),
        ("until: {below: 0.5, for_days: 14}", "until: {on: 2024-02-05, district: isle}",
         "plan.open-field.until", "got a date and an indicator, expected only one of the two"),
        ("until: {below: 0.5, for_days: 14}", "until: {below: 0.5, group: 80+}", "plan.open-field",
         "got a group for oxygen_occupancy, which is not available by age and risk group"),
        ("  plan:\n", "  situation: {thresholds: [here]}\n  plan:\n", "situation.thresholds.0",
         "got 'here', which is assessed by district, expected a threshold of the province"),
        ("  plan:\n", "  situation: {require: 2}\n  plan:\n", "situation.require",
         "got 2, expected at most 1, the number of thresholds for the province"),
    ],
)  # fmt: skip
def test_a_district_or_group_goes_with_what_is_followed_so(
    tmp_path: Path, old: str, new: str, path: str, starts: str
) -> None:
    here = "    here: {indicator: icu_occupancy, above: 1, by: district}\n"
    text = replaced("  thresholds:\n", "  thresholds:\n" + here)
    got = told(tmp_path, replaced(old, new, text))
    assert [(where, message[: len(starts)]) for where, message in got] == [(f"command.{path}", starts)]


def test_a_rule_of_a_district_ends_on_the_same_district_unless_it_names_another(tmp_path: Path) -> None:
    for until, expected in (
        ("{below: 0.5}", ("oxygen_occupancy", None, "isle")),
        ("{below: 0.5, district: town}", ("oxygen_occupancy", None, "town")),
        ("{indicator: icu_occupancy, below: 0.5}", ("icu_occupancy", None, None)),
    ):
        text = replaced(WHEN, WHEN.replace("}", ", district: isle}"))
        scenario = load(written(tmp_path, replaced("{below: 0.5, for_days: 14}", until, text)))
        assert scenario.command.plan["open-field"].ends_on == expected
