"""What drives the outcomes of a sweep, as a table on the screen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from surgesim.report.words import phrase

if TYPE_CHECKING:
    import pandas as pd

NONE: Final = "–"
"""Stands where an index cannot be told."""


def sensitivity_table(table: pd.DataFrame, lang: str) -> Table:
    """What drives the outcomes of a sweep: a row per outcome and path, what matters most first."""
    kinds = list(dict.fromkeys(table["index"]))
    untold = phrase(lang, "drivers.untold", mark=NONE) if table["value"].isna().any() else None
    shown = Table(caption=untold, caption_justify="left")
    for column in ("outcome", "path"):
        shown.add_column(phrase(lang, f"screen.{column}"), overflow="fold")
    for kind in kinds:
        shown.add_column(phrase(lang, f"drivers.{kind}"), justify="right", overflow="fold")
    for (scenario, alternative), of in table.groupby(["scenario", "alternative"], sort=False):
        for outcome, group in of.groupby("outcome", sort=False):
            wide = group.pivot(index="path", columns="index", values=["value", "low", "high"])
            ordered = wide.sort_values(("value", kinds[-1]), key=abs, ascending=False)
            for place, (path, row) in enumerate(ordered.iterrows()):
                cells = [_cell(*(row[part, kind] for part in ("value", "low", "high"))) for kind in kinds]
                name = f"{outcome}\n{scenario}, {alternative}" if place == 0 else ""
                shown.add_row(Text(name), Text(str(path)), *cells, end_section=place == len(ordered) - 1)
    return shown


def _cell(value: float, low: float, high: float) -> str:
    if math.isnan(value):
        return NONE
    return f"{value:.2f}" if math.isnan(low) else f"{value:.2f} ({low:.2f} – {high:.2f})"
