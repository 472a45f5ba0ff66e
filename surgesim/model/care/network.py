"""The geography of care: search order for beds, travel times, catchments and boat hours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surgesim.model.columns import Column, Page
from surgesim.model.epidemic.people import travel_hours
from surgesim.scenario.schema.capacity.transport import Transport
from surgesim.scenario.schema.scenario import Scenario

AWAY = Column("vehicles_away", "vehicles", "ambulances and boats away on a journey")

_INSTANT = 1e-9  # in days; times this close count as equal


@dataclass(frozen=True, slots=True)
class Route:
    """A route to a facility, with its travel time in days.

    `crosses` is True if the route crosses water. A gated route may be closed: it needs a running boat service
    or an available vehicle.
    """

    facility: int
    travel_days: float
    crosses: bool
    gated: bool


class Fleet:
    """The ambulances and boats of each district.

    Attributes
    ----------
    free
        ``free[crosses][district]``: available ambulances (0) and boats (1).
    away
        Number of vehicles on the road or on the water.
    """

    def __init__(self, section: Transport, districts: tuple[str, ...]) -> None:
        fleets = [section.fleets.get(district) for district in districts]
        self.free = (
            [fleet.ambulances if fleet is not None else 0 for fleet in fleets],
            [fleet.boats if fleet is not None else 0 for fleet in fleets],
        )
        self.away = 0

    def take(self, district: int, crosses: bool) -> None:
        """Send out a district's vehicle: a boat if the route crosses water, otherwise an ambulance."""
        self.free[crosses][district] -= 1
        self.away += 1

    def give_back(self, district: int, crosses: bool) -> None:
        """Return a vehicle to the district from which it was sent."""
        self.free[crosses][district] += 1
        self.away -= 1

    def fill(self, page: Page) -> None:
        """Record the vehicles that are away."""
        page.province.values["vehicles_away"] = self.away


class Network:
    """The geography of a province, fixed for a run.

    Attributes
    ----------
    from_district
        For each district, the routes to the facilities that serve it, in search order: facilities of the
        district first, then by travel time, then in the order of the scenario.
    stays
        For each facility, the route from one of its beds to another.
    from_facility
        For each facility, the routes for a patient in it: first the facility itself, without travel.
    group_of
        The group of each district. Districts of a group reach the same facilities by the same kind of route,
        so that one queue serves them all. Where vehicles are limited, each district is a group of its own.
    catchments
        For each facility, the groups from which it can take patients, as tuples: group, one of the group's
        districts, True if the route is gated, True if it crosses water.
    fleet
        Vehicles by district; None if they are unlimited.
    district_of, district_index
        The district of each facility, as a list and as an array.
    hosts, has_visitors
        The district in which the people of each district are: another one if they are visitors, as some are.
    """

    def __init__(self, scenario: Scenario) -> None:
        people, care = scenario.people, scenario.care
        index = {name: i for i, name in enumerate(people.districts)}
        island = [district.island for district in people.districts.values()]
        hours = travel_hours(people)
        facilities = list(care.facilities.values())
        self.districts = tuple(people.districts)
        self.facilities = tuple(care.facilities)
        self.district_of = [index[facility.district] for facility in facilities]
        self.district_index = np.array(self.district_of, np.intp)
        self.hosts = people.hosts
        self.has_visitors = self.hosts != tuple(range(len(self.hosts)))
        self._opens = people.crossing_from_hour / 24
        self._closes = people.crossing_to_hour / 24

        def crosses(a: int, b: int) -> bool:
            return a != b and (island[a] or island[b])

        def search(district: int) -> list[Route]:
            routes = []
            for f, facility in enumerate(facilities):
                if facility.serves is None or self.districts[district] in facility.serves:
                    there = self.district_of[f]
                    days = (float(hours[district, there]) + facility.access_hours) / 24
                    water = crosses(district, there)
                    gated = water or (care.transport is not None and days > 0)
                    routes.append((there != district, days, f, Route(f, days, water, gated)))
            return [route for *_, route in sorted(routes)]

        self.from_district = [search(district) for district in self.hosts]
        self.stays = [Route(f, 0.0, False, False) for f in range(len(facilities))]
        self.from_facility = [
            [self.stays[f]] + [r for r in self.from_district[d] if r.facility != f]
            for f, d in enumerate(self.district_of)
        ]
        self.routes = [{route.facility: route for route in routes} for routes in self.from_district]
        ways: list[object] = [
            d if care.transport is not None else tuple(sorted((r.facility, r.crosses) for r in routes))
            for d, routes in enumerate(self.from_district)
        ]
        kinds = list(dict.fromkeys(ways))
        self.group_of = [kinds.index(way) for way in ways]
        first = [ways.index(kind) for kind in kinds]
        self.catchments = [
            [
                (group, d, self.routes[d][f].gated, self.routes[d][f].crosses)
                for group, d in enumerate(first)
                if f in self.routes[d]
            ]
            for f in range(len(facilities))
        ]
        self.has_water = any(island) and len(island) > 1
        self.fleet = None if care.transport is None else Fleet(care.transport, self.districts)

    def way_is_open(self, district: int, crosses: bool, now: float) -> bool:
        """Return True if a journey on a gated route can start from a district now."""
        if crosses and not self._opens - _INSTANT <= now % 1.0 < self._closes - _INSTANT:
            return False
        return self.fleet is None or self.fleet.free[crosses][district] > 0

    def next_dawn(self, now: float) -> float:
        """Return the next time after `now` at which boats start to run."""
        day = now // 1.0
        dawn = day + self._opens
        return dawn if dawn > now + _INSTANT else dawn + 1.0
