"""Names that exist, dates in range, bounds that fit: between the parts of a scenario; and remarks."""

from __future__ import annotations

from pathlib import Path

import pytest
from loading_cases import SMALL, WITH_ARRIVALS, line_of, refused, replaced, told, written

from surgesim.scenario.door import inspect, load
from surgesim.scenario.messages.finding import Finding
from surgesim.scenario.messages.shape import at
from surgesim.scenario.schema.capacity.staffing import Staffing
from surgesim.scenario.validation.checks import consistency, out_of_range
from surgesim.scenario.validation.parts import Parts
from surgesim.scenario.validation.references import references, references_of_schema
from surgesim.scenario.validation.sources import SourceIndex, assumptions

# -- names ----------------------------------------------------------------------------------------

REFERRING = [
    (
        "  ages: vietnam-2020",
        "  ages: vietnam-2020\n  travel: {twn: {isle: 2}}",
        "people.travel.twn",
        "unknown district 'twn', did you mean 'town'?",
    ),
    (
        "  ages: vietnam-2020",
        "  ages: vietnam-2020\n  travel: {town: {isel: 2}}",
        "people.travel.town.isel",
        "unknown district 'isel', did you mean 'isle'?",
    ),
    (
        "initial_infections: {town: 20}",
        "initial_infections: {city: 20}",
        "epidemic.initial_infections.city",
        "unknown district 'city', expected one of town, isle",
    ),
    (
        "initial_infections: {town: 20}",
        "importation: {per_day: 1, weights: {twn: 1}}",
        "epidemic.importation.weights.twn",
        "unknown district 'twn', did you mean 'town'?",
    ),
    (
        "reduces: {work: 0.5}",
        "reduces: {work: 0.5}, districts: [town, isel]",
        "epidemic.measures.distancing.districts.1",
        "unknown district 'isel', did you mean 'isle'?",
    ),
    (
        "      district: town",
        "      district: Town",
        "care.facilities.general.district",
        "unknown district 'Town', did you mean 'town'?",
    ),
    (
        "open_at_start: false",
        "open_at_start: false, serves: [isel]",
        "care.facilities.field.serves.0",
        "unknown district 'isel', did you mean 'isle'?",
    ),
    (
        "population: 20000",
        "population: 20000, visitors: {of: twn}",
        "people.districts.isle.visitors.of",
        "unknown district 'twn', did you mean 'town'?",
    ),
    (
        "open_at_start: false",
        "open_at_start: false, replaces: [genral]",
        "care.facilities.field.replaces.0",
        "unknown facility 'genral', did you mean 'general'?",
    ),
    (
        "care:\n",
        "care:\n  initial_census: {genral: {icu: 1}}\n",
        "care.initial_census.genral",
        "unknown facility 'genral', did you mean 'general'?",
    ),
    (
        "facilities: [field]",
        "facilities: [field, feld]",
        "command.plan.open-field.facilities.1",
        "unknown facility 'feld', did you mean 'field'?",
    ),
    (
        "  plan:\n",
        "  plan:\n    stop: {action: measure, measure: distance, when: {on: 2024-01-05}}\n",
        "command.plan.stop.measure",
        "unknown measure 'distance', did you mean 'distancing'?",
    ),
    (
        "above: 0.8}",
        "above: 0.8, district: isel}",
        "command.plan.open-field.when.district",
        "unknown district 'isel', did you mean 'isle'?",
    ),
    (
        "{below: 0.5, for_days: 14}",
        "{below: 0.5, for_days: 14, district: isel}",
        "command.plan.open-field.until.district",
        "unknown district 'isel', did you mean 'isle'?",
    ),
    (
        "  plan:\n",
        "  situation: {thresholds: [oxigen]}\n  plan:\n",
        "command.situation.thresholds.0",
        "unknown threshold 'oxigen', did you mean 'oxygen'?",
    ),
    (
        "care:\n",
        "care:\n  transport: {fleets: {isel: {boats: 1}}}\n",
        "care.transport.fleets.isel",
        "unknown district 'isel', did you mean 'isle'?",
    ),
    (
        "initial_infections: {town: 20}",
        "vaccination: {groups: {old: {from_age: 50}}, vulnerable: [olds]}\n"
        "  immunity: {vaccinated: {infection: 0.5}}",
        "epidemic.vaccination.vulnerable.0",
        "unknown group 'olds', did you mean 'old'?",
    ),
    (
        "  plan:\n",
        "  plan:\n    send: {action: transfer_out, neighbour: can-tho, when: {on: 2024-01-05}}\n",
        "command.plan.send.neighbour",
        "unknown neighbour 'can-tho', none is defined",
    ),
    (
        "  plan:\n",
        "  plan:\n    buy: {action: restock, item: kits, amount: 5, when: {on: 2024-01-05}}\n",
        "command.plan.buy.item",
        "unknown consumable 'kits', none is defined",
    ),
    (
        "  plan:\n",
        "  plan:\n    lock: {action: local_measure, measure: distancing, cases_above: 9, cases_below: 9, "
        "districts: [isel], when: {on: 2024-01-05}}\n",
        "command.plan.lock.districts.0",
        "unknown district 'isel', did you mean 'isle'?",
    ),
    (
        "clinical: {",
        "clinical: {home_care: {areas: {sea: {districts: [isel]}}}, ",
        "clinical.home_care.areas.sea.districts.0",
        "unknown district 'isel', did you mean 'isle'?",
    ),
    (
        "care:\n",
        "history: {first_day: 2023-12-30, districts: {isel: {icu: [1]}}}\ncare:\n",
        "history.districts.isel",
        "unknown district 'isel', did you mean 'isle'?",
    ),
]


@pytest.mark.parametrize(("old", "new", "path", "message"), REFERRING)
def test_a_name_that_nothing_has_is_told_with_the_nearest(
    tmp_path: Path, old: str, new: str, path: str, message: str
) -> None:
    text = replaced(old, new)
    got = [(problem.path, problem.message) for problem in refused(tmp_path, text)]
    # (a name that is not even well formed is told once more by the schema)
    assert [pair for pair in got if "expected a short name" not in pair[1]] == [(path, message)]


def test_a_series_names_a_district(tmp_path: Path) -> None:
    text = replaced("bed: icu,", "bed: icu, district: twn,", WITH_ARRIVALS)
    assert told(tmp_path, text) == [
        ("arrivals.series.icu.district", "unknown district 'twn', did you mean 'town'?")
    ]


def test_teams_name_an_area_of_home_care(tmp_path: Path) -> None:
    opened = "    send: {action: open_home_care, teams: 5, area: hill, when: {on: 2024-01-05}}\n"
    text = replaced("  plan:\n", f"  plan:\n{opened}").replace(
        "clinical: {", "clinical: {home_care: {areas: {hills: {districts: [town]}}}, "
    )
    assert told(tmp_path, text) == [("command.plan.send.area", "unknown area 'hill', did you mean 'hills'?")]


def test_shapes_name_districts(tmp_path: Path) -> None:
    shapes = "{isel: 'MULTIPOLYGON (((105 10, 106 10, 106 11, 105 10)))'}"
    assert told(
        tmp_path, replaced("  districts:\n", f"  boundaries: {{shapes: {shapes}}}\n  districts:\n")
    ) == [
        ("people", "got boundaries and districts that differ in isel, isle, town, expected the same"),
        ("people.boundaries.shapes.isel", "unknown district 'isel', did you mean 'isle'?"),
    ]


def test_every_kind_of_reference_is_tried_above() -> None:
    def fits(pattern: str, path: str) -> bool:
        segments = zip(pattern.split("."), path.split("."), strict=False)
        same_length = pattern.count(".") == path.count(".")
        return same_length and all(wanted in ("*", "@", got) for wanted, got in segments)

    tried = [path for _, _, path, _ in REFERRING]
    tried += ["arrivals.series.icu.district", "command.plan.send.area", "people.boundaries.shapes.isel"]
    untried = [
        pattern for pattern in references_of_schema() if not any(fits(pattern, path) for path in tried)
    ]
    assert untried == []
    assert len(references_of_schema()) == 25


def test_visitors_are_of_a_district_of_residents(tmp_path: Path) -> None:
    text = replaced("population: 20000", "population: 20000, visitors: {of: isle}")
    message = (
        "got visitors 'isle' of 'isle', whose people are visitors themselves, "
        "expected a district of residents"
    )
    assert told(tmp_path, text) == [("people", message)]


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        (
            "cases_below: 5, people_share: 0.5, cases_share: 0.2",
            "got people_share 0.5 and cases_share 0.2, expected people_share <= cases_share",
        ),
        ("cases_below: 12", "got cases_below 12 and cases_above 9, expected cases_below <= cases_above"),
    ],
)
def test_a_local_lockdown_ends_below_where_it_begins_and_locks_the_worst_communes(
    tmp_path: Path, shares: str, message: str
) -> None:
    keys = f"action: local_measure, measure: distancing, cases_above: 9, {shares}"
    rule = f"lock: {{{keys}, when: {{on: 2024-01-05}}}}"
    assert told(tmp_path, replaced("  plan:\n", f"  plan:\n    {rule}\n")) == [("command.plan.lock", message)]


@pytest.mark.parametrize("pattern", references_of_schema())
def test_references_stand_where_the_schema_has_names(pattern: str) -> None:
    path = tuple(pattern.replace("@", "x").replace("*", "x").split("."))
    assert at(path) is not None
    assert at(tuple(references_of_schema()[pattern][1].split("."))) is not None


def test_references_bear_with_any_plain_values() -> None:
    for tree in ({}, {"people": 5}, {"people": {"districts": [1]}, "care": {"facilities": {"a": 3}}}):
        assert list(references(tree)) == []
    assert list(references({"command": {"plan": {"r": {"measure": "m"}}}})) == [
        Finding(("command", "plan", "r", "measure"), "unknown measure 'm', none is defined")
    ]


def test_parts_of_a_faulty_scenario_are_what_is_valid_in_it() -> None:
    tree = {
        "start": "2024-13-01",
        "days": 10,
        "people": {"districts": {"a": {"title": "A", "population": 5}, "b": {"population": -1}}},
        "epidemic": {"initial_infections": {"a": 6, "b": 1}, "variant": {}},
        "care": {"facilities": 5},
    }
    parts = Parts.from_tree(tree)
    assert (parts.start, parts.days, list(parts.districts)) == (None, 10, ["a"])
    assert list(out_of_range(parts)) == []
    assert list(consistency(parts)) == [
        Finding(("epidemic", "initial_infections", "a"), "got 6, expected at most the population of 5")
    ]


FLAP = "otherwise the rule would keep switching on and off"


# -- what must fit together -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        (
            "open_at_start: false",
            "open_at_start: false, replaces: [field]",
            "care.facilities.field.replaces",
            "got 'field', the facility itself, expected other facilities",
        ),
        (
            "facilities: [field]",
            "facilities: [field, general]",
            "command.plan.open-field.facilities.1",
            "got 'general', which is open at the start, expected a facility with open_at_start: false",
        ),
        (
            "{town: 20}",
            "{isle: 20001}",
            "epidemic.initial_infections.isle",
            "got 20001, expected at most the population of 20000",
        ),
        (
            "indicator: oxygen_need_7d_per_100k",
            "indicator: situation",
            "command.thresholds.oxygen.indicator",
            "got 'situation', which is itself based on thresholds, expected another indicator",
        ),
        (
            "  plan:\n",
            "  situation: {require: 2}\n  plan:\n",
            "command.situation.require",
            "got 2, expected at most 1, the number of thresholds",
        ),
        (
            "  plan:\n",
            "  situation: {require: 2, thresholds: [oxygen]}\n  plan:\n",
            "command.situation.require",
            "got 2, expected at most 1, the number of thresholds",
        ),
        (
            "{below: 0.5, for_days: 14}",
            "{below: 0.9}",
            "command.plan.open-field.until",
            f"got below 0.9 for a rule that begins above 0.8, expected `below` of at most 0.8: {FLAP}",
        ),
        (
            "{below: 0.5, for_days: 14}",
            "{above: 0.9}",
            "command.plan.open-field.until",
            f"got above 0.9 for a rule that begins above 0.8, expected `below` of at most 0.8: {FLAP}",
        ),
        (
            "{below: 0.5, for_days: 14}",
            "{indicator: oxygen_occupancy, below: 0.81}",
            "command.plan.open-field.until",
            f"got below 0.81 for a rule that begins above 0.8, expected `below` of at most 0.8: {FLAP}",
        ),
        (
            "above: 0.8}\n      until: {below: 0.5, for_days: 14}",
            "below: 0.2}\n      until: {above: 0.1}",
            "command.plan.open-field.until",
            "got above 0.1 for a rule that begins below 0.2, expected `above` of at "
            "least 0.2: otherwise the rule would keep switching on and off",
        ),
        (
            "above: 0.8}\n      until: {below: 0.5, for_days: 14}",
            "below: 0.2}\n      until: {below: 0.1}",
            "command.plan.open-field.until",
            "got below 0.1 for a rule that begins below 0.2, expected `above` of at "
            "least 0.2: otherwise the rule would keep switching on and off",
        ),
        (
            "{indicator: oxygen_occupancy, above: 0.8}\n      until: {below: 0.5, for_days: 14}",
            "{on: 2024-01-09}\n      until: {on: 2024-01-09}",
            "command.plan.open-field.until.on",
            "got 2024-01-09, expected a date after 2024-01-09, when the rule begins",
        ),
        # dates: the scenario runs from 2024-01-01 to 2024-02-29
        (
            "reduces: {work: 0.5}",
            "reduces: {work: 0.5}, start: 2023-12-31",
            "epidemic.measures.distancing.start",
            "got 2023-12-31, expected a date within the scenario, 2024-01-01 to 2024-02-29",
        ),
        (
            "reduces: {work: 0.5}",
            "reduces: {work: 0.5}, start: 2024-03-01",
            "epidemic.measures.distancing.start",
            "got 2024-03-01, expected a date within the scenario, 2024-01-01 to 2024-02-29",
        ),
        (
            "reduces: {work: 0.5}",
            "reduces: {work: 0.5}, end: 2024-03-02",
            "epidemic.measures.distancing.end",
            "got 2024-03-02, expected a date within the scenario, 2024-01-01 to 2024-02-29",
        ),
        (
            "{indicator: oxygen_occupancy, above: 0.8}\n      until: {below: 0.5, for_days: 14}",
            "{on: 2025-01-01}",
            "command.plan.open-field.when.on",
            "got 2025-01-01, expected a date from 2022-12-31 (a year before the scenario) to 2024-02-29",
        ),
        (
            "{below: 0.5, for_days: 14}",
            "{on: 2024-12-31}",
            "command.plan.open-field.until.on",
            "got 2024-12-31, expected a date within the scenario, 2024-01-01 to 2024-02-29",
        ),
        (
            "initial_infections: {town: 20}",
            "importation: {per_day: 1, from_day: 60}",
            "epidemic.importation.from_day",
            "got day 60, expected a day within the 60 days of the scenario",
        ),
        (
            "initial_infections: {town: 20}",
            "importation: {per_day: 1, until_day: 61}",
            "epidemic.importation.until_day",
            "got day 61, expected a day within the 60 days of the scenario",
        ),
    ],
)
def test_parts_that_do_not_fit_are_told(tmp_path: Path, old: str, new: str, path: str, message: str) -> None:
    text = replaced(old, new)
    [problem] = refused(tmp_path, text)
    assert (problem.path, problem.message) == (path, message)
    lines = [line.strip() for line in new.split("\n") if line.strip() not in ("", "plan:")]
    assert problem.line == line_of(lines[-1], text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{below: 0.5, for_days: 14}", "{below: 0.8}"),
        ("{below: 0.5, for_days: 14}", "{indicator: icu_occupancy, below: 0.9}"),
        ("{below: 0.5, for_days: 14}", "{on: 2024-03-01}"),
        ("reduces: {work: 0.5}", "reduces: {work: 0.5}, start: 2024-01-01, end: 2024-03-01"),
        ("reduces: {work: 0.5}", "reduces: {work: 0.5}, start: 2024-02-29"),
        ("{town: 20}", "{isle: 20000}"),
        ("care:\n", "care:\n  initial_census: {general: {oxygen: 30, icu: 3}}\n"),
        ("beds: {oxygen: 100, icu: 10}", "beds: {oxygen: unlimited, icu: 10}"),
        ("initial_infections: {town: 20}", "importation: {per_day: 1, from_day: 59, until_day: 60}"),
        ("  plan:\n", "  situation: {require: 1, thresholds: [oxygen]}\n  plan:\n"),
    ],
)
def test_parts_that_just_fit_are_taken(tmp_path: Path, old: str, new: str) -> None:
    load(written(tmp_path, replaced(old, new)))


def test_a_measure_may_begin_in_the_warm_up(tmp_path: Path) -> None:
    text = replaced("reduces: {work: 0.5}", "reduces: {work: 0.5}, start: 2023-12-30")
    load(written(tmp_path, replaced("days: 60", "days: 60\nwarm_up_days: 2", text)))
    assert told(tmp_path, replaced("days: 60", "days: 60\nwarm_up_days: 1", text)) == [
        (
            "epidemic.measures.distancing.start",
            "got 2023-12-30, expected a date within the scenario, 2023-12-31 to 2024-02-29",
        )
    ]


# -- remarks --------------------------------------------------------------------------------------


def remarks(folder: Path, text: str) -> list[tuple[str, str, int | None]]:
    """Warnings but those on figures: path, message, line."""
    _, warnings = inspect(written(folder, text))
    told = [(warning.path, warning.message, warning.line) for warning in warnings]
    return [warning for warning in told if " figures " not in warning[1]]


OVERFULL = (
    "has {} patients in {} COVID {} beds open at the start; all stay, "
    "and nobody is admitted until beds are free"
)


@pytest.mark.parametrize(
    ("census", "path", "patients", "beds"),
    [
        ("general: {icu: 4}", "general.icu", 4, 3),
        ("general: {basic: 5, oxygen: 30}", "general.basic", 5, 0),
        ("field: {oxygen: 1}", "field.oxygen", 1, 0),
    ],
)
def test_more_patients_than_beds_are_taken_and_told(
    tmp_path: Path, census: str, path: str, patients: int, beds: int
) -> None:
    text = replaced("care:\n", f"care:\n  initial_census: {{{census}}}\n")
    place = f"care.initial_census.{path}"
    assert [(where, what) for where, what, _ in remarks(tmp_path, text) if where == place] == [
        (place, OVERFULL.format(patients, beds, path.rpartition(".")[2].replace("icu", "ICU")))
    ]


def test_a_part_of_a_bed_is_no_bed(tmp_path: Path) -> None:
    text = replaced("care:\n", "care:\n  initial_census: {general: {icu: 3}}\n")
    place = "care.initial_census.general.icu"
    assert place not in [where for where, *_ in remarks(tmp_path, text)]
    text = replaced("covid_share: 0.3", "covid_share: 0.29", text)
    assert place in [where for where, *_ in remarks(tmp_path, text)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        (
            "oxygen_occupancy, above: 0.8",
            "oxygen_occupancy, above: 80",
            "command.plan.open-field.when",
            "is unlikely to be met: oxygen_occupancy lies between 0 and 1, got above 80 (write 80 % as 0.8)",
        ),
        (
            "{below: 0.5, for_days: 14}",
            "{below: 0}",
            "command.plan.open-field.until",
            "can never be met: oxygen_occupancy is never below 0, got below 0",
        ),
        (
            "oxygen_need_7d_per_100k, above: 32",
            "icu_occupancy, above: 1",
            "command.thresholds.oxygen",
            "is unlikely to be met: icu_occupancy lies between 0 and 1, got above 1",
        ),
        (
            "oxygen_need_7d_per_100k, above: 32",
            "weekly_reported_cases_per_100k, above: 900000000",
            "command.thresholds.oxygen",
            "is unlikely to be met: weekly_reported_cases_per_100k reaches 100000 "
            "only if it counts every resident, got above 900000000",
        ),
        (
            "oxygen_occupancy, above: 0.8",
            "deaths_per_million, above: 1000000",
            "command.plan.open-field.when",
            "is unlikely to be met: deaths_per_million reaches 1000000 only if it counts every resident, "
            "got above 1000000",
        ),
        (
            "oxygen_occupancy, above: 0.8",
            "oxygen_occupancy, above: 0.8, for_days: 61",
            "command.plan.open-field.when",
            "can never be met: for_days is 61, but the scenario has 60 days",
        ),
        (
            "for_days: 14",
            "for_days: 61",
            "command.plan.open-field.until",
            "can never be met: for_days is 61, but the scenario has 60 days",
        ),
        (
            "  plan:\n",
            "  plan:\n    all: {action: mobilise, ownership: [private], share: 1, when: {on: 2024-01-02}}\n",
            "command.plan.all",
            "has no effect: none of its facilities has beds that can be converted; the ownership "
            "classes of facilities with convertible beds are public",
        ),
        (
            "    field: {",
            "    spare: {title: S, district: town, ownership: police, beds: {icu: 1}}\n    field: {",
            "care.facilities.spare",
            "is never used: none of its beds are open to COVID and no rule opens or converts them",
        ),
        (
            "care:\n",
            "sources: {care.facilites: {source: x, confidence: counted}}\ncare:\n",
            "sources.care.facilites",
            "got a source that covers no figure of the scenario",
        ),
        (
            "days: 60\n",
            "days: 60\nwarm_up_days:\n",
            "warm_up_days",
            "got null, which removes an entry, but there is no such entry",
        ),
    ],
)
def test_what_has_no_effect_is_remarked(tmp_path: Path, old: str, new: str, path: str, message: str) -> None:
    usual = ("epidemic.measures.distancing", "is never in force: it has no start and no rule starts it")
    text = replaced(old, new)
    got = remarks(tmp_path, text)
    assert [(where, what) for where, what, _ in got if (where, what) != usual] == [(path, message)]
    assert all(line is not None and line > 1 for _, _, line in got)
    assert usual in [(where, what) for where, what, _ in remarks(tmp_path, SMALL)]


def test_mobilising_a_class_that_is_closed_has_no_effect(tmp_path: Path) -> None:
    rule = "  plan:\n    all: {action: mobilise, ownership: [military], share: 1, when: {on: 2024-01-02}}\n"
    text = replaced(
        "  plan:\n", rule, replaced("open_at_start: false", "open_at_start: false, convertible_share: 1")
    )
    told = [path for path, message, _ in remarks(tmp_path, text) if message.startswith("has no effect")]
    assert told == ["command.plan.all"]
    opened = replaced("open_at_start: false, ", "", text).replace(
        "facilities: [field]", "facilities: [other]"
    )
    opened += "    unused: {action: open_facility, facilities: [other], when: {on: 2024-01-02}}\n"
    other = "    other: {title: O, district: town, ownership: police, beds: {}, open_at_start: false}\n"
    opened = replaced("command:\n", other + "command:\n", opened)
    assert not [path for path, message, _ in remarks(tmp_path, opened) if message.startswith("has no effect")]


def test_what_an_alternative_uses_is_used(tmp_path: Path) -> None:
    overlay = """\
alternatives:
  strict:
    command:
      plan:
        distance: {action: measure, measure: distancing, when: {on: 2024-01-05}}
  shut: {command: {plan: {open-feld: null}}}
"""
    got = remarks(tmp_path, SMALL + overlay)
    line = line_of("  shut:", SMALL + overlay)
    message = "got null, which removes an entry, but there is no such entry"
    assert got == [("alternatives.shut.command.plan.open-feld", message, line)]


def test_a_remark_on_an_alternative_stands_under_its_name(tmp_path: Path) -> None:
    overlay = "alternatives:\n  late: {command: {plan: {open-field: {when: {above: 1.2}}}}}\n"
    [_, (path, message, _)] = remarks(tmp_path, SMALL + overlay)
    assert path == "alternatives.late.command.plan.open-field.when"
    lies = "oxygen_occupancy lies between 0 and 1, got above 1.2"
    assert message == f"is unlikely to be met: {lies} (write 80 % as 0.8)"


def test_reported_cases_mean_nothing_where_arrivals_are_given(tmp_path: Path) -> None:
    threshold = "command: {thresholds: {cases: {indicator: weekly_reported_cases_per_100k, above: 450}}}\n"
    got = remarks(tmp_path, WITH_ARRIVALS + threshold)
    assert (
        "command.thresholds.cases",
        "weekly_reported_cases_per_100k is not assessed: arrivals are given, not an epidemic",
    ) in [(path, message) for path, message, _ in got]


# -- figures and their sources --------------------------------------------------------------------


def test_the_longest_entry_that_covers_a_path_holds_then_the_one_with_fewest_stars() -> None:
    patterns = ["a", "a.*", "a.*.c", "a.b.*", "a.b.c.d", "x.*.y", "p.*.*", "p.q.*", "m", "m..", ""]
    index = SourceIndex(dict.fromkeys(patterns))
    expected = {
        "a": "a",
        "a.z": "a.*",
        "a.z.c": "a.*.c",
        "a.z.c.q": "a.*.c",
        "a.b.c": "a.b.*",
        "a.b.c.d": "a.b.c.d",
        "x.1.y.2": "x.*.y",
        "x.1": None,
        "p.q.r": "p.q.*",
        "p.x.r": "p.*.*",
        "b": None,
        "x": None,
        "m.n": "m",
    }
    assert {path: index.pattern_for(path) for path in expected} == expected


def test_figures_are_listed_with_their_source(tmp_path: Path) -> None:
    sources = """\
sources:
  people.districts.*.population: {source: census, confidence: official}
  care.facilities.general: {source: plan, confidence: published}
  care.facilities.general.beds.icu: {source: counted there, confidence: counted}
  alternatives.more.care: {source: idea, confidence: assumed}
alternatives:
  more: {care: {facilities: {field: {beds: {oxygen: 70}}}}, clinical: {stays: {oxygen_days: {fixed: 4}}}}
"""
    profile = "{profile: squire-2022, stays: {oxygen_days: {gamma: {sd: 5}}}}"
    scenario = load(written(tmp_path, replaced("{profile: squire-2022}", profile) + sources))
    rows = {path: tuple(row) for path, *row in assumptions(scenario)}
    assert len(rows) == len(assumptions(scenario))
    expected = {
        "people.districts.town.population": (100_000, "census", "official"),
        "people.districts.isle.travel_hours": (3, "", "assumed"),
        "people.outside_share": (0.15, "share of contacts outside the home district", "assumed"),
        "epidemic.variant.r0": (3, "", "assumed"),
        "epidemic.initial_infections.town": (20, "", "assumed"),
        "care.facilities.general.beds.oxygen": (100, "plan", "published"),
        "care.facilities.general.beds.icu": (10, "counted there", "counted"),
        "care.facilities.field.beds.oxygen": (50, "", "assumed"),
        "care.facilities.*.access_hours": (0, "hours added to every journey to the facility", "assumed"),
        "command.thresholds.oxygen.above": (32, "", "assumed"),
        "command.plan.open-field.until.for_days": (14, "", "assumed"),
        "alternatives.more.care.facilities.field.beds.oxygen": (70, "idea", "assumed"),
        "alternatives.more.clinical.stays.oxygen_days": ({"fixed": 4}, "", "assumed"),
    }
    assert {path: rows[path] for path in expected} == expected
    assert rows["people.contacts.home"][2] == "counted"
    assert rows["clinical.stays.step_down_days"][1] != ""
    value, source, confidence = rows["clinical.stays.oxygen_days"]
    assert value["gamma"]["sd"] == 5
    assert (source, confidence) == ("", "assumed")  # laid over, so no longer the profile's
    assert not [path for path in rows if path.startswith(("study", "days", "sources", "name"))]
    assert not [path for path in rows if "phases" in path]  # the default, all at once, is no figure


def test_a_default_has_the_source_of_the_schema_unless_an_entry_names_it(tmp_path: Path) -> None:
    sources = """\
sources:
  care.facilities.general: {source: plan, confidence: official}
  care.facilities.field.access_hours: {source: timed, confidence: counted}
"""
    rows = {path: source for path, _, source, _ in assumptions(load(written(tmp_path, SMALL + sources)))}
    assert rows["care.facilities.field.access_hours"] == "timed"
    assert rows["care.facilities.*.access_hours"] == "hours added to every journey to the facility"
    assert "care.facilities.general.access_hours" not in rows
    assert "care.facilities.general.beds.basic" not in rows  # a default of 0 that nothing is said about


def test_an_entry_of_the_scenario_goes_before_that_of_a_profile(tmp_path: Path) -> None:
    sources = "sources: {clinical.severity.*: {source: ours, confidence: counted}}\n"
    rows = {path: source for path, _, source, _ in assumptions(load(written(tmp_path, SMALL + sources)))}
    assert rows["clinical.severity.p_icu"] == "ours"
    assert rows["clinical.stays.oxygen_days"] not in ("", "ours")


def test_an_overlay_brings_its_profile_and_its_sources(tmp_path: Path) -> None:
    text = SMALL.replace("  ages: vietnam-2020", "  ages: [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2]")
    text += "alternatives:\n  older: {people: {ages: vietnam-2020}}\n"
    scenario = load(written(tmp_path, text))
    assert scenario.people.ages[8] == 0.2
    assert scenario.alternative("older").people.ages[8] < 0.1
    rows = {path: source for path, _, source, _ in assumptions(scenario)}
    assert rows["people.ages"] == ""
    assert rows["alternatives.older.people.ages"].startswith("UN World Population Prospects")


def test_unsourced_and_assumed_figures_are_counted_by_section(tmp_path: Path) -> None:
    sources = "sources: {care.facilities.field: {source: plan, confidence: official}}\n"
    scenario, warnings = inspect(written(tmp_path, SMALL + sources))
    care = [row for row in assumptions(scenario) if row[0].startswith("care.")]
    told = {
        path: [(one.message, one.detail) for one in warnings if one.path == path]
        for path in ("care", "people")
    }
    (unsourced, which), (assumed, these) = told["care"]
    assert unsourced == f"8 of {len(care)} figures without a source"
    assert which == (
        "care.facilities.*.beds.oxygen, "
        "care.facilities.*.beds.icu, care.facilities.*.covid_share.basic, "
        "care.facilities.*.covid_share.oxygen, care.facilities.*.covid_share.icu, "
        "care.facilities.*.convertible_share.basic, "
        "care.facilities.*.convertible_share.oxygen, care.facilities.*.convertible_share.icu"
    )
    count = sum(1 for _, _, source, confidence in care if source and confidence == "assumed")
    assert assumed == f"{count} of {len(care)} figures assumed"
    assert these.startswith("care.facilities.*.access_hours, ")
    assert told["people"][0] == (
        "3 of 14 figures without a source",
        "people.districts.*.population (2), people.districts.*.travel_hours",
    )


def test_a_default_of_several_figures_has_the_source_of_the_whole_as_far_as_it_is_kept(
    tmp_path: Path,
) -> None:
    text = replaced("care:\n", "care:\n  staffing: {icu: {nurse: {normal: 3}}}\n")
    rows = {path: tuple(row) for path, *row in assumptions(load(written(tmp_path, text)))}
    schema = Staffing.model_fields["icu"].json_schema_extra
    assert isinstance(schema, dict)
    assert rows["care.staffing.icu.nurse.normal"] == (3, "", "assumed")
    for path in ("icu.nurse.surge", "icu.doctor.normal"):
        assert rows[f"care.staffing.{path}"][1] == schema["source"]
    assert rows["care.staffing.absence.base"][2] == "published"


# -- staff, oxygen, supply ------------------------------------------------------------------------

SUPPLY = """\
supply:
  consumables: {kits: {title: Kits, unit: kit, use: {reported_case: 2}, stock: 500}}
  burdens: {waste: {title: Waste, unit: kg, made: {icu_bed: 3}, capacity_per_day: 20}}
"""


@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        (
            "indicator: oxygen_need_7d_per_100k",
            "indicator: stock_cover_days",
            "command.thresholds.oxygen.item",
            "missing, expected the name of a consumable for stock_cover_days",
        ),
        (
            "indicator: oxygen_need_7d_per_100k",
            "indicator: stock_cover_days, item: kts",
            "command.thresholds.oxygen.item",
            "unknown consumable 'kts', did you mean 'kits'?",
        ),
        (
            "indicator: oxygen_need_7d_per_100k",
            "indicator: burden_backlog, item: kits",
            "command.thresholds.oxygen.item",
            "unknown burden 'kits', expected waste",
        ),
        (
            "indicator: oxygen_need_7d_per_100k",
            "indicator: oxygen_need_7d_per_100k, item: kits",
            "command.thresholds.oxygen.item",
            "got 'kits', but oxygen_need_7d_per_100k has no items: expected no item",
        ),
        (
            "{indicator: oxygen_occupancy, above: 0.8}",
            "{indicator: burden_backlog, above: 0.8}",
            "command.plan.open-field.when.item",
            "missing, expected the name of a burden for burden_backlog",
        ),
        (
            "{below: 0.5, for_days: 14}",
            "{indicator: stock_cover_days, below: 0.5}",
            "command.plan.open-field.until.item",
            "missing, expected the name of a consumable for stock_cover_days",
        ),
        (
            "  plan:\n",
            "  plan:\n    home: {action: open_home_care, teams: 2, when: {on: 2024-01-05}}\n",
            "command.plan.home",
            "adds home care teams, expected clinical.home_care to be given",
        ),
        (
            "  plan:\n",
            "  plan:\n    places: {action: open_quarantine, places: 2, when: {on: 2024-01-05}}\n",
            "command.plan.places",
            "adds quarantine places, expected epidemic.quarantine to be given",
        ),
    ],
)
def test_parts_of_the_supply_that_do_not_fit_are_told(
    tmp_path: Path, old: str, new: str, path: str, message: str
) -> None:
    assert told(tmp_path, replaced(old, new) + SUPPLY) == [(path, message)]


@pytest.mark.parametrize(
    "indicator",
    ["stock_cover_days, item: kits", "burden_backlog, item: waste", "staff_absent_share, item: none"],
)
def test_a_threshold_on_one_item_names_it(tmp_path: Path, indicator: str) -> None:
    load(written(tmp_path, replaced("oxygen_need_7d_per_100k", indicator) + SUPPLY))


def test_home_care_that_is_given_can_be_opened(tmp_path: Path) -> None:
    rule = "  plan:\n    home: {action: open_home_care, teams: 2, when: {on: 2024-01-05}}\n"
    text = replaced("{profile: squire-2022}", "{profile: squire-2022, home_care: {teams: 1}}")
    load(written(tmp_path, replaced("  plan:\n", rule, text)))


@pytest.mark.parametrize(
    ("indicator", "reason"),
    [
        ("home_cases_not_followed", "clinical.home_care is not given"),
        ("oxygen_cover_days", "oxygen is not given for any facility"),
        ("emergency_served_7d_share", "essential care is not given for any facility"),
        ("staff_absent_share", "staff is not given for any facility"),
    ],
)
def test_an_indicator_of_what_is_not_there_is_remarked(tmp_path: Path, indicator: str, reason: str) -> None:
    got = remarks(tmp_path, replaced("oxygen_need_7d_per_100k, above: 32", f"{indicator}, above: 0.5"))
    message = f"{indicator} is not assessed: {reason}"
    assert ("command.thresholds.oxygen", message) in [(path, told) for path, told, _ in got]


def test_a_facility_short_of_staff_on_the_first_day_is_remarked(tmp_path: Path) -> None:
    text = replaced(
        "      covid_share: 0.3",
        "      staff: {doctors: 50, ward_nurses: 10, icu_nurses: 40}\n"
        "      essential: {}\n      covid_share: 0.3",
    )
    [(path, message, line)] = [remark for remark in remarks(tmp_path, text) if remark[0].endswith("staff")]
    # 70 beds for patients without COVID-19: a nurse post to 10, 5 heads a post, 1.5 % absent, 35.5 heads
    assert (path, line) == ("care.facilities.general.staff", line_of("staff:", text))
    assert message == "is short of 26 ward nurses on the first day, at normal ratios"
    enough = replaced("ward_nurses: 10", "ward_nurses: 36", text)
    assert not [remark for remark in remarks(tmp_path, enough) if remark[0].endswith("staff")]
