"""Rules on who staffs beds, and on what lets the same staff do more."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from surgesim.scenario.schema.base import Share, figure
from surgesim.scenario.schema.care import Facility
from surgesim.scenario.schema.levers.facilities import AtFacilities


class ReinforceStaff(AtFacilities):
    """Staff from other provinces, returners, students: so many heads more at each facility, until `until`."""

    wanted_there: ClassVar = "staff given"
    brings_staff: ClassVar = True

    action: Literal["reinforce_staff"]
    doctors: Annotated[int, Field(ge=0)] = 0
    ward_nurses: Annotated[int, Field(ge=0)] = 0
    icu_nurses: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not (self.doctors or self.ward_nurses or self.icu_nurses):
            raise ValueError("got nobody to reinforce with, expected doctors, ward_nurses or icu_nurses")
        return self

    def has_a_use(self, facility: Facility) -> bool:
        return facility.staff is not None


class RedeployNurses(AtFacilities):
    """Ward nurses to intensive care: `lead_days` is their training, `efficiency` what one is then worth."""

    wanted_there: ClassVar = "staff given"

    action: Literal["redeploy_nurses"]
    share: Share
    efficiency: Share = figure(0.5, "of an ICU nurse; UK surge staffing paired 1 with 2 non-specialists")

    def has_a_use(self, facility: Facility) -> bool:
        return facility.staff is not None


class Equip(AtFacilities):
    """Ventilators requisitioned or bought: so many more at each facility."""

    wanted_there: ClassVar = "ventilators given"

    action: Literal["equip"]
    ventilators: Annotated[int, Field(ge=1)]

    def has_a_use(self, facility: Facility) -> bool:
        return facility.ventilators is not None


class PostponeElective(AtFacilities):
    """Postpone a share of elective admissions; beds come free as patients leave, and a backlog grows."""

    wanted_there: ClassVar = "elective patients"

    action: Literal["postpone_elective"]
    share: Share = 1.0

    def has_a_use(self, facility: Facility) -> bool:
        return facility.essential is not None and facility.essential.elective_share > 0


class RemoteLink(AtFacilities):
    """Link facilities without specialists to a higher-level hospital."""

    wanted_there: ClassVar = "specialists: false and no remote link yet"

    action: Literal["remote_link"]

    def has_a_use(self, facility: Facility) -> bool:
        return not facility.specialists and not facility.remote_link


StaffRule = ReinforceStaff | RedeployNurses | Equip | PostponeElective | RemoteLink
