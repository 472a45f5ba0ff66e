"""Every number has bounds: where memory or arithmetic would break, it is refused with the bound named."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from loading_cases import SMALL, written

from surgesim.errors import MOST_PROBLEMS, Problem, ScenarioError, cut, listed
from surgesim.scenario.door import json_schema, load, overlaid
from surgesim.scenario.messages.shape import Shape, scenario_shape
from surgesim.scenario.schema.numbers import MOST_ALTERNATIVES, MOST_ARRIVALS, MOST_PEOPLE

ARRIVALS = """\
arrivals:
  counts_are: exact
  series: {ward: {bed: oxygen, counts: [COUNTS]}}
"""


def with_arrivals(counts: str) -> str:
    head, _, rest = SMALL.partition("epidemic:\n")
    return head + ARRIVALS.replace("COUNTS", counts) + rest[rest.index("clinical:") :]


def problems(folder: Path, text: str, *changes: str) -> list[tuple[str, str]]:
    with pytest.raises(ScenarioError) as caught:
        load(written(folder, text), changes=changes)
    return [(problem.path, problem.message) for problem in caught.value.problems]


def numbers(shape: Shape, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Shape]]:
    """Every numeric value of the schema, by its path with ``*`` for names and places in lists."""
    if path == ("alternatives", "*"):
        return  # an overlay over the same schema
    if shape.number is not None and shape.kind != "section":
        yield ".".join(path), shape
    if shape.variants:
        for name, variant in shape.variants.items():
            yield from numbers(variant, (*path, name))
    else:
        for name, inner in shape.fields.items():
            yield from numbers(inner, (*path, name))
    if shape.entry is not None:
        yield from numbers(shape.entry, (*path, "*"))


NUMBERS = dict(numbers(scenario_shape()))


def test_every_number_of_the_schema_has_two_bounds() -> None:
    assert len(NUMBERS) > 150
    unbounded = [
        path
        for path, shape in NUMBERS.items()
        if shape.number is not None and None in (shape.number.low, shape.number.high)
    ]
    assert unbounded == []


def test_every_number_of_the_json_schema_has_an_upper_bound() -> None:
    unbounded = []

    def visit(node: object, path: str) -> None:
        if isinstance(node, dict):
            bounded = node.keys() & {"maximum", "exclusiveMaximum", "enum"}
            if node.get("type") in ("number", "integer") and not bounded:
                unbounded.append(path)
            for key, inner in node.items():
                visit(inner, f"{path}.{key}")
        elif isinstance(node, list):
            for place, inner in enumerate(node):
                visit(inner, f"{path}.{place}")

    visit(json_schema(), "")
    assert unbounded
    assert {path.rpartition(".")[2] for path in unbounded} == {"scale"}  # its product is checked instead


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("people.districts.town.population=3000000000", "expected a whole number from 1 to 999999999"),
        ("people.districts.isle.travel_hours=1e300", "expected a number from 0 to 10000"),
        ("epidemic.dt_days=1e-12", "expected a number from 0.001 to 1"),
        ("epidemic.variant.r0=1e300", "expected a number from 0 to 1000"),
        ("epidemic.initial_infections.town=1000000000000", "expected a whole number from 0 to 999999999"),
        ("epidemic.importation.per_day=1e300", "expected a number from 0 to 1000000"),
        (
            "clinical.stays.oxygen_days={gamma: {mean: 5, sd: 1e300}}",
            "expected a number from 0.0001 to 1000000",
        ),
        ("clinical.stays.icu_dying_days={fixed: 1e300}", "expected a number from 0 to 1000000"),
        ("clinical.home_care={followed_days: 1e12}", "expected a number from 1 to 1000"),
        ("care.facilities.general.beds.oxygen=1000000000000", "expected a whole number from 0 to 1000000"),
        (
            "care.facilities.general.staff={doctors: 1000000000000}",
            "expected a whole number from 0 to 1000000",
        ),
        ("care.facilities.general.ventilators=1000000000000", "expected a whole number from 0 to 1000000"),
        ("care.facilities.general.oxygen={tank_kg: 1e300}", "expected a number from 0 to 1e12"),
        ("supply.costs={oxygen_kg: 1e300}", "expected a number from 0 to 1e15"),
        ("command.thresholds.oxygen.above=1e300", "expected a number from -1e12 to 1e12"),
        ("command.plan.open-field.lead_days=1e300", "expected a number from 0 to 1000000"),
        ("study.replications=1000000000", "expected a whole number from 1 to 100000"),
        ("days=1000000000", "expected a whole number from 1 to 20000"),
        ("warm_up_days=1000000000", "expected a whole number from 0 to 20000"),
        (
            "study.uncertainty={epidemic.variant.r0: {normal: {mean: 1e300, sd: 1}}}",
            "expected a number from -1e15 to 1e15",
        ),
    ],
)
def test_a_slip_is_refused_by_the_bound(tmp_path: Path, change: str, message: str) -> None:
    (path, said), *_ = problems(tmp_path, SMALL, change)
    assert path.startswith(change.partition("=")[0])
    assert message in said


def test_bounds_hold_in_alternatives_and_after_scaling(tmp_path: Path) -> None:
    scenario = load(written(tmp_path, SMALL))
    for beds in (10**12, {"scale": 1e307}):
        change = {"alternatives": {"more": {"care": {"facilities": {"general": {"beds": {"oxygen": beds}}}}}}}
        with pytest.raises(ScenarioError, match="expected a whole number from 0 to 1000000"):
            overlaid(scenario, change)


def test_all_people_together_are_bounded(tmp_path: Path) -> None:
    each = MOST_PEOPLE // 2 + 1
    text = SMALL.replace("population: 100000", f"population: {each}").replace(
        "population: 20000", f"population: {each}"
    )
    [(path, message)] = problems(tmp_path, text)
    assert (path, message) == (
        "people",
        f"got {2 * each} people in all districts, expected at most {MOST_PEOPLE}",
    )


def test_arrivals_are_bounded_on_a_day_and_in_all(tmp_path: Path) -> None:
    [(path, message)] = problems(tmp_path, with_arrivals("3, 20000000"))
    assert (path, message) == (
        "arrivals.series.ward.counts.1",
        "got 20000000, expected a number from 0 to 1000000",
    )
    [(path, message)] = problems(tmp_path, with_arrivals(", ".join(["1000000"] * 11)))
    assert (path, message) == (
        "arrivals",
        f"got 11000000 arrivals in all series, expected at most {MOST_ARRIVALS}",
    )


def test_the_counts_of_a_file_have_the_same_bound(tmp_path: Path) -> None:
    (tmp_path / "wave.csv").write_text("day,oxygen\n0,3\n1,1000001\n2,-1\n", encoding="utf-8")
    text = with_arrivals("0").replace("series: {ward: {bed: oxygen, counts: [0]}}", "file: wave.csv")
    with pytest.raises(ScenarioError) as caught:
        load(written(tmp_path, text))
    assert [(problem.line, problem.message) for problem in caught.value.problems] == [
        (3, "got '1000001' for oxygen, expected a number from 0 to 1000000"),
        (4, "got -1 for oxygen, expected a number from 0 to 1000000"),
    ]


def test_ten_thousand_alternatives_are_refused_by_a_bound(tmp_path: Path) -> None:
    entries = "".join(f"  a{number}: {{care: {{no_bed_hours: 5}}}}\n" for number in range(10_000))
    began = time.process_time()
    found = problems(tmp_path, f"{SMALL}alternatives:\n{entries}")
    assert found == [("alternatives", f"got 10000 entries, expected at most {MOST_ALTERNATIVES}")]
    assert time.process_time() - began < 5


def test_ten_thousand_unknown_keys_are_refused_at_once(tmp_path: Path) -> None:
    other = "alternatives: {a: {care: {no_bed_hours: 5}}, b: {care: {no_bed_hours: 4}}}\n"
    keys = "".join(f"populashun{number}: 1\n" for number in range(10_000))
    load(written(tmp_path, SMALL + other))  # what is built once
    path = written(tmp_path, SMALL + other + keys)
    began = time.process_time()
    with pytest.raises(ScenarioError) as caught:
        load(path)
    assert time.process_time() - began < 2  # one second where nothing else runs; 20 of them before
    assert len(caught.value.problems) == 10_000
    assert caught.value.problems[-1].message == "unknown key 'populashun9999'"  # without a search for a name
    lines = str(caught.value).splitlines()
    assert (len(lines), lines[-1]) == (MOST_PROBLEMS + 1, f"and {10_000 - MOST_PROBLEMS} more")


def test_few_unknown_keys_have_suggestions_all_the_same(tmp_path: Path) -> None:
    found = problems(tmp_path, SMALL.replace("days: 60", "days: 60\ndescripton: x\nstudie: {}"))
    assert [message for _, message in found] == [
        "unknown key 'descripton', did you mean 'description'?",
        "unknown key 'studie', did you mean 'study'?",
    ]


def test_a_long_list_is_counted() -> None:
    assert listed([str(number) for number in range(1000)]).splitlines()[-1] == "and 950 more"
    assert listed(["a"] * MOST_PROBLEMS) == "\n".join(["a"] * MOST_PROBLEMS)


@pytest.mark.parametrize("letters", ["x" * 900, "x y" * 300])
def test_a_long_name_is_cut_in_path_and_message(tmp_path: Path, letters: str) -> None:
    shown = cut(letters)
    assert (len(shown), shown[-1]) == (80, "…")
    with pytest.raises(ScenarioError) as caught:
        load(written(tmp_path, f'{SMALL}"{letters}": 1\n'))
    [problem] = caught.value.problems
    assert problem.path == shown
    assert problem.message.startswith(f"unknown key '{shown}', expected one of name, title")


def test_names_of_files_stay_whole() -> None:
    file = "/a/" + "b" * 30 + "/" + "c" * 60 + "/s.yaml"
    assert Problem("extends", f"no such file: {file}").message.endswith(f": {file}")
    owners = "the facilities' beds and the patients' stays " * 5
    assert Problem("", owners).message == owners
