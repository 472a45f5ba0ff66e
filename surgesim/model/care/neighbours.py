"""Neighbouring provinces: ICU beds there that take patients from here, while a rule sends them."""

from __future__ import annotations

from typing import Protocol

from simpy import Environment
from simpy.events import Event, Timeout

from surgesim.scenario.schema.capacity.transport import Neighbour


class Sender(Protocol):
    """What sends patients: the journey."""

    def transfer_out(self, number: int) -> int: ...


class Neighbours:
    """Beds of neighbours and who lies in them.

    Attributes
    ----------
    occupied
        By neighbour: beds with a patient from here.
    """

    def __init__(self, env: Environment, sections: dict[str, Neighbour]) -> None:
        self._env = env
        self._sections = sections
        self._sending: set[str] = set()
        self.occupied = dict.fromkeys(sections, 0)

    def send(self, name: str, *, on: bool) -> None:
        """A rule begins or ends sending patients to a neighbour."""
        (self._sending.add if on else self._sending.discard)(name)

    def take(self, sender: Sender) -> None:
        """00:00: each neighbour takes who comes first in the ICU queues, as far as it has beds."""
        for name in sorted(self._sending):
            section = self._sections[name]
            number = sender.transfer_out(min(section.per_day, section.icu_beds - self.occupied[name]))
            self.occupied[name] += number
            for _ in range(number):
                leaves = Timeout(self._env, section.stay_days, name)
                leaves.callbacks.append(self._frees)

    def _frees(self, event: Event) -> None:
        self.occupied[event._value] -= 1
