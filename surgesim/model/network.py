"""Where facilities lie: search orders, travel times, whom each serves, when boats cross."""

from __future__ import annotations

from typing import NamedTuple

from surgesim.model.people import travel_hours
from surgesim.scenario.schema import Scenario

_INSTANT = 1e-9  # days; times this close are the same


class Route(NamedTuple):
    """A way to a facility: its index, days of travel, and whether it crosses water."""

    facility: int
    travel_days: float
    crosses: bool


class Network:
    """The geometry of a province, fixed for a run.

    Attributes
    ----------
    from_district
        For each district, the routes to the facilities that serve it, in search order: its own
        district's first, then by travel time, then as in the scenario.
    from_facility
        The same for someone who lies in a facility: that facility first, at no distance.
    group_of
        The group of each district: districts of a group reach the same facilities, over water or not,
        so that one queue serves them all.
    reach
        For each facility, the groups it can take patients from, each with whether the way crosses
        water.
    district_of
        The district of each facility.
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
                    routes.append((there != district, days, f, Route(f, days, crosses(district, there))))
            return [route for *_, route in sorted(routes)]

        self.from_district = [search(district) for district in range(len(self.districts))]
        self.from_facility = [
            [Route(f, 0.0, False)] + [r for r in self.from_district[d] if r.facility != f]
            for f, d in enumerate(self.district_of)
        ]
        self.routes = [{route.facility: route for route in routes} for routes in self.from_district]
        ways = [tuple(sorted((r.facility, r.crosses) for r in routes)) for routes in self.from_district]
        kinds = list(dict.fromkeys(ways))
        self.group_of = [kinds.index(way) for way in ways]
        self.reach = [
            [(group, dict(kind)[f]) for group, kind in enumerate(kinds) if f in dict(kind)]
            for f in range(len(facilities))
        ]
        self.has_water = any(island) and len(island) > 1

    def boats_run(self, now: float) -> bool:
        """Whether a journey over water can start at this moment."""
        return self._opens - _INSTANT <= now % 1.0 < self._closes - _INSTANT

    def next_dawn(self, now: float) -> float:
        """The next time after `now` at which boats begin to run."""
        day = now // 1.0
        dawn = day + self._opens
        return dawn if dawn > now + _INSTANT else dawn + 1.0
