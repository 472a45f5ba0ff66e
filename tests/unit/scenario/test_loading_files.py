"""Scenarios of several files: what they extend, and the CSV of arrivals."""

from __future__ import annotations

from pathlib import Path

import pytest
from loading_cases import ARRIVALS, SMALL, WITH_ARRIVALS, line_of, replaced, told, written

from surgesim.errors import ScenarioError
from surgesim.scenario.door import inspect, load
from surgesim.scenario.loading import arrivals_file
from surgesim.scenario.loading.chain import MAX_CHAIN


def refusal(path: Path) -> list[tuple[str, str, str | None, int | None]]:
    """Path, message, file name and line of each problem."""
    with pytest.raises(ScenarioError) as caught:
        load(path)
    return [
        (problem.path, problem.message, problem.file and Path(problem.file).name, problem.line)
        for problem in caught.value.problems
    ]


# -- extends --------------------------------------------------------------------------------------


def test_a_file_is_laid_over_what_it_extends(tmp_path: Path) -> None:
    written(tmp_path, SMALL, "base/small.yaml")
    written(tmp_path, "extends: ../base/small.yaml\nname: middle\ndays: 90\n", "mid/middle.yaml")
    path = written(
        tmp_path, "extends: mid/middle.yaml\nname: top\ncare: {facilities: {general: {beds: {icu: 20}}}}\n"
    )
    scenario = load(path)
    assert (scenario.name, scenario.days) == ("top", 90)
    beds = scenario.care.facilities["general"].beds
    assert (beds.icu, beds.oxygen) == (20, 100)


def test_null_removes_a_named_entry_of_the_base(tmp_path: Path) -> None:
    written(tmp_path, SMALL, "small.yaml")
    scenario = load(written(tmp_path, "extends: small.yaml\ncommand: {plan: {open-field: null}}\n"))
    assert not scenario.command.plan


def test_a_mapping_over_a_short_form_keeps_what_the_short_form_says(tmp_path: Path) -> None:
    written(tmp_path, SMALL, "small.yaml")
    child = """\
extends: small.yaml
people: {contacts: {school: [[1]]}}
care: {facilities: {general: {title: {vi: Đa khoa}, covid_share: {icu: 0.5}}}}
"""
    [(path, message, _, line)] = refusal(written(tmp_path, child))
    assert (path, line) == ("people.contacts.school", 2)
    assert message == "got 1 row of 1 value, expected 9 by 9 (to 80+) or 8 by 8 (to 70+)"
    general = load(written(tmp_path, child.replace("people: {contacts: {school: [[1]]}}\n", ""))).care
    facility = general.facilities["general"]
    assert facility.covid_share.model_dump() == {"basic": 0.3, "oxygen": 0.3, "icu": 0.5}
    assert (facility.title.vi, facility.title.en) == ("Đa khoa", "General")


def test_a_distribution_in_another_form_replaces_the_one_below(tmp_path: Path) -> None:
    text = replaced("{profile: squire-2022}", "{profile: squire-2022, stays: {oxygen_days: {fixed: 8}}}")
    stays = load(written(tmp_path, text)).clinical.stays
    assert (stays.oxygen_days.fixed, stays.oxygen_days.gamma) == (8, None)
    assert stays.step_down_days.gamma is not None
    written(tmp_path, text, "small.yaml")
    child = "extends: small.yaml\nclinical: {stays: {oxygen_days: never, step_down_days: {gamma: {sd: 2}}}}\n"
    changed = load(written(tmp_path, child)).clinical.stays
    assert changed.oxygen_days.never
    assert changed.step_down_days.gamma is not None
    assert changed.step_down_days.gamma.mean == stays.step_down_days.gamma.mean
    assert changed.step_down_days.gamma.sd == 2


def test_alternatives_of_the_base_stay_overlays_and_can_be_removed(tmp_path: Path) -> None:
    base = SMALL + "alternatives:\n  a: {command: {plan: {open-field: null}}}\n  b: {}\n  c: {}\n"
    written(tmp_path, base, "small.yaml")
    child = "extends: small.yaml\nalternatives:\n  a: {epidemic: {variant: {r0: 2}}}\n  b: null\n  d: {}\n"
    scenario = load(written(tmp_path, child))
    assert list(scenario.alternatives) == ["a", "c", "d"]
    changed = scenario.alternative("a")
    assert not changed.command.plan
    assert changed.epidemic is not None
    assert changed.epidemic.variant.r0 == 2
    assert scenario.command.plan


def test_an_error_in_the_base_is_told_with_the_base_and_its_line(tmp_path: Path) -> None:
    base = replaced("icu: 10", "icu: -10")
    written(tmp_path, base, "small.yaml")
    child = "extends: small.yaml\n\npeople: {districts: {town: {population: -1}}}\n"
    assert refusal(written(tmp_path, child)) == [
        (
            "people.districts.town.population",
            "got -1, expected a whole number from 1 to 999999999",
            "s.yaml",
            3,
        ),
        (
            "care.facilities.general.beds.icu",
            "got -10, expected a whole number from 0 to 1000000 or unlimited",
            "small.yaml",
            line_of("icu: -10", base),
        ),
    ]


def test_a_value_that_replaces_a_list_has_its_own_line(tmp_path: Path) -> None:
    base = replaced("  ages: vietnam-2020", "  ages:\n" + "    - 0.1\n" * 8 + "    - 0.2")
    written(tmp_path, base, "small.yaml")
    child = "extends: small.yaml\npeople:\n  ages: [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, old]\n"
    assert refusal(written(tmp_path, child)) == [
        ("people.ages.8", "got 'old', expected a number from 0 to 1", "s.yaml", 3)
    ]
    child = "extends: small.yaml\npeople:\n  ages: -1\n"
    [(path, _, file, line)] = refusal(written(tmp_path, child))
    assert (path, file, line) == ("people.ages", "s.yaml", 3)


def test_files_that_extend_each_other_are_refused_with_the_chain(tmp_path: Path) -> None:
    written(tmp_path, "extends: b.yaml\n", "a.yaml")
    written(tmp_path, "\nextends: ./a.yaml\n", "b.yaml")
    path = written(tmp_path, "extends: a.yaml\n")
    message = "got files that extend each other: s.yaml -> a.yaml -> b.yaml -> a.yaml"
    assert refusal(path) == [("extends", message, "b.yaml", 2)]
    itself = written(tmp_path, "extends: itself.yaml\n", "itself.yaml")
    assert refusal(itself)[0][1] == "got files that extend each other: itself.yaml -> itself.yaml"


def test_a_chain_without_end_is_refused(tmp_path: Path) -> None:
    for number in range(MAX_CHAIN + 2):
        written(tmp_path, f"extends: {number + 1}.yaml\n", f"{number}.yaml")
    [(path, message, _, _)] = refusal(tmp_path / "0.yaml")
    assert path == "extends"
    assert message.startswith(
        f"got a chain of more than {MAX_CHAIN} files that extend each other: 0.yaml -> 1.yaml"
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no-such.yaml", "got the name of a file that does not exist: "),
        ("folder", "got a folder, expected a file: "),
        ("[a, b]", "got a list of 2 values, expected the path of a file, relative to this one"),
        ("5", "got 5, expected the path of a file, relative to this one"),
    ],
)
def test_a_base_that_cannot_be_read_is_told_where_it_is_named(
    tmp_path: Path, name: str, message: str
) -> None:
    (tmp_path / "folder").mkdir()
    [(path, got, file, line)] = refusal(written(tmp_path, f"\n\nextends: {name}\n"))
    assert (path, file, line) == ("extends", "s.yaml", 3)
    assert got.startswith(message)


def test_a_base_that_is_not_yaml_is_told_with_its_own_line(tmp_path: Path) -> None:
    written(tmp_path, "name: x\nname: y\n", "b.yaml")
    assert refusal(written(tmp_path, "extends: b.yaml\n")) == [
        ("", "got the key 'name' twice, on lines 1 and 2", "b.yaml", 2)
    ]


# -- arrivals -------------------------------------------------------------------------------------

FROM_FILE = WITH_ARRIVALS.replace(ARRIVALS, "arrivals: {file: data/wave.csv, counts_are: exact}\n")


def with_csv(folder: Path, csv: str | bytes, text: str = FROM_FILE) -> Path:
    written(folder, csv, "data/wave.csv")
    return written(folder, text)


def test_a_csv_becomes_series_and_the_scenario_stands_alone(tmp_path: Path) -> None:
    csv = "date,oxygen,icu\n" + "".join(f"2024-01-0{day},{day},{day % 2}\n" for day in range(1, 8))
    arrivals = load(with_csv(tmp_path, csv)).arrivals
    assert arrivals is not None
    assert arrivals.file is None
    assert arrivals.counts_are == "exact"
    assert {name: series.model_dump(exclude_none=True) for name, series in arrivals.series.items()} == {
        "oxygen": {"bed": "oxygen", "counts": (1, 2, 3, 4, 5, 6, 7)},
        "icu": {"bed": "icu", "counts": (1, 0, 1, 0, 1, 0, 1)},
    }


def test_districts_and_ages_make_a_series_each(tmp_path: Path) -> None:
    csv = "\ufeffday,district,age,icu\r\n" + "".join(
        f"{day},{district},{age},{day}.5\r\n"
        for day in (1, 0)
        for district in ("town", "isle")
        for age in ("0-9", "80+")
    )
    text = FROM_FILE.replace("exact", "poisson")
    arrivals = load(with_csv(tmp_path, csv, text)).arrivals
    assert arrivals is not None
    assert list(arrivals.series) == ["town-0-9-icu", "town-80-up-icu", "isle-0-9-icu", "isle-80-up-icu"]
    series = arrivals.series["isle-80-up-icu"]
    assert (series.district, series.age, series.counts) == ("isle", "80+", (0.5, 1.5))


def test_rows_before_the_start_are_left_out_with_a_warning_and_rows_after_the_end_without(
    tmp_path: Path,
) -> None:
    rows = [f"2023-12-{day},9" for day in (30, 31)] + [f"2024-01-0{day},1" for day in range(1, 6)]
    path = with_csv(tmp_path, "date,icu\n" + "\n".join(rows), FROM_FILE.replace("days: 60", "days: 3"))
    scenario, warnings = inspect(path)
    assert scenario.arrivals is not None
    assert scenario.arrivals.series["icu"].counts == (1, 1, 1)
    [warning] = [warning for warning in warnings if warning.path == "arrivals.file"]
    assert warning.message == "skipped 2 rows before the start 2024-01-01"
    assert warning.file is not None
    assert (Path(warning.file).name, warning.line) == ("wave.csv", 2)


@pytest.mark.parametrize(
    ("csv", "line", "message"),
    [
        (
            "date,icu\n2024-01-01,1\n2024-01-03,1\n",
            3,
            "got no row for day 1 (2024-01-02), expected one for every day",
        ),
        (
            "day,icu\n0,1\n4,1\n",
            3,
            "got no row for day 1 (2024-01-02) to day 3 (2024-01-04), expected one for every day",
        ),
        (
            "day,district,icu\n0,town,1\n2,town,1\n",
            3,
            "got no row for day 1 (2024-01-02) of town, expected one for every day",
        ),
        (
            "date,icu\n2024-01-02,1\n",
            2,
            "got day 1 (2024-01-02) as the first day, expected day 0 (2024-01-01) or earlier",
        ),
        ("date,icu\n2024-01-01,1\n2024-01-01,2\n", 3, "got 2024-01-01 twice, on lines 2 and 3"),
        ("day,district,icu\n0,town,1\n0,isle,1\n0,town,1\n", 4, "got day 0 twice of town, on lines 2 and 4"),
        ("date,icu\n2024-02-30,1\n", 2, "got 2024-02-30, which is not a calendar date"),
        ("date,icu\n1/1/2024,1\n", 2, "got '1/1/2024', expected a date such as 2024-03-31"),
        ("day,icu\n-1,1\n", 2, "got day '-1', expected a whole number from 0"),
        ("day,icu\n0,\n", 2, "got an empty value for icu, expected a number (0 if nobody arrived)"),
        ("day,icu\n0,NaN\n", 2, "got NaN for icu, expected a number (0 if nobody arrived)"),
        ("day,icu\n0,-2\n", 2, "got -2 for icu, expected a number from 0 to 1000000"),
        ("day,icu\n0,two\n", 2, "got 'two' for icu, expected a number from 0 to 1000000"),
        ("day,icu\n0,inf\n", 2, "got 'inf' for icu, expected a number from 0 to 1000000"),
        ("day,icu\n0,1e300\n", 2, "got '1e300' for icu, expected a number from 0 to 1000000"),
        ('day,icu\n0,"1,5"\n', 2, "got '1,5' for icu, expected a number (use a decimal point: 1.5)"),
        (
            'day,icu\n0,"1,500"\n',
            2,
            "got '1,500' for icu, expected a number (write 1500, or 1.5 if that is meant)",
        ),
        ("day,icu\n0,1,5\n", 2, "got 3 values, expected 2, as in the header"),
        (
            "day,age,icu\n0,old,1\n",
            2,
            "got age 'old', expected one of the age groups "
            "0-9, 10-19, 20-29, 30-39, 40-49, 50-59, 60-69, 70-79, 80+",
        ),
        ("day,district,icu\n0,,1\n", 2, "got no district, expected the short name of a district"),
        ("day,icuu\n0,1\n", 1, "unknown column 'icuu', did you mean 'icu'?"),
        ("day,icu,icu\n0,1,1\n", 1, "got the column 'icu' 2 times, expected it once"),
        ("icu\n1\n", 1, "got neither a column day nor a column date, expected exactly one of the two"),
        (
            "day,date,icu\n0,2024-01-01,1\n",
            1,
            "got the columns day and date, expected exactly one of the two",
        ),
        (
            "day,district\n0,town\n",
            1,
            "got no column of arrivals, expected basic, oxygen or icu",
        ),
        ("", 1, "got an empty file, expected a header with day or date, and with basic, oxygen or icu"),
        ("day,icu\n", 1, "got no rows, expected one for each day"),
        (b"day,icu\n0,\xff\n", 2, "got the byte 0xff, expected text in UTF-8"),
        ('day,icu\n0,"1\n', 2, "got a line that is not CSV (unexpected end of data)"),
    ],
)
def test_each_mistake_in_a_csv_has_its_own_sentence_and_line(
    tmp_path: Path, csv: str | bytes, line: int, message: str
) -> None:
    assert (("arrivals.file", message, "wave.csv", line)) in refusal(with_csv(tmp_path, csv))


def test_all_mistakes_of_a_csv_are_told_at_once_and_nothing_that_follows_from_them(tmp_path: Path) -> None:
    text = replaced("icu: 10", "icu: -10", FROM_FILE)
    problems = refusal(with_csv(tmp_path, "day,icu\n0,\nx,1\n2,-1\n", text))
    assert [(path, line) for path, _, _, line in problems] == [
        ("arrivals.file", 2),
        ("arrivals.file", 3),
        ("arrivals.file", 4),
        ("care.facilities.general.beds.icu", line_of("icu: -10", text)),
    ]


def test_a_csv_names_its_districts_by_their_line(tmp_path: Path) -> None:
    csv = "day,district,icu\n0,town,1\n0,iles,1\n"
    assert refusal(with_csv(tmp_path, csv)) == [
        ("arrivals.series.iles-icu.district", "unknown district 'iles', did you mean 'isle'?", "wave.csv", 3)
    ]


def test_a_csv_with_halves_is_refused_where_counts_are_exact(tmp_path: Path) -> None:
    whole = "expected a whole number because counts_are is exact"
    assert refusal(with_csv(tmp_path, "day,icu\n0,1\n1,1.5\n2,1.250\n")) == [
        ("arrivals.file", f"got 1.5 for icu, {whole}", "wave.csv", 3),
        ("arrivals.file", f"got 1.250 for icu, {whole} (write 1250)", "wave.csv", 4),
    ]


def test_a_csv_that_is_missing_or_too_large_is_told_where_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, FROM_FILE)
    [(where, message, file, line)] = refusal(path)
    assert (where, file, line) == ("arrivals.file", "s.yaml", line_of("arrivals:", FROM_FILE))
    assert message.startswith("got the name of a file that does not exist: ")
    written(tmp_path, b"x" * 5_100_000, "data/wave.csv")
    assert refusal(path)[0][1].startswith("got a file of 5.1 MB, expected at most 5 MB: ")
    monkeypatch.setattr(arrivals_file, "MAX_COUNTS", 3)
    written(tmp_path, "day,oxygen,icu\n0,1,1\n1,1,1\n", "data/wave.csv")
    assert refusal(path)[0][1] == "got 4 counts within the scenario's days, expected at most 3"


def test_an_overlay_can_name_its_own_csv(tmp_path: Path) -> None:
    written(tmp_path, "day,icu\n0,7\n", "data/other.csv")
    text = FROM_FILE + "alternatives:\n  other: {arrivals: {file: data/other.csv, series: {oxygen: null}}}\n"
    scenario = load(with_csv(tmp_path, "day,oxygen,icu\n0,1,1\n", text))
    arrivals = scenario.alternative("other").arrivals
    assert arrivals is not None
    assert {name: series.counts for name, series in arrivals.series.items()} == {"icu": (7,)}
    bad = text.replace("other.csv", "none.csv")
    [(path, _, _, line)] = refusal(written(tmp_path, bad))
    assert (path, line) == ("alternatives.other.arrivals.file", line_of("  other:", bad))


def test_the_csv_is_named_from_the_file_that_names_it(tmp_path: Path) -> None:
    with_csv(tmp_path / "base", "day,icu\n0,3\n")
    scenario = load(written(tmp_path, "extends: base/s.yaml\n", "top/top.yaml".replace("top/", "")))
    assert scenario.arrivals is not None
    assert scenario.arrivals.series["icu"].counts == (3,)


# -- changes --------------------------------------------------------------------------------------


def test_changes_are_made_before_overlays(tmp_path: Path) -> None:
    text = SMALL + "alternatives:\n  milder: {epidemic: {variant: {r0: 2}}}\n"
    path = written(tmp_path, text)
    changes = [
        "epidemic.variant.r0=6",
        "days=30",
        "people.contacts.profile=vietnam-2021",
        "clinical.stays.oxygen_days={fixed: 3}",
        "command.plan.open-field.until.below=0.3",
        "care.facilities.general.covid_share=0.1",
        "care.facilities.general.convertible_share.icu=1",
        "care.initial_census.general={oxygen: 2}",
        "epidemic.initial_infections.isle=4",
        "alternatives.milder.epidemic.variant.severity=2",
        "study.seed=9",
    ]
    scenario, warnings = inspect(path, changes=changes)
    assert scenario.epidemic is not None
    assert scenario.epidemic.variant.r0 == 6
    assert dict(scenario.epidemic.initial_infections) == {"town": 20, "isle": 4}
    assert (scenario.days, scenario.study.seed) == (30, 9)
    assert scenario.clinical.stays.oxygen_days.fixed == 3
    assert scenario.command.plan["open-field"].until.below == 0.3
    general = scenario.care.facilities["general"]
    assert general.covid_share.model_dump() == {"basic": 0.1, "oxygen": 0.1, "icu": 0.1}
    assert general.convertible_share.model_dump() == {"basic": 0.8, "oxygen": 0.8, "icu": 1}
    milder = scenario.alternative("milder").epidemic
    assert milder is not None
    assert (milder.variant.r0, milder.variant.severity) == (2, 2)
    hidden = [warning for warning in warnings if "overrides" in warning.message]
    assert [(warning.path, warning.message) for warning in hidden] == [
        (
            "alternatives.milder.epidemic.variant.r0",
            "overrides the changed value of epidemic.variant.r0 in this alternative",
        )
    ]


def test_null_removes_a_named_entry_by_a_change(tmp_path: Path) -> None:
    text = SMALL + "alternatives:\n  a: {}\n  b: {}\n"
    path = written(tmp_path, text)
    scenario = load(path, changes=["command.plan.open-field=null", "alternatives.a=null"])
    assert not scenario.command.plan
    assert list(scenario.alternatives) == ["b"]
    scenario = load(path, changes=["alternatives.a.command.plan.open-field=null"])
    assert scenario.command.plan
    assert not scenario.alternative("a").command.plan


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        ("days", "", "got 'days', expected path=value, such as days=120"),
        ("days=", "", "got 'days=', expected path=value, such as days=120"),
        ("=5", "", "got '=5', expected path=value, such as days=120"),
        ("a..b=5", "", "got 'a..b=5', expected path=value, such as days=120"),
        ("dais=5", "dais", "unknown key 'dais', did you mean 'days'?"),
        (
            "days=0,5",
            "days",
            "got '0,5', expected a whole number from 1 to 20000 (use a decimal point: 0.5)",
        ),
        (
            "days=[1",
            "days",
            "got text that is not YAML (while parsing a flow sequence, did not find expected ',' or ']')",
        ),
        ("epidemic.variant.R0=5", "epidemic.variant.R0", "unknown key 'R0', did you mean 'r0'?"),
        (
            "care.facilities.generl.beds.icu=5",
            "care.facilities.generl.beds.icu",
            "unknown name 'generl', did you mean 'general'?",
        ),
        (
            "care.facilities.general.beds.icu=-5",
            "care.facilities.general.beds.icu",
            "got -5, expected a whole number from 0 to 1000000 or unlimited",
        ),
        (
            "care.facilities.general.beds.icu.x=5",
            "care.facilities.general.beds.icu.x",
            "got a path into care.facilities.general.beds.icu, which can only be set as a whole",
        ),
        (
            "command.plan.open-field.facilities.0=x",
            "command.plan.open-field.facilities.0",
            "got a path into command.plan.open-field.facilities, which can only be set as a whole",
        ),
        (
            "command.plan.open-field.ownership=[private]",
            "command.plan.open-field.ownership",
            "unknown key 'ownership', expected one of title, when, decision_days, lead_days, phases, until, "
            "stand_down_days, action, facilities",
        ),
        (
            "command.plan.open-field.when={abov: null}",
            "command.plan.open-field.when.abov",
            "unknown key 'abov', did you mean 'above'?",
        ),
        ("alternatives.x.days=5", "alternatives.x.days", "unknown name 'x', none is defined"),
        ("extends=x.yaml", "extends", "unknown key 'extends', expected one of name"),
        ("sources.days=x", "sources.days", "unknown key 'sources'"),
        (
            "epidemic.initial_infections.twn=4",
            "epidemic.initial_infections.twn",
            "unknown district 'twn', did you mean 'town'?",
        ),
        (
            "people.contacts=nowhere",
            "people.contacts",
            "unknown profile 'nowhere', expected one of germany-2017, kenya-2017, vietnam-2021",
        ),
    ],
)
def test_a_change_that_cannot_be_made_is_told(tmp_path: Path, change: str, path: str, message: str) -> None:
    problems = told(tmp_path, SMALL, change)
    assert len(problems) == 1
    assert problems[0][0] == path
    assert problems[0][1].startswith(message)
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path / "s.yaml", changes=[change])
    assert {problem.file for problem in caught.value.problems} == {"--set"}


def test_a_change_in_an_overlay_names_what_stands_there_or_below(tmp_path: Path) -> None:
    text = SMALL + "alternatives:\n  a: {command: {plan: {extra: {action: measure, measure: distancing}}}}\n"
    text = replaced("measure: distancing}", "measure: distancing, when: {on: 2024-01-09}}", text)
    path = written(tmp_path, text)
    changes = [f"alternatives.a.command.plan.{name}.decision_days=3" for name in ("extra", "open-field")]
    plan = load(path, changes=changes).alternative("a").command.plan
    assert {name: rule.decision_days for name, rule in plan.items()} == {"extra": 3, "open-field": 3}
    assert told(tmp_path, text, "alternatives.a.command.plan.open-feld.decision_days=3") == [
        (
            "alternatives.a.command.plan.open-feld.decision_days",
            "unknown name 'open-feld', did you mean 'open-field'?",
        )
    ]


def test_all_changes_that_cannot_be_made_are_told_at_once(tmp_path: Path) -> None:
    problems = told(tmp_path, replaced("icu: 10", "icu: -1"), "dayz=3", "days=no")
    assert [path for path, _ in problems] == ["dayz", "days", "care.facilities.general.beds.icu"]


def test_a_run_that_is_cut_short_may_end_before_dated_measures(tmp_path: Path) -> None:
    text = replaced("reduces: {work: 0.5}", "reduces: {work: 0.5}, start: 2024-02-20")
    scenario, warnings = inspect(written(tmp_path, text), changes=["days=20"])
    assert scenario.days == 20
    [warning] = [warning for warning in warnings if warning.path == "epidemic.measures.distancing.start"]
    assert warning.message == "got 2024-02-20, expected a date within the scenario, 2024-01-01 to 2024-01-20"
    assert told(tmp_path, replaced("days: 60", "days: 20", text)) == [(warning.path, warning.message)]
