"""Summaries of the thresholds of one alternative and their breaches, for use in figures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from surgesim.model.record import key_of
from surgesim.report.figures.drawing.page import BLACK, VERMILION, day_number, replications, spans
from surgesim.report.names import item_of, threshold_title, words_of
from surgesim.report.prose.assessment import is_assessed, reason
from surgesim.report.prose.sentences import RANGE, are_extremes
from surgesim.report.words import day_month, number, percent, phrase
from surgesim.scenario.schema.needs import beds_counted
from surgesim.study.measures.breaches import PROVINCE_AREA, SITUATION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from surgesim.scenario.schema.command import Threshold
    from surgesim.scenario.schema.scenario import Scenario
    from surgesim.study.results import Results

BREACH_SHADE = "#F7D9C6"
_SHADE: Final[dict[str, Any]] = {"facecolor": BREACH_SHADE, "edgecolor": "#E9A883", "hatch": "\\\\\\\\"}
"""Style of the days in breach; its hatch distinguishes it from bands in greyscale print."""


@dataclass(frozen=True, slots=True)
class ThresholdSummary:
    """A threshold (or the declared emergency) with its breaches over the replications.

    Attributes
    ----------
    name, title
        Its name in the scenario and its display title.
    indicator, beds
        Its indicator (``indicator:item`` for an item), and the bed types that it counts.
    unit
        Unit of the indicator, in the display language.
    bound, above
        The bound in the indicator's unit, and True if values above it (not below it) are breaches.
    at_start
        True if it was in breach at the start in at least half of the replications.
    probability, low, high
        Share of replications with a breach, and its Wilson interval.
    first, early, late
        Date of the first breach: the median, and the 5 % and 95 % quantiles over replications. A quantile is
        None if too few replications have a breach.
    missing
        Reason why it is not assessed, in words; empty if it is assessed.
    """

    name: str
    title: str
    indicator: str
    beds: tuple[str, ...]
    unit: str
    bound: float
    above: bool
    at_start: bool
    probability: float
    low: float
    high: float
    first: date | None
    early: date | None
    late: date | None
    missing: str = ""

    def breached(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return True for each value strictly beyond the bound."""
        return values > self.bound if self.above else values < self.bound

    def outcome(self, lang: str, days: int) -> str:
        """Describe the probability and date of the first breach, or say why the threshold is not assessed."""
        if self.missing:
            return phrase(lang, "assessed.not_because", reason=self.missing)
        share = phrase(
            lang,
            "figure.breached_in",
            share=percent(self.probability, lang),
            low=percent(self.low, lang),
            high=percent(self.high, lang),
        )
        if self.at_start:
            return f"{phrase(lang, 'figure.first_at_start')}; {share}"
        if self.probability == 0:
            return share
        if self.first is None:
            return f"{share}; {phrase(lang, 'figure.first_none', days=number(days, lang))}"
        return f"{share}; {phrase(lang, 'figure.first_median', date=day_month(self.first, lang))}"


def threshold_summaries(results: Results, alternative: str, lang: str) -> list[ThresholdSummary]:
    """Summarise the province-wide thresholds of `alternative`, then the declared emergency."""
    scenario = results.scenario.alternative(alternative)
    table = results.breaches
    rows = table[(table["alternative"] == alternative) & (table["area"] == PROVINCE_AREA)]
    found = []
    for row in rows.to_dict("records"):
        name = str(row["threshold"])
        threshold = scenario.command.thresholds.get(name)
        plain = SITUATION if threshold is None else threshold.indicator
        found.append(
            ThresholdSummary(
                name=name,
                title=threshold_title(scenario, name, lang),
                indicator=plain if threshold is None else key_of(plain, threshold.watch.of),
                beds=() if threshold is None else beds_counted(scenario, threshold),
                unit=_unit(scenario, threshold, lang),
                bound=0.0 if threshold is None else threshold.bound,
                above=threshold is None or threshold.above is not None,
                at_start=float(row["breached_at_start"]) >= 0.5,
                probability=float(row["probability"]),
                low=float(row["probability_low"]),
                high=float(row["probability_high"]),
                first=_date(scenario, row["first_day_median"]),
                early=_date(scenario, row["first_day_p5"]),
                late=_date(scenario, row["first_day_p95"]),
                missing="" if is_assessed(row) else reason(row, lang),
            )
        )
    return found


def _unit(scenario: Scenario, threshold: Threshold | None, lang: str) -> str:
    if threshold is not None and threshold.indicator == "burden_backlog" and threshold.item is not None:
        return item_of(scenario, threshold.item).unit
    return words_of(scenario, SITUATION if threshold is None else threshold.indicator, lang).unit


def _date(scenario: Scenario, day: float) -> date | None:
    return None if math.isnan(day) else scenario.start + timedelta(days=round(day))


def shade(axes: Axes, days: NDArray[np.float64], breached: NDArray[np.bool_]) -> None:
    """Shade the days in breach over the full height of a panel."""
    for begin, end in spans(breached):
        axes.axvspan(days[begin], days[end - 1] + 1, linewidth=0, zorder=0, **_SHADE)


def shade_entry(lang: str) -> tuple[Artist, str]:
    """Return the legend entry for `shade`."""
    return Patch(linewidth=0, **_SHADE), phrase(lang, "figure.breached_span")


def bound_line(axes: Axes, bound: float) -> None:
    """Draw the bound of a threshold across a panel."""
    axes.axhline(bound, color=BLACK, linewidth=1.0, linestyle=(0, (5, 2)), zorder=3)


def bound_entry(lang: str) -> tuple[Artist, str]:
    """Return the legend entry for `bound_line`."""
    return Line2D([], [], color=BLACK, linewidth=1.0, linestyle=(0, (5, 2))), phrase(lang, "figure.bound")


def mark_first(axes: Axes, watch: ThresholdSummary, height: float, last: date) -> None:
    """Mark the first breach: a dot at the median and a bar over the 90 % range, cut off at `last`."""
    if watch.early is not None:
        span = [day_number(watch.early), day_number(watch.late or last)]
        axes.plot(
            span,
            [height, height],
            color=VERMILION,
            linewidth=2.2,
            solid_capstyle="butt",
            zorder=4,
            clip_on=False,
        )
    if watch.first is not None:
        axes.plot(
            [day_number(watch.first)],
            [height],
            "o",
            color=VERMILION,
            markeredgecolor="white",
            markeredgewidth=0.7,
            markersize=5.5,
            zorder=5,
            clip_on=False,
        )


def first_entry(results: Results, lang: str) -> tuple[Artist, str]:
    """Return the legend entry for `mark_first`."""
    key = "figure.first_breach_all" if are_extremes(*RANGE, replications(results)) else "figure.first_breach"
    mark = Line2D([], [], color=VERMILION, linewidth=2.2, marker="o", markeredgecolor="white", markersize=5.5)
    return mark, phrase(lang, key)
