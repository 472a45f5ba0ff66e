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
COST, DEATHS = "cost", "deaths"

DEADLY = (DEATHS, "deaths_untreated")
"""Outcomes in which more is never better; what a plan with more of them gains elsewhere is not called so."""

NEITHER = (
    "reported_cases",
    "oxygen_bed_days",
    "icu_bed_days",
    "transferred_out",
    "oxygen_used_kg",
    "tests_used",
    "doses_given",
)
"""Outcomes that are neither better nor worse where they are lower: more testing reports more cases, and
whoever finds a bed uses it."""


HIGHER = ("in_time_share:",)
"""How the outcomes begin that are better where they are higher."""


def better(outcome: str) -> str:
    """Which side is better: ``lower``, ``later`` for a first day, ``higher`` for a share; empty for none."""
    if outcome.startswith(FIRST_DAY):
        return "later"
    if outcome.startswith(HIGHER):
        return "higher"
    return "" if outcome in NEITHER else "lower"


def deadlier(comparison: pd.DataFrame) -> set[str]:
    """The alternatives that surely have more deaths than the baseline, of rows of comparison.csv."""
    more = comparison["outcome"].isin(DEADLY) & (comparison["difference_low"] > 0)
    return set(comparison.loc[more, "alternative"])


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
    compared: list[dict[str, Any]] = []
    for name, rows in by_alternative.items():
        paired = {
            outcome: {
                "alternative": name,
                "outcome": outcome,
                "unit": unit,
                **_paired(outcome, before, after),
            }
            for outcome, unit in units.items()
            for before, after in [(baseline[outcome].to_numpy(), rows[outcome].to_numpy())]
            if not (np.isnan(before).any() or np.isnan(after).any())
        }
        if COST in paired and DEATHS in paired:
            paired[COST]["per_death_averted"] = _per_death_averted(paired[COST], paired[DEATHS])
        compared += paired.values()
    return compared


def _per_death_averted(cost: Mapping[str, Any], deaths: Mapping[str, Any]) -> float:
    """Mean extra cost over mean deaths averted; NaN unless the alternative is dearer and deaths are fewer."""
    extra, averted = float(cost["difference"]), -float(deaths["difference"])
    return extra / averted if extra > 0 and averted > 0 else float("nan")


def _paired(outcome: str, before: Floats, after: Floats) -> dict[str, Any]:
    difference = after - before
    low, high = paired_interval(difference)
    side = better(outcome)
    gained = {"later": difference > 0, "higher": difference > 0, "lower": difference < 0}.get(side)
    return {
        "baseline_mean": before.mean(),
        "alternative_mean": after.mean(),
        "difference": difference.mean(),
        "difference_low": low,
        "difference_high": high,
        "better": side,
        "probability_better": float("nan") if gained is None else gained.mean(),
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
