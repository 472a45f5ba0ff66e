"""The on-screen table of the scores of forecasts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from surgesim.report.screen.table import ScreenTable
from surgesim.report.words import number, phrase, to_decimals
from surgesim.scoring.score import ALL, FORECAST

if TYPE_CHECKING:
    from surgesim.scoring.score import Scores

NONE = "–"
"""Shown in place of a score that is undefined."""


def scores_table(scores: Scores, lang: str) -> ScreenTable:
    """Build a table of scores over all locations, by target and horizon, and overall."""
    rows = scores.table[scores.table["location"] == ALL].set_index(["model", "target", "horizon"])
    of, trend = rows.loc[FORECAST], rows["relative_wis"].get("trend")
    targets = [target for target in dict.fromkeys(of.index.get_level_values("target")) if target != ALL]
    shown = ScreenTable(phrase(lang, "score.title"), show_lines=False)
    shown.add_column(phrase(lang, "score.target"), "left")
    for header in ("weeks", "n", "relative", "relative_trend"):
        shown.add_column(phrase(lang, f"score.{header}"))
    for share in (50, 90):
        shown.add_column(phrase(lang, "score.coverage", share=share))
    shown.add_column(phrase(lang, "score.bias"))
    for target in (*targets, ALL):
        horizons = sorted((h for h in of.loc[target].index if h != ALL), key=int)
        for horizon in (*horizons, ALL):
            row = of.loc[(target, horizon)]
            beside = math.nan if trend is None else float(trend.get((target, horizon), math.nan))
            shown.add_row(
                phrase(lang, "score.all" if target == ALL else f"fit.{target}"),
                phrase(lang, "score.all").lower() if horizon == ALL else horizon,
                number(int(row["n"]), lang),
                _decimals(float(row["relative_wis"]), lang),
                _decimals(beside, lang),
                *(f"{to_decimals(100 * float(row[f'coverage_{share}']), lang, 0)}%" for share in (50, 90)),
                _decimals(float(row["bias"]), lang),
                end_section=horizon == ALL,
            )
    return shown


def _decimals(value: float, lang: str) -> str:
    return NONE if math.isnan(value) else to_decimals(value, lang, 2)
