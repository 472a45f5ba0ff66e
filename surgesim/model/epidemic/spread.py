"""The spread of infection: a stochastic chain-binomial SEIR with two stages each for E and I.

Cells are district x age x risk. Until onset, when severity is drawn, they are also split by immunity stratum.
A step uses the state at its start, and people infected in a step move on in the next step at the earliest, so
mean durations, and thus R0, are exact for any length of step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, prod
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import IdentityError, Problem, ScenarioError
from surgesim.model.clock.streams import Streams
from surgesim.model.columns import Column, Page
from surgesim.model.epidemic.people import RARE, Population
from surgesim.model.epidemic.reaction import Reaction, fatigue
from surgesim.model.epidemic.vaccination import Vaccination
from surgesim.model.epidemic.visitors import Turnover, Visitors
from surgesim.scenario.schema.base import SETTINGS
from surgesim.scenario.schema.epidemic import Epidemic as EpidemicSection
from surgesim.scenario.schema.epidemic import Measure, Protection
from surgesim.scenario.schema.people import People

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Number = TypeVar("Number", np.int64, np.float64)

INFECTIONS = (
    Column("infections", "people/day", "residents infected in the province (without imports)", np.nan),
    Column("imported", "people/day", "residents infected outside the province", np.nan),
    Column("screened", "people/day", "people infected outside whom screening at entry finds", np.nan),
    Column(
        "districts_locked", "districts", "districts with a measure of their own (`local_measure`)", np.nan
    ),
    Column("people_locked", "people", "residents of the communes or districts with such a measure", np.nan),
    Column("infectious", "people", "people in the infectious stages", np.nan),
)
SUSCEPTIBLE = Column("susceptible", "people", "people neither immune nor infected", np.nan)
VACCINATED_PEOPLE = Column(
    "vaccinated", "people", "susceptible people who are protected by the vaccine against the variant"
)
DISTRICT = (Column("infections", "people/day", "residents infected in the province", np.nan),)

_AT = "@"
"""Between a measure, the district in which alone it is in force, and the share of cases it applies to."""

_OUTSIDE_HOME = slice(1, None)  # of SETTINGS

NONE, WANED, VACCINATED, BOTH = range(4)
"""Immunity strata. BOTH is for vaccinated people whose waned immunity protects better in some respect."""


@dataclass(frozen=True, slots=True)
class DayOfInfection:
    """The result of one day of the epidemic.

    Attributes
    ----------
    onsets
        ``(districts, 9, 2, strata, steps)`` people who became infectious, by step of the day.
    infections
        ``(districts,)`` residents infected in the province.
    imported
        ``(districts,)`` residents infected outside the province.
    screened
        People infected outside the province whom screening at entry finds.
    visitors
        The visitors of the day; None if there are none.
    infectious, susceptible
        Infectious and susceptible people in the province at 24:00.
    """

    onsets: Ints
    infections: Ints
    imported: Ints
    infectious: int = 0
    susceptible: int = 0
    screened: int = 0
    visitors: Turnover | None = None


@dataclass(frozen=True, slots=True)
class PathDay:
    """A day of the epidemic that alternatives of a replication may share.

    Attributes
    ----------
    day, in_force, isolated, given_up
        The day's number, the measures in force, the infectious people who isolate (None if nobody does), as
        for `Epidemic.advance`, and the share of contacts outside the home that people give up.
    infection
        The result of the day.
    state
        One-dimensional array of S, E, I and R at 24:00, in the layout of `Epidemic`.
    """

    day: int
    in_force: tuple[str, ...]
    isolated: Floats | None
    infection: DayOfInfection
    state: NDArray[np.int32]
    given_up: float = 0.0


EpidemicPath: TypeAlias = list[PathDay]
"""The days of an epidemic in order, up to the day from which care affects it by more than isolation."""


def next_generation(population: Population, susceptibility: Floats) -> float:
    """Return the dominant eigenvalue of the next-generation matrix without immunity.

    The eigenvalue is per unit of transmission and infectious time. The matrix covers the districts and ages
    that have people. If contacts with each age group are the same in all districts, districts drop out
    because their mixing is row-stochastic. Otherwise a small district counts in proportion to its people, so
    that an almost empty district does not dominate the others.
    """
    by_age = susceptibility[:, None] * population.contacts.sum(axis=0)
    people = population.count.sum(axis=2)
    filled = people / population.contact_pool
    if (filled[:, people.any(axis=0)] == 1).all():
        return _dominant(by_age)
    share = people.sum(axis=1) / people.sum()
    mixing = population.mixing * np.minimum(share / RARE, 1.0)
    cells = np.einsum("de,ab,eb->daeb", mixing, by_age, filled).reshape(people.size, people.size)
    return _dominant(cells) / _dominant(mixing)


def _dominant(matrix: Floats) -> float:
    return float(np.abs(np.linalg.eigvals(matrix)).max())


def transmission_rate(
    r0: float, infectious_days: float, population: Population, susceptibility: Floats
) -> float:
    """Return the infections per contact that give the next-generation matrix the dominant eigenvalue `r0`.

    Raises
    ------
    ScenarioError
        If there is no such rate, because nobody can infect anybody.
    """
    if r0 == 0:
        return 0.0
    root = next_generation(population, susceptibility)
    if root == 0:
        message = f"got {r0:g}, expected 0 where nobody can infect anybody"
        raise ScenarioError([Problem("epidemic.variant.r0", message)])
    return r0 / (infectious_days * root)


def protection(section: EpidemicSection) -> Floats:
    """Return the protection against infection and severe disease in each stratum in use, ``(strata, 2)``.

    A dose never reduces protection: people with waned immunity keep its protection where that is better.
    """
    immunity = section.immunity
    waned = np.array([immunity.waned.infection, immunity.waned.severe])
    waned *= 1.0 - section.variant.vaccine_escape
    strata = [np.zeros(2), waned]
    if section.vaccination is not None:
        vaccinated = immunity.vaccinated or Protection()
        dose = np.array([vaccinated.infection, vaccinated.severe])
        strata.append(dose)
        if (waned > dose).any():
            strata.append(np.maximum(waned, dose))
    return np.array(strata)


def severe_if_infected(section: EpidemicSection) -> Floats:
    """Return the risk of severe disease once infected, relative to people without protection, by stratum.

    A person's protection against severe disease includes, and is at least as high as, the protection against
    infection, which does not protect again once the person is infected.
    """
    infection, severe = protection(section).T
    infected, ill = 1.0 - infection, 1.0 - np.maximum(infection, severe)
    risk: Floats = np.divide(ill, infected, out=np.zeros_like(ill), where=infected > 0)
    return risk


def _equal(one: Floats | None, other: Floats | None) -> bool:
    return other is None if one is None else other is not None and np.array_equal(one, other)


def _parts(flat: NDArray[Number], shape: tuple[int, ...]) -> tuple[NDArray[Number], ...]:
    """Return views of a flat array as S ``shape``, E ``(2, *shape)`` and I ``(2, *shape[:-1])``."""
    cells, groups = prod(shape), prod(shape[:-1])
    exposed, infectious = cells, 3 * cells
    return (
        flat[:exposed].reshape(shape),
        flat[exposed:infectious].reshape(2, *shape),
        flat[infectious : infectious + 2 * groups].reshape(2, *shape[:-1]),
    )


class Epidemic:
    """The state of the epidemic, advanced one day at a time.

    Attributes
    ----------
    susceptible
        ``(districts, 9, 2, strata)`` people.
    exposed
        ``(2, districts, 9, 2, strata)`` latent people, by stage.
    infectious
        ``(2, districts, 9, 2)`` infectious people, by stage.
    recovered
        ``(districts, 9, 2)`` immune people.
    vaccination
        The state of vaccination; None if the scenario has none.
    today
        The result of the last day simulated; None before the first day.

    Parameters
    ----------
    path
        Days already simulated by other alternatives of this replication. They are reused as long as they
        match this alternative; new days are added. All alternatives must have the same `section`, `people`
        and `streams`.
    reported_deaths
        Deaths of days before day 0 that a history reports, by day; people react to them.
    """

    def __init__(
        self,
        section: EpidemicSection,
        people: People,
        population: Population,
        start: date,
        streams: Streams,
        path: EpidemicPath | None = None,
        reported_deaths: Mapping[int, float] | None = None,
    ) -> None:
        self._section = section
        self._streams = streams
        self._path = path
        self._passed = 0  # days of the path passed so far
        self._start = start
        self._contacts = population.contacts
        self._by_setting = population.contacts_by_setting
        self._mixing = population.mixing
        self._by_age = population.count.sum(axis=2).astype(float)
        self._contact_pool = population.contact_pool
        self._names = tuple(people.districts)
        self._districts = {name: i for i, name in enumerate(self._names)}
        self._hosts = np.array(people.hosts)
        self._is_residents = self._hosts == np.arange(len(self._names))
        places = [district.place for district in people.districts.values()]
        self._contacts_there = np.array([1.0 if place is None else place.contacts for place in places])
        self._travel_there = np.array([1.0 if place is None else 1.0 - place.closed for place in places])
        variant, immunity = section.variant, section.immunity
        self._susceptibility = np.array(section.susceptibility)
        self._factors = sorted((date.fromisoformat(day), x) for day, x in section.transmission.items())
        self._rate = transmission_rate(variant.r0, variant.infectious_days, population, self._susceptibility)
        self._steps = round(1 / section.dt_days)
        self._open_to = 1.0 - protection(section)[:, 0]
        self._minus_open_to = -self._open_to
        self._weights = self._importation_weights()
        self._running: dict[str, int] = {}
        # by measure, by district: shares of cases and of people, for each rule that has it in force
        self._local: dict[str, list[list[tuple[float, float]]]] = {}
        self._begun: dict[str, int] = {}  # the day on which a measure in force began
        self._since: dict[str, int] = {}  # by measure that a rule started before day 0: its first day
        self._reaction: Reaction | None = None
        if section.reaction is not None:
            self._reaction = Reaction(section.reaction, population.total, reported_deaths or {})
        self._tires = None if section.reaction is None else section.reaction.compliance_half_life_days
        self._hazards: dict[tuple[str, ...], Floats] = {}
        self._mixings: dict[tuple[str, ...], Floats] = {}
        self._imports: dict[tuple[str, ...], Floats] = {}

        shape = (*population.count.shape, len(self._open_to))
        cells, groups = prod(shape), prod(shape[:-1])
        # S, E and I share one array, so that one draw per step moves them all; R follows
        self._everybody = np.zeros(3 * cells + 3 * groups, np.int64)
        self._state = self._everybody[: 3 * cells + 2 * groups]
        self._leaving = np.empty(len(self._state))
        # people who leave S and E1 enter E1 and E2; people who leave I1 and I2 enter I2 and R
        self._moves = (
            (slice(2 * cells), self._everybody[cells : 3 * cells]),
            (slice(3 * cells, None), self._everybody[3 * cells + groups :]),
        )
        self.susceptible, self.exposed, self.infectious = _parts(self._state, shape)
        self._infection, leave_exposed, leave_infectious = _parts(self._leaving, shape)
        leave_exposed[:] = 2 * section.dt_days / variant.latent_days
        leave_infectious[:] = 2 * section.dt_days / variant.infectious_days
        immune = np.rint(population.count * np.array(immunity.immune_share)[None, :, None]).astype(np.int64)
        lost = np.rint(immune * variant.infection_escape).astype(np.int64)
        others = population.count - immune
        waned = np.rint(others * np.array(immunity.waned_share)[None, :, None]).astype(np.int64)
        self.susceptible[..., NONE] = others - waned
        self.susceptible[..., WANED] = waned + lost
        self.recovered = self._everybody[len(self._state) :].reshape(immune.shape)
        self.recovered[:] = immune - lost
        self._people = population.count
        self._back = np.zeros_like(immune)  # by how much S has grown by waning and by turnover of visitors
        self._visitors: Visitors | None = None
        if any(district.visitors for district in people.districts.values()):
            self._visitors = Visitors(people, self.susceptible, self.recovered, self._open_to)
        self.today: DayOfInfection | None = None
        self.vaccination: Vaccination | None = None
        if section.vaccination is not None:
            residents = population.count
            if self._visitors is not None:
                residents = residents.copy()
                residents[self._visitors.districts] = 0  # nobody vaccinates them
            self.vaccination = Vaccination(section.vaccination, residents, start)
        rng = streams.once("initial infections")
        for name, number in section.initial_infections.items():
            self._infect_outside(self._districts[name], number, rng)

    def _importation_weights(self) -> Floats:
        given = self._section.importation.weights
        residents = self._by_age.sum(axis=1) * self._is_residents
        raw = np.array([given.get(name, 0.0) for name in self._names]) if given else residents
        total = raw.sum()
        return raw / total if total > 0 else raw

    # -- immunity ---------------------------------------------------------------------------------

    def immunity_of(self, ages: slice) -> tuple[float, float]:
        """Return the share of people of some ages who are immune now, and the protection of the others.

        The protection is the mean share by which the immunity strata of the others lower the hazard of
        infection.
        """
        immune, others = self.recovered[:, ages].sum(), self.susceptible[:, ages].sum(axis=(0, 1, 2))
        everybody = immune + others.sum()
        share = float(immune / everybody) if everybody else 0.0
        return share, float(1.0 - others @ self._open_to / others.sum()) if others.any() else 0.0

    def infected(self) -> Ints:
        """Return the infected people by stage (E1, E2, I1, I2), ``(4, districts)``."""
        stages = (self.exposed.sum(axis=(2, 3, 4)), self.infectious.sum(axis=(2, 3)))
        return np.concatenate(stages)

    def unprotected(self) -> float:
        """Return the number of susceptible people, weighted by the share of hazard that protection leaves."""
        return float(self.susceptible.sum(axis=(0, 1, 2)) @ self._open_to)

    def no_longer_susceptible(self) -> Ints:
        """Return the people who have left S so far, ``(districts, 9, 2)``, and the immune of the start.

        People who have come back to S because immunity waned count once for each time.
        """
        people: Ints = self._people - self.susceptible.sum(axis=3) + self._back
        return people

    # -- measures ---------------------------------------------------------------------------------

    def start_measure(self, name: str) -> None:
        """Put a measure into force on behalf of a rule."""
        self._running[name] = self._running.get(name, 0) + 1

    def end_measure(self, name: str) -> None:
        """End a measure that a rule started."""
        self._running[name] -= 1
        self._since.pop(name, None)

    def date_back(self, name: str, since: float) -> None:
        """At t = 0, note that a rule started a measure at time `since`, before the run."""
        self._since[name] = min(ceil(since - 1e-9), self._since.get(name, 0))
        if self._tires is not None:
            self._path = None  # other alternatives may have started it at another time

    def set_local(self, name: str, district: int, shares: tuple[float, float], *, on: bool) -> None:
        """Put a measure into force in one district on behalf of a rule, or end it there.

        `shares` are those of the district's cases and people to which it applies. If several rules have the
        same measure in force, the largest counts.
        """
        of_rules = self._local.setdefault(name, [[] for _ in self._names])[district]
        if on:
            of_rules.append(shares)
        else:
            of_rules.remove(shares)

    def _locked(self) -> list[float]:
        """Return the people with a measure of the district's own, for each district that has one."""
        return [
            size * max(people for of_rules in of_measures for _, people in of_rules)
            for size, *of_measures in zip(
                self._by_age.sum(axis=1).tolist(), *self._local.values(), strict=True
            )
            if any(of_measures)
        ]

    def _in_force(self, name: str, measure: Measure, day: int) -> bool:
        if self._running.get(name, 0) > 0:
            return True
        if measure.start is None:
            return False
        today = self._start + timedelta(days=day)
        return measure.start <= today and (measure.end is None or today < measure.end)

    def _measures_of(self, day: int) -> tuple[str, ...]:
        """Return the measures in force on `day`; those of districts as ``measure@district@share``."""
        measures = self._section.measures.items()
        in_force = tuple(name for name, measure in measures if self._in_force(name, measure, day))
        if self._local:
            in_force += tuple(
                f"{name}{_AT}{self._names[district]}{_AT}{max(of_rules)[0]!r}"
                for name, of_districts in self._local.items()
                if name not in in_force
                for district, of_rules in enumerate(of_districts)
                if of_rules
            )
        if self._tires is not None:
            self._begun = {name: self._begun.get(name, self._first_day(name, day)) for name in in_force}
        return in_force

    def _first_day(self, name: str, day: int) -> int:
        """Return the day on which a measure in force since `day`, or since before the run, began."""
        start = self._measure(name).start
        if start is None or _AT in name or self._running.get(name, 0) > 0:
            return min(self._since.pop(name, day), day)
        return min((start - self._start).days, day)

    def _compliance(self, name: str, day: int) -> float:
        """Return the share of people who comply with a measure in force on `day`, where it is in force."""
        *_, share = name.rpartition(_AT)
        compliance = self._measure(name).compliance * (float(share) if _AT in name else 1.0)
        return (
            compliance if self._tires is None else compliance * fatigue(day - self._begun[name], self._tires)
        )

    def _contact_factor(self, in_force: tuple[str, ...], day: int) -> Floats:
        """Return the share of contacts left by the measures in force, ``(districts, settings)``.

        It is above 1 in places where people have more contacts than elsewhere.
        """
        left = np.repeat(self._contacts_there[:, None], len(SETTINGS), axis=1)
        for name in in_force:
            removed = np.array([getattr(self._measure(name).reduces, setting) for setting in SETTINGS])
            left[self._where(name)] *= 1.0 - self._compliance(name, day) * removed
        return left

    def outside_home(self, day: int) -> Floats:
        """Return the share of the contacts on `day` that are not at home, ``(districts,)``.

        It is a mean over people and contact tables, and 0 without contacts. Measures count as they are in
        force on `day`; what people give up because of deaths counts as on the day before.
        """
        given_up = 0.0 if self._reaction is None else self._reaction.given_up
        left = self._contacts_left(self._measures_of(day), day, given_up) * self._by_setting
        all_of_them = left.sum(axis=1)
        at_home = np.divide(left[:, 0], all_of_them, out=np.ones(len(left)), where=all_of_them > 0)
        outside: Floats = 1.0 - at_home
        return outside

    def _contacts_left(self, in_force: tuple[str, ...], day: int, given_up: float) -> Floats:
        """Return the share of contacts left by measures and by deaths, ``(districts, settings)``.

        People give up a share `given_up` of the contacts outside the home that measures leave.
        """
        left = self._contact_factor(in_force, day)
        left[:, _OUTSIDE_HOME] *= 1.0 - given_up
        return left

    def _measure(self, name: str) -> Measure:
        """Return the measure of an entry of those in force."""
        return self._section.measures[name.partition(_AT)[0]]

    def _where(self, name: str) -> slice | list[int]:
        """Return the districts to whose residents a measure in force applies."""
        measure, (_, *locally) = self._measure(name), name.split(_AT)
        if locally:
            return [self._districts[locally[0]]]
        if measure.districts is None:
            return slice(None)
        return [self._districts[district] for district in measure.districts]

    def _travel_left(self, in_force: tuple[str, ...], day: int) -> Floats:
        """Return the share of contacts with other districts that is left, ``(districts,)``."""
        left = self._travel_there.copy()
        for name in in_force:
            left[self._where(name)] *= 1.0 - self._compliance(name, day) * self._measure(name).travel
        return left

    def _imports_left(self, in_force: tuple[str, ...]) -> Floats:
        """Return the share of imports that the screening of measures leaves, ``(districts,)``."""
        left = np.ones(len(self._names))
        for name in in_force:
            measure = self._measure(name)
            left[self._where(name)] *= 1.0 - measure.compliance * measure.screening
        return left

    def _mixing_of(self, in_force: tuple[str, ...], day: int = 0) -> Floats:
        """Return mixing under travel limits, ``(districts, districts)``; each row still adds up to 1.

        Between two districts the stricter limit applies; prevented contacts take place in the home district.
        """
        if in_force in self._mixings and self._tires is None:
            return self._mixings[in_force]
        left = self._travel_left(in_force, day)
        mixing = self._mixing
        if (left < 1).any() and not self._is_residents.all():
            mixing = self._limited_among_hosts(left)
        elif (left < 1).any():
            mixing = mixing * np.minimum(left[:, None], left[None, :])
            np.fill_diagonal(mixing, 0.0)
            np.fill_diagonal(mixing, np.maximum(1.0 - mixing.sum(axis=1), 0.0))
        self._mixings[in_force] = mixing
        return mixing

    def _limited_among_hosts(self, left: Floats) -> Floats:
        """Return `_mixing_of` where visitors and their hosts, who are one district, go on meeting."""
        together = self._hosts[:, None] == self._hosts[None, :]
        outside = np.where(together, 0.0, self._mixing * np.minimum(left[:, None], left[None, :]))
        people = together * self._by_age.sum(axis=1)
        met = people / people.sum(axis=1, keepdims=True)
        limited: Floats = outside + met * np.maximum(1.0 - outside.sum(axis=1, keepdims=True), 0.0)
        return limited

    # -- a day ------------------------------------------------------------------------------------

    def advance(self, day: int, dead: Ints, staff: int = 0, isolated: Floats | None = None) -> DayOfInfection:
        """Advance the epidemic through `day` and return the result.

        Parameters
        ----------
        dead
            ``(districts, 9, 2)`` deaths so far; the dead stay immune for good and get no dose.
        staff
            Clinical staff on the payroll, who are vaccinated first.
        isolated
            ``(reasons, steps, districts)`` infectious people who, in each step of the day, isolate and infect
            nobody; the share is the same for all ages of a district, and independent of other reasons.
        """
        in_force = self._measures_of(day)
        given_up = 0.0 if self._reaction is None else self._reaction.pass_day(day, int(dead.sum()))
        doses = 0 if self.vaccination is None else self.vaccination.receive(day)
        if self._path is not None and self._depends_on_care():
            self._path = None
        infection = self._take_from_path(day, in_force, isolated, given_up)
        if infection is None:
            infection = self._move(day, in_force, doses, dead, staff, isolated, given_up)
            self._add_to_path(day, in_force, isolated, infection, given_up)
        self.today = infection
        return infection

    def _depends_on_care(self) -> bool:
        """Return True if future infections depend on care other than through the isolation of cases.

        They do if immunity wanes, because the dead keep theirs, and if there are visitors, because the dead
        do not leave. They also do from the first dose on, because the dead get no dose and staff are
        vaccinated first.
        """
        wanes = self._section.immunity.waning_days is not None
        dosed = self.vaccination is not None and self.vaccination.has_begun
        return wanes or dosed or self._visitors is not None

    def _take_from_path(
        self, day: int, in_force: tuple[str, ...], isolated: Floats | None, given_up: float
    ) -> DayOfInfection | None:
        """Return the day as another alternative simulated it; None if none did or the paths differ.

        Once the measures in force, the people who isolate or the deaths to which people react differ on a
        day, this alternative no longer uses the path. Isolation can differ because reports depend on home
        care, tests and beds.
        """
        if self._path is None or self._passed == len(self._path):
            return None
        shared = self._path[self._passed]
        same_day = (shared.day, shared.in_force, shared.given_up) == (day, in_force, given_up)
        if not same_day or not _equal(shared.isolated, isolated):
            self._path = None
            return None
        self._everybody[:] = shared.state
        self._passed += 1
        return shared.infection

    def _add_to_path(
        self,
        day: int,
        in_force: tuple[str, ...],
        isolated: Floats | None,
        infection: DayOfInfection,
        given_up: float,
    ) -> None:
        """Add a day to the path if this alternative still uses it and is the first to simulate the day."""
        if self._path is not None:
            state = self._everybody.astype(np.int32)  # takes half the memory, and is large enough for a cell
            self._path.append(PathDay(day, in_force, isolated, infection, state, given_up))
            self._passed += 1

    def _move(
        self,
        day: int,
        in_force: tuple[str, ...],
        doses: int,
        dead: Ints,
        staff: int,
        isolated: Floats | None,
        given_up: float,
    ) -> DayOfInfection:
        """Simulate a day on which `doses` are given; other parameters as for `advance`."""
        rng = self._streams.day("infection", day)
        imported = self._import(day, in_force)
        visitors = self._turn_over(day, dead)
        self._wane(rng, dead)
        self._vaccinate(day, doses, dead, staff)
        hazard, mixing = self._hazard_on(day, in_force, given_up), self._mixing_of(in_force, day)
        isolating = isolated is not None and np.count_nonzero(isolated) > 0
        at_first = self.susceptible.copy()
        shape, cells = at_first.shape, at_first.size
        onsets = np.empty((*shape, self._steps), np.int64)
        first_stage, second_stage = self.infectious
        for step in range(self._steps):
            stages = first_stage + second_stage
            infectious = stages[..., 0] + stages[..., 1]
            prevalence = infectious / self._contact_pool
            if isolated is not None and isolating:
                among = np.maximum(infectious.sum(axis=1), 1)
                for of_reason in isolated:
                    prevalence *= 1.0 - np.minimum(of_reason[step] / among, 1.0)[:, None]
            force = np.matmul(hazard, (mixing @ prevalence)[:, :, None])
            np.negative(np.expm1(force[..., None] * self._minus_open_to), out=self._infection)
            some = self._state.nonzero()[0]  # a cell without people uses no draw
            leaving = np.zeros_like(self._state)
            leaving[some] = rng.binomial(self._state[some], self._leaving[some])
            self._state -= leaving
            for of, into in self._moves:
                into += leaving[of]
            to_infectious = leaving[2 * cells : 3 * cells].reshape(shape)
            for stratum in range(shape[-1]):  # half the time of a sum over the last axis
                first_stage += to_infectious[..., stratum]
            onsets[..., step] = to_infectious
        # in the steps, people leave S only by infection
        infections = (at_first - self.susceptible).reshape(len(at_first), -1).sum(axis=1)
        return DayOfInfection(
            onsets,
            infections,
            imported,
            int(self.infectious.sum()),
            int(self.susceptible.sum()),
            self._screen(day, in_force),
            visitors,
        )

    def _hazard_of(self, day: int, in_force: tuple[str, ...], given_up: float) -> Floats:
        """Return the hazard per step and unit of prevalence under the measures, ``(districts, 9, 9)``."""
        lasting = given_up == 0 and self._tires is None
        if lasting and in_force in self._hazards:
            return self._hazards[in_force]
        contacts = np.tensordot(self._contacts_left(in_force, day, given_up), self._contacts, axes=1)
        per_step = self._rate * self._section.dt_days * self._susceptibility[None, :, None]
        hazard: Floats = per_step * contacts
        if lasting:
            self._hazards[in_force] = hazard
        return hazard

    def _hazard_on(self, day: int, in_force: tuple[str, ...], given_up: float) -> Floats:
        """Return the hazard under the measures, times the factor of `transmission` on `day`."""
        hazard = self._hazard_of(day, in_force, given_up)
        today = self._start + timedelta(days=day)
        factor = next((factor for first, factor in reversed(self._factors) if first <= today), None)
        return hazard if factor is None else factor * hazard

    def _import(self, day: int, in_force: tuple[str, ...]) -> Ints:
        imported = np.zeros(len(self._names), np.int64)
        if not self._imports_on(day):
            return imported
        rng = self._streams.day("importation", day)
        numbers = rng.poisson(self._let_in(in_force))
        for district in np.flatnonzero(numbers):
            imported[district] = self._infect_outside(int(district), int(numbers[district]), rng)
        return imported

    def _imports_on(self, day: int) -> bool:
        plan = self._section.importation
        begun = day < 0 or day >= plan.from_day
        return plan.per_day > 0 and begun and (plan.until_day is None or day < plan.until_day)

    def _screen(self, day: int, in_force: tuple[str, ...]) -> int:
        """Draw the people infected outside whom screening finds, of the same flow as those it misses."""
        if not self._imports_on(day):
            return 0
        all_of_them = self._section.importation.per_day * self._weights
        found = float((all_of_them - self._let_in(in_force)).sum())
        return int(self._streams.day("screening", day).poisson(found)) if found > 0 else 0

    def _let_in(self, in_force: tuple[str, ...]) -> Floats:
        """Return the mean imported infections per day that screening misses, ``(districts,)``."""
        if in_force not in self._imports:
            plan = self._section.importation
            let_in = (1 - plan.screening) * self._imports_left(in_force)
            self._imports[in_force] = plan.per_day * let_in * self._weights
        return self._imports[in_force]

    def _infect_outside(self, district: int, number: int, rng: np.random.Generator) -> int:
        """Move up to `number` residents of a district from S to E at random; return the number moved."""
        cells = self.susceptible[district]
        if not np.count_nonzero(cells[..., VACCINATED:]):
            cells = cells[..., :VACCINATED]  # so that an empty stratum changes no draw
        strata = cells.shape[-1]
        number = min(number, int(cells.sum()))
        chosen = rng.multivariate_hypergeometric(cells.ravel(), number, method="marginals").reshape(
            cells.shape
        )
        cells -= chosen
        exposed = self.exposed[0, district, ..., :strata]
        exposed += chosen
        return number

    def _turn_over(self, day: int, dead: Ints) -> Turnover | None:
        if self._visitors is None:
            return None
        rng = self._streams.day("visitors", day)
        turnover = self._visitors.turn_over(self.susceptible, self.exposed, self.recovered, dead, rng)
        self._back += turnover.grown
        return turnover

    def _wane(self, rng: np.random.Generator, dead: Ints) -> None:
        mean = self._section.immunity.waning_days
        if mean is None:
            return
        living = np.maximum(self.recovered - dead, 0)
        lost = rng.binomial(living, 1.0 / mean)
        self.recovered -= lost
        self._back += lost
        self.susceptible[..., WANED] += lost

    def _vaccinate(self, day: int, doses: int, dead: Ints, staff: int) -> None:
        """Give the day's doses; move susceptible people between strata as doses take effect or wane.

        On day 0, the doses of days before are given first, each with the effect that it has had since.
        """
        if self.vaccination is None or not self.vaccination.has_begun:
            return
        for today, number in (*self.vaccination.before, (day, doses)):
            rng = self._streams.day("vaccination", today)
            self.vaccination.give(today, number, dead, staff, rng)
            from_none, from_waned = self.vaccination.take_effect(today, self.susceptible, dead, rng)
            waned = self.vaccination.waning(self.susceptible[..., VACCINATED:], rng)
            self.susceptible[..., NONE] -= from_none
            self.susceptible[..., WANED] += waned.sum(axis=-1) - from_waned
            self.susceptible[..., VACCINATED:] -= waned
            self.susceptible[..., VACCINATED] += from_none
            self.susceptible[..., -1] += from_waned

    def fill(self, page: Page) -> None:
        """Record the infections of the day, the state at 24:00 and vaccination."""
        locked = self._locked() if self._local else []
        if self.today is not None:
            page.province.values |= {
                "infections": int(self.today.infections.sum()),
                "imported": int(self.today.imported.sum()),
                "screened": self.today.screened,
                "districts_locked": len(locked),
                "people_locked": sum(locked),
                "infectious": self.today.infectious,
                "susceptible": self.today.susceptible,
            }
            page.districts.values["infections"] = self.today.infections.tolist()
            if self.today.visitors is not None:
                page.province.values |= {
                    "visitors_arrived": self.today.visitors.arrived,
                    "visitors_arrived_infected": self.today.visitors.infected,
                    "visitors_infected": int(self.today.infections[~self._is_residents].sum()),
                }
        if self._reaction is not None:
            page.province.values["contacts_given_up"] = self._reaction.given_up
        if self.vaccination is not None:
            self.vaccination.fill(page)
            page.province.values["vaccinated"] = float(self.susceptible[..., VACCINATED:].sum())

    def check(self, day: int) -> None:
        """Check that S + E + I + R is constant in each district, age and risk, and that no count is negative.

        Raises
        ------
        IdentityError
            If an identity fails.
        """
        if self.vaccination is not None:
            self.vaccination.check(day)
        if self._everybody.min() < 0:
            raise IdentityError("no compartment below zero", "the province", day, "a count is negative")
        now = (self.susceptible + self.exposed[0] + self.exposed[1]).sum(axis=-1)
        now += self.infectious[0]
        now += self.infectious[1]
        now += self.recovered
        if not np.array_equal(now, self._people):
            district, age, risk = np.argwhere(now != self._people)[0]
            raise IdentityError(
                "S + E + I + R",
                f"{self._names[district]}, age group {age}, risk {risk}",
                day,
                f"got {now[district, age, risk]} people, expected {self._people[district, age, risk]}",
            )
