"""Build overlays that change single values of a valid scenario, for a draw or a sweep point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surgesim.scenario.loading.overlays import lay
from surgesim.scenario.messages import shape


def is_whole(path: str, plain: Mapping[str, Any]) -> bool:
    """Return True if the schema requires a whole number at a dotted path."""
    found = shape.at(tuple(path.split(".")), plain)
    return found is not None and found.number is not None and found.number.whole


def fitting(path: str, value: float, plain: Mapping[str, Any]) -> float:
    """Return `value`, rounded if the schema requires a whole number at the dotted path."""
    return round(value) if is_whole(path, plain) else value


def nested(path: str, value: Any) -> dict[str, Any]:
    """Return an overlay with one value at a dotted path."""
    for key in reversed(path.split(".")):
        value = {key: value}
    return dict(value)


def together(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return one overlay with all values, given by dotted path."""
    overlay: dict[str, Any] = {}
    for path, value in values.items():
        overlay = lay(overlay, nested(path, value), keep_none=True)
    return overlay


def certain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the overlay of `together` that also removes all uncertainty: one draw, or one sweep point."""
    return lay(together(values), {"study": {"uncertainty": None}}, keep_none=True)
