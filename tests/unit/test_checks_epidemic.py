"""What is refused of the epidemic's measures, vaccination, testing and isolation, and what is remarked."""

from __future__ import annotations

from pathlib import Path

import pytest
from loading_cases import SMALL, replaced, told, written

from surgesim.scenario.loading import inspect

MEASURE = "    distancing: {reduces: {work: 0.5}}\n"


def remarks(folder: Path, text: str) -> list[tuple[str, str]]:
    """Path and message of each remark on the epidemic or the command, but those on sources."""
    _, warnings = inspect(written(folder, text))
    return [
        (one.path, one.message)
        for one in warnings
        if one.path.startswith(("epidemic.", "command.")) and not one.message.startswith("is never in force")
    ]


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ("compliance: 0.5", "", "has no effect: it reduces no contacts, limits no travel and screens nobody"),
        ("screening: 0.95", ".screening", "has no effect: epidemic.importation brings nobody"),
    ],
)
def test_a_measure_without_effect_is_remarked(tmp_path: Path, changes: str, path: str, message: str) -> None:
    text = replaced(MEASURE, f"    distancing: {{{changes}}}\n")
    assert remarks(tmp_path, text) == [(f"epidemic.measures.distancing{path}", message)]


def test_a_limit_on_travel_where_nobody_travels_is_remarked(tmp_path: Path) -> None:
    text = replaced(MEASURE, "    distancing: {travel: 0.5}\n")
    assert remarks(tmp_path, text) == []
    stay = replaced("  ages: vietnam-2020\n", "  ages: vietnam-2020\n  outside_share: 0\n", text)
    message = "has no effect: nobody meets people of another district"
    assert remarks(tmp_path, stay) == [("epidemic.measures.distancing.travel", message)]


# -- vaccination ----------------------------------------------------------------------------------

SEEDS = "  initial_infections: {town: 20}\n"
GROUPS = "groups: {old: {from_age: 50}, ill: {risk: high}}"


def with_vaccination(vaccination: str, immunity: str = "{vaccinated: {infection: 0.5}}") -> str:
    return replaced(SEEDS, f"{SEEDS}  immunity: {immunity}\n  vaccination: {{{vaccination}}}\n")


def vaccinate(text: str, doses: int = 50) -> str:
    rule = f"    doses: {{action: vaccinate, doses_per_day: {doses}, when: {{on: 2024-01-05}}}}\n"
    return replaced("  plan:\n", f"  plan:\n{rule}", text)


@pytest.mark.parametrize(
    ("vaccination", "path", "message"),
    [
        (f"doses_per_day: -5, start: 2024-01-02, {GROUPS}", ".doses_per_day", "-5"),
        ("doses_per_day: 5, start: 2024-01-02", ".groups", "missing"),
        ("doses_per_day: 5, start: 2024-01-02, groups: {}", ".groups", ""),
        ("groups: {old: {from_age: 65}}", ".groups.old.from_age", "65"),
        ("groups: {old: {from_age: 60, acceptance: 1.2}}", ".groups.old.acceptance", "1.2"),
        (f"start: 2024-02-01, end: 2024-02-01, {GROUPS}", "", "got an end 2024-02-01 not after the start"),
        (f"start: 2024-06-01, {GROUPS}", ".start", "expected a date within the scenario"),
        (f"days_to_effect: 1.5, {GROUPS}", ".days_to_effect", "1.5"),
    ],
)
def test_vaccination_that_cannot_be_is_refused(
    tmp_path: Path, vaccination: str, path: str, message: str
) -> None:
    [(where, what)] = told(tmp_path, with_vaccination(vaccination))
    assert where == f"epidemic.vaccination{path}"
    assert message in what


def test_a_rule_that_brings_doses_needs_vaccination(tmp_path: Path) -> None:
    message = "brings doses, expected epidemic.vaccination to be given"
    assert told(tmp_path, vaccinate(SMALL)) == [("command.plan.doses", message)]


@pytest.mark.parametrize(
    ("vaccination", "immunity", "path", "message"),
    [
        (
            f"doses_per_day: 5, start: 2024-01-02, {GROUPS}",
            "{waned_share: 0.5}",
            "",
            "has no effect: epidemic.immunity.vaccinated protects from nothing",
        ),
        (
            f"doses_per_day: 5, {GROUPS}",
            "{vaccinated: {severe: 0.5}}",
            ".doses_per_day",
            "has no effect: doses of the scenario need a start",
        ),
        (
            f"start: 2024-01-02, {GROUPS}",
            "{vaccinated: {severe: 0.5}}",
            "",
            "has no effect: it has no doses, and no rule brings any",
        ),
        (
            "doses_per_day: 5, start: 2024-01-02, "
            "groups: {adults: {from_age: 20}, old: {from_age: 60, risk: high}}",
            "{vaccinated: {severe: 0.5}}",
            ".groups.old",
            "is empty: all of its people are of groups before it",
        ),
    ],
)
def test_vaccination_without_effect_is_remarked(
    tmp_path: Path, vaccination: str, immunity: str, path: str, message: str
) -> None:
    got = remarks(tmp_path, with_vaccination(vaccination, immunity))
    assert got == [(f"epidemic.vaccination{path}", message)]


def test_vaccination_with_effect_is_not_remarked(tmp_path: Path) -> None:
    assert remarks(tmp_path, with_vaccination(f"doses_per_day: 5, start: 2024-01-02, {GROUPS}")) == []
    assert remarks(tmp_path, vaccinate(with_vaccination(GROUPS))) == []


def test_protection_by_a_vaccine_that_nobody_gets_is_remarked(tmp_path: Path) -> None:
    text = replaced(SEEDS, f"{SEEDS}  immunity: {{vaccinated: {{infection: 0.5}}}}\n")
    message = "has no effect: nobody is vaccinated without epidemic.vaccination"
    assert remarks(tmp_path, text) == [("epidemic.immunity.vaccinated", message)]


@pytest.mark.parametrize(
    ("share", "reason"), [("", "epidemic.vaccination names no vulnerable groups"), ("vulnerable: [old]", "")]
)
def test_the_share_of_the_vulnerable_needs_groups_that_are(tmp_path: Path, share: str, reason: str) -> None:
    text = with_vaccination(f"doses_per_day: 5, start: 2024-01-02, {GROUPS}, {share}".rstrip(", "))
    bound = replaced("oxygen_need_7d_per_100k, above: 32", "vulnerable_vaccinated_share, below: 0.8", text)
    message = f"has no meaning: vulnerable_vaccinated_share never changes where {reason}"
    assert remarks(tmp_path, bound) == ([("command.thresholds.oxygen", message)] if reason else [])
