"""The on-screen table of the parameters that drive a sweep's outcomes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from surgesim.report.names import alternative_title
from surgesim.report.paths import path_words
from surgesim.report.words import number, outcome_words, phrase, to_decimals
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.measures.compare import DAYS_BREACHED, FIRST_DAY
from surgesim.study.sensitivity import (
    ASSUMPTIONS,
    CHANCE,
    CHOICES,
    FIRST_CORRECTED,
    SHARE,
    TOTAL_CORRECTED,
    UNEXPLAINED,
)
from surgesim.study.sweep.design import DAYS

if TYPE_CHECKING:
    import pandas as pd

    from surgesim.study.sweep.result import Sweep

NONE: Final = "–"
"""Shown in place of an undefined index."""


def sensitivity_table(sweep: Sweep, table: pd.DataFrame, lang: str) -> Table:
    """Build a table of sensitivity indices, with a row per path under each outcome, highest index first."""
    kinds = best_kinds(table)
    notes = [phrase(lang, "drivers.untold", mark=NONE)] if table["value"].isna().any() else []
    if without_interval(table):
        notes.append(phrase(lang, "drivers.no_interval"))
    shown = Table(caption="\n".join(notes) or None, caption_justify="left")
    outcome_and_path = f"{phrase(lang, 'screen.outcome')}, {phrase(lang, 'screen.path').lower()}"
    shown.add_column(outcome_and_path, overflow="fold")
    for kind in kinds:
        shown.add_column(phrase(lang, f"drivers.{kind}"), justify="right", overflow="fold")
    for (scenario, alternative), of in table.groupby(["scenario", "alternative"], sort=False):
        plan = phrase(lang, "figure.baseline") if alternative == BASELINE else alternative
        for outcome, group in of.groupby("outcome", sort=False):
            of_paths = group[group["index"].isin(kinds)]
            wide = of_paths.pivot(index="path", columns="index", values=["value", "low", "high"])
            ordered = wide.sort_values(("value", kinds[-1]), key=abs, ascending=False)
            heading = Text(f"{outcome_name(str(outcome), lang)}: {scenario}, {plan}", style="bold")
            shown.add_row(heading, *[""] * len(kinds))
            for _, row in group[group["index"] == CHANCE].iterrows():
                share = _index(row["value"], row["low"], row["high"], lang)
                label = Text(f"  {phrase(lang, 'drivers.chance_of_run')}")
                shown.add_row(label, *[""] * (len(kinds) - 1), share)
            for place, (path, row) in enumerate(ordered.iterrows()):
                cells = [
                    _index(row["value", kind], row["low", kind], row["high", kind], lang) for kind in kinds
                ]
                name = path_words(sweep.scenarios[str(scenario)], str(path), lang)
                shown.add_row(Text(f"  {name}"), *cells, end_section=place == len(ordered) - 1)
    return shown


def best_kinds(table: pd.DataFrame) -> list[str]:
    """Return the indices of paths to show: Sobol indices corrected for chance if there are any."""
    kinds = [kind for kind in dict.fromkeys(table["index"]) if kind != CHANCE]
    corrected = [kind for kind in kinds if kind in (FIRST_CORRECTED, TOTAL_CORRECTED)]
    return corrected or kinds


def shares_table(scenario: Scenario, table: pd.DataFrame, lang: str) -> Table:
    """Build a table of shares of variance: under each outcome, chance and assumptions, then the paths."""
    shown = Table(caption=phrase(lang, "drivers.overlap"), caption_justify="left")
    outcome_and_path = f"{phrase(lang, 'screen.outcome')}, {phrase(lang, 'screen.path').lower()}"
    shown.add_column(outcome_and_path, overflow="fold")
    shown.add_column(phrase(lang, "drivers.share"), justify="right", overflow="fold")
    groups = table.groupby(["alternative", "against", "outcome"], sort=False)
    for (alternative, against, outcome), group in groups:
        plan = compared(scenario, str(alternative), str(against), lang)
        shown.add_row(Text(f"{outcome_name(str(outcome), lang)}: {plan}", style="bold"), "")
        rows = [
            (
                share_name(scenario, row["index"], row["path"], lang),
                _index(row["value"], row["low"], row["high"], lang),
            )
            for _, row in in_order(group).iterrows()
        ]
        for place, (name, text) in enumerate(rows):
            shown.add_row(Text(f"  {name}"), text, end_section=place == len(rows) - 1)
    return shown


def in_order(shares: pd.DataFrame) -> pd.DataFrame:
    """Order the shares of an outcome: chance, assumptions, choices, each path, and the unexplained rest."""
    by_value = shares.sort_values("value", ascending=False, kind="stable")
    order = (CHANCE, ASSUMPTIONS, CHOICES, SHARE, UNEXPLAINED)
    return by_value.sort_values("index", key=lambda column: column.map(order.index), kind="stable")


def share_name(scenario: Scenario, index: str, path: str, lang: str) -> str:
    """Return the display name of a share of variance: its path in words or, without one, its index."""
    return path_words(scenario, path, lang) if path else phrase(lang, f"drivers.{index}")


def compared(scenario: Scenario, alternative: str, against: str, lang: str) -> str:
    """Return the title of an alternative, and of the alternative that it is compared with, if any."""
    plan = alternative_title(scenario, alternative, lang)
    if not against:
        return plan
    return phrase(lang, "drivers.against", plan=plan, other=alternative_title(scenario, against, lang))


def without_interval(table: pd.DataFrame) -> bool:
    """Return True if an index has no interval because there are too few points."""
    return bool((table["value"].notna() & table["low"].isna()).any())


def cautions(sweep: Sweep, lang: str) -> Iterator[str]:
    """State caveats on a sweep's sensitivity: failed runs, and points with different horizons."""
    plan, failed = sweep.manifest["sweep"], sweep.manifest["failed"]
    if failed:
        all_points = plan["points"] * len(plan["scenarios"])
        lost = all_points - len(sweep.runs[["scenario", "point"]].drop_duplicates())
        yield phrase(
            lang,
            "drivers.failed",
            failed=number(failed, lang),
            runs=number(plan["runs"], lang),
            lost=number(lost, lang),
            points=number(all_points, lang),
        )
    if DAYS in sweep.paths:
        yield phrase(lang, "drivers.horizons")


def _index(value: float, low: float, high: float, lang: str) -> str:
    """Format an index and its interval, if it has one, with two decimals."""
    if math.isnan(value):
        return NONE
    value_text, low_text, high_text = (to_decimals(each, lang, 2) for each in (value, low, high))
    return value_text if math.isnan(low) else f"{value_text} ({low_text} – {high_text})"


def outcome_name(outcome: str, lang: str) -> str:
    """Return the display name of an outcome; for an outcome of a threshold, include the threshold's name."""
    try:
        return outcome_words(lang, outcome).label
    except KeyError:
        for prefix, key in ((DAYS_BREACHED, "drivers.days"), (FIRST_DAY, "drivers.first_day")):
            if outcome.startswith(prefix):
                return phrase(lang, key, name=outcome.removeprefix(prefix))
        return outcome
