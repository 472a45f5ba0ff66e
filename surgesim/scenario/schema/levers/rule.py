"""What all rules of the plan have: when they begin and end, what they need, and where they act."""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, NamedTuple, Self

from pydantic import Field, model_validator

from surgesim.scenario.schema.base import (
    Day,
    Name,
    NonNegative,
    Off,
    Section,
    Sequence_,
    Share,
    Text,
    bound_text,
    figure,
    listed,
    one_of,
)
from surgesim.scenario.schema.care import Care, Facility
from surgesim.scenario.schema.indicators import GroupName, IndicatorName, Watch, fits
from surgesim.scenario.schema.names import DistrictName, Reference
from surgesim.scenario.schema.supply import Supply


class Trigger(Section):
    """When a rule fires: an indicator beyond a bound for so many days running, or from a date on."""

    indicator: Off[IndicatorName] = None
    item: Off[Name] = None
    above: Off[float] = None
    below: Off[float] = None
    for_days: Annotated[int, Field(ge=1)] = 1
    on: Off[Day] = None
    group: Off[GroupName] = None
    district: Off[DistrictName] = None

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
                [f"{key} {bound_text(value)}" for key, value in bounds.items() if value is not None]
                or ["nothing"]
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
    district: Off[DistrictName] = None

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


class Need(NamedTuple):
    """A section without which a rule can do nothing, since the rule brings more of what is given there.

    Attributes
    ----------
    section
        Its dotted path.
    does
        What the rule does, to begin the sentence on a section that is missing.
    wanted
        What is to be given, where that is not simply the section.
    """

    section: str
    does: str
    wanted: str = ""

    @property
    def unmet(self) -> str:
        return f"{self.does}, expected {self.wanted or self.section} to be given"


class Remark(NamedTuple):
    """Something to know of a rule: the keys below it, and the message."""

    keys: tuple[str, ...]
    message: str


class RuleBase(Section):
    """What all rules have: when -> decision time -> lead time and phases -> until -> stand-down."""

    needs: ClassVar[Need | None] = None
    brings_staff: ClassVar[bool] = False

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
                f"share {bound_text(share)} after {bound_text(day)}"
                for day, share in zip(days, shares, strict=True)
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

    @property
    def references(self) -> frozenset[tuple[Reference, str]]:
        """What the rule names in a field of its own, and what each is: a measure, a neighbour."""
        fields = type(self).model_fields.items()
        marked = (
            (mark, name) for name, info in fields for mark in info.metadata if isinstance(mark, Reference)
        )
        return frozenset((mark, getattr(self, name)) for mark, name in marked)

    @property
    def brings_nothing(self) -> bool:
        """Whether the rule, as it is written, adds nothing to what it is about."""
        return False

    @property
    def named_facilities(self) -> tuple[str, ...]:
        """The facilities that the rule names one by one."""
        return ()

    def acts_at(self, name: str, facility: Facility) -> bool:
        """Whether the rule acts at a facility."""
        return False

    def opens_beds(self, name: str, facility: Facility) -> bool:
        """Whether the rule brings beds of a facility into use."""
        return False

    def misfit(self, facility: Facility) -> str | None:
        """What is wrong with naming a facility, to go on from its name; None where nothing is."""
        return None

    def misfit_of_all(self, facilities: Mapping[str, Facility]) -> tuple[str, str] | None:
        """The key under which a rule chooses facilities of which none is fit, and what is wrong there."""
        return None

    def remarks(self, care: Care, supply: Supply) -> Iterator[Remark]:
        """What the author of a valid rule should know: that it has no effect, or not all that it says."""
        yield from ()
