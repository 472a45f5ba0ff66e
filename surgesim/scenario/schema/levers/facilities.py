"""Rules on the beds of facilities and of neighbouring provinces."""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from surgesim.scenario.schema.base import Off, Sequence_
from surgesim.scenario.schema.capacity.supply import Supply
from surgesim.scenario.schema.care import Care, Facility, Ownership
from surgesim.scenario.schema.levers.rule import Remark, RuleBase
from surgesim.scenario.schema.names import FacilityName, NeighbourName
from surgesim.scenario.schema.numbers import Share


class OpenFacility(RuleBase):
    """Open closed facilities; their beds come into use in phases."""

    action: Literal["open_facility"]
    facilities: Annotated[Sequence_[FacilityName], Field(min_length=1)]

    @property
    def buys(self) -> tuple[str, ...]:
        return ("bed_opening",)

    @property
    def named_facilities(self) -> tuple[str, ...]:
        return self.facilities

    def acts_at(self, name: str, facility: Facility) -> bool:
        return name in self.facilities

    def opens_beds(self, name: str, facility: Facility) -> bool:
        return self.acts_at(name, facility)

    def misfit(self, facility: Facility) -> str | None:
        if facility.open_at_start:
            return "which is open at the start, expected a facility with open_at_start: false"
        return None


class ConvertBeds(RuleBase):
    """Convert beds of open facilities to COVID care.

    `share` is the extent of the conversion, from 0 (the beds open at the start) to 1 (all convertible beds).
    """

    action: Literal["convert_beds"]
    facilities: Off[Sequence_[FacilityName]] = None
    ownership: Sequence_[Ownership] = ("public",)
    share: Share = 1.0

    @property
    def buys(self) -> tuple[str, ...]:
        return ("bed_opening",)

    @property
    def named_facilities(self) -> tuple[str, ...]:
        return self.facilities or ()

    def acts_at(self, name: str, facility: Facility) -> bool:
        return _chosen(self.facilities, self.ownership, name, facility)

    def opens_beds(self, name: str, facility: Facility) -> bool:
        return self.acts_at(name, facility) and facility.convertible

    def misfit(self, facility: Facility) -> str | None:
        if facility.open_at_start:
            return None
        expected = "expected a facility that is open (open_facility opens a closed one)"
        return f"which is closed at the start, {expected}"

    def remarks(self, care: Care, supply: Supply) -> Iterator[Remark]:
        return _nothing_converted(self, care)


class Mobilise(RuleBase):
    """Mobilise the facilities of an ownership class: each provides a `share` of its convertible beds.

    With `with_staff: false`, the facilities' staff continue to serve their own patients, and COVID-19
    patients have only the staff whom rules add.
    """

    action: Literal["mobilise"]
    ownership: Annotated[Sequence_[Ownership], Field(min_length=1)]
    share: Share
    with_staff: bool = True

    @property
    def buys(self) -> tuple[str, ...]:
        return ("bed_opening",)

    def acts_at(self, name: str, facility: Facility) -> bool:
        return _chosen(None, self.ownership, name, facility)

    def opens_beds(self, name: str, facility: Facility) -> bool:
        return self.acts_at(name, facility) and facility.convertible

    def remarks(self, care: Care, supply: Supply) -> Iterator[Remark]:
        return _nothing_converted(self, care)


class TransferOut(RuleBase):
    """Send ICU patients to a neighbouring province."""

    action: Literal["transfer_out"]
    neighbour: NeighbourName

    def remarks(self, care: Care, supply: Supply) -> Iterator[Remark]:
        neighbour = care.neighbours[self.neighbour]
        if not (neighbour.icu_beds and neighbour.per_day):
            yield Remark((), f"has no effect: {self.neighbour} accepts no patients")


class AtFacilities(RuleBase):
    """A rule that acts at named facilities, or at all open facilities of certain ownership classes."""

    facility_need: ClassVar[str]
    """The resources that a facility needs for the rule to have an effect there, in words."""

    facilities: Off[Sequence_[FacilityName]] = None
    ownership: Sequence_[Ownership] = ("public",)

    def has_a_use(self, facility: Facility) -> bool:
        """Return True if a facility has the resources that the rule needs."""
        raise NotImplementedError

    @property
    def named_facilities(self) -> tuple[str, ...]:
        return self.facilities or ()

    def acts_at(self, name: str, facility: Facility) -> bool:
        return _chosen(self.facilities, self.ownership, name, facility)

    def misfit(self, facility: Facility) -> str | None:
        return None if self.has_a_use(facility) else f"expected a facility with {self.facility_need}"

    def misfit_of_all(self, facilities: Mapping[str, Facility]) -> tuple[str, str] | None:
        chosen = (facility for name, facility in facilities.items() if self.acts_at(name, facility))
        if self.facilities is not None or any(map(self.has_a_use, chosen)):
            return None
        got = ", ".join(self.ownership)
        return "ownership", f"got {got}, expected a class that has an open facility with {self.facility_need}"


def _chosen(
    names: tuple[str, ...] | None, ownership: tuple[Ownership, ...], name: str, facility: Facility
) -> bool:
    """Return True for a named facility or, if none is named, for an open one of an ownership class."""
    if names is not None:
        return name in names
    return facility.ownership in ownership and facility.open_at_start


def _nothing_converted(rule: ConvertBeds | Mobilise, care: Care) -> Iterator[Remark]:
    if any(rule.opens_beds(name, facility) for name, facility in care.facilities.items()):
        return
    owners = sorted({facility.ownership for facility in care.facilities.values() if facility.convertible})
    known = (
        f"; the ownership classes of facilities with convertible beds are {', '.join(owners)}"
        if owners
        else ""
    )
    yield Remark((), f"has no effect: none of its facilities has beds that can be converted{known}")


FacilityRule = OpenFacility | ConvertBeds | Mobilise | TransferOut
