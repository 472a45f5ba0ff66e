"""Check uncertain parameters: paths must lead to numbers, and draws must be valid."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from pydantic import ValidationError

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.loading.assignments import unknown_path
from surgesim.scenario.loading.values import fit_value
from surgesim.scenario.messages import shape
from surgesim.scenario.messages import wording as messages
from surgesim.scenario.messages.finding import Finding, KeyPath, suggestion
from surgesim.scenario.messages.wording import value_at
from surgesim.scenario.schema.base import join_words
from surgesim.scenario.schema.merging import is_scale
from surgesim.scenario.schema.scenario import SHARED, Scenario
from surgesim.scenario.schema.study.section import Study
from surgesim.scenario.schema.study.uncertain import Draws, Uncertain, is_choice

PLACE = ("study", "uncertainty")
JOINT = ("study", "draws")
TOGETHER = ("study", "correlations")

FIXED = (*SHARED, "title", "description", "sources")
"""Sections and fields that draws cannot change: they define the question, or all replications share them."""

ASSESSED = (("command", "thresholds"), ("command", "situation"))
"""Sections that define the assessment of results, which is the same in every replication."""


WithCertain: TypeAlias = Callable[[Scenario, Mapping[str, float]], Scenario]

MOST_CORNERS = 32
"""Maximum number of combinations of limits, and maximum number of rows of draws, checked on loading."""


def number_fault(path: KeyPath, plain: Mapping[str, Any]) -> str | None:
    """Return the error in a path that must lead to one number; None if there is no error."""
    unknown = unknown_path(path, plain)
    if unknown is not None:
        return unknown.message
    found = shape.at(path, plain)
    if found is None or found.kind != "value" or found.number is None:
        expected = "a value" if found is None else found.expected
        return f"got the path of {expected}, expected the path of one number"
    return None


def drawn(
    plain: Mapping[str, Any],
    found: Sequence[Finding],
    faulty: Iterable[str],
    with_certain: WithCertain,
    *,
    drawable: bool = True,
) -> Iterator[Finding]:
    """Yield every error in the parameters that a scenario draws; the scenario may have other errors.

    Parameters
    ----------
    plain
        The plain values of the scenario.
    found
        The errors in these values. Parameters in parts with errors are not checked. Draws are checked only if
        all errors are in distributions.
    faulty
        Names of the alternatives whose own overlay has errors.
    with_certain
        A function that returns a scenario with values set at dotted paths, or raises `ScenarioError`.
    drawable
        True to check the draws as well.
    """
    given = value_at(plain, PLACE)
    given = given if isinstance(given, Mapping) else {}
    if not given and not value_at(plain, JOINT) and not value_at(plain, TOGETHER):
        return
    paths = [finding.path for finding in found]
    elsewhere = {path for path in paths if path[:2] != PLACE}
    unfit = {path[2] for path in paths if path[:2] == PLACE and len(path) > 2}
    scenario = None if elsewhere else _without(plain, unfit, set(faulty))
    values = plain if scenario is None else scenario.to_plain()
    base = {key: value for key, value in values.items() if key != "alternatives"}
    fit: dict[str, Uncertain] = {}
    for name in given:
        path: KeyPath = tuple(name.split("."))
        if any(path[: len(fault)] == fault for fault in elsewhere):
            continue
        problem = _fault(path, base)
        if problem is not None:
            yield Finding((*PLACE, name), problem)
        elif scenario is not None and name not in unfit:
            fit[name] = scenario.study.uncertainty[name]
    if scenario is None:
        return
    yield from _ungrouped(scenario, given)
    table = scenario.study.draws
    faults = [] if table is None else list(_table_faults(table, given, base))
    yield from faults
    if table is not None:
        yield from _too_few_rows(scenario.study, table)
    if drawable:
        draws = _Draws(scenario, with_certain)
        yield from _undrawable(draws, fit)
        if table is not None and not faults:
            yield from _undrawable_rows(draws, table, fit)


def _fault(path: KeyPath, plain: Mapping[str, Any]) -> str | None:
    """Return why the value at a path cannot be drawn; None if it can."""
    problem = number_fault(path, plain)
    if problem is None and (path[0] in FIXED or path[:2] in ASSESSED):
        problem = "is the same in all replications, expected a parameter of the simulation"
    return problem


def _ungrouped(scenario: Scenario, given: Container[str]) -> Iterator[Finding]:
    """Yield a finding for each correlated path that is not uncertain, or is in two groups."""
    met: dict[str, str] = {}
    for name, group in scenario.study.correlations.items():
        for i, path in enumerate(group.paths):
            at: KeyPath = (*TOGETHER, name, "paths", i)
            if path not in given:
                known = scenario.study.uncertainty
                expected = suggestion(path, known) if known else ", expected a path of study.uncertainty"
                yield Finding(at, f"got {path!r}, which is not in study.uncertainty{expected}")
            elif path in met:
                yield Finding(
                    at, f"got {path}, which is also in {met[path]!r}, expected it in only one group"
                )
            met.setdefault(path, name)


def _too_few_rows(study: Study, table: Draws) -> Iterator[Finding]:
    rows, each = len(table.rows), study.runs_per_draw
    if study.most > rows * each:
        message = (
            f"got {study.most}, expected at most {rows * each}: study.draws has {rows} "
            f"{'row' if rows == 1 else 'rows'}, and study.runs_per_draw is {each}"
        )
        yield Finding(("study", "most_replications" if study.precision else "replications"), message)


def _table_faults(table: Draws, given: Container[str], plain: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield an error for each path of joint draws that is wrong, or that has a value which is not allowed."""
    for j, name in enumerate(table.paths):
        path: KeyPath = tuple(name.split("."))
        problem = _fault(path, plain)
        if problem is None and name in given:
            problem = "is also in study.uncertainty, expected it in only one of the two"
        if problem is not None:
            yield Finding((*JOINT, "paths", j), f"{name}: {problem}")
            continue
        found = shape.at(path, plain)
        number = None if found is None else found.number
        for i, row in enumerate(table.rows):
            if number is not None and not number.allows(fit_value(name, row[j], plain)):
                message = f"got {row[j]:.6g} for {name}, expected {number.phrase}"
                yield Finding((*JOINT, "rows", i, j), message)
                break


def _undrawable_rows(draws: _Draws, table: Draws, uncertainty: Mapping[str, Uncertain]) -> Iterator[Finding]:
    """Yield a finding for each invalid row among those with the minimum or maximum of a column.

    A run checks all rows that it uses before it begins.
    """
    middle = {name: draws.value(name, form.quantile(0.5)) for name, form in uncertainty.items()}
    columns = list(zip(*table.rows, strict=True))
    extremes = (column.index(extreme(column)) for column in columns for extreme in (min, max))
    for i in itertools.islice(dict.fromkeys(extremes), MOST_CORNERS):
        row = {name: draws.value(name, value) for name, value in zip(table.paths, table.rows[i], strict=True)}
        problem = draws.fault({**middle, **row})
        if problem is not None:
            yield Finding((*JOINT, "rows", i), f"cannot be drawn: {problem.path}: {problem.message}")


def _without(plain: Mapping[str, Any], unfit: Container[object], faulty: Container[str]) -> Scenario | None:
    """Return the scenario without distributions and alternatives that have errors; None if still invalid."""
    study, alternatives = plain["study"], plain.get("alternatives", {})
    kept = {name: value for name, value in study.get("uncertainty", {}).items() if name not in unfit}
    overlays = {name: overlay for name, overlay in alternatives.items() if name not in faulty}
    changed = {**plain, "study": {**study, "uncertainty": kept}, "alternatives": overlays}
    try:
        return Scenario.model_validate(changed)
    except ValidationError:
        return None


class _Draws:
    """Checks draws of a scenario, each only once, by building a scenario with the drawn values."""

    def __init__(self, scenario: Scenario, with_certain: WithCertain) -> None:
        self._scenario = scenario
        self._with_certain = with_certain
        self._plain = scenario.to_plain()
        self._known: dict[tuple[tuple[str, float], ...], Problem | None] = {}

    def of_baseline(self) -> _Draws:
        """Return a checker of draws for the scenario without its alternatives."""
        baseline = Scenario.model_validate({**self._plain, "alternatives": {}})
        return _Draws(baseline.with_extensions(self._scenario.extensions), self._with_certain)

    def value(self, name: str, value: float) -> float:
        return fit_value(name, value, self._plain)

    def fault(self, values: Mapping[str, float]) -> Problem | None:
        """Return the first problem of the scenario with these values, or None."""
        key = tuple(values.items())
        if key not in self._known:
            self._known[key] = None
            try:
                self._with_certain(self._scenario, values)
            except ScenarioError as error:
                self._known[key] = error.problems[0]
        return self._known[key]

    def least(self, values: Mapping[str, float], middle: Mapping[str, float]) -> Mapping[str, float]:
        """Return a minimal subset of `values` that is rejected when other parameters are at their medians.

        `middle` contains the medians; parameters that it lacks keep the scenario's values.
        """
        least = dict(values)
        for name in values:
            fewer = {other: value for other, value in least.items() if other != name}
            if fewer and self.fault(_in_order({**middle, **fewer}, values)) is not None:
                least = fewer
        return least


def _in_order(values: Mapping[str, float], names: Iterable[str]) -> dict[str, float]:
    return {name: values[name] for name in names if name in values}


def _undrawable(draws: _Draws, uncertainty: Mapping[str, Uncertain]) -> Iterator[Finding]:
    """Yield the errors that possible draws cause in the scenario or an alternative.

    This checks all parameters at their medians, each limit with all others at the median, and all
    combinations of the limits of bounded distributions, unless there are more than `MOST_CORNERS`. If the
    alternatives accept all lower limits together and all upper limits together, these steps check only the
    baseline. A run checks all of its draws before it begins.
    """
    left = dict(uncertainty)
    middle = {name: draws.value(name, form.quantile(0.5)) for name, form in left.items()}
    while middle and draws.fault(middle) is not None:
        least = draws.least(middle, {})
        yield _refusal(draws, least, {}, uncertainty)
        middle = {name: value for name, value in middle.items() if name not in least}
        left = {name: form for name, form in left.items() if name not in least}
    limits = {name: [draws.value(name, limit) for limit in dict.fromkeys(left[name].limits)] for name in left}
    refused = []
    if middle and all(draws.fault({name: limits[name][end] for name in left}) is None for end in (0, -1)):
        draws = draws.of_baseline()
    for name in left:
        for limit in limits[name]:
            if draws.fault({**middle, name: limit}) is not None:
                yield _refusal(draws, {name: limit}, middle, uncertainty)
                refused.append(name)
                break
    bounded = [name for name in left if name not in refused and left[name].bounded]
    if len(bounded) < 2 or math.prod(len(limits[name]) for name in bounded) > MOST_CORNERS:
        return
    reported: list[set[str]] = []
    for corner in itertools.product(*(limits[name] for name in bounded)):
        values = dict(zip(bounded, corner, strict=True))
        if draws.fault({**middle, **values}) is not None:
            least = draws.least(values, middle)
            if set(least) not in reported:
                reported.append(set(least))
                yield _refusal(draws, least, middle, uncertainty)


def _refusal(
    draws: _Draws,
    values: Mapping[str, float],
    middle: Mapping[str, float],
    uncertainty: Mapping[str, Uncertain],
) -> Finding:
    """Return a finding that these values are rejected together, at the path of the last of them."""
    problem = draws.fault(_in_order({**middle, **values}, uncertainty))
    *others, name = values
    beside = join_words(f"{other} as {values[other]:.6g}" for other in others) if others else ""
    at: KeyPath = () if problem is None or not problem.path else tuple(problem.path.split("."))
    who = ""
    if at[:1] == ("alternatives",) and len(at) > 1:
        who, at = f" in alternative {at[1]!r}", at[2:]
    where = "" if ".".join(map(str, at)) == name or not at else f"{'.'.join(map(str, at))}: "
    message = "" if problem is None else problem.message
    together = f" together with {beside}" if beside else ""
    bounded = bool(others) or uncertainty[name].bounded
    hint = "" if bounded else " (set low and high to truncate the distribution)"
    return Finding(
        (*PLACE, name), f"can be drawn as {values[name]:.6g}{together}{who}: {where}{message}{hint}"
    )


def remarks(paths: Sequence[KeyPath], scenario: Scenario) -> Iterator[Finding]:
    """Warn of values that override each other or have no effect; `paths` were set from outside the file."""
    study = scenario.study
    for name in study.drawn:
        path = tuple(name.split("."))
        uncertain = name in study.uncertainty
        at: KeyPath = (*PLACE, name) if uncertain else JOINT
        if any(path[: len(changed)] == changed for changed in paths):
            message = "overrides the value set for this run: each draw has its own"
            yield Finding(at, message if uncertain else f"{name}: {message}")
        if is_choice(name):
            message = "is a choice of the plan, not an assumption: expected an alternative for each choice"
            yield Finding(at, message if uncertain else f"{name}: {message}")
        for alternative, overlay in scenario.alternatives.items():
            value = value_at(overlay, path)
            if value is not None and not is_scale(value):
                where = ".".join(map(str, at[:2]))
                message = f"got {messages.display(value)}, which overrides the values that {where} draws"
                yield Finding(("alternatives", alternative, *path), message)
    if "most_replications" in study.model_fields_set and not study.precision:
        yield Finding(("study", "most_replications"), "has no effect: no study.precision is given")
    each, left = study.runs_per_draw, study.replications % study.runs_per_draw
    if study.drawn and left:
        message = (
            f"got {study.replications}, which leaves the last draw with {left} of {each} runs: that draw is "
            "left out where chance is compared with assumptions"
        )
        yield Finding(("study", "replications"), message)
