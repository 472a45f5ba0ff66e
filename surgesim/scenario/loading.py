"""A scenario file becomes a validated, frozen `Scenario`, or every problem in it at once.

The order: the file and what it `extends`, then ``--set`` changes, then profiles and the arrivals file
take their places, then the schema and the checks, then each alternative's overlay the same way.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario import (
    arrivals_file,
    assignments,
    cautions,
    checks,
    messages,
    overlays,
    profile_tables,
    shape,
)
from surgesim.scenario.dumping import dump
from surgesim.scenario.messages import Finding
from surgesim.scenario.schema import BASELINE, Scenario
from surgesim.scenario.sources import SourceIndex, assumptions
from surgesim.scenario.yaml_nodes import Document, KeyPath, Place, problem, read_file

MAX_CHAIN = 20
"""Most files a scenario may extend, one after the other."""

__all__ = ["assumptions", "dump", "from_plain", "inspect", "load"]

SHARED = ("name", "start", "days", "warm_up_days", "study", "alternatives", "extends")
"""What all alternatives of a scenario share, so that they can be compared day by day."""


def load(path: str | Path, *, changes: Sequence[str] = ()) -> Scenario:
    """Load a scenario.

    Parameters
    ----------
    path
        The YAML file.
    changes
        Texts ``path=value`` applied before the alternatives' overlays, as by ``--set``.

    Raises
    ------
    ScenarioError
        With every problem found, in the files and in every alternative.
    """
    return inspect(path, changes=changes)[0]


def inspect(path: str | Path, *, changes: Sequence[str] = ()) -> tuple[Scenario, tuple[Problem, ...]]:
    """Load a scenario, and what its author should know though nothing is wrong.

    Warnings are about figures without a source or assumed, changes that an overlay hides, and parts
    of the scenario that can have no effect.

    Raises
    ------
    ScenarioError
        As `load`.
    """
    draft = _Draft()
    tree = _read_chain(Path(path), draft)
    return _finish(tree, changes, draft)


def from_plain(tree: Mapping[str, Any]) -> Scenario:
    """The scenario that a file with these plain values would give (`extends` and files apart).

    Raises
    ------
    ScenarioError
        As `load`.
    """
    draft = _Draft()
    return _finish(_absorb({}, dict(tree), draft), (), draft)[0]


@dataclass(slots=True)
class _Draft:
    """A scenario being loaded: where its values stand, and what was found so far."""

    places: dict[KeyPath, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    sources: dict[str, Mapping[str, str]] = field(default_factory=dict)
    shortened: bool = False

    def place(self, path: KeyPath) -> Place | None:
        """The place of the value at `path`, or of what holds it."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.places:
                return self.places[path[:end]]
        return None

    def refuse(self, findings: Iterable[Finding]) -> None:
        self.problems += [problem(path, message, self.place(path)) for path, message in findings]

    def remark(self, findings: Iterable[Finding]) -> None:
        self.warnings += [problem(path, message, self.place(path)) for path, message in findings]


# Files


def _read_chain(path: Path, draft: _Draft) -> dict[str, Any]:
    """The plain values of the file at `path` laid over those of the files it extends."""
    documents: list[Document] = []
    chain: list[Path] = []
    following: Path | None = path
    named_at: Place | None = None
    while following is not None:
        shown = os.path.normpath(following)
        resolved = following.resolve()
        if resolved in chain or len(chain) >= MAX_CHAIN:
            raise ScenarioError([_cycle([*chain, resolved], named_at)])
        chain.append(resolved)
        try:
            document = read_file(following, shown)
        except ScenarioError as error:
            draft.problems += _from_extends(error, named_at, shown)
            break
        tree = document.value
        if not isinstance(tree, dict):
            got = "an empty file" if tree is None else messages.shown(tree)
            draft.problems.append(Problem("", f"got {got}, expected the sections of a scenario", shown, 1))
            break
        document.places[()] = Place(shown, 1)
        documents.append(document)
        following, named_at = _extended(following, document, draft)
        _locate_arrivals(Path(shown).parent, document)
    if draft.problems:
        raise ScenarioError(draft.problems)
    merged: dict[str, Any] = {}
    for document in reversed(documents):
        _move_places(draft, document)
        merged = _absorb(merged, document.value, draft)
    return merged


def _absorb(base: Mapping[str, Any], child: Mapping[str, Any], draft: _Draft) -> dict[str, Any]:
    draft.refuse(overlays.unknown_nulls(child))
    draft.remark(
        (path, message)
        for path, message in overlays.idle_nulls(base, child)
        if path[0] != "alternatives" or len(path) <= 2
    )
    return overlays.absorb(base, child)


def _extended(path: Path, document: Document, draft: _Draft) -> tuple[Path | None, Place | None]:
    name = document.value.pop("extends", None)
    if name is None or name == "none":
        return None, None
    place = document.places[("extends",)]
    if not isinstance(name, str):
        message = f"got {messages.shown(name)}, expected the name of a file beside this one"
        draft.problems.append(problem(("extends",), message, place))
        return None, None
    return path.parent / name, place


def _from_extends(error: ScenarioError, named_at: Place | None, shown: str) -> list[Problem]:
    """Problems of reading a file; that it cannot be read at all is told where it is named."""
    if named_at is None or any(problem.line is not None for problem in error.problems):
        return list(error.problems)
    told = [f"{problem.message}: {shown}" for problem in error.problems]
    return [Problem("extends", message, named_at.file, named_at.line) for message in told]


def _cycle(chain: list[Path], place: Place | None) -> Problem:
    names = " -> ".join(part.name for part in chain)
    what = f"got files that extend each other: {names}"
    if len(set(chain)) == len(chain):
        what = f"got more than {MAX_CHAIN} files that extend each other: {names}"
    return problem(("extends",), what, place)


def _locate_arrivals(folder: Path, document: Document) -> None:
    """Name the arrivals file from where the program runs, as the document names it from its folder."""
    given = shape.inside(document.value, "alternatives")
    holders = [document.value, *(given.values() if isinstance(given, Mapping) else ())]
    for holder in holders:
        arrivals = shape.inside(holder, "arrivals")
        if (
            isinstance(arrivals, dict)
            and isinstance(arrivals.get("file"), str)
            and arrivals["file"] != "none"
        ):
            arrivals["file"] = os.path.normpath(folder / arrivals["file"])


def _move_places(draft: _Draft, document: Document) -> None:
    """Places of a document laid over those before it; what it replaces is forgotten."""
    replaced = {
        path
        for path in document.places
        if not isinstance(_value_at(document.value, path), (Mapping, type(None)))
    }
    kept = {
        path: place
        for path, place in draft.places.items()
        if not any(path[:end] in replaced for end in range(1, len(path)))
    }
    draft.places = {**kept, **document.places}


def _value_at(tree: Any, path: KeyPath) -> Any:
    for key in path:
        tree = shape.inside(tree, key)
    return tree


# From plain values to a scenario


def _finish(
    tree: Mapping[str, Any], texts: Sequence[str], draft: _Draft
) -> tuple[Scenario, tuple[Problem, ...]]:
    assigned = _assigned(tree, texts, draft)
    given = assigned.tree.get("alternatives", {})
    plain = _in_place(
        {key: value for key, value in assigned.tree.items() if key != "alternatives"}, (), draft
    )
    alternatives = given
    if isinstance(given, Mapping):
        alternatives = {name: _overlay(name, overlay, plain, draft) for name, overlay in given.items()}
    _add_sources(plain, draft)
    draft.shortened = any(path in (("days",), ("start",)) for path in assigned.paths)
    scenario, found = _validated({**plain, "alternatives": alternatives}, draft, ())
    draft.refuse(found)
    scenarios = {} if scenario is None else {BASELINE: scenario}
    base = plain if scenario is None else scenario.to_plain()
    base = {key: value for key, value in base.items() if key != "alternatives"}
    for name, overlay in alternatives.items() if isinstance(alternatives, Mapping) else ():
        if isinstance(overlay, Mapping):
            above = ("alternatives", name)
            draft.remark(((*above, *path), message) for path, message in overlays.idle_nulls(base, overlay))
            changed, findings = _validated(overlays.lay(base, overlay), draft, above)
            draft.refuse(
                ((*above, *path), message) for path, message in findings if (path, message) not in found
            )
            if changed is not None:
                scenarios[name] = changed
    if draft.problems or scenario is None:
        raise ScenarioError(_in_order(draft.problems))
    draft.remark(cautions.hidden_changes(assigned.paths, scenario))
    draft.remark(cautions.cautions(scenarios))
    return scenario, tuple(_in_order(draft.warnings))


def _validated(
    plain: Mapping[str, Any], draft: _Draft, above: KeyPath
) -> tuple[Scenario | None, list[Finding]]:
    """The scenario of these values if it can be made, and everything wrong with them."""
    found: list[Finding] = []
    scenario: Scenario | None = None
    try:
        scenario = Scenario.model_validate(plain)
    except ValidationError as error:
        found += messages.findings(error, plain)
        if not any(path == () for path, _ in found):
            found += checks.one_driver(plain)
    parts = checks.Parts.of(scenario) if scenario is not None else checks.Parts.found_in(plain)
    found += checks.references(plain)
    found += checks.consistency(parts)
    late = list(checks.out_of_range(parts))
    if draft.shortened:
        draft.remark(((*above, *path), message) for path, message in late)
    else:
        found += late
    return scenario, [finding for finding in dict.fromkeys(found) if not _follows(finding, above, draft)]


def _follows(finding: Finding, above: KeyPath, draft: _Draft) -> bool:
    """Whether a problem only follows from a profile or arrivals file that could not be read."""
    path, message = finding
    if not message.startswith(("missing", "got no series")):
        return False
    here = ".".join(map(str, (*above, *path)))
    for known in draft.problems:
        section, _, key = known.path.rpartition(".")
        if key in ("profile", "file") and (here == section or here.startswith(f"{section}.")):
            return True
    return False


def _assigned(tree: Mapping[str, Any], texts: Sequence[str], draft: _Draft) -> assignments.Assigned:
    assigned = assignments.assign(tree, texts)
    for path, message in assigned.findings:
        draft.problems.append(problem(path, message, Place(assignments.NAME)))
    for path in assigned.paths:
        draft.places = {p: place for p, place in draft.places.items() if p[: len(path)] != path}
        draft.places[path] = Place(assignments.NAME)
    return assigned


def _in_place(tree: Mapping[str, Any], above: KeyPath, draft: _Draft) -> dict[str, Any]:
    """`tree` (the scenario or, at `above`, an overlay) with its profiles and arrivals file in place."""
    resolved = profile_tables.resolve(tree)
    draft.refuse(((*above, *path), message) for path, message in resolved.findings)
    for path, source in resolved.sources.items():
        draft.sources[".".join(map(str, (*above, *path)))] = source
    _embed_arrivals(resolved.tree, above, draft)
    return resolved.tree


def _overlay(name: str, overlay: Any, plain: Mapping[str, Any], draft: _Draft) -> Any:
    if not isinstance(overlay, Mapping):
        return overlay
    above = ("alternatives", name)
    own = [field for field in Scenario.model_fields if field not in SHARED]
    for key in SHARED:
        if key in overlay:
            message = f"got {key!r} in an alternative, expected only {', '.join(own)}"
            draft.refuse([((*above, key), message)])
    span = {key: plain[key] for key in ("start", "days") if key in plain}
    kept = {key: value for key, value in overlay.items() if key not in SHARED}
    placed = _in_place({**kept, **span}, above, draft)
    return {key: value for key, value in placed.items() if key not in SHARED}


def _add_sources(plain: dict[str, Any], draft: _Draft) -> None:
    """Sources of profile figures, where the scenario's own entries do not cover them."""
    own = plain.get("sources", {})
    if isinstance(own, Mapping):
        index = SourceIndex(own)
        added = {path: source for path, source in draft.sources.items() if index.covering(path) is None}
        plain["sources"] = {**added, **own}


def _embed_arrivals(plain: dict[str, Any], above: KeyPath, draft: _Draft) -> None:
    arrivals = plain.get("arrivals")
    if not isinstance(arrivals, Mapping) or not isinstance(arrivals.get("file"), str):
        return
    if arrivals["file"] == "none":
        return
    start, days = _start(plain.get("start")), plain.get("days")
    if start is None or not isinstance(days, int):
        return  # the schema says what is wrong with them
    name = arrivals["file"]
    try:
        read = arrivals_file.read(Path(name), name, start, days)
    except ScenarioError as error:
        path = (*above, "arrivals", "file")
        for fault in error.problems:
            if fault.line is None:
                draft.refuse([(path, f"{fault.message}: {name}")])
            else:
                draft.problems.append(problem(path, fault.message, Place(name, fault.line)))
        plain["arrivals"] = {**arrivals, "series": {}}
        return
    draft.warnings += read.warnings
    series = arrivals.get("series")
    kept = {key: value for key, value in arrivals.items() if key != "file"}
    plain["arrivals"] = {**kept, "series": {**(series if isinstance(series, Mapping) else {}), **read.series}}
    for key, line in read.lines.items():
        draft.places[(*above, "arrivals", "series", key)] = Place(name, line)


def _start(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _in_order(problems: Iterable[Problem]) -> list[Problem]:
    """By file and line, without repeats."""
    return sorted(dict.fromkeys(problems), key=lambda told: (told.file or "", told.line or 0))
