"""Moments: SimPy events as light as a calendar of patients needs them.

A `simpy.Timeout` carries a list of callbacks, a delay and a reference to its environment; making one
costs more than what most clinical events do. A moment has one callback and one value.
"""

from __future__ import annotations

from collections.abc import Callable
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
