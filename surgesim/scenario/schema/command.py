"""Section `command`: what is watched, when the system counts as overwhelmed, and the plan of rules."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from surgesim.scenario.schema.base import (
    BedType,
    Day,
    Name,
    Named,
    NonNegative,
    Off,
    Positive,
    Section,
    Sequence_,
    Share,
    Text,
    figure,
    listed,
    one_of,
    told,
)
from surgesim.scenario.schema.care import Ownership
from surgesim.scenario.schema.indicators import BY_DISTRICT, GroupName, IndicatorName, Watch, fits
from surgesim.scenario.schema.levels import Levels


class Threshold(Section):
    """An indicator and a bound; breached on a day when the bound is strictly passed.

    With ``by: district`` it is assessed in each district, and is no part of the situation. `beds` are the
    types that vacant beds are counted of: those that the scenario's patients can occupy, unless given.
    """

    title: Off[Text] = None
    indicator: IndicatorName
    above: Off[float] = None
    below: Off[float] = None
    beds: Off[Annotated[Sequence_[BedType], Field(min_length=1)]] = None
    item: Off[Name] = None
    group: Off[GroupName] = None
    by: Off[Literal["province", "district"]] = None

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        one_of(above=self.above, below=self.below)
        fits(self.watch, group=self.group is not None, by_district=self.by_district)
        return self

    @property
    def by_district(self) -> bool:
        return self.by == "district"

    @property
    def watch(self) -> Watch:
        return Watch(self.indicator, self.item or self.group)

    @property
    def bound(self) -> float:
        return self.above if self.above is not None else self.below  # type: ignore[return-value]

    def breached(self, value: float) -> bool:
        return value > self.above if self.above is not None else value < self.below  # type: ignore[operator]


REQUIRED_PATH = "command.situation.require"
"""The parameter that says how many criteria make the situation."""


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
    group: Off[GroupName] = None
    district: Off[Name] = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.on is not None:
            given = (self.indicator, self.item, self.above, self.below, self.group, self.district)
            if any(value is not None for value in given):
                raise ValueError("got a date and an indicator, expected one of them")
            return self
        if self.indicator is None:
            bounds = {"above": self.above, "below": self.below}
            got = listed(
                [f"{key} {told(value)}" for key, value in bounds.items() if value is not None] or ["nothing"]
            )
            raise ValueError(
                f"got {got} without an indicator, expected an indicator with one bound, or a date `on`"
            )
        one_of(above=self.above, below=self.below)
        return self


class Until(Section):
    """When a rule ends: the bound its indicator (that of `when` unless named) must pass, or a date."""

    indicator: Off[IndicatorName] = None
    item: Off[Name] = None
    above: Off[float] = None
    below: Off[float] = None
    for_days: Annotated[int, Field(ge=1)] = 1
    on: Off[Day] = None
    group: Off[GroupName] = None
    district: Off[Name] = None

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        one_of(above=self.above, below=self.below, on=self.on)
        given = (self.indicator, self.item, self.group, self.district)
        if self.on is not None and any(value is not None for value in given):
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
            got = ", ".join(
                f"share {told(share)} after {told(day)}" for day, share in zip(days, shares, strict=True)
            )
            raise ValueError(
                f"got {got or 'no phases'}, "
                "expected phases with rising after_days and shares that do not fall"
            )
        until = self.until
        nameless = until is not None and until.on is None and until.indicator is None
        if nameless and self.when.indicator is None:
            raise ValueError(
                "got `until` without an indicator where `when` is a date, expected an indicator or a date"
            )
        return self

    @model_validator(mode="after")
    def _watches_what_is_followed(self) -> Self:
        group = self.when.group is not None
        fits(self.begins_on, group=group, by_district=self.when.district is not None)
        if self.until is not None:
            inherited = self.until.indicator is None
            group = self.until.group is not None or (inherited and group)
            fits(self.ends_on, group=group, by_district=self.ends_on.district is not None)
        return self

    @property
    def begins_on(self) -> Watch:
        """What `when` watches."""
        return Watch(self.when.indicator, self.when.item or self.when.group, self.when.district)

    @property
    def ends_on(self) -> Watch:
        """What `until` watches: its own indicator, or what `when` does with what it changes of it."""
        if self.until is None or self.until.on is not None:
            return Watch(None)
        until, begins = self.until, self.begins_on
        of = until.item or until.group
        if until.indicator is not None:
            return Watch(until.indicator, of, until.district)
        return Watch(begins.indicator, of or begins.of, until.district or begins.district)


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


class Reach(Section):
    """Who is reached: the time within which a bed counts as got in time, and what deaths are held against.

    ``within_hours`` is the scenario's ``care.no_bed_hours`` unless given.
    """

    within_hours: Off[NonNegative] = None
    reference_deaths_per_million: Off[Positive] = None


class Command(Section):
    """Thresholds, the declared situation, the epidemic's level, who is reached, and the plan."""

    thresholds: Named[Threshold] = Field(default_factory=dict)
    situation: Situation = Situation()
    levels: Off[Levels] = None
    reach: Off[Reach] = None
    plan: Named[Rule] = Field(default_factory=dict)

    @property
    def in_province(self) -> dict[str, Threshold]:
        """The thresholds that are assessed for the province as a whole."""
        return {name: threshold for name, threshold in self.thresholds.items() if not threshold.by_district}

    @property
    def in_districts(self) -> dict[str, Threshold]:
        """The thresholds that are assessed in each district."""
        return {name: threshold for name, threshold in self.thresholds.items() if threshold.by_district}

    @property
    def of_situation(self) -> tuple[str, ...]:
        """The thresholds that make the situation."""
        named = self.situation.thresholds
        return tuple(self.in_province) if named is None else named

    @property
    def required(self) -> int:
        """How many of them must be breached at once."""
        require = self.situation.require
        if isinstance(require, int):
            return require
        return len(self.of_situation) if require == "all" else 1

    @property
    def watches(self) -> tuple[Watch, ...]:
        """All that thresholds, levels and rules watch."""
        rules = [watch for rule in self.plan.values() for watch in (rule.begins_on, rule.ends_on)]
        criteria = () if self.levels is None else self.levels.criteria.values()
        thresholds = [threshold.watch for threshold in self.thresholds.values()]
        watched = (*thresholds, *(criterion.watch for criterion in criteria), *rules)
        return tuple(watch for watch in watched if watch.indicator is not None)

    @property
    def by_district(self) -> tuple[IndicatorName, ...]:
        """The indicators that are assessed in each district, in the order of `BY_DISTRICT`."""
        wanted = {threshold.indicator for threshold in self.in_districts.values()}
        for watch in self.watches:
            if watch.district is not None and watch.indicator is not None:
                wanted.add(watch.indicator)
        if self.levels is not None:
            criteria = self.levels.criteria.values()
            wanted |= {criterion.indicator for criterion in criteria if criterion.by_district}
            wanted.add("epidemic_level")
        return tuple(name for name in BY_DISTRICT if name in wanted)
