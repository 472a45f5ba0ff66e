"""Simplify the boundaries of districts so that common borders stay common.

Lines between points where three or more borders meet are simplified once for both sides (Douglas and Peucker
1973), as in TopoJSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from surgesim.scenario.schema.boundaries import Point, Polygon, Ring

MOST_POINTS = 3_000
"""Number of points of all boundaries at most, unless the tolerance is too large already."""
_FINEST = 1 / 2_000
_COARSEST = 1 / 50
"""Tolerances, as shares of the map's extent: finer than a printed line, and as coarse as a tile."""
_DECIMALS = 4

Shapes = Mapping[str, Sequence[Polygon]]


def simplified(shapes: Shapes) -> dict[str, list[Polygon]]:
    """Return the shapes with at most about `MOST_POINTS` points; every district keeps an area."""
    shapes = {
        name: [[rounded(ring) for ring in polygon] for polygon in shape] for name, shape in shapes.items()
    }
    corners = np.array([point for ring in _rings(shapes) for point in ring])
    extent = float(np.ptp(corners, axis=0).max())
    meeting = _meeting_points(shapes)
    tolerance = extent * _FINEST
    while True:
        simple = {name: _shape(shape, meeting, tolerance) for name, shape in shapes.items()}
        if sum(map(len, _rings(simple))) <= MOST_POINTS or tolerance >= extent * _COARSEST:
            return simple
        tolerance *= 1.5


def _rings(shapes: Shapes) -> list[Ring]:
    return [ring for shape in shapes.values() for polygon in shape for ring in polygon]


def rounded(ring: Ring) -> Ring:
    """Return a ring with the decimals that are kept of its corners."""
    return [(round(x, _DECIMALS), round(y, _DECIMALS)) for x, y in ring]


def _meeting_points(shapes: Shapes) -> set[Point]:
    """Return the points with more than two neighbours along all rings."""
    beside: dict[Point, set[Point]] = {}
    for ring in _rings(shapes):
        for i, point in enumerate(ring):
            beside.setdefault(point, set()).update({ring[i - 1], ring[(i + 1) % len(ring)]} - {point})
    return {point for point, near in beside.items() if len(near) > 2}


def _shape(shape: Sequence[Polygon], meeting: set[Point], tolerance: float) -> list[Polygon]:
    """Simplify the polygons of a district; those too small to see are left out, but never the largest."""
    kept: list[Polygon] = []
    for polygon in shape:
        outer, *holes = (_ring(ring, meeting, tolerance) for ring in polygon)
        if len(outer) >= 3:
            kept.append([outer, *(hole for hole in holes if len(hole) >= 3)])
    return kept or [max(shape, key=lambda polygon: abs(area(polygon[0])))[:1]]


def area(ring: Ring) -> float:
    """Return the area of a ring in square degrees, positive if its corners are anticlockwise."""
    x, y = np.array(ring).T
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2


def _ring(ring: Ring, meeting: set[Point], tolerance: float) -> Ring:
    cuts = [i for i, point in enumerate(ring) if point in meeting]
    if not cuts:
        cuts = [ring.index(min(ring))]
    if len(cuts) == 1:
        far = np.hypot(*(np.array(ring) - ring[cuts[0]]).T)
        cuts = sorted({cuts[0], int(far.argmax())})
    line = [*ring[cuts[0] :], *ring[: cuts[0] + 1]]
    at = [cut - cuts[0] for cut in cuts] + [len(ring)]
    points: list[Point] = []
    for begin, end in pairwise(at):
        points += _line(line[begin : end + 1], tolerance)[:-1]
    return points if len(set(points)) >= 3 else []


def _line(line: Sequence[Point], tolerance: float) -> list[Point]:
    """Simplify a line between its ends; the result is the same in both directions."""
    turned = line[0] > line[-1]
    points = np.array(line[::-1] if turned else line)
    keep = np.zeros(len(points), dtype=bool)
    keep[[0, -1]] = True
    parts = [(0, len(points) - 1)]
    while parts:
        begin, end = parts.pop()
        if end - begin < 2:
            continue
        away = _distance(points[begin + 1 : end], points[begin], points[end])
        if away.max() > tolerance:
            middle = begin + 1 + int(away.argmax())
            keep[middle] = True
            parts += [(begin, middle), (middle, end)]
    left = [(float(x), float(y)) for x, y in points[keep]]
    return left[::-1] if turned else left


def _distance(
    points: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the distance of each point from the line between `a` and `b`."""
    along = b - a
    length = float(np.hypot(*along))
    if length == 0:
        away: NDArray[np.float64] = np.hypot(*(points - a).T)
        return away
    across: NDArray[np.float64] = np.abs(along[0] * (points - a)[:, 1] - along[1] * (points - a)[:, 0])
    return across / length
