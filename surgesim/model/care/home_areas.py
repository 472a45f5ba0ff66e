"""Home care by area: each has teams and cases of its own; without areas, the province is one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surgesim.model.care.home import HomeCare, Reduction, followed_first
from surgesim.model.columns import Page
from surgesim.model.epidemic.people import apportion
from surgesim.scenario.schema.capacity.home import HomeCare as HomeCareSection

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class HomeAreas:
    """Home care in the areas of a province, which are the province itself if the scenario names none.

    Teams that are not meant for one area, and drug packages, are shared out by residents.

    Parameters
    ----------
    residents
        People of each district, by name.
    delays, isolated
        As for `HomeCare`.

    Attributes
    ----------
    first
        ``(9, 2)`` True for the people, by age and risk, whose cases are followed first.
    """

    def __init__(
        self,
        section: HomeCareSection,
        residents: dict[str, int],
        delays: Floats | None = None,
        isolated: tuple[float, float] = (1.0, 1.0),
    ) -> None:
        self.first = followed_first(section)
        place = {name: i for i, area in enumerate(section.areas.values()) for name in area.districts}
        area_of = np.array([place.get(name, len(section.areas)) for name in residents])
        self._people = np.bincount(area_of, list(residents.values()), len(section.areas) + 1)
        if not self._people[-1] and section.areas:
            self._people = self._people[:-1]  # every district is in an area
        self._area_of: Ints = area_of
        self._names = list(section.areas)
        shares = self._people / self._people.sum()
        teams = self._by_residents(section.teams)
        areas = [*section.areas.values(), None]
        self._areas: list[HomeCare] = []
        for i, share in enumerate(shares.tolist()):
            area = areas[i]
            own = {
                "teams": int(teams[i]),
                "packages": section.packages * share,
                "packages_per_day": section.packages_per_day * share,
            }
            if area is not None and area.patients_per_team is not None:
                own["patients_per_team"] = area.patients_per_team
            self._areas.append(
                HomeCare(
                    section.model_copy(update=own), delays, isolated, 1.0 if area is None else area.reach
                )
            )

    def _by_residents(self, teams: int) -> Ints:
        return apportion(teams, self._people.astype(float))

    @property
    def teams(self) -> int:
        """Current number of teams."""
        return sum(area.teams for area in self._areas)

    @property
    def followed(self) -> float:
        """Mild cases that teams follow at the end of the day."""
        return sum(area.followed for area in self._areas)

    def begin_day(self) -> None:
        """At 00:00, put the current teams to work for the day."""
        for area in self._areas:
            area.begin_day()

    def add_teams(
        self, now: int, before: int, patients_per_team: float | None = None, area: str | None = None
    ) -> None:
        """Let a rule have `now` teams instead of `before` from the next 00:00.

        They follow `patients_per_team` cases each; if that is None, as many as the teams of their area. They
        serve `area`; if that is None, they are shared out among the areas.
        """
        if area is not None:
            self._areas[self._names.index(area)].add_teams(now - before, patients_per_team)
            return
        more = self._by_residents(now) - self._by_residents(before)
        for home, number in zip(self._areas, more.tolist(), strict=True):
            home.add_teams(number, patients_per_team)

    def expect(self, first: Ints, mild: Ints) -> None:
        """Note how many of a day's onsets stay mild by district, among people followed first and in all."""
        for i, area in enumerate(self._areas):
            here = self._area_of == i
            area.expect(int(first[here].sum()), int(mild[here].sum()))

    def first_share(self) -> float:
        """Return the share of people followed first among the mild cases reported today."""
        if len(self._areas) == 1:
            return self._areas[0].first_share()
        first, mild = np.sum([area.due_reports() for area in self._areas], axis=0).tolist()
        return float(first / mild) if mild > 0 else 0.0

    def pass_day(self, reported_mild: Ints, isolated: float) -> None:
        """Follow a day's cases.

        Parameters
        ----------
        reported_mild
            ``(districts,)`` mild cases reported on the day.
        isolated
            Mild cases in basic beds of facilities at the end of the day. They are shared out among the areas
            by known cases.
        """
        for i, area in enumerate(self._areas):
            area.report(float(reported_mild[self._area_of == i].sum()))
        if len(self._areas) == 1:
            self._areas[0].follow(isolated)
            return
        known = sum(area.known for area in self._areas)
        for area in self._areas:
            area.follow(isolated * (area.known / known) if known > 0 else 0.0)

    def reduction(self, tested: float) -> Reduction:
        """Return the reduction of need among the next day's onsets of whom the share `tested` is tested."""
        if len(self._areas) == 1:
            (area,) = self._areas
            return area.first_reduction * tested, area.reduction * tested
        first = tuple(self._areas[i].first_reduction * tested for i in self._area_of)
        return first, tuple(self._areas[i].reduction * tested for i in self._area_of)

    def fill(self, page: Page) -> None:
        """Record the cases at home."""
        page.province.values |= {
            "home_cases": sum(area.active for area in self._areas),
            "home_cases_not_followed": sum(area.active - area.followed for area in self._areas),
            "without_package": sum(area.without_package for area in self._areas),
        }

    def check(self, day: int) -> None:
        """Check that the drug packages of each area are accounted for.

        Raises
        ------
        IdentityError
            If a package is missing or counted twice.
        """
        for area in self._areas:
            area.check(day)
