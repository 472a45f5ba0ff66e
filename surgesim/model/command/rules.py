"""The provincial command, which carries out the rules of its plan.

Each rule is a process: when -> decision -> lead time -> phases -> until -> stand-down.

A rule sees only the daily assessment; its action does the work.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import date

from simpy.events import Event, EventPriority

from surgesim.model.clock.calendar import BEGINNING, ENDING, Calendar, instant
from surgesim.model.command.indicators import Assessment
from surgesim.model.levers.action import Action
from surgesim.model.record import ActionEvent, key_of
from surgesim.scenario.schema.command import Rule
from surgesim.scenario.schema.indicators import Watch
from surgesim.scenario.schema.levers.rule import Trigger, Until

Process = Generator[Event, object, None]
_Phase = tuple[float, str, float]  # when it begins, its name and its share


class Command:
    """The rules of a plan, which receive one assessment a day.

    At the same instant, actions end before others begin, and rules come before deliveries and patients:
    staff who leave at 00:00 of a day are absent on that day, and staff who arrive then are present.

    Attributes
    ----------
    actions
        The steps that rules have taken so far.
    """

    def __init__(self, env: Calendar, start: date, recognition_days: int = 0) -> None:
        self._env = env
        self._recognition_days = recognition_days
        self._start = start
        self._assessed = env.event()
        self._courses: dict[str, _Course] = {}
        self.actions: list[ActionEvent] = []

    def follow(self, name: str, rule: Rule, action: Action, past: Sequence[Assessment] = ()) -> None:
        """Start the process of a rule.

        Parameters
        ----------
        past
            The assessments of the days before, oldest first; days on which the rule's condition held count
            toward the number of days that it requires.
        """
        course = self._courses[name] = _Course(action)
        seen = () if self._recognition_days else past
        self._env.process(self._rule(name, rule, course, seen))

    def is_in_force(self, name: str) -> bool:
        """Return True if a rule has been started and has not ended."""
        return name in self._courses and self._courses[name].stands

    def stop(self, name: str) -> None:
        """End a rule for good, unless it has ended."""
        if self.is_in_force(name):
            self._note(name, "ended")
            self._courses[name].end()
            self._note(name, "stood down")

    def hear(self, assessment: Assessment) -> None:
        """Pass the day's assessment to the rules; rules without delay act at the next 00:00.

        Until the variant is recognised, they are not told.
        """
        if self._env.now < self._recognition_days:
            return
        heard, self._assessed = self._assessed, self._env.event()
        heard._ok, heard._value = True, assessment
        self._env.schedule(heard, ENDING)

    def _note(self, rule: str, what: str) -> None:
        self.actions.append(ActionEvent(float(self._env.now), rule, what))

    def _rule(self, name: str, rule: Rule, course: _Course, past: Sequence[Assessment]) -> Process:
        while True:
            yield from self._wait_for(rule.when, rule.begins_on, BEGINNING, past)
            past = ()
            if not course.stands:
                return
            self._note(name, "fired")
            ordered = self._fired(rule) + rule.decision_days
            yield from self._wait_until(ordered, BEGINNING)
            if not course.stands:
                return
            self._note(name, "ordered")
            course.action.order()
            ready = ordered + rule.lead_days
            yield from self._wait_until(ready, BEGINNING)
            phases = [
                (ready + phase.after_days, f"phase {number}", phase.share)
                for number, phase in enumerate(rule.phases, start=1)
            ]
            self._resume(name, course, [phase for phase in phases if instant(phase[0]) < 0])
            coming = [phase for phase in phases if instant(phase[0]) >= 0]
            self._env.process(self._phases(name, course, coming))
            if rule.until is None:
                return
            yield from self._wait_for(rule.until, rule.ends_on, ENDING)
            if not course.stands:
                return
            self._note(name, "ended")
            yield from self._wait_until(self._env.now + rule.stand_down_days, ENDING)
            course.end()
            self._note(name, "stood down")
            if rule.when.on is not None:
                return
            course = self._courses[name] = _Course(course.action)

    def _fired(self, rule: Rule) -> float:
        """Return the time at which a rule fired: now or, if a date triggers the rule, 00:00 of that date."""
        on = rule.when.on
        return self._env.now if on is None else min((on - self._start).days, self._env.now)

    def _resume(self, name: str, course: _Course, phases: Sequence[_Phase]) -> None:
        """At t = 0, apply the phases that a rule dated before the start has reached."""
        for time, number, share in phases:
            self._note(name, number)
            course.action.resume(share, -time)

    def _phases(self, name: str, course: _Course, phases: Sequence[_Phase]) -> Process:
        for time, number, share in phases:
            yield from self._wait_until(time, BEGINNING)
            if not course.stands:
                return
            self._note(name, number)
            course.action.set_share(share)

    def _wait_until(self, time: float, priority: EventPriority) -> Process:
        """Wait until a time; return at once if it is not in the future."""
        if time > self._env.now:
            yield self._env.at(time, priority)

    def _wait_for(
        self,
        condition: Trigger | Until,
        watch: Watch,
        priority: EventPriority,
        past: Sequence[Assessment] = (),
    ) -> Process:
        """Wait until a condition has been true on as many consecutive days as required, or until its date."""
        if condition.on is not None:
            yield from self._wait_until((condition.on - self._start).days, priority)
            return
        key = key_of(watch.indicator or "", watch.of, watch.district)
        days = 0
        for assessment in past:
            days = days + 1 if _holds(condition, assessment.indicators[key]) else 0
        while days < condition.for_days:
            heard = yield self._assessed
            assert isinstance(heard, Assessment)
            days = days + 1 if _holds(condition, heard.indicators[key]) else 0


def _holds(condition: Trigger | Until, value: float) -> bool:
    """Return True if an indicator's value meets a condition."""
    return value > condition.above if condition.above is not None else value < (condition.below or 0.0)


class _Course:
    """A single activation of a rule; its phases continue as long as `stands` is True."""

    def __init__(self, action: Action) -> None:
        self.action = action
        self.stands = True

    def end(self) -> None:
        """End the activation and its action."""
        self.stands = False
        self.action.end()
