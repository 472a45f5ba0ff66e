"""What a reader knows things by: alternatives and thresholds under one title each, wherever they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from surgesim.report.words import (
    NBSP,
    group_words,
    indicator_words,
    number,
    phrase,
    plain_percent,
    tenths,
    unit_words,
)
from surgesim.scenario.schema.base import Text
from surgesim.scenario.schema.indicators import INDICATORS
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.measures.breaches import SITUATION

if TYPE_CHECKING:
    from surgesim.scenario.schema.supply import Burden, Consumable


def alternative_title(scenario: Scenario, name: str, lang: str) -> str:
    """The title in the alternative's own overlay; its short name where it has none."""
    if name == BASELINE:
        return phrase(lang, "figure.baseline")
    title = scenario.alternatives[name].get("title")
    return name if title is None else plain_percent(Text.model_validate(title).get(lang))


def threshold_title(scenario: Scenario, name: str, lang: str) -> str:
    """The title of a threshold, or its indicator and bound where it has none; unbreakable at the bound."""
    threshold = scenario.command.thresholds.get(name)
    if threshold is None:
        return phrase(lang, "figure.situation") if name == SITUATION else name
    sign = ">" if threshold.above is not None else "<"
    if threshold.title is None:
        what = indicator_words(lang, threshold.indicator).label
        if threshold.item is not None:
            what = f"{what}: {item_of(scenario, threshold.item).title.get(lang)}"
        if threshold.group is not None:
            what = f"{what}: {group_words(lang, threshold.group)}"
        title = f"{what} {sign} {measured(scenario, name, threshold.bound, lang, unit=False)}"
    else:
        title = plain_percent(threshold.title.get(lang))
    return title.replace(f" {sign} ", f"{NBSP}{sign}{NBSP}")


def is_share(indicator: str) -> bool:
    """Whether an indicator is a share of 1, which is shown as a percentage."""
    return INDICATORS[indicator].share


def unit_of(scenario: Scenario, name: str, lang: str) -> str:
    """The unit of a threshold's indicator: the item's own where it counts an item."""
    threshold = scenario.command.thresholds[name]
    if threshold.item is not None and threshold.indicator == "burden_backlog":
        return unit_words(lang, item_of(scenario, threshold.item).unit)
    return indicator_words(lang, threshold.indicator).unit


def measured(scenario: Scenario, name: str, value: float, lang: str, *, unit: bool = True) -> str:
    """A value of a threshold's indicator with its unit; shares as percentages."""
    if is_share(scenario.command.thresholds[name].indicator):
        return tenths(value, lang)
    return f"{number(value, lang)} {unit_of(scenario, name, lang)}" if unit else number(value, lang)


def criteria(scenario: Scenario) -> tuple[str, ...]:
    """The thresholds that make the declared emergency, in the order of the scenario."""
    of_situation = scenario.command.of_situation
    return tuple(name for name in scenario.command.thresholds if name in of_situation)


def item_of(scenario: Scenario, name: str) -> Consumable | Burden:
    """The consumable or burden of this name."""
    supply = scenario.supply
    return supply.consumables[name] if name in supply.consumables else supply.burdens[name]
