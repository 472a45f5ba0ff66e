"""What the schema lets stand at each place of a scenario: kinds, key names, and a phrase for messages.

Pydantic validates; this tree of shapes, read once from the same models, answers what pydantic does
not: which path an error belongs to, which names are near an unknown one, what was expected there.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import StringConstraints
from pydantic.fields import FieldInfo

from surgesim.scenario.loading.yaml_nodes import KeyPath
from surgesim.scenario.schema.base import A_NAME, AGE_GROUPS, BED_TYPES, ByAge, Distribution, Section, Text
from surgesim.scenario.schema.care import ShareByBed
from surgesim.scenario.schema.scenario import Scenario

_NINE = get_args(ByAge)[-1]
"""The mark of a table of nine age groups."""


@dataclass(slots=True)
class Shape:
    """What may stand at one place.

    Attributes
    ----------
    kind
        ``section`` (fixed keys), ``named`` (entries by name), ``list`` or ``value``.
    expected
        Completes the sentence "got …, expected …".
    model
        The model of a section; of a choice between sections (`variants`), None.
    fields, required
        Keys of a section and those that must be given; all keys of all variants for a choice.
    variants
        The section for each value of the key `action`.
    entry
        Shape of the entries of a named mapping or list.
    choices
        The words a value may be.
    length
        How many entries a list must have, where that is fixed.
    """

    kind: Literal["section", "named", "list", "value"]
    expected: str
    model: type[Section] | None = None
    fields: dict[str, Shape] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    variants: dict[str, Shape] = field(default_factory=dict)
    entry: Shape | None = None
    choices: tuple[str, ...] = ()
    length: int | None = None


@cache
def scenario_shape() -> Shape:
    """The shape of a whole scenario; an alternative's overlay has the same."""
    whole = _section(Scenario)
    whole.fields["alternatives"] = Shape("named", "a mapping of overlays by name", entry=whole)
    return whole


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, if any is like it (capital letters aside)."""
    names = {other.lower(): other for other in known}
    close = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.6)
    return names[close[0]] if close else None


def suggestion(name: str, known: Iterable[str]) -> str:
    """``, did you mean '…'?``, or the names there are, to end a message about an unknown name."""
    names = list(known)
    near = nearest(name, names)
    if near is not None:
        return f", did you mean {near!r}?"
    if not names:
        return ", there is none"
    more = ", …" if len(names) > 12 else ""
    return f", expected {'one of ' if len(names) > 1 else ''}{', '.join(names[:12])}{more}"


def step(shape: Shape | None, key: str | int, value: Any = None) -> Shape | None:
    """The shape under `key`; `value` is what stands at `shape`, to tell variants apart."""
    if shape is None:
        return None
    if shape.kind == "section":
        if shape.variants and isinstance(value, Mapping):
            variant = shape.variants.get(str(value.get("action")))
            if variant is not None:
                return variant.fields.get(str(key))
        return shape.fields.get(str(key))
    return shape.entry


def at(path: KeyPath, data: Any = None) -> Shape | None:
    """The shape at `path` of a scenario; None where the schema has nothing of that name."""
    shape: Shape | None = scenario_shape()
    for key in path:
        shape = step(shape, key, data)
        data = inside(data, key)
    return shape


def inside(data: Any, key: str | int) -> Any:
    """The value under `key`, None where there is none."""
    if isinstance(data, Mapping):
        return data.get(key)
    if isinstance(data, (list, tuple)) and isinstance(key, int) and key < len(data):
        return data[key]
    return None


def _section(model: type[Section]) -> Shape:
    fields = {name: _of(info.annotation, info.metadata) for name, info in model.model_fields.items()}
    required = tuple(name for name, info in model.model_fields.items() if info.is_required())
    keys = required or tuple(fields)
    phrase = (
        f"a mapping with {', '.join(keys[:6])}{', …' if len(keys) > 6 or len(fields) > len(keys) else ''}"
    )
    if model is Distribution:
        phrase = (
            "one of {gamma: {mean, sd}}, {lognormal: {mean, sd}}, {exponential: mean}, {fixed: days}, never"
        )
    elif model is Text:
        phrase = "text, or a mapping of texts vi and en"
    elif model is ShareByBed:
        phrase = f"a number from 0 to 1, or one for each of {', '.join(BED_TYPES)}"
    return Shape("section", phrase, model, fields, required)


def _of(annotation: Any, metadata: Iterable[Any] = ()) -> Shape:
    marks = list(_flat(metadata))
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _of(arguments[0], [*arguments[1:], *marks])
    if origin in (Union, types.UnionType):
        return _union(arguments)
    if origin is Literal:
        return _words(arguments)
    if origin is dict:
        return Shape("named", "a mapping of named entries", entry=_of(arguments[1]))
    if origin is tuple:
        entry = _of(arguments[0])
        phrase = f"a list, each entry {entry.expected}"
        if _NINE in marks:
            phrase = f"nine values, youngest age group first, or one for all, each {entry.expected}"
            return Shape("list", phrase, entry=entry, length=len(AGE_GROUPS))
        return Shape("list", phrase, entry=entry)
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return _section(annotation)
    return Shape("value", _phrase(annotation, marks))


def _flat(metadata: Iterable[Any]) -> Iterable[Any]:
    for mark in metadata:
        if isinstance(mark, FieldInfo):
            yield from _flat(mark.metadata)
        else:
            yield mark


def _union(members: tuple[Any, ...]) -> Shape:
    shapes = [_of(member) for member in members if member is not type(None)]
    if len(shapes) < len(members):
        shapes.append(_words(("none",)))
    sections = [shape for shape in shapes if shape.kind == "section"]
    if len(sections) > 1:
        variants = {shape.fields["action"].choices[0]: shape for shape in sections}
        fields = {name: inner for shape in sections for name, inner in shape.fields.items()}
        fields["action"] = _words(tuple(variants))
        return Shape(
            "section", f"a rule with action {', '.join(variants)}", None, fields, ("action",), variants
        )
    first = shapes[0]
    phrase = " or ".join(shape.expected for shape in shapes)
    choices = tuple(word for shape in shapes for word in shape.choices)
    return replace(first, expected=phrase, choices=choices)


def _words(words: tuple[Any, ...]) -> Shape:
    shown = ["true" if word is True else str(word) for word in words]
    phrase = shown[0] if len(shown) == 1 else f"one of {', '.join(shown)}"
    return Shape("value", phrase, choices=tuple(shown))


def _phrase(annotation: Any, marks: list[Any]) -> str:
    if annotation is bool:
        return "true or false"
    if annotation is date:
        return "a date as 2024-03-31"
    if annotation is str:
        named = any(isinstance(mark, StringConstraints) and mark.pattern for mark in marks)
        return A_NAME if named else "text"
    if annotation in (int, float):
        return ("a whole number" if annotation is int else "a number") + _range(marks)
    return "a value"


def _range(marks: list[Any]) -> str:
    low = high = ""
    for mark in marks:
        if isinstance(mark, annotated_types.Ge):
            low = f">= {mark.ge}"
        elif isinstance(mark, annotated_types.Gt):
            low = f"> {mark.gt}"
        elif isinstance(mark, annotated_types.Le):
            high = f"<= {mark.le}"
        elif isinstance(mark, annotated_types.Lt):
            high = f"< {mark.lt}"
    if low.startswith(">= ") and high.startswith("<= "):
        return f" from {low[3:]} to {high[3:]}"
    return " " + " and ".join(part for part in (low, high) if part) if low or high else ""
