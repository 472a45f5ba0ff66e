"""Part of `epidemic`: vaccination against the variant. Doses, who comes first, when a dose works."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from surgesim.scenario.schema.base import (
    Day,
    Named,
    NonNegative,
    Off,
    Section,
    Sequence_,
    Share,
    Text,
    WaningDays,
    figure,
)
from surgesim.scenario.schema.names import VaccineGroupName

_DELIVERY = "Thanh Hóa's plan: done within 7 days of the allocation of vaccine"


class VaccineGroup(Section):
    """A group of the population: from an age on, of a risk; whoever fits several is of the first.

    Ages begin a ten-year group, so that 65 can only be written 60 or 70.
    """

    title: Off[Text] = None
    from_age: Literal[0, 10, 20, 30, 40, 50, 60, 70, 80] = 0
    risk: Literal["any", "high"] = "any"
    acceptance: Share = figure(0.9, "share of the group that takes a dose when it is offered")


class Vaccination(Section):
    """Doses of a vaccine against the variant, one for a person; protection is `immunity.vaccinated`.

    `doses_per_day` are allocated from `start` up to the day before `end`, and given `days_to_delivery`
    later; without a `start` only a rule (action `vaccinate`) brings doses. Health workers come first,
    then the `groups` in the order of the file, each until all who accept have a dose.
    """

    doses_per_day: NonNegative = 0.0
    start: Off[Day] = None
    end: Off[Day] = None
    days_to_delivery: Annotated[int, Field(ge=0)] = figure(7, _DELIVERY, "official")
    days_to_effect: Annotated[int, Field(ge=0, le=365)] = figure(
        14, "14 d from dose to protection (nimue, Imperial College London)", "published"
    )
    waning_days: Off[WaningDays] = None
    health_workers: Share = figure(0.95, "share of clinical staff who take a dose; they come first")
    groups: Annotated[Named[VaccineGroup], Field(min_length=1)]
    vulnerable: Sequence_[VaccineGroupName] = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise ValueError(f"got an end {self.end} not after the start {self.start}")
        return self
