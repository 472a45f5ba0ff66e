"""How a patient's journey ends: death in a bed, or after a need has stayed unmet for too long."""

from __future__ import annotations

from surgesim.model.care.course.ledger import IN_OXYGEN, NEEDS_ICU, THIN_CARE, UNTREATED
from surgesim.model.care.patient import BOARDED, FULL, NO_CARE, Patient


def clock_left(patient: Patient) -> float:
    """Return the days left on the clock of the highest unmet need.

    An ICU need has one clock without a bed and another while boarding. Days under the other clock count in
    proportion to the lengths of the two clocks.
    """
    elapsed = patient.clock_elapsed
    if patient.need != NEEDS_ICU:
        return patient.oxygen_need_ends - elapsed
    course = patient.icu_course
    if patient.clock_boards:
        end, other, gain = course.boarding_ends, elapsed - patient.boarded_days, course.boarding_gain
    else:
        end, other, gain = course.need_ends, patient.boarded_days, course.need_gain
    return end - elapsed - other * gain if other > 0 else end - elapsed


def boards(patient: Patient) -> bool:
    """Return True if a patient with an unmet need has an oxygen bed and oxygen."""
    return patient.place == IN_OXYGEN and not patient.breathless


def dies(patient: Patient, factor: float) -> bool:
    """Return True if a patient dies at the end of a stay whose P(death) is multiplied by `factor` >= 1.

    The factor is due to lower oxygen flows and to drugs that have run out. P(death) is capped at that of the
    next worse level of care: boarding, or no treatment for patients who never need ICU.
    """
    if patient.care >= patient.dies_from or factor == 1:
        return patient.care >= patient.dies_from
    if patient.dies_from > (BOARDED if patient.needs_icu else NO_CARE):
        return False
    return patient.luck < factor * (patient.p_full if patient.care == FULL else patient.p_thin)


def kind_of_death(patient: Patient) -> int:
    """Return the kind of a death in a bed: THIN_CARE, or UNTREATED if lack of oxygen or drugs caused it."""
    return THIN_CARE if patient.care >= patient.dies_from else UNTREATED
