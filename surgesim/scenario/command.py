"""Section `command`: what is watched, when the system counts as overwhelmed, and the plan of rules."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from surgesim.scenario.base import (
    BedType,
    Day,
    Name,
    Named,
    NonNegative,
    Off,
    Section,
    Sequence_,
    Share,
    Text,
    figure,
)
from surgesim.scenario.care import Ownership

IndicatorName = Literal[
    "weekly_reported_cases_per_100k",
    "oxygen_need_7d_per_100k",
    "patients_without_bed",
    "vacant_covid_beds_per_100k",
    "staffed_icu_beds_per_100k",
    "oxygen_occupancy",
    "icu_occupancy",
    "icu_need_per_100k",
    "deaths_7d_per_100k",
    "situation",
    "oxygen_cover_days",
    "facilities_out_of_oxygen",
    "emergency_served_7d_share",
    "elective_backlog",
    "staff_absent_share",
    "home_cases_not_followed",
    "vulnerable_vaccinated_share",
    "test_positivity",
    "test_capacity_used",
    "stock_cover_days",
    "burden_backlog",
]
"""Every indicator a threshold or rule can name; `surgesim.model.indicators` defines each one."""


class Threshold(Section):
    """An indicator and a bound; breached on a day when the bound is strictly passed."""

    title: Off[Text] = None
    indicator: IndicatorName
    above: Off[float] = None
    below: Off[float] = None
    beds: Sequence_[BedType] = ("basic", "oxygen", "icu")
    item: Off[Name] = None

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError("got both or neither of above and below, expected exactly one")
        return self

    @property
    def bound(self) -> float:
        return self.above if self.above is not None else self.below  # type: ignore[return-value]

    def breached(self, value: float) -> bool:
        return value > self.above if self.above is not None else value < self.below  # type: ignore[operator]


class Situation(Section):
    """When the thresholds together make the declared emergency: all, any, or at least so many."""

    require: Literal["all", "any"] | Annotated[int, Field(ge=1)] = "any"
    thresholds: Off[Annotated[Sequence_[Name], Field(min_length=1)]] = None


class Trigger(Section):
    """When a rule fires: an indicator beyond a bound for so many days running, or from a date on."""

    indicator: Off[IndicatorName] = None
    item: Off[Name] = None
    above: Off[float] = None
    below: Off[float] = None
    for_days: Annotated[int, Field(ge=1)] = 1
    on: Off[Day] = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.on is not None:
            if (self.indicator, self.item, self.above, self.below) != (None, None, None, None):
                raise ValueError("got a date and an indicator, expected one of them")
        elif self.indicator is None or (self.above is None) == (self.below is None):
            raise ValueError("expected an indicator with exactly one of above and below, or a date `on`")
        return self


class Until(Section):
    """When a rule ends: the bound its indicator (that of `when` unless named) must pass, or a date."""

    indicator: Off[IndicatorName] = None
    item: Off[Name] = None
    above: Off[float] = None
    below: Off[float] = None
    for_days: Annotated[int, Field(ge=1)] = 1
    on: Off[Day] = None

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        bounds = [value for value in (self.above, self.below, self.on) if value is not None]
        if len(bounds) != 1:
            raise ValueError("expected exactly one of above, below and on")
        if self.on is not None and (self.indicator, self.item) != (None, None):
            raise ValueError("got a date and an indicator, expected one of them")
        return self


class Phase(Section):
    """From `after_days` after the lead time, `share` of the action's beds are in use."""

    after_days: NonNegative
    share: Share


class RuleBase(Section):
    """What all rules have: when -> decision time -> lead time and phases -> until -> stand-down."""

    title: Off[Text] = None
    when: Trigger
    decision_days: NonNegative = figure(1.0, "from the assessment that fires to the order")
    lead_days: NonNegative = figure(0.0, "from the order to the first phase")
    phases: Sequence_[Phase] = (Phase(after_days=0.0, share=1.0),)
    until: Off[Until] = None
    stand_down_days: NonNegative = figure(0.0, "from the decision to end to its effect")

    @model_validator(mode="after")
    def _phases_grow(self) -> Self:
        days = [phase.after_days for phase in self.phases]
        shares = [phase.share for phase in self.phases]
        if not days or days != sorted(set(days)) or shares != sorted(shares):
            raise ValueError("expected phases with rising after_days and shares that do not fall")
        until = self.until
        nameless = until is not None and until.on is None and until.indicator is None
        if nameless and self.when.indicator is None:
            raise ValueError("`until` needs an indicator where `when` is a date")
        return self

    @property
    def ends_on(self) -> tuple[IndicatorName | None, str | None]:
        """The indicator that `until` watches, and its item: its own, or those of `when`."""
        if self.until is None or self.until.on is not None:
            return None, None
        if self.until.indicator is not None:
            return self.until.indicator, self.until.item
        return self.when.indicator, self.until.item or self.when.item


class OpenFacility(RuleBase):
    """Open facilities that are closed; beds come in phases."""

    action: Literal["open_facility"]
    facilities: Annotated[Sequence_[Name], Field(min_length=1)]


class ConvertBeds(RuleBase):
    """Open beds of running facilities to COVID: `share` of the way from the start to what can convert."""

    action: Literal["convert_beds"]
    facilities: Off[Sequence_[Name]] = None
    ownership: Sequence_[Ownership] = ("public",)
    share: Share = 1.0


class Mobilise(RuleBase):
    """Bring in the facilities of an ownership class: `share` of the beds each could convert."""

    action: Literal["mobilise"]
    ownership: Annotated[Sequence_[Ownership], Field(min_length=1)]
    share: Share
    with_staff: bool = True


class AtFacilities(RuleBase):
    """An action at facilities: those named, or all of an ownership class."""

    facilities: Off[Sequence_[Name]] = None
    ownership: Sequence_[Ownership] = ("public",)


class ReinforceStaff(AtFacilities):
    """Staff from other provinces, returners, students: so many heads more at each facility, until `until`."""

    action: Literal["reinforce_staff"]
    doctors: Annotated[int, Field(ge=0)] = 0
    ward_nurses: Annotated[int, Field(ge=0)] = 0
    icu_nurses: Annotated[int, Field(ge=0)] = 0


class RedeployNurses(AtFacilities):
    """Ward nurses to intensive care: `lead_days` is their training, `efficiency` what one is then worth."""

    action: Literal["redeploy_nurses"]
    share: Share
    efficiency: Share = figure(0.5, "of an ICU nurse; UK surge staffing paired 1 with 2 non-specialists")


class Equip(AtFacilities):
    """Ventilators requisitioned or bought: so many more at each facility."""

    action: Literal["equip"]
    ventilators: Annotated[int, Field(ge=1)]


class OrderOxygen(AtFacilities):
    """Oxygen for each facility: a larger tank, a plant, and regular bulk deliveries from then on."""

    action: Literal["order_oxygen"]
    tank_kg: NonNegative = 0.0
    plant_nm3_per_hour: NonNegative = 0.0
    plant_purity: Annotated[float, Field(gt=0, le=1)] = figure(0.93, "PSA plants give 93 %", "published")
    delivery_kg: NonNegative = 0.0
    interval_days: Annotated[float, Field(ge=0.1)] = 1.0

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.tank_kg + self.plant_nm3_per_hour + self.delivery_kg == 0:
            raise ValueError("got nothing ordered, expected tank_kg, plant_nm3_per_hour or delivery_kg")
        return self


class PostponeElective(AtFacilities):
    """Postpone a share of elective admissions; beds come free as patients leave, and a backlog grows."""

    action: Literal["postpone_elective"]
    share: Share = 1.0


class RemoteLink(AtFacilities):
    """Link facilities without specialists to a higher-level hospital."""

    action: Literal["remote_link"]


class OpenHomeCare(RuleBase):
    """More community teams and mobile stations."""

    action: Literal["open_home_care"]
    teams: Annotated[int, Field(ge=1)]


class TransferOut(RuleBase):
    """Send ICU patients to a neighbouring province."""

    action: Literal["transfer_out"]
    neighbour: Name


class Restock(RuleBase):
    """More of a consumable: once, and a day from then on."""

    action: Literal["restock"]
    item: Name
    amount: NonNegative = 0.0
    per_day: NonNegative = 0.0


class Vaccinate(RuleBase):
    """So many more doses of the vaccine against the variant a day, from the end of the lead time on."""

    action: Literal["vaccinate"]
    doses_per_day: NonNegative
    lead_days: NonNegative = figure(
        7.0, "from allocation to delivery; Thanh Hóa's plan: within 7 days", "official"
    )


class RaiseTesting(RuleBase):
    """More tests: so many more single and pooled samples a day, until `until`."""

    action: Literal["raise_testing"]
    single_per_day: NonNegative = 0.0
    pooled_per_day: NonNegative = 0.0


class StartMeasure(RuleBase):
    """Put a measure of `epidemic.measures` into force."""

    action: Literal["measure"]
    measure: Name


Rule = Annotated[
    OpenFacility
    | ConvertBeds
    | Mobilise
    | StartMeasure
    | Vaccinate
    | RaiseTesting
    | ReinforceStaff
    | RedeployNurses
    | Equip
    | OrderOxygen
    | PostponeElective
    | RemoteLink
    | OpenHomeCare
    | TransferOut
    | Restock,
    Field(discriminator="action"),
]


class Command(Section):
    """Thresholds, the declared situation, and the plan."""

    thresholds: Named[Threshold] = Field(default_factory=dict)
    situation: Situation = Situation()
    plan: Named[Rule] = Field(default_factory=dict)
