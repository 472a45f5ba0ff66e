"""Check facilities against each other, and the plan's rules against the facilities at which they act."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from surgesim.scenario.messages.finding import Finding, KeyPath, Kind
from surgesim.scenario.schema.care import Facility
from surgesim.scenario.schema.levers.rule import RuleBase


def between_facilities(facilities: Mapping[str, Facility]) -> Iterator[Finding]:
    """Check each facility's oxygen supply, beds for non-COVID patients, and replaced facilities."""
    some_supplied = any(facility.oxygen is not None for facility in facilities.values())
    for name, facility in facilities.items():
        path = ("care", "facilities", name)
        if name in facility.replaces:
            yield Finding(
                (*path, "replaces"), f"got {name!r}, the facility itself, expected other facilities"
            )
        elif facility.replaces and facility.open_at_start:
            message = "got facilities to replace, but open_at_start: true, expected open_at_start: false"
            yield Finding((*path, "replaces"), message)
        if some_supplied and facility.oxygen is None and (facility.beds.icu or facility.icu_target):
            message = (
                "missing: this facility has ICU beds, expected an oxygen source as in other facilities "
                "(or in none of them, if oxygen is unlimited)"
            )
            yield Finding((*path, "oxygen"), message, Kind.INCOMPLETE)
        if facility.essential is not None and "unlimited" in (facility.beds.basic, facility.beds.oxygen):
            message = "got non-COVID patients and unlimited beds, expected a number of basic and oxygen beds"
            yield Finding((*path, "essential"), message)


def open_at_start(facility: Facility, bed: str) -> float:
    """Return the number of COVID beds of a type that are open at the start, rounded down as in the model."""
    beds = getattr(facility.beds, bed)
    share = getattr(facility.covid_share, bed)
    if not facility.open_at_start or share == 0:
        return 0
    return math.inf if beds == "unlimited" else math.floor(beds * share + 1e-9)


def at_facilities(
    path: KeyPath, rule: RuleBase, facilities: Mapping[str, Facility], *, complete: bool
) -> Iterator[Finding]:
    """Check that a rule can act at the facilities it names or selects.

    Parameters
    ----------
    path
        Path of the rule.
    facilities
        The facilities that have no errors of their own.
    complete
        True if `facilities` contains all facilities of the scenario.
    """
    for index, name in enumerate(rule.named_facilities):
        misfit = rule.misfit(facilities[name]) if name in facilities else None
        if misfit is not None:
            yield Finding((*path, "facilities", index), f"got {name!r}, {misfit}")
    of_all = rule.misfit_of_all(facilities) if complete else None
    if of_all is not None:
        key, message = of_all
        yield Finding((*path, key), message)
