"""Section `people`: where people live, their ages, their contacts and their travel times."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from surgesim.scenario.schema.base import (
    AGE_GROUPS,
    SETTINGS,
    Distribution,
    FrozenMapping,
    Named,
    Off,
    Section,
    Sequence_,
    ShareByAge,
    Text,
    figure,
    join_words,
)
from surgesim.scenario.schema.boundaries import Boundaries
from surgesim.scenario.schema.names import DistrictName
from surgesim.scenario.schema.numbers import (
    MOST_DISTRICTS,
    MOST_PEOPLE,
    ContactsPerDay,
    DayOrMore,
    HourOfDay,
    Hours,
    Multiplier,
    Residents,
    Share,
    SomeHours,
)


def _sums_to_one(value: tuple[float, ...]) -> tuple[float, ...]:
    if abs(sum(value) - 1) > 0.001:
        raise ValueError(f"got shares that sum to {sum(value):.4g}, expected 1")
    return value


AgeShares = Annotated[ShareByAge, AfterValidator(_sums_to_one)]


def _square(rows: tuple[tuple[float, ...], ...]) -> tuple[tuple[float, ...], ...]:
    n = len(rows)
    if n not in (len(AGE_GROUPS) - 1, len(AGE_GROUPS)) or any(len(row) != n for row in rows):
        lengths = sorted({len(row) for row in rows})
        of = join_words(map(str, lengths or [0]), "or")
        shape = f"{n} row{'' if n == 1 else 's'} of {of} value{'' if lengths == [1] else 's'}"
        raise ValueError(f"got {shape}, expected 9 by 9 (to 80+) or 8 by 8 (to 70+)")
    return rows


Matrix = Annotated[Sequence_[Sequence_[ContactsPerDay]], AfterValidator(_square)]


class Contacts(Section):
    """Mean daily contacts of one person by setting: row = age of the person, column = age of the contact.

    An 8 x 8 table ends at 70+, which the run splits into 70-79 and 80+ by population.
    """

    home: Matrix
    school: Matrix
    work: Matrix
    community: Matrix

    @model_validator(mode="after")
    def _same_size(self) -> Self:
        sizes = {len(getattr(self, setting)) for setting in SETTINGS}
        if len(sizes) > 1:
            raise ValueError(f"got matrices of sizes {sorted(sizes)}, expected one size for all settings")
        return self


class Place(Section):
    """What makes a district a place of its own: industrial zone, dormitory, prison or social centre.

    Its people live there, with more contacts, of which few are with other districts. A facility in it that
    `serves` only it treats them on site.
    """

    contacts: Multiplier = figure(
        3.0,
        "contacts relative to other residents: R0 of 8.4 (5.0-13.1) in a jail (Puglisi 2021), 2.5 outside",
        "counted",
    )
    closed: Share = figure(0.9, "share of contacts with other districts that take place inside instead")


class Visitors(Section):
    """What makes the people of a district visitors of another, such as tourists: they leave and are replaced.

    As many are present on each day as the `population` of the district. They meet people, and look for beds,
    as residents of the district `of` do; nobody vaccinates them. Of those who arrive, `infected_share` are
    newly infected, and the others as immune as residents are at the start. Nobody leaves while infectious or
    in care.
    """

    of: DistrictName
    stay_days: DayOrMore = figure(
        2.6, "mean stay of tourists; Kiên Giang, department of tourism, plan of 2023", "published"
    )
    infected_share: Share = figure(0.0, "share of those who arrive that is infected; nobody unless given")


class District(Section):
    """One district, town or island unit, a closed setting (`place`), or the visitors of a district.

    `report_delay_days` are those from onset to the report of its residents; without it, those of
    `epidemic.detection`.
    """

    title: Text
    population: Residents
    travel_hours: Hours = figure(0.0, "hours one way by road or boat to the provincial centre")
    island: bool = False
    ages: Off[AgeShares] = None
    place: Off[Place] = None
    visitors: Off[Visitors] = None
    report_delay_days: Off[Distribution] = None


class People(Section):
    """The population and its contacts.

    The travel time between two districts is the sum of their `travel_hours`, unless `travel` gives a time for
    the pair (in hours, the same in both directions).
    """

    districts: Annotated[Named[District], Field(min_length=1, max_length=MOST_DISTRICTS)]
    ages: AgeShares
    high_risk: ShareByAge = figure((0.0,) * 9, "no high-risk group unless given")
    contacts: Contacts
    outside_share: Share = figure(0.15, "share of contacts outside the home district")
    distance_scale_hours: SomeHours = figure(
        2.0, "hours of travel over which contacts outside the home district fall by a factor of e"
    )
    travel: FrozenMapping[DistrictName, FrozenMapping[DistrictName, Hours]] = Field(default_factory=dict)
    crossing_from_hour: HourOfDay = figure(6.0, "hour of the day from which boats leave")
    crossing_to_hour: HourOfDay = figure(18.0, "hour of the day until which boats leave")
    boundaries: Off[Boundaries] = None

    @model_validator(mode="after")
    def _crossings(self) -> Self:
        if self.crossing_from_hour >= self.crossing_to_hour:
            raise ValueError(
                f"got crossings from {self.crossing_from_hour:g} to {self.crossing_to_hour:g} h, "
                "expected the first hour before the last"
            )
        return self

    @model_validator(mode="after")
    def _all_on_map(self) -> Self:
        if self.boundaries is not None and set(self.boundaries.shapes) != set(self.districts):
            odd = sorted(set(self.boundaries.shapes) ^ set(self.districts))
            raise ValueError(
                f"got boundaries and districts that differ in {', '.join(odd)}, expected the same"
            )
        return self

    @model_validator(mode="after")
    def _not_too_many(self) -> Self:
        if self.total > MOST_PEOPLE:
            raise ValueError(f"got {self.total} people in all districts, expected at most {MOST_PEOPLE}")
        return self

    @model_validator(mode="after")
    def _hosts_are_residents(self) -> Self:
        visiting = {name: d.visitors.of for name, d in self.districts.items() if d.visitors is not None}
        for name, of in visiting.items():
            if of in visiting:
                raise ValueError(
                    f"got visitors {name!r} of {of!r}, whose people are visitors themselves, "
                    "expected a district of residents"
                )
        return self

    @property
    def hosts(self) -> tuple[int, ...]:
        """The index of the district where the people of each district are: their own, unless visitors."""
        index = {name: i for i, name in enumerate(self.districts)}
        return tuple(
            i if district.visitors is None else index[district.visitors.of]
            for i, district in enumerate(self.districts.values())
        )

    @property
    def total(self) -> int:
        return sum(district.population for district in self.districts.values())
