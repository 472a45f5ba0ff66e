"""Rules in a run: those of the plan, and those that extensions order, who see the province by a `View`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from surgesim.errors import ExtensionError, Problem, ScenarioError
from surgesim.extension.declarations import Intervention
from surgesim.extension.files import Extension
from surgesim.model.command.indicators import Assessment
from surgesim.model.command.rules import Command
from surgesim.model.levers.action import Action, Lever, Observed
from surgesim.model.levers.registry import action_of
from surgesim.model.province import Province
from surgesim.model.record import FACILITY_INDEX, PROVINCE_INDEX, Floats
from surgesim.model.recorder import Recorder
from surgesim.scenario.schema.command import Rule
from surgesim.scenario.schema.levers.custom import Custom


class Orders:
    """The rules of one replication, and the interventions and custom actions of extensions.

    Parameters
    ----------
    observe
        Called after each step of an action, if given.

    Attributes
    ----------
    day
        The last day recorded; -1 if there is none yet.
    indicators
        Its assessment.
    """

    def __init__(
        self,
        province: Province,
        command: Command,
        recorder: Recorder,
        observe: Callable[[], None] | None = None,
    ) -> None:
        self.province, self.command, self.recorder = province, command, recorder
        self.day = -1
        self.indicators: Mapping[str, float] = {}
        self.names: list[str] = []
        self._observe = observe
        self._memories: dict[str, dict[str, Any]] = {}
        self._interventions = [
            (extension, each, self._view(extension, f"intervention {each.name}"))
            for extension, each in province.scenario.extensions.of(Intervention)
        ]

    def begin_plan(self) -> None:
        """At t = 0, start to follow the rules of the plan."""
        for name, rule in self.province.scenario.command.plan.items():
            self.follow(name, rule, self.recorder.past)

    def follow(self, name: str, rule: Rule, past: Sequence[Assessment] = ()) -> None:
        """Start to follow a rule; days in `past` on which its condition held count."""
        if isinstance(rule, Custom):
            action = self._custom(name, rule)
        else:
            action = action_of(name, rule, self.province)
        observed = action if self._observe is None else Observed(action, self._observe)
        self.command.follow(name, rule, observed, past)

    def pass_day(self, day: int, indicators: Mapping[str, float]) -> None:
        """After a day is recorded, call the interventions; what they order begins at the next 00:00."""
        self.day, self.indicators = day, indicators
        for extension, each, view in self._interventions:
            _call(extension, f"the intervention {each.name!r}", view, partial(each.act, view))

    def _custom(self, name: str, rule: Custom) -> Action:
        found = self.province.scenario.extensions.action(rule.name)
        if found is None:
            raise ExtensionError(missing_action(name, rule.name))
        extension, declared = found
        view = self._view(extension, f"action {declared.name} of {name}")
        what = f"the action {declared.name!r} of rule {name!r}"
        return Lever(
            lambda share: _call(extension, what, view, partial(declared.act, view, share, rule.options))
        )

    def _view(self, extension: Extension, function: str) -> View:
        return View(self, function, self._memories.setdefault(extension.file, {}))


def missing_action(rule: str, action: str) -> str:
    """Return the sentence about a custom action that no extension declares."""
    return (
        f"command.plan.{rule}: got the custom action {action!r}, expected an extension that declares it, "
        "given with --extension FILE (in Python, extensions=[file])"
    )


def _call(extension: Extension, what: str, view: View, function: Callable[[], object]) -> None:
    """Call a function of an extension; what it raises becomes an `ExtensionError` that names it."""
    try:
        function()
    except (Exception, SystemExit) as error:
        raise extension.failed(f"{what} (day {view.day})", error) from error


class View:
    """The public view of one function of an extension; implements `surgesim.extension.Province`."""

    def __init__(self, of: Orders, function: str, memory: dict[str, Any]) -> None:
        self._of = of
        self._function = function
        self._drawing: tuple[int, np.random.Generator] | None = None
        self.memory = memory
        self.scenario = of.province.scenario
        self.district_names = tuple(self.scenario.people.districts)
        self.facility_names = tuple(self.scenario.care.facilities)

    @property
    def day(self) -> int:
        """The last day recorded."""
        return self._of.day

    @property
    def date(self) -> date:
        """Its date."""
        return self.scenario.start + timedelta(days=self.day)

    @property
    def random(self) -> np.random.Generator:
        """Random numbers of this function and day."""
        if self._drawing is None or self._drawing[0] != self.day:
            self._drawing = self.day, self._of.province.streams.day("extension", self.day, self._function)
        return self._drawing[1]

    @property
    def indicators(self) -> Mapping[str, float]:
        """The indicators of the day."""
        return MappingProxyType(dict(self._of.indicators))

    def now(self, column: str) -> float:
        """Return the day's value of a column of the province."""
        return float(self.series(column)[-1])

    def series(self, column: str) -> Floats:
        """Return a column of the province so far."""
        return self._so_far(self._of.recorder.province, column, PROVINCE_INDEX)

    def districts(self, column: str) -> Floats:
        """Return a column of the districts so far."""
        return self._so_far(self._of.recorder.districts, column, self._of.recorder.district_index)

    def facilities(self, column: str) -> Floats:
        """Return a column of the facilities so far."""
        return self._so_far(self._of.recorder.facilities, column, FACILITY_INDEX)

    def _so_far(self, table: Floats, column: str, index: Mapping[str, int]) -> Floats:
        if column not in index:
            raise ValueError(f"got {column!r}, expected one of {', '.join(index)}")
        if self.day < 0:
            raise ValueError("got no day yet: the first rules act before the first day is recorded")
        values = table[: self.day + 1, ..., index[column]]
        values.flags.writeable = False
        return values

    @property
    def ordered(self) -> Collection[str]:
        """Names of the rules ordered and not ended."""
        return tuple(name for name in self._of.names if self._of.command.is_in_force(name))

    def order(self, name: str, *, action: str, **settings: Any) -> None:
        """Begin a rule at the 00:00 that follows."""
        plan = self.scenario.command.plan
        if name in plan or name in self.ordered:
            raise ScenarioError(
                [Problem(f"command.plan.{name}", "got the name of another rule, expected a new name")]
            )
        if "when" in settings:
            message = "got a trigger, expected none: an order begins at once"
            raise ScenarioError([Problem(f"command.plan.{name}.when", message)])
        begins = self.date + timedelta(days=1)
        if begins >= self.scenario.end:
            return  # nothing of the run follows
        rule = {"decision_days": 0.0, **settings, "action": action, "when": {"on": begins.isoformat()}}
        alone = self.scenario.model_copy(update={"alternatives": type(plan)({})})
        checked = alone.overlaid({"command": {"plan": {name: rule}}}).command.plan[name]
        self._of.names = [*(other for other in self._of.names if other != name), name]
        self._of.follow(name, checked)

    def end(self, name: str) -> None:
        """End a rule ordered before."""
        if name in self._of.names:
            self._of.command.stop(name)
