"""A small scenario file in parts, and helpers that load it with changes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.door import load, overlaid
from surgesim.scenario.loading.values import overlay_of
from surgesim.scenario.schema.scenario import Scenario

HEAD = """\
name: small
title: {vi: Nhỏ, en: Small}
start: 2024-01-01
days: 60
"""
PEOPLE = """\
people:
  districts:
    town: {title: Town, population: 100000}
    isle: {title: Isle, population: 20000, travel_hours: 3, island: true}
  ages: vietnam-2020
  contacts: vietnam-2021
"""
EPIDEMIC = """\
epidemic:
  variant: {r0: 3, latent_days: 3, infectious_days: 4}
  initial_infections: {town: 20}
  measures:
    distancing: {reduces: {work: 0.5}}
"""
CLINICAL = """\
clinical: {profile: squire-2022}
"""
CARE = """\
care:
  facilities:
    general:
      title: General
      district: town
      ownership: public
      beds: {oxygen: 100, icu: 10}
      covid_share: 0.3
      convertible_share: 0.8
    field: {title: Field, district: isle, ownership: military, beds: {oxygen: 50}, open_at_start: false}
"""
COMMAND = """\
command:
  thresholds:
    oxygen: {indicator: oxygen_need_7d_per_100k, above: 32}
  plan:
    open-field:
      action: open_facility
      facilities: [field]
      when: {indicator: oxygen_occupancy, above: 0.8}
      until: {below: 0.5, for_days: 14}
"""
ARRIVALS = """\
arrivals:
  series:
    icu: {bed: icu, counts: [1, 2, 3]}
"""
SMALL = HEAD + PEOPLE + EPIDEMIC + CLINICAL + CARE + COMMAND
"""A complete scenario file; line numbers count from its first line."""

WITH_ARRIVALS = HEAD + PEOPLE + ARRIVALS + CLINICAL + CARE


def replaced(old: str, new: str, text: str = SMALL) -> str:
    """Return `text` with `old`, which must occur in it exactly once, replaced by `new`."""
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in the text"
    return text.replace(old, new)


def line_of(part: str, text: str) -> int:
    """Return the line on which `part` begins; it must occur in the text exactly once."""
    assert text.count(part) == 1, f"{part!r} occurs {text.count(part)} times in the text"
    return text[: text.index(part)].count("\n") + 1


def written(folder: Path, text: str | bytes, name: str = "s.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def refused(folder: Path, text: str | bytes, *changes: str) -> list[Problem]:
    """Return the problems of a scenario file, which must fail to load."""
    with pytest.raises(ScenarioError) as caught:
        load(written(folder, text), changes=changes)
    return list(caught.value.problems)


def told(folder: Path, text: str | bytes, *changes: str) -> list[tuple[str, str]]:
    """Return the path and message of each problem of a scenario file, which must fail to load."""
    return [(problem.path, problem.message) for problem in refused(folder, text, *changes)]


def with_values(scenario: Scenario, values: Mapping[str, Any]) -> Scenario:
    """Return a copy of a scenario with new values at dotted paths, e.g. ``epidemic.variant.r0``."""
    return overlaid(scenario, overlay_of(values))
