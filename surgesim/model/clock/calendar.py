"""The calendar of a run: a SimPy environment adapted to many patients.

Patients' events are plain tuples, not `simpy.Event` objects, and are kept outside SimPy's queue. An event on
a later day is appended to that day's list, which is sorted when the day begins; an event on the current day
is inserted in order. Most stays and clocks are days long, so no heap is needed. Otherwise it works as
SimPy does: one clock, and events at the same instant run in the order in which they were scheduled.

Day d is [d, d + 1): events at 00:00 belong to the day that begins, here and everywhere in the model.
`day_of` applies this rule to a time; `Calendar.run_until` stops before 00:00, so that the record of a day
contains nothing of the next.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from math import floor, inf, nextafter
from operator import itemgetter
from typing import Any

from simpy import Environment
from simpy.events import NORMAL, Event, EventPriority

Due = tuple[Any, ...]
"""A scheduled event: time, number among the events of that instant, callback, and the callback's subject.

The callback receives the whole `Due`, so that an object that stored one can recognise an outdated event.
"""

_FIRST = 1 << 62

ENDING, BEGINNING = EventPriority(-2), EventPriority(-1)
"""Order within an instant: endings, beginnings, then all other events (SimPy's URGENT and NORMAL)."""

_ROUNDING_DAYS = 1e-9

_time = itemgetter(0)


def day_of(time: float) -> int:
    """Return the day that contains a time: d for d <= time < d + 1."""
    return floor(time)


def instant(time: float) -> float:
    """Return a time, moved to 00:00 if only rounding separates the two."""
    midnight = float(round(time))
    return midnight if abs(time - midnight) < _ROUNDING_DAYS else time


def _nothing(due: Due) -> None:
    """Do nothing; the callback of `_NEVER`."""


_NEVER: Due = (inf, 0, _nothing, None)


class Calendar(Environment):
    """A SimPy environment that keeps patients' events outside SimPy's queue.

    Attributes
    ----------
    now
        Current time in days. It is a plain attribute, not SimPy's property, because it is read several times
        per event.
    """

    now: float = 0.0

    def __init__(self, initial_time: float = 0.0) -> None:
        super().__init__(initial_time)
        self.now = initial_time
        self._end_of_day = day_of(initial_time) + 1.0  # 00:00 of the next day
        self._today: list[Due] = [_NEVER]  # the current day's events of patients, in order
        self._next = 0  # index of the next event in `_today`
        # by 00:00 of their day; each list in the order of the numbers
        self._foreseen: defaultdict[float, list[Due]] = defaultdict(list)
        self._later: defaultdict[float, list[Due]] = defaultdict(list)
        self._elsewhere = inf  # time of the first event in SimPy's queue

    def after(self, delay: float, what: Callable[[Due], None], value: Any) -> Due:
        """Schedule a call of `what` for `value` in `delay` days."""
        time = self.now + delay  # repeats the code of `_put`, because most events are scheduled here
        due: Due = (time, next(self._eid), what, value)
        if time < self._end_of_day:
            insort(self._today, due, self._next)
        elif time < inf:
            self._later[time // 1.0].append(due)
        return due

    def call_at(self, time: float, what: Callable[[Due], None], value: Any) -> Due:
        """Schedule a call of `what` for `value` at `time` (rounded by `instant`), or now if it has passed."""
        return self._put((max(instant(time), self.now), next(self._eid), what, value))

    def foresee(self, known: Iterable[tuple[float, int, Any]], what: Callable[[Due], None]) -> None:
        """Schedule a call of `what` for each (time, number, value), at that time or now if it has passed.

        At the same instant, these events precede all others, in the order of their numbers. The numbers of
        all events foreseen during a run must ascend, except among those of the current day.
        """
        end, foreseen = self._end_of_day, self._foreseen
        for time, number, value in known:
            due: Due = (time, number - _FIRST, what, value)
            if time < end:
                insort(self._today, due, self._next)
            elif time < inf:
                foreseen[time // 1.0].append(due)

    def _put(self, due: Due) -> Due:
        if due[0] < self._end_of_day:
            insort(self._today, due, self._next)
        elif due[0] < inf:
            self._later[due[0] // 1.0].append(due)
        return due

    def at(self, time: float, priority: EventPriority = NORMAL) -> Event:
        """Schedule and return an event at `time` (rounded by `instant`), or now if it has passed."""
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
        """Raise an error; a run advances by `run_until` and `run_through`."""
        raise NotImplementedError("expected run_until, because SimPy's own loop does not process patients")

    def run_until(self, end: float) -> None:
        """Process all events before the instant `end`, and set the clock to `end`."""
        while self._end_of_day <= end:
            self._process(self._end_of_day)
            self._begin_day()
        self._process(end)
        self._now = self.now = end

    def _begin_day(self) -> None:
        """Sort the next day's events by time; events of the same instant are sorted by number already."""
        day = self._end_of_day
        self._today = [*self._foreseen.pop(day, ()), *self._later.pop(day, ())]
        self._today.sort(key=_time)
        self._today.append(_NEVER)
        self._next = 0
        self._end_of_day += 1.0

    def run_through(self, end: float) -> None:
        """Process all events up to and including the instant `end`, and set the clock to `end`."""
        self.run_until(end)
        self._process(nextafter(end, inf))
        self._now = self.now = end

    def _process(self, end: float) -> None:
        """Process all events before `end`, which must not be beyond the current day."""
        today, queue, place = self._today, self._queue, self._next
        while True:
            first = today[place]
            time = first[0]
            if time >= self._elsewhere and queue and queue[0] < (time, NORMAL, first[1]):
                if self._elsewhere >= end:
                    return
                self._process_event()
            elif time >= end:
                return
            else:
                place += 1
                self._next = place
                if time > self.now:
                    self.now = time
                first[2](first)

    def _process_event(self) -> None:
        """Process the first event in SimPy's own queue."""
        self.now, _, _, event = heappop(self._queue)
        self._elsewhere = self._queue[0][0] if self._queue else inf
        callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]
        for callback in callbacks:
            callback(event)
        if not event._ok and not hasattr(event, "_defused"):
            raise event._value
