"""How people react to deaths: they give up contacts outside the home, and tire of doing so."""

from __future__ import annotations

from collections.abc import Mapping

from surgesim.model.columns import PER, Column
from surgesim.scenario.schema.response.reaction import Reaction as ReactionSection

GIVEN_UP = Column(
    "contacts_given_up",
    "share",
    "share of contacts outside the home that people give up because of reported deaths",
)

_WEEK = 7


class Reaction:
    """The share of contacts outside the home that people give up, day by day.

    Parameters
    ----------
    people
        Residents of the province.
    reported
        Reported deaths of days before day 0, by day; they replace simulated ones.

    Attributes
    ----------
    given_up
        The share given up today.
    """

    def __init__(self, section: ReactionSection, people: int, reported: Mapping[int, float]) -> None:
        self._section = section
        self._people = max(people, 1)
        self._deaths = dict(reported)
        self._reported = reported
        self._dead = 0
        self._tired_days = 0.0
        self.given_up = 0.0

    def pass_day(self, day: int, dead: int) -> float:
        """Begin `day` with `dead` deaths so far; return the share of contacts given up on it."""
        if day - 1 not in self._reported:
            self._deaths[day - 1] = float(dead - self._dead)
        self._dead = dead
        section = self._section
        last = day - 1 - section.delay_days
        seen = sum(self._deaths.get(before, 0.0) for before in range(last - _WEEK + 1, last + 1))
        x = seen * PER / self._people
        alarm = x / (x + section.half_deaths_7d_per_100k) if x > 0 else 0.0
        self.given_up = section.most * fatigue(self._tired_days, section.half_life_days) * alarm
        self._tired_days += alarm
        return self.given_up


def fatigue(days: float, half_life_days: float | None) -> float:
    """Return the share that is left after some days of a habit that decays with a half-life."""
    return 1.0 if half_life_days is None else 0.5 ** (days / half_life_days)
