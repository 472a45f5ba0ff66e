"""Display names: one title for each alternative and threshold, used everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from surgesim.report.words import (
    NBSP,
    Label,
    group_words,
    indicator_words,
    number,
    phrase,
    plain_percent,
    tenths,
    unit_words,
)
from surgesim.scenario.schema.base import Text
from surgesim.scenario.schema.indicators import INDICATORS, SHARE
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.measures.breaches import SITUATION

if TYPE_CHECKING:
    from surgesim.scenario.schema.capacity.supply import Burden, Consumable


PER_100K: Final = "_per_100k"
"""The end of the names of indicators that are counts per 100,000 people."""


def alternative_title(scenario: Scenario, name: str, lang: str) -> str:
    """Return the title of an alternative, or its short name if it has no title."""
    if name == BASELINE:
        return phrase(lang, "figure.baseline")
    title = scenario.alternatives[name].get("title")
    return name if title is None else plain_percent(Text.model_validate(title).get(lang))


def threshold_title(scenario: Scenario, name: str, lang: str) -> str:
    """Return the title of a threshold, or its indicator and bound if it has no title.

    No-break spaces keep the bound on one line.
    """
    threshold = scenario.command.thresholds.get(name)
    if threshold is None:
        return phrase(lang, "figure.situation") if name == SITUATION else name
    sign = ">" if threshold.above is not None else "<"
    if threshold.title is None:
        what = words_of(scenario, threshold.indicator, lang).label
        if threshold.item is not None:
            what = f"{what}: {item_of(scenario, threshold.item).title.get(lang)}"
        if threshold.group is not None:
            what = f"{what}: {group_words(lang, threshold.group)}"
        title = f"{what} {sign} {written_bound(scenario, threshold.indicator, threshold.bound, lang)}"
    else:
        title = plain_percent(threshold.title.get(lang))
    return title.replace(f" {sign} ", f"{NBSP}{sign}{NBSP}")


def written_bound(scenario: Scenario, indicator: str, bound: float, lang: str) -> str:
    """Format a bound of an indicator without its unit; a share in percent, a rate per 100,000 as such."""
    if _is_share(scenario, indicator):
        return tenths(bound, lang)
    written = number(bound, lang)
    return phrase(lang, "indicator.per_100k", value=written) if indicator.endswith(PER_100K) else written


def words_of(scenario: Scenario, indicator: str, lang: str) -> Label:
    """Return the label and unit of an indicator; an extension gives those of its own indicators."""
    for own in scenario.own_indicators:
        if own.name == indicator:
            return Label(plain_percent(own.label), plain_percent(own.unit))
    return indicator_words(lang, indicator)


def is_share(scenario: Scenario, threshold: str) -> bool:
    """Return True if the indicator of a threshold is a share of 1, shown as a percentage."""
    return _is_share(scenario, scenario.command.thresholds[threshold].indicator)


def _is_share(scenario: Scenario, indicator: str) -> bool:
    own = {own.name: own.unit for own in scenario.own_indicators}
    return own[indicator] == SHARE if indicator in own else INDICATORS[indicator].share


def unit_of(scenario: Scenario, name: str, lang: str) -> str:
    """Return the unit of a threshold's indicator, or of its item if the indicator counts an item."""
    threshold = scenario.command.thresholds[name]
    if threshold.item is not None and threshold.indicator == "burden_backlog":
        return unit_words(lang, item_of(scenario, threshold.item).unit)
    return words_of(scenario, threshold.indicator, lang).unit


def with_unit(scenario: Scenario, name: str, value: float, lang: str, *, unit: bool = True) -> str:
    """Format a value of a threshold's indicator with its unit, or a share as a percentage."""
    if is_share(scenario, name):
        return tenths(value, lang)
    return f"{number(value, lang)} {unit_of(scenario, name, lang)}" if unit else number(value, lang)


def criteria(scenario: Scenario) -> tuple[str, ...]:
    """Return the names of the criteria of the declared emergency, in scenario order."""
    of_situation = scenario.command.of_situation
    return tuple(name for name in scenario.command.thresholds if name in of_situation)


def item_of(scenario: Scenario, name: str) -> Consumable | Burden:
    """Look up a consumable or burden by name."""
    supply = scenario.supply
    return supply.consumables[name] if name in supply.consumables else supply.burdens[name]
