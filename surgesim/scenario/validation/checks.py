"""What must hold between the parts of a scenario: names that exist, dates in range, bounds that fit.

The checks run on a scenario that has errors elsewhere too, so that all errors are told at once:
names are looked up in the plain values, and the rest looks at each part that is valid by itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from surgesim.scenario.loading.yaml_nodes import KeyPath
from surgesim.scenario.messages.shape import at as shape_at
from surgesim.scenario.messages.shape import inside, suggestion
from surgesim.scenario.messages.wording import Finding, value_at
from surgesim.scenario.schema.base import ByAge, Day, Section
from surgesim.scenario.schema.care import Census, Facility
from surgesim.scenario.schema.command import (
    OpenFacility,
    OpenHomeCare,
    RaiseTesting,
    Rule,
    RuleBase,
    Situation,
    Threshold,
    Vaccinate,
)
from surgesim.scenario.schema.epidemic import Epidemic, Importation, Measure, Variant
from surgesim.scenario.schema.people import District, People
from surgesim.scenario.schema.scenario import Scenario
from surgesim.scenario.schema.vaccination import Vaccination
from surgesim.scenario.validation.care_checks import at_facilities, between_facilities, open_at_start
from surgesim.scenario.validation.epidemic_checks import dose_without_protection, imports, unmet_r0

_DISTRICT = ("district", "people.districts")
_FACILITY = ("facility", "care.facilities")

REFERENCES: Mapping[str, tuple[str, str]] = {
    "people.travel.@": _DISTRICT,
    "people.travel.*.@": _DISTRICT,
    "epidemic.initial_infections.@": _DISTRICT,
    "epidemic.importation.weights.@": _DISTRICT,
    "epidemic.measures.*.districts.*": _DISTRICT,
    "arrivals.series.*.district": _DISTRICT,
    "care.facilities.*.district": _DISTRICT,
    "care.facilities.*.serves.*": _DISTRICT,
    "care.facilities.*.replaces.*": _FACILITY,
    "care.initial_census.@": _FACILITY,
    "command.plan.*.facilities.*": _FACILITY,
    "care.transport.fleets.@": _DISTRICT,
    "command.plan.*.measure": ("measure", "epidemic.measures"),
    "epidemic.vaccination.vulnerable.*": ("group", "epidemic.vaccination.groups"),
    "command.plan.*.neighbour": ("neighbour", "care.neighbours"),
    "command.plan.*.item": ("consumable", "supply.consumables"),
    "command.plan.*.when.district": _DISTRICT,
    "command.plan.*.until.district": _DISTRICT,
    "command.situation.thresholds.*": ("threshold", "command.thresholds"),
}
"""Where a name stands (``*`` any entry, ``@`` the keys themselves), what it names, where that is defined."""


ITEMS: Mapping[str, tuple[str, str]] = {
    "stock_cover_days": ("consumable", "supply.consumables"),
    "burden_backlog": ("burden", "supply.burdens"),
}
"""Indicators of one item: what the item is, and where it is defined."""


def references(tree: Mapping[str, Any]) -> Iterator[Finding]:
    """Names that nothing in the plain values `tree` has."""
    for pattern, (kind, target) in REFERENCES.items():
        defined = value_at(tree, tuple(target.split(".")))
        if not isinstance(defined, Mapping):
            if target in (_DISTRICT[1], _FACILITY[1]) or _is_no_mapping(tree, target):
                continue  # the schema says that they are missing, or no section
            defined = {}
        for path, name in _names(tree, pattern.split("."), ()):
            off = name == "none" and _may_be_off(pattern)
            if isinstance(name, str) and not off and name not in defined:
                yield path, f"unknown {kind} {name!r}{suggestion(name, defined)}"
    yield from _items(tree)
    for target in _where_none_is_off():
        defined_so: KeyPath = (*target.split("."), "none")
        if value_at(tree, defined_so) is not None:
            yield defined_so, "got the name 'none', which a reference reads as no name, expected another"


@cache
def _may_be_off(pattern: str) -> bool:
    """Whether the word ``none`` at a place of REFERENCES names nothing, and says that nothing is named."""
    found = shape_at(tuple(pattern.split(".")))
    return found is not None and "none" in found.choices


@cache
def _where_none_is_off() -> tuple[str, ...]:
    """Where things are defined that a reference names, unless it is ``none``."""
    named = (target for pattern, (_, target) in REFERENCES.items() if _may_be_off(pattern))
    return tuple(dict.fromkeys((*named, *(target for _, target in ITEMS.values()))))


def _is_no_mapping(tree: Mapping[str, Any], target: str) -> bool:
    """Whether something stands at `target`, or where it should be in, that has no entries."""
    node: Any = tree
    for key in target.split("."):
        if not isinstance(node, Mapping):
            break
        node = node.get(key)
    return node not in (None, "none") and not isinstance(node, Mapping)


def _items(tree: Mapping[str, Any]) -> Iterator[Finding]:
    """Bounds on an indicator of one item, which must name it, and on others, which must not."""
    for path, indicator, item in _watched(tree):
        if not isinstance(indicator, str) or not isinstance(item, str | None):
            continue  # the schema says what is wrong with them
        if indicator in ITEMS:
            kind, target = ITEMS[indicator]
            defined = value_at(tree, tuple(target.split(".")))
            defined = defined if isinstance(defined, Mapping) else {}
            if item is None:
                yield (*path, "item"), f"missing, expected the name of a {kind} for {indicator}"
            elif item not in defined:
                yield (*path, "item"), f"unknown {kind} {item!r}{suggestion(item, defined)}"
        elif item is not None:
            yield (*path, "item"), f"got {item!r}, but {indicator} is not of one item: expected none"


def _watched(tree: Mapping[str, Any]) -> Iterator[tuple[KeyPath, Any, Any]]:
    """Each threshold, criterion and condition of a rule: its path, indicator and item."""
    for pattern in ("thresholds.*", "levels.transmission.*", "levels.response.*"):
        for path, threshold in _names(tree, ["command", *pattern.split(".")], ()):
            yield path, *_indicator_and_item(threshold)
    for path, rule in _names(tree, ["command", "plan", "*"], ()):
        when, until = _indicator_and_item(inside(rule, "when")), _indicator_and_item(inside(rule, "until"))
        yield (*path, "when"), *when
        if until[0] is not None:
            yield (*path, "until"), *until
        elif until[1] is not None:
            yield (*path, "until"), when[0], until[1]


def _indicator_and_item(bound: Any) -> tuple[Any, Any]:
    indicator, item = inside(bound, "indicator"), inside(bound, "item")
    return (None if indicator == "none" else indicator), (None if item == "none" else item)


def _names(node: Any, pattern: list[str], path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    if not pattern:
        yield path, node
    elif isinstance(node, Mapping):
        if pattern[0] == "@":
            yield from (((*path, key), key) for key in node)
            return
        for key in node if pattern[0] == "*" else [pattern[0]]:
            if key in node:
                yield from _names(node[key], pattern[1:], (*path, key))
    elif isinstance(node, (list, tuple)) and pattern[0] == "*":
        for index, inner in enumerate(node):
            yield from _names(inner, pattern[1:], (*path, index))


@dataclass(slots=True)
class Parts:
    """The parts of a scenario that are valid by themselves; what is not is missing here.

    Attributes
    ----------
    all_facilities, all_thresholds
        Whether `facilities` and `thresholds` are all that the scenario has.
    home_care, vaccination_given, tests_given, protection_given
        Whether care at home, vaccination, limited tests and the protection by a dose are given, valid or not.
    """

    start: date | None = None
    days: int | None = None
    warm_up_days: int = 0
    districts: Mapping[str, District] = field(default_factory=dict)
    facilities: Mapping[str, Facility] = field(default_factory=dict)
    census: Mapping[str, Census] = field(default_factory=dict)
    initial_infections: Mapping[str, int] = field(default_factory=dict)
    importation: Importation | None = None
    measures: Mapping[str, Measure] = field(default_factory=dict)
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    situation: Situation | None = None
    plan: Mapping[str, RuleBase] = field(default_factory=dict)
    all_facilities: bool = True
    all_thresholds: bool = True
    home_care: bool = False
    vaccination: Vaccination | None = None
    vaccination_given: bool = False
    tests_given: bool = False
    protection_given: bool = False
    people: People | None = None
    variant: Variant | None = None
    susceptibility: tuple[float, ...] | None = None

    @classmethod
    def of(cls, scenario: Scenario) -> Parts:
        """All parts of a valid scenario."""
        epidemic = scenario.epidemic
        return cls(
            scenario.start,
            scenario.days,
            scenario.warm_up_days,
            scenario.people.districts,
            scenario.care.facilities,
            scenario.care.initial_census,
            epidemic.initial_infections if epidemic is not None else {},
            epidemic.importation if epidemic is not None else None,
            epidemic.measures if epidemic is not None else {},
            scenario.command.thresholds,
            scenario.command.situation,
            scenario.command.plan,
            all_facilities=True,
            home_care=scenario.clinical.home_care is not None,
            vaccination=epidemic.vaccination if epidemic is not None else None,
            vaccination_given=epidemic is not None and epidemic.vaccination is not None,
            tests_given=epidemic is not None and epidemic.detection.tests is not None,
            protection_given=epidemic is not None and epidemic.immunity.vaccinated is not None,
            people=scenario.people,
            variant=epidemic.variant if epidemic is not None else None,
            susceptibility=epidemic.susceptibility if epidemic is not None else None,
        )

    @classmethod
    def found_in(cls, tree: Mapping[str, Any]) -> Parts:
        """The valid parts of plain values that are not a valid scenario."""
        facilities = _valid(tree, "care.facilities", Facility)
        thresholds = _valid(tree, "command.thresholds", Threshold)
        return cls(
            _one(tree, "start", Day),
            _one(tree, "days", int),
            _one(tree, "warm_up_days", int) or 0,
            _valid(tree, "people.districts", District),
            facilities,
            _valid(tree, "care.initial_census", Census),
            _valid(tree, "epidemic.initial_infections", int),
            _one(tree, "epidemic.importation", Importation),
            _valid(tree, "epidemic.measures", Measure),
            thresholds,
            _one(tree, "command.situation", Situation),
            _valid(tree, "command.plan", Rule),
            all_facilities=_are_all(facilities, value_at(tree, ("care", "facilities"))),
            all_thresholds=_are_all(thresholds, value_at(tree, ("command", "thresholds")) or {}),
            home_care=value_at(tree, ("clinical", "home_care")) not in (None, "none"),
            vaccination=_one(tree, "epidemic.vaccination", Vaccination),
            vaccination_given=value_at(tree, ("epidemic", "vaccination")) not in (None, "none"),
            tests_given=value_at(tree, ("epidemic", "detection", "tests")) not in (None, "none"),
            protection_given=value_at(tree, ("epidemic", "immunity", "vaccinated")) not in (None, "none"),
            people=_one(tree, "people", People),
            variant=_one(tree, "epidemic.variant", Variant),
            susceptibility=_susceptibility(tree),
        )


def _are_all(valid: Mapping[str, Any], given: Any) -> bool:
    return isinstance(given, Mapping) and len(valid) == len(given)


class _Nothing(Section):
    pass


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    strict = None if isinstance(kind, type) and issubclass(kind, Section) else _Nothing.model_config
    return TypeAdapter(kind, config=strict if kind is int else None)


def _parse(kind: Any, value: Any) -> Any:
    try:
        return _adapter(kind).validate_python(value)
    except ValidationError:
        return None


def _one(tree: Mapping[str, Any], path: str, kind: Any) -> Any:
    return _parse(kind, value_at(tree, tuple(path.split("."))))


def _valid(tree: Mapping[str, Any], path: str, kind: Any) -> dict[str, Any]:
    entries = value_at(tree, tuple(path.split(".")))
    if not isinstance(entries, Mapping):
        return {}
    parsed = {name: _parse(kind, value) for name, value in entries.items()}
    return {name: part for name, part in parsed.items() if part is not None}


def _susceptibility(tree: Mapping[str, Any]) -> tuple[float, ...] | None:
    """That of the scenario, or the schema's where it gives none; None where it is not valid."""
    given = value_at(tree, ("epidemic", "susceptibility"))
    if given is None:
        usual: tuple[float, ...] = Epidemic.model_fields["susceptibility"].default
        return usual
    parsed: tuple[float, ...] | None = _parse(ByAge, given)
    return parsed


def one_driver(tree: Mapping[str, Any]) -> Iterator[Finding]:
    """The schema's rule on epidemic and arrivals, for values too faulty for the schema to reach it."""
    given = [name for name in ("epidemic", "arrivals") if tree.get(name, "none") not in ("none", None)]
    if len(given) != 1:
        yield (), "expected exactly one of the sections epidemic and arrivals"


def _reserved(parts: Parts) -> Iterator[Finding]:
    """Names that the tables of results give to something else."""
    for named, path, meaning in (
        (parts.thresholds, ("command", "thresholds", "situation"), "the declared emergency"),
        (parts.districts, ("people", "districts", "province"), "the province as a whole"),
    ):
        if path[-1] in named:
            yield path, f"got the name {path[-1]!r}, which is that of {meaning}, expected another"


def consistency(parts: Parts) -> Iterator[Finding]:
    """Everything but names and dates that must fit together."""
    yield from _reserved(parts)
    yield from between_facilities(parts.facilities)
    yield from _initial_state(parts)
    yield from _epidemic(parts)
    yield from _command(parts)
    for name, rule in parts.plan.items():
        yield from _rule(parts, ("command", "plan", name), rule)


def _epidemic(parts: Parts) -> Iterator[Finding]:
    if parts.vaccination_given and not parts.protection_given:
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
            yield ("epidemic", "initial_infections", name), message
    for name, census in parts.census.items():
        facility = parts.facilities.get(name)
        for bed in ("oxygen", "icu"):
            patients = getattr(census, bed)
            beds = math.inf if facility is None else open_at_start(facility, bed)
            if patients > beds:
                most = f"the {beds:g} COVID {bed} beds open at the start"
                message = f"got {patients} patients, expected at most {most}"
                yield ("care", "initial_census", name, bed), message


def _command(parts: Parts) -> Iterator[Finding]:
    for name, threshold in parts.thresholds.items():
        if threshold.indicator == "situation":
            path = ("command", "thresholds", name, "indicator")
            yield path, "got 'situation', which is itself made of thresholds, expected another indicator"
    situation = parts.situation
    if situation is not None and isinstance(situation.require, int):
        in_province = [name for name, threshold in parts.thresholds.items() if not threshold.by_district]
        among = in_province if situation.thresholds is None else situation.thresholds
        if situation.require > len(among) and (parts.all_thresholds or situation.thresholds is not None):
            message = f"got {situation.require}, expected at most the {len(among)} thresholds there are"
            if len(in_province) < len(parts.thresholds) and situation.thresholds is None:
                message += " for the province"
            yield ("command", "situation", "require"), message
    for index, name in enumerate((situation.thresholds if situation is not None else None) or ()):
        if name in parts.thresholds and parts.thresholds[name].by_district:
            message = f"got {name!r}, which is assessed by district, expected one of the province"
            yield ("command", "situation", "thresholds", index), message


def _rule(parts: Parts, path: KeyPath, rule: RuleBase) -> Iterator[Finding]:
    if isinstance(rule, OpenFacility):
        for index, name in enumerate(rule.facilities):
            facility = parts.facilities.get(name)
            if facility is not None and facility.open_at_start:
                message = (
                    f"got {name!r}, which is open at the start, expected a facility with open_at_start: false"
                )
                yield (*path, "facilities", index), message
    if isinstance(rule, OpenHomeCare) and not parts.home_care:
        yield path, "opens care at home, expected clinical.home_care to be given"
    if isinstance(rule, Vaccinate) and not parts.vaccination_given:
        yield path, "brings doses, expected epidemic.vaccination to be given"
    if isinstance(rule, RaiseTesting) and not parts.tests_given:
        yield path, "raises tests, expected their limit in epidemic.detection.tests to be given"
    yield from at_facilities(path, rule, parts.facilities, complete=parts.all_facilities)
    when, until = rule.when, rule.until
    if until is None:
        return
    if when.on is not None and until.on is not None and until.on <= when.on:
        yield (
            (*path, "until", "on"),
            f"got {until.on}, expected a date after {when.on}, on which the rule begins",
        )
    if when.indicator is None or rule.ends_on != rule.begins_on:
        return
    if when.above is not None and (until.above is not None or _above(until.below, when.above)):
        got = f"above {until.above:g}" if until.above is not None else f"below {until.below:g}"
        yield _flapping(path, got, f"below at most {when.above:g}", f"above {when.above:g}")
    if when.below is not None and (until.below is not None or _above(when.below, until.above)):
        got = f"below {until.below:g}" if until.below is not None else f"above {until.above:g}"
        yield _flapping(path, got, f"above at least {when.below:g}", f"below {when.below:g}")


def _above(value: float | None, bound: float | None) -> bool:
    return value is not None and bound is not None and value > bound


def _flapping(path: KeyPath, got: str, expected: str, on: str) -> Finding:
    message = f"got {got} for a rule that begins {on}, expected {expected}: the rule would switch on and off"
    return (*path, "until"), message


def out_of_range(parts: Parts) -> Iterator[Finding]:
    """Dates and days outside the simulated time, from the warm-up to the last day."""
    longest = 20_000
    if parts.start is None or parts.days is None or not 1 <= parts.days <= longest:
        return
    first = parts.start - timedelta(days=min(max(parts.warm_up_days, 0), longest))
    after = parts.start + timedelta(days=parts.days)
    last = after - timedelta(days=1)
    for path, day, latest in _dates(parts, last, after):
        if not first <= day <= latest:
            yield path, f"got {day}, expected a date within the scenario, {first} to {last}"
    for name in ("from_day", "until_day"):
        number = getattr(parts.importation, name, None)
        if number is not None and number > parts.days - (name == "from_day"):
            message = f"got day {number}, expected a day within the {parts.days} days of the scenario"
            yield ("epidemic", "importation", name), message


def _dates(parts: Parts, last: date, after: date) -> Iterator[tuple[KeyPath, date, date]]:
    """Path, date, and the latest it may be: an end may be the day after the last."""
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
