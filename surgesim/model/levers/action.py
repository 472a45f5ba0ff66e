"""Actions: the effects of the rules of a plan.

An action is ordered, set to a share at each of the rule's phases, and ended. The change is stored in the part
of the model on which it acts.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import floor
from typing import Any, TypeAlias

from surgesim.model.province import Province


class Action:
    """The effect of a rule: `order` at the decision, `set_share` at each phase, `end` at stand-down."""

    def order(self) -> None:
        """Order the action; most actions have no effect before the lead time has passed."""

    def set_share(self, share: float) -> None:
        """Apply `share` of the action's full amount."""

    def resume(self, share: float, days: float) -> None:
        """At t = 0, apply `share`, reached `days` days before; what happens only once happened then."""
        self.set_share(share)

    def end(self) -> None:
        """Reverse the action."""


ActionFactory: TypeAlias = Callable[[str, Any, Province], Action]
"""A function that creates an action from the name of its rule, the rule and the parts of the run."""


class Lever(Action):
    """An action with an amount that is applied in shares; a share of 0 removes it."""

    def __init__(self, apply: Callable[[float], None]) -> None:
        self._apply = apply

    def set_share(self, share: float) -> None:
        self._apply(share)

    def end(self) -> None:
        self._apply(0.0)


class Switch(Action):
    """An action that is either on or off."""

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


class Observed(Action):
    """An action with an observer, a function that is called after each step.

    `unpaid` calls what has been paid for before the run.
    """

    def __init__(
        self, action: Action, observe: Callable[[], None], unpaid: Callable[[Callable[[], None]], None]
    ) -> None:
        self._action, self._observe, self._unpaid = action, observe, unpaid

    def order(self) -> None:
        self._action.order()
        self._observe()

    def set_share(self, share: float) -> None:
        self._action.set_share(share)
        self._observe()

    def resume(self, share: float, days: float) -> None:
        self._unpaid(partial(self._action.resume, share, days))
        self._observe()

    def end(self) -> None:
        self._action.end()
        self._observe()


def round_down(number: float) -> int:
    """Round down to a whole number, with a tolerance for floating-point error."""
    return floor(number + 1e-9)
