"""Paired comparison of alternatives with the baseline, replication by replication."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surgesim.scenario.schema import BASELINE

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

FIRST_DAY = "first_day_"
DAYS_BREACHED = "days_breached_"


def comparison_rows(replications: pd.DataFrame, units: Mapping[str, str]) -> list[dict[str, Any]]:
    """Differences of every alternative from the baseline.

    Parameters
    ----------
    replications
        The table of replications.csv: one row per alternative and replication, in the same order of
        replications for each alternative.
    units
        Unit of each outcome to compare, by column. An outcome that one of a pair lacks is left out.

    Returns
    -------
    list of dict
        The rows of comparison.csv, alternatives in order of appearance, outcomes in the order of `units`.
    """
    by_alternative = dict(list(replications.groupby("alternative", sort=False)))
    baseline = by_alternative.pop(BASELINE, None)
    if baseline is None:
        return []
    return [
        {"alternative": name, "outcome": outcome, "unit": unit, **_paired(outcome, before, after)}
        for name, rows in by_alternative.items()
        for outcome, unit in units.items()
        for before, after in [(baseline[outcome].to_numpy(), rows[outcome].to_numpy())]
        if not (np.isnan(before).any() or np.isnan(after).any())
    ]


def _paired(outcome: str, before: Floats, after: Floats) -> dict[str, float]:
    difference = after - before
    low, high = paired_interval(difference)
    better = difference > 0 if outcome.startswith(FIRST_DAY) else difference < 0
    return {
        "baseline_mean": before.mean(),
        "alternative_mean": after.mean(),
        "difference": difference.mean(),
        "difference_low": low,
        "difference_high": high,
        "probability_better": better.mean(),
        "tied": (difference == 0).mean(),
    }


def paired_interval(difference: Floats, confidence: float = 0.95) -> tuple[float, float]:
    """Student's t interval of the mean of paired differences; NaN for a single pair."""
    from scipy.special import stdtrit  # scipy.stats takes half a second to import

    n = len(difference)
    if n < 2:
        return float("nan"), float("nan")
    half = stdtrit(n - 1, 0.5 + confidence / 2) * difference.std(ddof=1) / np.sqrt(n)
    mean = difference.mean()
    return float(mean - half), float(mean + half)
