"""What is allowed and implausible is remarked on; shipped scenarios and ordinary values are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from loading_cases import SMALL, replaced, written
from shipped import SHIPPED

from surgesim.scenario.door import examine, inspect, load
from surgesim.scenario.schema.scenario import Scenario
from surgesim.scenario.validation.plausibility import implausible, renamed_in_alternatives


def remarks(scenario: Scenario) -> dict[str, str]:
    found = [*implausible(scenario), *renamed_in_alternatives(scenario)]
    return {finding.problem.path: finding.message for finding in found}


def remarks_on(folder: Path, text: str) -> dict[str, str]:
    return remarks(load(written(folder, text)))


def test_an_ordinary_scenario_needs_no_remark(tmp_path: Path) -> None:
    assert remarks_on(tmp_path, SMALL) == {}


@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        (
            "r0: 3",
            "r0: 30",
            "epidemic.variant.r0",
            "got 30, which is implausible, expected at most 20",
        ),
        (
            "population: 20000",
            "population: 999",
            "people.districts.isle.population",
            "got 999 people, expected at least 1000 in a district",
        ),
        (
            "travel_hours: 3",
            "travel_hours: 50",
            "people.districts.isle.travel_hours",
            "got 50 hours, which is implausible, expected at most 48",
        ),
        (
            "contacts: vietnam-2021",
            "contacts: vietnam-2021\n  travel: {town: {isle: 48.5}}",
            "people.travel.town.isle",
            "got 48.5 hours, which is implausible, expected at most 48",
        ),
        (
            "title: General",
            "title: General\n      access_hours: 72",
            "care.facilities.general.access_hours",
            "got 72 hours, which is implausible, expected at most 48",
        ),
        (
            "beds: {oxygen: 100, icu: 10}",
            "beds: {oxygen: 10000, icu: 10}",
            "care.facilities",
            "got 10060 beds for 120000 people, 84 per 1000, expected 0.3 to 15 per 1000",
        ),
        (
            "beds: {oxygen: 100, icu: 10}",
            "beds: {oxygen: 10}",
            "care.facilities",
            "got 60 beds for 120000 people, 0.5 per 1000, expected 0.3 to 15 per 1000",
        ),
        (
            "title: Isle",
            "title: Town",
            "people.districts.isle.title",
            "got 'Town', which is also the title of town",
        ),
        (
            "title: Field",
            "title: {en: General, vi: General}",
            "care.facilities.field.title",
            "got 'General', which is also the title of general",
        ),
    ],
)
def test_an_implausible_value_is_remarked_on(
    tmp_path: Path, old: str, new: str, path: str, message: str
) -> None:
    found = remarks_on(tmp_path, replaced(old, new))
    if "0.5 per 1000" in message:
        assert found == {}  # within the range
        found = remarks_on(tmp_path, replaced(old, new).replace("beds: {oxygen: 50}", "beds: {oxygen: 5}"))
        message = "got 15 beds for 120000 people, 0.12 per 1000, expected 0.3 to 15 per 1000"
    assert found == {path: message}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("r0: 3", "r0: 20"),
        ("population: 20000", "population: 1000"),
        ("travel_hours: 3", "travel_hours: 48"),
        ("beds: {oxygen: 100, icu: 10}", "beds: {oxygen: unlimited, icu: unlimited}"),
    ],
)
def test_the_ends_of_what_is_plausible_need_no_remark(tmp_path: Path, old: str, new: str) -> None:
    assert remarks_on(tmp_path, replaced(old, new)) == {}


def test_alternatives_of_one_title(tmp_path: Path) -> None:
    overlays = "alternatives:\n  a: {title: More, care: {no_bed_hours: 5}}\n  b: {title: More}\n"
    assert remarks_on(tmp_path, SMALL + overlays) == {
        "alternatives.b.title": "got 'More', which is also the title of a"
    }


def test_a_remark_on_an_alternative_stands_under_it(tmp_path: Path) -> None:
    overlay = "alternatives: {fast: {epidemic: {variant: {r0: 25}}}}\n"
    _, warnings = inspect(written(tmp_path, SMALL + overlay))
    assert "alternatives.fast.epidemic.variant.r0" in {warning.path for warning in warnings}


NEW = "new: {title: New, district: town, ownership: public, beds: {oxygen: 100}}"
RENAMED = (
    "removes general and adds new: if this renames a facility, the values given for the old name (beds, "
    "staff, oxygen, patients, sources) are lost"
)


def test_a_facility_renamed_away_by_a_file(tmp_path: Path) -> None:
    written(tmp_path, SMALL, "base.yaml")
    child = f"extends: base.yaml\ncare:\n  facilities:\n    general: null\n    {NEW}\n"
    found = {w.path: w for w in inspect(written(tmp_path, child))[1]}
    warning = found["care.facilities.general"]
    assert (warning.message, warning.line) == (RENAMED, 4)


def test_a_facility_renamed_away_by_an_alternative(tmp_path: Path) -> None:
    overlay = f"alternatives: {{other: {{care: {{facilities: {{general: null, {NEW}}}}}}}}}\n"
    assert remarks_on(tmp_path, SMALL + overlay) == {"alternatives.other.care.facilities.general": RENAMED}


@pytest.mark.parametrize("change", ["general: null", NEW])
def test_a_facility_removed_or_added_alone_needs_no_remark(tmp_path: Path, change: str) -> None:
    overlay = f"alternatives: {{other: {{care: {{facilities: {{{change}}}}}}}}}\n"
    assert remarks_on(tmp_path, SMALL + overlay) == {}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_scenarios_are_plausible(path: Path) -> None:
    examined = examine(path)
    scenario = examined.scenario
    assert remarks(scenario) == {}
    assert [str(warning) for warning in examined.warnings if "removes" in warning.message] == []
