"""Scores of forecasts and of simple yardsticks, by target, horizon and location."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import FitError, Problem, ResultsError, ScoreError
from surgesim.fitting.data import Source
from surgesim.scoring.forecasts import Forecast, Forecasts, read_forecasts
from surgesim.scoring.rules import bias, covered, interval_score
from surgesim.scoring.truth import Truth, read_truth
from surgesim.scoring.yardsticks import YARDSTICKS

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

FORECAST: Final = "forecast"
"""Name of the model that is scored; the other models are the yardsticks."""
BASELINE: Final = "baseline"
"""Name of the yardstick to which relative scores refer."""

ALL: Final = "all"
"""The target, horizon or location in rows that cover all targets, horizons or locations."""

PARTS: Final = ("wis", "dispersion", "overprediction", "underprediction")
_MEANS: Final = ("coverage_50", "coverage_90", "bias", *PARTS)
_KEYS: Final = ("target", "horizon", "location")
_GROUPS: Final[tuple[tuple[str, ...], ...]] = (
    ("target", "horizon", "location"),
    ("target", "horizon"),
    ("target", "location"),
    ("target",),
    ("horizon",),
    (),
)
"""The columns by which rows of the table are grouped; the other columns contain `ALL`."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """The scores of forecasts and of the yardsticks; docs/scoring.md documents the tables.

    Attributes
    ----------
    table
        Mean scores by model, target, horizon and location.
    each
        The scores of each forecast, and of the yardsticks for the same target, location and week.
    calibration
        For each model, target and level, the share of observed values at or below that quantile.
    left_out
        Number of forecasts without an observed value.
    """

    table: pd.DataFrame
    each: pd.DataFrame
    calibration: pd.DataFrame
    left_out: int


def score(forecasts: Source | Sequence[Source], truth: Source) -> Scores:
    """Score forecasts against observed data, and compare them with two simple forecasts.

    Parameters
    ----------
    forecasts
        Quantiles in hubverse format: a CSV file or a DataFrame, or a list of them.
    truth
        Observed data in the form that `surgesim.fit` reads, from before the first origin.

    Returns
    -------
    Scores
        Tables of scores; identical for identical data.

    Raises
    ------
    ScoreError
        If forecasts or truth cannot be read or have no date in common, or the truth begins after an origin.

    Examples
    --------
    >>> import surgesim
    >>> scores = surgesim.score("forecasts.csv", "daily.csv")  # doctest: +SKIP
    >>> scores.table.query("target == 'icu' and location == 'all'")  # doctest: +SKIP
    """
    try:
        known = read_forecasts(forecasts)
        courses = read_truth(truth)
    except FitError as error:
        raise ScoreError(list(error.problems)) from error
    kept, values = _with_truth(known, courses)
    late = list(_late(kept, courses))
    if late:
        raise ScoreError(late)
    quantiles = {
        FORECAST: np.array([each.values for each in kept]),
        **_yardsticks(kept, courses, known.levels),
    }
    each = _each(kept, values, quantiles, known.levels)
    calibration = _calibration(kept, values, quantiles, known.levels)
    return Scores(_table(each), each, calibration, len(known.each) - len(kept))


def read_scores(folder: Path) -> pd.DataFrame:
    """Read the table of scores from the folder that `surgesim score` has written.

    Raises
    ------
    ResultsError
        If the folder contains no scores.
    """
    import pandas as pd

    try:
        table = pd.read_csv(folder / "scores.csv", dtype={"horizon": str})
    except OSError as error:
        raise ResultsError(f"{folder}: contains no scores ({error.strerror or error})") from error
    except ValueError as error:
        raise ResultsError(f"{folder}: damaged ({error})") from error
    if not {"model", *_KEYS, "n", "coverage_90", "relative_wis"} <= {*table.columns}:
        raise ResultsError(f"{folder}: contains no scores (scores.csv has other columns)")
    return table


def _with_truth(forecasts: Forecasts, truth: Truth) -> tuple[list[Forecast], Floats]:
    """Return the forecasts that have an observed value, and those values."""
    kept, values = [], []
    for each in forecasts.each:
        course = truth.get((each.target, each.area))
        if course is None:
            continue
        (value,) = course.on(np.array([each.end.toordinal()])).tolist()
        if not np.isnan(value):
            kept.append(each)
            values.append(value)
    if not kept:
        first = forecasts.each[0]
        places = dict.fromkeys(f"{target} of {area or 'the province'}" for target, area in truth)
        message = (
            f"got forecasts such as {first.target} of {first.area or 'the province'} on {first.end}, but "
            f"none for a target, place and date in the truth, which has {', '.join(places) or 'no week'}"
        )
        raise ScoreError([Problem("target_end_date", message, first.file, first.line)])
    return kept, np.array(values)


def _late(forecasts: Sequence[Forecast], truth: Truth) -> Iterator[Problem]:
    """Yield a problem for each origin and target without an observed value before the origin."""
    met = set()
    for each in forecasts:
        course = truth[each.target, each.area]
        key = (each.origin, each.target, each.area)
        if key not in met and not len(course.until(each.last_known).days):
            met.add(key)
            message = (
                f"got {each.origin}, but the truth of {each.target} has no value up to then, expected data "
                "from before the origin, which the yardsticks need"
            )
            yield Problem("origin_date", message, each.file, each.line)


def _yardsticks(forecasts: Sequence[Forecast], truth: Truth, levels: Floats) -> dict[str, Floats]:
    found = {}
    for name, quantiles in YARDSTICKS.items():
        rows = [
            quantiles(truth[each.target, each.area].until(each.last_known), each.horizon, levels)
            for each in forecasts
        ]
        found[name] = np.array(rows)
    return found


def _each(
    forecasts: Sequence[Forecast], truth: Floats, quantiles: Mapping[str, Floats], levels: Floats
) -> pd.DataFrame:
    """Return a row per model and forecast, but none for a yardstick that has no quantiles."""
    import pandas as pd

    place = pd.DataFrame(
        {
            "origin_date": pd.to_datetime([each.origin for each in forecasts]),
            "target": [each.target for each in forecasts],
            "horizon": [each.horizon for each in forecasts],
            "target_end_date": pd.to_datetime([each.end for each in forecasts]),
            "location": [each.location for each in forecasts],
            "truth": truth,
        }
    )
    frames = []
    for model, values in quantiles.items():
        there = ~np.isnan(values[:, 0])
        own = place.assign(
            median=values[:, len(levels) // 2],
            coverage_50=covered(truth, values, levels, 0.5).astype(float),
            coverage_90=covered(truth, values, levels, 0.9).astype(float),
            bias=bias(truth, values, levels),
            **interval_score(truth, values, levels)._asdict(),
            baseline_wis=interval_score(truth, quantiles[BASELINE], levels).wis,
        )
        own.insert(0, "model", model)
        frames.append(own[there])
    return pd.concat(frames, ignore_index=True)


def _calibration(
    forecasts: Sequence[Forecast], truth: Floats, quantiles: Mapping[str, Floats], levels: Floats
) -> pd.DataFrame:
    import pandas as pd

    targets = np.array([each.target for each in forecasts])
    rows = []
    for model, values in quantiles.items():
        there = ~np.isnan(values[:, 0])
        for target in (*dict.fromkeys(targets.tolist()), ALL):
            chosen = there & ((targets == target) | (target == ALL))
            if chosen.any():
                shares = (truth[chosen, None] <= values[chosen]).mean(axis=0)
                rows += [
                    (model, target, *pair) for pair in zip(levels.tolist(), shares.tolist(), strict=True)
                ]
    return pd.DataFrame(rows, columns=["model", "target", "level", "share_at_or_below"])


def _table(each: pd.DataFrame) -> pd.DataFrame:
    """Return mean scores by group; relative WIS is based on the forecasts that the baseline also covers."""
    import pandas as pd

    compared = each.assign(own=each["wis"].where(each["baseline_wis"].notna()))
    frames: list[pd.DataFrame] = []
    for keys in _GROUPS:
        grouped = compared.groupby(["model", *keys], sort=False)
        means = grouped[list(_MEANS)].mean()
        means.insert(0, "n", grouped.size())
        sums = grouped[["own", "baseline_wis"]].sum()
        means["relative_wis"] = sums["own"] / sums["baseline_wis"].where(sums["baseline_wis"] > 0)
        if "target" not in keys:  # targets have different units
            means[list(PARTS)] = np.nan
            by_target = frames[1 if keys else 3]
            means["relative_wis"] = np.exp(
                np.log(by_target.set_index(["model", *keys])["relative_wis"]).groupby(["model", *keys]).mean()
            )
        frame = means.reset_index()
        frames.append(frame.assign(**{key: ALL for key in _KEYS if key not in keys}))
    table = pd.concat(frames, ignore_index=True)
    table["horizon"] = table["horizon"].astype(str)
    return table[["model", *_KEYS, "n", "coverage_50", "coverage_90", "bias", *PARTS, "relative_wis"]]
