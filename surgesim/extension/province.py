"""The public view of a province during a run, which is passed to the functions of an extension."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from surgesim.scenario.schema.scenario import Scenario

    Floats = NDArray[np.float64]


class View(Protocol):
    """A read-only view of the province at the end of a day.

    docs/data-dictionary.md describes columns and indicators with their units.
    """

    @property
    def scenario(self) -> Scenario:
        """The scenario of this alternative, with the values drawn for uncertain parameters."""

    @property
    def day(self) -> int:
        """The last day recorded, from 0; -1 if there is none yet."""

    @property
    def date(self) -> date:
        """The date of the last day recorded."""

    @property
    def indicators(self) -> Mapping[str, float]:
        """The indicators of the day, as thresholds and rules see them; NaN if not assessed.

        While an extension computes an indicator of its own, this contains only surgesim's indicators, without
        `situation` and `epidemic_level`, which may depend on it.
        """

    @property
    def district_names(self) -> tuple[str, ...]:
        """The names of the districts, in the order that arrays use."""

    @property
    def facility_names(self) -> tuple[str, ...]:
        """The names of the facilities, in the order that arrays use."""

    def now(self, column: str) -> float:
        """Return the day's value of a daily column of the province."""

    def series(self, column: str) -> Floats:
        """Return a daily column of the province up to the last day recorded, ``(days,)``."""

    def districts(self, column: str) -> Floats:
        """Return a daily column of the districts up to the last day recorded, ``(days, districts)``."""

    def facilities(self, column: str) -> Floats:
        """Return a daily column of the facilities up to the last day recorded, ``(days, facilities)``."""


class Province(View, Protocol):
    """The province at the end of a day, with methods to order and end rules; only `memory` can be changed."""

    @property
    def memory(self) -> dict[str, Any]:
        """A dict in which the extension keeps state between days; it is empty when a replication begins."""

    @property
    def random(self) -> np.random.Generator:
        """Random number generator for this function, replication and day; the model does not use it."""

    @property
    def ordered(self) -> Collection[str]:
        """Names of the rules that extensions have ordered and not ended."""

    def order(self, name: str, *, action: str, **settings: Any) -> None:
        """Begin a rule, like those of `command.plan`, at 00:00 of the next day.

        Parameters
        ----------
        name
            Name of the rule in tables, such as actions.csv; no other rule may have the same name.
        action
            An action of `command.plan`, such as ``convert_beds``.
        settings
            The rule's other keys, except `when`. Decision and lead time are 0 unless given; `phases`
            and `until` work as in a scenario.

        Raises
        ------
        ScenarioError
            If a scenario file with this rule would be refused.
        """

    def end(self, name: str) -> None:
        """End a rule that an extension ordered; there is no effect if the rule is not in `ordered`."""
