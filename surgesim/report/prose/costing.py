"""The cost of plans, for screen and report: items without a price, and costs per death averted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from surgesim.report.citation import Row
from surgesim.report.names import alternative_title
from surgesim.report.words import phrase
from surgesim.study.measures.compare import COST, DEATHS

if TYPE_CHECKING:
    from surgesim.study.results import Results

USED: Final = {"dose": "doses_given", "test": "tests_used"}
"""Items of `supply.costs` that plans can add, with the outcome that counts the use of each."""


def without_price(results: Results) -> dict[str, list[str]]:
    """List, for each item without a price, the plans that use it and so cost more than reported."""
    prices = results.scenario.supply.costs
    used = results.replications.groupby("alternative", sort=False)[list(USED.values())].mean()
    return {
        item: [str(name) for name in used.index[used[outcome] > 0]]
        for item, outcome in USED.items()
        if prices is not None and getattr(prices, item) == 0 and (used[outcome] > 0).any()
    }


def per_death_averted(results: Results) -> dict[str, Row]:
    """Return the cost comparison of each plan for which a cost per death averted can be given.

    Such a plan costs more than the baseline, averts deaths over the whole interval, and uses only items with
    a price.
    """
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


def costs_left_out(results: Results, lang: str) -> Iterator[str]:
    """State which costs are not included."""
    for item, names in without_price(results).items():
        titles = "; ".join(alternative_title(results.scenario, name, lang) for name in names)
        yield phrase(lang, f"cost.{item}_unpriced", plans=titles)
    yield phrase(lang, "cost.economy")
