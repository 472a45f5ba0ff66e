"""Separate errors in an alternative's own overlay from errors in the base scenario."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from surgesim.scenario.messages.finding import Finding, KeyPath, Kind
from surgesim.scenario.messages.wording import value_at


def without_base_gaps(
    overlay: Mapping[str, Any], base: Mapping[str, Any], faults: Iterable[Finding]
) -> Mapping[str, Any]:
    """Return `overlay` without values in sections that are missing from `base` although they are required.

    Otherwise, keys that are missing from the scenario would be reported as missing from the overlay.
    """
    for fault in faults:
        path = fault.path
        below, over = value_at(base, path), value_at(overlay, path)
        if path and isinstance(over, Mapping) and not isinstance(below, Mapping):
            overlay = _without(overlay, path)
    return overlay


def without_unknown_keys(base: Mapping[str, Any], faults: Iterable[Finding]) -> dict[str, Any]:
    """Return `base` without unknown keys, which would otherwise also be reported for each alternative."""
    unknown: dict[KeyPath, set[str | int]] = {}
    for fault in faults:
        if fault.kind is Kind.UNKNOWN_KEY:
            unknown.setdefault(fault.path[:-1], set()).add(fault.path[-1])
    tree = dict(base)
    for holder, keys in unknown.items():
        inner = value_at(tree, holder)
        if isinstance(inner, Mapping):
            tree = _with(tree, holder, {key: value for key, value in inner.items() if key not in keys})
    return tree


def _with(tree: Mapping[str, Any], path: KeyPath, value: dict[str, Any]) -> dict[str, Any]:
    if not path:
        return value
    key = str(path[0])
    return (
        {**tree, key: _with(tree[key], path[1:], value)} if isinstance(tree.get(key), Mapping) else dict(tree)
    )


def _without(tree: Mapping[str, Any], path: KeyPath) -> dict[str, Any]:
    key, rest = str(path[0]), path[1:]
    if rest:
        return {**tree, key: _without(tree[key], rest)}
    return {name: value for name, value in tree.items() if name != key}


def own_faults(
    found: Iterable[Finding], faults: Iterable[Finding], overlay: Mapping[str, Any]
) -> list[Finding]:
    """Return those findings in `found` that an alternative's overlay causes.

    `faults` are the findings about the base scenario. In a part with errors in the base scenario, only errors
    in single values that the overlay itself gives are returned.
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
    """Return True if `path` contains `inner`; the empty path contains only itself."""
    return inner[: len(path)] == path if path else not inner
