"""The parts of the model in one run, assembled and linked.

The module `simulation` defines what the parts do during a day, and in which order.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from surgesim.model.capacity.capacity import Capacity
from surgesim.model.capacity.facilities import OPEN, Facilities
from surgesim.model.capacity.logistics import Drivers, Logistics
from surgesim.model.care.arrivals import ArrivalSource
from surgesim.model.care.basic_beds import BasicBeds
from surgesim.model.care.beds import BASIC, ICU, OXYGEN, UNLIMITED
from surgesim.model.care.course.events import LogEntry
from surgesim.model.care.home_areas import HomeAreas
from surgesim.model.care.home_oxygen import HomeOxygen
from surgesim.model.care.journey import Journey, Options
from surgesim.model.care.moves import Moves
from surgesim.model.care.neighbours import Neighbours
from surgesim.model.care.network import Network
from surgesim.model.care.oxygen import OxygenSupply
from surgesim.model.care.patients import PatientBatch, PatientSource
from surgesim.model.care.queue_rules import QueueRules
from surgesim.model.care.shared import SharedDays
from surgesim.model.care.wards import Wards
from surgesim.model.clock.calendar import Calendar
from surgesim.model.clock.streams import Streams
from surgesim.model.columns import Part
from surgesim.model.epidemic.people import apportion, populate
from surgesim.model.epidemic.spread import VACCINATED, Epidemic, protection
from surgesim.model.epidemic.vaccination import Vaccination
from surgesim.model.surveillance.detection import Surveillance, report_delays
from surgesim.model.surveillance.laboratories import Laboratories
from surgesim.model.surveillance.reported import ReportedDays
from surgesim.scenario.schema.scenario import Scenario

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_STAFF_AGES = slice(2, 6)  # 20-59


class Province:
    """The parts of the model in one run; parts that the scenario does not have are None.

    Attributes
    ----------
    first_day, end_day
        The first day of the warm-up, and the day after the last day of the run.
    incidence
        Yesterday's infections per resident; per resident without protection if staff have immunity.
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        replication: int,
        *,
        log: list[LogEntry] | None = None,
        shared: SharedDays | None = None,
    ) -> None:
        clinical, care = scenario.clinical, scenario.care
        self.scenario = scenario
        self.first_day, self.end_day = -scenario.warm_up_days, scenario.days
        self.env = Calendar(self.first_day)
        self.streams = Streams(seed, replication)
        self.network = Network(scenario)
        self.population = populate(scenario.people)
        self.wards = Wards(self.network)
        self.journey = Journey(self.env, self.network, self.wards, _options(scenario), log=log)
        self.moves, self.queue_rules = Moves(self.env, self.journey), QueueRules(self.journey)
        self.home_oxygen = HomeOxygen(self.env, self.journey)
        self.basic_beds = BasicBeds(
            self.network,
            self.wards,
            clinical.stays.isolation_days,
            1.0 if scenario.epidemic is None else clinical.isolated_share,
            1.0 if scenario.epidemic is None else clinical.isolated_first,
            self.first_day,
            self.end_day,
        )
        drawn = None if shared is None else shared.patients
        drugs = scenario.supply.in_stock("death_oxygen"), scenario.supply.in_stock("death_icu")
        self.patients = PatientSource(clinical, scenario.epidemic, scenario.people.high_risk, drawn, drugs)
        self.epidemic = self._epidemic(shared)
        self.surveillance = self._surveillance()
        self.arrivals = self._arrivals()
        self.facilities = Facilities(care)
        self.supply = self._oxygen_supply()
        immune, self._protection_at_start = self._immunity_of_staff()
        self._protection_by_dose = self._protection_of_the_vaccinated()
        self.capacity = Capacity(care, clinical, self.facilities, self.supply, self.streams, immune)
        self.home = self._home_care()
        self.logistics = Logistics(scenario.supply)
        self.neighbours = Neighbours(self.env, care.neighbours)
        self.incidence = 0.0
        self._among = 1.0
        self._beds_counted = False
        self.link(list(range(len(self.facilities.sites))), on=False)

    def _report_delays(self) -> Floats | None:
        """Return the delay of reports, as `report_delays` does; None if arrivals are given."""
        epidemic, people = self.scenario.epidemic, self.scenario.people
        return None if epidemic is None else report_delays(epidemic.detection, people.districts.values())

    def _home_care(self) -> HomeAreas | None:
        section = self.scenario.clinical.home_care
        if section is None:
            return None
        delays = self._report_delays()
        if delays is not None and delays.ndim == 2:
            delays = np.average(delays, axis=0, weights=self.population.count.sum(axis=(1, 2)))
        first, others = self.scenario.clinical.isolated_first, self.scenario.clinical.isolated_share
        residents = {name: d.population for name, d in self.scenario.people.districts.items()}
        return HomeAreas(section, residents, delays, (1.0, 1.0) if first == others else (first, others))

    def _epidemic(self, shared: SharedDays | None) -> Epidemic | None:
        scenario, path = self.scenario, None if shared is None else shared.path
        if scenario.epidemic is None:
            return None
        reports = ReportedDays(scenario.past, ())
        deaths = {day: reports.province("deaths", day) for day in range(-reports.days, 0)}
        return Epidemic(
            scenario.epidemic,
            scenario.people,
            self.population,
            scenario.start,
            self.streams,
            path,
            {day: number for day, number in deaths.items() if not np.isnan(number)},
        )

    def _surveillance(self) -> Surveillance | None:
        section = self.scenario.epidemic
        if section is None:
            return None
        residents = self.population.count.sum(axis=(1, 2))
        at_admission = self.journey.ledger.reported_at_admission
        return Surveillance(
            section,
            self.first_day,
            self.end_day,
            residents,
            at_admission,
            self.streams,
            self._report_delays(),
        )

    def _arrivals(self) -> ArrivalSource | None:
        """Build the source of the scenario's arrivals, or return None if an epidemic is simulated."""
        scenario, severity = self.scenario, self.scenario.clinical.severity
        if scenario.arrivals is None or scenario.epidemic is not None:
            return None
        return ArrivalSource(
            scenario.arrivals,
            self.network.districts,
            self.population.count.sum(axis=2),
            self.patients,
            np.array(severity.p_oxygen),
            np.array(severity.p_icu),
            self.streams,
        )

    def _oxygen_supply(self) -> OxygenSupply | None:
        """Build the oxygen stores, or return None if no facility has one."""
        sources = {name: facility.oxygen for name, facility in self.scenario.care.facilities.items()}
        if not any(sources.values()):
            return None
        supply = OxygenSupply(
            self.env,
            sources,
            self.journey,
            self._oxygen_changed,
            self.streams,
            self.scenario.clinical.respiratory.scarcity,
        )
        self.journey.breathe_from(supply)
        return supply

    @property
    def vaccination(self) -> Vaccination | None:
        """The vaccination of the epidemic, or None."""
        return None if self.epidemic is None else self.epidemic.vaccination

    @property
    def laboratories(self) -> Laboratories | None:
        """The laboratories, or None if tests are unlimited."""
        return None if self.surveillance is None else self.surveillance.laboratories

    def parts(self) -> list[Part]:
        """Return the parts that have columns in the record."""
        parts: list[Part | None] = [
            self.epidemic,
            self.surveillance,
            self.journey,
            self.basic_beds,
            self.wards,
            self.capacity,
            self.supply,
            self.network.fleet,
            self.home,
            self.logistics,
        ]
        return [part for part in parts if part is not None]

    # -- beds -------------------------------------------------------------------------------------

    def open_beds(self, day: int) -> None:
        """Count the staff on duty, open the beds that they can staff, and admit as many patients as fit."""
        before = self.capacity.today
        opened = self.capacity.open(day, self.wards.occupied().T, self.incidence)
        if opened is before:
            return
        self._beds_counted = True
        normal, most = opened.staffed.normal, opened.staffed.most
        self.wards.staffed[BASIC][:] = most[:, BASIC].tolist()
        unstretched = np.where(normal < most, normal, UNLIMITED)  # unlimited: no care is understaffed
        for bed in (OXYGEN, ICU):
            self.wards.staffed_normally[bed][:] = unstretched[:, bed].tolist()
        oxygen_now, icu_now = self.wards.staffed[OXYGEN], self.wards.staffed[ICU]
        for f, (oxygen, icu) in enumerate(zip(*most.T[OXYGEN:].tolist(), strict=True)):
            if oxygen != oxygen_now[f] or icu != icu_now[f]:
                self._set_capacity(f, oxygen, icu)

    def _set_capacity(self, facility: int, oxygen: int, icu: int) -> None:
        """Set the number of beds that admit patients: the staffed beds, or none if oxygen has run out."""
        store = None if self.supply is None else self.supply.stores[facility]
        if store is not None and store.short:
            oxygen = icu = 0
        for bed, beds in ((OXYGEN, oxygen), (ICU, icu)):
            if self.wards.staffed[bed][facility] != beds:
                self.journey.set_capacity(bed, facility, beds)

    def _oxygen_changed(self, facility: int) -> None:
        """Stop admissions at a facility that has run out of oxygen, or resume them."""
        if self._beds_counted:
            _, oxygen, icu = self.capacity.today.staffed.most[facility].tolist()
            self._set_capacity(facility, oxygen, icu)

    def states(self) -> list[int]:
        """Return the state of each facility as an index into STATES."""
        opened: list[bool] = (self.capacity.today.space.max(axis=1) > 0).tolist()
        return [
            OPEN if is_open else site.state(is_open, self.wards.present(facility))
            for facility, (site, is_open) in enumerate(zip(self.facilities.sites, opened, strict=True))
        ]

    def state_of(self, facility: int) -> int:
        """Return the state of one facility as an index into STATES."""
        opened = bool(self.capacity.today.space[facility].max() > 0)
        return self.facilities.sites[facility].state(opened, self.wards.present(facility))

    # -- links between parts ------------------------------------------------------------------------

    def link(self, facilities: list[int], *, on: bool) -> None:
        """Link facilities to a higher-level hospital, or end the link.

        A link gives access to specialists, without whom care is understaffed.
        """
        for facility in facilities:
            section = self.facilities.sites[facility].section
            self.journey.specialists[facility] = on or section.specialists or section.remote_link

    def dead(self) -> Ints:
        """``(districts, 9, 2)`` deaths so far."""
        return np.array(self.journey.ledger.dead, np.int64).reshape(self.population.count.shape)

    def heads(self) -> int:
        """Return the number of clinical staff on the payroll."""
        return self.capacity.employed

    def _immunity_of_staff(self) -> tuple[float, float]:
        """Return the share of staff who are immune at the start, and the protection of the others."""
        if self.epidemic is None or self.scenario.care.staffing.absence.immunity is None:
            return 0.0, 0.0
        return self.epidemic.immunity_of(_STAFF_AGES)

    def _protection_of_the_vaccinated(self) -> float:
        """Return the protection of vaccinated people against infection; 0 without vaccination."""
        section = self.scenario.epidemic
        if section is None or section.vaccination is None:
            return 0.0
        return float(protection(section)[VACCINATED, 0])

    def count_susceptible(self) -> None:
        """Before the infections of a day, count the residents at risk, the denominator of the incidence."""
        self._among = float(self.population.total)
        if self.epidemic is not None and self.scenario.care.staffing.absence.immunity is not None:
            self._among = max(self.epidemic.unprotected(), 1.0)

    def note_infections(self, infections: int) -> None:
        """Store the incidence of the day's infections, which determines how many staff are infected."""
        self.incidence = float(infections) / self._among

    def feel_shortages(self) -> None:
        """Let yesterday's unmet demand for consumables act on patients and staff today."""
        shortages = self.logistics.shortages
        shortages.follow(self.logistics.stocks)
        self.journey.lack_drugs(shortages.death_oxygen, shortages.death_icu)
        if self.capacity.absences is not None:
            self.capacity.absences.exposure = shortages.staff_infection

    def protect_staff(self) -> None:
        """Give staff the protection against infection that residents with the same doses have."""
        vaccination, absences = self.vaccination, self.capacity.absences
        if self.epidemic is None or absences is None:
            return
        at_start = self._protection_at_start
        if vaccination is None:
            absences.protection = at_start
            return
        covered = vaccination.staff_protected_share(self.heads())
        best = max(self._protection_by_dose, at_start)
        absences.protection = covered * best + (1.0 - covered) * at_start

    # -- use and cost of a day ----------------------------------------------------------------------

    def begin_books(self) -> None:
        """At t = 0, exclude the warm-up from the first day's use and cost."""
        self._growth()

    def keep_books(self, day: int) -> None:
        """Record the day's use of supplies, its waste and its cost."""
        mild = float(self.basic_beds.occupied.sum())
        growth, surveillance = self._growth(), self.surveillance
        detection = None if surveillance is None else surveillance.detection
        if self.home is not None and detection is not None:
            self.home.pass_day(detection.mild_reports(day), mild)
        self.logistics.pass_day(
            Drivers(
                basic_bed=mild,
                oxygen_bed=float(sum(self.wards.oxygen.occupied)),
                icu_bed=float(sum(self.wards.icu.occupied)),
                reported_case=growth["reported at admission"]
                + (0.0 if detection is None else float(detection.reports(day).sum())),
                home_case=(0.0 if self.home is None else self.home.followed) + self.home_oxygen.present,
                death=growth["deaths"],
                oxygen_kg=growth["oxygen"],
                opening=growth["openings"],
                reinforcement=self.capacity.reinforcement,
                dose=0.0 if self.vaccination is None else self.vaccination.doses_today,
                test=0.0 if self.laboratories is None else self.laboratories.used,
                ventilator=growth["ventilators"],
                tank_kg=growth["tanks"],
                bed_opening=growth["beds opened"],
                concentrator=growth["concentrators"],
            )
        )

    def leave_out(self, act: Callable[[], None]) -> None:
        """At t = 0, let something happen that was paid for before: it counts in no day's use and cost."""
        before = self._totals()
        act()
        self.capacity.count_ventilators()
        for name, total in self._totals().items():
            self.logistics.leave_out(name, total - before[name])

    def _growth(self) -> dict[str, float]:
        """Return how much the running totals used by logistics have grown since the last call."""
        return {name: self.logistics.growth(name, total) for name, total in self._totals().items()}

    def _totals(self) -> dict[str, float]:
        return {
            "deaths": sum(self.journey.ledger.deaths),
            "oxygen": 0.0 if self.supply is None else self.supply.used_kg,
            "openings": self.facilities.openings,
            "ventilators": self.capacity.ventilators_added,
            "tanks": 0.0 if self.supply is None else self.supply.tanks_added_kg,
            "beds opened": self.facilities.beds_opened,
            "concentrators": self.home_oxygen.concentrators_added,
            "reported at admission": sum(self.journey.ledger.reported_at_admission),
        }

    # -- identities ---------------------------------------------------------------------------------

    def check(self, day: int) -> None:
        """Check all the identities of docs/model.md at the end of a day.

        Raises
        ------
        IdentityError
            If an identity fails.
        """
        self.journey.check(day)
        self.basic_beds.check(day)
        if self.supply is not None:
            self.supply.check(day)
        self.capacity.check(day)
        if self.home is not None:
            self.home.check(day)
        self.logistics.check(day)
        if self.epidemic is not None:
            self.epidemic.check(day)
        if self.surveillance is not None:
            self.surveillance.check(day)

    # -- the start ----------------------------------------------------------------------------------

    def begin(self) -> None:
        """Before the first day, open the beds if they are limited only by space."""
        if not self.capacity.limited:  # otherwise beds are counted on the first day
            for f, (_, oxygen, icu) in enumerate(self.capacity.today.space.tolist()):
                self._set_capacity(f, oxygen, icu)

    def admit_census(self) -> None:
        """At t = 0, put the initial census (if any) in beds and queues, in place of patients of a warm-up.

        After a warm-up, oxygen stocks are set back to their initial levels.
        """
        census, fresh = self.scenario.care.initial_census, self.scenario.care.initial_stays == "fresh"
        if census and self.first_day < 0:
            self.journey.replace_all()
            self.basic_beds.replace_all(0)
        if self.first_day < 0 and self.supply is not None:
            self.supply.refill()
        if not census:
            return
        rng = self.streams.once("initial census")
        for name, given in census.items():
            facility = self.facilities.index(name)
            spent = given.days_in("oxygen"), given.days_in("icu")
            batch = self._patients_at(facility, given.oxygen, given.icu, spent, fresh, rng)
            self.journey.start_in_beds(batch, [facility] * (given.oxygen + given.icu))
            if given.basic:
                self.basic_beds.start(0, facility, given.basic, given.days_in("basic"), fresh, rng)
        for name, given in census.items():
            oxygen, icu = given.waits("oxygen"), given.waits("icu")
            if oxygen or icu:
                facility = self.facilities.index(name)
                batch = self._patients_at(facility, oxygen, icu, (None, None), True, rng)
                self.journey.start_in_line(batch)

    def _patients_at(
        self,
        facility: int,
        oxygen: int,
        icu: int,
        spent: tuple[float | None, float | None],
        fresh: bool,
        rng: np.random.Generator,
    ) -> PatientBatch:
        """Draw `oxygen` patients who need oxygen and then `icu` who need ICU, from a facility's district."""
        ages = self.population.count.sum(axis=(0, 2)).astype(float)
        severity = self.scenario.clinical.severity
        need = ages * np.array(severity.p_oxygen)
        icu_need = need * np.array(severity.p_icu)
        of_each = apportion(oxygen, _or_all(need, ages)), apportion(icu, _or_all(icu_need, ages))
        age = np.concatenate([np.repeat(np.arange(len(ages)), number) for number in of_each])
        number = oxygen + icu
        district = np.full(number, self.network.district_of[facility])
        in_icu = np.arange(number) >= oxygen
        return self.patients.in_beds(self.env.now, district, age, in_icu, spent, fresh, rng)


def _options(scenario: Scenario) -> Options:
    clinical = scenario.clinical
    return Options(
        clinical.boarding,
        clinical.step_down,
        clinical.queue_order,
        scenario.care.no_bed_hours / 24,
        scenario.in_time_hours / 24,
    )


def _or_all(weights: Floats, otherwise: Floats) -> Floats:
    return weights if weights.sum() > 0 else otherwise
