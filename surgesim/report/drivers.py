"""What drives the outcomes of a sweep, as a table on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from surgesim.report.words import phrase

if TYPE_CHECKING:
    import pandas as pd


def sensitivity_table(table: pd.DataFrame, lang: str) -> Table:
    """What drives the outcomes of a sweep: a row per outcome and path, what matters most first."""
    kinds = list(dict.fromkeys(table["index"]))
    shown = Table()
    for column in ("outcome", "path"):
        shown.add_column(phrase(lang, f"screen.{column}"), overflow="fold")
    for kind in kinds:
        shown.add_column(phrase(lang, f"drivers.{kind}"), justify="right", overflow="fold")
    for (scenario, alternative), of in table.groupby(["scenario", "alternative"], sort=False):
        for outcome, group in of.groupby("outcome", sort=False):
            wide = group.pivot(index="path", columns="index", values=["value", "low", "high"])
            ordered = wide.sort_values(("value", kinds[-1]), key=abs, ascending=False)
            for place, (path, row) in enumerate(ordered.iterrows()):
                cells = [
                    f"{row['value', kind]:.2f} ({row['low', kind]:.2f} – {row['high', kind]:.2f})"
                    for kind in kinds
                ]
                name = f"{outcome}\n{scenario}, {alternative}" if place == 0 else ""
                shown.add_row(Text(name), Text(str(path)), *cells, end_section=place == len(ordered) - 1)
    return shown
