"""Turn YAML 1.2 text into plain values, and record the file and line of every value.

PyYAML implements YAML 1.1 (``010`` is 8, ``no`` is False, the last of two equal keys wins), so only its
parser is used. This module composes the parser's events under the YAML 1.2 core schema, and enforces
limits on size, depth and aliases before it builds anything.
"""

from __future__ import annotations

import codecs
import re
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.messages import thousands
from surgesim.scenario.messages.finding import Finding, KeyPath, Location

MAX_BYTES = 4_000_000
"""Maximum file size in bytes, far above the size of any scenario, even with embedded arrivals."""

MAX_DEPTH = 50
TOO_DEEP = f"got values nested deeper than {MAX_DEPTH} levels"
MAX_VALUES = 400_000
"""Maximum number of values in a document; an alias counts each time it is used."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FRACTION = re.compile(r"[-+]?[1-9][0-9]{0,2}\.[0-9]{3}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_TEXT_TAGS = ("!", "tag:yaml.org,2002:str")
_PLAIN_TAGS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")


@dataclass(slots=True)
class Document:
    """A YAML document as plain dicts, lists and scalars, with the location of each value by path.

    Attributes
    ----------
    fractions
        The original text of numbers in which a point may separate thousands.
    doubts
        Findings about values that can be read, but may not be what their author meant.
    """

    value: Any
    locations: dict[KeyPath, Location] = field(default_factory=dict)
    fractions: dict[KeyPath, str] = field(default_factory=dict)
    doubts: list[Finding] = field(default_factory=list)


def resolve(text: str) -> Any:
    """Return the value of a plain scalar under the YAML 1.2 core schema: `text` itself if no other type fits.

    Raises
    ------
    ValueError
        For a number of more than 100 characters.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "-+.0123456789":
        return text
    for form, read in ((_INT, int), (_OCTAL, _octal), (_HEX, _hexadecimal), (_FLOAT, float)):
        if form.fullmatch(text):
            if len(text) > 100:
                raise ValueError(f"got a number of {len(text)} characters, expected at most 100")
            return read(text)
    return text


def _octal(text: str) -> int:
    return int(text[2:], 8)


def _hexadecimal(text: str) -> int:
    return int(text[2:], 16)


def read_file(path: Path, label: str) -> Document:
    """Read and compose one YAML file; `label` is its name in messages.

    Raises
    ------
    ScenarioError
        If the file cannot be read, is too large, is not UTF-8, is not YAML, or has duplicate keys; the
        error lists every problem.
    """
    return compose(read_text(path, label, MAX_BYTES), label)


_NO_FILES = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)
"""Kinds of paths that are refused because they are not regular files; reading a pipe might never end."""


def read_text(path: Path, label: str, most_bytes: int) -> str:
    """Return the text of a UTF-8 file of at most `most_bytes` bytes, without a byte order mark."""

    def refuse(message: str, line: int | None = None) -> NoReturn:
        raise ScenarioError([Problem("", message, label, line)])

    try:
        status = path.stat()
        for is_one, what in _NO_FILES:
            if is_one(status.st_mode):
                refuse(f"got {what}, expected a file")
        size = status.st_size
        if size > most_bytes:
            refuse(f"got a file of {size / 1e6:.1f} MB, expected at most {most_bytes / 1e6:g} MB")
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        refuse("got the name of a file that does not exist")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        refuse(f"got a file that cannot be read ({reason})")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content[:2]:
        refuse("got text in UTF-16, expected UTF-8: save as UTF-8", 1)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        refuse(f"got the byte 0x{content[error.start]:02x}, expected text in UTF-8", line)


def compose(text: str, file: str) -> Document:
    """Compose one YAML document of `text`.

    Raises
    ------
    ScenarioError
        If the text is not YAML, exceeds a limit or has duplicate keys; the error lists the duplicate keys
        up to the first text that is not YAML or exceeds a limit.
    """
    composer = _Composer(file)
    try:
        composer.document(yaml.parse(text, Loader=_Loader))
    except _LimitError:
        pass
    except yaml.MarkedYAMLError as error:
        composer.problems.append(_not_yaml(error, text, file))
    except (yaml.YAMLError, UnicodeError):
        composer.problems.append(_not_text(text, file))
    if composer.problems:
        raise ScenarioError(composer.problems)
    return Document(composer.value, composer.locations, composer.fractions, composer.doubts)


def _not_text(text: str, file: str) -> Problem:
    """Return a problem that names the first character that YAML does not allow."""
    found = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if found is None:
        return Problem("", "got text that is not YAML", file)
    message = f"got text that is not YAML (it contains the invisible character U+{ord(found[0]):04X})"
    return Problem("", message, file, text.count("\n", 0, found.start()) + 1)


def _not_yaml(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line = None if mark is None else mark.line + 1
    lines = text.splitlines()
    if _open_brackets(lines[:line]) > MAX_DEPTH:  # newer parsers have a lower limit of their own
        return Problem("", TOO_DEEP, file, line)
    if line is not None and line <= len(lines):
        indent = lines[line - 1][: len(lines[line - 1]) - len(lines[line - 1].lstrip())]
        if "\t" in indent:
            return Problem("", "got a tab in the indentation, expected spaces", file, line)
    reason = ", ".join(part for part in (error.context, error.problem) if part)
    found = f"got text that is not YAML ({reason})"
    if mark is not None and mark.line < len(lines):
        found += _quotes_hint(lines[mark.line], mark.column)
    return Problem("", found, file, line)


def _quotes_hint(line: str, column: int) -> str:
    """Return a hint if the parser may have stopped at `column` (from 0) because of missing quotes."""
    before, letter = line[:column], line[column : column + 1]
    if letter == ":" and ":" in before:
        return ', expected quotes around a text with a colon, as in "a: b"'
    return f", expected quotes around a text that begins with {letter}" if letter in ("@", "`", "%") else ""


def _open_brackets(lines: list[str]) -> int:
    """Estimate the maximum number of brackets open at once, including brackets in texts."""
    depth = most = 0
    for letter in "".join(lines):
        depth += (letter in "[{") - (letter in "]}")
        most = max(most, depth)
    return most


class _LimitError(Exception):
    """Raised to stop composing at a limit; the reason is already in the list of problems."""


class _Composer:
    """Builds the value of one document from the parser's events."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.value: Any = None
        self.locations: dict[KeyPath, Location] = {}
        self.problems: list[Problem] = []
        self.fractions: dict[KeyPath, str] = {}
        self.doubts: list[Finding] = []
        self.count = 0
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.events: Iterator[Any] = iter(())

    def document(self, events: Iterator[Any]) -> None:
        self.events = events
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                self.value = self.node(next(events), ())
                break
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                self.stop("got a second document, expected only one in a file", (), event)

    def location(self, event: Any) -> Location:
        return Location(self.file, event.start_mark.line + 1)

    def note(self, message: str, path: KeyPath, event: Any) -> None:
        self.problems.append(Finding(path, message, location=self.location(event)).problem)

    def stop(self, message: str, path: KeyPath, event: Any) -> NoReturn:
        self.note(message, path, event)
        raise _LimitError

    def node(self, event: Any, path: KeyPath) -> Any:
        """Return the value that begins with `event`; the caller records the location of `path`."""
        if len(path) > MAX_DEPTH:
            self.stop(TOO_DEEP, path[:3], event)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, path)
        before = self.count
        self.grow(1, path, event)
        if isinstance(event, yaml.ScalarEvent):
            value = self.scalar(event, path)
        else:
            if event.tag is not None and event.tag not in _PLAIN_TAGS:
                self.note(f"got the tag {event.tag!r}, expected a value without a tag", path, event)
            value = self.mapping(path) if isinstance(event, yaml.MappingStartEvent) else self.sequence(path)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, self.count - before)
        return value

    def grow(self, values: int, path: KeyPath, event: Any) -> None:
        self.count += values
        if self.count > MAX_VALUES:
            self.stop(
                f"got more than {MAX_VALUES} values (an alias counts each time it is used)", path[:3], event
            )

    def alias(self, event: Any, path: KeyPath) -> Any:
        if event.anchor not in self.anchors:
            self.stop(f"got the alias *{event.anchor}, expected its anchor before it", path, event)
        value, size = self.anchors[event.anchor]
        self.grow(size, path, event)
        return value

    def scalar(self, event: Any, path: KeyPath) -> Any:
        text = unicodedata.normalize("NFC", event.value)
        if event.tag is not None and event.tag not in _TEXT_TAGS:
            self.note(f"got the tag {event.tag!r}, expected a value without a tag", path, event)
        if event.tag is not None or not event.implicit[0]:
            return text
        if _FRACTION.fullmatch(text):
            self.fractions[path] = text
            if text[-1] == "0":  # an author who meant a fraction would omit the last 0
                message = f"got {text}, {thousands.doubt(text)}"
                self.doubts.append(Finding(path, message, location=self.location(event)))
        try:
            return resolve(text)
        except ValueError as error:
            self.note(str(error), path, event)
            return text

    def sequence(self, path: KeyPath) -> list[Any]:
        items: list[Any] = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            inner = (*path, len(items))
            self.locations[inner] = self.location(event)
            items.append(self.node(event, inner))
        return items

    def mapping(self, path: KeyPath) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            line = event.start_mark.line + 1
            key = self.key(event, path)
            if key is None or key in lines:
                if key is not None:
                    self.note(f"got the key {key!r} twice, on lines {lines[key]} and {line}", path, event)
                self.node(next(self.events), (*path, ""))
                continue
            lines[key] = line
            self.locations[(*path, key)] = Location(self.file, line)
            entries[key] = self.node(next(self.events), (*path, key))
        return entries

    def key(self, event: Any, path: KeyPath) -> str | None:
        """Return the text of a key (never a number, a date or a truth value); None if it is not a scalar."""
        if isinstance(event, yaml.ScalarEvent):
            self.grow(1, path, event)
            return unicodedata.normalize("NFC", event.value)
        self.node(event, (*path, ""))
        self.note("got a key that is a list, mapping or alias, expected a name", path, event)
        return None
