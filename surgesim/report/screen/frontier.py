"""What the command frontier shows on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.text import Text

from surgesim.report.prose.decisions import outcome_title, resource_name, tested_words, value_words
from surgesim.report.prose.frontier import frontier_sentences
from surgesim.report.screen.table import ScreenTable
from surgesim.report.words import EN_DASH, money_unit, number, phrase, to_decimals

if TYPE_CHECKING:
    from surgesim.decisions.door import Frontier

ROWS: Final = 16
"""Most corners on the screen; the others are in frontier.csv."""


def frontier_summary(frontier: Frontier, lang: str, folder: str) -> Group:
    """Build the answer, and the pairs that just suffice."""
    sentences = [Text(sentence) for sentence in frontier_sentences(frontier, lang)]
    tables = [] if (frontier.table["corner"] == "no").all() else [_table(frontier, lang)]
    return Group(*sentences, *tables, Text(phrase(lang, "screen.folder", folder=folder)))


def _table(frontier: Frontier, lang: str) -> ScreenTable:
    corners = frontier.table[frontier.table["corner"] == "yes"]
    entry = frontier.manifest["frontier"]
    outcomes = list(entry["conditions"])
    first = corners[corners["outcome"] == outcomes[0]].head(ROWS)
    has_price = not first["price"].isna().any()
    has_cost = not first["cost_mean"].isna().any()
    scale, unit = money_unit(
        first["cost_mean"].max() if has_cost else 0, frontier.scenario.supply.currency, lang
    )
    table = ScreenTable(phrase(lang, "frontier.table"), show_lines=False)
    for path in entry["paths"]:
        table.add_column(resource_name(frontier.scenario, path, lang), "left")
    table.add_column(phrase(lang, "size.replications"))
    for outcome in outcomes:
        table.add_column(outcome_title(frontier.scenario, outcome, lang))
    if has_price:
        table.add_column(phrase(lang, "frontier.price"))
    if has_cost:
        table.add_column(phrase(lang, "size.cost", unit=unit))
    for row in first.to_dict("records"):
        pair = [str(row["first_value"]), str(row["second_value"])]
        same = corners[(corners["first_value"] == pair[0]) & (corners["second_value"] == pair[1])]
        means = []
        for each in same.to_dict("records"):
            mean, low, high = (
                tested_words(entry, str(each["outcome"]), float(each[key]), lang)
                for key in ("mean", "low", "high")
            )
            means.append(f"{mean} ({low}{EN_DASH}{high})")
        table.add_row(
            *(value_words(path, value, lang) for path, value in zip(entry["paths"], pair, strict=True)),
            number(row["replications"], lang),
            *means,
            *([number(row["price"], lang)] if has_price else []),
            *([to_decimals(row["cost_mean"] / scale, lang, 1)] if has_cost else []),
            style="bold" if row["answer"] == "yes" else "",
        )
    return table
