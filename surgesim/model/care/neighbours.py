"""Neighbouring provinces, whose ICU beds take patients from this province while a rule transfers them."""

from __future__ import annotations

from typing import Protocol

from simpy import Environment
from simpy.events import Event, Timeout

from surgesim.scenario.schema.capacity.transport import Neighbour


class Sender(Protocol):
    """The interface of `Journey`, the part of a run that hands over patients for transfer."""

    def transfer_out(self, number: int) -> int: ...


class Neighbours:
    """The ICU beds of neighbouring provinces, and their occupancy.

    Attributes
    ----------
    occupied
        By neighbour: beds with a patient from this province.
    """

    def __init__(self, env: Environment, sections: dict[str, Neighbour]) -> None:
        self._env = env
        self._sections = sections
        self._sending: set[str] = set()
        self.occupied = dict.fromkeys(sections, 0)

    def send(self, name: str, *, on: bool) -> None:
        """Start or stop transfers to a neighbour."""
        (self._sending.add if on else self._sending.discard)(name)

    def take(self, sender: Sender) -> None:
        """At 00:00, transfer patients from the head of the ICU queues to neighbours that have beds."""
        for name in sorted(self._sending):
            section = self._sections[name]
            number = sender.transfer_out(min(section.per_day, section.icu_beds - self.occupied[name]))
            self.occupied[name] += number
            for _ in range(number):
                leaves = Timeout(self._env, section.stay_days, name)
                leaves.callbacks.append(self._frees)

    def _frees(self, event: Event) -> None:
        self.occupied[event._value] -= 1
