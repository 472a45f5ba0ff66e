"""What plans cost, as screen and report tell it: what has no price, whose cost per death averted is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from surgesim.report.names import alternative_title
from surgesim.report.quoted import Row
from surgesim.report.words import phrase
from surgesim.study.measures.compare import COST, DEATHS

if TYPE_CHECKING:
    from surgesim.study.results import Results

USED: Final = {"dose": "doses_given", "test": "tests_used"}
"""Items of `supply.costs` that plans bring with them, and the outcome that counts how many are used."""


def without_price(results: Results) -> dict[str, list[str]]:
    """Of each item that has no price, the plans that use it: their cost is more than is told."""
    prices = results.scenario.supply.costs
    used = results.replications.groupby("alternative", sort=False)[list(USED.values())].mean()
    return {
        item: [str(name) for name in used.index[used[outcome] > 0]]
        for item, outcome in USED.items()
        if prices is not None and getattr(prices, item) == 0 and (used[outcome] > 0).any()
    }


def per_death_averted(results: Results) -> dict[str, Row]:
    """Comparisons of cost of plans that are dearer, surely avert deaths, and have a price for all."""
    partly = {name for names in without_price(results).values() for name in names}
    table = results.comparison[results.comparison["outcome"].isin((COST, DEATHS))]
    rows = {(str(row["alternative"]), row["outcome"]): row for row in table.to_dict("records")}
    return {
        name: row
        for (name, outcome), row in rows.items()
        if outcome == COST
        and row["per_death_averted"] > 0
        and rows[name, DEATHS]["difference_high"] < 0
        and name not in partly
    }


def not_counted(results: Results, lang: str) -> Iterator[str]:
    """What the costs leave out."""
    for item, names in without_price(results).items():
        titles = "; ".join(alternative_title(results.scenario, name, lang) for name in names)
        yield phrase(lang, f"cost.{item}_unpriced", plans=titles)
    yield phrase(lang, "cost.economy")
