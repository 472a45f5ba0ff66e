"""P(death) with less than full care: a table by age, one number, or odds relative to full care."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import surgesim
from surgesim.errors import ScenarioError
from surgesim.scenario.schema.clinical import OddsOfDeath

TOWN = Path(__file__).parents[3] / "scenarios" / "teaching" / "small-town.yaml"
PLACE = "clinical.severity.death_oxygen.untreated"
NINE = "nine values, youngest age group first, or one for all, each a number from 0 to 1"


def risk(*changes: str) -> Any:
    return surgesim.load(TOWN, changes=changes).clinical.severity.death_oxygen.untreated


def test_odds_replace_a_table_and_a_table_replaces_odds() -> None:
    assert risk(f"{PLACE}=0.6") == (0.6,) * 9
    assert risk(f"{PLACE}=0.6", f"{PLACE}.odds=5.9") == OddsOfDeath(odds=5.9)
    assert risk(f"{PLACE}={{odds: 5.9}}", f"{PLACE}=0.4") == (0.4,) * 9
    town = surgesim.load(TOWN, changes=[f"{PLACE}={{odds: 2.0}}"])
    doubled = {"clinical": {"severity": {"death_oxygen": {"untreated": {"odds": {"scale": 2}}}}}}
    assert surgesim.overlaid(town, doubled).clinical.severity.death_oxygen.untreated == OddsOfDeath(odds=4.0)


def test_odds_are_one_number_and_may_be_uncertain() -> None:
    drawn = f"study.uncertainty={{{PLACE}.odds: {{triangular: [3.3, 5.9, 17]}}}}"
    town = surgesim.load(TOWN, changes=[f"{PLACE}={{odds: 5.9}}", drawn])
    assert list(town.study.uncertainty) == [f"{PLACE}.odds"]
    assert surgesim.overlaid(town, {}).to_plain() == town.to_plain()


@pytest.mark.parametrize(
    ("value", "path", "message"),
    [
        ("{odds: 0.5}", ".odds", "got 0.5, expected a number from 1 to 1000"),
        ("{odd: 5}", ".odd", "unknown key 'odd', did you mean 'odds'?"),
        ("{}", ".odds", "missing, expected a number from 1 to 1000"),
        ("1.5", "", f"got 1.5, expected {NINE}, or a mapping with odds"),
        ("[0.1, 0.2]", "", "got 2 values, expected 9, one per age group 0-9 to 80+"),
        ("[0.1, 0, 0, 0, 0, 0, 0, 0, 2]", ".8", "got 2, expected a number from 0 to 1"),
    ],
)
def test_what_is_neither_a_table_nor_odds_is_refused_in_one_sentence(
    value: str, path: str, message: str
) -> None:
    with pytest.raises(ScenarioError) as refused:
        risk(f"{PLACE}={value}")
    assert [(one.path, one.message) for one in refused.value.problems] == [(PLACE + path, message)]
