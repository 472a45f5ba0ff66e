"""The public view of a province during a run, which the functions of an extension are given."""

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
    """The province at the end of a day, to be read.

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
        """Its date."""

    @property
    def indicators(self) -> Mapping[str, float]:
        """The indicators of the day, as thresholds and rules see them; NaN if not assessed.

        An indicator of an extension sees those of surgesim, but for `situation` and `epidemic_level`, which
        may depend on it.
        """

    @property
    def district_names(self) -> tuple[str, ...]:
        """The districts, in the order of arrays."""

    @property
    def facility_names(self) -> tuple[str, ...]:
        """The facilities, in the order of arrays."""

    def now(self, column: str) -> float:
        """Return the day's value of a daily column of the province."""

    def series(self, column: str) -> Floats:
        """Return a daily column of the province so far, ``(days,)``."""

    def districts(self, column: str) -> Floats:
        """Return a daily column of the districts so far, ``(days, districts)``."""

    def facilities(self, column: str) -> Floats:
        """Return a daily column of the facilities so far, ``(days, facilities)``."""


class Province(View, Protocol):
    """The province at the end of a day, and what may be ordered there. It is read-only but for `memory`."""

    @property
    def memory(self) -> dict[str, Any]:
        """What the extension keeps from day to day: empty when a replication begins."""

    @property
    def random(self) -> np.random.Generator:
        """Generator of this function, replication and day, apart from those of the model."""

    @property
    def ordered(self) -> Collection[str]:
        """Names of the rules that extensions have ordered and not ended."""

    def order(self, name: str, *, action: str, **settings: Any) -> None:
        """Begin a rule, as in `command.plan`, at the 00:00 that follows.

        Parameters
        ----------
        name
            Name of the rule in tables, such as actions.csv; no other rule may have it.
        action
            An action of `command.plan`, such as ``convert_beds``.
        settings
            The other keys of the rule, without `when`. Decision and lead time are 0 unless given; `phases`
            and `until` work as in a scenario.

        Raises
        ------
        ScenarioError
            If a scenario file with this rule would be refused.
        """

    def end(self, name: str) -> None:
        """End a rule ordered before; ending one that is not in `ordered` has no effect."""
