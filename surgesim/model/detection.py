"""Detection: which infections become reported cases, and when.

A share of infections is found in the community and reported after a delay; a patient who was not
found is reported on the day of admission.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surgesim.model.durations import daily_delays
from surgesim.scenario.epidemic import Detection as DetectionSection

Ints = NDArray[np.int64]


class Detection:
    """Reports in preparation, by day and district.

    Attributes
    ----------
    mild, ill
        ``(days, districts)`` reports of mild cases and of future patients, by the day of the report.
    """

    def __init__(self, section: DetectionSection, first_day: int, end_day: int, districts: int) -> None:
        self._share = section.share
        self._delay = daily_delays(section.delay_days)
        self._first = first_day
        rows = end_day - first_day + len(self._delay)
        self._mild = np.zeros((rows, districts), np.int64)
        self._ill = np.zeros((rows, districts), np.int64)

    def find(self, day: int, mild: Ints, ill: Ints, rng: np.random.Generator) -> None:
        """Find cases among a day's onsets.

        Parameters
        ----------
        mild
            ``(districts,)`` onsets of people who stay mild; a share of them is found.
        ill
            ``(districts,)`` onsets of future patients already known to be found.
        """
        row = day - self._first
        found = rng.binomial(mild, self._share)
        for reports, number in ((self._mild, found), (self._ill, ill)):
            reports[row : row + len(self._delay)] += rng.multinomial(number, self._delay).T

    def mild_reported(self, day: int) -> Ints:
        """``(districts,)`` mild cases reported on `day`."""
        result: Ints = self._mild[day - self._first]
        return result

    def reported(self, day: int) -> Ints:
        """``(districts,)`` all cases reported on `day` from the community."""
        result: Ints = self._mild[day - self._first] + self._ill[day - self._first]
        return result
