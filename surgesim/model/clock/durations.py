"""Quantile functions of durations, which turn uniform random numbers into days.

They are used instead of samplers so that each patient needs a fixed number of draws, and alternatives that
share a uniform number share the patient's luck.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

from surgesim.scenario.schema.base import Distribution, MeanSd

Floats = NDArray[np.float64]
Quantile = Callable[[Floats], Floats]

_PER_SCORE = 256  # places of the table per unit of the normal score
_Z = np.linspace(-8.5, 8.5, 17 * _PER_SCORE + 1)  # normal scores of every double in (0, 1)


@lru_cache(maxsize=256)
def _gamma_table(shape: float) -> Floats:
    """Return cube roots of gamma(shape, 1) quantiles at the normal scores `_Z`, which are nearly linear."""
    low = special.gammaincinv(shape, special.ndtr(_Z[_Z <= 0]))
    high = special.gammainccinv(shape, special.ndtr(-_Z[_Z > 0]))
    roots: Floats = np.cbrt(np.concatenate([low, high]))
    return roots


def gamma_quantile(shape: float, scale: float) -> Quantile:
    """Return a gamma quantile function, from a table; error below 1e-5 of the value or 1e-6 of `scale`."""
    table = _gamma_table(shape)

    def quantile(u: Floats) -> Floats:
        root: Floats = np.interp(special.ndtri(u), _Z, table)
        return scale * root * root * root

    return quantile


def lognormal_quantile(mu: float, sigma: float) -> Quantile:
    """Return the quantile function of exp(N(mu, sigma²))."""

    def quantile(u: Floats) -> Floats:
        result: Floats = np.exp(mu + sigma * special.ndtri(u))
        return result

    return quantile


def _constant(value: float) -> Quantile:
    return lambda u: np.full(np.shape(u), value)


def _gamma_parameters(moments: MeanSd) -> tuple[float, float]:
    return (moments.mean / moments.sd) ** 2, moments.sd**2 / moments.mean


def _lognormal_parameters(moments: MeanSd) -> tuple[float, float]:
    variance = float(np.log1p((moments.sd / moments.mean) ** 2))
    return float(np.log(moments.mean)) - variance / 2, variance**0.5


def quantile_of(distribution: Distribution) -> Quantile:
    """Return a duration's quantile function, from an array of numbers in [0, 1) to an array of days."""
    if distribution.gamma is not None:
        return gamma_quantile(*_gamma_parameters(distribution.gamma))
    if distribution.lognormal is not None:
        return lognormal_quantile(*_lognormal_parameters(distribution.lognormal))
    if distribution.exponential is not None:
        mean = distribution.exponential
        return lambda u: -mean * np.log1p(-u)
    return _constant(np.inf if distribution.fixed is None else distribution.fixed)


class Durations:
    """The quantile functions of several durations, computed together.

    A few calls of numpy for all of them take a third of the time of a few for each.
    """

    def __init__(self, distributions: Sequence[Distribution]) -> None:
        gammas = [k for k, each in enumerate(distributions) if each.gamma is not None]
        moments = [each.gamma for each in distributions if each.gamma is not None]
        self._number = len(distributions)
        self._gammas = gammas
        self._others = [(k, quantile_of(each)) for k, each in enumerate(distributions) if each.gamma is None]
        parameters = [_gamma_parameters(each) for each in moments]
        self._scales = np.array([scale for _, scale in parameters])
        roots = np.array([_gamma_table(shape) for shape, _ in parameters]).reshape(-1, len(_Z))
        self._roots = roots.ravel()
        self._slopes = (np.diff(roots, append=0.0) * _PER_SCORE).ravel()
        self._first = np.arange(len(gammas)) * len(_Z)  # of each table in `_roots`

    def __call__(self, u: Floats) -> Floats:
        """Turn uniform random numbers in [0, 1) into days, ``(n, durations)``."""
        if not self._others:
            return self._of_gammas(u)
        days = np.empty(u.shape)
        if self._gammas:
            days[:, self._gammas] = self._of_gammas(u[:, self._gammas])
        for k, quantile in self._others:
            days[:, k] = quantile(u[:, k])
        return days

    def _of_gammas(self, u: Floats) -> Floats:
        scores = np.maximum(special.ndtri(u), _Z[0])
        below = ((scores - _Z[0]) * _PER_SCORE).astype(np.int64)
        beyond = scores - _Z.take(below)
        below += self._first
        root = self._slopes.take(below) * beyond + self._roots.take(below)  # as np.interp
        days: Floats = self._scales * root * root * root
        return days


def survival_of(distribution: Distribution) -> Callable[[float], float]:
    """Return the function from a number of days to P(a duration is longer than that)."""

    def survival(days: float) -> float:
        if days <= 0:
            return 1.0
        if distribution.gamma is not None:
            shape, scale = _gamma_parameters(distribution.gamma)
            return float(special.gammaincc(shape, days / scale))
        if distribution.lognormal is not None:
            mu, sigma = _lognormal_parameters(distribution.lognormal)
            return float(special.ndtr((mu - np.log(days)) / sigma))
        if distribution.exponential is not None:
            return float(np.exp(-days / distribution.exponential))
        return float(distribution.fixed is None or days < distribution.fixed)

    return survival


def length_biased_quantile_of(distribution: Distribution) -> Quantile:
    """Return the quantile function of a patient's full length of stay in an equilibrium census.

    Its density is proportional to the length of stay times the density of the stay. The time left is a
    uniform share of the stay.
    """
    if distribution.gamma is not None:
        shape, scale = _gamma_parameters(distribution.gamma)
        return gamma_quantile(shape + 1, scale)
    if distribution.lognormal is not None:
        mu, sigma = _lognormal_parameters(distribution.lognormal)
        return lognormal_quantile(mu + sigma**2, sigma)
    if distribution.exponential is not None:
        return gamma_quantile(2.0, distribution.exponential)
    return quantile_of(distribution)


@lru_cache(maxsize=64)
def daily_delays(distribution: Distribution, most_days: int = 60) -> Floats:
    """Return P(a report comes k days after its event) for k = 0 to `most_days`.

    The event is equally likely at any time of its day. Delays beyond `most_days` count as `most_days`.
    """
    ages = (np.arange(256) + 0.5) / 256  # time of day of the event
    delays = quantile_of(distribution)((np.arange(2048) + 0.5) / 2048)
    days = np.minimum(np.floor(ages[:, None] + delays[None, :]), most_days).astype(np.int64)
    return np.bincount(days.ravel(), minlength=most_days + 1) / days.size
