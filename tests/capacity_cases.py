"""Scenarios in which staff, oxygen, equipment, vehicles and non-COVID patients limit beds.

The sections in `strategies` give the patients and the beds; this module adds what limits the beds. `Watched`
keeps details of a run for tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from strategies import (
    DISTRICTS,
    FACILITIES,
    THRESHOLDS,
    Plain,
    arrivals,
    build,
    clinical,
    clock,
    courses,
    deaths,
    epidemics,
    facilities,
    facility,
    given_arrivals,
    laid,
    provinces,
    rules,
    severity,
    shares,
    small,
    stays,
)

from surgesim.model.care.beds import ICU, OXYGEN
from surgesim.model.care.course.events import LogEntry
from surgesim.model.command.indicators import Assessment
from surgesim.model.province import Province
from surgesim.model.record import FACILITY_INDEX, Floats, Record
from surgesim.model.simulation import Simulation
from surgesim.scenario.schema.scenario import Scenario

MASK_ONLY: Plain = {"oxygen_beds": {"mask": 1.0}, "icu_beds": {"mask": 1.0}}
"""A mask with 10 L/min for every patient, in every bed."""

KG_OF_MASK = 10 * 1.354e-3 * 1440
"""Oxygen use of one mask, kg per day: L/min, kg per litre, minutes per day."""

FOREVER: Plain = {"fixed": 1000.0}


def nobody_dies(**changes: Any) -> Plain:
    """Return a section `clinical` with long fixed stays, no deaths, endless clocks and masks only."""
    return (
        clinical(
            severity=severity(p_icu=0.0, death_oxygen=deaths(0, 0, 0), death_icu=deaths(0, 0, 0)),
            stays=stays(
                oxygen_to_icu_days=FOREVER,
                oxygen_days=FOREVER,
                icu_survivor_days=FOREVER,
                icu_dying_days=FOREVER,
                step_down_days=FOREVER,
            ),
            clocks={"oxygen": clock("never", "never"), "icu": clock("never", "never")},
            respiratory=MASK_ONLY,
        )
        | changes
    )


def standing(
    days: int, sites: Plain, census: Plain | None = None, plan: Plain | None = None, **sections: Any
) -> Scenario:
    """Build a scenario whose initial patients stay; nobody else arrives unless `sections` say so."""
    care = {"facilities": sites, "initial_census": census or {}, "initial_stays": "fresh"}
    return build(
        small(
            days,
            arrivals=arrivals("exact", oxygen=[0] * days),
            clinical=nobody_dies(),
            care=care | sections.pop("more_care", {}),
            command={"thresholds": THRESHOLDS, "plan": plan or {}},
        )
        | sections
    )


def rule(action: str, on: str = "2024-01-03", **changes: Any) -> Plain:
    """Return a rule that fires on a date, without delays."""
    return {"action": action, "when": {"on": on}, "decision_days": 0.0} | changes


NEVER_ABSENT: Plain = {"base": 0.0, "community": 0.0, "at_work": 0.0}

PARTS_WITHOUT_LIMIT: Plain = {
    "staff": {"doctors": 10**6, "ward_nurses": 10**6, "icu_nurses": 10**6},
    "ventilators": 10**6,
    "oxygen": {"tank_kg": 1e12, "tank_start_share": 1.0, "plant_nm3_per_hour": 10.0, "cylinders": 5},
    "essential": {"emergency_share": 0.0, "elective_share": 0.0},
}
"""Staff, oxygen and equipment of a facility that never limit its beds."""


def with_parts(scenario: Scenario, *, vehicles: int = 10**6) -> Scenario:
    """Add ample staff, oxygen and ventilators at every facility, and vehicles, to a scenario."""
    fleets = {name: {"ambulances": vehicles, "boats": vehicles} for name in scenario.people.districts}
    sites = dict.fromkeys(scenario.care.facilities, PARTS_WITHOUT_LIMIT)
    care = {"facilities": sites, "transport": {"fleets": fleets}, "staffing": {"absence": NEVER_ABSENT}}
    care["neighbours"] = {"next-door": {"icu_beds": 10}}
    gowns = {"title": "Gowns", "unit": "sets", "use": USE, "stock": 0.0}
    parts: Plain = {"care": care, "supply": {"consumables": {"gowns": gowns}}}
    if scenario.epidemic is not None and scenario.epidemic.vaccination is not None:
        parts["epidemic"] = {"vaccination": {"health_workers": 0.0}}  # so many staff would take all doses
    return laid(scenario, parts)


# -- details of a run -----------------------------------------------------------------------------


class Watched:
    """A run with its event log, and the state of its parts at the end of each recorded day.

    Attributes
    ----------
    record, simulation
        The record, and the simulation as it is at the end.
    days
        The event log, split by recorded day; the first part also covers the warm-up.
    seen
        The values that `see` returned at 24:00 of each day.
    at_hand
        By day, ``(facilities, 8)``, at 00:00: staff on the payroll by cadre, and ventilators added by rules;
        staff brought by rules by cadre; above 0 where own staff serve only other patients.
    pools
        By day: the facilities whose ventilators are pooled, by pool.
    highest
        ``(days, 2, facilities)`` highest number of staffed oxygen and ICU beds at any time of the day.
    """

    def __init__(
        self, scenario: Scenario, *, see: Callable[[Province], Any] | None = None, seed: int = 7
    ) -> None:
        log: list[LogEntry] = []
        self.scenario = scenario
        self.simulation = simulation = Simulation(scenario, seed, 0, log=log)
        self.days: list[list[LogEntry]] = []
        self.seen: list[Any] = []
        self.at_hand: list[Floats] = []
        self.pools: list[list[list[int]]] = []
        n = len(scenario.care.facilities)
        highest = np.zeros((2, n))
        all_highest: list[Floats] = []
        record, set_capacity = simulation.recorder.record, simulation.province.journey.set_capacity
        province, capacity = simulation.province, simulation.province.capacity
        count_staff = capacity.open
        at_hand = np.zeros((n, 8))

        def recorded(day: int) -> Assessment:
            self.days.append(log.copy())
            log.clear()
            all_highest.append(highest.copy())
            self.at_hand.append(at_hand.copy())
            self.pools.append(self._pools)
            highest[:] = province.wards.staffed[OXYGEN:]
            if see is not None:
                self.seen.append(see(province))
            return record(day)

        def changed(bed: int, site: int, beds: int) -> None:
            row = {OXYGEN: 0, ICU: 1}[bed]
            highest[row, site] = max(highest[row, site], beds)
            set_capacity(bed, site, beds)

        def opened(day: int, covid: Any, incidence: float) -> Any:
            beds = count_staff(day, covid, incidence)
            at_hand[:, :3] = capacity.heads()
            at_hand[:, 3] = capacity.adjustments.total("ventilators")
            self._pools = [pool.tolist() for pool in capacity.adjustments.groups("ventilator pool")]
            at_hand[:, 4:7] = np.rint(capacity.adjustments.total("heads", 3))
            at_hand[:, 7] = capacity.adjustments.total("without staff")
            return beds

        capacity.open = opened  # type: ignore[method-assign]
        simulation.recorder.record = recorded  # type: ignore[method-assign]
        simulation.province.journey.set_capacity = changed  # type: ignore[method-assign]
        self.record: Record = simulation.run()
        self.highest = np.array(all_highest)

    def __getitem__(self, column: str) -> Floats:
        """Return a daily series of the province."""
        return self.record.series(column)

    def facility(self, column: str) -> Floats:
        """Return a column of the facilities, ``(days, facilities)``."""
        return self.record.facilities[:, :, FACILITY_INDEX[column]]

    @property
    def log(self) -> list[LogEntry]:
        return [entry for entries in self.days for entry in entries]


# -- hypothesis -----------------------------------------------------------------------------------

_few = st.sampled_from([0, 1, 3, 8, 25])


def _oxygen(draw: st.DrawFn) -> Plain | None:
    """Draw an oxygen supply, usually too small; None where it is not modelled."""
    if draw(st.integers(0, 4)) == 0:
        return None
    tank = draw(st.sampled_from([0.0, 30.0, 150.0, 600.0]))
    cylinders = draw(st.sampled_from([0, 2, 20]))
    plant = draw(st.sampled_from([0.0, 1.0, 6.0]))
    room = tank + 8.124 * cylinders
    if room + plant == 0:
        plant = 2.0
    source: Plain = {
        "tank_kg": tank,
        "tank_start_share": draw(shares),
        "cylinders": cylinders,
        "plant_nm3_per_hour": plant,
        "loss_share": draw(st.sampled_from([0.1, 0.0, 0.25])),
    }
    if room and draw(st.booleans()):
        source["delivery"] = {
            "size_kg": room * draw(st.sampled_from([1.0, 0.4])),
            "interval_days": draw(st.sampled_from([1.0, 0.3, 4.0, 2.5])),
            "failure": draw(st.sampled_from([0.0, 0.5, 1.0])),
        }
        if draw(st.booleans()):
            source["delivery"]["first_days"] = draw(st.sampled_from([0.0, 0.5, 3.0]))
    if draw(st.integers(0, 3)) == 0:
        source["pipe_lpm"] = draw(st.sampled_from([50.0, 300.0]))
    return source


def _scarcity(draw: st.DrawFn) -> Plain:
    """Draw what facilities do while oxygen is scarce: nothing in a third of the cases."""
    if draw(st.integers(0, 3)) == 0:
        return {}
    scarcity = {
        "floor": draw(st.sampled_from([0.65, 0.33, 0.8, 1.0])),
        "risk": draw(st.sampled_from([1.0, 1.46])),
        "horizon_days": draw(st.sampled_from([7.0, 1.0])),
        "admission_days": draw(st.sampled_from([None, 7.0, 1.0])),
    }
    return {"scarcity": scarcity, "by_severity": draw(st.sampled_from([0.0, 1.0]))}


def _absence(draw: st.DrawFn) -> Plain:
    """Draw how staff are infected: without immunity in half of the cases."""
    if draw(st.booleans()):
        return {}
    after_infection = draw(st.sampled_from([0.84, 1.0, 0.0]))
    return {"at_work": draw(st.sampled_from([0.01, 1.0])), "immunity": {"after_infection": after_infection}}


def _lacking(draw: st.DrawFn, site: Plain) -> Plain:
    """Draw the limits of a facility from `strategies`."""
    counted = "unlimited" not in site["beds"].values()
    more: Plain = {}
    if draw(st.integers(0, 3)):
        few = {cadre: draw(_few) for cadre in ("doctors", "ward_nurses", "icu_nurses")}
        enough_of_others: list[Plain] = [
            {},
            {"doctors": 40, "ward_nurses": few["ward_nurses"] * 4, "icu_nurses": 60},
            {"doctors": few["doctors"] // 4, "ward_nurses": 200, "icu_nurses": 60},
        ]
        staff = few | draw(st.sampled_from(enough_of_others))
        skilled = draw(st.sampled_from([None, None, staff["doctors"] // 2]))
        more["staff"] = staff if skilled is None else staff | {"icu_doctors": skilled}
    if draw(st.booleans()):
        more["ventilators"] = draw(st.sampled_from([0, 1, 4]))
    source = _oxygen(draw)
    if source is not None:
        more["oxygen"] = source
    if counted and draw(st.integers(0, 2)):
        more["essential"] = {
            "emergency_share": draw(st.sampled_from([0.45, 0.9, 0.0])),
            "elective_share": draw(st.sampled_from([0.1, 0.0])),
        }
    more["specialists"] = draw(st.booleans())
    return site | more


def _levers(draw: st.DrawFn, home: bool, neighbours: Plain) -> Plain:
    """Draw rules with every action at facilities and in the province; they begin and end quickly."""
    owners = {"ownership": ["public", "private"]}
    actions: list[Plain] = [
        {"action": "reinforce_staff", "doctors": 5, "ward_nurses": 20, "icu_nurses": 10} | owners,
        {"action": "redeploy_nurses", "share": draw(shares)} | owners,
        {"action": "form_icu_teams", "share": draw(shares)} | owners,
        {"action": "train_doctors", "share": draw(shares)} | owners,
        {"action": "reinforce_staff", "doctors": 5, "icu_doctors": 0, "ward_nurses": 3} | owners,
        {"action": "equip", "ventilators": 3} | owners,
        {"action": "order_oxygen", "tank_kg": 100.0, "plant_nm3_per_hour": 1.0} | owners,
        {"action": "order_oxygen", "delivery_kg": 80.0, "interval_days": 0.7} | owners,
        {"action": "postpone_elective", "share": draw(shares)} | owners,
        {"action": "remote_link"} | owners,
        {"action": "restock", "item": "gowns", "amount": 50.0, "per_day": 5.0},
        {"action": "mobilise", "ownership": ["private"], "share": draw(shares), "with_staff": False},
    ]
    if home:
        actions.append({"action": "open_home_care", "teams": 2})
    plan = {f"send-{name}": rule("transfer_out", "2024-01-02", neighbour=name) for name in neighbours}
    for pool in draw(st.sampled_from([[], ["all"], ["public", "all"]])):
        plan[f"pool-{pool}"] = rule("pool_ventilators") | (owners if pool == "all" else {})
    for number in range(draw(st.integers(1, 5))):
        triggers = [
            ({"on": "2024-01-03"}, {"on": "2024-01-10"}),
            (
                {"indicator": "patients_without_bed", "above": 1.0},
                {"indicator": "patients_without_bed", "below": 1.0},
            ),
            (
                {"indicator": "facilities_out_of_oxygen", "above": 0.0},
                {"indicator": "facilities_out_of_oxygen", "below": 1.0},
            ),
        ]
        when, until = draw(st.sampled_from(triggers))
        delay = st.sampled_from([0.0, 1.0, 0.4])
        plan[f"lever-{number}"] = (
            draw(st.sampled_from(actions))
            | {"when": when, "decision_days": draw(delay), "lead_days": draw(delay)}
            | {"phases": [{"after_days": 0.0, "share": 0.3}, {"after_days": 1.5, "share": 1.0}]}
            | ({"until": until} if draw(st.booleans()) else {})
        )
    return plan


USE: Plain = {"basic_bed": 0.5, "oxygen_bed": 2.0, "icu_bed": 5.0, "death": 1.0, "reported_case": 0.25}
EFFECTS: Plain = {
    "death_oxygen": {"in_stock": 0.8, "out": 1.0},
    "death_icu": {"out": 1.5},
    "staff_infection": {"out": 4.0},
}
COSTS: Plain = {"basic_bed_day": 1.0, "oxygen_bed_day": 3.0, "icu_bed_day": 10.0, "oxygen_kg": 0.5}


@st.composite
def shortages(draw: st.DrawFn) -> Scenario:
    """Draw scenarios of three weeks with all parts of the model, and too little of everything."""
    days = draw(st.integers(12, 22))
    people = draw(provinces())
    districts = [name for name in DISTRICTS if name in people["districts"]]
    sites = {name: _lacking(draw, site) for name, site in draw(facilities(districts)).items()}
    epidemic = draw(st.booleans())
    driver = (
        {"epidemic": draw(epidemics(districts))}
        if epidemic
        else {"arrivals": draw(given_arrivals(days, districts))}
    )
    course = draw(courses()) | {"respiratory": draw(st.sampled_from([{}, MASK_ONLY])) | _scarcity(draw)}
    home = epidemic and draw(st.booleans())
    if home:
        course["home_care"] = {"teams": 1, "patients_per_team": 20.0, "packages": 30.0, "effect": 0.9}
    neighbours: Plain = draw(
        st.sampled_from([{"next-door": {"icu_beds": 3, "per_day": 2, "stay_days": 4.0}}, {}])
    )
    vehicles = st.fixed_dictionaries(
        {"ambulances": st.sampled_from([2, 1, 0, 4]), "boats": st.sampled_from([1, 2, 0])}
    )
    fleets = {name: draw(vehicles) for name in districts}
    others = {
        "icu": draw(st.sampled_from([None, {"share": 0.5}, {"share": 1.0, "stay_days": 1.0}])),
        "deaths": draw(st.sampled_from([None, {}, {"emergency": 1.0, "elective_per_day": 0.1}])),
    }
    census = {
        name: {bed: _open_at_start(site, bed) // 2 for bed in ("oxygen", "icu")}
        for name, site in sites.items()
        if draw(st.booleans())
    }
    return build(
        small(
            days,
            warm_up_days=draw(st.sampled_from([0, 0, 3])),
            people=people,
            clinical=course,
            care={
                "facilities": sites,
                "initial_census": census,
                "staffing": {"surge_allowed": draw(st.booleans()), "absence": _absence(draw)},
                "essential": others,
                "neighbours": neighbours,
                **({"transport": {"fleets": fleets}} if draw(st.integers(0, 2)) else {}),
            },
            supply={
                "consumables": {
                    "gowns": {
                        "title": "Gowns",
                        "unit": "sets",
                        "use": USE,
                        "stock": draw(st.sampled_from([0.0, 40.0, 1e6])),
                        "delivered_per_day": draw(st.sampled_from([0.0, 7.0])),
                        "effects": draw(st.sampled_from([{}, EFFECTS])),
                    }
                },
                "burdens": {"waste": {"title": "Waste", "unit": "kg", "made": USE, "capacity_per_day": 20.0}},
                "costs": COSTS,
            },
            command={
                "thresholds": THRESHOLDS,
                "plan": draw(rules(sites, driver.get("epidemic", {}))) | _levers(draw, home, neighbours),
            },
            **driver,
        )
    )


def _open_at_start(site: Plain, bed: str) -> int:
    beds = site["beds"][bed]
    if not site["open_at_start"] or beds == "unlimited":
        return 0
    return int(beds * site["covid_share"] + 1e-9)


__all__ = [
    "COSTS",
    "FACILITIES",
    "FOREVER",
    "KG_OF_MASK",
    "MASK_ONLY",
    "NEVER_ABSENT",
    "PARTS_WITHOUT_LIMIT",
    "USE",
    "Watched",
    "facility",
    "nobody_dies",
    "rule",
    "shortages",
    "standing",
    "with_parts",
]
