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
from simpy.events import NORMAL

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

    def after(self, delay: float, what: Callable[[Due], None], value: Any) -> Due:
        """Let `what` happen to `value` in `delay` days."""
        due = (self.now + delay, next(self._eid), what, value)
        self._put(due)
        return due

    def foresee(self, known: Iterable[tuple[float, int, Any]], what: Callable[[Due], None]) -> None:
        """Let `what` happen to each of (time, number, value) at its time, or now where that has passed.

        At one instant what is foreseen comes before all else, in the order of the numbers.
        """
        for time, number, value in known:
            self._put((time, number - _FIRST, what, value))

    def _put(self, due: Due) -> None:
        time = due[0]
        if time <= self._begun:
            heappush(self._soon, due)
        elif time < inf:
            self._later[-(-time // 1.0)].append(due)

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
        queue, soon, today = self._queue, self._soon, self._today
        while True:
            if today and not (soon and soon[0] < today[-1]):
                due, beside = today[-1], False
            elif soon:
                due, beside = soon[0], True
            elif queue and queue[0][0] <= end:
                self._simpy_event()
                continue
            else:
                return
            time = due[0]
            if queue and queue[0][0] <= time and queue[0] < (time, NORMAL, due[1]):
                if queue[0][0] > end:
                    return
                self._simpy_event()
                continue
            if time > end:
                return
            if beside:
                heappop(soon)
            else:
                today.pop()
            if time > self.now:
                self._now = self.now = time
            due[2](due)

    def _simpy_event(self) -> None:
        """Process the next event of SimPy's queue."""
        time, _, _, event = heappop(self._queue)
        self._now = self.now = time
        callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]
        for callback in callbacks:
            callback(event)
        if not event._ok and not hasattr(event, "_defused"):
            raise event._value
