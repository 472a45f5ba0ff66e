"""The rules of a run: those of the plan, and those that extensions order through a `View`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from functools import partial
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
from surgesim.model.reading import Reading, SoFar, call
from surgesim.scenario.schema.command import Rule
from surgesim.scenario.schema.levers.custom import Custom


class Orders:
    """The rules of one replication, and the interventions and custom actions of extensions.

    Parameters
    ----------
    so_far
        The days recorded so far.
    observe
        Function to call after each step of an action, if given.
    """

    def __init__(
        self,
        province: Province,
        command: Command,
        so_far: SoFar,
        observe: Callable[[], None] | None = None,
    ) -> None:
        self.province, self.command, self.so_far = province, command, so_far
        self.names: list[str] = []
        self._observe = observe
        self._memories: dict[str, dict[str, Any]] = {}
        self._interventions = [
            (extension, each, self._view(extension, f"intervention {each.name}"))
            for extension, each in province.scenario.extensions.of(Intervention)
        ]

    def begin_plan(self, past: Sequence[Assessment]) -> None:
        """At t = 0, start to follow the rules of the plan; `past` has the assessments of the days before."""
        for name, rule in self.province.scenario.command.plan.items():
            self.follow(name, rule, past)

    def follow(self, name: str, rule: Rule, past: Sequence[Assessment] = ()) -> None:
        """Start to follow a rule, counting the days in `past` on which its condition held."""
        if isinstance(rule, Custom):
            action = self._custom(name, rule)
        else:
            action = action_of(name, rule, self.province)
        observed = Observed(action, self._observe or _look_away, self.province.leave_out)
        self.command.follow(name, rule, observed, past)

    def pass_day(self) -> None:
        """After a day is recorded, call the interventions; rules that they order begin at the next 00:00."""
        for extension, each, view in self._interventions:
            call(extension, f"the intervention {each.name!r}", view.day, partial(each.act, view))

    def _custom(self, name: str, rule: Custom) -> Action:
        found = self.province.scenario.extensions.action(rule.name)
        if found is None:
            raise ExtensionError(missing_action(name, rule.name))
        extension, declared = found
        view = self._view(extension, f"action {declared.name} of {name}")
        what = f"the action {declared.name!r} of rule {name!r}"

        def act(share: float) -> None:
            call(extension, what, view.day, partial(declared.act, view, share, rule.options))

        return Lever(act)

    def _view(self, extension: Extension, function: str) -> View:
        return View(self, function, self._memories.setdefault(extension.file, {}))


def _look_away() -> None:
    """Observe nothing."""


def missing_action(rule: str, action: str) -> str:
    """Return the error message for a custom action that no extension declares."""
    return (
        f"command.plan.{rule}: got the custom action {action!r}, expected an extension that declares it, "
        "given with --extension FILE (in Python, extensions=[file])"
    )


class View(Reading):
    """The public view of one function of an extension; implements `surgesim.extension.Province`."""

    def __init__(self, of: Orders, function: str, memory: dict[str, Any]) -> None:
        super().__init__(of.so_far)
        self._of = of
        self._function = function
        self._drawing: tuple[int, np.random.Generator] | None = None
        self.memory = memory

    @property
    def random(self) -> np.random.Generator:
        """The random generator of this function on the current day."""
        if self._drawing is None or self._drawing[0] != self.day:
            self._drawing = self.day, self._of.province.streams.day("extension", self.day, self._function)
        return self._drawing[1]

    @property
    def ordered(self) -> Collection[str]:
        """Names of the rules that extensions have ordered and that have not ended."""
        return tuple(name for name in self._of.names if self._of.command.is_in_force(name))

    def order(self, name: str, *, action: str, **settings: Any) -> None:
        """Order a rule, which begins at the next 00:00."""
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
            return  # the run has no further day
        rule = {"decision_days": 0.0, **settings, "action": action, "when": {"on": begins.isoformat()}}
        alone = self.scenario.model_copy(update={"alternatives": type(plan)({})})
        checked = alone.overlaid({"command": {"plan": {name: rule}}}).command.plan[name]
        self._of.names = [*(other for other in self._of.names if other != name), name]
        self._of.follow(name, checked)

    def end(self, name: str) -> None:
        """End a rule that an extension has ordered; do nothing if there is no such rule."""
        if name in self._of.names:
            self._of.command.stop(name)
