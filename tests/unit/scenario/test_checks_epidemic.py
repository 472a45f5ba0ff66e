"""What is refused of the epidemic's measures, vaccination, testing and isolation, and what is remarked."""

from __future__ import annotations

from pathlib import Path

import pytest
from loading_cases import SMALL, replaced, told, written

from surgesim.scenario.door import inspect

MEASURE = "    distancing: {reduces: {work: 0.5}}\n"


def remarks(folder: Path, text: str) -> list[tuple[str, str]]:
    """Path and message of each remark on the epidemic or the command, but those on sources."""
    _, warnings = inspect(written(folder, text))
    return [
        (one.path, one.message)
        for one in warnings
        if one.path.startswith(("epidemic.", "command.")) and not one.message.startswith("is never in force")
    ]


def loads(folder: Path, text: str) -> bool:
    """Whether a scenario loads (or else its problems are raised)."""
    inspect(written(folder, text))
    return True


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        (
            "compliance: 0.5",
            "",
            "has no effect: it reduces no contacts, limits no travel, and screens nobody",
        ),
        ("screening: 0.95", ".screening", "has no effect: epidemic.importation imports nobody"),
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
        (
            f"start: 2024-02-01, end: 2024-02-01, {GROUPS}",
            "",
            "got end 2024-02-01, expected a date after the start",
        ),
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


NO_PROTECTION = "got nothing, expected the protection that a dose of epidemic.vaccination gives"


@pytest.mark.parametrize("immunity", ["{waned_share: 0.5}", "{vaccinated: none}", "{}"])
def test_vaccination_needs_the_protection_that_a_dose_gives(tmp_path: Path, immunity: str) -> None:
    text = with_vaccination(f"doses_per_day: 5, start: 2024-01-02, {GROUPS}", immunity)
    assert told(tmp_path, text) == [("epidemic.immunity.vaccinated", NO_PROTECTION)]
    assert told(tmp_path, with_vaccination(GROUPS, immunity))[0][0] == "epidemic.immunity.vaccinated"


def test_it_is_told_beside_other_faults_of_the_epidemic(tmp_path: Path) -> None:
    text = with_vaccination(f"doses_per_day: -5, {GROUPS}", "{immune_share: 2}")
    paths = [path for path, _ in told(tmp_path, text)]
    assert paths == [
        "epidemic.immunity.immune_share",
        "epidemic.immunity.vaccinated",
        "epidemic.vaccination.doses_per_day",
    ]


def test_an_alternative_that_vaccinates_needs_it_too(tmp_path: Path) -> None:
    doses = f"vaccination: {{doses_per_day: 5, start: 2024-01-02, {GROUPS}}}"
    protects = "immunity: {vaccinated: {severe: 0.5}}"
    above = "alternatives:\n  doses:\n    title: Doses\n    epidemic:"
    [(path, message)] = told(tmp_path, f"{SMALL}{above} {{{doses}}}\n")
    assert path.startswith("alternatives.doses.epidemic")
    assert message == NO_PROTECTION
    assert loads(tmp_path, f"{SMALL}{above} {{{doses}, {protects}}}\n")


def test_a_rule_that_brings_doses_needs_vaccination(tmp_path: Path) -> None:
    message = "adds doses, expected epidemic.vaccination to be given"
    assert told(tmp_path, vaccinate(SMALL)) == [("command.plan.doses", message)]


@pytest.mark.parametrize(
    ("vaccination", "immunity", "path", "message"),
    [
        (
            f"doses_per_day: 5, start: 2024-01-02, {GROUPS}",
            "{waned_share: 0.5, vaccinated: {infection: 0}}",
            "",
            "has no effect: epidemic.immunity.vaccinated gives no protection",
        ),
        (
            f"doses_per_day: 5, {GROUPS}",
            "{vaccinated: {severe: 0.5}}",
            ".doses_per_day",
            "has no effect: it needs a start",
        ),
        (
            f"start: 2024-01-02, {GROUPS}",
            "{vaccinated: {severe: 0.5}}",
            "",
            "has no effect: it has no doses and no rule adds any",
        ),
        (
            "doses_per_day: 5, start: 2024-01-02, "
            "groups: {adults: {from_age: 20}, old: {from_age: 60, risk: high}}",
            "{vaccinated: {severe: 0.5}}",
            ".groups.old",
            "is empty: all of its people belong to earlier groups",
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
    message = f"vulnerable_vaccinated_share is not assessed: {reason}"
    assert (("command.thresholds.oxygen", message) in remarks(tmp_path, bound)) is bool(reason)


# -- tests and isolation --------------------------------------------------------------------------


def with_detection(detection: str, more: str = "") -> str:
    return replaced(SEEDS, f"{SEEDS}  detection: {{{detection}}}\n{more}")


@pytest.mark.parametrize(
    ("tests", "key", "message"),
    [
        ("single_per_day: -1", ".single_per_day", "-1"),
        ("pooled_per_day: 5, pool_size: 1", ".pool_size", "1"),
        ("pooled_per_day: 5, pool_size: 2.5", ".pool_size", "2.5"),
        ("single_per_day: 5, contact_positivity: 1.1", ".contact_positivity", "1.1"),
        ("single_per_day: 5, return_share: -0.1", ".return_share", "-0.1"),
        ("singles: 5", ".singles", "single_per_day"),
    ],
)
def test_limits_of_tests_that_cannot_be_are_refused(
    tmp_path: Path, tests: str, key: str, message: str
) -> None:
    [(path, what)] = told(tmp_path, with_detection(f"tests: {{{tests}}}"))
    assert path == f"epidemic.detection.tests{key}"
    assert message in what


def test_compliance_above_1_is_refused(tmp_path: Path) -> None:
    text = replaced(SEEDS, f"{SEEDS}  isolation: {{cases_compliance: 1.5}}\n")
    [(path, what)] = told(tmp_path, text)
    assert (path, "1.5" in what) == ("epidemic.isolation.cases_compliance", True)


def test_a_rule_that_raises_tests_needs_their_limit(tmp_path: Path) -> None:
    rule = "    more: {action: raise_testing, single_per_day: 5, when: {on: 2024-01-05}}\n"
    text = replaced("  plan:\n", f"  plan:\n{rule}")
    message = "adds tests, expected a limit on tests in epidemic.detection.tests to be given"
    assert told(tmp_path, text) == [("command.plan.more", message)]


@pytest.mark.parametrize(
    ("detection", "more", "path", "message"),
    [
        (
            "tests: {contacts_per_case: 2}",
            "",
            "epidemic.detection.tests",
            "gives no tests, and no rule adds any: only admitted patients are reported",
        ),
        (
            "tests: {single_per_day: 9, contacts_per_case: 2, contact_positivity: 0}",
            "",
            "epidemic.detection.tests.contacts_per_case",
            "finds nobody: contact_positivity is 0",
        ),
        ("share: 0.3", "  isolation: {}\n", "epidemic.isolation", "has no effect: nobody complies"),
        (
            "share: 0.3",
            "  quarantine: {contacts_per_case: 0}\n",
            "epidemic.quarantine",
            "has no effect: nobody is sent",
        ),
        (
            "tests: {single_per_day: 9}",
            "  isolation: {contacts_compliance: 0.5}\n",
            "epidemic.isolation.contacts_compliance",
            "has no effect: no contacts are traced without epidemic.detection.tests.contacts_per_case",
        ),
    ],
)
def test_tests_and_isolation_without_effect_are_remarked(
    tmp_path: Path, detection: str, more: str, path: str, message: str
) -> None:
    assert remarks(tmp_path, with_detection(detection, more)) == [(path, message)]


def test_a_rule_that_raises_tests_by_nothing_is_remarked(tmp_path: Path) -> None:
    rule = "    more: {action: raise_testing, when: {on: 2024-01-05}}\n"
    text = replaced("  plan:\n", f"  plan:\n{rule}", with_detection("tests: {single_per_day: 9}"))
    assert remarks(tmp_path, text) == [("command.plan.more", "has no effect: it adds no tests")]


@pytest.mark.parametrize("indicator", ["test_positivity", "test_capacity_used"])
def test_indicators_of_tests_need_their_limit(tmp_path: Path, indicator: str) -> None:
    bound = replaced("oxygen_need_7d_per_100k, above: 32", f"{indicator}, above: 0.5")
    message = f"{indicator} is not assessed: epidemic.detection.tests is not given"
    assert ("command.thresholds.oxygen", message) in remarks(tmp_path, bound)


# -- immunity and contacts ------------------------------------------------------------------------


def test_severe_disease_prevented_less_often_than_infection_is_remarked(tmp_path: Path) -> None:
    message = (
        "got 0.3, which is raised to the protection against infection, 0.5: the share is per person, "
        "infected or not"
    )
    text = replaced(SEEDS, f"{SEEDS}  immunity: {{waned: {{infection: 0.5, severe: 0.3}}}}\n")
    assert remarks(tmp_path, text) == [("epidemic.immunity.waned.severe", message)]
    assert remarks(tmp_path, text.replace(", severe: 0.3", "")) == []
    assert remarks(tmp_path, text.replace("0.3", "0.5")) == []


@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        (
            SEEDS,
            f"{SEEDS}  immunity: {{vaccinated: {{infection: 1.2}}}}\n",
            "epidemic.immunity.vaccinated.infection",
            "1.2",
        ),
        (
            SEEDS,
            f"{SEEDS}  immunity: {{waned: {{severe: -0.1}}}}\n",
            "epidemic.immunity.waned.severe",
            "-0.1",
        ),
        (SEEDS, f"{SEEDS}  immunity: {{immune_share: 1.5}}\n", "epidemic.immunity.immune_share", "1.5"),
        (
            "contacts: vietnam-2021",
            "contacts: {home: [[1, 2], [3, 4]], school: vietnam-2021, work: vietnam-2021}",
            "people.contacts",
            "",
        ),
    ],
)
def test_shares_and_contacts_that_cannot_be_are_refused(
    tmp_path: Path, old: str, new: str, path: str, message: str
) -> None:
    problems = told(tmp_path, replaced(old, new))
    assert problems
    assert all(where.startswith(path) for where, _ in problems)
    assert message in problems[0][1]


# -- waning, imports, R0 --------------------------------------------------------------------------


@pytest.mark.parametrize("days", ["0.5", "0.99", "0", "-3"])
@pytest.mark.parametrize("section", ["immunity", "vaccination"])
def test_waning_within_a_day_is_refused(tmp_path: Path, section: str, days: str) -> None:
    waning = f"waning_days: {days}"
    if section == "immunity":
        text = replaced(SEEDS, f"{SEEDS}  immunity: {{{waning}}}\n")
    else:
        text = with_vaccination(f"{waning}, {GROUPS}")
    [(path, message)] = told(tmp_path, text)
    assert path == f"epidemic.{section}.waning_days"
    assert message == f"got {days}, expected a number from 1 to 1000000 or none"


def test_waning_in_a_day_is_not_refused(tmp_path: Path) -> None:
    text = with_vaccination(f"waning_days: 1, {GROUPS}", "{waning_days: 1, vaccinated: {severe: 0.5}}")
    assert loads(tmp_path, text)


def with_imports(importation: str, warm_up: int = 0) -> str:
    text = replaced(SEEDS, f"{SEEDS}  importation: {{{importation}}}\n")
    return replaced("days: 60\n", f"days: 60\nwarm_up_days: {warm_up}\n", text)


@pytest.mark.parametrize(
    ("importation", "key", "message"),
    [
        (
            "per_day: 5, weights: {town: 0, isle: 0}",
            "weights",
            "got weights that are all 0, expected one above 0",
        ),
        ("per_day: 0.1, weights: {isle: 0}", "weights", "got weights that are all 0, expected one above 0"),
        (
            "per_day: 5, from_day: 10, until_day: 5",
            "until_day",
            "got day 5, expected a day after from_day, which is 10",
        ),
        (
            "per_day: 5, from_day: 10, until_day: 10",
            "until_day",
            "got day 10, expected a day after from_day, which is 10",
        ),
        ("per_day: 5, until_day: 0", "until_day", "got day 0, expected a day after from_day, which is 0"),
    ],
)
def test_imports_that_cannot_come_are_refused(
    tmp_path: Path, importation: str, key: str, message: str
) -> None:
    assert told(tmp_path, with_imports(importation)) == [(f"epidemic.importation.{key}", message)]


@pytest.mark.parametrize(
    ("importation", "warm_up"),
    [
        ("per_day: 0, weights: {town: 0}", 0),
        ("per_day: 5, weights: {town: 0, isle: 0.1}", 0),
        ("per_day: 5, from_day: 10, until_day: 11", 0),
        ("per_day: 5, until_day: 0", 7),  # only in the warm-up
    ],
)
def test_imports_that_can_come_are_not(tmp_path: Path, importation: str, warm_up: int) -> None:
    assert loads(tmp_path, with_imports(importation, warm_up))


NONE = "[0, 0, 0, 0, 0, 0, 0, 0]"
NOBODY = ", ".join(
    f"{setting}: [{', '.join([NONE] * 8)}]" for setting in ("home", "school", "work", "community")
)
OLD_ONLY = "[0, 0, 0, 0, 0, 0, 0, 0, 1]"
YOUNG_ONLY = "[0.5, 0.5, 0, 0, 0, 0, 0, 0, 0]"
R0_UNMET = (
    "got 3, expected 0, because nobody can infect anybody: no two people who meet (people.contacts) are "
    "both susceptible (epidemic.susceptibility)"
)


def without_spread(cause: str) -> str:
    """A scenario in which no two people who can be infected meet."""
    if cause == "contacts":
        return replaced("contacts: vietnam-2021", f"contacts: {{{NOBODY}}}")
    susceptible = OLD_ONLY if cause == "ages" else "0"
    text = replaced(SEEDS, f"{SEEDS}  susceptibility: {susceptible}\n")
    return text if cause == "susceptibility" else replaced("ages: vietnam-2020", f"ages: {YOUNG_ONLY}", text)


@pytest.mark.parametrize("cause", ["susceptibility", "contacts", "ages"])
def test_an_r0_that_cannot_be_met_is_refused(tmp_path: Path, cause: str) -> None:
    text = without_spread(cause)
    assert told(tmp_path, text) == [("epidemic.variant.r0", R0_UNMET)]
    assert loads(tmp_path, replaced("r0: 3", "r0: 0", text))


def test_an_r0_that_few_contacts_can_meet_is_not_refused(tmp_path: Path) -> None:
    text = replaced(SEEDS, f"{SEEDS}  susceptibility: {OLD_ONLY}\n")
    assert loads(tmp_path, text)


def test_a_factor_of_transmission_after_the_run_has_no_effect(tmp_path: Path) -> None:
    text = replaced("  variant:", "  transmission: {2024-01-05: 0.5, 2030-01-01: 2}\n  variant:")
    at = "epidemic.transmission.2030-01-01"
    assert [path for path, _ in remarks(tmp_path, text) if "transmission" in path] == [at]


@pytest.mark.parametrize(
    ("given", "key", "message"),
    [
        ("{2024-02-30: 1}", "2024-02-30", "got 2024-02-30, which is not a calendar date"),
        ("{monday: 1}", "monday", "got 'monday', expected a date such as 2024-03-31 (year-month-day)"),
        ("{2024-01-05: -1}", "2024-01-05", "got -1, expected a number from 0 to 1000"),
    ],
)
def test_transmission_has_dates_and_factors(tmp_path: Path, given: str, key: str, message: str) -> None:
    text = replaced("  variant:", f"  transmission: {given}\n  variant:")
    assert told(tmp_path, text) == [(f"epidemic.transmission.{key}", message)]
