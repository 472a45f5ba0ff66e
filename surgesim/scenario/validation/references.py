"""Find references to entries that do not exist in a scenario; the schema marks which names are references.

The names are looked up in plain values, so that a scenario with errors elsewhere is also checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from surgesim.scenario.messages.finding import Finding, KeyPath, Kind, suggestion
from surgesim.scenario.messages.shape import Shape, inside, scenario_shape
from surgesim.scenario.messages.shape import at as shape_at
from surgesim.scenario.messages.wording import value_at
from surgesim.scenario.schema.indicators import INDICATORS
from surgesim.scenario.schema.names import DISTRICT, FACILITY, Reference


@cache
def references_of_schema() -> Mapping[str, Reference]:
    """Return the references in the schema by path, in which ``*`` stands for any entry and ``@`` for keys."""
    return dict(_references(scenario_shape(), ()))


def _references(shape: Shape, path: tuple[str, ...]) -> Iterator[tuple[str, Reference]]:
    if path[:1] == ("alternatives",):
        return
    if shape.reference is not None:
        yield ".".join(path), shape.reference
    if shape.key_reference is not None:
        yield ".".join((*path, "@")), shape.key_reference
    if shape.entry is not None:
        yield from _references(shape.entry, (*path, "*"))
    for section in shape.variants.values() or (shape,):
        for name, field_shape in section.fields.items():
            yield from _references(field_shape, (*path, name))


def references(tree: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield a finding for each reference in the plain values `tree` whose target does not exist."""
    for pattern, (kind, target) in references_of_schema().items():
        defined = value_at(tree, tuple(target.split(".")))
        if not isinstance(defined, Mapping):
            if target in (DISTRICT.target, FACILITY.target) or _is_no_mapping(tree, target):
                continue  # the schema reports a section that is missing or not a mapping
            defined = {}
        for path, name in _names(tree, pattern.split("."), ()):
            off = name == "none" and _may_be_off(pattern)
            if isinstance(name, str) and not off and name not in defined:
                yield Finding(path, f"unknown {kind} {name!r}{suggestion(name, defined)}")
    yield from _items(tree)
    for target in _where_none_is_off():
        defined_so: KeyPath = (*target.split("."), "none")
        if value_at(tree, defined_so) is not None:
            yield Finding(
                defined_so,
                "got the name 'none', which in a reference means that no name is given, "
                "expected another name",
            )


@cache
def _may_be_off(pattern: str) -> bool:
    """Return True if a reference may be ``none``, which means that no entry is named."""
    found = shape_at(tuple(pattern.split(".")))
    return found is not None and "none" in found.choices


@cache
def _where_none_is_off() -> tuple[str, ...]:
    """Return the paths of entries named by optional references (references that may be ``none``)."""
    places = references_of_schema().items()
    named = (reference.target for pattern, reference in places if _may_be_off(pattern))
    items = (indicator.item.target for indicator in INDICATORS.values() if indicator.item is not None)
    return tuple(dict.fromkeys((*named, *items)))


def _is_no_mapping(tree: Mapping[str, Any], target: str) -> bool:
    """Return True if the value at `target`, or at a path above it, is not a mapping."""
    node: Any = tree
    for key in target.split("."):
        if not isinstance(node, Mapping):
            break
        node = node.get(key)
    return node not in (None, "none") and not isinstance(node, Mapping)


def _items(tree: Mapping[str, Any]) -> Iterator[Finding]:
    """Check that a condition names an item if, and only if, its indicator is measured per item."""
    for path, indicator, item in _watched(tree):
        if not isinstance(indicator, str) or not isinstance(item, str | None):
            continue  # the schema reports the errors in them
        of = INDICATORS[indicator].item if indicator in INDICATORS else None
        if of is not None:
            kind, target = of
            defined = value_at(tree, tuple(target.split(".")))
            defined = defined if isinstance(defined, Mapping) else {}
            if item is None:
                yield Finding(
                    (*path, "item"), f"missing, expected the name of a {kind} for {indicator}", Kind.MISSING
                )
            elif item not in defined:
                yield Finding((*path, "item"), f"unknown {kind} {item!r}{suggestion(item, defined)}")
        elif item is not None:
            yield Finding((*path, "item"), f"got {item!r}, but {indicator} has no items: expected no item")


def _watched(tree: Mapping[str, Any]) -> Iterator[tuple[KeyPath, Any, Any]]:
    """Yield path, indicator and item of each threshold, criterion and condition of a rule."""
    for pattern in ("thresholds.*", "levels.transmission.*", "levels.response.*"):
        for path, threshold in _names(tree, ["command", *pattern.split(".")], ()):
            yield path, *_indicator_and_item(threshold)
    for path, rule in _names(tree, ["command", "plan", "*"], ()):
        when, until = _indicator_and_item(inside(rule, "when")), _indicator_and_item(inside(rule, "until"))
        yield (*path, "when"), *when
        if until[0] is not None:
            yield (*path, "until"), *until
        elif until[1] is not None:
            yield (*path, "until"), when[0], until[1]


def _indicator_and_item(bound: Any) -> tuple[Any, Any]:
    indicator, item = inside(bound, "indicator"), inside(bound, "item")
    return (None if indicator == "none" else indicator), (None if item == "none" else item)


def _names(node: Any, pattern: list[str], path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    if not pattern:
        yield path, node
    elif isinstance(node, Mapping):
        if pattern[0] == "@":
            yield from (((*path, key), key) for key in node)
            return
        for key in node if pattern[0] == "*" else [pattern[0]]:
            if key in node:
                yield from _names(node[key], pattern[1:], (*path, key))
    elif isinstance(node, (list, tuple)) and pattern[0] == "*":
        for index, inner in enumerate(node):
            yield from _names(inner, pattern[1:], (*path, index))
