"""One door: draws, points of a sweep and changed copies pass the checks of a file with their values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loading_cases import replaced, with_values, written
from study_cases import made_up_simulation, small_scenario
from typer.testing import CliRunner

from surgesim.cli import app
from surgesim.errors import ScenarioError
from surgesim.model import simulation
from surgesim.scenario.door import dump, from_plain, load, overlaid
from surgesim.scenario.schema.merging import deep_merge
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.replicate import drawn_values
from surgesim.study.run import run
from surgesim.study.store.run_folder import read
from surgesim.study.sweep.result import Sweep
from surgesim.study.sweep.sweep import sweep

TEACHING = Path(__file__).parents[3] / "scenarios" / "teaching"
COVID, CONVERTIBLE = "care.facilities.general.covid_share.oxygen", "care.facilities.general.convertible_share"
NORMAL, SURGE = "care.staffing.oxygen.nurse.normal", "care.staffing.oxygen.nurse.surge"
TARGET, ICU = "care.facilities.general.icu_target", "care.facilities.general.beds.icu"


def numbers(tree: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from numbers(value, (*path, key))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield ".".join((*path, key)), value


@cache
def taught(name: str) -> tuple[Scenario, tuple[tuple[str, Any], ...]]:
    scenario = load(TEACHING / f"{name}.yaml")
    simulated = {k: v for k, v in scenario.to_plain().items() if k not in ("study", "sources", "days")}
    return scenario, tuple(numbers(simulated))


def put(tree: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    for key in above:
        tree = tree[key]
    tree[last] = value


def made(make: Callable[[], Scenario]) -> tuple[Scenario | None, set[tuple[str, str]]]:
    """The scenario, or what is wrong with it."""
    try:
        return make(), set()
    except ScenarioError as error:
        return None, {(problem.path, problem.message) for problem in error.problems}


@pytest.mark.slow
@settings(max_examples=120)
@given(name=st.sampled_from(["small-town", "beds-without-nurses", "private-third"]), data=st.data())
def test_a_changed_copy_is_the_file_with_its_values(name: str, data: st.DataObject) -> None:
    scenario, leaves = taught(name)
    tree = scenario.to_plain()
    values: dict[str, Any] = {}
    for path, value in data.draw(st.lists(st.sampled_from(leaves), min_size=1, max_size=5, unique=True)):
        factor = data.draw(st.sampled_from([0, 0.5, 0.9, 1.1, 2, 3, -1]))
        values[path] = round(value * factor) if isinstance(value, int) else value * factor
        put(tree, path, values[path])
    expected, wrong = made(lambda: from_plain(tree))
    changed, told = made(lambda: with_values(scenario, values))
    assert told == wrong
    assert changed == expected
    for alternative in scenario.alternatives if changed is not None and expected is not None else ():
        assert changed.alternative(alternative) == expected.alternative(alternative)


@pytest.mark.slow
def test_the_property_meets_both_scenarios_that_are_right_and_such_that_are_not() -> None:
    scenario, leaves = taught("small-town")
    refused = 0
    for path, value in leaves:
        try:
            with_values(scenario, {path: value * 2})
        except ScenarioError:
            refused += 1
    assert 10 < refused < len(leaves) - 10


def test_a_changed_copy_is_checked_with_its_alternatives() -> None:
    scenario = small_scenario()
    with pytest.raises(ScenarioError) as caught:
        overlaid(scenario, {"care": {"facilities": {"general": None}}})
    told = {problem.path for problem in caught.value.problems}
    assert "alternatives.more-icu.care.facilities.general.title" in told
    assert overlaid(scenario, {"alternatives": {"more-icu": None}}).alternatives.keys() == {"nothing"}
    with pytest.raises(ScenarioError) as caught:
        overlaid(scenario, {"alternatives": {"nothing": {"care": {"facilities": {"general": {"beds": 3}}}}}})
    assert caught.value.problems[0].path == "alternatives.nothing.care.facilities.general.beds"


def test_a_profile_is_laid_over_and_a_factor_multiplied() -> None:
    town = taught("small-town")[0]
    changed = overlaid(
        town, {"people": {"ages": "vietnam-2020"}, "epidemic": {"variant": {"r0": {"scale": 0.5}}}}
    )
    assert town.epidemic is not None
    assert changed.epidemic is not None
    assert changed.epidemic.variant.r0 == town.epidemic.variant.r0 / 2
    other = overlaid(town, {"clinical": {"severity": {"p_icu": 0.5}}})
    again = overlaid(other, {"clinical": "squire-2022"})
    assert again.clinical.severity.p_icu == town.clinical.severity.p_icu


@pytest.mark.slow
def test_a_shortened_scenario_can_be_changed_drawn_and_read_again(tmp_path: Path) -> None:
    dated = {
        "action": "open_facility",
        "facilities": ["field"],
        "when": {"on": "2024-02-08"},
    }
    changes = {
        "command": {"plan": {"late": dated}},
        "study": {"uncertainty": {ICU: {"choice": [3, 4]}}},
    }
    short = run(
        from_plain(deep_merge(small_scenario().to_plain(), changes)),
        days=5,
        replications=1,
        workers=1,
        out=tmp_path / "out",
    )
    assert with_values(short.scenario, {ICU: 4}).days == 5
    assert read(tmp_path / "out").scenario == short.scenario
    with pytest.raises(ScenarioError, match="expected a date from"):
        load(tmp_path / "out" / "scenario.yaml")


# -- draws ------------------------------------------------------------------------------------------


def uncertain(uncertainty: dict[str, Any], **changes: Any) -> Scenario:
    study = {"study": {"uncertainty": uncertainty}}
    return from_plain(deep_merge(deep_merge(small_scenario().to_plain(), changes), study))


GENERAL = {"care": {"facilities": {"general": {"covid_share": 0.5, "convertible_share": 0.8}}}}
TARGETED = {"care": {"facilities": {"general": {"icu_target": 4}}}}


@pytest.mark.parametrize(
    ("uncertainty", "changes", "last", "message"),
    [
        (
            {NORMAL: {"uniform": [8, 14]}, SURGE: {"uniform": [12, 20]}},
            {},
            SURGE,
            f"can be drawn as 12 together with {NORMAL} as 14: care.staffing.oxygen.nurse: got a surge",
        ),
        (
            {COVID: {"uniform": [0.3, 0.7]}, f"{CONVERTIBLE}.oxygen": {"triangular": [0.6, 0.8, 0.9]}},
            GENERAL,
            f"{CONVERTIBLE}.oxygen",
            f"can be drawn as 0.6 together with {COVID} as 0.7: care.facilities.general: got covid_share",
        ),
        (
            {
                TARGET: {"choice": [4, 8]},
                ICU: {"choice": [2, 4, 6]},
                "clinical.isolated_share": {"uniform": [0, 1]},
            },
            {**TARGETED, "alternatives": {"more-icu": None}},
            ICU,
            f"can be drawn as 6 together with {TARGET} as 4: care.facilities.general: got icu_target",
        ),
    ],
)  # fmt: skip
def test_values_that_are_refused_together_are_refused_at_load(
    uncertainty: dict[str, Any], changes: dict[str, Any], last: str, message: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        uncertain(uncertainty, **changes)
    found = [(problem.path, problem.message) for problem in caught.value.problems]
    assert [path for path, _ in found] == [f"study.uncertainty.{last}"]
    assert message in found[0][1], found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("uncertainty", "changes"),
    [
        ({NORMAL: {"uniform": [16, 18]}, SURGE: {"uniform": [20, 30]}}, {}),
        ({COVID: {"uniform": [0.85, 0.9]}, f"{CONVERTIBLE}.oxygen": {"uniform": [0.9, 1]}}, GENERAL),
        (
            {TARGET: {"choice": [14, 15]}, ICU: {"choice": [8, 12]}},
            {**TARGETED, "alternatives": {"more-icu": None}},
        ),
    ],
)
def test_values_that_are_right_together_are_not_held_against_those_of_the_file(
    uncertainty: dict[str, Any], changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation, "run_once", made_up_simulation)
    scenario = uncertain(uncertainty, **changes)
    assert run(scenario, replications=20, workers=1).manifest["replications"] == 20


HOLE = {f"{CONVERTIBLE}.oxygen": {"choice": [0, 1, 0.4]}}
"""0 says that there is no limit, so that neither limit nor the middle is refused, but a value within is."""


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_all_draws_are_checked_before_the_first_replication(
    workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "2")
    monkeypatch.setattr(simulation, "run_once", lambda *_: pytest.fail("a replication began"))
    scenario = uncertain(HOLE, **GENERAL)
    bad = [k for k in range(0, 60, 2) if drawn_values(scenario, 7, k)[f"{CONVERTIBLE}.oxygen"] == 0.4]
    with pytest.raises(ScenarioError) as caught:
        run(scenario, replications=60, workers=workers, out=tmp_path / "out")
    *first, last = caught.value.problems
    assert [str(problem) for problem in first] == [
        "care.facilities.general: got covid_share 0.5 above convertible_share 0.4 for oxygen beds; "
        f"replication {k} draws {CONVERTIBLE}.oxygen = 0.4"
        for k in bad[:5]
    ]
    assert str(last) == f"{len(bad) - 5} more of the 30 draws are rejected"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_draw_is_checked_in_the_alternatives_that_are_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "run_once", made_up_simulation)
    half = {"care": {"facilities": {"general": {"covid_share": {"oxygen": 0.5}}}}}
    open_ = {"care": {"facilities": {"general": {"covid_share": 0.3, "convertible_share": 0.8}}}}
    scenario = uncertain(HOLE, **open_, alternatives={"half": half})
    run(scenario, replications=30, workers=1, only=["nothing"])
    with pytest.raises(ScenarioError) as caught:
        run(scenario, replications=30, workers=1)
    assert caught.value.problems[0].path == "alternatives.half.care.facilities.general"


@pytest.mark.slow
def test_more_parameters_than_corners_can_be_checked_are_checked_by_their_draws() -> None:
    many = {f"care.staffing.{bed}.{who}.normal": {"uniform": [8, 9]} for bed, who in [("icu", "doctor")]}
    many |= {f"care.facilities.field.beds.{bed}": {"choice": [20, 30]} for bed in ("basic", "oxygen", "icu")}
    pair = {NORMAL: {"uniform": [8, 14]}, SURGE: {"uniform": [12, 20]}}
    with pytest.raises(ScenarioError):
        uncertain(pair)
    scenario = uncertain({**many, **pair})
    with pytest.raises(ScenarioError, match="got a surge ratio"):
        run(scenario, replications=200, workers=1)


# -- sweeps -----------------------------------------------------------------------------------------


def swept(scenario: Scenario, vary: dict[str, Any], **given: Any) -> Sweep:
    return sweep(scenario, vary, **{"replications": 2, "workers": 1, **given})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "vary", "refused"),
    [
        (GENERAL, {COVID: "0.85,0.9", f"{CONVERTIBLE}.oxygen": "0.9,1"}, 0),
        ({}, {NORMAL: "16,18", SURGE: "20,30"}, 0),
        ({**TARGETED, "alternatives": {"more-icu": None}}, {TARGET: "13,15", ICU: "4,14"}, 2),
        (GENERAL, {COVID: "0.3,0.9", f"{CONVERTIBLE}.oxygen": "0.5,0.8"}, 2),
        ({}, {NORMAL: "8,16", SURGE: "12,14,20"}, 2),
        ({"epidemic": "none"}, {"people.districts.na.population": "60000", COVID: "0,1"}, 0),
    ],
)
def test_a_point_is_refused_exactly_where_a_file_is(
    changes: dict[str, Any], vary: dict[str, Any], refused: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation, "run_once", made_up_simulation)
    scenario = from_plain(deep_merge(small_scenario().to_plain(), changes))
    if not refused:
        assert swept(scenario, vary).manifest["failed"] == 0
        return
    monkeypatch.setattr(simulation, "run_once", lambda *_: pytest.fail("a run began"))
    with pytest.raises(ScenarioError) as caught:
        swept(scenario, vary)
    problems = caught.value.problems
    assert len(problems) == refused
    assert all("; point " in problem.message and " = " in problem.message for problem in problems)


def test_many_refused_points_are_counted_and_nothing_is_left(tmp_path: Path) -> None:
    scenario = from_plain(deep_merge(small_scenario().to_plain(), GENERAL))
    with pytest.raises(ScenarioError) as caught:
        swept(scenario, {COVID: "0.85:0.95:6", ICU: "1:5:2"}, out=tmp_path / "out")
    assert len(caught.value.problems) == 6
    assert str(caught.value.problems[-1]) == "7 more of the 12 points are rejected"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_points_are_checked_with_what_is_drawn_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "run_once", made_up_simulation)
    scenario = uncertain({NORMAL: {"uniform": [8, 10]}})
    found = swept(scenario, {SURGE: "11,15"}).runs
    drawn = sorted(drawn_values(scenario, 7, k)[NORMAL] for k in (0, 1))
    assert sorted(set(found[f"drawn:{NORMAL}"])) == pytest.approx(
        drawn[:1], rel=1e-9
    )  # shared by two replications
    with pytest.raises(
        ScenarioError, match=r"point 0, replication \d has care.staffing.oxygen.nurse.surge = 9"
    ):
        swept(scenario, {SURGE: "9,15"}, replications=8)


@pytest.mark.slow
@pytest.mark.parametrize("path", [ICU, "command.thresholds.icu.below", "care.no_bed_hours"])
def test_an_alternative_that_is_not_run_cannot_vary(path: str) -> None:
    vary = {f"alternatives.more-icu.{path}": "5,6"}
    with pytest.raises(ScenarioError) as caught:
        swept(small_scenario(), vary)
    assert [str(problem) for problem in caught.value.problems] == [
        f"alternatives.more-icu.{path}: varies alternative 'more-icu', which is not run: "
        "expected --alternative more-icu as well"
    ]
    runs = swept(small_scenario(), vary, alternatives=["more-icu"]).runs
    assert set(runs["alternative"]) == {"baseline", "more-icu"}


# -- the commands -----------------------------------------------------------------------------------


def command(tmp_path: Path, scenario: Scenario, *arguments: str) -> tuple[int, list[str]]:
    (tmp_path / "small.yaml").write_text(dump(scenario), encoding="utf-8")
    name, *rest = arguments
    given = [name, str(tmp_path / "small.yaml"), *rest, "--workers", "1", "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, given)
    assert not (tmp_path / "out").exists()
    return result.exit_code, result.stderr.splitlines()


@pytest.mark.slow
def test_refused_draws_end_the_command_with_sentences(tmp_path: Path) -> None:
    half = {"care": {"facilities": {"general": {"covid_share": {"oxygen": 0.5}}}}}
    open_ = {"care": {"facilities": {"general": {"covid_share": 0.3, "convertible_share": 0.8}}}}
    scenario = uncertain(HOLE, **open_, alternatives={"half": half})
    code, told = command(tmp_path, scenario, "run", "--only", "half", "--replications", "80")
    assert code == 2
    assert told[0].startswith("alternatives.half.care.facilities.general: got covid_share 0.5 above")
    assert len(told) == 6


def test_an_alternative_that_is_not_run_ends_the_command_with_a_sentence(tmp_path: Path) -> None:
    path = f"alternatives.more-icu.{ICU}"
    code, told = command(tmp_path, small_scenario(), "sweep", "--vary", f"{path}=5,6")
    assert code == 2
    assert told == [
        f"{path}: varies alternative 'more-icu', which is not run: expected --alternative more-icu as well"
    ]


# -- the word none ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("new", "old", "path", "message"),
    [
        ("      district: none", "      district: town", "care.facilities.general.district", "district"),
        ("false, replaces: [none]", "false", "care.facilities.field.replaces.0", "facility"),
        ("facilities: [none]", "facilities: [field]", "command.plan.open-field.facilities.0", "facility"),
        (
            "initial_infections: {none: 20}",
            "initial_infections: {town: 20}",
            "epidemic.initial_infections.none",
            "district",
        ),
        (
            "  situation: {require: 1, thresholds: [none]}\n  plan:",
            "  plan:",
            "command.situation.thresholds.0",
            "threshold",
        ),
    ],
)  # fmt: skip
def test_none_names_nothing(tmp_path: Path, new: str, old: str, path: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(written(tmp_path, replaced(old, new)))
    found = {problem.path: problem.message for problem in caught.value.problems}
    assert found[path].startswith(f"unknown {message} 'none'")


def test_none_is_no_district() -> None:
    district = {"title": "None", "population": 100}
    with pytest.raises(ScenarioError) as caught:
        overlaid(small_scenario(), {"people": {"districts": {"none": district}}})
    assert [str(problem) for problem in caught.value.problems] == [
        "people.districts.none: got the name 'none', which in a reference means that no name is "
        "given, expected another name"
    ]


@pytest.mark.parametrize("kind", ["consumables", "burdens"])
def test_none_is_no_item(kind: str) -> None:
    entry = {
        "consumables": {"title": "X", "per_oxygen_patient_day": 1},
        "burdens": {"title": "X", "unit": "t"},
    }
    with pytest.raises(ScenarioError) as caught:
        overlaid(small_scenario(), {"supply": {kind: {"none": entry[kind]}}})
    assert any(problem.path == f"supply.{kind}.none" for problem in caught.value.problems)


def test_none_stays_a_name_where_nothing_reads_it_as_off() -> None:
    scenario = from_plain(deep_merge(small_scenario().to_plain(), {"alternatives": {"none": {}}}))
    assert scenario.alternative("none").title == scenario.title
    counts = {"none": {"bed": "oxygen", "counts": [2] * 12, "district": "none"}}
    assert "none" in overlaid(scenario, {"arrivals": {"series": counts}}).arrivals.series  # type: ignore[union-attr]
