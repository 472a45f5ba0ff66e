"""Check the parts of a scenario against each other: dates are in range, bounds agree, and needs are met.

The checks use only parts that are valid by themselves. They therefore also run on a scenario with
errors elsewhere, and all errors are reported at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from surgesim.extension.declarations import Action
from surgesim.extension.files import Extensions
from surgesim.scenario.messages.finding import Finding, KeyPath, suggestion
from surgesim.scenario.schema.indicators import OWN, is_own
from surgesim.scenario.schema.levers.custom import Custom
from surgesim.scenario.schema.levers.rule import RuleBase
from surgesim.scenario.validation.care_checks import at_facilities, between_facilities
from surgesim.scenario.validation.epidemic_checks import dose_without_protection, imports, unmet_r0
from surgesim.scenario.validation.parts import Parts

WITH_EXTENSION = "expected its file, given with --extension FILE (in Python, extensions=[file])"


def one_driver(tree: Mapping[str, Any]) -> Iterator[Finding]:
    """Require an epidemic or arrivals, in case other errors kept the schema from checking this."""
    given = [name for name in ("epidemic", "arrivals") if tree.get(name, "none") not in ("none", None)]
    if len(given) != 1:
        yield Finding((), "expected exactly one of the sections epidemic and arrivals")


def _reserved(parts: Parts) -> Iterator[Finding]:
    """Reject names that the result tables reserve."""
    for named, path, meaning in (
        (parts.thresholds, ("command", "thresholds", "situation"), "the declared emergency"),
        (parts.districts, ("people", "districts", "province"), "the province as a whole"),
    ):
        if path[-1] in named:
            yield Finding(
                path, f"got the name {path[-1]!r}, which is reserved for {meaning}, expected another name"
            )


def consistency(parts: Parts) -> Iterator[Finding]:
    """Check the parts of a scenario against each other, except for names and dates."""
    yield from _reserved(parts)
    yield from between_facilities(parts.facilities)
    yield from _initial_state(parts)
    yield from _epidemic(parts)
    yield from _command(parts)
    for name, rule in parts.plan.items():
        yield from _rule(parts, ("command", "plan", name), rule)


def own_indicators(parts: Parts, extensions: Extensions) -> Iterator[Finding]:
    """Check that each indicator whose name begins with OWN is declared by an extension."""
    known = [f"{OWN}{indicator.name}" for indicator in extensions.indicators]
    for path, indicator in _watched(parts):
        if is_own(indicator) and indicator not in known:
            near = suggestion(str(indicator), known) if known else f", {WITH_EXTENSION}"
            yield Finding((*path, "indicator"), f"got {indicator!r}, which no extension declares{near}")


def _watched(parts: Parts) -> Iterator[tuple[KeyPath, str | None]]:
    """Yield the path and the indicator of each threshold, criterion and condition of a rule."""
    for name, threshold in parts.thresholds.items():
        yield ("command", "thresholds", name), threshold.indicator
    for side, criteria in parts.criteria.items():
        for name, criterion in criteria.items():
            yield ("command", "levels", side, name), criterion.indicator
    for name, rule in parts.plan.items():
        yield ("command", "plan", name, "when"), rule.when.indicator
        if rule.until is not None:
            yield ("command", "plan", name, "until"), rule.until.indicator


def custom_actions(parts: Parts, extensions: Extensions) -> Iterator[Finding]:
    """Check that each custom action of the plan is declared by an extension."""
    for name, rule in parts.plan.items():
        if isinstance(rule, Custom) and extensions.action(rule.name) is None:
            known = [action.name for _, action in extensions.of(Action)]
            near = suggestion(rule.name, known) if known else f", {WITH_EXTENSION}"
            message = f"got {rule.name!r}, which no extension declares{near}"
            yield Finding(("command", "plan", name, "name"), message)


def _epidemic(parts: Parts) -> Iterator[Finding]:
    if parts.gives("epidemic.vaccination") and not parts.gives("epidemic.immunity.vaccinated"):
        yield dose_without_protection()
    if parts.importation is not None:
        yield from imports(parts.importation, parts.warm_up_days)
    if parts.variant is not None and parts.susceptibility is not None and parts.people is not None:
        yield from unmet_r0(parts.variant.r0, parts.susceptibility, parts.people)


def _initial_state(parts: Parts) -> Iterator[Finding]:
    for name, infections in parts.initial_infections.items():
        district = parts.districts.get(name)
        if district is not None and infections > district.population:
            message = f"got {infections}, expected at most the population of {district.population}"
            yield Finding(("epidemic", "initial_infections", name), message)


def _command(parts: Parts) -> Iterator[Finding]:
    for name, threshold in parts.thresholds.items():
        if threshold.indicator == "situation":
            path = ("command", "thresholds", name, "indicator")
            yield Finding(
                path, "got 'situation', which is itself based on thresholds, expected another indicator"
            )
    situation = parts.situation
    if situation is not None and isinstance(situation.require, int):
        in_province = [name for name, threshold in parts.thresholds.items() if not threshold.by_district]
        among = in_province if situation.thresholds is None else situation.thresholds
        if situation.require > len(among) and (parts.all_thresholds or situation.thresholds is not None):
            message = f"got {situation.require}, expected at most {len(among)}, the number of thresholds"
            if len(in_province) < len(parts.thresholds) and situation.thresholds is None:
                message += " for the province"
            yield Finding(("command", "situation", "require"), message)
    for index, name in enumerate((situation.thresholds if situation is not None else None) or ()):
        if name in parts.thresholds and parts.thresholds[name].by_district:
            message = f"got {name!r}, which is assessed by district, expected a threshold of the province"
            yield Finding(("command", "situation", "thresholds", index), message)


def _rule(parts: Parts, path: KeyPath, rule: RuleBase) -> Iterator[Finding]:
    if rule.needs is not None and not parts.gives(rule.needs.section):
        yield Finding(path, rule.needs.message)
    yield from at_facilities(path, rule, parts.facilities, complete=parts.all_facilities)
    when, until = rule.when, rule.until
    if until is None:
        return
    if when.on is not None and until.on is not None and until.on <= when.on:
        yield Finding(
            (*path, "until", "on"),
            f"got {until.on}, expected a date after {when.on}, when the rule begins",
        )
    if when.indicator is None or rule.ends_on != rule.begins_on:
        return
    if when.above is not None and (until.above is not None or _above(until.below, when.above)):
        got = f"above {until.above:g}" if until.above is not None else f"below {until.below:g}"
        yield _flapping(path, got, f"`below` of at most {when.above:g}", f"above {when.above:g}")
    if when.below is not None and (until.below is not None or _above(when.below, until.above)):
        got = f"below {until.below:g}" if until.below is not None else f"above {until.above:g}"
        yield _flapping(path, got, f"`above` of at least {when.below:g}", f"below {when.below:g}")


def _above(value: float | None, bound: float | None) -> bool:
    return value is not None and bound is not None and value > bound


def _flapping(path: KeyPath, got: str, expected: str, on: str) -> Finding:
    message = (
        f"got {got} for a rule that begins {on}, expected {expected}: "
        "otherwise the rule would keep switching on and off"
    )
    return Finding((*path, "until"), message)


MOST_DAYS_IN_FORCE = 366
"""Maximum number of days that a rule of the plan may have been in force before the first day."""


def out_of_range(parts: Parts) -> Iterator[Finding]:
    """Report dates and days outside the simulated period, which includes the warm-up.

    Rules of the plan may have begun earlier.
    """
    longest = 20_000
    if parts.start is None or parts.days is None or not 1 <= parts.days <= longest:
        return
    first = parts.start - timedelta(days=min(max(parts.warm_up_days, 0), longest))
    after = parts.start + timedelta(days=parts.days)
    last = after - timedelta(days=1)
    for path, day, latest in _dates(parts, last, after):
        if path[-2:] == ("when", "on"):
            earliest = first - timedelta(days=MOST_DAYS_IN_FORCE)
            expected = f"a date from {earliest} (a year before the scenario) to {last}"
        else:
            earliest, expected = first, f"a date within the scenario, {first} to {last}"
        if not earliest <= day <= latest:
            yield Finding(path, f"got {day}, expected {expected}")
    for name in ("from_day", "until_day"):
        number = getattr(parts.importation, name, None)
        if number is not None and number > parts.days - (name == "from_day"):
            message = f"got day {number}, expected a day within the {parts.days} days of the scenario"
            yield Finding(("epidemic", "importation", name), message)


def _dates(parts: Parts, last: date, after: date) -> Iterator[tuple[KeyPath, date, date]]:
    """Yield each date with its path and the latest date allowed; an end may be the day after the last day."""
    for name, measure in parts.measures.items():
        if measure.start is not None:
            yield ("epidemic", "measures", name, "start"), measure.start, last
        if measure.end is not None:
            yield ("epidemic", "measures", name, "end"), measure.end, after
    if parts.vaccination is not None:
        for key, day, latest in (
            ("start", parts.vaccination.start, last),
            ("end", parts.vaccination.end, after),
        ):
            if day is not None:
                yield ("epidemic", "vaccination", key), day, latest
    for name, rule in parts.plan.items():
        if rule.when.on is not None:
            yield ("command", "plan", name, "when", "on"), rule.when.on, last
        if rule.until is not None and rule.until.on is not None:
            yield ("command", "plan", name, "until", "on"), rule.until.on, after
