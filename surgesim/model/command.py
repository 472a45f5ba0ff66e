"""Command: the plan's rules, each a process: when -> decision -> lead time -> phases -> until -> stand-down.

A rule sees only what the daily assessment gives it; what it does is its action's.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import date

from simpy import Environment
from simpy.events import Event
from simpy.exceptions import Interrupt

from surgesim.model.actions import Action
from surgesim.model.indicators import Assessment, key_of
from surgesim.model.record import ActionEvent
from surgesim.scenario.command import Rule, Trigger, Until
from surgesim.scenario.indicators import Watch

Process = Generator[Event, object, None]


class Command:
    """The rules of a plan, fed with one assessment a day.

    Attributes
    ----------
    actions
        What the rules did so far.
    """

    def __init__(self, env: Environment, start: date) -> None:
        self._env = env
        self._start = start
        self._assessed = env.event()
        self.actions: list[ActionEvent] = []

    def follow(self, name: str, rule: Rule, action: Action) -> None:
        """Start the process of a rule."""
        self._env.process(self._rule(name, rule, action))

    def hear(self, assessment: Assessment) -> None:
        """Give the rules the day's assessment."""
        heard, self._assessed = self._assessed, self._env.event()
        heard.succeed(assessment)

    def _note(self, rule: str, what: str) -> None:
        self.actions.append(ActionEvent(float(self._env.now), rule, what))

    def _rule(self, name: str, rule: Rule, action: Action) -> Process:
        while True:
            yield from self._holds(rule.when, rule.begins_on)
            self._note(name, "fired")
            yield self._env.timeout(rule.decision_days)
            self._note(name, "ordered")
            action.order()
            yield self._env.timeout(rule.lead_days)
            phases = self._env.process(self._phases(name, rule, action))
            if rule.until is None:
                return
            yield from self._holds(rule.until, rule.ends_on)
            self._note(name, "ended")
            yield self._env.timeout(rule.stand_down_days)
            if phases.is_alive:
                phases.interrupt()
            action.end()
            self._note(name, "stood down")
            if rule.when.on is not None:
                return

    def _phases(self, name: str, rule: Rule, action: Action) -> Process:
        begun = self._env.now
        try:
            for number, phase in enumerate(rule.phases, start=1):
                yield self._env.timeout(max(begun + phase.after_days - self._env.now, 0.0))
                self._note(name, f"phase {number}")
                action.reach(phase.share)
        except Interrupt:
            return

    def _holds(self, condition: Trigger | Until, watch: Watch) -> Process:
        """Wait until the condition has held for its number of days running, or for its date."""
        if condition.on is not None:
            yield self._env.timeout(max((condition.on - self._start).days - self._env.now, 0.0))
            return
        days, key = 0, key_of(watch.indicator or "", watch.of, watch.district)
        while days < condition.for_days:
            assessment = yield self._assessed
            assert isinstance(assessment, Assessment)
            value = assessment.indicators[key]
            passed = (
                value > condition.above if condition.above is not None else value < (condition.below or 0.0)
            )
            days = days + 1 if passed else 0
