"""Designs of sweeps: grids, Latin hypercubes, Saltelli's design; everything wrong with what varies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from study_cases import small_scenario

from surgesim.errors import ScenarioError
from surgesim.scenario.door import from_plain
from surgesim.scenario.schema.merging import deep_merge
from surgesim.study.sweep.design import Factor, at_point, factors, points, without_factors

ICU = "care.facilities.general.beds.icu"
SHARE = "clinical.isolated_share"
WORDS = "care.facilities.general.ownership"


def design(
    vary: dict[str, Any], name: str, samples: int | None = None, seed: int = 1
) -> list[dict[str, Any]]:
    return points(factors([small_scenario()], vary, name), name, samples, seed)


def test_a_grid_has_every_combination_the_last_moving_fastest() -> None:
    assert design({ICU: "1:9:3", SHARE: "0,0.5", WORDS: "public,private"}, "grid") == [
        {ICU: icu, SHARE: share, WORDS: word}
        for icu in (1, 5, 9)
        for share in (0, 0.5)
        for word in ("public", "private")
    ]


def test_levels_of_whole_numbers_are_whole_and_not_twice() -> None:
    assert [point[ICU] for point in design({ICU: "1:3:5"}, "grid")] == [1, 2, 3]
    assert [point[ICU] for point in design({ICU: [7, 2]}, "grid")] == [7, 2]


def test_a_latin_hypercube_has_one_point_in_each_slice_of_each_path() -> None:
    found = design({ICU: "1:9", SHARE: "0.2:0.6"}, "lhs", 50)
    slices = sorted(int((point[SHARE] - 0.2) / 0.4 * 50) for point in found)
    assert slices == list(range(50))
    assert {type(point[ICU]) for point in found} == {int}
    assert design({ICU: "1:9", SHARE: "0.2:0.6"}, "lhs", 50) == found
    assert design({ICU: "1:9", SHARE: "0.2:0.6"}, "lhs", 50, seed=2) != found


def test_saltellis_design_is_a_then_b_then_a_with_one_path_from_b() -> None:
    found = design({SHARE: "0:1", ICU: "0:9000"}, "sobol", 8)
    table = np.array([list(point.values()) for point in found])
    a, b, first, second = table.reshape(4, 8, 2)
    assert (first == np.column_stack([b[:, 0], a[:, 1]])).all()
    assert (second == np.column_stack([a[:, 0], b[:, 1]])).all()
    for column in (a[:, 0], b[:, 0], a[:, 1] / 9000, b[:, 1] / 9000):
        assert sorted((column * 8).astype(int)) == list(range(8))  # one in each eighth


def test_a_path_alone_takes_its_distribution_and_is_not_drawn_too() -> None:
    scenario = from_plain(
        deep_merge(
            small_scenario().to_plain(),
            {"study": {"uncertainty": {SHARE: {"triangular": [0, 0.2, 1]}, ICU: {"choice": [3, 4]}}}},
        )
    )
    found = factors([scenario], {SHARE: ""}, "lhs")
    values = [point[SHARE] for point in points(found, "lhs", 200, 1)]
    assert np.median(values) == pytest.approx(1 - np.sqrt(0.5 * 0.8), abs=0.01)
    assert list(without_factors(scenario, found).study.uncertainty) == [ICU]


def test_values_have_ten_digits_as_in_the_file() -> None:
    (factor,) = factors([small_scenario()], {SHARE: "0:1"}, "lhs")
    assert factor.at(1 / 3) == 0.3333333333


def test_words_and_numbers_take_their_place() -> None:
    scenario = at_point(small_scenario(), {ICU: 5, WORDS: "private"})
    assert scenario.care.facilities["general"].ownership == "private"
    assert scenario.care.facilities["general"].beds.icu == 5
    overlaid = at_point(small_scenario(), {f"alternatives.more-icu.{ICU}": 8}).alternative("more-icu")
    assert overlaid.care.facilities["general"].beds.icu == 8


@pytest.mark.parametrize(
    ("path", "levels", "name", "message"),
    [
        ("care.facilities.general.beds.icuu", "1:2:2", "grid", "unknown key 'icuu', did you mean 'icu'?"),
        ("care.facilities.generel.beds.icu", "1:2:2", "grid", "unknown name 'generel', did you mean"),
        (SHARE, "0.6:0.2:3", "grid", "got a range from 0.6 to 0.2, expected low below high"),
        (SHARE, "0.6:0.2", "lhs", "got a range from 0.6 to 0.2, expected low below high"),
        (SHARE, "0:1", "grid", "got '0:1', expected low:high:levels for design grid"),
        (SHARE, "0:1:3", "lhs", "got '0:1:3', expected low:high for design lhs"),
        (SHARE, "0:x", "sobol", "got '0:x', expected low:high or a,b,c"),
        (SHARE, "0:inf", "lhs", "got '0:inf', expected low:high"),
        (SHARE, "0:1:1", "grid", "got 1 levels, expected a whole number from 2 to 1000000"),
        (SHARE, "0:2:3", "grid", "cannot be 2.0: got 2.0, expected a number from 0 to 1"),
        (SHARE, "0,a", "grid", "cannot be a: got 'a', expected a number from 0 to 1"),
        (SHARE, "", "lhs", "got no values, and study.uncertainty has none"),
        (SHARE, [], "grid", "got no values, expected at least one"),
        ("study.seed", "1,2", "grid", "cannot be varied, expected a path in a section other than study"),
        ("alternatives.none.care", "1,2", "grid", "unknown name 'none'"),
    ],
)  # fmt: skip
def test_bad_factors_are_refused(path: str, levels: Any, name: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        factors([small_scenario()], {path: levels, ICU: "1,2"}, name)
    assert [problem.path for problem in caught.value.problems] == [path]
    assert caught.value.problems[0].message.startswith(message)


def test_all_bad_factors_are_told_at_once() -> None:
    with pytest.raises(ScenarioError) as caught:
        factors([small_scenario()], {"care.bedz": "1,2", SHARE: "1:0:3", ICU: "-1,2"}, "grid")
    assert [problem.path for problem in caught.value.problems] == ["care.bedz", SHARE, ICU]
    with pytest.raises(ScenarioError, match="got nothing to vary"):
        factors([small_scenario()], {}, "grid")


@pytest.mark.parametrize(
    ("name", "samples", "message"),
    [
        ("lhs", None, "got no samples, expected at least 2 for design lhs"),
        ("grid", 5, "got 5 samples, expected none for a grid"),
        ("sobol", 100, "got 100 samples, expected a power of two for design sobol: 64 or 128"),
        ("halton", 4, "got design 'halton', expected one of grid, lhs, sobol"),
    ],
)
def test_bad_samples_are_refused(name: str, samples: int | None, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        points([Factor(SHARE, (0, 1))], name, samples, 1)
