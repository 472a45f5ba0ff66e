"""The boundaries of districts, for maps: read from a GeoJSON file and kept as WKT."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from surgesim.scenario.schema.base import FrozenMapping, IncompleteError, Off, Section
from surgesim.scenario.schema.names import DistrictName

Point = tuple[float, float]
"""Longitude and latitude in degrees."""

Ring = Sequence[Point]
"""The corners of a closed line; the first is not repeated at the end."""

Polygon = Sequence[Ring]
"""An outer ring, then the rings of its holes."""

_NUMBER = r"-?\d+(?:\.\d+)?"
_RING = rf"\({_NUMBER} {_NUMBER}(?:, {_NUMBER} {_NUMBER}){{3,}}\)"
_POLYGON = rf"\({_RING}(?:, {_RING})*\)"
_WKT = re.compile(rf"MULTIPOLYGON \({_POLYGON}(?:, {_POLYGON})*\)")


def polygons(wkt: str) -> list[Polygon]:
    """Return the polygons of a WKT text that `Wkt` allows."""
    return [
        [
            [(float(x), float(y)) for x, y in re.findall(rf"({_NUMBER}) ({_NUMBER})", ring)][:-1]
            for ring in re.findall(_RING, polygon)
        ]
        for polygon in re.findall(_POLYGON, wkt)
    ]


def wkt_of(shape: Sequence[Polygon]) -> str:
    """Return polygons as WKT, with four decimals (11 m)."""
    return f"MULTIPOLYGON ({', '.join(_group(_line(ring) for ring in polygon) for polygon in shape)})"


def _group(parts: Iterable[str]) -> str:
    return f"({', '.join(parts)})"


def _line(ring: Ring) -> str:
    return _group(f"{x:.4f} {y:.4f}" for x, y in [*ring, ring[0]])


def place_fault(x: float, y: float) -> str | None:
    """Return the error in a longitude and latitude; None if they are possible."""
    if abs(x) <= 90 < abs(y) <= 180:
        return f"got {x:g} {y:g}, expected longitude (-180 to 180) before latitude (-90 to 90)"
    if abs(x) <= 180 and abs(y) <= 90:  # False for NaN
        return None
    return f"got {x:g} {y:g}, expected longitude (-180 to 180) and latitude (-90 to 90) in degrees"


def _is_wkt(text: str) -> str:
    if not _WKT.fullmatch(text):
        raise ValueError(f"got {text[:40]!r}, expected a WKT text such as MULTIPOLYGON (((105.1 9.9, …)))")
    for polygon in polygons(text):
        for ring in polygon:
            for x, y in ring:
                fault = place_fault(x, y)
                if fault is not None:
                    raise ValueError(fault)
    return text


Wkt = Annotated[str, AfterValidator(_is_wkt)]
"""A multipolygon in longitude and latitude, as WKT."""


class Boundaries(Section):
    """The boundaries of the districts, for the map in the figure of districts; they change no result.

    `file` (GeoJSON, relative to the scenario file) is read when the scenario is loaded, simplified, and
    replaced by `shapes`.
    """

    file: Off[str] = None
    shapes: FrozenMapping[DistrictName, Wkt] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.shapes:
            raise IncompleteError("got no shapes, expected a file or shapes of the districts")
        return self
