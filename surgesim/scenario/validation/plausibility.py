"""Warnings about values that are allowed, but are probably mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from surgesim.scenario.loading.overlays import FACILITIES, renamed_facilities
from surgesim.scenario.messages.finding import Finding, KeyPath
from surgesim.scenario.schema.base import BED_TYPES, Section, Text
from surgesim.scenario.schema.scenario import Scenario
from surgesim.scenario.validation.contact_cautions import not_reciprocal

HIGHEST_R0 = 20
"""Maximum plausible R0, above the R0 of every known disease (measles has 12 to 18)."""

FEWEST_PEOPLE = 1_000
"""Minimum plausible population of a district."""

LONGEST_TRAVEL_HOURS = 48

FEWEST_BEDS, MOST_BEDS = 0.3, 15
"""Plausible range of the number of beds per 1,000 people; countries have 0.3 to 13."""


def implausible(scenario: Scenario) -> Iterator[Finding]:
    """Yield warnings about implausible values of a valid scenario."""
    if scenario.epidemic is not None and scenario.epidemic.variant.r0 > HIGHEST_R0:
        message = f"got {scenario.epidemic.variant.r0:g}, which is implausible, expected at most {HIGHEST_R0}"
        yield Finding(("epidemic", "variant", "r0"), message)
    yield from _districts(scenario)
    yield from _beds(scenario)
    yield from not_reciprocal(scenario.people)
    yield from _same_titles(scenario, ())


def _districts(scenario: Scenario) -> Iterator[Finding]:
    for name, district in scenario.people.districts.items():
        path = ("people", "districts", name)
        if district.population < FEWEST_PEOPLE:
            message = f"got {district.population} people, expected at least {FEWEST_PEOPLE} in a district"
            yield Finding((*path, "population"), message)
        yield from _travel((*path, "travel_hours"), district.travel_hours)
    for start, hours_to in scenario.people.travel.items():
        for end, hours in hours_to.items():
            yield from _travel(("people", "travel", start, end), hours)
    for name, facility in scenario.care.facilities.items():
        yield from _travel((*FACILITIES, name, "access_hours"), facility.access_hours)


def _travel(path: KeyPath, hours: float) -> Iterator[Finding]:
    if hours > LONGEST_TRAVEL_HOURS:
        message = f"got {hours:g} hours, which is implausible, expected at most {LONGEST_TRAVEL_HOURS}"
        yield Finding(path, message)


def _beds(scenario: Scenario) -> Iterator[Finding]:
    beds = [getattr(site.beds, bed) for site in scenario.care.facilities.values() for bed in BED_TYPES]
    if "unlimited" in beds:
        return
    per_1000 = 1_000 * sum(beds) / scenario.people.total
    if not FEWEST_BEDS <= per_1000 <= MOST_BEDS:
        message = (
            f"got {sum(beds)} beds for {scenario.people.total} people, {per_1000:.2g} per 1000, "
            f"expected {FEWEST_BEDS} to {MOST_BEDS} per 1000"
        )
        yield Finding(FACILITIES, message)


def _same_titles(section: Section, path: KeyPath) -> Iterator[Finding]:
    """Warn of entries that have the same title in one mapping, at any depth of a section."""
    for key in type(section).model_fields:
        value = getattr(section, key)
        if isinstance(value, Section):
            yield from _same_titles(value, (*path, key))
        elif isinstance(value, Mapping):
            sections = {name: entry for name, entry in value.items() if isinstance(entry, Section)}
            titles = {name: getattr(entry, "title", None) for name, entry in sections.items()}
            if key == "alternatives":
                titles = {name: _title_of(overlay) for name, overlay in value.items()}
            yield from _twice(titles, (*path, key))


def _title_of(overlay: Mapping[str, Any]) -> Text | None:
    title = overlay.get("title")
    return None if title is None else Text.model_validate(title)


def _twice(titles: Mapping[str, Text | None], path: KeyPath) -> Iterator[Finding]:
    first: dict[tuple[str | None, str | None], str] = {}
    for name, title in titles.items():
        if title is not None:
            other = first.setdefault((title.vi, title.en), name)
            if other != name:
                text = title.get("en")
                yield Finding((*path, name, "title"), f"got {text!r}, which is also the title of {other}")


def renamed_in_alternatives(scenario: Scenario) -> Iterator[Finding]:
    """Yield warnings about alternatives that remove one facility and add another."""
    base = {"care": {"facilities": scenario.care.facilities}}
    for name, overlay in scenario.alternatives.items():
        for finding in renamed_facilities(base, overlay):
            yield finding.under(("alternatives", name))
