"""Turn a scenario file into a validated, frozen `Scenario`, or report every problem in it at once.

Order: read the file and the files it `extends`, apply ``--set`` changes, insert profiles and the arrivals
file, validate against the schema, run the checks; then do the same with each alternative's overlay.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from pydantic import ValidationError

from surgesim.errors import Problem, ScenarioError
from surgesim.extension.files import Extensions
from surgesim.extension.reading import read_extensions
from surgesim.scenario.loading import assignments, overlays, values
from surgesim.scenario.loading.chain import absorb, read_chain
from surgesim.scenario.loading.context import LoadContext, Origin, in_order
from surgesim.scenario.loading.mappings import read_mapping
from surgesim.scenario.loading.placement import embed, embed_in_alternative, embed_in_overlay
from surgesim.scenario.loading.yaml_nodes import Document, compose
from surgesim.scenario.messages import wording as messages
from surgesim.scenario.messages.finding import Finding, KeyPath, Kind, Location, nearest
from surgesim.scenario.schema.merging import scaled
from surgesim.scenario.schema.numbers import MOST_ALTERNATIVES
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.scenario.validation import cautions, checks, inherited, uncertain_checks
from surgesim.scenario.validation.parts import Parts
from surgesim.scenario.validation.references import references
from surgesim.scenario.validation.sources import SourceIndex, Survey

Files: TypeAlias = Sequence[str | Path] | Extensions
"""Extension files: paths, or extensions that are already read."""

TEXT = "<text>"
"""The name that stands for a file in messages about a scenario given as text."""


def load(
    source: str | Path | Mapping[str, Any], *, changes: Sequence[str] = (), extensions: Files = ()
) -> Scenario:
    """Load a scenario.

    Parameters
    ----------
    source
        The YAML file, or a mapping with the contents of one. Its keys may be dotted paths. In a mapping, the
        names of files (`extends`, `arrivals.file`) are relative to the working folder.
    changes
        Texts ``path=value``, applied before the alternatives' overlays, like those of the option ``--set``.
    extensions
        Python files of your own (see `surgesim.extension`), which are executed; the scenario keeps them.

    Raises
    ------
    ScenarioError
        If there are problems; the error lists every problem in the files and in every alternative.
    ExtensionError
        If an extension cannot be used.

    Examples
    --------
    >>> import surgesim
    >>> town = surgesim.load("scenarios/teaching/small-town.yaml")  # doctest: +SKIP
    >>> surgesim.load({**town.to_plain(), "epidemic.variant.r0": 4})  # doctest: +SKIP
    """
    return examine(source, changes=changes, extensions=extensions).scenario


def loads(text: str, *, changes: Sequence[str] = (), extensions: Files = ()) -> Scenario:
    """Load a scenario from the text of a file; the names of files in it are relative to the working folder.

    Parameters
    ----------
    text
        The contents of a scenario file, in YAML.
    changes, extensions
        See `load`.

    Raises
    ------
    ScenarioError
        As for `load`; line numbers are those of the text.

    Examples
    --------
    >>> import surgesim
    >>> surgesim.loads("extends: scenarios/teaching/small-town.yaml\\ndays: 60").days  # doctest: +SKIP
    60
    """
    if not isinstance(text, str):
        raise ScenarioError([Problem("", f"got a value of type {type(text).__name__}, expected a text")])
    document = compose(text.removeprefix("\N{BYTE ORDER MARK}"), TEXT)
    document.locations[()] = Location(TEXT, 1)
    context = LoadContext(extensions=read_extensions(extensions))
    return _finish(read_chain(document, context), changes, context)[0]


def inspect(
    source: str | Path | Mapping[str, Any], *, changes: Sequence[str] = ()
) -> tuple[Scenario, tuple[Problem, ...]]:
    """Load a scenario and collect warnings for its author.

    Warnings concern figures that are assumed or have no source, changes that an overlay hides, and parts
    of the scenario that have no effect.

    Raises
    ------
    ScenarioError
        As for `load`.
    """
    return examine(source, changes=changes)[:2]


class Examination(NamedTuple):
    """A scenario, warnings for its author, and the files read, starting with the scenario file itself."""

    scenario: Scenario
    warnings: tuple[Problem, ...]
    origins: tuple[Origin, ...]


def examine(
    source: str | Path | Mapping[str, Any], *, changes: Sequence[str] = (), extensions: Files = ()
) -> Examination:
    """Load a scenario, collect the warnings of `inspect`, and list the files it comes from.

    Raises
    ------
    ScenarioError
        As for `load`.
    """
    context = LoadContext(extensions=read_extensions(extensions))
    tree = read_chain(_first(source), context)
    return Examination(*_finish(tree, changes, context), tuple(context.origins))


def _first(source: object) -> Path | Document:
    """Check the source of a scenario; return its path, or its contents as a document."""
    if isinstance(source, Mapping):
        return read_mapping(source)
    if isinstance(source, (str, os.PathLike)):
        return Path(source)
    what = type(source).__name__
    raise ScenarioError(
        [Problem("", f"got a value of type {what}, expected the path of a file or a mapping")]
    )


def from_plain(tree: Mapping[str, Any], *, changes: Sequence[str] = (), extensions: Files = ()) -> Scenario:
    """Build a scenario from plain values, as if a file contained them.

    `extends` is not allowed; the path of an arrivals file is relative to the working folder.

    Raises
    ------
    ScenarioError
        As for `load`.
    """
    context = LoadContext(extensions=read_extensions(extensions))
    return _finish(absorb({}, dict(tree), context), changes, context)[0]


def load_stored(path: str | Path) -> Scenario:
    """Load the scenario file of a result folder, without the extensions that were used in the run.

    The scenario has already been simulated, so its dates may lie past the end of a shortened run, and the
    values drawn for its uncertain parameters are known to be valid.

    Raises
    ------
    ScenarioError
        As for `load`.
    """
    context = LoadContext(shortened=True, quiet=True, drawable=False, extensions=None)
    return _assemble(read_chain(Path(path), context), (), context).scenario


def overlaid(scenario: Scenario, overlay: Mapping[str, Any]) -> Scenario:
    """Return a copy of a scenario with `overlay` laid over it.

    Mappings merge, None removes an entry, ``{scale: x}`` multiplies a number, and the name of a profile is
    replaced by its figures. An overlay of an alternative merges with the alternative's own overlay. Keys may
    be dotted paths. `Scenario.overlaid` does the same as a method.

    Raises
    ------
    ScenarioError
        If there are problems; the error lists every problem in the scenario and in every alternative.

    Examples
    --------
    >>> import surgesim
    >>> town = surgesim.load("scenarios/teaching/small-town.yaml")  # doctest: +SKIP
    >>> surgesim.overlaid(town, {"epidemic.variant.r0": 4}).epidemic.variant.r0  # doctest: +SKIP
    4.0
    """
    if not isinstance(overlay, Mapping):
        what = type(overlay).__name__
        raise ScenarioError([Problem("", f"got a value of type {what}, expected a mapping of changes")])
    plain = read_mapping(overlay).value
    try:
        return _laid_over(scenario, plain, shortened=any(key in plain for key in ("start", "days")))
    except ScenarioError:
        if not _ends_early(scenario):
            raise
    return _laid_over(scenario, plain, shortened=True)


def _laid_over(scenario: Scenario, overlay: Mapping[str, Any], *, shortened: bool) -> Scenario:
    context = LoadContext(shortened=shortened, quiet=True, extensions=scenario.extensions)
    plain = scenario.to_plain()
    given = overlay.get("alternatives")
    placed = embed_in_overlay({k: v for k, v in overlay.items() if k != "alternatives"}, plain, (), context)
    change = dict(scaled(plain, placed))
    if isinstance(given, Mapping):
        change["alternatives"] = {
            name: embed_in_alternative(name, inner, plain, context) for name, inner in given.items()
        }
    elif "alternatives" in overlay:
        change["alternatives"] = given
    return _assemble(absorb(plain, change, context), (), context, below=plain).scenario


def with_certain(scenario: Scenario, drawn: Mapping[str, Any]) -> Scenario:
    """Return a copy with the values in `drawn` (by dotted path) and no uncertain parameters.

    The copy represents one draw or one sweep point.

    Raises
    ------
    ScenarioError
        As for `overlaid`, if a file with all these values would be rejected.
    """
    return overlaid(values.certain(scenario), values.overlay_of(drawn))


def findings_at(path: KeyPath, value: Any, plain: Mapping[str, Any]) -> list[Finding]:
    """Return the schema errors that `value` at `path` causes in a valid scenario.

    `plain` contains the scenario's plain values. The errors do not depend on other values; constraints
    between values are not checked.
    """
    overlay: Any = value
    for key in reversed(path):
        overlay = {key: overlay}
    context = LoadContext(quiet=True)
    laid = overlays.lay(plain, embed_in_overlay(overlay, plain, (), context))
    found = [replace(fault, location=None) for fault in context.faults]
    try:
        Scenario.model_validate(laid)
    except ValidationError as error:
        found += messages.findings(error, laid)
    return [finding for finding in found if finding.path[: len(path)] == path]


def _ends_early(scenario: Scenario) -> bool:
    """Return True if any date lies past the scenario's end, for example because the run was shortened."""
    every = (scenario.alternative(name) for name in (BASELINE, *scenario.alternatives))
    return any(True for each in every for _ in checks.out_of_range(Parts.of(each)))


class _Assembly(NamedTuple):
    """A valid scenario, its baseline and alternatives as scenarios by name, and the paths set by the user."""

    scenario: Scenario
    every: Mapping[str, Scenario]
    paths: Sequence[KeyPath]


def _finish(
    tree: Mapping[str, Any], texts: Sequence[str], context: LoadContext
) -> tuple[Scenario, tuple[Problem, ...]]:
    scenario, scenarios, paths = _assemble(tree, texts, context)
    context.remark(cautions.hidden_changes(paths, scenario))
    context.remark(uncertain_checks.remarks(paths, scenario))
    survey = Survey(scenario)
    context.remark(cautions.cautions(scenarios, survey))
    context.remark(cautions.unsourced_figures(survey))
    return scenario, tuple(in_order(context.warnings))


def _assemble(
    tree: Mapping[str, Any],
    texts: Sequence[str],
    context: LoadContext,
    below: Mapping[str, Any] | None = None,
    kept: Mapping[str, Any] | None = None,
) -> _Assembly:
    """Build a scenario from plain values.

    `below` has the values of the scenario that they change, if any, and `kept` its sections that do not.
    """
    assigned = _assigned(tree, texts, context)
    given = assigned.tree.get("alternatives", {})
    if isinstance(given, Mapping) and len(given) > MOST_ALTERNATIVES:  # before each is checked
        message = messages.too_many(len(given), MOST_ALTERNATIVES)
        context.refuse([Finding(("alternatives",), message)])
        given = {}
    plain = embed({key: value for key, value in assigned.tree.items() if key != "alternatives"}, (), context)
    alternatives = given
    if isinstance(given, Mapping):
        alternatives = {
            name: embed_in_alternative(name, overlay, plain, context) for name, overlay in given.items()
        }
    _add_sources(plain, context)
    plain = overlays.with_defaults(plain)
    context.shortened |= any(path in (("days",), ("start",)) for path in assigned.paths)
    whole = {**plain, "alternatives": alternatives}
    base = _validated(whole, context, kept or {})
    faults = _unless_following(base.faults, (), context)
    context.refuse(faults if below is None else _misnamed(faults, below))
    context.remark(base.late)
    scenarios = {} if base.scenario is None else {BASELINE: base.scenario}
    whole_base = plain if base.scenario is None else base.scenario.to_plain()
    resolved = {key: value for key, value in whole_base.items() if key != "alternatives"}
    resolved = inherited.without_unknown_keys(resolved, base.faults)
    faulty: list[str] = []
    for name, overlay in alternatives.items() if isinstance(alternatives, Mapping) else ():
        if isinstance(overlay, Mapping):
            changed, right = _alternative(name, overlay, resolved, base, context)
            if not right:
                faulty.append(name)
            if changed is not None:
                scenarios[name] = changed
    extensions = context.extensions or Extensions()

    def drawn(scenario: Scenario, values: Mapping[str, float]) -> Scenario:
        return with_certain(scenario.with_extensions(extensions), values)

    context.refuse(uncertain_checks.drawn(whole, base.faults, faulty, drawn, drawable=context.drawable))
    problems = context.problems
    if problems or base.scenario is None:
        raise ScenarioError(problems)
    return _Assembly(base.scenario, scenarios, assigned.paths)


def _alternative(
    name: str, overlay: Mapping[str, Any], below: Mapping[str, Any], base: _Validated, context: LoadContext
) -> tuple[Scenario | None, bool]:
    """Return an alternative's scenario (None if it cannot be built), and whether its own overlay is valid."""
    above = ("alternatives", name)
    context.remark(idle.under(above) for idle in overlays.idle_nulls(below, overlay))
    judged = inherited.without_base_gaps(overlay, below, base.faults)
    kept = {} if base.scenario is None else base.scenario.sections(apart_from=judged)
    changed = _validated(overlays.lay(below, scaled(below, judged)), context, kept)
    own = inherited.own_faults(changed.faults, base.faults, overlay)
    new = _misnamed(_unless_following(own, above, context), below)
    context.refuse(finding.under(above) for finding in new)
    context.remark(finding.under(above) for finding in changed.late if finding not in base.late)
    return changed.scenario, not own


class _Validated(NamedTuple):
    """A scenario built from plain values (None if invalid), with its errors and the dates out of range."""

    scenario: Scenario | None
    faults: list[Finding]
    late: list[Finding]


def _validated(plain: Mapping[str, Any], context: LoadContext, kept: Mapping[str, Any]) -> _Validated:
    """Build a scenario from plain values; the sections in `kept` are known to be valid."""
    found: list[Finding] = []
    scenario: Scenario | None = None
    try:
        scenario = Scenario.model_validate({**plain, **kept}).with_extensions(
            context.extensions or Extensions()
        )
    except ValidationError as error:
        found += messages.findings(error, plain)
        if not any(finding.path == () for finding in found):
            found += checks.one_driver(plain)
    parts = Parts.of(scenario) if scenario is not None else Parts.from_tree(plain)
    found += references(plain)
    found += checks.consistency(parts)
    if context.extensions is not None:
        found += checks.custom_actions(parts, context.extensions)
        found += checks.own_indicators(parts, context.extensions)
    late = list(checks.out_of_range(parts))
    if not context.shortened:
        found, late = found + late, []
    return _Validated(scenario, list(dict.fromkeys(found)), late)


def _misnamed(found: Iterable[Finding], base: Mapping[str, Any]) -> Iterable[Finding]:
    """Report an incomplete new entry in an overlay as a misspelt name if a similar name exists."""
    renamed: dict[Finding, None] = {}
    for finding in found:
        *above, name, _ = finding.path if len(finding.path) > 2 else ("", "")
        entries = messages.value_at(base, tuple(above)) if above else None
        if finding.kind is Kind.MISSING and isinstance(entries, Mapping) and name not in entries:
            near = nearest(str(name), entries)
            if near is not None:
                finding = Finding((*above, name), f"unknown name {name!r}, did you mean {near!r}?")
        renamed[finding] = None
    return renamed


def _unless_following(found: Iterable[Finding], above: KeyPath, context: LoadContext) -> list[Finding]:
    return [finding for finding in found if not _follows(finding, above, context)]


def _follows(finding: Finding, above: KeyPath, context: LoadContext) -> bool:
    """Return True if an error arises only because a profile or an arrivals file could not be read."""
    if finding.kind not in (Kind.MISSING, Kind.INCOMPLETE):
        return False
    here = (*above, *finding.path)
    return any(here[: len(section)] == section for section in context.unread)


def _assigned(tree: Mapping[str, Any], texts: Sequence[str], context: LoadContext) -> assignments.Assignments:
    assigned = assignments.assign(tree, texts)
    context.refuse(assigned.findings)
    for path in assigned.paths:
        context.locations = {
            p: location for p, location in context.locations.items() if p[: len(path)] != path
        }
        context.locations[path] = assignments.LOCATION
    context.fractions |= assigned.fractions
    context.remark(assigned.doubts)
    return assigned


def _add_sources(plain: dict[str, Any], context: LoadContext) -> None:
    """Add the sources of profile figures for which the scenario itself gives no source."""
    own = plain.get("sources", {})
    if isinstance(own, Mapping):
        index = SourceIndex(own)
        added = {path: source for path, source in context.sources.items() if index.pattern_for(path) is None}
        plain["sources"] = {**added, **own}
