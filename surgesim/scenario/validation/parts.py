"""The parts of a scenario that are valid by themselves and so can be checked against each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from surgesim.scenario.messages.shape import inside
from surgesim.scenario.messages.wording import value_at
from surgesim.scenario.schema.base import ByAge, Day, Section
from surgesim.scenario.schema.care import Facility
from surgesim.scenario.schema.command import Rule, Situation, Threshold
from surgesim.scenario.schema.epidemic import Epidemic, Importation, Measure, Variant
from surgesim.scenario.schema.levels import Criterion
from surgesim.scenario.schema.levers.rule import RuleBase
from surgesim.scenario.schema.people import District, People
from surgesim.scenario.schema.response.vaccination import Vaccination
from surgesim.scenario.schema.scenario import Scenario

_SIDES = ("transmission", "response")


@dataclass(slots=True)
class Parts:
    """The parts of a scenario that are valid by themselves, without the invalid parts.

    Attributes
    ----------
    all_facilities, all_thresholds
        True if `facilities` or `thresholds` contains all facilities or thresholds of the scenario.
    source
        The scenario, or its plain values if it is not valid.
    """

    start: date | None = None
    days: int | None = None
    warm_up_days: int = 0
    districts: Mapping[str, District] = field(default_factory=dict)
    facilities: Mapping[str, Facility] = field(default_factory=dict)
    initial_infections: Mapping[str, int] = field(default_factory=dict)
    importation: Importation | None = None
    measures: Mapping[str, Measure] = field(default_factory=dict)
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    situation: Situation | None = None
    plan: Mapping[str, RuleBase] = field(default_factory=dict)
    criteria: Mapping[str, Mapping[str, Criterion]] = field(default_factory=dict)
    all_facilities: bool = True
    all_thresholds: bool = True
    vaccination: Vaccination | None = None
    people: People | None = None
    variant: Variant | None = None
    susceptibility: tuple[float, ...] | None = None
    source: Scenario | Mapping[str, Any] = field(default_factory=dict)

    def gives(self, section: str) -> bool:
        """Return True if a section (a dotted path) is given, valid or not."""
        value: Any = self.source
        for key in section.split("."):
            value = getattr(value, key, None) if isinstance(value, Section) else inside(value, key)
        return value not in (None, "none")

    @classmethod
    def of(cls, scenario: Scenario) -> Parts:
        """Return all parts of a valid scenario."""
        epidemic = scenario.epidemic
        return cls(
            scenario.start,
            scenario.days,
            scenario.warm_up_days,
            scenario.people.districts,
            scenario.care.facilities,
            epidemic.initial_infections if epidemic is not None else {},
            epidemic.importation if epidemic is not None else None,
            epidemic.measures if epidemic is not None else {},
            scenario.command.thresholds,
            scenario.command.situation,
            scenario.command.plan,
            {side: getattr(scenario.command.levels, side, {}) for side in _SIDES},
            vaccination=epidemic.vaccination if epidemic is not None else None,
            people=scenario.people,
            variant=epidemic.variant if epidemic is not None else None,
            susceptibility=epidemic.susceptibility if epidemic is not None else None,
            source=scenario,
        )

    @classmethod
    def from_tree(cls, tree: Mapping[str, Any]) -> Parts:
        """Return the valid parts of a scenario that is not valid as a whole, from its plain values."""
        facilities = _valid(tree, "care.facilities", Facility)
        thresholds = _valid(tree, "command.thresholds", Threshold)
        return cls(
            _one(tree, "start", Day),
            _one(tree, "days", int),
            _one(tree, "warm_up_days", int) or 0,
            _valid(tree, "people.districts", District),
            facilities,
            _valid(tree, "epidemic.initial_infections", int),
            _one(tree, "epidemic.importation", Importation),
            _valid(tree, "epidemic.measures", Measure),
            thresholds,
            _one(tree, "command.situation", Situation),
            _valid(tree, "command.plan", Rule),
            {side: _valid(tree, f"command.levels.{side}", Criterion) for side in _SIDES},
            all_facilities=_are_all(facilities, value_at(tree, ("care", "facilities"))),
            all_thresholds=_are_all(thresholds, value_at(tree, ("command", "thresholds")) or {}),
            vaccination=_one(tree, "epidemic.vaccination", Vaccination),
            people=_one(tree, "people", People),
            variant=_one(tree, "epidemic.variant", Variant),
            susceptibility=_susceptibility(tree),
            source=tree,
        )


def _are_all(valid: Mapping[str, Any], given: Any) -> bool:
    return isinstance(given, Mapping) and len(valid) == len(given)


class _Nothing(Section):
    pass


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    strict = None if isinstance(kind, type) and issubclass(kind, Section) else _Nothing.model_config
    return TypeAdapter(kind, config=strict if kind is int else None)


def _parse(kind: Any, value: Any) -> Any:
    try:
        return _adapter(kind).validate_python(value)
    except ValidationError:
        return None


def _one(tree: Mapping[str, Any], path: str, kind: Any) -> Any:
    return _parse(kind, value_at(tree, tuple(path.split("."))))


def _valid(tree: Mapping[str, Any], path: str, kind: Any) -> dict[str, Any]:
    entries = value_at(tree, tuple(path.split(".")))
    if not isinstance(entries, Mapping):
        return {}
    parsed = {name: _parse(kind, value) for name, value in entries.items()}
    return {name: part for name, part in parsed.items() if part is not None}


def _susceptibility(tree: Mapping[str, Any]) -> tuple[float, ...] | None:
    """Return the susceptibility of the scenario, or the schema's default; None if it is not valid."""
    given = value_at(tree, ("epidemic", "susceptibility"))
    if given is None:
        usual: tuple[float, ...] = Epidemic.model_fields["susceptibility"].default
        return usual
    parsed: tuple[float, ...] | None = _parse(ByAge, given)
    return parsed
