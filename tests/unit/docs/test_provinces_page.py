"""The page that compares the provinces: keys are in their scenarios, columns in the tables of a run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from shipped import FOLDER, shipped

from surgesim import loads
from surgesim.model.outcomes import OUTCOMES
from surgesim.model.record import ASSESSED, DISTRICT, DISTRICT_ASSESSED, FACILITY, PROVINCE, logistics_columns

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "provinces.md").read_text(encoding="utf-8")
REFERENCE = (ROOT / "docs" / "scenario-reference.md").read_text(encoding="utf-8")
FILES = {"Hà Nam": "ha-nam", "Lai Châu": "lai-chau", "Kiên Giang": "kien-giang", "Thanh Hoá": "thanh-hoa"}


class Row(NamedTuple):
    """A row of a province's table."""

    said: str
    modelled: str
    key: str
    columns: str
    effect: str
    status: str


def rows(province: str) -> list[Row]:
    section = PAGE.split(f"### {province} (")[1].split("\n##")[0]
    lines = re.findall(r"^\| .*\|$", section, re.MULTILINE)[1:]
    return [Row(*(cell.strip() for cell in line[1:-1].split("|"))) for line in lines]


def named(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def keys_named(province: str) -> list[str]:
    """Paths in the key column of a province's table; ``.covid_share`` takes the place of the last key."""
    keys: list[str] = []
    for row in rows(province):
        for key in named(row.key):
            keys.append(keys[-1].rsplit(".", 1)[0] + key if key.startswith(".") else key)
    return keys


def test_no_statement_of_the_plans_has_been_dropped() -> None:
    assert {province: len(rows(province)) for province in FILES} == {
        "Hà Nam": 11, "Lai Châu": 18, "Kiên Giang": 18, "Thanh Hoá": 9,
    }  # fmt: skip


COLUMNS = {
    *(column.name for column in (*PROVINCE, *DISTRICT, *FACILITY, *ASSESSED, *DISTRICT_ASSESSED)),
    *(outcome.name for outcome in OUTCOMES),
    *(column.name for column in logistics_columns(["*"], ["*"], ["*"], ["*"])),
}


@pytest.mark.parametrize("province", FILES)
def test_every_output_column_of_the_table_exists(province: str) -> None:
    found = [column for row in rows(province) for column in named(row.columns)]
    assert len(found) >= 9
    assert set(found) <= COLUMNS


@pytest.mark.parametrize("name", ["ha-nam-narrow", "kien-giang-visitors"])
def test_the_lines_below_the_tables_are_a_scenario(name: str) -> None:
    [text] = re.findall(rf"```yaml\n(extends: [\w.-]+\nname: {name}\n.*?)```", PAGE, re.DOTALL)
    assert loads(text.replace("extends: ", f"extends: {FOLDER}/")).name == name


@pytest.mark.parametrize("province", FILES)
def test_every_action_and_key_that_the_table_tells_of_exists(province: str) -> None:
    told = {name for row in rows(province) for name in named(f"{row.modelled} {row.status}")} - {"validate"}
    assert told
    assert [name for name in told if f"`{name.split('.')[-1]}`" not in REFERENCE] == []


@pytest.mark.parametrize("province", FILES)
def test_every_statement_has_a_status_and_says_what_is_missing(province: str) -> None:
    status = [row.status for row in rows(province)]
    assert [s for s in status if not re.fullmatch(r"works|(partly|not modelled): .+", s)] == []
    assert [
        row.said for row in rows(province) if row.status == "works" and not (row.key and row.columns)
    ] == []


REASON = r"nothing to measure: .{20,}"

INTERVAL = re.compile(r"(?<![\d,])([−+]?[\d,]+) \(([−+]?[\d,]+) to ([−+]?[\d,]+)\)")


def number(text: str) -> int:
    return int(text.replace("−", "-").replace(",", ""))


def intervals(effect: str) -> list[tuple[int, int, int]]:
    """Each difference in an effect, with its interval."""
    return [tuple(map(number, found)) for found in INTERVAL.findall(effect)]  # type: ignore[misc]


@pytest.mark.parametrize("province", FILES)
def test_what_works_has_an_effect_or_says_why_there_is_none_to_measure(province: str) -> None:
    working = [row.effect for row in rows(province) if row.status == "works"]
    assert len(working) >= 2
    assert [e for e in working if not intervals(e) and not re.search(rf"{REASON}|\bt[1-4]\b", e)] == []


@pytest.mark.parametrize("province", FILES)
def test_an_interval_holds_its_mean_and_excludes_0_unless_none_was_seen(province: str) -> None:
    effects = [row.effect for row in rows(province)]
    found = [(e, *interval) for e in effects for interval in intervals(e)]
    assert len(found) >= 5
    assert [case for case in found if not case[2] <= case[1] <= case[3]] == []
    spanning = [case for case in found if case[2] <= 0 <= case[3] and "none seen" not in case[0]]
    assert spanning == []


@pytest.mark.parametrize("province", FILES)
def test_an_effect_names_the_test_or_the_scenario_in_which_it_was_measured(province: str) -> None:
    effects = [row.effect for row in rows(province)]
    measured = r"\bt[1-4]\b|`[\w-]+`.*\(\S+ to \S+\)"
    assert [e for e in effects if not re.search(measured, e) and not re.match(REASON, e)] == []
    file = FILES[province]
    known = {*FILES.values(), *shipped(FOLDER / f"{file}.yaml").alternatives}
    assert {name for e in effects for name in named(e)} <= known


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
