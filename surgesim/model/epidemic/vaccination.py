"""Vaccination: the people who get each day's doses, and the people protected once doses take effect.

Self-contained: the input is susceptible people and deaths; the output is people to move between strata. A
dose goes to a person who has had none, infected or not, and gives protection only if that person is
susceptible when it takes effect.
"""

from __future__ import annotations

from datetime import date
from math import ceil
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import IdentityError
from surgesim.model.columns import Column, Page
from surgesim.scenario.schema.response.vaccination import Vaccination as VaccinationSection

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

DOSES = (
    Column("doses_given", "doses/day", "doses of the vaccine given, including doses for health workers"),
    Column(
        "doses_without_effect",
        "doses/day",
        "doses that were due to take effect but whose recipient was not susceptible",
    ),
)
VULNERABLE = Column(
    "vulnerable_vaccinated_share",
    "share",
    "share of people in the vulnerable groups who have had a dose (0 if there are none)",
)


class Vaccination:
    """The doses given so far, and their effect.

    Cells are district x age x risk. Health workers are counted separately: they are few, and their doses
    protect the staff of facilities, not people in the cells.

    Attributes
    ----------
    doses, doses_due
        ``(districts, 9, 2)`` doses given so far, and doses that were due to take effect by now.
    protected, without_effect
        The part of `doses_due` whose recipients were susceptible, and the rest; each summed over cells.
    staff_doses, staff_doses_due
        Doses of health workers, given so far and due to take effect by now.
    doses_today, without_effect_today
        Doses given today, health workers included; and doses due today, health workers excluded, whose
        recipient was not susceptible.
    has_begun
        True once a dose has been given. Until then, nobody changes stratum through vaccination, and deaths
        change no dose.
    before
        On day 0, the days before it that had doses of rules, and the number of doses; otherwise empty.
    """

    def __init__(self, section: VaccinationSection, people: Ints, start: date) -> None:
        self._section = section
        self._people = people
        self._start = start
        self._by_rules = 0.0
        self._part = 0.0  # fraction of a dose left over from previous days
        masks = _masks(section, people.shape)
        self._groups = [
            (mask, np.rint(people * group.acceptance).astype(np.int64) * mask)
            for mask, group in zip(masks, section.groups.values(), strict=True)
        ]
        vulnerable = [
            mask for name, mask in zip(section.groups, masks, strict=True) if name in section.vulnerable
        ]
        self._vulnerable: Bools = (
            np.logical_or.reduce(vulnerable) if vulnerable else np.zeros(people.shape, bool)
        )
        self._vulnerable_people = int(people[self._vulnerable].sum())
        self.doses = np.zeros(people.shape, np.int64)
        self.doses_due = np.zeros(people.shape, np.int64)
        self._cohorts = section.days_to_effect + 1
        self._transit = np.zeros((self._cohorts, *people.shape), np.int64)  # row: day modulo cohorts
        self._staff_transit = np.zeros(self._cohorts, np.int64)
        self.protected = self.without_effect = 0
        self.staff_doses = self.staff_doses_due = 0
        self._staff_protected = 0.0
        self.doses_today = self.without_effect_today = 0
        self.has_begun = False
        self.before: list[tuple[int, int]] = []
        self._by_rules_before: dict[int, float] = {}

    def raise_doses(self, per_day: float, days: float = 0.0) -> None:
        """Raise doses by `per_day` from the next 00:00; a negative value reverses an earlier rise.

        At t = 0, they can have been raised `days` days before.
        """
        for day in range(ceil(-days - 1e-9), 0):
            self._by_rules_before[day] = self._by_rules_before.get(day, 0.0) + per_day
        self._by_rules = max(self._by_rules + per_day, 0.0)

    def receive(self, day: int) -> int:
        """Return the whole doses that arrive on `day`; keep the remaining fraction for later days."""
        before = self._by_rules_before
        self.before = [(past, self._whole(before[past])) for past in sorted(before)]
        before.clear()
        return self._whole(self._doses_of(day))

    def _whole(self, doses: float) -> int:
        self._part += doses
        whole = int(self._part + 1e-9)
        self._part = max(self._part - whole, 0.0)
        self.has_begun = self.has_begun or whole > 0
        return whole

    def give(self, day: int, doses: int, dead: Ints, heads: int, rng: np.random.Generator) -> None:
        """Give the doses of a day, to health workers first and then by group.

        Parameters
        ----------
        doses
            Doses of the day, from `receive`.
        dead
            ``(districts, 9, 2)`` deaths so far; the dead get no dose.
        heads
            Clinical staff on the payroll.
        """
        row = day % self._cohorts
        willing = round(self._section.health_workers * heads) - self.staff_doses
        to_staff = min(doses, max(willing, 0))
        self._staff_transit[row] += to_staff
        self.staff_doses += to_staff
        left = doses - to_staff
        living = self._people - dead
        for mask, acceptance in self._groups:
            if left == 0:
                break
            open_to = np.maximum(np.minimum(acceptance, living * mask) - self.doses * mask, 0)
            number = min(left, int(open_to.sum()))
            chosen = _sample(open_to, number, rng)
            self._transit[row] += chosen
            self.doses += chosen
            left -= number
        self.doses_today = doses - left

    def _doses_of(self, day: int) -> float:
        """Return the doses available on a day: from the scenario's dates and from rules."""
        section, planned = self._section, 0.0
        if section.start is not None:
            allocated = day - section.days_to_delivery
            first = (section.start - self._start).days
            last = None if section.end is None else (section.end - self._start).days
            if allocated >= first and (last is None or allocated < last):
                planned = section.doses_per_day
        return planned + self._by_rules

    def take_effect(
        self, day: int, susceptible: Ints, dead: Ints, rng: np.random.Generator
    ) -> tuple[Ints, Ints]:
        """Return the people protected by the doses that take effect today.

        The recipients of the doses due in a cell are drawn at random from the living in whom no dose has
        taken effect before. Only susceptible recipients are protected.

        Parameters
        ----------
        susceptible
            ``(districts, 9, 2, strata)`` susceptible people by stratum (none, waned, then the vaccinated).

        Returns
        -------
        ``(districts, 9, 2)`` each: people to move from stratum none and from stratum waned.
        """
        row = (day - self._section.days_to_effect) % self._cohorts
        due = self._transit[row].copy()
        self._transit[row] = 0
        none, waned = susceptible[..., 0], susceptible[..., 1]
        others = np.maximum(self._people - none - waned - dead - self.doses_due, 0)
        reached = np.minimum(due, none + waned + others)
        moved = rng.hypergeometric(none + waned, others, reached)
        from_none = rng.hypergeometric(none, waned, moved)
        self.doses_due += due
        self.without_effect_today = int(due.sum() - moved.sum())
        self.protected += int(moved.sum())
        self.without_effect += self.without_effect_today
        self._staff_take_effect(row)
        return from_none, moved - from_none

    def _staff_take_effect(self, row: int) -> None:
        waning = self._section.waning_days
        if waning is not None:
            self._staff_protected *= 1 - 1.0 / waning
        due = int(self._staff_transit[row])
        self._staff_transit[row] = 0
        self.staff_doses_due += due
        self._staff_protected += due

    def waning(self, vaccinated: Ints, rng: np.random.Generator) -> Ints:
        """Draw how many `vaccinated` people lose protection today, by cell."""
        mean = self._section.waning_days
        return rng.binomial(vaccinated, 0.0 if mean is None else 1.0 / mean)

    def staff_protected_share(self, heads: int) -> float:
        """Return the share of clinical staff protected by the vaccine."""
        return min(self._staff_protected / heads, 1.0) if heads > 0 else 0.0

    @property
    def vulnerable_share(self) -> float:
        """Share of people in the vulnerable groups who have had a dose; 0 if there are none."""
        people = self._vulnerable_people
        return int(self.doses[self._vulnerable].sum()) / people if people and self.has_begun else 0.0

    def fill(self, page: Page) -> None:
        """Record the doses of the day."""
        page.province.values |= {
            "doses_given": self.doses_today,
            "doses_without_effect": self.without_effect_today,
            "vulnerable_vaccinated_share": self.vulnerable_share,
        }

    def check(self, day: int) -> None:
        """Check that every dose given is still to take effect or already due, and that nobody has had two.

        Raises
        ------
        IdentityError
            If an identity fails.
        """
        if not self.has_begun and not self.doses.any():
            return  # no dose yet
        expected = self._transit.sum(axis=0) + self.doses_due
        if not np.array_equal(self.doses, expected):
            cell = tuple(int(i) for i in np.argwhere(self.doses != expected)[0])
            _broken(f"cell {cell}", day, f"{self.doses[cell]} given, {expected[cell]} due or in transit")
        matured = int(self.doses_due.sum())
        if matured != self.protected + self.without_effect:
            detail = f"{matured} due, {self.protected} protected, {self.without_effect} without effect"
            _broken("the province", day, detail)
        if self.staff_doses != int(self._staff_transit.sum()) + self.staff_doses_due:
            in_transit = self._staff_transit.sum()
            detail = f"{self.staff_doses} given, {in_transit} in transit, {self.staff_doses_due} due"
            _broken("health workers", day, detail)
        if (self.doses > self._people).any() or (self._transit < 0).any():
            _broken("the province", day, "a cell has more doses than people")


def _broken(where: str, day: int, detail: str) -> NoReturn:
    raise IdentityError("doses given = in transit + protected + without effect", where, day, detail)


def _masks(section: VaccinationSection, shape: tuple[int, ...]) -> list[Bools]:
    """Return the cells of each group, in the scenario's order; a cell is in the first group it matches."""
    taken = np.zeros(shape, bool)
    masks = []
    for group in section.groups.values():
        fits = np.zeros(shape, bool)
        fits[:, group.from_age // 10 :, 1 if group.risk == "high" else 0 :] = True
        masks.append(fits & ~taken)
        taken |= fits
    return masks


def _sample(open_to: Ints, number: int, rng: np.random.Generator) -> Ints:
    """Draw `number` people at random from those counted in `open_to`; return the counts drawn."""
    if number == int(open_to.sum()):
        return open_to
    flat = rng.multivariate_hypergeometric(open_to.ravel(), number, method="marginals")
    chosen: Ints = flat.reshape(open_to.shape)
    return chosen
