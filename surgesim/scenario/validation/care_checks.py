"""What must hold between facilities, and between a rule of the plan and the facilities it acts on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

from surgesim.scenario.loading.yaml_nodes import KeyPath
from surgesim.scenario.messages.wording import Finding
from surgesim.scenario.schema.care import Facility
from surgesim.scenario.schema.command import (
    AtFacilities,
    ConvertBeds,
    Equip,
    OrderOxygen,
    PostponeElective,
    RedeployNurses,
    ReinforceStaff,
    RemoteLink,
    Restock,
    RuleBase,
)


def between_facilities(facilities: Mapping[str, Facility]) -> Iterator[Finding]:
    """Oxygen for intensive care, counted beds for other patients, who can replace whom."""
    some_supplied = any(facility.oxygen is not None for facility in facilities.values())
    for name, facility in facilities.items():
        path = ("care", "facilities", name)
        if name in facility.replaces:
            yield (*path, "replaces"), f"got {name!r} itself, expected other facilities"
        elif facility.replaces and facility.open_at_start:
            message = "got facilities to replace beside open_at_start: true, expected open_at_start: false"
            yield (*path, "replaces"), message
        if some_supplied and facility.oxygen is None and (facility.beds.icu or facility.icu_target):
            message = (
                "missing: a facility with ICU beds and no oxygen source, expected one here as in other "
                "facilities (or in none, where oxygen does not limit)"
            )
            yield (*path, "oxygen"), message
        if facility.essential is not None and "unlimited" in (facility.beds.basic, facility.beds.oxygen):
            message = "got other patients beside unlimited beds, expected counted basic and oxygen beds"
            yield (*path, "essential"), message


def open_at_start(facility: Facility, bed: str) -> float:
    """COVID beds of a type that are open at the start: whole beds, as the model opens them."""
    beds = getattr(facility.beds, bed)
    share = getattr(facility.covid_share, bed)
    if not facility.open_at_start or share == 0:
        return 0
    return math.inf if beds == "unlimited" else math.floor(beds * share + 1e-9)


_NEEDS: Mapping[type[AtFacilities], tuple[Callable[[Facility], bool], str]] = {
    ReinforceStaff: (lambda facility: facility.staff is not None, "staff given"),
    RedeployNurses: (lambda facility: facility.staff is not None, "staff given"),
    Equip: (lambda facility: facility.ventilators is not None, "ventilators given"),
    OrderOxygen: (lambda facility: facility.oxygen is not None, "an oxygen source"),
    PostponeElective: (
        lambda facility: facility.essential is not None and facility.essential.elective_share > 0,
        "elective patients",
    ),
    RemoteLink: (
        lambda facility: not facility.specialists and not facility.remote_link,
        "specialists: false and no remote link yet",
    ),
}
"""What an action needs at a facility, without which it would do nothing there."""


def at_facilities(
    path: KeyPath, rule: RuleBase, facilities: Mapping[str, Facility], *, complete: bool
) -> Iterator[Finding]:
    """Whether a rule can do what it says where it says so.

    Parameters
    ----------
    path
        Of the rule.
    facilities
        Those that are valid by themselves.
    complete
        Whether these are all.
    """
    if isinstance(rule, ConvertBeds):
        yield from _closed(path, rule, facilities)
    if isinstance(rule, AtFacilities):
        yield from _pointless(path, rule, facilities, complete)
    if isinstance(rule, ReinforceStaff) and not (rule.doctors or rule.ward_nurses or rule.icu_nurses):
        yield path, "got nobody to reinforce with, expected doctors, ward_nurses or icu_nurses"
    if isinstance(rule, Restock) and not (rule.amount or rule.per_day):
        yield path, "got nothing to restock with, expected amount or per_day"


def acts_at(rule: AtFacilities, name: str, facility: Facility) -> bool:
    """Whether a rule acts at a facility: one it names, or an open one of an ownership class."""
    if rule.facilities is not None:
        return name in rule.facilities
    return facility.ownership in rule.ownership and facility.open_at_start


def _closed(path: KeyPath, rule: ConvertBeds, facilities: Mapping[str, Facility]) -> Iterator[Finding]:
    for index, name in enumerate(rule.facilities or ()):
        facility = facilities.get(name)
        if facility is not None and not facility.open_at_start:
            message = (
                f"got {name!r}, which is closed at the start, expected a facility that is open "
                "(open_facility opens a closed one)"
            )
            yield (*path, "facilities", index), message


def _pointless(
    path: KeyPath, rule: AtFacilities, facilities: Mapping[str, Facility], complete: bool
) -> Iterator[Finding]:
    fits, what = _NEEDS[type(rule)]
    if rule.facilities is None:
        there = any(acts_at(rule, name, section) and fits(section) for name, section in facilities.items())
        if complete and not there:
            got = ", ".join(rule.ownership)
            yield (*path, "ownership"), f"got {got}, expected an open facility among these with {what}"
        return
    for index, name in enumerate(rule.facilities):
        facility = facilities.get(name)
        if facility is not None and not fits(facility):
            yield (*path, "facilities", index), f"got {name!r}, expected a facility with {what}"
