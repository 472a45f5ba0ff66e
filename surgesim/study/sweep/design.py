"""The points of a sweep: the paths that vary, their values and the design.

Values are rounded to ten significant digits, so that design.csv contains exactly the values simulated.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import Problem, ScenarioError
from surgesim.model.clock.streams import Streams
from surgesim.scenario.door import compose, findings_at, is_integer, unknown_path, with_certain
from surgesim.scenario.schema.base import FrozenDict
from surgesim.scenario.schema.numbers import MOST_POINTS, MOST_VALUE
from surgesim.scenario.schema.scenario import Scenario
from surgesim.scenario.schema.study.uncertain import Uncertain

Floats = NDArray[np.float64]

GRID, LHS, SOBOL = DESIGNS = ("grid", "lhs", "sobol")

Levels: TypeAlias = str | Sequence[Any] | NDArray[Any]
"""The values of a path: ``"lo:hi:n"``, ``"lo:hi"``, ``"a,b,c"``, a sequence of values, or ``""`` for the
path's distribution in `study.uncertainty`. Except in a grid, a tuple ``(lo, hi)`` means ``"lo:hi"``."""

DAYS = "days"
"""Path of the number of days simulated."""

UNSWEPT = ("name", "title", "description", "study", "sources", "extends")
"""Sections and fields that a sweep cannot vary."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A path that varies, with its values: a list or a distribution.

    Attributes
    ----------
    integer
        True to round values of the distribution to integers.
    """

    path: str
    values: tuple[Any, ...] = ()
    distribution: Uncertain | None = None
    integer: bool = False

    def at(self, u: float) -> Any:
        """Return the quantile `u` of the values or of the distribution, where `u` is from 0 to 1."""
        if self.distribution is None:
            return self.values[min(int(u * len(self.values)), len(self.values) - 1)]
        return self._written(self.distribution.quantile(u))

    def ends(self) -> tuple[Any, ...]:
        """Return the values to check against the schema: limits of the distribution, or the listed values."""
        if self.distribution is None:
            return self.values
        return tuple(map(self._written, self.distribution.limits))

    def _written(self, value: float) -> float:
        return round(value) if self.integer else float(f"{value:.10g}")


def factors(scenarios: Sequence[Scenario], vary: Mapping[str, Levels], design: str) -> list[Factor]:
    """Build the factors, checked against every scenario.

    Raises
    ------
    ScenarioError
        If a path is unknown, a range is reversed, or a scenario does not allow a value; the error lists all
        such problems, with the closest match to an unknown path.
    """
    problems: list[Problem] = []
    found = []
    if not vary:
        problems.append(Problem("", "got nothing to vary, expected at least one path=low:high:levels"))
    for path, levels in vary.items():
        faults = list(dict.fromkeys(wrong_path(path, scenario) for scenario in scenarios))
        problems += [Problem(path, fault) for fault in faults if fault is not None]
        if faults != [None]:
            continue
        try:
            factor = _factor(path, levels, design, scenarios)
        except ValueError as error:
            problems.append(Problem(path, str(error)))
            continue
        refused = [fault for scenario in scenarios for fault in _rejections(factor, scenario)]
        problems += dict.fromkeys(refused)
        found.append(factor)
    if problems:
        raise ScenarioError(problems)
    return found


def wrong_path(path: str, scenario: Scenario) -> str | None:
    """Return the reason why a sweep cannot vary a path, or None if it can."""
    keys = tuple(path.split("."))
    if keys[0] in UNSWEPT:
        return f"cannot be varied, expected a path in a section other than {keys[0]}"
    if not all(keys):
        return f"got {path!r}, expected a path such as epidemic.variant.r0"
    together = drawn_together(scenario)
    if path in together:
        return f"is drawn jointly by {together[path]}, expected a path that is not drawn jointly"
    unknown = unknown_path(keys, scenario.to_plain())
    return None if unknown is None else unknown.message


def drawn_together(scenario: Scenario) -> dict[str, str]:
    """Return the paths drawn together with others, each with the entry of `study` that draws it.

    A sweep cannot vary them.
    """
    study = scenario.study
    joint = dict.fromkeys(() if study.draws is None else study.draws.paths, "study.draws")
    for name, group in study.correlations.items():
        joint |= dict.fromkeys(group.paths, f"study.correlations.{name}")
    return joint


def _factor(path: str, levels: Levels, design: str, scenarios: Sequence[Scenario]) -> Factor:
    plain = scenarios[0].to_plain()
    integer = is_integer(path, plain)
    levels = _plain(levels, design, integer=integer)
    if not isinstance(levels, str):
        if not levels:
            raise ValueError("got no values, expected at least one")
        return Factor(path, _values(levels))
    if not levels.strip():
        distribution = scenarios[0].study.uncertainty.get(path)
        if distribution is None:
            raise ValueError("got no values, and study.uncertainty has none: expected low:high or a,b,c")
        if design == GRID:
            raise ValueError("got no values, expected low:high:levels or a,b,c for a grid")
        return Factor(path, distribution=distribution, integer=integer)
    if ":" in levels:
        return _range(path, levels, design, integer=integer)
    return Factor(path, _values(levels.split(",")))


def _plain(levels: Any, design: str, *, integer: bool) -> str | list[Any]:
    """Convert levels to a text or a list; in designs that sample, a tuple becomes the text of a range."""
    if isinstance(levels, tuple) and design != GRID:
        if len(levels) != 2 or not all(isinstance(end, (int, float, np.number)) for end in levels):
            raise ValueError(
                f"got {levels!r}, expected (low, high), or a list to draw from, for design {design}"
            )
        return ":".join(map(_text, levels))
    if hasattr(levels, "tolist"):
        levels = levels.tolist()
    if isinstance(levels, str):
        return levels
    if not isinstance(levels, Iterable) or isinstance(levels, Mapping):
        raise ValueError(f"got {levels!r}, expected a list of values or a text such as '4:6:3'")
    values = [each.item() if isinstance(each, np.generic) else each for each in levels]
    return [whole(value) for value in values] if integer else values


def levels_text(path: str, levels: Levels, design: str, scenario: Scenario) -> str:
    """Return the levels of a path, which `factors` has checked, as an equivalent text."""
    plain = _plain(levels, design, integer=is_integer(path, scenario.to_plain()))
    return plain if isinstance(plain, str) else ",".join(map(_text, plain))


def _text(value: Any) -> str:
    return "null" if value is None else str(value)


def whole(value: Any) -> Any:
    """Convert a float without decimals to an int, as NumPy may give floats where integers are needed."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _values(levels: Sequence[Any]) -> tuple[Any, ...]:
    values = tuple(map(_read, levels))
    for value in values:
        if isinstance(value, Mapping) or (isinstance(value, Iterable) and not isinstance(value, str)):
            what = "a mapping" if isinstance(value, Mapping) else "a list"
            raise ValueError(f"got {what}, expected numbers, text, true, false or null; vary paths inside it")
    return values


def _read(value: Any) -> Any:
    """Parse a value as YAML if it is text."""
    return compose(value, "--vary").value if isinstance(value, str) else value


def _range(path: str, text: str, design: str, *, integer: bool) -> Factor:
    parts = text.split(":")
    expected = "low:high:levels" if design == GRID else "low:high"
    try:
        low, high, *rest = map(float, parts)
    except ValueError:
        raise ValueError(f"got {text!r}, expected {expected} or a,b,c") from None
    if len(rest) != (design == GRID) or not np.isfinite([low, high]).all():
        raise ValueError(f"got {text!r}, expected {expected} for design {design}")
    if not low < high:
        raise ValueError(f"got a range from {low:g} to {high:g}, expected low below high")
    if max(abs(low), abs(high)) > MOST_VALUE:
        raise ValueError(f"got a range from {low:g} to {high:g}, expected numbers up to {MOST_VALUE:g}")
    distribution = Uncertain(uniform=(low, high))
    every = Factor(path, distribution=distribution, integer=integer)
    if design != GRID:
        return every
    if not 2 <= rest[0] <= MOST_POINTS or not rest[0].is_integer():
        raise ValueError(f"got {rest[0]:g} levels, expected a whole number from 2 to {MOST_POINTS}")
    levels = [every.at(u) for u in np.linspace(0, 1, int(rest[0])).tolist()]
    return Factor(path, tuple(dict.fromkeys(levels)))


def _rejections(factor: Factor, scenario: Scenario) -> Iterator[Problem]:
    """Yield a problem if one of the factor's values is invalid at its path, whatever the other values are.

    Constraints between values are checked at each point.
    """
    plain = scenario.to_plain()
    keys = tuple(factor.path.split("."))
    for value in factor.ends():
        for fault in findings_at(keys, value, plain):
            where = "" if fault.path == keys else f"{fault.problem.path}: "
            got = "null" if value is None else value
            yield Problem(factor.path, f"cannot be {got}: {where}{fault.message}")
            return


def points(factors: Sequence[Factor], design: str, samples: int | None, seed: int) -> list[dict[str, Any]]:
    """Build the points of a design, each as the values of all paths.

    Parameters
    ----------
    design
        ``grid``: every combination, with the last path changing fastest. ``lhs``: a Latin hypercube of
        `samples` points. ``sobol``: Saltelli's design for Sobol indices, on a scrambled Sobol' sequence:
        `samples` points A, as many points B, then for each path the points A with the values of that path
        from B (Saltelli 2010, doi:10.1016/j.cpc.2009.09.018); ``samples * (paths + 2)`` points in total.
    seed
        Seed of the sampling; not used by a grid.

    Raises
    ------
    ScenarioError
        If `samples` is invalid for the design.
    """
    _check_samples(design, samples)
    paths = [factor.path for factor in factors]
    number = _number_of_points(factors, design, samples)
    if number > MOST_POINTS:
        raise ScenarioError([Problem("", f"got {number} points, expected at most {MOST_POINTS}")])
    if samples is None:
        levels = [factor.values for factor in factors]
        return [dict(zip(paths, values, strict=True)) for values in itertools.product(*levels)]
    shares = _shares(len(factors), design, samples, seed)
    columns = [[factor.at(u) for u in shares[:, i].tolist()] for i, factor in enumerate(factors)]
    return [dict(zip(paths, values, strict=True)) for values in zip(*columns, strict=True)]


def _number_of_points(factors: Sequence[Factor], design: str, samples: int | None) -> int:
    if samples is None:
        return math.prod(len(factor.values) for factor in factors)
    return samples * (len(factors) + 2) if design == SOBOL else samples


def _check_samples(design: str, samples: int | None) -> None:
    message = None
    if design not in DESIGNS:
        message = f"got design {design!r}, expected one of {', '.join(DESIGNS)}"
    elif design == GRID:
        if samples is not None:
            message = f"got {samples} samples, expected none for a grid, which contains all combinations"
    elif samples is None or samples < 2:
        got = "no" if samples is None else samples
        message = f"got {got} samples, expected at least 2 for design {design}"
    elif design == SOBOL and samples & (samples - 1):
        below = 1 << samples.bit_length() - 1
        message = f"got {samples} samples, expected a power of two for design sobol: {below} or {2 * below}"
    if message is not None:
        raise ScenarioError([Problem("", message)])


def _shares(paths: int, design: str, samples: int, seed: int) -> Floats:
    """Return the design on the unit cube, ``(points, paths)``."""
    from scipy.stats import qmc

    rng = Streams(seed, 0).once("design")
    if design == LHS:
        return np.asarray(qmc.LatinHypercube(d=paths, rng=rng).random(samples))
    both = qmc.Sobol(d=2 * paths, rng=rng).random(samples)
    a, b = both[:, :paths], both[:, paths:]
    mixed = [np.where(np.arange(paths) == i, b, a) for i in range(paths)]
    return np.concatenate([a, b, *mixed])


def without_swept(scenario: Scenario, swept: Collection[str]) -> Scenario:
    """Remove the swept paths from the uncertain parameters of the scenario."""
    kept = {path: form for path, form in scenario.study.uncertainty.items() if path not in swept}
    study = scenario.study.model_copy(update={"uncertainty": FrozenDict(kept)})
    return scenario.model_copy(update={"study": study})


def only_varied(scenario: Scenario, varied: Collection[str]) -> Scenario:
    """Return the scenario with only the distributions of the paths that a sweep varies."""
    forms = {path: form for path, form in scenario.study.uncertainty.items() if path in varied}
    study = scenario.study.certain.model_copy(update={"uncertainty": FrozenDict(forms)})
    return scenario.model_copy(update={"study": study})


def at_point(scenario: Scenario, values: Mapping[str, Any]) -> Scenario:
    """Return the scenario with the values of a point and with every uncertain parameter fixed.

    Raises
    ------
    ScenarioError
        If a scenario file with these values would be rejected.
    """
    return with_certain(scenario, values)
