"""Part of `care`: the patients of a facility at the start."""

from surgesim.scenario.schema.base import BedType, Off, Section
from surgesim.scenario.schema.numbers import Count, Days


class Waiting(Section):
    """People in a facility's district who wait for a bed at the start, by the type of bed they need.

    Mild cases who wait for a basic bed stay at home; they have no effect.
    """

    basic: Count = 0
    oxygen: Count = 0
    icu: Count = 0


class DaysInBed(Section):
    """Mean number of days that the patients of a facility have spent in their beds before the start.

    The length of each stay is then drawn from those that last at least as long. Where no days are given,
    `initial_stays` determines how much of the stays is left.
    """

    basic: Off[Days] = None
    oxygen: Off[Days] = None
    icu: Off[Days] = None


class Census(Section):
    """COVID patients in the beds of a facility at 00:00 on the first day.

    If there are more patients than beds, nobody is moved or sent home. Facilities that are not named have no
    patients. After a warm-up, these patients replace the simulated ones.
    """

    basic: Count = 0
    oxygen: Count = 0
    icu: Count = 0
    waiting: Off[Waiting] = None
    days_in_bed: Off[DaysInBed] = None

    def waits(self, bed: BedType) -> int:
        """Return the number of people who wait for a type of bed."""
        return 0 if self.waiting is None else int(getattr(self.waiting, bed))

    def days_in(self, bed: BedType) -> float | None:
        """Return the mean days that patients in a type of bed have spent there; None if not given."""
        if self.days_in_bed is None:
            return None
        days: float | None = getattr(self.days_in_bed, bed)
        return days
