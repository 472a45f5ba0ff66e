"""Section `study`: replications, seed, uncertain parameters and required precision."""

import math
from statistics import NormalDist
from typing import Self

from pydantic import Field, model_validator

from surgesim.scenario.schema.base import FrozenMapping, Off, Section, Sequence_
from surgesim.scenario.schema.numbers import BetaShape, Precision, Replications, Seed, SomeValue, Value

_LEAST = 2.0**-53
"""Smallest probability used for a quantile: unbounded distributions end at 8.2 standard deviations."""


class Normal(Section):
    """A normal distribution, truncated at `low` or `high` if given (`mean` and `sd` before truncation)."""

    mean: Value
    sd: SomeValue
    low: Off[Value] = None
    high: Off[Value] = None

    def quantile(self, u: float) -> float:
        """Return the value below which a share `u` (from 0 to 1) of the distribution lies."""
        return _truncated(NormalDist(self.mean, self.sd), u, self.low, self.high)


class Lognormal(Section):
    """A lognormal distribution by mean and sd (of the value, not of its log), truncated as in `Normal`."""

    mean: SomeValue
    sd: SomeValue
    low: Off[SomeValue] = None
    high: Off[SomeValue] = None

    def quantile(self, u: float) -> float:
        """Return the value below which a share `u` (from 0 to 1) of the distribution lies."""
        variance = math.log1p((self.sd / self.mean) ** 2)
        logs = NormalDist(math.log(self.mean) - variance / 2, math.sqrt(variance))
        low, high = (None if bound is None else math.log(bound) for bound in (self.low, self.high))
        value = math.exp(_truncated(logs, u, low, high))
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
        """Return the value below which a share `u` (from 0 to 1) of the distribution lies."""
        from scipy.special import betaincinv

        return self.low + (self.high - self.low) * float(betaincinv(self.alpha, self.beta, u))


def _truncated(whole: NormalDist, u: float, low: float | None, high: float | None) -> float:
    first = _LEAST if low is None else whole.cdf(low)
    last = 1 - _LEAST if high is None else whole.cdf(high)
    value = whole.inv_cdf(min(max(first + u * (last - first), _LEAST), 1 - _LEAST))
    return min(max(value, -math.inf if low is None else low), math.inf if high is None else high)


class Uncertain(Section):
    """The distribution of an uncertain parameter, in exactly one form and in the parameter's unit.

    ``{uniform: [4, 6]}``, ``{triangular: [4, 5, 6]}`` (minimum, mode, maximum), ``{normal: {mean: 5,
    sd: 0.4}}``, ``{lognormal: {mean: 5, sd: 0.4}}`` (both may be truncated with `low` and `high`),
    ``{beta: {alpha: 2, beta: 8}}`` (from 0 to 1, or from `low` to `high`), or ``{choice: [4, 5, 6]}``
    (equally likely).
    """

    uniform: Sequence_[Value] | None = None
    triangular: Sequence_[Value] | None = None
    normal: Normal | None = None
    lognormal: Lognormal | None = None
    beta: Beta | None = None
    choice: Sequence_[Value] | None = None

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
        form = self.normal or self.lognormal or self.beta
        low, high = getattr(form, "low", None), getattr(form, "high", None)
        if low is not None and high is not None and low >= high:
            raise ValueError(f"got low {low:g} and high {high:g}, expected low below high")
        return self

    def quantile(self, u: float) -> float:
        """Return the value below which a share `u` (from 0 to 1) of the distribution lies."""
        if self.uniform is not None:
            low, high = self.uniform
            return low + u * (high - low)
        if self.triangular is not None:
            return _triangular(u, *self.triangular)
        if self.choice is not None:
            return self.choice[min(int(u * len(self.choice)), len(self.choice) - 1)]
        form = self.normal or self.lognormal or self.beta
        if form is None:
            raise ValueError("expected a distribution in exactly one form")
        return form.quantile(u)

    @property
    def limits(self) -> tuple[float, float]:
        """Minimum and maximum (for an unbounded distribution, the quantiles nearest to 0 and 1)."""
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


class Study(Section):
    """The number of replications, the seed, and the parameters that each replication draws anew.

    `precision` gives, for each outcome named, the maximum half-width of the 95 % interval of its mean, as a
    share of the mean. The study then starts with `replications`, but at least 10, and adds more until every
    named outcome is precise in every alternative, or until there are `most_replications`. An outcome
    without an event in any replication (no deaths, no breach) is not yet precise.
    """

    replications: Replications = 50
    seed: Seed = 1
    uncertainty: FrozenMapping[str, Uncertain] = Field(default_factory=dict)
    precision: FrozenMapping[str, Precision] = Field(default_factory=dict)
    most_replications: Replications = 1000

    @model_validator(mode="after")
    def _room(self) -> Self:
        if self.precision and self.most_replications < self.replications:
            raise ValueError(
                f"got most_replications {self.most_replications}, "
                f"expected at least the {self.replications} replications"
            )
        return self
