"""Warnings for the author of a valid scenario: settings without effect, and figures without a source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from surgesim.scenario.messages.finding import Finding, KeyPath
from surgesim.scenario.messages.shape import Shape, scenario_shape, step
from surgesim.scenario.schema.command import Threshold
from surgesim.scenario.schema.indicators import ICU_BEDS, Watch, declared
from surgesim.scenario.schema.levels import Criterion, Levels
from surgesim.scenario.schema.levers.rule import Trigger, Until
from surgesim.scenario.schema.merging import is_scale
from surgesim.scenario.schema.names import MEASURE
from surgesim.scenario.schema.needs import assessed_criteria, icu_sites, unmet_need
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.scenario.validation.care_cautions import care_cautions
from surgesim.scenario.validation.epidemic_cautions import epidemic_cautions, has_doses
from surgesim.scenario.validation.plausibility import implausible, renamed_in_alternatives
from surgesim.scenario.validation.sources import Row, Survey

_Bound: TypeAlias = Threshold | Trigger | Until


def cautions(scenarios: Mapping[str, Scenario], survey: Survey) -> Iterator[Finding]:
    """Yield warnings about the baseline and alternatives in `scenarios`; `survey` covers the baseline."""
    seen: set[Finding] = set()
    for name, scenario in scenarios.items():
        for finding in _without_effect(scenario):
            if finding not in seen:
                seen.add(finding)
                yield finding if name == BASELINE else finding.under(("alternatives", name))
    yield from _never_used(scenarios)
    yield from renamed_in_alternatives(scenarios[BASELINE])
    for pattern in survey.unused:
        yield Finding(("sources", pattern), "got a source that covers no figure of the scenario")


def _without_effect(scenario: Scenario) -> Iterator[Finding]:
    for path, bound in _bounds(scenario):
        yield from _bound(path, bound, scenario)
    yield from _situation(scenario)
    if scenario.command.levels is not None:
        yield from _criteria(scenario.command.levels, scenario)
    for name, rule in scenario.command.plan.items():
        for keys, message in rule.remarks(scenario.care, scenario.supply):
            yield Finding(("command", "plan", name, *keys), message)
    yield from care_cautions(scenario)
    yield from epidemic_cautions(scenario)
    yield from implausible(scenario)


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
    """Warn if criteria of the declared emergency are not assessed."""
    names, assessed = scenario.command.of_situation, assessed_criteria(scenario)
    missing = [name for name in names if name not in assessed]
    if not missing:
        return
    required, path = scenario.command.required_count, ("command", "situation")
    lacking = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not assessed"
    if required > len(assessed):
        yield Finding(
            path, f"is not assessed: {lacking}, and {required} of {len(names)} criteria must be breached"
        )
    else:
        of = f"{len(assessed)} of its {len(names)} criteria, of which {required} must be breached"
        yield Finding(path, f"is decided by {of}: {lacking}")


def _criteria(levels: Levels, scenario: Scenario) -> Iterator[Finding]:
    for (side, name), criterion in levels.criteria.items():
        path: KeyPath = ("command", "levels", side, name)
        watched = declared(criterion.indicator)
        yield from _followed(path, criterion, scenario)
        if criterion.by == "province" and not watched.by_district:
            yield Finding(
                (*path, "by"), f"has no effect: {criterion.indicator} always has the value of the province"
            )
        if watched.most == 1 and max(criterion.bounds) > 1:
            bound = max(criterion.bounds)
            hint = " (write 80 % as 0.8)"
            yield Finding(
                path,
                f"is unlikely to be met: {criterion.indicator} lies between 0 and 1, got {bound:g}{hint}",
            )
        if criterion.at_least is not None:
            yield from _beyond_all(path, criterion, max(criterion.bounds), scenario)


def _followed(path: KeyPath, bound: _Bound | Criterion, scenario: Scenario) -> Iterator[Finding]:
    """Warn of a watched indicator that the scenario does not assess."""
    local = isinstance(bound, Threshold) and bound.by_district
    district = None if isinstance(bound, (Threshold, Criterion)) else bound.district
    of = Watch(bound.indicator, bound.item or bound.group, district)
    found = {
        place: unmet_need(scenario, of._replace(district=place))
        for place in (scenario.people.districts if local else (district,))
    }
    missing = {place: need.missing for place, need in found.items() if need is not None}
    if len(missing) < len(found):
        if missing:
            places = ", ".join(map(str, missing))
            yield Finding(
                path, f"{bound.indicator} is not assessed in {places}: {next(iter(missing.values()))} there"
            )
        yield from _left_out(path, of, scenario)
        return
    never = "" if isinstance(bound, (Threshold, Criterion)) else "; the condition is never met"
    yield Finding(path, f"{bound.indicator} is not assessed: {missing.popitem()[1]}{never}")


def _left_out(path: KeyPath, of: Watch, scenario: Scenario) -> Iterator[Finding]:
    """Warn of facilities whose ICU beds an indicator leaves out because their staff is not given."""
    if of.indicator in ICU_BEDS:
        unsaid = [name for name, site in icu_sites(scenario, of.district).items() if site.staff is None]
        if unsaid:
            count = f"{', '.join(unsaid)} ({len(unsaid)} of {len(icu_sites(scenario, of.district))})"
            yield Finding(path, f"leaves out the ICU beds of facilities whose staff is not given: {count}")


def _bound(path: KeyPath, bound: _Bound, scenario: Scenario) -> Iterator[Finding]:
    if bound.indicator is None:
        return
    yield from _too_long(path, bound, scenario)
    if bound.above is not None:
        yield from _beyond_all(path, bound, bound.above, scenario)
    watched = declared(bound.indicator)
    least, most = watched.least, watched.most
    lies = f"{watched.name} lies between {least:g} and {most:g}" if most is not None else ""
    if least > 0 and most is not None:
        below = bound.below is not None and bound.below <= least
        if below or (bound.above is not None and bound.above >= most):
            got = f"below {bound.below:g}" if below else f"above {bound.above:g}"
            yield Finding(path, f"can never be met: {lies}, got {got}")
            return
    elif most is not None and bound.above is not None and bound.above >= most:
        hint = " (write 80 % as 0.8)" if bound.above > most and watched.share else ""
        yield Finding(path, f"is unlikely to be met: {lies}, got above {bound.above:g}{hint}")
    if least >= 0 and bound.below is not None and bound.below <= 0:
        yield Finding(path, f"can never be met: {watched.name} is never below 0, got below {bound.below:g}")
    yield from _followed(path, bound, scenario)


def _beyond_all(
    path: KeyPath, bound: _Bound | Criterion, value: float, scenario: Scenario
) -> Iterator[Finding]:
    """Warn of a bound that an indicator could pass only by counting more people than there are."""
    most = None if bound.indicator is None else declared(bound.indicator).of_residents
    if most is not None and value >= most and scenario.epidemic is not None:
        message = f"is unlikely to be met: {bound.indicator} reaches {most} only if it counts every resident"
        side = "" if isinstance(bound, Criterion) else "above "
        yield Finding(path, f"{message}, got {side}{value:.12g}")


def _too_long(path: KeyPath, bound: _Bound, scenario: Scenario) -> Iterator[Finding]:
    """Warn of a condition that must be met on more days than the scenario has."""
    for_days = 1 if isinstance(bound, Threshold) else bound.for_days
    if for_days > scenario.days:
        message = f"can never be met: for_days is {for_days}, but the scenario has {scenario.days} days"
        yield Finding(path, message)


def _never_used(scenarios: Mapping[str, Scenario]) -> Iterator[Finding]:
    """Warn of facilities, measures and vaccines that neither the baseline nor any alternative uses."""
    baseline = scenarios[BASELINE]
    for name in baseline.care.facilities:
        if not any(_used(scenario, name) for scenario in scenarios.values()):
            message = "is never used: none of its beds are open to COVID and no rule opens or converts them"
            yield Finding(("care", "facilities", name), message)
    measures = baseline.epidemic.measures if baseline.epidemic is not None else {}
    for name in measures:
        if not any(_in_force(scenario, name) for scenario in scenarios.values()):
            yield Finding(
                ("epidemic", "measures", name), "is never in force: it has no start and no rule starts it"
            )
    if not any(has_doses(scenario) for scenario in scenarios.values()):
        yield Finding(("epidemic", "vaccination"), "has no effect: it has no doses and no rule adds any")


def _used(scenario: Scenario, name: str) -> bool:
    facility = scenario.care.facilities.get(name)
    if facility is None:
        return True
    share = facility.covid_share
    if facility.open_at_start and any((share.basic, share.oxygen, share.icu)):
        return True
    return any(rule.opens_beds(name, facility) for rule in scenario.command.plan.values())


def _in_force(scenario: Scenario, name: str) -> bool:
    measures = scenario.epidemic.measures if scenario.epidemic is not None else {}
    measure = measures.get(name)
    if measure is None or measure.start is not None:
        return True
    return any((MEASURE, name) in rule.references for rule in scenario.command.plan.values())


def hidden_changes(paths: Sequence[KeyPath], scenario: Scenario) -> Iterator[Finding]:
    """Warn of alternatives whose overlay overrides a value that was set from outside the scenario file."""
    for path in paths:
        for name, overlay in scenario.alternatives.items():
            if path[:2] != ("alternatives", name) and _covers(overlay, path):
                dotted = ".".join(map(str, path))
                yield Finding(
                    ("alternatives", name, *path),
                    f"overrides the changed value of {dotted} in this alternative",
                )


def _covers(overlay: object, path: KeyPath) -> bool:
    for key in path:
        if not isinstance(overlay, Mapping):
            return True
        if key not in overlay:
            return False
        overlay = overlay[key]
    return not is_scale(overlay)


def unsourced_figures(survey: Survey) -> Iterator[Finding]:
    """Warn how many figures in each section have no source or are assumed.

    The `detail` of each finding lists the figures.
    """
    sections: dict[str, list[Row]] = {}
    for row in survey.rows.values():
        sections.setdefault(row[0].split(".")[0], []).append(row)
    for section, figures in sections.items():
        missing = [path for path, _, source, _ in figures if not source]
        assumed = [path for path, _, source, confidence in figures if source and confidence == "assumed"]
        for paths, what in ((missing, "without a source"), (assumed, "assumed")):
            if paths:
                message = f"{len(paths)} of {len(figures)} figures {what}"
                yield Finding((section,), message, detail=_listed(paths))


def _listed(paths: list[str]) -> str:
    patterns = Counter(".".join(_starred(path.split("."))) for path in paths)
    return ", ".join(pattern if count == 1 else f"{pattern} ({count})" for pattern, count in patterns.items())


def _starred(segments: list[str]) -> list[str]:
    """Replace names of entries (except alternatives) with ``*``, so that figures of one kind are grouped."""
    if segments[0] == "alternatives" and len(segments) > 2:
        return [*segments[:2], *_starred(segments[2:])]
    starred = []
    where: Shape | None = scenario_shape()
    for segment in segments:
        starred.append("*" if where is not None and where.kind == "named" else segment)
        where = step(where, segment)
    return starred
