"""Facilities: their states, and how many of their beds are open to COVID patients.

Rules of the plan set the shares of a `Site`; `Site.refresh` computes the resulting beds.
"""

from __future__ import annotations

from collections.abc import Callable
from math import floor

from surgesim.model.care.beds import UNLIMITED
from surgesim.scenario.schema.base import BED_TYPES
from surgesim.scenario.schema.care import Care, Facility

STATES = ("closed", "preparing", "open", "standing-down")
"""States of a facility's care for COVID patients; the record stores the index."""
CLOSED, PREPARING, OPEN, STANDING_DOWN = range(4)
"""Indices into `STATES`."""


class Site:
    """The state of one facility during a run.

    Attributes
    ----------
    shares
        For each rule in force, the share that it has set. At a facility closed at the start, this is the
        share of its beds to open; at any other, it is how far to go from `covid_share` (0) to
        `convertible_share` (1).
    beds
        Beds open to COVID patients: basic, oxygen, ICU.
    total
        All beds, for any patient: basic, oxygen, ICU.
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
        self._most = sum(self.beds)

    def count_opened(self) -> int:
        """Return by how many the beds exceed the most so far; 0 if any are unlimited."""
        now = sum(self.beds)
        opened, self._most = max(now - self._most, 0), max(now, self._most)
        return opened if opened < UNLIMITED // 2 else 0

    @property
    def share(self) -> float:
        return max(self.shares.values(), default=0.0)

    def refresh(self) -> None:
        """Compute the beds from the shares that rules have set."""
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
        """Return the index of the state; `occupied` is the number of patients present."""
        if opened:
            return OPEN
        if self.preparing or any(self.beds):  # ordered, or opening at the next 00:00
            return PREPARING
        return STANDING_DOWN if occupied else CLOSED


def _count(beds: int | str) -> int:
    return UNLIMITED if isinstance(beds, str) else beds


def _part(share: float, beds: int) -> int:
    """Return a share of `beds`, rounded down; any share above 0 of unlimited beds is unlimited."""
    if beds >= UNLIMITED:
        return UNLIMITED if share > 0 else 0
    return floor(share * beds + 1e-9)


class Facilities:
    """All facilities of a run. Beds that rules open or close during a day change at the next 00:00.

    Attributes
    ----------
    openings
        Number of times a rule has opened, converted or mobilised a facility.
    beds_opened
        Beds that rules have opened to COVID patients; each facility's beds count beyond the most so far.
    """

    def __init__(self, care: Care) -> None:
        self.sites = [Site(name, section) for name, section in care.facilities.items()]
        self._index = {site.name: i for i, site in enumerate(self.sites)}
        self._replacing = [i for i, site in enumerate(self.sites) if site.section.replaces]
        self._changed = set(range(len(self.sites)))
        self.openings = 0
        self.beds_opened = 0

    def take_changes(self) -> list[int]:
        """Return the facilities whose beds have changed since the last call (all on the first call)."""
        changed = sorted(self._changed)
        self._changed.clear()
        return changed

    def index(self, name: str) -> int:
        return self._index[name]

    def prepare(self, rule: str, names: list[str]) -> None:
        """Record that a rule has ordered facilities; those that they replace close as patients leave."""
        for name in names:
            site = self.sites[self._index[name]]
            site.preparing.add(rule)
            for other in site.section.replaces:
                self._replace(other, name, closed=True)

    def set_share(self, rule: str, names: list[str], share: float) -> None:
        """Apply a rule to the facilities `names` at `share` of its full amount."""
        for name in names:
            i = self._index[name]
            site = self.sites[i]
            site.preparing.discard(rule)
            self.openings += rule not in site.shares
            site.shares[rule] = share
            site.refresh()
            self.beds_opened += site.count_opened()
            self._changed.add(i)

    def end(self, rule: str, names: list[str]) -> None:
        """End a rule's effect on the facilities `names`; their beds close as they are vacated."""
        for name in names:
            i = self._index[name]
            site = self.sites[i]
            site.preparing.discard(rule)
            site.shares.pop(rule, None)
            site.refresh()
            self._changed.add(i)

    def give_back(self, occupied: Callable[[int], int]) -> None:
        """Reopen replaced facilities once their replacements are closed and empty."""
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
