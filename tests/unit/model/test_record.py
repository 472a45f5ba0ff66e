"""The columns of a record that a scenario asks for."""

from __future__ import annotations

from typing import Any

import pytest

from surgesim.model.record import DISTRICT, DISTRICT_PRESENT, assessed_columns, district_columns
from surgesim.scenario.schema.command import Command

LEVELS = {"transmission": {"cases": {"indicator": "weekly_reported_cases_per_100k", "at_least": [20.0]}}}


def threshold(indicator: str, **of: Any) -> dict[str, Any]:
    return {"indicator": indicator, "above": 1.0} | of


@pytest.mark.parametrize(
    ("section", "names"),
    [
        ({}, []),
        ({"levels": LEVELS}, ["epidemic_level"]),
        ({"thresholds": {"high": threshold("epidemic_level")}}, ["epidemic_level"]),
        ({"reach": {}}, ["in_time_7d_share", "deaths_per_million"]),
        ({"thresholds": {"dead": threshold("deaths_per_million")}}, ["deaths_per_million"]),
        (
            {
                "thresholds": {
                    "gowns": threshold("stock_cover_days", item="gowns"),  # `logistics` has this column
                    "dead": threshold("deaths_per_million", group="high-risk"),
                    "more": threshold("deaths_per_million", group="high-risk"),
                }
            },
            ["deaths_per_million", "deaths_per_million:high-risk"],
        ),
        (
            {
                "levels": LEVELS,
                "reach": {},
                "thresholds": {"late": threshold("in_time_7d_share", group="low-risk")},
            },
            ["epidemic_level", "in_time_7d_share", "deaths_per_million", "in_time_7d_share:low-risk"],
        ),
    ],
)
def test_columns_of_the_assessment_are_those_asked_for(section: dict[str, Any], names: list[str]) -> None:
    assert [column.name for column in assessed_columns(Command.model_validate(section))] == names


def test_districts_have_columns_of_the_assessment_only_if_it_is_made_by_district() -> None:
    province = {"dead": threshold("deaths_7d_per_100k")}
    assert district_columns(Command.model_validate({"thresholds": province})) == DISTRICT
    local = {"dead": threshold("deaths_7d_per_100k", by="district")}
    columns = district_columns(Command.model_validate({"thresholds": local}))
    assert columns[: len(DISTRICT) + 1] == (*DISTRICT, DISTRICT_PRESENT)
    assert [column.name for column in columns[len(DISTRICT) + 1 :]] == ["deaths_7d_per_100k"]
