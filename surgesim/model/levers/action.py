"""Actions: what a rule of the plan does. An action is ordered, brought to a share by the rule's phases, and
ended; what it changes is kept by the part that it changes.
"""

from __future__ import annotations

from collections.abc import Callable
from math import floor
from typing import Any, TypeAlias

from surgesim.model.province import Province


class Action:
    """What a rule does. `order` when it is decided, `reach` at each phase, `end` at stand-down."""

    def order(self) -> None:
        """Nothing is seen of most orders before their lead time has passed."""

    def set_share(self, share: float) -> None:
        """Bring the action to `share` of what it can do."""

    def end(self) -> None:
        """Take it back."""


ActionFactory: TypeAlias = Callable[[str, Any, Province], Action]
"""Makes the action of a rule, given the rule's name, the rule, and the parts of the run."""


class Lever(Action):
    """Something that is set to a share of its full amount; a share of 0 takes it away."""

    def __init__(self, set_share: Callable[[float], None]) -> None:
        self._set_share = set_share

    def set_share(self, share: float) -> None:
        self._set_share(share)

    def end(self) -> None:
        self._set_share(0.0)


class Switch(Action):
    """Something that is on or off."""

    def __init__(self, turn: Callable[[bool], None]) -> None:
        self._turn, self._on = turn, False

    def set_share(self, share: float) -> None:
        if share > 0 and not self._on:
            self._on = True
            self._turn(True)

    def end(self) -> None:
        if self._on:
            self._on = False
            self._turn(False)


def round_down(number: float) -> int:
    """Whole ones of a share of a number; what rounding lacks is not missing."""
    return floor(number + 1e-9)
