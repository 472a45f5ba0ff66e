"""What the commands size and worth show on the screen."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from rich.console import Group
from rich.text import Text

from surgesim.report.prose.decisions import (
    change_words,
    gaining,
    item_name,
    leading,
    may_be_chance,
    more_words,
    outcome_title,
    size_sentences,
    tested_title,
    tested_words,
    value_words,
    worth_head,
    worth_sentences,
)
from surgesim.report.screen.screen import signed
from surgesim.report.screen.table import ScreenTable
from surgesim.report.words import EN_DASH, money_unit, number, phrase, to_decimals

if TYPE_CHECKING:
    import pandas as pd

    from surgesim.decisions.door import Size, Worth

ROWS: Final = {"step": 5, "limit": 5}
"""Rows of each table of `worth`, so that all fit one screen of 45 lines; the others are in worth.csv."""

ROWS_WITH_PAIRS: Final = {"step": 4, "limit": 4, "pair": 2}
"""Rows of each table if there are pairs to show."""

PER_COST: Final = 1e9
"""Unit in which costs are shown, in the scenario's currency."""

COLUMNS: Final = ("situation_days", "waiting_days", "emergency_unserved", "cost")
"""Outcomes shown besides that of the ranking, where they are assessed and change."""


def size_summary(size: Size, lang: str, folder: str) -> Group:
    """Build the answer of a search and the values tested."""
    sentences = [Text(sentence) for sentence in size_sentences(size, lang)]
    return Group(*sentences, *_size_tables(size, lang), Text(phrase(lang, "screen.folder", folder=folder)))


def _size_tables(size: Size, lang: str) -> list[ScreenTable]:
    tables, entry = [], size.manifest["size"]
    costs = size.table["cost_mean"].to_numpy()
    has_cost = not all(map(math.isnan, costs))
    scale, unit = (
        money_unit(max(costs, default=0.0), size.scenario.supply.currency, lang) if has_cost else (1, "")
    )
    for outcome, rows in size.table.groupby("outcome", sort=False):
        title = tested_title(size.scenario, entry, str(outcome), float(rows["below"].iloc[0]), lang)
        table = ScreenTable(title, show_lines=False)
        table.add_column(phrase(lang, "size.value"), "left")
        for header in ("replications", "mean", "verdict"):
            table.add_column(phrase(lang, f"size.{header}"))
        if has_cost:
            table.add_column(phrase(lang, "size.cost", unit=unit))
        for row in rows.to_dict("records"):
            mean, low, high = (
                tested_words(entry, str(outcome), float(row[key]), lang) for key in ("mean", "low", "high")
            )
            table.add_row(
                value_words(entry["path"], str(row["value"]), lang),
                number(row["replications"], lang),
                f"{mean} ({low}{EN_DASH}{high})",
                phrase(lang, f"size.{row['verdict']}"),
                *([to_decimals(row["cost_mean"] / scale, lang, 1)] if has_cost else []),
                style="bold" if row["answer"] == "yes" else "",
            )
        tables.append(table)
    return tables


def worth_summary(worth: Worth, lang: str, folder: str) -> Group:
    """Build the head, the tables of steps, limits and pairs, and the sentences that explain them."""
    head = Text(worth_head(worth, lang))
    sentences = [Text(sentence) for sentence in worth_sentences(worth, lang)]
    place = Text(phrase(lang, "screen.folder", folder=folder))
    return Group(head, *_worth_tables(worth, lang), *sentences, place)


def _worth_tables(worth: Worth, lang: str) -> Iterator[ScreenTable]:
    ranked = worth.manifest["worth"]["outcome"]
    for kind, most in (ROWS if gaining(worth).empty else ROWS_WITH_PAIRS).items():
        rows = gaining(worth) if kind == "pair" else leading(worth, kind)
        if rows.empty:
            continue
        columns = [ranked]
        if kind != "pair":
            columns += [name for name in COLUMNS if name != ranked and _changes(worth.table, name)]
        table = ScreenTable(
            phrase(
                lang,
                f"worth.{kind}" if kind == "pair" or len(rows) > most else f"worth.{kind}_all",
                shown=number(min(most, len(rows)), lang),
                all=number(len(rows), lang),
            ),
            show_lines=False,
        )
        table.add_column(phrase(lang, "worth.resource"), "left")
        if kind == "step":
            table.add_column(phrase(lang, "worth.added"))
        for name in columns:
            table.add_column(
                phrase(lang, f"worth.{name}")
                if name in COLUMNS
                else outcome_title(worth.scenario, name, lang)
            )
        if kind == "pair":
            table.add_column(phrase(lang, "worth.beyond"))
        for row in rows.head(most).to_dict("records"):
            table.add_row(*_cells(worth, row, columns, lang))
        yield table


def _cells(worth: Worth, row: Mapping[Any, Any], columns: list[str], lang: str) -> Iterator[str]:
    table = worth.table
    of = table[
        (table["kind"] == row["kind"])
        & (table["resource"] == row["resource"])
        & (table["place"] == row["place"])
    ]
    by_outcome = {each["outcome"]: each for each in of.to_dict("records")}
    yield item_name(worth, row, lang)
    if row["kind"] == "step":
        yield more_words(row, lang)
    for name in columns:
        scale = PER_COST if name == "cost" else 1.0
        if name == columns[0]:
            yield signed(by_outcome.get(name), lang, scale)
        else:
            yield _side_effect(by_outcome[name], scale, lang) if name in by_outcome else ""
    if row["kind"] == "pair":
        beyond = float(row["beyond_single"])
        yield f"{'+' if beyond > 0 else ''}{number(round(beyond, 1), lang)}"


def _side_effect(row: Mapping[Any, Any], scale: float, lang: str) -> str:
    """Return a mean difference, in brackets if it may be chance."""
    words = change_words(row["difference"] / scale, lang)
    return f"({words})" if may_be_chance(row) and words != "0" else words


def _changes(table: pd.DataFrame, outcome: str) -> bool:
    return bool((table.loc[table["outcome"] == outcome, "difference"] != 0).any())
