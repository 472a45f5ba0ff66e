"""User-defined points of a sweep: a table or mappings, which are checked and converted to plain values."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import permutations
from typing import TYPE_CHECKING, Any, TypeAlias

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.door import is_integer, read_mapping
from surgesim.scenario.schema.numbers import MOST_POINTS
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.checks import MOST_REPORTED
from surgesim.study.sweep.design import drawn_together, whole, wrong_path

if TYPE_CHECKING:
    import pandas as pd

Point: TypeAlias = Mapping[str, Any]

Points: TypeAlias = "pd.DataFrame | Sequence[Point]"
"""One row or mapping per point, with the values by dotted path."""

POINTS = "points"
"""Name of the design."""

POINTS_FILE = "points.jsonl"
"""Name of the file with the points."""


def own_rows(given: Points) -> list[dict[Any, Any]]:
    """Convert a table or a sequence of points to mappings, without changing their values.

    Raises
    ------
    ScenarioError
        If the points are neither a table nor mappings, there are none or too many, or two columns have the
        same name.
    """
    rows, problems = _rows(given)
    if problems:
        raise ScenarioError(problems)
    return rows


def own_points(scenarios: Sequence[Scenario], rows: Sequence[Mapping[Any, Any]]) -> list[dict[str, Any]]:
    """Check points and convert them to plain values by path.

    Raises
    ------
    ScenarioError
        If a path is unknown, lies inside another path, or is drawn jointly with others; if two points have
        different paths; or if a value could not be in a scenario file. The error lists the problems.
    """
    paths = list(rows[0])
    problems = [*_wrong_paths(scenarios, paths), *_other_paths(rows)]
    if problems:
        raise ScenarioError(problems)
    plain = scenarios[0].to_plain()
    integers = {path for path in paths if is_integer(path, plain)}
    points = []
    for number, row in enumerate(rows):
        point, faults = _point(number, row, integers)
        points.append(point)
        problems += faults
    problems += _drawn_paths(scenarios, points)
    if len(problems) > MOST_REPORTED:
        more = f"{len(problems) - MOST_REPORTED} more values are refused"
        problems = [*problems[:MOST_REPORTED], Problem("", more)]
    if problems:
        raise ScenarioError(problems)
    return points


def _rows(given: Any) -> tuple[list[dict[Any, Any]], list[Problem]]:
    import pandas as pd

    if isinstance(given, pd.DataFrame):
        twice = given.columns[given.columns.duplicated()].unique()
        if len(twice):
            return [], [Problem(str(path), "got two columns of this name, expected one") for path in twice]
        columns = list(given.columns)
        tuples = given.itertuples(index=False, name=None)
        rows: list[Any] = [dict(zip(columns, row, strict=True)) for row in tuples]
    elif isinstance(given, Iterable) and not isinstance(given, (str, Mapping)):
        rows = list(given)
    else:
        rows = [given]
    for number, row in enumerate(rows):
        if not isinstance(row, Mapping):
            got = f"a value of type {type(row).__name__}"
            expected = "expected a DataFrame or a list of mappings from paths to values"
            return [], [Problem(POINTS, f"got {got} as point {number}, {expected}")]
    if isinstance(given, Mapping):
        return [], [Problem(POINTS, "got one mapping, expected a list of mappings, one per point")]
    if not 0 < len(rows) <= MOST_POINTS:
        return [], [Problem(POINTS, f"got {len(rows) or 'no'} points, expected 1 to {MOST_POINTS}")]
    if not rows[0]:
        return [], [Problem(POINTS, "got points without values, expected at least one path")]
    return rows, []


def _wrong_paths(scenarios: Sequence[Scenario], paths: Sequence[Any]) -> Iterator[Problem]:
    texts = [path for path in paths if isinstance(path, str)]
    for path in paths:
        if path not in texts:
            yield Problem(POINTS, f"got {path!r} as a path, expected a text such as epidemic.variant.r0")
            continue
        faults = dict.fromkeys(wrong_path(path, scenario) for scenario in scenarios)
        yield from (Problem(path, fault) for fault in faults if fault is not None)
    for inner, outer in permutations(texts, 2):
        if inner.startswith(f"{outer}."):
            yield Problem(inner, f"got values here and for {outer}, expected only one of the two")


def _drawn_paths(scenarios: Sequence[Scenario], points: Iterable[Point]) -> Iterator[Problem]:
    """Yield a problem for each path that the points set but the scenario draws jointly with others."""
    joint = {path: by for scenario in scenarios for path, by in drawn_together(scenario).items()}
    for path in sorted(leaf_paths(points) & joint.keys()):
        yield Problem(path, f"is drawn jointly by {joint[path]}, expected points without it")


def _other_paths(rows: Sequence[Mapping[Any, Any]]) -> list[Problem]:
    """Return a problem for each point with paths unlike the first's, as a missing value is ambiguous."""
    first = rows[0]
    odd = [number for number, row in enumerate(rows) if row.keys() != first.keys()]
    problems = []
    for number in odd[:MOST_REPORTED]:
        lacks = [f"lacks {path}" for path in first if path not in rows[number]]
        has = [f"has {path}, which point 0 lacks" for path in rows[number] if path not in first]
        what = "; ".join([*lacks, *has])
        problems.append(Problem(POINTS, f"point {number} {what}: expected the same paths in every point"))
    if len(odd) > MOST_REPORTED:
        problems.append(Problem("", f"{len(odd) - MOST_REPORTED} more points have other paths"))
    return problems


def _point(
    number: int, row: Mapping[str, Any], integers: Iterable[str]
) -> tuple[dict[str, Any], list[Problem]]:
    point: dict[str, Any] = {}
    problems = []
    for path, value in row.items():
        try:
            plain = _plain(path, value)
        except ScenarioError as error:
            problems += [Problem(each.path, f"{each.message}; in point {number}") for each in error.problems]
            continue
        point[path] = whole(plain) if path in integers else plain
    return point, problems


def _plain(path: str, value: Any) -> Any:
    """Convert a value to the plain value that a scenario file would have."""
    import pandas as pd

    if value is pd.NA or value is pd.NaT:
        value = math.nan
    plain = read_mapping({path: value}).value
    for key in path.split("."):
        plain = plain[key]
    for number in _numbers(plain):
        if not math.isfinite(number):
            message = f"got {number:g}, expected a value, or None for null"
            raise ScenarioError([Problem(path, message)])
    return plain


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _numbers(inner)


def leaf_paths(points: Iterable[Point]) -> set[str]:
    """Return the paths that the points set, including the paths of values inside mappings."""
    return {leaf for point in points for path, value in point.items() for leaf in _leaves(path, value)}


def _leaves(path: str, value: Any) -> Iterator[str]:
    yield path
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}", inner)


def points_text(points: Sequence[Point]) -> str:
    """Return the text of points.jsonl: a line of JSON per point, with all digits."""
    return "".join(f"{json.dumps(point, ensure_ascii=False, allow_nan=False)}\n" for point in points)


def read_points(text: str) -> list[dict[str, Any]]:
    """Parse the text of points.jsonl into points."""
    return [json.loads(line) for line in text.splitlines()]
