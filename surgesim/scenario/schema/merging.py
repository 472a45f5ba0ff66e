"""Lay plain values over other plain values: merge, replace or multiply them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, get_args

from surgesim.scenario.schema.base import Distribution, Section
from surgesim.scenario.schema.study.uncertain import Uncertain


def is_distribution(value: Mapping[str, Any]) -> bool:
    """Return True if `value` has the form of a `Distribution`."""

    def fits(key: str, inner: object) -> bool:
        if inner is None or key == "never":
            return True
        if key in ("gamma", "lognormal"):
            return isinstance(inner, Mapping) and set(inner) <= {"mean", "sd"}
        return not isinstance(inner, Mapping)

    return bool(value) and all(key in Distribution.model_fields and fits(key, value[key]) for key in value)


def _is_section(form: object) -> bool:
    return isinstance(form, type) and issubclass(form, Section)


_UNCERTAIN = {
    name: next(
        (set(form.model_fields) for form in get_args(info.annotation) if _is_section(form)),
        None,
    )
    for name, info in Uncertain.model_fields.items()
}
"""The forms of an uncertain parameter, each with the keys of its mapping, or None for a list."""


def _is_uncertain_form(value: Mapping[str, Any]) -> bool:
    """Return True if `value` has one of the forms of an uncertain parameter."""
    ((key, inner),) = value.items() if len(value) == 1 else (("", None),)
    if key not in _UNCERTAIN:
        return False
    keys = _UNCERTAIN[key]
    return (
        isinstance(inner, (list, tuple))
        if keys is None
        else isinstance(inner, Mapping) and set(inner) <= keys
    )


def _other_form(below: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    if set(below) == set(value):
        return False
    return all(map(is_distribution, (below, value))) or all(map(_is_uncertain_form, (below, value)))


def is_scale(value: object) -> bool:
    """Return True if `value` has the form ``{scale: 0.8}``, a factor on a number of the scenario."""
    return isinstance(value, Mapping) and set(value) == {"scale"} and _is_number(value["scale"])


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def scaled(base: Any, overlay: Any) -> Any:
    """Return `overlay` with each ``{scale: 0.8}`` replaced by 0.8 times the value in `base`.

    A number, or each number of a table, is multiplied; if it is an integer, the product is rounded. If `base`
    has no number, the overlay is returned unchanged.
    """
    if is_scale(overlay):
        product = _product(base, overlay["scale"])
        return overlay if product is None else product
    if isinstance(overlay, Mapping):
        below = base if isinstance(base, Mapping) else {}
        return {key: scaled(below.get(key), value) for key, value in overlay.items()}
    return overlay


def _product(value: Any, factor: float) -> Any:
    if _is_number(value):
        try:
            return round(value * factor) if isinstance(value, int) else value * factor
        except OverflowError:
            return math.inf
    if isinstance(value, (list, tuple)) and value:
        products = [_product(inner, factor) for inner in value]
        return None if None in products else products
    return None


def deep_merge(
    base: Mapping[str, Any], overlay: Mapping[str, Any], *, keep_none: bool = False
) -> dict[str, Any]:
    """Return `base` with `overlay` laid over it: mappings merge, ``None`` removes, other values replace.

    A distribution in another form replaces the old distribution (``{fixed: 3}`` over ``{gamma: …}``). With
    `keep_none`, ``None`` stays in the result; this is for an overlay that is laid over another overlay.
    """
    merged = dict(base)
    for key, value in overlay.items():
        below = merged.get(key)
        if value is None and not keep_none:
            merged.pop(key, None)
        elif isinstance(value, Mapping):
            if not isinstance(below, Mapping) or _other_form(below, value):
                below = {}
            merged[key] = deep_merge(below, value, keep_none=keep_none)
        else:
            merged[key] = value
    return merged
