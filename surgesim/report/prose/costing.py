"""The cost of plans, for screen and report: items without a price, and costs per death averted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from surgesim.report.citation import Row
from surgesim.report.names import alternative_title
from surgesim.report.words import phrase, round_off
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.study.measures.compare import COST, DEATHS

if TYPE_CHECKING:
    import pandas as pd

    from surgesim.study.results import Results

USED: Final = {"dose": "doses_given", "test": "tests_used"}
"""Items of `supply.costs` that plans can add, with the outcome that counts the use of each."""

NOTABLE: Final = 0.01
"""Share of the baseline's use beyond which a plan uses more of an item than by chance and with its cases."""

BOUGHT: Final = {
    "ventilator": ("ventilator",),
    "tank_kg": ("tank_kg",),
    "concentrator": ("concentrator",),
    "bed_opening": ("bed_opening", "facility_opening"),
}
"""Items of `supply.costs` that rules can add, with the keys of which one must have a price."""


def without_price(results: Results) -> dict[str, list[str]]:
    """List, for each item without a price, the plans that use it and so cost more than reported.

    What a rule of the baseline adds is not listed for the plans that have the same rule.
    """
    prices = results.scenario.supply.costs
    if prices is None:
        return {}
    used = _mean_use(results)
    found = {
        item: [str(name) for name in used.index[used[outcome] > 0]]
        for item, outcome in USED.items()
        if getattr(prices, item) == 0
    }
    bought = {str(name): _bought_by(results, str(name)) for name in used.index}
    found |= {
        item: [name for name, items in bought.items() if item in items]
        for item, keys in BOUGHT.items()
        if not any(getattr(prices, key) for key in keys)
    }
    return {item: names for item, names in found.items() if names}


def unpriced_items(results: Results) -> dict[str, list[str]]:
    """Return, by alternative, the items without a price of which it uses more than the baseline.

    Without them, the difference of the costs is not complete; what both use alike cancels.
    """
    used = _mean_use(results)
    more = used > (1 + NOTABLE) * used.loc[BASELINE]
    unpriced = without_price(results)
    return {
        str(name): [
            item
            for item, names in unpriced.items()
            if name in names and (item not in USED or more.loc[name, USED[item]])
        ]
        for name in used.index
    }


def _mean_use(results: Results) -> pd.DataFrame:
    """Return the mean use of each item of `USED`: a row per alternative, a column per outcome."""
    used: pd.DataFrame = results.replications.groupby("alternative", sort=False)[list(USED.values())].mean()
    return used


def _bought_by(results: Results, alternative: str) -> set[str]:
    """Return the items that an alternative adds, by rules that acted and are not those of the baseline."""
    plan = results.scenario.alternative(alternative).command.plan
    usual = {} if alternative == BASELINE else results.scenario.command.plan
    acted = set(results.actions.loc[results.actions["alternative"] == alternative, "rule"])
    own = (rule for name, rule in plan.items() if name in acted and rule != usual.get(name))
    return {item for rule in own for item in rule.buys}


def per_death_averted(results: Results) -> dict[str, Row]:
    """Return the cost comparison of each plan for which a cost per death averted can be given.

    Such a plan costs more than the baseline and averts deaths over the whole interval of both, and adds only
    items with a price.
    """
    partly = unpriced_items(results)
    table = results.comparison[results.comparison["outcome"].isin((COST, DEATHS))]
    rows = {(str(row["alternative"]), row["outcome"]): row for row in table.to_dict("records")}
    return {
        name: row
        for (name, outcome), row in rows.items()
        if outcome == COST
        and row["per_death_averted"] > 0
        and row.get("per_death_averted_low", 0.0) > 0
        and rows[name, DEATHS]["difference_high"] < 0
        and not partly[name]
    }


def costs_left_out(results: Results, lang: str) -> Iterator[str]:
    """State which costs are not included."""
    for item, names in without_price(results).items():
        titles = "; ".join(alternative_title(results.scenario, name, lang) for name in names)
        plans = phrase(lang, "cost.every_plan") if len(names) == len(results.alternatives) else titles
        yield phrase(lang, f"cost.{item}_unpriced", plans=plans)
    yield phrase(lang, "cost.economy")


def per_death_words(row: Row, scale: float, lang: str) -> str:
    """Return a cost per death averted with its interval: ``25 (20 to 31)``."""
    mean, low, high = (
        round_off(float(row[f"per_death_averted{end}"]) / scale, lang) for end in ("", "_low", "_high")
    )
    return f"{mean} ({phrase(lang, 'screen.to', low=low, high=high)})"
