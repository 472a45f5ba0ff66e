"""Sensitivity of a sweep's outcomes: Sobol indices for a Sobol design, otherwise rank correlations.

First and total Sobol indices use Saltelli's estimators (scipy.stats.sobol_indices). The rank correlations
are Spearman's and the partial rank correlation, which removes the effects of the other paths (Marino 2008,
doi:10.1016/j.jtbi.2008.04.011). The 95 % intervals of Sobol indices come from a percentile bootstrap over
the points; the intervals of rank correlations use Student's t distribution with their degrees of freedom.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import ResultsError
from surgesim.model.clock.streams import Streams
from surgesim.model.record import Column
from surgesim.scenario.door import suggestion
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.scenario.schema.study.uncertain import is_choice
from surgesim.study.measures.sobol import FEWEST, corrected_indices
from surgesim.study.measures.variance import FEWEST_DRAWS, variance_shares
from surgesim.study.measures.variance import FEWEST_FREE as FEWEST_FREE_OF_ALL
from surgesim.study.results import Results
from surgesim.study.store.contents import SENSITIVITY
from surgesim.study.sweep.design import SOBOL, without_swept
from surgesim.study.sweep.result import Sweep
from surgesim.study.tables.columns import DRAWN, TEXT, Table, with_dtypes

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

FIRST, TOTAL = "first", "total"
FIRST_CORRECTED, TOTAL_CORRECTED = "first_corrected", "total_corrected"
RANK, PARTIAL = "rank_correlation", "partial_rank_correlation"
SHARE, ASSUMPTIONS, UNEXPLAINED, CHANCE = "share", "assumptions", "unexplained", "chance"
CHOICES = "choices"

DEFAULT = ("deaths_untreated", "deaths", "situation_days")
"""Outcomes analysed by default; an outcome that does not vary is left out."""

RESAMPLES = 1_000

BLOCKS = 10
"""Resamples of corrected indices are computed in blocks, to save memory."""

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
        Column("path", TEXT, f"a path that varies in the sweep; empty for `{CHANCE}`"),
        Column(
            "index",
            TEXT,
            f"`{FIRST}` and `{TOTAL}`: share of the outcome's variance due to the path alone, and due to "
            f"the path and its interactions (Sobol indices); `{FIRST_CORRECTED}` and `{TOTAL_CORRECTED}`: "
            "the same for the outcome's expectation, without the part of chance; "
            f"`{CHANCE}`: share of chance, and of parameters drawn that do not vary in the sweep, in the "
            f"variance of a single run (these three only with at least {FEWEST} independent draws at every "
            f"point); `{RANK}`: Spearman's rank correlation, from "
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

RUN_SENSITIVITY_TABLE = Table(
    SENSITIVITY,
    "alternative × against × outcome × index (× path for shares)",
    (
        Column("alternative", TEXT, "name of the alternative; `baseline` is the scenario itself"),
        Column(
            "against",
            TEXT,
            "empty for the outcome of the alternative; `baseline` for its difference from the baseline, "
            "replication by replication",
        ),
        Column("outcome", TEXT, "a column of replications.csv"),
        Column(
            "index",
            TEXT,
            f"`{SHARE}`: share of the outcome's variance due to a path alone; `{ASSUMPTIONS}`: share between "
            f"draws, due to all that is drawn but choices of the plan; `{CHOICES}`: share due to these, if "
            f"any are drawn; `{UNEXPLAINED}`: part of the share between draws that a regression on all paths "
            "leaves, such as interactions (with one run per draw, also chance); "
            f"`{CHANCE}`: share between runs of the same draw",
        ),
        Column("path", TEXT, f"the path drawn; empty except for `{SHARE}`"),
        Column(
            "value",
            "share",
            f"share of the variance, from 0 to 1; `{ASSUMPTIONS}`, `{CHOICES}` and `{CHANCE}` add up to 1; "
            f"the first and last are empty with one run per draw; `{UNEXPLAINED}` is empty with fewer "
            f"draws than twice the paths and {FEWEST_FREE_OF_ALL + 1}",
        ),
        Column("low", "share", "lower end of its 95 % interval, by bootstrap over the draws"),
        Column("high", "share", "upper end of its 95 % interval"),
    ),
)


def sensitivity(results: Sweep | Results, outcomes: Sequence[str] | None = None) -> pd.DataFrame:
    """Measure what drives the outcomes of a sweep or of a run.

    For a run, the result separates chance (variance within a draw) from assumptions (variance between draws),
    and gives the share of variance due to each drawn parameter. It does so for each alternative, and for its
    difference from the baseline. If nothing is drawn, all variance is due to chance.

    Parameters
    ----------
    results
        A sweep or a run. A sweep with design ``sobol`` gives Sobol indices and, with several replications,
        indices corrected for chance and the share of chance; a sweep with any other design
        gives rank correlations. Rank correlations leave out failed runs: a point is the mean of its
        successful runs, and is dropped if it has none, so the correlations then hold only where the model
        ran. A run gives shares of variance by rank regression over its draws; a last draw with fewer runs
        than the others is left out.
    outcomes
        Columns of runs.csv or replications.csv; by default `DEFAULT`.

    Returns
    -------
    pandas.DataFrame
        The rows of sensitivity.csv.

    Raises
    ------
    ResultsError
        If an outcome is unknown, is not a number in some run, or is the same in all runs; if a run has fewer
        than 20 draws, or was written by a version that drew parameters separately for each replication; if
        any run of a ``sobol`` design failed, or if all runs of another design failed.

    Examples
    --------
    >>> import surgesim
    >>> results = surgesim.read("results/uncertain")  # doctest: +SKIP
    >>> surgesim.sensitivity(results, ["deaths"])  # doctest: +SKIP
    """
    if isinstance(results, Sweep):
        return _of_sweep(results, outcomes)
    return _of_run(results, outcomes)


def _check_known(outcomes: Sequence[str] | None, columns: Iterable[object]) -> None:
    known = [str(name) for name in columns if not str(name).startswith(DRAWN)]
    for outcome in outcomes or ():
        if outcome not in known:
            raise ResultsError(f"unknown outcome {outcome!r}{suggestion(outcome, known)}")


def shares_of(results: Results, outcome: str) -> pd.DataFrame:
    """Return the variance shares of one outcome in the baseline: index, path, value, low, high.

    Raises
    ------
    ResultsError
        As for `sensitivity`.
    """
    table = results.replications
    alone = dataclasses.replace(results, replications=table[table["alternative"] == BASELINE])
    return _of_run(alone, [outcome])


def _of_run(results: Results, outcomes: Sequence[str] | None) -> pd.DataFrame:
    import pandas as pd

    table, study = results.replications, results.scenario.study
    _check_known(outcomes, table.columns[2:])
    frames = {str(name): frame for name, frame in table.groupby("alternative", sort=False)}
    runs = study.runs_per_draw if study.drawn else 1
    draws = len(frames[BASELINE]) // runs
    choices = [place for place, path in enumerate(study.drawn) if is_choice(path)]
    parameters = _parameters(frames[BASELINE], study.drawn, draws, runs)
    rows: list[dict[str, Any]] = []
    for alternative, against in _pairs(frames):
        for outcome in outcomes or DEFAULT:
            values = frames[alternative][outcome].to_numpy(float)
            if against:
                values = values - frames[against][outcome].to_numpy(float)
            if not np.isfinite(values).all():
                if outcomes is None:
                    continue  # not assessed, or undecided in some runs
                bad = int(np.flatnonzero(~np.isfinite(values))[0])
                raise ResultsError(f"{outcome} is not a number in replication {bad} of {alternative!r}")
            by_draw = values[: draws * runs].reshape(draws, runs)
            if by_draw.size and by_draw.min() < by_draw.max():
                keys = {"alternative": alternative, "against": against, "outcome": outcome}
                rng = Streams(study.seed, 0).once("bootstrap")
                shares = variance_shares(by_draw, parameters, rng, choices)
                rows += ({**keys, **row} for row in _share_rows(study.drawn, shares))
    if not rows:
        named = ", ".join(outcomes or DEFAULT)
        raise ResultsError(f"got the same value in every run for {named}, expected values that vary")
    names = [column.name for column in RUN_SENSITIVITY_TABLE.columns]
    return with_dtypes(RUN_SENSITIVITY_TABLE, pd.DataFrame(rows, columns=names))


def _pairs(alternatives: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each alternative with ``""`` (for its outcomes), then with the baseline (for its differences)."""
    for name in alternatives:
        yield name, ""
        if name != BASELINE:
            yield name, BASELINE


def _parameters(table: pd.DataFrame, paths: Sequence[str], draws: int, runs: int) -> Floats:
    """Return the values of the paths in each draw, ``(draws, paths)``."""
    values = table[[f"{DRAWN}{path}" for path in paths]].to_numpy(float)[: draws * runs]
    by_draw = values.reshape(draws, runs, len(paths))
    differs = (by_draw != by_draw[:, :1]).any(axis=(1, 2))
    if differs.any():
        raise ResultsError(
            f"the replications of draw {int(differs.argmax())} have different values, as in runs of earlier "
            "versions: expected a run of this version"
        )
    fixed = draws == 0 or bool((by_draw == by_draw[:1]).all())
    if draws < FEWEST_DRAWS and not fixed:
        raise ResultsError(
            f"got too few draws to tell what drives the outcomes: {draws}, expected at least {FEWEST_DRAWS} "
            f"({FEWEST_DRAWS * runs} replications)"
        )
    return by_draw[:, 0]


def _share_rows(paths: Sequence[str], shares: Floats) -> Iterator[dict[str, Any]]:
    others = (ASSUMPTIONS, UNEXPLAINED, CHANCE, *([CHOICES] if len(shares) > len(paths) + 3 else []))
    indices = [*((SHARE, path) for path in paths), *((index, "") for index in others)]
    for (index, path), (value, low, high) in zip(indices, shares.tolist(), strict=True):
        yield {"index": index, "path": path, "value": value, "low": low, "high": high}


def _of_sweep(sweep: Sweep, outcomes: Sequence[str] | None) -> pd.DataFrame:
    import pandas as pd

    runs = sweep.runs
    _check_known(outcomes, runs.columns[4:])
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
            if plan["design"] == SOBOL:
                together = without_swept(sweep.scenarios[str(scenario)], sweep.paths).study.runs_together
                draws = _draws(group, outcome, together)
                rows += ({**keys, **row} for row in _corrected_rows(sweep, draws))
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


def _draws(group: pd.DataFrame, outcome: str, together: int) -> Floats:
    """Return the outcome of each run, ``(points, draws, runs)``, for the whole draws that every point has."""
    by_run = group.pivot(index="point", columns="replication", values=outcome).dropna(axis=1)
    by_draw = [runs for _, runs in by_run.T.groupby(by_run.columns // together) if len(runs) == together]
    values = [runs.to_numpy(float).T for runs in by_draw]
    return np.stack(values, axis=1) if values else np.empty((len(by_run), 0, together))


def _corrected_rows(sweep: Sweep, values: Floats) -> Iterator[dict[str, Any]]:
    """Yield Sobol indices corrected for chance, and the share of chance; nothing without replications."""
    if values.shape[1] < FEWEST:
        return
    plan = sweep.manifest["sweep"]
    size, rng = plan["samples"], Streams(plan["seed"], 0).once("bootstrap")
    estimate = corrected_indices(values, size, np.full((1, size), 1 / size))
    resampled = np.concatenate(
        [
            corrected_indices(
                values, size, np.array([_weights(size, rng) for _ in range(RESAMPLES // BLOCKS)])
            )
            for _ in range(BLOCKS)
        ]
    )
    low, high = _bootstrap_interval(estimate, resampled[:, None])
    places = [(path, index) for index in (FIRST_CORRECTED, TOTAL_CORRECTED) for path in sweep.paths]
    for k, (path, index) in enumerate([*places, ("", CHANCE)]):
        yield {"path": path, "index": index, "value": estimate[0, k], "low": low[0, k], "high": high[0, k]}


def _weights(size: int, rng: np.random.Generator) -> Floats:
    """Return the weights of the samples in a bootstrap."""
    return np.bincount(rng.integers(0, size, size), minlength=size) / size


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
