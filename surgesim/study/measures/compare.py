"""Paired comparison of alternatives with the baseline, replication by replication."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from statistics import NormalDist
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surgesim.model.outcomes import DEADLY, OUTCOMES
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.study.measures.breaches import SITUATION
from surgesim.study.measures.draws import draw_means, independent_runs

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FIRST_DAY = "first_day_"
DAYS_BREACHED = "days_breached_"
BREACHED = "breached_"
"""Prefix of outcomes, used only in comparisons: 1 if a threshold was breached on any day, otherwise 0."""
COST, DEATHS, SITUATION_DAYS = "cost", "deaths", "situation_days"

ROUNDING = 1e-12
"""Relative difference below which two outcomes of a replication are the same: sums differ in rounding."""

_BETTER = {outcome.name: outcome.better for outcome in OUTCOMES}

HIGHER = ("in_time_share:",)
"""Prefixes of outcomes for which higher is better."""


def better(outcome: str) -> str:
    """Return the better direction of an outcome: ``lower``, ``later``, ``higher`` or, if neither, empty."""
    if outcome.startswith(FIRST_DAY):
        return "later"
    if outcome.startswith(HIGHER):
        return "higher"
    return _BETTER.get(outcome, "lower")


def deadlier(comparison: pd.DataFrame) -> set[str]:
    """Return the alternatives with more deaths than the baseline, at both ends of the difference's interval.

    `comparison` has the rows of comparison.csv.
    """
    more = comparison["outcome"].isin(DEADLY) & (comparison["difference_low"] > 0)
    return set(comparison.loc[more, "alternative"])


def comparison_rows(
    replications: pd.DataFrame,
    units: Mapping[str, str],
    runs: int = 1,
    sides: Mapping[str, str] = MappingProxyType({}),
) -> list[dict[str, Any]]:
    """Compare every alternative with the baseline.

    Parameters
    ----------
    replications
        The table of replications.csv: one row per alternative and replication, with the replications in
        the same order for each alternative.
    units
        Unit of each outcome to compare, by column. Outcomes missing on either side are left out.
    sides
        The better direction of each outcome of an extension.

    Returns
    -------
    list of dict
        Rows of comparison.csv: alternatives in order of appearance, outcomes in the order of `units`, then
        breaches.
    """
    by_alternative = dict(list(replications.groupby("alternative", sort=False)))
    baseline = by_alternative.pop(BASELINE, None)
    if baseline is None:
        return []
    breaches = _breaches(units)
    compared: list[dict[str, Any]] = []
    for name, rows in by_alternative.items():
        paired = {
            outcome: {
                "alternative": name,
                "outcome": outcome,
                "unit": unit,
                **_paired(sides.get(outcome, better(outcome)), before, after, runs),
            }
            for outcome, unit in units.items()
            for before, after in [(baseline[outcome].to_numpy(), rows[outcome].to_numpy())]
            if not (np.isnan(before).any() or np.isnan(after).any())
        }
        if COST in paired and DEATHS in paired:
            averted = _per_death_averted(paired[COST], paired[DEATHS])
            extra, fewer = (
                sign * (rows[key].to_numpy(float) - baseline[key].to_numpy(float))
                for key, sign in ((COST, 1), (DEATHS, -1))
            )
            low, high = ratio_interval(extra, fewer, runs=runs)
            told = averted > 0 and low > 0
            paired[COST]["per_death_averted"] = averted
            paired[COST]["per_death_averted_low"] = low if told else math.nan
            paired[COST]["per_death_averted_high"] = high if told else math.nan
        compared += paired.values()
        for outcome, days in breaches.items():
            if days in paired:
                before, after = (side[days].to_numpy() > 0 for side in (baseline, rows))
                keys = {"alternative": name, "outcome": outcome, "unit": "share"}
                compared.append({**keys, **_paired(better(outcome), before, after, runs)})
    return compared


def _breaches(units: Iterable[str]) -> dict[str, str]:
    """Map each `BREACHED` outcome to the outcome that counts its days."""
    outcomes = list(units)
    thresholds = [name.removeprefix(DAYS_BREACHED) for name in outcomes if name.startswith(DAYS_BREACHED)]
    days = {f"{BREACHED}{name}": f"{DAYS_BREACHED}{name}" for name in thresholds}
    if f"{FIRST_DAY}{SITUATION}" in outcomes:
        days[f"{BREACHED}{SITUATION}"] = SITUATION_DAYS
    return days


def _per_death_averted(cost: Mapping[str, Any], deaths: Mapping[str, Any]) -> float:
    """Return the mean extra cost per death averted; NaN unless there are extra costs and fewer deaths."""
    extra, averted = float(cost["difference"]), -float(deaths["difference"])
    return extra / averted if extra > 0 and averted > 0 else float("nan")


def _paired(side: str, before: Floats | Bools, after: Floats | Bools, runs: int) -> dict[str, Any]:
    difference = after.astype(float) - before.astype(float)
    difference[np.isclose(after, before, rtol=ROUNDING, atol=0.0)] = 0.0
    interval = paired_interval if before.dtype != bool else paired_shares_interval
    low, high = interval(difference, runs=runs)
    gained = {"later": difference > 0, "higher": difference > 0, "lower": difference < 0}.get(side)
    relative, relative_low, relative_high = _relative(side, before, after, difference, runs)
    return {
        "baseline_mean": before.mean(),
        "alternative_mean": after.mean(),
        "difference": difference.mean(),
        "difference_low": low,
        "difference_high": high,
        "relative": relative,
        "relative_low": relative_low,
        "relative_high": relative_high,
        "better": side,
        "probability_better": float("nan") if gained is None else gained.mean(),
        "tied": (difference == 0).mean(),
    }


def _relative(
    side: str, before: Floats | Bools, after: Floats | Bools, difference: Floats, runs: int
) -> tuple[float, float, float]:
    """Return the change as a share of the baseline's mean, with its interval; NaN if it has no meaning."""
    is_amount = side != "later" and before.dtype != bool and min(before.min(), after.min()) >= 0
    if not is_amount or before.mean() == 0:
        return math.nan, math.nan, math.nan
    low, high = ratio_interval(difference, before.astype(float), runs=runs)
    return float(difference.mean() / before.mean()), low, high


def paired_interval(difference: Floats, confidence: float = 0.95, runs: int = 1) -> tuple[float, float]:
    """Compute Student's t interval for the mean of paired differences; NaN for a single pair."""
    from scipy.special import stdtrit  # scipy.stats takes half a second to import

    means = draw_means(difference, runs)
    n = len(means)
    if n < 2:
        return float("nan"), float("nan")
    half = stdtrit(n - 1, 0.5 + confidence / 2) * means.std(ddof=1) / np.sqrt(n)
    mean = difference.mean()
    return float(mean - half), float(mean + half)


def ratio_interval(
    above: Floats, below: Floats, confidence: float = 0.95, runs: int = 1
) -> tuple[float, float]:
    """Compute Fieller's interval for the ratio of two means of pairs; NaN if the lower mean may be 0.

    The interval contains every ratio R for which Student's t interval for the mean of above − R × below
    contains 0; it is finite only if the t interval of `below` excludes 0.

    Examples
    --------
    >>> low, high = ratio_interval(np.array([9.0, 10.0, 11.0]), np.array([2.0, 2.0, 2.0]))
    >>> round(low, 4), round(high, 4)
    (3.7579, 6.2421)
    """
    from scipy.special import stdtrit  # scipy.stats takes half a second to import

    pairs = np.array([draw_means(above, runs), draw_means(below, runs)])
    n = pairs.shape[1]
    if n < 2:
        return math.nan, math.nan
    t = float(stdtrit(n - 1, 0.5 + confidence / 2))
    top, bottom = float(above.mean()), float(below.mean())
    (var_top, shared), (_, var_bottom) = t**2 / n * np.cov(pairs)
    square, middle, constant = bottom**2 - var_bottom, top * bottom - shared, top**2 - var_top
    root = middle**2 - square * constant
    exact = ROUNDING * middle**2  # below it, a root is due to rounding
    if square <= 0 or root < -exact:
        return math.nan, math.nan
    half = math.sqrt(root) if root > exact else 0.0
    return float((middle - half) / square), float((middle + half) / square)


def paired_shares_interval(
    difference: Floats, confidence: float = 0.95, runs: int = 1
) -> tuple[float, float]:
    """Compute the score interval for the difference of two paired proportions; NaN for a single pair.

    `difference` is 1, 0 or -1 for each pair. The interval contains every difference that a score test does
    not reject, so it contains 0 exactly when McNemar's test does not reject. It does not shrink to a point
    if all pairs are equal (Tango 1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B).

    Examples
    --------
    >>> pairs = np.repeat([1.0, -1.0, 0.0], [20, 60, 920])
    >>> [round(bound, 4) for bound in paired_shares_interval(pairs)]
    [-0.0584, -0.0231]
    """
    n = independent_runs(difference, runs)
    if n < 2:
        return math.nan, math.nan
    each = n / len(difference)
    more, less = each * int((difference > 0).sum()), each * int((difference < 0).sum())
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    return -_score_bound(less, more, n, z), _score_bound(more, less, n, z)


def _score_bound(more: float, less: float, n: float, z: float) -> float:
    """Find the largest difference with a score of at least -z; the score falls as the difference rises."""
    low, high = (more - less) / n, 1.0
    while (middle := (low + high) / 2) not in (low, high):
        if _score(more, less, n, middle) < -z:
            high = middle
        else:
            low = middle
    return high if high == 1.0 else low


def _score(more: float, less: float, n: float, difference: float) -> float:
    """Compute the score of a difference: observed minus assumed, in standard errors (Tango's eq. 24 to 26).

    The standard error is computed at the assumed difference; `fewer` is the maximum-likelihood share of the
    pairs counted in `less`.
    """
    linear = (2 * n - more + less) * difference - more - less
    constant = less * difference * (1 - difference)
    fewer = (math.sqrt(linear**2 + 8 * n * constant) - linear) / (4 * n)
    variance = n * (2 * fewer + difference * (1 - difference))
    return (more - less - n * difference) / math.sqrt(variance) if variance > 0 else 0.0
