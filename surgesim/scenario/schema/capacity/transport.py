"""Part of `care`: transport of patients between districts, and transfers out of the province."""

from typing import Annotated

from pydantic import Field

from surgesim.scenario.schema.base import FrozenMapping, Named, Section, figure
from surgesim.scenario.schema.names import DistrictName
from surgesim.scenario.schema.numbers import Count, SomeDays


class Fleet(Section):
    """Vehicles of one district; a vehicle is away for the whole round trip."""

    ambulances: Count = 0
    boats: Count = 0


class Transport(Section):
    """Fleets by district; a district not named here has none."""

    fleets: Annotated[FrozenMapping[DistrictName, Fleet], Field(min_length=1)]


class Neighbour(Section):
    """The ICU beds of a neighbouring province, for patients whom a rule sends there."""

    icu_beds: Count
    per_day: Count = figure(10, "maximum number of patients sent per day")
    stay_days: SomeDays = figure(14.0, "mean length of stay in the neighbour's ICU")


Neighbours = Named[Neighbour]
