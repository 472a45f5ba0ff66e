"""Sentences on the spread due to chance and to assumptions, and on the assumptions that matter most."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from surgesim.report.citation import Passage, Row, Value, join, passage, proper_name, source
from surgesim.report.names import alternative_title
from surgesim.report.paths import path_words
from surgesim.report.words import number, outcome_words, percent, round_off
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.scenario.schema.study.uncertain import is_choice
from surgesim.study.measures.compare import DEATHS, SITUATION_DAYS
from surgesim.study.measures.spread import FEWEST_DRAWS, Spread, spread
from surgesim.study.measures.variance import FEWEST_DRAWS as FEWEST_FOR_SHARES
from surgesim.study.sensitivity import SHARE, shares_of

if TYPE_CHECKING:
    from surgesim.study.results import Results

Floats = NDArray[np.float64]

OUTCOMES: Final = (DEATHS, "deaths_untreated", SITUATION_DAYS)
"""Outcomes reported for the baseline; for other plans, only the difference in deaths is reported."""

MOST_NAMED: Final = 3
"""Max number of assumptions named."""

WIDTH: Final = 1.645
"""Standard deviations on each side of the mean within which 90 % of a normal distribution lies."""


@dataclass(frozen=True, slots=True)
class Line:
    """An outcome of a plan, or its difference from the baseline, with its spread and its mean by draw."""

    alternative: str
    outcome: str
    spread: Spread
    by_draw: Floats

    @property
    def is_difference(self) -> bool:
        return self.alternative != BASELINE

    def heading(self, results: Results, lang: str) -> Passage:
        label = outcome_words(lang, self.outcome).label
        if not self.is_difference:
            return passage(lang, "spread.of", outcome=label)
        plan = proper_name(alternative_title(results.scenario, self.alternative, lang))
        return passage(lang, "spread.difference", outcome=label, plan=plan)

    def half(self, what: str, lang: str) -> tuple[Value, Value, Value]:
        """Return the half-width of the 90 % range due to `what`, and both ends of its own 95 % interval."""
        value, low, high = (
            self.quote(f"{what}{end}", WIDTH * getattr(self.spread, f"{what}{end}"), lang)
            for end in ("", "_low", "_high")
        )
        return value, low, high

    def quote(self, what: str, value: float, lang: str) -> Value:
        keys = {"alternative": self.alternative} | ({"against": BASELINE} if self.is_difference else {})
        return Value(round_off(value, lang), value, source("replications", f"{what}:{self.outcome}", **keys))


def told_apart(results: Results) -> list[Line]:
    """Return outcomes, each with its spread by chance and by assumptions; none if draws are too few."""
    study = results.scenario.study
    runs = study.runs_together
    found: list[Line] = []
    if runs < 2:
        return found
    table = results.replications
    by_plan = {str(name): rows for name, rows in table.groupby("alternative", sort=False)}
    draws = len(by_plan[BASELINE]) // runs
    if draws < FEWEST_DRAWS:
        return found
    for name, rows in by_plan.items():
        for outcome in OUTCOMES if name == BASELINE else OUTCOMES[:1]:
            values = rows[outcome].to_numpy(float)
            if name != BASELINE:
                values = values - by_plan[BASELINE][outcome].to_numpy(float)
            by_draw = values[: draws * runs].reshape(draws, runs)
            if np.isfinite(by_draw).all() and by_draw.min() < by_draw.max():
                found.append(Line(name, outcome, spread(by_draw), by_draw.mean(axis=1)))
    return found


def remarks(results: Results, lang: str) -> Iterator[Passage]:
    """State how stable the best plan is and what moves deaths, or why the draws cannot show it."""
    study = results.scenario.study
    if not study.drawn:
        return
    choices = [path for path in study.drawn if is_choice(path)]
    if choices:
        yield passage(
            lang,
            "spread.choices",
            choices=number(len(choices), lang),
            paths=join([proper_name(path_words(results.scenario, path, lang)) for path in choices], "; "),
        )
    lines = told_apart(results)
    if not lines:
        draws = int(results.replications["replication"].nunique()) // study.runs_together
        yield passage(
            lang,
            "spread.alone" if study.runs_together == 1 else "spread.few",
            draws=Value(number(draws, lang), draws, "manifest.json#draws"),
            fewest=proper_name(number(FEWEST_DRAWS, lang)),
            runs=proper_name(number(FEWEST_DRAWS * study.runs_per_draw, lang)),
        )
        return
    yield from _best(results, lines, lang)
    yield from _most(results, lines, lang)


def _best(results: Results, lines: list[Line], lang: str) -> Iterator[Passage]:
    """State in how many draws the plan with the fewest deaths on average also has the fewest deaths."""
    plans = [line for line in lines if line.is_difference and line.outcome == DEATHS]
    if not plans:
        return
    best = min(plans, key=lambda line: line.spread.mean)
    lowest = np.min([line.by_draw for line in plans], axis=0)
    wins = int((best.by_draw <= np.minimum(lowest, 0.0)).sum())
    draws = len(best.by_draw)
    yield passage(
        lang,
        "spread.best",
        plan=proper_name(alternative_title(results.scenario, best.alternative, lang)),
        wins=best.quote("wins", wins, lang),
        draws=best.quote("draws", draws, lang),
    )


def _most(results: Results, lines: list[Line], lang: str) -> Iterator[Passage]:
    """Name the assumptions with the largest share of the variance of the baseline's deaths."""
    if len(lines[0].by_draw) < FEWEST_FOR_SHARES:
        yield passage(lang, "spread.few_shares", fewest=proper_name(number(FEWEST_FOR_SHARES, lang)))
        return
    shares = shares_of(results, DEATHS)
    alone = shares[(shares["index"] == SHARE) & ~shares["path"].map(is_choice)]
    named = alone[alone["low"] > 0].nlargest(MOST_NAMED, "value")
    if named.empty:
        yield passage(lang, "spread.none_named")
        return
    said = [
        passage(
            lang,
            "spread.share",
            path=proper_name(path_words(results.scenario, row["path"], lang)),
            **{end: _share(row, end, lang) for end in ("value", "low", "high")},
        )
        for row in named.to_dict("records")
    ]
    yield passage(lang, "spread.shares", shares=join(list(said), "; "))


def _share(row: Row, end: str, lang: str) -> Value:
    value = float(row[end])
    place = source("replications", f"share_{end}:{DEATHS}", path=str(row["path"]))
    return Value(percent(value, lang), value, place, scale=0.01)
