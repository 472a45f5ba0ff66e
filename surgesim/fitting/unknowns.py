"""The unknowns of a fit and their priors.

Each unknown has a level, which is standard normal under the prior, and a value that rises with the level. The
smoother moves levels, so every value is one that the prior allows.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist
from typing import Final, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import FitError, Problem, ScenarioError
from surgesim.fitting.data import Data
from surgesim.fitting.observations import week_before
from surgesim.scenario.door import findings_at, is_integer, suggestion
from surgesim.scenario.schema.scenario import Scenario
from surgesim.scenario.schema.study.uncertain import LEAST_SHARE, Uncertain

Floats = NDArray[np.float64]

Priors: TypeAlias = Mapping[str, tuple[float, float]]
"""The 5th and 95th percentiles of priors, by path."""

TRANSMISSION: Final = "epidemic.transmission"
INFECTIONS: Final = "epidemic.initial_infections"
IMPORTS: Final = "epidemic.importation.per_day"
R0: Final = "epidemic.variant.r0"
SEVERITY: Final = "epidemic.variant.severity"
DETECTION: Final = "epidemic.detection.share"
STAYS: Final = "clinical.stays"

WALK_SD: Final = 0.15
"""Standard deviation of the weekly steps in the random walk of log transmission."""

_FACTORS: Final = {INFECTIONS: 4.0, IMPORTS: 4.0, R0: 1.35, SEVERITY: 2.0, DETECTION: 3.0, STAYS: 1.5}
"""Default priors: 90 % lie within this factor of the scenario's value (for a share, of its odds)."""

_END: Final = NormalDist().inv_cdf(0.95)
_KNOT_DAYS: Final = 7
_CHECKED_LEVELS: Final = (-2.0, 0.0, 2.0)


class Prior(Protocol):
    """The prior distribution of one unknown."""

    def value(self, level: float) -> float:
        """Return the unknown's value at a level, which is a value of a standard normal variable."""

    def __str__(self) -> str:
        """Return the distribution in words, for the manifest."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A distribution, normal on a log, logit or linear scale, with 90 % of values from `low` to `high`."""

    low: float
    high: float
    scale: Literal["log", "logit", "linear"]

    def value(self, level: float) -> float:
        """Return the unknown's value at a level, which is a value of a standard normal variable."""
        low, high = self._scaled(self.low), self._scaled(self.high)
        at = (low + high) / 2 + (high - low) / 2 * level / _END
        if self.scale == "linear":
            return at
        return math.exp(at) if self.scale == "log" else 1 / (1 + math.exp(-at))

    def _scaled(self, value: float) -> float:
        if self.scale == "linear":
            return value
        return math.log(value) if self.scale == "log" else math.log(value / (1 - value))

    def __str__(self) -> str:
        return f"{self.scale} normal, 90 % from {self.low:.6g} to {self.high:.6g}"


@dataclass(frozen=True, slots=True)
class OfStudy:
    """A prior given as a distribution in `study.uncertainty`."""

    form: Uncertain

    def value(self, level: float) -> float:
        """Return the unknown's value at a level, which is a value of a standard normal variable."""
        share = NormalDist().cdf(level)
        return self.form.quantile(min(max(share, LEAST_SHARE), 1 - LEAST_SHARE))

    def __str__(self) -> str:
        return f"study.uncertainty: {self.form.model_dump(mode='json', exclude_none=True)}"


@dataclass(frozen=True, slots=True)
class Unknown:
    """A quantity to fit.

    Attributes
    ----------
    name
        The path of the value to fit, or of the mapping whose values it multiplies.
    prior
        The prior distribution.
    bases
        The paths to set; at each, the unknown's value is multiplied by the number given here.
    step
        The number of the step in the random walk of transmission (from 1); 0 for any other unknown.
    """

    name: str
    prior: Prior
    bases: Mapping[str, float]
    step: int = 0

    @classmethod
    def at(cls, path: str, prior: Prior) -> Unknown:
        """Return an unknown that sets one path."""
        return cls(path, prior, {path: 1.0})


class Unknowns:
    """All unknowns of a fit, and the correlations of their levels under the prior.

    Attributes
    ----------
    each
        The unknowns, in the order of the columns of arrays.
    """

    def __init__(self, each: Sequence[Unknown], root: Floats, integers: Collection[str]) -> None:
        self.each = tuple(each)
        self._root = root
        self._integers = frozenset(integers)

    def __len__(self) -> int:
        return len(self.each)

    @property
    def names(self) -> list[str]:
        """The names of the unknowns, in the order of columns."""
        return [unknown.name for unknown in self.each]

    @property
    def paths(self) -> list[str]:
        """The paths that the unknowns set."""
        return [path for unknown in self.each for path in unknown.bases]

    def draw(self, members: int, rng: np.random.Generator) -> Floats:
        """Draw levels from the prior, ``(members, unknowns)``; their sample mean and covariance are exact."""
        normals = rng.standard_normal((members, len(self.each)))
        normals -= normals.mean(axis=0)
        if members > len(self.each) + 1:
            normals = np.linalg.solve(np.linalg.cholesky(_covariance(normals)), normals.T).T
        levels: Floats = normals @ self._root.T
        return levels

    def values(self, levels: Floats) -> Floats:
        """Return the values of the unknowns at these levels; both have the shape ``(members, unknowns)``."""
        return np.array(
            [[unknown.prior.value(at) for unknown, at in zip(self.each, row, strict=True)] for row in levels]
        )

    def settings(self, values: Iterable[float]) -> dict[str, float]:
        """Return the value to set at each path, from each unknown's value; integer parameters are rounded."""
        set_ = {
            path: base * value
            for unknown, value in zip(self.each, values, strict=True)
            for path, base in unknown.bases.items()
        }
        return {path: round(value) if path in self._integers else value for path, value in set_.items()}


def _covariance(values: Floats) -> Floats:
    return np.atleast_2d(np.cov(values, rowvar=False))


def unknowns_of(
    scenario: Scenario, data: Data, priors: Priors, *, defaults: bool = True, fixed: Collection[str] = ()
) -> Unknowns:
    """Return the unknowns: the scenario's uncertain parameters, the paths of `priors` and default unknowns.

    Raises
    ------
    FitError
        If a prior is not an interval, a path cannot be drawn, or nothing is unknown.
    """
    plain = scenario.to_plain()
    problems = [Problem(path, fault) for path, fault in _wrong_priors(priors, plain)]
    if problems:
        raise FitError(problems)
    found = {path: Unknown.at(path, OfStudy(form)) for path, form in scenario.study.uncertainty.items()}
    found |= {path: Unknown.at(path, _interval(path, *ends, plain)) for path, ends in priors.items()}
    if defaults:
        taken = set(found)
        for unknown in _defaults(scenario, data):
            if not any(_overlap(unknown.name, name) for name in taken):
                found[unknown.name] = unknown
    unused = [name for name in fixed if name not in found]
    if unused:
        raise FitError(
            [Problem(name, f"is not an unknown of this fit{suggestion(name, found)}") for name in unused]
        )
    each = [unknown for name, unknown in found.items() if name not in fixed]
    if not each:
        raise FitError([Problem("", "got nothing to fit, expected the default unknowns or a prior")])
    unknowns = Unknowns(
        each,
        _root(each, scenario),
        {path for unknown in each for path in unknown.bases if is_integer(path, plain)},
    )
    _check_drawable(unknowns, scenario)
    return unknowns


def _overlap(name: str, other: str) -> bool:
    """Return whether one path equals or contains the other; all knots of transmission overlap."""
    if name.startswith(f"{TRANSMISSION}.") and other.startswith(f"{TRANSMISSION}."):
        return True
    return name == other or name.startswith(f"{other}.") or other.startswith(f"{name}.")


def _wrong_priors(priors: Priors, plain: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for path, (low, high) in priors.items():
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            yield path, f"got a prior from {low:g} to {high:g}, expected the lower number first"
        elif low == 0:
            yield path, "got a prior that begins at 0, expected a lower end above 0"
        elif _is_share(path, plain) and not 0 < low < high < 1:
            yield path, f"got a prior from {low:g} to {high:g} for a share, expected both between 0 and 1"


def _is_share(path: str, plain: Mapping[str, object]) -> bool:
    """Return whether the schema allows 1 but not 2 at a path."""
    keys = tuple(path.split("."))
    return not findings_at(keys, 1.0, plain) and bool(findings_at(keys, 2.0, plain))


def _interval(path: str, low: float, high: float, plain: Mapping[str, object]) -> Interval:
    if _is_share(path, plain):
        return Interval(low, high, "logit")
    return Interval(low, high, "log" if low > 0 else "linear")


def _about(value: float, factor: float) -> Interval:
    return Interval(value / factor, value * factor, "log")


def _defaults(scenario: Scenario, data: Data) -> Iterator[Unknown]:
    """Yield the default unknowns about which the data contain information."""
    epidemic = scenario.epidemic
    if epidemic is None:
        return
    yield from _seeds(scenario, data)
    if epidemic.variant.r0 > 0:
        yield Unknown.at(R0, _about(epidemic.variant.r0, _FACTORS[R0]))
    for k, knot in enumerate(_knots(scenario.start, data.last), start=1):
        factor = math.exp(_END * WALK_SD * math.sqrt(k))
        path = f"{TRANSMISSION}.{knot.isoformat()}"
        yield Unknown(path, _about(1.0, factor), {path: 1.0}, step=k)
    share = epidemic.detection.share
    if "reported_cases" in data.names and 0 < share < 1:
        odds = share / (1 - share)
        low, high = odds / _FACTORS[DETECTION], odds * _FACTORS[DETECTION]
        yield Unknown.at(DETECTION, Interval(low / (1 + low), high / (1 + high), "logit"))
    if data.names - {"reported_cases"} and epidemic.variant.severity > 0:
        yield Unknown.at(SEVERITY, _about(epidemic.variant.severity, _FACTORS[SEVERITY]))
    if data.names & {"in_hospital", "on_oxygen"}:
        yield from _stay("oxygen_days", scenario)
    if "icu" in data.names:
        yield from _stay("icu_survivor_days", scenario)


def _seeds(scenario: Scenario, data: Data) -> Iterator[Unknown]:
    """Yield the initial infections as unknowns: by district if data have districts, otherwise together."""
    epidemic = scenario.epidemic
    if epidemic is None:
        return
    seeds = {f"{INFECTIONS}.{name}": float(n) for name, n in epidemic.initial_infections.items() if n > 0}
    if seeds and (len(seeds) == 1 or data.by_district):
        for path, number in seeds.items():
            yield Unknown.at(path, _about(number, _FACTORS[INFECTIONS]))
    elif seeds:
        yield Unknown(INFECTIONS, _about(1.0, _FACTORS[INFECTIONS]), seeds)
    elif epidemic.importation.per_day > 0:
        yield Unknown.at(IMPORTS, _about(epidemic.importation.per_day, _FACTORS[IMPORTS]))


def _knots(start: date, last: date) -> list[date]:
    """Return the dates, a week apart, on which a new factor of transmission begins.

    The first week has the factor 1. The last date is a week before the end of the data, because fewer days of
    data say nothing about a factor.
    """
    knots = []
    knot = start + timedelta(days=_KNOT_DAYS)
    while knot <= week_before(last):
        knots.append(knot)
        knot += timedelta(days=_KNOT_DAYS)
    return knots


def _stay(name: str, scenario: Scenario) -> Iterator[Unknown]:
    """Yield the mean of a length of stay as an unknown, if its distribution has a mean."""
    stay = getattr(scenario.clinical.stays, name)
    path = f"{STAYS}.{name}"
    for form in ("gamma", "lognormal"):
        if getattr(stay, form) is not None:
            yield Unknown.at(f"{path}.{form}.mean", _about(stay.mean, _FACTORS[STAYS]))
    for form in ("exponential", "fixed"):
        if getattr(stay, form):
            yield Unknown.at(f"{path}.{form}", _about(stay.mean, _FACTORS[STAYS]))


def _root(each: Sequence[Unknown], scenario: Scenario) -> Floats:
    """Return the Cholesky factor of the correlations of levels: a random walk, and study.correlations."""
    names = [unknown.name for unknown in each]
    correlation: Floats = np.eye(len(each), dtype=np.float64)
    steps = np.array([unknown.step for unknown in each], float)
    walk = np.flatnonzero(steps)
    earlier, later = np.minimum.outer(steps[walk], steps[walk]), np.maximum.outer(steps[walk], steps[walk])
    correlation[np.ix_(walk, walk)] = np.sqrt(earlier / later)
    for group in scenario.study.correlations.values():
        at = [names.index(path) for path in group.paths if path in names]
        kept = [path for path in group.paths if path in names]
        chosen = [list(group.paths).index(path) for path in kept]
        correlation[np.ix_(at, at)] = np.array(group.matrix)[np.ix_(chosen, chosen)]
    return np.asarray(np.linalg.cholesky(correlation), np.float64)


def _check_drawable(unknowns: Unknowns, scenario: Scenario) -> None:
    """Check that a scenario with values from the priors can be run.

    Raises
    ------
    FitError
        If a path does not lead to a number that may be drawn, or the scenario refuses a value.
    """
    values = unknowns.values(np.array([[level] * len(unknowns) for level in _CHECKED_LEVELS]))
    rows = [list(unknowns.settings(row).values()) for row in values.tolist()]
    try:
        scenario.overlaid(draws_overlay(scenario, unknowns.paths, rows))
    except ScenarioError as error:
        raise FitError([Problem("", problem.message) for problem in error.problems]) from error


def draws_overlay(
    scenario: Scenario, paths: Sequence[str], rows: Sequence[Sequence[float]]
) -> dict[str, object]:
    """Return an overlay that makes a scenario draw only the values at `paths`, from these joint rows."""
    study = scenario.study
    most = len(rows) * study.runs_per_draw
    changed: dict[str, object] = {
        "uncertainty": dict.fromkeys(study.uncertainty),
        "correlations": dict.fromkeys(study.correlations),
        "draws": {"paths": list(paths), "rows": [list(row) for row in rows]},
        "replications": min(study.replications, most),
    }
    if study.precision:
        changed["most_replications"] = min(study.most_replications, most)
    return {"study": changed}
