"""Uncertain parameters: their distributions, their correlations, and joint draws in a table."""

import itertools
import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import Self

from pydantic import model_validator

from surgesim.scenario.schema.base import IncompleteError, Off, Section, Sequence_
from surgesim.scenario.schema.numbers import (
    MOST_DRAWN,
    BetaShape,
    Correlation,
    SomeValue,
    Value,
    WeibullShape,
    Weight,
)

LEAST_SHARE = 2.0**-53
"""Smallest probability used for a quantile: unbounded distributions end at 8.2 standard deviations."""


PLAN = "command.plan."
"""The beginning of the path of a figure in the plan; the names of a rule and a field follow."""

CHOSEN = ("when", "until")
"""Fields of a rule that planners choose; unlike delays, they are not uncertain."""


def is_choice(path: str) -> bool:
    """Return True if a dotted path leads to a choice of the plan rather than an assumption."""
    return path.startswith(PLAN) and path.split(".")[3:4] in ([field] for field in CHOSEN)


class Normal(Section):
    """A normal distribution, truncated at `low` or `high` if given (`mean` and `sd` before truncation)."""

    mean: Value
    sd: SomeValue
    low: Off[Value] = None
    high: Off[Value] = None

    def quantile(self, u: float) -> float:
        """Return the quantile at `u`: a share `u` (from 0 to 1) of the distribution lies below it."""
        whole = NormalDist(self.mean, self.sd)
        return _truncated(whole.cdf, whole.inv_cdf, u, self.low, self.high)


class Lognormal(Section):
    """A lognormal distribution, given its mean and sd (not those of the log), truncated as in `Normal`."""

    mean: SomeValue
    sd: SomeValue
    low: Off[SomeValue] = None
    high: Off[SomeValue] = None

    def quantile(self, u: float) -> float:
        """Return the quantile at `u`: a share `u` (from 0 to 1) of the distribution lies below it."""
        variance = math.log1p((self.sd / self.mean) ** 2)
        logs = NormalDist(math.log(self.mean) - variance / 2, math.sqrt(variance))
        low, high = (None if bound is None else math.log(bound) for bound in (self.low, self.high))
        value = math.exp(_truncated(logs.cdf, logs.inv_cdf, u, low, high))
        return min(
            max(value, self.low or value), self.high or value
        )  # exp(log(x)) may differ in the last digit


class Beta(Section):
    """A beta distribution with shapes `alpha` and `beta`, from `low` to `high`."""

    alpha: BetaShape
    beta: BetaShape
    low: Value = 0.0
    high: Value = 1.0

    def quantile(self, u: float) -> float:
        """Return the quantile at `u`: a share `u` (from 0 to 1) of the distribution lies below it."""
        from scipy.special import betaincinv

        return self.low + (self.high - self.low) * float(betaincinv(self.alpha, self.beta, u))


class Weibull(Section):
    """A Weibull distribution, given its shape and scale (the 63rd percentile), truncated as in `Normal`."""

    shape: WeibullShape
    scale: SomeValue
    low: Off[SomeValue] = None
    high: Off[SomeValue] = None

    def quantile(self, u: float) -> float:
        """Return the quantile at `u`: a share `u` (from 0 to 1) of the distribution lies below it."""
        return _truncated(
            lambda value: -math.expm1(-((value / self.scale) ** self.shape)),
            lambda share: float(self.scale * (-math.log1p(-share)) ** (1 / self.shape)),
            u,
            self.low,
            self.high,
        )


class Gamma(Section):
    """A gamma distribution, given its shape and rate (the mean is shape / rate), truncated as in `Normal`."""

    shape: BetaShape
    rate: SomeValue
    low: Off[SomeValue] = None
    high: Off[SomeValue] = None

    def quantile(self, u: float) -> float:
        """Return the quantile at `u`: a share `u` (from 0 to 1) of the distribution lies below it."""
        from scipy.special import gammainc, gammaincinv

        return _truncated(
            lambda value: float(gammainc(self.shape, value * self.rate)),
            lambda share: float(gammaincinv(self.shape, share)) / self.rate,
            u,
            self.low,
            self.high,
        )


class Empirical(Section):
    """Observed values, drawn in proportion to their weights, or equally often if there are no weights.

    `file` (a CSV with a column `value`, and `weight` if there are weights, relative to the scenario file) is
    read when the scenario is loaded and becomes `values` and `weights`.
    """

    file: Off[str] = None
    values: Sequence_[Value] = ()
    weights: Off[Sequence_[Weight]] = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not self.values:
            raise IncompleteError("got no values, expected a file or values")
        _check_table(self.file, len(self.values), len(self.values), self.weights, "values")
        return self

    def quantile(self, u: float) -> float:
        """Return the quantile at `u`: a share `u` (from 0 to 1) of the distribution lies below it."""
        weights = self.weights or (1.0,) * len(self.values)
        values, sizes = zip(*sorted(zip(self.values, weights, strict=True)), strict=True)
        return float(values[weighted_place(sizes, u)])


def weighted_place(weights: Sequence[float], u: float) -> int:
    """Return the index at which the running sum of weights exceeds a share `u` (0 to 1) of the total."""
    sums = list(itertools.accumulate(weights))
    return bisect_right(sums, u * sums[-1], hi=bisect_left(sums, sums[-1]))


def _check_table(
    file: str | None, rows: int, numbers: int, weights: Sequence[float] | None, what: str
) -> None:
    """Check that numbers are given only once and are not too many, and that their weights fit."""
    if file is not None:
        raise ValueError(f"got a file and {what}, expected only one of the two (file: none removes the file)")
    if numbers > MOST_DRAWN:
        raise ValueError(f"got {numbers} numbers, expected at most {MOST_DRAWN}")
    if weights is not None and len(weights) != rows:
        raise ValueError(f"got {len(weights)} weights for {rows} {what}, expected one for each")
    if weights is not None and not any(weights):
        raise ValueError("got only weights of 0, expected at least one above 0")


def _truncated(
    cdf: Callable[[float], float],
    inverse: Callable[[float], float],
    u: float,
    low: float | None,
    high: float | None,
) -> float:
    first = LEAST_SHARE if low is None else cdf(low)
    last = 1 - LEAST_SHARE if high is None else cdf(high)
    value = inverse(min(max(first + u * (last - first), LEAST_SHARE), 1 - LEAST_SHARE))
    return min(max(value, -math.inf if low is None else low), math.inf if high is None else high)


class Uncertain(Section):
    """The distribution of an uncertain parameter, in exactly one form and in the parameter's unit.

    ``{uniform: [4, 6]}``, ``{triangular: [4, 5, 6]}`` (minimum, mode, maximum), ``{normal: {mean: 5,
    sd: 0.4}}``, ``{lognormal: {mean: 5, sd: 0.4}}``, ``{weibull: {shape: 2, scale: 5}}``, ``{gamma: {shape:
    4, rate: 0.8}}`` (these four may be truncated with `low` and `high`), ``{beta: {alpha: 2, beta: 8}}``
    (from 0 to 1, or from `low` to `high`), ``{choice: [4, 5, 6]}`` (equally likely), or ``{empirical:
    {file: r0.csv}}`` (values that were observed).
    """

    uniform: Sequence_[Value] | None = None
    triangular: Sequence_[Value] | None = None
    normal: Normal | None = None
    lognormal: Lognormal | None = None
    weibull: Weibull | None = None
    gamma: Gamma | None = None
    beta: Beta | None = None
    choice: Sequence_[Value] | None = None
    empirical: Empirical | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"got {' and '.join(given) or 'nothing'}, expected exactly one of "
                f"{', '.join(type(self).model_fields)}"
            )
        if self.uniform is not None:
            _ascending(self.uniform, ("low", "high"))
        elif self.triangular is not None:
            _ascending(self.triangular, ("low", "mode", "high"))
        elif self.choice is not None and not self.choice:
            raise ValueError("got no values to choose from, expected at least one")
        low, high = getattr(self._form, "low", None), getattr(self._form, "high", None)
        if low is not None and high is not None and low >= high:
            raise ValueError(f"got low {low:g} and high {high:g}, expected low below high")
        return self

    def quantile(self, u: float) -> float:
        """Return the quantile at `u`: a share `u` (from 0 to 1) of the distribution lies below it."""
        if self.uniform is not None:
            low, high = self.uniform
            return low + u * (high - low)
        if self.triangular is not None:
            return _triangular(u, *self.triangular)
        if self.choice is not None:
            return self.choice[min(int(u * len(self.choice)), len(self.choice) - 1)]
        if self._form is None:
            raise ValueError("expected a distribution in exactly one form")
        return self._form.quantile(u)

    @property
    def _form(self) -> Normal | Lognormal | Weibull | Gamma | Beta | Empirical | None:
        return self.normal or self.lognormal or self.weibull or self.gamma or self.beta or self.empirical

    @property
    def bounded(self) -> bool:
        """True if the distribution has no infinite tail, or its tails are truncated."""
        form = self.normal or self.lognormal or self.weibull or self.gamma
        return form is None or (form.low is not None and form.high is not None)

    @property
    def limits(self) -> tuple[float, float]:
        """The minimum and maximum (for an unbounded distribution, its most extreme quantiles)."""
        if self.choice is not None:
            return min(self.choice), max(self.choice)
        return self.quantile(0.0), self.quantile(1.0)


def _ascending(values: tuple[float, ...], names: tuple[str, ...]) -> None:
    if len(values) != len(names):
        raise ValueError(f"got {len(values)} values, expected {len(names)}: {', '.join(names)}")
    if list(values) != sorted(values) or values[0] == values[-1]:
        got = ", ".join(f"{value:g}" for value in values)
        raise ValueError(f"got {got}, expected {' <= '.join(names)}, and low below high")


def _triangular(u: float, low: float, mode: float, high: float) -> float:
    below = (mode - low) / (high - low)
    if u < below:
        return low + math.sqrt(u * (high - low) * (mode - low))
    return high - math.sqrt((1 - u) * (high - low) * (high - mode))


class CorrelationGroup(Section):
    """A group of parameters in `uncertainty` that are correlated.

    `matrix` has a row and a column for each of `paths`, in the same order. For normal distributions that are
    not truncated, it contains their correlations; for others, the correlations of the standard normals from
    which their values are drawn (a Gaussian copula). Each parameter keeps its own distribution.
    """

    paths: Sequence_[str]
    matrix: Sequence_[Sequence_[Correlation]]

    @model_validator(mode="after")
    def _is_correlation(self) -> Self:
        size = len(self.paths)
        if size < 2:
            raise ValueError(f"got {size} paths, expected at least 2")
        _check_paths(self.paths)
        if [len(row) for row in self.matrix] != [size] * size:
            raise ValueError(f"got a matrix of another size, expected {size} rows of {size} numbers")
        for i, j in itertools.product(range(size), repeat=2):
            one, other = self.matrix[i][j], self.matrix[j][i]
            if i == j and one != 1:
                raise ValueError(f"got a correlation of {one:g} for {self.paths[i]} with itself, expected 1")
            if one != other:
                pair = f"{self.paths[i]} with {self.paths[j]}"
                raise ValueError(
                    f"got correlation {one:g} for {pair} but {other:g} for the reverse, expected the same"
                )
        self.together([0.0] * size)
        return self

    def together(self, normals: Sequence[float]) -> list[float]:
        """Convert independent standard normals to correlated standard normals; the first is unchanged.

        Raises
        ------
        ValueError
            If the matrix is not positive definite.
        """
        import numpy as np

        try:
            lower = np.linalg.cholesky(np.array(self.matrix))
        except np.linalg.LinAlgError:
            raise ValueError(
                "got a matrix that is not positive definite, expected correlations that can all hold at once"
            ) from None
        return [float(value) for value in lower @ np.array(normals)]


class Draws(Section):
    """Joint draws of parameters: a column for each path, and a row for each draw.

    `file` (a CSV, relative to the scenario file; its header has the paths, and `weight` if rows have weights)
    is read when the scenario is loaded and becomes `paths`, `rows` and `weights`. Without weights, rows are
    used in order; with weights, by systematic resampling.
    """

    file: Off[str] = None
    paths: Sequence_[str] = ()
    rows: Sequence_[Sequence_[Value]] = ()
    weights: Off[Sequence_[Weight]] = None

    @model_validator(mode="after")
    def _is_table(self) -> Self:
        if not self.rows:
            raise IncompleteError("got no rows, expected a file, or paths and rows")
        if not self.paths:
            raise IncompleteError("got no paths, expected one for each column of rows")
        _check_paths(self.paths)
        for i, row in enumerate(self.rows):
            if len(row) != len(self.paths):
                raise ValueError(
                    f"got {len(row)} numbers in row {i}, expected {len(self.paths)}, as in paths"
                )
        _check_table(self.file, len(self.rows), len(self.rows) * len(self.paths), self.weights, "rows")
        return self


def _check_paths(paths: Sequence[str]) -> None:
    for path in dict.fromkeys(paths):
        if paths.count(path) > 1:
            raise ValueError(f"got the path {path} {paths.count(path)} times, expected it once")
