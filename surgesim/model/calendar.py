"""The calendar of a run: a SimPy environment made light for many patients.

Three things differ from plain SimPy, each for speed, none in what happens or when:

- a `Moment` has one callback and one value; a `simpy.Timeout` costs more to make than most clinical
  events cost to happen;
- what is known at 00:00 to happen during the day (patients' needs) is kept in a sorted list beside the
  queue, and so passes through no heap;
- `run_through` is SimPy's loop written out.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop
from typing import Any

from simpy import Environment
from simpy.events import NORMAL, Event


class Moment(Event):
    """An instant at which one thing happens to one value.

    Attributes
    ----------
    callbacks
        The one callback, as SimPy expects it; None once it has been called.
    """

    __slots__ = ("_value", "callbacks")
    _ok = True

    def __init__(self, what: Callable[[Event], None], value: Any) -> None:
        self.callbacks = [what]
        self._value = value


def after(env: Environment, delay: float, what: Callable[[Event], None], value: Any) -> Moment:
    """Put a moment in the calendar, `delay` days from now."""
    moment = Moment(what, value)
    env.schedule(moment, NORMAL, delay)
    return moment


Known = tuple[float, int, Any]
"""A time, a number that orders what has the same time, and to whom it happens."""


class Calendar(Environment):
    """SimPy's environment with a sorted list of what is known to happen, beside its queue."""

    def __init__(self, initial_time: float = 0) -> None:
        super().__init__(initial_time)
        self._known: list[Known] = []  # latest first
        self._what: Callable[[Any], None] = lambda value: None

    def foresee(self, known: list[Known], what: Callable[[Any], None]) -> None:
        """Let `what` happen to each value of `known` at its time (now, where that has passed).

        At one instant what is foreseen comes before the events of the queue.
        """
        self._known = sorted([*self._known, *known], reverse=True)
        self._what = what

    def step(self) -> None:
        """Process the next thing foreseen or the next event of the queue."""
        known, queue = self._known, self._queue
        if known and (not queue or known[-1][0] <= queue[0][0]):
            time, _, value = known.pop()
            self._now = max(time, self._now)
            self._what(value)
        else:
            super().step()

    def run_through(self, end: float) -> None:
        """Process all that happens up to and with the instant `end`, which it then is."""
        queue = self._queue
        while True:
            known = self._known
            if known and known[-1][0] <= end and (not queue or known[-1][0] <= queue[0][0]):
                time, _, value = known.pop()
                if time > self._now:
                    self._now = time
                self._what(value)
            elif queue and queue[0][0] <= end:
                self._now, _, _, event = heappop(queue)
                callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]
                for callback in callbacks:
                    callback(event)
                if not event._ok and not hasattr(event, "_defused"):
                    raise event._value
            else:
                break
        self._now = end
