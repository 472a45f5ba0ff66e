"""The calendar of a run: a SimPy environment made light for many patients.

What patients do is not a `simpy.Event` each but a plain tuple, kept beside SimPy's queue: what happens on
a later day is only put to that day, and sorted when it begins; what still happens on the same day is put
in its place there. Most stays and clocks are days long, so no heap is needed. Nothing else differs from
plain SimPy: one clock, and events of one instant in the order in which they were put there.

Day d is [d, d + 1): what happens at 00:00 belongs to the day that begins, here and everywhere in the model.
`day_of` says so for a time; `Calendar.run_until` stops before 00:00, so that the record of a day holds
nothing of the next.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from math import floor, inf, nextafter
from typing import Any

from simpy import Environment
from simpy.events import NORMAL, Event, EventPriority

Due = tuple[float, int, Callable[[Any], None], Any]
"""Something that will happen: when, its number among what happens at that instant, what, and to whom.

`what` is called with the whole of it, so that who holds its `Due` can tell it from an older one.
"""

_FIRST = 1 << 62

ENDING, BEGINNING = EventPriority(-2), EventPriority(-1)
"""Of one instant: first what ends, then what begins, then all else (SimPy's URGENT and NORMAL)."""

_ROUNDING_DAYS = 1e-9


def day_of(time: float) -> int:
    """The day that holds a time: d for d <= time < d + 1."""
    return floor(time)


def instant(time: float) -> float:
    """A time without what rounding has put between it and 00:00 of a day."""
    midnight = float(round(time))
    return midnight if abs(time - midnight) < _ROUNDING_DAYS else time


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
        self._begun = float(day_of(initial_time))  # 00:00 of the day that has begun last
        self._today: list[Due] = []  # what happens on that day, in order
        self._next = 0  # where in `_today` what has not happened yet begins
        self._later: defaultdict[float, list[Due]] = defaultdict(list)  # by 00:00 of their day
        self._elsewhere = inf  # time of what is first in SimPy's queue

    def after(self, delay: float, what: Callable[[Due], None], value: Any) -> Due:
        """Let `what` happen to `value` in `delay` days."""
        return self._put((self.now + delay, next(self._eid), what, value))

    def foresee(self, known: Iterable[tuple[float, int, Any]], what: Callable[[Due], None]) -> None:
        """Let `what` happen to each of (time, number, value) at its time, or now where that has passed.

        At one instant what is foreseen comes before all else, in the order of the numbers.
        """
        for time, number, value in known:
            self._put((time, number - _FIRST, what, value))

    def _put(self, due: Due) -> Due:
        if due[0] < self._begun + 1.0:
            insort(self._today, due, self._next)
        elif due[0] < inf:
            self._later[due[0] // 1.0].append(due)
        return due

    def at(self, time: float, priority: EventPriority = NORMAL) -> Event:
        """An event at a time, or now where that has passed; rounding moves none over 00:00."""
        event = Event(self)
        event._ok, event._value = True, None
        heappush(self._queue, (max(instant(time), self.now), priority, next(self._eid), event))
        self._elsewhere = self._queue[0][0]
        return event

    def schedule(self, event: Event, priority: EventPriority = NORMAL, delay: float = 0) -> None:
        """Put an event into SimPy's queue."""
        self._now = self.now
        super().schedule(event, priority, delay)
        self._elsewhere = self._queue[0][0]

    def step(self) -> None:
        """Not to be used: a run moves on by `run_until` and `run_through`."""
        raise NotImplementedError("expected run_until: SimPy's own loop knows nothing of patients")

    def run_until(self, end: float) -> None:
        """Process all that happens before the instant `end`, which it then is."""
        while self._begun + 1.0 <= end:
            self._process(self._begun + 1.0)
            self._begun += 1.0
            self._today, self._next = sorted(self._later.pop(self._begun, ())), 0
        self._process(end)
        self._now = self.now = end

    def run_through(self, end: float) -> None:
        """Process all that happens up to and with the instant `end`, which it then is."""
        self.run_until(end)
        self._process(nextafter(end, inf))
        self._now = self.now = end

    def _process(self, end: float) -> None:
        """Process all before `end`, which is not beyond the day that has begun last."""
        today, queue = self._today, self._queue
        while True:
            first = today[self._next] if self._next < len(today) else _NEVER
            time = first[0]
            if time >= self._elsewhere and queue and queue[0] < (time, NORMAL, first[1]):
                if self._elsewhere >= end:
                    return
                self._process_event()
            elif time >= end:
                return
            else:
                self._next += 1
                if time > self.now:
                    self.now = time
                first[2](first)

    def _process_event(self) -> None:
        """Process what is first in SimPy's queue."""
        self.now, _, _, event = heappop(self._queue)
        self._elsewhere = self._queue[0][0] if self._queue else inf
        callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]
        for callback in callbacks:
            callback(event)
        if not event._ok and not hasattr(event, "_defused"):
            raise event._value


def _nothing(due: Due) -> None:
    """What never happens."""


_NEVER: Due = (inf, 0, _nothing, None)
