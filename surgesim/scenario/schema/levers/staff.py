"""Rules that add or move staff, or let them treat more patients through equipment or lower demand."""

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from surgesim.scenario.schema.base import figure
from surgesim.scenario.schema.capacity.supply import Supply
from surgesim.scenario.schema.care import Care, Facility
from surgesim.scenario.schema.levers.facilities import AtFacilities
from surgesim.scenario.schema.levers.rule import Remark
from surgesim.scenario.schema.numbers import Count, Share, SomeCount


class ReinforceStaff(AtFacilities):
    """Add staff (from other provinces, returners, students) at each facility until the rule ends."""

    facility_need: ClassVar = "staff given"
    brings_staff: ClassVar = True

    action: Literal["reinforce_staff"]
    doctors: Count = 0
    ward_nurses: Count = 0
    icu_nurses: Count = 0

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not (self.doctors or self.ward_nurses or self.icu_nurses):
            raise ValueError("got no staff to add, expected doctors, ward_nurses or icu_nurses")
        return self

    def has_a_use(self, facility: Facility) -> bool:
        return facility.staff is not None


class RedeployNurses(AtFacilities):
    """Move ward nurses to intensive care after training (`lead_days`), with the given `efficiency`."""

    facility_need: ClassVar = "staff given"

    action: Literal["redeploy_nurses"]
    share: Share
    efficiency: Share = figure(
        0.5, "relative to an ICU nurse; UK surge staffing paired 1 with 2 non-specialists"
    )

    def has_a_use(self, facility: Facility) -> bool:
        return facility.staff is not None


class Equip(AtFacilities):
    """Add ventilators, requisitioned or bought, at each facility."""

    facility_need: ClassVar = "ventilators given"

    action: Literal["equip"]
    ventilators: SomeCount

    @property
    def buys(self) -> tuple[str, ...]:
        return ("ventilator",)

    def has_a_use(self, facility: Facility) -> bool:
        return facility.ventilators is not None


class PoolVentilators(AtFacilities):
    """Pool the ventilators of several facilities, such as all district hospitals, until the rule ends.

    Each day, the ventilators go to facilities whose ICU beds need them: first to ICU patients present, then
    to open ICU beds that have staff, then to other ICU beds, in proportion to the need.
    """

    facility_need: ClassVar = "ventilators given"

    action: Literal["pool_ventilators"]

    def has_a_use(self, facility: Facility) -> bool:
        return facility.ventilators is not None


class PoolStaff(AtFacilities):
    """Make one pool of the staff of several facilities, of a district or of all, until the rule ends.

    Each day, up to the given share of the staff on duty of each cadre goes to the facilities that lack it:
    first for the patients present, then for open beds, at normal ratios, in proportion to the need. Staff
    whom nobody needs stay.
    """

    facility_need: ClassVar = "staff given"

    action: Literal["pool_staff"]
    doctors: Share = 0.0
    ward_nurses: Share = 0.0
    icu_nurses: Share = 0.0

    def has_a_use(self, facility: Facility) -> bool:
        return facility.staff is not None

    @property
    def brings_nothing(self) -> bool:
        return not (self.doctors or self.ward_nurses or self.icu_nurses)

    def remarks(self, care: Care, supply: Supply) -> Iterator[Remark]:
        if self.brings_nothing:
            yield Remark((), "has no effect: it moves no doctors, ward_nurses or icu_nurses")


class Lend(AtFacilities):
    """Lend staff and ventilators of each facility to other provinces until the rule ends.

    A facility lends no more than it has.
    """

    facility_need: ClassVar = "staff or ventilators given"

    action: Literal["lend"]
    doctors: Count = 0
    ward_nurses: Count = 0
    icu_nurses: Count = 0
    ventilators: Count = 0

    def has_a_use(self, facility: Facility) -> bool:
        return facility.staff is not None or facility.ventilators is not None

    @property
    def brings_nothing(self) -> bool:
        return not (self.doctors or self.ward_nurses or self.icu_nurses or self.ventilators)

    def remarks(self, care: Care, supply: Supply) -> Iterator[Remark]:
        if self.brings_nothing:
            yield Remark((), "has no effect: it lends neither staff nor ventilators")


class PostponeElective(AtFacilities):
    """Postpone a share of elective admissions: beds become free as patients leave, and a backlog grows."""

    facility_need: ClassVar = "elective patients"

    action: Literal["postpone_elective"]
    share: Share = 1.0

    def has_a_use(self, facility: Facility) -> bool:
        return facility.essential is not None and facility.essential.elective_share > 0


class RemoteLink(AtFacilities):
    """Link facilities without specialists to a higher-level hospital."""

    facility_need: ClassVar = "`specialists: false` and no remote link yet"

    action: Literal["remote_link"]

    def has_a_use(self, facility: Facility) -> bool:
        return not facility.specialists and not facility.remote_link


StaffRule = (
    ReinforceStaff
    | RedeployNurses
    | PoolStaff
    | Equip
    | PoolVentilators
    | Lend
    | PostponeElective
    | RemoteLink
)
