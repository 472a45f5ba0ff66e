"""The resources of a province by path: their amounts, one step more, and enough of them everywhere.

This is the one place that says where a scenario holds the amounts of a resource.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

from surgesim.model.epidemic.people import apportion
from surgesim.scenario.schema.base import BED_TYPES
from surgesim.scenario.schema.scenario import Scenario

Plain: TypeAlias = Mapping[str, Any]
KeyPath: TypeAlias = tuple[str, ...]

EVERYWHERE: Final = ""
"""Place name that stands for the whole province."""

PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    "basic-beds": ("care.facilities.*.beds.basic",),
    "oxygen-beds": ("care.facilities.*.beds.oxygen",),
    "icu-beds": ("care.facilities.*.beds.icu",),
    "icu-target": ("care.facilities.*.icu_target",),
    "doctors": ("care.facilities.*.staff.doctors", "command.plan.*.doctors"),
    "ward-nurses": ("care.facilities.*.staff.ward_nurses", "command.plan.*.ward_nurses"),
    "icu-nurses": ("care.facilities.*.staff.icu_nurses", "command.plan.*.icu_nurses"),
    "ventilators": ("care.facilities.*.ventilators", "command.plan.*.ventilators"),
    "tanks": ("care.facilities.*.oxygen.tank_kg", "command.plan.*.tank_kg"),
    "cylinders": ("care.facilities.*.oxygen.cylinders",),
    "plants": ("care.facilities.*.oxygen.plant_nm3_per_hour", "command.plan.*.plant_nm3_per_hour"),
    "pipes": ("care.facilities.*.oxygen.pipe_lpm",),
    "larger-deliveries": ("care.facilities.*.oxygen.delivery.size_kg", "command.plan.*.delivery_kg"),
    "deliveries": ("care.facilities.*.oxygen.delivery.interval_days", "command.plan.*.interval_days"),
    "ambulances": ("care.transport.fleets.*.ambulances",),
    "boats": ("care.transport.fleets.*.boats",),
    "neighbour-beds": ("care.neighbours.*.icu_beds", "care.neighbours.*.per_day"),
    "home-care-teams": ("clinical.home_care.teams", "command.plan.*.teams"),
    "drug-packages": ("clinical.home_care.packages", "clinical.home_care.packages_per_day"),
    "tests": (
        "epidemic.detection.tests.single_per_day",
        "epidemic.detection.tests.pooled_per_day",
        "command.plan.*.single_per_day",
        "command.plan.*.pooled_per_day",
    ),
    "doses": ("epidemic.vaccination.doses_per_day", "command.plan.*.doses_per_day"),
    "lead-days": ("command.plan.*.lead_days",),
}
"""Scenario paths of the amounts of each resource; * matches any name, which is the place."""

LEAD_DAYS: Final = "lead-days"
DELIVERIES: Final = "deliveries"
LESS_IS_MORE: Final = (LEAD_DAYS, DELIVERIES)
"""Resources for which a lower figure is better: lead days, and days between deliveries."""

NEEDS: Final[Mapping[str, Callable[[Plain], bool]]] = {
    "neighbour-beds": lambda plain: any(rule["action"] == "transfer_out" for rule in _rules(plain)),
    "drug-packages": lambda plain: bool(amounts(plain, PATHS["home-care-teams"])),
}
"""Conditions under which a resource has an effect."""

STEPS: Final[Mapping[str, tuple[float, str]]] = {
    "basic-beds": (50, "beds"),
    "oxygen-beds": (50, "beds"),
    "icu-beds": (50, "beds"),
    "doctors": (10, "doctors"),
    "ward-nurses": (10, "nurses"),
    "icu-nurses": (10, "nurses"),
    "ventilators": (20, "ventilators"),
    "tanks": (10_000, "kg"),
    "cylinders": (100, "cylinders"),
    "plants": (50, "Nm³/h"),
    "pipes": (1_000, "L/min"),
    "deliveries": (5_000, "kg/day"),
    "ambulances": (5, "ambulances"),
    "boats": (2, "boats"),
    "neighbour-beds": (10, "beds"),
    "home-care-teams": (10, "teams"),
    "drug-packages": (100, "packages/day"),
    "tests": (1_000, "tests/day"),
    "doses": (1_000, "doses/day"),
    "lead-days": (1, "days"),
}
"""One planner's step more of each resource, with its unit: assumed, a round figure that one order brings."""

OXYGEN: Final = "oxygen"
"""The item of all limits on oxygen together: a plant for every bed, and pipes as wide as it needs."""

PAIRED: Final = (
    *("basic-beds", "oxygen-beds", "icu-beds", "doctors", "ward-nurses", "icu-nurses", "ventilators"),
    *(OXYGEN, "ambulances", "home-care-teams"),
)
"""Resources of which pairs are tried: what one patient needs at the same time."""

PLENTY: Final = 10
"""Factor of a limit removed where no need is known, such as that of beds."""
_STOCKS: Final = 100
_BED_LPM: Final = 60.0
"""Oxygen for every bed: the flow of high-flow oxygen, the largest of the usual flows."""
_ABSENT: Final = 0.5
"""Share of staff away that a removed limit on staff still allows."""

_STAFF: Final = {"doctors": "doctors", "ward-nurses": "ward_nurses", "icu-nurses": "icu_nurses"}
COUNTED: Final = (
    *(f"{bed}-beds" for bed in BED_TYPES),
    *(*_STAFF, "ventilators", "cylinders", "ambulances", "boats", "neighbour-beds", "home-care-teams"),
)
"""Resources that are counted, not measured in units."""

_SCALARS: Final[Mapping[str, str]] = {
    "home-care-teams": "clinical.home_care.teams",
    "drug-packages": "clinical.home_care.packages_per_day",
    "tests": "epidemic.detection.tests.single_per_day",
    "doses": "epidemic.vaccination.doses_per_day",
}
"""Resources of the whole province, and the path that a step raises."""

GROUPINGS: Final = ("province", "ownership", "kind", "district", "facility")
"""The places for which items are made."""


class Change(NamedTuple):
    """More of a resource: how much in all, and the overlay that lays it over the scenario."""

    added: float
    overlay: dict[str, Any]


# -- where a scenario holds a resource ----------------------------------------------------------------------


def _rules(plain: Plain) -> list[Plain]:
    return list(plain["command"].get("plan", {}).values())


def amounts(plain: Plain, patterns: Sequence[str]) -> list[tuple[KeyPath, str, float]]:
    """Return the path, place and value of every non-zero amount that matches a pattern."""
    return [
        (path, place, value)
        for pattern in patterns
        for path, place, value in _matches(plain, pattern)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value
    ]


def _matches(plain: Plain, pattern: str) -> list[tuple[KeyPath, str, Any]]:
    at: list[tuple[KeyPath, str, Any]] = [((), EVERYWHERE, plain)]
    for key in pattern.split("."):
        at = [
            ((*path, name), name if key == "*" else place, value[name])
            for path, place, value in at
            if isinstance(value, Mapping)
            for name in (value if key == "*" else (key,))
            if name in value
        ]
    return at


def lay(overlay: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Set a value in an overlay."""
    *into, last = path
    for key in into:
        overlay = overlay.setdefault(key, {})
    overlay[last] = value


def join_overlays(
    plain: Mapping[str, Any], one: Mapping[str, Any], other: Mapping[str, Any]
) -> dict[str, Any]:
    """Return an overlay with the values of both; other patients keep the beds that they have in `plain`."""
    joined = dict(one)
    for key, value in other.items():
        there = joined.get(key)
        if isinstance(value, Mapping) and isinstance(there, Mapping):
            joined[key] = join_overlays(plain.get(key) or {}, there, value)
        elif key in ("emergency_share", "elective_share") and there and value:
            joined[key] = 1 / (1 / there + 1 / value - 1 / plain[key])
        else:
            joined[key] = value
    return joined


def places(scenario: Scenario, grouping: str) -> dict[str, tuple[str, ...]]:
    """Return the facilities of each place, in scenario order."""
    found: dict[str, list[str]] = {}
    for name, facility in scenario.care.facilities.items():
        key = {
            "province": EVERYWHERE,
            "ownership": facility.ownership,
            "kind": facility.kind,
            "district": facility.district,
            "facility": name,
        }[grouping]
        found.setdefault(key, []).append(name)
    return {key: tuple(names) for key, names in found.items()}


# -- one step more ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Raiser:
    """Raises resources of a scenario, in some of its facilities.

    Attributes
    ----------
    scenario
        The scenario, whose values are taken as they are.
    facilities
        Names of the facilities in which resources of facilities are raised.
    whole
        True if the place is the whole province: only then are resources without a facility raised.
    """

    scenario: Scenario
    facilities: tuple[str, ...]
    whole: bool = True

    def more(self, resource: str, added: float) -> Change | None:
        """Return so much more of a resource, spread over the facilities that have it in proportion to their
        amounts; None if the place has none."""
        plain = self.scenario.to_plain()
        if resource in NEEDS and not NEEDS[resource](plain):
            return None
        if resource.endswith("-beds") and resource != "neighbour-beds":
            return self._beds(plain, resource.removesuffix("-beds"), added)
        if resource == LEAD_DAYS:
            return self._sooner(plain, added)
        if resource in _SCALARS:
            return self._of_province(plain, resource, added)
        if resource == DELIVERIES:
            return self._deliveries(plain, added)
        return self._of_places(plain, resource, added)

    def plenty(self, resource: str) -> Change | None:
        """Return so much of a resource that it limits nothing, in the facilities that have it; None if the
        place has none."""
        plain = self.scenario.to_plain()
        if resource in NEEDS and not NEEDS[resource](plain):
            return None
        if resource.endswith("-beds") and resource != "neighbour-beds":
            bed = resource.removesuffix("-beds")
            return self._beds(plain, bed, (PLENTY - 1) * sum(self._covid_beds(plain, bed).values()))
        if resource == OXYGEN:
            return self._all_oxygen(plain)
        if resource == LEAD_DAYS:
            return self._sooner(plain, float("inf"))
        if resource in _SCALARS:
            known = sum(value for _, _, value in amounts(plain, PATHS[resource]))
            return self._of_province(plain, resource, PLENTY * max(known, STEPS[resource][0]))
        if resource == DELIVERIES:
            return self._deliveries(plain, float("inf"))
        if resource in _STAFF or resource in ("ventilators", "plants", "pipes"):
            return self._enough(plain, resource)
        held = self._held(plain, resource)
        factor = _STOCKS if resource in ("tanks", "cylinders") else PLENTY
        return self._of_places(plain, resource, (factor - 1) * sum(held.values())) if held else None

    # -- beds ---------------------------------------------------------------------------------------

    def _covid_beds(self, plain: Plain, bed: str) -> dict[str, float]:
        """Return the beds that COVID-19 patients have, or can have after a rule, by facility."""
        found = {}
        for name in self.facilities:
            site = plain["care"]["facilities"][name]
            beds = site["beds"][bed]
            share = max(site["covid_share"][bed], site["convertible_share"][bed])
            if isinstance(beds, int) and beds and (share or not site["open_at_start"]):
                found[name] = beds * (share if site["open_at_start"] else 1.0)
        return found

    def _beds(self, plain: Plain, bed: str, added: float) -> Change | None:
        """Add beds for COVID-19 patients, open from the start where there are such beds, otherwise as soon as
        a rule opens or converts those of the facility. Other patients keep the beds they have."""
        held = self._covid_beds(plain, bed)
        if not held:
            return None
        overlay: dict[str, Any] = {}
        for name, more in _spread(held, added, whole=True).items():
            site = plain["care"]["facilities"][name]
            path = ("care", "facilities", name)
            old = site["beds"][bed]
            lay(overlay, (*path, "beds", bed), old + int(more))
            if bed == "icu" and "icu_target" in site:
                lay(overlay, (*path, "icu_target"), site["icu_target"] + int(more))
            if more and site["open_at_start"]:
                first, most = site["covid_share"][bed], site["convertible_share"][bed]
                start = (first * old + more) / (old + more)
                if most:
                    equipped = site["icu_target"] - site["beds"]["icu"] if "icu_target" in site else 0
                    end = old + {"icu": equipped, "oxygen": -equipped}.get(bed, 0)
                    share = (most * end + more) / (end + more)
                    lay(overlay, (*path, "convertible_share", bed), share)
                    start = min(start, share)
                if first:
                    lay(overlay, (*path, "covid_share", bed), start)
            if bed != "icu" and "essential" in site:
                others = [site["beds"][each] for each in BED_TYPES[:2]]
                if all(isinstance(each, int) for each in others):
                    kept = sum(others) / (sum(others) + more)
                    for share in ("emergency_share", "elective_share"):
                        lay(overlay, (*path, "essential", share), site["essential"][share] * kept)
        return Change(added, overlay)

    # -- staff, equipment, oxygen and vehicles ------------------------------------------------------

    def _held(self, plain: Plain, resource: str) -> dict[KeyPath, float]:
        """Return the non-zero amounts in the facilities, or in the districts and neighbours, by path."""
        pattern = PATHS[resource][0]
        of_facilities = pattern.startswith("care.facilities.")
        if not of_facilities and not self.whole:
            return {}
        return {
            path: value
            for path, place, value in amounts(plain, (pattern,))
            if not of_facilities or place in self.facilities
        }

    def _of_places(self, plain: Plain, resource: str, added: float) -> Change | None:
        held = self._held(plain, resource)
        if not held:
            return None
        overlay: dict[str, Any] = {}
        for path, more in _spread(held, added, whole=resource in COUNTED).items():
            lay(overlay, path, held[path] + more)
        return Change(added, overlay)

    def _deliveries(self, plain: Plain, added: float) -> Change | None:
        """Bring so many kg a day more, by more frequent deliveries of the same size."""
        held = self._held(plain, DELIVERIES)
        rates = {}
        for path in held:
            delivery = _value(plain, path[:-1])
            rates[path] = delivery["size_kg"] / delivery["interval_days"]
        if not rates:
            return None
        overlay: dict[str, Any] = {}
        total = 0.0
        for path, rate in rates.items():
            size = _value(plain, path[:-1])["size_kg"]
            interval = max(size / (rate + added * rate / sum(rates.values())), 0.1)
            interval = min(interval, held[path])
            lay(overlay, path, interval)
            total += size / interval - rate
        return Change(total, overlay)

    def _enough(self, plain: Plain, resource: str) -> Change | None:
        """Return as much as all beds of each facility can use."""
        overlay: dict[str, Any] = {}
        total = 0.0
        for path, old in self._held(plain, resource).items():
            need = self._need(plain["care"]["facilities"][path[2]], resource)
            new = max(ceil(need) if resource in COUNTED else need, old)
            lay(overlay, path, new)
            total += new - old
        return Change(total, overlay) if overlay else None

    def _need(self, site: Plain, resource: str) -> float:
        beds = {bed: site["beds"][bed] if isinstance(site["beds"][bed], int) else 10_000 for bed in BED_TYPES}
        icu = max(beds["icu"], site.get("icu_target", 0))
        every = beds["oxygen"] + icu
        if resource == "ventilators":
            return float(every)
        if resource == "pipes":
            return float(2 * _BED_LPM * every)
        if resource == "plants":
            return float(_BED_LPM * every * 60 / 1000 * 2)
        staffing = self.scenario.care.staffing
        cadre = "doctor" if resource == "doctors" else "nurse"
        wards = {"oxygen": beds["oxygen"], "basic": beds["basic"], "emergency": sum(beds.values())}
        posts = 0.0
        if resource != "icu-nurses":
            posts += sum(n / getattr(getattr(staffing, group), cadre).normal for group, n in wards.items())
        if resource != "ward-nurses":
            posts += (every if resource == "icu-nurses" else icu) / getattr(staffing.icu, cadre).normal
        return float(posts * staffing.heads_per_post / (1 - _ABSENT))

    def _all_oxygen(self, plain: Plain) -> Change | None:
        overlay: dict[str, Any] = {}
        total = 0.0
        for name in self.facilities:
            site = plain["care"]["facilities"][name]
            if "oxygen" in site:
                path, plant = ("care", "facilities", name, "oxygen"), self._need(site, "plants")
                lay(overlay, (*path, "plant_nm3_per_hour"), plant)
                total += plant - site["oxygen"]["plant_nm3_per_hour"]
                if "pipe_lpm" in site["oxygen"]:
                    lay(overlay, (*path, "pipe_lpm"), self._need(site, "pipes"))
        return Change(total, overlay) if overlay else None

    # -- resources of the whole province ------------------------------------------------------------

    def _of_province(self, plain: Plain, resource: str, added: float) -> Change | None:
        if not self.whole or not amounts(plain, PATHS[resource]):
            return None
        path = tuple(_SCALARS[resource].split("."))
        if resource == "doses" and not _value(plain, path[:-1]).get("start"):
            rules = amounts(plain, PATHS[resource][1:])
            held = {rule: value for rule, _, value in rules}
            overlay: dict[str, Any] = {}
            for rule, more in _spread(held, added, whole=False).items():
                lay(overlay, rule, held[rule] + more)
            return Change(added, overlay) if overlay else None
        if _value(plain, path[:-1]) is None:
            return None
        old = _value(plain, path) or 0
        new = old + (round(added) if resource in COUNTED else added)
        overlay = {}
        lay(overlay, path, new)
        return Change(added, overlay)

    def _sooner(self, plain: Plain, days: float) -> Change | None:
        held = amounts(plain, PATHS[LEAD_DAYS])
        if not held or not self.whole:
            return None
        overlay: dict[str, Any] = {}
        for path, _, old in held:
            lay(overlay, path, max(old - days, 0.0))
        return Change(min(days, max(old for _, _, old in held)), overlay)


def _value(plain: Any, path: Sequence[str]) -> Any:
    for key in path:
        plain = plain.get(key) if isinstance(plain, Mapping) else None
    return plain


def _spread(held: Mapping[Any, float], added: float, *, whole: bool) -> dict[Any, float]:
    """Spread an amount in proportion to the amounts held, in whole numbers if these are counted."""
    weights = np.array(list(held.values()), float)
    if whole:
        return dict(zip(held, apportion(round(added), weights).tolist(), strict=True))
    return dict(zip(held, (added * weights / weights.sum()).tolist(), strict=True))


def has(scenario: Scenario, resource: str) -> bool:
    """Return whether a scenario has any of a resource that can be raised."""
    return Raiser(scenario, tuple(scenario.care.facilities)).more(resource, STEPS[resource][0]) is not None


def set_paths(overlay: Plain, path: KeyPath = ()) -> Iterator[str]:
    """Yield the dotted path of every value that an overlay sets."""
    for key, value in overlay.items():
        if isinstance(value, Mapping):
            yield from set_paths(value, (*path, key))
        else:
            yield ".".join((*path, key))
