"""Daily columns: each is declared once and filled by one part; of running totals the growth is recorded."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import surgesim
from surgesim.model.columns import Column, Entries, Page, PlaceEntries
from surgesim.model.province import Province
from surgesim.model.record import DISTRICT, DISTRICT_PRESENT, FACILITY, PROVINCE
from surgesim.model.simulation import Simulation
from surgesim.scenario.schema.indicators import BY_DISTRICT

ROOT = Path(__file__).parents[3]
EVERY_PART = {
    "days": 2,
    "people": {"districts": {"tourists": {"title": "-", "population": 9000, "visitors": {"of": "phu-quoc"}}}},
    "epidemic": {
        "detection": {"tests": {"single_per_day": 1000}},
        "isolation": {"cases_compliance": 0.5, "contacts_compliance": 0.5},
        "quarantine": {},
        "vaccination": {"groups": {"all": {}}},
        "reaction": {},
    },
    "care": {"transport": {"fleets": {}}, "essential": {"icu": {}, "deaths": {}}},
    "study": {"uncertainty": None},
}
ASSESSED = {column.name for column in PROVINCE} & {
    *BY_DISTRICT,
    "icu_need_per_100k",
    "situation",
}
"""Columns of the province that the assessment fills."""


@pytest.fixture(scope="module")
def pages() -> list[Page]:
    """What each part of a run that has all of them enters, after the run."""
    scenario = surgesim.overlaid(surgesim.load(ROOT / "scenarios" / "kien-giang.yaml"), EVERY_PART)
    simulation = Simulation(scenario, 1, 0)
    simulation.run()
    return [page_of(simulation.province, place) for place in range(len(simulation.province.parts()))]


def page_of(province: Province, place: int) -> Page:
    page = Page()
    province.parts()[place].fill(page)
    return page


@pytest.mark.parametrize(
    ("level", "declared"),
    [
        ("province", [column for column in PROVINCE if column.name not in ASSESSED]),
        ("districts", [*DISTRICT, DISTRICT_PRESENT]),
        ("facilities", list(FACILITY)),
    ],
)
def test_each_column_is_filled_by_one_part(pages: list[Page], level: str, declared: list[Column]) -> None:
    filled: Counter[str] = Counter()
    for page in pages:
        entries = getattr(page, level)
        filled.update([*entries.values, *entries.totals])
    assert filled == Counter(column.name for column in declared)


def test_of_a_running_total_the_growth_is_recorded() -> None:
    before = Entries({"present": 4.0}, {"deaths": 7.0})
    now = Entries({"present": 5.0}, {"deaths": 9.0, "recovered": 3.0})
    assert now.changes_since(before) == {"deaths": 2, "recovered": 3, "present": 5}
    deaths = [1.0, 2.0]
    first, second = (
        PlaceEntries({}, {"deaths": deaths}),
        PlaceEntries({"present": [4, 6]}, {"deaths": deaths}),
    )
    first.close()
    deaths[1] = 5.0
    second.close()
    names, grown = second.changes_since(first)
    assert (names, grown.tolist()) == (["present", "deaths"], [[4, 0], [6, 3]])
