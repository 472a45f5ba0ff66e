"""Rules on patients: who comes first, who is given intensive care, and who is moved elsewhere."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from surgesim.scenario.schema.base import Off, figure
from surgesim.scenario.schema.capacity.supply import Supply
from surgesim.scenario.schema.care import Care, Facility
from surgesim.scenario.schema.levers.facilities import AtFacilities
from surgesim.scenario.schema.levers.rule import Remark, RuleBase
from surgesim.scenario.schema.numbers import Amount, Count, Days, Hours, Places, Share

_DECADES = (10, 20, 30, 40, 50, 60, 70, 80)


class QueueOrder(RuleBase):
    """Change who gets the next bed, as `clinical.queue_order` does, until the rule ends.

    `severity` is first come, first served within a triage class; `age` puts older patients first,
    `survival` those with the best chance to survive with full care.
    """

    action: Literal["queue_order"]
    order: Literal["severity", "age", "survival"]


class LimitIcu(RuleBase):
    """Limit intensive care to patients with a chance of survival, and below an age, until the rule ends.

    `least_survival` is the least chance to survive with full care. Patients from `from_age` on get no
    intensive care. Who is refused stays on oxygen with the risk of patients who board; patients who are
    in ICU already stay there.
    """

    action: Literal["limit_icu"]
    least_survival: Share = 0.0
    from_age: Off[Annotated[int, Field(ge=10, le=80)]] = None

    @model_validator(mode="after")
    def _decade(self) -> Self:
        if self.from_age is not None and self.from_age not in _DECADES:
            expected = ", ".join(map(str, _DECADES))
            raise ValueError(f"got from_age {self.from_age}, expected the first age of a group: {expected}")
        return self

    @property
    def brings_nothing(self) -> bool:
        return self.least_survival == 0 and self.from_age is None

    def remarks(self, care: Care, supply: Supply) -> Iterator[Remark]:
        if self.brings_nothing:
            yield Remark((), "has no effect: it limits neither by least_survival nor by from_age")


class LevelLoad(AtFacilities):
    """Move patients from full facilities to others, before queues form, until the rule ends.

    Every day at `people.crossing_from_hour`, facilities whose beds of a type are occupied or held to more
    than the share `above` send patients in these beds to those below the share `below`, the nearest first,
    until they are down to `above`. Each move needs a vehicle, where vehicles are limited, and a journey.
    """

    facility_need: ClassVar = "beds of this type"

    action: Literal["level_load"]
    bed: Literal["oxygen", "icu"] = "oxygen"
    above: Share = figure(0.9, "share of the staffed beds above which a facility sends patients away")
    below: Share = figure(0.75, "share of the staffed beds below which a facility receives patients")
    within_hours: Hours = figure(6.0, "longest journey")
    per_day: Off[Count] = None

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.below > self.above:
            raise ValueError(f"got below {self.below:g} and above {self.above:g}, expected below <= above")
        return self

    @property
    def brings_nothing(self) -> bool:
        return self.per_day == 0

    def has_a_use(self, facility: Facility) -> bool:
        return bool(getattr(facility.beds, self.bed)) or (self.bed == "icu" and bool(facility.icu_target))

    def remarks(self, care: Care, supply: Supply) -> Iterator[Remark]:
        chosen = [name for name, facility in care.facilities.items() if self.acts_at(name, facility)]
        if self.brings_nothing:
            yield Remark(("per_day",), "has no effect: nobody is moved")
        elif len(chosen) < 2:
            yield Remark((), "has no effect: it acts at one facility, and patients move between two")


class HomeOxygen(AtFacilities):
    """Send patients home from oxygen beds early, with an oxygen concentrator, until the rule ends.

    Every day at `people.crossing_from_hour`, patients of the facilities go home if their need began at least
    `after_days` ago and their flow is at most `most_lpm`: the earliest need first, as long as concentrators
    are left and teams can follow them. Each team takes staff from these facilities.
    """

    facility_need: ClassVar = "oxygen beds"

    action: Literal["home_oxygen"]
    concentrators: Count
    teams: Count
    patients_per_team: Places = figure(20.0, "patients on oxygen whom a team sees or calls every day")
    team_doctors: Amount = figure(0.5, "doctors per team, from the facilities")
    team_nurses: Amount = figure(2.0, "ward nurses per team, from the facilities")
    after_days: Days = figure(
        3.0, "median stay of 3 d (2-4) with early discharge, 6 d without (Freund 2022)", "published"
    )
    most_lpm: Amount = figure(5.0, "usual output of a concentrator, L/min")
    return_share: Share = figure(
        0.085,
        "readmitted within 30 d: 8.5 % (Banerjee 2021, JAMA Netw Open 4:e213990), 18 % of those not yet "
        "improved (Freund 2022)",
        "published",
    )

    @property
    def buys(self) -> tuple[str, ...]:
        return ("concentrator",)

    @property
    def brings_nothing(self) -> bool:
        return not (self.concentrators and self.teams)

    def has_a_use(self, facility: Facility) -> bool:
        return bool(facility.beds.oxygen)

    def remarks(self, care: Care, supply: Supply) -> Iterator[Remark]:
        if self.brings_nothing:
            yield Remark((), "has no effect: it needs concentrators and teams")


PatientRule = QueueOrder | LimitIcu | LevelLoad | HomeOxygen
