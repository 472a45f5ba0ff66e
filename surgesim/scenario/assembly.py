"""A scenario file becomes a validated, frozen `Scenario`, or every problem in it at once.

The order: the file and what it `extends`, then ``--set`` changes, then profiles and the arrivals file
take their places, then the schema and the checks, then each alternative's overlay the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.loading import arrivals_file, assignments, overlays, profile_tables, values
from surgesim.scenario.loading.chain import absorb, read_chain
from surgesim.scenario.loading.draft import Draft, in_order
from surgesim.scenario.messages import thousands
from surgesim.scenario.messages import wording as messages
from surgesim.scenario.messages.finding import Finding, KeyPath, Kind, Place, nearest
from surgesim.scenario.schema.merging import scaled
from surgesim.scenario.schema.scenario import BASELINE, SHARED, Scenario
from surgesim.scenario.validation import cautions, checks, inherited, uncertain_checks
from surgesim.scenario.validation.parts import Parts
from surgesim.scenario.validation.references import references
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
    """A copy with `overlay` laid over it, checked with its alternatives as a file with these values is.

    Mappings merge, None removes an entry, ``{scale: x}`` multiplies a number, the name of a profile
    stands for its figures. Of an alternative, the overlay is laid over what the scenario gives for it.

    Raises
    ------
    ScenarioError
        With every problem found, in the scenario and in every alternative.

    Examples
    --------
    >>> import surgesim
    >>> town = surgesim.load("scenarios/teaching/small-town.yaml")  # doctest: +SKIP
    >>> surgesim.overlaid(town, {"epidemic": {"variant": {"r0": 4}}}).epidemic.variant.r0  # doctest: +SKIP
    4.0
    """
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


def with_certain(scenario: Scenario, drawn: Mapping[str, Any]) -> Scenario:
    """A copy with other values at dotted paths, and nothing uncertain: one draw, or one point, of it.

    Raises
    ------
    ScenarioError
        As `overlaid`: a file with these values, all together, would be refused.
    """
    return overlaid(scenario, values.certain(drawn))


def findings_at(path: KeyPath, value: Any, plain: Mapping[str, Any]) -> list[Finding]:
    """What the schema says against `value` at `path` of the valid scenario `plain`, and below it.

    That is wrong whatever the other values are; what must hold between values is not looked at.
    """
    overlay: Any = value
    for key in reversed(path):
        overlay = {key: overlay}
    draft = Draft(quiet=True)
    laid = overlays.lay(plain, _overlay_in_place(overlay, plain, (), draft))
    found = [replace(fault, place=None) for fault in draft.faults]
    try:
        Scenario.model_validate(laid)
    except ValidationError as error:
        found += messages.findings(error, laid)
    return [finding for finding in found if finding.path[: len(path)] == path]


def _ends_early(scenario: Scenario) -> bool:
    """Whether dates of the scenario lie past its end, as where it was shortened from outside."""
    every = (scenario.alternative(name) for name in (BASELINE, *scenario.alternatives))
    return any(True for each in every for _ in checks.out_of_range(Parts.of(each)))


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
    draft.remark(cautions.unsourced(survey))
    return scenario, tuple(in_order(draft.warnings))


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
    whole = {**plain, "alternatives": alternatives}
    base = _validated(whole, draft)
    draft.refuse(_unless_following(base.faults, (), draft))
    draft.remark(base.late)
    scenarios = {} if base.scenario is None else {BASELINE: base.scenario}
    below = plain if base.scenario is None else base.scenario.to_plain()
    below = {key: value for key, value in below.items() if key != "alternatives"}
    faulty: list[str] = []
    for name, overlay in alternatives.items() if isinstance(alternatives, Mapping) else ():
        if isinstance(overlay, Mapping):
            made, right = _alternative(name, overlay, below, base, draft)
            if not right:
                faulty.append(name)
            if made is not None:
                scenarios[name] = made
    draft.refuse(
        uncertain_checks.uncertain(whole, base.faults, faulty, with_certain, drawable=draft.drawable)
    )
    problems = draft.problems
    if problems or base.scenario is None:
        raise ScenarioError(problems)
    return _Made(base.scenario, scenarios, assigned.paths)


def _alternative(
    name: str, overlay: Mapping[str, Any], below: Mapping[str, Any], base: _Validated, draft: Draft
) -> tuple[Scenario | None, bool]:
    """The scenario of an overlay if it can be made, and whether the overlay itself is right."""
    above = ("alternatives", name)
    draft.remark(idle.under(above) for idle in overlays.idle_nulls(below, overlay))
    judged = inherited.judged(overlay, below, base.faults)
    changed = _validated(overlays.lay(below, scaled(below, judged)), draft)
    own = inherited.own(changed.faults, base.faults, overlay)
    told = _misnamed(_unless_following(own, above, draft), below)
    draft.refuse(finding.under(above) for finding in told)
    draft.remark(finding.under(above) for finding in changed.late if finding not in base.late)
    return changed.scenario, not own


class _Validated(NamedTuple):
    """The scenario of plain values if it can be made, what is wrong with them, what comes too late."""

    scenario: Scenario | None
    faults: list[Finding]
    late: list[Finding]


def _validated(plain: Mapping[str, Any], draft: Draft) -> _Validated:
    found: list[Finding] = []
    scenario: Scenario | None = None
    try:
        scenario = Scenario.model_validate(plain)
    except ValidationError as error:
        found += messages.findings(error, plain)
        if not any(finding.path == () for finding in found):
            found += checks.one_driver(plain)
    parts = Parts.of(scenario) if scenario is not None else Parts.found_in(plain)
    found += references(plain)
    found += checks.consistency(parts)
    late = list(checks.out_of_range(parts))
    if not draft.shortened:
        found, late = found + late, []
    return _Validated(scenario, list(dict.fromkeys(found)), late)


def _misnamed(found: Iterable[Finding], base: Mapping[str, Any]) -> Iterable[Finding]:
    """What an overlay's new entry lacks is told as its name, where an entry there is has one like it."""
    told: dict[Finding, None] = {}
    for finding in found:
        *above, name, _ = finding.path if len(finding.path) > 2 else ("", "")
        entries = messages.value_at(base, tuple(above)) if above else None
        if finding.kind is Kind.MISSING and isinstance(entries, Mapping) and name not in entries:
            near = nearest(str(name), entries)
            if near is not None:
                finding = Finding((*above, name), f"unknown name {name!r}, did you mean {near!r}?")
        told[finding] = None
    return told


def _unless_following(found: Iterable[Finding], above: KeyPath, draft: Draft) -> list[Finding]:
    return [finding for finding in found if not _follows(finding, above, draft)]


def _follows(finding: Finding, above: KeyPath, draft: Draft) -> bool:
    """Whether a problem only follows from a profile or arrivals file that could not be read."""
    if finding.kind not in (Kind.MISSING, Kind.INCOMPLETE):
        return False
    here = (*above, *finding.path)
    return any(here[: len(section)] == section for section in draft.unread)


def _assigned(tree: Mapping[str, Any], texts: Sequence[str], draft: Draft) -> assignments.Assigned:
    assigned = assignments.assign(tree, texts)
    draft.refuse(assigned.findings)
    for path in assigned.paths:
        draft.places = {p: place for p, place in draft.places.items() if p[: len(path)] != path}
        draft.places[path] = assignments.PLACE
    draft.fractions |= assigned.fractions
    draft.remark(assigned.doubts)
    return assigned


def _in_place(tree: Mapping[str, Any], above: KeyPath, draft: Draft) -> dict[str, Any]:
    """`tree` (the scenario or, at `above`, an overlay) with its profiles and arrivals file in place."""
    resolved = profile_tables.resolve(tree)
    for finding in resolved.findings:
        at = (*above, *finding.path)
        if at[-1] == "profile":
            draft.unread.append(at[:-1])
            if at not in draft.places and at[:-1] in draft.places:
                at = at[:-1]  # its name stands for the whole section
        draft.refuse([replace(finding, path=at)])
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
            draft.refuse([Finding((*above, key), message)])
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
    """Let the series of an arrivals file stand beside those that `plain` gives itself."""
    arrivals = plain.get("arrivals")
    if not isinstance(arrivals, Mapping):
        return
    _doubt_counts(arrivals.get("series"), (*above, "arrivals", "series"), draft)
    name = arrivals.get("file")
    if not isinstance(name, str) or name == "none":
        return
    start, days = _start(plain.get("start")), plain.get("days")
    if start is None or not isinstance(days, int):
        return  # the schema says what is wrong with them
    path: KeyPath = (*above, "arrivals", "file")
    try:
        whole = arrivals.get("counts_are") == "exact" and not arrivals.get("demand_sd")
        read = arrivals_file.read(Path(name), name, start, days, whole=whole)
    except ScenarioError as error:
        for fault in error.problems:
            found = Finding(path, f"{fault.message}: {name}")
            if fault.line is not None:
                found = Finding(path, fault.message, place=Place(name, fault.line))
            draft.refuse([found])
        draft.unread.append(path[:-1])
        plain["arrivals"] = {**arrivals, "series": {}}
        return
    draft.remark(read.warnings)
    series = arrivals.get("series")
    kept = {key: value for key, value in arrivals.items() if key != "file"}
    plain["arrivals"] = {**kept, "series": {**(series if isinstance(series, Mapping) else {}), **read.series}}
    for key, line in read.lines.items():
        draft.places[(*above, "arrivals", "series", key)] = Place(name, line)


def _doubt_counts(series: Any, at: KeyPath, draft: Draft) -> None:
    """Remark on counts whose point may part thousands, as on those of an arrivals file."""
    if draft.quiet or not isinstance(series, Mapping):
        return
    doubts: thousands.Doubts[KeyPath] = thousands.Doubts()
    for name, one in series.items():
        counts, bed = messages.value_at(one, ("counts",)), messages.value_at(one, ("bed",))
        for day, count in enumerate(counts if isinstance(counts, (list, tuple)) else ()):
            if isinstance(count, float):
                path = (*at, name, "counts", day)
                written = draft.fractions.get(path, "")
                doubts.see(str(bed), written if written and float(written) == count else repr(count), path)
    for message, paths in doubts.remarks():
        draft.warnings = [known for known in draft.warnings if known.path not in paths]
        draft.remark([Finding(paths[0], message)])


def _start(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None
