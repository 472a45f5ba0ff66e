"""Isolation of cases and contacts: the number of infectious people who isolate and infect nobody.

Self-contained: the input is counts of reported cases by district and days since onset; the output is the
expected number of people who isolate and are still infectious. People are not tracked individually.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surgesim.model.columns import Column, Page
from surgesim.scenario.schema.response.detection import CaseIsolation as CaseIsolationSection

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ISOLATED = Column(
    "isolated_infectious", "people", "infectious people who isolate and infect nobody (an expected number)"
)

_NEGLIGIBLE = 1e-3


def still_infectious(infectious_days: float, dt_days: float) -> Floats:
    """Return the probability of being infectious at the start of each step, k days after the day of onset.

    Onset is equally likely in each step of its day; the two stages of I last as in the epidemic.

    Returns
    -------
    ``(steps of a day, ages)``, for k = 0 (probability 1 by convention), 1, … until it is below 0.1 %.
    """
    steps = round(1 / dt_days)
    leave = 2 * dt_days / infectious_days
    onset = np.arange(steps)
    columns = [np.ones(steps)]
    while columns[-1][0] >= _NEGLIGIBLE:
        done = (len(columns) - 1) * steps + onset[:, None] + (steps - 1 - onset)[None, :]  # since onset
        left = (1 - leave) ** done + done * leave * (1 - leave) ** np.maximum(done - 1, 0)
        columns.append(left.mean(axis=1))
    return np.stack(columns, axis=1)


class CaseIsolation:
    """The people who isolate, by district and days since onset, until they are no longer infectious.

    Attributes
    ----------
    infectious
        ``(steps, districts)`` expected number of isolated people who are infectious at the start of each of
        today's steps.
    """

    def __init__(self, section: CaseIsolationSection, still: Floats, districts: int) -> None:
        self._section = section
        self._still = still
        self._isolated = np.zeros((still.shape[1], districts))
        self.infectious = np.zeros((still.shape[0], districts))

    def isolate(self, cases: Ints, contacts: Ints) -> None:
        """From tomorrow, isolate the compliant share of today's cases and contacts, ``(ages, districts)``."""
        self._isolated += self._section.cases_compliance * cases
        self._isolated += self._section.contacts_compliance * contacts

    def begin_day(self) -> None:
        """Begin a day, on which everybody's onset is one day further in the past."""
        self._isolated[1:] = self._isolated[:-1]
        self._isolated[0] = 0.0
        self.infectious = self._still @ self._isolated

    def fill(self, page: Page) -> None:
        """Record the infectious people who isolate."""
        page.province.values["isolated_infectious"] = float(self.infectious[0].sum())
