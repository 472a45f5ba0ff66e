"""What is wrong with an alternative by its own overlay, apart from what the scenario below it has wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from surgesim.scenario.messages.finding import Finding, KeyPath
from surgesim.scenario.messages.wording import value_at


def judged(
    overlay: Mapping[str, Any], base: Mapping[str, Any], faults: Iterable[Finding]
) -> Mapping[str, Any]:
    """`overlay` without what it lays over a section that `base` should have and has not.

    What such a part lacks would be told of the overlay, though the scenario lacks it.
    """
    for fault in faults:
        path = fault.path
        below, over = value_at(base, path), value_at(overlay, path)
        if path and isinstance(over, Mapping) and not isinstance(below, Mapping):
            overlay = _without(overlay, path)
    return overlay


def _without(tree: Mapping[str, Any], path: KeyPath) -> dict[str, Any]:
    key, rest = str(path[0]), path[1:]
    if rest:
        return {**tree, key: _without(tree[key], rest)}
    return {name: value for name, value in tree.items() if name != key}


def own(found: Iterable[Finding], faults: Iterable[Finding], overlay: Mapping[str, Any]) -> list[Finding]:
    """Those of `found` in an alternative that its overlay makes: not `faults` of the base, nor their like.

    Of a part that is faulty in the base, only single values that the overlay gives itself are told.
    """
    known = set(faults)
    at = {fault.path for fault in known}
    return [
        finding
        for finding in found
        if finding not in known
        and (_gives(overlay, finding.path) or not any(_near(finding.path, p) for p in at))
    ]


def _near(path: KeyPath, other: KeyPath) -> bool:
    return _holds(path, other) or _holds(other, path)


def _gives(overlay: Mapping[str, Any], path: KeyPath) -> bool:
    value = value_at(overlay, path)
    return value is not None and not isinstance(value, Mapping)


def _holds(path: KeyPath, inner: KeyPath) -> bool:
    """Whether what stands at `path` holds what stands at `inner`; the whole scenario holds only itself."""
    return inner[: len(path)] == path if path else not inner
