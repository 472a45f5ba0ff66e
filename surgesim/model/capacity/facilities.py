"""Facilities: their states, and how many of their beds are open to COVID patients.

Rules of the plan act on the shares of a `Site`; the beds that follow are computed in one place.
"""

from __future__ import annotations

from collections.abc import Callable
from math import floor

from surgesim.model.care.beds import UNLIMITED
from surgesim.scenario.schema.base import BED_TYPES
from surgesim.scenario.schema.care import Care, Facility

STATES = ("closed", "preparing", "open", "standing-down")
"""States of a facility's care for COVID patients; the record holds their index."""
CLOSED, PREPARING, OPEN, STANDING_DOWN = range(4)
"""Their indices."""


class Site:
    """One facility during a run.

    Attributes
    ----------
    shares
        What each rule in force has reached here, by rule: share of the beds of a facility that was
        closed, or share of the way from `covid_share` to `convertible_share` of one that was not.
    beds
        Beds open to COVID patients: basic, oxygen, ICU.
    total
        All its beds, whoever lies in them: basic, oxygen, ICU.
    """

    def __init__(self, name: str, section: Facility) -> None:
        self.name = name
        self.section = section
        self.shares: dict[str, float] = {}
        self.preparing: set[str] = set()
        self.replaced_by: set[str] = set()
        self.beds = (0, 0, 0)
        self.total = (0, 0, 0)
        self.refresh()

    @property
    def share(self) -> float:
        return max(self.shares.values(), default=0.0)

    def refresh(self) -> None:
        """Compute the beds from what the rules have reached."""
        section, share = self.section, self.share
        basic, oxygen, icu = (_count(getattr(section.beds, bed)) for bed in BED_TYPES)
        if self.replaced_by:
            self.beds = self.total = (0, 0, 0)
        elif not section.open_at_start:
            self.beds = self.total = (_part(share, basic), _part(share, oxygen), _part(share, icu))
        else:
            equipped = 0 if section.icu_target is None else floor(share * (section.icu_target - icu) + 1e-9)
            totals = (basic, oxygen - equipped, icu + equipped)
            start, most = section.covid_share, section.convertible_share
            parts = []
            for bed, total in zip(BED_TYPES, totals, strict=True):
                first = getattr(start, bed)
                reached = first + max(getattr(most, bed) - first, 0.0) * share
                parts.append(_part(reached, total))
            self.beds = (parts[0], parts[1], parts[2])
            self.total = totals

    def state(self, opened: bool, occupied: float) -> int:
        """The state, given whether beds are open today and how many COVID patients lie here."""
        if opened:
            return OPEN
        if self.preparing or any(self.beds):  # ordered, or to open at the next 00:00
            return PREPARING
        return STANDING_DOWN if occupied else CLOSED


def _count(beds: int | str) -> int:
    return UNLIMITED if isinstance(beds, str) else beds


def _part(share: float, beds: int) -> int:
    """Whole beds; all of an unlimited number is unlimited, and so is any part above none."""
    if beds >= UNLIMITED:
        return UNLIMITED if share > 0 else 0
    return floor(share * beds + 1e-9)


class Facilities:
    """All facilities of a run. What rules change in the course of a day opens or closes at 00:00.

    Attributes
    ----------
    openings
        How often a rule has opened, converted or mobilised a facility.
    """

    def __init__(self, care: Care) -> None:
        self.sites = [Site(name, section) for name, section in care.facilities.items()]
        self._index = {site.name: i for i, site in enumerate(self.sites)}
        self._replacing = [i for i, site in enumerate(self.sites) if site.section.replaces]
        self._changed = set(range(len(self.sites)))
        self.openings = 0

    def take_changes(self) -> list[int]:
        """The facilities whose beds have changed since this was last asked (at first, all)."""
        changed = sorted(self._changed)
        self._changed.clear()
        return changed

    def index(self, name: str) -> int:
        return self._index[name]

    def prepare(self, rule: str, names: list[str]) -> None:
        """A rule has ordered something of these facilities; what they replace is emptied."""
        for name in names:
            site = self.sites[self._index[name]]
            site.preparing.add(rule)
            for other in site.section.replaces:
                self._replace(other, name, closed=True)

    def set_share(self, rule: str, names: list[str], share: float) -> None:
        """A rule has brought these facilities to `share` of what it can."""
        for name in names:
            i = self._index[name]
            site = self.sites[i]
            site.preparing.discard(rule)
            self.openings += rule not in site.shares
            site.shares[rule] = share
            site.refresh()
            self._changed.add(i)

    def end(self, rule: str, names: list[str]) -> None:
        """A rule lets go of these facilities; their beds close as they empty."""
        for name in names:
            i = self._index[name]
            site = self.sites[i]
            site.preparing.discard(rule)
            site.shares.pop(rule, None)
            site.refresh()
            self._changed.add(i)

    def give_back(self, occupied: Callable[[int], int]) -> None:
        """Return the facilities that were replaced once those in their place are closed and empty."""
        for i in self._replacing:
            site = self.sites[i]
            if site.state(any(site.beds), occupied(i)) == CLOSED:
                for other in site.section.replaces:
                    if site.name in self.sites[self._index[other]].replaced_by:
                        self._replace(other, site.name, closed=False)

    def _replace(self, name: str, by: str, *, closed: bool) -> None:
        i = self._index[name]
        site = self.sites[i]
        (site.replaced_by.add if closed else site.replaced_by.discard)(by)
        site.refresh()
        self._changed.add(i)
