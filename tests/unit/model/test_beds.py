"""BedPool: beds counted, searches in order, queues that agree with a plain list."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import arrivals, build, district, facility, people, small

from surgesim.errors import IdentityError
from surgesim.model.care.beds import BedPool, QueuePlace
from surgesim.model.care.network import Network

DISTRICTS = {"town": district(1_000), "coast": district(1_000, travel_hours=2.0)}
SITES = {
    "open-to-all": facility(oxygen=1),
    "for-the-coast": facility(oxygen=1, district="coast", serves=["coast"]),
    "far": facility(oxygen=1, access_hours=9.0),
}
NETWORK = Network(
    build(
        small(
            1,
            people=people(districts=DISTRICTS),
            care={"facilities": SITES},
            arrivals=arrivals(oxygen=[1]),
        )
    )
)
TOWN, COAST = 0, 1
OPEN_TO_ALL, FOR_THE_COAST, FAR = 0, 1, 2
NOON = 0.5


def pool(*capacity: int) -> BedPool:
    beds = BedPool(NETWORK, [0] * len(NETWORK.facilities))
    for facility_, number in enumerate(capacity):
        beds.set_capacity(facility_, number)
    return beds


def found(beds: BedPool, place: int) -> int | None:
    route = beds.find(NETWORK.from_district[place], place, NOON)
    return None if route is None else route.facility


def test_a_search_takes_the_first_free_bed_on_the_way() -> None:
    beds = pool(1, 1, 1)
    got = []
    while (facility_ := found(beds, COAST)) is not None:
        got.append(facility_)
        beds.take(facility_)
    assert got == [FOR_THE_COAST, OPEN_TO_ALL, FAR]
    assert beds.total_free == 0


def test_a_bed_held_is_not_free_and_becomes_occupied_on_arrival() -> None:
    beds = pool(1)
    beds.hold(OPEN_TO_ALL)
    assert (beds.held[0], beds.occupied[0], found(beds, TOWN)) == (1, 0, None)
    beds.arrive(OPEN_TO_ALL)
    assert (beds.held[0], beds.occupied[0], found(beds, TOWN)) == (0, 1, None)
    beds.release(OPEN_TO_ALL)
    assert found(beds, TOWN) == OPEN_TO_ALL


def test_capacity_below_occupancy_evicts_nobody_and_beds_close_as_they_empty() -> None:
    beds = pool(3)
    for _ in range(3):
        beds.take(OPEN_TO_ALL)
    assert beds.set_capacity(OPEN_TO_ALL, 1) == 0
    free = []
    for _ in range(3):
        beds.release(OPEN_TO_ALL)
        free.append((beds.occupied[0], beds.free[0], beds.total_free))
    assert free == [(2, -1, 0), (1, 0, 0), (0, 1, 1)]


@pytest.mark.parametrize(
    ("before", "used", "after", "made_free"), [(0, 0, 4, 4), (2, 2, 5, 3), (2, 1, 5, 3), (5, 5, 3, 0)]
)
def test_raising_capacity_tells_how_many_beds_that_made_free(
    before: int, used: int, after: int, made_free: int
) -> None:
    beds = pool(before)
    for _ in range(used):
        beds.take(OPEN_TO_ALL)
    assert beds.set_capacity(OPEN_TO_ALL, after) == made_free


def test_capacity_raised_above_an_overfull_ward_frees_only_what_is_beyond_its_patients() -> None:
    beds = pool(4)
    for _ in range(4):
        beds.take(OPEN_TO_ALL)
    beds.set_capacity(OPEN_TO_ALL, 1)
    assert beds.set_capacity(OPEN_TO_ALL, 6) == 2
    assert beds.total_free == 2


def someone(index: int) -> Any:
    return SimpleNamespace(index=index)


def key(triage: int, since: float, index: int) -> tuple[int, float, float, int]:
    return (triage, 0.0, since, index)


def test_the_queue_is_by_class_then_by_time_then_by_number() -> None:
    beds = pool(1)
    names = ("late", "early", "urgent", "twin")
    for number, (triage, since) in enumerate(zip((2, 2, 1, 2), (5.0, 3.0, 9.0, 3.0), strict=True)):
        beds.join(someone(number), key(triage, since, number), TOWN)
    served = []
    while (place := beds.best_for(OPEN_TO_ALL, NOON)) is not None:
        served.append(names[place.patient.index])
        beds.leave(place.patient)
    assert served == ["urgent", "early", "twin", "late"]
    assert not beds.line


def test_who_left_the_line_before_the_first_is_not_in_the_way_when_the_first_leaves() -> None:
    beds = pool(1)
    places = [beds.join(someone(number), key(2, float(number), number), TOWN) for number in range(4)]
    for number in (2, 1, 0):
        beds.leave(places[number].patient)
    assert beds.best_for(OPEN_TO_ALL, NOON) is places[3]


def test_a_facility_sees_the_heads_of_the_districts_it_serves() -> None:
    beds = pool(1, 1, 1)
    beds.join(someone(0), key(2, 1.0, 0), TOWN)
    beds.join(someone(1), key(2, 2.0, 1), COAST)
    heads = [beds.best_for(f, NOON) for f in (OPEN_TO_ALL, FOR_THE_COAST, FAR)]
    assert [head.district for head in heads if head is not None] == [TOWN, COAST, TOWN]


moves = st.lists(
    st.one_of(
        st.tuples(st.just("join"), st.integers(0, 1), st.integers(0, 2), st.integers(0, 5)),
        st.tuples(st.just("leave"), st.integers(0, 10), st.just(0), st.just(0)),
        st.tuples(st.just("serve"), st.integers(0, 2), st.just(0), st.just(0)),
    ),
    min_size=1,
    max_size=60,
)


@pytest.mark.slow
@given(moves)
def test_queues_agree_with_a_plain_list(steps: list[tuple[str, int, int, int]]) -> None:
    """Joining, leaving from anywhere in the line, and being served, against a list sorted anew each time."""
    beds = pool(1, 1, 1)
    line: list[QueuePlace] = []
    for number, (what, a, b, c) in enumerate(steps):
        if what == "join":
            line.append(beds.join(someone(number), key(b, float(c), number), a))
        elif what == "leave" and line:
            beds.leave(line.pop(a % len(line)).patient)
        elif what == "serve":
            reachable = [place for place in line if a != FOR_THE_COAST or place.district == COAST]
            expected = min(reachable, default=None)
            assert beds.best_for(a, NOON) is expected
            if expected is not None:
                line.remove(expected)
                beds.leave(expected.patient)
        assert sorted(beds.line) == sorted(place.who for place in line)
        assert beds.waiting == [sum(place.district == d for place in line) for d in (TOWN, COAST)]


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["take", "hold", "arrive", "release", "capacity"]),
            st.integers(0, 2),
            st.integers(0, 4),
        ),
        min_size=1,
        max_size=80,
    )
)
def test_beds_add_up_whatever_happens(steps: list[tuple[str, int, int]]) -> None:
    beds = pool(2, 2, 2)
    for what, f, number in steps:
        if what == "capacity":
            beds.set_capacity(f, number)
        elif (what in ("take", "hold") and beds.free[f] > 0) or (
            (what == "arrive" and beds.held[f] > 0) or (what == "release" and beds.occupied[f] > 0)
        ):
            getattr(beds, what)(f)
        for i in range(3):
            assert beds.free[i] == beds.capacity[i] - beds.occupied[i] - beds.held[i]
        assert beds.total_free == sum(max(free, 0) for free in beds.free)
        assert (found(beds, TOWN) is None) == (max(beds.free[OPEN_TO_ALL], beds.free[FAR]) <= 0)


def test_the_daily_check_stops_a_bed_given_twice() -> None:
    beds = pool(1)
    beds.check("oxygen", 0)
    beds.take(OPEN_TO_ALL)
    beds.check("oxygen", 1)
    beds.take(OPEN_TO_ALL)
    with pytest.raises(IdentityError, match=r"occupied <= max.*failed in open-to-all, oxygen on day 2"):
        beds.check("oxygen", 2)


def test_who_lies_in_a_bed_that_closes_may_stay() -> None:
    beds = pool(2)
    beds.take(OPEN_TO_ALL)
    beds.check("oxygen", 0)
    beds.set_capacity(OPEN_TO_ALL, 0)
    beds.check("oxygen", 1)
    beds.check("oxygen", 2)
    assert beds.occupied[OPEN_TO_ALL] == 1
