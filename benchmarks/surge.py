"""The surge that all engines simulate: drawn patients, beds, and the outcome that engines report.

It is a separate module, so that no engine depends on the code of another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

ARRIVALS_END = 180.0
RAISED_AT = 67.0
"""Day on which the number of beds rises by 50 %."""

HORIZON = 240
"""Number of days simulated; the last patients leave earlier (`engine.py` checks this)."""


@dataclass(frozen=True, slots=True)
class Surge:
    """The patients, in order of arrival, and the beds for which they compete; times in days.

    Attributes
    ----------
    arrival
        Time at which the need begins.
    critical
        True if the patient needs ICU immediately, otherwise the patient needs a ward bed.
    urgent
        True if the patient has priority in the queue.
    patience
        Days of waiting after which the patient is lost.
    stay
        Days in the ICU or ward bed.
    step_down
        Days that a critical patient spends in a ward bed after intensive care.
    icu_beds, ward_beds
        Beds until day `RAISED_AT`, when 50 % more are added. Both are even.
    """

    arrival: Floats
    critical: Bools
    urgent: Bools
    patience: Floats
    stay: Floats
    step_down: Floats
    icu_beds: int
    ward_beds: int

    def __len__(self) -> int:
        return len(self.arrival)

    @property
    def raised_icu_beds(self) -> int:
        return self.icu_beds // 2 * 3

    @property
    def raised_ward_beds(self) -> int:
        return self.ward_beds // 2 * 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome that an engine reports for each patient, in order of arrival.

    Attributes
    ----------
    admitted
        Days from the start until the first bed; NaN for lost patients.
    left
        Days from the start until the patient left, served or lost.
    """

    admitted: Floats
    left: Floats

    @property
    def lost(self) -> int:
        return int(np.isnan(self.admitted).sum())

    @property
    def served(self) -> int:
        return len(self.admitted) - self.lost

    def mean_wait(self, surge: Surge, critical: bool) -> float:
        """Return the mean days from need to first bed of critical or other patients who were served."""
        return float(np.nanmean((self.admitted - surge.arrival)[surge.critical == critical]))


def draw_surge(patients: int, seed: int = 1) -> Surge:
    """Draw the patients of a surge, and set the beds.

    Arrivals are normal around day 70 with sd 20, within the 180 days; 30 % are critical; 40 % of the
    critical and 30 % of the others are urgent; patience is exponential with mean 1 d for ICU and 3 d
    for the ward; stays are lognormal with log-sd 0.5 and means 10 d (ICU), 8 d (ward), 5 d (step-down).
    """
    rng = np.random.default_rng(seed)
    low, high = ndtr((0.0 - 70.0) / 20.0), ndtr((ARRIVALS_END - 70.0) / 20.0)
    arrival = np.sort(70.0 + 20.0 * ndtri(rng.uniform(low, high, patients)))
    critical = rng.random(patients) < 0.3
    urgent = rng.random(patients) < np.where(critical, 0.4, 0.3)
    patience = rng.exponential(np.where(critical, 1.0, 3.0))
    stay = np.where(critical, 10.0, 8.0) * _lognormal_of_mean_1(rng, patients)
    step_down = np.where(critical, 5.0 * _lognormal_of_mean_1(rng, patients), 0.0)
    icu = _peak(arrival[critical], stay[critical])
    ward = _peak(
        np.concatenate([arrival[~critical], (arrival + stay)[critical]]),
        np.concatenate([stay[~critical], step_down[critical]]),
    )
    return Surge(arrival, critical, urgent, patience, stay, step_down, _half(icu), _half(ward))


def _lognormal_of_mean_1(rng: np.random.Generator, size: int) -> Floats:
    return rng.lognormal(-0.5 * 0.5**2, 0.5, size)


def _peak(start: Floats, length: Floats) -> int:
    """Return the peak number of patients if beds were unlimited."""
    times = np.concatenate([start, start + length])
    change = np.repeat([1, -1], len(start))[np.argsort(times, kind="stable")]
    return int(change.cumsum().max())


def _half(beds: int) -> int:
    """Return half of the beds, rounded to an even number, so that 50 % more is an integer."""
    return 2 * round(beds / 4)
