"""The figure of districts: a map where the scenario has boundaries, otherwise tiles by neighbourhood."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from drawn import lay_out, outside, overlaps, texts
from figure_cases import surge_results, surge_scenario
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from shipped import FOLDER, shipped

from surgesim.model.epidemic.people import travel_hours
from surgesim.report.figures import draw
from surgesim.report.figures.drawing.tiles import tile_grid
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.results import Results

LAND = (
    "MULTIPOLYGON (((105 10, 105.4 10, 105.4 10.4, 105 10.4, 105 10), "
    "(105.1 10.1, 105.2 10.1, 105.2 10.2, 105.1 10.2, 105.1 10.1)))"
)
ISLES = (
    "MULTIPOLYGON (((104.5 10, 104.503 10, 104.503 10.003, 104.5 10)), "
    "((104.6 10.3, 104.601 10.3, 104.601 10.301, 104.6 10.3)))"
)


@pytest.fixture(scope="module")
def results() -> Results:
    return surge_results(surge_scenario(1, 1), replications=2)


@pytest.fixture(scope="module")
def mapped(results: Results) -> Results:
    shapes = dict(zip(results.scenario.people.districts, (LAND, ISLES), strict=True))
    plain = results.scenario.to_plain()
    plain["people"]["boundaries"] = {"shapes": shapes}
    return replace(results, scenario=Scenario.model_validate_json(json.dumps(plain)))


@pytest.mark.parametrize("width", [None, 3.5])
def test_the_map_has_every_polygon_with_its_holes(mapped: Results, width: float | None) -> None:
    figure = lay_out(draw(mapped, "districts", lang="vi", width=width))
    patches = [patch for patch in figure.axes[0].patches if isinstance(patch, PathPatch)]
    assert [list(patch.get_path().codes).count(Path.MOVETO) for patch in patches] == [2, 1, 1]
    outer, hole = patches[0].get_path().to_polygons()
    assert turns_left(outer)
    assert not turns_left(hole)  # so that it stays empty
    assert overlaps(figure) == []
    assert outside(figure) == []
    said = [text.get_text() for text in texts(figure)]
    for district in mapped.scenario.people.districts.values():
        assert district.title.get("vi") in said
    ratio = figure.axes[0].get_aspect()
    assert ratio == pytest.approx(1 / np.cos(np.radians(10.2)), rel=1e-3)


def turns_left(points: Any) -> bool:
    x, y = np.asarray(points).T
    return bool(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) > 0)


def test_colours_of_the_map_are_those_of_the_key(mapped: Results) -> None:
    places, key = draw(mapped, "districts").axes
    assert places.patches[0].get_facecolor() == key.patches[0].get_facecolor()
    assert places.patches[1].get_facecolor() == key.patches[1].get_facecolor()
    assert places.patches[0].get_facecolor() != places.patches[1].get_facecolor()


def test_districts_on_a_line_are_in_a_row_of_neighbours() -> None:
    at = np.array([0.0, 3, 1, 4, 2, 5])
    cells = np.array(tile_grid(np.abs(at[:, None] - at[None, :])))
    steps = [np.abs(cells[at == k] - cells[at == k + 1]).sum() for k in range(5)]
    assert max(steps) <= 2
    assert sorted(steps)[:4] == [1, 1, 1, 1]
    assert len({tuple(cell) for cell in cells}) == 6


@pytest.mark.slow
def test_neighbours_in_kien_giang_are_side_by_side() -> None:
    people = shipped(FOLDER / "kien-giang.yaml").people
    cells = dict(zip(people.districts, tile_grid(travel_hours(people)), strict=True))
    assert len(set(cells.values())) == len(people.districts)
    away = [
        max(abs(a - b) for a, b in zip(cells[one], cells[other], strict=True))
        for one, row in people.travel.items()
        for other, hours in row.items()
        if hours <= 0.7
    ]
    assert len(away) > 10
    assert np.mean(np.array(away) == 1) >= 0.8
    assert cells == dict(zip(people.districts, tile_grid(travel_hours(people)), strict=True))
