"""Boundaries of districts: a GeoJSON file is checked, simplified and embedded in the scenario."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from loading_cases import SMALL, refused, replaced, written

from surgesim.scenario.door import dump, load
from surgesim.scenario.loading import boundaries_file
from surgesim.scenario.loading.simplified import area, simplified
from surgesim.scenario.schema.boundaries import polygons

MAPPED = replaced("  contacts: vietnam-2021\n", "  contacts: vietnam-2021\n  boundaries: {file: a.geojson}\n")

SQUARE = [[105.0, 10.0], [105.4, 10.0], [105.4, 10.4], [105.0, 10.4], [105.0, 10.0]]
HOLE = [[105.1, 10.1], [105.1, 10.2], [105.2, 10.2], [105.2, 10.1], [105.1, 10.1]]
ISLE = [[104.5, 10.0], [104.6, 10.0], [104.6, 10.1], [104.5, 10.0]]
ISLET = [[104.3, 10.0], [104.4, 10.0], [104.4, 10.1], [104.3, 10.0]]


def feature(name: Any, coordinates: Any, kind: str = "Polygon", key: str = "district") -> dict[str, Any]:
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "properties": {key: name}, "geometry": geometry}


TOWN = feature("Town", [SQUARE, HOLE], key="name")
ISLES = feature("isle", [[ISLE], [ISLET]], "MultiPolygon")


def geojson(folder: Path, *features: Any) -> None:
    written(folder, json.dumps({"type": "FeatureCollection", "features": features}), "a.geojson")


def test_polygons_with_holes_and_several_polygons_are_embedded(tmp_path: Path) -> None:
    geojson(tmp_path, TOWN, ISLES)
    scenario = load(written(tmp_path, MAPPED))
    (tmp_path / "a.geojson").unlink()
    boundaries = scenario.people.boundaries
    assert boundaries is not None
    assert boundaries.file is None
    town, isle = (polygons(boundaries.shapes[name]) for name in ("town", "isle"))
    assert [[len(ring) for ring in polygon] for polygon in town] == [[4, 4]]
    assert {tuple(point) for point in SQUARE} == set(town[0][0])
    assert [[len(ring) for ring in polygon] for polygon in isle] == [[3], [3]]
    again = load(written(tmp_path, dump(scenario), "again.yaml"))  # no file is needed
    assert again == scenario
    plain = load(written(tmp_path, SMALL, "plain.yaml"))
    assert plain.people.boundaries is None
    assert "boundaries" not in dump(plain)


def test_an_alternative_keeps_the_boundaries(tmp_path: Path) -> None:
    geojson(tmp_path, TOWN, ISLES)
    changed = MAPPED + "alternatives:\n  apart: {people: {outside_share: 0.01}}\n"
    scenario = load(written(tmp_path, changed))
    assert scenario.alternative("apart").people.boundaries == scenario.people.boundaries


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ((feature("town", SQUARE, "LineString"), ISLES), "feature 1 (town): got the geometry 'LineString', "),
        ((feature("town", None), ISLES), "feature 1 (town): got a polygon without rings"),
        ((feature("town", []), ISLES), "feature 1 (town): got a polygon without rings"),
        ((feature("town", [SQUARE[:3]]), ISLES), "feature 1 (town): got a ring of 3 points, expected 4"),
        ((feature("town", [SQUARE[:4]]), ISLES), "feature 1 (town): got a ring that is not closed"),
        (
            (feature("town", [[[y, x] for x, y in SQUARE]]), ISLES),
            "feature 1 (town): got 10 105, expected longitude (-180 to 180) before latitude (-90 to 90)",
        ),
        (
            (TOWN, feature("isle", [[[5e5, 1.1e6], *ISLE]])),
            "feature 2 (isle): got 500000 1.1e+06, expected longitude (-180 to 180) and latitude",
        ),
        (
            (TOWN, feature("isle", [[[float("nan"), 10.0], *ISLE]])),
            "feature 2 (isle): got nan 10, expected longitude",
        ),
        (
            (TOWN, feature("isle", [[["a", 10.0], *ISLE]])),
            """feature 2 (isle): got '["a", 10.0]', expected longitude and latitude""",
        ),
        (
            (feature("town", [[SQUARE[k] for k in (0, 1, 3, 2, 0)]]), ISLES),
            "feature 1 (town): got a ring that crosses itself near 105.2000 10.2000, expected a simple one",
        ),
        ((feature("town", [[SQUARE[0]] * 4]), ISLES), "got a ring with fewer than 3 different points"),
        ((feature("town", [[*SQUARE[:2], [105.2, 10.0], SQUARE[0]]]), ISLES), "got a shape without an area"),
        ((TOWN,), "got no feature for the districts isle, expected one for each: "),
        ((TOWN, feature("isle", [[[10**400, 10], *SQUARE[1:]]])), "got inf 10, expected longitude"),
        ((TOWN, ISLES, feature("isel", [ISLE])), "feature 3 (isel): got an unknown district, did you mean"),
        ((TOWN, ISLES, feature("isle", [ISLE])), "feature 3 (isle): got the district a second time"),
        ((TOWN, ISLES, feature(7, [ISLE])), "feature 3: got no district, expected one of the properties"),
        ((), "got 'FeatureCollection', expected a GeoJSON FeatureCollection with features: "),
    ],
)
def test_what_is_no_map_is_refused(tmp_path: Path, features: tuple[Any, ...], message: str) -> None:
    geojson(tmp_path, *features)
    (problem,) = refused(tmp_path, MAPPED)
    assert problem.path == "people.boundaries.file"
    assert message in problem.message
    assert "a.geojson" in str(problem)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "got text that is not JSON"),
        ("[]", "got 'list', expected a GeoJSON FeatureCollection"),
        ("1" * 5_000, "got 'float', expected a GeoJSON FeatureCollection"),
        ("x" * (boundaries_file.MAX_BYTES + 1), "got a file of 5.0 MB, expected at most 5 MB: "),
    ],
)
def test_what_is_no_geojson_is_refused(tmp_path: Path, text: str, message: str) -> None:
    written(tmp_path, text, "a.geojson")
    (problem,) = refused(tmp_path, MAPPED)
    assert message in problem.message


def test_too_many_points_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    geojson(tmp_path, TOWN, ISLES)
    monkeypatch.setattr(boundaries_file, "MAX_POINTS", 13)  # corners of all rings: 4 + 4 + 3 + 3
    (problem,) = refused(tmp_path, MAPPED)
    assert "got 14 points, expected at most 13 (simplify the boundaries): " in problem.message


def test_shapes_in_the_scenario_are_checked(tmp_path: Path) -> None:
    def problem(shapes: str) -> str:
        text = MAPPED.replace("{file: a.geojson}", f"{{shapes: {shapes}}}")
        return "; ".join(str(one) for one in refused(tmp_path, text))

    town = "MULTIPOLYGON (((105.0 10.0, 105.4 10.0, 105.4 10.4, 105.0 10.0)))"
    assert "boundaries and districts that differ in isle, expected the same" in problem(f'{{town: "{town}"}}')
    swapped = town.replace("105.0 10.0", "10.0 105.0")
    both = f'{{town: "{town}", isle: "{swapped}"}}'
    assert "got 10 105, expected longitude (-180 to 180) before latitude" in problem(both)
    assert "expected a WKT text such as MULTIPOLYGON" in problem('{town: "POINT (1 2)"}')
    assert "got no shapes, expected a file or shapes" in problem("{}")


def test_common_borders_are_simplified_alike_and_no_district_is_lost() -> None:
    random = np.random.default_rng(1)
    y = np.linspace(10, 11, 4_000)
    border = [(105.5 + shift, float(at)) for shift, at in zip(random.normal(0, 0.002, 4_000), y, strict=True)]
    left = [(105.0, 11.0), (105.0, 10.0), *border]
    right = [(106.0, 10.0), (106.0, 11.0), *border[::-1]]
    dot = [(107.0, 10.0), (107.0001, 10.0), (107.0001, 10.0001)]
    simple = simplified({"left": [[left]], "right": [[right]], "dot": [[dot]]})
    points = {name: set(shape[0][0]) for name, shape in simple.items()}
    assert sum(map(len, points.values())) <= 3_000
    assert points["left"] - {(105.0, 11.0), (105.0, 10.0)} == points["right"] - {(106.0, 10.0), (106.0, 11.0)}
    assert area(simple["left"][0][0]) == pytest.approx(0.5, abs=0.005)
    assert len(points["dot"]) == 3
