"""Part of `epidemic`: vaccination against the variant, with doses, priority groups and delays."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from surgesim.scenario.schema.base import Day, Named, Off, Section, Sequence_, Text, figure
from surgesim.scenario.schema.names import VaccineGroupName
from surgesim.scenario.schema.numbers import Amount, DayOrMore, Share, WholeDays

_DELIVERY = "Thanh Hóa's plan: vaccination within 7 days of the allocation of vaccine"


class VaccineGroup(Section):
    """A priority group: people from a given age on, of any risk or of high risk only.

    People who belong to several groups count in the first. `from_age` must be the start of a ten-year age
    group. For people of 65 and over, make them the high-risk group (profile `aged-65` of `people.high_risk`)
    and write `risk: high`.
    """

    title: Off[Text] = None
    from_age: Literal[0, 10, 20, 30, 40, 50, 60, 70, 80] = 0
    risk: Literal["any", "high"] = "any"
    acceptance: Share = figure(0.9, "share of the group that accepts a dose")


class Vaccination(Section):
    """Vaccination against the variant with one dose per person, whose protection is `immunity.vaccinated`.

    `doses_per_day` are allocated from `start` to the day before `end`, and administered `days_to_delivery`
    days later; without a `start`, only a rule (action `vaccinate`) adds doses. Health workers come first,
    then the `groups` in the order of the file, each until everyone who accepts has had a dose.
    """

    doses_per_day: Amount = 0.0
    start: Off[Day] = None
    end: Off[Day] = None
    days_to_delivery: WholeDays = figure(7, _DELIVERY, "official")
    days_to_effect: Annotated[int, Field(ge=0, le=365)] = figure(
        14, "14 d from dose to protection (nimue, Imperial College London)", "published"
    )
    waning_days: Off[DayOrMore] = None
    health_workers: Share = figure(0.95, "share of clinical staff who accept a dose; they come first")
    groups: Annotated[Named[VaccineGroup], Field(min_length=1)]
    vulnerable: Sequence_[VaccineGroupName] = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise ValueError(f"got end {self.end}, expected a date after the start {self.start}")
        return self
