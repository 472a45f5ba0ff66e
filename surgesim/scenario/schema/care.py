"""Section `care`: the facilities by name, their beds, and their patients at the start."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from surgesim.scenario.schema.base import (
    BED_TYPES,
    FrozenMapping,
    Named,
    Off,
    Section,
    Sequence_,
    Text,
    figure,
)
from surgesim.scenario.schema.capacity.essential import Essential, EssentialCare
from surgesim.scenario.schema.capacity.oxygen import OxygenSource
from surgesim.scenario.schema.capacity.staffing import Staff, Staffing
from surgesim.scenario.schema.capacity.transport import Neighbours, Transport
from surgesim.scenario.schema.names import DistrictName, FacilityName
from surgesim.scenario.schema.numbers import Count, Hours, Share
from surgesim.scenario.schema.today.census import Census

Ownership = Literal["public", "private", "military", "police", "university", "workplace"]
Kind = Literal["hospital", "icu-centre", "field-hospital", "mobile-station"]
BedCount = Count | Literal["unlimited"]


class Beds(Section):
    """Beds by type: basic isolation, oxygen, ICU. Each bed is counted once."""

    basic: BedCount = 0
    oxygen: BedCount = 0
    icu: BedCount = 0


class ShareByBed(Section):
    """A share for each bed type; a single number applies to all three."""

    basic: Share = 0.0
    oxygen: Share = 0.0
    icu: Share = 0.0

    @model_validator(mode="before")
    @classmethod
    def _one_for_all(cls, value: object) -> object:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return {"basic": value, "oxygen": value, "icu": value}
        return value


class Facility(Section):
    """One facility: its beds, patients, staff and supplies.

    `beds` are all its beds; a share `covid_share` of them is open to COVID patients at the start, and a
    rule (`convert_beds` or `mobilise`) can raise this to `convertible_share`. Conversion can also equip
    oxygen beds for intensive care until there are `icu_target` ICU beds. A facility that is not
    `open_at_start` has no beds until a rule opens it. While it is preparing, open or standing down, the
    facilities it `replaces` admit no new patients.

    If `staff`, `ventilators` or `oxygen` is not given, the facility has enough for all its beds; if
    `essential` is not given, it has no non-COVID patients.
    """

    title: Text
    district: DistrictName
    ownership: Ownership
    kind: Kind = "hospital"
    beds: Beds
    covid_share: ShareByBed = ShareByBed()
    convertible_share: ShareByBed = ShareByBed()
    icu_target: Off[Count] = None
    open_at_start: bool = True
    access_hours: Hours = figure(0.0, "hours added to every journey to the facility")
    serves: Off[Sequence_[DistrictName]] = None
    replaces: Sequence_[FacilityName] = ()
    mobilisation_plan: Off[bool] = None
    staff: Off[Staff] = None
    ventilators: Off[Count] = None
    oxygen: Off[OxygenSource] = None
    essential: Off[Essential] = None
    specialists: bool = True
    remote_link: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for bed in ("basic", "oxygen", "icu"):
            start, most = getattr(self.covid_share, bed), getattr(self.convertible_share, bed)
            if most and start > most:
                raise ValueError(f"got covid_share {start:g} above convertible_share {most:g} for {bed} beds")
        if self.icu_target is not None:
            icu, oxygen = self.beds.icu, self.beds.oxygen
            if isinstance(icu, str) or isinstance(oxygen, str):
                raise ValueError("got an icu_target with unlimited beds, expected a number of beds")
            if not icu <= self.icu_target <= icu + oxygen:
                raise ValueError(
                    f"got icu_target {self.icu_target}, expected {icu} (its ICU beds) "
                    f"to {icu + oxygen} (ICU and oxygen beds together)"
                )
        return self

    @property
    def convertible(self) -> bool:
        """True if any beds of the facility can be converted to COVID care or to intensive care."""
        share = self.convertible_share
        return self.icu_target is not None or any((share.basic, share.oxygen, share.icu))


class Care(Section):
    """The facilities, their initial patients, and settings for all facilities.

    `initial_census: {file: …}` reads a CSV when the scenario is loaded; its entries replace the key `file`.
    """

    facilities: Annotated[Named[Facility], Field(min_length=1)]
    initial_census: FrozenMapping[FacilityName, Census] = Field(default_factory=dict)
    initial_stays: Literal["equilibrium", "fresh"] = "equilibrium"
    no_bed_hours: Hours = figure(6.0, "hours of waiting after which a patient counts as without a bed")
    staffing: Staffing = Staffing()
    essential: EssentialCare = EssentialCare()
    transport: Off[Transport] = None
    neighbours: Neighbours = Field(default_factory=dict)

    @property
    def beds(self) -> dict[str, int | str]:
        """All beds of the facilities by type; ``unlimited`` if any facility has unlimited beds."""
        return {
            bed: _sum([getattr(facility.beds, bed) for facility in self.facilities.values()])
            for bed in BED_TYPES
        }


def _sum(beds: list[int | str]) -> int | str:
    numbers = [number for number in beds if isinstance(number, int)]
    return sum(numbers) if len(numbers) == len(beds) else "unlimited"
