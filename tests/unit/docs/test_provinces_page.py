"""The page that compares the provinces: the keys it names are in their scenarios."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from shipped import FOLDER, shipped

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "provinces.md").read_text(encoding="utf-8")
FILES = {"Hà Nam": "ha-nam", "Lai Châu": "lai-chau", "Kiên Giang": "kien-giang", "Thanh Hoá": "thanh-hoa"}


def keys_named(province: str) -> list[str]:
    """Paths in the last column of a province's table; ``.covid_share`` takes the place of the last key."""
    section = PAGE.split(f"### {province} (")[1].split("\n##")[0]
    keys: list[str] = []
    for row in re.findall(r"^\|.*\|$", section, re.MULTILINE)[2:]:
        for key in re.findall(r"`([^`]+)`", row.rsplit("|", 2)[1]):
            keys.append(keys[-1].rsplit(".", 1)[0] + key if key.startswith(".") else key)
    return keys


def found(tree: Any, segments: list[str]) -> Iterator[Any]:
    """What a path with ``*`` in its segments leads to."""
    if not segments:
        yield tree
    elif isinstance(tree, Mapping):
        for key, below in tree.items():
            if fnmatch(str(key), segments[0]):
                yield from found(below, segments[1:])


@pytest.mark.parametrize("province", FILES)
def test_every_key_of_the_table_is_in_the_scenario(province: str) -> None:
    plain = shipped(FOLDER / f"{FILES[province]}.yaml").to_plain()
    keys = keys_named(province)
    assert len(keys) > 8
    assert [key for key in keys if not any(True for _ in found(plain, key.split(".")))] == []


@pytest.mark.parametrize("province", FILES)
def test_the_table_names_every_alternative_but_those_that_are_for_comparison(province: str) -> None:
    scenario = shipped(FOLDER / f"{FILES[province]}.yaml")
    named = [key.split(".")[1] for key in keys_named(province) if key.startswith("alternatives.")]
    for_comparison = {"no-surge", "no-field-hospital", "tanks-only-weekly", "elective-postponed"}
    others = set(scenario.alternatives) - for_comparison
    assert "full-plan" in others
    assert [name for name in others if not any(fnmatch(name, pattern) for pattern in named)] == []
