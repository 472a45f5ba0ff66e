"""The days that alternatives of a replication share, kept so that they are simulated only once.

Self-contained: the days belong to no alternative and outlive the run that simulated them first.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from surgesim.model.care.patients import DrawnDay
from surgesim.model.epidemic.spread import EpidemicPath


@dataclass(frozen=True, slots=True)
class SharedDays:
    """The days shared by alternatives with the same people, epidemic and, for patients, clinical section.

    Attributes
    ----------
    path
        The epidemic, up to the day on which care begins to affect it other than through isolation.
    patients
        The patients drawn from each day's onsets, by day.
    """

    path: EpidemicPath = field(default_factory=list)
    patients: dict[int, DrawnDay] = field(default_factory=dict)
