"""The recorder: fills the tables of a Record day by day, and checks beds against capacity."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from surgesim.errors import IdentityError
from surgesim.model.beds import UNLIMITED, BedPool
from surgesim.model.epidemic import DayOfInfection
from surgesim.model.indicators import Assessment, assess
from surgesim.model.ledger import (
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
)
from surgesim.model.record import (
    DISTRICT,
    FACILITY,
    OUTCOMES,
    PROVINCE,
    PROVINCE_INDEX,
    Floats,
    Record,
)
from surgesim.scenario.schema import Scenario

if TYPE_CHECKING:
    from surgesim.model.simulation import Simulation


class Recorder:
    """The tables of one replication in the making.

    Attributes
    ----------
    province
        ``(days, len(PROVINCE))``, filled up to the day recorded last.
    """

    def __init__(self, scenario: Scenario, replication: int) -> None:
        days = scenario.days
        districts, facilities = len(scenario.people.districts), len(scenario.care.facilities)
        self._replication = replication
        self._thresholds = len(scenario.command.thresholds)
        self.province = np.zeros((days, len(PROVINCE)))
        self._districts = np.zeros((days, districts, len(DISTRICT)))
        self._facilities = np.zeros((days, facilities, len(FACILITY)))
        self._states = np.zeros((days, facilities), np.int8)
        self._breached = np.zeros((days, self._thresholds), np.bool_)
        self._values = np.zeros((days, self._thresholds))
        self._at_start = np.zeros(self._thresholds, np.bool_)
        self._infection: DayOfInfection | None = None
        self._before: dict[str, float] = {}
        self._before_by_district: dict[str, Floats] = {}
        self._occupied_before: dict[int, list[int]] = {}
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

    def _since_by_district(self, name: str, totals: list[int]) -> Floats:
        now = np.array(totals, float)
        grown = now - self._before_by_district.get(name, 0.0)
        self._before_by_district[name] = now
        return grown

    # -- recording --------------------------------------------------------------------------------

    def begin(self, simulation: Simulation) -> None:
        """t = 0: running totals start here; thresholds that are breached already are marked."""
        self._row(simulation, 0, first=True)
        start = assess(
            self.province,
            0,
            simulation.population.total,
            simulation.scenario.command.thresholds,
            simulation.scenario.command.situation,
        )
        self._at_start[:] = start.breached
        self.province[0] = 0.0

    def record(self, simulation: Simulation, day: int) -> None:
        """Fill the rows of a day."""
        self._row(simulation, day, first=False)
        journey, isolation = simulation.journey, simulation.isolation
        pools: list[tuple[list[int], list[int]]] = [
            (isolation.capacity.tolist(), isolation.occupied.tolist()),
            (journey.oxygen.capacity, journey.oxygen.occupied),
            (journey.icu.capacity, journey.icu.occupied),
        ]
        facilities = self._facilities[day]
        for i, (capacity, occupied) in enumerate(pools):
            facilities[:, i] = [_beds(number) for number in capacity]
            facilities[:, 3 + i] = occupied
        self._states[day] = [
            site.state(sum(occupied[f] for _, occupied in pools))
            for f, site in enumerate(simulation.facilities.sites)
        ]

    def _row(self, simulation: Simulation, day: int, *, first: bool) -> None:
        journey, isolation, sites = simulation.journey, simulation.isolation, simulation.facilities.sites
        ledger = journey.ledger
        count = ledger.count
        row: dict[str, float] = {}
        infection = None if first else self._infection
        epidemic = simulation.epidemic
        if epidemic is not None:
            row["infectious"] = int(epidemic.infectious.sum())
            row["susceptible"] = int(epidemic.susceptible.sum())
        if infection is not None:
            row["infections"] = int(infection.infections.sum())
            row["imported"] = int(infection.imported.sum())
        reported = self._since_by_district("reported", ledger.reported_at_admission)
        if simulation.detection is not None and not first:
            reported = reported + simulation.detection.reported(day)
        row["reported_cases"] = float(reported.sum())
        row["new_oxygen_need"] = self._since("created", ledger.created)
        row["new_icu_need"] = self._since("icu need", ledger.needed[NEEDS_ICU])
        row["oxygen_need"] = sum(count[NEEDS_OXYGEN]) + count[READY][TRAVELLING]
        row["icu_need"] = sum(count[NEEDS_ICU])
        row["present"] = sum(map(sum, count))
        row["mild_in_isolation"] = int(isolation.occupied.sum())
        row["isolation_refused"] = isolation.refused
        spaces = [sum(site.beds[bed] for site in sites) for bed in range(3)]
        basic = int(isolation.capacity.sum())
        self._beds(
            row, "basic", spaces[0], basic, row["mild_in_isolation"], 0, basic - isolation.occupied.sum()
        )
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
        row["staffed_icu_all"] = _beds(sum(site.icu_beds for site in sites))
        row["waiting_oxygen"] = count[NEEDS_OXYGEN][NOWHERE]
        row["waiting_icu"] = count[NEEDS_ICU][NOWHERE]
        row["boarding"] = count[NEEDS_ICU][IN_OXYGEN]
        row["blocking"] = count[READY][IN_ICU]
        row["without_bed"] = journey.without_bed()
        for bed, name in ((OXYGEN, "oxygen"), (ICU, "icu")):
            row[f"admissions_{name}"] = self._since(f"admissions_{name}", sum(ledger.flows[bed].admissions))
        row["recovered"] = self._since("recovered", ledger.recovered)
        row["deaths_unavoidable"] = self._since("unavoidable", ledger.deaths[UNAVOIDABLE])
        row["deaths_thin_care"] = self._since("thin", ledger.deaths[THIN_CARE])
        row["deaths_untreated"] = self._since("untreated", ledger.deaths[UNTREATED])
        row["deaths"] = self._since("deaths", sum(ledger.deaths_by_district))
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

    def _district_rows(
        self, simulation: Simulation, day: int, reported: Floats, infection: DayOfInfection | None
    ) -> None:
        journey, rows = simulation.journey, self._districts[day]
        ledger = journey.ledger
        rows[:, 0] = 0 if infection is None else infection.infections
        rows[:, 1] = reported
        rows[:, 2] = self._since_by_district("needs", ledger.needs_by_district)
        rows[:, 3] = journey.oxygen.waiting
        rows[:, 4] = journey.icu.waiting
        rows[:, 5] = self._since_by_district("deaths", ledger.deaths_by_district)

    def assessed(self, day: int, assessment: Assessment) -> None:
        """Fill the indicator columns of a day."""
        for name, value in assessment.indicators.items():
            self.province[day, PROVINCE_INDEX[name]] = value
        self._breached[day] = assessment.breached
        self._values[day] = assessment.values

    # -- checks and the end -----------------------------------------------------------------------

    def check_beds(self, simulation: Simulation, day: int) -> None:
        """Occupied <= max(staffed, occupied the day before), and deaths add up.

        Raises
        ------
        IdentityError
            Where it does not hold.
        """
        journey = simulation.journey
        for bed, pool in ((OXYGEN, journey.oxygen), (ICU, journey.icu)):
            self._check_pool(simulation, bed, pool, day)
        ledger = journey.ledger
        if sum(ledger.deaths) != sum(ledger.deaths_by_district):
            raise IdentityError(
                "deaths by kind = deaths by district",
                "the province",
                day,
                f"{sum(ledger.deaths)} against {sum(ledger.deaths_by_district)}",
            )
        self._checks += 1

    def _check_pool(self, simulation: Simulation, bed: int, pool: BedPool, day: int) -> None:
        before = self._occupied_before.get(bed)
        used = [occupied + held for occupied, held in zip(pool.occupied, pool.held, strict=True)]
        if before is not None:
            for f, (now, then, capacity) in enumerate(zip(used, before, pool.capacity, strict=True)):
                if now > capacity and now > then:
                    raise IdentityError(
                        "occupied <= max(staffed, occupied the day before)",
                        f"{simulation.network.facilities[f]}, bed type {bed}",
                        day,
                        f"{now} used, {capacity} staffed, {then} the day before",
                    )
        self._occupied_before[bed] = used

    def finish(self, simulation: Simulation) -> Record:
        """The record of the run."""
        outcomes = {column.name: self._outcome(column.name) for column in OUTCOMES}
        return Record(
            self._replication,
            self.province,
            self._districts,
            self._facilities,
            self._states,
            self._breached,
            self._values,
            self._at_start,
            tuple(simulation.command.actions),
            outcomes,
            {"days checked": self._checks},
        )

    def _outcome(self, name: str) -> float:
        """An outcome from the daily table."""

        def column(daily: str) -> Floats:
            return self.province[:, PROVINCE_INDEX[daily]]

        summaries: dict[str, Callable[[], float]] = {
            "infections": lambda: float(column("infections").sum() + column("imported").sum()),
            "oxygen_patients": lambda: float(column("new_oxygen_need").sum()),
            "icu_patients": lambda: float(column("new_icu_need").sum()),
            "peak_present": lambda: float(column("present").max()),
            "peak_icu_need": lambda: float(column("icu_need").max()),
            "peak_without_bed": lambda: float(column("without_bed").max()),
            "waiting_days": lambda: float((column("waiting_oxygen") + column("waiting_icu")).sum()),
            "boarding_days": lambda: float(column("boarding").sum()),
            "oxygen_bed_days": lambda: float(column("occupied_oxygen").sum()),
            "icu_bed_days": lambda: float(column("occupied_icu").sum()),
            "situation_days": lambda: float(column("situation").sum()),
        }
        return summaries[name]() if name in summaries else float(column(name).sum())


def _beds(number: int) -> float:
    """A number of beds; infinite where any of them are without limit."""
    return np.inf if number >= UNLIMITED // 2 else float(number)
