"""The network: search orders, whom facilities serve, boats by day only."""

from __future__ import annotations

from typing import Any

import pytest
from strategies import arrivals, build, clinical, deaths, district, facility, people, severity, small, stays

from surgesim.model.care.network import Network
from surgesim.model.simulation import Simulation
from surgesim.scenario.schema.scenario import Scenario

DISTRICTS = {
    "town": district(10_000),
    "coast": district(5_000, travel_hours=2.0),
    "isle": district(1_000, travel_hours=3.0, island=True),
}
SITES = {
    "coast-post": facility(oxygen=1, district="coast"),
    "town-far": facility(oxygen=1, access_hours=1.0),
    "town": facility(oxygen=1),
    "isle-post": facility(oxygen=1, district="isle", serves=["isle"]),
    "harbour": facility(oxygen=1, district="coast", serves=["isle", "coast"]),
}


def province(**sections: Any) -> Scenario:
    base = {"people": people(districts=DISTRICTS), "care": {"facilities": SITES}}
    return build(small(10, arrivals=arrivals(oxygen=[1])) | base | sections)


def names(network: Network, routes: Any) -> list[str]:
    return [network.facilities[route.facility] for route in routes]


def test_own_district_by_access_first_then_the_others_by_travel_time_then_as_listed() -> None:
    network = Network(province())
    found = {d: names(network, network.from_district[i]) for i, d in enumerate(network.districts)}
    assert found == {
        "town": ["town", "town-far", "coast-post"],
        "coast": ["coast-post", "harbour", "town", "town-far"],
        "isle": ["isle-post", "town", "town-far", "coast-post", "harbour"],
    }


def test_travel_is_that_of_the_districts_and_the_access_of_the_facility() -> None:
    network = Network(province())
    hours = {network.facilities[r.facility]: round(24 * r.travel_days, 9) for r in network.from_district[1]}
    assert hours == {"coast-post": 0, "harbour": 0, "town": 2, "town-far": 3}


def test_from_a_facility_itself_comes_first_whatever_its_access() -> None:
    network = Network(province())
    routes = network.from_facility[1]  # town-far
    assert names(network, routes) == ["town-far", "town", "coast-post"]
    assert routes[0].travel_days == 0
    assert not routes[0].crosses


def test_only_ways_between_an_island_and_elsewhere_cross_water() -> None:
    network = Network(province())
    crossing = {
        (d, network.facilities[r.facility])
        for i, d in enumerate(network.districts)
        for r in network.from_district[i]
        if r.crosses
    }
    assert crossing == {("isle", name) for name in ("town", "town-far", "coast-post", "harbour")}


@pytest.mark.parametrize(
    ("hour", "open_"),
    [(0, False), (5.99, False), (6, True), (12, True), (17.99, True), (18, False), (23, False)],
)
@pytest.mark.parametrize("day", [0, 3, -5, 19_999])
def test_boats_leave_from_the_first_hour_until_before_the_last(hour: float, open_: bool, day: int) -> None:
    network = Network(province())
    now = day + hour / 24
    assert network.way_is_open(2, True, now) is open_
    assert network.way_is_open(2, False, now) is True
    dawn = network.next_dawn(now)
    assert dawn == pytest.approx(day + 0.25 if hour < 6 else day + 1.25)


def test_a_night_on_the_island_is_spent_waiting() -> None:
    """Three patients of an island without beds: who needs oxygen at night leaves at the next dawn."""
    plain = province(
        arrivals={
            "series": {"all": {"bed": "oxygen", "counts": [40], "district": "isle"}},
            "counts_are": "exact",
        },
        clinical=clinical(
            severity=severity(p_icu=0.0, death_oxygen=deaths(0, 0, 0)),
            stays=stays(oxygen_days={"fixed": 3.0}),
            clocks={need: {"death_days": "never", "recovery_days": "never"} for need in ("oxygen", "icu")},
        ),
        care={"facilities": {"main": facility(oxygen=100)}, "no_bed_hours": 0.0},
    )
    log: list[Any] = []
    record = Simulation(plain, 1, 0, log=log).run()
    needs = {entry.patient: entry.time for entry in log if entry.what == "needs oxygen"}
    leaves = {entry.patient: entry.time for entry in log if entry.what == "departs"}
    arrives = {entry.patient: entry.time for entry in log if entry.what == "in oxygen bed"}
    assert len(needs) == len(leaves) == len(arrives) == 40
    assert sum(time < 0.25 for time in needs.values()) > 5
    assert sum(time >= 0.75 for time in needs.values()) > 5
    for patient, time in needs.items():
        dawn = 0.25 if time < 0.25 else 1.25
        assert leaves[patient] == pytest.approx(time if 0.25 <= time < 0.75 else dawn)
        assert arrives[patient] == pytest.approx(leaves[patient] + 3 / 24)
    evening = sum(time >= 0.75 for time in needs.values())
    assert record.series("waiting_oxygen")[0] == evening
    # who only waits for a boat to a free bed is not without a bed
    assert record.series("without_bed")[0] == 0


def test_districts_share_a_queue_if_their_ways_are_the_same_and_no_vehicles_are_counted() -> None:
    sites = {"town": facility(oxygen=1)}
    alike = {"town": district(10), "suburb": district(10), "isle": district(10, island=True)}
    vehicles = {"transport": {"fleets": {"town": {"ambulances": 1}}}}
    for transport, groups in (({}, [0, 0, 1]), (vehicles, [0, 1, 2])):
        care = {"facilities": sites} | transport
        assert Network(province(people=people(districts=alike), care=care)).group_of == groups
