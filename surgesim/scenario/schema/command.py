"""Section `command`: the thresholds, the declared emergency, and the plan of rules."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from surgesim.scenario.schema.base import BedType, Name, Named, Off, Section, Sequence_, Text, require_one_of
from surgesim.scenario.schema.indicators import BY_DISTRICT, GroupName, IndicatorName, Watch, check_watch
from surgesim.scenario.schema.levels import Levels
from surgesim.scenario.schema.levers.custom import Custom
from surgesim.scenario.schema.levers.epidemic import EpidemicRule
from surgesim.scenario.schema.levers.facilities import FacilityRule
from surgesim.scenario.schema.levers.patients import PatientRule
from surgesim.scenario.schema.levers.rule import RuleBase
from surgesim.scenario.schema.levers.staff import StaffRule
from surgesim.scenario.schema.levers.supply import SupplyRule
from surgesim.scenario.schema.names import ThresholdName
from surgesim.scenario.schema.numbers import MOST_ENTRIES, Bound, Count, Hours


class Threshold(Section):
    """An indicator and a bound; a breach is a day on which the indicator is strictly beyond the bound.

    With ``by: district``, it is assessed in each district and does not count towards the declared
    emergency. `beds` lists the bed types in which vacant beds are counted: by default, the types that the
    scenario's patients can occupy.
    """

    title: Off[Text] = None
    indicator: IndicatorName
    above: Off[Bound] = None
    below: Off[Bound] = None
    beds: Off[Annotated[Sequence_[BedType], Field(min_length=1)]] = None
    item: Off[Name] = None
    group: Off[GroupName] = None
    by: Off[Literal["province", "district"]] = None

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        require_one_of(above=self.above, below=self.below)
        check_watch(self.watch, group=self.group is not None, by_district=self.by_district)
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

    def is_breached(self, value: float) -> bool:
        return value > self.above if self.above is not None else value < self.below  # type: ignore[operator]


REQUIRED_PATH = "command.situation.require"
"""Path of the number of criteria required for the declared emergency."""


class Situation(Section):
    """The condition for declaring the emergency: all, any, or a minimum number of thresholds are breached."""

    require: Literal["all", "any"] | Annotated[int, Field(ge=1, le=MOST_ENTRIES)] = "any"
    thresholds: Off[Annotated[Sequence_[ThresholdName], Field(min_length=1)]] = None


Rule = Annotated[
    FacilityRule | PatientRule | EpidemicRule | StaffRule | SupplyRule | Custom,
    Field(discriminator="action"),
]


class Reach(Section):
    """Timely access: the maximum hours of waiting for a bed, and a reference number of deaths per million.

    If `within_hours` is not given, the limit is ``care.no_bed_hours``.
    """

    within_hours: Off[Hours] = None
    reference_deaths_per_million: Off[Annotated[float, Field(ge=0.0001, le=1_000_000)]] = None


class Command(Section):
    """Thresholds, the declared emergency, the epidemic's level, timely access, and the plan.

    The variant is recognised after `recognition_days`; until then, rules on indicators see nothing.
    """

    thresholds: Named[Threshold] = Field(default_factory=dict)
    situation: Situation = Situation()
    levels: Off[Levels] = None
    reach: Off[Reach] = None
    plan: Named[Rule] = Field(default_factory=dict)
    recognition_days: Count = 0

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
        """The thresholds that decide whether an emergency is declared."""
        named = self.situation.thresholds
        return tuple(self.in_province) if named is None else named

    @property
    def required_count(self) -> int:
        """The number of thresholds that must be breached at once for the declared emergency."""
        require = self.situation.require
        if isinstance(require, int):
            return require
        return len(self.of_situation) if require == "all" else 1

    def rules_adding_to(self, section: str) -> Iterator[RuleBase]:
        """Yield the rules that add to the contents of a section, given as a dotted path."""
        for rule in self.plan.values():
            if rule.needs is not None and rule.needs.section == section and not rule.brings_nothing:
                yield rule

    @property
    def watches(self) -> tuple[Watch, ...]:
        """All indicators that thresholds, levels and rules watch."""
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
