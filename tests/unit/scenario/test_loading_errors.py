"""Bad scenarios: every error at once, each with its own clear sentence, path, file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from loading_cases import ARRIVALS, CARE, SMALL, WITH_ARRIVALS, line_of, refused, replaced, told, written

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.door import from_plain, load
from surgesim.scenario.messages.shape import scenario_shape
from surgesim.scenario.schema.base import A_NAME
from surgesim.scenario.schema.indicators import INDICATORS
from surgesim.scenario.schema.levers.facilities import Mobilise

ACTIONS = tuple(scenario_shape().fields["command"].fields["plan"].entry.variants)
OWNERSHIP = "one of public, private, military, police, university, workplace"


@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        # keys
        (
            "population: 100000",
            "populaton: 1",
            "people.districts.town.populaton",
            "unknown key 'populaton', did you mean 'population'?",
        ),
        ("days: 60", "dayz: 60", "dayz", "unknown key 'dayz', did you mean 'days'?"),
        (
            "days: 60",
            "days: 60\nzzz: 1",
            "zzz",
            "unknown key 'zzz', expected one of name, title, description, "
            "start, days, warm_up_days, people, epidemic, arrivals, clinical, care, supply, …",
        ),
        (
            "r0: 3",
            "r0: 3, <<: {severity: 3}",
            "epidemic.variant.<<",
            "unknown key '<<', expected one of r0, latent_days, "
            "infectious_days, severity, icu_severity, death_severity, vaccine_escape, infection_escape "
            "(YAML 1.2 has no merge keys: use extends, or repeat the values)",
        ),
        ("r0: 3", "r00: null", "epidemic.variant.r00", "unknown key 'r00', did you mean 'r0'?"),
        (
            "for_days: 14",
            "for_day: 14",
            "command.plan.open-field.until.for_day",
            "unknown key 'for_day', did you mean 'for_days'?",
        ),
        (
            "facilities: [field]",
            "facilities: [field]\n      ownership: [private]",
            "command.plan.open-field.ownership",
            "unknown key 'ownership', expected one of title, when, "
            "decision_days, lead_days, phases, until, stand_down_days, action, facilities",
        ),
        # missing
        ("r0: 3, ", "", "epidemic.variant.r0", "missing, expected a number from 0 to 1000"),
        (
            "district: town",
            "kind: hospital",
            "care.facilities.general.district",
            f"missing, expected {A_NAME}",
        ),
        (
            "ownership: public",
            "kind: hospital",
            "care.facilities.general.ownership",
            f"missing, expected {OWNERSHIP}",
        ),
        (
            "title: {vi: Nhỏ, en: Small}",
            "warm_up_days: 0",
            "title",
            "missing, expected text, or a mapping of texts vi and en",
        ),
        (
            "      action: open_facility\n",
            "",
            "command.plan.open-field.action",
            f"missing, expected one of {', '.join(ACTIONS)}",
        ),
        # values
        (
            "icu: 10",
            "icu: -5",
            "care.facilities.general.beds.icu",
            "got -5, expected a whole number from 0 to 1000000 or unlimited",
        ),
        (
            "icu: 10",
            "icu: 5.5",
            "care.facilities.general.beds.icu",
            "got 5.5, expected a whole number from 0 to 1000000 or unlimited "
            "(write 5500 if thousands are meant)",
        ),
        (
            "icu: 10",
            "icu: 5.0",
            "care.facilities.general.beds.icu",
            "got 5.0, expected a whole number from 0 to 1000000 or unlimited "
            "(write 5000, or 5 if that is meant)",
        ),
        (
            "icu: 10",
            "icu: lots",
            "care.facilities.general.beds.icu",
            "got 'lots', expected a whole number from 0 to 1000000 or unlimited",
        ),
        (
            "population: 100000",
            "population: 0",
            "people.districts.town.population",
            "got 0, expected a whole number from 1 to 999999999",
        ),
        (
            "covid_share: 0.3",
            "covid_share: 1.5",
            "care.facilities.general.covid_share",
            "got 1.5, expected a number from 0 to 1, or one for each of basic, oxygen, icu",
        ),
        (
            "covid_share: 0.3",
            "covid_share: {icu: -1}",
            "care.facilities.general.covid_share.icu",
            "got -1, expected a number from 0 to 1",
        ),
        (
            "covid_share: 0.3",
            "covid_share: [1]",
            "care.facilities.general.covid_share",
            "got a list of 1 values, expected a number from 0 to 1, or one for each of basic, oxygen, icu",
        ),
        (
            "covid_share: 0.3",
            "covid_share: 0.9",
            "care.facilities.general",
            "got covid_share 0.9 above convertible_share 0.8 for basic beds",
        ),
        (
            "ownership: public",
            "ownership: pubic",
            "care.facilities.general.ownership",
            "got 'pubic', did you mean 'public'?",
        ),
        (
            "ownership: public",
            "ownership: state",
            "care.facilities.general.ownership",
            f"got 'state', expected {OWNERSHIP}",
        ),
        (
            "title: General",
            "title: 5",
            "care.facilities.general.title",
            "got 5, expected text, or a mapping of texts vi and en",
        ),
        (
            "title: General",
            "title: {fr: x}",
            "care.facilities.general.title.fr",
            "unknown key 'fr', expected one of vi, en",
        ),
        (
            "title: General",
            "title: {}",
            "care.facilities.general.title",
            "got no text, expected vi, en or both",
        ),
        (
            "facilities: [field]",
            "facilities: field",
            "command.plan.open-field.facilities",
            f"got 'field', expected a list, each entry {A_NAME}",
        ),
        (
            "facilities: [field]",
            "facilities: []",
            "command.plan.open-field.facilities",
            "got a list of 0 values, expected at least 1 entry",
        ),
        (
            "action: open_facility",
            "action: open_facilty",
            "command.plan.open-field.action",
            "got 'open_facilty', did you mean 'open_facility'?",
        ),
        (
            "oxygen_occupancy",
            "oxygen_ocupancy",
            "command.plan.open-field.when.indicator",
            "got 'oxygen_ocupancy', did you mean 'oxygen_occupancy'?",
        ),
        (
            "oxygen_need_7d_per_100k",
            "beds",
            "command.thresholds.oxygen.indicator",
            f"got 'beds', expected one of {', '.join(list(INDICATORS)[:12])}, …",
        ),
        (
            "above: 32",
            "above: 32, below: 3",
            "command.thresholds.oxygen",
            "got above 32 and below 3, expected exactly one of above and below",
        ),
        (
            ", above: 32",
            "",
            "command.thresholds.oxygen",
            "got neither above nor below, expected exactly one of them",
        ),
        (
            "indicator: oxygen_occupancy, above: 0.8",
            "indicator: oxygen_occupancy",
            "command.plan.open-field.when",
            "got neither above nor below, expected exactly one of them",
        ),
        (
            "indicator: oxygen_occupancy, above: 0.8",
            "above: 0.8",
            "command.plan.open-field.when",
            "got above 0.8 without an indicator, expected an indicator with one bound, or a date in `on`",
        ),
        (
            "until: {below: 0.5, for_days: 14}",
            "until: {for_days: 14}",
            "command.plan.open-field.until",
            "got none of above, below and on, expected exactly one of them",
        ),
        (
            "facilities: [field]",
            "facilities: [field]\n      phases: [{after_days: 7, share: 0.5}, {after_days: 0, share: 1}]",
            "command.plan.open-field",
            "got share 0.5 after 7, share 1 after 0, expected phases with rising after_days and shares that "
            "do not fall",
        ),
        (
            "  ages: vietnam-2020",
            "  ages: [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]",
            "people.ages",
            "got shares that sum to 0.9, expected 1",
        ),
        (
            "  ages: vietnam-2020",
            "  ages: [0.5, 0.5]",
            "people.ages",
            "got 2 values, expected 9, one per age group 0-9 to 80+",
        ),
        (
            "  ages: vietnam-2020",
            "  ages: [0.5, 0.5, 0, 0, 0, 0, 0, 0, old]",
            "people.ages.8",
            "got 'old', expected a number from 0 to 1",
        ),
        (
            "  ages: vietnam-2020",
            "  ages: vietnam-2020\n  high_risk: -0.5",
            "people.high_risk",
            "got -0.5, expected nine values, youngest age group first, "
            "or one for all, each a number from 0 to 1",
        ),
        (
            "    isle:",
            "    Big Town: {title: Big, population: 1}\n    isle:",
            "people.districts.Big Town",
            f"got the name 'Big Town', expected {A_NAME}",
        ),
        (
            "epidemic:\n",
            "epidemic:\n  dt_days: 1\n",
            "epidemic",
            "got a step dt_days of 1, expected at most half "
            "of the shortest stage (0.75 d: latent and infectious periods have two stages each)",
        ),
        (
            "epidemic:\n",
            "arrivals: {series: {a: {bed: icu, counts: [1]}}}\nepidemic:\n",
            "",
            "expected exactly one of the sections epidemic and arrivals",
        ),
        (
            "{profile: squire-2022}",
            "{profile: squire-2022, stays: {oxygen_days: {gama: {mean: 3, sd: 1}}}}",
            "clinical.stays.oxygen_days.gama",
            "unknown key 'gama', did you mean 'gamma'?",
        ),
        (
            "{profile: squire-2022}",
            "{profile: squire-2022, stays: {oxygen_days: 5}}",
            "clinical.stays.oxygen_days",
            "got 5, expected one of {gamma: {mean, sd}}, {lognormal: {mean, sd}}, "
            "{exponential: mean}, {fixed: days}, never",
        ),
        # profiles
        (
            "contacts: vietnam-2021",
            "contacts: vietnm-2021",
            "people.contacts",
            "unknown profile 'vietnm-2021', did you mean 'vietnam-2021'?",
        ),
        (
            "contacts: vietnam-2021",
            "contacts: squire-2022",
            "people.contacts",
            "got profile 'squire-2022', which is for clinical, "
            "expected one of the profiles germany-2017, kenya-2017, vietnam-2021",
        ),
        (
            "contacts: vietnam-2021",
            "contacts: {profile: 5}",
            "people.contacts.profile",
            "got 5, expected the name of a profile",
        ),
        (
            "ages: vietnam-2020",
            "ages: {profile: vietnam-2020, note: x}",
            "people.ages",
            "got note beside profile 'vietnam-2020', which is a single table: "
            "expected only the profile's name",
        ),
    ],
)
def test_each_mistake_has_its_own_sentence(
    tmp_path: Path, old: str, new: str, path: str, message: str
) -> None:
    text = replaced(old, new)
    [problem] = refused(tmp_path, text)
    assert (problem.path, problem.message) == (path, message)
    assert problem.file == str(tmp_path / "s.yaml")
    assert problem.line is not None


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("50.000", "write 50000, or 50 if that is meant"),
        ("'50.000'", "write 50000, or 50 if that is meant"),
        ("'50,000'", "write 50000, or 50 if that is meant"),
        ("50.250", "write 50250 if thousands are meant"),
        ("'50,250'", "write 50250"),
        ("1.250.000", "write 1250000"),
        ("'1,250,000'", "write 1250000"),
        ("50 000", "write 50000"),
        ("50000.0", "write 50000"),
        ("'1.250,5'", "write 1250.5"),
        ("'1,250.5'", "write 1250.5"),
    ],
)
def test_thousands_are_never_led_to_a_thousandth(tmp_path: Path, value: str, hint: str) -> None:
    text = replaced("population: 100000", f"population: {value}")
    [problem] = refused(tmp_path, text)
    assert problem.message.endswith(f", expected a whole number from 1 to 999999999 ({hint})")


def test_both_readings_are_named_only_where_both_are_allowed(tmp_path: Path) -> None:
    [problem] = refused(tmp_path, replaced("days: 60", "days: 60.0"))
    assert problem.message == "got 60.0, expected a whole number from 1 to 20000 (write 60)"
    [problem] = refused(tmp_path, replaced("r0: 3", "r0: '1,500'"))
    assert (
        problem.message
        == "got '1,500', expected a number from 0 to 1000 (write 1500, or 1.5 if that is meant)"
    )


def test_a_comma_between_thousands_in_a_mapping_makes_two_values(tmp_path: Path) -> None:
    [problem] = refused(tmp_path, replaced("population: 100000", "population: 50,000"))
    assert problem.message.endswith(" (a comma splits one value into two: write 50000, not 50,000)")


@pytest.mark.parametrize(
    ("old", "new", "at"),
    [
        ("icu: 10", "icu: -5", "beds: {oxygen: 100"),
        ("r0: 3, ", "", "variant:"),
        ("ownership: public", "kind: hospital", "general:"),
        ("      action: open_facility\n", "", "open-field:"),
        ("for_days: 14", "for_day: 14", "until:"),
        ("oxygen_occupancy", "occupancy", "when:"),
        ("contacts: vietnam-2021", "contacts: none-such", "contacts:"),
        ("      district: town", "      district: twn", "district: twn"),
    ],
)
def test_the_line_is_that_of_the_value_or_of_what_should_hold_it(
    tmp_path: Path, old: str, new: str, at: str
) -> None:
    text = replaced(old, new)
    [problem] = refused(tmp_path, text)
    assert problem.line == line_of(at, text)


def test_every_error_is_told_at_once(tmp_path: Path) -> None:
    text = SMALL
    for old, new in (
        ("  ages: vietnam-2020", "  ages: [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]"),
        ("r0: 3", "r0: .nan"),
        ("reduces: {work: 0.5}", "reduces: {work: 0.5}, start: 2025-01-01"),
        ("      district: town", "      district: twn"),
        ("icu: 10", "icu: -10"),
        ("indicator: oxygen_need_7d_per_100k", "indicator: oxygen_need"),
        ("facilities: [field]", "facilities: [feld]"),
        ("until: {below: 0.5", "until: {below: 0.9"),
        ("start: 2024-01-01", "start: 2024-01-01\nstrat: 1"),
    ):
        text = replaced(old, new, text)
    text += "alternatives:\n  other: {care: {facilities: {field: {beds: {icu: -1}}}}}\n"
    problems = refused(tmp_path, text)
    assert [(problem.path, problem.line) for problem in problems] == [
        ("strat", line_of("strat", text)),
        ("people.ages", line_of("ages:", text)),
        ("epidemic.variant.r0", line_of("variant:", text)),
        ("epidemic.measures.distancing.start", line_of("distancing:", text)),
        ("care.facilities.general.district", line_of("district: twn", text)),
        ("care.facilities.general.beds.icu", line_of("icu: -10", text)),
        ("command.thresholds.oxygen.indicator", line_of("indicator: oxygen_need,", text)),
        ("command.plan.open-field.facilities.0", line_of("[feld]", text)),
        ("command.plan.open-field.until", line_of("until:", text)),
        ("alternatives.other.care.facilities.field.beds.icu", line_of("  other:", text)),
    ]


def test_an_error_reads_as_file_line_path_and_sentence(tmp_path: Path) -> None:
    text = replaced("icu: 10", "icu: -5")
    with pytest.raises(ScenarioError) as caught:
        load(written(tmp_path, text))
    place = f"{tmp_path / 's.yaml'}:{line_of('icu: -5', text)}"
    path = "care.facilities.general.beds.icu"
    assert (
        str(caught.value)
        == f"{place}: {path}: got -5, expected a whole number from 0 to 1000000 or unlimited"
    )


OVERLAY = """\
alternatives:
  more:
    care:
      facilities:
        field:
          beds: {icu: 5}
  other:
    command:
      plan:
        open-field:
          when: {above: 0.6}
"""


@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        (
            "beds: {icu: 5}",
            "beds: {icu: -5}",
            "more.care.facilities.field.beds.icu",
            "got -5, expected a whole number from 0 to 1000000 or unlimited",
        ),
        (
            "beds: {icu: 5}",
            "bed: {icu: 5}",
            "more.care.facilities.field.bed",
            "unknown key 'bed', did you mean 'beds'?",
        ),
        (
            "field:\n          beds: {icu: 5}",
            "feld:\n          beds: {icu: 5}",
            "more.care.facilities.feld",
            "unknown name 'feld', did you mean 'field'?",
        ),
        (
            "field:\n          beds: {icu: 5}",
            "tent:\n          beds: {icu: 5}",
            "more.care.facilities.tent.district",
            f"missing, expected {A_NAME}",
        ),
        (
            "when: {above: 0.6}",
            "when: {above: 0.4}",
            "other.command.plan.open-field.until",
            "got below 0.5 for a rule that begins above 0.4, "
            "expected `below` of at most 0.4: otherwise the rule would keep switching on and off",
        ),
        (
            "when: {above: 0.6}",
            "when: {abov: null}",
            "other.command.plan.open-field.when.abov",
            "unknown key 'abov', did you mean 'above'?",
        ),
        (
            "when: {above: 0.6}",
            "facilities: [general]",
            "other.command.plan.open-field.facilities.0",
            "got 'general', which is open at the start, expected a facility with open_at_start: false",
        ),
        (
            "when: {above: 0.6}",
            "action: mobilise\n          ownership: [private]\n          share: 1",
            "other.command.plan.open-field.facilities",
            f"unknown key 'facilities', expected one of {', '.join(Mobilise.model_fields)}",
        ),
        (
            "        field:\n          beds: {icu: 5}",
            "        field: null",
            "more.command.plan.open-field.facilities.0",
            "unknown facility 'field', expected general",
        ),
        (
            "  more:\n    care:",
            "  more:\n    days: 30\n    care:",
            "more.days",
            "got 'days' in an alternative, expected only the keys "
            "title, description, people, epidemic, arrivals, clinical, care, supply, command, sources",
        ),
        (
            "    care:\n      facilities:",
            "    clinical: {profile: squire}\n    care:\n      facilities:",
            "more.clinical.profile",
            "unknown profile 'squire', did you mean 'squire-2022'?",
        ),
    ],
)
def test_an_overlay_is_checked_as_the_scenario_it_makes(
    tmp_path: Path, old: str, new: str, path: str, message: str
) -> None:
    text = SMALL + replaced(old, new, OVERLAY)
    problems = refused(tmp_path, text)
    assert (f"alternatives.{path}", message) in [(problem.path, problem.message) for problem in problems]
    first = line_of("alternatives:", text)
    assert all(problem.line is not None and problem.line > first for problem in problems)


@pytest.mark.parametrize(
    ("alternatives", "path", "message"),
    [
        ("5", "alternatives", "got 5, expected a mapping of overlays by name"),
        ("{a: 5}", "alternatives.a", "got 5, expected a mapping"),
        ("{a: {nothing: 1}}", "alternatives.a.nothing", "unknown key 'nothing', expected one of name"),
        ("{baseline: {}}", "", "got an alternative named 'baseline', expected another name"),
        (
            "{A: {}}",
            "alternatives.A",
            f"got the name 'A', expected {A_NAME}",
        ),
    ],
)
def test_alternatives_are_overlays_by_name(
    tmp_path: Path, alternatives: str, path: str, message: str
) -> None:
    [(got_path, got)] = told(tmp_path, SMALL + f"alternatives: {alternatives}\n")
    assert got_path == path
    assert got.startswith(message)


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("icu: 10", "icu: -5", "care.facilities.general.beds.icu"),
        ("squire-2022", "squire-2023", "clinical.profile"),
        ("ages: vietnam-2020", "ages: vietnam-2019", "people.ages"),
        ("      when: {indicator: oxygen_occupancy, above: 0.8}\n", "", "command.plan.open-field.when"),
        ("indicator: oxygen_occupancy, above: 0.8", "above: 0.8", "command.plan.open-field.when"),
        ("until: {below: 0.5, for_days: 14}", "until: {below: 0.9}", "command.plan.open-field.until"),
        ("title: Field, district: isle", "district: isle", "care.facilities.field.title"),
        ("beds: {oxygen: 50}", "beds: many", "care.facilities.field.beds"),
        (CARE, "", "care"),
        (CARE, "care: 5\n", "care"),
        ("  plan:\n", "  situation: {require: 1}\n  plan:\n", None),
        (
            "oxygen: {indicator: oxygen_need_7d_per_100k, above: 32}",
            "oxygen: 32",
            "command.thresholds.oxygen",
        ),
    ],
)
def test_one_mistake_of_the_scenario_is_told_once_whatever_its_alternatives(
    tmp_path: Path, old: str, new: str, path: str | None
) -> None:
    text = replaced(old, new) + OVERLAY
    if path is None:
        assert load(written(tmp_path, text)).alternatives
        return
    assert [got for got, _ in told(tmp_path, text)] == [path]


def test_a_count_of_thresholds_is_not_held_against_those_that_are_faulty(tmp_path: Path) -> None:
    text = replaced("above: 32}\n", "over: 32}\n  situation: {require: 1}\n")
    paths = [path for path, _ in told(tmp_path, text)]
    assert "command.situation.require" not in paths
    assert "command.thresholds.oxygen.over" in paths


def test_rows_of_an_arrivals_file_that_cannot_be_read_are_told_once(tmp_path: Path) -> None:
    written(tmp_path, "day,icu\n0,two\n", "a.csv")
    text = replaced(ARRIVALS, "arrivals: {file: a.csv}\n", WITH_ARRIVALS)
    overlay = "alternatives: {more: {care: {facilities: {general: {beds: {icu: 5}}}}}, same: {}}\n"
    [problem] = refused(tmp_path, text + overlay)
    assert (problem.path, problem.line) == ("arrivals.file", 2)


def test_an_overlay_answers_for_the_values_it_gives_to_a_faulty_part(tmp_path: Path) -> None:
    text = replaced("beds: {oxygen: 50}", "beds: {oxygen: -50}") + replaced("icu: 5", "oxygen: -5", OVERLAY)
    paths = [path for path, _ in told(tmp_path, text)]
    below = "care.facilities.field.beds.oxygen"
    assert paths == [below, f"alternatives.more.{below}"]


def test_the_epidemic_and_arrivals_rule_is_told_with_other_errors(tmp_path: Path) -> None:
    text = replaced("arrivals:\n", "other:\n", WITH_ARRIVALS)
    assert ("", "expected exactly one of the sections epidemic and arrivals") in told(tmp_path, text)


def test_plain_values_are_checked_alike() -> None:
    with pytest.raises(ScenarioError) as caught:
        from_plain({"name": "x", "days": -1, "start": "2024-01-01"})
    assert Problem("days", "got -1, expected a whole number from 1 to 20000") in caught.value.problems
    assert {problem.path for problem in caught.value.problems} == {
        "", "days", "title", "people", "clinical", "care"
    }  # fmt: skip


def test_an_overlay_may_not_take_away_a_section_that_must_be_there(tmp_path: Path) -> None:
    text = SMALL + "alternatives:\n  nobody: {people: null}\n"
    [(path, message)] = told(tmp_path, text)
    assert path == "alternatives.nobody.people"
    assert message.startswith("missing, expected a mapping with districts, ages, contacts")
