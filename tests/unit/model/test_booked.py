"""What a lever brings is there, and is booked and paid for, on exactly the days on which it is there.

Every action x trigger (a date, an indicator) x when (first day, middle, last) x `until` (a date, an
indicator, none) x phases and delays, whole and not: the days are reckoned here from the rule alone, with
exact fractions, and compared with what a run has booked day by day. Day d is [d, d + 1); what is counted
once a day is there on a day if it is there at its 00:00.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from capacity_cases import NEVER_ABSENT, Watched, nobody_dies, standing
from strategies import Plain, arrivals, facility, people, variant

from surgesim.model.record import FACILITY_INDEX, logistics_columns
from surgesim.scenario.schema.scenario import Scenario

pytestmark = pytest.mark.slow

DAYS = 20
START = date(2024, 1, 1)
PATIENTS = 10
"""Who lie in the facility `clock` all the time: each makes a unit of the burdens a day, which pile up."""

CLOCK: Plain = {"clock": facility(oxygen=PATIENTS)}
AGES: Plain = {
    name: {"title": name, "unit": "days", "made": {"oxygen_bed": 1.0}, "capacity_per_day": 0.0}
    for name in ("age", "other-age")
}
STAFFING: Plain = {
    "icu": {"nurse": {"normal": 1, "surge": 1}, "doctor": {"normal": 1000, "surge": 1000}},
    "heads_per_post": 5.0,
    "absence": NEVER_ABSENT,
}


@dataclass(frozen=True)
class Timing:
    """When a rule begins and ends: `kind` of trigger and the day on which it acts without delay."""

    kind: str
    begins: int
    until: str
    ends: int
    phases: tuple[tuple[str, str], ...]
    decision: str
    lead: str

    def keys(self) -> Plain:
        """The keys of the rule."""
        when: Plain = {"on": _on(self.begins)}
        if self.kind == "indicator":
            when = {"indicator": "burden_backlog", "item": "age", "above": PATIENTS * (self.begins - 0.5)}
        until: Plain = {"on": _on(self.ends)}
        if self.until == "indicator":
            above = PATIENTS * (self.ends - 0.5)
            until = {"indicator": "burden_backlog", "item": "other-age", "above": above}
        return {
            "when": when,
            "decision_days": float(self.decision),
            "lead_days": float(self.lead),
            "phases": [{"after_days": float(after), "share": float(share)} for after, share in self.phases],
            "stand_down_days": float(self.decision),
        } | ({} if self.until == "none" else {"until": until})

    def courses(self) -> Iterator[tuple[Fraction, Fraction | None]]:
        """From when to when each course of the rule is ready: its lead time over, and stood down."""
        now = Fraction(0)
        while now < DAYS:
            fired = Fraction(self.begins)
            if self.kind == "indicator":
                fired = max(fired, Fraction(floor(now) + 1))
            ready = fired + Fraction(self.decision) + Fraction(self.lead)
            if self.until == "none":
                yield ready, None
                return
            ended = max(Fraction(self.ends), ready)
            if self.until == "indicator":
                ended = max(Fraction(self.ends), Fraction(floor(ready) + 1))
            now = ended + Fraction(self.decision)
            yield ready, now
            if self.kind == "date":
                return

    def share_at(self, time: Fraction) -> float:
        """The share of the action that is there at a time."""
        for ready, gone in self.courses():
            if ready <= time and (gone is None or time < gone):
                reached = [float(s) for after, s in self.phases if ready + Fraction(after) <= time]
                return reached[-1] if reached else 0.0
        return 0.0

    def begun_on(self, day: int) -> int:
        """How many courses bring their first phase on a day."""
        first = Fraction(self.phases[0][0])
        return sum(
            floor(ready + first) == day and (gone is None or ready + first < gone)
            for ready, gone in self.courses()
        )

    def deliveries_on(self, day: int) -> int:
        """How many daily deliveries, from the first phase on, fall on a day."""
        come = 0
        for ready, gone in self.courses():
            first = ready + Fraction(self.phases[0][0])
            times = [first + n for n in range(DAYS)]
            come += sum(floor(time) == day and (gone is None or time < gone) for time in times)
        return come


def _on(day: int) -> str:
    return (START + timedelta(days=day)).isoformat()


def timings() -> Iterator[Timing]:
    whole, phased = (("0", "1"),), (("0", "0.5"), ("2", "1"))
    courses = (
        (whole, "0", "0"),
        (whole, "0.4", "0.8"),
        (phased, "0.3", "0.7"),
    )
    for kind, begins in (
        *(("date", d) for d in (0, 6, DAYS - 1)),
        *(("indicator", d) for d in (1, 6, DAYS - 1)),
    ):
        for until, (phases, decision, lead) in itertools.product(("none", "date", "indicator"), courses):
            yield Timing(kind, begins, until, begins + 5, phases, decision, lead)


# -- what is booked -------------------------------------------------------------------------------

Booked = Callable[[Watched], list[float]]
There = Callable[[Timing, int], float]


def column(name: str) -> Booked:
    return lambda watched: watched[name].tolist()


def of_facility(name: str, what: str) -> Booked:
    def booked(watched: Watched) -> list[float]:
        place = list(watched.scenario.care.facilities).index(name)
        return watched.record.facilities[:, place, FACILITY_INDEX[what]].tolist()

    return booked


def stock_delivered(watched: Watched) -> list[float]:
    """What came into the stock of gowns, day by day; nobody uses any."""
    names = [c.name for c in logistics_columns(["gowns"], list(AGES))]
    stock = watched.record.logistics[:, names.index("stock:gowns")].tolist()
    return [now - before for before, now in itertools.pairwise([0.0, *stock])]


def at_00(full: float, base: float = 0.0) -> There:
    """There at 00:00 of the day, in proportion to the share."""
    return lambda timing, day: base + full * timing.share_at(Fraction(day))


def is_on(timing: Timing, day: int) -> bool:
    return timing.share_at(Fraction(day)) > 0


def to_icu(nurses: int, **changes: Any) -> Plain:
    return facility(icu=40) | {"staff": {"doctors": 10_000, "icu_nurses": nurses}} | changes


def wards(plan: Plain) -> Scenario:
    """A facility for each lever, so that none meets another."""
    sites = CLOCK | {
        "closed": facility(oxygen=40, open_at_start=False),
        "mixed": facility(oxygen=40, covid_share=0.0, ownership="military"),
        "private": facility(oxygen=40, covid_share=0.0, ownership="private"),
        "reinforced": to_icu(50),
        "redeployed": to_icu(50) | {"staff": {"doctors": 10_000, "icu_nurses": 50, "ward_nurses": 100}},
        "equipped": facility(icu=40) | {"ventilators": 5},
        "elective": facility(oxygen=400, covid_share=0.0) | {"essential": {}},
        "bulk": facility() | {"oxygen": {"tank_kg": 50_000.0, "tank_start_share": 0.0}},
        "linked": facility() | {"specialists": False},
    }
    gowns = {"title": "Gowns", "unit": "sets", "use": {"death": 1.0}, "stock": 0.0}
    return standing(
        DAYS,
        sites,
        {"clock": {"oxygen": PATIENTS}},
        plan,
        more_care={"staffing": STAFFING},
        clinical=nobody_dies(respiratory={"icu_beds": {"invasive": 1.0}}),
        supply={
            "burdens": AGES,
            "consumables": {"gowns": gowns},
            "costs": {"staff_day": 1.0, "facility_opening": 1000.0},
        },
    )


def waiting(plan: Plain) -> Scenario:
    """Five hundred who wait for intensive care, and none to be had but next door."""
    return standing(
        DAYS,
        CLOCK,
        {"clock": {"oxygen": PATIENTS}},
        plan,
        more_care={"neighbours": {"next-door": {"icu_beds": 500, "per_day": 2, "stay_days": 900.0}}},
        arrivals=arrivals("exact", icu=[500] + [0] * (DAYS - 1)),
        supply={"burdens": AGES},
    )


def spreading(plan: Plain, **epidemic: Any) -> Scenario:
    return standing(
        DAYS,
        CLOCK,
        {"clock": {"oxygen": PATIENTS}},
        plan,
        arrivals=None,
        people=people(districts={"town": {"title": "Town", "population": 200_000}}),
        epidemic={
            "variant": variant(2.0),
            "initial_infections": {"town": 40_000},
            "detection": {"share": 1.0, "delay_days": {"fixed": 0.0}},
            "measures": {"shut": {"reduces": dict.fromkeys(("home", "school", "work", "community"), 1.0)}},
        }
        | epidemic,
        clinical=nobody_dies(
            home_care={"teams": 0, "patients_per_team": 10.0, "packages": 1e6, "followed_days": 60.0},
            severity={
                "p_oxygen": 0.0,
                "p_icu": 0.0,
                "death_oxygen": dict.fromkeys(("full", "thin", "boarded", "untreated"), 0.0),
                "death_icu": dict.fromkeys(("full", "thin", "boarded", "untreated"), 0.0),
            },
        ),
        supply={"burdens": AGES, "costs": {"home_case_day": 1.0}},
    )


def short_of_tests(plan: Plain) -> Scenario:
    """Far more need a test than there are tests; doses come by rule alone."""
    return spreading(
        plan,
        detection={"tests": {"single_per_day": 30}},
        vaccination={"groups": {"all": {"acceptance": 1.0}}, "health_workers": 0.0},
        immunity={"vaccinated": {"infection": 0.5, "severe": 0.5}},
    )


@dataclass(frozen=True)
class Lever:
    """An action, what is booked of it, and how much should be on a day."""

    keys: Plain
    booked: Booked
    there: There


HOUSES: dict[Callable[[Plain], Scenario], dict[str, Lever]] = {
    wards: {
        "open": Lever(
            {"action": "open_facility", "facilities": ["closed"]},
            of_facility("closed", "staffed_oxygen"),
            at_00(40),
        ),
        "convert": Lever(
            {"action": "convert_beds", "facilities": ["mixed"]},
            of_facility("mixed", "staffed_oxygen"),
            at_00(40),
        ),
        "mobilise": Lever(
            {"action": "mobilise", "ownership": ["private"], "share": 1.0},
            of_facility("private", "staffed_oxygen"),
            at_00(40),
        ),
        "reinforce": Lever(
            {"action": "reinforce_staff", "facilities": ["reinforced"], "icu_nurses": 60},
            of_facility("reinforced", "staffed_icu"),
            at_00(12, 10),
        ),
        "costs of staff and of openings": Lever(
            {},
            column("cost"),
            lambda timing, day: at_00(60)(timing, day) + 3 * 1000 * timing.begun_on(day),
        ),
        "redeploy": Lever(
            {"action": "redeploy_nurses", "facilities": ["redeployed"], "share": 0.4, "efficiency": 0.5},
            of_facility("redeployed", "staffed_icu"),
            at_00(4, 10),
        ),
        "equip": Lever(
            {"action": "equip", "facilities": ["equipped"], "ventilators": 20},
            of_facility("equipped", "staffed_icu"),
            at_00(20, 5),
        ),
        "postpone": Lever(
            {"action": "postpone_elective", "facilities": ["elective"], "share": 1.0},
            lambda watched: [float(served == 0) for served in watched["elective_served"].tolist()],
            lambda timing, day: float(timing.share_at(Fraction(day)) == 1),
        ),
        "link": Lever(
            {"action": "remote_link", "facilities": ["linked"]},
            lambda watched: [float(seen) for seen in watched.seen],
            lambda timing, day: float(timing.share_at(Fraction(day + 1) - Fraction(1, 10**6)) > 0),
        ),
        "oxygen": Lever(
            {"action": "order_oxygen", "facilities": ["bulk"], "delivery_kg": 100.0},
            column("oxygen_delivered_kg"),
            lambda timing, day: 100.0 * timing.deliveries_on(day),
        ),
        "restock": Lever(
            {"action": "restock", "item": "gowns", "amount": 1000.0, "per_day": 10.0},
            stock_delivered,
            lambda timing, day: 10.0 * is_on(timing, day) + 1000.0 * timing.begun_on(day),
        ),
    },
    waiting: {
        "transfer": Lever(
            {"action": "transfer_out", "neighbour": "next-door"},
            column("transferred_out"),
            lambda timing, day: 2.0 * (is_on(timing, day) and day > 0),  # nobody waits yet at the first 00:00
        ),
    },
    spreading: {
        "teams": Lever({"action": "open_home_care", "teams": 8}, column("cost"), at_00(80)),
        "measure": Lever(
            {"action": "measure", "measure": "shut"},
            lambda watched: [float(infections == 0) for infections in watched["infections"].tolist()],
            lambda timing, day: float(is_on(timing, day)),
        ),
    },
    short_of_tests: {
        "tests": Lever(
            {"action": "raise_testing", "single_per_day": 60.0}, column("tests_used"), at_00(60, 30)
        ),
        "doses": Lever(
            {"action": "vaccinate", "doses_per_day": 100.0, "lead_days": 0.0},
            column("doses_given"),
            at_00(100),
        ),
    },
}


def linked(province: Any) -> bool:
    """Whether the last facility has specialists at hand."""
    return bool(province.journey.specialists[-1])


@pytest.mark.parametrize("timing", list(timings()))
def test_booked_days_are_the_days_there(timing: Timing) -> None:
    missed = []
    for house, levers in HOUSES.items():
        plan = {name: lever.keys | timing.keys() for name, lever in levers.items() if lever.keys}
        watched = Watched(house(plan), see=linked)
        for name, lever in levers.items():
            expected = [lever.there(timing, day) for day in range(DAYS)]
            booked = lever.booked(watched)
            if booked != pytest.approx(expected):
                missed.append((name, expected, booked))
    assert not missed


def test_the_table_holds_every_action() -> None:
    from surgesim.scenario.schema.command import Rule

    actions = {
        kind.model_fields["action"].annotation.__args__[0]  # type: ignore[union-attr]
        for kind in Rule.__origin__.__args__  # type: ignore[attr-defined]
    }
    held = {lever.keys["action"] for levers in HOUSES.values() for lever in levers.values() if lever.keys}
    costless = {
        "pool_ventilators",
        "pool_staff",
        "pool_oxygen",
        "lend",
        "queue_order",
        "limit_icu",
        "level_load",
        "home_oxygen",
        "local_measure",
        "household_lockdown",
        "open_quarantine",
        "train_doctors",
        "form_icu_teams",
    }
    assert held == actions - costless - {"custom"}  # the action of an extension


@pytest.mark.parametrize(
    ("kind", "until"), list(itertools.product(("date", "indicator"), ("none", "date", "indicator")))
)
def test_the_table_has_days_there_and_days_not_there(kind: str, until: str) -> None:
    """Else it could not miss anything."""
    mid = [t for t in timings() if (t.kind, t.until, t.begins) == (kind, until, 6)]
    assert mid
    for timing in mid:
        there = [is_on(timing, day) for day in range(DAYS)]
        assert any(there)
        assert not all(there)
