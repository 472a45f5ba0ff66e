"""The recorder: fills the tables of a Record day by day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, get_args

import numpy as np
from numpy.typing import NDArray

from surgesim.model.capacity.facilities import Site
from surgesim.model.care.beds import UNLIMITED
from surgesim.model.care.ledger import (
    ICU,
    IN_ICU,
    IN_OXYGEN,
    NEEDS_ICU,
    NEEDS_OXYGEN,
    NOWHERE,
    OXYGEN,
    READY,
    THIN_CARE,
    TRAVELLING,
    UNAVOIDABLE,
    UNTREATED,
    Ledger,
)
from surgesim.model.command.districts import values_of
from surgesim.model.command.indicators import Assessment, assess, compute, key_of
from surgesim.model.command.levels import LevelTable
from surgesim.model.command.reach import Reach
from surgesim.model.epidemic.people import Population
from surgesim.model.epidemic.spread import VACCINATED, DayOfInfection
from surgesim.model.outcomes import outcomes_of
from surgesim.model.record import (
    CONSTRAINTS,
    FACILITY,
    FACILITY_INDEX,
    MOST_DAYS_OF_COVER,
    OF_EPIDEMIC,
    PRESENT,
    PROVINCE,
    PROVINCE_INDEX,
    Floats,
    Record,
    assessed_columns,
    district_columns,
    logistics_columns,
)
from surgesim.scenario.schema.base import BED_TYPES
from surgesim.scenario.schema.indicators import BY_GROUP, IndicatorName, Watch
from surgesim.scenario.schema.needs import beds_occupied, unmet
from surgesim.scenario.schema.scenario import Scenario

if TYPE_CHECKING:
    from surgesim.model.simulation import Simulation


def _by_bed(what: str) -> slice:
    """Where the columns of a facility for the bed types stand, side by side."""
    first, last = (FACILITY_INDEX[f"{what}_{bed}"] for bed in (BED_TYPES[0], BED_TYPES[-1]))
    return slice(first, last + 1)


_STAFFED, _OCCUPIED, _BINDING = map(_by_bed, ("staffed", "occupied", "binding"))

_BOUND_BY = {bed: [f"{BED_TYPES[bed]}_bound_by_{what}" for what in CONSTRAINTS] for bed in (OXYGEN, ICU)}
"""Columns of the province, in the order of CONSTRAINTS."""

_ITEMS_SEEN = ("stock_cover_days:", "burden_backlog:")
"""What the command sees of a consumable or a burden."""


class Recorder:
    """The tables of one replication in the making.

    Attributes
    ----------
    province
        ``(days, len(PROVINCE))``, filled up to the day recorded last.
    """

    def __init__(self, scenario: Scenario, replication: int, population: Population, ledger: Ledger) -> None:
        days = scenario.days
        districts, facilities = len(scenario.people.districts), len(scenario.care.facilities)
        self._replication = replication
        command = scenario.command
        self._command = command
        self._thresholds = len(command.thresholds)
        self.province = np.zeros((days, len(PROVINCE)))
        self._not_assessed = _not_assessed(scenario)
        self._beds_counted = beds_occupied(scenario)
        self._residents = population.count.sum(axis=(1, 2))
        self._population = population.total
        self._wanted = command.by_district
        self._district_columns = [column.name for column in district_columns(command)]
        self._districts = np.zeros((days, districts, len(self._district_columns)))
        self._levels = None if command.levels is None else LevelTable(command.levels)
        self._reach = Reach(days, population.count, ledger)
        self._assessed_columns = [column.name for column in assessed_columns(command)]
        self._assessed = np.zeros((days, len(self._assessed_columns)))
        self._groups: dict[str, list[str | None]] = {}
        for column in self._assessed_columns:
            name, _, group = column.partition(":")
            if name in BY_GROUP:
                self._groups.setdefault(name, []).append(group or None)
        names = list(scenario.people.districts)
        self._in_districts = [
            (
                key_of(watch.indicator or "", watch.of, watch.district),
                watch.indicator,
                names.index(watch.district),
            )
            for watch in command.watches
            if watch.district is not None
        ]
        self._not_assessed_in: dict[str, NDArray[np.bool_]] = {
            name: np.array([unmet(scenario, Watch(name, district=place)) is not None for place in names])
            for name in self._wanted
            if name != "epidemic_level"  # that of a district is made of its own criteria
        }
        self._thresholds_local = command.in_districts
        local = len(self._thresholds_local)
        self._breached_local = np.zeros((days, local, districts), np.bool_)
        self._values_local = np.zeros((days, local, districts))
        self._at_start_local = np.zeros((local, districts), np.bool_)
        self._facilities = np.zeros((days, facilities, len(FACILITY)))
        self._states = np.zeros((days, facilities), np.int8)
        supply = scenario.supply
        self._items = [c.name for c in logistics_columns(supply.consumables, supply.burdens)]
        self._items_seen = [
            (name, place) for place, name in enumerate(self._items) if name.startswith(_ITEMS_SEEN)
        ]
        self._logistics = np.zeros((days, len(self._items)))
        self._private = np.array([f.ownership == "private" for f in scenario.care.facilities.values()])
        self._breached = np.zeros((days, self._thresholds), np.bool_)
        self._values = np.zeros((days, self._thresholds))
        self._at_start = np.zeros(self._thresholds, np.bool_)
        self._infection: DayOfInfection | None = None
        self._before: dict[str, float] = {}
        self._before_by_district: dict[str, Floats] = {}
        self._checks = 0

    def start_of_day(self, infection: DayOfInfection | None) -> None:
        """Note what the epidemic brings today."""
        self._infection = infection

    # -- flows since the day before ---------------------------------------------------------------

    def _since(self, name: str, total: float) -> float:
        """How much a running total has grown since it was last asked for."""
        grown = total - self._before.get(name, 0.0)
        self._before[name] = total
        return grown

    def _since_by_district(self, name: str, totals: Sequence[int] | NDArray[np.int64]) -> Floats:
        now = np.array(totals, float)
        grown = now - self._before_by_district.get(name, 0.0)
        self._before_by_district[name] = now
        return grown

    def _per_store(self, name: str, column: Floats, totals: list[float]) -> None:
        """A day's growth of a running total of each store."""
        now = np.array(totals)
        column[:] = now - self._before_by_district.get(f"store {name}", 0.0)
        self._before_by_district[f"store {name}"] = now

    # -- recording --------------------------------------------------------------------------------

    def start_totals(self, simulation: Simulation) -> None:
        """t = 0, before anything happens: what a warm-up has seen is not of the first day."""
        self._reach.begin()
        self._row(simulation, 0, first=True)
        self._store_rows(simulation, 0)

    def begin(self, simulation: Simulation) -> None:
        """t = 0, with the beds of the first day: thresholds that are breached already are marked."""
        before, by_district = self._before.copy(), self._before_by_district.copy()
        self._row(simulation, 0, first=True)
        self._before, self._before_by_district = before, by_district  # the day's flows are still its own
        self._logistics[0] = _logistics_row(simulation)
        start = self.assess(simulation, 0)
        self._at_start[:] = start.breached
        if start.breached_by_district.size:
            self._at_start_local[:] = start.breached_by_district
        self._facilities[0] = 0.0
        self.province[0] = 0.0

    def record(self, simulation: Simulation, day: int) -> None:
        """Fill the rows of a day."""
        self._reach.pass_day(day)
        self._row(simulation, day, first=False)
        self._facility_rows(simulation, day)
        self._store_rows(simulation, day)
        if self._items:
            self._logistics[day] = _logistics_row(simulation)

    def _facility_rows(self, simulation: Simulation, day: int) -> None:
        """Beds of each facility, its patients without COVID-19, and its state."""
        journey, isolation = simulation.journey, simulation.isolation
        today, essential = simulation.capacity.today, simulation.capacity.essential
        rows = self._facilities[day]
        capacity = np.array([isolation.capacity, journey.oxygen.capacity, journey.icu.capacity])
        occupied = np.array([isolation.occupied, journey.oxygen.occupied, journey.icu.occupied])
        rows[:, _STAFFED] = np.where(capacity >= UNLIMITED // 2, np.inf, capacity).T
        rows[:, _OCCUPIED] = occupied.T
        rows[:, _BINDING] = today.staffed.binding
        if essential is not None:
            rows[:, FACILITY_INDEX["emergency_unserved"]] = essential.emergency_unserved
            rows[:, FACILITY_INDEX["elective_backlog"]] = essential.backlog
        opened: list[bool] = (today.space.max(axis=1) > 0).tolist()
        present: list[int] = occupied.sum(axis=0).tolist()
        self._states[day] = list(map(Site.state, simulation.facilities.sites, opened, present))

    def _store_rows(self, simulation: Simulation, day: int) -> None:
        """The oxygen of each facility."""
        if simulation.supply is None:
            return
        facilities, stores = self._facilities[day], simulation.supply.stores
        used, dry = FACILITY_INDEX["oxygen_used_kg"], FACILITY_INDEX["dry"]
        self._per_store("used", facilities[:, used], [0.0 if s is None else s.used for s in stores])
        self._per_store("dry", facilities[:, dry], [0.0 if s is None else s.short_days for s in stores])
        facilities[:, FACILITY_INDEX["oxygen_stock_kg"]] = [0.0 if s is None else s.stock for s in stores]

    def _row(self, simulation: Simulation, day: int, *, first: bool) -> None:
        journey, isolation = simulation.journey, simulation.isolation
        ledger = journey.ledger
        count = ledger.count
        row: dict[str, float] = {}
        infection = None if first else self._infection
        if infection is not None:
            row["infectious"] = infection.infectious
            row["susceptible"] = infection.susceptible
            row["infections"] = int(infection.infections.sum())
            row["imported"] = int(infection.imported.sum())
        reported = self._since_by_district("reported", ledger.reported_at_admission)
        if simulation.detection is not None and not first:
            reported = reported + simulation.detection.reported(day)
        row["reported_cases"] = float(reported.sum())
        if simulation.epidemic is None:
            reported = np.full(len(reported), np.nan)
            row |= dict.fromkeys(OF_EPIDEMIC, np.nan)
        row["new_oxygen_need"] = self._since("created", ledger.created)
        row["new_icu_need"] = self._since("icu need", ledger.needed[NEEDS_ICU])
        row["oxygen_need"] = sum(count[NEEDS_OXYGEN]) + count[READY][TRAVELLING]
        row["icu_need"] = sum(count[NEEDS_ICU])
        row["present"] = sum(map(sum, count))
        row["mild_in_isolation"] = int(isolation.occupied.sum())
        row["isolation_refused"] = isolation.refused
        spaces = simulation.capacity.today.space.sum(axis=0).tolist()
        basic = int(isolation.capacity.sum())
        vacant = int(np.maximum(isolation.capacity - isolation.occupied, 0).sum())
        self._beds(row, "basic", spaces[0], basic, row["mild_in_isolation"], 0, vacant)
        for name, bed, pool in (("oxygen", OXYGEN, journey.oxygen), ("icu", ICU, journey.icu)):
            self._beds(
                row,
                name,
                spaces[bed],
                sum(pool.capacity),
                sum(pool.occupied),
                sum(pool.held),
                pool.total_free,
            )
        for column, indicator, beds in (
            ("staffed_icu_all", "staffed_icu_beds_per_100k", simulation.capacity.today.icu_staffed),
            ("usable_icu_all", "usable_icu_beds_per_100k", simulation.capacity.today.icu_usable),
        ):
            row[column] = np.nan if indicator in self._not_assessed else _beds(int(beds.sum()))
        row["waiting_oxygen"] = count[NEEDS_OXYGEN][NOWHERE]
        row["waiting_icu"] = count[NEEDS_ICU][NOWHERE]
        row["boarding"] = count[NEEDS_ICU][IN_OXYGEN]
        row["blocking"] = count[READY][IN_ICU]
        row["without_bed"] = journey.waits.without_bed()
        for bed, name in ((OXYGEN, "oxygen"), (ICU, "icu")):
            row[f"admissions_{name}"] = self._since(f"admissions_{name}", sum(ledger.flows[bed].admissions))
        row["entries_icu"] = row["admissions_icu"] + self._since(
            "moves to ICU", sum(ledger.flows[ICU].moves_in)
        )
        need = row["icu_need"]
        row["icu_need_served_share"] = count[NEEDS_ICU][IN_ICU] / need if need else 1.0
        row["recovered"] = self._since("recovered", ledger.recovered)
        row["deaths_unavoidable"] = self._since("unavoidable", ledger.deaths[UNAVOIDABLE])
        row["deaths_thin_care"] = self._since("thin", ledger.deaths[THIN_CARE])
        row["deaths_untreated"] = self._since("untreated", ledger.deaths[UNTREATED])
        row["deaths"] = self._since("deaths", sum(ledger.deaths_by_district))
        row["transferred_out"] = self._since("transferred out", ledger.transferred_out)
        self._capacity_row(simulation, row)
        self._vaccination_row(simulation, row)
        self._testing_row(simulation, row)
        table = self.province[day]
        for column, value in row.items():
            table[PROVINCE_INDEX[column]] = value
        self._district_rows(simulation, day, reported, infection)

    @staticmethod
    def _beds(
        row: dict[str, float], bed: str, space: int, staffed: int, occupied: float, held: int, vacant: int
    ) -> None:
        row[f"open_{bed}"] = _beds(space)
        row[f"staffed_{bed}"] = _beds(staffed)
        row[f"occupied_{bed}"] = occupied
        row[f"held_{bed}"] = held
        row[f"vacant_{bed}"] = _beds(max(int(vacant), 0)) if staffed < UNLIMITED else np.inf

    def _capacity_row(self, simulation: Simulation, row: dict[str, float]) -> None:
        """What limits beds: staff, oxygen, other patients, vehicles; care at home; cost."""
        capacity, supply, home = simulation.capacity, simulation.supply, simulation.home
        today = capacity.today
        open_beds = np.minimum(today.space, UNLIMITED)
        totals = open_beds.sum(axis=0, dtype=float).tolist()
        for bed in (OXYGEN, ICU):
            by_constraint = np.bincount(
                today.staffed.binding[:, bed], weights=open_beds[:, bed], minlength=len(CONSTRAINTS)
            )
            shares = by_constraint / max(totals[bed], 1.0)
            row.update(zip(_BOUND_BY[bed], shares.tolist(), strict=True))
        if capacity.absences is not None:
            heads = capacity.heads()
            working, employed = capacity.absences.on_duty(heads).sum(), heads.sum()
            row["staff_absent_share"] = 1 - working / employed if employed else 0.0
        if supply is not None:
            stores = [store for store in supply.stores if store is not None]
            row["oxygen_used_kg"] = self._since("oxygen used", sum(s.used for s in stores))
            row["oxygen_unmet_kg"] = self._since("oxygen unmet", sum(s.unmet for s in stores))
            row["oxygen_delivered_kg"] = self._since("oxygen delivered", sum(s.delivered for s in stores))
            row["oxygen_stock_kg"] = sum(s.stock for s in stores)
            row["oxygen_cover_days"] = min(supply.cover_days, MOST_DAYS_OF_COVER)
            row["facilities_out_of_oxygen"] = sum(s.short for s in stores)
        else:
            row["oxygen_cover_days"] = MOST_DAYS_OF_COVER
        if simulation.network.fleet is not None:
            row["vehicles_away"] = simulation.network.fleet.away
        row["emergency_served_7d_share"] = 1.0
        if capacity.essential is not None:
            essential = capacity.essential
            row["emergency_arrivals"] = int(essential.emergency_arrivals.sum())
            row["emergency_unserved"] = int(essential.emergency_unserved.sum())
            row["elective_served"] = int(essential.elective_served.sum())
            row["elective_backlog"] = int(essential.backlog.sum())
            row["emergency_served_7d_share"] = essential.served_share
        if home is not None:
            row["home_cases"] = home.active
            row["home_cases_not_followed"] = home.active - home.followed
            row["without_package"] = home.without_package
        row["cost"] = simulation.logistics.costs.today

    @staticmethod
    def _vaccination_row(simulation: Simulation, row: dict[str, float]) -> None:
        """Doses of the day and whom they protect."""
        epidemic = simulation.epidemic
        if epidemic is None or epidemic.vaccination is None:
            return
        vaccination = epidemic.vaccination
        row["vaccinated"] = float(epidemic.susceptible[..., VACCINATED:].sum())
        row["doses_given"] = vaccination.given_today
        row["doses_without_effect"] = vaccination.without_effect_today
        row["vulnerable_vaccinated_share"] = vaccination.vulnerable_share

    @staticmethod
    def _testing_row(simulation: Simulation, row: dict[str, float]) -> None:
        """Tests of the day, and who isolates."""
        surveillance, epidemic = simulation.surveillance, simulation.epidemic
        if surveillance is None or epidemic is None:
            return
        laboratories, isolation = surveillance.laboratories, surveillance.isolation
        if laboratories is not None:
            row["tests_used"] = laboratories.used
            row["contacts_tested"] = laboratories.contacts_tested
            row["waiting_for_test"] = laboratories.waiting
            row["test_positivity"] = laboratories.positivity
            row["test_capacity_used"] = laboratories.capacity_used
        if isolation is not None:
            row["isolated_infectious"] = isolation.infectious[0].sum()

    def items(self, day: int) -> dict[str, float]:
        """The day's values of the indicators that name an item."""
        values = self._logistics[day].tolist()
        return {name: values[place] for name, place in self._items_seen}

    def _district_rows(
        self, simulation: Simulation, day: int, reported: Floats, infection: DayOfInfection | None
    ) -> None:
        journey, rows = simulation.journey, self._districts[day]
        ledger = journey.ledger
        rows[:, 0] = 0 if infection is None else infection.infections
        if simulation.epidemic is None:
            rows[:, 0] = np.nan
        rows[:, 1] = reported
        needs = self._reach.needed
        rows[:, 2] = self._since_by_district("needs", needs)
        rows[:, 3] = journey.oxygen.waiting
        rows[:, 4] = journey.icu.waiting
        rows[:, 5] = self._since_by_district("deaths", ledger.deaths_by_district)
        if self._wanted:
            rows[:, PRESENT] = needs - np.array(ledger.gone)

    def assess(self, simulation: Simulation, day: int) -> Assessment:
        """The indicators at the end of `day`, of the province and of the districts, and what they breach."""
        command, population = self._command, self._population
        seen = compute(self.province, day, population, self._beds_counted)
        seen |= self.items(day) | self._of_groups(day)
        if "epidemic_level" in self._assessed_columns:
            seen["epidemic_level"] = np.nan  # unless the scenario has a table
        seen |= dict.fromkeys(self._not_assessed & seen.keys(), np.nan)
        by_district: dict[str, Floats] = {}
        if self._wanted:
            local = values_of(
                simulation,
                self._wanted,
                self._residents,
                self._districts,
                day,
                self._reach,
                self._beds_counted,
            )
            for indicator, missing in self._not_assessed_in.items():
                local.indicators[indicator] = np.where(missing, np.nan, local.indicators[indicator])
            if self._levels is not None:
                districts = len(self._districts[day])
                seen["epidemic_level"] = self._levels.of_province(seen)
                local.indicators["epidemic_level"] = self._levels.of_districts(
                    seen, local.indicators, districts
                )
            for name in self._wanted:
                self._districts[day, :, self._district_columns.index(name)] = local.indicators[name]
            for key, of, place in self._in_districts:
                seen[key] = float(local.indicators[str(of)][place])
            by_district = {name: local.of(threshold) for name, threshold in self._thresholds_local.items()}
        row = self.province[day]
        found = assess(row, population, command.thresholds, command.situation, seen, by_district)
        if "situation" in self._not_assessed:
            found.indicators["situation"] = np.nan
        return found

    def _of_groups(self, day: int) -> dict[str, float]:
        """Who is reached, of the province and of its groups, by `key_of`."""
        return {
            key_of(indicator, group): value
            for indicator, groups in self._groups.items()
            for group, value in zip(groups, self._reach.by_group(indicator, day, groups), strict=True)
        }

    def assessed(self, day: int, assessment: Assessment) -> None:
        """Fill the indicator columns of a day."""
        for name in assessment.indicators.keys() & PROVINCE_INDEX.keys():
            value = assessment.indicators[name]
            self.province[day, PROVINCE_INDEX[name]] = value
        self._breached[day] = assessment.breached
        self._values[day] = assessment.values
        self._assessed[day] = [assessment.indicators[column] for column in self._assessed_columns]
        if assessment.breached_by_district.size:
            self._breached_local[day] = assessment.breached_by_district
            self._values_local[day] = assessment.values_by_district

    # -- the end -----------------------------------------------------------------------------------

    def checked(self) -> None:
        """All identities of a day held."""
        self._checks += 1

    def finish(self, simulation: Simulation) -> Record:
        """The record of the run."""
        return Record(
            self._replication,
            self.province,
            self._districts,
            self._facilities,
            self._states,
            self._logistics,
            self._breached,
            self._values,
            self._at_start,
            self._assessed,
            self._breached_local,
            self._values_local,
            self._at_start_local,
            self._reach.totals(),
            tuple(simulation.command.actions),
            outcomes_of(self.province, self._facilities, self._private),
            {"days checked": self._checks},
        )


def _not_assessed(scenario: Scenario) -> frozenset[str]:
    """What the scenario gives no ground for, by `key_of`: indicators of the province, groups and items."""
    watches = {Watch(name) for name in get_args(IndicatorName)} | set(scenario.command.watches)
    return frozenset(
        key_of(watch.indicator or "", watch.of)
        for watch in watches
        if watch.district is None and unmet(scenario, watch) is not None
    )


def _logistics_row(simulation: Simulation) -> Floats:
    """Consumables and burdens as `logistics_columns` orders them."""
    stocks, burdens = simulation.logistics.stocks, simulation.logistics.burdens
    cover = np.minimum(stocks.cover_days, MOST_DAYS_OF_COVER)
    by_item = np.array([stocks.stock, stocks.used, stocks.unmet, cover]).T
    by_burden = np.array([burdens.made, burdens.backlog]).T
    return np.concatenate([by_item.ravel(), by_burden.ravel()])


def _beds(number: int) -> float:
    """A number of beds; infinite where any of them are without limit."""
    return np.inf if number >= UNLIMITED // 2 else float(number)
