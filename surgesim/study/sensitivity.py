"""Sensitivity of a sweep's outcomes: Sobol indices for a Sobol design, otherwise rank correlations.

First and total Sobol indices use Saltelli's estimators (scipy.stats.sobol_indices). The rank correlations
are Spearman's and the partial rank correlation, which removes the effects of the other paths (Marino 2008,
doi:10.1016/j.jtbi.2008.04.011). The 95 % intervals of Sobol indices come from a percentile bootstrap over
the points; the intervals of rank correlations use Student's t distribution with their degrees of freedom.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import ResultsError
from surgesim.model.clock.streams import Streams
from surgesim.model.record import Column
from surgesim.scenario.door import suggestion
from surgesim.study.store.contents import SENSITIVITY
from surgesim.study.sweep.design import SOBOL
from surgesim.study.sweep.result import Sweep
from surgesim.study.tables.columns import DRAWN, TEXT, Table, with_dtypes

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

FIRST, TOTAL = "first", "total"
RANK, PARTIAL = "rank_correlation", "partial_rank_correlation"

DEFAULT = ("deaths_untreated", "deaths", "situation_days")
"""Outcomes analysed by default; an outcome that does not vary is left out."""

RESAMPLES = 1_000

FEWEST_FREE = 4
"""Min degrees of freedom for the interval of a rank correlation: with fewer, ranks take too few values for
the t distribution (with 5 points and one path, a 5 % test of no correlation rejects wrongly in 8 % of cases).
"""

_NOTHING = 1e-9
"""Shares of variance below this value are rounding errors."""

SENSITIVITY_TABLE = Table(
    SENSITIVITY,
    "scenario × alternative × outcome × path × index",
    (
        Column("scenario", TEXT, "name of the scenario"),
        Column("alternative", TEXT, "name of the alternative; `baseline` is the scenario itself"),
        Column("outcome", TEXT, "a column of runs.csv, averaged over the replications of each point"),
        Column("path", TEXT, "a path that varies in the sweep"),
        Column(
            "index",
            TEXT,
            f"`{FIRST}` and `{TOTAL}`: share of the outcome's variance due to the path alone, and due to "
            f"the path and its interactions (Sobol indices); `{RANK}`: Spearman's rank correlation, from "
            f"-1 to 1; `{PARTIAL}`: the same with the effects of the other paths removed",
        ),
        Column(
            "value",
            "",
            "value of the index; empty if it is undefined because the other paths fully explain the path or "
            "the outcome",
        ),
        Column(
            "low",
            "",
            "lower end of the 95 % interval: by bootstrap for Sobol indices; by Student's t distribution for "
            f"rank correlations, empty below {FEWEST_FREE} degrees of freedom (number of points minus 2; for "
            "the partial rank correlation also minus the number of other paths)",
        ),
        Column("high", "", "upper end of the 95 % interval"),
    ),
)


def sensitivity(sweep: Sweep, outcomes: Sequence[str] | None = None) -> pd.DataFrame:
    """Measure how strongly each varied path affects the outcomes of a sweep.

    Parameters
    ----------
    sweep
        The completed sweep. A ``sobol`` design gives Sobol indices; any other design gives rank
        correlations, which leave out failed runs: the value of a point is the mean of its successful runs,
        and a point without any is dropped. The correlations then describe only points where the model ran.
    outcomes
        Columns of runs.csv; by default `DEFAULT`.

    Returns
    -------
    pandas.DataFrame
        The rows of sensitivity.csv.

    Raises
    ------
    ResultsError
        If an outcome is unknown, is not a number in some run, or is the same at every point; if all runs
        failed, or any run of a ``sobol`` design.
    """
    import pandas as pd

    runs = sweep.runs
    known = [str(name) for name in runs.columns[4:] if not str(name).startswith(DRAWN)]
    for outcome in outcomes or ():
        if outcome not in known:
            raise ResultsError(f"unknown outcome {outcome!r}{suggestion(outcome, known)}")
    plan = sweep.manifest["sweep"]
    failed = sweep.manifest["failed"]
    if failed and (plan["design"] == SOBOL or failed == plan["runs"]):
        what = "expected none for Sobol indices" if failed < plan["runs"] else "so there are no outcomes"
        raise ResultsError(f"{failed} of {plan['runs']} runs failed, {what}: see failures.csv")
    rows: list[dict[str, Any]] = []
    for (scenario, alternative), group in runs.groupby(["scenario", "alternative"], sort=False):
        for outcome in outcomes or DEFAULT:
            if outcomes is None and group[outcome].isna().any():
                continue  # not assessed, or undecided in some runs
            values = _means(group, outcome)
            if values.min() == values.max():
                if outcomes is None:
                    continue
                raise ResultsError(
                    f"{outcome} is {values.iloc[0]:g} at every point: there is no variation to explain"
                )
            keys = {"scenario": scenario, "alternative": alternative, "outcome": outcome}
            rows += ({**keys, **row} for row in _rows(sweep, values))
    if not rows:
        raise ResultsError(
            f"{', '.join(DEFAULT)} are the same at every point: there is no variation to explain"
        )
    return with_dtypes(
        SENSITIVITY_TABLE, pd.DataFrame(rows, columns=[column.name for column in SENSITIVITY_TABLE.columns])
    )


def _means(group: pd.DataFrame, outcome: str) -> pd.Series[float]:
    """Return the mean over the runs of each point; raise an error if a run's outcome is not a number."""
    bad = group[~np.isfinite(group[outcome])]
    if len(bad):
        first = bad.iloc[0]
        raise ResultsError(
            f"{outcome} is not a number in {len(bad)} of {len(group)} runs, first at point "
            f"{first['point']}, replication {first['replication']}"
        )
    return group.groupby("point")[outcome].mean()


def _rows(sweep: Sweep, means: pd.Series[float]) -> Iterator[dict[str, Any]]:
    plan = sweep.manifest["sweep"]
    values: Floats = np.asarray(means.to_numpy(dtype=float))
    if plan["design"] == SOBOL:
        names, size = (FIRST, TOTAL), plan["samples"]
        rng = Streams(plan["seed"], 0).once("bootstrap")
        indices = sobol_of(values, size, len(sweep.paths))
        estimate = indices(np.arange(size))
        resampled = np.array([indices(rng.integers(0, size, size)) for _ in range(RESAMPLES)])
        low, high = _bootstrap_interval(estimate, resampled)
    else:
        names = (RANK, PARTIAL)
        estimate, free = rank_correlations(_numbers(sweep)[means.index.to_numpy()], values)
        low, high = correlation_interval(estimate, free)
    for i, path in enumerate(sweep.paths):
        for k, name in enumerate(names):
            yield {
                "path": path,
                "index": name,
                "value": estimate[k, i],
                "low": low[k, i],
                "high": high[k, i],
            }


def _bootstrap_interval(estimate: Floats, resampled: Floats) -> tuple[Floats, Floats]:
    """Return percentile intervals over the finite resamples; NaN if the estimate or all resamples are NaN."""
    known = np.isfinite(estimate) & np.isfinite(resampled).any(axis=0)
    low, high = np.full((2, *estimate.shape), np.nan)
    low[known], high[known] = np.nanquantile(resampled[:, known], (0.025, 0.975), axis=0)
    return low, high


def sobol_of(values: Floats, samples: int, paths: int) -> Callable[[NDArray[np.intp]], Floats]:
    """Return a function that computes first and total Sobol indices ``(2, paths)`` from chosen samples.

    `values` are in the order of `surgesim.study.sweep.design.points`: points A, points B, then for each path
    the points A with the values of that path from B.
    """
    from scipy.stats import sobol_indices

    a, b = values[:samples], values[samples : 2 * samples]
    mixed = values[2 * samples :].reshape(paths, samples)

    def indices(chosen: NDArray[np.intp]) -> Floats:
        found = sobol_indices(
            func={"f_A": a[None, chosen], "f_B": b[None, chosen], "f_AB": mixed[:, None, chosen]},
            n=len(chosen),
        )
        return np.array([found.first_order.reshape(paths), found.total_order.reshape(paths)])

    return indices


def rank_correlations(design: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return the rank and partial rank correlations, ``(2, paths)``, and their degrees of freedom.

    `design` is ``(points, paths)``. NaN if the path or the outcome does not vary, or is fully explained by
    the other paths (see `_partial`).
    """
    from scipy.stats import rankdata

    points, paths = design.shape
    if points < paths + 3:
        raise ResultsError(f"got {points} points, expected at least {paths + 3} for {paths} paths")
    ranks = rankdata(np.column_stack([design, values]), axis=0)
    ranks -= ranks.mean(axis=0)
    spread = ranks.std(axis=0)
    varies = spread > 0
    ranks = np.divide(ranks, spread, out=np.zeros_like(ranks), where=varies)
    correlation = ranks.T @ ranks / points
    plain = np.where(varies[:-1] & varies[-1], correlation[:-1, -1], np.nan)
    partial, taken = zip(*(_partial(correlation, i, points) for i in range(paths)), strict=True)
    return np.array([plain, partial]), points - 2.0 - np.array([[0] * paths, taken])


def correlation_interval(correlation: Floats, free: Floats) -> tuple[Floats, Floats]:
    """Return the 95 % interval of correlations with `free` degrees of freedom.

    The width in Fisher's z is chosen so that the interval contains 0 exactly when Student's t test of no
    correlation does not reject: ``t = r * sqrt(free / (1 - r**2))`` equals ``sqrt(free) * sinh(z)``. NaN if
    the correlation is NaN or has fewer than `FEWEST_FREE` degrees of freedom.
    """
    from scipy.special import stdtrit

    enough = free >= FEWEST_FREE
    free = np.where(enough, free, np.nan)
    half = np.arcsinh(stdtrit(free, 0.975) / np.sqrt(free))
    with np.errstate(divide="ignore"):  # at 1 and -1, the interval is a point
        z = np.arctanh(np.clip(correlation, -1, 1))
    return np.tanh(z - half), np.tanh(z + half)


def _partial(correlation: Floats, path: int, points: int) -> tuple[float, int]:
    """Return the partial correlation of a path with the outcome, and the degrees of freedom it uses.

    The outcome is the last row of `correlation`. The partial correlation is the correlation of the residuals
    of the path and of the outcome after least-squares regression on the other paths. NaN if either residual
    is 0, or if too few points remain for the residuals to differ from a perfect correlation.
    """
    others = np.delete(np.arange(len(correlation) - 1), path)
    two = np.array([path, len(correlation) - 1])
    left = correlation[np.ix_(two, two)]
    taken = 0
    if len(others):
        across = correlation[np.ix_(others, two)]
        among = correlation[np.ix_(others, others)]
        weights, _, rank, _ = np.linalg.lstsq(among, across, rcond=_NOTHING)
        left, taken = left - across.T @ weights, int(rank)
    if points - 1 - taken < 2 or left[0, 0] < _NOTHING or left[1, 1] < _NOTHING:
        return math.nan, taken
    return float(np.clip(left[0, 1] / np.sqrt(left[0, 0] * left[1, 1]), -1, 1)), taken


def _numbers(sweep: Sweep) -> Floats:
    words = [path for path in sweep.paths if sweep.design[path].dtype.kind not in "if"]
    if words:
        raise ResultsError(f"{words[0]} has values that are text and cannot be ranked: expected only numbers")
    return np.asarray(sweep.design[list(sweep.paths)].to_numpy(dtype=float))
