"""Build overlays that change single values of a valid scenario, for a draw or a sweep point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surgesim.scenario.loading.overlays import lay
from surgesim.scenario.messages import shape
from surgesim.scenario.schema.scenario import Scenario


def certain(scenario: Scenario) -> Scenario:
    """Return the scenario without uncertain parameters, so that nothing is drawn."""
    return scenario.model_copy(update={"study": scenario.study.certain})


def is_integer(path: str, plain: Mapping[str, Any]) -> bool:
    """Return True if the schema requires a whole number at a dotted path."""
    found = shape.at(tuple(path.split(".")), plain)
    return found is not None and found.number is not None and found.number.integer


def fit_value(path: str, value: float, plain: Mapping[str, Any]) -> float:
    """Return `value`, rounded if the schema requires a whole number at the dotted path."""
    return round(value) if is_integer(path, plain) else value


def overlay_at(path: str, value: Any) -> dict[str, Any]:
    """Return an overlay with one value at a dotted path."""
    for key in reversed(path.split(".")):
        value = {key: value}
    return dict(value)


def overlay_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return one overlay that sets each value at its dotted path."""
    overlay: dict[str, Any] = {}
    for path, value in values.items():
        overlay = lay(overlay, overlay_at(path, value), keep_none=True)
    return overlay
