"""Built-in profiles: tables of sourced figures that a scenario can use and override.

A scenario names a profile in place of a section (``contacts: vietnam-2021``) or inside it
(``clinical: {profile: squire-2022, stays: …}``). The profile is the base; other values override it,
and an overridden figure loses the profile's source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from surgesim.errors import SurgesimError
from surgesim.scenario.loading.yaml_nodes import read_file
from surgesim.scenario.messages.finding import Finding, KeyPath, suggestion
from surgesim.scenario.messages.wording import display, value_at
from surgesim.scenario.schema.merging import deep_merge

FOLDER = Path(__file__).parents[1] / "profiles"

PLACES = (
    "people.ages",
    "people.high_risk",
    "people.contacts",
    "epidemic.variant",
    "epidemic.susceptibility",
    "epidemic.immunity",
    "epidemic.detection",
    "clinical",
    "clinical.severity",
    "clinical.stays",
    "clinical.clocks",
    "clinical.respiratory",
    "supply",
    "command.levels",
)
"""The sections of a scenario that may name a profile."""

WORDS = ("title", "unit", "indicator", "by")
"""Keys whose values are words rather than figures, and so need no source."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The contents of one profile file.

    Attributes
    ----------
    section
        Dotted path of the section for which the profile is intended.
    figures
        Plain values in the form of that section.
    sources
        Source and confidence of each figure, by its path below the section.
    """

    name: str
    section: str
    title: Any
    figures: Any
    sources: Mapping[KeyPath, Mapping[str, str]]


@cache
def names() -> tuple[str, ...]:
    """Return the names of all profiles, in alphabetical order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


@cache
def read(name: str) -> Profile:
    """Read the profile `name`.

    Raises
    ------
    SurgesimError
        If the file does not have the form of a profile.
    """
    document = read_file(FOLDER / f"{name}.yaml", f"profiles/{name}.yaml").value
    if not isinstance(document, dict) or not {"section", "title", "figures"} <= set(document):
        raise SurgesimError(f"profile {name!r}: expected the keys section, title and figures")
    if document["section"] not in PLACES:
        raise SurgesimError(
            f"profile {name!r}: got section {document['section']!r}, expected one of {PLACES}"
        )
    sources: dict[KeyPath, Mapping[str, str]] = {}
    figures = _figures(name, document["figures"], (), sources)
    return Profile(name, document["section"], document["title"], figures, sources)


def _figures(name: str, node: Any, path: KeyPath, sources: dict[KeyPath, Mapping[str, str]]) -> Any:
    if path and path[-1] in WORDS:
        return node
    if not isinstance(node, dict):
        raise SurgesimError(f"profile {name!r}: expected value, source and confidence at {path}")
    if "value" not in node:
        return {key: _figures(name, inner, (*path, key), sources) for key, inner in node.items()}
    if not {"source", "confidence"} <= set(node) <= {"value", "source", "confidence", "note"}:
        raise SurgesimError(f"profile {name!r}: expected value, source, confidence (and note) at {path}")
    sources[path] = {"source": node["source"], "confidence": node["confidence"]}
    return node["value"]


@dataclass(slots=True)
class Resolution:
    """Plain values with profiles replaced by figures, the sources of these figures by path, and findings."""

    tree: dict[str, Any]
    sources: dict[KeyPath, Mapping[str, str]]
    findings: list[Finding]


def with_names_as_mappings(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return `tree` with each bare profile name as ``{profile: name}``, so that keys can be laid over it."""

    def walk(node: Any, path: KeyPath) -> Any:
        if isinstance(node, str) and node != "none" and ".".join(map(str, path)) in PLACES:
            return {"profile": node}
        if isinstance(node, Mapping) and any(place.startswith(".".join(map(str, path))) for place in PLACES):
            return {key: walk(inner, (*path, key)) for key, inner in node.items()}
        return node

    return {key: walk(node, (key,)) for key, node in tree.items()}


def resolve(tree: Mapping[str, Any]) -> Resolution:
    """Replace each profile name in `tree` (a scenario or an overlay) with the profile's figures."""
    resolved = Resolution(dict(tree), {}, [])
    for place in sorted(PLACES, key=len, reverse=True):
        _resolve_at(resolved, tuple(place.split(".")))
    return resolved


def _resolve_at(resolved: Resolution, path: tuple[str, ...]) -> None:
    """Replace the profile name at one path; the caller begins with inner paths, which take precedence."""
    node = value_at(resolved.tree, path)
    if not isinstance(node, Mapping) or "profile" not in node:
        return
    name = node["profile"]
    rest = {key: value for key, value in node.items() if key != "profile"}
    section = ".".join(path)
    problem = _problem(name, section)
    if problem is not None:
        resolved.findings.append(Finding((*path, "profile"), problem))
        put(resolved.tree, path, rest or None)
        return
    profile = read(name)
    if not isinstance(profile.figures, Mapping):
        if rest:
            message = (
                f"got {', '.join(rest)} beside profile {name!r}, which is a single table: expected only the "
                "profile's name"
            )
            resolved.findings.append(Finding(path, message))
        put(resolved.tree, path, profile.figures)
        resolved.sources[path] = profile.sources[()]
        return
    put(resolved.tree, path, deep_merge(profile.figures, rest))
    for below, source in profile.sources.items():
        if not _touched(rest, below):
            resolved.sources[(*path, *below)] = source


def _problem(name: Any, section: str) -> str | None:
    if not isinstance(name, str):
        return f"got {display(name)}, expected the name of a profile"
    if name not in names():
        fitting = [known for known in names() if read(known).section == section]
        return f"unknown profile {name!r}{suggestion(name, fitting)}"
    if read(name).section != section:
        fitting = [known for known in names() if read(known).section == section]
        known = f"one of the profiles {', '.join(fitting)}" if fitting else "the figures themselves"
        return f"got profile {name!r}, which is for {read(name).section}, expected {known}"
    return None


def _touched(rest: Any, below: KeyPath) -> bool:
    """Return True if `rest` gives a value at the path, above it or below it."""
    for key in below:
        if not isinstance(rest, Mapping):
            return True
        if key not in rest:
            return False
        rest = rest[key]
    return True


def put(tree: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Replace the value at `path`, or remove it if `value` is None; mappings along the path are copied."""
    for key in path[:-1]:
        tree[key] = dict(tree[key])
        tree = tree[key]
    if value is None:
        tree.pop(path[-1])
    else:
        tree[path[-1]] = value
