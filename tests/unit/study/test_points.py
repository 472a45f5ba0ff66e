"""Points of one's own: what they may be, what is refused and in which words, and that they come back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from study_cases import made_up_simulation, small_scenario

from surgesim.errors import ResultsError, ScenarioError
from surgesim.model import simulation
from surgesim.scenario.door import from_plain
from surgesim.scenario.schema.merging import deep_merge
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.reproduce import reproduce
from surgesim.study.store.folder import hashes
from surgesim.study.sweep.result import Sweep
from surgesim.study.sweep.sweep import sweep

ICU = "care.facilities.general.beds.icu"
BEDS = "care.facilities.general.beds"
OWNER = "care.facilities.general.ownership"
SHARE = "clinical.isolated_share"

POINTS: list[dict[str, Any]] = [{ICU: 2, SHARE: 0.1}, {ICU: 4, SHARE: 1 / 3}, {ICU: 6, SHARE: 1.0}]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "run_once", made_up_simulation)


def at(points: Any, **given: Any) -> Sweep:
    return sweep(small_scenario(), points=points, replications=2, workers=1, **given)


def refusals(points: Any, **given: Any) -> list[tuple[str, str]]:
    with pytest.raises(ScenarioError) as caught:
        at(points, **given)
    return [(problem.path, problem.message) for problem in caught.value.problems]


@pytest.mark.parametrize(
    "points",
    [
        pd.DataFrame(POINTS),
        pd.DataFrame(POINTS, index=[9, 9, 9]).astype({ICU: float}),  # as NumPy and SALib give them
        [{path: np.float64(value) for path, value in point.items()} for point in POINTS],
        tuple(POINTS),
    ],
)
def test_a_table_and_mappings_are_the_same_points(points: Any, tmp_path: Path) -> None:
    found = at(points, out=tmp_path / "own")
    vary = {ICU: [2, 4, 6]}
    assert found.paths == (ICU, SHARE)
    assert found.manifest["sweep"]["design"] == "points"
    assert [
        json.loads(line) for line in (tmp_path / "own" / "points.jsonl").read_text().splitlines()
    ] == POINTS
    designed = sweep(small_scenario(), vary, replications=2, workers=1)
    pd.testing.assert_frame_equal(found.runs, designed.runs)


def test_words_lists_mappings_and_null_are_values(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    met: list[Scenario] = []

    def noted(scenario: Scenario, seed: int, replication: int, shared: object = None) -> Any:
        met.append(scenario)
        return made_up_simulation(scenario, seed, replication)

    monkeypatch.setattr(simulation, "run_once", noted)
    points = [
        {
            OWNER: "private",
            BEDS: {"icu": 5, "oxygen": np.int64(7)},
            "command.thresholds.icu.beds": ["oxygen"],
        },
        {OWNER: "public", BEDS: {"icu": {"scale": 2}}, "command.thresholds.icu.beds": None},
    ]
    found = at(points, out=tmp_path / "own")
    first, second = met[0], met[2]
    beds = [scenario.care.facilities["general"].beds for scenario in (first, second)]
    assert [(each.icu, each.oxygen) for each in beds] == [(5, 7), (4, 10)]
    assert first.care.facilities["general"].ownership == "private"
    assert list(first.command.thresholds["icu"].beds or ()) == ["oxygen"]
    assert list(found.design[OWNER]) == ["private", "public"]
    assert list(found.design[BEDS]) == ['{"icu": 5, "oxygen": 7}', '{"icu": {"scale": 2}}']


def test_values_of_points_are_not_drawn_also_inside_mappings(tmp_path: Path) -> None:
    uncertainty = {ICU: {"uniform": [1, 9]}, SHARE: {"uniform": [0, 1]}}
    scenario = from_plain(deep_merge(small_scenario().to_plain(), {"study": {"uncertainty": uncertainty}}))
    for points, drawn in (([{BEDS: {"icu": 3}}], SHARE), ([{SHARE: 0.5}], ICU)):
        found = sweep(scenario, points=points, replications=1, workers=1)
        assert [name for name in found.runs.columns if name.startswith("drawn:")] == [f"drawn:{drawn}"]


@pytest.mark.parametrize(
    ("points", "refused"),
    [
        ([], [("points", "got no points, expected 1 to 1000000")]),
        (pd.DataFrame({ICU: []}), [("points", "got no points, expected 1 to 1000000")]),
        ([{}], [("points", "got points without values, expected at least one path")]),
        ({ICU: 3}, [("points", "got one mapping, expected a list of mappings, one per point")]),
        (7, [("points", "got a value of type int as point 0, expected a DataFrame or a list of mappings")]),
        (
            pd.DataFrame([[1, 2]], columns=[ICU, ICU]),
            [(ICU, "got two columns of this name, expected one")],
        ),
        (
            [{"care.facilities.generel.beds.icu": 3, "clinical.isolated_shar": 0.1, 0: 1, "study.seed": 1}],
            [
                ("care.facilities.generel.beds.icu", "unknown name 'generel', did you mean 'general'?"),
                ("clinical.isolated_shar", "unknown key 'isolated_shar', did you mean 'isolated_share'?"),
                ("points", "got 0 as a path, expected a text such as epidemic.variant.r0"),
                ("study.seed", "cannot be varied, expected a path in a section other than study"),
            ],
        ),
        (
            [{ICU: 3}, {SHARE: 0.1}, {ICU: 3}, {ICU: 1, SHARE: 0.1}],
            [
                ("points", f"point 1 lacks {ICU}; has {SHARE}, which point 0 lacks: expected the same paths"),
                ("points", f"point 3 has {SHARE}, which point 0 lacks: expected the same paths"),
            ],
        ),
        (
            pd.DataFrame({ICU: [1, np.nan], SHARE: [pd.NA, 0.5]}),
            [
                (SHARE, "got nan, expected a value, or None for null; in point 0"),
                (ICU, "got nan, expected a value, or None for null; in point 1"),
            ],
        ),
        ([{BEDS: {"icu": np.inf}}], [(BEDS, "got inf, expected a value, or None for null; in point 0")]),
        (
            [{BEDS: {"icu": 3}, ICU: 4}],
            [(ICU, f"got values here and for {BEDS}, expected only one of the two")],
        ),
        ([{ICU: {3}}], [(ICU, "got a value of type set, expected a number, text, list or mapping")]),
        ([{ICU: 2.5}, {ICU: -1}], [(ICU, "got 2.5, expected a whole number"), (ICU, "got -1, expected a ")]),
    ],
)  # fmt: skip
def test_bad_points_are_refused_each_in_its_words(points: Any, refused: list[tuple[str, str]]) -> None:
    found = refusals(points)
    assert [path for path, _ in found] == [path for path, _ in refused]
    assert [message[: len(start)] for (_, message), (_, start) in zip(found, refused, strict=True)] == [
        start for _, start in refused
    ]


def test_many_bad_points_are_counted() -> None:
    found = refusals([{ICU: 1}, *({ICU: float("nan")},) * 20])
    assert len(found) == 6
    assert found[-1] == ("", "15 more values are refused")
    found = refusals([{ICU: 1}, *({SHARE: 1},) * 20])
    assert found[-1] == ("", "15 more points have other paths")


def test_points_and_another_design_are_refused() -> None:
    others = {"vary": {ICU: "1,2"}, "design": "lhs", "samples": 4}
    assert refusals(POINTS, **others) == [
        ("points", f"got points and {name}, expected only one of the two")
        for name in ("vary", "samples", "design")
    ]
    with pytest.raises(ScenarioError, match="got nothing to vary"):
        sweep(small_scenario())


def test_a_path_in_an_alternative_that_is_not_run_says_so() -> None:
    path = f"alternatives.more-icu.{ICU}"
    assert refusals([{path: 3}]) == [
        (path, "varies alternative 'more-icu', which is not run: expected --alternative more-icu as well")
    ]


def stops_after(runs: int) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        if done == runs:
            raise KeyboardInterrupt

    return progress


def test_an_interrupted_sweep_of_points_resumes_only_with_the_same_points(tmp_path: Path) -> None:
    def go(name: str, points: Any = POINTS, **changes: Any) -> Sweep:
        given = {"replications": 2, "workers": 1, "series": ["icu_need"], "out": tmp_path / name, **changes}
        return sweep(small_scenario(), points=points, **given)

    whole = go("whole")
    with pytest.raises(KeyboardInterrupt):
        go("out", workers=Backend(1, progress=stops_after(3)))
    with pytest.raises(ResultsError, match="started: values of the points of the design"):
        go("out", [*POINTS[:2], {ICU: 6, SHARE: 0.9999999999999}], resume=True)
    with pytest.raises(ResultsError, match="started: series was icu_need, is deaths"):
        go("out", series=["deaths"], resume=True)
    found = go("out", resume=True)
    assert hashes(found.folder) == hashes(whole.folder)
    assert go("out", resume=True).manifest == found.manifest


def test_points_are_reproduced(tmp_path: Path) -> None:
    at(POINTS, out=tmp_path / "own", series=["icu_need"], facility_series=["state"])
    again = reproduce(tmp_path / "own", workers=1)
    assert again.differences == ()
    assert {"points.jsonl", "series.parquet", "facility_series.parquet"} <= set(again.compared)


@pytest.mark.parametrize(
    ("levels", "design", "values", "text"),
    [
        (np.array([2.0, 4.0]), "grid", [2, 4], "2,4"),
        (np.arange(2, 5), "grid", [2, 3, 4], "2,3,4"),
        ([np.int64(2), 5], "grid", [2, 5], "2,5"),
        ((2, 5), "grid", [2, 5], "2,5"),
        ((2, np.int64(9)), "lhs", None, "2:9"),
        ([2, 9], "lhs", [2, 9], "2,9"),
    ],
)
def test_arrays_and_ranges_vary_a_path(levels: Any, design: str, values: list[int] | None, text: str) -> None:
    samples = None if design == "grid" else 8
    found = sweep(small_scenario(), {ICU: levels}, design=design, samples=samples, replications=1, workers=1)
    assert found.manifest["sweep"]["vary"] == {ICU: text}
    got = sorted(found.design[ICU].unique())
    assert got == (values or [3, 4, 5, 6, 7, 8])


@pytest.mark.parametrize(
    ("levels", "design", "message"),
    [
        ((1, 2, 3), "lhs", "got (1, 2, 3), expected (low, high), or a list to draw from, for design lhs"),
        (("a", "b"), "sobol", "got ('a', 'b'), expected (low, high), or a list to draw from, for design"),
        ((5, 2), "lhs", "got a range from 5 to 2, expected low below high"),
        (np.array([[1, 2], [3, 4]]), "grid", "got a list, expected numbers, text, true, false or null"),
        (4, "grid", "got 4, expected a list of values or a text such as '4:6:3'"),
        (np.array(4), "grid", "got 4, expected a list of values or a text such as '4:6:3'"),
        (np.array([]), "grid", "got no values, expected at least one"),
    ],
)
def test_what_is_no_range_is_refused(levels: Any, design: str, message: str) -> None:
    samples = None if design == "grid" else 8
    with pytest.raises(ScenarioError) as caught:
        sweep(small_scenario(), {ICU: levels}, design=design, samples=samples, workers=1)
    assert [problem.path for problem in caught.value.problems] == [ICU]
    assert caught.value.problems[0].message.startswith(message)
