"""What the author of a valid scenario should know: parts without effect, figures without a source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from surgesim.scenario.loading.yaml_nodes import KeyPath
from surgesim.scenario.messages.shape import Shape, scenario_shape, step
from surgesim.scenario.messages.wording import Finding
from surgesim.scenario.schema.base import is_scale
from surgesim.scenario.schema.care import Facility
from surgesim.scenario.schema.command import (
    ConvertBeds,
    Mobilise,
    OpenFacility,
    StartMeasure,
    Threshold,
    Trigger,
    Until,
)
from surgesim.scenario.schema.indicators import BY_DISTRICT, Watch
from surgesim.scenario.schema.levels import HIGHEST, Criterion, Levels
from surgesim.scenario.schema.needs import ICU_BEDS, assessed_criteria, icu_sites, unmet
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.scenario.validation.care_cautions import care_cautions
from surgesim.scenario.validation.epidemic_cautions import doses_come, epidemic_cautions
from surgesim.scenario.validation.sources import Row, Survey

_Bound: TypeAlias = Threshold | Trigger | Until

_SHARES = (
    "oxygen_occupancy",
    "icu_occupancy",
    "situation",
    "emergency_served_7d_share",
    "staff_absent_share",
    "vulnerable_vaccinated_share",
    "test_positivity",
    "test_capacity_used",
    "in_time_7d_share",
)
"""Indicators that lie from 0 to 1."""

_OF_RESIDENTS: Mapping[str, int] = {
    "weekly_reported_cases_per_100k": 100_000,
    "oxygen_need_7d_per_100k": 100_000,
    "icu_need_per_100k": 100_000,
    "deaths_7d_per_100k": 100_000,
    "deaths_per_million": 1_000_000,
}
"""Indicators that count residents, each at most once: their most (given arrivals have no such bound)."""


def cautions(scenarios: Mapping[str, Scenario], survey: Survey) -> Iterator[Finding]:
    """Remarks on a valid scenario; `scenarios` are the baseline, surveyed, and every alternative by name."""
    told: set[Finding] = set()
    for name, scenario in scenarios.items():
        for path, message in _without_effect(scenario):
            if (path, message) not in told:
                told.add((path, message))
                yield (path if name == BASELINE else ("alternatives", name, *path)), message
    yield from _never_used(scenarios)
    for pattern in survey.unused:
        yield ("sources", pattern), "got a source for which the scenario has no figure"


def _without_effect(scenario: Scenario) -> Iterator[Finding]:
    for path, bound in _bounds(scenario):
        yield from _bound(path, bound, scenario)
    yield from _situation(scenario)
    if scenario.command.levels is not None:
        yield from _criteria(scenario.command.levels, scenario)
    facilities = scenario.care.facilities.values()
    for name, rule in scenario.command.plan.items():
        path = ("command", "plan", name)
        if isinstance(rule, (Mobilise, ConvertBeds)) and not any(
            _converted_by(rule, key, facility) for key, facility in scenario.care.facilities.items()
        ):
            owners = sorted({facility.ownership for facility in facilities if _convertible(facility)})
            known = f"; facilities with a convertible_share are {', '.join(owners)}" if owners else ""
            yield path, f"has no effect: no facility it names has beds that can be converted{known}"
    yield from care_cautions(scenario)
    yield from epidemic_cautions(scenario)


def _bounds(scenario: Scenario) -> Iterator[tuple[KeyPath, _Bound]]:
    for name, threshold in scenario.command.thresholds.items():
        yield ("command", "thresholds", name), threshold
    for name, rule in scenario.command.plan.items():
        yield ("command", "plan", name, "when"), rule.when
        if rule.until is not None:
            group = rule.until.group
            if rule.until.indicator is None and rule.until.item is None:
                group = group or rule.when.group
            watched = rule.until.model_copy(update={"indicator": rule.ends_on.indicator, "group": group})
            yield ("command", "plan", name, "until"), watched


def _situation(scenario: Scenario) -> Iterator[Finding]:
    """An emergency that is decided without some of its criteria, or cannot be."""
    names, assessed = scenario.command.of_situation, assessed_criteria(scenario)
    missing = [name for name in names if name not in assessed]
    if not missing:
        return
    required, path = scenario.command.required, ("command", "situation")
    lacking = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not assessed"
    if required > len(assessed):
        yield path, f"is not assessed: {lacking}, and {required} of {len(names)} criteria must be breached"
    else:
        of = f"{len(assessed)} of its {len(names)} criteria, of which {required} must be breached"
        yield path, f"is decided over {of}: {lacking}"


def _criteria(levels: Levels, scenario: Scenario) -> Iterator[Finding]:
    for (side, name), criterion in levels.criteria.items():
        path: KeyPath = ("command", "levels", side, name)
        yield from _followed(path, criterion, scenario)
        if criterion.by == "province" and criterion.indicator not in BY_DISTRICT:
            yield (*path, "by"), f"has no effect: {criterion.indicator} is of the province in any case"
        if criterion.indicator in _SHARES and max(criterion.bounds) > 1:
            bound = max(criterion.bounds)
            hint = " (80 % is written 0.8)"
            yield path, f"can hardly hold: {criterion.indicator} lies from 0 to 1, got {bound:g}{hint}"
        if criterion.at_least is not None:
            yield from _beyond_all(path, criterion, max(criterion.bounds), scenario)


def _followed(path: KeyPath, bound: _Bound | Criterion, scenario: Scenario) -> Iterator[Finding]:
    """Indicators and groups that a scenario does not follow."""
    local = isinstance(bound, Threshold) and bound.by_district
    district = None if isinstance(bound, (Threshold, Criterion)) else bound.district
    of = Watch(bound.indicator, bound.item or bound.group, district)
    found = {
        place: unmet(scenario, of._replace(district=place))
        for place in (scenario.people.districts if local else (district,))
    }
    missing = {place: need.missing for place, need in found.items() if need is not None}
    if len(missing) < len(found):
        if missing:
            places = ", ".join(map(str, missing))
            yield path, f"{bound.indicator} is not assessed in {places}: {next(iter(missing.values()))} there"
        yield from _left_out(path, of, scenario)
        return
    never = "" if isinstance(bound, (Threshold, Criterion)) else "; the condition never holds"
    yield path, f"{bound.indicator} is not assessed: {missing.popitem()[1]}{never}"


def _left_out(path: KeyPath, of: Watch, scenario: Scenario) -> Iterator[Finding]:
    """Facilities whose ICU beds an indicator leaves out, because their staff is not given."""
    if of.indicator in ICU_BEDS:
        unsaid = [name for name, site in icu_sites(scenario, of.district).items() if site.staff is None]
        if unsaid:
            count = f"{', '.join(unsaid)} ({len(unsaid)} of {len(icu_sites(scenario, of.district))})"
            yield path, f"leaves out the ICU beds of facilities whose staff is not given: {count}"


def _bound(path: KeyPath, bound: _Bound, scenario: Scenario) -> Iterator[Finding]:
    if bound.indicator is None:
        return
    yield from _too_long(path, bound, scenario)
    if bound.above is not None:
        yield from _beyond_all(path, bound, bound.above, scenario)
    if bound.indicator == "epidemic_level" and (
        (bound.above is not None and bound.above >= HIGHEST) or (bound.below is not None and bound.below <= 1)
    ):
        got = f"above {bound.above:g}" if bound.above is not None else f"below {bound.below:g}"
        yield path, f"can never hold: epidemic_level lies from 1 to {HIGHEST}, got {got}"
        return
    if bound.above is not None and bound.above >= 1 and bound.indicator in _SHARES:
        hint = " (80 % is written 0.8)" if bound.above > 1 and bound.indicator != "situation" else ""
        yield path, f"can hardly hold: {bound.indicator} lies from 0 to 1, got above {bound.above:g}{hint}"
    if bound.below is not None and bound.below <= 0:
        yield path, f"can never hold: {bound.indicator} is never below 0, got below {bound.below:g}"
    yield from _followed(path, bound, scenario)


def _beyond_all(
    path: KeyPath, bound: _Bound | Criterion, value: float, scenario: Scenario
) -> Iterator[Finding]:
    """A bound that more than all residents would have to pass."""
    most = _OF_RESIDENTS.get(str(bound.indicator))
    if most is not None and value >= most and scenario.epidemic is not None:
        message = f"can hardly hold: {bound.indicator} is at most {most}, where everybody counts"
        side = "" if isinstance(bound, Criterion) else "above "
        yield path, f"{message}, got {side}{value:.12g}"


def _too_long(path: KeyPath, bound: _Bound, scenario: Scenario) -> Iterator[Finding]:
    """A condition that must hold for more days than there are."""
    for_days = 1 if isinstance(bound, Threshold) else bound.for_days
    if for_days > scenario.days:
        message = f"can never hold: for_days is {for_days}, but the scenario has {scenario.days} days"
        yield path, message


def _convertible(facility: Facility) -> bool:
    share = facility.convertible_share
    return facility.icu_target is not None or any((share.basic, share.oxygen, share.icu))


def _converted_by(rule: Mobilise | ConvertBeds, name: str, facility: Facility) -> bool:
    if isinstance(rule, ConvertBeds) and rule.facilities is not None:
        return name in rule.facilities and _convertible(facility)
    return facility.ownership in rule.ownership and facility.open_at_start and _convertible(facility)


def _never_used(scenarios: Mapping[str, Scenario]) -> Iterator[Finding]:
    """Facilities, measures and vaccines that neither the baseline nor any alternative puts to use."""
    baseline = scenarios[BASELINE]
    for name in baseline.care.facilities:
        if not any(_used(scenario, name) for scenario in scenarios.values()):
            message = "is never used: no share of it is open to COVID and no rule opens or converts it"
            yield ("care", "facilities", name), message
    measures = baseline.epidemic.measures if baseline.epidemic is not None else {}
    for name in measures:
        if not any(_in_force(scenario, name) for scenario in scenarios.values()):
            yield ("epidemic", "measures", name), "is never in force: it has no start and no rule starts it"
    if not any(doses_come(scenario) for scenario in scenarios.values()):
        yield ("epidemic", "vaccination"), "has no effect: it has no doses, and no rule brings any"


def _used(scenario: Scenario, name: str) -> bool:
    facility = scenario.care.facilities.get(name)
    if facility is None:
        return True
    share = facility.covid_share
    if facility.open_at_start and any((share.basic, share.oxygen, share.icu)):
        return True
    for rule in scenario.command.plan.values():
        if isinstance(rule, OpenFacility) and name in rule.facilities:
            return True
        if isinstance(rule, (Mobilise, ConvertBeds)) and _converted_by(rule, name, facility):
            return True
    return False


def _in_force(scenario: Scenario, name: str) -> bool:
    measures = scenario.epidemic.measures if scenario.epidemic is not None else {}
    measure = measures.get(name)
    if measure is None or measure.start is not None:
        return True
    return any(
        isinstance(rule, StartMeasure) and rule.measure == name for rule in scenario.command.plan.values()
    )


def hidden_changes(paths: Sequence[KeyPath], scenario: Scenario) -> Iterator[Finding]:
    """Alternatives whose overlay lies over a value that was set from outside."""
    for path in paths:
        for name, overlay in scenario.alternatives.items():
            if path[:2] != ("alternatives", name) and _covers(overlay, path):
                dotted = ".".join(map(str, path))
                yield (
                    ("alternatives", name, *path),
                    f"hides the change of {dotted}, which was set before overlays",
                )


def _covers(overlay: object, path: KeyPath) -> bool:
    for key in path:
        if not isinstance(overlay, Mapping):
            return True
        if key not in overlay:
            return False
        overlay = overlay[key]
    return not is_scale(overlay)


def unsourced(survey: Survey) -> Iterator[tuple[KeyPath, str, str]]:
    """How many figures of each section have no source, or are assumed, and which: path, message, detail."""
    sections: dict[str, list[Row]] = {}
    for row in survey.rows.values():
        sections.setdefault(row[0].split(".")[0], []).append(row)
    for section, figures in sections.items():
        missing = [path for path, _, source, _ in figures if not source]
        assumed = [path for path, _, source, confidence in figures if source and confidence == "assumed"]
        for paths, what in ((missing, "without a source"), (assumed, "assumed")):
            if paths:
                yield (section,), f"{len(paths)} of {len(figures)} figures {what}", _listed(paths)


def _listed(paths: list[str]) -> str:
    patterns = Counter(".".join(_starred(path.split("."))) for path in paths)
    return ", ".join(pattern if count == 1 else f"{pattern} ({count})" for pattern, count in patterns.items())


def _starred(segments: list[str]) -> list[str]:
    """Names of entries as ``*``, so that figures of one kind are told together (alternatives apart)."""
    if segments[0] == "alternatives" and len(segments) > 2:
        return [*segments[:2], *_starred(segments[2:])]
    starred = []
    where: Shape | None = scenario_shape()
    for segment in segments:
        starred.append("*" if where is not None and where.kind == "named" else segment)
        where = step(where, segment)
    return starred
