"""Read a mapping of Python values as the contents of a scenario file.

Keys may be dotted paths (``{"epidemic.variant.r0": 4}``) at any level. NumPy's numbers and arrays, tuples,
dates, paths and sections of other scenarios become the plain values that a file would have.
"""

from __future__ import annotations

import contextlib
import os
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any

from surgesim.errors import ScenarioError
from surgesim.scenario.loading.yaml_nodes import MAX_DEPTH, MAX_VALUES, TOO_DEEP, Document
from surgesim.scenario.messages.finding import Finding, KeyPath, Location
from surgesim.scenario.messages.wording import display
from surgesim.scenario.schema.base import Section

_MAX_DIGITS = 100

_PATHS_AS_KEYS = (("sources",), ("study", "uncertainty"))
"""Mappings of a scenario in which a key is itself a dotted path."""


def read_mapping(given: Mapping[str, Any]) -> Document:
    """Return the plain values of `given`, with nested keys.

    Their locations have no file, so that errors are not reported in the file that `given` extends.

    Raises
    ------
    ScenarioError
        If a key or value could not stand in a file, or a value is given twice; all such errors are listed.
    """
    reader = _Reader()
    tree = reader.mapping(given, ())
    if reader.findings:
        raise ScenarioError([finding.problem for finding in reader.findings])
    return Document(tree, {path: Location("") for path in _paths(tree, ())})


def _paths(value: Any, path: KeyPath) -> Iterator[KeyPath]:
    yield path
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in entries:
        yield from _paths(inner, (*path, key))


class _LimitError(Exception):
    """Raised if there are too many values, or they are nested too deeply; the finding is already recorded."""


class _Reader:
    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.count = 0

    def mapping(self, given: Mapping[Any, Any], path: KeyPath) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        with contextlib.suppress(_LimitError):
            self._fill(tree, given, path)
        return tree

    def _fill(self, tree: dict[str, Any], given: Mapping[Any, Any], path: KeyPath) -> None:
        for key, value in given.items():
            keys = _keys(key, path)
            if not all(keys):
                what = "names joined by dots" if isinstance(key, str) else "a text"
                self._note(path, f"got the key {display(key)}, expected {what}")
                continue
            at, here = path, tree
            for above in keys[:-1]:
                at = (*at, above)
                here = self._inner(here, above, at)
            self._put(here, keys[-1], value, (*at, keys[-1]))

    def _inner(self, tree: dict[str, Any], key: str, path: KeyPath) -> dict[str, Any]:
        """Return the mapping under a key; create it if there is none."""
        inner = tree.setdefault(key, {})
        if isinstance(inner, dict):
            return inner
        self._note(path, f"got {display(inner)} and values below it, expected only one of the two")
        return {}

    def _put(self, tree: dict[str, Any], key: str, given: Any, path: KeyPath) -> None:
        value = _as_in_a_file(given)
        if isinstance(value, Mapping):
            self._grow(path)
            self._fill(self._inner(tree, key, path), value, path)
        elif key in tree:
            self._note(path, f"got {display(tree[key])} and {display(value)}, expected only one of the two")
        else:
            tree[key] = self._value(value, path)

    def _value(self, given: Any, path: KeyPath) -> Any:
        self._grow(path)
        value = _as_in_a_file(given)
        if isinstance(value, Mapping):
            inner: dict[str, Any] = {}
            self._fill(inner, value, path)
            return inner
        if isinstance(value, (list, tuple)):
            return [self._value(item, (*path, i)) for i, item in enumerate(value)]
        if isinstance(value, int) and abs(value) >= 10**_MAX_DIGITS:
            self._note(path, f"got a number of more than {_MAX_DIGITS} digits")
        elif not isinstance(value, (int, float, str, type(None))):
            what = type(value).__name__
            self._note(path, f"got a value of type {what}, expected a number, text, list or mapping")
        return value

    def _grow(self, path: KeyPath) -> None:
        self.count += 1
        message = TOO_DEEP if len(path) > MAX_DEPTH else f"got more than {MAX_VALUES} values"
        if len(path) > MAX_DEPTH or self.count > MAX_VALUES:
            self._note(path[:3], message)
            raise _LimitError

    def _note(self, path: KeyPath, message: str) -> None:
        self.findings.append(Finding(path, message))


def _as_in_a_file(value: Any) -> Any:
    """Convert a section, a NumPy value, a date or a path to a plain value; return other values unchanged."""
    if isinstance(value, Section):
        return value.model_dump(mode="json", exclude_none=True)
    if hasattr(value, "tolist") and not isinstance(value, type):
        value = value.tolist()
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


def _keys(key: object, above: KeyPath) -> list[str]:
    """Split a dotted key into names, except where keys are paths; return ``[""]`` if the key is not text."""
    if not isinstance(key, str):
        return [""]
    names: list[str] = []
    last = unicodedata.normalize("NFC", key)
    while "." in last and not _has_paths_as_keys((*above, *names)):
        name, _, last = last.partition(".")
        names.append(name)
    return [*names, last]


def _has_paths_as_keys(path: KeyPath) -> bool:
    return (path[2:] if path[:1] == ("alternatives",) else path) in _PATHS_AS_KEYS
