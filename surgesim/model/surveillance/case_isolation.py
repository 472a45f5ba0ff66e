"""Isolation of cases and contacts: how many infectious people infect nobody because they isolate.

Self-contained: reported cases go in as counts by district and days since onset; the expected number of
people who isolate and are still infectious comes out. The model does not track them individually.
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
    """Return P(a person with onset on day d is infectious at the start of each step of day d + k).

    Onset is equally likely in each step of its day; the two stages of I last as in the epidemic.

    Returns
    -------
    ``(steps of a day, ages)``: k = 0 (1 by convention), 1, … until less than 0.1 % are still infectious.
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
    """People who isolate, by district and days since onset, until they are no longer infectious.

    Attributes
    ----------
    infectious
        ``(steps, districts)`` expected number of isolated people who are infectious at the start of each
        step of today.
    """

    def __init__(self, section: CaseIsolationSection, still: Floats, districts: int) -> None:
        self._section = section
        self._still = still
        self._isolated = np.zeros((still.shape[1], districts))
        self.infectious = np.zeros((still.shape[0], districts))

    def isolate(self, cases: Ints, contacts: Ints) -> None:
        """Isolate, from tomorrow, those who comply of today's cases and contacts, ``(ages, districts)``."""
        self._isolated += self._section.cases_compliance * cases
        self._isolated += self._section.contacts_compliance * contacts

    def begin_day(self) -> None:
        """Start a day: move everybody's onset one day further back."""
        self._isolated[1:] = self._isolated[:-1]
        self._isolated[0] = 0.0
        self.infectious = self._still @ self._isolated

    def fill(self, page: Page) -> None:
        """Enter the infectious people who isolate."""
        page.province.values["isolated_infectious"] = float(self.infectious[0].sum())
