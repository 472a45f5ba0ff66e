"""The parts of a scenario that indicators need: an indicator is not assessed without them.

This is a separate module so that model, tables, report and warnings share one declaration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, get_args

from surgesim.scenario.schema.base import RISK_GROUPS, BedType
from surgesim.scenario.schema.care import Facility
from surgesim.scenario.schema.command import Threshold
from surgesim.scenario.schema.indicators import Watch, declared
from surgesim.scenario.schema.scenario import Scenario


class Need(NamedTuple):
    """A part of a scenario that an indicator needs to be assessed.

    Attributes
    ----------
    name
        Its name in the tables and the translation catalogues.
    missing
        The reason reported if the scenario lacks the part.
    is_met
        A function that returns True if a scenario gives the part for a watched indicator.
    """

    name: str
    missing: str
    is_met: Callable[[Scenario, Watch], bool]


def icu_sites(scenario: Scenario, district: str | None = None) -> dict[str, Facility]:
    """Return the facilities with ICU beds or an `icu_target`, by name, in one district or in all."""
    return {
        name: facility
        for name, facility in scenario.care.facilities.items()
        if (facility.beds.icu or facility.icu_target) and district in (None, facility.district)
    }


def _any_facility(field: str) -> Callable[[Scenario, Watch], bool]:
    return lambda scenario, _: any(
        getattr(facility, field) is not None for facility in scenario.care.facilities.values()
    )


def _staffed(scenario: Scenario, watch: Watch) -> bool:
    sites = icu_sites(scenario, watch.district).values()
    return not sites or any(facility.staff is not None for facility in sites)


def _equipped(scenario: Scenario, watch: Watch) -> bool:
    sites = [f for f in icu_sites(scenario, watch.district).values() if f.staff is not None]
    return not sites or any(f.ventilators is not None or f.oxygen is not None for f in sites)


def _vulnerable(scenario: Scenario, _: Watch) -> bool:
    vaccination = None if scenario.epidemic is None else scenario.epidemic.vaccination
    return vaccination is not None and bool(vaccination.vulnerable)


def _stocked(scenario: Scenario, watch: Watch) -> bool:
    item = scenario.supply.consumables.get(watch.of or "")
    return item is not None and item.stock is not None


def _disposed(scenario: Scenario, watch: Watch) -> bool:
    burden = scenario.supply.burdens.get(watch.of or "")
    return burden is not None and burden.capacity_per_day is not None


def _some_of_each_side(scenario: Scenario, _: Watch) -> bool:
    levels = scenario.command.levels
    sides = () if levels is None else (levels.transmission, levels.response)
    return all(any(unmet_need(scenario, c.watch) is None for c in side.values()) for side in sides if side)


def _enough_criteria(scenario: Scenario, _: Watch) -> bool:
    names = scenario.command.of_situation
    return not names or len(assessed_criteria(scenario)) >= scenario.command.required_count


_NEEDS = (
    Need(
        "epidemic",
        "arrivals are given, not an epidemic",
        lambda scenario, _: scenario.epidemic is not None,
    ),
    Need("icu_staff", "staff is not given for any facility with ICU beds", _staffed),
    Need("icu_equipment", "ventilators and oxygen are not given for any facility with ICU beds", _equipped),
    Need("criteria", "fewer of its criteria are assessed than it requires", _enough_criteria),
    Need("oxygen", "oxygen is not given for any facility", _any_facility("oxygen")),
    Need("essential", "essential care is not given for any facility", _any_facility("essential")),
    Need("staff", "staff is not given for any facility", _any_facility("staff")),
    Need(
        "home_care",
        "clinical.home_care is not given",
        lambda scenario, _: scenario.clinical.home_care is not None,
    ),
    Need("vulnerable", "epidemic.vaccination names no vulnerable groups", _vulnerable),
    Need(
        "tests",
        "epidemic.detection.tests is not given",
        lambda scenario, _: scenario.epidemic is not None and scenario.epidemic.detection.tests is not None,
    ),
    Need("stock", "the item has no stock", _stocked),
    Need("capacity", "the item has no capacity_per_day", _disposed),
    Need(
        "levels",
        "command.levels is not given",
        lambda scenario, _: scenario.command.levels is not None,
    ),
    Need("level_criteria", "one of its sides has no criterion that is assessed", _some_of_each_side),
    Need(
        "risk",
        "the risk group of given arrivals is not known",
        lambda scenario, watch: watch.of not in RISK_GROUPS or scenario.epidemic is not None,
    ),
)

NEEDS: Mapping[str, Need] = {need.name: need for need in _NEEDS}
"""The needs of indicators, by name."""


def unmet_need(scenario: Scenario, watch: Watch) -> Need | None:
    """Return the first need of a watched indicator that a scenario does not meet; None if all are met."""
    if watch.indicator is None:
        return None
    needs = (NEEDS[name] for name in declared(watch.indicator).needs)
    return next((need for need in needs if not need.is_met(scenario, watch)), None)


def unmet_need_of(scenario: Scenario, threshold: Threshold, district: str | None = None) -> Need | None:
    """Return the first unmet need of a threshold in the province, or in one district; None if all are met."""
    return unmet_need(scenario, threshold.watch._replace(district=district))


def assessed_criteria(scenario: Scenario) -> tuple[str, ...]:
    """Return the thresholds of the declared emergency that are assessed."""
    command = scenario.command
    return tuple(
        name
        for name in command.of_situation
        if name in command.thresholds and unmet_need_of(scenario, command.thresholds[name]) is None
    )


def beds_occupied(scenario: Scenario) -> tuple[BedType, ...]:
    """Return the bed types that the scenario's patients can occupy; all types if it has no patients.

    Basic beds are for isolated mild cases, oxygen beds for patients who need oxygen, and ICU beds for
    patients who need intensive care. Mild cases of the first day alone do not count: the beds that they leave
    are for nobody.
    """
    severity = scenario.clinical.severity
    census = scenario.care.initial_census.values()
    series = () if scenario.arrivals is None else scenario.arrivals.series.values()
    coming = {one.bed for one in series if any(one.counts)}
    oxygen = (any(severity.p_oxygen) if scenario.epidemic is not None else bool(coming - {"basic"})) or any(
        beds.oxygen or beds.icu or beds.waits("oxygen") or beds.waits("icu") for beds in census
    )
    occupied: dict[BedType, bool] = {
        "basic": "basic" in coming or (scenario.epidemic is not None and scenario.clinical.isolates),
        "oxygen": oxygen,
        "icu": (oxygen and any(severity.p_icu))
        or "icu" in coming
        or any(beds.icu or beds.waits("icu") for beds in census),
    }
    return tuple(bed for bed, some in occupied.items() if some) or get_args(BedType)


def beds_counted(scenario: Scenario, threshold: Threshold) -> tuple[BedType, ...]:
    """Return the bed types counted by a threshold on vacant beds: by default, those of `beds_occupied`."""
    return beds_occupied(scenario) if threshold.beds is None else threshold.beds
