"""Part of `care`: the patients of a facility at the start."""

from surgesim.scenario.schema.base import Off, Section
from surgesim.scenario.schema.numbers import Count, Days


class Waiting(Section):
    """People who wait for a bed at a facility at the start, by the type of bed they need."""

    basic: Count = 0
    oxygen: Count = 0
    icu: Count = 0


class DaysInBed(Section):
    """Mean days that the patients of a facility have already spent in their beds at the start."""

    basic: Off[Days] = None
    oxygen: Off[Days] = None
    icu: Off[Days] = None


class Census(Section):
    """COVID patients in a facility at the start.

    `basic`, `waiting` and `days_in_bed` are kept with the scenario and have no effect yet.
    """

    oxygen: Count = 0
    icu: Count = 0
    basic: Off[Count] = None
    waiting: Off[Waiting] = None
    days_in_bed: Off[DaysInBed] = None
