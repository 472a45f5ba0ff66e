"""Single values of a valid scenario to change, by a draw or by a point of a sweep, as an overlay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surgesim.scenario.loading.overlays import lay
from surgesim.scenario.messages import shape


def is_whole(path: str, plain: Mapping[str, Any]) -> bool:
    """Whether the schema wants a whole number at a dotted path."""
    found = shape.at(tuple(path.split(".")), plain)
    return found is not None and found.number is not None and found.number.whole


def fitting(path: str, value: float, plain: Mapping[str, Any]) -> float:
    """`value` as the schema wants it at a dotted path: rounded where that is a whole number."""
    return round(value) if is_whole(path, plain) else value


def nested(path: str, value: Any) -> dict[str, Any]:
    """An overlay with one value at a dotted path."""
    for key in reversed(path.split(".")):
        value = {key: value}
    return dict(value)


def together(values: Mapping[str, Any]) -> dict[str, Any]:
    """One overlay with all of the values at dotted paths."""
    overlay: dict[str, Any] = {}
    for path, value in values.items():
        overlay = lay(overlay, nested(path, value), keep_none=True)
    return overlay


def certain(values: Mapping[str, Any]) -> dict[str, Any]:
    """As `together`, and nothing is uncertain any more: one draw, or one point, of a scenario."""
    return lay(together(values), {"study": {"uncertainty": None}}, keep_none=True)
