"""Turn a GeoJSON file of districts into the shapes of `people.boundaries`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.loading.simplified import area, rounded, simplified
from surgesim.scenario.loading.yaml_nodes import read_text
from surgesim.scenario.messages.finding import suggestion
from surgesim.scenario.messages.wording import display
from surgesim.scenario.schema.boundaries import Point, Polygon, Ring, place_fault, wkt_of

MAX_BYTES = 5_000_000
MAX_POINTS = 100_000
KEYS = ("district", "name", "id")
"""Properties of a feature that may name its district, in order of preference."""
_NO_AREA = 1e-9
"""Area below which there is none but for rounding, in square degrees: a fifth of the smallest triangle."""


class _FaultError(Exception):
    """An error in a feature."""


def read(path: Path, label: str, districts: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the simplified boundary of each district as WKT.

    Parameters
    ----------
    districts
        The names of the districts, each with its titles, by which features may also name it.

    Raises
    ------
    ScenarioError
        If there are problems; the error lists every one, with its feature.
    """
    problems: list[str] = []
    shapes: dict[str, list[Polygon]] = {}
    features = _features(path, label)
    titles = {title: name for name, of in districts.items() for title in of}
    points = 0
    for number, feature in enumerate(features, 1):
        key = _key(feature)
        what = f"feature {number}" if key is None else f"feature {number} ({key})"
        name = key if key in districts else titles.get(key or "")
        try:
            if key is None:
                raise _FaultError(f"got no district, expected one of the properties {', '.join(KEYS)}")
            if name is None:
                raise _FaultError(f"got an unknown district{suggestion(key, [*districts, *titles])}")
            if name in shapes:
                raise _FaultError("got the district a second time, expected one feature for each")
            shape = list(_polygons(feature))
            points += sum(len(ring) for polygon in shape for ring in polygon)
            if points <= MAX_POINTS:
                shapes[name] = [[_simple(ring) for ring in polygon] for polygon in shape]
                if all(abs(area(rounded(outer))) < _NO_AREA for outer, *_ in shapes[name]):
                    raise _FaultError("got a shape without an area, expected one larger than a point or line")
        except _FaultError as fault:
            problems.append(f"{what}: {fault}")
            shapes.setdefault(name or "", [])
    if points > MAX_POINTS:
        problems.append(f"got {points} points, expected at most {MAX_POINTS} (simplify the boundaries)")
    elif missing := [name for name in districts if name not in shapes]:
        problems.append(f"got no feature for the districts {', '.join(missing)}, expected one for each")
    if problems:
        raise ScenarioError([Problem("people.boundaries.file", problem, label) for problem in problems])
    return {name: wkt_of(shape) for name, shape in simplified(shapes).items()}


def _features(path: Path, label: str) -> list[Any]:
    try:
        tree = json.loads(read_text(path, label, MAX_BYTES), parse_int=float)  # however long
    except (json.JSONDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        problem = Problem("people.boundaries.file", f"got text that is not JSON ({error})", label, line)
        raise ScenarioError([problem]) from None
    features = tree.get("features") if isinstance(tree, dict) else None
    if not isinstance(features, list) or not features:
        kind = tree.get("type") if isinstance(tree, dict) else type(tree).__name__
        message = f"got {display(kind)}, expected a GeoJSON FeatureCollection with features"
        raise ScenarioError([Problem("people.boundaries.file", message, label)])
    return features


def _key(feature: Any) -> str | None:
    """Return the name by which a feature tells its district."""
    if not isinstance(feature, dict):
        return None
    properties = feature.get("properties")
    given = {"id": feature.get("id"), **(properties if isinstance(properties, dict) else {})}
    return next((value for key in KEYS if isinstance(value := given.get(key), str) and value), None)


def _polygons(feature: Any) -> Iterator[Polygon]:
    geometry = feature.get("geometry")
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        raise _FaultError(f"got the geometry {display(kind)}, expected a Polygon or MultiPolygon")
    parts = geometry.get("coordinates")
    parts = [parts] if kind == "Polygon" else parts
    if not isinstance(parts, list) or not parts:
        raise _FaultError("got no coordinates, expected polygons")
    for part in parts:
        if not isinstance(part, list) or not part:
            raise _FaultError("got a polygon without rings, expected an outer ring")
        yield [_ring(ring) for ring in part]


def _ring(ring: Any) -> Ring:
    """Return the corners of a ring, without the last, which repeats the first."""
    if not isinstance(ring, list) or len(ring) < 4:
        raise _FaultError(
            f"got a ring of {len(ring) if isinstance(ring, list) else 0} points, expected 4 or more"
        )
    points = [_point(place) for place in ring]
    if points[0] != points[-1]:
        raise _FaultError("got a ring that is not closed, expected its last point to be its first")
    return points[:-1]


def _point(place: Any) -> Point:
    numbers = place[:2] if isinstance(place, list) else []
    if len(numbers) < 2 or any(isinstance(n, bool) or not isinstance(n, (int, float)) for n in numbers):
        raise _FaultError(f"got {json.dumps(place)[:40]!r}, expected longitude and latitude")
    x, y = map(float, numbers)
    fault = place_fault(x, y)
    if fault is not None:
        raise _FaultError(fault)
    return x, y


def _simple(ring: Ring) -> Ring:
    """Return a ring that does not cross itself, without points that repeat the one before.

    Raises
    ------
    _FaultError
        If the ring crosses itself; the error says where.
    """
    points = np.array(ring)
    points = points[np.any(points != np.roll(points, 1, axis=0), axis=1)]
    if len(points) < 3:
        raise _FaultError("got a ring with fewer than 3 different points, expected an area")
    start, end = points, np.roll(points, -1, axis=0)
    order = np.argsort(np.minimum(start[:, 0], end[:, 0]), kind="stable")
    start, end = start[order], end[order]
    left, right = np.minimum(start[:, 0], end[:, 0]), np.maximum(start[:, 0], end[:, 0])
    until = np.searchsorted(left, right, side="right")
    for i in range(len(start)):
        others = slice(i + 1, int(until[i]))
        a, b, c, d = start[i], end[i], start[others], end[others]
        crossed = (_side(a, b, c) * _side(a, b, d) < 0) & (_side(c, d, a) * _side(c, d, b) < 0)
        if crossed.any():
            x, y = (a + b) / 2
            raise _FaultError(f"got a ring that crosses itself near {x:.4f} {y:.4f}, expected a simple one")
    return [(float(x), float(y)) for x, y in points]


def _side(a: Any, b: Any, c: Any) -> Any:
    """Return on which side of the line from `a` to `b` each point of `c` is: positive is left, 0 on it."""
    ab, ac = b - a, c - a
    return ab[..., 0] * ac[..., 1] - ab[..., 1] * ac[..., 0]
