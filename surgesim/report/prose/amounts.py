"""The amounts that a plan's rules order, in words, such as the doses per day of a vaccination."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from surgesim.report.citation import Passage, Value, join, passage, proper_name
from surgesim.report.words import number, percent, plain_percent, unit_words
from surgesim.scenario.schema.levers.facilities import AtFacilities

if TYPE_CHECKING:
    from surgesim.scenario.schema.response.vaccination import Vaccination
    from surgesim.scenario.schema.scenario import Scenario

AMOUNTS: Final[Mapping[str, tuple[str, ...]]] = {
    "convert_beds": ("share",),
    "equip": ("ventilators",),
    "form_icu_teams": ("share",),
    "mobilise": ("share",),
    "open_home_care": ("teams",),
    "order_oxygen": ("tank_kg", "plant_nm3_per_hour", "delivery_kg"),
    "postpone_elective": ("share",),
    "raise_testing": ("single_per_day", "pooled_per_day"),
    "redeploy_nurses": ("share",),
    "reinforce_staff": ("doctors", "ward_nurses", "icu_nurses"),
    "restock": ("amount", "per_day"),
    "train_doctors": ("share",),
    "vaccinate": ("doses_per_day",),
}
"""The fields of each action that are amounts; each has a phrase ``amount.<action>.<field>``."""

MOST_RULES: Final = 3
"""Max number of rules named."""


def changed_rules(scenario: Scenario, alternative: str) -> tuple[str, ...]:
    """Return the names of the rules that an alternative adds or changes."""
    before, after = scenario.command.plan, scenario.alternative(alternative).command.plan
    return tuple(name for name, rule in after.items() if before.get(name) != rule)


def amounts(scenario: Scenario, alternative: str, lang: str) -> Passage:
    """Return what an alternative orders: the amounts of each rule that it adds or changes, or its doses."""
    plan = scenario.alternative(alternative).command.plan
    names = changed_rules(scenario, alternative)
    several = len(names) > 1
    parts = [_of_rule(scenario, alternative, name, plan[name], several, lang) for name in names[:MOST_RULES]]
    if len(names) > MOST_RULES:
        parts.append(passage(lang, "amount.more", more=proper_name(number(len(names) - MOST_RULES, lang))))
    return join(list(parts), "; ") if names else _doses(scenario, alternative, lang)


def vaccinates(scenario: Scenario, alternative: str) -> Vaccination | None:
    """Return the vaccination of an alternative that gives more doses a day without a rule, if it does."""
    before, after = (
        epidemic.vaccination if (epidemic := each.epidemic) else None
        for each in (scenario, scenario.alternative(alternative))
    )
    if after is None or after.doses_per_day <= (before.doses_per_day if before else 0.0):
        return None
    return after


def _doses(scenario: Scenario, alternative: str, lang: str) -> Passage:
    vaccination = vaccinates(scenario, alternative)
    if vaccination is None:
        return join([], "")
    doses = vaccination.doses_per_day
    place = f"scenario.yaml#alternatives.{alternative}.epidemic.vaccination.doses_per_day"
    return passage(
        lang, "amount.vaccinate.doses_per_day", value=Value(number(doses, lang), doses, place), unit=""
    )


def _of_rule(scenario: Scenario, alternative: str, name: str, rule: Any, named: bool, lang: str) -> Passage:
    title = proper_name(name if rule.title is None else plain_percent(rule.title.get(lang)))
    said = join(list(_fields(scenario, alternative, name, rule, lang)), ", ")
    if not said:
        return title
    if isinstance(rule, AtFacilities):
        sites = scenario.care.facilities.items()
        n = sum(rule.acts_at(site, facility) and rule.has_a_use(facility) for site, facility in sites)
        said = passage(lang, "amount.each", amounts=said, n=proper_name(number(n, lang)))
    return passage(lang, "amount.of_rule", rule=title, amounts=said) if named else said


def _fields(scenario: Scenario, alternative: str, name: str, rule: Any, lang: str) -> Iterator[Passage]:
    for field in AMOUNTS.get(rule.action, ()):
        value = getattr(rule, field)
        if not value:
            continue
        place = f"scenario.yaml#alternatives.{alternative}.command.plan.{name}.{field}"
        is_share = field == "share"
        written = Value(
            (percent if is_share else number)(value, lang), value, place, scale=0.01 if is_share else 1.0
        )
        unit = ""
        if rule.action == "restock":
            unit = unit_words(lang, scenario.supply.consumables[rule.item].unit)
        yield passage(lang, f"amount.{rule.action}.{field}", value=written, unit=unit)
