"""A scenario file and the files it extends become one tree of plain values."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.loading import overlays
from surgesim.scenario.loading.draft import Draft
from surgesim.scenario.loading.yaml_nodes import Document, read_file
from surgesim.scenario.messages import shape
from surgesim.scenario.messages import wording as messages
from surgesim.scenario.messages.finding import Finding, Place

MAX_CHAIN = 20
"""Most files a scenario may extend, one after the other."""


def read_chain(path: Path, draft: Draft) -> dict[str, Any]:
    """The plain values of the file at `path` laid over those of the files it extends."""
    documents: list[Document] = []
    problems: list[Problem] = []
    chain: list[Path] = []
    following: Path | None = path
    named_at: Place | None = None
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
        tree = document.value
        if not isinstance(tree, dict):
            got = "an empty file" if tree is None else messages.display(tree)
            problems.append(Problem("", f"got {got}, expected the sections of a scenario", shown, 1))
            break
        document.places[()] = Place(shown, 1)
        documents.append(document)
        following, named_at = _extended(following, document, problems)
        _locate_arrivals(Path(shown).parent, document)
    if problems:
        raise ScenarioError(problems)
    merged: dict[str, Any] = {}
    for document in reversed(documents):
        draft.places |= document.places
        draft.fractions |= document.fractions
        draft.remark(document.doubts)
        merged = absorb(merged, document.value, draft)
    return merged


def absorb(base: Mapping[str, Any], child: Mapping[str, Any], draft: Draft) -> dict[str, Any]:
    """`child` laid over `base`, with what is wrong with its removals noted in the draft."""
    draft.refuse(overlays.unknown_nulls(child))
    draft.remark(
        idle
        for idle in overlays.idle_nulls(base, child)
        if idle.path[0] != "alternatives" or len(idle.path) <= 2
    )
    return overlays.absorb(base, child)


def _extended(path: Path, document: Document, problems: list[Problem]) -> tuple[Path | None, Place | None]:
    name = document.value.pop("extends", None)
    if name is None or name == "none":
        return None, None
    place = document.places[("extends",)]
    if not isinstance(name, str):
        message = f"got {messages.display(name)}, expected the name of a file beside this one"
        problems.append(Finding(("extends",), message, place=place).problem)
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
    return Finding(("extends",), what, place=place).problem


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
