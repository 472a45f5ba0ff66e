"""What will be simulated is checked before the first replication: every draw, every point of a sweep."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from surgesim.errors import Problem, ScenarioError
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.spread import spread

TOLD = 5
"""How many of what is refused are told one by one."""

MOST_VALUES = 4
"""How many values one sentence lists."""

_AT_ONCE = 25
"""Checked in one task: each takes some hundredths of its replication."""


def check_all(
    check: Callable[[int], Problem | None],
    cases: Sequence[int],
    what: str,
    workers: int | Backend = 1,
) -> None:
    """Check all of `cases`, wherever they will be simulated.

    Parameters
    ----------
    check
        What is wrong with a case, None where nothing is. It must be fit to be pickled.
    what
        What the cases are, as a plural.

    Raises
    ------
    ScenarioError
        With the first cases that are refused, and how many more there are.
    """
    blocks = [cases[first : first + _AT_ONCE] for first in range(0, len(cases), _AT_ONCE)]
    found = [
        problem
        for _, problems in spread(partial(_block, check), blocks, workers, ordered=True)
        for problem in problems
    ]
    if len(found) > TOLD:
        more = f"{len(found) - TOLD} more of the {len(cases)} {what} are refused"
        found = [*found[:TOLD], Problem("", more)]
    if found:
        raise ScenarioError(found)


def _block(check: Callable[[int], Problem | None], cases: Sequence[int]) -> list[Problem]:
    return [problem for problem in map(check, cases) if problem is not None]


def with_values_told(problem: Problem, case: str, values: Mapping[str, Any]) -> Problem:
    """`problem` with the values of the case in which it comes up, those nearest to it first."""
    near = [path for path in values if _near(path, problem.path)]
    paths = [*near, *(path for path in values if path not in near)]
    told = ", ".join(f"{path} = {_shown(values[path])}" for path in paths[:MOST_VALUES])
    more = ", …" if len(paths) > MOST_VALUES else ""
    return Problem(problem.path, f"{problem.message}; {case} {told}{more}")


def _near(path: str, of: str) -> bool:
    keys, held = path.split("."), of.split(".")
    if held[0] == "alternatives" != keys[0]:
        held = held[2:]
    shortest = min(len(keys), len(held))
    return keys[:shortest] == held[:shortest]


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else "null" if value is None else str(value)
