"""Turn pydantic's errors into findings: the path in the scenario, and one clear sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from surgesim.scenario.messages import thousands
from surgesim.scenario.messages.finding import Finding, KeyPath, Kind, nearest, suggestion
from surgesim.scenario.messages.shape import Number, Shape, inside, scenario_shape, step
from surgesim.scenario.schema.base import A_NAME, IncompleteError
from surgesim.scenario.schema.merging import is_scale

_COMMA_HINT = " (a comma splits one value into two: write 0.5, not 0,5)"
MOST_SUGGESTIONS = 200
"""Number of errors after which unknown keys get no suggestion, because each suggestion takes time."""

_THOUSANDS_HINT = " (a comma splits one value into two: write 50000, not 50,000)"

_REMOVED = {"floor_share": " (taken out, as it had no effect: use a threshold on emergency_served_7d_share)"}
"""Hints for keys of earlier versions."""


def findings(error: ValidationError, data: Any) -> list[Finding]:
    """Return pydantic's errors as findings, in pydantic's order, without repeats.

    `data` has the plain values that were validated.
    """
    found: dict[Finding, None] = {}
    for number, detail in enumerate(error.errors(include_url=False)):
        kind, loc = detail["type"], detail["loc"]
        if kind == "extra_forbidden" and number >= MOST_SUGGESTIONS:
            path, *_ = _locate(loc, data)
            finding = unknown_key(path, ())
        else:
            finding = _finding(kind, loc, detail["input"], detail.get("ctx", {}), data)
        found[finding] = None
    return list(found)


def display(value: Any) -> str:
    """Return a value in the form used in messages."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)} values"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:70]}…"


def unknown_key(path: KeyPath, known: Any) -> Finding:
    """Return a finding that the last key of `path` is unknown in its section."""
    key, hint = str(path[-1]), ""
    if key.isdigit():
        hint = _THOUSANDS_HINT if len(key) == 3 else _COMMA_HINT
    elif key == "<<":
        hint = " (YAML 1.2 has no merge keys: use extends, or repeat the values)"
    elif key in _REMOVED:
        return Finding(path, f"unknown key {key!r}{_REMOVED[key]}", Kind.UNKNOWN_KEY)
    message = f"unknown key {key!r}{suggestion(key, known) if known else ''}{hint}"
    return Finding(path, message, Kind.UNKNOWN_KEY, nearest(key, known))


def _locate(loc: tuple[str | int, ...], data: Any) -> tuple[KeyPath, Shape | None, Any, Shape | None]:
    """Return the path for the `loc` of a pydantic error, without union tags, cut where the values end.

    Also return the shape and the value at this path, and the shape of the section or list that contains it.
    """
    path: list[str | int] = []
    shape: Shape | None = scenario_shape()
    holder: Shape | None = None
    for part in loc:
        if shape is None or part == "[key]":
            break
        if shape.variants and part in shape.variants:
            shape = shape.variants[str(part)]
            continue
        if part in shape.tags:
            continue
        if shape.kind == "value" or not isinstance(data, (Mapping, list, tuple)):
            break
        if isinstance(data, (list, tuple)) != isinstance(part, int):
            break
        path.append(part)
        holder, shape, data = shape, step(shape, part, data), inside(data, part)
    return tuple(path), shape, data, holder


def _finding(kind: str, loc: tuple[str | int, ...], got: Any, ctx: Mapping[str, Any], data: Any) -> Finding:
    path, shape, value, holder = _locate(loc, data)
    if holder is not None and holder.length is not None:
        values = value_at(data, path[:-1])
        # errors in single entries mean little if the length is wrong
        if isinstance(values, (list, tuple)) and len(values) != holder.length:
            message = f"got {len(values)} values, expected {holder.length}, one per age group 0-9 to 80+"
            return Finding(path[:-1], message + _length_hint(values))
    if kind == "extra_forbidden":
        return unknown_key(path, holder.fields if holder is not None else ())
    if kind == "missing":
        return Finding(path, f"missing, expected {_expected(shape)}", Kind.MISSING)
    if kind == "union_tag_not_found" and isinstance(got, Mapping):
        expected = _expected(step(shape, "action"))
        return Finding((*path, "action"), f"missing, expected {expected}", Kind.MISSING)
    if kind == "union_tag_invalid" and shape is not None:
        tag = str(ctx["tag"])
        return Finding((*path, "action"), f"got {tag!r}{suggestion(tag, shape.variants)}")
    if kind == "value_error":
        incomplete = isinstance(ctx["error"], IncompleteError)
        message = f"{ctx['error']}{_length_hint(got)}"
        return Finding(path, message, Kind.INCOMPLETE if incomplete else Kind.FAULT)
    if loc[-1:] == ("[key]",):
        return Finding(path, f"got the name {str(got)!r}, expected {A_NAME}")
    if kind == "too_short":
        each = f", each {_expected(shape.entry)}" if shape is not None and shape.kind == "named" else ""
        return Finding(path, f"got {display(got)}, expected at least {_entries(ctx['min_length'])}{each}")
    if kind == "too_long":
        return Finding(path, too_many(ctx["actual_length"], ctx["max_length"]))
    return Finding(path, f"got {display(got)}{_tail(shape, got, value)}")


def too_many(number: int, most: int) -> str:
    """Return the message about a mapping or list that is too long."""
    return f"got {_entries(number)}, expected at most {most}"


def value_at(data: Any, path: KeyPath) -> Any:
    """Return the value at `path`; None if there is no value."""
    for key in path:
        data = inside(data, key)
    return data


def _entries(number: int) -> str:
    return "1 entry" if number == 1 else f"{number} entries"


def _expected(shape: Shape | None) -> str:
    return "a value" if shape is None else shape.expected


def _tail(shape: Shape | None, got: Any, value: Any) -> str:
    expected = f", expected {_expected(shape)}"
    written = thousands.hint(got, None if shape is None else shape.number)
    if written:
        return f"{expected}{written}"
    if isinstance(got, str):
        if shape is not None and (share := _per_cent(got, shape.number)):
            return f"{expected}{share}"
        truth = shape is not None and shape.truth
        if truth and got in ("yes", "no", "on", "off", "Yes", "No", "On", "Off"):
            return f"{expected} (write {'true' if got.lower() in ('yes', 'on') else 'false'})"
        if shape is not None and len(shape.choices) > 1:
            return suggestion(got, shape.choices)
    if is_scale(got):
        return f"{expected} (in an alternative, {{scale: …}} multiplies a number of the scenario)"
    if isinstance(got, (list, tuple)) and len(got) == 2 and shape is not None and shape.kind == "value":
        return f"{expected}{_COMMA_HINT}"
    return expected


_PER_CENT = re.compile(r"(\d{1,6}(?:[.,]\d{1,6})?)\s*%")


def _per_cent(got: str, number: Number | None) -> str:
    """Return a hint to write ``20 %`` as 0.2, if a number is expected and that share is allowed."""
    found = _PER_CENT.fullmatch(got.strip())
    if found is None or number is None or number.integer:
        return ""
    share = Decimal(found[1].replace(",", ".")) / 100
    if number.high is not None and share > number.high:
        return ""
    return f" (write {share.normalize():f})"


def _length_hint(got: Any) -> str:
    too_long = isinstance(got, (list, tuple)) and len(got) > 9
    return _COMMA_HINT if too_long and any(isinstance(value, int) for value in got) else ""
