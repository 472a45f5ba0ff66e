"""Merge a scenario file and the files it extends into one tree of plain values."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.loading import overlays
from surgesim.scenario.loading.context import LoadContext, Origin
from surgesim.scenario.loading.yaml_nodes import Document, read_file
from surgesim.scenario.messages import shape
from surgesim.scenario.messages import wording as messages
from surgesim.scenario.messages.finding import Finding, Location

MAX_CHAIN = 20
"""Maximum number of files in a chain in which each extends the next."""


def read_chain(first: Path | Document, context: LoadContext) -> dict[str, Any]:
    """Return the plain values of a file or document, laid over those of the files that it extends.

    In a document, the names of files are relative to the working folder.
    """
    documents: list[Document] = []
    problems: list[Problem] = []
    chain: list[Path] = []
    following: Path | None = None
    named_at: Location | None = None
    if isinstance(first, Path):
        following = first
    elif _is_scenario(first, problems):
        documents.append(first)
        following, named_at = _extended(Path(), first, problems)
        _locate_files(Path(), first)
    while following is not None:
        shown = os.path.normpath(following)
        try:
            document = read_file(following, shown)
        except ScenarioError as error:
            problems += _from_extends(error, named_at, shown)
            break
        resolved = following.resolve()
        if resolved in chain or len(chain) >= MAX_CHAIN:
            raise ScenarioError([_cycle([*chain, resolved], named_at)])
        chain.append(resolved)
        document.locations[()] = Location(shown, 1)
        if not _is_scenario(document, problems):
            break
        documents.append(document)
        following, named_at = _extended(following.parent, document, problems)
        _locate_files(Path(shown).parent, document)
    if problems:
        raise ScenarioError(problems)
    merged: dict[str, Any] = {}
    for document in documents:
        given = tuple(str(key) for key, value in document.value.items() if value is not None)
        context.origins.append(Origin(str(document.locations[()].file), given))
    for document in reversed(documents):
        context.locations |= document.locations
        context.fractions |= document.fractions
        context.remark(document.doubts)
        merged = absorb(merged, document.value, context)
    return merged


def absorb(base: Mapping[str, Any], child: Mapping[str, Any], context: LoadContext) -> dict[str, Any]:
    """Return `child` laid over `base`; record invalid removals in `context`."""
    context.refuse(overlays.unknown_nulls(child))
    context.remark(
        idle
        for idle in overlays.idle_nulls(base, child)
        if idle.path[0] != "alternatives" or len(idle.path) <= 2
    )
    context.remark(overlays.renamed_facilities(base, child))
    return overlays.absorb(base, child)


def _is_scenario(document: Document, problems: list[Problem]) -> bool:
    """Return True if a document has keys; otherwise add a problem."""
    value = document.value
    if isinstance(value, dict):
        return True
    got = "an empty file" if value is None else messages.display(value)
    message = f"got {got}, expected the sections of a scenario"
    problems.append(Finding((), message, location=document.locations.get(())).problem)
    return False


def _extended(
    folder: Path, document: Document, problems: list[Problem]
) -> tuple[Path | None, Location | None]:
    name = document.value.pop("extends", None)
    if name is None or name == "none":
        return None, None
    location = document.locations[("extends",)]
    if not isinstance(name, str):
        message = f"got {messages.display(name)}, expected the path of a file, relative to this one"
        problems.append(Finding(("extends",), message, location=location).problem)
        return None, None
    return folder / name, location


def _from_extends(error: ScenarioError, named_at: Location | None, shown: str) -> list[Problem]:
    """Return the problems of an extended file; if it is unreadable, report it at the key `extends`."""
    if named_at is None or any(problem.line is not None for problem in error.problems):
        return list(error.problems)
    texts = [f"{problem.message}: {shown}" for problem in error.problems]
    return [Problem("extends", text, named_at.file, named_at.line) for text in texts]


def _cycle(chain: list[Path], location: Location | None) -> Problem:
    names = " -> ".join(part.name for part in chain)
    what = f"got files that extend each other: {names}"
    if len(set(chain)) == len(chain):
        what = f"got a chain of more than {MAX_CHAIN} files that extend each other: {names}"
    return Finding(("extends",), what, location=location).problem


def _locate_files(folder: Path, document: Document) -> None:
    """Make the paths of data files, which are relative to the document, relative to the working folder."""
    for section in _with_files(document.value):
        if isinstance(section, dict) and isinstance(section.get("file"), str) and section["file"] != "none":
            section["file"] = os.path.normpath(folder / section["file"])


def _with_files(tree: Any) -> Iterator[Any]:
    """Yield the sections of a document that may name a data file."""
    for holder in (tree, *_entries(shape.inside(tree, "alternatives"))):
        yield shape.inside(holder, "arrivals")
        yield shape.inside(shape.inside(holder, "people"), "boundaries")
        yield shape.inside(shape.inside(holder, "care"), "initial_census")
        yield shape.inside(shape.inside(holder, "people"), "contacts")
        yield shape.inside(shape.inside(holder, "people"), "ages")
    yield shape.inside(tree, "start")
    yield shape.inside(tree, "history")
    study = shape.inside(tree, "study")
    yield shape.inside(study, "draws")
    for distribution in _entries(shape.inside(study, "uncertainty")):
        yield shape.inside(distribution, "empirical")


def _entries(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, Mapping) else ()
