"""The curve of an indicator over the days of a run, with bands, and functions to draw it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from surgesim.errors import ResultsError
from surgesim.report.figures.drawing.page import BLUE, day_numbers, replications
from surgesim.report.figures.drawing.summaries import bound_entry, first_entry, shade_entry
from surgesim.report.prose.sentences import RANGE, are_extremes
from surgesim.report.words import day_text, phrase, round_off

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from surgesim.study.results import Results

BAND90: Final = "#CFE3F1"
BAND50: Final = "#8FBFDF"
HALF: Final = (0.25, 0.75)
"""The quantiles between which the inner band lies."""


@dataclass(frozen=True, slots=True)
class Course:
    """The values of an indicator over the days of a run: dates, mean and quantiles over replications."""

    dates: NDArray[np.datetime64]
    mean: NDArray[np.float64]
    p5: NDArray[np.float64]
    p25: NDArray[np.float64]
    p50: NDArray[np.float64]
    p75: NDArray[np.float64]
    p95: NDArray[np.float64]

    @property
    def days(self) -> NDArray[np.float64]:
        """The dates as numbers for a date axis."""
        return day_numbers(self.dates)

    def scale(self, factor: float) -> Course:
        """Return the curve with all values multiplied by `factor`."""
        bands = (self.mean, self.p5, self.p25, self.p50, self.p75, self.p95)
        return Course(self.dates, *(factor * band for band in bands))

    def rolling_mean(self, days: int) -> Course:
        """Return the curve averaged over the last `days` days; over fewer days at the start."""
        bands = (self.mean, self.p5, self.p25, self.p50, self.p75, self.p95)
        return Course(self.dates, *(_averaged(band, days) for band in bands))

    def cap(self, most: float) -> Course:
        """Return the curve with values capped at `most`."""
        bands = (self.mean, self.p5, self.p25, self.p50, self.p75, self.p95)
        return Course(self.dates, *(np.minimum(band, most) for band in bands))


def course(results: Results, alternative: str, indicator: str, area: str | None = None) -> Course:
    """Return the curve of an indicator in the province, or in the district `area`."""
    table = results.daily if area is None else results.daily_districts
    here = (table["alternative"] == alternative) & (table["indicator"] == indicator)
    if area is not None:
        here &= table["area"] == area
    rows = table[here].sort_values("day")
    if rows.empty:
        where = "the province" if area is None else f"area {area!r}"
        raise ResultsError(
            f"the results have no daily values of {indicator!r} for {where} in alternative {alternative!r}"
        )
    return Course(
        rows["date"].to_numpy(dtype="datetime64[D]"),
        *(
            _finite(rows[column].to_numpy(dtype=float))
            for column in ("mean", "p5", "p25", "p50", "p75", "p95")
        ),
    )


def curve_table(curves: Mapping[str, Course]) -> pd.DataFrame:
    """Return the values of curves as a table: a row per curve (`series`) and day."""
    import pandas as pd

    bands = ("mean", "p5", "p25", "p50", "p75", "p95")
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "series": name,
                    "date": curve.dates.astype("datetime64[us]"),
                    **{band: getattr(curve, band) for band in bands},
                }
            )
            for name, curve in curves.items()
        ],
        ignore_index=True,
    )


def _averaged(values: NDArray[np.float64], days: int) -> NDArray[np.float64]:
    total = np.concatenate(([0.0], np.cumsum(values)))
    after = np.arange(1, len(total))
    before = np.maximum(after - days, 0)
    return (total[after] - total[before]) / (after - before)


def _finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Replace infinite values (unlimited beds) by NaN, which leaves a gap in a curve."""
    return np.where(np.isfinite(values), values, np.nan)


def draw_bands(axes: Axes, curve: Course) -> None:
    """Draw the median with the bands that contain 50 % and 90 % of the runs."""
    axes.fill_between(curve.days, curve.p5, curve.p95, color=BAND90, linewidth=0, zorder=1.2)
    axes.fill_between(curve.days, curve.p25, curve.p75, color=BAND50, linewidth=0, zorder=1.3)
    axes.plot(curve.days, curve.p50, color=BLUE, zorder=3)


def band_entries(results: Results, lang: str) -> list[tuple[Artist, str]]:
    """Return the legend entries for `draw_bands`.

    With few runs, the outer band ends at the lowest and the highest of them. With very few, so does the inner
    band, which then hides the outer one; a single run has no bands.
    """
    entries: list[tuple[Artist, str]] = [(Line2D([], [], color=BLUE), phrase(lang, "figure.median"))]
    runs = replications(results)
    if runs == 1:
        return entries
    hidden = are_extremes(*HALF, runs)
    if not hidden:
        entries.append((Patch(color=BAND50), phrase(lang, "figure.band50")))
    outer = "figure.band_all" if are_extremes(*RANGE, runs) else "figure.band90"
    return [*entries, (Patch(color=BAND50 if hidden else BAND90), phrase(lang, outer))]


def breach_entries(results: Results, lang: str) -> list[tuple[Artist, str]]:
    """Return the legend entries for thresholds and their breaches."""
    return [bound_entry(lang), shade_entry(lang), first_entry(results, lang)]


def run_span(results: Results) -> tuple[date, date]:
    """Return the first day of the run and the day after the last."""
    return results.scenario.start, results.scenario.end


def peak(curve: Course) -> tuple[float, date]:
    """Return the highest median of a curve, and its date."""
    place = int(np.nanargmax(curve.p50))
    return float(curve.p50[place]), curve.dates[place].item()


def peak_words(lang: str, what: str, curve: Course) -> str:
    if np.isnan(curve.p50).all():
        return ""
    value, day = peak(curve)
    return phrase(lang, "alt.peak", what=what, value=round_off(value, lang), day=day_text(day, lang))
