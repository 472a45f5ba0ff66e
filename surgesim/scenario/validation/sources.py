"""Find the source of each figure of a scenario: an explicit entry, a profile, or a default of the schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo

from surgesim.scenario.schema.base import Distribution, Section
from surgesim.scenario.schema.scenario import Scenario

Row = tuple[str, Any, str, str]
"""The path, value, source and confidence of one figure."""

NOT_FIGURES = (
    "name", "title", "description", "start", "days", "warm_up_days", "history", "study", "alternatives",
    "sources", "boundaries",
)  # fmt: skip
"""Sections and fields that contain no figures: they define the question and assume nothing."""

DATA = ("counts",)
"""Fields that contain a data series; its length and total stand for the series."""


class SourceIndex:
    """An index of `sources` that finds the entry for a path.

    A pattern's ``*`` matches one segment, and an entry covers everything below its path. If several
    patterns match, the longest applies; if these are equally long, the one with the fewest ``*``.
    """

    def __init__(self, patterns: Mapping[str, Any]) -> None:
        self._tree: dict[str | None, Any] = {}
        for pattern in patterns:
            node = self._tree
            for segment in pattern.split("."):
                node = node.setdefault(segment, {})
            node[None] = pattern  # not "", which can be a segment of a pattern such as "care.."

    def pattern_for(self, path: str) -> str | None:
        """Return the pattern that covers `path`; None if no pattern does."""
        best: tuple[int, int, str] | None = None
        for depth, stars, pattern in self._matches(self._tree, path.split("."), 0, 0):
            if best is None or (depth, -stars) > (best[0], -best[1]):
                best = (depth, stars, pattern)
        return None if best is None else best[2]

    def _matches(
        self, node: dict[str | None, Any], segments: list[str], depth: int, stars: int
    ) -> Iterator[tuple[int, int, str]]:
        if None in node:
            yield depth, stars, node[None]
        if depth < len(segments):
            for key in (segments[depth], "*"):
                if key in node:
                    yield from self._matches(node[key], segments, depth + 1, stars + (key == "*"))


def assumptions(scenario: Scenario) -> list[Row]:
    """Return one row for each figure that affects results: (path, value, source, confidence).

    A table by age, a matrix and a distribution each count as one figure. Values equal to the schema's default
    share one row (``care.facilities.*.access_hours``) with the schema's source, or have no row if the schema
    gives no source. A value whose full path is in `sources` has its own row. Other figures without a source
    have an empty source and are ``assumed``. Rows follow the order of the schema and, within it, of the file.
    """
    return list(Survey(scenario).rows.values())


@dataclass(frozen=True, slots=True)
class _Default:
    """A default value of the schema, with its source and confidence, if given."""

    value: Any = None
    source: tuple[str, str] | None = None

    @classmethod
    def of(cls, info: FieldInfo) -> _Default:
        extra = info.json_schema_extra
        source = (str(extra["source"]), str(extra["confidence"])) if isinstance(extra, Mapping) else None
        return cls(None if info.is_required() else info.default, source)

    def below(self, holder: Section, name: str, info: FieldInfo) -> _Default:
        """Return the default of a field of `holder`; `self` is the default of `holder` as a whole.

        A source given for the field takes precedence over that of `holder`.
        """
        own = _Default.of(info)
        if type(self.value) is not type(holder):
            return own
        return _Default(getattr(self.value, name), own.source or self.source)


NO_DEFAULT = _Default()

RANGES = "study.uncertainty."
"""The beginning of the path of a distribution; the path of the uncertain figure follows."""


class Survey:
    """All figures of a scenario.

    Attributes
    ----------
    rows
        The rows that `assumptions` returns, by path.
    unused
        Entries of `sources` that cover no figure, except entries for the ranges of figures that are not
        drawn.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.rows: dict[str, Row] = {}
        self._sources = scenario.sources
        self._index = SourceIndex(scenario.sources)
        self._used: set[str | None] = set()
        for name, info in Scenario.model_fields.items():
            if name not in NOT_FIGURES:
                self._values(getattr(scenario, name), (name,), (name,), _Default.of(info))
        for name, form in scenario.study.uncertainty.items():
            self._plain_figure(
                form.model_dump(mode="json", exclude_none=True), ("study", "uncertainty", name)
            )
        for name, overlay in scenario.alternatives.items():
            self._plain_values(overlay, ("alternatives", name))
        self.unused = [
            pattern
            for pattern in scenario.sources
            if pattern not in self._used and pattern.removeprefix(RANGES) not in self.rows
        ]

    def _values(self, value: Any, path: tuple[str, ...], pattern: tuple[str, ...], default: _Default) -> None:
        """Add the rows of a value; `pattern` is `path` with ``*`` in place of names."""
        if isinstance(value, Section) and not isinstance(value, Distribution):
            for name, info in type(value).model_fields.items():
                self._values(
                    getattr(value, name), (*path, name), (*pattern, name), default.below(value, name, info)
                )
        elif isinstance(value, Mapping):
            for name, below in value.items():
                self._values(below, (*path, name), (*pattern, "*"), NO_DEFAULT)
        elif isinstance(value, tuple) and value and isinstance(value[0], Section):
            if value != default.value:
                for place, below in enumerate(value):
                    self._values(below, (*path, str(place)), (*pattern, str(place)), NO_DEFAULT)
        elif _is_figure(value):
            self._figure(value, path, pattern, default)

    def _figure(self, value: Any, path: tuple[str, ...], pattern: tuple[str, ...], default: _Default) -> None:
        covering = self._index.pattern_for(".".join(path))
        self._used.add(covering)
        named = covering is not None and covering.count(".") == len(path) - 1
        if named or value != default.value:
            self._row(value, path, covering)
        elif default.source is not None:
            dotted = ".".join(pattern)
            self.rows.setdefault(dotted, (dotted, _plain(value, pattern), *default.source))

    def _row(self, value: Any, path: tuple[str, ...], covering: str | None) -> None:
        entry = None if covering is None else self._sources[covering]
        source, confidence = ("", "assumed") if entry is None else (entry.source, entry.confidence)
        dotted = ".".join(path)
        self.rows[dotted] = (dotted, _plain(value, path), source, confidence)

    def _plain_values(self, value: Any, path: tuple[str, ...]) -> None:
        """Add the figures of an overlay, given as plain values, under the path of the overlay."""
        if isinstance(value, Mapping) and not (value and set(value) <= set(Distribution.model_fields)):
            for name, below in value.items():
                self._plain_values(below, (*path, name))
        elif isinstance(value, tuple) and value and isinstance(value[0], Mapping):
            for place, below in enumerate(value):
                self._plain_values(below, (*path, str(place)))
        elif isinstance(value, Mapping) or _is_figure(value):
            self._plain_figure(value, path)

    def _plain_figure(self, value: Any, path: tuple[str, ...]) -> None:
        covering = self._index.pattern_for(".".join(path))
        self._used.add(covering)
        self._row(value, path, covering)


def _is_figure(value: Any) -> bool:
    """Return True if a value is a number, a distribution, or a list (of lists) of numbers."""
    if isinstance(value, tuple):
        return bool(value) and _is_figure(value[0])
    return isinstance(value, Distribution) or (
        isinstance(value, (int, float)) and not isinstance(value, bool)
    )


def _plain(value: Any, path: tuple[str, ...]) -> Any:
    if isinstance(value, tuple):
        if path[-1] in DATA:
            return f"{len(value)} daily values, {sum(value):.10g} in total"
        return [_plain(inner, path) for inner in value]
    if isinstance(value, Distribution):
        return value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, Mapping):
        return {key: _plain(inner, (*path, key)) for key, inner in value.items()}
    return value
