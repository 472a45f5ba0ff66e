"""The building blocks of all sections: frozen models, names, figures with sources, and distributions.

Section modules do not use ``from __future__ import annotations``: pydantic recompiles a text annotation for
each class that inherits it, which takes about a tenth of the time to load this package.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from surgesim.scenario.schema.numbers import MOST_ENTRIES, Days, Multiplier, Share, SomeDays

AGE_GROUPS = ("0-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70-79", "80+")
"""The nine age groups, youngest first; every table by age is in this order."""

RISK_GROUPS = ("low-risk", "high-risk")
"""The two risk groups, with indices 0 and 1 throughout the model."""

BED_TYPES = ("basic", "oxygen", "icu")
"""Bed types in ascending order of the level of care, with indices 0, 1 and 2 throughout the model."""

SETTINGS = ("home", "school", "work", "community")

Confidence = Literal["official", "published", "counted", "assumed"]
BedType = Literal["basic", "oxygen", "icu"]
MOST_LETTERS = 60
A_NAME = f"a short name of a-z, 0-9 and hyphens, at most {MOST_LETTERS} characters"
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=MOST_LETTERS)]

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


class FrozenDict(dict[K, V]):
    """A read-only dict, so that a scenario is frozen at every level and can be hashed."""

    def _refuse(self, *args: object, **kwargs: object) -> Any:
        raise TypeError("a scenario is frozen: make a changed copy with surgesim.overlaid")

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    __setitem__ = __delitem__ = clear = pop = popitem = setdefault = update = __ior__ = _refuse

    def __reduce__(self) -> tuple[type["FrozenDict[K, V]"], tuple[dict[K, V]]]:
        return type(self), (dict(self),)


def _freeze(value: dict[K, V]) -> FrozenDict[K, V]:
    return FrozenDict(value)


Named = Annotated[dict[Name, V], Field(max_length=MOST_ENTRIES), AfterValidator(_freeze)]
"""A frozen mapping of named entries: the keys are short names, in the order of the file."""

FrozenMapping = Annotated[dict[K, V], Field(max_length=MOST_ENTRIES), AfterValidator(_freeze)]


def _none_is_off(value: object) -> object:
    return None if value == "none" else value


Off = Annotated[T | None, BeforeValidator(_none_is_off)]
"""An optional field; an overlay turns it off with the word ``none`` (``null`` removes a named entry)."""


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


Sequence_ = Annotated[tuple[T, ...], BeforeValidator(_as_tuple)]
"""A YAML list, stored as a tuple."""


def _as_date(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        raise ValueError(f"got {value!r}, expected a date such as 2024-03-31 (year-month-day)")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"got {value}, which is not a calendar date") from None
    if not 1900 <= day.year < 2200:
        raise ValueError(f"got {value}, expected a year from 1900 to 2199")
    return day


Day = Annotated[date, BeforeValidator(_as_date)]
"""A calendar date, written ``2024-03-31``."""


def _is_date(value: str) -> str:
    _as_date(value)
    return value


DayName = Annotated[str, AfterValidator(_is_date)]
"""A calendar date as the key of a mapping; it stays text, so that it can be part of a path."""


class IncompleteError(ValueError):
    """Raised if a value needs another value that is missing."""


def require_one_of(**given: Any) -> None:
    """Require exactly one of the values in `given` to be set; the others must be None.

    Raises
    ------
    ValueError
        If none is set, or more than one.
    """
    there = [f"{name} {bound_text(value)}" for name, value in given.items() if value is not None]
    names = list(given)
    if not there:
        neither = f"neither {' nor '.join(names)}" if len(names) == 2 else f"none of {join_words(names)}"
        raise ValueError(f"got {neither}, expected exactly one of them")
    if len(there) > 1:
        raise ValueError(f"got {join_words(there)}, expected exactly one of {join_words(names)}")


def join_words(words: Iterable[str], last: str = "and") -> str:
    """Join words in a list, as in ``a, b and c``."""
    *others, end = words
    return f"{', '.join(others)} {last} {end}" if others else end


def bed_word(bed: str) -> str:
    """Return the word of a message for a bed type."""
    return "ICU" if bed == "icu" else bed


def bound_text(value: object) -> str:
    """Return a bound as text, in the form in which the user wrote it."""
    if isinstance(value, (list, tuple)):
        return str([float(f"{inner:.12g}") for inner in value])
    return f"{value:.12g}" if isinstance(value, (int, float)) else str(value)


def _nine(value: tuple[float, ...]) -> tuple[float, ...]:
    if len(value) != len(AGE_GROUPS):
        raise ValueError(f"got {len(value)} values, expected {len(AGE_GROUPS)}, one per age group 0-9 to 80+")
    return value


def _one_for_all(value: object) -> object:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return (value,) * len(AGE_GROUPS)
    return _as_tuple(value)


_Nine = Annotated[list[T], Field(min_length=len(AGE_GROUPS), max_length=len(AGE_GROUPS))]

ByAge = Annotated[
    tuple[Multiplier, ...],
    BeforeValidator(_one_for_all, json_schema_input_type=Multiplier | _Nine[Multiplier]),
    AfterValidator(_nine),
]
"""Nine multipliers, one per age group; a single number applies to all."""

ShareByAge = Annotated[
    tuple[Share, ...],
    BeforeValidator(_one_for_all, json_schema_input_type=Share | _Nine[Share]),
    AfterValidator(_nine),
]
"""Nine shares in [0, 1], one per age group; a single number applies to all."""


_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode categories not allowed in text: control, format, surrogate, and line or paragraph separator."""


def _is_invisible(letter: str) -> bool:
    category, code = unicodedata.category(letter), ord(letter)
    noncharacter = category == "Cn" and (0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE)
    return letter not in "\t\n" and (category in _INVISIBLE or noncharacter)


def _readable(text: str) -> str:
    if not text.strip():
        raise ValueError("got a blank text, expected words")
    # Nearly every text is printable, and checking that is much quicker than checking letter by letter.
    for letter in () if text.isprintable() else filter(_is_invisible, text):
        name = unicodedata.name(letter, "")
        named = f" ({name})" if name else ""
        raise ValueError(f"got the invisible character U+{ord(letter):04X}{named}, expected none in a text")
    return unicodedata.normalize("NFC", text)


Words = Annotated[str, AfterValidator(_readable)]
"""A text written by the user, which must not be blank or contain invisible characters."""


def figure(default: Any, source: str, confidence: Confidence = "assumed", **constraints: Any) -> Any:
    """Return a field whose default is a figure with a source and a confidence."""
    return Field(default, json_schema_extra={"source": source, "confidence": confidence}, **constraints)


def _freeze_deep(value: Any) -> Any:
    if isinstance(value, dict):
        return FrozenDict({key: _freeze_deep(inner) for key, inner in value.items()})
    return tuple(_freeze_deep(inner) for inner in value) if isinstance(value, (list, tuple)) else value


Overlay = Annotated[dict[str, Any], AfterValidator(_freeze_deep)]
"""Plain values to lay over a scenario, frozen at every level; None removes a named entry."""


class Section(BaseModel):
    """Base class of all sections: strict and frozen, without unknown keys, infinities or NaN."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )


class Text(Section):
    """A text in Vietnamese and English; if one language is missing, the other is used."""

    vi: Words | None = None
    en: Words | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_for_both(cls, value: object) -> object:
        return {"vi": value, "en": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.vi or self.en):
            raise ValueError("got no text, expected vi, en or both")
        return self

    def get(self, lang: str) -> str:
        first, second = (self.vi, self.en) if lang == "vi" else (self.en, self.vi)
        return first or second or ""


class Source(Section):
    """The source of a figure, and how far it can be trusted."""

    source: Words
    confidence: Confidence


class MeanSd(Section):
    """Mean and standard deviation, in days."""

    mean: SomeDays
    sd: SomeDays


class Distribution(Section):
    """A distribution of times, in exactly one form.

    ``{gamma: {mean: 9, sd: 9}}``, ``{lognormal: {mean: 10, sd: 5}}``, ``{exponential: 5}`` (its mean),
    ``{fixed: 3}``, or the word ``never`` (the event does not happen).
    """

    gamma: MeanSd | None = None
    lognormal: MeanSd | None = None
    exponential: SomeDays | None = None
    fixed: Days | None = None
    never: Literal[True] | None = None

    @model_validator(mode="before")
    @classmethod
    def _word(cls, value: object) -> object:
        return {"never": True} if value == "never" else value

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"got {' and '.join(given) or 'nothing'}, expected exactly one of "
                "gamma, lognormal, exponential, fixed, never"
            )
        return self

    @property
    def mean(self) -> float:
        """The mean, in the field's unit; infinite for ``never``."""
        if self.gamma is not None:
            return self.gamma.mean
        if self.lognormal is not None:
            return self.lognormal.mean
        if self.exponential is not None:
            return self.exponential
        return self.fixed if self.fixed is not None else float("inf")
