"""One patient: the traits drawn for the patient, and the state of the journey."""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from surgesim.model.clock.calendar import Due

FULL, THIN, BOARDED, NO_CARE = range(4)
"""Levels of care, best first."""


class IcuCourse(NamedTuple):
    """What is drawn for a need for ICU; times in days, flows in L/min.

    Attributes
    ----------
    survivor_stay, dying_stay, step_down_stay
        Lengths of stay in an ICU bed, of survivors and of those who die there, and in an oxygen bed after it.
    boarding_ends, need_ends
        How long the need can stay unmet while boarding, and without a bed.
    boarding_gain, need_gain
        A day without a bed counts as 1 + `boarding_gain` days toward the end as a boarder, and a day of
        boarding as 1 + `need_gain` days toward the end without a bed.
    flow, step_down_flow
        Oxygen flow in an ICU bed, and in an oxygen bed after it.
    """

    survivor_stay: float
    dying_stay: float
    step_down_stay: float
    boarding_ends: float
    need_ends: float
    boarding_gain: float
    need_gain: float
    flow: float
    step_down_flow: float


NO_ICU = IcuCourse(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
"""The course of patients who never need ICU; they share it."""


class Patient:
    """One patient: the random traits, and the current state of the journey.

    `dies_from` is the first level of care, FULL to NO_CARE, in which the patient dies (NO_CARE + 1: survives
    any). It determines `oxygen_need_ends`, which is how long a need for oxygen can stay unmet. `icu_course`
    is drawn only for patients who will need ICU. `late` is True if the patient missed timely access. `need`
    and `place` are indices from `ledger`. `timer` is the scheduled end of a stay or journey, and `clock` the
    scheduled end of an unmet need; an outdated event does nothing, because `timer` or `clock` is then
    another event.
    """

    __slots__ = (
        "age",
        "boarded_days",
        "breathes_at",
        "breathless",
        "care",
        "clock",
        "clock_boards",
        "clock_elapsed",
        "clock_since",
        "destination",
        "dies_from",
        "district",
        "drugs_before",
        "facility",
        "flow_kg",
        "high_risk",
        "icu_course",
        "icu_delay",
        "icu_need_time",
        "index",
        "late",
        "location",
        "luck",
        "need",
        "need_time",
        "needs_icu",
        "oxygen_flow",
        "oxygen_need_ends",
        "oxygen_stay",
        "p_full",
        "p_thin",
        "place",
        "ready_time",
        "refused",
        "strain_before",
        "timer",
        "unmet_since",
        "unreported",
        "urgent",
    )

    def __init__(
        self,
        index: int,
        need_time: float,
        district: int,
        age: int,
        needs_icu: bool,
        icu_delay: float,
        urgent: bool,
        luck: float,
        p_full: float,
        p_thin: float,
        dies_from: int,
        oxygen_stay: float,
        oxygen_need_ends: float,
        unreported: bool,
        oxygen_flow: float,
        high_risk: bool,
        icu_course: IcuCourse,
    ) -> None:
        self.index = index
        self.need_time = need_time
        self.district = district
        self.age = age
        self.needs_icu = needs_icu
        self.icu_delay = icu_delay
        self.urgent = urgent
        self.luck = luck
        self.p_full = p_full
        self.p_thin = p_thin
        self.dies_from = dies_from
        self.oxygen_stay = oxygen_stay
        self.oxygen_need_ends = oxygen_need_ends
        self.unreported = unreported
        self.oxygen_flow = oxygen_flow
        self.high_risk = high_risk
        self.icu_course = icu_course
        self.location = district
        self.facility = -1  # current or last facility
        self.destination = -1
        self.need = 0
        self.place = 0
        self.timer: Due | None = None
        self.clock: Due | None = None
        self.care = FULL
        self.breathless = False
        self.breathes_at = -1
        self.flow_kg = 0.0
        self.strain_before = 0.0  # strain of the store at admission
        self.drugs_before = 0.0  # lack of drugs until admission
        self.icu_need_time = inf
        self.ready_time = inf
        self.clock_boards = False
        self.clock_elapsed = 0.0
        self.boarded_days = 0.0
        self.clock_since = inf  # infinite while no clock runs
        self.unmet_since = inf
        self.late = False
        self.refused = False  # beyond a limit of intensive care
