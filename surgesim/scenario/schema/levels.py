"""Section `command.levels`: the level of the epidemic, 1 to 4, from classes of indicators."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from surgesim.scenario.schema.base import (
    IncompleteError,
    Name,
    Named,
    Off,
    Section,
    Sequence_,
    Text,
    require_one_of,
)
from surgesim.scenario.schema.indicators import (
    BY_DISTRICT,
    HIGHEST_LEVEL,
    GroupName,
    IndicatorName,
    Watch,
    check_watch,
    declared,
)
from surgesim.scenario.schema.numbers import Bound

Level = Annotated[int, Field(ge=1, le=HIGHEST_LEVEL)]


class Criterion(Section):
    """An indicator and the bounds between its classes, from best to worst.

    With ``at_least: [90, 450]``, the class is 1 below 90, 2 from 90, and 3 from 450; with
    ``below: [20, 10]``, it is 1 from 20, 2 below 20, and 3 below 10.
    """

    title: Off[Text] = None
    indicator: IndicatorName
    at_least: Off[Sequence_[Bound]] = None
    below: Off[Sequence_[Bound]] = None
    item: Off[Name] = None
    group: Off[GroupName] = None
    by: Off[Literal["province", "district"]] = None

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        require_one_of(at_least=self.at_least, below=self.below)
        bounds = list(self.bounds)
        if self.at_least is not None and (not bounds or bounds != sorted(set(bounds))):
            raise ValueError(f"got at_least {bounds}, expected bounds that rise from class to class")
        if self.below is not None and (not bounds or bounds != sorted(set(bounds), reverse=True)):
            raise ValueError(f"got below {bounds}, expected bounds that fall from class to class")
        if declared(self.indicator).is_composite:
            raise ValueError(
                f"got {self.indicator}, which is computed from other indicators, expected another indicator"
            )
        check_watch(self.watch, group=self.group is not None, by_district=self.by == "district")
        return self

    @property
    def bounds(self) -> tuple[float, ...]:
        return self.at_least if self.at_least is not None else self.below or ()

    @property
    def classes(self) -> int:
        return len(self.bounds) + 1

    @property
    def watch(self) -> Watch:
        return Watch(self.indicator, self.item or self.group)

    @property
    def by_district(self) -> bool:
        """True if each district has its own value; otherwise, all districts have the province's value."""
        return self.indicator in BY_DISTRICT and self.by != "province" and self.group is None


class Levels(Section):
    """A table of the epidemic's level, by class of transmission (row) and class of response (column).

    The class of transmission or response is the worst class of its criteria. Without response criteria
    there is one column; without a table, the level is the class of transmission.
    """

    transmission: Named[Criterion]
    response: Named[Criterion] = Field(default_factory=dict)
    table: Off[Sequence_[Sequence_[Level]]] = None

    @model_validator(mode="after")
    def _without_gaps(self) -> Self:
        if not self.transmission:
            raise ValueError("got no criteria of transmission, expected at least one")
        rows, columns = self.classes
        if self.table is None:
            if self.response:
                raise IncompleteError(
                    f"missing table, expected {rows} rows of {columns} levels, one per class"
                )
            if rows > HIGHEST_LEVEL:
                raise ValueError(f"got {rows} classes and no table, expected at most {HIGHEST_LEVEL}")
            return self
        if len(self.table) != rows:
            raise ValueError(
                f"got a table of {len(self.table)} rows, expected {rows}, one per class of transmission"
            )
        for number, row in enumerate(self.table, start=1):
            if len(row) != columns:
                raise ValueError(
                    f"got {len(row)} levels in row {number} of the table, expected {columns}, "
                    "one per class of response"
                )
        lines = [*self.table, *zip(*self.table, strict=True)]
        if any(list(line) != sorted(line) for line in lines):
            raise ValueError(
                "got a table in which a worse class has a lower level, expected an equal or higher level"
            )
        return self

    @property
    def classes(self) -> tuple[int, int]:
        """The number of transmission classes, and the number of response classes."""
        transmission, response = (
            max((criterion.classes for criterion in criteria.values()), default=1)
            for criteria in (self.transmission, self.response)
        )
        return transmission, response

    @property
    def levels(self) -> tuple[tuple[int, ...], ...]:
        """The rows of the table; without a table, a row for each transmission class, with its level."""
        if self.table is not None:
            return self.table
        return tuple((level,) for level in range(1, self.classes[0] + 1))

    @property
    def criteria(self) -> dict[tuple[str, str], Criterion]:
        """All criteria, by side (transmission or response) and name."""
        sides = (("transmission", self.transmission), ("response", self.response))
        return {(side, name): criterion for side, named in sides for name, criterion in named.items()}
