"""Part of `care`: what carries patients between districts, and who takes them outside the province."""

from typing import Annotated

from pydantic import Field

from surgesim.scenario.schema.base import FrozenMapping, Named, Positive, Section, figure
from surgesim.scenario.schema.names import DistrictName


class Fleet(Section):
    """Vehicles of one district; each is away for the round trip."""

    ambulances: Annotated[int, Field(ge=0)] = 0
    boats: Annotated[int, Field(ge=0)] = 0


class Transport(Section):
    """Fleets by district; a district that is not named has none."""

    fleets: Annotated[FrozenMapping[DistrictName, Fleet], Field(min_length=1)]


class Neighbour(Section):
    """Beds in a neighbouring province that take ICU patients when a rule sends them."""

    icu_beds: Annotated[int, Field(ge=0)]
    per_day: Annotated[int, Field(ge=0)] = figure(10, "patients that can be sent a day")
    stay_days: Positive = figure(14.0, "mean ICU stay there")


Neighbours = Named[Neighbour]
