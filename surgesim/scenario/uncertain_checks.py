"""What must hold of `study.uncertainty`: paths of numbers, draws that can be used."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from surgesim.scenario import checks, messages, shape
from surgesim.scenario.assignments import unknown_path
from surgesim.scenario.base import is_scale, scaled
from surgesim.scenario.messages import Finding, value_at
from surgesim.scenario.overlays import lay
from surgesim.scenario.schema import BASELINE, SHARED, Scenario
from surgesim.scenario.study import Uncertain
from surgesim.scenario.values import fitting, nested
from surgesim.scenario.yaml_nodes import KeyPath

PLACE = ("study", "uncertainty")

FIXED = (*SHARED, "title", "description", "sources")
"""Sections and fields that no draw may change: what is asked, and what all replications share."""

ASSESSED = (("command", "thresholds"), ("command", "situation"))
"""What is assessed is the same in every replication."""


def not_a_number(path: KeyPath, plain: Mapping[str, Any]) -> str | None:
    """What is wrong with a path to one number of the scenario; None where nothing is."""
    problem = unknown_path(path, plain)
    if problem is not None:
        return problem
    found = shape.at(path, plain)
    if found is None or found.kind != "value" or "number" not in found.expected:
        expected = "a value" if found is None else found.expected
        return f"got the path of {expected}, expected that of one number"
    return None


def uncertain(plain: Mapping[str, Any], found: Iterable[Finding], faulty: Iterable[str]) -> Iterator[Finding]:
    """Everything wrong with the uncertain parameters of a scenario, valid otherwise or not.

    Parameters
    ----------
    plain
        The values of the scenario.
    found
        What is wrong with them. Parameters in faulty parts are not judged, and what draws make of the
        scenario only where nothing but the distributions is at fault.
    faulty
        Names of alternatives that have errors of their own.
    """
    given = value_at(plain, PLACE)
    if not isinstance(given, Mapping) or not given:
        return
    elsewhere = {path for path, _ in found if path[:2] != PLACE}
    unfit = {path[2] for path, _ in found if path[:2] == PLACE and len(path) > 2}
    scenario = None if elsewhere else _without(plain, unfit, set(faulty))
    values = plain if scenario is None else scenario.to_plain()
    base = {key: value for key, value in values.items() if key != "alternatives"}
    for name in given:
        path: KeyPath = tuple(name.split("."))
        if any(path[: len(fault)] == fault for fault in elsewhere):
            continue
        problem = not_a_number(path, base)
        if problem is None and (path[0] in FIXED or path[:2] in ASSESSED):
            problem = "is the same in all replications, expected a parameter of what is simulated"
        if problem is not None:
            yield (*PLACE, name), problem
        elif scenario is not None and name not in unfit:
            for message in _undrawable(scenario, base, name, scenario.study.uncertainty[name]):
                yield (*PLACE, name), message


def _without(plain: Mapping[str, Any], unfit: Container[object], faulty: Container[str]) -> Scenario | None:
    """The scenario without its unfit distributions and faulty alternatives, where that is one."""
    study, alternatives = plain["study"], plain.get("alternatives", {})
    kept = {name: value for name, value in study["uncertainty"].items() if name not in unfit}
    overlays = {name: overlay for name, overlay in alternatives.items() if name not in faulty}
    changed = {**plain, "study": {**study, "uncertainty": kept}, "alternatives": overlays}
    try:
        return Scenario.model_validate(changed)
    except ValidationError:
        return None


def _undrawable(
    scenario: Scenario, plain: Mapping[str, Any], name: str, distribution: Uncertain
) -> Iterator[str]:
    """What is wrong with the scenario, or an alternative that scales the path, at the limits of the draw."""
    path = tuple(name.split("."))
    scaling = {
        alternative: overlay
        for alternative, overlay in scenario.alternatives.items()
        if is_scale(value_at(overlay, path))
    }
    for limit in dict.fromkeys(distribution.limits):
        value = fitting(name, limit, plain)
        drawn = lay(plain, nested(name, value))
        for alternative, overlay in {BASELINE: {}, **scaling}.items():
            for at, message in problems(lay(drawn, scaled(drawn, overlay))):
                where = "" if at == path else f"{'.'.join(map(str, at))}: "
                who = "" if alternative == BASELINE else f" in alternative {alternative!r}"
                yield f"can be drawn as {value:.6g}{who}: {where}{message}{_hint(distribution)}"
                break
            else:
                continue
            break


def problems(plain: Mapping[str, Any]) -> Iterator[Finding]:
    """What is wrong with a scenario of these values."""
    try:
        changed = Scenario.model_validate(plain)
    except ValidationError as error:
        yield from messages.findings(error, plain)
    else:
        yield from checks.consistency(checks.Parts.of(changed))


def _hint(distribution: Uncertain) -> str:
    form = distribution.normal or distribution.lognormal
    if form is None or (form.low is not None and form.high is not None):
        return ""
    return " (low and high bound a distribution)"


def remarks(paths: Sequence[KeyPath], scenario: Scenario) -> Iterator[Finding]:
    """What a draw hides, or is hidden by, and what has no effect; `paths` were set from outside."""
    for name in scenario.study.uncertainty:
        path = tuple(name.split("."))
        if any(path[: len(changed)] == changed for changed in paths):
            message = "hides the change from outside: each replication draws its own value"
            yield ("study", "uncertainty", name), message
        for alternative, overlay in scenario.alternatives.items():
            value = value_at(overlay, path)
            if value is not None and not is_scale(value):
                message = f"got {messages.shown(value)}, which wins over what study.uncertainty draws"
                yield ("alternatives", alternative, *path), message
    if "most_replications" in scenario.study.model_fields_set and not scenario.study.precision:
        yield ("study", "most_replications"), "has no effect: no study.precision is given"
