"""The whole scenario: its sections, constraints between them, and copies with changes."""

from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import date, timedelta
from html import escape
from typing import Annotated, Any, Self

from pydantic import Field, PrivateAttr, model_validator

from surgesim.extension.files import Extensions
from surgesim.scenario.schema.base import Day, FrozenMapping, Name, Named, Off, Overlay, Section, Source, Text
from surgesim.scenario.schema.capacity.supply import Supply
from surgesim.scenario.schema.care import Care
from surgesim.scenario.schema.clinical import Clinical
from surgesim.scenario.schema.command import Command
from surgesim.scenario.schema.epidemic import Arrivals, Epidemic
from surgesim.scenario.schema.indicators import OWN, OwnIndicator
from surgesim.scenario.schema.merging import deep_merge, scaled
from surgesim.scenario.schema.numbers import MOST_ALTERNATIVES, RunDays, WholeDays
from surgesim.scenario.schema.people import People
from surgesim.scenario.schema.study.section import Study
from surgesim.scenario.schema.today.history import History, Past

BASELINE = "baseline"

SHARED = ("name", "start", "days", "warm_up_days", "history", "study", "alternatives", "extends")
"""Keys that an alternative cannot change, so that alternatives can be compared day by day."""


class Scenario(Section):
    """A validated, frozen scenario with all values resolved."""

    name: Name
    title: Text
    description: Off[Text] = None
    start: Day
    days: RunDays
    warm_up_days: WholeDays = 0
    people: People
    epidemic: Off[Epidemic] = None
    arrivals: Off[Arrivals] = None
    clinical: Clinical
    care: Care
    supply: Supply = Supply()
    history: Off[History] = None
    command: Command = Command()
    study: Study = Study()
    alternatives: Annotated[Named[Overlay], Field(max_length=MOST_ALTERNATIVES)] = Field(default_factory=dict)
    sources: FrozenMapping[str, Source] = Field(default_factory=dict)
    _extensions: Extensions = PrivateAttr(default=Extensions())
    _own_indicators: tuple[OwnIndicator, ...] = PrivateAttr(default=())

    @model_validator(mode="after")
    def _one_driver(self) -> Self:
        if (self.epidemic is None) == (self.arrivals is None):
            raise ValueError("expected exactly one of the sections epidemic and arrivals")
        if BASELINE in self.alternatives:
            raise ValueError(f"got an alternative named {BASELINE!r}, expected another name")
        return self

    @property
    def extensions(self) -> Extensions:
        """The extensions given with this scenario; a scenario file does not name them."""
        return self._extensions

    def with_extensions(self, extensions: Extensions) -> "Scenario":
        """Return this scenario with other extensions."""
        if extensions == self._extensions:
            return self
        own = (OwnIndicator(f"{OWN}{i.name}", i.unit, i.meaning, i.label) for i in extensions.indicators)
        changed = self.with_own_indicators(own)
        changed._extensions = extensions
        return changed

    @property
    def own_indicators(self) -> tuple[OwnIndicator, ...]:
        """The indicators that extensions declare; a result knows them without loading the extensions."""
        return self._own_indicators

    def with_own_indicators(self, indicators: Iterable[OwnIndicator]) -> "Scenario":
        """Return a copy whose extension indicators are `indicators`, in place of any it had."""
        changed = self.model_copy()
        changed._own_indicators = tuple(indicators)
        return changed

    @property
    def end(self) -> date:
        """The day after the last simulated day."""
        return self.start + timedelta(days=self.days)

    @property
    def past(self) -> Past | None:
        """The daily reports before the start, as arrays; None without a history."""
        return None if self.history is None else self.history.before(self.start, self.people.districts)

    @property
    def in_time_hours(self) -> float:
        """Maximum hours from need to bed that count as timely access."""
        reach = self.command.reach
        given = None if reach is None else reach.within_hours
        return self.care.no_bed_hours if given is None else given

    def __repr_args__(self) -> Iterator[tuple[str, Any]]:
        """Yield the fields that distinguish scenarios at a glance, for `repr` and Rich."""
        yield "name", self.name
        yield "title", self.title.get("en")
        yield "start", self.start.isoformat()
        yield "days", self.days
        yield "districts", len(self.people.districts)
        yield "people", self.people.total
        yield "facilities", len(self.care.facilities)
        yield "beds", self.care.beds
        yield "alternatives", list(self.alternatives)
        if self._extensions:
            yield "extensions", list(self._extensions.hashes)

    def __str__(self) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        """Return a small table, for notebooks."""
        rows = "".join(
            f"<tr><th>{name}</th><td>{escape(_in_words(value))}</td></tr>"
            for name, value in self.__repr_args__()
        )
        return f"<table>{rows}</table>"

    def to_plain(self) -> dict[str, Any]:
        """Return plain dicts, lists, numbers and strings from which an equal scenario can be loaded."""
        return self.model_dump(mode="json", exclude_none=True)

    def sections(self, *, apart_from: Container[str] = ()) -> dict[str, Any]:
        """Return the sections and the sources, by name; who takes them over need not check them."""
        values = {name: getattr(self, name) for name in type(self).model_fields if name not in apart_from}
        return {
            name: value for name, value in values.items() if isinstance(value, Section) or name == "sources"
        }

    def alternative(self, name: str) -> "Scenario":
        """Return this scenario with the overlay of one alternative; ``baseline`` returns the scenario itself.

        Alternatives are checked when their scenario is loaded or changed with `surgesim.overlaid`.
        """
        if name == BASELINE:
            return self
        plain = self.to_plain()
        overlay = scaled(plain, self.alternatives[name])
        changed = type(self).model_validate(deep_merge(plain, overlay) | self.sections(apart_from=overlay))
        return changed.with_own_indicators(self._own_indicators).with_extensions(self._extensions)

    def overlaid(self, overlay: Mapping[str, Any]) -> "Scenario":
        """Return a copy with `overlay` laid over it; the same as `surgesim.overlaid`.

        Raises
        ------
        ScenarioError
            If the copy is not valid; the error lists every problem in it and in every alternative.

        Examples
        --------
        >>> import surgesim
        >>> town = surgesim.load("scenarios/teaching/small-town.yaml")  # doctest: +SKIP
        >>> town.overlaid({"epidemic.variant.r0": 4, "care.no_bed_hours": 4})  # doctest: +SKIP
        """
        from surgesim.scenario.assembly import overlaid

        return overlaid(self, overlay)


def _in_words(value: Any) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dict):
        return ", ".join(f"{_in_words(number)} {name}" for name, number in value.items())
    return ", ".join(value) if isinstance(value, list) else str(value)
