"""Rules that add or move staff, or let them treat more patients through equipment or lower demand."""

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from surgesim.scenario.schema.base import Off, figure
from surgesim.scenario.schema.capacity.staffing import check_icu_doctors
from surgesim.scenario.schema.capacity.supply import Supply
from surgesim.scenario.schema.care import Care, Facility
from surgesim.scenario.schema.levers.facilities import AtFacilities
from surgesim.scenario.schema.levers.rule import Remark
from surgesim.scenario.schema.numbers import Count, Places, Share, SomeCount

_TEAMS = (
    "one ICU nurse and two other nurses to six patients, one ICU consultant and two other doctors to thirty: "
    "NHS England, March 2020 (HSJ, hsj.co.uk/7027214.article)"
)


class ReinforceStaff(AtFacilities):
    """Add staff (from other provinces, returners, students) at each facility until the rule ends.

    `icu_doctors` of the doctors have ICU skills; if not given, all have.
    """

    facility_need: ClassVar = "staff given"
    brings_staff: ClassVar = True

    action: Literal["reinforce_staff"]
    doctors: Count = 0
    ward_nurses: Count = 0
    icu_nurses: Count = 0
    icu_doctors: Off[Count] = None

    @model_validator(mode="after")
    def _skilled_are_doctors(self) -> Self:
        check_icu_doctors(self.doctors, self.icu_doctors)
        return self

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


class TrainDoctors(AtFacilities):
    """Train doctors without ICU skills for intensive care: the course takes the `lead_days`.

    `share` is the share of these doctors who complete it. They keep working during the course.
    """

    facility_need: ClassVar = "doctors without ICU skills"

    action: Literal["train_doctors"]
    share: Share

    def has_a_use(self, facility: Facility) -> bool:
        staff = facility.staff
        return staff is not None and staff.icu_doctors is not None and staff.icu_doctors < staff.doctors


class FormIcuTeams(AtFacilities):
    """Form teams in intensive care: each ICU nurse leads ward nurses, as far as open beds need it.

    A team of one ICU nurse and `ward_nurses` looks after `nurse_patients`; a doctor with ICU skills
    leads others and looks after `doctor_patients`. Up to `share` of the ward nurses work in teams. Care of
    patients beyond the normal ratios of ICU nurses alone is thin.
    """

    facility_need: ClassVar = "staff given"

    action: Literal["form_icu_teams"]
    share: Share
    ward_nurses: Places = figure(2.0, _TEAMS, "published")
    nurse_patients: Places = figure(6.0, _TEAMS, "published")
    doctor_patients: Places = figure(30.0, _TEAMS, "published")

    def has_a_use(self, facility: Facility) -> bool:
        return facility.staff is not None

    def remarks(self, care: Care, supply: Supply) -> Iterator[Remark]:
        kind = "surge" if care.staffing.surge_allowed else "normal"
        nurse, doctor = (
            getattr(ratio, kind) for ratio in (care.staffing.icu.nurse, care.staffing.icu.doctor)
        )
        if self.nurse_patients <= nurse and self.doctor_patients <= doctor:
            yield Remark((), "has no effect: ICU nurses and doctors alone look after as many patients")


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
    | TrainDoctors
    | FormIcuTeams
    | PoolStaff
    | Equip
    | PoolVentilators
    | Lend
    | PostponeElective
    | RemoteLink
)
