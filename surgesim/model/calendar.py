"""The calendar of a run: a SimPy environment made light for many patients.

What patients do is not a `simpy.Event` each but a plain tuple, kept beside SimPy's queue: what happens on
a later day is only put to that day, and sorted when it begins. Most stays and clocks are days long, so
they never pass through a heap. Nothing else differs from plain SimPy: one clock, and events of one
instant in the order in which they were put there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from math import ceil, inf
from typing import Any

from simpy import Environment
from simpy.events import NORMAL, Event, EventPriority

Due = tuple[float, int, Callable[[Any], None], Any]
"""Something that will happen: when, its number among what happens at that instant, what, and to whom.

`what` is called with the whole of it, so that who holds its `Due` can tell it from an older one.
"""

_FIRST = 1 << 62


class Calendar(Environment):
    """SimPy's environment, with patients' events beside its queue.

    Attributes
    ----------
    now
        Days; a plain attribute where SimPy has a property, for it is read several times per event.
    """

    now: float = 0.0

    def __init__(self, initial_time: float = 0.0) -> None:
        super().__init__(initial_time)
        self.now = initial_time
        self._begun = float(ceil(initial_time))  # 24:00 of the day that has begun last
        self._soon: list[Due] = []  # a heap: put there since the day began
        self._today: list[Due] = []  # put there before, latest first
        self._later: defaultdict[float, list[Due]] = defaultdict(list)  # by 24:00 of their day
        self._elsewhere = inf  # no later than what is first in `_soon` or in SimPy's queue

    def after(self, delay: float, what: Callable[[Due], None], value: Any) -> Due:
        """Let `what` happen to `value` in `delay` days."""
        return self._put(self.now + delay, next(self._eid), what, value)

    def foresee(self, known: Iterable[tuple[float, int, Any]], what: Callable[[Due], None]) -> None:
        """Let `what` happen to each of (time, number, value) at its time, or now where that has passed.

        At one instant what is foreseen comes before all else, in the order of the numbers.
        """
        for time, number, value in known:
            self._put(time, number - _FIRST, what, value)

    def _put(self, time: float, number: int, what: Callable[[Due], None], value: Any) -> Due:
        due = (time, number, what, value)
        if time <= self._begun:
            heappush(self._soon, due)
            if time < self._elsewhere:
                self._elsewhere = time
        elif time < inf:
            self._later[-(-time // 1.0)].append(due)
        return due

    def schedule(self, event: Event, priority: EventPriority = NORMAL, delay: float = 0) -> None:
        """Put an event into SimPy's queue."""
        super().schedule(event, priority, delay)
        self._elsewhere = min(self._elsewhere, self._now + delay)

    def step(self) -> None:
        """Not to be used: a run moves on by `run_through`."""
        raise NotImplementedError("expected run_through: SimPy's own loop knows nothing of patients")

    def run_through(self, end: float) -> None:
        """Process all that happens up to and with the instant `end`, which it then is."""
        while self._begun < end:
            self._process(self._begun)
            self._begun += 1.0
            self._today = sorted(self._later.pop(self._begun, ()), reverse=True)
        self._process(end)
        self._now = self.now = end

    def _process(self, end: float) -> None:
        """Process all up to and with `end`, which is not beyond the day that has begun last."""
        today = self._today
        while True:
            while today and today[-1][0] < self._elsewhere and today[-1][0] <= end:
                due = today.pop()
                self._now = self.now = due[0]
                due[2](due)
            first = self._take_first(end)
            if first is None:
                return
            if first[0] > self.now:
                self._now = self.now = first[0]
            first[2](first)

    def _take_first(self, end: float) -> Due | None:
        """Take what comes next, up to and with `end`, out of the three places where it may stand."""
        queue, soon, today = self._queue, self._soon, self._today
        source = soon if soon and not (today and today[-1] < soon[0]) else today
        due = None if not source else source[0] if source is soon else source[-1]
        event = queue[0] if queue else None
        if event is not None and (due is None or event < (due[0], NORMAL, due[1])):
            due = None
            if event[0] <= end:
                heappop(queue)
                due = (event[0], event[2], _happens, event[3])
        elif due is not None and due[0] <= end:
            heappop(soon) if source is soon else today.pop()
        else:
            due = None
        self._elsewhere = min(soon[0][0] if soon else inf, queue[0][0] if queue else inf)
        return due


def _happens(due: Due) -> None:
    """What an event of SimPy's queue does."""
    event: Event = due[3]
    callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]
    for callback in callbacks:
        callback(event)
    if not event._ok and not hasattr(event, "_defused"):
        raise event._value
