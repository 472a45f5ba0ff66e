"""The base class of the plan's rules, which determines when rules begin and end, and where they act."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, NamedTuple, Self

from pydantic import model_validator

from surgesim.scenario.schema.base import (
    Day,
    Name,
    Off,
    Section,
    Sequence_,
    Text,
    bound_text,
    figure,
    join_words,
    require_one_of,
)
from surgesim.scenario.schema.capacity.supply import Supply
from surgesim.scenario.schema.care import Care, Facility
from surgesim.scenario.schema.indicators import GroupName, IndicatorName, Watch, check_watch
from surgesim.scenario.schema.names import DistrictName, Reference
from surgesim.scenario.schema.numbers import Bound, Days, RunDays, Share


class Trigger(Section):
    """The start of a rule: a date, or an indicator that is beyond a bound for `for_days` days in a row."""

    indicator: Off[IndicatorName] = None
    item: Off[Name] = None
    above: Off[Bound] = None
    below: Off[Bound] = None
    for_days: RunDays = 1
    on: Off[Day] = None
    group: Off[GroupName] = None
    district: Off[DistrictName] = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.on is not None:
            given = (self.indicator, self.item, self.above, self.below, self.group, self.district)
            if any(value is not None for value in given):
                raise ValueError("got a date and an indicator, expected only one of the two")
            return self
        if self.indicator is None:
            bounds = {"above": self.above, "below": self.below}
            got = join_words(
                [f"{key} {bound_text(value)}" for key, value in bounds.items() if value is not None]
                or ["nothing"]
            )
            raise ValueError(
                f"got {got} without an indicator, expected an indicator with one bound, or a date in `on`"
            )
        require_one_of(above=self.above, below=self.below)
        return self


class Until(Section):
    """The end of a rule: a date, or an indicator that is beyond a bound for `for_days` days in a row.

    If no indicator is given, the indicator of `when` applies.
    """

    indicator: Off[IndicatorName] = None
    item: Off[Name] = None
    above: Off[Bound] = None
    below: Off[Bound] = None
    for_days: RunDays = 1
    on: Off[Day] = None
    group: Off[GroupName] = None
    district: Off[DistrictName] = None

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        require_one_of(above=self.above, below=self.below, on=self.on)
        given = (self.indicator, self.item, self.group, self.district)
        if self.on is not None and any(value is not None for value in given):
            raise ValueError("got a date and an indicator, expected only one of the two")
        return self


class Phase(Section):
    """A phase of a rule: a `share` of its beds is in use from `after_days` days after the lead time."""

    after_days: Days
    share: Share


class Requirement(NamedTuple):
    """A section that a rule needs because the rule adds to the section's contents.

    Attributes
    ----------
    section
        Dotted path of the section.
    does
        The action of the rule in words, with which the message about a missing section begins.
    remedy
        The part of the section that must be given; empty for the whole section.
    """

    section: str
    does: str
    remedy: str = ""

    @property
    def message(self) -> str:
        return f"{self.does}, expected {self.remedy or self.section} to be given"


class Remark(NamedTuple):
    """A warning about a rule: the path within the rule, and the message."""

    keys: tuple[str, ...]
    message: str


class RuleBase(Section):
    """The base class of all rules, with `when`, decision time, lead time, phases, `until` and stand-down."""

    needs: ClassVar[Requirement | None] = None
    brings_staff: ClassVar[bool] = False

    title: Off[Text] = None
    when: Trigger
    decision_days: Days = figure(1.0, "days from the assessment that triggers the rule to the order")
    lead_days: Days = figure(0.0, "days from the order to the first phase")
    phases: Sequence_[Phase] = (Phase(after_days=0.0, share=1.0),)
    until: Off[Until] = None
    stand_down_days: Days = figure(0.0, "days from the decision to end the rule to its effect")

    @property
    def buys(self) -> tuple[str, ...]:
        """Items of `supply.costs` that the rule adds, by the key of their price."""
        return ()

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
                "got no indicator in `until` and a date in `when`, expected an indicator or a date in `until`"
            )
        return self

    @model_validator(mode="after")
    def _watches_what_is_followed(self) -> Self:
        group = self.when.group is not None
        check_watch(self.begins_on, group=group, by_district=self.when.district is not None)
        if self.until is not None:
            inherited = self.until.indicator is None
            group = self.until.group is not None or (inherited and group)
            check_watch(self.ends_on, group=group, by_district=self.ends_on.district is not None)
        return self

    @property
    def begins_on(self) -> Watch:
        """The indicator that `when` watches, with its item or group, and its district."""
        return Watch(self.when.indicator, self.when.item or self.when.group, self.when.district)

    @property
    def ends_on(self) -> Watch:
        """The indicator that `until` watches: its own, if it has one, or else that of `when`.

        In the latter case, an item, group or district given in `until` replaces that of `when`.
        """
        if self.until is None or self.until.on is not None:
            return Watch(None)
        until, begins = self.until, self.begins_on
        of = until.item or until.group
        if until.indicator is not None:
            return Watch(until.indicator, of, until.district)
        return Watch(begins.indicator, of or begins.of, until.district or begins.district)

    @property
    def references(self) -> frozenset[tuple[Reference, str]]:
        """The references in the rule's fields, each with the name referred to, such as that of a measure."""
        fields = type(self).model_fields.items()
        marked = (
            (mark, name) for name, info in fields for mark in info.metadata if isinstance(mark, Reference)
        )
        return frozenset((mark, getattr(self, name)) for mark, name in marked)

    @property
    def brings_nothing(self) -> bool:
        """True if the rule adds an amount of 0."""
        return False

    @property
    def named_facilities(self) -> tuple[str, ...]:
        """The facilities that the rule names."""
        return ()

    def acts_at(self, name: str, facility: Facility) -> bool:
        """Return True if the rule acts at a facility."""
        return False

    def opens_beds(self, name: str, facility: Facility) -> bool:
        """Return True if the rule brings beds of a facility into use."""
        return False

    def misfit(self, facility: Facility) -> str | None:
        """Return why the rule cannot name a facility, as the end of a message; None if it can."""
        return None

    def misfit_of_all(self, facilities: Mapping[str, Facility]) -> tuple[str, str] | None:
        """Return a key and a message if no facility that the rule selects is suitable, otherwise None."""
        return None

    def remarks(self, care: Care, supply: Supply) -> Iterator[Remark]:
        """Yield warnings if a valid rule has no effect, or a smaller effect than it states."""
        yield from ()
