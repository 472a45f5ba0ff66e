"""What rules adjust at facilities, such as staff brought in or ventilators lent, by rule."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Adjustment(StrEnum):
    """The quantities that a rule can adjust at a facility."""

    HEADS = "heads"
    """Staff: doctors, ward nurses, ICU nurses."""
    REDEPLOYMENT = "redeployment"
    """Share of ward nurses redeployed to ICU."""
    EFFICIENCY = "efficiency"
    """Share of ward nurses redeployed, times the fraction of an ICU nurse that each one replaces."""
    WITHOUT_ICU_SKILLS = "without ICU skills"
    """Doctors among the staff brought in who do not look after ICU patients."""
    ICU_TRAINING = "ICU training"
    """Share of the doctors without ICU skills who are trained."""
    ICU_TEAMS = "ICU teams"
    """Terms of the teams in which ICU nurses lead ward nurses, as in `icu_skills`."""
    HEADS_LENT = "heads lent"
    """Staff lent to other provinces: doctors, ward nurses, ICU nurses."""
    HEADS_IN_TEAMS = "heads in teams"
    """Staff who work in home care teams: doctors, ward nurses, ICU nurses."""
    STAFF_POOL = "staff pool"
    """Shares of doctors, ward nurses and ICU nurses that can work elsewhere; each rule makes one pool."""
    VENTILATORS = "ventilators"
    VENTILATORS_LENT = "ventilators lent"
    VENTILATOR_POOL = "ventilator pool"
    """1 at facilities whose ventilators are pooled; each rule makes one pool."""
    POSTPONEMENT = "postponement"
    """Share of elective care that is postponed."""
    WITHOUT_STAFF = "without staff"
    """1 at facilities mobilised without their own staff, who then serve only non-COVID patients."""


class Adjustments:
    """The adjustments in force at facilities, by rule. An adjustment set to 0 is removed."""

    def __init__(self, facilities: int) -> None:
        self._by_rule: dict[tuple[Adjustment, str], tuple[list[int], Floats]] = {}
        self._n = facilities
        self._changed = True

    def take_changes(self) -> bool:
        """Return True if a rule has set an adjustment since the last call, and on the first call."""
        changed, self._changed = self._changed, False
        return changed

    def set(self, adjustment: Adjustment, rule: str, where: list[int], amount: Floats | float) -> None:
        """Let `rule` adjust the facilities `where` by `amount` from now on, instead of what it set before."""
        self._by_rule[adjustment, rule] = (where, np.asarray(amount, float))
        self._changed = True

    def groups(self, adjustment: Adjustment) -> list[Ints]:
        """Return, for each rule, the facilities that it adjusts and that no earlier rule adjusts."""
        return [group for group, _ in self.pools(adjustment)]

    def pools(self, adjustment: Adjustment) -> list[tuple[Ints, Floats]]:
        """Return the `groups` of an adjustment, each with the amount that its rule has set."""
        pools: list[tuple[Ints, Floats]] = []
        taken: set[int] = set()
        for (kind, _), (where, amount) in self._by_rule.items():
            if kind == adjustment and amount.any():
                pools.append((np.array([f for f in where if f not in taken], np.int64), amount))
                taken.update(where)
        return [(group, amount) for group, amount in pools if len(group)]

    def total(self, adjustment: Adjustment, width: int = 0) -> Floats:
        """Return an adjustment summed over all rules, ``(facilities,)`` or ``(facilities, width)``."""
        total = np.zeros((self._n, width) if width else self._n)
        for (kind, _), (where, amount) in self._by_rule.items():
            if kind == adjustment:
                total[where] += amount
        return total
