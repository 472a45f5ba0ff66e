"""Single values of a valid scenario changed: by a draw, by a point of a sweep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surgesim.scenario.loading.overlays import lay
from surgesim.scenario.messages import shape
from surgesim.scenario.schema.scenario import Scenario


def is_whole(path: str, plain: Mapping[str, Any]) -> bool:
    """Whether the schema wants a whole number at a dotted path."""
    found = shape.at(tuple(path.split(".")), plain)
    return found is not None and found.expected.startswith("a whole number")


def fitting(path: str, value: float, plain: Mapping[str, Any]) -> float:
    """`value` as the schema wants it at a dotted path: rounded where that is a whole number."""
    return round(value) if is_whole(path, plain) else value


def nested(path: str, value: Any) -> dict[str, Any]:
    """An overlay with one value at a dotted path."""
    for key in reversed(path.split(".")):
        value = {key: value}
    return dict(value)


def with_values(scenario: Scenario, values: Mapping[str, Any]) -> Scenario:
    """A copy with other values at dotted paths, such as ``epidemic.variant.r0``.

    Raises
    ------
    ScenarioError
        As `Scenario.overlaid`: a file with these values, all together, would be refused.
    """
    return scenario.overlaid(together(values))


def with_certain(scenario: Scenario, values: Mapping[str, Any]) -> Scenario:
    """As `with_values`, and nothing is uncertain in the copy: one draw, or one point, of the scenario."""
    return scenario.overlaid(lay(together(values), {"study": {"uncertainty": None}}, keep_none=True))


def together(values: Mapping[str, Any]) -> dict[str, Any]:
    """One overlay with all of the values at dotted paths."""
    overlay: dict[str, Any] = {}
    for path, value in values.items():
        overlay = lay(overlay, nested(path, value), keep_none=True)
    return overlay
