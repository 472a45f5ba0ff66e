"""Section `care`: the facilities by name, their beds, and who lies in them at the start."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from surgesim.scenario.schema.base import (
    FrozenMapping,
    Named,
    NonNegative,
    Off,
    Section,
    Sequence_,
    Share,
    Text,
    figure,
)
from surgesim.scenario.schema.capacity.essential import Essential, EssentialCare
from surgesim.scenario.schema.capacity.oxygen import OxygenSource
from surgesim.scenario.schema.capacity.staffing import Staff, Staffing
from surgesim.scenario.schema.capacity.transport import Neighbours, Transport
from surgesim.scenario.schema.names import DistrictName, FacilityName

Ownership = Literal["public", "private", "military", "police", "university", "workplace"]
Kind = Literal["hospital", "icu-centre", "field-hospital", "mobile-station"]
BedCount = Annotated[int, Field(ge=0)] | Literal["unlimited"]


class Beds(Section):
    """Beds by type: basic isolation, oxygen, ICU. Each bed is counted once."""

    basic: BedCount = 0
    oxygen: BedCount = 0
    icu: BedCount = 0


class ShareByBed(Section):
    """A share for each bed type; a single number stands for all three."""

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
    """One facility.

    `beds` are all its beds; `covid_share` of them are open to COVID patients at the start and
    `convertible_share` at most (by `convert_beds` or `mobilise`). Conversion can also equip oxygen
    beds for intensive care until there are `icu_target` ICU beds. A facility that is not
    `open_at_start` has no beds until a rule opens it. While it is preparing, open or standing down,
    the facilities it `replaces` take no new patients.

    Where `staff`, `ventilators`, `oxygen` or `essential` are not given, they do not limit: the
    facility has staff, ventilators and oxygen for all its beds and no other patients.
    """

    title: Text
    district: DistrictName
    ownership: Ownership
    kind: Kind = "hospital"
    beds: Beds
    covid_share: ShareByBed = ShareByBed()
    convertible_share: ShareByBed = ShareByBed()
    icu_target: Off[Annotated[int, Field(ge=0)]] = None
    open_at_start: bool = True
    access_hours: NonNegative = figure(0.0, "added to every journey to the facility")
    serves: Off[Sequence_[DistrictName]] = None
    replaces: Sequence_[FacilityName] = ()
    mobilisation_plan: Off[bool] = None
    staff: Off[Staff] = None
    ventilators: Off[Annotated[int, Field(ge=0)]] = None
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
                raise ValueError("got an icu_target beside unlimited beds, expected counted beds")
            if not icu <= self.icu_target <= icu + oxygen:
                raise ValueError(
                    f"got icu_target {self.icu_target}, expected {icu} (its ICU beds) "
                    f"to {icu + oxygen} (ICU and oxygen beds together)"
                )
        return self

    @property
    def convertible(self) -> bool:
        """Whether beds of it can be converted to COVID or to intensive care."""
        share = self.convertible_share
        return self.icu_target is not None or any((share.basic, share.oxygen, share.icu))


class Census(Section):
    """COVID patients in a facility at the start."""

    oxygen: Annotated[int, Field(ge=0)] = 0
    icu: Annotated[int, Field(ge=0)] = 0


class Care(Section):
    """The care system."""

    facilities: Annotated[Named[Facility], Field(min_length=1)]
    initial_census: FrozenMapping[FacilityName, Census] = Field(default_factory=dict)
    initial_stays: Literal["equilibrium", "fresh"] = "equilibrium"
    no_bed_hours: NonNegative = figure(
        6.0, "a patient counts as without a bed after so many hours of waiting"
    )
    staffing: Staffing = Staffing()
    essential: EssentialCare = EssentialCare()
    transport: Off[Transport] = None
    neighbours: Neighbours = Field(default_factory=dict)
