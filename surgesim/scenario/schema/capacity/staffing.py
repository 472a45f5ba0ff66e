"""Part of `care`: the staffing of beds, with ratios, posts, absence, and shortfalls on the first day."""

from typing import NamedTuple, Self

from pydantic import model_validator

from surgesim.scenario.schema.base import Off, Section, figure
from surgesim.scenario.schema.numbers import Count, DaysKept, HeadsPerPost, Multiplier, Places, Share

_WARD = (
    "Vietnamese public wards: one nurse to 10-15 patients by day; doctors near the WHO figure. "
    "WHO ESFT target: one nurse to 2.8 patients, one doctor to 18"
)
_ICU = (
    "1:2, stretched to 1:4; UK: nurse 1:1 and consultant 1:8-1:15 normally, three nurses to 6 and three "
    "doctors to 30 in the surge of 2020. WHO ESFT target: one nurse to 1.5, one intensivist to 5.6"
)
_BASIC = "isolation of mild cases: half the staff of a ward. WHO ESFT moderate target: one nurse to 6.9"


class Staff(Section):
    """Clinical staff of a facility: people on the payroll, not posts.

    `icu_doctors` are those of the doctors who have ICU skills; only they look after ICU patients. If not
    given, all doctors do.
    """

    doctors: Count = 0
    ward_nurses: Count = 0
    icu_nurses: Count = 0
    icu_doctors: Off[Count] = None

    @model_validator(mode="after")
    def _skilled_are_doctors(self) -> Self:
        check_icu_doctors(self.doctors, self.icu_doctors)
        return self


def check_icu_doctors(doctors: int, icu_doctors: int | None) -> None:
    """Check that there are no more doctors with ICU skills than doctors.

    Raises
    ------
    ValueError
        If there are.
    """
    if icu_doctors is not None and icu_doctors > doctors:
        raise ValueError(
            f"got {icu_doctors} icu_doctors among {doctors} doctors, expected at most as many as doctors"
        )


class Ratio(Section):
    """Patients per round-the-clock post: the normal number, and the maximum (`surge`) with thin care."""

    normal: Places
    surge: Places

    @model_validator(mode="after")
    def _stretches(self) -> Self:
        if self.surge < self.normal:
            raise ValueError(
                f"got a surge ratio {self.surge:g} below the normal {self.normal:g}, "
                "expected at least as many patients per post"
            )
        return self


class Ratios(Section):
    """Patients per nurse post and per doctor post for one kind of bed."""

    nurse: Ratio
    doctor: Ratio


def _ratios(nurse: tuple[float, float], doctor: tuple[float, float]) -> Ratios:
    return Ratios(
        nurse=Ratio(normal=nurse[0], surge=nurse[1]), doctor=Ratio(normal=doctor[0], surge=doctor[1])
    )


class StaffImmunity(Section):
    """Immunity of all staff, even those added by rules; at the start, it is that of residents aged 20-59.

    Staff who are immune at the start, including by waned protection, are never infected. Staff who return
    after an infection are protected by `after_infection`.
    """

    after_infection: Share = figure(
        0.84,
        "SIREN, 0.81-0.87 over 7 months: 155 reinfections in 8,278 staff with an earlier infection, 1,704 "
        "infections in 17,383 without (Hall 2021, Lancet, doi:10.1016/S0140-6736(21)00675-9)",
        "published",
    )


class Absence(Section):
    """Staff absence: a base rate, and infections in the community and at work.

    Without `immunity`, all staff at work can be infected, any number of times.
    """

    base: Share = figure(
        0.015,
        "UK hospital doctors in January 2020 1.5 % (Khorasanee 2021); Turkey over a year 1.4 % (PMC10671277)",
        "published",
    )
    community: Multiplier = figure(
        1.0,
        "infection risk of staff outside work relative to residents; at a community incidence of 0.8 % a "
        "day, 9 % are absent; in the first wave, 9.1 % of UK hospital doctors were absent (Khorasanee 2021)",
    )
    at_work: Multiplier = figure(
        0.01,
        "infections per staff member and day, for each COVID-19 patient per staff member: with one "
        "patient to four staff and ten days off, 2.4 % are absent",
    )
    days_off: DaysKept = figure(10.0, "7-14 d per infection; Turkey 13.5 d per absence (PMC10671277)")
    immunity: Off[StaffImmunity] = None


class Staffing(Section):
    """How staff are assigned to beds, in the order ICU, oxygen, emergency, basic, elective.

    `emergency` and `elective` are non-COVID patients. With `surge_allowed`, COVID-19 and emergency care
    can stretch staff to the surge ratios; elective care never does.
    """

    heads_per_post: HeadsPerPost = figure(
        5.0, "people for one round-the-clock post: 3 shifts, leave and breaks (4.2-5.5)"
    )
    icu: Ratios = figure(_ratios((2, 4), (8, 16)), _ICU)
    oxygen: Ratios = figure(_ratios((10, 15), (20, 40)), _WARD)
    basic: Ratios = figure(_ratios((20, 40), (50, 100)), _BASIC)
    emergency: Ratios = figure(_ratios((10, 15), (20, 40)), _WARD)
    elective: Ratios = figure(_ratios((10, 15), (25, 50)), _WARD)
    surge_allowed: bool = True
    absence: Absence = Absence()


class Shortfall(NamedTuple):
    """The staff missing on the first day, by cadre; 0 if there are enough."""

    doctors: float
    ward_nurses: float
    icu_nurses: float


def shortfall_at_start(
    staffing: Staffing, staff: Staff, *, icu: float, oxygen: float, emergency: float, elective: float
) -> Shortfall:
    """Return the staff that a facility lacks to care for its first-day patients at normal ratios.

    Parameters
    ----------
    icu, oxygen, emergency, elective
        Patients present at the start.
    """
    groups = (
        (staffing.icu, icu),
        (staffing.oxygen, oxygen),
        (staffing.emergency, emergency),
        (staffing.elective, elective),
    )
    doctors = sum(patients / ratios.doctor.normal for ratios, patients in groups)
    ward = sum(patients / ratios.nurse.normal for ratios, patients in groups[1:])
    heads = staffing.heads_per_post / max(1 - staffing.absence.base, 1e-9)
    return Shortfall(
        max(doctors * heads - staff.doctors, 0.0),
        max(ward * heads - staff.ward_nurses, 0.0),
        max(icu / staffing.icu.nurse.normal * heads - staff.icu_nurses, 0.0),
    )
