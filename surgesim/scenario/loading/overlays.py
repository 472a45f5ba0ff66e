"""Lay plain values over plain values: a file over the one it extends, an overlay over a scenario.

`deep_merge` does the merging. This module handles the special cases: a mapping over a short form,
removals that remove nothing, and overlays over overlays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from surgesim.scenario.loading import profile_tables
from surgesim.scenario.messages import shape
from surgesim.scenario.messages.finding import Finding, KeyPath
from surgesim.scenario.messages.wording import unknown_key, value_at
from surgesim.scenario.schema.base import Section
from surgesim.scenario.schema.merging import deep_merge, is_distribution

FACILITIES: KeyPath = ("care", "facilities")
CENSUS = ("care", "initial_census")
CONTACTS = ("people", "contacts")
AGES = ("people", "ages")

UNCERTAINTY: KeyPath = ("study", "uncertainty")

IDLE = "got null, which removes an entry, but there is no such entry"


def lay(base: Mapping[str, Any], overlay: Mapping[str, Any], *, keep_none: bool = False) -> dict[str, Any]:
    """Return `overlay` laid over `base`; a short form in `base` still applies to keys not in the overlay.

    ``covid_share: {icu: 1}`` over ``covid_share: 0.5`` leaves 0.5 for the other bed types.
    """
    return deep_merge(_in_full(base, overlay, shape.scenario_shape()), overlay, keep_none=keep_none)


def absorb(base: Mapping[str, Any], child: Mapping[str, Any]) -> dict[str, Any]:
    """Lay the values of a file over those of the file it extends; alternatives remain overlays.

    If both files have the same alternative, the child's overlay is laid over the base's. Removals in the
    child's overlay stay in the result, because they apply to the scenario.
    """
    child = profile_tables.with_names_as_mappings(child)
    base = _without_replaced(base, child)
    merged = lay({**base, "alternatives": {}}, {**child, "alternatives": {}})
    merged = without_settled(merged, child)
    overlays = child.get("alternatives", {})
    stacked = dict(base.get("alternatives", {}))
    if not isinstance(overlays, Mapping):
        merged["alternatives"] = {} if overlays is None else overlays
        return merged
    for name, overlay in overlays.items():
        if overlay is None:
            stacked.pop(name, None)
        elif isinstance(overlay, Mapping):
            overlay = profile_tables.with_names_as_mappings(overlay)
            stacked[name] = lay(stacked.get(name, {}), overlay, keep_none=True)
        else:
            stacked[name] = overlay
    merged["alternatives"] = stacked
    return merged


def _without_replaced(base: Mapping[str, Any], child: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return `base` without the tables that a file in `child` replaces, or the file that a profile does."""
    for section, key in (CENSUS, CONTACTS, AGES):
        if isinstance(value_at(child, (section, key, "file")), str):
            base = deep_merge(base, {section: {key: None}})
        elif isinstance(value_at(child, (section, key, "profile")), str):
            base = deep_merge(base, {section: {key: {"file": None}}})
    return base


def without_settled(tree: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return `tree`, which includes `change`, without the distributions of parameters that `change` sets.

    A distribution stays if `change` itself gives it, or if its path is in a group of `correlations`.
    """
    study, own = tree.get("study"), value_at(change, UNCERTAINTY)
    drawn = shape.inside(study, "uncertainty")
    if not isinstance(study, Mapping) or not isinstance(drawn, Mapping):
        return dict(tree)
    kept = {*_correlated(study), *(own if isinstance(own, Mapping) else ())}
    left = {path: form for path, form in drawn.items() if path in kept or not _sets(change, path.split("."))}
    return dict(tree) if len(left) == len(drawn) else {**tree, "study": {**study, "uncertainty": left}}


def _correlated(study: Mapping[str, Any]) -> Iterator[str]:
    groups = study.get("correlations")
    for group in groups.values() if isinstance(groups, Mapping) else ():
        paths = shape.inside(group, "paths")
        if isinstance(paths, (list, tuple)):
            yield from (path for path in paths if isinstance(path, str))


def _sets(change: Any, path: Sequence[str]) -> bool:
    """Return True if `change` has a value at `path`, or replaces or removes a mapping above it."""
    for key in path:
        if not isinstance(change, Mapping):
            return True
        if key not in change:
            return is_distribution(change)  # in another form
        change = change[key]
    return True


def _in_full(
    base: Mapping[str, Any], overlay: Mapping[str, Any], where: shape.Shape | None
) -> dict[str, Any]:
    full = dict(base)
    for key, value in overlay.items():
        below = base.get(key)
        if not isinstance(value, Mapping) or below is None:
            continue
        inner = shape.step(where, key, base)
        if isinstance(below, Mapping):
            full[key] = _in_full(below, value, inner)
        elif inner is not None and inner.model is not None:
            try:
                full[key] = inner.model.model_validate(below).model_dump(mode="json", exclude_none=True)
            except ValidationError:
                continue
    return full


def with_defaults(tree: Mapping[str, Any], where: shape.Shape | None = None) -> dict[str, Any]:
    """Return `tree` with each section laid over its default, if the schema has a default for it.

    ``staffing: {icu: {nurse: {normal: 3}}}`` changes one ratio; the others keep the schema's defaults,
    as they do in an overlay.
    """
    where = where or shape.scenario_shape()
    full = dict(tree)
    for name, info in where.model.model_fields.items() if where.model is not None else ():
        value, inner = tree.get(name), where.fields[name]
        if not isinstance(value, Mapping) or inner.model is None:
            continue
        if isinstance(info.default, Section) and inner.required:
            value = deep_merge(info.default.model_dump(mode="json", exclude_none=True), value)
        full[name] = with_defaults(value, inner)
    return full


def nulls(tree: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Yield the paths of all null values."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            if value is None:
                yield (*path, key)
            else:
                yield from nulls(value, (*path, key))


def unknown_nulls(tree: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield a finding for each null value under a key that is unknown in its section."""
    for path in nulls(tree):
        holder = shape.at(path[:-1], tree)
        if holder is not None and holder.kind == "section":
            known = (*holder.fields, "profile", "extends")
            if path[-1] not in known:
                yield unknown_key(path, holder.fields)


def idle_nulls(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield a finding for each entry that `overlay` removes but `base` does not have."""
    for path in nulls(overlay):
        holder = value_at(base, path[:-1])
        if not isinstance(holder, Mapping) or path[-1] not in holder:
            yield Finding(path, IDLE)


def renamed_facilities(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield a finding if `overlay` removes facilities of `base` and adds others, which may be a renaming."""
    before, change = value_at(base, FACILITIES), value_at(overlay, FACILITIES)
    if not (isinstance(before, Mapping) and isinstance(change, Mapping)):
        return
    removed = [name for name, value in change.items() if value is None and name in before]
    added = [name for name, value in change.items() if value is not None and name not in before]
    if removed and added:
        message = (
            f"removes {', '.join(removed)} and adds {', '.join(added)}: if this renames a facility, the "
            "values given for the old name (beds, staff, oxygen, patients, sources) are lost"
        )
        yield Finding((*FACILITIES, removed[0]), message)
