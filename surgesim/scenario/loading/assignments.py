"""Apply ``--set path=value``: change single values of a scenario without editing its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from surgesim.errors import ScenarioError
from surgesim.scenario.loading.overlays import lay, unknown_nulls, without_settled
from surgesim.scenario.loading.profile_tables import PLACES, with_names_as_mappings
from surgesim.scenario.loading.yaml_nodes import compose
from surgesim.scenario.messages import shape
from surgesim.scenario.messages.finding import Finding, KeyPath, Kind, Location, dotted, nearest, suggestion
from surgesim.scenario.messages.wording import value_at

NAME = "--set"
"""Text shown in place of a file name in messages about values set with ``--set``."""

LOCATION = Location(NAME)


@dataclass(slots=True)
class Assignments:
    """Plain values after assignments, with the paths that were set and the findings about the assignments."""

    tree: dict[str, Any]
    paths: list[KeyPath] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    fractions: dict[KeyPath, str] = field(default_factory=dict)
    doubts: list[Finding] = field(default_factory=list)

    def refuse(self, path: KeyPath, message: str) -> None:
        self.findings.append(Finding(path, message, location=LOCATION))


def assign(tree: Mapping[str, Any], texts: Sequence[str]) -> Assignments:
    """Apply assignments ``path=value`` in order; values are read as YAML, and ``null`` removes an entry."""
    assigned = Assignments(dict(tree))
    for text in texts:
        name, equals, written = text.partition("=")
        path: KeyPath = tuple(name.strip().split("."))
        if not equals or not all(path) or not written.strip():
            assigned.refuse((), f"got {text!r}, expected path=value, such as days=120")
            continue
        problem = unknown_path(path, assigned.tree)
        if problem is not None:
            assigned.findings.append(replace(problem, location=LOCATION))
            continue
        try:
            document = compose(written, NAME)
        except ScenarioError as error:
            for fault in error.problems:
                assigned.refuse(path, fault.message)
            continue
        assigned.fractions |= {(*path, *below): text for below, text in document.fractions.items()}
        assigned.doubts += [replace(doubt, path=path, location=LOCATION) for doubt in document.doubts]
        _put(assigned, path, document.value)
    return assigned


def _put(assigned: Assignments, path: KeyPath, value: Any) -> None:
    overlay: Any = value
    for key in reversed(path):
        overlay = {key: overlay}
    overlay = with_names_as_mappings(overlay)
    if value is not None:
        assigned.findings += [replace(finding, location=LOCATION) for finding in unknown_nulls(overlay)]
    within_overlay = path[0] == "alternatives" and len(path) > 2
    laid = lay(assigned.tree, overlay, keep_none=within_overlay)
    assigned.tree = without_settled(laid, overlay)
    assigned.paths.append(path)


def unknown_path(path: KeyPath, tree: Mapping[str, Any]) -> Finding | None:
    """Return a finding if no value can be set at a dotted path, otherwise None.

    Every key must be in the schema. A named entry must exist already, unless a single value is a complete
    entry (``epidemic.initial_infections.ha-tien``).
    """
    where: shape.Shape | None = shape.scenario_shape()
    data: Any = tree
    overlay = value_at(tree, path[:2])
    if path[0] == "alternatives" and len(path) > 2 and isinstance(overlay, Mapping):
        # The entries on the path may be in the overlay or in the scenario below it.
        inner = unknown_path(path[2:], lay(tree, overlay))
        return None if inner is None else inner.under(path[:2])
    for depth, key in enumerate(path):
        if where is None or where.kind in ("list", "value"):
            return Finding(path, f"got a path into {dotted(path[:depth])}, which can only be set as a whole")
        if where.kind == "section":
            fields = _fields(where, data)
            if key == "profile" and depth == len(path) - 1 and dotted(path[:-1]) in PLACES:
                return None
            if key not in fields or path[0] == "sources":
                known = [name for name in fields if name != "sources"]
                message = f"unknown key {key!r}{suggestion(str(key), known)}"
                return Finding(path, message, Kind.UNKNOWN_KEY, nearest(str(key), known))
        elif where.entry is not None and where.entry.required and shape.inside(data, key) is None:
            known = list(data) if isinstance(data, Mapping) else []
            return Finding(path, f"unknown name {key!r}{suggestion(str(key), known)}")
        where, data = shape.step(where, key, data), shape.inside(data, key)
    return None


def _fields(where: shape.Shape, data: Any) -> Mapping[str, shape.Shape]:
    variant = where.variants.get(str(shape.inside(data, "action")))
    return where.fields if variant is None else variant.fields
