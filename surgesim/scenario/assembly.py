"""A scenario file becomes a validated, frozen `Scenario`, or every problem in it at once.

The order: the file and what it `extends`, then ``--set`` changes, then profiles and the arrivals file
take their places, then the schema and the checks, then each alternative's overlay the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.loading import arrivals_file, assignments, overlays, profile_tables
from surgesim.scenario.loading.chain import absorb, read_chain
from surgesim.scenario.loading.draft import Draft
from surgesim.scenario.loading.yaml_nodes import KeyPath, Place, problem
from surgesim.scenario.messages import wording as messages
from surgesim.scenario.messages.shape import nearest
from surgesim.scenario.messages.wording import Finding
from surgesim.scenario.schema.base import scaled
from surgesim.scenario.schema.scenario import BASELINE, SHARED, Scenario
from surgesim.scenario.validation import cautions, checks, inherited, uncertain_checks
from surgesim.scenario.validation.sources import SourceIndex, Survey


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
    draft = Draft()
    tree = read_chain(Path(path), draft)
    return _finish(tree, changes, draft)


def from_plain(tree: Mapping[str, Any], *, changes: Sequence[str] = ()) -> Scenario:
    """The scenario that a file with these plain values would give.

    `extends` is no plain value; an arrivals file is named from the working directory.

    Raises
    ------
    ScenarioError
        As `load`.
    """
    draft = Draft()
    return _finish(absorb({}, dict(tree), draft), changes, draft)[0]


def load_stored(path: str | Path) -> Scenario:
    """The scenario of a result folder.

    What it says has been simulated: its dates may lie past the end of a shortened run, and what its
    uncertain parameters drew is known.

    Raises
    ------
    ScenarioError
        As `load`.
    """
    draft = Draft(shortened=True, quiet=True, drawable=False)
    return _made(read_chain(Path(path), draft), (), draft).scenario


def overlaid(scenario: Scenario, overlay: Mapping[str, Any]) -> Scenario:
    """`Scenario.overlaid`: what a file with the values of both would give."""
    try:
        return _laid_over(scenario, overlay, shortened=any(key in overlay for key in ("start", "days")))
    except ScenarioError:
        if not _ends_early(scenario):
            raise
    return _laid_over(scenario, overlay, shortened=True)


def _laid_over(scenario: Scenario, overlay: Mapping[str, Any], *, shortened: bool) -> Scenario:
    draft = Draft(shortened=shortened, quiet=True)
    plain = scenario.to_plain()
    given = overlay.get("alternatives")
    placed = _overlay_in_place({k: v for k, v in overlay.items() if k != "alternatives"}, plain, (), draft)
    change = dict(scaled(plain, placed))
    if isinstance(given, Mapping):
        change["alternatives"] = {name: _overlay(name, inner, plain, draft) for name, inner in given.items()}
    elif "alternatives" in overlay:
        change["alternatives"] = given
    return _made(absorb(plain, change, draft), (), draft).scenario


def findings_at(path: KeyPath, value: Any, plain: Mapping[str, Any]) -> list[Finding]:
    """What the schema says against `value` at `path` of the valid scenario `plain`, and below it.

    That is wrong whatever the other values are; what must hold between values is not looked at.
    """
    overlay: Any = value
    for key in reversed(path):
        overlay = {key: overlay}
    draft = Draft(quiet=True)
    laid = overlays.lay(plain, _overlay_in_place(overlay, plain, (), draft))
    found: list[Finding] = [(tuple(told.path.split(".")), told.message) for told in draft.problems]
    try:
        Scenario.model_validate(laid)
    except ValidationError as error:
        found += messages.findings(error, laid)
    return [(at, message) for at, message in found if at[: len(path)] == path]


def _ends_early(scenario: Scenario) -> bool:
    """Whether dates of the scenario lie past its end, as where it was shortened from outside."""
    every = (scenario.alternative(name) for name in (BASELINE, *scenario.alternatives))
    return any(True for each in every for _ in checks.out_of_range(checks.Parts.of(each)))


class _Made(NamedTuple):
    """A scenario that is right, it and its alternatives by name, and the paths set from outside."""

    scenario: Scenario
    every: Mapping[str, Scenario]
    paths: Sequence[KeyPath]


def _finish(
    tree: Mapping[str, Any], texts: Sequence[str], draft: Draft
) -> tuple[Scenario, tuple[Problem, ...]]:
    scenario, scenarios, paths = _made(tree, texts, draft)
    draft.remark(cautions.hidden_changes(paths, scenario))
    draft.remark(uncertain_checks.remarks(paths, scenario))
    survey = Survey(scenario)
    draft.remark(cautions.cautions(scenarios, survey))
    draft.count(cautions.unsourced(survey))
    return scenario, tuple(_in_order(draft.warnings))


def _made(tree: Mapping[str, Any], texts: Sequence[str], draft: Draft) -> _Made:
    assigned = _assigned(tree, texts, draft)
    given = assigned.tree.get("alternatives", {})
    plain = _in_place(
        {key: value for key, value in assigned.tree.items() if key != "alternatives"}, (), draft
    )
    alternatives = given
    if isinstance(given, Mapping):
        alternatives = {name: _overlay(name, overlay, plain, draft) for name, overlay in given.items()}
    _add_sources(plain, draft)
    plain = overlays.completed(plain)
    draft.shortened |= any(path in (("days",), ("start",)) for path in assigned.paths)
    scenario, found, late = _validated({**plain, "alternatives": alternatives}, draft)
    draft.refuse(_unless_following(found, (), draft))
    draft.remark(late)
    scenarios = {} if scenario is None else {BASELINE: scenario}
    base = plain if scenario is None else scenario.to_plain()
    base = {key: value for key, value in base.items() if key != "alternatives"}
    faulty: list[str] = []
    for name, overlay in alternatives.items() if isinstance(alternatives, Mapping) else ():
        if isinstance(overlay, Mapping):
            above = ("alternatives", name)
            draft.remark(((*above, *path), message) for path, message in overlays.idle_nulls(base, overlay))
            judged = inherited.judged(overlay, base, found)
            laid = overlays.lay(base, scaled(base, judged))
            changed, findings, later = _validated(laid, draft)
            new = inherited.own(findings, found, overlay)
            told = _misnamed(_unless_following(new, above, draft), base)
            draft.refuse(((*above, *path), message) for path, message in told)
            if new:
                faulty.append(name)
            draft.remark(((*above, *path), message) for path, message in later if (path, message) not in late)
            if changed is not None:
                scenarios[name] = changed
    whole = {**plain, "alternatives": alternatives}
    draft.refuse(uncertain_checks.uncertain(whole, found, faulty, drawable=draft.drawable))
    if draft.problems or scenario is None:
        raise ScenarioError(_in_order(_without_misspelt(draft.problems)))
    return _Made(scenario, scenarios, assigned.paths)


def _validated(
    plain: Mapping[str, Any], draft: Draft
) -> tuple[Scenario | None, list[Finding], list[Finding]]:
    """The scenario of these values if it can be made, what is wrong with them, and what comes too late."""
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
    if not draft.shortened:
        found, late = found + late, []
    return scenario, list(dict.fromkeys(found)), late


def _misnamed(found: Iterable[Finding], base: Mapping[str, Any]) -> Iterable[Finding]:
    """What an overlay's new entry lacks is told as its name, where an entry there is has one like it."""
    told: dict[Finding, None] = {}
    for path, message in found:
        entries = messages.value_at(base, path[:-2]) if len(path) > 2 else None
        if message.startswith("missing, ") and isinstance(entries, Mapping) and path[-2] not in entries:
            near = nearest(str(path[-2]), entries)
            if near is not None:
                path, message = path[:-1], f"unknown name {path[-2]!r}, did you mean {near!r}?"
        told[path, message] = None
    return told


def _unless_following(found: Iterable[Finding], above: KeyPath, draft: Draft) -> list[Finding]:
    return [finding for finding in found if not _follows(finding, above, draft)]


def _follows(finding: Finding, above: KeyPath, draft: Draft) -> bool:
    """Whether a problem only follows from a profile or arrivals file that could not be read."""
    path, message = finding
    if not message.startswith(("missing", "got no series")):
        return False
    here = (*above, *path)
    return any(here[: len(section)] == section for section in draft.unread)


def _assigned(tree: Mapping[str, Any], texts: Sequence[str], draft: Draft) -> assignments.Assigned:
    assigned = assignments.assign(tree, texts)
    for path, message in assigned.findings:
        draft.problems.append(problem(path, message, Place(assignments.NAME)))
    for path in assigned.paths:
        draft.places = {p: place for p, place in draft.places.items() if p[: len(path)] != path}
        draft.places[path] = Place(assignments.NAME)
    draft.remark(assigned.doubts)
    return assigned


def _in_place(tree: Mapping[str, Any], above: KeyPath, draft: Draft) -> dict[str, Any]:
    """`tree` (the scenario or, at `above`, an overlay) with its profiles and arrivals file in place."""
    resolved = profile_tables.resolve(tree)
    for path, message in resolved.findings:
        at = (*above, *path)
        if path[-1] == "profile":
            draft.unread.append(at[:-1])
            if at not in draft.places and at[:-1] in draft.places:
                at = at[:-1]  # its name stands for the whole section
        draft.refuse([(at, message)])
    for path, source in resolved.sources.items():
        draft.sources[".".join(map(str, (*above, *path)))] = source
    _embed_arrivals(resolved.tree, above, draft)
    return resolved.tree


def _overlay(name: str, overlay: Any, plain: Mapping[str, Any], draft: Draft) -> Any:
    if not isinstance(overlay, Mapping):
        return overlay
    above = ("alternatives", name)
    own = [field for field in Scenario.model_fields if field not in SHARED]
    for key in SHARED:
        if key in overlay:
            message = f"got {key!r} in an alternative, expected only {', '.join(own)}"
            draft.refuse([((*above, key), message)])
    return _overlay_in_place({k: v for k, v in overlay.items() if k not in SHARED}, plain, above, draft)


def _overlay_in_place(
    overlay: Mapping[str, Any], plain: Mapping[str, Any], above: KeyPath, draft: Draft
) -> dict[str, Any]:
    """`overlay` with its profiles and arrivals file in place, whose days are those of `plain`."""
    span = {key: plain[key] for key in ("start", "days") if key in plain and key not in overlay}
    named = profile_tables.with_names_as_mappings(overlay)
    placed = _in_place({**named, **span}, above, draft)
    return {key: value for key, value in placed.items() if key not in span}


def _add_sources(plain: dict[str, Any], draft: Draft) -> None:
    """Sources of profile figures, where the scenario's own entries do not cover them."""
    own = plain.get("sources", {})
    if isinstance(own, Mapping):
        index = SourceIndex(own)
        added = {path: source for path, source in draft.sources.items() if index.covering(path) is None}
        plain["sources"] = {**added, **own}


def _embed_arrivals(plain: dict[str, Any], above: KeyPath, draft: Draft) -> None:
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
        whole = arrivals.get("counts_are") == "exact" and not arrivals.get("demand_sd")
        read = arrivals_file.read(Path(name), name, start, days, whole=whole)
    except ScenarioError as error:
        path = (*above, "arrivals", "file")
        for fault in error.problems:
            if fault.line is None:
                draft.refuse([(path, f"{fault.message}: {name}")])
            else:
                draft.problems.append(problem(path, fault.message, Place(name, fault.line)))
        draft.unread.append(path[:-1])
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


def _without_misspelt(problems: Iterable[Problem]) -> list[Problem]:
    """Leave out that a key is missing where an unknown key beside it is taken for it."""
    problems = list(problems)
    meant = set()
    for told in problems:
        near = re.fullmatch(r"unknown key .*, did you mean '(.*)'\?", told.message)
        if near is not None:
            meant.add((*told.path.split(".")[:-1], near[1]))
    return [
        told
        for told in problems
        if not (told.message.startswith("missing, ") and tuple(told.path.split(".")) in meant)
    ]


def _in_order(problems: Iterable[Problem]) -> list[Problem]:
    """By file and line, without repeats."""
    return sorted(dict.fromkeys(problems), key=lambda told: (told.file or "", told.line or 0))
