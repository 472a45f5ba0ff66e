"""What must hold every day in every run, worked out anew from the record and from the log of events.

The run checks its identities itself; here they are held against its results by other means: columns
against columns, and a census counted by hand from the log. Scenarios are generated.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from strategies import scenarios

from surgesim.model.care.course.events import LogEntry
from surgesim.model.command.indicators import Assessment
from surgesim.model.outcomes import OUTCOMES
from surgesim.model.record import (
    DISTRICT_INDEX,
    FACILITY_INDEX,
    PROVINCE_INDEX,
    STATES,
    Floats,
    Record,
)
from surgesim.model.simulation import Simulation
from surgesim.scenario.schema.indicators import INDICATORS, Watch
from surgesim.scenario.schema.needs import assessed_criteria, beds_occupied, unmet_need, unmet_need_of
from surgesim.scenario.schema.scenario import Scenario

pytestmark = pytest.mark.slow

BEDS = ("basic", "oxygen", "icu")
OF_EPIDEMIC = (
    *("infections", "imported", "infectious", "susceptible", "reported_cases", "screened"),
    *("districts_locked", "people_locked"),
)
OF_OTHERS = (
    *("other_icu_present", "other_icu_unserved", "deaths_emergency_unserved", "deaths_elective_waiting"),
)
"""Columns of other patients, empty where that part is not modelled."""
NOT_WHOLE = (
    *("isolated_infectious", "quarantined", "quarantined_at_home", "household_members_locked"),
    *("confined_infectious", "icu_need_served_share", "contacts_given_up", "people_locked"),
    *("home_cases", "home_cases_not_followed", "without_package"),
)
"""Expected numbers, and shares."""


class Run:
    """A record, its log and its scenario; ``run["deaths"]`` is the province's daily series of a column."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.record, self.log_of_days = run_with_log(scenario)

    def __getitem__(self, column: str) -> Floats:
        return self.record.province[:, PROVINCE_INDEX[column]]

    def district(self, column: str) -> Floats:
        """``(days, districts)``"""
        return self.record.districts[:, :, DISTRICT_INDEX[column]]

    def facility(self, column: str) -> Floats:
        """``(days, facilities)``"""
        return self.record.facilities[:, :, FACILITY_INDEX[column]]

    @property
    def population(self) -> int:
        return self.scenario.people.total


def same(one: Floats, other: Floats) -> None:
    np.testing.assert_array_equal(one, other)


def most(one: Floats, bound: Floats) -> None:
    assert (one <= bound).all(), f"{one} is above {bound}"


@given(scenarios())
def test_the_record_of_a_run_adds_up_and_its_log_tells_the_same(scenario: Scenario) -> None:
    run = Run(scenario)
    deaths_are_of_three_kinds(run)
    who_came_has_left_or_is_present(run)
    every_need_is_met_or_waits(run)
    beds_add_up(run)
    nobody_is_put_into_a_bed_that_is_not_staffed(run)
    no_bed_is_idle_while_somebody_waits_for_it(run)
    options_are_kept(run)
    districts_add_up(run)
    the_epidemic_conserves_people(run)
    the_confined_are_in_places_at_home_or_in_households(run)
    indicators_follow_from_the_counts(run)
    breaches_follow_from_the_indicators(run)
    outcomes_follow_from_the_days(run)
    actions_are_in_order(run)
    whole_numbers_none_below_zero(run)
    the_census_is_who_came_to_a_bed_and_has_not_left(scenario, run.record, run.log_of_days)
    the_flows_are_the_events_of_the_day(scenario, run.record, run.log_of_days)
    every_journey_is_a_path_through_the_clinical_course(run.log_of_days)


def deaths_are_of_three_kinds(run: Run) -> None:
    same(run["deaths"], run["deaths_unavoidable"] + run["deaths_thin_care"] + run["deaths_untreated"])


def who_came_has_left_or_is_present(run: Run) -> None:
    change = run["new_oxygen_need"] - run["recovered"] - run["deaths"]
    same(np.diff(run["present"]), change[1:])
    if run.scenario.warm_up_days == 0:
        census = patients_at_start(run.scenario)
        assert run["present"][0] == census + change[0]


def patients_at_start(scenario: Scenario) -> int:
    census = scenario.care.initial_census.values()
    return sum(beds.oxygen + beds.icu + beds.waits("oxygen") + beds.waits("icu") for beds in census)


def every_need_is_met_or_waits(run: Run) -> None:
    """Need = in that type for that need + boarding elsewhere + waiting + in transit; blockers apart."""
    in_beds = run["occupied_oxygen"] + run["occupied_icu"]
    waiting = run["waiting_oxygen"] + run["waiting_icu"]
    travelling = run["held_oxygen"] + run["held_icu"]
    same(run["present"], in_beds + waiting + travelling)
    same(run["present"], run["oxygen_need"] + run["icu_need"] + run["blocking"])
    for_oxygen = run["oxygen_need"] - (run["occupied_oxygen"] - run["boarding"] + run["waiting_oxygen"])
    for_icu = run["icu_need"] - (run["occupied_icu"] - run["blocking"] + run["boarding"] + run["waiting_icu"])
    same(for_oxygen + for_icu, travelling)
    most(run["held_icu"], for_icu)  # who is on the way to board needs ICU too
    most(np.zeros(len(for_oxygen)), for_oxygen)
    most(run["without_bed"], waiting + run["boarding"])


def beds_add_up(run: Run) -> None:
    for bed in BEDS:
        staffed, occupied = run.facility(f"staffed_{bed}"), run.facility(f"occupied_{bed}")
        same(run[f"staffed_{bed}"], staffed.sum(axis=1))
        same(run[f"occupied_{bed}"], occupied.sum(axis=1))
        with np.errstate(invalid="ignore"):
            spare = np.maximum(staffed - occupied, 0).sum(axis=1)
        most(run[f"vacant_{bed}"], spare)
        most(spare - run[f"held_{bed}"], run[f"vacant_{bed}"])
    same(run["mild_in_isolation"], run["occupied_basic"])
    most(run["boarding"], run["occupied_oxygen"])
    most(run["blocking"], run["occupied_icu"])


def nobody_is_put_into_a_bed_that_is_not_staffed(run: Run) -> None:
    """Occupied <= max(staffed, occupied or on the way the day before)."""
    for bed in BEDS:
        staffed, occupied = run.facility(f"staffed_{bed}"), run.facility(f"occupied_{bed}")
        on_the_way = run[f"held_{bed}"][:-1, None]
        most(occupied[1:], np.maximum(staffed[1:], occupied[:-1] + on_the_way))


def no_bed_is_idle_while_somebody_waits_for_it(run: Run) -> None:
    """Where every facility takes everybody at any hour, a vacant bed means that nobody needs it."""
    people, sites = run.scenario.people, run.scenario.care.facilities.values()
    if any(d.island for d in people.districts.values()) or any(site.serves is not None for site in sites):
        return
    assert not run["waiting_oxygen"][run["vacant_oxygen"] > 0].any()
    assert not run["blocking"][run["vacant_oxygen"] > 0].any()
    assert not (run["waiting_icu"] + run["boarding"])[run["vacant_icu"] > 0].any()


def options_are_kept(run: Run) -> None:
    clinical, people = run.scenario.clinical, run.scenario.people
    if not clinical.boarding:
        assert run["boarding"].sum() == 0
    if not clinical.step_down:
        assert run["blocking"].sum() == 0
    hours = [d.travel_hours for d in people.districts.values()]
    access = [f.access_hours for f in run.scenario.care.facilities.values()]
    if not any(access) and (len(hours) == 1 or not any(hours)):
        assert run["held_oxygen"].sum() + run["held_icu"].sum() == 0
    if clinical.isolated_share == 0 and run.scenario.epidemic is not None:
        at_start = sum(beds.basic for beds in run.scenario.care.initial_census.values())
        assert run["occupied_basic"].max() <= at_start
        assert run["isolation_refused"].sum() == 0


def districts_add_up(run: Run) -> None:
    for column in ("infections", "reported_cases", "new_oxygen_need", "deaths"):
        same(run[column], run.district(column).sum(axis=1))
    boarding = run.scenario.clinical.boarding
    same(run["waiting_oxygen"] + boarding * run["waiting_icu"], run.district("waiting_oxygen").sum(axis=1))
    same(run["waiting_icu"] + run["boarding"], run.district("waiting_icu").sum(axis=1))


def the_epidemic_conserves_people(run: Run) -> None:
    epidemic = run.scenario.epidemic
    if epidemic is None:
        for column in OF_EPIDEMIC:
            assert np.isnan(run[column]).all(), column
        return
    most(run["susceptible"] + run["infectious"], np.full(run.scenario.days, run.population))
    if epidemic.immunity.waning_days is None and not run["visitors_arrived"].any():
        same(np.diff(run["susceptible"]), -(run["infections"] + run["imported"])[1:])
    if epidemic.variant.r0 == 0:
        assert run["infections"].sum() == 0
    most(run["vaccinated"], run["susceptible"])
    assert run["doses_given"].sum() <= run.population
    most(np.cumsum(run["doses_without_effect"]), np.cumsum(run["doses_given"]))
    most(run["contacts_tested"], run["tests_used"])
    if epidemic.detection.tests is None:
        assert not run["tests_used"].any()
    if epidemic.isolation is None:
        assert not run["isolated_infectious"].any()
    if run.scenario.warm_up_days == 0:
        census = patients_at_start(run.scenario)
        came = run["infections"] + run["imported"] + run["visitors_arrived_infected"]
        came = np.cumsum(came) + census
        most(np.cumsum(run["reported_cases"]), came + sum(epidemic.initial_infections.values()))


def the_confined_are_in_places_at_home_or_in_households(run: Run) -> None:
    """At most as many people are in places as there have been, and no more are confined than infectious."""
    epidemic = run.scenario.epidemic
    if epidemic is None:
        return
    places, inside = run["quarantine_places"], run["quarantined"]
    most(inside, np.maximum.accumulate(places) + 1e-6)
    most(run["confined_infectious"][1:], run["infectious"][:-1] + 1e-6)
    if epidemic.quarantine is None:
        assert not (places + inside + run["quarantined_at_home"]).any()
    most(run["people_locked"], np.full(run.scenario.days, run.population))
    given_up = 0.0 if epidemic.reaction is None else epidemic.reaction.most
    most(run["contacts_given_up"], np.full(run.scenario.days, given_up))


def last_seven(series: Floats) -> list[Floats]:
    return [series[max(day - 6, 0) : day + 1] for day in range(len(series))]


def indicators_follow_from_the_counts(run: Run) -> None:
    per = 100_000 / run.population
    close = np.testing.assert_allclose
    whole = slice(0 if run.scenario.warm_up_days == 0 else 6, None)  # earlier windows begin before day 0
    weekly = [cases.sum() * per for cases in last_seven(run["reported_cases"])]
    close(run["weekly_reported_cases_per_100k"][whole], weekly[whole], rtol=1e-12)
    need = [present.mean() * per for present in last_seven(run["present"])]
    close(run["oxygen_need_7d_per_100k"][whole], need[whole], rtol=1e-12)
    same(run["patients_without_bed"], run["without_bed"])
    vacant = sum(run[f"vacant_{bed}"] for bed in beds_occupied(run.scenario))
    close(run["vacant_covid_beds_per_100k"], vacant * per, rtol=1e-12)
    close(run["staffed_icu_beds_per_100k"], run["staffed_icu_all"] * per, rtol=1e-12)
    close(run["icu_need_per_100k"], run["icu_need"] * per, rtol=1e-12)
    week_of_deaths = [deaths.sum() * per for deaths in last_seven(run["deaths"])]
    close(run["deaths_7d_per_100k"][whole], week_of_deaths[whole], rtol=1e-12)
    for bed in ("oxygen", "icu"):
        staffed, vacant = run[f"staffed_{bed}"], run[f"vacant_{bed}"]
        for day in range(run.scenario.days):
            if staffed[day] == 0:
                used = 1.0
            elif np.isinf(staffed[day]):
                used = 0.0
            else:
                used = 1 - vacant[day] / staffed[day]
            assert run[f"{bed}_occupancy"][day] == pytest.approx(used, abs=1e-12)


def breaches_follow_from_the_indicators(run: Run) -> None:
    record, command = run.record, run.scenario.command
    for k, threshold in enumerate(command.thresholds.values()):
        if threshold.beds is None:
            same(record.values[:, k], run[threshold.indicator])
        passed = record.values[:, k] > threshold.bound
        if threshold.below is not None:
            passed = record.values[:, k] < threshold.bound
        same(record.breached[:, k], passed)
    number = record.breached.sum(axis=1)
    least = {"any": 1, "all": len(command.thresholds)}.get(str(command.situation.require), 3)
    if least > len(assessed_criteria(run.scenario)):
        assert np.isnan(run["situation"]).all()
    else:
        same(run["situation"], number >= least)


def outcomes_follow_from_the_days(run: Run) -> None:
    outcomes = run.record.outcomes
    assert list(outcomes) == [outcome.name for outcome in OUTCOMES]
    sums = {
        "infections": ("infections", "imported"),
        "reported_cases": ("reported_cases",),
        "oxygen_patients": ("new_oxygen_need",),
        "icu_patients": ("new_icu_need",),
        "deaths": ("deaths_unavoidable", "deaths_thin_care", "deaths_untreated"),
        "waiting_days": ("waiting_oxygen", "waiting_icu"),
        "boarding_days": ("boarding",),
        "oxygen_bed_days": ("occupied_oxygen",),
        "icu_bed_days": ("occupied_icu",),
        "situation_days": ("situation",),
    }
    for outcome, columns in sums.items():
        total = sum(run[column].sum() for column in columns)
        assert outcomes[outcome] == pytest.approx(total, rel=0, abs=0, nan_ok=True), outcome
    for outcome, column in (("present", "present"), ("icu_need", "icu_need"), ("without_bed", "without_bed")):
        assert outcomes[f"peak_{outcome}"] == run[column].max()


def actions_are_in_order(run: Run) -> None:
    times = [action.day for action in run.record.actions]
    assert times == sorted(times)
    assert all(0 <= time <= run.scenario.days for time in times)
    for name, rule in run.scenario.command.plan.items():
        told = [action for action in run.record.actions if action.rule == name]
        fired = [action.day for action in told if action.what == "fired"]
        ordered = [action.day for action in told if action.what == "ordered"]
        for then, now in zip(fired, ordered, strict=False):
            assert now == pytest.approx(then + rule.decision_days)
        if rule.when.on is not None and fired:
            assert fired == [(rule.when.on - run.scenario.start) / timedelta(days=1)]


def whole_numbers_none_below_zero(run: Run) -> None:
    assessed = [unmet_need_of(run.scenario, t) is None for t in run.scenario.command.thresholds.values()]
    assert np.isnan(run.record.values[:, ~np.array(assessed, bool)]).all()
    known = run.record.values[:, np.array(assessed, bool)]
    assert np.isfinite(known).all() or "unlimited" in str(run.scenario.to_plain())
    not_followed = {name for name in INDICATORS if unmet_need(run.scenario, Watch(name)) is not None}
    not_followed |= set(OF_EPIDEMIC) if run.scenario.epidemic is None else set()
    for column, i in PROVINCE_INDEX.items():
        unknown = np.isnan(run.record.province[:, i])
        if column in OF_OTHERS:
            assert unknown.all() or not unknown.any(), column
        elif not column.endswith(("_icu_all", "_on_duty")) and column != "icu_without_ventilator":
            assert unknown.any() == (column in not_followed), column
    for table in (run.record.province, run.record.districts, run.record.facilities):
        assert np.nanmin(table) >= 0
    assert not np.isnan(run.record.facilities).any()
    counts = [
        i
        for column, i in PROVINCE_INDEX.items()
        if i < PROVINCE_INDEX["weekly_reported_cases_per_100k"] and column not in NOT_WHOLE
    ]
    whole = run.record.province[:, counts]
    whole = whole[np.isfinite(whole)]
    same(whole, np.round(whole))
    assert set(np.unique(run.record.states)) <= set(range(len(STATES)))


# -- the log of events ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Bed:
    """Where a patient lies: in which facility, and ``in oxygen bed`` or ``in ICU bed``."""

    facility: int
    kind: str


def run_with_log(scenario: Scenario) -> tuple[Record, list[list[LogEntry]]]:
    """The record of a run, and its log cut where each day was recorded.

    Cut there and not by time: what opens at 00:00 admits at the very instant of the record before.
    """
    log: list[LogEntry] = []
    cuts: list[int] = []
    simulation = Simulation(scenario, 12, 0, log=log)
    record = simulation.recorder.record

    def watch(day: int) -> Assessment:
        cuts.append(len(log))
        return record(day)

    simulation.recorder.record = watch  # type: ignore[method-assign]
    result = simulation.run()
    return result, [log[start:end] for start, end in itertools.pairwise([0, *cuts])]


def move(entry: LogEntry, lies: dict[int, Bed]) -> None:
    """Follow one line of the log: who lies where after it."""
    if entry.what in ("in oxygen bed", "in ICU bed"):
        lies[entry.patient] = Bed(entry.facility, entry.what)
    elif entry.what in ("departs", "waits for ICU", "waits for oxygen", "is replaced"):
        lies.pop(entry.patient, None)  # on the way, or in no bed
    elif entry.what in ("dies", "recovers"):
        bed = lies.pop(entry.patient, None)
        assert entry.facility == (-1 if bed is None else bed.facility)


def the_census_is_who_came_to_a_bed_and_has_not_left(
    scenario: Scenario, record: Record, days: list[list[LogEntry]]
) -> None:
    lies: dict[int, Bed] = {}
    for day, entries in enumerate(days):
        for entry in entries:
            move(entry, lies)
        census = Counter(lies.values())
        for f in range(len(scenario.care.facilities)):
            row = record.facilities[day, f]
            assert row[FACILITY_INDEX["occupied_oxygen"]] == census[Bed(f, "in oxygen bed")], (day, f)
            assert row[FACILITY_INDEX["occupied_icu"]] == census[Bed(f, "in ICU bed")], (day, f)


def the_flows_are_the_events_of_the_day(
    scenario: Scenario, record: Record, days: list[list[LogEntry]]
) -> None:
    columns = {
        "needs oxygen": "new_oxygen_need",
        "needs ICU": "new_icu_need",
        "dies": "deaths",
        "recovers": "recovered",
    }
    for day, entries in enumerate(days):
        happened = Counter(entry.what for entry in entries)
        if day > 0 or scenario.warm_up_days == 0:
            told = {what: happened[what] for what in columns}
            assert told == {what: record.series(column)[day] for what, column in columns.items()}, day


def every_journey_is_a_path_through_the_clinical_course(days: list[list[LogEntry]]) -> None:
    log = [entry for entries in days for entry in entries]
    times = [entry.time for entry in log]
    assert times == sorted(times)
    last: dict[int, str] = {}
    for entry in log:
        if entry.patient in last:
            assert entry.what in AFTER[last[entry.patient]], f"{entry} after {last[entry.patient]!r}"
        last[entry.patient] = entry.what
    for what in ("needs oxygen", "needs ICU", "ready"):
        patients = [entry.patient for entry in log if entry.what == what]
        assert len(patients) == len(set(patients)), f"{what} twice"


AFTER = {
    "needs oxygen": {"in oxygen bed", "departs", "waits for oxygen", "needs ICU"},
    "waits for oxygen": {"in oxygen bed", "departs", "needs ICU", "dies", "recovers", "is replaced"},
    "needs ICU": {"in ICU bed", "departs", "boards", "waits for ICU", "in oxygen bed"},
    "waits for ICU": {"in ICU bed", "in oxygen bed", "departs", "dies", "recovers", "is replaced"},
    "boards": {"in ICU bed", "departs", "swaps", "dies", "recovers", "is replaced"},
    "swaps": {"in ICU bed"},
    "in oxygen bed": {"needs ICU", "boards", "departs", "in ICU bed", "dies", "recovers", "is replaced"},
    "in ICU bed": {"ready", "dies", "recovers", "is replaced"},
    "ready": {"in oxygen bed", "departs", "is replaced"},
    "departs": {"in oxygen bed", "in ICU bed"},
    "dies": set[str](),
    "recovers": set[str](),
    "is replaced": set[str](),
}
"""What may follow what."""
