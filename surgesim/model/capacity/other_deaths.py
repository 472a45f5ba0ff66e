"""Deaths of non-COVID patients because they are turned away or wait."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surgesim.model.capacity.staff import binomial_quantile
from surgesim.model.columns import Column, Page
from surgesim.scenario.schema.capacity.essential import OtherDeaths as OtherDeathsSection

Ints = NDArray[np.int64]

COLUMNS = (
    Column(
        "deaths_emergency_unserved",
        "deaths/day",
        "deaths of non-COVID emergency and ICU patients because they were turned away; empty if not modelled",
        np.nan,
    ),
    Column(
        "deaths_elective_waiting",
        "deaths/day",
        "deaths, sooner or later, that the day's wait of elective patients causes; empty if not modelled",
        np.nan,
    ),
)


class OtherDeaths:
    """The deaths of non-COVID patients because they are not treated; those in the backlog stay in it.

    Attributes
    ----------
    unserved, waiting
        Deaths so far of patients who were turned away, and those that waits of elective patients cause.
    """

    def __init__(self, section: OtherDeathsSection) -> None:
        self._risks = np.array([section.emergency, section.icu, section.elective_per_day])[:, None]
        self.unserved, self.waiting = 0, 0

    def pass_day(self, turned_away: Ints, no_icu: Ints, backlog: Ints, rng: np.random.Generator) -> None:
        """Add the deaths of a day.

        Parameters
        ----------
        turned_away, no_icu, backlog
            ``(facilities,)`` emergency patients and ICU patients not served today, and elective patients
            waiting.
        rng
            Supplies three uniform draws per facility, whatever the numbers.
        """
        at_risk = np.stack([turned_away, no_icu, backlog])
        emergency, icu, elective = binomial_quantile(rng.random(at_risk.shape), at_risk, self._risks).sum(
            axis=1
        )
        self.unserved += emergency + icu
        self.waiting += elective

    def fill(self, page: Page) -> None:
        """Record the deaths."""
        page.province.totals |= {
            "deaths_emergency_unserved": self.unserved,
            "deaths_elective_waiting": self.waiting,
        }
