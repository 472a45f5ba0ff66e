"""Confinement: quarantine of contacts and entrants, and lockdown of the households of cases.

Self-contained: the input is counts of reported cases, of entrants and of infected people by district; the
output is the expected number of infectious people who are confined and infect nobody. People are not tracked
individually: of each day's group, the infected go through the stages of infection as in the epidemic.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import IdentityError
from surgesim.model.columns import Column, Page
from surgesim.scenario.schema.response.detection import Quarantine

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COLUMNS = (
    Column("quarantine_places", "places", "quarantine places open at 00:00"),
    Column("quarantined", "people", "people in quarantine places (an expected number)"),
    Column(
        "quarantined_at_home",
        "people",
        "people sent into quarantine for whom no place was free (an expected number)",
    ),
    Column(
        "household_members_locked", "people", "members of the locked households of cases, without the cases"
    ),
    Column(
        "confined_infectious",
        "people",
        "infectious people whom quarantine and locked households keep from infecting others "
        "(an expected number)",
    ),
)

_TINY = 1e-300

E1, STAGES = 0, 4
"""The first of the stages of infection (E1, E2, I1, I2), and their number."""


class Stages:
    """The course of infected people through E1, E2, I1 and I2, in expected numbers.

    Attributes
    ----------
    infectious
        ``(steps, 4)`` by the stage at 00:00: probability of being infectious at the start of each step.
    of_day
        ``(4, 4)`` probability of being in the stage of the row at 24:00, by the stage at 00:00.
    of_new
        ``(4,)`` probability of being in each stage at 24:00 for people infected in the steps of the day.
    """

    def __init__(self, latent_days: float, infectious_days: float, dt_days: float) -> None:
        leave = 2 * dt_days / np.array([latent_days, latent_days, infectious_days, infectious_days])
        step = np.diag(1 - leave) + np.diag(leave[:-1], -1)
        now, of_steps = np.eye(STAGES), []
        for _ in range(round(1 / dt_days)):
            of_steps.append(now)
            now = step @ now
        self.infectious = np.array([stages[2:].sum(axis=0) for stages in of_steps])
        self.of_day = now
        self.of_new: Floats = np.mean([stages[:, E1] for stages in of_steps], axis=0)


class Group:
    """People who are confined for the same number of days, from the 00:00 at which they are sent.

    Attributes
    ----------
    present
        ``(districts,)`` people confined.
    infected
        ``(4, districts)`` infected people among them at 00:00, by stage.
    entered, left
        People confined and released since the start of the run.
    """

    def __init__(self, days: int, kept: float, at_home: bool, stages: Stages, districts: int) -> None:
        self._kept, self._at_home, self._stages = kept, at_home, stages
        self._people = np.zeros((days, districts))  # today's first
        self._infected = np.zeros((days, STAGES, districts))
        self.entered = self.left = 0.0

    @property
    def present(self) -> Floats:
        people: Floats = self._people.sum(axis=0)
        return people

    @property
    def infected(self) -> Floats:
        infected: Floats = self._infected.sum(axis=0)
        return infected

    def begin_day(self) -> None:
        """At 00:00, release those whose days are over."""
        self.left += float(self._people[-1].sum())
        for of_day in (self._people, self._infected):
            of_day[1:] = of_day[:-1]
            of_day[0] = 0.0

    def send(self, people: Floats, infected: Floats) -> None:
        """Confine ``(districts,)`` people, of whom ``(4, districts)`` are infected, from this 00:00 on."""
        self._people[0] += people
        self._infected[0] += infected
        self.entered += float(people.sum())

    def follow(self, scale: Floats) -> None:
        """Multiply the infected by `scale`, ``(4, districts)``, so that they follow the epidemic."""
        self._infected *= scale

    def pass_day(self, outside_home: Floats) -> Floats:
        """Return the infectious who infect nobody, ``(steps, districts)`` at the start of each step.

        People confined at home go on having their contacts there: only the share `outside_home` of today's
        contacts, ``(districts,)``, is kept from them.
        """
        kept = self._kept * outside_home if self._at_home else self._kept
        infectious: Floats = kept * (self._stages.infectious @ self.infected)
        self._infected = self._stages.of_day @ self._infected
        return infectious


class Households:
    """The lockdown of the households of reported cases, on behalf of a rule.

    Attributes
    ----------
    share
        Share of the households that are locked down.
    """

    def __init__(self, members: float, infected_share: float, group: Group) -> None:
        self.members, self.infected_share, self.group = members, infected_share, group
        self.share = 0.0


class Confinement:
    """Quarantine and locked households of the province.

    Attributes
    ----------
    infectious
        ``(steps, districts)`` expected number of infectious people who infect nobody because they are
        confined, at the start of each of today's steps.

    Parameters
    ----------
    residents
        ``(districts,)`` people.
    """

    def __init__(self, section: Quarantine | None, stages: Stages, residents: Ints) -> None:
        self._section, self._stages, self._residents = section, stages, residents
        self._places = 0 if section is None else section.places
        self._households: list[Households] = []
        self._entrants = np.zeros(len(residents)), np.zeros((STAGES, len(residents)))
        self._reported: Ints | None = None  # by the last 00:00
        self._infected = np.zeros((STAGES, len(residents)), np.int64)  # at 00:00
        self._expected = np.zeros((STAGES, len(residents)))  # at the next 00:00, given those at the last
        self._groups: list[Group] = []
        self.infectious = np.zeros((len(stages.infectious), len(residents)))
        if section is not None:
            self._in_places = self._add_group(section.days, 1 - section.leak, at_home=False)
            self._at_home = self._add_group(section.days, section.home_adherence, at_home=True)

    @property
    def is_used(self) -> bool:
        """True if the scenario has quarantine, or a rule that locks down households."""
        return bool(self._groups)

    def _add_group(self, days: int, kept: float, *, at_home: bool) -> Group:
        group = Group(days, kept, at_home, self._stages, len(self._residents))
        self._groups.append(group)
        return group

    def add_places(self, number: int) -> None:
        """Add quarantine places from the next 00:00; a negative number removes some, without evicting."""
        self._places = max(self._places + number, 0)

    def add_households(
        self, members: float, infected_share: float, days: int, adherence: float
    ) -> Households:
        """Return the lockdown of cases' households of a rule, whose share is 0 at first."""
        group = self._add_group(days, adherence, at_home=True)
        self._households.append(Households(members, infected_share, group))
        return self._households[-1]

    def receive(self, infections: Ints, imported: Ints, screened: int) -> None:
        """Note a day's infections; entrants are sent to quarantine at the next 00:00.

        Parameters
        ----------
        infections
            ``(districts,)`` residents infected in the province.
        imported
            ``(districts,)`` infected residents who enter and whom screening misses; they began the day in E1.
        screened
            Infected people whom screening at entry finds.
        """
        if not self.is_used:
            return
        of_day, of_new = self._stages.of_day, self._stages.of_new[:, None]
        self._expected = of_day @ self._infected + of_day[:, [E1]] * imported + of_new * infections
        section = self._section
        if section is not None:
            uninfected = section.entrants_share * section.entrants_per_day + screened  # not residents
            people = section.entrants_share * imported + uninfected * self._residents / self._residents.sum()
            self._entrants = people, of_day[:, [E1]] * section.entrants_share * imported

    def begin_day(self, infected: Ints, reported: Ints, outside_home: Floats) -> None:
        """At 00:00, release and send people.

        Parameters
        ----------
        infected
            ``(4, districts)`` infected residents by stage.
        reported
            ``(districts,)`` cases reported so far, without those of today.
        outside_home
            ``(districts,)`` share of today's contacts that are not at home.
        """
        self._follow(infected)
        for group in self._groups:
            group.begin_day()
        before = reported if self._reported is None else self._reported
        cases, self._reported = (reported - before).astype(float), reported
        if self._section is not None:
            self._quarantine(self._section, cases)
        for households in self._households:
            members = self._at_large(households.share * households.members * cases)
            households.group.send(members, self._infected_of(households.infected_share * members))
        self.infectious = np.sum([group.pass_day(outside_home) for group in self._groups], axis=0)

    def _follow(self, infected: Ints) -> None:
        """Keep the share of the infected of each stage who are confined, whatever their number has become.

        The numbers of people who change stage are drawn; those of confined people are expected numbers, given
        the state at the last 00:00. So the confined are at no time more than there are.
        """
        scale = np.divide(infected, self._expected, out=np.zeros(infected.shape), where=self._expected > 0)
        for group in self._groups:
            group.follow(scale)
        self._entrants = self._entrants[0], self._entrants[1] * scale
        self._infected = infected

    def _quarantine(self, section: Quarantine, cases: Floats) -> None:
        contacts = self._at_large(section.contacts_per_case * cases)
        entrants, infected_entrants = self._entrants
        people = contacts + entrants
        infected = infected_entrants + self._infected_of(section.infected_share * contacts, infected_entrants)
        free = max(self._places - float(self._in_places.present.sum()), 0.0)
        share = min(free / max(float(people.sum()), _TINY), 1.0)
        self._in_places.send(share * people, share * infected)
        self._at_home.send((1 - share) * people, (1 - share) * infected)

    def _at_large(self, people: Floats) -> Floats:
        """Limit people to be sent to the residents who are not confined yet, ``(districts,)``."""
        confined = np.sum([group.present for group in self._groups], axis=0)
        at_large: Floats = np.minimum(people, np.maximum(self._residents - confined, 0.0))
        return at_large

    def _infected_of(self, number: Floats, but: Floats | float = 0.0) -> Floats:
        """Return up to `number` infected people who are not confined and not in `but`, by stage."""
        confined = np.sum([group.infected for group in self._groups], axis=0)
        at_large = np.maximum(self._infected - confined - but, 0.0)
        of_each: Floats = at_large * np.minimum(number / np.maximum(at_large.sum(axis=0), _TINY), 1.0)
        return of_each

    def fill(self, page: Page) -> None:
        """Record the places and the people confined."""
        if not self.is_used:
            return
        quarantine = self._section is not None
        page.province.values |= {
            "quarantine_places": self._places,
            "quarantined": float(self._in_places.present.sum()) if quarantine else 0.0,
            "quarantined_at_home": float(self._at_home.present.sum()) if quarantine else 0.0,
            "household_members_locked": sum(float(h.group.present.sum()) for h in self._households),
            "confined_infectious": float(self.infectious[0].sum()),
        }

    def check(self, day: int) -> None:
        """Check that people sent - people released = people confined, and that no number is negative.

        Raises
        ------
        IdentityError
            If the identity fails.
        """
        for group in self._groups:
            expected, present = group.entered - group.left, float(group.present.sum())
            if abs(expected - present) > 1e-9 * (1 + group.entered) or min(group.infected.min(), present) < 0:
                raise IdentityError(
                    "flows = census",
                    "people confined",
                    day,
                    f"expected {expected:.9g}, got {present:.9g}",
                )
