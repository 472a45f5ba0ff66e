"""Checks before the first replication: names of alternatives, drawn values, and points of a sweep."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from surgesim.errors import ExtensionError, Problem, ScenarioError
from surgesim.extension.declarations import Outcome
from surgesim.extension.reading import read_extensions
from surgesim.model.outcomes import OUTCOMES
from surgesim.scenario.door import Files, suggestion
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.spread import spread
from surgesim.study.measures.compare import BREACHED, DAYS_BREACHED, FIRST_DAY

MOST_REPORTED = 5
"""Max number of rejected cases reported individually."""

MOST_VALUES = 4
"""Max number of values listed in one message."""

_KEYS = {"alternative", "replication", "scenario", "point"}
_PREFIXES = (FIRST_DAY, DAYS_BREACHED, BREACHED)

_AT_ONCE = 25
"""Number of cases per task; checking a case takes a few hundredths of the time of simulating it."""


def alternative_names(scenario: Scenario, only: Sequence[str] | None) -> list[str]:
    """Return the names of the baseline and the alternatives to run, by default all, in scenario order.

    Raises
    ------
    ScenarioError
        If `only` names an unknown alternative.
    """
    known = (BASELINE, *scenario.alternatives)
    if isinstance(only, str):
        raise ScenarioError([Problem("alternatives", f"got the text {only!r}, expected a list of names")])
    wanted = known if only is None else (BASELINE, *only)
    problems = [
        Problem("alternatives", f"got {name!r}{suggestion(str(name), known)}")
        for name in wanted
        if name not in known
    ]
    if problems:
        raise ScenarioError(problems)
    return [name for name in known if name in wanted]


def with_extensions(scenario: Scenario, extensions: Files) -> Scenario:
    """Return the scenario with `extensions` besides its own; refuse outcomes with names that surgesim uses.

    Raises
    ------
    ExtensionError
        If an extension cannot be used.
    """
    joined = scenario.extensions.joined(read_extensions(extensions))
    known = {outcome.name for outcome in OUTCOMES} | _KEYS
    for extension, outcome in joined.of(Outcome):
        if outcome.name in known or outcome.name.startswith(_PREFIXES):
            raise ExtensionError(
                f"{extension.file}: got the outcome {outcome.name!r}, whose name surgesim uses, "
                "expected another name"
            )
    return scenario.with_extensions(joined)


def whole(name: str, value: object) -> int:
    """Convert a whole number from 0 to 2**63 - 1, such as a NumPy integer, to an int."""
    problem = Problem(name, f"got {value!r}, expected a whole number from 0 to 2**63 - 1")
    try:
        number = -1 if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise ScenarioError([problem]) from None
    if not 0 <= number < 2**63:
        raise ScenarioError([problem])
    return number


def check_all(
    check: Callable[[int], Problem | None],
    cases: Sequence[int],
    what: str,
    workers: int | Backend = 1,
) -> None:
    """Check all `cases` on the workers that will simulate them.

    Parameters
    ----------
    check
        Function that returns the problem with a case, or None; it must be picklable.
    what
        Plural noun for the cases, used in the message.

    Raises
    ------
    ScenarioError
        If any case is rejected; the error lists the first problems and counts the others.
    """
    blocks = [cases[first : first + _AT_ONCE] for first in range(0, len(cases), _AT_ONCE)]
    found = [
        problem
        for _, problems in spread(partial(_block, check), blocks, workers, ordered=True)
        for problem in problems
    ]
    if len(found) > MOST_REPORTED:
        more = f"{len(found) - MOST_REPORTED} more of the {len(cases)} {what} are rejected"
        found = [*found[:MOST_REPORTED], Problem("", more)]
    if found:
        raise ScenarioError(found)


def _block(check: Callable[[int], Problem | None], cases: Sequence[int]) -> list[Problem]:
    return [problem for problem in map(check, cases) if problem is not None]


def with_values(problem: Problem, case: str, values: Mapping[str, Any]) -> Problem:
    """Add the values of a case to `problem`, starting with the values at or near the problem's path."""
    near = [path for path in values if _near(path, problem.path)]
    paths = [*near, *(path for path in values if path not in near)]
    listed = ", ".join(f"{path} = {_text(values[path])}" for path in paths[:MOST_VALUES])
    more = ", …" if len(paths) > MOST_VALUES else ""
    return Problem(problem.path, f"{problem.message}; {case} {listed}{more}")


def _near(path: str, of: str) -> bool:
    keys, held = path.split("."), of.split(".")
    if held[0] == "alternatives" != keys[0]:
        held = held[2:]
    shortest = min(len(keys), len(held))
    return keys[:shortest] == held[:shortest]


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else "null" if value is None else str(value)
