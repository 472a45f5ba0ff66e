"""What alternatives of a replication have in common, kept so that it is simulated once.

It stands alone: what is kept belongs to no alternative, and outlives the run that was the first to meet it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from surgesim.model.care.patients import DrawnDay
from surgesim.model.epidemic.spread import EpidemicPath


@dataclass(frozen=True, slots=True)
class SharedDays:
    """Days of alternatives with the same people, epidemic and, for the patients, clinical section.

    Attributes
    ----------
    path
        The epidemic, as far as care has not changed it.
    patients
        Those drawn from a day's onsets, by day.
    """

    path: EpidemicPath = field(default_factory=list)
    patients: dict[int, DrawnDay] = field(default_factory=dict)
