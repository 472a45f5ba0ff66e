"""The values that the schema allows at each path of a scenario, with a phrase for messages.

Pydantic does the validation. This tree of shapes, built once from the same models, supplies the rest of
a message: the path of an error, names similar to an unknown one, and the values expected.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import StringConstraints, Tag
from pydantic.fields import FieldInfo

from surgesim.scenario.messages.finding import KeyPath
from surgesim.scenario.schema.base import (
    A_NAME,
    AGE_GROUPS,
    BED_TYPES,
    ByAge,
    Distribution,
    Section,
    Text,
)
from surgesim.scenario.schema.care import ShareByBed
from surgesim.scenario.schema.names import Reference
from surgesim.scenario.schema.scenario import Scenario

_NINE = get_args(ByAge)[-1]
"""Metadata that marks a table of nine age groups."""


@dataclass(frozen=True, slots=True)
class Number:
    """A range of allowed numbers, whole or any; bounds are included unless `exclusive_*` is set."""

    integer: bool = False
    low: float | None = None
    high: float | None = None
    exclusive_low: bool = False
    exclusive_high: bool = False

    def allows(self, value: float) -> bool:
        """Return True if a number is within the bounds of the range."""
        above = self.low is None or value > self.low or (value == self.low and not self.exclusive_low)
        below = self.high is None or value < self.high or (value == self.high and not self.exclusive_high)
        return above and below

    @property
    def phrase(self) -> str:
        """The range in the words of a message: ``a whole number from 1 to 20``."""
        what = "a whole number" if self.integer else "a number"
        closed = not (self.exclusive_low or self.exclusive_high)
        if self.low is not None and self.high is not None and closed:
            return f"{what} from {_written(self.low)} to {_written(self.high)}"
        low = "" if self.low is None else f"{'>' if self.exclusive_low else '>='} {_written(self.low)}"
        high = "" if self.high is None else f"{'<' if self.exclusive_high else '<='} {_written(self.high)}"
        bounds = " and ".join(filter(None, (low, high)))
        return f"{what} {bounds}" if bounds else what


def _written(bound: float) -> str:
    return str(bound) if isinstance(bound, int) else f"{bound:.12g}".replace("e+", "e")


@dataclass(slots=True)
class Shape:
    """The values that the schema allows at one path.

    Attributes
    ----------
    kind
        ``section`` (fixed keys), ``named`` (entries by name), ``list`` or ``value``.
    expected
        The end of the message "got …, expected …".
    model
        The pydantic model of a section; None for a choice between sections (`variants`).
    fields, required
        The shapes of a section's keys, and the required keys; for a choice, all keys of all variants.
    variants
        The section for each value of the key `action`.
    entry
        Shape of the entries of a named mapping or list, or of a list allowed in place of a section.
    tags
        Names that pydantic gives to the forms of a union; they are not keys of a scenario.
    choices
        The words allowed as a value.
    length
        Number of entries of a list, if it is fixed.
    number
        The range of numbers allowed, for the value itself or for each of its entries.
    truth
        True if the values true and false are allowed.
    reference
        The kind of entry to which a name at this path refers, and the path where it is defined.
    key_reference
        Like `reference`, for names that are the keys of a named mapping.
    """

    kind: Literal["section", "named", "list", "value"]
    expected: str
    model: type[Section] | None = None
    fields: dict[str, Shape] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    variants: dict[str, Shape] = field(default_factory=dict)
    entry: Shape | None = None
    tags: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    length: int | None = None
    number: Number | None = None
    truth: bool = False
    reference: Reference | None = None
    key_reference: Reference | None = None


@cache
def scenario_shape() -> Shape:
    """Return the shape of a whole scenario; it is also the shape of an alternative's overlay."""
    whole = _section(Scenario)
    whole.fields["alternatives"] = Shape("named", "a mapping of overlays by name", entry=whole)
    return whole


def step(shape: Shape | None, key: str | int, value: Any = None) -> Shape | None:
    """Return the shape under a key of `shape`; `value`, the value at `shape`, decides between variants."""
    if shape is None:
        return None
    if shape.kind == "section" and not isinstance(key, int):
        if shape.variants and isinstance(value, Mapping):
            variant = shape.variants.get(str(value.get("action")))
            if variant is not None:
                return variant.fields.get(str(key))
        return shape.fields.get(str(key))
    return shape.entry


def at(path: KeyPath, data: Any = None) -> Shape | None:
    """Return the shape at `path` of a scenario; None if the schema has no such path."""
    shape: Shape | None = scenario_shape()
    for key in path:
        shape = step(shape, key, data)
        data = inside(data, key)
    return shape


def inside(data: Any, key: str | int) -> Any:
    """Return the value under `key`; None if there is no value."""
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
    number = Number(low=0, high=1) if model is ShareByBed else None
    return Shape("section", phrase, model, fields, required, number=number)


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
        entry, names = _of(arguments[1]), _of(arguments[0]).reference
        phrase = f"a mapping of named entries, each {entry.expected}"
        return Shape("named", phrase, entry=entry, key_reference=names)
    if origin is tuple:
        entry = _of(arguments[0])
        phrase = f"a list, each entry {entry.expected}"
        if _NINE in marks:
            phrase = f"nine values, youngest age group first, or one for all, each {entry.expected}"
            return Shape("list", phrase, entry=entry, length=len(AGE_GROUPS), number=entry.number)
        return Shape("list", phrase, entry=entry, number=entry.number)
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return _section(annotation)
    reference = next((mark for mark in marks if isinstance(mark, Reference)), None)
    number = _number(annotation, marks)
    phrase = _phrase(annotation, marks) if number is None else number.phrase
    return Shape("value", phrase, number=number, truth=annotation is bool, reference=reference)


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
    table = next((shape for shape in shapes if shape.kind == "list"), None)
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
    number = next((shape.number for shape in shapes if shape.number is not None), None)
    if table is not None and sections:
        tags = tuple(mark.tag for form in members for mark in get_args(form) if isinstance(mark, Tag))
        phrase = f"{table.expected}, or {sections[0].expected}"
        return replace(
            sections[0], expected=phrase, entry=table.entry, length=table.length, number=number, tags=tags
        )
    return replace(first, expected=phrase, choices=choices, number=number)


def _words(words: tuple[Any, ...]) -> Shape:
    shown = ["true" if word is True else str(word) for word in words]
    phrase = shown[0] if len(shown) == 1 else f"one of {', '.join(shown)}"
    return Shape("value", phrase, choices=tuple(shown))


def _phrase(annotation: Any, marks: list[Any]) -> str:
    if annotation is bool:
        return "true or false"
    if annotation is date:
        return "a date such as 2024-03-31"
    if annotation is str:
        named = any(isinstance(mark, StringConstraints) and mark.pattern for mark in marks)
        return A_NAME if named else "text"
    return "a value"


def _number(annotation: Any, marks: Iterable[Any]) -> Number | None:
    if annotation not in (int, float):
        return None
    number = Number(integer=annotation is int)
    for mark in marks:
        for bound, end in (("ge", "low"), ("gt", "low"), ("le", "high"), ("lt", "high")):
            if hasattr(mark, bound):
                beyond = {f"exclusive_{end}": bound in ("gt", "lt")}
                number = replace(number, **{end: getattr(mark, bound)}, **beyond)
    return number
